-- Mixed precision on the CPU: which dtype each row computes in, what a region changes and leaves,
-- gradients, the casts of weights that are kept, and training against PyTorch's autocast
-- (spec/reference/autocast.json, made by scripts/parity/autocast.py).
local autocast = require "tnt.autocast"
local balance = require "spec.balance"
local build = require "spec.ops.build"
local cjson = require "cjson"
local examples = require "spec.ops.examples"
local models = require "spec.cuda.amp_models"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local file = assert(io.open "spec/reference/autocast.json")
local reference = cjson.decode(file:read "*a")
file:close()

local function refusal(...)
  local ok, err = pcall(...)
  assert.is_false(ok)
  return err
end

local function dtypes_of(case, dtype, region)
  local list = {}
  local function call()
    for i, y in ipairs(build.call(case, build.arguments(case, dtype))) do list[i] = y.dtype end
  end
  if region then tnt.autocast(region, call) else call() end
  return list
end

describe("tnt.autocast", function()
  balance.file(setup, teardown)

  it("gives each row the dtype that the table says", function()
    local seen = { low = 0, f32 = 0, other = 0 }
    for _, row in ipairs(examples.walk()) do
      for _, case in ipairs(examples.of(row)) do
        for _, region in ipairs { "bf16", "f16" } do
          for _, dtype in ipairs { "f32", "bf16", "f16" } do
            local ok, outside = pcall(dtypes_of, case, dtype)
            local got = ok and dtypes_of(case, dtype, region)
            for i, was in ipairs(ok and outside or {}) do
              local want = was
              if row.autocast and was ~= "i64" and was ~= "bool" then
                want = row.autocast == "low" and region or "f32"
              end
              assert.equal(want, got[i], ("%s of %s in %s"):format(case.name, dtype, region))
              seen[row.autocast or "other"] = seen[row.autocast or "other"] + 1
            end
          end
        end
      end
    end
    for kind, n in pairs(seen) do assert.is_true(n >= 18, kind .. " " .. n) end -- order: free
  end)

  it("lets batch norms stand between convolutions, with weights in f32", function()
    for _, format in ipairs { "contiguous", "channels_last" } do
      tnt.seed(4)
      local net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 2, 3))
      net:to { memory_format = format }
      local x = tnt.randn(6, 3, 7, 7)
      local function run(region)
        local y = region and tnt.autocast(region, function() return net(x) end) or net(x)
        y:float():square():mean():backward()
        local grads = {}
        for i, p in ipairs(net:parameters()) do
          assert.equal("f32", p.grad.dtype)
          grads[i] = build.flat(p.grad)
        end
        net:zero_grad()
        return y, grads
      end
      local want, want_grads = run()
      local got, got_grads = run "bf16"
      assert.equal("bf16", got.dtype)
      assert.equal("f32", net[2].running_mean.dtype)
      assert.is_nil(build.difference(build.flat(got), build.flat(want), 0.05, 0.05))
      for i, list in ipairs(want_grads) do
        assert.is_nil(build.difference(got_grads[i], list, 0.05, 0.02))
      end
    end
  end)

  it("leaves f64 and whole numbers as they are", function()
    for _, row in ipairs(examples.walk()) do
      for _, case in ipairs(row.autocast and examples.of(row) or {}) do
        for _, dtype in ipairs { "f64", "i64", "i32" } do
          local ok, outside = pcall(dtypes_of, case, dtype)
          if ok then
            assert.same(outside, dtypes_of(case, dtype, "bf16"), case.name .. " of " .. dtype)
          end
        end
      end
    end
  end)

  it("leaves operations in place as they are", function()
    local n = 0
    for _, row in ipairs(examples.walk()) do
      if row.autocast and row.inplace then
        n = n + 1
        local case = examples.of(row)[1]
        local args = build.arguments(case, "bf16")
        local want = args[1]:clone()
        want[row.name .. "_"](want, unpack(args, 2, case.n))
        tnt.autocast("bf16", function()
          args[1][row.name .. "_"](args[1], unpack(args, 2, case.n))
        end)
        assert.equal("bf16", args[1].dtype)
        assert.is_true(build.same_bits(want, args[1]), row.name)
      end
    end
    assert.is_true(n >= 4)
  end)

  it("computes what explicit casts compute", function()
    for _, name in ipairs { "bf16", "f16" } do
      local a, b = tnt.randn(5, 7), tnt.randn(7, 3)
      local y, s = tnt.autocast(name, function()
        local y = a:matmul(b)
        return y, y:softmax()
      end)
      local want = a:to(name):matmul(b:to(name))
      assert.is_true(build.same_bits(want, y))
      assert.is_true(build.same_bits(want:to("f32"):softmax(), s))
    end
  end)

  it("is a region: nested, false within, restored, with values and results passed", function()
    local a = tnt.randn(2, 2)
    local function dtype() return a:matmul(a).dtype end
    local seen = { tnt.autocast("bf16", function(x, y)
      local first, inner = dtype(), tnt.autocast("f16", dtype)
      return first, inner, tnt.autocast(false, dtype), dtype(), x, y, autocast.get()
    end, 1, nil) }
    assert.same({ "bf16", "f16", "f32", "bf16", 1, nil, "bf16" }, seen)
    assert.equal("f32", dtype())
    assert.is_false(autocast.get())
  end)

  it("ends with an error that comes through as it is", function()
    local thrown = {}
    assert.equal(thrown, refusal(tnt.autocast, "bf16", function() error(thrown) end))
    assert.is_false(autocast.get())
    tnt.autocast("f16", function()
      refusal(tnt.autocast, "bf16", function() tnt.zeros(2):matmul(tnt.zeros(3)) end)
      assert.equal("f16", autocast.get())
    end)
  end)

  it("refuses other dtypes", function()
    for _, wrong in ipairs { "f32", "f64", "bf17", "i64" } do
      local err = refusal(tnt.autocast, wrong, function() end)
      assert.equal("argument", err.kind)
      assert.matches("dtype '" .. wrong .. "'", err.message, 1, true)
    end
    assert.matches("did you mean 'bf16'", refusal(tnt.autocast, "bf17", print).message, 1, true)
    assert.is_false(autocast.get())
  end)
end)

describe("gradients through tnt.autocast", function()
  -- y = sum(softmax(relu(x w^T + b) v)^2), and the gradients of w, b, v
  local function gradients(region, wide)
    tnt.seed(3)
    local x = tnt.randn(6, 8)
    local w, b, v = tnt.randn(5, 8), tnt.randn(5), tnt.randn(5, 4)
    for _, p in ipairs { w, b, v } do p:requires_grad_() end
    local function low(t) return region and t or t:to "bf16" end
    local function up(t) return region and t or t:to "f32" end
    local function forward()
      local y = low(x):linear(low(w), low(b)):relu():matmul(low(v))
      return (up(y):softmax() * 3):pow(2):sum()
    end
    local loss = region and tnt.autocast("bf16", forward) or forward()
    if wide then tnt.autocast("bf16", loss.backward, loss) else loss:backward() end
    return { w.grad, b.grad, v.grad }, loss
  end

  it("are f32 and equal those of explicit casts, backward outside or inside", function()
    local want = gradients()
    for _, inside in ipairs { false, true } do
      local got, loss = gradients(true, inside)
      assert.equal("f32", loss.dtype)
      for i, g in ipairs(got) do
        assert.equal("f32", g.dtype)
        assert.is_true(g:abs():max():item() > 0)
        assert.is_true(build.same_bits(want[i], g), "gradient " .. i .. tostring(inside))
      end
    end
  end)

  it("of 16-bit logits need no f32 copy of them", function()
    for _, name in ipairs { "bf16", "f16" } do
      local t, w = tnt.randint(0, 1000, { 64 }), tnt.rand(1000) + 0.5
      local x = (tnt.randn(64, 1000) * 3):to(name):requires_grad_()
      balance.collect()
      local before = tnt.memory().live_bytes
      local options = { weight = w, label_smoothing = 0.1 }
      local loss = tnt.autocast(name, F.cross_entropy, x, t, options)
      assert.is_true(tnt.memory().live_bytes - before < 64 * 1000)
      local wide = x:detach():to("f32"):requires_grad_()
      local want = F.cross_entropy(wide, t, options)
      assert.equal("f32", loss.dtype)
      assert.is_true(build.same_bits(want, loss:detach()))
      loss:backward()
      want:backward()
      assert.equal(name, x.grad.dtype)
      assert.is_true(build.same_bits(wide.grad:to(name), x.grad))
    end
  end)

  it("of a weight used twice are added in f32", function()
    local w = tnt.randn(4, 4):requires_grad_()
    local x = tnt.randn(3, 4)
    tnt.autocast("bf16", function() return x:matmul(w):matmul(w):sum() end):backward()
    local a, b = w:detach():to("bf16"):requires_grad_(), w:detach():to("bf16"):requires_grad_()
    x:to("bf16"):matmul(a):matmul(b):to("f32"):sum():backward()
    assert.is_true(build.same_bits(a.grad:to "f32" + b.grad:to "f32", w.grad))
  end)

  it("are added to those of earlier losses in f32, in the memory that is there", function()
    local w = tnt.randn(4, 4):requires_grad_()
    local want
    local function add(x)
      local v = w:detach():to("bf16"):requires_grad_()
      x:to("bf16"):matmul(v):sum():backward()
      want = want and want + v.grad:to "f32" or v.grad:to "f32"
      tnt.autocast("bf16", function() return x:matmul(w):sum() end):backward()
      assert.equal("f32", w.grad.dtype)
      assert.is_true(build.same_bits(want, w.grad))
    end
    for _ = 1, 3 do add(tnt.randn(3, 4)) end
    local place = w.grad:data_ptr()
    collectgarbage() -- handles of the gradient: who holds one keeps its values
    collectgarbage()
    w.grad = nil
    want = nil
    for _ = 1, 2 do add(tnt.randn(3, 4)) end
    assert.equal(place, w.grad:data_ptr())
    local held = w.grad -- somebody looks at it: the next is written elsewhere
    local before = held:clone()
    w.grad = nil
    want = nil
    add(tnt.randn(3, 4))
    assert.is_true(build.same_bits(before, held))
  end)

  it("are none under no_grad, and casts made there do not last", function()
    local w = tnt.randn(4, 4):requires_grad_()
    local x = tnt.randn(3, 4)
    local y = tnt.autocast("bf16", tnt.no_grad, function() return x:matmul(w) end)
    assert.is_false(y.requires_grad)
    tnt.autocast("bf16", function() return x:matmul(w) end):sum():backward()
    assert.equal("f32", w.grad.dtype)
    assert.is_true(w.grad:abs():max():item() > 0)
  end)
end)

describe("the cast of a weight", function()
  local x, w

  before_each(function()
    x = tnt.randn(2, 64)
    w = nn.Parameter(tnt.randn(64, 64))
  end)

  local function product() return tnt.autocast("bf16", function() return x:linear(w) end) end
  local function want() return x:to("bf16"):linear(w:detach():to "bf16") end

  -- How many bytes stay while the results of n calls live.
  local function bytes_of(n)
    local before, list = tnt.memory().live_bytes, {}
    for i = 1, n do list[i] = product() end
    return tnt.memory().live_bytes - before, list
  end

  it("is made once for each change of the weight", function()
    local first = bytes_of(1)
    assert.is_true(first >= 2 * 64 * 64)        -- the cast
    assert.is_true(bytes_of(4) < 2 * 64 * 64)   -- results and x's own casts alone
    local one = tnt.autocast("bf16", tnt.no_grad, function() return x:linear(w) end)
    assert.is_true(build.same_bits(want(), one))
  end)

  it("follows the weight, however it changes", function()
    assert.is_true(build.same_bits(want(), product():detach()))
    tnt.no_grad(function() w:mul_(2) end)
    assert.is_true(build.same_bits(want(), product():detach()))
    tnt.no_grad(function() w:select(1, 3):fill_(7) end) -- through a view
    assert.is_true(build.same_bits(want(), product():detach()))
    w.grad = tnt.ones_like(w)
    tnt.optim.SGD({ w }, { lr = 0.1 }):step()
    assert.is_true(build.same_bits(want(), product():detach()))
    local f16 = tnt.autocast("f16", function() return x:linear(w) end)
    assert.is_true(build.same_bits(x:to("f16"):linear(w:detach():to "f16"), f16:detach()))
    assert.is_true(build.same_bits(want(), product():detach())) -- both are kept
  end)

  it("stays as it was for a backward that comes after the weight changed", function()
    local h = tnt.randn(2, 64):requires_grad_()
    local y = tnt.autocast("bf16", function() return h:linear(w) end)
    local before = w:detach():to "bf16"
    tnt.no_grad(function() w:mul_(3) end)
    product() -- makes the new cast
    y:sum():backward()
    local k = h:detach():to("bf16"):requires_grad_()
    k:linear(before):sum():backward()
    assert.is_true(build.same_bits(k.grad:to "f32", h.grad))
  end)

  it("takes no memory from step to step", function()
    local net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 5))
    local opt = tnt.optim.AdamW(net:parameters(), { lr = 1e-3 })
    local t = tnt.randint(0, 5, { 2 })
    local function step()
      tnt.scope(function()
        local loss = tnt.autocast("bf16", function() return F.cross_entropy(net(x), t) end)
        loss:backward()
        opt:step()
        opt:zero_grad()
      end)
    end
    for _ = 1, 3 do step() end
    balance.collect()
    local before = tnt.memory()
    for _ = 1, 200 do step() end
    balance.collect()
    local after = tnt.memory()
    for _, name in ipairs { "live_bytes", "live_tensors", "live_nodes" } do
      assert.equal(before[name], after[name], name)
    end
    -- under sanitizers freed blocks go back to the system at once
    if not package.cpath:find "/build%-t?san/" then
      assert.equal(before.system_allocations, after.system_allocations)
    end
  end)

  it("goes with its weight, and leaves those of others", function()
    product() -- w's is there throughout
    local function round(n)
      tnt.scope(function()
        local list = {}
        for i = 1, n do
          list[i] = tnt.randn(64, 64):requires_grad_()
          for _, dtype in ipairs { "bf16", "f16" } do
            tnt.autocast(dtype, function() return x:linear(list[i]) end):sum():backward()
          end
        end
        -- in another order than they came, so that places in the table are emptied everywhere
        for i = 1, n, 3 do list[i]:free() end
        for i = 1, n do
          if i % 3 ~= 1 then
            local y = tnt.autocast("bf16", function() return x:linear(list[i]) end)
            assert.is_true(build.same_bits(x:to("bf16"):linear(list[i]:detach():to "bf16"),
              y:detach()))
          end
        end
      end)
    end
    round(3)
    balance.collect()
    local before = tnt.memory()
    for n = 1, 301, 60 do round(n) end
    balance.collect()
    local after = tnt.memory()
    assert.equal(before.live_bytes, after.live_bytes)
    assert.equal(before.live_tensors, after.live_tensors)
    assert.is_true(bytes_of(1) < 2 * 64 * 64, "w's own was made again")
  end)

  it("goes when the weight is moved or brought to another dtype", function()
    local net = nn.Linear(64, 64)
    local function run() return tnt.scope(function()
      tnt.autocast("bf16", function() return net(x) end)
    end) end
    balance.collect()
    local before = tnt.memory().live_bytes
    run()
    assert.equal(before + 2 * (64 * 64 + 64), tnt.memory().live_bytes)
    net:to "f64"
    balance.collect()
    assert.equal(before + 4 * (64 * 64 + 64), tnt.memory().live_bytes)
    net:to "f32"
    run()
    net = nil
    balance.collect()
    assert.equal(before - 4 * (64 * 64 + 64), tnt.memory().live_bytes)
  end)
end)

describe("training in bf16", function()
  -- A product rounds its inputs, weights and output once each: 2^-8 relative, 2^-9 on average. Over
  -- ten steps PyTorch's own losses stay about as near to its f32.
  for name, model in require("tnt.sorted")(models.list) do
    it("follows PyTorch's autocast: " .. name, function()
      local want = reference[name]
      local got = models.train(model, "bf16", "cpu")
      local plain = models.train(model, false, "cpu")
      local far = 0
      for step, loss in ipairs(want.bf16.losses) do
        assert.near(want.f32.losses[step], plain.losses[step], 2e-4 * loss, "f32, step " .. step)
        assert.near(loss, got.losses[step], 2 ^ -9 * loss, "bf16, step " .. step)
        far = math.max(far, math.abs(got.losses[step] - plain.losses[step]))
      end
      assert.is_true(far > 1e-4, "nothing was rounded")
      for i, sum in ipairs(want.bf16.sums) do assert.near(sum, got.sums[i], 2 ^ -8 * sum) end
    end)
  end
end)
