-- The history of memory: which block of tensors was taken or given back when, by which operation,
-- from which line. tnt.memory_snapshot keeps it for a function, the hook of that name for some
-- steps. The core writes the log (core/memory_log.c); a snapshot is what is read of it.

local call_lines = require "tnt.call_lines"
local check = require "tnt.check_option"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"
local json_text = require "tnt.log.json_text"
local sorted = require "tnt.sorted"

local C = core.C
local quote = json_text.quote

---@class tnt.MemoryEvent
---@field number integer   counted from 1 since the log began
---@field action "alloc"|"free"|"oom"  "oom": there was no room for so many bytes
---@field bytes integer    of the block: somewhat more than the tensor's
---@field live integer     bytes of all blocks in use, afterwards
---@field address string   "0x..."; nil of "oom"
---@field seconds number   since the log began
---@field op string|nil    the operation under way
---@field gradient_of string|nil  the operation whose gradient was under way
---@field phase "forward"|"backward"
---@field line string|nil  of the program, for "alloc" and "oom" when lines were noted

---@class tnt.MemorySnapshot
---@field events tnt.MemoryEvent[]  the newest, oldest first
---@field lost integer              how many older ones were not kept
---@field live tnt.MemoryEvent[]    the "alloc" of blocks not given back yet, the largest first
---@field peak_bytes integer        the most that was live after one of the events, 0 without any
---@field memory tnt.Memory         at the end
local Snapshot = {}
Snapshot.__index = Snapshot

local snapshot = {}
local began, with_lines -- of the log under way

--- Begins a log; one under way is thrown away.
---@param max_entries integer  events that are kept
---@param lines boolean        note the program's lines
function snapshot.start(max_entries, lines)
  core.check(C.tnt_watch_memory(max_entries))
  if lines and not with_lines then call_lines.start() end
  if with_lines and not lines then call_lines.stop() end
  began, with_lines = require("tnt.loop.clock").now(), lines
end

--- Whether a log is under way.
---@return boolean
function snapshot.is_on() return began ~= nil end

local function name_of(number)
  local name = C.tnt_op_name(number)
  return name ~= nil and ffi.string(name) or nil
end

local function event_of(raw, number, origin, lines)
  local bytes = tonumber(raw.bytes)
  local action = raw.address == 0 and "oom" or bytes < 0 and "free" or "alloc"
  return {
    number = number, action = action, bytes = math.abs(bytes), live = tonumber(raw.live),
    address = raw.address ~= 0 and ("0x%x"):format(tonumber(raw.address)) or nil,
    seconds = tonumber(raw.time) / 1e9 - origin, op = name_of(raw.op),
    gradient_of = name_of(raw.of), phase = raw.backward ~= 0 and "backward" or "forward",
    line = lines and action ~= "free" and call_lines.at(raw.call) or nil,
  }
end

-- Events of blocks that are still in use.
local function blocks_in_use(events)
  local at, list = {}, {}
  for _, event in ipairs(events) do
    if event.action == "alloc" then at[event.address] = event end
    if event.action == "free" then at[event.address] = nil end
  end
  for _, event in ipairs(events) do
    if event.action == "alloc" and at[event.address] == event then list[#list + 1] = event end
  end
  table.sort(list, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes > b.bytes end
    return a.number < b.number
  end)
  return list
end

local ring_out = ffi.new "tnt_memory_event *[1]"
local n_out, room_out = ffi.new "int64_t[1]", ffi.new "int64_t[1]"

--- Ends the log and reads it.
---@return tnt.MemorySnapshot
function snapshot.stop()
  core.check(C.tnt_memory_events_take(ring_out, n_out, room_out))
  local ring, n, room = ring_out[0], tonumber(n_out[0]), tonumber(room_out[0])
  local events, origin, lines, peak = {}, began or 0, with_lines, 0
  local first = math.max(n - room, 0)
  for i = first, n - 1 do
    local event = event_of(ring[i % room], i + 1, origin, lines)
    events[#events + 1], peak = event, math.max(peak, event.live)
  end
  ffi.C.free(ring)
  if with_lines then call_lines.stop() end
  began, with_lines = nil, nil
  return setmetatable({
    events = events, lost = first, live = blocks_in_use(events), peak_bytes = peak,
    memory = require "tnt.memory"(),
  }, Snapshot)
end

local fields = { "action", "address", "op", "gradient_of", "phase", "line" }

local function event_json(event)
  local parts = { ('{"number":%d,"seconds":%.9f,"bytes":%d,"live":%d'):format(event.number,
    event.seconds, event.bytes, event.live) }
  for _, name in ipairs(fields) do
    if event[name] then parts[#parts + 1] = quote(name) .. ":" .. quote(event[name]) end
  end
  return table.concat(parts, ",") .. "}"
end

local function list_json(list)
  local parts = {}
  for i, event in ipairs(list) do parts[i] = event_json(event) end
  return "[\n" .. table.concat(parts, ",\n") .. "\n]"
end

--- Writes the snapshot as JSON: `memory` (tnt.memory() at the end), `lost`, `peak_bytes`, `live`
--- and `events`, which are lists of objects with the fields of tnt.MemoryEvent.
--- Errors: argument; io.
---@param path string
function Snapshot:save(path)
  if type(path) ~= "string" or path == "" then
    errors.raise("argument", "memory_snapshot: path must be a string that is not empty, got %s",
      tostring(path))
  end
  local memory = {}
  for name, value in sorted(self.memory) do
    memory[#memory + 1] = ('"%s":%d'):format(name, value)
  end
  local file, why = io.open(path, "wb")
  local ok = file ~= nil
  if ok then
    ok, why = file:write(('{"memory":{%s},"lost":%d,"peak_bytes":%d,\n"live":'):format(
      table.concat(memory, ","), self.lost, self.peak_bytes), list_json(self.live),
      ',\n"events":', list_json(self.events), "}\n")
    local closed, close_why = file:close()
    if ok then ok, why = closed, close_why end
  end
  if not ok then errors.raise("io", "cannot write %s: %s", path, tostring(why)) end
end

-- Where a block came from, in words.
local function source_of(event)
  local what = event.op or "a new tensor"
  if event.gradient_of then what = what .. " in the gradient of " .. event.gradient_of end
  return event.line and what .. " at " .. event.line or what
end

--- What is still in use, added up by where it came from, the most bytes first.
---@return {source: string, blocks: integer, bytes: integer}[]
function Snapshot:sources()
  local by_source, list = {}, {}
  for _, event in ipairs(self.live) do
    local source = source_of(event)
    local entry = by_source[source]
    if not entry then
      entry = { source = source, blocks = 0, bytes = 0 }
      by_source[source], list[#list + 1] = entry, entry
    end
    entry.blocks, entry.bytes = entry.blocks + 1, entry.bytes + event.bytes
  end
  table.sort(list, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes > b.bytes end
    return a.source < b.source
  end)
  return list
end

--- How many events, the peak, and the ten sources that hold the most.
function Snapshot:__tostring()
  local lines = { ("%d events%s, at most %.2f MB live, %d blocks in use"):format(#self.events,
    self.lost > 0 and (" (%d older ones lost)"):format(self.lost) or "", self.peak_bytes / 1e6,
    #self.live) }
  for i, entry in ipairs(self:sources()) do
    if i > 10 then break end
    lines[i + 1] = ("%10.3f MB in %d: %s"):format(entry.bytes / 1e6, entry.blocks, entry.source)
  end
  return table.concat(lines, "\n")
end

local function finish(path, ok, ...)
  local result = snapshot.stop()
  if path then result:save(path) end
  if not ok then error((...), 0) end
  return result, ...
end

---@class tnt.MemorySnapshotOptions
---@field path? string          write it there as JSON when fn is done, or has raised
---@field max_entries? integer  events that are kept, the newest; default 100,000
---@field lines? boolean        note the program's line of each; slower; default true

--- Calls fn(...) and keeps the history of memory meanwhile: every block of tensors taken and given
--- back, by which operation and from which line; of all threads.
--- Errors: argument; state, within another snapshot; io; what fn raises.
---
--- ```lua
--- local x = tnt.zeros(1000)
--- local snapshot, y = tnt.memory_snapshot(function() return x + 1 end)
--- snapshot.live[1].bytes -- 4096
--- snapshot.live[1].op -- add
--- ```
---@param options_or_fn tnt.MemorySnapshotOptions|function
---@param ... any  after options: fn and its arguments; else fn's arguments
---@return tnt.MemorySnapshot snapshot  prints as a summary
---@return any ...  what fn returns
function snapshot.run(options_or_fn, ...)
  local function run(options, fn, ...)
    if type(fn) ~= "function" then
      errors.raise("argument", "memory_snapshot: a function was expected, got %s", type(fn))
    end
    if snapshot.is_on() then
      errors.raise("state", "memory_snapshot: another one is being taken; they do not nest")
    end
    snapshot.start(options.max_entries or 100000, options.lines ~= false)
    return finish(options.path, pcall(fn, ...))
  end
  if type(options_or_fn) ~= "table" then return run({}, options_or_fn, ...) end
  errors.check_options("memory_snapshot", options_or_fn, { "path", "max_entries", "lines" })
  if options_or_fn.max_entries ~= nil then
    check.count("memory_snapshot", "max_entries", options_or_fn.max_entries, 1)
  end
  local path = options_or_fn.path
  if path ~= nil and (type(path) ~= "string" or path == "") then
    errors.raise("argument", "memory_snapshot: path must be a string that is not empty, got %s",
      tostring(path))
  end
  return run(options_or_fn, ...)
end

return snapshot
