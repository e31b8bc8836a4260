local call_lines = require "tnt.call_lines"
local core = require "tnt.core"
local tnt = require "tnt"

local context = core.context

-- Adds, and says where: its call's number is the one before the next.
local function add(x)
  local line = ("call_lines_spec.lua:%d"):format(debug.getinfo(1, "l").currentline + 1)
  x:add_(1)
  return context.call - 1, line
end

describe("call_lines", function()
  it("remembers the line of each call while somebody wants to know", function()
    local x = tnt.zeros(1)
    call_lines.start()
    local number, line = add(x)
    call_lines.start()
    call_lines.stop() -- of two that began, one is left
    local again = add(x)
    assert.equal(number + 1, again)
    assert.truthy(call_lines.at(number):find(line, 1, true))
    assert.equal(call_lines.at(number), call_lines.at(again))
    local reader = call_lines.reader()
    call_lines.stop()
    assert.is_nil(call_lines.at(number))
    assert.truthy(reader(number):find(line, 1, true))
    x:add_(1)
    assert.equal(0, context.call)
  end)

  it("forgets the oldest calls, a generation at a time", function()
    local x, usual, generation = tnt.zeros(1), call_lines.generation, 100
    call_lines.generation = generation
    call_lines.start()
    local first = add(x)
    for _ = 1, generation do x:add_(1) end
    assert.is_string(call_lines.at(first)) -- the generation before
    for _ = 1, generation do x:add_(1) end
    assert.is_nil(call_lines.at(first))
    assert.is_string(call_lines.at(context.call - generation))
    call_lines.stop()
    call_lines.generation = usual
  end)

  it("is walked through by library functions: the line is the program's", function()
    local x = tnt.ones(2, 3)
    call_lines.start()
    local from = context.call
    local here = debug.getinfo(1, "l").currentline + 1
    tnt.einsum("ij,kj->ik", x, x)
    for number = from, context.call - 1 do
      assert.truthy(call_lines.at(number):find("call_lines_spec.lua:" .. here, 1, true))
    end
    assert.is_true(context.call > from)
    call_lines.stop()
  end)
end)
