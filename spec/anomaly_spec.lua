local balance = require "spec.balance"
local core = require "tnt.core"
local tnt = require "tnt"

local NAN, INF = 0 / 0, math.huge

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

local function hunted(fn) return failure(tnt.detect_anomaly, fn) end

-- "anomaly_spec.lua:N", N lines from the caller's.
local function line(offset)
  return ("anomaly_spec.lua:%d"):format(debug.getinfo(2, "l").currentline + (offset or 0))
end

local function contains(text, part)
  assert.is_truthy(text:find(part, 1, true), ("%q is not in: %s"):format(part, text))
end

local function leaf(values) return tnt.tensor(values, { requires_grad = true }) end

describe("detect_anomaly", function()
  balance.file(setup, teardown)
  after_each(function() tnt.detect_anomaly(false) end)

  it("names the operation, the place, the inputs' state and the line", function()
    local x = tnt.tensor { { 1, 4 }, { 0, -1 } }
    local err = hunted(function()
      local y = (x + 0):log()
      return y
    end)
    assert.same({ "state", "log" }, { err.kind, err.op })
    contains(err.message, "log: the result holds 1 NaN and 1 infinite of 4 elements, "
      .. "the first (infinite) at [2, 1]; x was finite")
    contains(err.where, line(-6))
  end)

  it("says when an input was bad already, and where it was made", function()
    local x = leaf { 1, 2 }
    local y = x * NAN
    local err = hunted(function()
      local z = x * 3
      z:add_(tnt.tensor { NAN, 1 })
      return z
    end)
    contains(err.message, "add_: the result holds 1 NaN of 2 elements, the first at [1]")
    contains(err.message, "b already held 1 NaN of 2 elements, the first at [1]")
    err = hunted(function()
      tnt.detect_anomaly(false)
      local z = x * 1
      tnt.detect_anomaly(true)
      local bad = tnt.no_grad(function() return y:view(2) end)
      return z * bad
    end)
    contains(err.message, "a was finite; b already held 2 NaN of 2 elements")
    -- Under the lower level an infinite value passes, and has a line when it makes a NaN later.
    err = failure(tnt.detect_anomaly, { infinite = false }, function()
      local big = x * INF
      return big - big
    end)
    contains(err.message, "a already held 2 infinite of 2 elements, the first at [1] (made at ")
    contains(err.message, line(-4))
    y:free()
  end)

  it("looks at what was written in place, and remembers that it was bad before", function()
    local x = tnt.tensor { INF, 1 }
    local err = hunted(function() return x:mul_(0) end)
    contains(err.message, "mul_: the result holds 1 NaN")
    contains(err.message, "a already held some before it was written to")
  end)

  it("names the operation of a gradient and the line of its forward", function()
    local x = leaf { 4, 0 }
    local made
    local err = hunted(function()
      local y = x:sqrt() made = line()
      y:sum():backward()
    end)
    assert.equal("sqrt_dx", err.op)
    contains(err.message, "the result holds 1 infinite of 2 elements, the first at [2]")
    contains(err.message, "this is part of the gradient of sqrt (made at ")
    contains(err.message, made)
    contains(err.where, line(-6))
  end)

  it("looks at gradients written in Lua, at seeds and at sums", function()
    local x = leaf { 1, 2 }
    local f = tnt.Function {
      name = "f", forward = function(_, v) return v * 2 end,
      backward = function() return tnt.tensor { 1, NAN } end,
    }
    local err = hunted(function() f(x):sum():backward() end)
    contains(err.message, "backward: the gradient of a tnt.Function with respect to argument 1 "
      .. "holds 1 NaN of 2 elements, the first at [2] (made at ")
    contains(err.message, line(-3))
    err = hunted(function() (x * 1):backward(tnt.tensor { NAN, 1 }) end)
    contains(err.message, "the gradient that arrives at mul holds 1 NaN")
    err = hunted(function() -- inf and -inf meet in x: each was there before the sum
      local y = x * 1
      tnt.no_grad(function() end)
      local a, b = y * 3, y * 5
      tnt.detect_anomaly(false)
      tnt.detect_anomaly({ infinite = false }, true)
      tnt.grad({ a, b }, y, { grad_outputs = { tnt.tensor { INF, 1 }, tnt.tensor { -INF, 1 } } })
    end)
    contains(err.message, "the gradient that arrives at mul holds 1 NaN of 2 elements")
  end)

  it("lets a mask of infinities pass, and no infinity that an operation makes", function()
    local mask = tnt.tensor { { false, true }, { false, false } }
    local y = tnt.detect_anomaly(function()
      local scores = tnt.zeros(2, 2):masked_fill(mask, -INF)
      return (scores + 1):softmax():keep()
    end)
    assert.same({ { 1, 0 }, { 0.5, 0.5 } }, y:totable())
    assert.equal("exp", hunted(function() return tnt.tensor({ 1000 }):exp() end).op)
    assert.equal("div", hunted(function() return tnt.ones(2) / 0 end).op)
    assert.equal(INF, tnt.detect_anomaly({ infinite = false }, function()
      return (tnt.ones(2) / 0):sum():item()
    end))
    y:free()
  end)

  it("finds them in every float dtype and in any layout", function()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
      local x = tnt.zeros(3, 4, { dtype = dtype })
      x[2][3] = -1
      local err = hunted(function() return x:t():log() end)
      contains(err.message, "1 NaN and 11 infinite of 12 elements, the first (infinite) at [1, 1]")
      local y = tnt.ones(3, 4, { dtype = dtype })
      y[2][3] = -1
      err = hunted(function() return y:t():sqrt() end)
      contains(err.message, "1 NaN of 12 elements, the first at [3, 2]")
    end
  end)

  it("looks at what an optimizer writes", function()
    local p = tnt.nn.Parameter(tnt.ones(2))
    local opt = tnt.optim.AdamW({ p }, { lr = 0.1 })
    p.grad = tnt.tensor { 1, NAN }
    local err = hunted(function() opt:step() end)
    assert.equal("adamw_", err.op)
    contains(err.message, "parameter 1 holds 1 NaN of 2 elements, the first at [2]; its gradient "
      .. "already held 1 NaN of 2 elements, the first at [2]")
  end)

  it("is off again after a function, an error too, and says what it was", function()
    local x = tnt.zeros(2)
    assert.is_false(tnt.detect_anomaly(true))
    assert.is_true(tnt.detect_anomaly(true))
    assert.same({ 3, "b" }, { tnt.detect_anomaly(function(a, b) return a, b end, 3, "b") })
    assert.is_true(tnt.detect_anomaly(false))
    assert.is_false(tnt.detect_anomaly(false))
    hunted(function() return x:log() end)
    assert.same({ -INF, -INF }, x:log():totable())
    assert.equal(0, core.context.call)
    assert.same({ 1, 1 }, tnt.detect_anomaly(function() return x:add_(1) end):totable())
  end)

  it("changes nothing about what operations give", function()
    local function run()
      local x, list = tnt.tensor { { 3, 1, 2 } }, {}
      for _, name in ipairs { "relu", "sort", "add_", "max_dim", "argmax" } do
        local function note(...)
          list[#list + 1] = name .. " " .. select("#", ...)
          for i = 1, select("#", ...) do
            list[#list + 1] = select(i, ...):totable()
          end
        end
        local op = require("tnt.ops_gen")[name]
        if name == "add_" then note(op(x, 1)) else note(op(x, name == "max_dim" and 2 or nil)) end
      end
      return list
    end
    local expected = run()
    assert.same(expected, tnt.detect_anomaly(run))
    tnt.scope(function() assert.same(expected, tnt.detect_anomaly(run)) end)
  end)

  it("leaves nothing behind when an operation is refused", function()
    balance.collect()
    local live = tnt.memory().live_tensors
    for _ = 1, 10 do
      tnt.scope(function() hunted(function() return leaf({ -1, 2 }):log() end) end)
    end
    balance.collect()
    assert.equal(live, tnt.memory().live_tensors)
  end)

  it("refuses what is neither a switch nor a function", function()
    for _, what in ipairs { 1, "on", false } do
      local err = failure(tnt.detect_anomaly, what or { infinite = 1 })
      assert.equal("argument", err.kind)
    end
    contains(failure(tnt.detect_anomaly, { infinit = false }, true).message, "did you mean")
    assert.equal("argument", failure(tnt.detect_anomaly, { infinite = false }, 3).kind)
  end)
end)

describe("check_finite", function()
  balance.file(setup, teardown)

  it("names the first bad tensor of a nest in sorted order", function()
    local nest = {
      b = tnt.tensor { NAN }, a = { tnt.ones(2), tnt.tensor { { 1, 2 }, { INF, 3 } } },
    }
    local err = failure(tnt.check_finite, nest, "batch")
    assert.equal("state", err.kind)
    assert.equal("check_finite: batch.a[2] holds 1 infinite of 4 elements, the first at [2, 1]",
      err.message)
    nest.a, nest.self = nil, nest
    contains(failure(tnt.check_finite, nest).message, "the nest.b holds 1 NaN of 1 elements")
    nest.b = tnt.i64 { 1 }
    assert.equal(nest, tnt.check_finite(nest))
    contains(failure(tnt.check_finite, tnt.full({}, NAN)).message, "the tensor holds 1 NaN")
  end)

  it("looks at a module's parameters and their gradients", function()
    local net = tnt.nn.Linear(2, 1)
    assert.equal(net, tnt.check_finite(net, "net"))
    net.weight.grad = tnt.tensor { { 1, NAN } }
    contains(failure(tnt.check_finite, net, "net").message,
      "the gradient of net.weight holds 1 NaN of 2 elements, the first at [1, 2]")
    tnt.no_grad(function() net.bias:fill_(INF) end)
    net.weight.grad = nil
    contains(failure(tnt.check_finite, net, "net").message, "net.bias holds 1 infinite of 1")
  end)

  it("refuses what holds no tensors", function()
    assert.equal("argument", failure(tnt.check_finite, 3).kind)
  end)
end)
