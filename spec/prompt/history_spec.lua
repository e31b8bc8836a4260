local process = require "spec.cli.process"
local history = require "tnt.prompt.history"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

describe("history", function()
  teardown(process.cleanup)

  it("makes its directories with the first line, and appends", function()
    local path = process.directory() .. "/state/tntlua/history"
    assert.same({}, history.load(path))
    history.append(path, "x = 1")
    history.append(path, "print(x)")
    assert.equal("x = 1\nprint(x)\n", read(path))
    assert.same({ "x = 1", "print(x)" }, history.load(path))
  end)

  it("gives the newest lines, and shortens the file at twice the limit", function()
    local path = process.directory() .. "/history"
    local function fill(n)
      local lines = {}
      for i = 1, n do lines[i] = "line " .. i end
      process.file(table.concat(lines, "\n") .. "\n", path)
    end
    fill(history.LIMIT + 5)
    local lines = history.load(path)
    assert.equal(history.LIMIT, #lines)
    assert.equal("line 6", lines[1])
    assert.equal(history.LIMIT + 5, select(2, read(path):gsub("\n", "")))
    fill(2 * history.LIMIT + 1)
    assert.equal(history.LIMIT, #history.load(path))
    assert.equal(history.LIMIT, select(2, read(path):gsub("\n", "")))
    assert.matches("^line " .. history.LIMIT + 2 .. "\n", read(path))
  end)

  it("says nothing where it cannot write", function()
    history.append("/proc/no/such/history", "x")
    assert.same({}, history.load "/proc/no/such/history")
  end)
end)
