-- Makes tensors of the plain examples (spec/ops/examples.lua): in a dtype, in a layout, with or
-- without a history; and
-- calls an op with them.
local ffi = require "ffi"
local tnt = require "tnt"
local core = require "tnt.core"
local ops = require "tnt.ops_gen"

local build = {}

-- A value of an example in a dtype: whole numbers for whole dtypes, of few sizes, so that ties and
-- zeros are met.
local function as(v, value, dtype)
  if value.is ~= "tensor" then return v end
  if dtype == "bool" then return not value.positive and math.floor(v * 64) % 3 == 0 and 0 or 1 end
  if dtype == "i64" or dtype == "i32" or dtype == "u8" then
    local k = math.floor(v * 64)
    if value.positive then return 1 + k % 4 end
    return dtype == "u8" and k % 7 or k % 7 - 3
  end
  return v
end

local function dtype_of(value, dtype)
  if value.is == "ids" then return "i64" end
  if value.is == "mask" then return "bool" end
  return dtype
end

local function plain(value, dtype)
  local x = tnt.empty(value.shape, { dtype = "f64" })
  local at = ffi.cast("double *", x:data_ptr())
  for i, v in ipairs(value.values) do at[i - 1] = as(v, value, dtype) end
  return x:to(dtype_of(value, dtype))
end

local layouts = {}
function layouts.dense(x) return x end
-- The last two dims lie the other way round in memory.
function layouts.transposed(x)
  if x:dim() < 2 then return layouts.sliced(x) end
  return x:transpose(-1, -2):contiguous():transpose(-1, -2)
end
-- Every second element of something larger, not from its beginning.
function layouts.sliced(x)
  if x:dim() == 0 then
    local room = tnt.full({ 3 }, 5, { dtype = x.dtype })
    room:select(1, 2):copy_(x)
    return room:select(1, 2)
  end
  local sizes, ranges = {}, {}
  for d, s in ipairs(x.shape) do
    sizes[d] = 2 * s + 2
    ranges[d] = s == 0 and { 2, 1 } or { 2, 2 * s, 2 }
  end
  local room = tnt.full(sizes, 5, { dtype = x.dtype })
  room[ranges] = x
  return room[ranges]
end
-- The first slice repeated without memory of its own; the values change, so compare with a dense
-- copy.
function layouts.expanded(x)
  if x:dim() == 0 or x:numel() == 0 then return x end
  return x:narrow(1, 1, 1):expand(x.shape)
end
build.layouts = layouts

--- One tensor of an example's argument.
function build.tensor(value, dtype, layout)
  return layouts[layout or "dense"](plain(value, dtype))
end

--- The arguments of an example as tensors: {n = count, ...}. change(x, i) may replace each.
function build.arguments(case, dtype, layout, change)
  local args = { n = case.n }
  local function one(value, i)
    local x = build.tensor(value, dtype, layout)
    return change and change(x, i) or x
  end
  for i = 1, case.n do
    local value = case.args[i]
    if type(value) == "table" and value.is then args[i] = one(value, i)
    elseif type(value) == "table" and type(value[1]) == "table" then
      args[i] = {}
      for j, part in ipairs(value) do args[i][j] = one(part, i) end
    else args[i] = value end
  end
  return args
end

--- Calls the op of an example, under a fixed seed; gives its results as a list.
function build.call(case, args)
  tnt.seed(5)
  local name = case.row.name
  if name == "batchnorm" and args[7] then -- with training, mean and var are those of x
    local mean, var
    tnt.no_grad(function() mean, var = ops.batchnorm_stats(args[1]) end)
    return { ops.batchnorm(args[1], mean, var, args[4], args[5], args[6], true) }
  end
  return { ops[name](unpack(args, 1, case.n)) }
end

--- All tensors among arguments, with the argument's number: {{x, i}, ...}.
function build.tensors_of(args)
  local list = {}
  for i = 1, args.n do
    if tnt.is_tensor(args[i]) then list[#list + 1] = { args[i], i }
    elseif type(args[i]) == "table" then
      for _, x in ipairs(args[i]) do
        if tnt.is_tensor(x) then list[#list + 1] = { x, i } end
      end
    end
  end
  return list
end

--- The elements as a flat list of numbers (booleans as 0 and 1).
function build.flat(x)
  local n = x:numel()
  local at = ffi.gc(ffi.cast("double *", ffi.C.malloc(8 * n + 8)), ffi.C.free)
  core.check(core.C.tnt_read(at, core.C.TNT_F64, n, x))
  local list = {}
  for i = 1, n do list[i] = at[i - 1] end
  return list
end

--- Whether two tensors have the same shape, dtype and bits.
function build.same_bits(a, b)
  if a.dtype ~= b.dtype or table.concat(a.shape, ",") ~= table.concat(b.shape, ",") then
    return false
  end
  local x, y = a:detach():contiguous(), b:detach():contiguous()
  local width = ({ f32 = 4, f64 = 8, f16 = 2, bf16 = 2, i64 = 8, i32 = 4, u8 = 1,
    bool = 1 })[a.dtype]
  local n = a:numel() * width
  return ffi.C.memcmp(x:data_ptr(), y:data_ptr(), n) == 0
end
ffi.cdef "int memcmp(const void *a, const void *b, size_t n);"

--- The first difference between two lists of numbers beyond rtol and atol, as text, or nil.
function build.difference(got, want, rtol, atol)
  if #got ~= #want then return ("%d elements, %d were expected"):format(#got, #want) end
  for i = 1, #want do
    local g, w = got[i], want[i]
    local close = g == w or (g ~= g and w ~= w) or math.abs(g - w) <= atol + rtol * math.abs(w)
    if not close then return ("element %d is %.12g, %.12g was expected"):format(i, g, w) end
  end
end

return build
