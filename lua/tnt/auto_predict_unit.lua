-- AutoPredictUnit: a unit around a module that needs only batches: it brings them to the module's
-- device and calls it. AutoUnit extends it by what training needs.

local autocast = require "tnt.autocast"
local class = require "tnt.class"
local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local message = require "tnt.loop.message"
local precision = require "tnt.precision"
local to_device = require "tnt.data.device"
local unit = require "tnt.unit"

local NONE = class.NONE

---@class tnt.AutoPredictUnit.Options
---@field module tnt.nn.Module
---@field device string|nil     "cpu", "cuda", ...; default: where the module is
---@field precision string|nil  "f32"; "bf16" or "f16": the module is called in a region of
---  tnt.autocast; also by the names of tnt.precision
---@field enable_prefetch boolean|nil  fetch a batch ahead where the loader's size is unknown, so
---  that `state.last_batch` is known; default false (of an AutoUnit true)
---@field detect_anomaly boolean|tnt.AnomalyOptions|nil  true, or {infinite = false}: the steps run
---  under `tnt.detect_anomaly`
---@field strategy string|boolean|nil  how processes share the work; false or "noop": they do not
---@field memory_format string|nil  "channels_last": weights and batches of four dims [N, C, H, W]
---  lie so (Tensor:contiguous), in which convolutional nets are faster on cards, with 16-bit
---  precision above all
---@field cuda_graph boolean|nil  capture the step's work on the card once and replay it, where
---  device is a card: tnt.help "cuda"

--- Predicts with a module: `tnt.predict(tnt.AutoPredictUnit {net}, {predict_dataloader = ...})`.
--- What a batch becomes on its way may be overridden: `move_data_to_device`, `predict_step`.
---
--- Errors: argument, for what is no module, and for options that this version or machine has not
--- what it takes for.
---@class tnt.AutoPredictUnit: tnt.Unit
---@field module tnt.nn.Module
---@field device string|nil
---@field precision string
---@overload fun(options: tnt.AutoPredictUnit.Options): tnt.AutoPredictUnit
local AutoPredictUnit = unit.Unit:extend("AutoPredictUnit", {
  "module", device = NONE, precision = NONE, enable_prefetch = false, detect_anomaly = NONE,
  strategy = NONE, memory_format = NONE, cuda_graph = NONE,
})

class.rename(AutoPredictUnit, {
  model = "module", torch_compile_params = "cuda_graph", compile = "cuda_graph",
})

local function check_precision(who, name)
  local dtype = name == nil and "f32" or precision.dtype(name, who)
  if dtype ~= "f64" then return dtype end
  errors.raise("argument", "%s: precision is 'f32', or 'bf16' or 'f16' (mixed precision), got '%s';"
    .. " for f64 throughout convert the module: module:to('f64')", who, name)
end

-- unit -> its captured prediction
local graphs = setmetatable({}, { __mode = "k" })

-- unit -> the module it was made with; no field, or checkpoints would hold it twice.
local made_with = setmetatable({}, { __mode = "kv" })

-- Options that stand for something this process cannot do are refused, not passed over.
local function check_machine(who, o)
  if o.strategy and o.strategy ~= "noop" then
    errors.raise("argument", "%s: strategy = '%s' needs several processes, which this version "
      .. "does not have; leave it out", who, tostring(o.strategy))
  end
  if o.cuda_graph then
    local available, why = require("tnt.cuda").is_available()
    if not available then
      errors.raise("argument", "%s: cuda_graph records steps of a CUDA device, and there is none: "
        .. "%s; leave it out", who, tostring(why))
    end
  end
end

local function check_anomaly(who, given)
  if type(given) == "table" then
    errors.check_options(who .. ": detect_anomaly", given, { "infinite" })
  elseif given ~= nil and type(given) ~= "boolean" then
    errors.raise("argument", "%s: detect_anomaly is true, false or {infinite = false}, got %s", who,
      tostring(given))
  end
end

--- Checks and keeps the options, before `init`.
function AutoPredictUnit:construct(o)
  local who = tostring(class.of(self))
  if type(o.module) ~= "table" or class.is_class(o.module)
    or type(o.module.parameters) ~= "function" then
    errors.raise("argument", "%s: module must be an nn.Module, got %s", who,
      class.is_class(o.module) and "the class " .. tostring(o.module)
      .. "; call it to make one" or type(o.module))
  end
  self.precision = check_precision(who, o.precision)
  check_machine(who, o)
  check_anomaly(who, o.detect_anomaly)
  self.module, self.device, self.given_device = o.module, o.device, o.device
  made_with[self] = o.module
  if o.device then o.module:to(o.device) end
  if o.memory_format then o.module:to { memory_format = o.memory_format } end
  self.memory_format = o.memory_format
  self.enable_prefetch = o.enable_prefetch
  self.cuda_graph = o.cuda_graph and true or nil
  self.detect_anomaly = o.detect_anomaly
end

local function laid_channels_last(t) return t:contiguous "channels_last" end

--- Brings a batch to the unit's device and memory format. May be overridden. A card copies it
--- beside the work of the step before, which nothing waits for, so that no batch need be fetched
--- before its turn and a checkpoint finds the loader, and random numbers, where they are.
---@param state tnt.State
---@param batch any
---@return any
function AutoPredictUnit:move_data_to_device(_, batch)
  local device = self.device
  if device and device ~= "cpu" then batch = to_device(batch, device) end
  if self.memory_format == "channels_last" then batch = nest.map(batch, laid_channels_last) end
  return batch
end

--- Calls fn(...) in the unit's precision.
---@param fn function|tnt.nn.Module
function AutoPredictUnit:in_precision(fn, ...)
  if self.precision == "f32" then return fn(...) end
  return autocast.run(self.precision, fn, ...)
end

-- The module's output from a captured call; copied, since the next replay writes it anew.
local function replayed(self, batch)
  local graph = graphs[self]
  if not graph then
    graph = require "tnt.graph" {
      function(inputs) return self:in_precision(self.module, inputs) end, device = self.device,
    }
    graphs[self] = graph
  end
  if not graph:fits(batch) then return self:in_precision(self.module, batch) end
  local output = graph:run(batch)
  return graph:is_captured() and nest.map(output, function(t) return t:clone() end) or output
end

--- One prediction step: the module's output for the batch. May be overridden.
---@param state tnt.State
---@param batch any
---@return any
function AutoPredictUnit:predict_step(state, batch)
  batch = self:move_data_to_device(state, batch)
  if self.cuda_graph then return replayed(self, batch) end
  return self:in_precision(self.module, batch)
end

-- ---- the loops' side ----------------------------------------------------------------------------

AutoPredictUnit.engine = {}

--- Without the option `device` batches go where the module is when a loop starts.
function AutoPredictUnit.engine.start(self)
  if not rawequal(made_with[self], self.module) then
    message.warn("%s: unit.module is not the module it was made with, whose parameters the "
      .. "optimizer and averaged weights would have; make a new unit instead",
      tostring(class.of(self)))
    made_with[self] = self.module
  end
  if not self.given_device then
    local parameter = self.module:parameters()[1]
    self.device = nest.is_tensor(parameter) and parameter.device or nil
  end
  if self.cuda_graph and (self.device or "cpu") == "cpu" then
    errors.raise("argument", "%s: cuda_graph wants the module on a card, it is on the CPU: give "
      .. "device = 'cuda'", tostring(class.of(self)))
  end
end

--- The steps of each phase, under the hunt for values that are not finite where it is on.
function AutoPredictUnit.engine.wrap_step(self, step)
  local how = self.detect_anomaly
  if not how then return step end
  local detect = require("tnt.anomaly").detect_anomaly
  if how == true then return function(...) return detect(step, ...) end end
  return function(...) return detect(how, step, ...) end
end

return AutoPredictUnit
