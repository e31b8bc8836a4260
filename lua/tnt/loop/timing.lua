-- The option `timer`: what a run calls is wrapped so that a tnt.Timer gets its durations. Without
-- the option nothing is wrapped, and nothing costs.

local class = require "tnt.class"
local hook = require "tnt.hook"

local function timed(timer, name, fn)
  return function(...) return timer:time(name, fn, ...) end
end

--- Names are TorchTNT's where it has the thing: "train.next(data_iter)", "train.iter(dataloader)",
--- "Digits.train_step", "EarlyStop.on_eval_epoch_end". What a unit times by `state:time` is added:
--- an AutoUnit does so with compute_loss, backward, clip_grad_norm, optimizer_step and the like.
---@param run table
---@param timer tnt.Timer
return function(run, timer)
  run.state.timer = timer
  local unit = tostring(class.of(run.unit))
  for _, listeners in pairs(run.dispatch) do -- order: free
    for i = 1, listeners.n do
      local object = listeners.selfs[i]
      local title = object == run.unit and unit or hook.title(object)
      listeners.fns[i] = timed(timer, title .. "." .. listeners.event, listeners.fns[i])
    end
  end
  for name, phase in pairs(run.phases) do -- order: free
    local entry = name == "eval" and "evaluate" or name
    phase.step = timed(timer, ("%s.%s_step"):format(unit, name), phase.step)
    phase.fetch = timed(timer, entry .. ".next(data_iter)", phase.fetch)
    for _, cursor in ipairs(phase.cursors) do
      cursor.open = timed(timer, entry .. ".iter(dataloader)", cursor.open)
    end
  end
end
