-- What `compute_loss` may return, as one tensor to go backward from and named values to log.

local errors = require "tnt.errors"
local nest = require "tnt.loop.nest"
local sorted = require "tnt.sorted"

local losses = {}

local function mean(value)
  if type(value) == "number" then return value end
  return value:numel() == 1 and value or value:mean()
end

-- A term: a tensor's mean, or the sum of the means of a list of tensors.
local function term(name, value)
  if type(value) == "number" or nest.is_tensor(value) then return mean(value) end
  if type(value) == "table" and getmetatable(value) == nil and #value > 0 then
    local sum
    for _, tensor in ipairs(value) do
      if not nest.is_tensor(tensor) then
        errors.raise("argument", "compute_loss: the list '%s' holds a %s, not a tensor", name,
          type(tensor))
      end
      sum = sum and sum + mean(tensor) or mean(tensor)
    end
    return sum
  end
  errors.raise("argument", "compute_loss: the term '%s' must be a tensor or a list of tensors, "
    .. "got %s", tostring(name), type(value))
end

--- The total of a loss, and its terms to log beside `loss`. A table's terms whose names contain
--- "loss" are summed in sorted order, each averaged; all are logged.
--- Errors: argument, for another type, for no term with "loss" in its name, and for a term named
--- just `loss` beside others.
--- Source: MMEngine's parse_losses, which lets a term named `loss` hide the total.
---@param loss tnt.Tensor|table
---@return tnt.Tensor total  one element
---@return table|nil terms   {names = sorted list, values = by name}; nil where the loss is a tensor
function losses.total(loss)
  if nest.is_tensor(loss) then return mean(loss), nil end
  if type(loss) ~= "table" or getmetatable(loss) ~= nil then
    errors.raise("argument", "compute_loss must return a tensor or a table of named terms, got %s",
      loss == nil and "nothing" or type(loss))
  end
  local total, terms, summed = nil, { names = {}, values = {} }, 0
  for name, value in sorted(loss) do
    local reduced = term(name, value)
    if type(name) ~= "string" then
      errors.raise("argument", "compute_loss: terms have names, found the key %s", tostring(name))
    elseif name:find("loss", 1, true) then
      summed = summed + 1
      total = total and total + reduced or reduced
    end
    if name ~= "loss" then
      terms.names[#terms.names + 1], terms.values[name] = name, reduced
    end
  end
  if summed == 0 then
    errors.raise("argument", "compute_loss: none of the terms (%s) has 'loss' in its name; those "
      .. "that have are summed", table.concat(terms.names, ", "))
  elseif loss.loss ~= nil and summed > 1 then
    errors.raise("argument", "compute_loss: a term named 'loss' beside others would hide their "
      .. "sum; give it another name, such as 'loss_main'")
  end
  return total, terms
end

return losses
