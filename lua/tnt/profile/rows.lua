-- The table of a profile: one row for each operation, gradient and named part of the program.

local errors = require "tnt.errors"
local flops = require "tnt.flops"
local recorder = require "tnt.profile.recorder"

---@class tnt.profile.Row
---@field name string
---@field kind "op"|"gradient"|"card"|string  "card": copies, and captured steps, which are on the
---  card alone; else the kind of a span: "user", "hook", "step", ...
---@field calls integer
---@field total number   seconds from begin to end, all calls
---@field self number    of that, seconds in nothing else that was recorded
---@field mean number    total / calls
---@field kernel number  seconds in kernels; the rest of an operation's own is dispatch and memory
---@field device number  seconds that cards worked on it, all calls; no part of the others
---@field flops integer  as tnt.flops counts
---@field bytes integer  of results

local rows = {}

local function row_of(found, kind, name)
  local key = kind .. " " .. name
  local row = found[key]
  if not row then
    row = { name = name, kind = kind, calls = 0, total = 0, self = 0, kernel = 0,
      device = 0, flops = 0, bytes = 0 }
    found[key] = row
    found[#found + 1] = row
  end
  return row
end

-- Puts one more range on the stack of those that no later one may lie around; returns its time of
-- its own. Ranges come in the order of their ends, inner ones first: those on top of the stack that
-- began later lie within.
local function own_time(stack, began, ended)
  local top, within = stack.top, 0
  while top > 0 and stack.begins[top] >= began do
    within = within + stack.durations[top]
    top = top - 1
  end
  top = top + 1
  stack.begins[top], stack.durations[top], stack.top = began, ended - began, top
  return ended - began - within
end

local function add(row, total, own)
  row.calls, row.total, row.self = row.calls + 1, row.total + total, row.self + own
end

-- All rows of a recorder; spans and operations are merged by their ends.
local function collect(self)
  local found, spans, at = {}, self.spans, 1
  local stack = { begins = {}, durations = {}, top = 0 }
  local function add_spans(until_time)
    local span = spans[at]
    while span and span.ended < until_time do
      add(row_of(found, span.kind, span.name), span.ended - span.began,
        own_time(stack, span.began, span.ended))
      at = at + 1
      span = spans[at]
    end
  end
  self:each_op(function(range)
    local began, ended = tonumber(range.begin), tonumber(range["end"])
    add_spans(ended)
    local row = row_of(found, range.op >= 0 and "op" or "gradient", recorder.name_of(range))
    local own = own_time(stack, began, ended)
    add(row, ended - began, own)
    local region = range.op < 0 and self.regions[range.region]
    if region then add(row_of(found, "module gradient", region), ended - began, own) end
    row.kernel = row.kernel + tonumber(range.kernel_end - range.kernel_begin)
    row.flops, row.bytes = row.flops + tonumber(range.flops), row.bytes + tonumber(range.bytes)
  end)
  add_spans(math.huge)
  self:each_on_card(function(range)
    local name, is_op = recorder.card_name_of(range)
    local took = tonumber(range["end"] - range.begin)
    local function count(kind, of)
      local row = row_of(found, kind, of)
      row.device = row.device + took
      return row
    end
    if not is_op then
      local row = count("card", name)
      row.calls, row.bytes = row.calls + 1, row.bytes + tonumber(range.bytes)
      return
    end
    count("op", name)
    if range.of < 0 then return end
    count("gradient", recorder.gradient_name(range.of))
    if self.regions[range.region] then count("module gradient", self.regions[range.region]) end
  end)
  return found
end

local sorts = {
  "self", "total", "mean", "calls", "kernel", "device", "flops", "bytes", "name",
}

---@class tnt.profile.TableOptions
---@field sort? "self"|"total"|"mean"|"calls"|"kernel"|"device"|"flops"|"bytes"|"name"  default
---  "self"
---@field limit? integer   rows; default all in rows(), 30 in table()
---@field kinds? string[]  only these; default "op", "gradient" and "card". Others: "user" (what
---  tnt.profile_part names), "module" and "module gradient" (of the option modules), and of the
---  Profiler hook "part", "hook", "step", "data", "optimizer", "epoch", "phase"

local function check(who, options)
  errors.check_options(who, options, { "sort", "limit", "kinds" })
  local sort, is_known = options.sort or "self", false
  for _, name in ipairs(sorts) do is_known = is_known or name == sort end
  if not is_known then errors.unknown(who, "sort", sort, sorts) end
  if options.kinds ~= nil and type(options.kinds) ~= "table" then
    errors.raise("argument", "%s: kinds must be a list such as {'op'}, got %s", who,
      type(options.kinds))
  end
  return sort
end

--- One row for each name, the largest first.
---@param self tnt.profile.Recorder
---@param options? tnt.profile.TableOptions
---@return tnt.profile.Row[]
function rows.of(self, options)
  options = options or {}
  local sort, wanted = check("profile:rows", options), {}
  for _, kind in ipairs(options.kinds or { "op", "gradient", "card" }) do wanted[kind] = true end
  local list = {}
  for _, row in ipairs(collect(self)) do
    if wanted[row.kind] then
      for _, time in ipairs { "total", "self", "kernel", "device" } do
        row[time] = row[time] / 1e9
      end
      row.mean = row.calls > 0 and row.total / row.calls or 0
      list[#list + 1] = row
    end
  end
  table.sort(list, function(a, b)
    if sort ~= "name" and a[sort] ~= b[sort] then return a[sort] > b[sort] end
    if a.name ~= b.name then return a.name < b.name end
    return a.kind < b.kind
  end)
  for i = #list, (options.limit or math.huge) + 1, -1 do list[i] = nil end
  return list
end

local function time_text(seconds)
  if seconds < 1e-3 then return ("%.2f us"):format(seconds * 1e6) end
  if seconds < 1 then return ("%.2f ms"):format(seconds * 1e3) end
  return ("%.2f s"):format(seconds)
end

--- The rows as text.
---@param self tnt.profile.Recorder
---@param options? tnt.profile.TableOptions
---@return string
function rows.text(self, options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  local limit = given.limit or 30
  given.limit = nil
  local list, whole, on_cards, shown = rows.of(self, given), 0, 0, {}
  for _, row in ipairs(list) do
    whole = whole + row.self
    if row.kind == "op" or row.kind == "card" then on_cards = on_cards + row.device end
  end
  local width = 4
  for i = 1, math.min(#list, limit) do
    local row = list[i]
    shown[i], width = row, math.max(width, #row.name)
  end
  -- the column of cards only where there was one
  local device = #self.cards > 0 and "%10s " or "%.0s"
  local form = "%-" .. width .. "s %8s %10s %6s %10s %10s %10s " .. device .. "%14s %10s"
  local lines = {
    form:format("name", "calls", "self", "", "total", "mean", "kernel", "device", "FLOPs", "MB"),
  }
  for i, row in ipairs(shown) do
    lines[i + 1] = form:format(row.name, row.calls, time_text(row.self),
      ("%.1f%%"):format(whole > 0 and 100 * row.self / whole or 0), time_text(row.total),
      time_text(row.mean), row.kernel > 0 and time_text(row.kernel) or "",
      row.device > 0 and time_text(row.device) or "",
      row.flops > 0 and flops.text(row.flops) or "", ("%.2f"):format(row.bytes / 1e6))
  end
  if #list > #shown then lines[#lines + 1] = ("and %d more"):format(#list - #shown) end
  lines[#lines + 1] = ("self time in all %s"):format(time_text(whole))
  if on_cards > 0 then lines[#lines + 1] = ("device time in all %s"):format(time_text(on_cards)) end
  if self.dropped > 0 then
    lines[#lines + 1] = ("%d operations more were not kept: raise max_ops"):format(self.dropped)
  end
  return table.concat(lines, "\n")
end

return rows
