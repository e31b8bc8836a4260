-- Steps that go on where memory ends: a batch whose loss or gradients do not fit is taken in parts,
-- each half as large as before, whose gradients add up to those of the whole. What a failed attempt
-- left (gradients, logged values, random numbers, tensors) is taken back first.

local class = require "tnt.class"
local errors = require "tnt.errors"
local losses = require "tnt.auto_unit.losses"
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local random = require "tnt.random"
local scope = require "tnt.scope"
local shape = require "tnt.tensor.shape"
local window = require "tnt.auto_unit.window"

local micro = {}

-- Samples first .. first + n - 1 of a batch of `all`; what has not that many goes along whole.
local function part_of(batch, all, first, n)
  if n == all then return batch end
  return nest.map(batch, function(t)
    if t:dim() == 0 or t:size(1) ~= all then return t end
    return t:narrow(1, first, n)
  end)
end

-- Outputs of parts as those of the whole: tensors along their first dim, values as in the last.
local function joined(list, sizes)
  local last = list[#list]
  if #list == 1 then return last end
  if nest.is_tensor(last) then
    for i, t in ipairs(list) do
      if not nest.is_tensor(t) or t:dim() == 0 or t:size(1) ~= sizes[i] then return last end
    end
    return shape.cat(list, 1)
  elseif type(last) ~= "table" or getmetatable(last) ~= nil then
    return last
  end
  local out = {}
  for key in pairs(last) do -- order: free
    local inner = {}
    for i, outputs in ipairs(list) do inner[i] = outputs[key] end
    out[key] = #inner == #list and joined(inner, sizes) or last[key]
  end
  return out
end

-- Gradients of an open window stand aside, so that an attempt that fails can be taken back. They
-- are copies: what is written next takes the place of a gradient that was cleared.
local function put_aside(parameters)
  local aside = {}
  for i, p in ipairs(parameters) do
    local gradient = p.grad
    aside[i] = gradient and gradient:detach():clone() or false
    p.grad = nil
  end
  return aside
end

local function put_back(parameters, aside)
  for i, p in ipairs(parameters) do
    local new = p.grad
    if new and aside[i] then
      new:add_(aside[i])
    elseif aside[i] then
      p.grad = aside[i]
    end
  end
end

local function clear(parameters)
  for _, p in ipairs(parameters) do p.grad = nil end
end

local function detached(t) return t:detach() end

-- Forward and backward of one part in a scope of its own, so that it makes room for the next. What
-- leaves it: loss, terms and outputs, without history, and tensors in fields of the unit.
local function one_part(unit, state, part, share)
  local token = scope.open "scope"
  part = unit:move_data_to_device(state, part)
  local loss, outputs = state:time("compute_loss", unit.in_precision, unit, unit.compute_loss,
    unit, state, part)
  local total, terms = losses.total(loss)
  window.backward(unit, state, share == 1 and total or total * share)
  total, outputs = total:detach(), nest.map(outputs, detached)
  terms = nest.map(terms, detached)
  local fields = {}
  for _, value in next, unit do -- order: free
    if nest.is_tensor(value) and value:is_alive() then fields[#fields + 1] = value end
  end
  scope.close(token, total, outputs, terms, fields)
  return total, outputs, terms
end

-- One attempt: every part, and what is to be logged of it.
local function attempt(unit, state, batch, all, size)
  local parts, weights, sizes, whole = {}, {}, {}, 0
  for first = 1, all, size do
    local i, n = #parts + 1, math.min(size, all - first + 1)
    parts[i], sizes[i] = part_of(batch, all, first, n), n
    weights[i] = unit:batch_size(parts[i])
    whole = whole + weights[i]
  end
  local logged, outputs, sum = {}, {}, nil
  for i, part in ipairs(parts) do
    local share = #parts == 1 and 1 or weights[i] / whole
    local total, out, terms = one_part(unit, state, part, share)
    logged[i] = { total = total, terms = terms, weight = weights[i] }
    outputs[i] = out
    sum = sum and sum + total * share or total * share
  end
  return { loss = sum, outputs = joined(outputs, sizes) }, logged
end

local function told(unit, size, all, err)
  message.warn("%s: out of memory in train step %d (%s); its batch of %d goes on in parts of %d, "
    .. "and so do those after it", tostring(class.of(unit)),
    unit.train_progress.num_steps_completed + 1, tostring(err), all, size)
end

--- A training step that halves its batch until it fits. The size that fitted serves the steps after
--- it too (`unit.micro_batch_size`).
--- Errors: what the step raises: kind memory only for a single sample.
---@param unit tnt.AutoUnit
---@param state tnt.State
---@param batch any
---@param log fun(entry: table)  logs the loss and terms of a part
---@return table step_output
function micro.step(unit, state, batch, log)
  local all = nest.first_size(batch) or 1
  local size = math.min(unit.micro_batch_size or all, all)
  local parameters = window.parameters(unit)
  local aside = put_aside(parameters)
  local before, running = random.state(), state.loop.phase.open_running
  local mark = running:mark()
  while true do
    local token = scope.open "scope"
    local ok, output, logged = pcall(attempt, unit, state, batch, all, size)
    if ok then
      scope.dissolve(token) -- to the step, whose end looks at the unit's fields
      put_back(parameters, aside)
      for _, entry in ipairs(logged) do log(entry) end
      window.close_if_due(unit, state)
      return output
    end
    local is_over = not errors.is_out_of_memory(output) or size == 1
    if is_over then
      scope.dissolve(token)
      clear(parameters)
      put_back(parameters, aside)
      error(output, 0)
    end
    scope.close(token) -- releases all that the attempt made
    clear(parameters)
    running:rollback(mark)
    random.set_state(before)
    size = math.ceil(size / 2)
    unit.micro_batch_size = size
    told(unit, size, all, output)
  end
end

return micro
