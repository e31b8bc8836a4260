local scratch = require "spec.log.scratch"

-- A run of 3 epochs of 8 steps with a checkpoint every 4 steps, which kills its process in the
-- middle of step `kill_at`; 0: not at all.
local PROGRAM = [[
  local ffi = require "ffi"
  local tnt = require "tnt"
  ffi.cdef "int kill(int pid, int signal); int getpid(void);"
  local dir, kill_at = arg[1], tonumber(arg[2])
  local Run = tnt.TrainUnit:extend "Run"
  function Run:train_step(state, batch)
    local step = self.train_progress.num_steps_completed + 1
    if step == kill_at then ffi.C.kill(ffi.C.getpid(), 9) end
    state:log("loss", 1 / step)
  end
  function Run:eval_step(state, batch)
    state:log("loss", batch / self.train_progress.num_steps_completed)
  end
  local result = tnt.fit(Run(), {
    dir = dir, resume = "auto", bar = false, max_epochs = 3,
    train_dataloader = { 1, 2, 3, 4, 5, 6, 7, 8 }, eval_dataloader = { 1, 2 },
    hooks = {
      tnt.hooks.Checkpoint { save_every_n_train_steps = 4 },
      tnt.hooks.EarlyStop { "eval/loss", mode = "max", patience = 2 },
    },
    loggers = { tnt.log.CSV { flush_seconds = 1000 }, tnt.log.JSONL {}, tnt.log.TensorBoard {} },
  })
  print(result.reason, result.progress.num_steps_completed)
]]

local function run(program, dir, kill_at)
  local pipe = io.popen(("'%s' '%s' '%s' %d 2>/dev/null"):format(scratch.interpreter, program, dir,
    kill_at))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function without_times(dir)
  local csv = scratch.read(dir .. "/metrics.csv"):gsub(",%d+%.%d%d%d", ",")
  local json = scratch.read(dir .. "/metrics.jsonl"):gsub('"time":[%d.]+', "")
  return csv, json
end

describe("loggers of a killed and resumed run", function()
  teardown(scratch.clean)

  it("hold what those of a run without interruption hold", function()
    local program = scratch.directory() .. "/program.lua"
    scratch.write(program, PROGRAM)
    local whole, killed = scratch.directory(), scratch.directory()
    local outcome = run(program, whole, 0)
    assert.equal("stopped\t24\n", outcome)
    local csv, json = without_times(whole)
    assert.equal(1 + 24 + 6, select(2, csv:gsub("\n", "")))
    for _, at in ipairs { 3, 9, 14, 17 } do assert.equal("", run(program, killed, at)) end
    assert.equal(outcome, run(program, killed, 0))
    local csv_after, json_after = without_times(killed)
    assert.equal(csv, csv_after)
    assert.equal(json, json_after)
  end)
end)
