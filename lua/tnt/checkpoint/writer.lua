-- How checkpoints are written, found, read and deleted: the one a run uses unless the option
-- `writer` of tnt.hooks.Checkpoint brings another. It decides nothing; when to save and what stays
-- is the policy's business (policy.lua).

local class = require "tnt.class"
local errors = require "tnt.errors"
local folder = require "tnt.checkpoint.folder"
local Job = require "tnt.checkpoint.job"
local run = require "tnt.checkpoint.run"

--- Writes folders of HDF5 files, by a thread: `start` copies the contents and returns, the copy is
--- brought to the disk meanwhile. One's own writer is a table with any of these functions, or a
--- class that extends this one; those it lacks are as here. A folder is the run's, such as
--- "runs/a/checkpoints".
---
--- - `prepare(self, folder)`: once, before anything else; makes the folder.
--- - `start(self, folder, name, contents, about)`: begins to write a nest of tables, tensors,
---   numbers, strings and booleans. Tensors are the live ones: what is written later than at once
---   is to be copied. Returns a job: `path`, `name` (not always the one given),
---   `is_done(job)`, and `wait(job)`, which returns when the checkpoint is durable or raises.
--- - `list(self, folder)`: all durable checkpoints, oldest first: {path,
---   name (a tnt.checkpoint.Name), run, metric, value}, as `about` had them.
--- - `link(self, folder, link, name)`: lets "best" stand for a checkpoint.
--- - `remove(self, path)`: deletes one.
--- - `latest(self, folder)`: the path of the newest one that can be read, or nil and why.
--- - `read(self, path)`: its contents again.
---
--- ```lua
--- local tnt = require "tnt"
--- local copied = {}
--- local Mirrored = tnt.checkpoint.Writer:extend "Mirrored"
--- function Mirrored:start(folder, name, contents, about)
---   copied[#copied + 1] = name -- an own place would get a copy of the contents here
---   return tnt.checkpoint.Writer.start(self, folder, name, contents, about)
--- end
--- local hook = tnt.hooks.Checkpoint {writer = Mirrored()}
--- ```
---@class tnt.checkpoint.Writer
---@overload fun(): tnt.checkpoint.Writer
local Writer = class.new "Writer"

---@class tnt.checkpoint.About
---@field run string       16 hex digits that name the run
---@field progress string  its counters, for people
---@field metric string|nil  full name of the metric that judges it
---@field value number|nil

--- Makes the folder and deletes what dead processes left unfinished. Errors: io.
---@param path string
function Writer.prepare(_, path)
  folder.make(path)
  folder.clean(path)
end

--- Begins to write a checkpoint. Errors: argument, memory, io.
---@param path string
---@param name string
---@param contents table
---@param about tnt.checkpoint.About
---@return tnt.checkpoint.Job
function Writer.start(_, path, name, contents, about)
  return Job.start(path, name, contents, about)
end

--- All complete checkpoints, the oldest first.
---@param path string
---@return tnt.checkpoint.Entry[]
function Writer.list(_, path) return folder.list(path) end

--- Lets a link stand for a checkpoint; replaces it atomically. Errors: io.
---@param path string
---@param link string
---@param name string
function Writer.link(_, path, link, name) folder.link(path, link, name) end

--- Deletes a checkpoint. One that cannot be deleted is told in a warning.
---@param path string
function Writer.remove(_, path) folder.remove(path) end

--- The newest checkpoint that can be read, or nil and why there is none.
--- Errors: format, when all are damaged.
---@param path string
---@return string|nil path
---@return string|nil why
function Writer.latest(_, path) return run.newest_whole(path) end

--- The contents of a checkpoint. Errors: io, format.
---@param path string
---@return table
function Writer.read(_, path) return run.read(path) end

local functions = { "latest", "link", "list", "prepare", "read", "remove", "start" }

--- A writer in which the functions of a table stand for its own; an object of a class that extends
--- Writer is one already.
--- Errors: argument, when the table has a function that no writer has.
---@param own table|nil
---@return tnt.checkpoint.Writer
function Writer.of(own)
  if own == nil then return Writer() end
  if type(own) ~= "table" or class.is_class(own) then
    errors.raise("argument", "Checkpoint: writer must be a table with some of the functions %s, or "
      .. "an object of a class that extends tnt.checkpoint.Writer, got %s",
      table.concat(functions, ", "),
      class.is_class(own) and "the class " .. tostring(own) .. "; call it" or type(own))
  end
  if class.is(own, Writer) then return own end
  local writer = Writer()
  for key, value in pairs(own) do -- order: free
    if type(value) == "function" then
      local is_known = false
      for _, other in ipairs(functions) do is_known = is_known or other == key end
      if not is_known then errors.unknown("Checkpoint: writer", "function", key, functions) end
      writer[key] = function(_, ...) return value(own, ...) end
    end
  end
  return writer
end

return Writer
