-- Gives memory that freed tensors left in the allocator's cache back to the system now and then:
-- for runs whose shapes vary so much that the cache fills with blocks nobody wants again.

local check = require "tnt.check_option"
local class = require "tnt.class"
local hook = require "tnt.hook"

---@class tnt.hooks.EmptyCache.Options
---@field every integer  steps, those of evaluations within training counted too

--- The host's cache and, where `unit.device` is a card (of an AutoUnit it is where the module is),
--- the card's. Each time costs the allocations that follow, and waits for the card: not for every
--- step.
---@class tnt.hooks.EmptyCache: tnt.Hook
---@overload fun(options: tnt.hooks.EmptyCache.Options): tnt.hooks.EmptyCache
local EmptyCache = hook.Hook:extend("EmptyCache", { "every" })

class.rename(EmptyCache, { step_interval = "every" })

function EmptyCache:init() check.count("EmptyCache", "every", self.every, 1) end

function EmptyCache:on_run_start() self.steps = 0 end

function EmptyCache:on_step_end(_, unit)
  self.steps = self.steps + 1
  if self.steps % self.every ~= 0 then return end
  local core = require "tnt.core"
  core.check(core.C.tnt_empty_cache())
  local device = unit.device
  if type(device) == "string" and device ~= "cpu" then require("tnt.cuda").empty_cache(device) end
end

return EmptyCache
