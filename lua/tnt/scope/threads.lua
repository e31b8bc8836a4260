-- Coroutines by number, for scopes: the main one (and every program without coroutines) is 0.
local threads = {}

local running, status = coroutine.running, coroutine.status
local numbers = setmetatable({}, { __mode = "k" })
local by_number = setmetatable({}, { __mode = "v" })
local last = 0

--- The number of the running coroutine.
---@return integer
function threads.current()
  local co, is_main = running()
  if co == nil or is_main then return 0 end
  local number = numbers[co]
  if not number then
    last = last + 1
    number = last
    numbers[co], by_number[number] = number, co
  end
  return number
end

--- Whether a coroutine can never go on: it ended, or was collected.
---@param number integer
---@return boolean
function threads.is_gone(number)
  if number == 0 then return false end
  local co = by_number[number]
  return co == nil or status(co) == "dead"
end

return threads
