-- A profile as a file for Perfetto (ui.perfetto.dev) and chrome://tracing: complete events in a
-- JSON array, all of a thread in one row, which nest, and a row for each stream of a card. Times
-- are whole nanoseconds until they are written, so that rounding cannot make two overlap by a part.
-- Source of the form: Google, "Trace Event Format".

local core = require "tnt.core"
local errors = require "tnt.errors"
local json_text = require "tnt.log.json_text"
local recorder = require "tnt.profile.recorder"
local sorted = require "tnt.sorted"

local trace = {}

local quote, name_of = json_text.quote, recorder.name_of
local EVENT = '{"name":%s,"cat":"%s","ph":"X","ts":%.3f,"dur":%.3f,"pid":%d,"tid":%d%s}'

-- Microseconds with three decimals are exact up to 2^53 ns.
local function event(process, row, kind, name, began, ended, rest)
  return EVENT:format(quote(name), kind, began / 1e3, (ended - began) / 1e3, process, row,
    rest or "")
end

local function shape_of(range)
  local sizes = {}
  for d = 1, math.min(range.ndim, 4) do sizes[d] = ("%d"):format(tonumber(range.size[d - 1])) end
  if range.ndim > 4 then sizes[5] = "..." end
  return "[" .. table.concat(sizes, ", ") .. "]"
end

-- What a click on an operation shows.
local function arguments(range, line_at)
  local parts = {
    ('"shape":"%s","dtype":"%s"'):format(shape_of(range), core.dtypes[range.dtype]),
    '"phase":"' .. (range.backward ~= 0 and "backward" or "forward") .. '"',
  }
  if range.bytes > 0 then parts[#parts + 1] = ('"bytes":%d'):format(tonumber(range.bytes)) end
  if range.flops > 0 then parts[#parts + 1] = ('"flops":%d'):format(tonumber(range.flops)) end
  local line = line_at and line_at(range.call)
  if line then parts[#parts + 1] = '"line":' .. quote(line) end
  return ',"args":{' .. table.concat(parts, ",") .. "}"
end

-- What a click on a card's range shows.
local function card_arguments(range, line_at)
  local parts = { '"phase":"' .. (range.backward ~= 0 and "backward" or "forward") .. '"' }
  if range.of >= 0 then
    parts[#parts + 1] = '"of":' .. quote(recorder.gradient_name(range.of))
  end
  if range.bytes > 0 then parts[#parts + 1] = ('"bytes":%d'):format(tonumber(range.bytes)) end
  local line = line_at and line_at(range.call)
  if line then parts[#parts + 1] = '"line":' .. quote(line) end
  return ',"args":{' .. table.concat(parts, ",") .. "}"
end

local streams = { [0] = "compute", "copy" }

-- Each stream's ranges lie behind each other. Their times are rounded twice: what laps over into
-- the one before by that is cut.
local function write_cards(self, write, process, named)
  local ended, origin = {}, self.origin
  self:each_on_card(function(range)
    local row = 100 + 10 * range.device + range.stream
    if not ended[row] then
      ended[row] = -math.huge
      write(",\n" .. named("thread_name", row, ("cuda:%d %s"):format(
        range.device - core.C.TNT_CUDA, streams[range.stream])))
    end
    local began = math.max(tonumber(range.begin) - origin, ended[row])
    ended[row] = math.max(tonumber(range["end"]) - origin, began)
    write(",\n" .. event(process, row, "card", (recorder.card_name_of(range)), began, ended[row],
      card_arguments(range, self.line_at)))
  end)
end

local function write_all(self, write, process)
  local row, origin = 1, self.origin
  local function named(what, at, name)
    return ('{"name":"%s","ph":"M","pid":%d,"tid":%d,"args":{"name":"%s"}}'):format(what, process,
      at, name)
  end
  write("[\n" .. named("process_name", row, "rank " .. process) .. ",\n"
    .. named("thread_name", row, "main"))
  local function put(...) write(",\n" .. event(process, row, ...)) end
  for _, span in ipairs(self.spans) do
    put(span.kind, span.name, span.began - origin, span.ended - origin)
  end
  local now = self.now()
  for _, span in sorted(self.open) do put("open", span.name, span.began - origin, now - origin) end
  self:each_op(function(range)
    local began, ended = tonumber(range.begin) - origin, tonumber(range["end"]) - origin
    if range.op < 0 then return put("gradient", name_of(range), began, ended) end
    put("op", name_of(range), began, ended, arguments(range, self.line_at))
    if range.kernel_begin > 0 then
      put("kernel", name_of(range) .. " kernel", tonumber(range.kernel_begin) - origin,
        tonumber(range.kernel_end) - origin)
    end
  end)
  write_cards(self, write, process, named)
  write "\n]\n"
end

--- Writes the file.
--- Errors: io.
---@param self tnt.profile.Recorder
---@param path string
---@param process? integer  the rank; default 0
function trace.write(self, path, process)
  local file, why = io.open(path, "wb")
  local ok = file ~= nil
  if ok then
    write_all(self, function(text)
      if ok then ok, why = file:write(text) end
    end, process or 0)
    local closed, close_why = file:close()
    if ok then ok, why = closed, close_why end
  end
  if not ok then errors.raise("io", "cannot write %s: %s", path, tostring(why)) end
end

return trace
