-- Records as a table with a header: spreadsheets and data frames read it. A name that was not seen
-- before becomes a new last column; the file is then rewritten with the longer header.
-- Source of the quoting: RFC 4180. NaN and infinities are nan, inf and -inf.

local class = require "tnt.class"
local errors = require "tnt.errors"
local Lines = require "tnt.log.lines"
local Logger = require "tnt.log.logger"
local number = require "tnt.log.number"
local place = require "tnt.log.place"
local quote = require "tnt.log.quote"

---@class tnt.log.CSV.Options
---@field path string|nil         default: metrics.csv in the run's dir
---@field delimiter string|nil    one character; default ","
---@field flush_seconds number|nil  how long a record may be held back; default 1
---@field all_ranks boolean|nil   every process logs, in a file of its own (metrics.rank1.csv);
---  default: rank 0 alone

--- Writes the columns step, update, epoch, phase, at, time, then one for each metric; a cell is
--- empty where a record lacks the metric. Numbers read back exactly. What becomes of an older file
--- is told in log/place.lua.
---@class tnt.log.CSV: tnt.log.Logger
---@overload fun(options: tnt.log.CSV.Options): tnt.log.CSV
local CSV = Logger:extend("CSV", {
  path = class.NONE, delimiter = ",", flush_seconds = 1, all_ranks = false,
})
class.rename(CSV, place.RENAMED)

local fixed = { "step", "update", "epoch", "phase", "at", "time" }

function CSV:init()
  local delimiter = self.delimiter
  if type(delimiter) ~= "string" or #delimiter ~= 1 or delimiter:find '[%w"\r\n.+-]' then
    errors.raise("argument", "tnt.log.CSV: delimiter must be one character that no number holds, "
      .. "such as ',', ';' or '\\t', got %s", tostring(delimiter))
  end
end

-- The cells of one row; quotes doubled inside quotes are single ones.
local function split(text, delimiter)
  local cells, at, n = {}, 1, 0
  text = text:gsub("\r?\n$", "")
  while true do
    local cell
    if text:sub(at, at) == '"' then
      local stop = at
      repeat
        stop = text:find('"', stop + 1, true)
        local is_doubled = stop and text:sub(stop + 1, stop + 1) == '"'
        if is_doubled then stop = stop + 1 end
      until not is_doubled
      stop = stop or #text + 1
      cell, at = text:sub(at + 1, stop - 1):gsub('""', '"'), stop + 1
    else
      local stop = text:find(delimiter, at, true) or #text + 1
      cell, at = text:sub(at, stop - 1), stop
    end
    n = n + 1
    cells[n] = cell
    if at > #text then return cells end
    at = at + 1
  end
end

-- A quoted cell may hold line ends.
local function is_whole(text)
  local _, quotes = text:gsub('"', "")
  return quotes % 2 == 0
end

local function add_column(self, name)
  local n = #self.columns + 1
  self.columns[n], self.column_of[name] = name, n
end

local function header_of(self)
  local cells = {}
  for i, name in ipairs(self.columns) do cells[i] = quote(name, self.delimiter) end
  return table.concat(cells, self.delimiter)
end

-- A row's cells but for the time, without empty ones at its end: later columns do not matter.
local function without_time(self, cells)
  local copy = {}
  for i, cell in ipairs(cells) do copy[i] = i == self.column_of.time and "" or cell end
  local text = table.concat(copy, "\0"):gsub("%z+$", "")
  return text
end

-- Takes over the columns of a file that is there, and drops what `from` and a crash made void.
local function take_over(self, lines, from)
  local first = lines:entries(is_whole)()
  if not first then return end
  if first:sub(-1) ~= "\n" then -- not even the header was written out
    lines:rewrite(function() return nil end)
    return
  end
  for _, name in ipairs(split(first, self.delimiter)) do add_column(self, name) end
  local step_column = self.column_of.step
  if not step_column then
    errors.raise("format", "tnt.log.CSV: %s begins with '%s', which is no header with a column "
      .. "'step'; move the file away, or give another path or delimiter", lines.path,
      first:sub(1, 60):gsub("%s+$", ""))
  end
  local function step_of(cells) return tonumber(cells[step_column]) or 0 end
  local function keeps(text, at)
    if at == 1 then return true end
    if text:sub(-1) ~= "\n" then return false end
    return type(from) == "string" or step_of(split(text, self.delimiter)) <= from
  end
  local at, must_change = 0, false
  for text in lines:entries(is_whole) do
    at = at + 1
    local cells = split(text, self.delimiter)
    if not keeps(text, at) then
      must_change = true
    elseif step_of(cells) == from then
      lines:note(without_time(self, cells))
    end
  end
  if must_change then
    lines:rewrite(function(text, i) return keeps(text, i) and text or nil end, is_whole)
  end
end

--- Called by the loops. Errors: argument, when no path is known; io.
---@param state tnt.State|nil
---@param unit table|nil
function CSV:open(state, unit)
  local path = place.path(self, state, "metrics.csv")
  place.make_parent(path)
  local from = place.continuation(state, unit)
  if from == "fresh" then place.move_aside(path) end
  local lines = Lines(path, self.flush_seconds)
  self.columns, self.column_of = {}, {}
  self.cells, self.words = {}, {} -- of the row being made; words as they are quoted
  take_over(self, lines, from)
  self.lines, self.from = lines, from
end

-- New columns: the header grows, and so do the rows above.
local function widen(self, names)
  local before = #self.columns
  for _, name in ipairs(names) do
    if not self.column_of[name] then add_column(self, name) end
  end
  local header = header_of(self)
  if before == 0 then return self.lines:line(header) end
  local added = self.delimiter:rep(#self.columns - before) .. "\n"
  self.lines:rewrite(function(text, at)
    if at == 1 then return header .. "\n" end
    return text:gsub("\r?\n$", "") .. added
  end, is_whole)
end

---@param record tnt.Record
function CSV:log(record)
  if not self.lines then self:open() end
  if #self.columns == 0 then
    local names = {}
    for i, name in ipairs(fixed) do names[i] = name end
    for i, name in ipairs(record.names) do names[#fixed + i] = name end
    widen(self, names)
  end
  for _, name in ipairs(record.names) do
    if not self.column_of[name] then
      widen(self, record.names)
      break
    end
  end
  local cells, columns, values, words = self.cells, self.columns, record.values, self.words
  for i = 1, #columns do
    local name = columns[i]
    local value = values[name]
    if value == nil then value = record[name] end
    if type(value) == "number" then
      cells[i] = name == "time" and ("%.3f"):format(value) or number.special(value)
        or number.exact(value)
    elseif value == nil then
      cells[i] = ""
    else
      local word = words[value]
      if not word then
        word = quote(tostring(value), self.delimiter)
        words[value] = word
      end
      cells[i] = word
    end
  end
  local text = table.concat(cells, self.delimiter, 1, #columns)
  if record.step == self.from then
    return self.lines:line_again(text, without_time(self, cells))
  end
  self.lines:line(text)
end

function CSV:flush()
  if self.lines then self.lines:flush() end
end

function CSV:close()
  local lines = self.lines
  self.lines = nil
  if lines then lines:close() end
end

return CSV
