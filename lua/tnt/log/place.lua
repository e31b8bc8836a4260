-- Where a logger writes, and what becomes of what an earlier run left there. One rule for all:
-- a run that begins at step 0 moves an older file aside (metrics.csv -> metrics.1.csv); one that
-- goes on at step k drops the records of steps after k, which it is about to do again, and leaves
-- out records of k itself (an epoch's end, its evaluation) that come out as they were; evaluate and
-- predict append.

local class = require "tnt.class"
local errors = require "tnt.errors"
local lfs = require "lfs"
local message = require "tnt.loop.message"

local place = {}

--- TorchTNT's options of loggers that write files.
place.RENAMED = {
  steps_before_flushing = "flush_seconds (records are held back by time)",
  log_all_ranks = "all_ranks",
  async_write = "flush_seconds (writing is appending, which waits for nothing)",
}

-- Where several processes log, each has a file of its own: metrics.csv, metrics.rank1.csv, ...
local function of_rank(path)
  local rank = require("tnt.dist").rank()
  if rank == 0 then return path end
  local stem, extension = path:match "^(.*[^/])(%.[^./]+)$"
  return ("%s.rank%d%s"):format(stem or path, rank, extension or "")
end

--- The path a logger was given, or its name inside the run's directory; with the rank in it in
--- other processes than rank 0.
--- Errors: argument, when there is neither.
---@param logger tnt.log.Logger  with `path`
---@param state tnt.State|nil
---@param name string  "metrics.csv"
---@return string path
function place.path(logger, state, name)
  local path, dir = logger.path, state and state.dir
  if path ~= nil and (type(path) ~= "string" or path == "") then
    errors.raise("argument", "tnt.log.%s: path must be a string that is not empty, got %s",
      class.of(logger).__name, tostring(path))
  end
  if not path and not dir then
    errors.raise("argument", "tnt.log.%s: where to write is missing: give it path = '...', or give "
      .. "the run dir = '...' (it then writes to dir/%s)", class.of(logger).__name, name)
  end
  return of_rank(path or dir .. "/" .. name)
end

--- Makes a directory and those above it.
--- Errors: io.
---@param path string
function place.make_directory(path)
  local at = path:sub(1, 1) == "/" and "/" or ""
  for part in path:gmatch "[^/]+" do
    at = at .. part
    if lfs.attributes(at, "mode") ~= "directory" then
      local ok, why = lfs.mkdir(at)
      -- Another process may have made it meanwhile.
      if not ok and lfs.attributes(at, "mode") ~= "directory" then
        errors.raise("io", "cannot make the directory %s: %s", at, why)
      end
    end
    at = at .. "/"
  end
end

--- Makes the directory a file is to stand in.
--- Errors: io.
---@param path string  of the file
function place.make_parent(path)
  local parent = path:match "^(.*)/[^/]*$"
  if parent and parent ~= "" then place.make_directory(parent) end
end

--- How a run goes on from what is there: "fresh", "append", or the number of train steps done,
--- after which records are dropped.
---@param state tnt.State|nil
---@param unit table|nil
---@return string|integer
function place.continuation(state, unit)
  if not state or state.entry_point ~= "train" and state.entry_point ~= "fit" then
    return "append"
  end
  local steps = unit.train_progress.num_steps_completed
  return steps == 0 and "fresh" or steps
end

--- Moves a file that is not empty out of the way, to the first free of NAME.1.EXT, NAME.2.EXT, ...
--- Errors: io.
---@param path string
---@return string|nil aside  where it is now
function place.move_aside(path)
  if (lfs.attributes(path, "size") or 0) == 0 then return nil end
  local stem, extension = path:match "^(.*[^/])(%.[^./]+)$"
  stem, extension = stem or path, extension or ""
  local n = 1
  while lfs.attributes(("%s.%d%s"):format(stem, n, extension), "mode") do n = n + 1 end
  local aside = ("%s.%d%s"):format(stem, n, extension)
  local ok, why = os.rename(path, aside)
  if not ok then errors.raise("io", "cannot move %s aside to %s: %s", path, aside, why) end
  message.warn("%s is of an earlier run; it is now %s", path, aside)
  return aside
end

return place
