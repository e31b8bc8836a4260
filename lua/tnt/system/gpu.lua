-- What NVIDIA's driver tells of a card, by the program nvidia-smi that comes with it. Each question
-- starts a process, which takes a tenth of a second: not for every step.

local lfs = require "lfs"

local gpu = {}

-- Field, nvidia-smi's name of it, and what its number is multiplied with.
local FIELDS = {
  { "utilization_percent", "utilization.gpu", 1 },
  { "memory_utilization_percent", "utilization.memory", 1 },
  { "fan_percent", "fan.speed", 1 },
  { "memory_used_bytes", "memory.used", 2 ^ 20 },
  { "memory_free_bytes", "memory.free", 2 ^ 20 },
  { "temperature_celsius", "temperature.gpu", 1 },
  { "memory_temperature_celsius", "temperature.memory", 1 },
}

--- Where nvidia-smi is, or nil; a field, so that a spec can put its own in its place.
---@return string|nil path
function gpu.find()
  for folder in (os.getenv "PATH" or ""):gmatch "[^:]+" do
    local path = folder .. "/nvidia-smi"
    if lfs.attributes(path, "mode") == "file" then return path end
  end
end

local program -- false: there is none

--- Looks for nvidia-smi again.
function gpu.forget() program = nil end

-- The driver's number of a card: CUDA_VISIBLE_DEVICES gives the program's own ones their order.
local function id_of(index)
  local at = 0
  for id in (os.getenv "CUDA_VISIBLE_DEVICES" or ""):gmatch "[^,%s]+" do
    if at == index and id:find "^[%w-]+$" then return id end
    at = at + 1
  end
  return tostring(index)
end

---@class tnt.system.Gpu  a field is nil where the card does not tell it
---@field utilization_percent number|nil         of the time a kernel was running
---@field memory_utilization_percent number|nil  of the time memory was read or written
---@field fan_percent number|nil                 of its greatest speed
---@field memory_used_bytes integer|nil          by all programs
---@field memory_free_bytes integer|nil
---@field temperature_celsius number|nil
---@field memory_temperature_celsius number|nil

--- What a card is doing.
---@param index integer  as in "cuda:0"
---@return tnt.system.Gpu|nil
---@return string|nil why  there is nothing to tell
function gpu.read(index)
  if program == nil then program = gpu.find() or false end
  if not program then
    return nil, "there is no nvidia-smi on PATH: no NVIDIA driver is installed"
  end
  local names = {}
  for i, field in ipairs(FIELDS) do names[i] = field[2] end
  local pipe = io.popen(("'%s' --query-gpu=%s --format=csv,nounits,noheader --id=%s 2>&1"):format(
    program:gsub("'", "'\\''"), table.concat(names, ","), id_of(index)))
  local line = pipe:read "*l" or ""
  pipe:close()
  local found, n = {}, 0
  for text in (line .. ","):gmatch "%s*([^,]*)," do
    n = n + 1
    local field, value = FIELDS[n], tonumber(text)
    if field and value then found[field[1]] = value * field[3] end
  end
  if n ~= #FIELDS then
    return nil, ("nvidia-smi does not tell: %s"):format(line ~= "" and line or "no answer")
  end
  return found
end

return gpu
