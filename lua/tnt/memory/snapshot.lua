-- The history of memory: which block of tensors was taken or given back when, by which operation,
-- from which line. tnt.memory_snapshot keeps it for a function, the hook of that name for some
-- steps. The core writes the log (core/memory_log.c); a snapshot is what is read of it.

local call_lines = require "tnt.call_lines"
local check = require "tnt.check_option"
local core = require "tnt.core"
local device = require "tnt.device"
local errors = require "tnt.errors"
local ffi = require "ffi"
local json_text = require "tnt.log.json_text"
local sorted = require "tnt.sorted"

local C = core.C
local quote = json_text.quote
local json_number = json_text.number

---@class tnt.MemoryEvent
---@field number integer   counted from 1 since the log began
---@field action "alloc"|"free"|"oom"|"segment_alloc"|"segment_free"  "oom": there was no room for
---  so many bytes. Blocks of cards are cut from segments, which are what the driver is asked for
---@field bytes integer    of the block: somewhat more than the tensor's
---@field live integer     bytes of all blocks in use on that device, afterwards
---@field cached integer   bytes the allocator keeps there for later
---@field device string    "cpu", "cuda:0", or "pinned": the host's memory that cards read directly
---@field stream "compute"|"copy"|nil  of a card's block: on which work it may be used again at once
---@field captured boolean|nil  true of blocks that belong to a captured step
---@field address string   "0x..."; nil of "oom"
---@field seconds number   since the log began
---@field op string|nil    the operation under way
---@field gradient_of string|nil  the operation whose gradient was under way
---@field phase "forward"|"backward"
---@field line string|nil  of the program, for "alloc" and "oom" when lines were noted

---@class tnt.MemoryBlock  of a card's memory, as the log ends
---@field address string
---@field segment string   the address of the piece of the driver's that it is cut from
---@field bytes integer
---@field stream "compute"|"copy"
---@field state "live"|"cached"
---@field captured boolean|nil  true: of a captured step
---@field made integer|nil  the number of the event that made it, where it is live and logged

---@class tnt.MemoryOfDevice
---@field peak_bytes integer  the most that was live after one of the device's events, 0 without any
---@field memory tnt.CudaMemory|nil  at the end; nil of pinned memory
---@field blocks tnt.MemoryBlock[]   all there are, segment by segment

---@class tnt.MemorySnapshot
---@field events tnt.MemoryEvent[]  the newest, oldest first
---@field lost integer              how many older ones were not kept
---@field live tnt.MemoryEvent[]    the "alloc" of blocks not given back yet, the largest first
---@field peak_bytes integer        the most that was live on the host after one of the events
---@field memory tnt.Memory         of the host at the end
---@field devices table<string, tnt.MemoryOfDevice>  cards in use, and "pinned"
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

local streams = { [0] = "compute", "copy" }

local function address_of(number) return ("0x%x"):format(tonumber(number)) end

local function event_of(raw, number, origin, lines)
  local bytes, on = tonumber(raw.bytes), raw.device
  local action = raw.address == 0 and "oom" or bytes < 0 and "free" or "alloc"
  if raw.what == C.TNT_SEGMENT then action = "segment_" .. action end
  local is_card = on ~= 0 and on ~= C.TNT_PINNED
  return {
    number = number, action = action, bytes = math.abs(bytes), live = tonumber(raw.live),
    cached = tonumber(raw.cached), device = on == C.TNT_PINNED and "pinned" or device.name(on),
    stream = is_card and streams[raw.stream] or nil, captured = raw.captured ~= 0 or nil,
    address = raw.address ~= 0 and address_of(raw.address) or nil,
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

local blocks_out, count_out = ffi.new "tnt_block_info *[1]", ffi.new "int64_t[1]"

-- Every block of one card's, or of pinned memory; `made` are the events of those in use.
local function blocks_on(number, made)
  core.check(C.tnt_device_blocks(blocks_out, count_out, number))
  local raw, list = blocks_out[0], {}
  for i = 0, tonumber(count_out[0]) - 1 do
    local b, address = raw[i], address_of(raw[i].address)
    list[i + 1] = {
      address = address, segment = address_of(b.segment), bytes = tonumber(b.bytes),
      stream = streams[b.stream], state = b.live ~= 0 and "live" or "cached",
      captured = b.captured ~= 0 or nil, made = b.live ~= 0 and made[address] or nil,
    }
  end
  ffi.C.free(raw)
  return list
end

-- What there is of the memory of cards: of none that was not used, to open which takes its time.
local function devices_of(peaks, live)
  local made, devices = {}, {}
  for _, event in ipairs(live) do made[event.address] = event.number end
  for card = 1, C.tnt_device_count(C.TNT_CUDA) do
    local name, blocks = device.name(card), blocks_on(card, made)
    if peaks[name] or #blocks > 0 then
      -- of a card that was lost there are the blocks alone
      local ok, memory = pcall(require("tnt.cuda").memory, name)
      devices[name] = { peak_bytes = peaks[name] or 0, blocks = blocks,
        memory = ok and memory or nil }
    end
  end
  local pinned = blocks_on(C.TNT_PINNED, made)
  if #pinned > 0 then devices.pinned = { peak_bytes = peaks.pinned or 0, blocks = pinned } end
  return devices
end

local ring_out = ffi.new "tnt_memory_event *[1]"
local n_out, room_out = ffi.new "int64_t[1]", ffi.new "int64_t[1]"

--- Ends the log and reads it.
---@return tnt.MemorySnapshot
function snapshot.stop()
  core.check(C.tnt_memory_events_take(ring_out, n_out, room_out))
  local ring, n, room = ring_out[0], tonumber(n_out[0]), tonumber(room_out[0])
  local events, origin, lines, peaks = {}, began or 0, with_lines, {}
  local first = math.max(n - room, 0)
  for i = first, n - 1 do
    local event = event_of(ring[i % room], i + 1, origin, lines)
    events[#events + 1] = event
    peaks[event.device] = math.max(peaks[event.device] or 0, event.live)
  end
  ffi.C.free(ring)
  if with_lines then call_lines.stop() end
  began, with_lines = nil, nil
  local live = blocks_in_use(events)
  return setmetatable({
    events = events, lost = first, live = live, peak_bytes = peaks.cpu or 0,
    memory = require "tnt.memory"(), devices = devices_of(peaks, live),
  }, Snapshot)
end

-- An object of the fields named that are there.
local function object_json(of, names)
  local parts = {}
  for _, name in ipairs(names) do
    local value = of[name]
    if type(value) == "string" then value = quote(value) end
    if type(value) == "number" then value = json_number(value) end
    if value ~= nil then parts[#parts + 1] = quote(name) .. ":" .. tostring(value) end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function list_json(list, names)
  local parts = {}
  for i, of in ipairs(list) do parts[i] = object_json(of, names) end
  return "[\n" .. table.concat(parts, ",\n") .. "\n]"
end

local event_fields = {
  "number", "seconds", "bytes", "live", "cached", "action", "device", "stream", "captured",
  "address", "op", "gradient_of", "phase", "line",
}
local block_fields = { "address", "segment", "bytes", "stream", "state", "captured", "made" }

local function names_of(of)
  local names = {}
  for name in sorted(of) do names[#names + 1] = name end
  return names
end

local function devices_json(devices)
  local parts = {}
  for name, of in sorted(devices) do
    parts[#parts + 1] = ('%s:{"peak_bytes":%d,"memory":%s,\n"blocks":%s}'):format(quote(name),
      of.peak_bytes, of.memory and object_json(of.memory, names_of(of.memory)) or "null",
      list_json(of.blocks, block_fields))
  end
  return "{" .. table.concat(parts, ",\n") .. "}"
end

--- Writes the snapshot as JSON: `memory` (tnt.memory() at the end), `lost`, `peak_bytes`,
--- `devices` (by name, with the fields of tnt.MemoryOfDevice), `live` and `events`, which are lists
--- of objects with the fields of tnt.MemoryEvent.
--- Errors: argument; io.
---@param path string
function Snapshot:save(path)
  if type(path) ~= "string" or path == "" then
    errors.raise("argument", "memory_snapshot: path must be a string that is not empty, got %s",
      tostring(path))
  end
  local file, why = io.open(path, "wb")
  local ok = file ~= nil
  if ok then
    ok, why = file:write(('{"memory":%s,"lost":%d,"peak_bytes":%d,\n"devices":'):format(
      object_json(self.memory, names_of(self.memory)), self.lost, self.peak_bytes),
      devices_json(self.devices), ',\n"live":', list_json(self.live, event_fields),
      ',\n"events":', list_json(self.events, event_fields), "}\n")
    local closed, close_why = file:close()
    if ok then ok, why = closed, close_why end
  end
  if not ok then errors.raise("io", "cannot write %s: %s", path, tostring(why)) end
end

-- Where a block came from, in words.
local function source_of(event)
  local what = event.op or "a new tensor"
  if event.gradient_of then what = what .. " in the gradient of " .. event.gradient_of end
  if event.device ~= "cpu" then what = what .. " on " .. event.device end
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

-- One line for a card or for pinned memory.
local function device_line(name, of)
  local live, cached, segments, seen = 0, 0, 0, {}
  for _, block in ipairs(of.blocks) do
    if block.state == "live" then live = live + block.bytes else cached = cached + block.bytes end
    if not seen[block.segment] then segments = segments + 1 end
    seen[block.segment] = true
  end
  return ("%s: at most %.2f MB live, now %.2f MB and %.2f MB cached, in %d segments"):format(name,
    of.peak_bytes / 1e6, live / 1e6, cached / 1e6, segments)
end

--- How many events, the peak, the cards' memory, and the ten sources that hold the most.
function Snapshot:__tostring()
  local lines = { ("%d events%s, at most %.2f MB live, %d blocks in use"):format(#self.events,
    self.lost > 0 and (" (%d older ones lost)"):format(self.lost) or "", self.peak_bytes / 1e6,
    #self.live) }
  for name, of in sorted(self.devices) do lines[#lines + 1] = device_line(name, of) end
  for i, entry in ipairs(self:sources()) do
    if i > 10 then break end
    lines[#lines + 1] = ("%10.3f MB in %d: %s"):format(entry.bytes / 1e6, entry.blocks,
      entry.source)
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
--- back, by which operation and from which line; of all threads, on the host and on every card. The
--- blocks of cards that are there at the end come by segment and stream, live and cached.
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
