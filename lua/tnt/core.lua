-- The FFI face of libtnt: finds and loads the library, reads its declarations from the library
-- itself, and turns status codes into error objects. Only this file knows status codes; what is hot
-- here has no varargs and makes no closures.

local ffi = require "ffi"
local errors = require "tnt.errors"

local core = {}

-- libgomp reads this when it is loaded: waiting threads give up the processor soon, which costs
-- little on a quiet machine and saves a factor of 5 to 40 on a busy one.
ffi.cdef [[
  int setenv(const char *name, const char *value, int overwrite);
  void *malloc(size_t);
  void free(void *);
]]
ffi.C.setenv("GOMP_SPINCOUNT", "1000", 0)

local path, tried = package.searchpath("tnt.libtnt", package.cpath)
if not path then
  error("tnt: libtnt.so was not found; build it (scripts/build) or set LUA_CPATH:" .. tried, 0)
end
local bootstrap = ffi.load(path)
ffi.cdef "const char *tnt_cdef(void);"
ffi.cdef((ffi.string(bootstrap.tnt_cdef()):gsub("const char %*tnt_cdef%(void%);", "", 1)))
local C = ffi.load(path)
core.C = C
core.path = path

local Handle = ffi.typeof "tnt_tensor"
core.Handle = Handle
-- What Lua reads of the running thread's context without a call: depth, grad_mode, step,
-- dead_nodes, owned_bytes.
local context = C.tnt_context()
core.context = context

-- ORDER DTYPE: the same list as enum tnt_dtype in core/tnt.h
core.dtypes = { [0] = "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" }
-- Bytes of an element, by the number (ORDER DTYPE).
core.dtype_bytes = { [0] = 4, 8, 2, 2, 8, 4, 1, 1 }
core.dtype_number = {}
for number, name in pairs(core.dtypes) do core.dtype_number[name] = number end -- order: free
-- Other systems' names for them.
for name, aliases in pairs { -- order: free
  f32 = "float32 float", f64 = "float64 double", f16 = "float16 half", bf16 = "bfloat16",
  i64 = "int64 long", i32 = "int32 int", u8 = "uint8 byte",
} do
  for alias in aliases:gmatch "%S+" do core.dtype_number[alias] = core.dtype_number[name] end
end

-- While lines are wanted (tnt.profile.lines): what notes the line of the call that is done, and
-- what puts lines in the place of "call #7" in a message.
local note_line, name_lines

--- Sets, or with nil takes away, what the lines of calls are noted with.
---@param note? fun()
---@param name? fun(text: string): string
function core.set_lines(note, name)
  note_line, name_lines = note, name
  C.tnt_watch_lines(note and 1 or 0)
end

--- Raises the error that the last call of the library reported.
---@param status integer
function core.raise(status)
  local kind = errors.kinds[status] or "internal"
  local op = C.tnt_failed_op()
  local message = ffi.string(C.tnt_message())
  if name_lines then message = name_lines(message) end
  local object = errors.new(kind, message, op ~= nil and ffi.string(op) or nil)
  error(object, 0)
end
local raise = core.raise

--- Checks a status where nothing was made.
---@param status integer
function core.check(status)
  if status > 0 then raise(status) end
end

-- -- handles that own -----------------------------------------------------------------------------
-- Made outside every scope, or kept: the handle itself owns, by a finalizer. The collector does not
-- see the bytes behind it, so it is paced by what the core counts.
local release = C.tnt_release
local paced_after = 64 * 2 ^ 20

local function collect_when_due()
  if context.owned_bytes < paced_after then return end
  context.owned_bytes = 0
  collectgarbage()
  collectgarbage() -- the second frees what the first one's finalizers let go
end

--- Gives a handle its own life: the tensor is released when the handle is collected.
---@param t tnt.Tensor
---@return tnt.Tensor t
function core.own(t)
  return ffi.gc(t, release)
end

-- As core/tnt.h has it; a number compares faster than a field of C.
local NOTED = tonumber(C.TNT_NOTED)

--- The slow end of an op's method: raises, notes the line, or lets handles made outside every scope
--- own what they hold.
function core.finish(status, a, b, c)
  if status > 0 then raise(status) end
  if note_line then
    note_line()
    if status == NOTED then -- as many values as without
      if c then return a, b, c end
      if b then return a, b end
      return a
    end
  end
  collect_when_due()
  if c then return ffi.gc(a, release), ffi.gc(b, release), ffi.gc(c, release) end
  if b then return ffi.gc(a, release), ffi.gc(b, release) end
  if a then return ffi.gc(a, release) end
end

core.new = Handle
if C.tnt_hard() ~= 0 then -- where each handle was made, for messages
  local made_at = setmetatable({}, { __mode = "k" })
  core.made_at = made_at
  function core.new()
    local t = Handle()
    made_at[t] = errors.where(2)
    return t
  end
end

-- -- arguments that are not what the fast path expects --------------------------------------------
local function describe(value)
  if value == nil then return "nil" end
  if type(value) == "string" then return ("the string %q"):format(value) end
  return "a " .. type(value)
end

--- A tensor argument that is no cdata: refuses with a message that names op and argument.
function core.operand(op, name, value)
  if value == nil and (name == "x" or name == "a") then
    errors.raise("argument",
      "%s: no tensor was given; methods are called with a colon: x:%s(...), not x.%s(...)", op, op,
        op)
  end
  errors.raise("argument", "%s: %s must be a tensor, got %s", op, name, describe(value))
end

--- A number argument that is no number: its default, a boolean as 0 or 1, or a refusal.
function core.number_argument(op, name, value, default)
  if value == nil then
    if default ~= nil then return default end
    errors.raise("argument", "%s: %s is missing, a number was expected", op, name)
  end
  if type(value) == "boolean" then return value and 1 or 0 end
  if type(value) == "cdata" and tonumber(value) then return tonumber(value) end
  errors.raise("argument", "%s: %s must be a number, got %s", op, name, describe(value))
end

--- A whole-number argument that is none: its default, or a refusal.
function core.integer_argument(op, name, value, default)
  if value == nil then
    if default ~= nil then return default end
    errors.raise("argument", "%s: %s is missing, a whole number was expected", op, name)
  end
  if type(value) == "cdata" and tonumber(value) then return tonumber(value) end
  errors.raise("argument", "%s: %s must be a whole number, got %s", op, name,
    type(value) == "number" and tostring(value) or describe(value))
end

-- Lists of numbers pass through fixed arrays: one call names at most four lists.
local lists = { ffi.new "int64_t[8]", ffi.new "int64_t[8]", ffi.new "int64_t[8]",
  ffi.new "int64_t[8]" }

--- A number or a list of up to 8 as a C array; nil is an empty list.
function core.positions(turn, op, name, value)
  local list = lists[turn]
  if value == nil then return list, 0 end
  if type(value) == "number" then
    list[0] = value
    return list, 1
  end
  if type(value) ~= "table" then
    errors.raise("argument", "%s: %s must be a number or a list, got %s", op, name, describe(value))
  end
  local n = #value
  if n > 8 then
    errors.raise("argument", "%s: %s names %d numbers, a tensor has at most 8 dims", op, name, n)
  end
  for i = 1, n do
    local v = value[i]
    if type(v) ~= "number" or v % 1 ~= 0 then
      errors.raise("argument", "%s: %s[%d] must be a whole number, got %s", op, name, i,
        tostring(v))
    end
    list[i - 1] = v
  end
  return list, n
end

-- -- lists of tensors -----------------------------------------------------------------------------
---@class tnt.List  handles side by side in C memory, for ops over whole models
---@field n integer
local List = {}
List.__index = List

local function room_for(n)
  return ffi.gc(ffi.cast("tnt_tensor *", ffi.C.malloc(math.max(n, 1) * ffi.sizeof(Handle))),
    ffi.C.free)
end

--- Handles of some tensors in one C array. The tensors must outlive the list.
---@param tensors tnt.Tensor[]
---@return tnt.List
function core.list(tensors)
  local n = #tensors
  local memory = room_for(n)
  for i = 1, n do memory[i - 1] = tensors[i] end
  return setmetatable({ items = memory, n = n }, List)
end

--- A list argument: a tnt.List, or a plain table of tensors, copied: to room that the next such
--- call reuses, or where an op has several lists to room of its own.
function core.list_argument(op, name, value, is_one_of_several)
  if getmetatable(value) == List then return value.items, value.n end
  if type(value) ~= "table" then
    errors.raise("argument", "%s: %s must be a list of tensors, got %s", op, name, describe(value))
  end
  local n = #value
  local items = is_one_of_several and room_for(n) or C.tnt_scratch(math.max(n, 1))
  if items == nil then
    errors.raise("memory", "%s: out of memory for a list of %d tensors", op, n)
  end
  for i = 1, n do
    if type(value[i]) ~= "cdata" then core.operand(op, ("%s[%d]"):format(name, i), value[i]) end
    items[i - 1] = value[i]
  end
  return items, n
end

-- -- signals outside loops ------------------------------------------------------------------------
-- tntlua's own handler also makes the next operation fail, a backward pass under way included.
local cli = package.preload["tnt.cli"] and require "tnt.cli"
if cli then
  local function address(f) return tonumber(ffi.cast("intptr_t", f)) end
  cli.set_interrupt(address(C.tnt_interrupt_raise), address(C.tnt_interrupt_ops),
    address(C.tnt_interrupt_pending))
end

return core
