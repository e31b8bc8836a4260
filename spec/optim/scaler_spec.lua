-- GradScaler against torch.amp.GradScaler (spec/reference/autocast.json, made by
-- scripts/parity/autocast.py), skipped steps, wrong use, state; steps whose numbers are read from
-- memory of the device; an AutoUnit in f16.
local balance = require "spec.balance"
local build = require "spec.ops.build"
local cjson = require "cjson"
local models = require "spec.cuda.amp_models"
local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, optim, F = tnt.nn, tnt.optim, tnt.nn.functional

local file = assert(io.open "spec/reference/autocast.json")
local reference = cjson.decode(file:read "*a")
file:close()

local function refusal(...)
  local ok, err = pcall(...)
  assert.is_false(ok)
  return err
end

local faults = { nan = 0 / 0, inf = math.huge, large = 1e38 }

local function scripted()
  return {
    nn.Parameter(tnt.tensor { 0.5, -1.25, 2.0 }), nn.Parameter(tnt.tensor { { 1 }, { -0.5 } }),
  }
end

-- The loss of step n, whose gradients are a formula, with a fault where one is scripted.
local function scripted_loss(params, n, fault, size)
  local loss = 0
  for k, p in ipairs(params) do
    local g = models.wave(p.shape, n * 0.7 + k - 1, size or 1)
    if k == 2 and fault then g[{ 2, 1 }] = faults[fault] end
    loss = (p * g):sum() + loss
  end
  return loss
end

-- One step of the usual order.
local function take(scaler, opt, loss)
  opt:zero_grad()
  scaler:scale(loss):backward()
  scaler:step(opt)
  scaler:update()
end

local cases = {
  sgd = { "SGD", { lr = 0.05, momentum = 0.9 }, { growth_interval = 4 } },
  adam = { "Adam", { lr = 0.02 }, { init_scale = 1024, growth_interval = 3 } },
  adamw = { "AdamW", { lr = 0.02 },
    { growth_factor = 1.5, backoff_factor = 0.25, growth_interval = 5 } },
  first = { "Adam", { lr = 0.02 }, { growth_interval = 2 } },
}

describe("GradScaler", function()
  balance.file(setup, teardown)

  for name, case in require("tnt.sorted")(cases) do
    for _, reload in ipairs { false, true } do
      it("does PyTorch's steps: " .. name .. (reload and ", reloaded on the way" or ""), function()
        local params = scripted()
        local opt, scaler = optim[case[1]](params, case[2]), optim.GradScaler(case[3])
        local skipped = 0
        for n, want in ipairs(reference.scalers[name]) do
          local fault = reference.faults[name][tostring(n)]
          skipped = skipped + (fault and 1 or 0)
          take(scaler, opt, scripted_loss(params, n, fault))
          local where = ("step %d"):format(n)
          if reload or n % 5 == 0 then
            local state = scaler:state_dict()
            assert.equal(want.scale, state.scale, where)
            assert.equal(want.growth_tracker, state.growth_tracker, where)
            assert.equal(skipped, state.skipped, where)
            if case[1] ~= "SGD" and n > 2 then
              assert.equal(want.step, opt.state[params[1]].step, where)
            end
            if reload then
              local saved = opt:state_dict()
              scaler, opt = optim.GradScaler(case[3]), optim[case[1]](params, case[2])
              scaler:load_state_dict(state)
              opt:load_state_dict(saved)
            end
          end
          assert.equal(want.scale, scaler:get_scale(), where)
          for k, p in ipairs(params) do
            local found = build.difference(build.flat(p), want.params[k], 2e-6, 2e-7)
            assert.is_nil(found, where .. ": " .. (found or ""))
          end
        end
        scaler:settle()
        assert.equal(skipped, scaler:num_skipped())
      end)
    end
  end

  it("keeps a scale that cannot grow within f32", function()
    local params = scripted()
    local opt = optim.SGD(params, { lr = 0.05 })
    local scaler = optim.GradScaler { init_scale = 2 ^ 125, growth_interval = 1 }
    for n, want in ipairs(reference.largest) do
      take(scaler, opt, scripted_loss(params, n, nil, 1e-3))
      assert.equal(want, scaler:get_scale(), "step " .. n)
    end
  end)

  it("leaves everything as it is where a step is skipped", function()
    for _, name in ipairs { "SGD", "Adam", "AdamW" } do
      local params = scripted()
      local opt = optim[name](params, name == "SGD" and { lr = 0.1, momentum = 0.9 }
        or { lr = 0.1, weight_decay = 0.1 })
      local scaler = optim.GradScaler {}
      for n = 1, 2 do take(scaler, opt, scripted_loss(params, n)) end
      scaler:settle()
      local saved, before = opt:state_dict().state, {}
      for i, p in ipairs(params) do
        local state = saved[tostring(i - 1)]
        before[i] = { p:detach():clone(), state.step }
        for _, key in ipairs(opt.state_names) do table.insert(before[i], state[key]:clone()) end
      end
      take(scaler, opt, scripted_loss(params, 3, "nan"))
      saved = opt:state_dict().state -- waits for what the scaler has not learnt yet
      assert.equal(1, scaler:num_skipped())
      for i, p in ipairs(params) do
        local state = saved[tostring(i - 1)]
        assert.is_true(build.same_bits(before[i][1], p:detach()), name)
        assert.equal(before[i][2], state.step)
        for k, key in ipairs(opt.state_names) do
          assert.is_true(build.same_bits(before[i][k + 2], state[key]), name .. " " .. key)
        end
      end
    end
  end)

  it("unscales once, for clipping", function()
    local params = scripted()
    local opt, scaler = optim.SGD(params, { lr = 1 }), optim.GradScaler {}
    scripted_loss(params, 1):backward()
    local want = {}
    for i, p in ipairs(params) do want[i] = p.grad:clone() end
    opt:zero_grad()
    scaler:scale(scripted_loss(params, 1)):backward()
    scaler:unscale_(opt)
    for i, p in ipairs(params) do
      assert.is_nil(build.difference(build.flat(p.grad), build.flat(want[i]), 1e-6, 0))
    end
    local err = refusal(scaler.unscale_, scaler, opt)
    assert.equal("state", err.kind)
    assert.matches("were unscaled already", err.message, 1, true)
    local start = params[1]:detach():clone()
    scaler:step(opt)
    local moved = build.flat(start - params[1]:detach())
    assert.is_nil(build.difference(moved, build.flat(want[1]), 1e-5, 1e-6))
    scaler:update()
    opt:zero_grad()
    scaler:scale(scripted_loss(params, 2)):backward()
    scaler:unscale_(opt) -- a new step
  end)

  it("refuses calls in the wrong order", function()
    local params = scripted()
    local opt, scaler = optim.SGD(params, { lr = 1 }), optim.GradScaler {}
    for _, method in ipairs { "unscale_", "step" } do
      local err = refusal(scaler[method], scaler, opt)
      assert.equal("state", err.kind)
      assert.matches("no loss was scaled yet", err.message, 1, true)
    end
    scaler:scale(scripted_loss(params, 1)):backward()
    local early = refusal(scaler.update, scaler)
    assert.equal("state", early.kind)
    assert.matches("no step was taken", early.message, 1, true)
    scaler:step(opt)
    local twice = refusal(scaler.step, scaler, opt)
    assert.equal("state", twice.kind)
    assert.matches("call update after each step", twice.message, 1, true)
    scaler:update()
  end)

  it("serves several optimizers, each of which skips for itself", function()
    local params, scaler = scripted(), optim.GradScaler {}
    local a, b = optim.SGD({ params[1] }, { lr = 1 }), optim.SGD({ params[2] }, { lr = 1 })
    local p, q = params[1]:detach():clone(), params[2]:detach():clone()
    scaler:scale(scripted_loss(params, 1, "inf")):backward()
    scaler:step(a)
    scaler:step(b)
    scaler:update()
    assert.is_false(build.same_bits(p, params[1]:detach()))
    assert.is_true(build.same_bits(q, params[2]:detach()))
    assert.equal(32768, scaler:get_scale())
    scaler:settle()
    assert.equal(1, scaler:num_skipped())
  end)

  it("passes everything through where it is off", function()
    local params = scripted()
    local opt, scaler = optim.SGD(params, { lr = 1 }), optim.GradScaler { enabled = false }
    local loss = scripted_loss(params, 1)
    assert.equal(loss, scaler:scale(loss))
    loss:backward()
    scaler:unscale_(opt)
    local before = params[1]:detach():clone()
    scaler:step(opt)
    scaler:update()
    assert.is_false(build.same_bits(before, params[1]:detach()))
    assert.equal(1, scaler:get_scale())
  end)

  it("refuses wrong options", function()
    for name, wrong in require("tnt.sorted") {
      init_scale = { -1, "1" }, growth_factor = { 1, 0.5, "2" }, backoff_factor = { 0, 1, 2, true },
      growth_interval = { 0, 1.5, "3" },
    } do
      for _, value in ipairs(wrong) do
        local err = refusal(optim.GradScaler, { [name] = value })
        assert.equal("argument", err.kind)
        assert.matches("GradScaler: " .. name, err.message, 1, true)
      end
    end
    assert.matches("did you mean 'init_scale'",
      refusal(optim.GradScaler, { initscale = 1 }).message, 1, true)
    local scaler = optim.GradScaler {}
    assert.equal("argument", refusal(scaler.load_state_dict, scaler, { scale = "x" }).kind)
  end)

  it("takes no memory from step to step", function()
    local params, scaler = scripted(), optim.GradScaler { growth_interval = 3 }
    local opt = optim.Adam(params, { lr = 0.01 })
    local function step(n)
      local fault = n % 7 == 0 and "nan" or nil
      tnt.scope(function() take(scaler, opt, scripted_loss(params, n, fault)) end)
    end
    for n = 1, 8 do step(n) end
    scaler:settle()
    balance.collect()
    local before = tnt.memory()
    for n = 1, 200 do step(n) end
    scaler:settle()
    balance.collect()
    local after = tnt.memory()
    for _, name in ipairs { "live_bytes", "live_tensors", "live_nodes" } do
      assert.equal(before[name], after[name], name)
    end
  end)
end)

describe("steps whose numbers lie in memory", function()
  for _, case in ipairs {
    { "SGD", { lr = 0.05, momentum = 0.9, dampening = 0.1, weight_decay = 0.02 } },
    { "SGD", { lr = 0.05, momentum = 0.9, nesterov = true } },
    { "Adam", { lr = 0.02, weight_decay = 0.1 } }, { "AdamW", { lr = 0.02 } },
  } do
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      it("are the others, bit for bit: " .. case[1] .. " " .. dtype, function()
        local ended = {}
        for i, how in ipairs { "numbers", "write", "read" } do
          local params = {}
          for k, p in ipairs(scripted()) do params[k] = nn.Parameter(p:detach():to(dtype)) end
          local opt = optim[case[1]](params, case[2])
          opt:use_rows(how ~= "numbers" and "write" or nil)
          for n = 1, 12 do
            if how == "read" and n == 4 then opt:use_rows "read" end
            opt.param_groups[1].lr = case[2].lr / n -- a schedule
            for k, p in ipairs(params) do p.grad = models.wave(p.shape, n + k, 1):to(dtype) end
            if how == "read" and n >= 4 then opt:write_rows() end
            opt:step()
          end
          ended[i] = { params[1]:detach(), params[2]:detach() }
          assert.equal(12, opt.state[params[1]].step)
        end
        for i = 2, 3 do
          for k, p in ipairs(ended[i]) do assert.is_true(build.same_bits(ended[1][k], p)) end
        end
      end)
    end
  end
end)

describe("an AutoUnit of precision f16", function()
  local STEPS, dir, x, y = 14, nil, nil, nil

  setup(function()
    dir = scratch.folder()
    tnt.seed(1)
    x, y = tnt.randn(24, 6):keep(), tnt.randint(0, 3, { 24 }):keep()
  end)
  teardown(scratch.clean)

  local function new_unit(precision, size)
    tnt.seed(4)
    local net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 3))
    local dtypes = {}
    net[1]:register_forward_hook(function(_, _, out) dtypes[#dtypes + 1] = out.dtype end)
    local unit = tnt.AutoUnit { module = net, precision = precision, clip_grad_norm = 1,
      optimizer = optim.AdamW(net:parameters(), { lr = 0.02 }),
      compute_loss = function(self, _, batch)
        local logits = self.module(batch.x)
        return F.cross_entropy(logits, batch.y) * size, logits
      end }
    return unit, dtypes
  end

  local function fit(unit, where, steps, cut)
    return tnt.fit(unit, {
      train_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y },
        { batch_size = 4, shuffle = true, seed = 3 }),
      eval_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y }, { batch_size = 12 }),
      max_steps = steps, dir = where, resume = "auto", bar = false,
      hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2 }, cut },
    })
  end

  it("computes in f16, skips what overflows, and learns", function()
    local unit, dtypes = new_unit("f16", 8)
    local r = fit(unit, dir .. "/learns", 60)
    for _, dtype in ipairs(dtypes) do assert.equal("f16", dtype) end
    assert.is_true(#dtypes >= 60)
    for _, p in ipairs(unit.module:parameters()) do
      assert.equal("f32", p.dtype)
      assert.is_true(p:isfinite():all():item())
    end
    unit.grad_scaler:settle()
    local skipped = unit.grad_scaler:num_skipped()
    assert.is_true(skipped > 0, "nothing overflowed")
    assert.is_true(skipped < 20)
    assert.equal(65536 / 2 ^ skipped, unit.grad_scaler:get_scale())
    assert.equal(60 - skipped, unit.optimizer.state[unit.module:parameters()[1]].step)
    assert.is_true(r.metrics["eval/loss"] < 8 * math.log(3))
  end)

  it("saves its scaler, and a resume ends bit-equal wherever it was cut", function()
    fit(new_unit("f16", 64), dir .. "/whole", STEPS)
    local whole = run.read(dir .. "/whole")
    assert.is_true(whole.unit.grad_scaler.skipped >= 3)
    for at = 1, STEPS - 1 do
      local where = ("%s/cut%d"):format(dir, at)
      refusal(fit, (new_unit("f16", 64)), where, STEPS, {
        on_train_step_start = function(_, _, unit)
          if unit.train_progress.num_steps_completed == at then error("cut off", 0) end
        end,
      })
      local unit = new_unit("f16", 64)
      fit(unit, where, STEPS)
      local ended = run.read(where)
      for _, part in ipairs { "app", "random", "metrics", "unit" } do
        local ok, why = pcall(scratch.same, whole[part], ended[part], part)
        assert(ok, ("cut at %d: %s"):format(at, tostring(why)))
      end
    end
  end)

  -- A scale that shrinks while another's window is open would weigh its halves differently.
  it("has a scaler for each of several optimizers, whose windows may be open", function()
    local ended = {}
    for _, precision in ipairs { "f32", "f16" } do
      local g, d = nn.Linear(4, 3), nn.Linear(4, 3)
      for k, p in ipairs { g.weight, g.bias, d.weight, d.bias } do
        tnt.no_grad(function() p:copy_(models.wave(p.shape, k, 0.5)) end)
      end
      local Two = tnt.AutoUnit:extend("Two", { "d" })
      function Two:init(o) self.d = o.d end
      function Two:configure_optimizers_and_lr_scheduler(module)
        return { a = optim.SGD(self.d:parameters(), { lr = 0.1 }),
          b = optim.SGD(module:parameters(), { lr = 0.1 }) }
      end
      function Two:train_step(_, batch)
        self:update(self.d(batch):mean() * (precision == "f16" and 1e38 or 0), "a")
        self:update(self.module(batch):pow(2):mean(), "b")
      end
      local unit = Two { module = g, d = d, precision = precision, gradient_accumulation_steps = 2 }
      local batches = {}
      for i = 1, 4 do batches[i] = models.wave({ 2, 4 }, i, 1) end
      tnt.train(unit, { train_dataloader = batches, max_epochs = 1, bar = false })
      ended[precision] = { g.weight:detach(), d.weight:detach() }
      if precision == "f16" then
        local state = unit.grad_scaler:state_dict()
        assert.same({ 16384, 2 }, { state.a.scale, state.a.skipped })
        assert.same({ 65536, 0 }, { state.b.scale, state.b.skipped })
      end
    end
    for k, want in ipairs(ended.f32) do
      local far = (want - ended.f16[k]):abs():max():item()
      assert.is_true(far <= 1e-5, far)
    end
  end)

  it("has no scaler in bf16, whose weights stay f32", function()
    local unit, dtypes = new_unit("bf16", 1)
    fit(unit, dir .. "/bf16", 3)
    assert.is_nil(unit.grad_scaler)
    assert.equal("bf16", dtypes[1])
    assert.equal("f32", unit.module:parameters()[1].dtype)
  end)
end)
