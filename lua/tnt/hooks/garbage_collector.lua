-- Lets Lua's collector run between steps only, every n of them, so that it pauses no step and, with
-- several processes, all at the same one. Tensors do not wait for it: scopes release them.

local check = require "tnt.check_option"
local class = require "tnt.class"
local hook = require "tnt.hook"

---@class tnt.hooks.GarbageCollector.Options
---@field every integer|nil  steps, those of evaluations within training counted too; default 100

--- Between two collections Lua's own heap grows by what steps leave behind: tables, strings,
--- handles. The collector is on again after the run, however it ends.
---@class tnt.hooks.GarbageCollector: tnt.Hook
---@overload fun(options: tnt.hooks.GarbageCollector.Options|nil): tnt.hooks.GarbageCollector
local GarbageCollector = hook.Hook:extend("GarbageCollector", {
  every = 100, priority = "lowest",
})

class.rename(GarbageCollector, { step_interval = "every" })

function GarbageCollector:init() check.count("GarbageCollector", "every", self.every, 1) end

function GarbageCollector:on_run_start()
  self.steps = 0
  collectgarbage()
  collectgarbage "stop"
end

function GarbageCollector:on_step_end()
  self.steps = self.steps + 1
  if self.steps % self.every == 0 then collectgarbage() end
  -- A full collection, here or where the core is short of memory, switches it on again.
  collectgarbage "stop"
end

function GarbageCollector:on_run_end() collectgarbage "restart" end

return GarbageCollector
