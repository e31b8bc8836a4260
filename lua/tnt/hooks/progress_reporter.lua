-- Tells every start and end in words, with the process' rank and the counters: where the processes
-- of a run part ways, their last lines show it.

local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local rank = require "tnt.loop.rank"

---@class tnt.hooks.ProgressReporter.Options
---@field print nil|fun(text: string)  default: remarks of the run, which TNT_LOG=info shows
---@field steps boolean|nil  also the starts and ends of steps; default true

--- A line for each: "rank 0: on_train_step_end: completed epochs: ...".
---@class tnt.hooks.ProgressReporter: tnt.Hook
---@overload fun(options: tnt.hooks.ProgressReporter.Options|nil): tnt.hooks.ProgressReporter
local ProgressReporter = hook.Hook:extend("ProgressReporter", {
  print = class.NONE, steps = true, priority = "highest",
})

function ProgressReporter:init()
  if self.print ~= nil and type(self.print) ~= "function" then
    errors.raise("argument", "ProgressReporter: print must be a function (text), got %s",
      type(self.print))
  end
end

for _, phase in ipairs(hook.phases) do
  for _, event in ipairs { "start", "epoch_start", "step_start", "step_end", "epoch_end", "end" } do
    local name, is_step = "on_" .. phase .. "_" .. event, event:find "^step" ~= nil
    ProgressReporter[name] = function(self, state)
      if is_step and not self.steps then return end
      local text = ("rank %d: %s: %s"):format(rank(), name, tostring(state.progress))
      if self.print then self.print(text) else message.info("%s", text) end
    end
  end
end

return ProgressReporter
