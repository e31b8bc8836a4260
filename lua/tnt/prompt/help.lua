-- help(x) and ?x: the page of an operation (generated from the op table), a page of documentation
-- (tnt.pages), else the comment that stands over a function in its source file.

local documents = require "tnt.pages"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local help = {}

-- name -> page; {} in a build without generated pages.
local function pages()
  local ok, result = pcall(require, "tnt.help_gen")
  return ok and type(result) == "table" and result or {}
end

-- The name under which a function can be found in the library's tables.
local function name_of(f)
  local places = { "tnt.ops_gen", "tnt.tensor", "tnt.nn.functional", "tnt.nn", "tnt" }
  for _, module in ipairs(places) do
    local loaded = package.loaded[module]
    local candidates = {}
    if type(loaded) == "table" then candidates = { loaded, rawget(loaded, "methods") } end
    for i = 1, #candidates do
      if type(candidates[i]) == "table" then
        for name, value in pairs(candidates[i]) do -- order: free
          if value == f and type(name) == "string" then return name end
        end
      end
    end
  end
end

local function read_lines(path)
  local file = io.open(path)
  if not file then return nil end
  local lines = {}
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

-- Annotations as a reader wants them: the type after the name, "returns" for a return.
local function readable(line)
  line = line:gsub("^%s*%-%-%-?%s?", "")
  line = line:gsub("^@param%s+(%S+)%s+(%S+)%s*", "  %1 (%2)  ")
  line = line:gsub("^@return%s+", "  returns ")
  return (line:gsub("%s+$", ""))
end

local function comment_above(lines, at)
  local first = at
  while first > 1 and lines[first - 1]:find "^%s*%-%-" do first = first - 1 end
  if first == at then return nil end
  local text = {}
  for i = first, at - 1 do
    if not lines[i]:find "^%s*%-%-%-?@[^pr]" then text[#text + 1] = readable(lines[i]) end
  end
  return table.concat(text, "\n")
end

-- The line of `x.NAME = ...`, for a function that another function made.
local function assignment_of(lines, name)
  for at, line in ipairs(lines) do
    if line:find("^[%w_.]+%." .. name .. "%s*=") then return at end
  end
end

local function function_page(f, name)
  local info = debug.getinfo(f, "S")
  local path = info.source:match "^@(.*)"
  local lines = path and read_lines(path)
  if not lines or not lines[info.linedefined] then return nil end
  local comment = comment_above(lines, info.linedefined)
  local signature = lines[info.linedefined]:match "function%s*(.*%))" or ""
  if not comment and name then
    local at = assignment_of(lines, name)
    comment, signature = at and comment_above(lines, at), name
  end
  return comment and signature .. "\n" .. comment
end

-- The comment that opens the file in which a class's methods are written.
local function class_page(class)
  for _, name in ipairs { "init", "forward", "step", "new" } do
    local method = rawget(class, name)
    if type(method) == "function" then
      local own = function_page(method)
      if own then return own end
      local path = debug.getinfo(method, "S").source:match "^@(.*)"
      local lines = path and read_lines(path)
      local last = 1
      while lines and lines[last] and lines[last]:find "^%-%-" do last = last + 1 end
      if last > 1 then return comment_above(lines, last) end
    end
  end
end

local INTRODUCTION = [[
help(x) or ?x shows the page of x: an operation (?softmax), a function, a class.
tnt, nn and F are there; a local at top level stays; _ is the last result.
Tab completes, arrow-up recalls, ctrl-C interrupts or clears the line, ctrl-D leaves.
Pages, also by tnt.help "NAME" in a script:]]

-- Pages are those of the operations: a field of something else may have the same name.
local function is_operation(base)
  return base == nil or base == "tnt" or base == "nn" or base == "F" or type(_G[base]) ~= "table"
end

local function look_up(name, env)
  local value = env
  for part in name:gmatch "[%w_]+" do
    local ok, inner = pcall(function() return value[part] end)
    value = ok and inner or nil
  end
  return value
end

--- The page for a name such as "softmax" or "tnt.softmax", or why there is none.
---@param name string
---@param env table|nil  where a dotted name is looked up
---@return string
function help.name(name, env)
  if documents.has(name) then return documents.read(name) end
  local known = pages()
  local last = name:match "([%w_]+)%s*$" or name
  if is_operation(name:match "^([%w_]+)[.:]") then
    local page = known[last] or known[last:gsub("_$", "")]
    if page then return page end
  end
  local value = look_up(name, env)
  if value ~= nil and type(value) ~= "string" then
    local page = help.value(value, true)
    if page then return page end
  end
  local candidates = sorted.keys(known)
  for _, page in ipairs(documents.list) do candidates[#candidates + 1] = page.name end
  local near = errors.nearest(name, candidates) or errors.nearest(last, candidates)
  if near then return ("no page for '%s'; did you mean ?%s"):format(name, near) end
  if next(known) == nil then
    return ("no page for '%s': this build has no pages of operations (tnt.help_gen)"):format(name)
  end
  return ("no page for '%s'"):format(name)
end

--- The page for a value: a function, a class, a name.
---@param value any
---@param quiet boolean|nil  nil instead of a message when there is no page
---@return string|nil
function help.value(value, quiet)
  if type(value) == "string" then return help.name(value) end
  local page
  if type(value) == "function" then
    local name = name_of(value)
    page = name and (pages()[name] or pages()[name:gsub("_$", "")])
      or function_page(value, name)
  elseif type(value) == "table" then
    page = class_page(value)
    local meta = getmetatable(value)
    local class = not page and type(meta) == "table" and rawget(meta, "__index")
    if type(class) == "table" then page = class_page(class) end
  end
  if page or quiet then return page end
  return ("no page for a value of type %s; help takes a function, a class or a name")
    :format(type(value))
end

--- What `help()` alone says.
---@return string
function help.introduction()
  local lines = { INTRODUCTION }
  for _, page in ipairs(documents.list) do
    lines[#lines + 1] = ("  ?%-15s %s"):format(page.name, page.about)
  end
  return table.concat(lines, "\n")
end

return help
