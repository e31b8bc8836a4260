-- Libraries beside libtnt (HDF5, loader threads), opened when they are first needed.

local errors = require "tnt.errors"
local ffi = require "ffi"

local plugin = {}

--- Opens a library once for all.
--- Errors: io, when it is not there or cannot be opened.
---@param name string    "libtnt_hdf5"
---@param needs string   who needs it: "HDF5 files and checkpoints need"
---@param remedy string  what to do when it is not there
---@return ffi.namespace*
function plugin.open(name, needs, remedy)
  if plugin[name] then return plugin[name] end
  local path, tried = package.searchpath("tnt." .. name, package.cpath)
  if not path then
    errors.raise("io", "%s the library %s, and it is not there: %s; looked for%s", needs, name,
      remedy, tried)
  end
  local ok, result = pcall(ffi.load, path)
  if not ok then
    errors.raise("io", "%s the library %s, and it cannot be opened: %s; %s", needs, name,
      tostring(result), remedy)
  end
  plugin[name] = result
  return result
end

return plugin
