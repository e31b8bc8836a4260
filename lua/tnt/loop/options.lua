-- The options of train, evaluate, predict and fit: declared, checked and brought into one form
-- before any hook runs. 0 is true in Lua and x % 0 is nan, so "0 means off" becomes nil here and
-- nowhere else.

local class = require "tnt.class"
local errors = require "tnt.errors"

local options = {}

local NONE = class.NONE

-- What all four take.
local common = {
  hooks = NONE, loggers = NONE, dir = NONE, resume = NONE, load = NONE, restore = NONE,
  bar = NONE, timer = NONE, dry_run = NONE,
}

local function declared(who, own)
  for name, default in pairs(common) do own[name] = default end -- order: free
  local declaration = class.declaration(who, own)
  declaration.renamed = {
    callbacks = "hooks", custom_hooks = "hooks", logger = "loggers (a list)",
    hook = "hooks (a list)", epochs = "max_epochs", max_iters = "max_steps", steps = "max_steps",
    work_dir = "dir", load_from = "load", val_interval = "evaluate_every_n_epochs",
    val_dataloader = "eval_dataloader", test_dataloader = "eval_dataloader",
    restore_options = "restore", fast_dev_run = "dry_run",
    num_sanity_val_steps = "sanity_eval_steps",
  }
  return declaration
end

options.train = declared("tnt.train", {
  "train_dataloader", max_epochs = NONE, max_steps = NONE, max_time = NONE,
  max_steps_per_epoch = NONE, min_epochs = NONE, min_steps = NONE, overfit_batches = NONE,
})
options.evaluate = declared("tnt.evaluate", {
  "eval_dataloader", max_steps_per_epoch = NONE, name = NONE,
})
options.predict = declared("tnt.predict", {
  "predict_dataloader", max_steps_per_epoch = NONE, name = NONE, collect = false,
})
options.fit = declared("tnt.fit", {
  "train_dataloader", "eval_dataloader", max_epochs = NONE, max_steps = NONE, max_time = NONE,
  max_train_steps_per_epoch = NONE, max_eval_steps_per_epoch = NONE,
  evaluate_every_n_steps = NONE, evaluate_every_n_epochs = NONE, evaluate_when = NONE,
  evaluate_unchanged = true, sanity_eval_steps = NONE, min_epochs = NONE, min_steps = NONE,
  overfit_batches = NONE,
})

local function is_count(value)
  return type(value) == "number" and value >= 0 and (value % 1 == 0 or value == math.huge)
end

-- These may be a part of the loader as well: 0.1.
local parts = {
  max_steps_per_epoch = true, max_train_steps_per_epoch = true, max_eval_steps_per_epoch = true,
}

local function check_count(who, given, name)
  local value = given[name]
  if value == nil or is_count(value) then return end
  if parts[name] and type(value) == "number" and value > 0 and value < 1 then return end
  errors.raise("argument", "%s: %s must be a whole number from 0 on%s or math.huge, got %s", who,
    name, parts[name] and ", a part of the loader (0.1)," or "", tostring(value))
end

local counts = {
  "max_epochs", "max_steps", "max_steps_per_epoch", "max_train_steps_per_epoch",
  "max_eval_steps_per_epoch", "evaluate_every_n_steps", "evaluate_every_n_epochs", "min_epochs",
  "min_steps", "sanity_eval_steps", "overfit_batches",
}

-- 0 and endless are off.
local switches = {
  "evaluate_every_n_steps", "evaluate_every_n_epochs", "sanity_eval_steps", "overfit_batches",
}

-- The steps a unit must have, and what is told where it lacks one.
local needed = {
  train = { "train_step" }, evaluate = { "eval_step" }, predict = { "predict_step" },
  fit = { "train_step", "eval_step" },
}

local function check_unit(who, entry, unit)
  if type(unit) ~= "table" or class.is_class(unit) or not unit.train_progress then
    errors.raise("argument", "%s: expected a unit (an instance of a class that extends "
      .. "tnt.TrainUnit, tnt.EvalUnit, tnt.PredictUnit or tnt.AutoUnit), got %s", who,
      class.is_class(unit) and "the class " .. tostring(unit) .. "; call it to make a unit"
      or tostring(class.of(unit) or type(unit)))
  end
  for _, step in ipairs(needed[entry]) do
    if type(unit[step]) ~= "function" then
      errors.raise("argument", "%s: the unit %s has no %s(state, batch)", who,
        tostring(class.of(unit)), step)
    end
  end
end

local function check_minima(who, read)
  for _, of in ipairs { "epochs", "steps" } do
    local least, most = read["min_" .. of], read["max_" .. of]
    if least and most and least > most then
      errors.raise("argument", "%s: min_%s (%s) is above max_%s (%s)", who, of, tostring(least), of,
        tostring(most))
    end
  end
end

-- One batch, or a few, of everything once: limits are those of the dry run, and nothing is written.
local function make_dry(who, entry, unit, read)
  local n = read.dry_run
  if n == true then n = 1 end
  if n == false or n == 0 then n = nil end
  read.dry_run = n
  if n == nil then return end
  if type(n) ~= "number" or n < 1 or n % 1 ~= 0 then
    errors.raise("argument", "%s: dry_run is true or a number of batches from 1 on, got %s", who,
      tostring(n))
  end
  read.loggers, read.resume, read.max_time, read.sanity_eval_steps = nil, nil, nil, nil
  read.max_steps_per_epoch, read.max_eval_steps_per_epoch = n, n
  if entry == "train" or entry == "fit" then
    local progress = unit.train_progress
    read.max_epochs, read.max_steps = progress.num_epochs_completed + 1, nil
    read.max_steps_per_epoch = progress.num_steps_completed_in_epoch + n
    read.max_train_steps_per_epoch = read.max_steps_per_epoch
    read.min_epochs, read.min_steps = nil, nil
    read.evaluate_every_n_steps, read.evaluate_every_n_epochs, read.evaluate_when = nil, 1, nil
  end
end

local function check_timer(who, timer)
  if timer == false then return nil end
  if timer ~= nil and (type(timer) ~= "table" or class.is_class(timer)
    or type(timer.add) ~= "function") then
    errors.raise("argument", "%s: timer is a tnt.Timer, such as tnt.Timer {kind = 'bounded'}, got "
      .. "%s", who, class.is_class(timer) and "the class; call it to make one" or type(timer))
  end
  return timer
end

--- Checks the arguments of an entry point.
--- Errors: argument.
---@param entry string  "train", "evaluate", "predict" or "fit"
---@param unit table
---@param given table   as the user wrote it
---@return table options  every known name; off is nil
function options.read(entry, unit, given)
  local who = "tnt." .. entry
  check_unit(who, entry, unit)
  if type(given) ~= "table" or getmetatable(given) ~= nil or #given > 0 then
    errors.raise("argument", "%s: the form is %s(unit, {%s = ..., ...})", who, who,
      options[entry].required[1])
  end
  local read = class.read(who, options[entry], given)
  for _, name in ipairs(counts) do check_count(who, read, name) end
  local time = read.max_time
  if time ~= nil and not (type(time) == "number" and time >= 0) then
    errors.raise("argument", "%s: max_time is a number of seconds from 0 on, got %s", who,
      tostring(time))
  end
  check_minima(who, read)
  make_dry(who, entry, unit, read)
  read.timer = check_timer(who, read.timer)
  if (entry == "train" or entry == "fit")
    and not (read.max_epochs or read.max_steps or read.max_time) then
    errors.raise("argument", "%s: a limit is missing: max_epochs, max_steps or max_time (seconds); "
      .. "math.huge is endless", who)
  end
  if entry == "fit" then
    if read.evaluate_when and (read.evaluate_every_n_steps or read.evaluate_every_n_epochs) then
      errors.raise("argument", "%s: evaluate_when decides alone; leave out evaluate_every_n_steps "
        .. "and evaluate_every_n_epochs", who)
    elseif read.evaluate_when ~= nil and type(read.evaluate_when) ~= "function" then
      errors.raise("argument", "%s: evaluate_when is a function (state, at), got %s", who,
        type(read.evaluate_when))
    end
    if not read.evaluate_when and read.evaluate_every_n_epochs == nil then
      read.evaluate_every_n_epochs = 1
    end
    read.max_steps_per_epoch = read.max_train_steps_per_epoch
  end
  if (read.resume == "auto" or read.resume == "best") and not read.dir then
    errors.raise("argument", "%s: resume = '%s' looks in dir; give dir, or a path", who,
      read.resume)
  end
  if read.restore ~= nil then require("tnt.checkpoint.choice").read(read.restore) end
  for _, name in ipairs { "dir", "resume", "load", "name" } do
    if read[name] == false then read[name] = nil end
    if read[name] ~= nil and type(read[name]) ~= "string" then
      errors.raise("argument", "%s: %s must be a string, got %s", who, name, type(read[name]))
    end
  end
  for _, name in ipairs(switches) do
    if read[name] == 0 or read[name] == math.huge then read[name] = nil end
  end
  return read
end

return options
