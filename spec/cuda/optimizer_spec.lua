-- Whole models in one launch on a card: steps, norms and scaling of lists short and long, of every
-- dtype, of tensors that begin anywhere; numbers and skipping read on the device. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"
local build = require "spec.ops.build"

if not both.available "optimizers" then return end

local rtol = { f32 = 1e-6, f64 = 1e-13, f16 = 2 ^ -10, bf16 = 2 ^ -7 }

-- Parameters with gradients on a device, and a state for each. Some begin at odd places of memory.
local function model(device, sizes, dtype, state)
  local p = { params = {}, s1 = {}, s2 = {} }
  tnt.seed(5)
  for i, n in ipairs(sizes) do
    local room = tnt.empty(n + 3, { dtype = "f64" }):normal_():to(dtype):to(device)
    local x = room:narrow(1, 1 + i % 3, n):detach()
    x.requires_grad = true
    x.grad = tnt.empty(n, { dtype = "f64" }):normal_():to(dtype):to(device)
    p.params[i] = x
    p.s1[i] = tnt.empty(n, { dtype = "f64" }):normal_():to(state or dtype):to(device)
    p.s2[i] = tnt.empty(n, { dtype = "f64" }):uniform_():to(state or dtype):to(device)
  end
  return p
end

local function values(p)
  local all = {}
  for _, list in ipairs { p.params, p.s1, p.s2 } do
    for _, x in ipairs(list) do all[#all + 1] = x:detach():to "cpu" end
  end
  for _, x in ipairs(p.params) do all[#all + 1] = x.grad:to "cpu" end
  return all
end

-- step(model, device) on both devices leaves parameters, states and gradients alike.
local function alike(where, sizes, dtype, state, step, tolerance)
  local got = {}
  for i, device in ipairs { "cpu", "cuda" } do
    local p = model(device, sizes, dtype, state)
    local y = tnt.no_grad(function() return step(p, device) end)
    got[i] = values(p)
    if y then table.insert(got[i], y:to "cpu") end
  end
  for k, want in ipairs(got[1]) do
    assert.equal(want.dtype, got[2][k].dtype, where)
    local found = build.difference(build.flat(got[2][k]), build.flat(want), tolerance, tolerance)
    assert.is_nil(found, ("%s, tensor %d: %s"):format(where, k, found or ""))
  end
end

local mixed = { 1, 3, 4, 1000, 0, 8192, 8193, 20001 }
local many = {}
for i = 1, 613 do many[i] = i % 7 end

describe("optimizers on a card #cuda", function()
  for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
    for _, state in ipairs(dtype == "f32" and { "f32" } or { dtype, "f32" }) do
      it("step as on the CPU: " .. dtype .. " with states in " .. state, function()
        local eps = rtol[dtype] * 20
        for i = 0, 7 do -- maximize, nesterov, first
          alike("sgd " .. i, mixed, dtype, state, function(p)
            ops.sgd_(p.params, p.s1, nil, nil, 0.1, 0.9, 0.2, 0.01, i % 2 == 1, i % 4 > 1, i > 3)
          end, eps)
        end
        alike("plain sgd", mixed, dtype, state, function(p)
          ops.sgd_(p.params, p.s1, nil, nil, 0.1, 0, 0, 0.01, false, true, true)
        end, eps)
        for _, name in ipairs { "adam_", "adamw_" } do
          alike(name, name == "adam_" and mixed or many, dtype, state, function(p)
            for step = 1, 3 do
              ops[name](p.params, p.s1, p.s2, nil, nil, 0.01, 0.9, 0.99, 1e-8, 0.1, step)
            end
          end, eps)
        end
      end)
    end
  end

  it("read their numbers on the device", function()
    alike("row", mixed, "f32", "f32", function(p, device)
      local row = tnt.tensor({ 0.02, 0.8, 0.95, 1e-6, 0.2, 7 }, { dtype = "f64" }):to(device)
      ops.adamw_(p.params, p.s1, p.s2, row, nil, 1, 0, 0, 1, 0, 1)
      local sgd = tnt.tensor({ 0.02, 0.8, 0.1, 0.3 }, { dtype = "f64" }):to(device)
      ops.sgd_(p.params, p.s1, sgd, nil, 1, 0.5, 0, 0, false, false, false)
      ops.grad_scale_(p.params, tnt.tensor({ 3, 0.7 }, { dtype = "f64" }):to(device), nil, 1,
        math.huge)
    end, 2e-6)
  end)

  it("leave everything as it is where they are to skip", function()
    for _, skip in ipairs { 0, 1 } do
      alike("skip " .. skip, mixed, "f32", "f32", function(p, device)
        local flag = tnt.full({ 1 }, skip):to(device)
        ops.adam_(p.params, p.s1, p.s2, nil, flag, 0.1, 0.9, 0.99, 1e-8, 0.1, 1)
        ops.sgd_(p.params, p.s1, nil, flag, 0.1, 0.9, 0, 0, false, false, false)
        ops.grad_scale_(p.params, nil, flag, 0.5, 0.1)
      end, 2e-6)
    end
  end)
end)

describe("gradients of a model on a card #cuda", function()
  it("have a norm", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, sizes in ipairs { mixed, many } do
        for _, kind in ipairs { 2, math.huge } do
          alike(dtype, sizes, dtype, dtype, function(p) return ops.grad_norm(p.params, kind) end,
            rtol[dtype])
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
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, sizes in ipairs { mixed, many } do
        alike(dtype, sizes, dtype, dtype, function(p)
          ops.grad_scale_(p.params, nil, nil, 0.5, 0.3)
          ops.grad_scale_(p.params, nil, nil, 0.9, math.huge)
        end, rtol[dtype])
      end
    end
  end)

  it("give the same norm every time", function()
    local p = model("cuda", { 100000, 7, 30000 }, "f32")
    local first = ops.grad_norm(p.params, 2):item()
    for _ = 1, 3 do assert.equal(first, ops.grad_norm(p.params, 2):item()) end
  end)
end)
