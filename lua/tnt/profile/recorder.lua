-- What a profile is made of: ranges of operations, which the core keeps in C memory (chunks), what
-- ran on cards (cards), and spans of Lua (phases, hooks, parts that the program names). All are in
-- the time of one clock. At most one recorder is on in a thread.

local clock = require "tnt.loop.clock"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ffi = require "ffi"

local C = core.C

---@class tnt.profile.Recorder
---@field spans {kind: string, name: string, began: integer, ended: integer}[]  nanoseconds
---@field chunks {ranges: ffi.cdata*, n: integer}[]  tnt_range, in the order of their ends
---@field cards {ranges: ffi.cdata*, n: integer}[]  tnt_card_range, a stream's in their order
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
    spans = {}, chunks = {}, cards = {}, regions = {}, dropped = 0, open = {}, n_ops = 0,
    max_ops = max_ops,
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

local ranges_out, cards_out = ffi.new "tnt_range *[1]", ffi.new "tnt_card_range *[1]"
local n_out, dropped_out = ffi.new "int64_t[1]", ffi.new "int64_t[1]"

-- Takes over what the core has kept.
local function take(call, out)
  core.check(call(out, n_out, dropped_out))
  local n, ranges = tonumber(n_out[0]), out[0]
  if ranges ~= nil then ranges = ffi.gc(ranges, ffi.C.free) end
  return ranges, n, tonumber(dropped_out[0])
end

--- Records no operations any more; those recorded stay. Waits for the cards that ran some.
function Recorder:stop()
  if active ~= self then return end
  active = nil
  core.check(C.tnt_watch_ranges(0))
  local ranges, n, dropped = take(C.tnt_ranges_take, ranges_out)
  if n > 0 then self.chunks[#self.chunks + 1] = { ranges = ranges, n = n } end
  self.n_ops, self.dropped = self.n_ops + n, self.dropped + dropped
  ranges, n = take(C.tnt_card_ranges_take, cards_out)
  if n > 0 then self.cards[#self.cards + 1] = { ranges = ranges, n = n } end
end

--- Whether operations are being recorded.
---@return boolean
function Recorder:is_on() return active == self end

--- Forgets the operations recorded since `start`, and the spans after the first n but those that
--- are to stay.
---@param n_spans integer
---@param stays fun(span: table): boolean
function Recorder:forget(n_spans, stays)
  if active == self then
    take(C.tnt_ranges_take, ranges_out)
    take(C.tnt_card_ranges_take, cards_out)
  end
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

--- Calls visit(range) for what ran on cards, in the order of their ends for each stream.
---@param visit fun(range: ffi.cdata*)
function Recorder:each_on_card(visit)
  for _, chunk in ipairs(self.cards) do
    for i = 0, chunk.n - 1 do visit(chunk.ranges[i]) end
  end
end

--- The recorder that is on, or nil.
---@return tnt.profile.Recorder|nil
local function current() return active end

local names = {}

local function op_name(number)
  local name = names[number]
  if not name then
    local text = C.tnt_op_name(number)
    name = text ~= nil and ffi.string(text) or "view"
    names[number] = name
  end
  return name
end

local function name_in_place(range)
  local name = op_name(range.op)
  return range.in_place ~= 0 and name:sub(-1) ~= "_" and name .. "_" or name
end

--- What the gradient of an operation is called.
---@param number integer  the operation's
---@return string
local function gradient_name(number) return "gradient of " .. op_name(number) end

--- What a range is called: its operation, with _ when it wrote in place, or "gradient of" one.
---@param range ffi.cdata*  tnt_range
---@return string
local function name_of(range)
  return range.op < 0 and gradient_name(range.of) or name_in_place(range)
end

local works = {
  [C.TNT_RAN_TO] = "copy to the card", [C.TNT_RAN_FROM] = "copy from the card",
  [C.TNT_RAN_ACROSS] = "copy between cards", [C.TNT_RAN_REPLAY] = "captured step",
}

--- What a range of a card's is called, and whether it is an operation's.
---@param range ffi.cdata*  tnt_card_range
---@return string name
---@return boolean is_op
local function card_name_of(range)
  local name = works[range.work]
  if name then return name, false end
  return name_in_place(range), true
end

return {
  new = new, current = current, name_of = name_of, gradient_name = gradient_name,
  card_name_of = card_name_of,
}
