-- R2 of core.md section 1: what is released, what dissolves, and what becomes of that where no
-- scope is outside.

local tnt = require "tnt"
local balance = require "spec.balance"
local program = require "spec.ownership.program"
local scope = require "tnt.scope"
local module_with = program.module_with
local context = require("tnt.core").context

describe("R2, closing a scope:", function()
  balance.file(setup, teardown)
  after_each(function() assert.equal(0, context.depth) end)

  it("closed innermost by its owner it releases", function()
    local inside
    tnt.scope(function() inside = tnt.ones(2) end)
    assert.is_false(inside:is_alive())
  end)

  it("an error in tnt.scope with none outside dissolves: what was made lives on", function()
    balance.of(function()
      local inside
      pcall(tnt.scope, function()
        inside = tnt.ones(2)
        error "no"
      end)
      assert.equal(2, inside:sum():item())
    end)
  end)

  it("an error in the outermost call of a module leaves no scope open", function()
    balance.of(function()
      local inside
      local net = module_with { forward = function(_, x) inside = x * 2 error "no" end }
      assert.is_false((pcall(net, tnt.ones(2))))
      assert.equal(0, context.depth)
      assert.equal(4, inside:sum():item())
    end)
  end)

  it("scopes that an error left open end with the one they were opened in", function()
    balance.of(function()
      local inner, after
      tnt.scope(function()
        local net = module_with { forward = function(_, x) inner = x * 2 error "no" end }
        pcall(net, tnt.ones(2))
        assert.equal(2, context.depth)
        assert.equal(4, inner:sum():item()) -- usable until then
        after = tnt.ones(3)
        assert.equal(3, after:sum():item())
      end)
      assert.equal(0, context.depth)
      assert.is_false(inner:is_alive())
      assert.is_false(after:is_alive())
    end)
  end)

  it("results leave although a scope was left open inside", function()
    balance.of(function()
      local net = module_with { forward = function(_, x) local _ = x * 2 error "no" end }
      local y = tnt.scope(function()
        pcall(net, tnt.ones(2))
        return tnt.ones(2) * 3
      end)
      assert.equal(6, y:sum():item())
    end)
  end)

  it("a break in an inner loop of steps ends with the outer turn", function()
    balance.of(function()
      local kept
      for _ in tnt.steps { 1, 2, 3 } do
        for j in tnt.steps { 1, 2, 3 } do
          kept = tnt.ones(4)
          if j == 2 then break end
        end
        assert.is_true(kept:is_alive())
      end
      assert.is_false(kept:is_alive())
    end)
  end)

  it("the next tnt.steps takes the turn of a loop that was left", function()
    balance.of(function()
      for _ = 1, 5 do
        for i in tnt.steps { 1, 2, 3 } do
          local _ = tnt.ones(8)
          if i == 2 then break end
        end
      end
      for _ in tnt.steps { 1 } do assert.equal(1, context.depth) end
      scope.dissolve_all()
    end)
  end)

  it("loops that are broken every time do not fill memory", function()
    local limbo = require "tnt.scope.limbo"
    local limit = limbo.max_bytes
    limbo.max_bytes = 1e6
    local most = 0
    local last
    for _ = 1, 50 do
      for _ in tnt.steps { 1, 2 } do -- luacheck: ignore 512
        last = tnt.ones(25000) -- 100 kB each
        local _ = last * 2
        break
      end
      most = math.max(most, tnt.memory().live_bytes)
    end
    scope.dissolve_all()
    limbo.max_bytes = limit
    assert.is_true(most < 3e6, most .. " bytes live")
    assert.equal(25000, last:sum():item()) -- what Lua still has was found
  end)

  it("the search of the limbo finds handles wherever Lua has them", function()
    local places = {}
    local co = coroutine.create(function()
      local a, b = tnt.full({ 1 }, 5), { tnt.full({ 1 }, 6) }
      coroutine.yield()
      return a, b
    end)
    local wrapped
    for _ in tnt.steps { 1 } do -- luacheck: ignore 512
      places.list = { deep = { { tnt.full({ 1 }, 1) } } }
      local up = tnt.full({ 1 }, 2)
      places.closure = function() return up end
      places[tnt.full({ 1 }, 3)] = true
      places.object = setmetatable({}, { held = tnt.full({ 1 }, 4) })
      coroutine.resume(co)
      local inner = tnt.full({ 1 }, 7)
      wrapped = coroutine.wrap(function() coroutine.yield() return inner end)
      wrapped()
      local _ = tnt.full({ 1 }, 8) -- nobody has this one
      break
    end
    local function read(...) return ... end
    local vararg = read((function(...)
      scope.dissolve_all()
      local before = tnt.memory().live_tensors
      require("tnt.scope.limbo").search()
      assert.is_true(tnt.memory().live_tensors < before)
      assert.equal(0, tnt.memory().orphaned_tensors)
      return (...)
    end)(places.list.deep[1][1]))
    assert.equal(1, vararg:item())
    assert.equal(2, places.closure():item())
    assert.equal(4, getmetatable(places.object).held:item())
    local _, a, b = coroutine.resume(co)
    assert.equal(5, a:item())
    assert.equal(6, b[1]:item())
    assert.equal(7, wrapped():item())
  end)

  it("a coroutine that holds a scope open makes an outer close dissolve", function()
    balance.of(function()
      local inside, outside
      local co = coroutine.wrap(function()
        tnt.scope(function()
          inside = tnt.ones(2)
          coroutine.yield()
          assert.equal(2, inside:sum():item())
        end)
      end)
      tnt.scope(function()
        outside = tnt.ones(3)
        co()
      end)
      assert.is_true(outside:is_alive()) -- in doubt nothing is released
      assert.is_true(inside:is_alive())
      co()
      assert.is_false(inside:is_alive())
      assert.equal(0, context.depth)
    end)
  end)

  it("scopes in coroutines close in order, whatever runs between", function()
    balance.of(function()
      local results = {}
      local cos = {}
      for k = 1, 3 do
        cos[k] = coroutine.wrap(function()
          for i = 1, 3 do
            local y = tnt.scope(function() return (tnt.ones(2) * k + i):sum() end)
            results[#results + 1] = y:item()
            coroutine.yield()
          end
        end)
      end
      for _ = 1, 3 do
        for k = 1, 3 do cos[k]() end
      end
      assert.same({ 4, 6, 8, 6, 8, 10, 8, 10, 12 }, results)
    end)
  end)

  it("a coroutine that died, or was dropped, with a scope open holds up nobody", function()
    balance.of(function()
      local inside
      tnt.scope(function()
        local co = coroutine.create(function()
          scope.open "scope"
          inside = tnt.ones(2)
          error "no"
        end)
        assert.is_false((coroutine.resume(co)))
      end)
      assert.is_false(inside:is_alive())
      for turn in tnt.steps { 1, 2 } do
        if turn == 1 then
          coroutine.wrap(function()
            scope.open "scope"
            inside = tnt.ones(2)
            coroutine.yield()
          end)()
        end
        collectgarbage()
        collectgarbage()
      end
      assert.is_false(inside:is_alive())
    end)
  end)

  it("an iterator of turns that the collector takes disturbs no other scope", function()
    balance.of(function()
      do
        local turn = tnt.steps { 1, 2 }
        turn()
      end
      tnt.scope(function()
        local x = tnt.ones(2)
        collectgarbage()
        collectgarbage()
        assert.is_true(context.depth >= 1)
        assert.equal(2, x:sum():item())
      end)
      scope.dissolve_all()
    end)
  end)
end)
