-- The folder <dir>/checkpoints: which checkpoints there are, names that are free, links, and what
-- dead processes left behind. Only complete checkpoints count; everything else there is ignored.

local errors = require "tnt.errors"
local ffi = require "ffi"
local index = require "tnt.checkpoint.index"
local lfs = require "lfs"
local library = require "tnt.files.hdf5_library"
local message = require "tnt.loop.message"
local name = require "tnt.checkpoint.name"
local place = require "tnt.log.place"

ffi.cdef [[
int tnt_checkpoint_getpid(void) asm("getpid");
int tnt_checkpoint_kill(int pid, int signal) asm("kill");
int tnt_checkpoint_gethostname(char *name, size_t bytes) asm("gethostname");
]]

local folder = {}

--- The folder of a run.
---@param dir string
---@return string
function folder.of(dir) return (dir:gsub("/+$", "")) .. "/checkpoints" end

--- Makes it, and those above. Errors: io.
---@param path string
function folder.make(path) place.make_directory(path) end

local function is_folder(path) return lfs.attributes(path, "mode") == "directory" end

--- Whether a path is that of a complete checkpoint (its contents not looked at).
---@param path string
---@return boolean
function folder.is_checkpoint(path)
  return is_folder(path) and lfs.attributes(path .. "/complete", "mode") == "file"
    and lfs.attributes(path .. "/index", "mode") == "file"
end

---@class tnt.checkpoint.Entry
---@field path string
---@field name tnt.checkpoint.Name
---@field index tnt.checkpoint.Index|nil  nil when it is damaged
---@field problem tnt.Error|nil           then
---@field run string|nil
---@field metric string|nil
---@field value number|nil

local function names_in(path)
  local names = {}
  if is_folder(path) then
    for text in lfs.dir(path) do names[#names + 1] = text end
  end
  table.sort(names)
  return names
end

--- One entry, its index read.
---@param path string
---@param parsed tnt.checkpoint.Name
---@return tnt.checkpoint.Entry
function folder.entry(path, parsed)
  local entry = { path = path, name = parsed }
  local ok, found = pcall(index.read, path)
  if ok then
    entry.index, entry.run = found, found.run
    entry.metric, entry.value = found.metric, found.value
  elseif type(found) == "table" then
    entry.problem = found
  else
    error(found, 0)
  end
  return entry
end

--- All complete checkpoints in a folder, the oldest first (by name).
---@param path string
---@return tnt.checkpoint.Entry[]
function folder.list(path)
  local entries = {}
  for _, text in ipairs(names_in(path)) do
    local parsed = name.parse(text)
    local full = path .. "/" .. text
    if parsed and lfs.symlinkattributes(full, "mode") == "directory"
      and folder.is_checkpoint(full) then
      entries[#entries + 1] = folder.entry(full, parsed)
    end
  end
  table.sort(entries, function(a, b) return name.newer(b.name, a.name) end)
  return entries
end

--- A name that nothing in the folder has: the name itself, or with ..2, ..3 behind it.
---@param path string
---@param wanted string
---@return string
function folder.free_name(path, wanted)
  local text, n = wanted, 1
  while lfs.symlinkattributes(path .. "/" .. text, "mode") do
    n = n + 1
    text = ("%s..%d"):format(wanted, n)
  end
  return text
end

--- The entry a link ("latest", "best") points to, or nil and why.
---@param path string
---@param link string
---@return tnt.checkpoint.Entry|nil
---@return string|nil why
function folder.linked(path, link)
  local full = path .. "/" .. link
  local target = lfs.symlinkattributes(full, "target")
  if not target then return nil, full .. ": no such link" end
  local parsed = not target:find("/", 1, true) and name.parse(target)
  if not parsed then
    return nil, ("%s points to '%s', which is no checkpoint"):format(full, target)
  end
  if not folder.is_checkpoint(path .. "/" .. target) then
    return nil, ("%s points to '%s', which is not there or not complete"):format(full, target)
  end
  return folder.entry(path .. "/" .. target, parsed)
end

--- Lets a link point to a checkpoint; replaces it atomically. Errors: io.
---@param path string
---@param link string
---@param target string  the checkpoint's name
function folder.link(path, link, target)
  local code = library.open().tnt_h5_link(target, path .. "/" .. link)
  if code ~= 0 then
    errors.raise("io", "%s/%s: the link to %s cannot be made (errno %d)", path, link, target, code)
  end
end

local function host()
  local buffer = ffi.new "char[256]"
  ffi.C.tnt_checkpoint_gethostname(buffer, 255)
  return (ffi.string(buffer):gsub("[^%w.]", "_"))
end

--- The temporary name of a checkpoint that is being written, or deleted, by this process.
---@param text string
---@return string
function folder.temporary(text)
  return (".tmp-%s-%d-%s"):format(host(), ffi.C.tnt_checkpoint_getpid(), text)
end

local function delete(path)
  for _, text in ipairs(names_in(path)) do
    if text ~= "." and text ~= ".." then
      local ok, why = os.remove(path .. "/" .. text)
      if not ok then return nil, why end
    end
  end
  local ok, why = lfs.rmdir(path)
  return ok, why and path .. ": " .. why
end

--- Deletes a checkpoint. It loses its name first, so that no half of it is ever found. One that
--- cannot be deleted is told in a warning.
---@param path string
---@return boolean ok
function folder.remove(path)
  local above, text = path:match "^(.*)/([^/]+)$"
  local moved = above .. "/" .. folder.temporary(text)
  local ok, why = os.rename(path, moved)
  if ok then ok, why = delete(moved) end
  if not ok then message.warn("the checkpoint %s cannot be deleted: %s", path, tostring(why)) end
  return ok and true or false
end

local ESRCH = 3
local DAY = 86400

local function is_dead(text, path)
  local of_host, pid = text:match "^%.tmp%-([%w._]+)%-(%d+)%-"
  if not of_host then return false end
  if of_host ~= host() then
    -- Whether a process of another machine lives cannot be asked.
    return os.time() - (lfs.attributes(path, "modification") or os.time()) > DAY
  end
  pid = tonumber(pid)
  if pid == ffi.C.tnt_checkpoint_getpid() then return false end
  return ffi.C.tnt_checkpoint_kill(pid, 0) ~= 0 and ffi.errno() == ESRCH
end

--- Deletes what dead processes left unfinished. Processes of other machines count as dead after a
--- day.
---@param path string
function folder.clean(path)
  for _, text in ipairs(names_in(path)) do
    local full = path .. "/" .. text
    if text:sub(1, 5) == ".tmp-" and is_dead(text, full) then
      local ok, why = delete(full)
      if not ok then message.warn("what a dead run left cannot be deleted: %s", tostring(why)) end
    end
  end
end

return folder
