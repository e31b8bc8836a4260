-- Records as JSON Lines: one object a line, in a file that any language reads; how NaN is written
-- is told in log/json_text.lua.

local class = require "tnt.class"
local json_text = require "tnt.log.json_text"
local Lines = require "tnt.log.lines"
local Logger = require "tnt.log.logger"
local place = require "tnt.log.place"

---@class tnt.log.JSONL.Options
---@field path string|nil         default: metrics.jsonl in the run's dir
---@field flush_seconds number|nil  how long a record may be held back; default 1
---@field all_ranks boolean|nil   every process logs, in a file of its own (metrics.rank1.jsonl);
---  default: rank 0 alone

--- Writes {"step":..,"update":..,"epoch":..,"phase":..,"at":..,"time":..,"train/loss":..} a line.
--- Numbers read back exactly. What becomes of an older file is told in log/place.lua.
---@class tnt.log.JSONL: tnt.log.Logger
---@overload fun(options: tnt.log.JSONL.Options): tnt.log.JSONL
local JSONL = Logger:extend("JSONL", {
  path = class.NONE, flush_seconds = 1, all_ranks = false,
})
class.rename(JSONL, place.RENAMED)

local step_of, without_time = json_text.step_of, json_text.without_time

--- Called by the loops. Errors: argument, when no path is known; io.
---@param state tnt.State|nil
---@param unit table|nil
function JSONL:open(state, unit)
  local path = place.path(self, state, "metrics.jsonl")
  place.make_parent(path)
  local from = place.continuation(state, unit)
  if from == "fresh" then place.move_aside(path) end
  local lines = Lines(path, self.flush_seconds)
  -- What becomes of a line; nil: it goes. One without its end was being written when the process
  -- died.
  local function kept(text)
    if text:sub(-1) ~= "\n" then
      if text:sub(-1) ~= "}" then return nil end
      text = text .. "\n"
    end
    local step = type(from) == "number" and step_of(text)
    return not (step and step > from) and text or nil
  end
  self.from = from
  local must_change = false
  for text in lines:entries() do
    if kept(text) ~= text then must_change = true end
    if step_of(text) == from then lines:note(without_time(text)) end
  end
  if must_change then lines:rewrite(kept) end
  self.lines = lines
end

---@param record tnt.Record
function JSONL:log(record)
  if not self.lines then self:open() end
  local text = json_text.record(record)
  if record.step == self.from then return self.lines:line_again(text, without_time(text)) end
  self.lines:line(text)
end

function JSONL:flush()
  if self.lines then self.lines:flush() end
end

function JSONL:close()
  local lines = self.lines
  self.lines = nil
  if lines then lines:close() end
end

return JSONL
