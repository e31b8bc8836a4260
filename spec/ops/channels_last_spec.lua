-- Images channels-last: every op of images gives the numbers and gradients that it gives row-major,
-- and results that lie as what they were made of.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local cases = require "spec.ops.conv_cases"

local rtol = { f32 = 2e-5, f64 = 1e-12, bf16 = 2 ^ -5 }

local function normal(shape, dtype)
  return tnt.empty(shape, { dtype = "f64" }):normal_():to(dtype)
end
local function last(x) return x:contiguous "channels_last" end

-- f of the inputs row-major, and with every combination of those of four dims laid the other way.
-- `free`: how results lie is not asked.
local function alike(inputs, f, tolerance, free)
  local want = { f(unpack(inputs)) }
  local images = {}
  for i, x in ipairs(inputs) do
    if x:dim() == 4 then images[#images + 1] = i end
  end
  for set = 1, 2 ^ #images - 1 do
    local given, shown = { unpack(inputs) }, false
    for bit, i in ipairs(images) do
      if math.floor(set / 2 ^ (bit - 1)) % 2 == 1 then
        given[i] = last(inputs[i])
        assert.is_true(given[i]:is_contiguous "channels_last")
        local size = inputs[i].shape
        shown = shown or size[2] * size[3] * size[4] > 1 -- else both layouts are one
      end
    end
    local got = { f(unpack(given)) }
    for k, w in ipairs(want) do
      assert.same(w.shape, got[k].shape)
      assert.equal(w.dtype, got[k].dtype)
      if w:dim() == 4 and not free then
        local format = shown and "channels_last" or "contiguous"
        assert.is_true(got[k]:is_contiguous(format), "layout of result " .. k)
      end
      local difference = build.difference(build.flat(got[k]), build.flat(w), tolerance, tolerance)
      assert.is_nil(difference, ("inputs %d, result %d: %s"):format(set, k, difference or ""))
    end
  end
end

describe("channels-last", function()
  before_each(function() tnt.seed(3) end)

  for i, c in ipairs(cases.list) do
    it("convolution: " .. cases.name(c), function()
      local xs, ws, ys = cases.sizes(c)
      for _, dtype in ipairs(i % 3 == 0 and { "f32", "f64", "bf16" } or { "f32", "f64" }) do
        local inner = math.sqrt(ws[2] * ws[3] * ws[4])
        local x, w, dy = normal(xs, dtype), normal(ws, dtype), normal(ys, dtype)
        local b = normal({ c[3] }, dtype)
        alike({ x, w, b }, function(u, v, d)
          return ops.conv2d(u, v, d, c[8], c[9], c[10], c[4])
        end, rtol[dtype] * inner)
        alike({ dy, w }, function(g, v) return ops.conv2d_dx(g, v, xs, c[8], c[9], c[10], c[4]) end,
          rtol[dtype] * inner)
        alike({ dy, x }, function(g, u) return ops.conv2d_dw(g, u, ws, c[8], c[9], c[10], c[4]) end,
          rtol[dtype] * math.sqrt(ys[1] * ys[3] * ys[4]) * 4)
      end
    end)
  end

  -- kernel, stride, padding
  local windows = { { { 2 }, { 2 }, { 0 } }, { { 3 }, { 1 }, { 1 } }, { { 3, 2 }, { 2, 1 }, { 1 } },
    { { 5 }, { 2 }, { 2 } } }
  it("pooling", function()
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      for _, k in ipairs(windows) do
        local x = tnt.randint(-4, 5, { 2, 3, 9, 11 }):to(dtype) -- ties
        alike({ x }, function(v)
          local y, places = ops.maxpool2d(v, k[1], k[2], k[3])
          local dy = y * 0.5 + 1
          return y, places, ops.maxpool2d_grad(dy, places, { 2, 3, 9, 11 }, k[1], k[2], k[3]),
            ops.avgpool2d(v, k[1], k[2], k[3], true), ops.avgpool2d(v, k[1], k[2], k[3], false),
            ops.avgpool2d_grad(dy, { 2, 3, 9, 11 }, k[1], k[2], k[3], true)
        end, rtol[dtype])
      end
    end
    local x = tnt.tensor { 1, 0 / 0, 3, -math.huge, 2, 0 / 0, 0 / 0, 5, 6, 1, 2, 3, 4, 5, 6, 7, 0,
      1 }
    alike({ x:view(1, 2, 3, 3) }, function(v) return (ops.maxpool2d(v, { 2 }, { 1 }, { 0 })) end, 0)
  end)

  it("batch norm", function()
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      for _, shape in ipairs { { 3, 5, 4, 6 }, { 4, 32, 3, 3 }, { 2, 70, 2, 5 }, { 6, 1, 2, 2 } } do
        local x, dy = normal(shape, dtype) * 2 + 1, normal(shape, dtype)
        local w, b = normal({ shape[2] }, dtype), normal({ shape[2] }, dtype)
        for _, training in ipairs { true, false } do
          alike({ x, dy, w, b }, function(u, g, v, d)
            local mean, var = ops.batchnorm_stats(u)
            local y = ops.batchnorm(u, mean, var, v, d, 1e-5, training)
            local dx, dw, db = ops.batchnorm_grad(g, u, mean, var, v, 1e-5, training)
            return y, dx, mean, var, dw, db
          end, rtol[dtype] * 8, true) -- y lies as x, whatever dy
        end
      end
    end
  end)

  it("one channel and single places are told apart by their strides", function()
    local x = tnt.randn(2, 1, 3, 3)
    assert.is_false(x:is_contiguous "channels_last")
    assert.is_true(last(x):is_contiguous "channels_last")
    assert.is_true(last(x):is_contiguous())
    local y = ops.conv2d(last(x), tnt.randn(4, 1, 2, 2), nil, { 1 }, { 0 }, { 1 }, 1)
    assert.is_true(y:is_contiguous "channels_last")
    local w = last(tnt.randn(4, 3, 1, 1))
    assert.same({ 3, 1, 3, 3 }, w:stride())
    y = ops.conv2d(tnt.randn(2, 3, 4, 4), w, nil, { 1 }, { 0 }, { 1 }, 1)
    assert.is_true(y:is_contiguous "channels_last")
  end)

  it("is kept by elementwise operations, casts, copies and what is made like it", function()
    local x = last(tnt.randn(2, 3, 4, 5))
    local bias, row = tnt.randn(1, 3, 1, 1), tnt.randn(2, 3, 4, 5)
    for name, y in tnt.sorted {
      add = x + 1, both = x * x, bias = x + bias, turned = bias + x, cast = x:to "bf16",
      compared = x:gt(0), clone = x:clone(), relu = x:relu(), like = x:zeros_like(),
      like64 = tnt.empty_like(x, { dtype = "f64" }), first = x + row,
      where = tnt.where(x:gt(0), x, bias), expanded = tnt.ones(1):expand(2, 3, 4, 5) + x,
    } do
      assert.is_true(y:is_contiguous "channels_last", name)
    end
    assert.is_true((row + x):is_contiguous(), "the first of the two decides")
    assert.is_true(x:contiguous():is_contiguous())
    assert.is_false(x:is_contiguous())
    assert.equal(x, x:contiguous "channels_last")
    assert.same(row:totable(), last(row):totable())
    assert.same((row + bias):totable(), (last(row) + bias):contiguous():totable())
  end)

  it("comes with to, and is refused by other names", function()
    local x = tnt.randn(2, 3, 4, 5)
    local y = x:to { dtype = "f64", memory_format = "channels_last" }
    assert.equal("f64", y.dtype)
    assert.is_true(y:is_contiguous "channels_last")
    assert.is_true(y:to { memory_format = "contiguous" }:is_contiguous())
    assert.equal(y, y:to { memory_format = "preserve" })
    assert.is_true(x:view(6, 20):t():contiguous "channels_last":is_contiguous())
    for _, f in ipairs {
      function() x:to { memory_format = "channel_last" } end,
      function() x:contiguous "nhwc" end,
      function() x:is_contiguous(3) end,
    } do
      local ok, err = pcall(f)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches("memory format", err.message, 1, true)
    end
    local ok, err = pcall(x.to, x, { layout = "channels_last" })
    assert.is_false(ok)
    assert.matches("unknown option", err.message, 1, true)
  end)

  it("has gradients through the change of layout", function()
    local x = tnt.randn(2, 3, 4, 5):requires_grad_()
    local y = x:to { memory_format = "channels_last" }
    ;(y * y):sum():backward()
    assert.is_true(x.grad:is_contiguous())
    assert.is_nil(build.difference(build.flat(x.grad), build.flat(x:detach() * 2), 0, 1e-7))
  end)

  local function net(format)
    tnt.seed(7)
    local nn = tnt.nn
    local model = nn.Sequential(nn.Conv2d(3, 8, 3, { padding = 1, bias = false }),
      nn.BatchNorm2d(8), nn.ReLU(),
      nn.MaxPool2d(2), nn.Conv2d(8, 6, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
      nn.Linear(6, 4))
    return format and model:to { memory_format = format } or model
  end

  for _, kind in ipairs { "SGD", "Adam", "AdamW" } do
    it("trains as row-major does: " .. kind, function()
      local x, target = tnt.randn(5, 3, 8, 8), tnt.i64 { 0, 1, 2, 3, 0 }
      local losses = {}
      for k, format in ipairs { false, "channels_last" } do
        local model = net(format)
        local weight = model[1].weight
        local opt = tnt.optim[kind](model:parameters(), { lr = 0.01, weight_decay = 0.1,
          momentum = kind == "SGD" and 0.9 or nil })
        local list = {}
        for step = 1, 4 do
          local loss = tnt.nn.functional.cross_entropy(model(x), target)
          loss:backward()
          if format then
            assert.is_true(weight:is_contiguous "channels_last")
            assert.is_true(weight.grad:is_contiguous "channels_last")
          end
          tnt.nn.clip_grad_norm_(model:parameters(), 0.5)
          opt:step()
          if format and step == 1 then
            for _, value in pairs(opt.state[weight]) do
              if tnt.is_tensor(value) then
                assert.is_true(value:is_contiguous "channels_last")
              end
            end
          end
          opt:zero_grad()
          list[step] = loss:item()
        end
        losses[k] = list
      end
      for step = 1, 4 do assert.is_near(losses[1][step], losses[2][step], 2e-5) end
    end)
  end

  it("weights and states of it are saved and read as any others", function()
    local a, b = net "channels_last", net()
    b:load_state_dict(a:state_dict())
    assert.same(a[1].weight:totable(), b[1].weight:totable())
    local c = net "channels_last"
    for _, p in ipairs(c:parameters()) do tnt.no_grad(function() p:zero_() end) end
    c:load_state_dict(b:state_dict())
    assert.is_true(c[1].weight:is_contiguous "channels_last")
    assert.same(a[1].weight:totable(), c[1].weight:totable())
  end)
end)
