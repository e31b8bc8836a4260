-- tnt.cuda: the second device. Its library is opened on first use; without it everything else
-- works, and what is missing is said by is_available().
local ffi = require "ffi"
local core = require "tnt.core"
local C = core.C

local cuda = {}

--- Whether tensors can live on a card, and if not, why.
---@return boolean available
---@return string|nil reason
function cuda.is_available()
  if C.tnt_device_open(C.TNT_CUDA) ~= 0 then return false, ffi.string(C.tnt_message()) end
  if C.tnt_device_count(C.TNT_CUDA) == 0 then
    return false, "no card is visible (CUDA_VISIBLE_DEVICES?)"
  end
  return true
end

--- How many cards there are; 0 where cuda is not available.
---@return integer
function cuda.device_count() return cuda.is_available() and C.tnt_device_count(C.TNT_CUDA) or 0 end

--- Waits until a card has done all its work.
---@param index? integer  default 0
function cuda.synchronize(index)
  if cuda.is_available() then core.check(C.tnt_device_synchronize(C.TNT_CUDA, index or 0)) end
end

return cuda
