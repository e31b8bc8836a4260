-- Making tensors: from sizes, from Lua tables, from random numbers; and taking their values back
-- out. Options come last as a table: {dtype = "f64", device = "cpu", requires_grad = true}.

local ffi = require "ffi"
local core = require "tnt.core"
local device = require "tnt.device"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"
local C, check, new, finish = core.C, core.check, core.new, core.finish
local methods = tensor.methods

local make = {}
local default_dtype = "f32"

---@class tnt.TensorOptions
---@field dtype? string
---@field device? string
---@field requires_grad? boolean

local option_names = { "dtype", "device", "requires_grad" }

local function check_options(who, options)
  for key in pairs(options) do -- order: free
    if key ~= "dtype" and key ~= "device" and key ~= "requires_grad" then
      errors.unknown(who, "option", key, option_names)
    end
  end
end

--- The number of a dtype's name.
---@param name string|nil  nil: the default dtype
---@param who string
---@return integer
function make.dtype_number(name, who)
  local number = core.dtype_number[name or default_dtype]
  if not number then
    errors.raise("dtype", "%s: unknown dtype %s (known: f32, f64, f16, bf16, i64, i32, u8, bool)",
      who, tostring(name))
  end
  return number
end

--- The dtype of tensors made of Lua numbers.
---@param name? "f32"|"f64"  sets it
---@return string
function make.set_default_dtype(name)
  local number = make.dtype_number(name, "set_default_dtype")
  check(C.tnt_set_default_dtype(number))
  default_dtype = core.dtypes[number]
  return default_dtype
end
--- The dtype of tensors made of Lua numbers.
---@return string
function make.get_default_dtype() return default_dtype end

local sizes = ffi.new "int64_t[8]"

local function empty(who, dtype, list, n, options)
  if n > 8 then errors.raise("shape", "%s: a tensor has at most 8 dims, got %d", who, n) end
  for i = 1, n do
    local v = list[i]
    if type(v) ~= "number" or v % 1 ~= 0 then
      errors.raise("argument", "%s: size %d must be a whole number, got %s", who, i,
        type(v) == "string" and ("the string %q"):format(v) or tostring(v))
    end
    if v < 0 then errors.raise("shape", "%s: size %d must be >= 0, got %d", who, i, v) end
    sizes[i - 1] = v
  end
  local y = new()
  local on = options and options.device
  local status = C.tnt_empty(y, on and device.number(on, who) or 0, dtype, sizes, n)
  if status ~= 0 then y = finish(status, y) end
  if options and options.requires_grad then return y, true end
  return y
end

-- Sizes as numbers or one table, options last.
local function from_sizes(who, fill, integer_default)
  return function(...)
    local n = select("#", ...)
    local list, options = { ... }, nil
    if n > 0 and type(list[n]) == "table" and (n > 1 or #list[1] == 0 and next(list[1]) ~= nil) then
      options = list[n]
      list[n] = nil
      n = n - 1
      check_options(who, options)
    end
    if n == 1 and type(list[1]) == "table" then
      list = list[1]
      n = #list
    end
    local dtype = make.dtype_number(options and options.dtype or integer_default, who)
    local y, grad = empty(who, dtype, list, n, options)
    if fill then fill(y) end
    if grad then y.requires_grad = true end
    return y
  end
end

local function fill_with(value)
  return function(y) ops.fill_(y, value) end
end

-- Sizes as numbers or one table, options last: tnt.zeros(2, 3), tnt.zeros({2, 3}, {dtype = "f64"}).
---@alias tnt.FromSizes fun(...: integer|integer[]|tnt.TensorOptions): tnt.Tensor

--- A tensor with whatever the memory held.
---@type tnt.FromSizes
make.empty = from_sizes "empty"
--- Zeros. Sizes as numbers or one table, options last.
---@type tnt.FromSizes
make.zeros = from_sizes("zeros", fill_with(0))
--- Ones. Sizes as numbers or one table, options last.
---@type tnt.FromSizes
make.ones = from_sizes("ones", fill_with(1))
--- Uniform numbers in [0, 1). Sizes as numbers or one table, options last.
---@type tnt.FromSizes
make.rand = from_sizes("rand", function(y) ops.uniform_(y, 0, 1) end)
--- Normal numbers, mean 0 and deviation 1. Sizes as numbers or one table, options last.
---@type tnt.FromSizes
make.randn = from_sizes("randn", function(y) ops.normal_(y, 0, 1) end)

local function like(who, x, options)
  if not tensor.is_tensor(x) then core.operand(who, "x", x) end
  options = options or {}
  check_options(who, options)
  local y = new()
  return finish(C.tnt_empty_like(y, device.number(options.device or x.device, who),
    make.dtype_number(options.dtype or x.dtype, who), x), y), options.requires_grad
end

local function from_like(name, fill)
  return function(x, options)
    local y, grad = like(name, x, options)
    if fill then fill(y) end
    if grad then y.requires_grad = true end
    return y
  end
end

-- Sizes, dtype, device and layout of x, unless the options say otherwise.
---@alias tnt.FromLike fun(x: tnt.Tensor, options?: tnt.TensorOptions): tnt.Tensor

--- A tensor like x with whatever the memory held.
---@type tnt.FromLike
make.empty_like = from_like "empty_like"
--- Zeros like x.
---@type tnt.FromLike
make.zeros_like = from_like("zeros_like", fill_with(0))
--- Ones like x.
---@type tnt.FromLike
make.ones_like = from_like("ones_like", fill_with(1))
--- Uniform numbers in [0, 1) like x.
---@type tnt.FromLike
make.rand_like = from_like("rand_like", function(y) ops.uniform_(y, 0, 1) end)
--- Normal numbers with mean 0 and standard deviation 1 like x.
---@type tnt.FromLike
make.randn_like = from_like("randn_like", function(y) ops.normal_(y, 0, 1) end)

--- A tensor like x full of a value.
---@param x tnt.Tensor
---@param value number|boolean
---@param options? tnt.TensorOptions
---@return tnt.Tensor
function make.full_like(x, value, options)
  local y, grad = like("full_like", x, options)
  ops.fill_(y, value)
  if grad then y.requires_grad = true end
  return y
end

--- A tensor of some sizes full of a value; the default dtype, or bool for a boolean.
---@param shape integer[]|integer
---@param value number|boolean
---@param options? tnt.TensorOptions
function make.full(shape, value, options)
  options = options or {}
  check_options("full", options)
  if type(shape) == "number" then shape = { shape } end
  local dtype = options.dtype or (type(value) == "boolean" and "bool" or nil)
  local y, grad = empty("full", make.dtype_number(dtype, "full"), shape, #shape, options)
  ops.fill_(y, value)
  if grad then y.requires_grad = true end
  return y
end

--- The identity matrix.
---@param n integer
---@param m? integer|tnt.TensorOptions
---@param options? tnt.TensorOptions
function make.eye(n, m, options)
  if type(m) == "table" then m, options = nil, m end
  local y = make.zeros(n, m or n, options or {})
  y:diagonal():fill_(1)
  return y
end

--- start, start + step, ... without `stop`; i64 for whole numbers, else a dtype must be named.
function make.arange(...)
  local list, options = { ... }, nil
  if type(list[#list]) == "table" then
    options = list[#list]
    list[#list] = nil
    check_options("arange", options)
  end
  local start, stop, step = list[1], list[2], list[3] or 1
  if not stop then start, stop = 0, start end
  for i, v in ipairs { start, stop or false, step } do
    if type(v) ~= "number" then
      errors.raise("argument", "arange: argument %d must be a number, got %s", i,
        tostring(v or nil))
    end
  end
  local whole = start % 1 == 0 and stop % 1 == 0 and step % 1 == 0
  if not whole and not (options and options.dtype) then
    errors.raise("argument",
      "arange: with fractions a dtype must be named: arange(%g, %g, %g, {dtype = \"f32\"})", start,
        stop, step)
  end
  if step == 0 then errors.raise("argument", "arange: the step must not be 0") end
  local n = math.max(0, math.ceil((stop - start) / step))
  local y, grad = empty("arange", make.dtype_number(options and options.dtype or "i64", "arange"),
    { n }, 1, options)
  ops.arange_(y, start, step)
  if grad then y.requires_grad = true end
  return y
end

--- n numbers from a to b, both included.
---@param a number
---@param b number
---@param n integer
---@param options? tnt.TensorOptions
---@return tnt.Tensor  [n]
function make.linspace(a, b, n, options)
  options = options or {}
  check_options("linspace", options)
  local y = empty("linspace", make.dtype_number(options.dtype, "linspace"), { n }, 1, options)
  if n > 0 then ops.arange_(y, a, n > 1 and (b - a) / (n - 1) or 0) end
  if options.requires_grad then y.requires_grad = true end
  return y
end

--- Whole numbers from lo to hi - 1: randint(lo, hi, {sizes}) or randint(hi, {sizes}).
---@param lo integer
---@param hi integer
---@param shape integer[]|integer
---@param options? tnt.TensorOptions
---@return tnt.Tensor  i64
function make.randint(lo, hi, shape, options)
  if type(hi) == "table" then lo, hi, shape, options = 0, lo, hi, shape end
  options = options or {}
  check_options("randint", options)
  if type(shape) == "number" then shape = { shape } end
  if type(shape) ~= "table" then
    errors.raise("argument", "randint: sizes are missing: randint(lo, hi, {2, 3})")
  end
  local y = empty("randint", make.dtype_number(options.dtype or "i64", "randint"), shape, #shape,
    options)
  return ops.randint_(y, lo, hi)
end

--- 0..n-1 in random order.
---@param n integer
---@param options? tnt.TensorOptions
---@return tnt.Tensor  [n] i64
function make.randperm(n, options)
  options = options or {}
  check_options("randperm", options)
  return ops.randperm_((empty("randperm", make.dtype_number(options.dtype or "i64", "randperm"),
    { n }, 1, options)))
end

-- -- from Lua tables ------------------------------------------------------------------------------
local function measure(who, value, shape, depth)
  if type(value) ~= "table" then return end
  local n = #value
  if shape[depth] == nil then shape[depth] = n end
  if n > 0 then measure(who, value[1], shape, depth + 1) end
end

local function flatten(who, value, shape, depth, into, at, exact)
  if depth > #shape then
    if type(value) == "boolean" then value = value and 1 or 0 end
    if tensor.is_tensor(value) then
      errors.raise("argument",
        "%s: numbers were expected, got tensors in a list; tnt.stack(list) lays them side by side",
          who)
    end
    if type(value) ~= "number" and (type(value) ~= "cdata" or tonumber(value) == nil) then
      errors.raise(type(value) == "table" and "shape" or "argument",
        "%s: a number was expected at depth %d, got %s", who, depth - 1,
        type(value) == "string" and ("the string %q"):format(value) or type(value))
    end
    if exact and type(value) == "number" and value % 1 ~= 0 then
      errors.raise("argument", "%s: %g has a fraction and stands beside 64-bit integers", who,
        value)
    end
    into[at] = value
    return at + 1
  end
  if type(value) ~= "table" or #value ~= shape[depth] then
    errors.raise("shape",
      "%s: lists must be of equal length: %d entries were expected at depth %d, got %s", who,
        shape[depth], depth,
      type(value) == "table" and #value or type(value))
  end
  for i = 1, shape[depth] do at = flatten(who, value[i], shape, depth + 1, into, at, exact) end
  return at
end

local function first_leaf(value)
  while type(value) == "table" do value = value[1] end
  return value
end

-- Whether one of the leaves is a 64-bit integer (3LL): all then pass as such, exactly.
local function has_exact(value)
  if type(value) ~= "table" then return type(value) == "cdata" and not tensor.is_tensor(value) end
  for i = 1, #value do
    if has_exact(value[i]) then return true end
  end
  return false
end

local function from_table(who, value, options)
  options = options or {}
  check_options(who, options)
  if tensor.is_tensor(value) then
    local y = ops.cast(value:detach(), make.dtype_number(options.dtype or value.dtype, who))
    if options.device then y = methods.to(y, options.device) end
    if options.requires_grad then y.requires_grad = true end
    return y
  end
  local exact = has_exact(value)
  local dtype = options.dtype
  if not dtype and type(first_leaf(value)) == "boolean" then dtype = "bool" end
  if not dtype and exact then dtype = "i64" end
  local shape = {}
  measure(who, value, shape, 1)
  local n = 1
  for _, s in ipairs(shape) do n = n * s end
  local element = exact and "int64_t *" or "double *"
  local room = ffi.gc(ffi.cast(element, ffi.C.malloc(math.max(n, 1) * 8)), ffi.C.free)
  flatten(who, value, shape, 1, room, 0, exact)
  local y = empty(who, make.dtype_number(dtype, who), shape, #shape, { device = options.device })
  check(C.tnt_write(y, room, exact and C.TNT_I64 or C.TNT_F64, n))
  if options.requires_grad then y.requires_grad = true end
  return y
end

--- A tensor from a number, a boolean or nested tables of them.
---@param value number|boolean|table|tnt.Tensor
---@param options? tnt.TensorOptions
function make.tensor(value, options) return from_table("tensor", value, options) end

local function of_dtype(name)
  return function(value, options)
    if tensor.is_tensor(value) then return methods.to(value, name) end
    options = options or {}
    return from_table(name, value, { dtype = name, device = options.device,
      requires_grad = options.requires_grad })
  end
end

-- From numbers, booleans or nested tables of them; a tensor is cast.
---@alias tnt.OfDtype fun(value: any, options?: tnt.TensorOptions): tnt.Tensor

--- A tensor of 32-bit floats from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.f32 = of_dtype "f32"
--- A tensor of 64-bit floats from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.f64 = of_dtype "f64"
--- A tensor of 16-bit floats from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.f16 = of_dtype "f16"
--- A tensor of bfloat16 numbers from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.bf16 = of_dtype "bf16"
--- A tensor of 64-bit integers from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.i64 = of_dtype "i64"
--- A tensor of 32-bit integers from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.i32 = of_dtype "i32"
--- A tensor of bytes from numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.u8 = of_dtype "u8"
--- A tensor of booleans from booleans, numbers or nested tables; a tensor is cast.
---@type tnt.OfDtype
make.bool = of_dtype "bool"

--- The dtype of what an elementwise operation makes of a and b, by the rules of promotion.
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return string dtype
function make.result_type(a, b)
  local out = ffi.new "int32_t[1]"
  check(C.tnt_result_type(out, a, b))
  return core.dtypes[out[0]]
end

-- -- back out -------------------------------------------------------------------------------------
local function nest(values, shape, depth, at, convert)
  if depth > #shape then return convert(values[at]), at + 1 end
  local list = {}
  for i = 1, shape[depth] do list[i], at = nest(values, shape, depth + 1, at, convert) end
  return list, at
end

--- The values as nested Lua tables (a number or boolean for a 0-dim tensor); i64 beyond 2^53 stay
--- int64_t.
function methods.totable(x)
  local d = tensor.describe(x)
  local n, dtype = tonumber(d.numel), d.dtype
  local exact = dtype == C.TNT_I64
  local room = ffi.gc(ffi.cast(exact and "int64_t *" or "double *",
    ffi.C.malloc(math.max(n, 1) * 8)), ffi.C.free)
  check(C.tnt_read(room, exact and C.TNT_I64 or C.TNT_F64, n, x))
  local function convert(v)
    if dtype == C.TNT_BOOL then return v ~= 0 end
    if exact then
      if v > 9007199254740992LL or v < -9007199254740992LL then return v end
      return tonumber(v)
    end
    return v
  end
  return (nest(room, x.shape, 1, 0, convert))
end

local to_names = { "dtype", "device", "memory_format" }

--- What is asked for in a table given to a `to`. Errors: argument, for an unknown name or format.
---@param what table
---@return string|nil dtype
---@return string|nil device
---@return string|nil memory_format
function make.check_to(what)
  for key in pairs(what) do -- order: free
    if key ~= "dtype" and key ~= "device" and key ~= "memory_format" then
      errors.unknown("to", "option", key, to_names)
    end
  end
  if what.memory_format ~= nil then
    tensor.check_memory_format("to", what.memory_format, "preserve")
  end
  return what.dtype, what.device, what.memory_format
end

--- x in another dtype, on another device or in another layout (a memory_format: see `contiguous`);
--- x itself when it is there already. A copy lies as x does.
---@param what string|{dtype?: string, device?: string, memory_format?: string}|tnt.Tensor
---@return tnt.Tensor
function methods.to(x, what)
  local dtype, place, format
  if tensor.is_tensor(what) then dtype, place = what.dtype, what.device
  elseif type(what) == "table" then dtype, place, format = make.check_to(what)
  elseif core.dtype_number[what] then dtype = what
  elseif device.is_name(what) then place = what
  else
    errors.raise("argument", "to: a dtype or a device was expected, got %s", tostring(what))
  end
  if dtype and make.dtype_number(dtype, "to") ~= tensor.describe(x).dtype then
    x = ops.cast(x, core.dtype_number[dtype])
  end
  if place then
    local number = device.number(place, "to")
    local d = tensor.describe(x)
    if number ~= (d.device == 0 and 0 or d.device + d.device_index) then
      local y = new()
      x = finish(C.tnt_to_device(y, x, number), y)
    end
  end
  if format and format ~= "preserve" then x = x:contiguous(format) end
  return x
end

local pinned = ffi.new "int32_t[1]"

--- Whether x lies in memory of the host that cards read directly.
---@return boolean
function methods.is_pinned(x)
  check(C.tnt_is_pinned(pinned, x))
  return pinned[0] ~= 0
end

--- A copy in memory that cards read directly, or x itself where it lies there: its copy to a card
--- (`to`) goes on beside the work of the card. x must not change before the card is done.
--- Errors: device, without a card, or where x is on one.
---@return tnt.Tensor
function methods.pin_memory(x)
  if methods.is_pinned(x) then return x end
  local y = new()
  return finish(C.tnt_pin(y, x), y)
end

--- x as f32.
---@return tnt.Tensor
function methods.float(x) return methods.to(x, "f32") end
--- x as f64.
---@return tnt.Tensor
function methods.double(x) return methods.to(x, "f64") end
--- x as f16.
---@return tnt.Tensor
function methods.half(x) return methods.to(x, "f16") end
--- x as bf16.
---@return tnt.Tensor
function methods.bfloat16(x) return methods.to(x, "bf16") end
--- x as i64.
---@return tnt.Tensor
function methods.long(x) return methods.to(x, "i64") end
--- x as bool: whether elements are not 0.
---@return tnt.Tensor
function methods.bool(x) return methods.to(x, "bool") end
--- x on the CPU.
---@return tnt.Tensor
function methods.cpu(x) return methods.to(x, "cpu") end
--- x on a card.
---@param name? string  default "cuda"
---@return tnt.Tensor
function methods.cuda(x, name) return methods.to(x, name or "cuda") end

tensor.make = make
return make
