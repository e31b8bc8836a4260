-- A loader without an end: one epoch of the loader inside after the other. For runs that are
-- counted in steps.

local class = require "tnt.class"
local errors = require "tnt.errors"

--- A loader read epoch after epoch without an end, so that a run counts steps alone.
---@class tnt.data.Endless
local Endless = class.new "Endless"

-- For the loops: the next `iterate` goes on where the one before stopped.
Endless.continues = true

--- Errors: argument, when it is no loader.
---@param loader table  with iterate()
function Endless:init(loader)
  if type(loader) ~= "table" or type(loader.iterate) ~= "function" then
    errors.raise("argument", "endless: expected a loader with iterate(), got %s", type(loader))
  end
  self.loader = loader
  if type(loader.state_dict) == "function" and type(loader.load_state_dict) == "function" then
    self.state_dict, self.load_state_dict = Endless.save_position, Endless.load_position
  end
end

--- A function that gives the next batch, for ever; it goes on where the last one stopped.
--- Errors: argument, when the loader inside gives no batch in a whole epoch.
---@return fun(): any
function Endless:iterate()
  return function()
    for _ = 1, 2 do
      self.next = self.next or self.loader:iterate()
      local batch = self.next()
      if batch ~= nil then
        return batch
      end
      self.next = nil
    end
    errors.raise("argument", "endless: the loader inside gave no batch in a whole epoch; is its "
      .. "data set empty, or shorter than a batch with drop_last?")
  end
end

--- Where the loader inside stands.
---@return table
function Endless:save_position() return self.loader:state_dict() end

--- Makes the loader inside go on at its next unread batch.
---@param state table
function Endless:load_position(state)
  self.next = nil
  self.loader:load_state_dict(state)
end

return Endless
