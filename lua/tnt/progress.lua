-- The counters of one phase. They count what is done, stand in the unit (so checkpoints carry
-- them), and only the loops move them: steps after the unit's step returned, epochs before the
-- epoch-end hooks.

local class = require "tnt.class"
local errors = require "tnt.errors"

---@class tnt.Progress
---@field num_epochs_completed integer
---@field num_steps_completed integer             over all epochs
---@field num_steps_completed_in_epoch integer    0 when no epoch is open
---@field num_steps_completed_in_prev_epoch integer  length of the epoch before the open one
---@field num_updates_completed integer           optimizer steps
local Progress = class.new "Progress"

local names = {
  "num_epochs_completed", "num_steps_completed", "num_steps_completed_in_epoch",
  "num_steps_completed_in_prev_epoch", "num_updates_completed",
}

function Progress:init()
  for _, name in ipairs(names) do self[name] = 0 end
end

--- For the loops: a step is done.
function Progress:increment_step()
  self.num_steps_completed = self.num_steps_completed + 1
  self.num_steps_completed_in_epoch = self.num_steps_completed_in_epoch + 1
end

--- For the loops: an epoch is done.
function Progress:increment_epoch()
  self.num_epochs_completed = self.num_epochs_completed + 1
  self.num_steps_completed_in_prev_epoch = self.num_steps_completed_in_epoch
  self.num_steps_completed_in_epoch = 0
end

--- An optimizer has stepped. Who steps optimizers without AutoUnit calls it.
function Progress:increment_update()
  self.num_updates_completed = self.num_updates_completed + 1
end

---@return table state  the five numbers
function Progress:state_dict()
  local state = {}
  for _, name in ipairs(names) do state[name] = self[name] end
  return state
end

--- Errors: format, when a counter is missing or is no whole number from 0 on.
---@param state table
function Progress:load_state_dict(state)
  for _, name in ipairs(names) do
    local value = state[name]
    if type(value) ~= "number" or value < 0 or value % 1 ~= 0 then
      errors.raise("format", "Progress: %s must be a whole number from 0 on, got %s", name,
        tostring(value))
    end
  end
  for _, name in ipairs(names) do self[name] = state[name] end
end

function Progress:__tostring()
  return ("epochs %d, steps %d, steps in epoch %d, updates %d"):format(self.num_epochs_completed,
    self.num_steps_completed, self.num_steps_completed_in_epoch, self.num_updates_completed)
end

return Progress
