-- Records as one JSON array of objects, for readers that want a whole document: after every flush
-- the file is valid. Each flush writes over the closing bracket, never over a record; a file whose
-- writer was killed in between is mended when it is opened again. JSONL needs no such care.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local json_text = require "tnt.log.json_text"
local Lines = require "tnt.log.lines"
local lfs = require "lfs"
local Logger = require "tnt.log.logger"
local stream = require "tnt.log.stream"
local place = require "tnt.log.place"

---@class tnt.log.JSON.Options
---@field path string|nil         default: metrics.json in the run's dir
---@field flush_seconds number|nil  how long a record may be held back; default 1
---@field all_ranks boolean|nil   every process logs, in a file of its own (metrics.rank1.json);
---  default: rank 0 alone

--- Writes the objects of tnt.log.JSONL, one a line, as elements of an array. What becomes of an
--- older file is told in log/place.lua.
---@class tnt.log.JSON: tnt.log.Logger
---@overload fun(options: tnt.log.JSON.Options): tnt.log.JSON
local JSON = Logger:extend("JSON", {
  path = class.NONE, flush_seconds = 1, all_ranks = false,
})
class.rename(JSON, place.RENAMED)

local END = "\n]\n"

local function check(ok, path, why)
  if not ok then errors.raise("io", "cannot write %s: %s", path, tostring(why)) end
  return ok
end

local function refuse(self, at, text)
  errors.raise("format", "tnt.log.JSON: line %d of %s is '%s', and not a record of an array with "
    .. "one a line; move the file away, or give another path", at, self.file_name, text:sub(1, 60))
end

-- The records of a file that is there, without those that `from` and a crash made void.
local function records_of(self)
  local kept, noted, at, half = {}, {}, 0, nil
  for line in Lines(self.file_name, math.huge):entries() do
    at = at + 1
    local text = line:gsub("%s+$", "")
    local record = text:match "^({.*}),?$"
    if half or at == 1 and text ~= "[" then refuse(self, half or at, text) end
    -- A line that is no record can only be the last: it was being written when the process died.
    if not record and at > 1 and text ~= "]" and text ~= "" then half = at end
    local step = record and json_text.step_of(record)
    if record and not (step and type(self.from) == "number" and step > self.from) then
      kept[#kept + 1] = record
      if step == self.from then noted[json_text.without_time(record)] = true end
    end
  end
  return kept, noted
end

-- Closes what a program that ends, by an error perhaps, left open. os.exit(code) without a second
-- argument ends without it: the file then lacks its last second and its bracket.
local function guarded(self)
  local guard = newproxy(true)
  getmetatable(guard).__gc = function()
    if io.type(self.file) == "closed file" then self.file = io.open(self.file_name, "r+b") end
    if self.file then pcall(self.close, self) end
  end
  return guard
end

-- A new file with these records, put in the place of the old one in one instant.
local function begin_file(self, records)
  local text = "[" .. (#records > 0 and "\n" or "") .. table.concat(records, ",\n")
  local temporary = self.file_name .. ".tmp"
  local file, why = io.open(temporary, "wb")
  check(file, temporary, why)
  check(file:write(text, END), temporary, "the disk may be full")
  check(file:close(), temporary, "the disk may be full")
  check(os.rename(temporary, self.file_name), self.file_name, "cannot be replaced")
  self.file = check(io.open(self.file_name, "r+b"), self.file_name, "cannot be opened again")
  self.tail, self.n_written = #text, #records
  self.guard = guarded(self)
end

--- Called by the loops. Errors: argument, when no path is known; io; format, for a file that is no
--- array.
---@param state tnt.State|nil
---@param unit table|nil
function JSON:open(state, unit)
  self.file_name = place.path(self, state, "metrics.json")
  place.make_parent(self.file_name)
  self.from = place.continuation(state, unit)
  if self.from == "fresh" then place.move_aside(self.file_name) end
  local records = {}
  self.noted = {}
  if (lfs.attributes(self.file_name, "size") or 0) > 0 then
    records, self.noted = records_of(self)
  end
  self.held, self.n, self.written_at = {}, 0, clock.now()
  begin_file(self, records)
end

---@param record tnt.Record
function JSON:log(record)
  if not self.file then self:open() end
  local text = json_text.record(record)
  if record.step == self.from then -- an epoch's end that was written before the run was cut short
    local key = json_text.without_time(text)
    if self.noted[key] then
      self.noted[key] = nil
      return
    end
  end
  self.n = self.n + 1
  self.held[self.n] = text
  if clock.now() - self.written_at >= self.flush_seconds then self:flush() end
end

--- Writes what is held back. Errors: io.
function JSON:flush()
  if not self.file then return end
  self.written_at = clock.now()
  if self.n == 0 then return end
  local text = (self.n_written > 0 and ",\n" or "\n") .. table.concat(self.held, ",\n", 1, self.n)
  local ok, why = self.file:seek("set", self.tail)
  if ok then ok, why = stream.write(self.file, text .. END) end
  if ok then ok, why = stream.flush(self.file) end
  check(ok, self.file_name, why)
  self.tail, self.n_written = self.tail + #text, self.n_written + self.n
  for i = 1, self.n do self.held[i] = nil end
  self.n = 0
end

--- Errors: io.
function JSON:close()
  if not self.file then return end
  self:flush()
  local file = self.file
  self.file = nil
  check(file:close(), self.file_name, "the disk may be full")
end

return JSON
