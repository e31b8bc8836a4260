-- What Tab offers: keywords, locals and globals; after a dot or colon the fields of what stands
-- before. Only names, fields and literal subscripts are followed, never calls.

local lexer = require "tnt.prompt.lexer"
local environment = require "tnt.prompt.environment"

local complete = {}

local function get(value, key)
  return value[key]
end

local function field(value, key)
  local ok, result = pcall(get, value, key)
  return ok and result or nil
end

-- tokens[i] ends an expression: the values along it, from the left. Returns found, value.
local function resolve(tokens, i, env)
  local token = tokens[i]
  if not token then return false end
  local parent, key
  if token.text == "]" then
    local literal, open = tokens[i - 1], tokens[i - 2]
    if not (open and open.text == "[") then return false end
    if literal.kind == "number" then
      key = tonumber(literal.text)
    elseif literal.kind == "string" then
      key = literal.text:match "^['\"]([^\\]*)['\"]$"
    end
    if key == nil then return false end
    parent = i - 3
  elseif token.kind == "name" then
    local separator = tokens[i - 1]
    if not (separator and (separator.text == "." or separator.text == ":")) then
      return true, env[token.text]
    end
    key, parent = token.text, i - 2
  elseif token.kind == "string" then
    return true, ""
  else
    return false
  end
  local found, value = resolve(tokens, parent, env)
  if not found or value == nil then return false end
  return true, field(value, key)
end

-- Calls each(name, value) for the named fields of a value, inherited ones included; the value is
-- true where it would have to be loaded, false where it is no function.
local function walk_fields(value, each)
  local kind = type(value)
  if kind == "string" then
    value = string
  elseif kind == "cdata" then
    local tensor = package.loaded["tnt.tensor"]
    if type(tensor) ~= "table" or not tensor.is_tensor(value) then return end
    for name in pairs(tensor.properties) do each(name, false) end -- order: free
    value = tensor.methods
  end
  local visited = 0
  while type(value) == "table" and visited < 20 do
    visited = visited + 1
    for name, item in pairs(value) do -- order: free
      if type(name) == "string" then each(name, item) end
    end
    local meta = getmetatable(value)
    if type(meta) ~= "table" then return end
    local index = rawget(meta, "__index")
    -- A table that loads its fields on first use lists them in `places`, as tnt/init.lua does.
    local places = type(index) == "function" and rawget(value, "places")
    if type(places) == "table" then
      for name in pairs(places) do each(name, true) end -- order: free
    end
    value = index
  end
end

local function collect(partial)
  local names, seen = {}, {}
  return names, function(name)
    if seen[name] or name:sub(1, #partial) ~= partial then return end
    if not name:find "^[%a_][%w_]*$" then return end
    if name:sub(1, 1) == "_" and partial == "" then return end
    seen[name] = true
    names[#names + 1] = name
  end
end

local function complete_name(partial, env)
  local names, add = collect(partial)
  for _, word in ipairs(lexer.keywords) do add(word) end
  for _, name in ipairs(environment.lazy_names) do add(name) end
  for name in pairs(env) do add(name) end -- order: free
  for name in pairs(_G) do add(name) end -- order: free
  return names
end

--- Completions of the word before the cursor.
---@param line string  up to the cursor
---@param word string  its last word, as the line editor splits
---@param env table  where names are looked up
---@return string[]|nil words  nil: this is inside a string, complete file names
function complete.words(line, word, env)
  line = line:gsub("^%s*%?", " ", 1)
  local tokens = lexer.tokens(line)
  local last = tokens[#tokens]
  if last and last.kind == "unfinished" then
    if last.text:find "^['\"]" then return nil end
    return {}
  end
  local partial, at = "", #tokens
  if last and (last.kind == "name" or last.kind == "keyword") and last.last == #line then
    partial, at = last.text, at - 1
  end
  local separator = tokens[at]
  local names
  if separator and (separator.text == "." or separator.text == ":") then
    local found, value = resolve(tokens, at - 1, env)
    if not found or value == nil then return {} end
    local add
    names, add = collect(partial)
    walk_fields(value, function(name, item)
      if separator.text == "." or item == true or type(item) == "function" then add(name) end
    end)
  else
    if separator and separator.last == #line and separator.kind ~= "symbol"
      and separator.kind ~= "keyword" then
      return {}
    end
    names = complete_name(partial, env)
  end
  table.sort(names)
  local head = word:sub(1, #word - #partial)
  for i, name in ipairs(names) do names[i] = head .. name end
  return names
end

return complete
