-- Writes predictions as a table: rows made of what the predict steps return. Each process writes a
-- file of its own, so that none waits for another and no rows run into each other.

local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local number = require "tnt.log.number"
local place = require "tnt.log.place"
local quote = require "tnt.log.quote"
local rank = require "tnt.loop.rank"

---@class tnt.hooks.CsvWriter.Options
---@field header string[]  the columns' names
---@field rows fun(output: any, state: tnt.State, unit: table): any[]|any[][]|nil  of a step's
---  output: one row, or a list of rows; cells are strings, numbers, booleans or tensors with one
---  element
---@field path string|nil       default: predictions.csv in the run's dir; with several processes
---  the rank stands before the ending: predictions.3.csv
---@field delimiter string|nil  one character; default ","

--- Numbers read back exactly. A file that is there is moved aside (predictions.1.csv) when a
--- prediction begins, and appended to when one goes on. The file is closed on every exit path.
--- Errors: argument, for a row whose length is not the header's; io.
---@class tnt.hooks.CsvWriter: tnt.Hook
---@overload fun(options: tnt.hooks.CsvWriter.Options): tnt.hooks.CsvWriter
local CsvWriter = hook.Hook:extend("CsvWriter", {
  "header", "rows", path = class.NONE, delimiter = ",",
})

class.rename(CsvWriter, { header_row = "header", dir_path = "path", filename = "path" })

function CsvWriter:init()
  if type(self.header) ~= "table" or #self.header == 0 then
    errors.raise("argument", "CsvWriter: header must be a list of names, got %s",
      type(self.header) == "table" and "no name" or type(self.header))
  elseif type(self.rows) ~= "function" then
    errors.raise("argument", "CsvWriter: rows must be a function (output, state, unit) that gives "
      .. "a row or a list of rows, got %s", type(self.rows))
  elseif type(self.delimiter) ~= "string" or #self.delimiter ~= 1
    or self.delimiter:find '[%w"\r\n.+-]' then
    errors.raise("argument", "CsvWriter: delimiter must be one character that no number holds, "
      .. "such as ',', ';' or '\\t', got %s", tostring(self.delimiter))
  elseif self.path ~= nil and (type(self.path) ~= "string" or self.path == "") then
    errors.raise("argument", "CsvWriter: path must be a string that is not empty, got %s",
      tostring(self.path))
  end
end

local function path_of(self, state)
  if not self.path and not state.dir then
    errors.raise("argument", "CsvWriter: where to write is missing: give it path = '...', or give "
      .. "the run dir = '...' (it then writes to dir/predictions.csv)")
  end
  local path = self.path or state.dir .. "/predictions.csv"
  local mine, processes = rank()
  if processes == 1 then return path end
  local stem, extension = path:match "^(.*[^/])(%.[^./]+)$"
  return ("%s.%d%s"):format(stem or path, mine, extension or "")
end

local function cell(self, value)
  if type(value) == "cdata" then value = value:item() end
  if type(value) == "number" then return number.special(value) or number.exact(value) end
  return value == nil and "" or quote(tostring(value), self.delimiter)
end

local function add(self, row)
  local n = #self.header
  if type(row) ~= "table" or table.maxn(row) > n then
    errors.raise("argument", "CsvWriter: a row is a list of %d cells (%s), got %s", n,
      table.concat(self.header, ", "),
      type(row) == "table" and ("%d"):format(table.maxn(row)) or "a " .. type(row))
  end
  local cells = {}
  for i = 1, n do cells[i] = cell(self, row[i]) end
  local ok, why = self.file:write(table.concat(cells, self.delimiter), "\n")
  if not ok then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
end

function CsvWriter:on_predict_start(state)
  if self.file then return end -- a second set of data goes on in the same file
  self.file_name = path_of(self, state)
  place.make_parent(self.file_name)
  local is_fresh = state.progress.num_steps_completed == 0
  if is_fresh then place.move_aside(self.file_name) end
  local file, why = io.open(self.file_name, is_fresh and "wb" or "ab")
  if not file then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
  self.file = file
  if is_fresh then add(self, self.header) end
end

function CsvWriter:on_predict_step_end(state, unit)
  local rows = self.rows(state.step_output, state, unit)
  if rows == nil then return end
  local is_list = type(rows) == "table" and (type(rows[1]) == "table" or next(rows) == nil)
  if not is_list then return add(self, rows) end
  for _, row in ipairs(rows) do add(self, row) end
end

function CsvWriter:on_predict_end()
  local ok, why = self.file:flush()
  if not ok then errors.raise("io", "cannot write %s: %s", self.file_name, why) end
end

function CsvWriter:on_run_end()
  local file = self.file
  if not file then return end
  self.file = nil
  local ok, why = file:close()
  if not ok then errors.raise("io", "cannot close %s: %s", self.file_name, tostring(why)) end
end

return CsvWriter
