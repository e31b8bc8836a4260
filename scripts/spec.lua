-- Runs one spec file under busted: luajit scripts/spec.lua TALLY FILE [busted options]. Failures
-- are printed as they happen. After every test the counts so far go to the file TALLY, so that
-- scripts/test knows what ran, and what was running, when a process dies: lines "start NAME",
-- "count PASSED FAILED SKIPPED", "skip REASON", and "done" at the end.

local tally_path = table.remove(arg, 1)
local tally = assert(io.open(tally_path, "w"))
tally:setvbuf "line"

local function text_of(message)
  if type(message) == "string" then return message end
  if message == nil then return "error without a message" end
  local meta = getmetatable(message)
  if meta and meta.__tostring then return tostring(message) end
  return require "pl.pretty".write(message)
end

-- The part of a traceback that lies in the spec and below it, without busted's own frames.
local function trim(traceback)
  local lines = {}
  for line in traceback:gmatch "[^\n]+" do
    if not (line:find("/busted", 1, true) or line:find("/luassert/", 1, true)
        or line:find("scripts/spec.lua", 1, true) or line:find "^stack traceback"
        or line:find "%[C%]: in function '[xp]+call'") then
      lines[#lines + 1] = "    " .. line:gsub("^%s+", "")
    end
  end
  return table.concat(lines, "\n", 1, math.min(#lines, 12))
end

package.preload.tnt_spec_report = function()
  return function()
    local busted = require "busted"
    local handler = require "busted.outputHandlers.base" ()

    local function count()
      local failures = handler.failuresCount + handler.errorsCount
      tally:write(("count %d %d %d\n"):format(handler.successesCount, failures,
        handler.pendingsCount))
    end
    local function failed(element, _, message, trace)
      local name = handler.getFullName(element)
      local at = element.trace or trace
      local place = at and at.short_src and at.short_src .. ":" .. at.currentline .. ": " or ""
      io.write("FAILED ", place, name, "\n")
      io.write("  ", (text_of(message):gsub("\n", "\n  ")), "\n")
      if trace and trace.traceback then io.write(trim(trace.traceback), "\n") end
      io.flush()
      count()
      return nil, true
    end

    busted.subscribe({ "test", "start" }, function(element)
      tally:write("start ", (handler.getFullName(element):gsub("\n", " ")), "\n")
      return nil, true
    end)
    busted.subscribe({ "test", "end" }, function(_, _, status)
      if status == "pending" then
        local last = handler.pendings[#handler.pendings]
        local reason = last and type(last.message) == "string" and last.message or "{"
        reason = reason:gsub("\n.*", ""):gsub("^[^:]+:%d+: ", "")
        tally:write("skip ", reason == "{" and "no reason given" or reason, "\n")
      end
      count()
      return nil, true
    end)
    busted.subscribe({ "failure" }, failed)
    busted.subscribe({ "error" }, failed)
    busted.subscribe({ "suite", "end" }, function()
      count()
      tally:write "done\n"
      return nil, true
    end)
    return handler
  end
end

-- From a chunk that is no file: busted then ends with os.exit, not with an error of its own.
local options = "{ standalone = false, output = 'tnt_spec_report' }"
loadstring("require 'busted.runner' " .. options, "=busted")()
-- busted returns when nothing failed; closing the state runs the finalizers.
os.exit(0, true)
