-- tnt.flops: the floating-point operations of what a function computes, counted by dispatch from
-- formulas of the op table (core/flops.c), forward and backward apart.

local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"

local C, context = core.C, core.context
local flops = {}

---@class tnt.FlopCount
---@field flops integer     forward and backward together
---@field forward integer
---@field backward integer
---@field calls integer     how many calls were made
---@field forward_calls integer
---@field backward_calls integer

---@class tnt.Flops: tnt.FlopCount
---@field ops table<string, tnt.FlopCount>  by operation, all that ran
local Flops = {}
Flops.__index = Flops

local out = ffi.new "tnt_count"

local function read(status)
  core.check(status)
  local forward, backward = tonumber(out.forward), tonumber(out.backward)
  local forward_calls, backward_calls = tonumber(out.forward_calls), tonumber(out.backward_calls)
  return {
    flops = forward + backward, forward = forward, backward = backward,
    calls = forward_calls + backward_calls, forward_calls = forward_calls,
    backward_calls = backward_calls,
  }
end

local function totals()
  local sum = setmetatable({
    flops = 0, forward = 0, backward = 0, calls = 0, forward_calls = 0, backward_calls = 0,
  }, Flops)
  local ops, number = {}, 0
  while true do
    local name = C.tnt_op_name(number)
    if name == nil then break end
    local count = read(C.tnt_flops_of_op(out, number))
    if count.calls > 0 then ops[ffi.string(name)] = count end
    for field, value in pairs(count) do sum[field] = sum[field] + value end -- order: free
    number = number + 1
  end
  sum.ops = ops
  return sum
end

local is_counting = false

local function finish(regions, ok, ...)
  is_counting = false
  context.region = 0
  core.check(C.tnt_watch_flops(-1))
  if not ok then error((...), 0) end
  local by_region = {}
  for region = 1, regions do by_region[region] = read(C.tnt_flops_of_region(out, region)) end
  return totals(), by_region, ...
end

--- Calls fn(...) and counts, also for the parts that it marks by setting context.region to 1 and so
--- on; a gradient counts for the part that its forward ran in.
---@param regions integer
---@param fn function
---@return tnt.Flops total
---@return tnt.FlopCount[] by_region
---@return any ...  what fn returns
function flops.by_region(regions, fn, ...)
  if is_counting then errors.raise("state", "flops: a count is under way already") end
  core.check(C.tnt_watch_flops(regions))
  is_counting = true
  return finish(regions, pcall(fn, ...))
end

local function without_regions(total, _, ...) return total, ... end

--- Calls fn(...) and counts the floating-point operations of this thread meanwhile: two for each
--- multiply-add of matrix products and convolutions, nothing for all else, as PyTorch's counter has
--- it (TorchTNT's FlopTensorDispatchMode counts one, half as many).
--- Errors: state, within another count; argument; what fn raises.
---
--- ```lua
--- local count = tnt.flops(function() return tnt.ones(2, 3):matmul(tnt.ones(3, 4)) end)
--- count.flops -- 48
--- count.ops.matmul.calls -- 1
--- ```
---@param fn function
---@param ... any  its arguments
---@return tnt.Flops count  prints as a table
---@return any ...  what fn returns
function flops.count(fn, ...)
  if type(fn) ~= "function" and not (type(fn) == "table" and getmetatable(fn)
    and getmetatable(fn).__call) then
    errors.raise("argument", "flops: a function was expected, got %s", type(fn))
  end
  return without_regions(flops.by_region(0, fn, ...))
end

--- Operations as a short text: "1.50 GFLOP".
---@param number number
---@return string
function flops.text(number)
  for _, unit in ipairs { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if number >= unit[1] then return ("%.2f %sFLOP"):format(number / unit[1], unit[2]) end
  end
  return ("%d FLOP"):format(number)
end

--- The operations that compute, the largest first.
function Flops:__tostring()
  local names = {}
  for name, count in pairs(self.ops) do -- order: free, sorted below
    if count.flops > 0 then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    if self.ops[a].flops ~= self.ops[b].flops then return self.ops[a].flops > self.ops[b].flops end
    return a < b
  end)
  local lines = { ("%-12s %14s %14s %8s"):format("op", "forward", "backward", "calls") }
  local function line(name, count, calls)
    lines[#lines + 1] = ("%-12s %14s %14s %8d"):format(name, flops.text(count.forward),
      flops.text(count.backward), calls)
  end
  local calls = 0
  for _, name in ipairs(names) do
    line(name, self.ops[name], self.ops[name].calls)
    calls = calls + self.ops[name].calls
  end
  line("all", self, calls)
  return table.concat(lines, "\n")
end

return flops
