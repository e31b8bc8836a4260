-- Plain data: what may be sent to another process. Checked with one process too, so that a program
-- that works alone works with several.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local plain = {}

local PLAIN = { number = true, string = true, boolean = true, ["nil"] = true }

local function look(who, value, path, above)
  if PLAIN[type(value)] then return end
  if type(value) ~= "table" or getmetatable(value) ~= nil then
    errors.raise("argument", "%s: %s is %s; only plain data can be sent: numbers, strings, "
      .. "booleans and tables of them (tensors: tnt.dist.broadcast, all_gather)", who, path,
      type(value) == "table" and "an object" or "a " .. type(value))
  end
  if above[value] then
    errors.raise("argument", "%s: %s is a table that holds itself; it cannot be sent", who, path)
  end
  above[value] = true
  for key, inner in sorted(value) do
    look(who, inner, ("%s[%s]"):format(path, type(key) == "string" and '"' .. key .. '"'
      or tostring(key)), above)
  end
  above[value] = nil
end

--- Refuses what is not plain data.
--- Errors: argument, naming the place.
---@param who string
---@param value any
function plain.check(who, value) look(who, value, "the value", {}) end

return plain
