-- Writes event files for tensorboard_check.py with tnt.log.TensorBoard: luajit THIS DIR. A run that
-- dies and goes on is among them, and values of every kind of float.

local log = require "tnt.log"
local tnt = require "tnt"

local dir = assert(arg[1], "usage: tensorboard_write.lua DIR")

local function record(at, phase, step, values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  return {
    at = at, phase = phase, step = step, update = step, epoch = 0, time = 1700000000.25 + step,
    names = names, values = values,
  }
end

local function state(steps)
  return { entry_point = "fit", dir = dir },
    { train_progress = { num_steps_completed = steps } }
end

local board = log.TensorBoard {}
board:open(state(0))
for step = 1, 10 do
  board:log(record("step", "train", step, { ["train/loss"] = 1 / step, ["train/lr"] = 1e-3 }))
end
board:log(record("epoch", "train", 10, { ["train/loss"] = 0.29289682539682537 }))
board:close()

board:open(state(6)) -- the steps from 7 on are done again, with other values
for step = 7, 12 do
  board:log(record("step", "train", step, { ["train/loss"] = -step, ["train/lr"] = 1e-3 }))
end
board:log(record("epoch", "train", 12, { ["train/loss"] = 0.25 }))
board:log(record("epoch", "eval", 12, {
  ["eval/inf"] = math.huge, ["eval/minus_inf"] = -math.huge, ["eval/nan"] = 0 / 0,
  ["eval/zero"] = 0, ["eval/tiny"] = 1e-45, ["eval/é"] = 0.5,
}))
board:log(record("step", "train", 2 ^ 40, { ["train/late"] = 3 }))
board:text("config", "lr = 1e-3, *wide*", 0)
board:hparams { lr = 0.1, name = "é", flag = false, zero = 0 }
local function u8(values) return tnt.tensor(values, { dtype = "u8" }) end
board:image("picture", u8 { { { 1, 254 } }, { { 2, 255 } }, { { 3, 0 } } }, 12)
board:images("grid", u8 { { { { 1, 2 } } }, { { { 3, 4 } } }, { { { 5, 6 } } } }, 12, 2)
board:audio("beep", tnt.tensor { 0, 0.5, -2 }, 12, 8000)
board:scalars("waves", { sin = 0.5 }, 1)
board:scalars("waves", { sin = 0.75 }, 2)
board:histogram_raw("raw", {
  min = -1, max = 3, num = 4, sum = 5, sum_squares = 11, limits = { 0, 2, 4 },
  counts = { 1, 2, 1 },
}, 12)
board:histogram("weights", { -1, 0, 0.5, 0.5, 2, 0 / 0 }, 12)
board:close()
