-- What the loop costs a step: a train_step that does nothing, with no hook and with five.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local loader = require "loader"
local tnt = require "tnt"

local Empty = tnt.TrainUnit:extend "Empty"
function Empty:train_step() end

local batch = {}
local function hooks(count)
  local list = {}
  for i = 1, count do
    list[i] = { on_train_step_start = function() end,
      on_train_step_end = function(self) self.n = (self.n or 0) + 1 end }
  end
  return list
end
for _, count in ipairs { 0, 5 } do
  local unit, list = Empty(), hooks(count)
  local function run(n)
    tnt.train(unit, { train_dataloader = loader(batch, n),
      max_steps = unit.train_progress.num_steps_completed + n, hooks = list, bar = false })
  end
  run(2000)
  print(("empty_step_%d_hooks %.3f us"):format(count, clock.time(20000, 5, run) * 1e6))
end
