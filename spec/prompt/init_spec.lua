-- The prompt as a user sees it, on a pseudo-terminal.
local process = require "spec.cli.process"

local INT, TERM = 2, 15
local INTERRUPT, END, TAB, UP = "\3", "\4", "\t", "\27[A"

local function state_directory()
  return process.directory()
end

local function open(state)
  local terminal = process.spawn({},
    { XDG_STATE_HOME = state or state_directory(), LC_ALL = "C.UTF-8" })
  terminal:expect "ctrl-D leaves"
  terminal:expect "> "
  return terminal
end

local function close(terminal)
  terminal:send(END)
  local status, seen = terminal:finish()
  assert.equal(0, status, seen)
end

local has_editing = process.run { "-e", "print(require('tnt.cli').editing)" } == "true\n"

describe("the prompt", function()
  teardown(process.cleanup)

  it("greets in one line, prints values, and leaves with ctrl-D", function()
    local terminal = process.spawn({}, { XDG_STATE_HOME = state_directory() })
    assert.equal("", (terminal:expect "tntlua "):gsub("\27%[[%d;?]*%a", ""))
    assert.is_nil((terminal:expect "> "):gsub("\r\n$", ""):find "\n")
    assert.equal("3", terminal:line "1 + 2")
    assert.equal('"x"\t2', terminal:line "'x', 2")
    assert.equal("6", terminal:line "(_ == 'x') and 6")
    assert.equal("6", terminal:line "_")
    close(terminal)
  end)

  it("keeps locals from line to line", function()
    local terminal = open()
    terminal:send "local a, b = 1, 2\r"
    terminal:expect "\n> "
    assert.equal("1\t2", terminal:line "a, b")
    close(terminal)
  end)

  it("asks for the rest of a chunk with another prompt", function()
    local terminal = open()
    terminal:send "for i = 1, 2 do\r"
    terminal:expect "\n>> "
    terminal:send "print('turn ' .. i)\r"
    terminal:expect "\n>> "
    assert.equal("turn 1\nturn 2", terminal:line "end")
    close(terminal)
  end)

  it("reports errors and goes on", function()
    local terminal = open()
    assert.equal("prompt:1: boom", terminal:line "error 'boom'")
    assert.equal("prompt:1: '=' expected near 'y'", terminal:line "x y")
    terminal:send "function f() error 'deep' end\r"
    terminal:expect "\n> "
    assert.equal("prompt:1: deep\n  prompt:1: in function 'f'\n  prompt:1: in main chunk",
      terminal:line "f()")
    assert.equal("1", terminal:line "1")
    close(terminal)
  end)

  it("requires a module again that failed to load", function()
    local terminal = open()
    terminal:send "package.preload.broken = function() error 'still broken' end\r"
    terminal:expect "\n> "
    for _ = 1, 2 do assert.matches("still broken", (terminal:line "require 'broken'")) end
    terminal:send "package.preload.broken = function() return 'mended' end\r"
    terminal:expect "\n> "
    assert.equal('"mended"', terminal:line "require 'broken'")
    close(terminal)
  end)

  it("takes UTF-8", function()
    local terminal = open()
    assert.equal("7\t\"w\195\182rld\"", terminal:line "#'w\195\182rld' + 1, 'w\195\182rld'")
    close(terminal)
  end)

  it("interrupts a running line, compiled or not, and keeps the session", function()
    local terminal = open()
    for _, loop in ipairs {
      "while true do end", "for i = 1, 1e15 do end", "repeat until false",
      "jit.off(true, true) while true do end",
    } do
      terminal:send("local kept = 5 print('rea' .. 'dy') " .. loop .. "\r")
      terminal:expect "ready"
      terminal:send(INTERRUPT)
      terminal:expect "prompt:1: interrupted"
      terminal:expect "\n> "
      assert.equal("5", terminal:line "kept")
    end
    close(terminal)
  end)

  it("warns at the second ctrl-C and dies of the third when nothing helps", function()
    local terminal = open()
    terminal:send("jit.attach(function(what) "
      .. "if what == 'stop' then io.write('comp', 'iled\\n') io.flush() end end, 'trace')\r")
    terminal:expect "\n> "
    terminal:send "(function() local i = 0 ::top:: i = i + 1 goto top end)()\r"
    terminal:expect "compiled" -- a loop that tests nothing
    terminal:insist(INT, "ctrl-C again kills")
    terminal:insist(INT)
    assert.equal(130, (terminal:finish()))
  end)

  it("clears the line, and an unfinished chunk, on ctrl-C", function()
    local terminal = open()
    terminal:send "no such line"
    terminal:expect "no such line"
    terminal:send(INTERRUPT)
    terminal:expect "\n> "
    terminal:send "for i = 1, 2 do\r"
    terminal:expect "\n>> "
    terminal:send(INTERRUPT)
    terminal:expect "\n> "
    assert.equal("4", terminal:line "4")
    close(terminal)
  end)

  it("ends with 143 on SIGTERM, waiting or busy", function()
    local terminal = open()
    terminal:kill(TERM)
    assert.equal(143, (terminal:finish()))
    terminal = open()
    terminal:send "print('rea' .. 'dy') while true do end\r"
    terminal:expect "ready"
    terminal:kill(TERM)
    assert.equal(143, (terminal:finish()))
  end)

  it("completes names and fields with Tab", function()
    if not has_editing then pending "this build has no libedit" end
    local terminal = open()
    terminal:send "local net = {weight = 11, bias = {value = 12}}\r"
    terminal:expect "\n> "
    terminal:send("net.we" .. TAB .. "\r")
    terminal:expect "net.weight"
    terminal:expect "\n11"
    terminal:expect "\n> "
    terminal:send("net.b" .. TAB .. ".v" .. TAB .. "\r")
    terminal:expect "\n12"
    terminal:expect "\n> "
    terminal:send("string.re" .. TAB .. TAB)
    terminal:expect "string.rep"
    terminal:expect "string.reverse"
    terminal:expect "\n> string.re" -- the line again
    terminal:send(INTERRUPT)
    terminal:expect "\n> "
    close(terminal)
  end)

  it("recalls lines, also those of an earlier session", function()
    if not has_editing then pending "this build has no libedit" end
    local state = state_directory()
    local terminal = open(state)
    assert.equal("41", terminal:line "40 + 1")
    terminal:send(UP .. "\r")
    terminal:expect "40 + 1"
    terminal:expect "\n41"
    terminal:expect "\n> "
    close(terminal)
    terminal = open(state)
    terminal:send(UP .. "\r")
    terminal:expect "40 + 1"
    terminal:expect "\n41"
    terminal:expect "\n> "
    close(terminal)
    local file = assert(io.open(state .. "/tntlua/history"))
    assert.equal("40 + 1\n40 + 1\n40 + 1\n", file:read "*a")
    file:close()
  end)

  it("explains with ?name and help()", function()
    local terminal = open()
    assert.matches("^softmax%(x.*\n\n.*exp%(x%)", terminal:line "?softmax")
    assert.matches("did you mean ?softmax", terminal:line "?sofmax", 1, true)
    assert.matches("^softmax%(", terminal:line "help 'softmax'")
    assert.matches("ctrl-D leaves", terminal:line "help()", 1, true)
    close(terminal)
  end)

  it("dissolves scopes after every line, failed or not", function()
    local terminal = open()
    terminal:send("local n = 0 package.loaded['tnt.scope'] = "
      .. "{dissolve_all = function() n = n + 1 end}\r")
    terminal:expect "\n> "
    local before = tonumber(terminal:line "n")
    terminal:line "error 'x'"
    assert.equal(before + 2, tonumber(terminal:line "n"))
    close(terminal)
  end)

  it("has tnt there, and prints tensors", function()
    local terminal = open()
    terminal:send "local x = tnt.arange(6):reshape(2, 3)\r"
    terminal:expect "\n> "
    assert.equal("tensor([[0, 1, 2],\n        [3, 4, 5]])", terminal:line "x")
    assert.equal("{2, 3}\t15", terminal:line "x.shape, x:sum():item()")
    assert.equal("{i64 [2, 3], b = f32 [4]}", terminal:line "{x, b = tnt.zeros(4)}")
    if has_editing then
      terminal:send("x:nume" .. TAB .. "()\r")
      terminal:expect "\n6"
      terminal:expect "\n> "
    end
    assert.matches("^zeros\nZeros%. ", terminal:line "help(tnt.zeros)")
    assert.matches("^make.arange%(.*%)\n", terminal:line "?tnt.arange")
    assert.matches("^softmax%(x", terminal:line "help(x.softmax)")
    assert.equal("prompt:1: tnt has no 'zero'; did you mean 'zeros'?", terminal:line "tnt.zero")
    close(terminal)
  end)

  it("interrupts operations, in one line and in a backward pass", function()
    local terminal = open()
    terminal:send "local w = tnt.ones(2, {requires_grad = true})\r"
    terminal:expect "\n> "
    for _, loop in ipairs {
      "while true do w:mul(2) end", "for i = 1, 1e15 do local y = (w * 2):sum() y:backward() end",
      "tnt.scope(function() while true do local y = w * 2 end end)",
    } do
      terminal:send("print('rea' .. 'dy') " .. loop .. "\r")
      terminal:expect "ready"
      terminal:send(INTERRUPT)
      terminal:expect "interrupted"
      terminal:expect "\n> "
    end
    assert.equal("tensor([2., 2.])", terminal:line "(w * 2):detach()")
    assert.matches("(0 in scopes)", terminal:line "tnt.memory()", 1, true)
    close(terminal)
  end)

  it("works without a terminal, silently", function()
    local out, err, status = process.run({ "-i" }, {
      input = "local x = 5\nx\nfor i = 1, 2 do\nprint(i)\nend\nerror 'boom'\nx + 1",
    })
    assert.same({ "5\n1\n2\n6\n", "prompt:1: boom\n", 0 }, { out, err, status })
  end)
end)
