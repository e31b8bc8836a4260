-- GPT-2's weights as Hugging Face names them, brought to the names of examples/char_gpt/model.lua.
-- Their Conv1D keeps a product's weights as [in, out], our Linear as [out, in]. Rows of a padded
-- vocabulary that the file lacks become 0. Source: transformers, models/gpt2/modeling_gpt2.py.

local tnt = require "tnt"
local errors = require "tnt.errors"

local INNER = {
  ln_1 = "norm1", ln_2 = "norm2", ["attn.c_attn"] = "attention.qkv",
  ["attn.c_proj"] = "attention.proj", ["mlp.c_fc"] = "up", ["mlp.c_proj"] = "down",
}
local OUTER = { wte = "tok", wpe = "pos", ln_f = "norm" }

-- Our name of one of theirs and whether it is transposed; nil for what is not a weight.
local function named(name)
  name = name:gsub("^transformer%.", "")
  local outer, kind = name:match "^([%w_]+)%.(%a+)$"
  if OUTER[outer] then return OUTER[outer] .. "." .. kind, false end
  local layer, inner, last = name:match "^h%.(%d+)%.(.+)%.(%a+)$"
  if not INNER[inner] or (last ~= "weight" and last ~= "bias") then return nil end
  return ("layers.%s.%s.%s"):format(layer, INNER[inner], last),
    last == "weight" and inner:find("c_", 1, true) ~= nil
end

--- Loads a .safetensors file into a model made with bias = true and gelu = "tanh".
--- Errors: io; format, when names are missing or sizes differ.
---@param model tnt.nn.Module
---@param path string
return function(model, path)
  local state = {}
  for name, value in tnt.sorted(tnt.load(path)) do
    local own, is_transposed = named(name)
    if own then state[own] = is_transposed and value:transpose(1, 2) or value end
  end
  local tok, vocab = state["tok.weight"], model.tok.weight:size(1)
  if not tok then errors.raise("format", "%s has no wte.weight: are these GPT-2's?", path) end
  if tok:dim() == 2 and tok:size(1) < vocab then
    local rest = tnt.zeros({ vocab - tok:size(1), tok:size(2) }, { dtype = tok.dtype })
    state["tok.weight"] = tnt.cat({ tok, rest }, 1)
  end
  model:load_state_dict(state)
end
