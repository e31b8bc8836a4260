-- tnt.save and tnt.load: nested data to one file and back. The format is told by the path's ending
-- when writing, and by the first bytes too when reading. Loading never runs code.

local errors = require "tnt.errors"

local files = {}

local formats = {
  h5 = "hdf5", hdf5 = "hdf5", safetensors = "safetensors", npy = "npy", npz = "npz",
}

local function ending_of(path) return path:match "%.([%w_]+)$" end

local function check_path(who, path)
  if type(path) ~= "string" or path == "" then
    errors.raise("argument", "%s: the path must be a string that is not empty, got %s", who,
      type(path))
  end
end

--- Writes a nest of tables, tensors, numbers, strings and booleans to a file.
--- HDF5, which h5dump and h5py read, unless the path ends in .safetensors (a table of tensors by
--- name), .npz (the same) or .npy (one tensor). Keys are strings or whole numbers. The file appears
--- at once and whole, or not at all. Numbers come back exactly (nan, infinities, -0, int64_t).
--- Errors: argument, for a value or key that the format cannot hold; io.
---@param path string
---@param value any
function files.save(path, value)
  check_path("save", path)
  if value == nil then errors.raise("argument", "save: nothing to save to %s, got nil", path) end
  local ending = ending_of(path)
  require("tnt.files." .. (formats[ending] or "hdf5")).save(path, value)
end

local function format_of(path)
  local file, why = io.open(path, "rb")
  if not file then errors.raise("io", "%s", why) end
  local start = file:read(16)
  file:close()
  if not start then
    -- Empty, or a folder: the reader of the ending says what it expected.
    return formats[ending_of(path)] or "hdf5"
  elseif start:sub(1, 6) == "\147NUMPY" then
    return "npy"
  elseif start:sub(1, 4) == "PK\3\4" or start:sub(1, 4) == "PK\5\6" then
    return "npz"
  elseif start:sub(1, 8) == "\137HDF\r\n\26\n" or start:sub(1, 13) == "tntlua file 1" then
    return "hdf5"
  end
  return formats[ending_of(path)] or "hdf5"
end

--- Reads a file that `tnt.save`, h5py, NumPy or safetensors has written.
--- Errors: io, when it cannot be read; format, when its bytes are not what they should be: the text
--- names the file, the place and what was expected.
---@param path string
---@return any value
function files.load(path)
  check_path("load", path)
  return require("tnt.files." .. format_of(path)).load(path)
end

return files
