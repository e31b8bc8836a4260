-- The tensor metatype: methods generated from the op table (ops_gen), methods made of them (here
-- and in tensor/), and properties. A handle is 8 bytes of cdata; `t.name` finds a method first,
-- then a property, then an index.

local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"

local C, check, new, finish = core.C, core.check, core.new, core.finish
local type, tonumber = type, tonumber

---@class tnt.Tensor
---@field shape integer[]  sizes of the dims, a new table each time
---@field dtype string     "f32" f64 f16 bf16 i64 i32 u8 bool
---@field device string    "cpu", "cuda:0"
---@field grad tnt.Tensor|nil
---@field requires_grad boolean
---@field is_leaf boolean
local methods = {}
local properties = {}
local tensor = { methods = methods, properties = properties }

for _, name in ipairs(ops.methods) do methods[name] = ops[name] end

local info = ffi.new "tnt_info"

--- What the core knows of a tensor; the struct is reused by the next call.
function tensor.describe(x)
  if type(x) ~= "cdata" then x = core.operand("describe", "x", x) end
  local status = C.tnt_describe(info, x)
  if status ~= 0 then core.raise(status) end
  return info
end
local describe = tensor.describe

--- Whether a value is a tensor.
---@param value any
---@return boolean
function tensor.is_tensor(value)
  return type(value) == "cdata" and ffi.istype(core.Handle, value)
end

-- -- properties -----------------------------------------------------------------------------------
function properties.shape(x)
  local d = describe(x)
  local shape = {}
  for i = 1, d.ndim do shape[i] = tonumber(d.size[i - 1]) end
  return shape
end

--- The dtype's name.
function properties.dtype(x) return core.dtypes[describe(x).dtype] end

--- "cpu" or "cuda:N".
function properties.device(x)
  local d = describe(x)
  return d.device == 0 and "cpu" or ("cuda:" .. d.device_index)
end

--- Whether a backward computes a gradient for it, or through it.
function properties.requires_grad(x) return describe(x).requires_grad ~= 0 end

--- Whether it is no result of a recorded operation.
function properties.is_leaf(x) return describe(x).is_leaf ~= 0 end

--- The gradient as a handle of its own on the same memory, or nil.
function properties.grad(x)
  if describe(x).has_grad == 0 then return nil end
  local g = new()
  local status = C.tnt_grad(g, x)
  if status ~= 0 then return finish(status, g) end
  return g
end

local setters = {}
--- x.grad = g: a tensor like x, or nil.
function setters.grad(x, g)
  if g ~= nil and type(g) ~= "cdata" then core.operand("grad", "the gradient", g) end
  check(C.tnt_set_grad(x, g))
end
--- x.requires_grad = true or false: of leaves.
function setters.requires_grad(x, on) check(C.tnt_set_requires_grad(x, on and 1 or 0)) end

-- -- sizes and kinds ------------------------------------------------------------------------------
local function sizes(d, i)
  if i > d.ndim then return end
  return tonumber(d.size[i - 1]), sizes(d, i + 1)
end

local function place(who, n, d) -- dim d counted from 0
  if type(d) ~= "number" or d % 1 ~= 0 or d == 0 or d > n or d < -n then
    errors.raise("argument", "%s: dim must be in 1..%d (or -%d..-1), got %s", who, n, n,
      tostring(d))
  end
  return (d > 0 and d or n + d + 1) - 1
end

--- All sizes as several values, or the size of dim d.
---@param d? integer
function methods.size(x, d)
  local i = describe(x)
  if d == nil then return sizes(i, 1) end
  return tonumber(i.size[place("size", i.ndim, d)])
end

--- The number of dims.
function methods.dim(x) return describe(x).ndim end

--- The number of elements.
function methods.numel(x) return tonumber(describe(x).numel) end

--- All strides in elements as a list, or the stride of dim d.
---@param d? integer
function methods.stride(x, d)
  local i = describe(x)
  if d then return tonumber(i.stride[place("stride", i.ndim, d)]) end
  local list = {}
  for k = 1, i.ndim do list[k] = tonumber(i.stride[k - 1]) end
  return list
end

--- Refuses what is no memory format. Errors: argument.
---@param who string
---@param format any
---@param also? string  another one that is allowed
function tensor.check_memory_format(who, format, also)
  if format == "contiguous" or format == "channels_last" or format == also then return end
  errors.unknown(who, "memory format", format, { "contiguous", "channels_last", also })
end

--- Whether the elements lie without gaps row by row, or, with "channels_last", as `contiguous`
--- of that format lays them.
---@param format? "contiguous"|"channels_last"
---@return boolean
function methods.is_contiguous(x, format)
  local i = describe(x)
  if format == nil or format == "contiguous" then return i.contiguous ~= 0 end
  tensor.check_memory_format("is_contiguous", format)
  if i.ndim ~= 4 then return false end
  local size, stride = i.size, i.stride
  return stride[1] == 1 and stride[3] == size[1] and stride[2] == size[1] * size[3]
    and (size[0] == 1 or stride[0] == size[1] * size[2] * size[3])
end

--- The address of the first element, for the FFI. Valid while the tensor lives.
function methods.data_ptr(x) return describe(x).data end

-- -- ownership (core.md section 1) ----------------------------------------------------------------
--- Keeps a tensor beyond the end of its scope: the handle owns it from now on.
---@return tnt.Tensor self
function methods.keep(x)
  local status = C.tnt_keep(x)
  if status > 0 then core.raise(status) end
  if status == C.TNT_OWNED then core.own(x) end
  -- from now on it lives by its name, not by the fields it stands in
  local holders = core.field_holders
  if holders and holders[x] then holders[x] = nil end
  return x
end

--- Releases a tensor now.
function methods.free(x)
  ffi.gc(x, nil)
  check(C.tnt_free(x))
end

--- Whether the tensor has not been released.
function methods.is_alive(x) return C.tnt_alive(x) ~= 0 end

-- -- values ---------------------------------------------------------------------------------------
local double, int64 = ffi.new "double[1]", ffi.new "int64_t[1]"

--- The value of a one-element tensor as a Lua number (or boolean).
---@return number|boolean
function methods.item(x)
  local status = C.tnt_item(double, x)
  if status ~= 0 then core.raise(status) end
  if describe(x).dtype == C.TNT_BOOL then return double[0] ~= 0 end
  return double[0]
end

--- The value of a one-element tensor of whole numbers, exactly, as int64_t.
function methods.item_int64(x)
  check(C.tnt_item_int64(int64, x))
  return int64[0]
end

-- -- comparing by operator ------------------------------------------------------------------------
local function one_value(x, op, method)
  if type(x) == "number" then return x end
  if type(x) ~= "cdata" or describe(x).numel ~= 1 then
    errors.raise("argument",
      "%s compares one-element tensors; elementwise it is x:%s(y), since Lua would make the result "
        .. "true or false", op, method)
  end
  local v = methods.item(x)
  if type(v) == "boolean" then return v and 1 or 0 end
  return v
end

local mt = {}
mt.__add, mt.__sub, mt.__mul, mt.__div = ops.add, ops.sub, ops.mul, ops.div
mt.__pow, mt.__mod = ops.pow, ops.remainder
mt.__unm = function(x) return ops.neg(x) end
mt.__lt = function(a, b) return one_value(a, "<", "lt") < one_value(b, "<", "lt") end
mt.__le = function(a, b) return one_value(a, "<=", "le") <= one_value(b, "<=", "le") end
mt.__len = function(x) return methods.size(x, 1) end

local function text_of(x)
  if type(x) ~= "cdata" then return tostring(x) end
  if describe(x).numel ~= 1 then
    errors.raise("argument",
      "..: only a one-element tensor joins with text by its value; use tostring(x)")
  end
  local v = methods.item(x)
  return type(v) == "number" and ("%.6g"):format(v) or tostring(v)
end
mt.__concat = function(a, b) return text_of(a) .. text_of(b) end

local index -- set by tnt.tensor.index below: what x[...] gives
local assign

function mt.__index(x, key)
  local method = methods[key]
  if method ~= nil then return method end
  local property = properties[key]
  if property ~= nil then return property(x) end
  if type(key) == "string" then
    local names = {}
    for name in pairs(methods) do names[#names + 1] = name end -- order: free, sorted below
    for name in pairs(properties) do names[#names + 1] = name end -- order: free, sorted below
    table.sort(names)
    local near = errors.nearest(key, names)
    errors.raise("argument", "a tensor has no method or field '%s'%s", key,
      near and ("; did you mean '%s'?"):format(near) or "")
  end
  return index(x, key)
end

function mt.__newindex(x, key, value)
  local setter = setters[key]
  if setter then return setter(x, value) end
  if type(key) == "string" then
    errors.raise("argument", "'%s' cannot be set on a tensor (only grad and requires_grad can)",
      key)
  end
  assign(x, key, value)
end

function mt.__tostring(x) return require("tnt.tensor.print")(x) end

package.loaded["tnt.tensor"] = tensor -- the parts below add methods to it
index, assign = require("tnt.tensor.index")()
require "tnt.tensor.make"
require "tnt.tensor.shape"
require "tnt.tensor.composed"
require "tnt.autograd"

ffi.metatype("tnt_tensor", mt)

return tensor
