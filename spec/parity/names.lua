-- Whether a name that documentation promises exists: a path in `tnt` ("tnt.optim.AdamW"), options
-- in braces behind it ("tnt.fit{max_epochs}"), a field or method of what loops hand over
-- ("state.batch"), an event, a command ("tntlua -m tnt.env"), a file.

local class = require "tnt.class"
local errors = require "tnt.errors"
local hook = require "tnt.hook"
local options = require "tnt.loop.options"
local tnt = require "tnt"

local names = {}

-- What a name may begin with beside tnt -> the annotated class whose fields and methods follow.
local objects = {
  state = { "tnt.State", "tnt.state" }, progress = { "tnt.Progress", "tnt.progress" },
  unit = { "tnt.Unit", "tnt.unit", "Unit" },
  result = { "tnt.Result" },
}

local entry_points = { train = true, evaluate = true, predict = true, fit = true }

local function read(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

-- Annotations of lua/tnt: class -> {base = ..., field -> true}.
local annotated
local function annotations()
  if annotated then return annotated end
  annotated = {}
  local pipe = assert(io.popen "find lua/tnt -name '*.lua' | LC_ALL=C sort")
  for path in pipe:lines() do
    local current
    for line in io.lines(path) do
      local name, base = line:match "^%-%-%-@class%s+([%w_.]+)%s*:?%s*([%w_.]*)"
      if name then
        current = annotated[name] or {}
        annotated[name], current.base = current, base ~= "" and base or current.base
      end
      local field = line:match "^%-%-%-@field%s+([%w_]+)"
      if field and current then current[field] = true end
      if not line:find "^%-%-%-" then current = nil end
    end
  end
  pipe:close()
  return annotated
end

local function has_field(class_name, field)
  local found = annotations()[class_name]
  while found do
    if found[field] then return true end
    found = found.base and annotations()[found.base]
  end
  return false
end

-- The text of the files in which a function, or a table's functions, are written.
local function sources_of(value)
  if type(value) == "function" then
    return read(debug.getinfo(value, "S").source:match "^@(.*)" or "") or ""
  end
  local texts = {}
  for _, inner in pairs(type(value) == "table" and value or {}) do -- order: free
    if type(inner) == "function" then texts[#texts + 1] = sources_of(inner) end
  end
  return table.concat(texts)
end

-- Options of a class, an entry point, or a function whose file annotates them.
local function has_option(value, last, option)
  if entry_points[last] and options[last] then return options[last].is_known[option] == true end
  local declared = class.is_class(value) and class.declared(value)
  if declared and declared.is_known[option] then return true end
  local text = sources_of(value)
  return text:find("%-%-%-@field " .. option .. "%f[^%w_]") ~= nil
    or text:find("%-%-%-@param " .. option .. "%f[^%w_]") ~= nil
end

local function step(value, key)
  local ok, inner = pcall(function() return value[key] end)
  if ok then return inner end
  return nil, type(inner) == "table" and inner.message or tostring(inner)
end

-- The value of a dotted path, and where it ended.
local function follow(path)
  local parts = {}
  for part in path:gmatch "[%w_]+" do parts[#parts + 1] = part end
  local first = table.remove(parts, 1)
  local value, class_name
  if first == "tnt" then
    value, class_name = tnt, "tnt"
  elseif objects[first] then
    local place = objects[first]
    class_name = place[1]
    value = place[2] and require(place[2]) or {}
    if place[3] then value = value[place[3]] end
  else
    return nil, "begins with neither tnt nor " .. "state, progress, unit, result"
  end
  for i, part in ipairs(parts) do
    local inner, why = step(value, part)
    if inner == nil then
      if i == #parts and has_field(class_name, part) then return true, part end
      -- A field of what a function returns: "tnt.Timer.Row.calls".
      local of_class, field = path:match "^(.*)[.:]([%w_]+)$"
      if has_field(of_class, field) then return true, field end
      return nil, ("has no '%s'%s"):format(part, why and ": " .. why:match "^[^\n]*" or "")
    end
    value, class_name = inner, class_name .. "." .. part
  end
  return value, parts[#parts] or first
end

--- What is wrong with a name; nil: it exists.
---@param name string
---@return string|nil fault
function names.fault(name)
  if name:find "^on_%l" then
    if hook.is_event(name) then return nil end
    for _, known in ipairs(hook.names()) do if known == name then return nil end end
    local near = errors.nearest(name, hook.names())
    return "is no event" .. (near and "; did you mean " .. near or "")
  end
  local module = name:match "^tntlua %-m ([%w_.]+)"
  if module then
    local path = "lua/" .. module:gsub("%.", "/")
    for _, ending in ipairs { ".lua", "/main.lua", "/init.lua" } do
      if read(path .. ending) then return nil end
    end
    return "names a module that is not there"
  end
  if name:find "^tntlua %-" then
    return (read "core/cli/main.c" or ""):find(name:match "^tntlua (%-[%w-]+)", 1, true) == nil
      and "is no option of the program" or nil
  end
  if name:find "^%l+/" then return not read(name) and "is no file" or nil end
  local path, listed = name:match "^([%w_.:]+){([^}]*)}$"
  local value, last = follow(path or name)
  if value == nil then return last end
  for option in (listed or ""):gmatch "[%w_]+" do
    if not has_option(value, last, option) then return ("has no option '%s'"):format(option) end
  end
end

return names
