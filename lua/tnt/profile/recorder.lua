-- What a profile is made of: ranges of operations, which the core keeps in C memory (chunks), and
-- spans of Lua (phases, hooks, parts that the program names). Both are read from one clock. At most
-- one recorder is on in a thread.

local clock = require "tnt.loop.clock"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"

local C = core.C

---@class tnt.profile.Recorder
---@field spans {kind: string, name: string, began: integer, ended: integer}[]  nanoseconds
---@field chunks {ranges: ffi.cdata*, n: integer}[]  tnt_range, in the order of their ends
---@field regions string[]  what the numbers of regions stand for
---@field dropped integer  ranges for which there was no room
---@field line_at nil|fun(call: integer): string|nil  lines of the program, where they were noted
local Recorder = {}
Recorder.__index = Recorder

local active

--- A recorder that is off.
---@param max_ops integer  how many ranges of operations it keeps
---@return tnt.profile.Recorder
local function new(max_ops)
  return setmetatable({
    spans = {}, chunks = {}, regions = {}, dropped = 0, open = {}, n_ops = 0, max_ops = max_ops,
    origin = math.floor(clock.now() * 1e9 + 0.5),
  }, Recorder)
end

--- Nanoseconds of the clock that the core's ranges have.
---@return integer
function Recorder.now() return math.floor(clock.now() * 1e9 + 0.5) end
local now = Recorder.now

--- Records operations from now on.
--- Errors: state, when another recorder is on.
function Recorder:start()
  if active then
    errors.raise("state", "profile: another profile is being taken; they do not nest")
  end
  core.check(C.tnt_watch_ranges(math.max(self.max_ops - self.n_ops, 1)))
  active = self
end

local ranges_out = ffi.new "tnt_range *[1]"
local n_out, dropped_out = ffi.new "int64_t[1]", ffi.new "int64_t[1]"

-- Takes over what the core has kept.
local function take()
  core.check(C.tnt_ranges_take(ranges_out, n_out, dropped_out))
  local n, ranges = tonumber(n_out[0]), ranges_out[0]
  if ranges ~= nil then ranges = ffi.gc(ranges, ffi.C.free) end
  return ranges, n, tonumber(dropped_out[0])
end

--- Records no operations any more; those recorded stay.
function Recorder:stop()
  if active ~= self then return end
  active = nil
  core.check(C.tnt_watch_ranges(0))
  local ranges, n, dropped = take()
  if n > 0 then self.chunks[#self.chunks + 1] = { ranges = ranges, n = n } end
  self.n_ops, self.dropped = self.n_ops + n, self.dropped + dropped
end

--- Whether operations are being recorded.
---@return boolean
function Recorder:is_on() return active == self end

--- Forgets the operations recorded since `start`, and the spans after the first n but those that
--- are to stay.
---@param n_spans integer
---@param stays fun(span: table): boolean
function Recorder:forget(n_spans, stays)
  if active == self then take() end
  local kept = {}
  for i = n_spans + 1, #self.spans do
    if stays(self.spans[i]) then kept[#kept + 1] = self.spans[i] end
    self.spans[i] = nil
  end
  for i, span in ipairs(kept) do self.spans[n_spans + i] = span end
end

--- Adds a span.
---@param kind string
---@param name string
---@param began integer  nanoseconds
---@param ended integer
function Recorder:add(kind, name, began, ended)
  self.spans[#self.spans + 1] = { kind = kind, name = name, began = began, ended = ended }
end

local function close(self, kind, name, began, ...)
  self:add(kind, name, began, now())
  return ...
end

--- Calls fn(...) as a span. One that raises leaves none.
---@param kind string
---@param name string
---@param fn function
---@return any ...  what fn returns
function Recorder:call(kind, name, fn, ...) return close(self, kind, name, now(), fn(...)) end

--- Opens a span that another event closes; what stands open under the key was left, and is
--- forgotten.
---@param key string
---@param name string
function Recorder:begin(key, name) self.open[key] = { name = name, began = now() } end

--- Closes what `begin` opened, where it is open.
---@param key string
---@param kind string
function Recorder:finish(key, kind)
  local span = self.open[key]
  if not span then return end
  self.open[key] = nil
  self:add(kind, span.name, span.began, now())
end

--- Calls visit(range) for each operation, in the order of their ends within a chunk.
---@param visit fun(range: ffi.cdata*)
function Recorder:each_op(visit)
  for _, chunk in ipairs(self.chunks) do
    for i = 0, chunk.n - 1 do visit(chunk.ranges[i]) end
  end
end

--- The recorder that is on, or nil.
---@return tnt.profile.Recorder|nil
local function current() return active end

local names = {}

--- What a range is called: its operation, with _ when it wrote in place, or "gradient of" one.
---@param range ffi.cdata*  tnt_range
---@return string
local function name_of(range)
  local number = range.op >= 0 and range.op or range.of
  local name = names[number]
  if not name then
    local text = C.tnt_op_name(number)
    name = text ~= nil and ffi.string(text) or "view"
    names[number] = name
  end
  if range.op < 0 then return "gradient of " .. name end
  return range.in_place ~= 0 and name:sub(-1) ~= "_" and name .. "_" or name
end

return { new = new, current = current, name_of = name_of }
