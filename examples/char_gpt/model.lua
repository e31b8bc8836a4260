-- GPT: a decoder of transformer blocks without biases, head tied to the embedding, as nanoGPT's
-- character models have it. Source: Radford et al. 2019; sizes and initialisation after
-- karpathy/nanoGPT.

local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local Attention = nn.Module:extend("Attention", { "width", "heads", dropout = 0, block = 64 })
function Attention:init(o)
  self.heads = o.heads
  self.qkv = nn.Linear(o.width, 3 * o.width, { bias = false })
  self.proj = nn.Linear(o.width, o.width, { bias = false })
  self.drop = nn.Dropout { p = o.dropout }
  self.attention_drop = nn.Dropout { p = o.dropout }
  -- true above the diagonal: the future, which no position may see
  self:register_buffer("mask", tnt.ones(o.block, o.block):triu(1):to "bool")
end
function Attention:forward(x)
  local B, T, C = x:size()
  local D = C / self.heads
  local function split(t) return t:view(B, T, self.heads, D):transpose(2, 3) end -- [B, H, T, D]
  local q, k, v = self.qkv(x):chunk(3, -1)
  local scores = split(q):matmul(split(k):transpose(-2, -1)) * (1 / math.sqrt(D))
  local weights = scores:masked_fill(self.mask[{ { 1, T }, { 1, T } }], -math.huge):softmax(-1)
  local y = self.attention_drop(weights):matmul(split(v)):transpose(2, 3):reshape(B, T, C)
  return self.drop(self.proj(y))
end

local Block = nn.Module:extend("Block", { "width", "heads", dropout = 0, block = 64 })
function Block:init(o)
  self.norm1 = nn.LayerNorm(o.width, { bias = false })
  self.attention = Attention(o.width, o.heads, { dropout = o.dropout, block = o.block })
  self.norm2 = nn.LayerNorm(o.width, { bias = false })
  self.up = nn.Linear(o.width, 4 * o.width, { bias = false })
  self.down = nn.Linear(4 * o.width, o.width, { bias = false })
  self.drop = nn.Dropout { p = o.dropout }
end
function Block:forward(x)
  x = x + self.attention(self.norm1(x))
  return x + self.drop(self.down(F.gelu(self.up(self.norm2(x)))))
end

local Gpt = nn.Module:extend("Gpt", {
  "vocab", layers = 4, heads = 4, width = 128, block = 64, dropout = 0,
})
function Gpt:init(o)
  self.block = o.block
  self.tok = nn.Embedding(o.vocab, o.width)
  self.pos = nn.Embedding(o.block, o.width)
  self.drop = nn.Dropout { p = o.dropout }
  self.layers = nn.ModuleList()
  for _ = 1, o.layers do
    self.layers:append(Block(o.width, o.heads, { dropout = o.dropout, block = o.block }))
  end
  self.norm = nn.LayerNorm(o.width, { bias = false })
  self.head = nn.Linear(o.width, o.vocab, { bias = false })
  self.head.weight = self.tok.weight
  for name, p in self:named_parameters() do
    if p:dim() > 1 then
      -- residual projections start smaller: their sums grow with depth
      local residual = name:match "proj%.weight$" or name:match "down%.weight$"
      nn.init.normal_(p, 0, residual and 0.02 / math.sqrt(2 * o.layers) or 0.02)
    end
  end
end

--- ids i64 [B, T] -> logits [B, T, V]
function Gpt:forward(ids)
  local T = ids:size(2)
  local x = self.drop(self.tok(ids) + self.pos(tnt.arange(T)))
  for _, layer in ipairs(self.layers) do x = layer(x) end
  return self.head(self.norm(x))
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
