-- In-place forms: the results and gradients of the others, in strided memory and through views;
-- what they may not do; and
-- that no gradient is ever worked out of values that were overwritten meanwhile.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local build = require "spec.ops.build"
local examples = require "spec.ops.examples"

local function fits(case) -- the result has the first argument's shape
  local x = case.args[1]
  if type(x) ~= "table" or x.is ~= "tensor" then return false end
  local args = build.arguments(case, "f64")
  local y = build.call(case, args)[1]
  return table.concat(y.shape, ",") == table.concat(args[1].shape, ",")
end

local function in_place_rows()
  local list = {}
  for _, row in ipairs(examples.walk()) do
    if row.inplace then
      for _, case in ipairs(examples.of(row)) do
        if fits(case) then list[#list + 1] = case end
      end
    end
  end
  return list
end

describe("the in-place form of", function()
  for _, case in ipairs(in_place_rows()) do
    local name = case.row.name
    it(case.name .. " gives what the other gives, in the same object", function()
      for _, dtype in ipairs { "f64", "f32", "f16", "i64" } do
        local whole = dtype == "i64"
        if not whole or (case.row.int and not case.row.float) then
          for _, layout in ipairs { "dense", "transposed", "sliced" } do
            local args = build.arguments(case, dtype)
            local want = build.call(case, args)[1]
            local x = build.layouts[layout](args[1]:clone())
            local before = tostring(x:data_ptr())
            args[1] = x
            local y = ops[name .. "_"](unpack(args, 1, case.n))
            assert.is_true(rawequal(x, y))
            assert.equal(before, tostring(x:data_ptr()))
            assert.equal(dtype, y.dtype)
            assert.is_true(build.same_bits(want, y), ("%s %s %s"):format(case.name, dtype, layout))
          end
        end
      end
    end)

    local has_gradient = not case.row.y or next { (function()
      for _, a in ipairs(case.row.args) do
        if case.row["d" .. a.name] then return true end
      end
    end)() }
    if has_gradient then
      it(case.name .. " has the other's gradients, whole and through a view", function()
        local function gradients(apply)
          local leaves = {}
          local args = build.arguments(case, "f64", "dense", function(x, i)
            if examples.differentiable(case, i) then
              x.requires_grad = true
              leaves[#leaves + 1] = x
            end
            return x
          end)
          local y = apply(args)
          local w = (tnt.arange(y:numel(), { dtype = "f64" }) % 7 - 3):view(y.shape)
          local grads = tnt.grad({ (y * w):sum() }, leaves, { allow_unused = true })
          local out = { build.flat(y) }
          for k, g in ipairs(grads) do
            if not g then g = tnt.zeros_like(leaves[k]) end
            out[k + 1] = build.flat(g)
          end
          return out
        end
        local want = gradients(function(args) return build.call(case, args)[1] end)
        local function compare(what, apply)
          local got = gradients(apply)
          for k, w in ipairs(want) do
            assert.is_nil(build.difference(got[k], w, 1e-12, 1e-12), case.name .. " " .. what .. k)
          end
        end
        local f = ops[name .. "_"]
        compare("whole", function(args)
          args[1] = args[1]:clone()
          return f(unpack(args, 1, case.n))
        end)
        compare("through a transposed view", function(args)
          local base = args[1]:clone()
          if base:dim() < 2 then return f(base, unpack(args, 2, case.n)) end
          local room = base:transpose(1, 2):clone() -- its transposed view has the shape of x
          args[1] = room:transpose(1, 2)
          f(unpack(args, 1, case.n))
          return room:transpose(1, 2)
        end)
        compare("through a part of a larger one", function(args)
          local x = args[1]
          local room = tnt.stack({ tnt.zeros_like(x), x, tnt.ones_like(x) }, 1) * 1
          args[1] = room:select(1, 2)
          f(unpack(args, 1, case.n))
          return room:select(1, 2)
        end)
      end)
    end
  end
end)

describe("after a change in place", function()
  -- Either backward knows (kind state, naming what was changed), or what was changed was not
  -- needed.
  for _, row in ipairs(examples.walk()) do
    for _, case in ipairs(examples.of(row)) do
      local any = false
      for i = 1, case.n do any = any or examples.differentiable(case, i) end
      if any and not row.view and row.name ~= "cat" then
        it("the gradient of " .. case.name .. " is right or refused", function()
          local function run(change)
            local leaves = {}
            local args = build.arguments(case, "f64", "dense", function(x, i)
              if not examples.differentiable(case, i) then return x:clone() end
              x.requires_grad = true
              leaves[#leaves + 1] = x
              return x * 1
            end)
            local y = build.call(case, args)[1]
            local w = (tnt.arange(y:numel(), { dtype = "f64" }) % 7 - 3):view(y.shape)
            local loss
            if change then loss = change(args, y, w) end
            loss = loss or (y * w):sum()
            local ok, grads = pcall(tnt.grad, { loss }, leaves, { allow_unused = true })
            if not ok then
              assert.equal("state", grads.kind, tostring(grads))
              assert.truthy(grads.message:find("changed in place", 1, true), grads.message)
              return nil
            end
            local out = {}
            for k, g in ipairs(grads) do out[k] = g and build.flat(g) or {} end
            return out
          end
          local want = run()
          for i = 1, case.n do
            if tnt.is_tensor(build.arguments(case, "f64")[i]) then
              local got = run(function(args)
                local x = args[i]
                if x.dtype == "bool" then x:copy_(x:logical_not())
                elseif x.dtype == "i64" then x:mul_(0)
                else x:mul_(0.5) end
              end)
              if got then
                for k, w in ipairs(want) do
                  assert.is_nil(build.difference(got[k], w, 1e-12, 1e-12),
                    ("argument %d changed"):format(i))
                end
              end
            end
          end
          -- the result, changed: its gradient is that of twice it
          local got = run(function(_, y, w)
            y:mul_(2)
            return (y * w):sum()
          end)
          if got then
            for k, w in ipairs(want) do
              for e = 1, #w do w[e] = 2 * w[e] end
              assert.is_nil(build.difference(got[k], w, 1e-12, 1e-12), "the result changed")
            end
          end
        end)
      end
    end
  end

  it("mul, exp, matmul and sigmoid, which need what was changed, refuse", function()
    local function refused(f)
      local x = tnt.ones(2, 2, { requires_grad = true })
      local ok, err = pcall(function() f(x * 2):sum():backward() end)
      assert.is_false(ok)
      assert.equal("state", err.kind)
    end
    refused(function(x) local y = x * x; x:add_(1); return y end)
    refused(function(x) local y = x:exp(); y:add_(1); return y end)
    refused(function(x) local y = x:matmul(x); x:zero_(); return y end)
    refused(function(x) local y = x:sigmoid(); y:select(1, 1):zero_(); return y end)
    refused(function(x) local y = x:square(); x[{ 1, 1 }] = 3; return y end)
    -- shares memory and version
    refused(function(x) local y = x:square(); x:detach():add_(1); return y end)
  end)
end)

describe("gradients of gradients through", function()
  local pairs_of = {
    ["mul_"] = { function(x) return (x * x):mul(x) end, function(x) return (x * x):mul_(x) end },
    ["mul_ by itself"] = { function(x) return (x * 2):square() end,
      function(x)
        local y = x * 2
        return y:mul_(y)
      end },
    ["pow_"] = { function(x) return (x * 2):pow(3) end, function(x) return (x * 2):pow_(3) end },
    ["sigmoid_"] = { function(x) return (x * 2):sigmoid() * x end,
      function(x) return (x * 2):sigmoid_() * x end },
    ["square_ and exp_"] = { function(x) return (x * 2):square():exp() end,
      function(x) return (x * 2):square_():exp_() end },
    ["a view"] = { function(x) return tnt.cat { (x * 2)[{ { 1, 2 } }]:square(),
      (x * 2)[{ { 3, 3 } }] } end,
      function(x)
        local y = x * 2
        y[{ { 1, 2 } }]:square_()
        return y
      end },
    ["an assignment"] = { function(x) return tnt.cat { (x * 2)[{ { 1, 2 } }],
      (x * x)[{ { 3, 3 } }] } end,
      function(x)
        local y = x * 2
        y[3] = x[3] * x[3]
        return y
      end },
  }
  local function both(f)
    local x = tnt.f64 { 0.3, -0.7, 1.1 }
    x.requires_grad = true
    local first = tnt.grad(f(x):sum(), x, { create_graph = true })
    local second = tnt.grad((first * tnt.f64 { 1, 2, 3 }):sum(), x)
    return build.flat(first), build.flat(second)
  end
  for name, two in require "tnt.sorted"(pairs_of) do
    it(name .. " are those of the out-of-place form", function()
      local first, second = both(two[1])
      local got_first, got_second = both(two[2])
      assert.is_nil(build.difference(got_first, first, 1e-12, 1e-12))
      assert.is_nil(build.difference(got_second, second, 1e-12, 1e-12))
    end)
  end
end)

describe("in place is refused", function()
  local function refused(kind, f, ...)
    local ok, err = pcall(f, ...)
    assert.is_false(ok)
    assert.equal(kind, err.kind, tostring(err))
    return err.message
  end

  it("in a leaf that requires a gradient, and in views of it, but under no_grad", function()
    local x = tnt.ones(2, 2, { requires_grad = true })
    assert.truthy(refused("state", x.add_, x, 1):find("add_", 1, true))
    refused("state", function() x[1]:zero_() end)
    refused("state", function() x[1] = 3 end)
    refused("state", function() x:detach():requires_grad_():mul_(2) end)
    tnt.no_grad(function() x:add_(1) end)
    assert.same({ { 2, 2 }, { 2, 2 } }, x:totable())
    assert.is_true(x.requires_grad and x.is_leaf)
  end)

  it("in expanded memory, and in windows that overlap", function()
    local x = tnt.ones(1, 3)
    refused("state", function() x:expand(2, 3):add_(1) end)
    refused("state", function() x:expand(2, 3):zero_() end)
    refused("state", function() tnt.ones(5):unfold(1, 3, 1):fill_(2) end)
    tnt.ones(6):unfold(1, 3, 3):fill_(2)
    assert.same({ { 1, 1, 1 } }, x:totable())
  end)

  it("where another argument overlaps in part, but not where it is the same", function()
    local x = tnt.arange(6, { dtype = "f32" })
    refused("state", function() x[{ { 2, 6 } }]:add_(x[{ { 1, 5 } }]) end)
    refused("state", function() x[{ { 2, 6 } }]:copy_(x[{ { 1, 5 } }]) end)
    x:add_(x)
    assert.same({ 0, 2, 4, 6, 8, 10 }, x:totable())
    local m = tnt.f32 { { 1, 2 }, { 3, 4 } }
    refused("state", function() m:add_(m:t()) end)
  end)

  it("where the result is wider or larger", function()
    local x = tnt.ones(3, { dtype = "i64" })
    refused("dtype", function() x:add_(0.5) end)
    refused("dtype", function() x:add_(tnt.ones(3)) end)
    refused("dtype", function() x:div_(2) end)
    refused("dtype", function() x:gt(0):add_(1) end)
    refused("shape", function() tnt.ones(3):add_(tnt.ones(2, 3)) end)
    refused("shape", function() tnt.ones(1):add_(tnt.ones(3)) end)
    refused("shape", function() tnt.ones(3):copy_(tnt.ones(2, 3)) end)
    local y = tnt.ones(3, { dtype = "f16" })
    y:add_(tnt.ones(3, { dtype = "f64" }))
    assert.equal("f16", y.dtype)
  end)
end)

describe("views and bases", function()
  it("see what is written through either", function()
    local x = tnt.zeros(2, 3)
    local row, column = x[1], x[{ {}, 2 }]
    row:fill_(1)
    column:add_(5)
    assert.same({ { 1, 6, 1 }, { 0, 5, 0 } }, x:totable())
    local deep = x[{ {}, { 2, 3 } }]:t()[1]
    deep:zero_()
    assert.same({ { 1, 0, 1 }, { 0, 0, 0 } }, x:totable())
    assert.same({ 0, 0 }, column:totable())
  end)

  it("share a history: what a view got flows back from the base, and from other views", function()
    local a = tnt.f64 { 1, 2, 3, 4 }
    a.requires_grad = true
    local x = a * 1
    local first, other = x[{ { 1, 2 } }], x[{ { 2, 3 } }]
    first:mul_(10) -- x = 10a1, 20, 3, 4
    local w = tnt.f64 { 1, 2, 3, 4 }
    assert.same({ 20, 3 }, other:totable())
    local g = tnt.grad({ (x * w):sum() + (other * tnt.f64 { 100, 1000 }):sum() }, { a })[1]
    assert.same({ 10, 10 * (2 + 100), 3 + 1000, 4 }, g:totable())
  end)

  it("of a base overwritten whole: nothing flows from before", function()
    local a = tnt.f64 { 1, 2, 3 }
    a.requires_grad = true
    local x = a * 2
    local view = x[{ { 1, 2 } }]
    local y = x:sum()
    view:copy_(tnt.f64 { 7, 8 })
    local g = tnt.grad({ x:sum() + y }, { a })[1]
    assert.same({ 2, 2, 4 }, g:totable())
  end)

  it("take a source that requires a gradient where the base did not", function()
    local room = tnt.zeros(3, { dtype = "f64" })
    local a = tnt.f64(2)
    a.requires_grad = true
    room[2] = a * 3
    assert.is_true(room.requires_grad)
    assert.equal(3, tnt.grad({ (room * 5):sum() / 5 }, { a })[1]:item())
  end)

  it("a view of a view of a view, written", function()
    local a = tnt.arange(24, { dtype = "f64" }):view(2, 3, 4)
    a.requires_grad = true
    local x = a * 1
    x:transpose(1, 3):select(2, 2):narrow(1, 2, 2):mul_(tnt.f64 { { 2, 3 }, { 5, 7 } })
    local g = tnt.grad({ x:sum() }, { a })[1]
    local want = tnt.ones(2, 3, 4, { dtype = "f64" })
    want[{ 1, 2, { 2, 3 } }] = tnt.f64 { 2, 5 }
    want[{ 2, 2, { 2, 3 } }] = tnt.f64 { 3, 7 }
    assert.is_true(build.same_bits(want, g))
  end)
end)
