-- A group of processes and what they do together. This is the group of one: every collective is
-- exact and costs nothing. A transport between processes is another class with these functions.

local class = require "tnt.class"
local errors = require "tnt.errors"

---@class tnt.dist.Group
---@field rank integer
---@field size integer
---@field local_rank integer
---@field local_size integer
local Single = class.new "Single"

---@param place tnt.dist.Place
function Single:init(place)
  self.rank, self.size = place.rank, place.size
  self.local_rank, self.local_size = place.local_rank, place.local_size
end

--- Everybody has come here.
function Single:barrier() end

--- The sum (mean, max, min, product) over one process is what that one has.
---@param _t tnt.Tensor
---@param _op string
function Single:all_reduce(_t, _op) end

---@param _t tnt.Tensor
---@param _source integer
function Single:broadcast(_t, _source) end

---@param t tnt.Tensor
---@return tnt.Tensor[]
function Single:all_gather(t) return { t } end

---@param value any
---@param _source integer
---@return any
function Single:broadcast_object(value, _source) return value end

---@param value any
---@return any[]
function Single:all_gather_object(value) return { value } end

--- Nothing is held.
function Single:close() end

local group = {}

--- The group that a launcher's variables describe.
--- Errors: collective, when it has several processes.
---@param place tnt.dist.Place
---@return tnt.dist.Group
function group.open(place)
  if place.size > 1 then
    errors.raise("collective", "WORLD_SIZE is %d: a run of several processes was asked for, and "
      .. "this version runs in one; start it without RANK and WORLD_SIZE", place.size)
  end
  return Single(place)
end

return group
