-- Ends training whose epochs have no steps: a data set that is empty, a filter that lets nothing
-- through. The loop warns of every empty epoch; this makes an error of several in a row.

local check = require "tnt.check_option"
local errors = require "tnt.errors"
local hook = require "tnt.hook"

---@class tnt.hooks.EmptyLoader.Options
---@field threshold integer|nil  empty train epochs in a row that are an error; default 2

--- Errors: state, at the end of the train epoch that is the `threshold`-th empty one in a row.
---@class tnt.hooks.EmptyLoader: tnt.Hook
---@field in_a_row integer
---@overload fun(options: tnt.hooks.EmptyLoader.Options): tnt.hooks.EmptyLoader
local EmptyLoader = hook.Hook:extend("EmptyLoader", { threshold = 2 })

EmptyLoader.saved = { "in_a_row" }

function EmptyLoader:init()
  check.count("EmptyLoader", "threshold", self.threshold, 1)
  self.in_a_row = 0
end

function EmptyLoader:on_train_epoch_end(state)
  -- The epoch has been counted already.
  if state.progress.num_steps_completed_in_prev_epoch > 0 then
    self.in_a_row = 0
    return
  end
  self.in_a_row = self.in_a_row + 1
  if self.in_a_row >= self.threshold then
    errors.raise("state", "EmptyLoader: %d train epochs in a row had no step; look at what the "
      .. "train loader reads", self.in_a_row)
  end
end

return EmptyLoader
