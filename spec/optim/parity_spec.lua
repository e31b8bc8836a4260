-- Optimizers and schedules against PyTorch's traces: spec/reference/optim.json is made by
-- scripts/parity/optim.py.
local tnt = require "tnt"
local cjson = require "cjson"
local nn, optim = tnt.nn, tnt.optim
local schedule = optim.schedule

local file = assert(io.open "spec/reference/optim.json")
local reference = cjson.decode(file:read "*a")
file:close()

local START = { { { 0.5, -1.25, 2.0 }, { 0.75, -0.125, 1.5 } }, { 1.0, -0.5, 0.25, 3.0 } }

local function gradient(p, step, k) -- scripts/parity/optim.py has the same formula
  local i = tnt.arange(p:numel(), { dtype = p.dtype }):reshape(p.shape)
  return p * 0.3 + (i + (step * 0.7 + k)):sin()
end

local optimizers = {
  sgd = { "SGD", { lr = 0.05 } },
  sgd_decay = { "SGD", { lr = 0.05, weight_decay = 0.1 } },
  sgd_momentum = { "SGD", { lr = 0.05, momentum = 0.9 } },
  sgd_dampening = { "SGD", { lr = 0.05, momentum = 0.9, dampening = 0.3, weight_decay = 0.01 } },
  sgd_nesterov = { "SGD", { lr = 0.05, momentum = 0.8, nesterov = true, weight_decay = 0.02 } },
  sgd_maximize = { "SGD", { lr = 0.01, momentum = 0.5, maximize = true } },
  adam = { "Adam", { lr = 0.02 } },
  adam_decay = { "Adam", { lr = 0.02, betas = { 0.8, 0.95 }, eps = 1e-6, weight_decay = 0.1 } },
  adamw = { "AdamW", { lr = 0.02 } },
  adamw_decay = { "AdamW", { lr = 0.03, betas = { 0.85, 0.9 }, eps = 1e-7, weight_decay = 0.3 } },
}

-- The trace of 50 steps; with `reload`, state goes through a state dict into a new optimizer after
-- step 7.
local function run(name, options, dtype, late, reload)
  local params = {}
  for k, v in ipairs(START) do params[k] = nn.Parameter(tnt.tensor(v, { dtype = dtype })) end
  local opt = optim[name](params, options)
  local trace = {}
  for step = 1, 50 do
    for k, p in ipairs(params) do
      local skip = late and k == 2 and (step < 4 or step % 5 == 0)
      p.grad = not skip and gradient(p:detach(), step, k - 1) or nil
    end
    opt:step()
    if step == 1 or step == 2 or step == 10 or step == 50 then
      trace[#trace + 1] = { params[1]:detach():flatten():totable(), params[2]:detach():totable() }
    end
    if reload and step == 7 then
      local state = opt:state_dict()
      opt = optim[name](params, { lr = 123 })
      opt:load_state_dict(state)
    end
  end
  return trace
end

local function assert_trace(expected, trace, tolerance)
  for i, pair in ipairs(expected) do
    for k, values in ipairs(pair) do
      for j, v in ipairs(values) do
        local got = trace[i][k][j]
        if math.abs(got - v) > tolerance * math.max(math.abs(v), 1e-2) then
          error(("record %d, parameter %d[%d]: expected %.12g, got %.12g"):format(i, k, j, v, got))
        end
      end
    end
  end
end

describe("optim against PyTorch", function()
  for key, record in tnt.pairs(reference.optimizers) do
    local name, options = unpack(optimizers[key])
    it(key .. " in f64", function() assert_trace(record.f64, run(name, options, "f64"), 1e-10) end)
    it(key .. " in f32", function() assert_trace(record.f32, run(name, options, "f32"), 1e-5) end)
    it(key .. " with gradients that are missing at times", function()
      assert_trace(record.late, run(name, options, "f64", true), 1e-10)
    end)
    it(key .. " continues bit for bit from its state", function()
      assert.same(run(name, options, "f32", true), run(name, options, "f32", true, true))
    end)
  end

  it("has every optimizer among the cases", function()
    local seen = {}
    for _, case in tnt.pairs(optimizers) do seen[case[1]] = true end
    for name, Class in tnt.pairs(optim) do
      if tnt.class.is_class(Class) and Class:is(optim.Optimizer) and name ~= "Optimizer" then
        assert.is_true(seen[name], name)
      end
    end
  end)
end)

local function two_groups()
  local p, q = nn.Parameter(tnt.zeros(1)), nn.Parameter(tnt.zeros(1))
  return optim.SGD { { { params = { p }, lr = 0.1 }, { params = { q }, lr = 0.4 } } }
end

local schedules = {
  constant = function(o) return schedule.Constant(o, { factor = 0.3, total_iters = 4 }) end,
  linear = function(o) return schedule.Linear(o,
    { start_factor = 0.2, end_factor = 0.9, total_iters = 7 }) end,
  step = function(o) return schedule.Step(o, 4, { gamma = 0.5 }) end,
  multistep = function(o) return schedule.MultiStep(o, { 3, 8, 20 }, { gamma = 0.3 }) end,
  exponential = function(o) return schedule.Exponential(o, 0.9) end,
  cosine = function(o) return schedule.Cosine(o, { T_max = 29, min = 0.01 }) end,
  polynomial = function(o) return schedule.Polynomial(o, { total_iters = 20, power = 2 }) end,
  lambda = function(o)
    return schedule.Lambda(o, { function(t) return 1 / (1 + t) end,
      function(t) return 0.95 ^ t end })
  end,
  onecycle = function(o) return schedule.OneCycle(o, { max_lr = { 0.5, 1 }, total_steps = 31 }) end,
  onecycle_linear = function(o)
    return schedule.OneCycle(o, {
      max_lr = 0.5, total_steps = 31, pct_start = 0.4, anneal = "linear", div_factor = 10,
        final_div_factor = 100,
      three_phase = true,
    })
  end,
  warmup_cosine = function(o)
    return schedule.Chain {
      schedule.Linear(o, { start_factor = 0.1, total_iters = 5, stop = 5 }),
      schedule.Cosine(o, { T_max = 25, min = 0.02, begin = 5 }),
    }
  end,
  chained = function(o)
    return schedule.Chain {
      schedule.Constant(o, { factor = 0.5, total_iters = 6 }),
        schedule.Exponential(o, { gamma = 0.8 }),
    }
  end,
  swa = function(o) return schedule.SWA(o, { lr = { 0.02, 0.6 }, anneal_steps = 7 }) end,
  swa_linear = function(o)
    return schedule.SWA(o, { lr = 0.03, anneal_steps = 12, anneal = "linear" })
  end,
  plateau = function(o) return schedule.Plateau(o,
    { factor = 0.5, patience = 2, cooldown = 1, min = 0.01 }) end,
  plateau_max = function(o)
    return schedule.Plateau(o, { mode = "max", factor = 0.2, patience = 3, threshold = 0.05,
      threshold_mode = "abs" })
  end,
}

local function assert_lrs(expected, opt, position)
  for g, lr in ipairs(expected) do
    local got = opt.param_groups[g].lr
    if math.abs(got - lr) > 1e-12 + 1e-9 * lr then
      error(("position %d, group %d: expected %.12g, got %.12g"):format(position, g, lr, got))
    end
  end
end

describe("schedules against PyTorch", function()
  for name, expected in tnt.pairs(reference.schedules) do
    local metrics = name:match "^plateau" and reference.metrics
    it(name, function()
      local opt = two_groups()
      local s = schedules[name](opt)
      for i, lrs in ipairs(expected) do
        assert_lrs(lrs, opt, i - 1)
        s:step(metrics and metrics[i])
      end
    end)

    it(name .. " goes on from its state", function()
      local first = two_groups()
      local s = schedules[name](first)
      for i = 1, 9 do s:step(metrics and metrics[i]) end
      local state = cjson.decode(cjson.encode(s:state_dict()))
      local opt = two_groups()
      s = schedules[name](opt)
      s:load_state_dict(state)
      for i = 10, #expected do
        assert_lrs(expected[i], opt, i - 1)
        s:step(metrics and metrics[i])
      end
    end)

    if not metrics then
      it(name .. " can be previewed", function()
        local opt = two_groups()
        local s = schedules[name](opt)
        local before = opt.param_groups[2].lr
        local list = s:preview(#expected, 2)
        assert.equal(#expected, #list)
        for i, lrs in ipairs(expected) do
          opt.param_groups[2].lr = list[i]
          assert_lrs({ [2] = lrs[2] }, opt, i - 1)
          assert.is_true(math.abs(list[i] - lrs[2]) <= 1e-9, i)
        end
        assert.is_true(before == expected[1][2] or math.abs(before - expected[1][2]) < 1e-12)
      end)
    end
  end

  it("have every class among the cases", function()
    local seen = {}
    for _, make in tnt.pairs(schedules) do
      local made = make(two_groups())
      seen[tostring(tnt.class.of(made))] = true
    end
    for name, Class in tnt.pairs(schedule) do
      if tnt.class.is_class(Class) and name ~= "Schedule" then assert.is_truthy(seen[name],
        name) end
    end
  end)
end)
