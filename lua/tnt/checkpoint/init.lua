-- tnt.checkpoint: checkpoints for plain loops, written as those of `fit` are. What has state_dict
-- and load_state_dict is saved by them, everything else as it is.

local errors = require "tnt.errors"
local folder = require "tnt.checkpoint.folder"
local Job = require "tnt.checkpoint.writer"
local name = require "tnt.checkpoint.name"
local run = require "tnt.checkpoint.run"
local sorted = require "tnt.sorted"

local checkpoint = {}

-- Of plain loops, whose counters are not known: one name after the other.
local RUN = "plain"

local function is_stateful(value)
  if type(value) ~= "table" then return false end
  return type(value.state_dict) == "function" and type(value.load_state_dict) == "function"
end

local function check_objects(who, objects)
  if type(objects) ~= "table" or is_stateful(objects) then
    errors.raise("argument", "%s: expected a table of what is to be saved, {net = net, opt = opt}, "
      .. "got %s", who, is_stateful(objects) and "one object" or type(objects))
  end
end

local function newest_first(list)
  local reversed = {}
  for i = #list, 1, -1 do reversed[#reversed + 1] = list[i] end
  return reversed
end

---@class tnt.checkpoint.SaveOptions
---@field keep_last_n integer|nil  older ones are deleted once this one is durable; default 3

--- Writes a checkpoint into dir/checkpoints and returns when it is durable. Names count up:
--- epoch_0_step_1, epoch_0_step_2, ...; with `step` (and `epoch`) in the table they say these.
--- Errors: argument, io; then the older ones are as they were.
---@param dir string
---@param objects table  name -> object with a state, or plain data (also tensors)
---@param options tnt.checkpoint.SaveOptions|nil
---@return string path
function checkpoint.save(dir, objects, options)
  check_objects("checkpoint.save", objects)
  local keep = options and options.keep_last_n
  if keep == nil then keep = 3 end
  if keep ~= false and (type(keep) ~= "number" or keep < 1 or keep % 1 ~= 0) then
    errors.raise("argument", "checkpoint.save: keep_last_n must be a whole number from 1 on, or "
      .. "false, got %s", tostring(keep))
  end
  local contents = {}
  for key, value in sorted(objects) do
    if is_stateful(value) then contents[key] = value:state_dict() else contents[key] = value end
  end
  local path = folder.of(dir)
  folder.make(path)
  folder.clean(path)
  local before = folder.list(path)
  local last = before[#before]
  local step, epoch = objects.step, objects.epoch
  if type(step) ~= "number" then step = last and (last.name.naive or 0) + 1 or 1 end
  if type(epoch) ~= "number" then epoch = last and last.name.epoch or 0 end
  local wanted = ("epoch_%d_step_%d"):format(epoch, step)
  local job = Job.start(path, wanted, contents, {
    run = RUN, progress = ("epoch %d, step %d"):format(epoch, step),
  })
  job:wait()
  if keep then
    local own = 1 -- the one just written
    for _, entry in ipairs(newest_first(before)) do
      if entry.run == RUN then
        own = own + 1
        if own > keep then folder.remove(entry.path) end
      end
    end
  end
  return job.path
end

--- Puts a checkpoint's state into objects: each by its load_state_dict.
--- Errors: io, when there is none; format, when it is damaged or lacks one of the names.
---@param path string  of a checkpoint, or a dir: its latest
---@param objects table|nil  name -> object with a state
---@return table contents  everything saved; plain values among it
function checkpoint.restore(path, objects)
  local contents = run.read(path)
  if objects == nil then return contents end
  check_objects("checkpoint.restore", objects)
  for key, object in sorted(objects) do
    if is_stateful(object) then
      if contents[key] == nil then
        errors.raise("format", "checkpoint.restore: %s has nothing under '%s'", path, tostring(key))
      end
      object:load_state_dict(contents[key])
    end
  end
  return contents
end

--- The latest readable checkpoint of a dir.
---@param dir string
---@return string|nil path
---@return string|nil reason  when there is none
function checkpoint.latest(dir)
  return run.resolve(dir, "auto")
end

checkpoint.parse_name = name.parse

return checkpoint
