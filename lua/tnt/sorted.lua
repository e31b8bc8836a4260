-- Iterates a table in one order, the same in every process: numbers ascending, then strings by
-- bytes, then false and true. Whatever is summed, saved, named, printed or sent is iterated by
-- this, because the order of `pairs` differs between processes.

local errors = require "tnt.errors"

local rank = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local type_a, type_b = type(a), type(b)
  if type_a ~= type_b then return rank[type_a] < rank[type_b] end
  if type_a == "boolean" then return b and not a end
  return a < b
end

local sorted = {}

--- The keys of a table in sorted order.
--- Errors: argument, when a key is neither number, string nor boolean (such keys have no order).
---@param t table
---@return any[] keys
function sorted.keys(t)
  local keys, n = {}, 0
  for key in pairs(t) do -- order: free
    if not rank[type(key)] then
      errors.raise("argument",
        "sorted: a key of type %s has no order; use numbers, strings or booleans as keys",
        type(key))
    end
    n = n + 1
    keys[n] = key
  end
  table.sort(keys, before)
  return keys
end

local function step(state)
  local at = state.at
  while true do
    at = at + 1
    local key = state.keys[at]
    if key == nil then return nil end
    local value = state.table[key]
    if value ~= nil then -- removed meanwhile
      state.at = at
      return key, value
    end
  end
end

--- `for key, value in sorted(t) do`: the keys are taken at the start, so the body may assign and
--- remove fields of `t`.
--- Errors: argument, as `sorted.keys`.
---@param t table
---@return function, table
function sorted.pairs(t)
  return step, { table = t, keys = sorted.keys(t), at = 0 }
end

return setmetatable(sorted, { __call = function(_, t) return sorted.pairs(t) end })
