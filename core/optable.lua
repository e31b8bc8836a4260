-- Reads core/ops.lua into a list of rows: signatures parsed, options filled in. Used by
-- core/gen.lua and by the specs that walk the table.

local optable = {}

local function trim(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end

-- Splits at commas outside brackets.
local function split(text)
  local list, depth, start = {}, 0, 1
  for i = 1, #text do
    local ch = text:sub(i, i)
    if ch:match "[%[%(]" then depth = depth + 1 end
    if ch:match "[%]%)]" then depth = depth - 1 end
    if ch == "," and depth == 0 then
      list[#list + 1] = trim(text:sub(start, i - 1))
      start = i + 1
    end
  end
  local last = trim(text:sub(start))
  if last ~= "" then list[#list + 1] = last end
  return list
end

local scalar_kinds = {
  number = true, int = true, dim = true, ["dim+"] = true, dims = true, ints = true, bool = true,
}

-- "x: ids [N]?" or "eps = 1e-5" or "dim: dim = -1"
local function argument(text)
  local name, rest = text:match "^([%a_][%w_]*)%s*(.*)$"
  local kind, default = rest:match "^:%s*(.-)%s*=%s*(.+)$"
  if not kind then
    kind = rest:match "^:%s*(.+)$"
    default = rest:match "^=%s*(.+)$"
  end
  local a = { name = name, default = default }
  if not kind and default then
    kind = (default == "true" or default == "false") and "bool" or "number"
  end
  kind = kind or "any"
  if kind:sub(-1) == "?" and kind ~= "?" then
    a.optional = true
    kind = trim(kind:sub(1, -2))
  end
  local word, pattern = kind:match "^(%a*)%s*(%[.*%])$"
  if pattern then
    a.kind = word == "" and "tensor" or word
    a.pattern = pattern
  elseif scalar_kinds[kind] then
    a.kind = kind
  elseif kind == "list" or kind == "params" or kind == "mask" or kind == "ids"
    or kind == "wide" then
    a.kind = kind
  else
    a.kind, a.pattern = "tensor", kind == "?" and "?" or nil
  end
  if a.kind == "wide" then a.kind, a.wide = "tensor", true end
  a.is_tensor = a.kind == "tensor" or a.kind == "ids" or a.kind == "mask"
  a.is_list = a.kind == "list" or a.kind == "params"
  return a
end

local function output(text)
  local name, rest = text:match "^([%a_][%w_]*)%s*:?%s*(.*)$"
  local o = { name = name }
  if rest:match "^ids" then
    o.ids = true
    rest = trim(rest:sub(4))
  end
  if rest:match "^wide" then
    o.wide = true
    rest = trim(rest:sub(5))
  end
  if rest ~= "" then o.pattern = rest end
  return o
end

--- Parses a signature: name, args, outs.
function optable.parse(signature)
  local name, arguments, outputs = signature:match "^([%a_][%w_]*)%((.-)%)%s*%->%s*(.+)$"
  assert(name, "op table: cannot read the signature " .. signature)
  local row = { name = name, args = {}, outs = {}, signature = signature }
  for _, text in ipairs(split(arguments)) do row.args[#row.args + 1] = argument(text) end
  if outputs ~= "none" then
    for _, text in ipairs(split(outputs)) do row.outs[#row.outs + 1] = output(text) end
  end
  return row
end

--- All rows of the table in file `path`, in order.
function optable.load(path)
  local rows = {}
  local function op(signature)
    return function(options)
      local row = optable.parse(signature)
      for key, value in pairs(options) do row[key] = value end -- order: free
      row.tensors, row.scalars = {}, {}
      for _, a in ipairs(row.args) do
        local into = (a.is_tensor or a.is_list) and row.tensors or row.scalars
        into[#into + 1] = a
      end
      row.elementwise = row.y ~= nil
      rows[#rows + 1] = row
      rows[row.name] = row
    end
  end
  assert(loadfile(path))(op)
  return rows
end

return optable
