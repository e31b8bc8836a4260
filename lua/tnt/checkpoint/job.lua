-- One checkpoint on its way to the disk: a snapshot of the contents in memory, then a thread that
-- writes it while training goes on. Until it is there the snapshot costs the bytes of its contents
-- once more. The handle of a job waits for the thread when it is collected.

local class = require "tnt.class"
local errors = require "tnt.errors"
local ffi = require "ffi"
local folder = require "tnt.checkpoint.folder"
local hdf5 = require "tnt.files.hdf5"
local index = require "tnt.checkpoint.index"
local library = require "tnt.files.hdf5_library"

---@class tnt.checkpoint.Job
---@field path string  where the checkpoint will be
---@field name string  of its folder: the one wanted, or one like it where that was taken
local Job = class.new "Job"

--- Starts writing `contents`.
--- Errors: argument, when contents cannot be saved; memory; io.
---@param path string  the folder of checkpoints; must be there
---@param wanted string  name
---@param contents table
---@param about table  see index.head
---@return tnt.checkpoint.Job
function Job.start(path, wanted, contents, about)
  local lib = library.open()
  local bundle = hdf5.pack(contents, false)
  local job = Job()
  job.name = folder.free_name(path, wanted)
  job.path = path .. "/" .. job.name
  local out = ffi.new "tnt_h5_job *[1]"
  library.check(lib.tnt_h5_job_start(out, ffi.gc(bundle, nil), path, job.name,
    folder.temporary(job.name), index.head(about)))
  job.handle = ffi.gc(out[0], lib.tnt_h5_job_drop)
  return job
end

--- Whether the thread has come to its end.
---@return boolean
function Job:is_done() return library.open().tnt_h5_job_poll(self.handle) ~= 0 end

--- Waits until the checkpoint is durable.
--- Errors: io, memory: it could not be written; nothing of it is left, nothing else was touched.
function Job:wait()
  local lib = library.open()
  local status = lib.tnt_h5_job_wait(self.handle)
  local text = ffi.string(lib.tnt_h5_job_message(self.handle))
  lib.tnt_h5_job_drop(ffi.gc(self.handle, nil))
  self.handle = nil
  if status ~= 0 then
    errors.raise(errors.kinds[status] or "internal", "the checkpoint %s was not written: %s",
      self.path, text)
  end
end

return Job
