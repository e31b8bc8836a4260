-- The escape check (core.md R7): looks through what a step's owners, or a module, reach for tensors
-- that the scope about to close would release, so that the mistake is an error now, with its path,
-- and not a surprise after hours.

local core = require "tnt.core"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"
local C = core.C

local escape = {}

-- What forward hooks were given is known to end with the step (R8), and may be read in each step
-- anew.
local excused = setmetatable({}, { __mode = "k" })

--- Says of a tensor that it may lie about.
---@param t tnt.Tensor
function escape.excuse(t) excused[t] = true end

local is_hard = C.tnt_hard() ~= 0

--- Whether the n-th step, or call of a module, is one that is searched: 1, 2, 4, 8, ...; all of
--- them under TNT_HARD.
---@param n integer
---@return boolean
function escape.is_due(n)
  if is_hard then return true end
  while n > 1 and n % 2 == 0 do n = n / 2 end
  return n == 1
end

local function step_into(path, key)
  if type(key) == "string" and key:match "^[%a_][%w_]*$" then return path .. "." .. key end
  -- A tensor's text holds its values, for which a card would be waited.
  return path .. "[" .. (type(key) == "cdata" and "a tensor" or tostring(key)) .. "]"
end

local find

local function find_in_class(class, path, token, seen)
  while type(class) == "table" and not seen[class] do -- the methods of the user's classes
    seen[class] = true
    for key, v in next, class do -- order: free
      if type(v) == "function" then
        local found, t = find(v, ("%s.%s"):format(tostring(rawget(class, "__name") or path),
          tostring(key)), token, 3, seen)
        if found then return found, t end
      end
    end
    class = getmetatable(class)
  end
end

local function find_in_upvalues(fn, path, token, depth, seen)
  local source = debug.getinfo(fn, "S").source
  if source == "=[C]" or errors.is_own(source) then return end
  for i = 1, 60 do
    local name, v = debug.getupvalue(fn, i)
    if not name then return end
    local kind = type(v)
    if kind == "cdata" or kind == "function" or (kind == "table" and getmetatable(v) == nil) then
      local found, t = find(v, ("upvalue `%s` of %s"):format(name, path), token, depth - 1, seen)
      if found then return found, t end
    end
  end
end

-- A path to a tensor that closing would release, and the tensor.
function find(value, path, token, depth, seen, is_owner)
  local kind = type(value)
  if kind == "cdata" then
    if tensor.is_tensor(value) and not excused[value] then
      -- istype takes a ctype for one of its values
      local ok, will = pcall(C.tnt_will_release, value, token)
      if ok and will ~= 0 then return path, value end
    end
  elseif kind == "table" then
    if seen[value] or depth == 0 then return end
    seen[value] = true
    local mode = getmetatable(value)
    -- what is weak keeps nothing, and reads nothing by itself
    if type(mode) == "table" and rawget(mode, "__mode") then return end
    for key, v in next, value do -- order: free
      local t = type(v)
      if t == "table" or t == "cdata" or t == "function" then
        local found, what = find(v, step_into(path, key), token, depth - 1, seen)
        if found then return found, what end
      end
    end
    if is_owner then return find_in_class(getmetatable(value), path, token, seen) end
  elseif kind == "function" then
    if seen[value] or depth == 0 then return end
    seen[value] = true
    return find_in_upvalues(value, path, token, depth, seen)
  end
end

local function visited() return { [_G] = true, [package.loaded] = true } end

--- Searches the owners of a step.
---@param token integer
---@param owners {[1]: table, [2]: string}[]  `searched`: no owners, but must not stash either
---@return string|nil path
---@return tnt.Tensor|nil
function escape.of_owners(token, owners)
  local seen = visited()
  for i = 1, #owners do
    local path, t = find(owners[i][1], owners[i][2], token, 6, seen, true)
    if path then return path, t end
  end
  for _, other in ipairs(owners.searched or {}) do
    local path, t = find(other[1], other[2], token, 6, seen)
    if path then return path, t end
  end
end

local function is_module(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.is_nn_module
end

--- Searches a module after its call; its child modules have calls of their own.
---@param token integer
---@param module table
---@return string|nil path
---@return tnt.Tensor|nil
function escape.of_module(token, module)
  local name = tostring(rawget(getmetatable(module) or {}, "__name") or "module")
  local seen = visited()
  for key, v in next, module do -- order: free
    if type(v) == "cdata" or (type(v) == "table" and not is_module(v)) then
      local found, t = find(v, step_into(name, key), token, 5, seen)
      if found then return found, t end
    end
  end
  local forward = module.forward
  if type(forward) == "function" then return find(forward, name .. ".forward", token, 3, seen) end
end

--- Raises the error that names the path, and under TNT_HARD the line where the tensor was made.
---@param path string
---@param t tnt.Tensor
---@param what "step"|"call"
function escape.refuse(path, t, what)
  local place = core.made_at and core.made_at[t]
  if not t:is_alive() then
    errors.raise("released", "%s%s was released, but is still reachable there at the end of this "
      .. "%s: it stood in a field of an object whose scope had not closed yet, or was freed; "
      .. "tnt.keep it, or return it", path,
      place and (" (made at %s)"):format(place) or "", what)
  end
  errors.raise("released", "%s%s would be released at the end of this %s, but is still reachable "
    .. "there: tnt.keep it, return it, or store it in a direct field (Metric:collect(v) gathers "
    .. "lists)", path, place and (" (made at %s)"):format(place) or "", what)
end

return escape
