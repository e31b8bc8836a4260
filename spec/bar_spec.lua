local clock = require "tnt.loop.clock"
local terminal = require "tnt.log.terminal"
local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.Bar", function()
  local former, time, written = {}, 0, nil

  before_each(function()
    time, written = 100, {}
    former.now = clock.now
    clock.now = function() return time end
    for name, value in pairs {
      write = function(text) written[#written + 1] = text end, columns = function() return 60 end,
      is_utf8 = function() return false end, has_colours = function() return false end,
    } do
      former[name], terminal[name] = terminal[name], value
    end
  end)
  after_each(function()
    clock.now, former.now = former.now, nil
    for name, value in pairs(former) do terminal[name] = value end
    former = {}
  end)

  it("redraws one line on a terminal, and leaves it when it is closed", function()
    local bar = tnt.Bar { "reading", total = 8, form = "terminal" }
    assert.equal(1, #written)
    bar:update(1)
    assert.equal(1, #written) -- too soon
    time = time + 2
    bar:update(4, { loss = 0.5, acc = 1 })
    assert.equal(2, #written)
    assert.matches("^\rreading %[=+>%-+%]  50%% 4/8 0:02 ETA 0:02 2.0 it/s acc 1", written[2])
    assert.equal(61, #written[2]) -- as wide as the terminal, behind the return
    time = time + 2
    bar:update(8)
    bar:close()
    assert.equal("reading 100% 8/8 0:04 2.0 it/s acc 1 loss 0.5\n", written[#written])
    local n = #written
    bar:close()
    assert.equal(n, #written)
    assert.equal("state", failure(bar.update, bar, 9).kind)
  end)

  it("writes lines now and then where there is no terminal", function()
    local bar = tnt.Bar { "copying", form = "file", file_interval = 10 }
    assert.same({}, written)
    for i = 1, 30 do
      time = time + 1
      bar:update(i)
    end
    assert.equal(3, #written)
    assert.equal("copying: 10 steps, 0:10, 1.0 it/s\n", written[1])
    bar:close()
    assert.equal("copying: 30 steps, 0:30, 1.0 it/s\n", written[4])
  end)

  it("goes on where something was done already, and counts its rate from there", function()
    local bar = tnt.Bar { "x", total = 100, done = 90, form = "file", file_interval = 1 }
    time = time + 5
    bar:update(95)
    assert.equal("x: 95% 95/100, 0:05 ETA 0:05, 1.0 it/s\n", written[1])
  end)

  it("is silent in other ranks", function()
    local before = package.loaded["tnt.dist"]
    package.loaded["tnt.dist"] = { rank = function() return 1 end }
    local bar = tnt.Bar { "x", form = "terminal" }
    package.loaded["tnt.dist"] = before
    time = time + 5
    bar:update(3)
    bar:close()
    assert.same({}, written)
  end)

  it("refuses what makes no sense", function()
    for _, options in ipairs {
      { 5 }, {}, { "x", total = -1 }, { "x", total = 0.5 }, { "x", interval = "x" },
      { "x", form = "paper" }, { "x", desc = "y" },
    } do
      assert.equal("argument", failure(tnt.Bar, options).kind)
    end
    local bar = tnt.Bar { "x", form = "file" }
    assert.equal("argument", failure(bar.update, bar, "3").kind)
  end)
end)
