-- Channels-last on a card: ops of images, their gradients, copies between devices, training. #cuda
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local both = require "spec.cuda.both"
local build = require "spec.ops.build"
local cases = require "spec.ops.conv_cases"

if not both.available "channels-last" then return end

local rtol = { f32 = 2e-5, f64 = 1e-12, f16 = 2 ^ -7, bf16 = 2 ^ -4 }
local function last(x) return x:contiguous "channels_last" end

describe("channels-last on a card #cuda", function()
  for i, c in ipairs(cases.list) do
    it(cases.name(c), function()
      local xs, ws, ys = cases.sizes(c)
      for _, dtype in ipairs(i <= 4 and { "f32", "f64", "f16", "bf16" } or { "f32", "bf16" }) do
        local x, w, b, dy = both.normal(xs, dtype), both.normal(ws, dtype), both.normal({ c[3] },
          dtype), both.normal(ys, dtype)
        both.alike(dtype, { last(x), last(w), b, last(dy) }, function(u, v, d, g)
          assert.is_true(u:is_contiguous "channels_last")
          return ops.conv2d(u, v, nil, c[8], c[9], c[10], c[4]),
            ops.conv2d(u, v, d, c[8], c[9], c[10], c[4]),
            ops.conv2d_dx(g, v, xs, c[8], c[9], c[10], c[4]),
            ops.conv2d_dw(g, u, ws, c[8], c[9], c[10], c[4])
        end, rtol[dtype] * math.sqrt(ws[2] * ws[3] * ws[4]))
      end
    end)
  end

  it("sums the weight's gradient in parts", function()
    local x, dy = both.normal { 20, 3, 16, 17 }, both.normal { 20, 5, 16, 17 }
    both.alike("5440 places", { last(x), last(dy) }, function(v, g)
      return ops.conv2d_dw(g, v, { 5, 3, 3, 3 }, { 1 }, { 1 }, { 1 }, 1)
    end, 1e-4)
  end)

  it("pools", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      for _, k in ipairs { { { 2 }, { 2 }, { 0 } }, { { 3, 2 }, { 2, 1 }, { 1 } },
        { { 5 }, { 2 }, { 2 } } } do
        local x = last(both.whole({ 2, 3, 9, 11 }, -4, 4, dtype))
        both.alike(dtype, { x }, function(v)
          local y, places = ops.maxpool2d(v, k[1], k[2], k[3])
          local dy = y * 0.5 + 1
          assert.is_true(places:is_contiguous "channels_last")
          return y, places, ops.maxpool2d_grad(dy, places, { 2, 3, 9, 11 }, k[1], k[2], k[3]),
            ops.avgpool2d(v, k[1], k[2], k[3], true), ops.avgpool2d(v, k[1], k[2], k[3], false),
            ops.avgpool2d_grad(dy, { 2, 3, 9, 11 }, k[1], k[2], k[3], true)
        end, dtype == "f64" and 1e-14 or dtype == "f32" and 1e-6 or 2 ^ -7)
      end
    end
  end)

  it("normalises", function()
    for _, dtype in ipairs { "f32", "f64", "bf16" } do
      for _, shape in ipairs {
        { 3, 5, 4, 6 }, { 4, 32, 3, 3 }, { 2, 72, 2, 5 }, { 40, 16, 8, 8 },
      } do
        local x, dy = last(both.normal(shape, dtype) * 2 + 1), last(both.normal(shape, dtype))
        local w, b = both.normal({ shape[2] }, dtype), both.normal({ shape[2] }, dtype)
        both.alike(dtype, { x, dy, w, b }, function(u, g, v, d)
          local mean, var = ops.batchnorm_stats(u)
          local y = ops.batchnorm(u, mean, var, v, d, 1e-5, true)
          local dx, dw, db = ops.batchnorm_grad(g, u, mean, var, v, 1e-5, true)
          assert.is_true(y:is_contiguous "channels_last" and dx:is_contiguous "channels_last")
          return mean, var, y, dx, dw, db
        end, dtype == "bf16" and 2 ^ -5 or dtype == "f32" and 1e-4 or 1e-11)
      end
    end
  end)

  it("goes between devices as it lies", function()
    local x = last(both.normal { 2, 3, 4, 5 })
    local there = x:to "cuda"
    assert.is_true(there:is_contiguous "channels_last")
    assert.is_true(there:cpu():is_contiguous "channels_last")
    assert.same(x:totable(), there:totable())
    assert.same(x:totable(), there:cpu():totable())
    local pinned = x:pin_memory()
    assert.is_true(pinned:is_contiguous "channels_last")
    assert.same(x:totable(), pinned:to "cuda":totable())
    assert.same(x:permute(2, 4, 1, 3):totable(), x:permute(2, 4, 1, 3):to "cuda":totable())
  end)

  -- a small net with every kind of layer, in bf16 regions too
  local function train(options)
    tnt.seed(5)
    local nn, F = tnt.nn, tnt.nn.functional
    local net = nn.Sequential(nn.Conv2d(3, 8, 3, { padding = 1, bias = false }), nn.BatchNorm2d(8),
      nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 6, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
      nn.Linear(6, 4))
    local losses = {}
    local unit = tnt.AutoUnit {
      module = net, device = options.device, precision = options.precision,
      memory_format = options.format, cuda_graph = options.graph,
      optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.05, momentum = 0.9 }),
      compute_loss = function(self, _, batch)
        if options.format then
          assert.is_true(batch.x:is_contiguous "channels_last")
          assert.is_true(net[1].weight:is_contiguous "channels_last")
        end
        local y = self.module(batch.x)
        return F.cross_entropy(y, batch.y)
      end,
    }
    local set = tnt.data.tensors { x = tnt.randn(40, 3, 8, 8), y = tnt.randint(0, 4, { 40 }) }
    tnt.train(unit, { max_epochs = 2, bar = false, hooks = { { on_train_step_end =
      function(_, state) losses[#losses + 1] = state.step_output.loss:item() end } },
      train_dataloader = tnt.data.DataLoader(set, { batch_size = 5 }) })
    return losses, net
  end

  it("trains as the CPU does row-major, eager and captured, f32 and bf16", function()
    local want = train { device = "cpu" }
    for _, options in ipairs { { precision = "f32" }, { precision = "f32", graph = true },
      { precision = "bf16" }, { precision = "bf16", graph = true } } do
      options.device, options.format = "cuda", "channels_last"
      local got, net = train(options)
      assert.is_true(net[1].weight.grad == nil or net[1].weight.grad:is_contiguous "channels_last")
      assert.equal(#want, #got)
      for i = 1, #want do
        assert.is_near(want[i], got[i], options.precision == "f32" and 1e-4 or 0.1)
      end
    end
  end)

  it("casts no weight to another layout", function()
    local x, w = last(both.normal { 2, 4, 5, 5 }), last(both.normal { 6, 4, 3, 3 })
    x, w = x:to "cuda", w:to "cuda"
    local y = tnt.autocast("bf16", function()
      return ops.conv2d(x, w, nil, { 1 }, { 1 }, { 1 }, 1)
    end)
    assert.equal("bf16", y.dtype)
    assert.is_true(y:is_contiguous "channels_last")
    assert.is_true(y:relu():is_contiguous "channels_last")
    assert.is_nil(build.difference({ y:stride(2) }, { 1 }, 0, 0))
  end)
end)
