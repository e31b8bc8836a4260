-- tnt.checkpoint: checkpoints for plain loops, written as those of `fit` are. What has state_dict
-- and load_state_dict is saved by them, everything else as it is.

local check = require "tnt.check_option"
local choice = require "tnt.checkpoint.choice"
local errors = require "tnt.errors"
local folder = require "tnt.checkpoint.folder"
local Job = require "tnt.checkpoint.job"
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

-- A unit, whose app_state says what it holds.
local function restore_unit(path, unit, options)
  local contents = run.read(path)
  if type(contents.app) ~= "table" then
    errors.raise("format", "checkpoint.restore: %s is no checkpoint of a run; give a table of "
      .. "objects instead of a unit", path)
  end
  local chosen = choice.of(contents, unit, options or {})
  for field, object in sorted(unit:app_state()) do
    if chosen.app[field] ~= nil then object:load_state_dict(chosen.app[field]) end
  end
  if chosen.unit and unit.engine and unit.engine.load then unit.engine.load(unit, chosen.unit) end
  unit.info = chosen.info or unit.info
  return contents
end

--- Puts a checkpoint's state into objects: each by its load_state_dict. Also into a unit, from a
--- checkpoint of its run; what else that holds (positions in loaders, hooks, the random stream) is
--- for the loops' own `resume`.
---
---     tnt.checkpoint.restore("runs/a", unit, {optimizers = false, train_progress = false})
---
--- Errors: io, when there is none; format, when it is damaged or lacks one of the names.
---@param path string  of a checkpoint, or a dir: its latest
---@param objects table|tnt.Unit|nil  name -> object with a state; or a unit
---@param options tnt.checkpoint.RestoreOptions|nil  for a unit
---@return table contents  everything saved; plain values among it
function checkpoint.restore(path, objects, options)
  if type(objects) == "table" and type(objects.app_state) == "function" then
    return restore_unit(path, objects, options)
  elseif options ~= nil then
    errors.raise("argument", "checkpoint.restore: options are for a unit; leave out of a table of "
      .. "objects what is not to be restored")
  end
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
function checkpoint.latest(dir) return run.newest_whole(folder.of(dir)) end

--- The best checkpoint of a dir: what its link `best` points to; with a metric, the first in the
--- order by the values that stand in the names.
---@param dir string
---@param metric string|nil  "eval_loss" or "eval/loss"
---@param mode string|nil    "min" (default) or "max"
---@return string|nil path
---@return string|nil reason  when there is none
function checkpoint.best(dir, metric, mode)
  if mode ~= nil then check.word("checkpoint.best", "mode", mode, { "min", "max" }) end
  return run.best(folder.of(dir), metric, mode)
end

--- All complete checkpoints of a dir, the oldest first.
---@param dir string
---@return tnt.checkpoint.Entry[]
function checkpoint.list(dir) return folder.list(folder.of(dir)) end

checkpoint.parse_name = name.parse
checkpoint.export = require "tnt.checkpoint.export"
checkpoint.Policy = require "tnt.checkpoint.policy"
checkpoint.Writer = require "tnt.checkpoint.writer"

-- TorchTNT's names.
local renamed = {
  restore_from_latest = "restore(dir, unit)",
  restore_from_best = "restore(tnt.checkpoint.best(dir), unit)",
  get_latest_checkpoint_path = "latest", get_best_checkpoint_path = "best",
  get_checkpoint_dirpaths = "list", CheckpointManager = "Policy", BaseCheckpointer = "Writer",
  get_module_state_dict = "export",
}

return setmetatable(checkpoint, {
  __index = function(_, key)
    if renamed[key] then
      errors.raise("argument", "tnt.checkpoint: %s is called %s here", key, renamed[key])
    end
    errors.unknown("tnt.checkpoint", "name", key, sorted.keys(checkpoint))
  end,
})
