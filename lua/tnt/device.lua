-- Names of devices ("cpu", "cuda", "cuda:1") and the numbers the core knows them by: 0 is the CPU,
-- 1 + i card i. A card's library is opened when its name is first used.
local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local C = core.C

local device = {}

local known = { cpu = 0 }
local current = 0 -- the card that "cuda" stands for

--- The number of a device.
--- Errors: device, for a name that is none, or a card that is not there, with what is missing.
---@param name string|nil  "cpu", "cuda" (the current card), "cuda:1"; nil: the CPU
---@param who string       the caller, for the message
---@return integer
function device.number(name, who)
  if name == nil then return 0 end
  local number = known[name]
  if number then return number end
  local card = type(name) == "string"
    and (name == "cuda" and tostring(current) or name:match "^cuda:(%d+)$")
  if not card then
    errors.raise("device", "%s: a device 'cpu' or 'cuda:N' was expected, got %s", who,
      tostring(name))
  end
  number = C.TNT_CUDA + tonumber(card)
  if C.tnt_device_open(C.TNT_CUDA) ~= 0 then
    errors.raise("device", "%s: %s", who, ffi.string(C.tnt_message()))
  end
  local cards = C.tnt_device_count(C.TNT_CUDA)
  if tonumber(card) >= cards then
    name = "cuda:" .. card
    errors.raise("device", "%s: there is no %s: %d card%s can be seen (CUDA_VISIBLE_DEVICES?)", who,
      name, cards, cards == 1 and "" or "s")
  end
  known[name] = number
  return number
end

--- Makes "cuda" stand for another card; tnt.cuda.set_device.
---@param number integer  the device's
function device.choose(number)
  current = number - C.TNT_CUDA
  known.cuda = number
end

--- The card that "cuda" stands for, counted from 0.
---@return integer
function device.chosen() return current end

--- The name of a device's number.
---@param number integer
---@return string
function device.name(number)
  return number == 0 and "cpu" or ("cuda:%d"):format(number - C.TNT_CUDA)
end

--- Whether a string looks like a device's name.
---@return boolean
function device.is_name(what)
  return what == "cpu" or type(what) == "string" and what:match "^cuda" ~= nil
end

return device
