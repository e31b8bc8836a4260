-- Strings, numbers and records as JSON. JSON has no NaN and no infinity: they are written as the
-- strings "NaN", "Infinity" and "-Infinity". Source: ProtoJSON, the JSON mapping of Protocol
-- Buffers, does the same.

local number = require "tnt.log.number"

local json_text = {}

local specials = { nan = '"NaN"', inf = '"Infinity"', ["-inf"] = '"-Infinity"' }

local function escaped(byte) return ("\\u%04x"):format(byte:byte()) end

local quoted = setmetatable({}, { __mode = "v" })

--- A string with its quotes.
---@param text string
---@return string
function json_text.quote(text)
  local known = quoted[text]
  if not known then
    known = '"' .. text:gsub('[%c"\\\127]', escaped) .. '"'
    quoted[text] = known
  end
  return known
end

--- A number that reads back exactly.
---@param value number
---@return string
function json_text.number(value)
  local special = number.special(value)
  return special and specials[special] or number.exact(value)
end

--- A record as one object on one line; it begins with {"step":
---@param record tnt.Record
---@return string
function json_text.record(record)
  local quote = json_text.quote
  local parts = {
    ('{"step":%d,"update":%d,"epoch":%d,"phase":%s,"at":%s,"time":%.3f'):format(record.step,
      record.update, record.epoch, quote(record.phase), quote(record.at or "step"), record.time),
  }
  for i, name in ipairs(record.names) do
    parts[i + 1] = quote(name) .. ":" .. json_text.number(record.values[name])
  end
  return table.concat(parts, ",") .. "}"
end

--- The step of a record's line; nil for lines of other programs, which have no such beginning.
---@param line string
---@return integer|nil
function json_text.step_of(line) return tonumber(line:match '^{"step":(%-?%d+)[,}]') end

--- A record's line without its time and what stands behind it: the same for a record that comes out
--- as it was.
---@param line string
---@return string
function json_text.without_time(line)
  return (line:gsub('"time":[^,}]*', "", 1):gsub(",?\n$", ""))
end

return json_text
