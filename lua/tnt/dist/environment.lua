-- Which process of how many a launcher says this is: RANK and WORLD_SIZE, and the same on one
-- machine, LOCAL_RANK and LOCAL_WORLD_SIZE. Source: torchrun's variables, which Slurm and
-- Kubernetes templates set too.

local errors = require "tnt.errors"

local environment = {}

--- os.getenv; a field, so that a spec can put its own in its place.
---@param name string
---@return string|nil
function environment.get(name) return os.getenv(name) end

local function number(name, default)
  local text = environment.get(name)
  if text == nil or text == "" then return default end
  if not text:find "^%d+$" or #text > 9 then
    errors.raise("argument", "the variable %s must be a whole number from 0 on, it is '%s'", name,
      text)
  end
  return tonumber(text)
end

local function pair(rank_name, size_name)
  local size = number(size_name, 1)
  local rank = number(rank_name, 0)
  if size < 1 then
    errors.raise("argument", "the variable %s must be from 1 on, it is 0", size_name)
  end
  if rank >= size then
    errors.raise("argument", "the variable %s is %d, and %s is %s: ranks count from 0 and stay "
      .. "below it; set both or neither", rank_name, rank, size_name,
      environment.get(size_name) and tostring(size) or "not set")
  end
  return rank, size
end

---@class tnt.dist.Place
---@field rank integer
---@field size integer
---@field local_rank integer
---@field local_size integer

--- What the variables say; without them one process.
--- Errors: argument, when they contradict each other.
---@return tnt.dist.Place
function environment.read()
  local rank, size = pair("RANK", "WORLD_SIZE")
  -- A launcher of one process on each machine gives LOCAL_RANK alone.
  local local_rank, local_size = number("LOCAL_RANK", 0), nil
  if environment.get "LOCAL_WORLD_SIZE" then
    local_rank, local_size = pair("LOCAL_RANK", "LOCAL_WORLD_SIZE")
  end
  return { rank = rank, size = size, local_rank = local_rank, local_size = local_size or 1 }
end

return environment
