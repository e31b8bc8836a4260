-- tnt.optim.groups: the parameters of a network in groups, so that biases and the weights of norms
-- decay less.
local check = require "tnt.check_option"
local class = require "tnt.class"
local errors = require "tnt.errors"

local option_names = { "bias_decay_mult", "lr", "norm_decay_mult", "trainable", "weight_decay" }

---@class tnt.optim.GroupOptions
---@field weight_decay? number     of what decays, default 0.01
---@field norm_decay_mult? number  times weight_decay, for weights and biases of norms, default 0
---@field bias_decay_mult? number  the same for other biases, default as norm_decay_mult
---@field lr? number               of all groups; default: the optimizer's
---@field trainable? boolean       true (default): only parameters that want gradients

local function is_norm(module)
  return class.is(module, require("tnt.nn").LayerNorm)
    or tostring(class.of(module)):match "Norm" ~= nil
end

local function check_arguments(net, options)
  if type(net) ~= "table" or not net.named_modules then
    errors.raise("argument", "groups: a module was expected, got %s", type(net))
  end
  for name in pairs(options) do -- order: free
    local is_known = false
    for _, other in ipairs(option_names) do is_known = is_known or other == name end
    if not is_known then errors.unknown("groups", "option", name, option_names) end
  end
  for _, name in ipairs { "weight_decay", "norm_decay_mult", "bias_decay_mult" } do
    if options[name] ~= nil then check.number("groups", name, options[name], 0) end
  end
end

--- Parameter groups of a network, one for each weight decay that comes out, in order of their first
--- parameter. Parameters of fewer than two dims that are neither a bias nor in a norm (a scale of
--- one's own) decay as norms do.
---@param net tnt.nn.Module
---@param options? tnt.optim.GroupOptions
---@return {params: tnt.Tensor[], names: string[], weight_decay: number}[]
local function groups(net, options)
  options = options or {}
  check_arguments(net, options)
  local decay = options.weight_decay or 0.01
  local norm_decay = decay * (options.norm_decay_mult or 0)
  local bias_decay = decay * (options.bias_decay_mult or options.norm_decay_mult or 0)
  local decays = {} -- of parameters; where they are shared, what decays wins
  for _, module in net:named_modules() do
    local norm = is_norm(module)
    for _, entry in ipairs(module:_own()) do
      if entry.kind == "parameter" then
        local own = decay
        if norm then own = norm_decay
        elseif entry.name:match "bias$" then own = bias_decay
        elseif entry.value:dim() < 2 then own = norm_decay end
        decays[entry.value] = math.max(decays[entry.value] or 0, own)
      end
    end
  end
  local list, by_decay = {}, {}
  for name, p in net:named_parameters() do
    if options.trainable == false or p.requires_grad then
      local own = decays[p]
      if not by_decay[own] then
        by_decay[own] = { params = {}, names = {}, weight_decay = own, lr = options.lr }
        list[#list + 1] = by_decay[own]
      end
      table.insert(by_decay[own].params, p)
      table.insert(by_decay[own].names, name)
    end
  end
  return list
end

return groups
