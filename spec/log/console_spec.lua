local log = require "tnt.log"
local scratch = require "spec.log.scratch"

-- What a program prints through a pipe; `errors` too when `with_errors`.
local function printed(code, with_errors)
  local path = scratch.directory() .. "/program.lua"
  scratch.write(path, [[
    local log = require "tnt.log"
    local record = require("spec.log.scratch").record
  ]] .. code)
  local pipe = io.popen(("'%s' '%s' 2>%s"):format(scratch.interpreter, path,
    with_errors and "&1" or "/dev/null"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

describe("tnt.log.Console", function()
  teardown(scratch.clean)

  it("prints a line for each record", function()
    assert.equal("step 20 epoch 1 train/loss=0.6931 train/lr=1e-05\n"
      .. "epoch 2 eval step 20 eval/loss=nan\n", printed [[
        local console = log.Console {}
        console:log(record(20, {["train/lr"] = 1e-5, ["train/loss"] = 0.693147}, {epoch = 1}))
        console:log(record(20, {["eval/loss"] = 0 / 0}, {at = "epoch", phase = "eval", epoch = 2}))
        console:close()]])
  end)

  it("prints every n-th step, all epochs, with the precision asked for", function()
    assert.equal("step 3 epoch 0 a=0.33\nstep 6 epoch 0 a=0.17\nepoch 1 train step 7 a=0.25\n",
      printed [[
        local console = log.Console {every = 3, precision = 2}
        for step = 1, 7 do console:log(record(step, {a = 1 / step})) end
        console:log(record(7, {a = 0.25}, {at = "epoch", epoch = 1}))
        console:flush()]])
  end)

  it("takes the progress bar off the terminal first", function()
    assert.equal("\r\27[KBAR\r\27[Kstep 1 epoch 0 a=1\n", printed([[
        local terminal = require "tnt.log.terminal"
        local console = log.Console {}
        terminal.draw("BAR", nil)
        console:log(record(1, {a = 1}))]], true))
  end)

  it("refuses options that make no sense", function()
    assert.equal("argument", scratch.failure(log.Console, { every = 0 }).kind)
    assert.equal("argument", scratch.failure(log.Console, { precision = 1.5 }).kind)
  end)
end)
