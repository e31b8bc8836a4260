-- Every loop here runs for ever: only a signal ends it; else the deadline of process.lua fails the
-- test.
local process = require "spec.cli.process"

local INT, TERM, KILL = 2, 15, 9

-- Starts a script and returns once it has printed "ready".
local function start(text, words)
  local terminal = process.spawn { process.file(text), unpack(words or {}) }
  terminal:expect "ready"
  return terminal
end

local loops = {
  ["a counting loop"] = "for i = 1, 1e15 do end",
  ["nested loops"] = "local s = 0 for i = 1, 1e12 do for j = 1, 10 do s = s + j end end",
  ["a loop with floating-point tests"] = [[
    local x = 1.5
    repeat x = x * 1.0000001 if x > 1e300 then x = 1.5 end until x < 0]],
  ["a loop that allocates"] = "local t while true do t = {1, 2, t and t[1]} end",
  ["a loop over an array"] = [[
    local t, s = {}, 0
    for i = 1, 100 do t[i] = i end
    while true do for i = 1, #t do s = s + t[i] end end]],
  ["string building"] = "local n = 0 while true do local s = tostring(n) n = n + #s end",
  ["calls of C functions"] = "while true do table.sort {3, 1, 2} end",
  ["recursion"] = [[
    local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
    fib(100)]],
  ["a coroutine"] = [[
    local co = coroutine.wrap(function()
      while true do for _ = 1, 1000 do end coroutine.yield() end
    end)
    while true do co() end]],
  ["a loop whose exit has been compiled"] = [[
    local function sum(n) local s = 0 for i = 1, n do s = s + i end return s end
    for _ = 1, 1000 do sum(200) end
    sum(1e15)]],
  ["interpreted code"] = "jit.off(true, true) while true do end",
}

describe("a signal", function()
  teardown(process.cleanup)

  for name, text in pairs(loops) do
    it("leaves " .. name, function()
      local terminal = start("print 'ready'\n" .. text)
      terminal:kill(INT)
      local status, seen = terminal:finish()
      assert.equal(130, status)
      assert.matches("tntlua: [^\n]*:%d+: interrupted\n", seen)
    end)
  end

  it("becomes an error of kind interrupted that pcall catches", function()
    local terminal = start [[
      local ok, err = pcall(function() print "ready" for i = 1, 1e15 do end end)
      print(ok, err.kind, err.message, err.signal, err.where ~= nil)
    ]]
    terminal:kill(INT)
    local status, seen = terminal:finish()
    assert.equal(0, status)
    assert.matches("false\tinterrupted\tinterrupted\t2\ttrue", seen, 1, true)
  end)

  it("ends a program with 143 when it is SIGTERM", function()
    local terminal = start "print 'ready' for i = 1, 1e15 do end"
    terminal:kill(TERM)
    local status, seen = terminal:finish()
    assert.equal(143, status)
    assert.matches("terminated", seen, 1, true)
  end)

  for name, signal in pairs { [130] = INT, [143] = TERM } do
    it("lets a training loop finish its step, and ends with " .. name, function()
      local terminal = start [[
        local tnt = require "tnt"
        local Unit = tnt.TrainUnit:extend "Unit"
        function Unit:train_step(state)
          if state.progress.num_steps_completed == 3 then print "ready" end
        end
        tnt.train(Unit {}, { train_dataloader = { 1, 2, 3, 4 }, max_epochs = math.huge })
      ]]
      terminal:kill(signal)
      local status, seen = terminal:finish()
      assert.equal(name, status)
      assert.matches("the step was finished and the epoch left open", seen, 1, true)
    end)
  end

  it("stops operations", function()
    local terminal = start [[
      local tnt = require "tnt"
      local w = tnt.ones(2, {requires_grad = true})
      print "ready"
      while true do tnt.scope(function() (w * 2):sum():backward() end) end
    ]]
    terminal:kill(INT)
    local status, seen = terminal:finish()
    assert.equal(130, status)
    assert.matches("interrupted", seen, 1, true)
  end)

  it("runs finalizers on the way out", function()
    local terminal = start [[
      local guard = newproxy(true)
      getmetatable(guard).__gc = function() print "closed" end
      print "ready"
      for i = 1, 1e15 do end
      print(guard)
    ]]
    terminal:kill(INT)
    assert.matches("closed", (select(2, terminal:finish())), 1, true)
  end)

  it("kills when it is the second and nothing can stop the code", function()
    local terminal = start [[
      jit.attach(function(what) if what == "stop" then print "ready" end end, "trace")
      local i = 0
      ::top:: i = i + 1 goto top -- compiled, it tests nothing
    ]]
    terminal:insist(INT)
    local status, seen = terminal:finish()
    assert.equal(130, status)
    assert.is_nil(seen:find "interrupted")
  end)

  -- Forced exits may take wrong branches: what runs afterwards must be right all the same.
  it("leaves no wrong result behind, however often it comes", function()
    local terminal = start [[
      local function work()
        local s, t = 0, {}
        for i = 1, 500 do t[i] = {i, tostring(i)} end
        for _ = 1, 30 do
          for i = 1, #t do
            if t[i][1] % 2 == 0 then s = s + #t[i][2] else s = s + 1 end
          end
        end
        local x = 0
        for i = 1, 20000 do x = x + i % 7 end
        return s * 1e6 + x
      end
      local expected = work()
      print "ready"
      for hits = 1, 100 do
        local ok, why = pcall(function()
          print("hit " .. hits)
          for _ = 1, 1e9 do
            local fine, got = pcall(work)
            if not fine then error(got, 0) end
            if got ~= expected then error("WRONG " .. got .. " for " .. expected) end
          end
        end)
        assert(not ok and type(why) == "table" and why.kind == "interrupted", tostring(why))
      end
      for _ = 1, 100 do assert(work() == expected) end
      print "all right"
    ]]
    local seed = os.time()
    math.randomseed(seed)
    for i = 1, 100 do
      terminal:expect("hit " .. i)
      for _ = 1, math.random(1e6) do end -- at any place of the work, which takes about as long
      terminal:kill(INT)
    end
    local status, seen = terminal:finish()
    assert.matches("all right", seen, 1, true, "seed " .. seed)
    assert.equal(0, status)
  end)

  it("kills the program that is not Lua's any more", function()
    local terminal = start "print 'ready' io.read()"
    terminal:kill(KILL)
    assert.equal(137, (terminal:finish()))
  end)
end)
