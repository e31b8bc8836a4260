-- tnt.profile: where the time of a function goes, by operation, as a table and as a trace for
-- Perfetto. The core notes when each operation, its kernel and each gradient ran (core/watch.c),
-- and when cards ran their part (core/card_range.c).

local call_lines = require "tnt.call_lines"
local check = require "tnt.check_option"
local errors = require "tnt.errors"
local recorder = require "tnt.profile.recorder"
local rows = require "tnt.profile.rows"
local trace = require "tnt.profile.trace"

local profile = {}

---@class tnt.Profile
---@field recorder tnt.profile.Recorder
local Profile = {}
Profile.__index = Profile

--- A profile over a recorder, also while that is on.
---@param of tnt.profile.Recorder
---@return tnt.Profile
function profile.of(of) return setmetatable({ recorder = of }, Profile) end

--- One row for each operation ("op"), each gradient ("gradient": the operations of it lie within)
--- and what only a card did ("card": copies, captured steps), the one with the most time of its own
--- first. `device` is the time on cards, which goes on behind the host's.
--- Errors: argument.
---@param options? tnt.profile.TableOptions
---@return tnt.profile.Row[]
function Profile:rows(options) return rows.of(self.recorder, options) end

--- The rows as text, at most 30 unless `limit` says more.
--- Errors: argument.
---@param options? tnt.profile.TableOptions
---@return string
function Profile:table(options) return rows.text(self.recorder, options) end

--- Writes a trace that ui.perfetto.dev and chrome://tracing show: spans, gradients, operations and
--- kernels within each other, and below them what each card's streams did, in a row each.
--- Errors: io; argument.
---@param path string
function Profile:save(path)
  if type(path) ~= "string" or path == "" then
    errors.raise("argument", "profile:save: path must be a string that is not empty, got %s",
      tostring(path))
  end
  trace.write(self.recorder, path, (require "tnt.loop.rank"()))
end

function Profile:__tostring() return self:table() end

---@class tnt.ProfileOptions
---@field path? string      write the trace there when fn is done, or has raised
---@field max_ops? integer  operations and gradients that are kept; default 500,000 (60 MB)
---@field lines? boolean    note the program's line of each operation, for the trace; slower
---@field modules? tnt.nn.Module  a network whose modules' forwards are spans ("module"), and whose
---  gradients are added up by module ("module gradient"), those of children not in the parent's

local function read(options)
  errors.check_options("profile", options, { "path", "max_ops", "lines", "modules" })
  if options.path ~= nil and (type(options.path) ~= "string" or options.path == "") then
    errors.raise("argument", "profile: path must be a string that is not empty, got %s",
      tostring(options.path))
  end
  if options.modules ~= nil and not require("tnt.nn").is_module(options.modules) then
    errors.raise("argument", "profile: modules must be a network, got %s", type(options.modules))
  end
  if options.max_ops ~= nil then check.count("profile", "max_ops", options.max_ops, 1) end
  return options
end

local function finish(of, options, restore, ok, ...)
  if restore then restore() end
  of:stop()
  if options.lines then
    of.line_at = call_lines.reader()
    call_lines.stop()
  end
  local result = profile.of(of)
  if options.path then result:save(options.path) end
  if not ok then error((...), 0) end
  return result, ...
end

local function run(options, fn, ...)
  if type(fn) ~= "function" and not (type(fn) == "table" and getmetatable(fn)
    and getmetatable(fn).__call) then
    errors.raise("argument", "profile: a function was expected, got %s", type(fn))
  end
  local of = recorder.new(options.max_ops or 500000)
  of:start()
  if options.lines then call_lines.start() end
  local restore = options.modules and require "tnt.profile.modules"(of, options.modules)
  return finish(of, options, restore, pcall(of.call, of, "user", "profile", fn, ...))
end

--- Calls fn(...) and notes when each operation of this thread ran. An operation costs some 300 ns
--- more meanwhile; one in a step of the loops is looked at with tnt.hooks.Profiler. Of a card there
--- are ranges as well, between marks in its streams' work: each card is waited for when the profile
--- first meets it, and at the end, but for nothing in between. A captured step is one range.
--- Errors: argument; state, within another profile; io; what fn raises.
---
--- ```lua
--- local profile = tnt.profile(function() return tnt.ones(8, 8):matmul(tnt.ones(8, 8)):sum() end)
--- profile:rows({sort = "flops"})[1].name -- matmul
--- ```
---@param options_or_fn tnt.ProfileOptions|function
---@param ... any  after options: fn and its arguments; else fn's arguments
---@return tnt.Profile profile  prints as a table
---@return any ...  what fn returns
function profile.run(options_or_fn, ...)
  if type(options_or_fn) == "table" and getmetatable(options_or_fn) == nil then
    return run(read(options_or_fn), ...)
  end
  return run({}, options_or_fn, ...)
end

--- Calls fn(...) as a named part of the profile that is being taken, if one is; parts nest.
--- Errors: argument; what fn raises.
---
--- ```lua
--- tnt.profile_part("encode", function(x) return x + 1 end, tnt.zeros(1)):item() -- 1
--- ```
---@param name string
---@param fn function
---@param ... any  its arguments
---@return any ...  what fn returns
function profile.part(name, fn, ...)
  if type(name) ~= "string" then
    errors.raise("argument", "profile_part: the name is a string, got %s", type(name))
  end
  local on = recorder.current()
  if not on then return fn(...) end
  return on:call("user", name, fn, ...)
end

return profile
