-- 16-bit parameters: stochastic rounding (its distribution, its edges, its numbers), and steps that
-- it lets come through and nearest rounding loses; masters; what of both is saved.
local build = require "spec.ops.build"
local ops = require "tnt.ops_gen"
local random = require "tnt.random"
local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, optim, F = tnt.nn, tnt.optim, tnt.nn.functional

-- x - g of a 16-bit x, an f32 number, rounded by the op in place of a step.
local function rounded(x, g, stochastic)
  local p = nn.Parameter(x)
  p.grad = g:to(x.dtype)
  tnt.no_grad(function()
    ops.sgd_({ p }, { p }, { p }, nil, nil, 1, 0, 0, 0, stochastic, false, false, false)
  end)
  return p:detach()
end

-- bits of the fraction and the exponent of the smallest normal number
local forms = { bf16 = { 7, -126 }, f16 = { 10, -14 } }

-- The distance from a number to the next one of a dtype, away from 0.
local function spacing(dtype, v)
  local bits, least = unpack(forms[dtype])
  local _, e = math.frexp(v)
  return 2 ^ (math.max(e - 1, least) - bits)
end

local function small_classes()
  return { SGD = { lr = 2 ^ -12 }, Adam = { lr = 2 ^ -12 },
    AdamW = { lr = 2 ^ -12, weight_decay = 0 } }
end

describe("stochastic rounding", function()
  for _, dtype in ipairs { "bf16", "f16" } do
    it("of " .. dtype .. " is unbiased, to one of the two neighbours", function()
      tnt.seed(21)
      local n = 40000
      local smallest = spacing(dtype, 0)
      local tiny = dtype == "f16" and 3 * smallest or 2 ^ -60
      for _, start in ipairs { 1.5, -1.5, 1, -3, 1000, tiny } do
        local unit = spacing(dtype, math.abs(start) * 0.999) -- of the numbers next to it, toward 0
        for _, part in ipairs { 1 / 1024, 0.25, 0.5, 0.875 } do
          local step = unit * part * (start > 0 and 1 or -1)
          if dtype == "bf16" or math.abs(step) >= smallest then
            local x, g = tnt.full({ n }, start):to(dtype), tnt.full({ n }, step)
            local y = rounded(x, g, true):double()
            local moved = (y - start):ne(0)
            local count = moved:sum():item()
            local target = (start > 0 and start - unit or start + unit)
            assert.equal(0, (y - target)[moved]:abs():sum():item())
            -- 5 deviations of a binomial count: one in 1.7 million such tests fails by chance, and
            -- the seed is fixed
            local bound = 5 * math.sqrt(n * part * (1 - part))
            assert.near(n * part, count, bound, ("%g, %g of a unit"):format(start, part))
          end
        end
      end
    end)

    it("of " .. dtype .. " gives a neighbour at every size", function()
      tnt.seed(22)
      local n = 20000
      local scale = dtype == "f16" and (tnt.rand(n) * 40 - 26) or (tnt.rand(n) * 250 - 130)
      local x = (tnt.randn(n) * (scale * math.log(2)):exp()):to(dtype)
      local g = (x:float() * tnt.rand(n) * 0.03):to(dtype)
      local exact, y = (x:float() - g:float()), rounded(x:clone(), g, true)
      local want, got, nearest = build.flat(exact), build.flat(y), build.flat(exact:to(dtype))
      local both, ups = 0, 0
      for i = 1, n do
        local near = math.abs(nearest[i]) == math.huge and nearest[i] == got[i]
        local off = math.abs(got[i] - want[i])
        assert.is_true(near or off < spacing(dtype, want[i]),
          ("%g became %g"):format(want[i], got[i]))
        if nearest[i] == want[i] then assert.equal(want[i], got[i]) end
        if off > 0 and not near then
          both = both + 1
          if got[i] > want[i] then ups = ups + 1 end
        end
      end
      assert.is_true(both > n / 2)
      assert.near(both / 2, ups, 5 * math.sqrt(both / 4))
    end)

    it("of " .. dtype .. " leaves what 16 bits hold, infinities, NaN, and makes no infinity",
      function()
        tnt.seed(23)
        local largest = dtype == "f16" and 65504 or (2 - 2 ^ -7) * 2 ^ 127
        local ulp = spacing(dtype, largest)
        local list = { 0, 1, -2.5, spacing(dtype, 0), -spacing(dtype, 0), largest, -largest }
        local x = tnt.tensor(list, { dtype = "f32" }):to(dtype)
        for _ = 1, 20 do
          assert.is_true(build.same_bits(x, rounded(x:clone(), tnt.zeros(#list), true)))
        end
        for _, sign in ipairs { 1, -1 } do
          local y = rounded(tnt.ones(9):to(dtype), tnt.full({ 9 }, -sign * math.huge), true)
          assert.equal(9, y:float():eq(sign * math.huge):sum():item())
        end
        assert.is_true(rounded(tnt.full({ 9 }, 0 / 0):to(dtype), tnt.zeros(9), true):isnan():all()
          :item())
        -- less than half a unit beyond the largest: stays; more: infinite, as to nearest
        for _, sign in ipairs { 1, -1 } do
          local full = tnt.full({ 500 }, sign * largest):to(dtype)
          for _, beyond in ipairs { 0.25, 0.75 } do
            local y = rounded(full:clone(), tnt.full({ 500 }, -sign * ulp * beyond), true)
            local want = beyond < 0.5 and sign * largest or sign * math.huge
            assert.equal(500, y:float():eq(want):sum():item())
          end
        end
      end)
  end

  it("depends on no number of threads, and on no parameter beside it", function()
    local sizes, lists, before = { 40000, 1, 63, 20000, 7, 12345 }, {}, tnt.num_threads()
    for i, threads in ipairs { 1, 3 } do
      tnt.set_num_threads(threads)
      tnt.seed(5)
      local list = {}
      for k, n in ipairs(sizes) do
        list[k] = nn.Parameter((tnt.arange(n):float():sin()):to(k % 2 == 0 and "f16" or "bf16"))
      end
      local opt = optim.AdamW(list, { lr = 1e-3, stochastic_rounding = true })
      for step = 1, 3 do
        for k, p in ipairs(list) do
          p.grad = (tnt.arange(p:numel()):float() + step * k):cos():to(p.dtype)
        end
        opt:step()
      end
      lists[i] = list
    end
    tnt.set_num_threads(before)
    for k in ipairs(sizes) do
      assert.is_true(build.same_bits(lists[1][k]:detach(), lists[2][k]:detach()), "parameter " .. k)
    end
  end)

  it("works on a view, and leaves what is outside it", function()
    tnt.seed(6)
    local base = tnt.ones(40, 60):to "bf16"
    local view = nn.Parameter(base:t()[{ { 1, 30 }, {} }])
    assert.is_false(view:is_contiguous())
    local opt = optim.SGD({ view }, { lr = 1, stochastic_rounding = true })
    view.grad = tnt.full({ 30, 40 }, 2 ^ -10):to "bf16"
    opt:step()
    local down = view:detach():float():eq(1 - 2 ^ -8):sum():item()
    assert.equal(1200 - down, view:detach():float():eq(1):sum():item())
    assert.near(300, down, 5 * math.sqrt(1200 * 0.25 * 0.75))
    assert.equal(1200, base:float()[{ {}, { 31, 60 } }]:sum():item())
  end)

  -- 512 steps of 2^-12 each, where numbers below 1 are 2^-8 apart and half of that is rounded off.
  for name, options in require("tnt.sorted")(small_classes()) do
    it("lets small updates through that nearest rounding loses: " .. name, function()
      tnt.seed(8)
      local n, ended = 4000, {}
      for _, how in ipairs { "master", "stochastic" } do
        local p = nn.Parameter(tnt.ones(n):to "bf16")
        local o = { stochastic_rounding = how == "stochastic" }
        for key, value in pairs(options) do o[key] = value end
        local opt = optim[name]({ p }, o)
        for _ = 1, 512 do
          p.grad = tnt.ones(n):to "bf16"
          opt:step()
        end
        assert.equal(how == "master", opt.state[p].master ~= nil)
        ended[how] = p:detach():double():mean():item()
      end
      -- 1 - 512 / 4096, exactly so for SGD; a walk of 512 steps, each of which adds at most a
      -- quarter of 2^-16 to the variance of a number: 5 deviations of the mean of n of them
      assert.near(0.875, ended.master, 2 ^ -8)
      assert.near(0.875, ended.stochastic,
        1e-3 + 5 * math.sqrt(512 * 2 ^ -16 / 4 / n))
      local lost = tnt.ones(n):to "bf16"
      for _ = 1, 512 do lost = rounded(lost, tnt.full({ n }, 2 ^ -12), false) end
      assert.equal(1, lost:double():mean():item())
    end)
  end

  it("trains in bf16 what nearest rounding without masters leaves behind", function()
    local function train(optimizer_of)
      tnt.seed(9)
      local net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1)):to "bf16"
      local x = tnt.randn(64, 8)
      local y = x:sum(2, true):sin():to "bf16"
      local loss
      local step = optimizer_of(net)
      for _ = 1, 400 do
        net:zero_grad()
        loss = nn.MSELoss()(net(x:to "bf16"):float(), y:float())
        loss:backward()
        step()
      end
      return loss:item()
    end
    local lost = train(function(net)
      local params = net:parameters()
      return function()
        tnt.no_grad(function()
          ops.sgd_(params, params, params, nil, nil, 2e-3, 0, 0, 0, false, false, false, false)
        end)
      end
    end)
    local ours = train(function(net)
      local opt = optim.SGD(net:parameters(), { lr = 2e-3, stochastic_rounding = true })
      return function() opt:step() end
    end)
    local master = train(function(net)
      local opt = optim.SGD(net:parameters(), { lr = 2e-3 })
      return function() opt:step() end
    end)
    assert.is_true(ours < lost * 0.95, ("%g, nearest %g"):format(ours, lost))
    assert.near(master, ours, 0.25 * master)
  end)

  for _, name in ipairs { "SGD", "Adam", "AdamW" } do
    it(name .. " takes it as an option of groups, and leaves others as they are", function()
      local function step(rounding, dtype)
        tnt.seed(3)
        local p = nn.Parameter(tnt.randn(50):to(dtype))
        local opt = optim[name]({ { params = { p }, stochastic_rounding = rounding } },
          { lr = 0.01 })
        for i = 1, 3 do
          p.grad = tnt.full({ 50 }, i):to(dtype)
          opt:step()
        end
        return p:detach(), random.state().calls, opt.state[p].master
      end
      for _, dtype in ipairs { "f32", "f64" } do
        local p, calls = step(false, dtype)
        local q, same_calls = step(true, dtype)
        assert.is_true(build.same_bits(p, q))
        assert.equal(calls, same_calls)
      end
      local _, calls, master = step(false, "bf16")
      assert.equal("f32", master.dtype)
      local _, drawn, none = step(true, "bf16")
      assert.is_nil(none)
      assert.equal(tonumber(calls) + 3, tonumber(drawn)) -- one draw a step
      local ok, err = pcall(step, 1, "bf16")
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches(name .. ": stochastic_rounding must be true or false, got 1", err.message)
    end)
  end

  it("may be switched, and state dicts of either kind and of before are read", function()
    local function new(rounding)
      tnt.seed(4)
      local p = nn.Parameter(tnt.randn(20):to "bf16")
      return p, optim.AdamW({ p }, { lr = 1e-3, stochastic_rounding = rounding })
    end
    local function step(p, opt)
      p.grad = tnt.ones(20):to "bf16"
      opt:step()
    end
    local p, opt = new(false)
    step(p, opt)
    assert.is_table(opt.param_groups)
    local with_master = opt:state_dict()
    assert.equal("f32", with_master.state["0"].master.dtype)
    opt.param_groups[1].stochastic_rounding = true
    step(p, opt)
    assert.is_nil(opt.state[p].master)
    local without = opt:state_dict()
    assert.is_true(without.param_groups[1].stochastic_rounding)
    assert.is_nil(without.state["0"].master)
    opt.param_groups[1].stochastic_rounding = false
    step(p, opt)
    assert.is_true(build.same_bits(p:detach(), opt.state[p].master:to "bf16"))

    -- of before: no such option among the groups'
    with_master.param_groups[1].stochastic_rounding = nil
    local q, other = new(true)
    other:load_state_dict(with_master)
    assert.is_true(other.param_groups[1].stochastic_rounding)
    step(q, other)
    assert.equal(2, other.state[q].step)
    assert.is_nil(other.state[q].master)
    q, other = new(false)
    other:load_state_dict(with_master)
    assert.is_false(other.param_groups[1].stochastic_rounding)
    assert.is_true(build.same_bits(with_master.state["0"].master, other.state[q].master))
    other:load_state_dict(without) -- the option is the state's, as others are
    assert.is_true(other.param_groups[1].stochastic_rounding)
    step(q, other)
    q, other = new(true)
    other:init_state()
    assert.is_nil(other.state[q].master)
    assert.equal("f32", other.state[q].exp_avg.dtype)
  end)

  it("is left out in a step that is skipped", function()
    tnt.seed(2)
    local p = nn.Parameter(tnt.randn(100):to "bf16")
    local opt = optim.SGD({ p }, { lr = 1e-3, momentum = 0.9, stochastic_rounding = true })
    local scaler, before = optim.GradScaler {}, p:detach():clone()
    for n = 1, 2 do
      opt:zero_grad()
      scaler:scale((p:float() * (n == 1 and math.huge or 1)):sum()):backward()
      scaler:step(opt)
      scaler:update()
      assert.equal(n == 1, build.same_bits(before, p:detach()))
    end
    scaler:settle()
    assert.equal(1, scaler:num_skipped())
    assert.equal(1, opt.state[p].step)
  end)
end)

describe("a resumed run in bf16", function()
  local dir
  setup(function() dir = scratch.folder() end)
  teardown(scratch.clean)

  for _, rounding in ipairs { false, true } do
    it("ends bit-equal" .. (rounding and ", rounded stochastically" or ", with masters"), function()
      local where, STEPS = dir .. "/" .. tostring(rounding), 8
      tnt.seed(1)
      local x, y = tnt.randn(24, 6):to("bf16"):keep(), tnt.randint(0, 3, { 24 }):keep()
      local function new_unit()
        tnt.seed(4)
        local net = nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.Dropout { p = 0.1 },
          nn.Linear(16, 3)):to "bf16"
        return tnt.AutoUnit { module = net, clip_grad_norm = 1,
          optimizer = optim.AdamW(net:parameters(),
            { lr = 1e-3, stochastic_rounding = rounding }),
          compute_loss = function(self, _, batch)
            return F.cross_entropy(self.module(batch.x), batch.y)
          end }
      end
      local function fit(at, cut)
        local unit = new_unit()
        tnt.fit(unit, {
          train_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y },
            { batch_size = 4, shuffle = true, seed = 3 }),
          eval_dataloader = {}, max_steps = STEPS, dir = at, resume = "auto", bar = false,
          hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2 }, cut },
        })
      end
      fit(where .. "/whole")
      local whole = run.read(where .. "/whole")
      for _, at in ipairs { 1, 4, 7 } do
        local path = ("%s/cut%d"):format(where, at)
        assert.is_false((pcall(fit, path, {
          on_train_step_start = function(_, _, unit)
            if unit.train_progress.num_steps_completed == at then error("cut off", 0) end
          end,
        })))
        fit(path)
        local ended = run.read(path)
        for _, part in ipairs { "app", "random", "unit" } do
          local ok, why = pcall(scratch.same, whole[part], ended[part], part)
          assert(ok, ("cut at %d: %s"):format(at, tostring(why)))
        end
      end
    end)
  end
end)

describe("gradients in 16 bits", function()
  it("have a norm in f32, in which they are clipped", function()
    for _, dtype in ipairs { "f16", "bf16" } do
      local p, q = nn.Parameter(tnt.ones(3000):to(dtype)), nn.Parameter(tnt.ones(2))
      p.grad, q.grad = tnt.full({ 3000 }, 3000):to(dtype), tnt.full({ 2 }, 100)
      local g = p.grad:double():square():sum():item() -- beyond f16's range
      local first, norm = p.grad[1]:item(), nn.clip_grad_norm_({ p, q }, 1)
      assert.equal("f32", norm.dtype)
      assert.near(math.sqrt(g + 20000), norm:item(), 0.1)
      assert.near(100 / norm:item(), q.grad[1]:item(), 1e-9)
      assert.near(first / norm:item(), p.grad[1]:item(), 2 ^ -8 * 0.02)
    end
  end)
end)

describe("ops over parameters", function()
  it("refuse lists that do not fit", function()
    local p = nn.Parameter(tnt.ones(3))
    local d = nn.Parameter(tnt.ones(3, { dtype = "f64" }))
    p.grad, d.grad = tnt.ones(3), tnt.ones(3, { dtype = "f64" })
    local function refused(kind, pattern, params, masters, buf)
      local ok, err = pcall(tnt.no_grad, function()
        ops.sgd_(params, masters, buf, nil, nil, 1, 0.9, 0, 0, false, false, false, false)
      end)
      assert.is_false(ok)
      assert.equal(kind, err.kind)
      assert.matches(pattern, err.message)
    end
    refused("dtype", "parameters of f64 are not computed beside those of f32", { p, d }, { p, d },
      { p, d })
    refused("shape", "has 3 elements, its state or gradient 2", { p }, { p }, { tnt.ones(2) })
    refused("dtype", "must have the parameter's dtype or f32", { p }, { p },
      { tnt.ones(3):to "bf16" })
    refused("argument", "lists must be of one length", { p }, { p }, { p, p })
  end)
end)
