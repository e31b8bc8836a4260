-- The plug-in libtnt_hdf5 (core/hdf5), opened when the first file is read or written. Declarations
-- come from the library itself.

local errors = require "tnt.errors"
local ffi = require "ffi"
local plugin = require "tnt.plugin"

local library = {}

local opened

--- The library.
--- Errors: io, when it is not there or cannot be opened.
---@return ffi.namespace*
function library.open()
  if opened then return opened end
  local result = plugin.open("libtnt_hdf5", "HDF5 files and checkpoints need",
    "install the packages libhdf5-103 and libhdf5-dev and build (scripts/build)")
  ffi.cdef "const char *tnt_hdf5_cdef(void);"
  ffi.cdef(ffi.string(result.tnt_hdf5_cdef()))
  opened = result
  return opened
end

--- Raises what the library's last call in this thread reported.
---@param status integer
function library.check(status)
  if status ~= 0 then
    errors.raise(errors.kinds[status] or "internal", "%s", ffi.string(opened.tnt_h5_message()))
  end
end

return library
