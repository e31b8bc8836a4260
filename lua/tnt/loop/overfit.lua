-- The loader of `overfit_batches`: the first n batches of another one, the same in every epoch.
-- They are read once and held; a resumed run reads them again from where the first one did.

local class = require "tnt.class"
local Cursor = require "tnt.data.cursor"
local random = require "tnt.random"

---@class tnt.loop.Overfit
local Overfit = class.new "Overfit"

--- Errors: argument, when it is no loader.
---@param who string
---@param loader any
---@param n integer
function Overfit:init(who, loader, n)
  self.source, self.n, self.at = Cursor(who, loader), n, 0
end

-- Reading draws no random numbers from the run: a resumed one does it a second time.
function Overfit:batches()
  if self.list then return self.list end
  local source, drawn = self.source, random.state()
  if source.is_stateful then
    if self.begin then source.loader:load_state_dict(self.begin) end
    self.begin = source.loader:state_dict()
  end
  source:open(0)
  local list = {}
  for i = 1, self.n do
    local batch = source.iterator()
    if batch == nil then break end
    list[i] = batch
  end
  source:clear()
  random.set_state(drawn)
  self.list = list
  return list
end

--- How many batches an epoch has.
---@return integer
function Overfit:size() return #self:batches() end

---@return function iterator
function Overfit:iterate()
  local list = self:batches()
  self.at, self.resume_at = self.resume_at or 0, nil
  return function()
    self.at = math.min(self.at + 1, #list + 1)
    return list[self.at]
  end
end

function Overfit:state_dict()
  self:batches()
  return { at = self.at, begin = self.begin }
end

---@param state table
function Overfit:load_state_dict(state)
  self.resume_at, self.begin, self.list = state.at, state.begin, nil
end

return Overfit
