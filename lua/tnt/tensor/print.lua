-- How a tensor looks: like NumPy, 4 digits, columns aligned, the middle of long dims left out;
-- dtype and shape follow where the numbers do not tell them.
local tensor = require "tnt.tensor"

local EDGE, THRESHOLD, WIDTH = 3, 1000, 80

local function plain(v)
  if v ~= v then return "nan" end
  if v == math.huge then return "inf" end
  if v == -math.huge then return "-inf" end
  return nil
end

-- One way of writing for all values shown: whole numbers bare, others with up to 4 digits, or in
-- powers of ten.
local function formatter(values, is_float)
  if type(values[1]) == "boolean" then return tostring end
  if not is_float then
    return function(v)
      return type(v) == "number" and ("%.0f"):format(v) or (tostring(v):gsub("LL$", ""))
    end
  end
  local largest, smallest, whole = 0, math.huge, true
  for _, v in ipairs(values) do
    if v == v and v ~= math.huge and v ~= -math.huge then
      local a = math.abs(v)
      if a > largest then largest = a end
      if a > 0 and a < smallest then smallest = a end
      if v % 1 ~= 0 then whole = false end
    end
  end
  if largest >= 1e8 or (largest > 0 and (smallest < 1e-4 or largest / smallest > 1e7)
      and not whole) then
    return function(v) return plain(v) or ("%.4e"):format(v) end
  end
  if whole then return function(v) return plain(v) or ("%.0f."):format(v) end end
  local digits = 0
  for _, v in ipairs(values) do
    if v == v and math.abs(v) ~= math.huge then
      local fraction = ("%.4f"):format(v):match "%.(%d-)0*$"
      digits = math.max(digits, #fraction)
    end
  end
  local fmt = "%." .. math.max(digits, 1) .. "f"
  return function(v) return plain(v) or fmt:format(v) end
end

return function(x)
  local alive = x:is_alive()
  if not alive then return "tensor(released)" end
  local d = tensor.describe(x)
  local n, ndim = tonumber(d.numel), d.ndim
  local shape, dtype = x.shape, x.dtype
  local is_float = dtype:match "f" ~= nil
  local is_default = dtype == "f32" or dtype == "i64" or dtype == "bool"
  local notes = {}
  if n == 0 and ndim > 0 then notes[#notes + 1] = "shape {" .. table.concat(shape, ", ") .. "}" end
  if not is_default then notes[#notes + 1] = dtype end
  if x.requires_grad then notes[#notes + 1] = x.is_leaf and "requires_grad" or "with history" end

  local short = n > THRESHOLD
  -- the indices of a dim that are shown; 0 stands for the dots
  local function shown(size)
    local list = {}
    for i = 1, size do
      if not short or size <= 2 * EDGE or i <= EDGE or i > size - EDGE then list[#list + 1] = i
      elseif i == EDGE + 1 then list[#list + 1] = 0 end
    end
    return list
  end

  local values = {}
  local function gather(t, depth)
    if depth > ndim then
      local v = t:totable()
      values[#values + 1] = v
      return v
    end
    if not short then return t:totable() end
    local rows = {}
    for _, i in ipairs(shown(shape[depth])) do
      if i == 0 then rows[#rows + 1] = "..." else rows[#rows + 1] = gather(t[i], depth + 1) end
    end
    return rows
  end
  local scope = require "tnt.scope"
  local nest = scope.run(function() return gather(x:detach(), 1) end)
  values = {}
  local function collect(v)
    if type(v) == "table" then
      for _, w in ipairs(v) do collect(w) end
    elseif v ~= "..." then values[#values + 1] = v end
  end
  collect(nest)
  local text_of = formatter(values, is_float)
  local width = 0
  for _, v in ipairs(values) do width = math.max(width, #text_of(v)) end

  local prefix = "tensor("
  local function write(v, depth, indent)
    if v == "..." then return "..." end
    if type(v) ~= "table" then return (" "):rep(width - #text_of(v)) .. text_of(v) end
    local parts = {}
    for i, w in ipairs(v) do parts[i] = write(w, depth + 1, indent + 1) end
    if depth == ndim then
      local lines, line = {}, ""
      for i, part in ipairs(parts) do
        local piece = part .. (i < #parts and "," or "")
        if #line > 0 and indent + #line + #piece + 1 > WIDTH then
          lines[#lines + 1] = line
          line = piece
        else
          line = line .. (#line > 0 and " " or "") .. piece
        end
      end
      lines[#lines + 1] = line
      return "[" .. table.concat(lines, "\n" .. (" "):rep(indent + 1)) .. "]"
    end
    local gap = "," .. ("\n"):rep(ndim - depth) .. (" "):rep(indent + 1)
    return "[" .. table.concat(parts, gap) .. "]"
  end
  local body = write(nest, 1, #prefix)
  if ndim == 0 then body = text_of(nest) elseif n == 0 then body = "[]" end
  local tail = #notes > 0 and ", " .. table.concat(notes, ", ") or ""
  return prefix .. body .. tail .. ")"
end
