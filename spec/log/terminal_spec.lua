local scratch = require "spec.log.scratch"
local terminal = require "tnt.log.terminal"

describe("terminal", function()
  teardown(scratch.clean)

  local written
  before_each(function()
    terminal.write = function(text) written = written .. text end
    terminal.clear()
    written = ""
  end)

  it("draws one line as wide as the terminal, so that the cursor waits behind it", function()
    terminal.draw("abc", 8)
    assert.equal("\rabc     ", written)
    terminal.draw("\27[32m━━\27[0m é", 5)
    terminal.draw("12345", 5)
    terminal.draw("123456", 5) -- wider: the terminal has just shrunk
    assert.equal("\rabc     \r\27[32m━━\27[0m é \r12345\r\27[K123456", written)
  end)

  it("erases instead where the width is not known", function()
    terminal.draw("abc", nil)
    assert.equal("\r\27[Kabc", written)
  end)

  it("clears what it has drawn, once", function()
    terminal.clear()
    assert.equal("", written)
    terminal.draw("abc", 4)
    terminal.clear()
    terminal.clear()
    assert.equal("\rabc \r\27[K", written)
  end)

  it("writes lines that stay in place of the drawn one", function()
    terminal.draw("abc", 4)
    terminal.line "done"
    terminal.line "more"
    assert.equal("\rabc \r\27[Kdone\nmore\n", written)
  end)

  it("is no terminal when stderr is a file", function()
    local script = "local t = require 'tnt.log.terminal' print(t.is_terminal(), t.columns())"
    local pipe = io.popen(([['%s' -e "%s" 2>/dev/null]]):format(scratch.interpreter, script))
    assert.equal("false\tnil\n", pipe:read "*a")
    pipe:close()
  end)

  it("knows a terminal, its width, and one that moves no cursor", function()
    local path = scratch.directory() .. "/program.lua"
    scratch.write(path, "local t = require 'tnt.log.terminal' print(t.is_terminal(), t.columns())")
    -- script(1) of bsdutils gives a program a terminal.
    local function under(command)
      local pipe = io.popen(([[script -qec "stty cols %d; TERM=%s '%s' '%s'" /dev/null </dev/null]])
        :format(command[1], command[2], scratch.interpreter, path))
      local text = pipe:read "*a"
      pipe:close()
      return (text:gsub("\r", ""))
    end
    assert.equal("true\t97\n", under { 97, "xterm" })
    assert.equal("false\t120\n", under { 120, "dumb" })
    assert.equal("true\tnil\n", under { 0, "xterm" }) -- a terminal that does not say
  end)

  it("knows the locale by the variables' precedence, and NO_COLOR", function()
    local script = "local t = require 'tnt.log.terminal' print(t.is_utf8(), t.has_colours())"
    local function under(variables)
      local pipe = io.popen(([[env -u LC_ALL -u LC_CTYPE -u LANG -u NO_COLOR %s '%s' -e "%s"]])
        :format(variables, scratch.interpreter, script))
      local text = pipe:read "*a"
      pipe:close()
      return text
    end
    assert.equal("false\ttrue\n", under "A=")
    assert.equal("true\ttrue\n", under "LANG=en_US.UTF-8 NO_COLOR=")
    assert.equal("false\tfalse\n", under "LC_ALL=C LANG=en_US.UTF-8 NO_COLOR=1")
    assert.equal("true\ttrue\n", under "LC_CTYPE=C.utf8 LANG=C")
  end)
end)
