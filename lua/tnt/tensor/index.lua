-- x[...] and x[...] = v. A number takes a slice away, {a, b} a range (both ends included, a third
-- number is the step), {} a whole dim, a bool tensor the elements where it is true, a tensor of
-- whole numbers the slices it names (from 0).
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
    if n > 3 then
      errors.raise("argument",
        "index: a range is {first, last} or {first, last, step}, got %d numbers", n)
    end
    return ops.slice(x, d, item[1], item[2], item[3] or 1), true
  end
  errors.raise("argument",
    "index: a number, a range {first, last} or {} was expected for dim %d, got %s", d, type(item))
end

-- Where a mask is true, as positions in x with the mask's dims made one, and x so; they begin at
-- dim d of x.
local function by_mask(x, d, mask)
  local sizes, n = {}, mask:dim()
  for k = 1, d - 1 do sizes[k] = x:size(k) end
  sizes[d] = 1
  for k = 1, n do
    if d + k - 1 > x:dim() or mask:size(k) ~= x:size(d + k - 1) then
      errors.raise("shape",
        "index: a mask must have the sizes of the dims it stands for: [%s] of [%s] from dim %d on",
        table.concat(mask.shape, ", "), table.concat(x.shape, ", "), d)
    end
    sizes[d] = sizes[d] * mask:size(k)
  end
  for k = d + n, x:dim() do sizes[#sizes + 1] = x:size(k) end
  return x:reshape(sizes), ops.nonzero(mask:reshape(-1)):select(2, 1)
end

-- The slices of x along d that a tensor names: a mask, or positions from 0; their dims take the
-- place of d.
local function by_tensor(x, d, key)
  if key.dtype == "bool" then
    local seen, places = by_mask(x, d, key)
    return ops.index_select(seen, d, places), 1
  end
  local n = key:dim()
  if n == 1 then return ops.index_select(x, d, key), 1 end
  local y, sizes = ops.index_select(x, d, key:reshape(-1)), {}
  for k = 1, d - 1 do sizes[#sizes + 1] = x:size(k) end
  for k = 1, n do sizes[#sizes + 1] = key:size(k) end
  for k = d + 1, x:dim() do sizes[#sizes + 1] = x:size(k) end
  return y:reshape(sizes), n
end

local function by_list(x, list)
  if #list > x:dim() then
    errors.raise("shape", "index: %d dims were indexed, the tensor has %d", #list, x:dim())
  end
  local d = 1
  for i = 1, #list do
    local item = list[i]
    if tensor.is_tensor(item) then
      local n
      x, n = by_tensor(x, d, item)
      d = d + n
    else
      local stays
      x, stays = step(x, d, item)
      if stays then d = d + 1 end
    end
  end
  return x
end

local function index(x, key)
  local kind = type(key)
  if kind == "number" then
    if describe(x).ndim == 0 then
      errors.raise("shape", "index: a 0-dim tensor has no slices; use x:item()")
    end
    return ops.select(x, 1, key)
  elseif kind == "table" then
    return by_list(x, key)
  elseif tensor.is_tensor(key) then
    return (by_tensor(x, 1, key))
  end
  errors.raise("argument",
    "index: a number, a list of ranges, a mask or a tensor of positions was expected, got %s", kind)
end

local function has_tensor(key)
  if type(key) ~= "table" then return tensor.is_tensor(key) end
  for i = 1, #key do
    if tensor.is_tensor(key[i]) then return true end
  end
  return false
end

-- Writes to elements that no view can name: their places in x laid flat are found by indexing the
-- numbers 0, 1, 2, ...
local function assign_at(x, key, value)
  local places = index(tensor.make.arange(x:numel()):view(x.shape), key)
  if tensor.is_tensor(value) then value = value:to(x.dtype):expand(places.shape):reshape(-1)
  else value = tensor.make.full(places:numel(), value, { dtype = x.dtype }) end
  if x:is_contiguous() then
    ops.scatter_(x:view(-1), 1, places:reshape(-1), value)
  else
    ops.assign_(x, ops.scatter(x:reshape(-1), 1, places:reshape(-1), value):view(x.shape))
  end
end

local function assign(x, key, value)
  local kind = type(value)
  if kind == "boolean" then value = value and 1 or 0
  elseif kind ~= "number" and not tensor.is_tensor(value) then
    errors.raise("argument", "index: a number or a tensor can be assigned, got %s", kind)
  end
  if tensor.is_tensor(key) and key.dtype == "bool" and type(value) == "number" then
    local mask = key
    while mask:dim() < x:dim() do mask = mask:unsqueeze(-1) end
    ops.masked_fill_(x, mask, value)
  elseif has_tensor(key) then
    assign_at(x, key, value)
  else
    local part = index(x, key)
    if type(value) == "number" then ops.fill_(part, value) else ops.assign_(part, value) end
  end
end

return function() return index, assign end
