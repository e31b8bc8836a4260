-- Whole models in one launch on a card: steps, norms and scaling of lists short and long, of every
-- dtype, of tensors that begin anywhere; numbers and skipping read on the device. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"
local build = require "spec.ops.build"

if not both.available "optimizers" then return end

local rtol = { f32 = 1e-6, f64 = 1e-13, f16 = 2 ^ -10, bf16 = 2 ^ -7 }

-- Parameters with gradients on a device, and states for each. Some begin at odd places of memory.
-- dtype "any": one after the other. masters: f32 ones, a little off, for what is 16-bit.
local function model(device, sizes, dtype, state, masters)
  local p = { params = {}, masters = {}, s1 = {}, s2 = {} }
  tnt.seed(5)
  for i, n in ipairs(sizes) do
    local own = dtype == "any" and ({ "f32", "bf16", "f16" })[i % 3 + 1] or dtype
    local room = tnt.empty(n + 3, { dtype = "f64" }):normal_()
    local x = room:to(own):to(device):narrow(1, 1 + i % 3, n):detach()
    x.requires_grad = true
    x.grad = tnt.empty(n, { dtype = "f64" }):normal_():to(own):to(device)
    p.params[i], p.masters[i] = x, x
    if masters and own:find "16" then
      p.masters[i] = (room * 1.0001):to("f32"):to(device):narrow(1, 1 + i % 3, n):detach()
    end
    p.s1[i] = tnt.empty(n, { dtype = "f64" }):normal_():to(state or own):to(device)
    p.s2[i] = tnt.empty(n, { dtype = "f64" }):uniform_():to(state or own):to(device)
  end
  return p
end

local function values(p)
  local all = {}
  for _, list in ipairs { p.params, p.masters, p.s1, p.s2 } do
    for _, x in ipairs(list) do all[#all + 1] = x:detach():to "cpu" end
  end
  for _, x in ipairs(p.params) do all[#all + 1] = x.grad:to "cpu" end
  return all
end

-- step(model, device) on both devices leaves parameters, states and gradients alike, to a tolerance
-- or by default to 20 roundings of each tensor's dtype.
local function alike(where, sizes, dtype, state, step, tolerance, masters)
  local got = {}
  for i, device in ipairs { "cpu", "cuda" } do
    local p = model(device, sizes, dtype, state, masters)
    local y = tnt.no_grad(function() return step(p, device) end)
    got[i] = values(p)
    if y then table.insert(got[i], y:to "cpu") end
  end
  for k, want in ipairs(got[1]) do
    if not build.same_bits(want, got[2][k]) then
      assert.equal(want.dtype, got[2][k].dtype, where)
      local eps = tolerance or rtol[want.dtype] * 20
      local found = build.difference(build.flat(got[2][k]), build.flat(want), eps, eps)
      assert.is_nil(found, ("%s, tensor %d: %s"):format(where, k, found or ""))
    end
  end
end

local function sgd(p, row, skip, momentum, damp, decay, ...)
  ops.sgd_(p.params, p.masters, p.s1, row, skip, 0.1, momentum, damp, decay, false, ...)
end

local mixed = { 1, 3, 4, 1000, 0, 8192, 8193, 20001 }
local many = {}
for i = 1, 613 do many[i] = i % 7 end

describe("optimizers on a card #cuda", function()
  -- dtype, that of states, whether 16-bit parameters have masters
  for _, case in ipairs {
    { "f32", "f32" }, { "f64", "f64" }, { "f64", "f32" }, { "f16", "f16" }, { "f16", "f32" },
    { "bf16", "bf16" }, { "bf16", "f32" }, { "f16", "f32", true }, { "bf16", "f32", true },
    { "any", "f32" }, { "any", "f32", true },
  } do
    local dtype, state, masters = unpack(case)
    local name = ("%s with states in %s%s"):format(dtype, state, masters and " and masters" or "")
    it("step as on the CPU: " .. name, function()
      for i = 0, 7 do
        alike("sgd " .. i, mixed, dtype, state, function(p)
          local maximize, nesterov, first = i % 4 > 1, i % 2 == 1, i > 3
          sgd(p, nil, nil, 0.9, 0.2, 0.01, nesterov, maximize, first)
        end, nil, masters)
      end
      alike("plain sgd", mixed, dtype, state, function(p)
        sgd(p, nil, nil, 0, 0, 0.01, false, true, true)
      end, nil, masters)
      for _, op in ipairs { "adam_", "adamw_" } do
        alike(op, dtype == "any" and many or mixed, dtype, state, function(p)
          for step = 1, 3 do
            ops[op](p.params, p.masters, p.s1, p.s2, nil, nil, 0.01, 0.9, 0.99, 1e-8, 0.1, step,
              false)
          end
        end, nil, masters)
      end
    end)
  end

  -- One rounding of p - lr g: lr is a power of 2. So numbers before the last rounding are the same
  -- bits on both devices, and then must be those that are drawn.
  it("round stochastically as on the CPU, bit for bit", function()
    for _, dtype in ipairs { "f16", "bf16", "any" } do
      for _, masters in ipairs { false, true } do
        for _, sizes in ipairs { mixed, dtype == "any" and many or nil } do
          local function run(device, captured)
            local p = model(device, sizes, dtype, "f32", masters)
            local start = p.params[#sizes]:detach():clone()
            tnt.seed(3)
            local step = function()
              ops.sgd_(p.params, p.masters, p.s1, nil, nil, 2 ^ -7, 0, 0, 0, true, false, false,
                false)
            end
            local graph = captured and tnt.Graph { step, device = device, writes = p.params }
            tnt.no_grad(function()
              for _ = 1, 6 do
                if graph then graph:run {} else step() end
              end
            end)
            assert.is_false(build.same_bits(start:to "cpu", p.params[#sizes]:detach():to "cpu"))
            return values(p), { tnt.rand(1):item() }
          end
          local want, after = run "cpu"
          for _, captured in ipairs { false, true } do
            local got, then_ = run("cuda", captured)
            for k, w in ipairs(want) do
              assert.is_true(build.same_bits(w, got[k]), ("%s %d"):format(dtype, k))
            end
            assert.same(after, then_)
          end
        end
      end
    end
  end)

  it("read their numbers on the device", function()
    alike("row", mixed, "f32", "f32", function(p, device)
      local row = tnt.tensor({ 0.02, 0.8, 0.95, 1e-6, 0.2, 7 }, { dtype = "f64" }):to(device)
      ops.adamw_(p.params, p.masters, p.s1, p.s2, row, nil, 1, 0, 0, 1, 0, 1, false)
      sgd(p, tnt.tensor({ 0.02, 0.8, 0.1, 0.3 }, { dtype = "f64" }):to(device), nil, 0.5, 0, 0,
        false, false, false)
      ops.grad_scale_(p.params, tnt.tensor({ 3, 0.7 }, { dtype = "f64" }):to(device), nil, 1,
        math.huge)
    end, 2e-6)
  end)

  it("leave everything as it is where they are to skip", function()
    for _, dtype in ipairs { "f32", "any" } do
      for _, skip in ipairs { 0, 1 } do
        alike("skip " .. skip, mixed, dtype, "f32", function(p, device)
          local before = values(p)
          for k, x in ipairs(before) do before[k] = x:clone() end
          local flag = tnt.full({ 1 }, skip):to(device)
          ops.adam_(p.params, p.masters, p.s1, p.s2, nil, flag, 0.1, 0.9, 0.99, 1e-8, 0.1, 1, false)
          sgd(p, nil, flag, 0.9, 0, 0, false, false, false)
          ops.grad_scale_(p.params, nil, flag, 0.5, 0.1)
          local changed = 0
          for k, was in ipairs(values(p)) do
            if not build.same_bits(was, before[k]) then changed = changed + 1 end
          end
          assert.equal(skip == 1, changed == 0)
        end, dtype == "f32" and 2e-6 or nil, true)
      end
    end
  end)
end)

describe("gradients of a model on a card #cuda", function()
  it("have a norm", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "any" } do
      for _, sizes in ipairs { mixed, dtype == "any" and many or nil } do
        for _, kind in ipairs { 2, math.huge } do
          alike(dtype, sizes, dtype, nil, function(p)
            local norm = ops.grad_norm(p.params, kind)
            assert.equal(dtype == "f64" and "f64" or "f32", norm.dtype)
            return norm
          end, dtype == "f64" and 1e-13 or 1e-6)
        end
      end
    end
  end)

  it("have a NaN norm where one is NaN", function()
    for _, kind in ipairs { 2, math.huge } do
      alike("NaN", mixed, "f32", "f32", function(p)
        p.params[6].grad:narrow(1, 77, 1):fill_(0 / 0)
        return ops.grad_norm(p.params, kind)
      end, 1e-6)
    end
  end)

  it("are scaled and clamped", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "any" } do
      for _, sizes in ipairs { mixed, dtype == "any" and many or nil } do
        alike(dtype, sizes, dtype, nil, function(p)
          ops.grad_scale_(p.params, nil, nil, 0.5, 0.3)
          ops.grad_scale_(p.params, nil, nil, 0.9, math.huge)
        end)
      end
    end
  end)

  it("give the same norm every time", function()
    local p = model("cuda", { 100000, 7, 30000 }, "f32")
    local first = ops.grad_norm(p.params, 2):item()
    for _ = 1, 3 do assert.equal(first, ops.grad_norm(p.params, 2):item()) end
  end)
end)
