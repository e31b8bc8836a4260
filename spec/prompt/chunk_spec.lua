local chunk = require "tnt.prompt.chunk"
local environment = require "tnt.prompt.environment"

-- A session: lines run one after another; gives what the last expression gave.
local function session()
  local env = environment.new()
  local checks = 0
  environment.set(env, chunk.CHECK, function() checks = checks + 1 end)
  local self = { env = env.values }
  function self.checks() return checks end
  function self.run(source)
    local code, why, message = chunk.compile(source)
    if not code then return why or message end
    environment.declare(env, code.declares)
    setfenv(code.run, env.values)
    return select(code.is_expression and 2 or 1, code.run())
  end
  return self
end

local function run(...)
  local s = session()
  local results
  for _, line in ipairs { ... } do results = { s.run(line) } end
  return unpack(results)
end

describe("a chunk at the prompt #tiny", function()
  it("is an expression if it can be one", function()
    assert.equal(3, run "1 + 2")
    assert.same({ 1, 2 }, { run "1, 2" })
    assert.equal(4, run "= 4")
    assert.equal("x", run "('x')")
    assert.equal(3, run("x = 3", "x"))
    _G.x = nil
  end)

  it("keeps top-level locals for later lines", function()
    assert.equal(5, run("local x = 5", "x"))
    assert.same({ 1, 2 }, { run("local a, b = 1, 2", "a, b") })
    assert.same({ 1, nil }, { run("local a, b = 1", "a, b") })
    assert.equal(24, run("local function f(n) return n == 0 and 1 or n * f(n - 1) end", "f(4)"))
    assert.same({ 1, 2, 3 }, { run("local a = 1; local b = 2 local c = a + b", "a, b, c") })
    assert.equal(3, run("local t = {\n  x = 3,\n}\nlocal y = t.x", "y"))
    assert.equal("wörld", run('local héllo = "wörld"', "héllo"))
  end)

  it("makes no globals of them", function()
    run("local secret = 1", "secret")
    assert.is_nil(_G.secret)
    run "open_ = 1"
    assert.equal(1, _G.open_)
    _G.open_ = nil
  end)

  it("shares them with functions of earlier lines", function()
    assert.equal(2, run("local n = 0", "function inc() n = n + 1 end", "inc() inc()", "n"))
    assert.equal(7, run("local n = 0 local function get() return n end", "n = 7", "get()"))
    _G.inc = nil
  end)

  it("shadows globals, also with nil, and only at the prompt", function()
    assert.equal(1, run("local print = 1", "print"))
    assert.is_nil((run("local print", "print")))
    assert.is_nil((run("local print = 1", "print = nil", "print")))
    assert.equal(2, run("local print", "print = 2", "print"))
    assert.is_function(print)
  end)

  it("redeclares, from itself too", function()
    assert.equal(2, run("local x = 1", "local x = x + 1", "x"))
    assert.is_nil((run("local x = 1", "local x", "x")))
  end)

  it("leaves locals of blocks and functions where they are", function()
    assert.equal(1, run("local x = 1", "do local x = 2 end", "x"))
    assert.equal(1, run("local x = 1", "if true then local x = 2 else local x = 3 end", "x"))
    assert.equal(1, run("local x = 1", "for i = 1, 2 do local x = i end", "x"))
    assert.equal(1, run("local x = 1", "repeat local x = 2 until x == 2", "x"))
    assert.equal(1, run("local x = 1", "while true do local x = 2 break end", "x"))
    assert.equal(1, run("local x = 1", "local function f() local x = 2 end f()", "x"))
    assert.equal(1, run("local x = 1", "local f = function() local x = 2 end f()", "x"))
    assert.equal(3, run("do local x = 2 end local x = 3", "x"))
    assert.equal(3, run("if false then elseif true then local x = 1 end local x = 3", "x"))
    assert.equal(9,
      run("for i = 1, 2 do if i then while false do end end end local z = 9", "z"))
  end)

  it("is not confused by strings and comments", function()
    assert.equal("local y = 2", run('local x = "local y = 2"', "x"))
    assert.equal(" end do ", run("local x = [[ end do ]]", "x"))
    assert.equal(1, run("-- do do do\nlocal x = 1", "x"))
    assert.equal(1, run("--[==[ do ]] ]==] local x = 1", "x"))
    assert.equal('"end', run([[local x = '"end' local y = "\"do" ]], "x"))
    assert.equal(1e-5, run("local x = 1e-5", "x"))
    assert.equal("12", run("local x = 1 ..2", "x"))
    assert.equal(3, run("local x <not lua> = 1", "local x = 3", "x"))
  end)

  it("refuses what is wrong as it was written", function()
    assert.matches("unexpected symbol near '%+'", run "local x + 1")
    assert.matches("near", run "local = 3")
    assert.matches("^prompt:1: '=' expected near 'y'", run "x y")
    assert.matches("^prompt:2: ", run "local x = 1\ny z")
  end)

  it("knows when more lines are needed", function()
    for _, source in ipairs {
      "for i = 1, 2 do", "function f()", "local x =", "f(", "{1,", "x = [[", "--[[", "1 +",
      "if x then", "local function f()", "repeat", "print(1,\n2,", "return",
    } do
      local code, why = chunk.compile(source)
      if source == "return" then
        assert.is_table(code)
      else
        assert.equal("incomplete", why, source)
      end
    end
    for _, source in ipairs { "end", "x y", "f(]", "'abc", ")", "local 1" } do
      local code, why, message = chunk.compile(source)
      assert.is_nil(code)
      assert.is_nil(why, source)
      assert.is_string(message)
    end
  end)

  it("takes text only, no bytecode", function()
    local code, why, message = chunk.compile(string.dump(function() end))
    assert.is_nil(code)
    assert.is_nil(why)
    assert.is_string(message)
  end)

  it("accepts comments alone", function()
    assert.is_nil((run "-- nothing"))
  end)

  it("checks for signals in while and repeat loops, and nowhere else", function()
    local s = session()
    s.run "local i = 0 while i < 3 do i = i + 1 end"
    assert.equal(3, s.checks())
    s.run "repeat i = i - 1 until i == 0"
    assert.equal(6, s.checks())
    s.run "for i = 1, 10 do do local x = i end end for _ in pairs {1} do end"
    assert.equal(6, s.checks())
    s.run("while (function() for i = 1, 5 do end return i < 2 end)() do "
      .. "(function() i = i + 1 end)() end")
    assert.equal(8, s.checks())
    assert.equal(2, s.run "(function() local n = 0 while n < 2 do n = n + 1 end return n end)()")
    assert.equal(10, s.checks())
  end)

  it("loads tnt, nn and F only when they are named", function()
    local loaded = 0
    local saved = { package.loaded.tnt, package.preload.tnt }
    package.loaded.tnt = nil
    package.preload.tnt = function()
      loaded = loaded + 1
      return { nn = { functional = { name = "F" } }, name = "tnt" }
    end
    local s = session()
    s.run "local x = 1"
    assert.equal(0, loaded)
    assert.equal("tnt", s.run "tnt.name")
    assert.equal("F", s.run "F.name")
    assert.equal("F", s.run "nn.functional.name")
    assert.equal(5, (s.run "local nn = 5" or s.run "nn"))
    package.loaded.tnt, package.preload.tnt = saved[1], saved[2]
    assert.equal(1, loaded)
  end)
end)
