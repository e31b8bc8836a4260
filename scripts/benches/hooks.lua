-- What hooks cost a step, beside a train_step that does nothing: ten that do nothing special (a
-- start and an end event each), and then those a real run has: bar, CSV logger, checkpoints. The
-- bar's and the checkpoint hook's own work between redraws and saves is what is measured.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local loader = require "loader"
local tnt = require "tnt"

local Empty = tnt.TrainUnit:extend "Empty"
function Empty:train_step() end
-- One number is logged in each step, so that bar and CSV have something to show.
local Logging = tnt.TrainUnit:extend "Logging"
function Logging:train_step(state) state:log("loss", 0.5) end

local dir = os.tmpname()
os.remove(dir)
assert(os.execute("mkdir -p " .. dir) == 0)

local function plain()
  local list = {}
  for i = 1, 10 do
    list[i] = { on_train_step_start = function() end,
      on_train_step_end = function(self) self.n = (self.n or 0) + 1 end }
  end
  return list
end
local function bar() return tnt.hooks.ProgressBar { form = "terminal" } end
local runs = 0
local function csv() -- a file of its own: an older one would be read first
  runs = runs + 1
  return { tnt.log.CSV { path = ("%s/metrics%d.csv"):format(dir, runs) } }
end
local function checkpoint() return tnt.hooks.Checkpoint { save_every_n_train_steps = 1000000 } end

local cases = {
  { "bare", Empty, {} }, { "ten_plain", Empty, plain() }, { "logging", Logging, {} },
  { "logging_bar", Logging, { bar() } },
  { "logging_csv", Logging, {}, csv },
  { "logging_checkpoint", Logging, { checkpoint() } },
  { "bar_csv_checkpoint", Logging, { bar(), checkpoint() }, csv },
  { "ten_plain_bar_csv_checkpoint", Logging, { bar(), checkpoint(), unpack(plain()) }, csv },
}

-- Two warm-ups: a run of its own for each round, as users have them.
for _, case in ipairs(cases) do
  local name, Unit, hooks, loggers = unpack(case)
  local unit = Unit()
  local function run(n)
    tnt.train(unit, { train_dataloader = loader(1, n), dir = dir, hooks = hooks, bar = false,
      loggers = loggers and loggers(),
      max_steps = unit.train_progress.num_steps_completed + n })
  end
  run(2000)
  print(("%s %.3f us"):format(name, clock.time(20000, 5, run) * 1e6))
end
os.execute("rm -r " .. dir)
