-- The hunt for NaN and infinity: tnt.detect_anomaly looks through the result of every operation,
-- forward and backward, and the first bad one is an error; tnt.check_finite looks through what it
-- is given. The core does the looking (core/finite.c).

local call_lines = require "tnt.call_lines"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"

local C, is_tensor = core.C, tensor.is_tensor
local anomaly = {}

local OFF, NAN, INFINITE = 0, 1, 2
local level_now = OFF

-- Sets the level and returns the one before.
local function set(level)
  local before = level_now
  if level == before then return before end
  local status = C.tnt_watch_finite(level)
  if status > 0 then core.raise(status) end
  level_now = level
  if before == OFF then call_lines.start() end
  if level == OFF then call_lines.stop() end
  return before
end

local function finish(before, ok, ...)
  set(before)
  if not ok then error((...), 0) end
  return ...
end

local function is_callable(value)
  if type(value) == "function" then return true end
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__call ~= nil
end

---@class tnt.AnomalyOptions
---@field infinite? boolean  infinity is an error too, where it first appears; default true

--- Finds where NaN and infinity come from: while it is on, the first operation whose result holds
--- one is an error that names the operation, how many elements are bad and where the first is, what
--- its inputs held, and, for gradients, the line of the forward that made the node. NaN is always
--- an error; infinity only where it first appears, so a mask filled with -math.huge passes on.
--- Views are not looked at. It slows training down several times: for hunting, not for every day.
---
--- `detect_anomaly(true)` and `detect_anomaly(false)` switch it; `detect_anomaly(fn, ...)` calls
--- fn(...) with it on and returns what that returns; a table of options may stand first. The lines
--- of nodes made before it was on are not known. It holds for the calling thread.
--- Errors: argument; state, from then on, for the first result that is not finite.
---
--- ```lua
--- local ok, err = pcall(tnt.detect_anomaly, function() return tnt.zeros(2):log() end)
--- ok -- false
--- err.op -- log
--- ```
--- Source: torch.autograd.set_detect_anomaly, which looks at gradients alone and at NaN.
---@param what boolean|fun(...): any|tnt.AnomalyOptions
---@param ... any  of fn; after options: true, false or fn and its arguments
---@return any ...  of fn; else whether it was on before
function anomaly.detect_anomaly(what, ...)
  local level = INFINITE
  local is_options = type(what) == "table" and not is_callable(what)
  if is_options then
    errors.check_options("detect_anomaly", what, { "infinite" })
    if what.infinite ~= nil and type(what.infinite) ~= "boolean" then
      errors.raise("argument", "detect_anomaly: infinite must be true or false, got %s",
        tostring(what.infinite))
    end
    if what.infinite == false then level = NAN end
    if select("#", ...) == 0 then return set(level) ~= OFF end
  end
  local function run(fn, ...)
    if fn == true then return set(level) ~= OFF end
    if fn == false then return set(OFF) ~= OFF end
    if not is_callable(fn) then
      errors.raise("argument", "detect_anomaly: true, false or a function was expected, got %s",
        type(fn))
    end
    return finish(set(level), pcall(fn, ...))
  end
  if is_options then return run(...) end
  return run(what, ...)
end

local counts = ffi.new "int64_t[3]"

-- "3 NaN and 1 infinite of 12 elements, the first at [2, 1]", or nil; places from 1.
local function describe(t)
  core.check(C.tnt_count_bad(counts, counts + 1, counts + 2, t))
  local nan, infinite = tonumber(counts[0]), tonumber(counts[1])
  if nan + infinite == 0 then return nil end
  local what = {}
  if nan > 0 then what[#what + 1] = nan .. " NaN" end
  if infinite > 0 then what[#what + 1] = infinite .. " infinite" end
  local place, rest, shape = {}, tonumber(counts[2]), t.shape
  for d = #shape, 1, -1 do
    place[d] = rest % shape[d] + 1
    rest = math.floor(rest / shape[d])
  end
  return ("%s of %d elements, the first at [%s]"):format(table.concat(what, " and "), t:numel(),
    table.concat(place, ", "))
end

local function look(value, name, seen)
  if is_tensor(value) then
    local text = describe(value)
    if text then errors.raise("state", "check_finite: %s holds %s", name, text) end
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    if type(value.named_parameters) == "function" then
      for inner, p in value:named_parameters() do
        look(p, name .. "." .. inner, seen)
        local g = p.grad
        if g then look(g, ("the gradient of %s.%s"):format(name, inner), seen) end
      end
    elseif getmetatable(value) == nil then
      for key, inner in sorted(value) do
        local step = type(key) == "number" and "[%d]" or ".%s"
        look(inner, name .. step:format(key), seen)
      end
    end
  end
end

--- Checks that a tensor, every tensor of a nest of plain tables, or every parameter of a module and
--- its gradient, is finite, and returns what it was given. Waits for the device.
--- Errors: state, for the first in sorted order that is not: its path, how many elements, where.
---
--- ```lua
--- tnt.check_finite({x = tnt.ones(2)}, "batch").x:sum():item() -- 2
--- ```
---@generic T
---@param nest T
---@param name? string  what messages call it; default "the tensor" or "the nest"
---@return T nest
function anomaly.check_finite(nest, name)
  if not is_tensor(nest) and type(nest) ~= "table" then
    errors.raise("argument", "check_finite: a tensor, a nest of tensors or a module was expected, "
      .. "got %s", type(nest))
  end
  look(nest, name or (is_tensor(nest) and "the tensor" or "the nest"), {})
  return nest
end

return anomaly
