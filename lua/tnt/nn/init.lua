-- tnt.nn: modules by name. Files are loaded when a name in them is first used.
local nn = {}

local places = { functional = "tnt.nn.functional", init = "tnt.nn.initialise", Module = "tnt.nn.module" }
local function names(module, list)
  for name in list:gmatch "%S+" do places[name] = { module, name } end
end
names("tnt.nn.module", "Parameter")
names("tnt.nn.containers", "Sequential ModuleList ModuleDict")
names("tnt.nn.layers", "Linear Conv2d Embedding LayerNorm BatchNorm1d BatchNorm2d")
names("tnt.nn.functions", "Identity ReLU SiLU Tanh Sigmoid Softplus GELU LeakyReLU ELU Softmax LogSoftmax Flatten Dropout MaxPool2d "
  .. "AvgPool2d AdaptiveAvgPool2d CrossEntropyLoss MSELoss L1Loss SmoothL1Loss NLLLoss BCEWithLogitsLoss")
names("tnt.nn.clip", "clip_grad_norm_ clip_grad_value_")
nn.places = places -- for completion at the prompt

return setmetatable(nn, {
  __index = function(self, name)
    local place = places[name]
    if not place then
      local errors = require "tnt.errors"
      local known = {}
      for each in pairs(places) do known[#known + 1] = each end -- order: free, sorted below
      table.sort(known)
      local near = type(name) == "string" and errors.nearest(name, known)
      errors.raise("argument", "nn has no '%s'%s", tostring(name), near and ("; did you mean '%s'?"):format(near) or "")
    end
    local value = type(place) == "table" and require(place[1])[place[2]] or require(place)
    self[name] = value
    return value
  end,
})
