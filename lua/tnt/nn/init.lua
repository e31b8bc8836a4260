-- tnt.nn: modules, layers, losses, initialisation (nn.init), functions (nn.functional) and gradient
-- clipping. A class is added to the list of files below and is then here under its name.

local Module = require "tnt.nn.module"
require "tnt.nn.walk"
require "tnt.nn.saved"
require "tnt.nn.print"
local parameter = require "tnt.nn.parameter"

---@class tnt.nn
local nn = {
  Module = Module,
  Parameter = parameter.new,
  is_parameter = parameter.is,
  is_module = Module.is_module,
  init = require "tnt.nn.initialisation",
  functional = require "tnt.nn.functional",
}

for _, file in ipairs {
  "containers", "linear", "conv", "norm", "embedding", "dropout", "pooling", "activations", "loss",
    "attention", "clip", "checkpoint", "checkpoint_modules", "batch_norm_stats", "summary",
} do
  for name, value in pairs(require("tnt.nn." .. file)) do nn[name] = value end -- order: free
end

return nn
