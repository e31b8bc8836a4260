-- SIGINT and SIGTERM while a loop runs: the handler sets a flag that the loop reads between steps.
-- A second signal makes the next operation fail with kind `interrupted`, a third one kills.
local core = require "tnt.core"
local C = core.C

local interrupt = {}
local names = { [2] = "SIGINT", [15] = "SIGTERM" }

--- Signals set the flag from now on; pairs with finish, and nests.
function interrupt.begin() core.check(C.tnt_interrupt_begin()) end

--- The handlers from before are back.
function interrupt.finish() core.check(C.tnt_interrupt_finish()) end

--- Which signal has come since begin, or nil. Once one was seen, the next one interrupts the
--- operation under way.
---@return string|nil  "SIGINT" or "SIGTERM"
function interrupt.pending()
  local number = C.tnt_interrupt_pending(0)
  if number == 0 then return nil end
  C.tnt_interrupt_pending(1)
  C.tnt_interrupt_ops(1)
  return names[number] or ("signal " .. number)
end

return interrupt
