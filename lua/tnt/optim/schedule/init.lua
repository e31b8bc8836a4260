-- tnt.optim.schedule: schedules of the learning rate. schedule.Cosine(opt, {T_max = 2000, by =
-- "update", warmup = 100}); `by` says what a step is: "epoch", "update" (of the optimizer) or
-- "batch"; loops call step() then.

---@class tnt.optim.schedule
local schedule = {
  Schedule = require "tnt.optim.schedule.schedule",
  Chain = require "tnt.optim.schedule.chain",
  SWA = require "tnt.optim.schedule.swa",
  Plateau = require "tnt.optim.schedule.plateau",
}
local forms = require "tnt.optim.schedule.forms"
for name, Class in pairs(forms) do schedule[name] = Class end -- order: free

return schedule
