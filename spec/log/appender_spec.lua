local Appender = require "tnt.log.appender"
local scratch = require "spec.log.scratch"

describe("log.appender", function()
  teardown(scratch.clean)

  it("shows whole entries to who reads along, however many wait", function()
    local path = scratch.directory() .. "/x"
    local appender, entry = Appender(path, 1000), ("x"):rep(99) .. "\n"
    local seen = {}
    for i = 1, 2000 do
      appender:add(entry)
      local size = #scratch.read(path)
      assert.equal(0, size % 100, "after entry " .. i)
      seen[size] = true
    end
    assert.is_true(seen[0] and #scratch.read(path) > 1e5)
    appender:close()
    assert.equal(200000, #scratch.read(path))
  end)

  it("takes entries larger than all it holds back", function()
    local path = scratch.directory() .. "/x"
    local appender = Appender(path, 1000)
    appender:add "small\n"
    appender:add(("y"):rep(300000))
    appender:add "end\n"
    appender:close()
    assert.equal("small\n" .. ("y"):rep(300000) .. "end\n", scratch.read(path))
  end)

  it("opens the file again behind what is there", function()
    local path = scratch.directory() .. "/x"
    local appender = Appender(path, 1000)
    appender:close()
    assert.is_nil(scratch.read(path))
    appender:add "1"
    appender:close()
    appender:add "2"
    appender:flush()
    assert.equal("12", scratch.read(path))
    appender:close()
    appender:close()
  end)

  it("says when the disk is full, also as late as at the end", function()
    local appender = Appender("/dev/full", 1000)
    appender:add "x"
    local err = scratch.failure(appender.close, appender)
    assert.equal("io", err.kind)
    assert.matches("cannot write /dev/full", err.message, 1, true)
    appender:close()
  end)
end)
