-- What the specs of ownership share: units, modules and loaders made of a few functions, and errors
-- looked at closely.

local tnt = require "tnt"
local assert = require "luassert"
local message = require "tnt.loop.message"

message.sink = function() end

local program = {}

--- A loader whose batches are made when they are asked for, within the step's scope.
function program.batches(n)
  return function()
    local i = 0
    return function()
      i = i + 1
      if i <= n then return tnt.full({ 2, 3 }, i) end
    end
  end
end

--- An object of a new class of units with these fields.
function program.unit_with(fields)
  local Unit = tnt.TrainUnit:extend "Program"
  for name, value in pairs(fields) do Unit[name] = value end -- order: free
  return Unit()
end

--- An object of a new class of modules with these fields.
function program.module_with(fields)
  local Net = tnt.nn.Module:extend "Net"
  for name, value in pairs(fields) do Net[name] = value end -- order: free
  return Net()
end

--- Trains a unit for one epoch of some steps.
function program.train(unit, steps, more)
  local options = { train_dataloader = program.batches(steps or 4), max_epochs = 1, bar = false }
  for name, value in pairs(more or {}) do options[name] = value end -- order: free
  tnt.train(unit, options)
  return unit
end

--- The program must fail, with this kind, and a message that has all these pieces.
function program.refused(kind, pieces, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.is_table(err, tostring(err))
  assert.equal(kind, err.kind, tostring(err))
  for _, piece in ipairs(pieces) do
    assert.truthy(tostring(err):find(piece, 1, true),
      ("%q is not in: %s"):format(piece, tostring(err)))
  end
end

return program
