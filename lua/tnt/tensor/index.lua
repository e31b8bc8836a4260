-- x[...] and x[...] = v. A number takes a slice away, {a, b} a range (both ends included, a third number is the step),
-- {} a whole dim, a bool tensor the elements where it is true, a tensor of whole numbers the slices it names (from 0).
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"
local describe = tensor.describe

-- One item of an index list, on dim d of x: the view and whether the dim is still there.
local function step(x, d, item)
  if type(item) == "number" then return ops.select(x, d, item), false end
  if type(item) == "table" then
    local n = #item
    if n == 0 then return x, true end
    if n == 1 then return ops.slice(x, d, item[1], item[1], 1), true end
    if n > 3 then errors.raise("argument", "index: a range is {first, last} or {first, last, step}, got %d numbers", n) end
    return ops.slice(x, d, item[1], item[2], item[3] or 1), true
  end
  errors.raise("argument", "index: a number, a range {first, last} or {} was expected for dim %d, got %s", d, type(item))
end

local function by_list(x, list)
  local n = x:dim()
  if #list > n then errors.raise("shape", "index: %d dims were indexed, the tensor has %d", #list, n) end
  local d = 1
  for i = 1, #list do
    local item, stays = list[i], nil
    if type(item) == "cdata" then
      x = ops.index_select(x, d, item)
      stays = true
    else
      x, stays = step(x, d, item)
    end
    if stays then d = d + 1 end
  end
  return x
end

-- Where a mask is true, as places in x seen with the mask's dims flattened.
local function mask_places(x, mask)
  local nm, n = mask:dim(), x:dim()
  for d = 1, nm do
    if nm > n or mask:size(d) ~= x:size(d) then
      errors.raise("shape", "index: a mask must have the sizes of the first dims of the tensor")
    end
  end
  local rest = {}
  for d = nm + 1, n do rest[#rest + 1] = x:size(d) end
  return ops.nonzero(mask:reshape(-1)):select(2, 1), rest
end

local function index(x, key)
  local kind = type(key)
  if kind == "number" then
    if describe(x).ndim == 0 then errors.raise("shape", "index: a 0-dim tensor has no slices; use x:item()") end
    return ops.select(x, 1, key)
  elseif kind == "table" then
    return by_list(x, key)
  elseif tensor.is_tensor(key) then
    if key.dtype == "bool" then
      local places, rest = mask_places(x, key)
      return ops.index_select(x:reshape(-1, unpack(rest)), 1, places)
    end
    local ids = key
    if key:dim() ~= 1 then ids = key:reshape(-1) end
    local y = ops.index_select(x, 1, ids)
    if key:dim() == 1 then return y end
    local sizes = key.shape
    for d = 2, x:dim() do sizes[#sizes + 1] = x:size(d) end
    return y:reshape(sizes)
  end
  errors.raise("argument", "index: a number, a list of ranges, a mask or a tensor of positions was expected, got %s", kind)
end

local function assign(x, key, value)
  if tensor.is_tensor(key) then
    if key.dtype == "bool" then
      if type(value) == "number" then
        local mask = key
        while mask:dim() < x:dim() do mask = mask:unsqueeze(-1) end
        ops.masked_fill_(x, mask, value)
        return
      end
      local places, rest = mask_places(x, key)
      if not x:is_contiguous() then errors.raise("state", "index: x[mask] = tensor needs a contiguous tensor") end
      local flat = x:view(-1, unpack(rest))
      local rows = value:expand(places:size(1), unpack(rest))
      local ids = places:reshape(-1, unpack((function()
        local ones = {}
        for i = 1, #rest do ones[i] = 1 end
        return ones
      end)())):expand(rows.shape)
      ops.scatter_(flat, 1, ids, rows:to(x.dtype))
      return
    end
    local ids = key:reshape(-1)
    local sizes = { ids:size(1) }
    for d = 2, x:dim() do sizes[d] = x:size(d) end
    local rows = type(value) == "number" and tensor.make.full(sizes, value, { dtype = x.dtype }) or value:to(x.dtype):expand(sizes)
    local places = ids
    for _ = 2, x:dim() do places = places:unsqueeze(-1) end
    ops.scatter_(x, 1, places:expand(sizes), rows)
    return
  end
  local part = index(x, key)
  if type(value) == "number" then ops.fill_(part, value)
  elseif type(value) == "boolean" then ops.fill_(part, value and 1 or 0)
  elseif tensor.is_tensor(value) then ops.assign_(part, value)
  else errors.raise("argument", "index: a number or a tensor can be assigned, got %s", type(value)) end
end

return function() return index, assign end
