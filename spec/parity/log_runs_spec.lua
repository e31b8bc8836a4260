-- Loggers and the hooks that log against TorchTNT's: the same values at the same steps. What
-- TorchTNT wrote is recorded by scripts/parity/torchtnt_runs.py.

local json = require "cjson"
local plain = require "spec.parity.plain"
local reference = require "spec.reference.torchtnt_runs"
local State = require "tnt.state"
local tnt = require "tnt"

local function scratch()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  os.remove(path)
  return text
end

-- Rows of a CSV file as tables by column; what is no number stays text.
local function rows_of(text)
  local columns, rows
  for line in text:gmatch "[^\r\n]+" do
    local cells = {}
    for cell in (line .. ","):gmatch "([^,]*)," do cells[#cells + 1] = tonumber(cell) or cell end
    if not columns then
      columns, rows = cells, {}
    else
      local row = {}
      for i, column in ipairs(columns) do row[column] = cells[i] end
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- Of each row, what TorchTNT's has: its own numbers and the step.
local function same_rows(theirs, ours)
  assert.equal(#theirs, #ours)
  for i, row in ipairs(theirs) do
    for key, value in pairs(row) do assert.equal(value, ours[i][key], key) end -- order: free
  end
end

describe("loggers, compared with TorchTNT's", function()
  for number, case in ipairs(reference.loggers) do
    local function write(logger)
      for _, row in ipairs(case.rows) do logger:log_values(row.values, row.step) end
      if logger.close then logger:close() end
    end

    it("write the same CSV, the same JSON, and keep the same " .. number, function()
      local path = scratch()
      write(tnt.log.CSV { path = path })
      same_rows(case.csv, rows_of(read(path)))
      write(tnt.log.JSON { path = path })
      same_rows(case.json, json.decode(read(path)))
      local memory = tnt.log.Memory()
      write(memory)
      local kept = {}
      for i, record in ipairs(memory.records) do
        kept[i] = { step = record.step }
        for _, name in ipairs(record.names) do kept[i][name] = record.values[name] end
      end
      same_rows(case.memory, kept)
    end)

    it("print the same names and values " .. number, function()
      local printed, stdout = {}, io.stdout
      rawset(io, "stdout", {
        write = function(self, ...)
          for _, text in ipairs { ... } do printed[#printed + 1] = text end
          return self
        end,
        flush = function() end,
      })
      local ok, err = pcall(write, tnt.log.Console { precision = 17 })
      rawset(io, "stdout", stdout)
      assert.is_true(ok, tostring(err))
      local text, at = table.concat(printed), 0
      for line in text:gmatch "[^\n]+" do
        at = at + 1
        for _, pair in ipairs(case.stdout[at]) do
          local value = line:match("%f[%w]" .. pair[1] .. "=(%S+)")
          assert.is_true(math.abs(tonumber(value) - tonumber(pair[2])) <= 0.0005 + 1e-12, line)
        end
      end
      assert.equal(#case.stdout, at)
    end)
  end
end)

describe("hooks that log, compared with TorchTNT's callbacks", function()
  it("LearningRate: the same rates at the same steps", function()
    assert.equal(4, #reference.rates)
    for _, case in ipairs(reference.rates) do
      local net = tnt.nn.Linear(1, 1)
      local optimizer = tnt.optim.SGD({
        { params = { net.weight }, lr = 0.5 }, { params = { net.bias }, lr = 0.25 },
      }, { lr = 1 })
      local unit = tnt.AutoUnit {
        module = net, optimizer = optimizer,
        schedule = tnt.optim.schedule.Step(optimizer, {
          step_size = 1, gamma = 0.5, by = case.by == "epoch" and "epoch" or "update",
        }),
        compute_loss = function(self, _, batch) return self.module(batch):sum() end,
      }
      local begun, log = {}, State.log
      State.log = function(state, name, value, ...)
        local group = name:match "^lr/optimizer/(%d)$"
        if group then
          begun[#begun + 1] = { state.progress.num_steps_completed, tostring(group - 1), value }
        end
        return log(state, name, value, ...)
      end
      local ok, err = pcall(tnt.train, unit, {
        train_dataloader = { tnt.ones(1, 1), tnt.ones(1, 1), tnt.ones(1, 1) }, max_epochs = 3,
        bar = false, hooks = { tnt.hooks.LearningRate { interval = case.interval } },
      })
      State.log = log
      assert.is_true(ok, tostring(err))
      assert.same(case.rates, begun)
    end
  end)

  it("IterationTimes: the same steps", function()
    assert.equal(5, #reference.times)
    for _, case in ipairs(reference.times) do
      local unit, log = plain.Unit(), tnt.log.Memory()
      tnt.train(unit, {
        train_dataloader = plain.batches(4), max_epochs = 2, bar = false, loggers = { log },
        hooks = { tnt.hooks.IterationTimes {
          window = case.options.moving_avg_window, every = case.options.log_every_n_steps,
          warmup = case.options.warmup_steps,
        } },
      })
      local _, steps = log:series("train/iteration_time", "step")
      assert.same(case.steps, steps)
    end
  end)

  it("TrainProgress: the same points", function()
    assert.equal(3, #reference.progress)
    for _, case in ipairs(reference.progress) do
      local log = tnt.log.Memory()
      tnt.train(plain.Unit(), {
        train_dataloader = plain.batches(case.batches), max_epochs = case.epochs,
        max_steps_per_epoch = case.per_epoch or nil, bar = false, loggers = { log },
        hooks = { tnt.hooks.TrainProgress {} },
      })
      local points = {}
      for _, record in ipairs(log.records) do
        points[#points + 1] = { record.epoch, record.values["train/steps_completed"] }
      end
      assert.same(case.points, points)
    end
  end)

  it("EarlyStop: ends runs at the same epoch", function()
    assert.equal(30, #reference.stops)
    local stopped = 0
    for number, case in ipairs(reference.stops) do
      local unit, values = plain.Unit(), { unpack(case.values) }
      local function take(_, state)
        state:log("score", table.remove(values, 1))
      end
      unit.on_train_epoch_end = take
      local options = { monitor = "train/score", every_n_epochs = case.every }
      for key, value in pairs(case.options) do options[key] = value end -- order: free
      local result = tnt.train(unit, {
        train_dataloader = plain.batches(2), max_epochs = 12, bar = false,
        hooks = { tnt.hooks.EarlyStop(options) },
      })
      if result.reason == "stopped" then stopped = stopped + 1 end
      assert.same({ case.epochs, case.steps },
        { result.progress.num_epochs_completed, result.progress.num_steps_completed },
        "case " .. number)
    end
    assert.is_true(stopped > 10)
  end)

  it("TimeLimit: the same durations, and refuses the same", function()
    assert.is_true(#reference.limits >= 10)
    for _, case in ipairs(reference.limits) do
      local ok, hook = pcall(tnt.hooks.TimeLimit, { duration = case.text })
      assert.equal(case.seconds and true or false, ok, case.text)
      if ok then assert.equal(case.seconds, hook.limit) end
    end
  end)
end)
