-- AutoUnit against TorchTNT's: the same batches, updates, clipping, schedules and averages give the
-- same weights at every step. The numbers are its own (scripts/parity/torchtnt_runs.py).

local reference = require "spec.reference.torchtnt_runs"
local tnt = require "tnt"

-- PyTorch's plain mean takes 1 / (n + 1) in 32 bits, of parameters in 64 too.
local SWA_ROUNDING = 1e-7

local function near(expected, actual, where, tolerance)
  assert.is_true(
    math.abs(expected - actual) <= (tolerance or 1e-12) * math.max(1, math.abs(expected)),
    ("%s: TorchTNT %.17g, here %.17g"):format(where, expected, actual))
end

local function batches(n)
  local list = {}
  for i = 0, n - 1 do
    local x = tnt.tensor({ { (4 * i + 1) / 16 }, { (4 * i + 3) / 16 - 1 } }, { dtype = "f64" })
    list[i + 1] = { x, 3 * x + 1 }
  end
  return list
end

local function line()
  local net = tnt.nn.Linear(1, 1):to "f64"
  tnt.no_grad(function()
    net.weight:fill_(0.5)
    net.bias:fill_(-0.25)
  end)
  return net
end

-- TorchTNT's SWAParams and SWALRParams in our words.
local function ema(case)
  local swa, anneal = case.swa, case.anneal
  if not swa then return nil end
  return {
    method = swa.averaging_method, warmup = swa.use_lit,
    decay = swa.averaging_method == "ema" and swa.ema_decay or nil,
    begin = swa.warmup_steps_or_epochs, every = swa.step_or_epoch_update_freq,
    by = case.interval == "epoch" and "epoch" or "update",
    anneal = anneal and {
      lr = anneal.swa_lrs, steps = anneal.anneal_steps_or_epochs,
      strategy = anneal.anneal_strategy,
    },
  }
end

-- Named Line as TorchTNT's, for the timer's names.
local Line = tnt.AutoUnit:extend "Line"
function Line:compute_loss(_, batch)
  return tnt.nn.functional.mse_loss(self.module(batch[1]), batch[2])
end

local function run(case)
  local net = line()
  local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1, momentum = 0.5 })
  local unit = Line {
    module = net, optimizer = optimizer,
    schedule = tnt.optim.schedule.Step(optimizer, {
      step_size = case.step_size, gamma = 0.5,
      by = case.interval == "epoch" and "epoch" or "update",
    }),
    gradient_accumulation_steps = case.accumulate, clip_grad_norm = case.clip_norm,
    clip_grad_value = case.clip_value, ema = ema(case),
  }
  local steps, log = {}, tnt.log.Memory()
  local function averaged()
    if not unit.averaged or unit.averaged.count == 0 then return false end
    return unit.averaged.shadow[1].average:item()
  end
  tnt.train(unit, {
    train_dataloader = batches(case.batches), max_epochs = case.epochs,
    max_steps = case.max_steps, bar = false, loggers = { log },
    hooks = { { on_train_step_end = function(_, state)
      steps[#steps + 1] = {
        loss = state.step_output.loss:item(), lr = optimizer.param_groups[1].lr,
        weight = net.weight:item(), bias = net.bias:item(), averaged = averaged(),
        last = state.last_batch,
      }
    end } },
  })
  return steps, log, optimizer.param_groups[1].lr, averaged()
end

describe("AutoUnit, compared with TorchTNT's", function()
  assert(#reference.auto_unit >= 16)
  for _, case in ipairs(reference.auto_unit) do
    it("does the same steps: " .. case.name, function()
      local steps, log, lr, averaged = run(case)
      assert.equal(#case.steps, #steps)
      local norms, numbers = {}, {}
      local rounding = case.swa and case.swa.averaging_method == "swa" and SWA_ROUNDING or nil
      for i, theirs in ipairs(case.steps) do
        for _, what in ipairs { "loss", "lr", "weight", "bias" } do
          near(theirs[what], steps[i][what], ("step %d, %s"):format(i, what))
        end
        assert.equal(theirs.averaged and true or false, steps[i].averaged and true or false)
        if theirs.averaged then
          near(theirs.averaged, steps[i].averaged, "average " .. i, rounding)
        end
        assert.equal(case.last_batch[i], steps[i].last, "last batch, step " .. i)
        if theirs.norm then norms[#norms + 1], numbers[#numbers + 1] = theirs.norm, i end
      end
      near(case.lr_after, lr, "the rate at the end")
      if case.averaged_after then
        near(case.averaged_after, averaged, "the average at the end", rounding)
      end
      if case.clip_norm then
        local ours, at = log:series("train/grad_norm", "step")
        assert.same(numbers, at)
        for i, norm in ipairs(norms) do near(norm, ours[i], "norm " .. i) end
      end
    end)
  end
end)

describe("AveragedModel, compared with TorchTNT's", function()
  it("gives the same averages of parameters and buffers", function()
    assert.is_true(#reference.averages >= 7)
    local Pair = tnt.nn.Module:extend "Pair"
    function Pair:init()
      self.weight = tnt.nn.Parameter(tnt.zeros(3, { dtype = "f64" }))
      self:register_buffer("seen", tnt.zeros(2, { dtype = "f64" }))
    end
    for number, case in ipairs(reference.averages) do
      local net = Pair()
      local averaged = tnt.optim.AveragedModel(net, {
        method = case.method, decay = case.decay, warmup = case.warmup, buffers = case.buffers,
      })
      for i, step in ipairs(case.steps) do
        tnt.no_grad(function()
          net.weight:copy_(tnt.tensor(step.weight, { dtype = "f64" }))
          net.seen:copy_(tnt.tensor(step.seen, { dtype = "f64" }))
        end)
        averaged:step()
        local where = ("case %d, step %d"):format(number, i)
        local rounding = case.method == "swa" and SWA_ROUNDING or nil
        averaged:swap()
        local weight, seen = net.weight:totable(), net.seen:totable()
        for k, value in ipairs(weight) do near(step.averaged[k], value, where, rounding) end
        for k, value in ipairs(seen) do near(step.buffer[k], value, where, rounding) end
        averaged:swap()
      end
    end
  end)
end)

describe("the option timer, compared with TorchTNT's", function()
  for _, case in ipairs(reference.timers) do
    it("names and counts the same: " .. case.name, function()
      local net, timer = line(), tnt.Timer {}
      local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 })
      local unit = Line {
        module = net, optimizer = optimizer,
        schedule = tnt.optim.schedule.Step(optimizer, { step_size = 9, by = "update" }),
        gradient_accumulation_steps = case.options.gradient_accumulation_steps,
        clip_grad_norm = case.options.clip_grad_norm,
      }
      local options = {
        train_dataloader = batches(4), max_epochs = 2, timer = timer, bar = false,
      }
      if case.fit then options.eval_dataloader = batches(3) end
      tnt[case.fit and "fit" or "train"](unit, options)
      local calls, compared = {}, 0
      for _, row in ipairs(timer:rows()) do calls[row.name] = row.calls end
      for name, n in tnt.pairs(case.calls) do
        -- Batches go to the device in the step here, and AutoUnit fetches as every unit does.
        if not name:find "^Line%.%l+%.next" and not name:find "move_data_to_device" then
          compared = compared + 1
          -- A fetch that finds the end is a call here, and an error in Python.
          if name:find "next%(data_iter%)" then n = n + 2 end
          assert.equal(n, calls[name], name)
        end
      end
      assert.is_true(compared >= 7)
    end)
  end
end)

describe("what is saved of an AutoUnit, compared with TorchTNT's", function()
  it("has the same entries, schedules and averages under their names here", function()
    local ours = { lr_scheduler = "schedule", swa_model = "averaged" }
    for _, case in ipairs(reference.app_state) do
      local net = line()
      local optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 })
      local found = Line({
        module = net, optimizer = optimizer,
        schedule = tnt.optim.schedule.Step(optimizer, { step_size = 9 }),
        ema = case.name == "with averages" and {} or nil,
      }):app_state()
      for _, key in ipairs(case.keys) do
        assert.is_table(found[ours[key] or key], key)
        found[ours[key] or key] = nil
      end
      assert.same({}, found)
    end
  end)
end)
