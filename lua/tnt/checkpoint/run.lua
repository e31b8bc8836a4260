-- What the loops ask of checkpoints: where `resume` points to, applying a checkpoint to a run, and
-- weights only (`load`). Nothing here executes what it reads.

local choice = require "tnt.checkpoint.choice"
local errors = require "tnt.errors"
local files = require "tnt.files"
local folder = require "tnt.checkpoint.folder"
local hdf5 = require "tnt.files.hdf5"
local index = require "tnt.checkpoint.index"
local lfs = require "lfs"
local message = require "tnt.loop.message"
local name = require "tnt.checkpoint.name"
local sorted = require "tnt.sorted"

local run = {}

local function mode(path) return lfs.attributes(path, "mode") end

-- The newest of a folder: what `latest` points to, else the first by name.
local function newest_of(path)
  local entry = folder.linked(path, "latest")
  if entry then return entry end
  local list = folder.list(path)
  return list[#list]
end

local function missing(path)
  errors.raise("io", "%s: no checkpoint there; expected a checkpoint (a folder with state.h5, "
    .. "index and complete), the folder of a run, or a file", path)
end

--- The checkpoint a path stands for: itself, or the latest of a run's folder.
--- Errors: io, when there is none.
---@param path string
---@return string path  of a checkpoint's folder, or of a file
function run.locate(path)
  path = path:gsub("(.)/+$", "%1")
  if mode(path) == "file" or folder.is_checkpoint(path) then return path end
  local inner = folder.of(path)
  local entry = mode(inner) == "directory" and newest_of(inner)
    or mode(path) == "directory" and newest_of(path)
  if not entry then missing(path) end
  return entry.path
end

-- Why a checkpoint cannot be read, or nil.
local function problem_of(entry)
  if entry.problem then return entry.problem end
  local ok, err = pcall(index.verify, entry.index)
  if not ok then
    if type(err) ~= "table" then error(err, 0) end
    return err
  end
end

-- `latest`, then what is older, of the same run.
local function candidates(path)
  local list = folder.list(path)
  local first, why = folder.linked(path, "latest")
  if not first and lfs.symlinkattributes(path .. "/latest", "mode") then
    message.warn("resume: %s; the newest checkpoint by name is taken instead", why)
  end
  first = first or list[#list]
  if not first then return {} end
  local found, of_run = { first }, first.run
  for i = #list, 1, -1 do
    local entry = list[i]
    if entry.path ~= first.path and name.newer(first.name, entry.name) then
      of_run = of_run or entry.run -- the first one's index is damaged: the run of the next
      if entry.run == of_run or entry.problem then found[#found + 1] = entry end
    end
  end
  return found
end

--- The newest checkpoint of a folder that can be read: what `latest` points to; if that is damaged,
--- the next older one of its run, with a warning; nil and a reason where there is none.
--- Errors: format, when all are damaged.
---@param path string  such as "runs/a/checkpoints"
---@return string|nil path
---@return string|nil reason
function run.newest_whole(path)
  local list = candidates(path)
  if #list == 0 then return nil, path .. ": no checkpoint there" end
  local first_problem
  for i, entry in ipairs(list) do
    local problem = problem_of(entry)
    if not problem then
      if i > 1 then
        message.warn("resume: going on from the older checkpoint %s", entry.path)
      end
      return entry.path
    end
    first_problem = first_problem or problem
    message.warn("resume: %s is damaged: %s", entry.path, problem.message)
  end
  errors.raise("format", "resume: every checkpoint of the run in %s is damaged; the newest: %s; "
    .. "to start afresh give another dir, or leave resume out", path, first_problem.message)
end

--- The best checkpoint of a folder: what `best` points to, or, where a metric is named, the first
--- in the order by that metric as the names tell it. nil and a reason where there is none.
---@param path string
---@param metric string|nil  as it stands in names: "eval_loss"; "eval/loss" is the same
---@param order string|nil   "min" (default) or "max"
---@return string|nil path
---@return string|nil reason
function run.best(path, metric, order)
  if not metric then
    local entry, why = folder.linked(path, "best")
    return entry and entry.path, why
  end
  local stands_as, best = name.metric_part(metric), nil
  for _, entry in ipairs(folder.list(path)) do
    if entry.name.metric == stands_as
      and (not best or name.better(entry.name, best.name, order or "min")) then
      best = entry
    end
  end
  if best then return best.path end
  return nil, ("%s: no checkpoint has the metric %s in its name"):format(path, stands_as)
end

-- The writer of a run's Checkpoint hook; nil: the own one of this program.
local function writer_of(state)
  for _, object in ipairs(state and state.loop.hooks or {}) do
    if type(object) == "table" and object.is_checkpoint_hook then return object.writer end
  end
end

-- An evaluation or prediction that was cut off: where it stood.
local function open_pass(dir, state)
  local entry = state and state.entry_point
  if entry ~= "evaluate" and entry ~= "predict" then return nil end
  local found = folder.linked(folder.of(dir .. "/" .. entry), "latest")
  return found and not problem_of(found) and found.path or nil
end

--- The checkpoint that `resume` stands for. "auto": an evaluation or prediction that was cut off
--- goes on there; else what `latest` in dir points to (if damaged, the next older one of its run,
--- with a warning); nil and a reason where there is none. "best": what `best` in dir points to.
--- Errors: io, when a path or "best" is given and there is nothing; format, when all are damaged.
---@param dir string|nil
---@param resume string  "auto", "best" or a path
---@param state tnt.State|nil  of the run that asks
---@return string|nil path
---@return string|nil reason
function run.resolve(dir, resume, state)
  local writer = writer_of(state)
  if resume == "auto" then
    local path = open_pass(dir, state)
    if path then return path end
    if writer then return writer:latest(folder.of(dir)) end
    return run.newest_whole(folder.of(dir))
  elseif resume == "best" then
    local path, why = run.best(folder.of(dir))
    if not path then errors.raise("io", "resume = 'best': %s", why) end
    return path
  elseif writer and mode(resume) == nil then
    return resume -- a place that only the writer knows
  end
  return run.locate(resume)
end

--- The contents of a checkpoint: one nested table, as it was saved.
--- Errors: io; format, when anything is not what its index vouches for.
---@param path string  a checkpoint's folder, a run's folder, or a file
---@return table contents
function run.read(path)
  path = run.locate(path)
  if mode(path) == "file" then
    local contents = files.load(path)
    if type(contents) ~= "table" then
      errors.raise("format", "%s: expected a table, it holds a %s", path, type(contents))
    end
    return contents
  end
  local found = index.read(path)
  index.verify(found)
  local contents = hdf5.load(path .. "/state.h5")
  if type(contents) ~= "table" then
    errors.raise("format", "%s: expected a table, it holds a %s", path, type(contents))
  end
  return contents
end

--- Reads a checkpoint and applies it to a run that has just begun. One of an evaluation or
--- prediction holds no weights: they come from `load`, or with "auto" from the latest of training.
--- Errors: io, format.
---@param path string
---@param state tnt.State
---@param unit table
function run.restore(path, state, unit)
  local given, writer = state.loop.run_options, writer_of(state)
  local contents = writer and writer:read(path) or run.read(path)
  message.info("resume: from %s", path)
  if contents.is_partial then
    local weights = given.load
      or given.resume == "auto" and run.newest_whole(folder.of(given.dir)) or nil
    if weights then run.load_weights(weights, unit, given.restore) end
  end
  contents = choice.of(contents, unit, given.restore)
  require("tnt.loop.snapshot").restore(state, unit, contents)
end

local function modules_of(unit)
  local modules = {}
  for field, object in sorted(unit:app_state()) do
    if type(object.parameters) == "function" then
      modules[#modules + 1] = { field = field, object = object }
    end
  end
  if #modules == 0 then errors.raise("argument", "load: the unit has no module to load into") end
  return modules
end

-- What of a flat table of weights belongs to a field: names that begin with "field.".
local function with_prefix(weights, field)
  local part, any = {}, false
  for key, value in sorted(weights) do
    local own = type(key) == "string" and key:match("^" .. field:gsub("%p", "%%%0") .. "%.(.+)$")
    if own then part[own], any = value, true end
  end
  return any and part or nil
end

-- The weights of one module, however they are arranged.
local function weights_of(contents, field, is_only)
  if contents.format == 1 and type(contents.app) == "table" then return contents.app[field] end
  if type(contents[field]) == "table" then return contents[field] end
  return with_prefix(contents, field) or is_only and contents or nil
end

--- Loads weights only into the modules of a unit: from a checkpoint, or from a file that holds a
--- state_dict (.safetensors, .h5, .npz).
--- Errors: io, format, when there are no weights for a module; what load_state_dict raises.
---@param path string
---@param unit table
---@param options tnt.checkpoint.RestoreOptions|nil  of these: strict, match, rename
function run.load_weights(path, unit, options)
  local contents, chosen = run.read(path), choice.read(options)
  local modules = modules_of(unit)
  for _, module in ipairs(modules) do
    local weights = weights_of(contents, module.field, #modules == 1)
    if type(weights) ~= "table" and chosen.strict ~= false then
      errors.raise("format", "%s: it has no weights for unit.%s; expected names like '%s.weight'",
        path, module.field, module.field)
    end
    if type(weights) == "table" then
      choice.load_module(module.field, module.object, weights, chosen)
    end
  end
  message.info("load: weights from %s", path)
end

--- For the loops: `load = PATH`.
---@param path string
---@param state tnt.State|nil
---@param unit table
function run.load(path, state, unit)
  run.load_weights(path, unit, state and state.loop.run_options.restore)
end

return run
