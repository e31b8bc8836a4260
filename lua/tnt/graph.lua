-- tnt.Graph: a function whose work on a card is recorded once and replayed as one. It first runs as
-- usual, and what it does is compared from call to call, so that what cannot be replayed is refused
-- where it happens instead of giving wrong results.
local class = require "tnt.class"
local core = require "tnt.core"
local device = require "tnt.device"
local errors = require "tnt.errors"
local ffi = require "ffi"
local nest = require "tnt.loop.nest"
local scope = require "tnt.scope"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"

local C, check = core.C, core.check

local WARM_UP = 3 -- calls; the first may make what lasts (states, plans), the others are compared

---@class tnt.Graph.Options
---@field device string           the card
---@field writes tnt.Tensor[]|nil what calls change: parameters, buffers
---@field holders (fun(): table)|nil  objects by name whose fields may hold no tensor made in a call
---@field before fun()|nil        called before the capture and each replay, for numbers on the card

--- A function whose work on a card is captured and replayed.
---@class tnt.Graph
local Graph = class.new("Graph", { "fn", device = "cuda", writes = class.NONE,
  holders = class.NONE, before = class.NONE })

--- A function of a nest of tensors, to be captured:
---
---     local step = tnt.Graph {function(batch) ... return loss end, device = "cuda"}
---     local loss = step:run(batch)
---
--- Shapes and numbers must be the same in each call; its results are written anew by each. They are
--- the same tensors from the capture on: clone() what is to last.
function Graph:init(o)
  self.fn, self.options, self.calls = o.fn, o, 0
  self.number = device.number(o.device, "Graph")
  if self.number == 0 then
    errors.raise("device", "Graph: a card was expected ('cuda', 'cuda:1'), got cpu")
  end
  self.recorder = ffi.gc(ffi.new "tnt_recorder *[1]",
    function(at) C.tnt_recorder_free(at[0]) end)
end

-- -- what may not outlive a call ------------------------------------------------------------------
local function handles_of(holders)
  local found = {}
  for name, object in sorted(holders) do
    for key, value in sorted(object) do
      if type(key) == "string" and tensor.is_tensor(value) then
        found[name .. "." .. key] = ("%d:%d"):format(value.slot, value.generation)
      end
    end
  end
  return found
end

local function check_fields(self)
  if not self.options.holders then return end
  local now = handles_of(self.options.holders())
  for path, handle in sorted(self.fields or now) do
    if now[path] and now[path] ~= handle then
      errors.raise("state", "a captured step leaves no tensor of its own in a field: %s was set "
        .. "again; make it once and copy_ into it, or use register_buffer", path)
    end
  end
  for path in sorted(now) do
    if self.fields and not self.fields[path] then
      errors.raise("state", "a captured step leaves no tensor of its own in a field: %s was set; "
        .. "make it before the step and copy_ into it, or use register_buffer", path)
    end
  end
  self.fields = now
end

-- -- inputs ---------------------------------------------------------------------------------------
local function each_leaf(value, path, visit)
  if type(value) ~= "table" or getmetatable(value) ~= nil then return visit(value, path) end
  for key, inner in sorted(value) do each_leaf(inner, path .. "." .. tostring(key), visit) end
end

local function shape_of(t) return t.dtype .. " [" .. table.concat(t.shape, ", ") .. "]" end

local function shapes_of(inputs)
  local shapes = {}
  each_leaf(inputs, "", function(value, path)
    shapes[path] = nest.is_tensor(value) and shape_of(value) or type(value)
  end)
  return shapes
end

--- Whether a nest has the shapes and dtypes of the first call's (any, before it).
---@param inputs any
---@return boolean fits
---@return string|nil why_not
function Graph:fits(inputs)
  if not self.shapes then return true end
  local now = shapes_of(inputs)
  for path, was in sorted(self.shapes) do
    if now[path] ~= was then
      return false, ("input%s was %s and became %s"):format(path, was, now[path] or "nothing")
    end
  end
  for path, is in sorted(now) do
    if not self.shapes[path] then return false, ("input%s is new: %s"):format(path, is) end
  end
  return true
end

local function keep_inputs(self, inputs)
  self.constants = {}
  each_leaf(inputs, "", function(value, path)
    if not nest.is_tensor(value) then self.constants[path] = value end
  end)
  self.inputs = nest.map(inputs, function(t)
    return t:detach():clone():to(device.name(self.number)):keep()
  end)
end

local function copy_inputs(self, inputs)
  local given = {}
  each_leaf(inputs, "", function(value, path) given[path] = value end)
  each_leaf(self.inputs, "", function(own, path)
    local value = given[path]
    if nest.is_tensor(own) then
      own:copy_(value:to(own.device))
    elseif value ~= self.constants[path] then
      errors.raise("state", "a captured step keeps its numbers: input%s was %s and became %s; put "
        .. "it in a tensor", path, tostring(self.constants[path]), tostring(value))
    end
  end)
end

-- -- calls ----------------------------------------------------------------------------------------
local function recorded(self, inputs)
  check(C.tnt_record_begin(self.recorder))
  local ok, result = pcall(self.fn, inputs)
  local rc = C.tnt_record_end()
  if not ok then error(result, 0) end
  check(rc)
  check_fields(self)
  return result
end

local function replay(self)
  local writes = self.writes
  check(C.tnt_graph_replay(self.graph, writes and writes.items, writes and writes.n or 0))
end

local function capture(self, inputs)
  keep_inputs(self, inputs)
  local at = ffi.new "tnt_graph *[1]"
  check(C.tnt_capture_begin(at, self.number))
  local graph = ffi.gc(at[0], C.tnt_graph_free)
  local ok, result = pcall(self.fn, self.inputs)
  local rc = C.tnt_capture_end(graph)
  if not ok then
    C.tnt_graph_free(ffi.gc(graph, nil))
    error(result, 0)
  end
  check(rc)
  scope.keep(result)
  self.graph, self.result = graph, result
  self.writes = self.options.writes and core.list(self.options.writes)
  replay(self)
end

--- One call: three are run as usual and compared, the fourth is captured, the others replay.
--- Errors: state, for what cannot be captured, naming op, argument and values at the line it stands
--- in, also for another shape than the capture's (ask `fits` first).
---@param inputs any  a nest of tensors
---@return any results  of fn; from the capture on the same tensors each time
function Graph:run(inputs)
  local fits, why = self:fits(inputs)
  if not fits then
    errors.raise("state", "a captured step keeps its shapes: %s (drop_last for loaders, padding "
      .. "for sequences)", why)
  end
  self.calls = self.calls + 1
  if self.graph then
    copy_inputs(self, inputs)
    if self.options.before then self.options.before() end
    replay(self)
    return self.result
  end
  if self.calls == 1 then
    self.shapes = shapes_of(inputs)
    return self.fn(inputs)
  elseif self.calls <= WARM_UP then
    return recorded(self, inputs)
  end
  if self.options.before then self.options.before() end
  capture(self, inputs)
  return self.result
end

--- Whether calls are replays by now.
---@return boolean
function Graph:is_captured() return self.graph ~= nil end

--- Gives the captured work and its memory back; results are gone with it.
function Graph:release()
  if not self.graph then return end
  C.tnt_graph_free(ffi.gc(self.graph, nil))
  self.graph, self.result, self.inputs = nil, nil, nil
end

return Graph
