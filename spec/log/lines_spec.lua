local Lines = require "tnt.log.lines"
local scratch = require "spec.log.scratch"

describe("log.lines", function()
  teardown(scratch.clean)

  it("says when the disk is full, and keeps no line for a second try", function()
    local lines = Lines("/dev/full", 0)
    local err = scratch.failure(lines.line, lines, "text")
    assert.equal("io", err.kind)
    assert.truthy(tostring(err):find("/dev/full", 1, true))
    lines:flush()
  end)

  it("says when a file cannot be written or replaced", function()
    local dir = scratch.directory()
    local lines = Lines(dir .. "/none/x", 0)
    assert.equal("io", scratch.failure(lines.line, lines, "text").kind)
    lines = Lines(dir .. "/none/x", 0)
    local err = scratch.failure(lines.rewrite, lines, function(text) return text end)
    assert.equal("io", err.kind)
    assert.truthy(tostring(err):find("x.tmp", 1, true))
    scratch.write(dir .. "/file", "")
    os.execute(("mkdir -p '%s/folder/in'"):format(dir))
    lines = Lines(dir .. "/folder", 0)
    err = scratch.failure(lines.rewrite, lines, function(text) return text end)
    assert.equal("io", err.kind)
    assert.truthy(tostring(err):find("cannot replace", 1, true))
  end)

  it("leaves the file as it was when a rewrite fails half-way", function()
    local path = scratch.directory() .. "/x"
    scratch.write(path, "1\n2\n3\n")
    local lines = Lines(path, 0)
    scratch.failure(lines.rewrite, lines, function(text, at)
      if at == 2 then error "no" end
      return text
    end)
    assert.equal("1\n2\n3\n", scratch.read(path))
    lines:rewrite(function(text, at) return at ~= 2 and text or nil end)
    lines:line "4"
    lines:close()
    assert.equal("1\n3\n4\n", scratch.read(path))
  end)
end)
