-- Whether operations are recorded for gradients, and functions that run with it off or on.
local core = require "tnt.core"
local C = core.C

local grad_mode = {}

--- Switches recording on or off.
---@param on boolean
---@return boolean before
function grad_mode.set(on) return C.tnt_set_grad_mode(on and 1 or 0) ~= 0 end

---@return boolean
function grad_mode.get() return core.context.grad_mode ~= 0 end

local function finish(before, ok, ...)
  grad_mode.set(before)
  if not ok then error((...), 0) end
  return ...
end

--- Runs fn(...) without recording and returns its results.
---@param fn function
function grad_mode.no_grad(fn, ...) return finish(grad_mode.set(false), pcall(fn, ...)) end

--- Runs fn(...) with recording on, also inside no_grad.
---@param fn function
function grad_mode.enable_grad(fn, ...) return finish(grad_mode.set(true), pcall(fn, ...)) end

return grad_mode
