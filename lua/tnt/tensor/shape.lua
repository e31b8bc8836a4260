-- Methods about shape that are made of views: reshape, chunk, split, stack and their kin.
local core = require "tnt.core"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"
local methods, describe, C = tensor.methods, tensor.describe, core.C

local shape = {}

-- view(2, 3) or view({2, 3})
local function sizes(first, ...)
  if type(first) == "table" then return first end
  return { first, ... }
end

local view, expand, permute = ops.view, ops.expand, ops.permute
--- x in another shape without a copy: sizes as numbers or one list, one may be -1.
---@return tnt.Tensor
function methods.view(x, ...) return view(x, sizes(...)) end
--- Dims of size 1 repeated without a copy: sizes as numbers or one list, -1 leaves a dim.
---@return tnt.Tensor
function methods.expand(x, ...) return expand(x, sizes(...)) end
--- Dims in another order: all of them, as numbers or one list.
---@return tnt.Tensor
function methods.permute(x, ...) return permute(x, sizes(...)) end
--- x expanded to the shape of y.
---@param y tnt.Tensor
---@return tnt.Tensor
function methods.expand_as(x, y) return expand(x, y.shape) end
--- x viewed in the shape of y.
---@param y tnt.Tensor
---@return tnt.Tensor
function methods.view_as(x, y) return view(x, y.shape) end

--- The values of x without gaps in memory; x itself when they lie so. "contiguous": row by row.
--- "channels_last", for x [N, C, H, W]: the channels of a place next to each other, then the places
--- of an image. Convolutions, pooling and batch norms compute in the layout of what they are given,
--- and other operations keep it. A tensor of another number of dims is laid row by row.
---
--- ```lua
--- local tnt = require "tnt"
--- local x = tnt.randn(2, 3, 4, 5):contiguous "channels_last"
--- table.concat(x:stride(), " ")  -- 60 1 15 3
--- (x * 2):is_contiguous "channels_last"  -- true
--- ```
---
--- Errors: argument, for another format.
---@param format? "contiguous"|"channels_last"  default "contiguous"
---@return tnt.Tensor
function methods.contiguous(x, format)
  if format == nil or format == "contiguous" then
    if describe(x).contiguous ~= 0 then return x end
    return ops.contiguous(x)
  end
  tensor.check_memory_format("contiguous", format)
  if x:dim() ~= 4 then return methods.contiguous(x) end
  if methods.is_contiguous(x, format) then return x end
  return ops.channels_last(x)
end

--- x in another shape; a view where that is possible, else a copy. One size may be -1.
function methods.reshape(x, ...)
  local list = sizes(...)
  local at, n = core.positions(1, "reshape", "size", list)
  local y = core.new()
  local status = C.tnt_view(y, x, at, n)
  if status == C.TNT_ESHAPE and describe(x).contiguous == 0 then
    return view(methods.contiguous(x), list)
  end
  if status ~= 0 then return core.finish(status, y) end
  return y
end

--- The dims from first to last made one.
---@param first? integer  default 1
---@param last? integer   default -1
function methods.flatten(x, first, last)
  local n = x:dim()
  if n == 0 then return x:reshape(1) end
  first, last = first or 1, last or -1
  if first < 0 then first = n + first + 1 end
  if last < 0 then last = n + last + 1 end
  if first < 1 or last > n or first > last then
    errors.raise("argument", "flatten: dims 1 <= first <= last <= %d were expected, got %d and %d",
      n, first, last)
  end
  local list, size = {}, 1
  for d = 1, n do
    local s = x:size(d)
    if d < first or d > last then
      list[#list + 1] = s
    else
      size = size * s
      if d == last then list[#list + 1] = size end
    end
  end
  return x:reshape(list)
end

--- The last two dims exchanged.
function methods.t(x)
  if x:dim() < 2 then return x end
  return ops.transpose(x, -2, -1)
end

--- A copy with memory of its own; gradients flow through.
---@return tnt.Tensor
function methods.clone(x) return ops.copy(x) end

--- x in place with the values of v, which broadcasts to x and is cast to its dtype.
---@param v tnt.Tensor|number
---@return tnt.Tensor self
function methods.copy_(x, v)
  if type(v) == "number" then return ops.fill_(x, v) end
  return ops.assign_(x, v)
end

--- Every element 0, in place.
---@return tnt.Tensor self
function methods.zero_(x) return ops.fill_(x, 0) end

--- The same values without history; shares memory.
---@return tnt.Tensor
function methods.detach(x)
  local y = core.new()
  local status = C.tnt_detach(y, x)
  if status ~= 0 then return core.finish(status, y) end
  return y
end

--- A leaf requires a gradient from now on, or (false) no more.
---@param on? boolean  default true
---@return tnt.Tensor self
function methods.requires_grad_(x, on)
  core.check(C.tnt_set_requires_grad(x, on == false and 0 or 1))
  return x
end

local function pieces(x, d, list)
  local out, at = {}, 1
  for i, n in ipairs(list) do
    out[i] = ops.narrow(x, d, at, n)
    at = at + n
  end
  return unpack(out)
end

--- n parts along d (default 1), as several values; the last may be smaller.
---@param n integer
---@param d? integer
---@return tnt.Tensor ...
function methods.chunk(x, n, d)
  d = d or 1
  local size = x:size(d)
  if type(n) ~= "number" or n < 1 then
    errors.raise("argument", "chunk: n must be >= 1, got %s", tostring(n))
  end
  return methods.split(x, math.max(1, math.ceil(size / n)), d)
end

--- Parts of `size` slices along d (default 1), or of the sizes in a list, as several values.
---@param size integer|integer[]
---@param d? integer
---@return tnt.Tensor ...
function methods.split(x, size, d)
  d = d or 1
  local total, list = x:size(d), size
  if type(size) == "number" then
    if size < 1 then errors.raise("argument", "split: size must be >= 1, got %s", size) end
    list = {}
    for at = 0, total - 1, size do list[#list + 1] = math.min(size, total - at) end
    if total == 0 then list[1] = 0 end
  else
    local sum = 0
    for _, n in ipairs(list) do sum = sum + n end
    if sum ~= total then
      errors.raise("argument", "split: sizes add up to %d, dim %d has %d", sum, d, total)
    end
  end
  return pieces(x, d, list)
end

--- The slices along d (default 1), without that dim, as several values.
---@param d? integer
---@return tnt.Tensor ...
function methods.unbind(x, d)
  d = d or 1
  local out = {}
  for i = 1, x:size(d) do out[i] = ops.select(x, d, i) end
  return unpack(out)
end

--- x repeated along each dim.
function methods.tile(x, ...)
  local times = sizes(...)
  local n = x:dim()
  while #times < n do table.insert(times, 1, 1) end
  local lead = #times - n
  local split, spread, final = {}, {}, {}
  for d = 1, #times do
    local size = d > lead and x:size(d - lead) or 1
    split[#split + 1], split[#split + 2] = 1, size
    spread[#spread + 1], spread[#spread + 2] = times[d], size
    final[d] = times[d] * size
  end
  if #split > 8 then -- two dims for each: too many, so dim by dim
    local y = x:reshape((function()
      local s = {}
      for d = 1, #times do s[d] = d > lead and x:size(d - lead) or 1 end
      return s
    end)())
    for d = 1, #times do
      local list = {}
      for i = 1, times[d] do list[i] = y end
      y = ops.cat(list, d)
    end
    return y
  end
  return x:reshape(split):expand(spread):reshape(final)
end

--- Tensors joined along dim d (default 1).
---@param list tnt.Tensor[]
---@param d? integer
---@return tnt.Tensor
function shape.cat(list, d) return ops.cat(list, d or 1) end

--- Tensors of one shape laid side by side along a new dim d (default 1).
---@param list tnt.Tensor[]
---@param d? integer  -1: behind the last
---@return tnt.Tensor
function shape.stack(list, d)
  d = d or 1
  if type(list) ~= "table" or #list == 0 then
    errors.raise("argument", "stack: a list of at least one tensor was expected")
  end
  local n = list[1]:dim() + 1
  if d < 0 then d = n + d + 1 end
  local rows = {}
  for i, x in ipairs(list) do rows[i] = ops.unsqueeze(x, d) end
  return ops.cat(rows, d)
end

-- x where keep is true, else a number, which counts by its kind: beside whole numbers one with a
-- fraction makes floats.
local function or_number(x, keep, number)
  local dtype = x.dtype
  if not dtype:match "f" and number % 1 ~= 0 then x = x:to(tensor.make.get_default_dtype())
  elseif dtype == "bool" then x = x:to "i64" end
  return ops.masked_fill(x, ops.logical_not(keep), number)
end

--- Values of a where c is true, else of b; a and b may be numbers.
---@param c tnt.Tensor  bool
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor
function shape.where(c, a, b)
  if type(a) == "number" and type(b) == "number" then
    return ops.where(c, tensor.make.tensor(a), tensor.make.tensor(b))
  elseif type(b) == "number" and tensor.is_tensor(a) then
    return or_number(a, c, b)
  elseif type(a) == "number" and tensor.is_tensor(b) then
    return or_number(b, ops.logical_not(c), a)
  end
  return ops.where(c, a, b)
end
--- x where c is true, else `other`.
---@param c tnt.Tensor  bool
---@param other tnt.Tensor|number
---@return tnt.Tensor
function methods.where(x, c, other) return shape.where(c, x, other) end

tensor.shape = shape
return shape
