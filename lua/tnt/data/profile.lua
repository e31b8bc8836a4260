-- tnt.data.profile: how long a loader takes. Begins one epoch, reads batches, and says what the
-- durations were; as a command: tntlua -m tnt.data.profile FILE|MODULE [--max-steps N].

local args = require "tnt.args"
local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local Cursor = require "tnt.data.cursor"
local errors = require "tnt.errors"
local scope = require "tnt.scope"
local Timer = require "tnt.timer"
local to_device = require "tnt.data.device"

local profile = {}

---@class tnt.data.ProfileOptions
---@field max_steps integer|nil    batches to read at most; default: to the end of the epoch
---@field device string|nil        also copy each batch there: "cuda:0"
---@field timer tnt.Timer|nil      to record in; default: a new one
---@field out file*|false|nil      where the table is written; default io.stdout, false: nowhere
local OPTIONS = class.declaration("profile", {
  max_steps = class.NONE, device = class.NONE, timer = class.NONE, out = class.NONE,
})

---@class tnt.data.ProfileRow  durations in seconds; percentiles are durations that occurred
---@field name string  "iterate" (iterate() itself), "fetch" (each batch) or "copy" (to the device)
---@field count integer
---@field mean number
---@field p50 number
---@field p90 number
---@field p99 number
---@field total number

-- Returns whether there was a batch. The end itself is no fetch.
local function read_one(raw, timer, device)
  local began = clock.now()
  local batch = raw()
  if batch == nil then return false end
  timer:add("fetch", clock.now() - began)
  if device then
    timer:time("copy", to_device, batch, device)
  end
  return true
end

local function rows_of(timer)
  local by_name, rows = timer:percentiles { 50, 90, 99 }, {}
  for _, name in ipairs { "iterate", "fetch", "copy" } do
    local found, sums = by_name[name], timer.sums[name]
    if found then
      rows[#rows + 1] = {
        name = name, count = sums.calls, mean = sums.total / sums.calls, p50 = found.p50,
        p90 = found.p90, p99 = found.p99, total = sums.total,
      }
    end
  end
  return rows
end

local function write_rows(out, rows)
  out:write(("%-8s %8s %12s %12s %12s %12s %12s\n"):format("", "count", "mean (ms)", "p50 (ms)",
    "p90 (ms)", "p99 (ms)", "total (ms)"))
  for _, row in ipairs(rows) do
    out:write(("%-8s %8d %12.4f %12.4f %12.4f %12.4f %12.4f\n"):format(row.name, row.count,
      row.mean * 1e3, row.p50 * 1e3, row.p90 * 1e3, row.p99 * 1e3, row.total * 1e3))
  end
end

--- Measures a loader: how long iterate() takes and each batch after it (the first ones of worker
--- threads include their start), and with `device` each copy there. Writes a table to stdout. The
--- loader has begun an epoch afterwards.
---
--- Errors: argument, for what is no loader, and for one without an end where max_steps is not
--- given; whatever the loader raises.
---@param loader any  what the loops take: an object with iterate(), a function, a list
---@param options tnt.data.ProfileOptions|nil
---@return tnt.Timer timer
---@return tnt.data.ProfileRow[] rows
function profile.run(loader, options)
  local o = class.read("profile", OPTIONS, options or {})
  local cursor = Cursor("profile", loader)
  if o.max_steps ~= nil then check.count("profile", "max_steps", o.max_steps, 1) end
  if o.max_steps == nil and cursor.kind == "object" and loader.continues then
    errors.raise("argument", "profile: this loader has no end; say how many batches are to be read "
      .. "with max_steps")
  end
  local timer = o.timer or Timer()
  if not class.is(timer, Timer) or timer.kind == "aggregated" then
    errors.raise("argument", "profile: timer is a tnt.Timer that keeps durations (kind 'all' or "
      .. "'bounded'), got %s", class.is(timer, Timer) and "kind 'aggregated'" or type(timer))
  end
  local began = clock.now()
  local raw = cursor:raw_iterator()
  timer:add("iterate", clock.now() - began)
  local steps = 0
  while steps < (o.max_steps or math.huge) and scope.run(read_one, raw, timer, o.device) do
    steps = steps + 1
  end
  local rows = rows_of(timer)
  if o.out ~= false then write_rows(o.out or io.stdout, rows) end
  return timer, rows
end

-- What a file or module returns.
local function loaded(name)
  local file = io.open(name)
  if not file then return require(name) end
  file:close()
  return assert(loadfile(name))()
end

--- The command: a file or module that returns a loader, or loaders by name.
function profile.main(...)
  local words = { ... }
  words[0] = "tntlua -m tnt.data.profile FILE|MODULE"
  local o = args({ max_steps = 0, device = "" }, words)
  if #o ~= 1 then
    errors.raise("argument", "%s: expected one file or module that returns a loader, got %d",
      words[0], #o)
  end
  local cursors = Cursor.set(o[1], loaded(o[1]))
  for _, cursor in ipairs(cursors) do
    if cursor.name then io.write(cursor.name, "\n") end
    profile.run(cursor.loader, {
      max_steps = o.max_steps > 0 and o.max_steps or nil,
      device = o.device ~= "" and o.device or nil,
    })
  end
end

return profile
