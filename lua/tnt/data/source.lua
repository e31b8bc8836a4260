-- What a DataLoader can read, brought to one of two forms: by position (`get`, `size`, and maybe
-- `get_many`), or one after the other (`iterate`). A loader and each of its workers call this on
-- the same value, so {"my.dataset", root = ...} is built once in each.

local class = require "tnt.class"
local errors = require "tnt.errors"

local source = {}

---@class tnt.data.Dataset  what a data set may have
---@field size nil|fun(self: table): integer  how many samples; needed beside get
---@field get nil|fun(self: table, i: integer): any  the i-th sample, from 1: a table of tensors,
---numbers, booleans, strings and such tables, or one of these alone; in it `tnt.data.rng()` and the
---random functions of tnt depend on (seed of the loader, epoch, i) only
---@field get_many nil|fun(self: table, positions: integer[]): any  a whole batch at once
---@field sampler nil|fun(self: table, o: {shuffle: boolean}): table  the loader's default sampler
---@field iterate nil|fun(self: table): fun(): any  for data sets without positions: a function that
---gives the next sample, and nil at the end

---@class tnt.data.List  a plain list of samples
local List = class.new("List", { "list" })

function List:init(o) self.list = o.list end

--- How many samples.
---@return integer
function List:size() return #self.list end

--- The i-th sample.
---@param i integer  from 1
---@return any
function List:get(i) return self.list[i] end

source.List = List

local FORMS = "a data set has get(i) and size(), or iterate(), or is a plain list of samples, or "
  .. "names a module that builds it: {\"my.dataset\", root = ...}"

local function has(object, name)
  return type(object) == "table" and type(object[name]) == "function"
end

local function is_callable(value)
  local meta = type(value) == "table" and getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

--- Whether a value is {"my.dataset", option = ...}: a list of one string.
---@param value any
---@return boolean
function source.is_named(value)
  return type(value) == "table" and getmetatable(value) == nil and #value == 1
    and type(value[1]) == "string"
end

local function build(named)
  local options = {}
  for key, value in next, named do -- order: free
    if key ~= 1 then options[key] = value end
  end
  local ok, made = pcall(require, named[1])
  if not ok then
    errors.raise("argument", "DataLoader: the data set {\"%s\", ...} names a module, and it cannot "
      .. "be required: %s", named[1], tostring(made))
  end
  if is_callable(made) then made = made(options) end
  if not has(made, "get") and not has(made, "iterate") then
    errors.raise("argument", "DataLoader: the module %s must return a class or a function that "
      .. "makes a data set (with get and size, or iterate), got %s", named[1], type(made))
  end
  return made
end

--- The data set behind a value.
--- Errors: argument, when it is none.
---@param value any
---@return table dataset
function source.of(value)
  if source.is_named(value) then return build(value) end
  if class.is_class(value) then
    errors.raise("argument", "DataLoader: the data set is the class %s itself; make one: %s(...)",
      tostring(value), tostring(value))
  end
  if has(value, "get") then
    if has(value, "size") then return value end
    errors.raise("argument", "DataLoader: the data set has get(), but no size(); " .. FORMS)
  end
  if has(value, "iterate") then return value end
  if type(value) == "table" and getmetatable(value) == nil and (#value > 0 or not next(value)) then
    return List(value, {})
  end
  errors.raise("argument", "DataLoader: expected a data set, got %s; " .. FORMS,
    type(value) == "table" and "a table with neither" or type(value))
end

--- Whether a data set is read one sample after the other.
---@param dataset table
---@return boolean
function source.is_stream(dataset) return not has(dataset, "get") end

return source
