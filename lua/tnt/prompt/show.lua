-- Prints values for reading: tensors by their own tostring, those in tables as type and shape;
-- tables with sorted keys, on one line where they fit, limited in depth and length.

local show = {}

local WIDTH, DEPTH, ITEMS = 100, 4, 50

local rank = {
  number = 1, string = 2, boolean = 3, table = 4, ["function"] = 5, userdata = 6, cdata = 7,
  thread = 8,
}

local function before(a, b)
  local type_a, type_b = type(a), type(b)
  if type_a ~= type_b then return rank[type_a] < rank[type_b] end
  if type_a == "number" or type_a == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end -- order: free
  table.sort(keys, before)
  return keys
end

local function tensor_fields(value)
  return value.dtype, value.shape, value.device
end

-- "f32 [2, 3]" for a tensor, nil for anything else.
local function tensor_summary(value)
  if type(value) ~= "cdata" and type(value) ~= "userdata" then return nil end
  local ok, dtype, shape, device = pcall(tensor_fields, value)
  if not ok or type(dtype) ~= "string" or type(shape) ~= "table" then return nil end
  local text = ("%s [%s]"):format(dtype, table.concat(shape, ", "))
  if device ~= "cpu" then text = text .. " " .. tostring(device) end
  return text
end

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quote(text)
  local function escape(c) return escapes[c] or ("\\%d"):format(c:byte()) end
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

local function function_text(f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" then return "function: builtin" end
  return ("function: %s:%d"):format(info.short_src, info.linedefined)
end

local is_keyword = {}
for _, word in ipairs(require("tnt.prompt.lexer").keywords) do is_keyword[word] = true end

local value_text

local function key_text(key)
  if type(key) == "string" then
    if key:find "^[%a_][%w_]*$" and not is_keyword[key] then return key end
    return "[" .. quote(key) .. "]"
  end
  return "[" .. (type(key) == "table" and "table" or tostring(key)) .. "]"
end

local function table_text(t, depth, seen)
  if seen[t] then return "{cycle}" end
  if next(t) == nil then return "{}" end
  if depth >= DEPTH then return "{...}" end
  seen[t] = true
  local items, long, n = {}, 0, #t
  local keys = sorted_keys(t)
  for at, key in ipairs(keys) do
    if at > ITEMS then
      items[#items + 1] = ("... (%d more)"):format(#keys - ITEMS)
      break
    end
    local value = value_text(t[key], depth + 1, seen)
    local in_list = type(key) == "number" and key >= 1 and key <= n and key % 1 == 0
    items[#items + 1] = in_list and value or key_text(key) .. " = " .. value
    long = long + #items[#items] + 2
    if items[#items]:find "\n" then long = math.huge end
  end
  seen[t] = nil
  if long + 2 * depth <= WIDTH then return "{" .. table.concat(items, ", ") .. "}" end
  local indent = "\n" .. ("  "):rep(depth + 1)
  return "{" .. indent .. table.concat(items, "," .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function value_text(value, depth, seen)
  local kind = type(value)
  if kind == "string" then return quote(value) end
  if kind == "function" then return function_text(value) end
  local summary = depth > 0 and tensor_summary(value)
  if summary then return summary end
  if kind == "table" then
    local meta = getmetatable(value)
    if type(meta) ~= "table" or not rawget(meta, "__tostring") then
      return table_text(value, depth, seen)
    end
  end
  return (tostring(value):gsub("\n", "\n" .. ("  "):rep(depth)))
end

--- One value as text.
---@param value any
---@return string
function show.value(value)
  if type(value) == "string" and value:find "\n" then return value end
  return value_text(value, 0, {})
end

--- Values as the prompt prints them: side by side, or below each other when one has several lines.
---@param n integer  how many there are, nils included
---@param ... any
---@return string
function show.values(n, ...)
  local texts, separator = {}, "\t"
  for i = 1, n do
    texts[i] = show.value((select(i, ...)))
    if texts[i]:find "\n" then separator = "\n" end
  end
  return table.concat(texts, separator)
end

return show
