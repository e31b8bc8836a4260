-- Values on the way from one Lua state to another: a nest of tables, numbers, strings, booleans,
-- 64-bit integers and tensors becomes bytes and parcels; an object becomes its class's name and
-- its fields. Code never travels. Reader and writer share this file and run in one process, so the
-- bytes are in the machine's own order.

local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local library = require "tnt.data.library"
local travel = require "tnt.data.travel"
require "tnt.tensor" -- gives the handles made here their methods

local transport = {}

local C = library.open()

-- Tags.
local NIL, TRUE, FALSE, NUMBER, STRING = ("NTFDS"):byte(1, 5)
local INT64, UINT64, TABLE, OBJECT, AGAIN, TENSOR, SHARED = ("LUMORPW"):byte(1, 7)

local double_pointer = ffi.typeof "double *"
local int64_pointer = ffi.typeof "int64_t *"
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"

local function room(message, more)
  if message.size + more > message.room
    and C.tnt_worker_message_reserve(message, more) ~= 0 then
    errors.raise("memory", "DataLoader: not enough memory for a message of %d bytes",
      tonumber(message.size + more))
  end
end

local function put_tag(message, tag)
  room(message, 1)
  message.bytes[message.size] = tag
  message.size = message.size + 1
end

local function put_number(message, tag, value)
  room(message, 9)
  local at = message.bytes + message.size
  at[0] = tag
  ffi.cast(double_pointer, at + 1)[0] = value
  message.size = message.size + 9
end

local function put_int64(message, tag, value)
  room(message, 9)
  local at = message.bytes + message.size
  at[0] = tag
  ffi.cast(int64_pointer, at + 1)[0] = ffi.cast(int64, value)
  message.size = message.size + 9
end

local function put_string(message, value)
  put_number(message, STRING, #value)
  room(message, #value)
  ffi.copy(message.bytes + message.size, value, #value)
  message.size = message.size + #value
end

local parcel_type, size_type = ffi.typeof "tnt_parcel *[1]", ffi.typeof "int64_t[8]"

-- A tensor that both sides are to see: its address. The sender holds it for as long as that lasts.
local function put_shared(message, value, shared)
  value = value:detach():contiguous():keep()
  shared[#shared + 1] = value
  local shape = value.shape
  put_number(message, SHARED, #shape)
  put_number(message, NUMBER, core.dtype_number[value.dtype])
  for i = 1, #shape do put_number(message, NUMBER, shape[i]) end
  put_number(message, NUMBER, tonumber(ffi.cast("uintptr_t", value:data_ptr())))
end

local function put_tensor(message, value, shared)
  if shared then
    put_shared(message, value, shared)
    return
  end
  local parcel = parcel_type()
  core.check(core.C.tnt_parcel_pack(parcel, value))
  put_number(message, TENSOR, message.n_parcels)
  if C.tnt_worker_message_attach(message, parcel[0]) ~= 0 then
    errors.raise("memory", "DataLoader: not enough memory to send a tensor")
  end
end

local put

local function path_of(path, key)
  if type(key) == "number" then return ("%s[%d]"):format(path, key) end
  return path == "" and tostring(key) or path .. "." .. tostring(key)
end

local function refuse(path, what)
  error({ path = path, what = what }, 0)
end

local function put_fields(message, value, seen, path)
  local start = message.size
  put_number(message, NUMBER, 0) -- how many, filled in below
  local n = 0
  for key, inner in next, value do -- order: free
    local kind = type(key)
    if kind ~= "number" and kind ~= "string" and kind ~= "boolean" then
      refuse(path, "has a key that is a " .. kind)
    end
    put(message, key, seen, path)
    put(message, inner, seen, path_of(path, key))
    n = n + 1
  end
  ffi.cast(double_pointer, message.bytes + start + 1)[0] = n
end

local function put_table(message, value, seen, path)
  if seen[value] then
    put_number(message, AGAIN, seen[value])
    return
  end
  seen.count = seen.count + 1
  seen[value] = seen.count
  local meta = getmetatable(value)
  if meta == nil then
    put_tag(message, TABLE)
  elseif type(meta) ~= "table" then
    refuse(path, "is an object whose metatable is hidden")
  else
    local module, field = travel.name(meta)
    if not module then
      local name = rawget(meta, "__name")
      refuse(path, ("is an object of %s, which no file that require finds returns")
        :format(name and "the class " .. name or "a class"))
    end
    put_tag(message, OBJECT)
    put_string(message, module)
    put(message, field, seen, path)
  end
  put_fields(message, value, seen, path)
end

put = function(message, value, seen, path)
  local kind = type(value)
  if kind == "number" then
    put_number(message, NUMBER, value)
  elseif kind == "string" then
    put_string(message, value)
  elseif kind == "boolean" then
    put_tag(message, value and TRUE or FALSE)
  elseif kind == "nil" then
    put_tag(message, NIL)
  elseif ffi.istype(core.Handle, value) then
    if value.device ~= "cpu" then
      refuse(path, "is a tensor on " .. value.device .. ", and workers read in the CPU's memory")
    end
    put_tensor(message, value, seen.shared)
  elseif kind == "table" then
    put_table(message, value, seen, path)
  elseif kind == "cdata" and ffi.istype(int64, value) then
    put_int64(message, INT64, value)
  elseif kind == "cdata" and ffi.istype(uint64, value) then
    put_int64(message, UINT64, value)
  else
    refuse(path, "is a " .. kind)
  end
end

--- Writes a value into a new message, which the caller owns.
--- Errors: argument, when something in it cannot travel: `explain(path, what)` makes the text, from
--- the path of what cannot and what it is ("is a function").
---@param value any
---@param explain fun(path: string, what: string): string
---@param shared tnt.Tensor[]|nil  a list: tensors are not copied but seen by both sides, and put
---here, where they must stay for as long as the receiver lives
---@return ffi.cdata* message
function transport.pack(value, explain, shared)
  local message = C.tnt_worker_message_new()
  if message == nil then errors.raise("memory", "DataLoader: not enough memory for a message") end
  local ok, problem = pcall(put, message, value, { count = 0, shared = shared }, "")
  if ok then return message end
  C.tnt_worker_message_drop(message)
  if type(problem) == "table" and problem.what then
    errors.raise("argument", "%s", explain(problem.path, problem.what))
  end
  error(problem, 0)
end

local get

local function get_string(reader, n)
  local text = ffi.string(reader.bytes + reader.at, n)
  reader.at = reader.at + n
  return text
end

local function get_table(reader, is_object)
  local value = {}
  reader.seen[#reader.seen + 1] = value
  local meta
  if is_object then
    local module = get(reader)
    meta = travel.find(module, get(reader))
  end
  for _ = 1, get(reader) do
    local key = get(reader)
    value[key] = get(reader)
  end
  return meta and setmetatable(value, meta) or value
end

local function finished(status, y)
  if status ~= 0 then return core.finish(status, y) end
  return y
end

local function get_tensor(reader, i)
  local y = core.new()
  local parcel = C.tnt_worker_message_detach(reader.message, i)
  return finished(core.C.tnt_parcel_open(y, parcel), y)
end

local function get_shared(reader, dims)
  local y, size = core.new(), size_type()
  local dtype = get(reader)
  for i = 0, dims - 1 do size[i] = get(reader) end
  local data = ffi.cast("void *", ffi.cast("uintptr_t", get(reader)))
  return finished(core.C.tnt_wrap(y, dtype, size, dims, data, nil, nil), y)
end

get = function(reader)
  local at = reader.bytes + reader.at
  local tag = at[0]
  if tag == TRUE or tag == FALSE or tag == NIL or tag == TABLE or tag == OBJECT then
    reader.at = reader.at + 1
    if tag == TABLE or tag == OBJECT then return get_table(reader, tag == OBJECT) end
    if tag == NIL then return nil end
    return tag == TRUE
  end
  reader.at = reader.at + 9
  if tag == INT64 then return ffi.cast(int64_pointer, at + 1)[0] end
  if tag == UINT64 then return ffi.cast(uint64, ffi.cast(int64_pointer, at + 1)[0]) end
  local number = ffi.cast(double_pointer, at + 1)[0]
  if tag == NUMBER then return number end
  if tag == STRING then return get_string(reader, number) end
  if tag == AGAIN then return reader.seen[number] end
  if tag == TENSOR then return get_tensor(reader, number) end
  if tag == SHARED then return get_shared(reader, number) end
  errors.raise("internal", "DataLoader: a message holds the unknown tag %d", tag)
end

--- Reads a message and drops it. Tensors in it belong to the scope that is open here.
---@param message ffi.cdata*
---@return any value
function transport.unpack(message)
  local reader = { message = message, bytes = message.bytes, at = 0, seen = {} }
  local ok, value = pcall(get, reader)
  C.tnt_worker_message_drop(message)
  if not ok then error(value, 0) end
  return value
end

return transport
