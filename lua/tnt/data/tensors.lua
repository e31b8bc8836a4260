-- A data set in memory: tensors whose first dim counts the samples. A batch is one index_select a
-- field, so no sample is ever looked at by itself.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"
local tnt = require "tnt"

--- A data set of tensors whose first dim counts the samples.
---@class tnt.data.Tensors
local Tensors = class.new "Tensors"

local function count(path, value, n)
  if value:dim() == 0 then
    errors.raise("shape", "tensors: field '%s' has no dims; its first dim counts the samples", path)
  end
  local own = value:size(1)
  if n and own ~= n then
    errors.raise("shape", "tensors: field '%s' holds %d samples, the fields before it %d", path,
      own, n)
  end
  return own
end

local function check(fields, path, n)
  for name, value in sorted(fields) do
    local at = path == "" and tostring(name) or path .. "." .. tostring(name)
    if tnt.is_tensor(value) then
      n = count(at, value, n)
    elseif type(value) == "table" and getmetatable(value) == nil then
      n = check(value, at, n)
    else
      errors.raise("argument", "tensors: field '%s' is a %s; expected a tensor or a table of "
        .. "tensors", at, type(value))
    end
  end
  return n
end

-- The data set outlives the scope it is made in.
local function kept(fields)
  local copy = {}
  for name, value in sorted(fields) do
    copy[name] = tnt.is_tensor(value) and value:keep() or kept(value)
  end
  return copy
end

--- Errors: shape, when the fields differ in their first dim; argument, when there is no tensor.
---@param fields table|tnt.Tensor  name -> tensor [N, ...], or tables of such; or one tensor
function Tensors:init(fields)
  if tnt.is_tensor(fields) then
    self.n = count("x", fields)
    self.fields = fields:keep()
    return
  end
  if type(fields) ~= "table" or getmetatable(fields) or next(fields) == nil then
    errors.raise("argument", "tensors: expected a table of tensors by name, such as "
      .. "tnt.data.tensors {x = X, y = Y}, got %s", type(fields) == "table" and "an empty table or "
      .. "an object" or type(fields))
  end
  self.n = check(fields, "")
  self.fields = kept(fields)
end

--- How many samples.
---@return integer
function Tensors:size() return self.n end

local function map(fields, fn, argument)
  if tnt.is_tensor(fields) then return fn(fields, argument) end
  local out = {}
  for name, value in sorted(fields) do out[name] = map(value, fn, argument) end
  return out
end

local function one(value, i) return value[i] end

--- The i-th sample: views, nothing is copied.
--- Errors: argument, when there is no such sample.
---@param i integer  from 1
---@return table sample
function Tensors:get(i)
  if type(i) ~= "number" or i < 1 or i > self.n or i % 1 ~= 0 then
    errors.raise("argument", "tensors: sample %s is out of range, there are %d (from 1)",
      tostring(i), self.n)
  end
  return map(self.fields, one, i)
end

local function several(value, ids)
  if value.device ~= "cpu" then ids = ids:to(value.device) end
  return value:index_select(1, ids)
end

--- Several samples as one batch.
--- Errors: argument, when there is no such sample.
---@param positions integer[]  from 1
---@return table batch  the same fields, [#positions, ...]
function Tensors:get_many(positions)
  local ids, n = {}, self.n
  for k = 1, #positions do
    local i = positions[k]
    if type(i) ~= "number" or i < 1 or i > n or i % 1 ~= 0 then
      errors.raise("argument", "tensors: sample %s is out of range, there are %d (from 1)",
        tostring(i), n)
    end
    ids[k] = i - 1 -- positions in tensors count from 0
  end
  return map(self.fields, several, tnt.tensor(ids, { dtype = "i64" }))
end

return Tensors
