-- GPT: a decoder of transformer blocks, head tied to the embedding; without biases, as nanoGPT
-- trains it, or with them (and gelu = "tanh"), as OpenAI's weights want it. examples/gpt2 uses it
-- too. Source: Radford et al. 2019; sizes and initialisation after karpathy/nanoGPT.

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local Attention = nn.Module:extend("Attention", { "width", "heads", dropout = 0, bias = false })
function Attention:init(o)
  self.heads, self.dropout = o.heads, o.dropout
  self.qkv = nn.Linear(o.width, 3 * o.width, { bias = o.bias })
  self.proj = nn.Linear(o.width, o.width, { bias = o.bias })
  self.drop = nn.Dropout { p = o.dropout }
end
function Attention:forward(x)
  local B, T, C = x:size()
  local function split(t) return t:view(B, T, self.heads, C / self.heads):transpose(2, 3) end
  local q, k, v = self.qkv(x):chunk(3, -1)
  local y = F.scaled_dot_product_attention(split(q), split(k), split(v), { -- [B, H, T, C / H]
    is_causal = true, dropout = self.training and self.dropout or 0,
  })
  return self.drop(self.proj(y:transpose(2, 3):reshape(B, T, C)))
end

local Block = nn.Module:extend("Block", {
  "width", "heads", dropout = 0, bias = false, gelu = "none",
})
function Block:init(o)
  self.gelu = o.gelu
  self.norm1 = nn.LayerNorm(o.width, { bias = o.bias })
  self.attention = Attention(o.width, o.heads, { dropout = o.dropout, bias = o.bias })
  self.norm2 = nn.LayerNorm(o.width, { bias = o.bias })
  self.up = nn.Linear(o.width, 4 * o.width, { bias = o.bias })
  self.down = nn.Linear(4 * o.width, o.width, { bias = o.bias })
  self.drop = nn.Dropout { p = o.dropout }
end
function Block:forward(x)
  x = x + self.attention(self.norm1(x))
  local h, up, down = self.norm2(x), self.up, self.down
  if self.gelu == "tanh" then -- both layers at once
    h = F.gelu_mlp(h, up.weight, up.bias, down.weight, down.bias)
  else
    h = down(F.gelu(up(h), { approximate = self.gelu }))
  end
  return x + self.drop(h)
end

local Gpt = nn.Module:extend("Gpt", {
  "vocab", layers = 4, heads = 4, width = 128, block = 64, dropout = 0, bias = false,
  gelu = "none", -- or "tanh", the approximation GPT-2 was trained with
})
function Gpt:init(o)
  self.block = o.block
  self.tok = nn.Embedding(o.vocab, o.width)
  self.pos = nn.Embedding(o.block, o.width)
  self.drop = nn.Dropout { p = o.dropout }
  self.layers = nn.ModuleList()
  for _ = 1, o.layers do
    self.layers:append(Block(o.width, o.heads, {
      dropout = o.dropout, bias = o.bias, gelu = o.gelu,
    }))
  end
  self.norm = nn.LayerNorm(o.width, { bias = o.bias })
  self.head = nn.Linear(o.width, o.vocab, { bias = false })
  self.head.weight = self.tok.weight
  for name, p in self:named_parameters() do
    if p:dim() > 1 then
      -- residual projections start smaller: their sums grow with depth
      local residual = name:match "proj%.weight$" or name:match "down%.weight$"
      nn.init.normal_(p, 0, residual and 0.02 / math.sqrt(2 * o.layers) or 0.02)
    elseif name:match "bias$" then
      nn.init.zeros_(p)
    end
  end
end

--- ids i64 [B, T] -> logits [B, T, V]
function Gpt:forward(ids)
  local T = ids:size(2)
  local x = self.drop(self.tok(ids) + self.pos(tnt.arange(T, { device = ids.device })))
  for _, layer in ipairs(self.layers) do x = layer(x) end
  return self.head(self.norm(x))
end

--- Floating-point operations of a training step for each token of blocks of T: 6 for each weight
--- of the products, 12 T C for each layer's attention. Source: Chowdhery et al. 2022, PaLM,
--- appendix B.
function Gpt:flops_per_token(T)
  local weights = 0
  for _, p in ipairs(self:parameters()) do weights = weights + p:numel() end
  return 6 * (weights - self.pos.weight:numel()) + 12 * #self.layers * T * self.pos.weight:size(2)
end

--- Continues ids i64 [1, T] by n characters, drawn at a temperature.
function Gpt:generate(ids, n, temperature)
  local before = self.training
  self:eval()
  ids = tnt.no_grad(function()
    for _ = 1, n do
      ids = tnt.scope(function()
        local T = ids:size(2)
        local seen = T > self.block and ids:narrow(2, T - self.block + 1, self.block) or ids
        local logits = self(seen):select(2, -1) / (temperature or 1)
        return tnt.cat({ ids, logits:softmax(-1):multinomial(1) }, 2)
      end)
    end
    return ids
  end)
  if before then self:train() end
  return ids
end

return Gpt
