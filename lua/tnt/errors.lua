-- Error objects: {kind, message, op, where}. Programs test `err.kind`, never the text.
-- `where` is the first line of the user's on the stack: frames of files under lua/tnt and of C are
-- skipped.

local errors = {}

---@class tnt.Error
---@field kind string     one of errors.kinds
---@field message string  what was expected, what came, and what to do
---@field op string|nil   the tensor operation that refused, where there is one
---@field where string|nil  "file:line" of the user's call

-- ORDER KIND: the same list as enum tnt_status in core/tnt.h
errors.kinds = {
  "shape", "dtype", "device", "argument", "state", "released", "memory", "io", "format",
    "collective",
  "cuda", "interrupted", "internal",
}

local Error = {}
Error.__index = Error
function Error:__tostring()
  local text = self.message
  if self.where then text = self.where .. ": " .. text end
  return text
end
errors.Error = Error

-- Sources of this library: "@.../tnt/" as this very file was loaded from.
local own_prefix = debug.getinfo(1, "S").source:match "^@(.*)errors%.lua$"

--- Whether a source (debug.getinfo's `source`) belongs to this library.
---@param source string
---@return boolean
function errors.is_own(source)
  return own_prefix ~= nil and source:sub(2, #own_prefix + 1) == own_prefix
end

--- "file:line" of the first frame outside this library, or nil.
---@param level integer  where to begin, as debug.getinfo counts from the caller
---@return string|nil
function errors.where(level)
  for at = level + 1, level + 200 do
    local info = debug.getinfo(at, "Sl")
    if not info then return nil end
    if info.currentline > 0 and not errors.is_own(info.source) then
      return info.short_src .. ":" .. info.currentline
    end
  end
end

--- An error object, not raised.
---@param kind string
---@param message string
---@param op string|nil
---@return tnt.Error
function errors.new(kind, message, op)
  return setmetatable({ kind = kind, message = message, op = op, where = errors.where(2) }, Error)
end

--- Raises an error object; `fmt` and the rest as in string.format.
---@param kind string
---@param fmt string
function errors.raise(kind, fmt, ...)
  local message = select("#", ...) > 0 and fmt:format(...) or fmt
  error(setmetatable({ kind = kind, message = message, where = errors.where(2) }, Error), 0)
end

--- Whether an error says that memory did not suffice: an error object of kind memory (tensors, on
--- whichever device), or Lua's own words. Then a smaller batch may help.
---
--- ```lua
--- local tnt = require "tnt"
--- local ok, err = pcall(tnt.zeros, 1e14)
--- tnt.is_out_of_memory(err) -- true
--- ```
---@param err any  as pcall gave it
---@return boolean
function errors.is_out_of_memory(err)
  if type(err) == "table" then return err.kind == "memory" end
  return type(err) == "string" and err:find("not enough memory", 1, true) ~= nil
end

-- Edit distance with transpositions, O(n m) on names of a few dozen characters.
-- Source: Damerau (1964), the "optimal string alignment" variant.
local function distance(a, b)
  local previous2, previous, current = nil, {}
  for j = 0, #b do previous[j] = j end
  for i = 1, #a do
    current = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        best = math.min(best, previous2[j - 2] + 1)
      end
      current[j] = best
    end
    previous2, previous = previous, current
  end
  return previous[#b]
end

--- The closest of some names, or nil when none is near (more than about a third of the letters
--- differ).
---@param name any
---@param list string[]
---@return string|nil
function errors.nearest(name, list)
  if type(name) ~= "string" then return nil end
  local best, best_distance
  for _, candidate in ipairs(list) do
    local d = distance(name:lower(), candidate:lower())
    if not best_distance or d < best_distance then
      best, best_distance = candidate, d
    end
  end
  local longest = best and math.max(#name, #best) or 0
  if best and best_distance <= math.max(1, math.floor(longest / 3)) then return best end
end

--- Raises kind `argument` for a name that is not one of those known, with the nearest one.
---@param who string   the constructor or function, e.g. "AdamW"
---@param what string  "option", "event", ...
---@param name any
---@param list string[]  the known names, in the order to print
function errors.unknown(who, what, name, list)
  local near = errors.nearest(name, list)
  errors.raise("argument", "%s: unknown %s '%s'%s (known: %s)", who, what, tostring(name),
    near and ("; did you mean '%s'?"):format(near) or "", table.concat(list, ", "))
end

--- Refuses a table of options that holds a name not among those known.
---@param who string
---@param options table
---@param known string[]
function errors.check_options(who, options, known)
  for name in pairs(options) do -- order: free
    local is_known = false
    for _, other in ipairs(known) do is_known = is_known or other == name end
    if not is_known then errors.unknown(who, "option", name, known) end
  end
end

return errors
