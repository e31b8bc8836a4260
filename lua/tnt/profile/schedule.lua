-- When a profiler records: a plan over steps. Source: torch.profiler.schedule, whose numbers are
-- these; its `repeat` is `cycles`, as that word is Lua's own.

local schedule = {}

---@class tnt.profile.Schedule
---@field skip_first integer  steps before the first cycle
---@field wait integer        steps of a cycle that are not looked at
---@field warmup integer      steps that are recorded and forgotten
---@field active integer      steps that are kept
---@field cycles integer      0: as many as there are

--- What to do in a step: "none", "warmup", "record", or "save", which is a cycle's last "record".
---@param plan tnt.profile.Schedule
---@param step integer  counted from 0
---@return "none"|"warmup"|"record"|"save"
function schedule.at(plan, step)
  if step < plan.skip_first then return "none" end
  step = step - plan.skip_first
  local length = plan.wait + plan.warmup + plan.active
  if plan.cycles > 0 and step >= plan.cycles * length then return "none" end
  local place = step % length
  if place < plan.wait then return "none" end
  if place < plan.wait + plan.warmup then return "warmup" end
  return place < length - 1 and "record" or "save"
end

return schedule
