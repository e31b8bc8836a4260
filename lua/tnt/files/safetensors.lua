-- safetensors: a table of tensors by name. Eight bytes of length, a JSON header, the data without
-- holes. The checks are those of the format's own implementation (huggingface/safetensors,
-- safetensors/src/tensor.rs): header at most 100 MB, offsets in order, no overlap, no gap, sizes
-- that fit. Nested tables become names with dots; strings go into "__metadata__", which `metadata`
-- reads, so that what tnt.load gives is a state_dict.

local block = require "tnt.files.block"
local cjson = require "cjson".new()
local class = require "tnt.class"
local disk = require "tnt.files.disk"
local errors = require "tnt.errors"
local ffi = require "ffi"
local sorted = require "tnt.sorted"
local widen = require "tnt.files.widen"

local safetensors = {}

local MOST_HEADER = 100000000
local METADATA = "__metadata__"

-- ORDER DTYPE
local names = { [0] = "F32", "F64", "F16", "BF16", "I64", "I32", "U8", "BOOL" }
local types = {}
for number = 0, 7 do types[names[number]] = { dtype = number, bytes = block.bytes_of[number] } end
types.I8, types.I16 = widen.types.int8, widen.types.int16
types.U16, types.U32 = widen.types.uint16, widen.types.uint32

-- ---- writing ------------------------------------------------------------------------------------

local function collect(path, t, prefix, depth, list, metadata)
  for key, value in sorted(t) do
    local name = prefix .. tostring(key)
    if block.is_tensor(value) then
      list[#list + 1] = { name = name, tensor = value }
    elseif type(value) == "string" then
      metadata[name], metadata[1] = value, true
    elseif key == METADATA and prefix == "" and type(value) == "table" then
      for word, text in sorted(value) do
        if type(word) ~= "string" or type(text) ~= "string" then
          errors.raise("argument", "save: %s: %s holds strings by name, got a %s for %s", path,
            METADATA, type(text), tostring(word))
        end
        metadata[word], metadata[1] = text, true
      end
    elseif type(value) == "table" and not class.of(value) and depth < 60 then
      collect(path, value, name .. ".", depth + 1, list, metadata)
    else
      errors.raise("argument", "save: %s: '%s' is a %s; a .safetensors file holds tensors and "
        .. "strings; save as .h5", path, name, type(value))
    end
  end
end

-- The order of the format's own writer: by alignment, the widest first, then by name.
local function in_order(list, path)
  for _, entry in ipairs(list) do
    entry.dtype, entry.shape = block.layout(entry.tensor)
    entry.width = block.bytes_of[entry.dtype]
  end
  table.sort(list, function(a, b)
    if a.width ~= b.width then return a.width > b.width end
    return a.name < b.name
  end)
  local seen = {}
  for _, entry in ipairs(list) do
    if seen[entry.name] then
      errors.raise("argument", "save: %s: two tensors would be named '%s'", path, entry.name)
    end
    seen[entry.name] = true
  end
end

local function header_of(list, metadata)
  local parts, offset = {}, 0
  if metadata[1] then
    metadata[1] = nil
    local words = {}
    for word, text in sorted(metadata) do
      words[#words + 1] = cjson.encode(word) .. ":" .. cjson.encode(text)
    end
    parts[1] = ('"%s":{%s}'):format(METADATA, table.concat(words, ","))
  end
  for _, entry in ipairs(list) do
    local bytes, shape = entry.width, {}
    for d, size in ipairs(entry.shape) do
      bytes, shape[d] = bytes * size, ("%.0f"):format(size)
    end
    parts[#parts + 1] = ('%s:{"dtype":"%s","shape":[%s],"data_offsets":[%.0f,%.0f]}'):format(
      cjson.encode(entry.name), names[entry.dtype], table.concat(shape, ","), offset,
      offset + bytes)
    offset = offset + bytes
  end
  local text = "{" .. table.concat(parts, ",") .. "}"
  return text .. (" "):rep(-#text % 8)
end

--- See tnt.save.
---@param path string
---@param value table
function safetensors.save(path, value)
  if type(value) ~= "table" or class.of(value) then
    errors.raise("argument", "save: %s: expected a table of tensors by name, got a %s; one tensor "
      .. "alone may be saved as .npy", path, block.is_tensor(value) and "tensor" or type(value))
  end
  local list, metadata = {}, {}
  collect(path, value, "", 0, list, metadata)
  in_order(list, path)
  local header = header_of(list, metadata)
  disk.replace(path, function(out)
    local length = ffi.new("uint64_t[1]", #header)
    out:write(length, 8)
    out:write(header)
    for _, entry in ipairs(list) do
      local data, bytes = block.data(entry.tensor)
      out:write(data, bytes)
    end
  end)
end

-- ---- reading ------------------------------------------------------------------------------------

local function is_size(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0 and value <= 2 ^ 53
end

local function is_list(value, n)
  if type(value) ~= "table" then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end -- order: free
  return count == #value and (n == nil or count == n)
end

local function read_header(reader)
  local box = ffi.new "uint64_t[1]"
  reader:fill(box, 8, 0, "the length of the header")
  local n = tonumber(box[0])
  if n > MOST_HEADER or n > reader.size - 8 then
    reader:refuse("its header would have %.0f bytes, and the file has %.0f", n, reader.size)
  end
  local text = reader:text(n, 8, "the header")
  if text:sub(1, 1) ~= "{" then reader:refuse("its header does not begin with {") end
  local ok, header = pcall(cjson.decode, text)
  if not ok or type(header) ~= "table" then
    reader:refuse("its header (bytes 8 to %d) is no JSON object: %s", 7 + n, tostring(header))
  end
  return header, 8 + n
end

local function read_entry(reader, name, entry, room)
  if type(name) ~= "string" or type(entry) ~= "table" then
    reader:refuse("the header's entry '%s' should be an object", tostring(name))
  end
  local kind, shape, offsets = types[entry.dtype], entry.shape, entry.data_offsets
  if not kind then
    reader:refuse("'%s' has the dtype %s; those that can be read are F64 F32 F16 BF16 I64 I32 I16 "
      .. "I8 U32 U16 U8 BOOL", name, tostring(entry.dtype))
  elseif not is_list(shape) or #shape > 8 then
    reader:refuse("'%s': shape should be a list of at most 8 sizes", name)
  elseif not is_list(offsets, 2) or not is_size(offsets[1]) or not is_size(offsets[2])
    or offsets[1] > offsets[2] or offsets[2] > room then
    reader:refuse("'%s': data_offsets should be two places within %.0f bytes of data", name, room)
  end
  local numel = 1
  for d, size in ipairs(shape) do
    if not is_size(size) then reader:refuse("'%s': size %d is no whole number", name, d) end
    numel = numel * size
  end
  if numel * kind.bytes ~= offsets[2] - offsets[1] then
    reader:refuse("'%s': %.0f elements of %s take %.0f bytes, data_offsets give it %.0f", name,
      numel, entry.dtype, numel * kind.bytes, offsets[2] - offsets[1])
  end
  return { name = name, kind = kind, shape = shape, from = offsets[1], to = offsets[2],
    numel = numel }
end

local function check_order(reader, list, room)
  table.sort(list, function(a, b)
    if a.from ~= b.from then return a.from < b.from end
    if a.to ~= b.to then return a.to < b.to end
    return a.name < b.name
  end)
  local at = 0
  for _, entry in ipairs(list) do
    if entry.from ~= at then
      reader:refuse("'%s' begins at byte %.0f of the data, expected %.0f: parts overlap or leave a "
        .. "hole", entry.name, entry.from, at)
    end
    at = entry.to
  end
  if at ~= room then
    reader:refuse("its data has %.0f bytes, and its header speaks of %.0f", room, at)
  end
end

local function read_tensor(reader, entry, start)
  local x, data = block.new(entry.kind.dtype, entry.shape, #entry.shape)
  reader:fill(data, entry.to - entry.from, start + entry.from, "'" .. entry.name .. "'")
  if entry.kind.from then
    widen.in_place(entry.kind, data, entry.numel)
  elseif names[entry.kind.dtype] == "BOOL" then
    local bytes = ffi.cast("const uint8_t *", data)
    for i = 0, entry.numel - 1 do
      if bytes[i] > 1 then
        reader:refuse("'%s': element %d is %d, expected 0 or 1", entry.name, i, bytes[i])
      end
    end
  end
  return x
end

local function check_metadata(reader, found)
  if type(found) ~= "table" then reader:refuse("%s should be an object", METADATA) end
  for word, text in sorted(found) do
    if type(word) ~= "string" or type(text) ~= "string" then
      reader:refuse("%s should hold strings by name", METADATA)
    end
  end
end

--- See tnt.load.
---@param path string
---@return table<string, tnt.Tensor>
function safetensors.load(path)
  return disk.read(path, function(reader)
    local header, start = read_header(reader)
    local room, list, loaded = reader.size - start, {}, {}
    for name, entry in sorted(header) do
      if name == METADATA then
        check_metadata(reader, entry)
      else
        list[#list + 1] = read_entry(reader, name, entry, room)
      end
    end
    check_order(reader, list, room)
    for _, entry in ipairs(list) do loaded[entry.name] = read_tensor(reader, entry, start) end
    return loaded
  end)
end

--- The strings that stand beside the tensors of a .safetensors file.
--- Errors: io, format.
---@param path string
---@return table<string, string>
function safetensors.metadata(path)
  return disk.read(path, function(reader)
    local found = read_header(reader)[METADATA] or {}
    check_metadata(reader, found)
    return found
  end)
end

return safetensors
