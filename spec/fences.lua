-- Runs the examples of documentation: fenced Lua in a Markdown page or in a docstring. All of one
-- page are one program. `print(x)  -- 0.6931` and `x  -- 0.6931` compare what is printed, and the
-- value, with the comment: numbers to the digits shown. Behind a call that could stand alone only a
-- number, true, false or nil is compared: other words there are a remark.

local fences = {}

--- The Lua code of a text's fences, each line at its own place, so that errors name it.
---@param text string
---@return string|nil code  nil: there is none
function fences.code(text)
  local lines, inside, found = {}, false, false
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    if inside and line:find "^```" then
      inside = false
      lines[#lines + 1] = ""
    elseif inside then
      lines[#lines + 1] = line
    else
      if line:find "^```lua%s*$" then inside, found = true, true end
      lines[#lines + 1] = ""
    end
  end
  return found and table.concat(lines, "\n") or nil
end

--- The texts of a Lua file's docstrings, each with the number of its first line.
---@param source string
---@return {line: integer, text: string}[]
function fences.docstrings(source)
  local list, current, at = {}, nil, 0
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do
    at = at + 1
    local text = line:match "^%s*%-%-%-? ?(.*)$"
    if text and not line:find "^%s*%-%-%-@" then
      current = current or { line = at, lines = {} }
      current.lines[#current.lines + 1] = text
    elseif current then
      list[#list + 1] = { line = current.line, text = table.concat(current.lines, "\n") }
      current = nil
    end
  end
  if current then
    list[#list + 1] = { line = current.line, text = table.concat(current.lines, "\n") }
  end
  return list
end

-- Whether what came is what the comment shows.
local function agrees(shown, came)
  if shown == came then return true end
  local a, b = tonumber(shown), tonumber(came)
  if not a or not b then return false end
  local digits = shown:match "%.(%d+)" or ""
  return math.abs(a - b) <= 0.5 * 10 ^ -#digits * (1 + 1e-9)
end

local words = { ["true"] = true, ["false"] = true, ["nil"] = true }

-- A line with an expected value becomes a call of __check with the same line number.
local function with_checks(code)
  local lines = {}
  for line in (code .. "\n"):gmatch "([^\n]*)\n" do
    local before, shown = line:match "^(.-)%s+%-%-%s+(%S.*)$"
    if before and not before:find "^%s*%-%-" then
      local printed = before:match "^%s*print%((.*)%)$"
      local expression = printed or before
      local is_expression = loadstring("return " .. expression) ~= nil
      local stands_alone = not printed and loadstring(before) ~= nil
      if is_expression and (not stands_alone or tonumber(shown) or words[shown]) then
        line = ("__check(%q, %s)"):format(shown, expression)
      end
    end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

--- Runs code; raises what it raises, and where a value is not what its comment shows.
---@param code string
---@param name string  for messages
---@return integer checked  how many values were compared
function fences.run(code, name)
  local checked = 0
  local env = setmetatable({
    print = function() end,
    __check = function(shown, ...)
      checked = checked + 1
      local values = {}
      for i = 1, select("#", ...) do values[i] = tostring((select(i, ...))) end
      local came = table.concat(values, "\t")
      if not agrees(shown, came) then
        error(("%s: the documentation shows %s, and this gave %s"):format(name, shown, came), 2)
      end
    end,
  }, { __index = function(_, key)
    local value = _G[key]
    if value ~= nil then return value end
    local tnt = require "tnt"
    if key == "tnt" then return tnt elseif key == "nn" then return tnt.nn
    elseif key == "F" then return tnt.nn.functional end
  end })
  local chunk = assert(loadstring(with_checks(code), "=" .. name))
  setfenv(chunk, env)()
  return checked
end

return fences
