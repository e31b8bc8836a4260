-- What of a checkpoint is taken: the option `restore` of the loops and of tnt.checkpoint.restore. A
-- choice makes a table of contents smaller, so that whoever applies it need not know of choices.

local class = require "tnt.class"
local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local NONE = class.NONE

---@class tnt.checkpoint.RestoreOptions
---@field modules boolean|nil     weights, averaged ones too. All of these default to true
---@field optimizers boolean|nil  their states, and gradients of an open window
---@field schedules boolean|nil
---@field train_progress boolean|nil    counters; without them the position in the epoch, the
---  evaluation that was due and the name of the run are left too: counting begins anew
---@field eval_progress boolean|nil
---@field predict_progress boolean|nil
---@field hooks boolean|nil       states of hooks
---@field random boolean|nil      the random stream
---@field strict boolean|nil      false: names that are missing or too many are no error
---@field match string|nil        a Lua pattern: only weights whose state name it is found in
---@field rename {[1]: string, [2]: string}[]|nil  gsub pairs for the saved names of weights

local choice = {}

local declaration = class.declaration("restore", {
  modules = true, optimizers = true, schedules = true, train_progress = true, eval_progress = true,
  predict_progress = true, hooks = true, random = true, strict = true, match = NONE, rename = NONE,
})
declaration.renamed = {
  restore_modules = "modules", restore_optimizers = "optimizers",
  restore_lr_schedulers = "schedules", restore_train_progress = "train_progress",
  restore_eval_progress = "eval_progress", restore_predict_progress = "predict_progress",
  lr_schedulers = "schedules",
  init_optim_states = "nothing (optimizers make the state they are given)",
}

--- Reads the options.
--- Errors: argument.
---@param options tnt.checkpoint.RestoreOptions|nil
---@return tnt.checkpoint.RestoreOptions
function choice.read(options)
  if options ~= nil and (type(options) ~= "table" or getmetatable(options) ~= nil) then
    errors.raise("argument", "restore: expected a table such as {optimizers = false}, got %s",
      type(options))
  end
  local o = class.read("restore", declaration, options or {})
  for name, value in sorted(o) do
    if name == "match" then
      if type(value) ~= "string" or not pcall(string.find, "", value) then
        errors.raise("argument", "restore: match must be a Lua pattern such as '^encoder%%.', "
          .. "got %s", tostring(value))
      end
    elseif name == "rename" then
      if type(value) ~= "table" then
        errors.raise("argument", "restore: rename must be a list of {pattern, replacement}, got %s",
          type(value))
      end
    elseif type(value) ~= "boolean" then
      errors.raise("argument", "restore: %s must be true or false, got %s", name, tostring(value))
    end
  end
  return o
end

local function has(object, method) return type(object[method]) == "function" end

local function is_progress(name) return name:find "_progress$" ~= nil end

--- What a stateful object of a unit is: "modules", "optimizers", "schedules", or "other" (progress,
--- metrics, anything else).
---@param object table
---@return string
function choice.kind(object)
  if has(object, "parameters") or has(object, "swap") then return "modules" end
  if type(object.param_groups) == "table" then return "optimizers" end
  local members = type(object.names) == "table" and object or nil -- a tnt.Set
  if members and members[1] then
    local kind = choice.kind(members[1])
    return kind ~= "modules" and kind or "other"
  end
  return has(object, "step") and "schedules" or "other"
end

-- A module's state in which the saved values that are wanted stand for the present ones.
local function merged_state(object, saved, o, who)
  local present, state, unknown = object:state_dict(), {}, {}
  for name, value in sorted(present) do state[name] = value end
  for name, value in sorted(saved) do
    local new = name
    for i, rule in ipairs(o.rename or {}) do
      if type(rule) ~= "table" or type(rule[1]) ~= "string" or type(rule[2]) ~= "string" then
        errors.raise("argument", "restore: rename[%d] must be {pattern, replacement}", i)
      end
      new = new:gsub(rule[1], rule[2])
    end
    if not o.match or new:find(o.match) then
      if present[new] ~= nil then
        state[new], present[new] = value, false
      else
        unknown[#unknown + 1] = new
      end
    end
  end
  if not o.strict then return state end
  local missing = {}
  for name, value in sorted(present) do
    if value and (not o.match or name:find(o.match)) then missing[#missing + 1] = name end
  end
  if #missing + #unknown > 0 then
    errors.raise("format", "restore: the saved weights do not fit %s%s%s; strict = false takes "
      .. "what fits", who, #missing > 0 and "; missing: " .. table.concat(missing, ", ") or "",
      #unknown > 0 and "; unexpected: " .. table.concat(unknown, ", ") or "")
  end
  return state
end

local function is_whole(o) return o.strict and not o.match and not o.rename end

--- Loads weights into a module as the options say.
--- Errors: format, as its load_state_dict; and when strict and names do not fit.
---@param field string  for messages: the unit's field
---@param module table
---@param saved table
---@param o tnt.checkpoint.RestoreOptions  as `read` gives them
function choice.load_module(field, module, saved, o)
  if not is_whole(o) then saved = merged_state(module, saved, o, "unit." .. field) end
  module:load_state_dict(saved)
end

local function copied(t)
  local copy = {}
  for key, value in sorted(t or {}) do copy[key] = value end
  return copy
end

-- Without a phase's counters its open epoch is left too.
local function forget_phase(contents, phase)
  contents.loaders, contents.running = copied(contents.loaders), copied(contents.running)
  contents.loaders[phase], contents.running[phase] = nil, nil
  if phase == "train" then
    contents.boundary, contents.open, contents.run, contents.unit = nil, nil, nil, nil
  end
end

--- The part of a checkpoint's contents that the options want. Nothing given is changed.
--- Errors: argument; format, where strict weights do not fit.
---@param contents table  of a run's checkpoint
---@param unit table
---@param options tnt.checkpoint.RestoreOptions|nil
---@return table contents
function choice.of(contents, unit, options)
  if options == nil or type(contents.app) ~= "table" then return contents end
  local o = choice.read(options)
  local chosen, objects = copied(contents), unit:app_state()
  chosen.app = copied(contents.app)
  for name, saved in sorted(contents.app) do
    local object = objects[name]
    local kind = object and choice.kind(object)
    if is_progress(name) and o[name] == false or kind and o[kind] == false then
      chosen.app[name] = nil
    elseif object and has(object, "parameters") and not is_whole(o) then
      chosen.app[name] = merged_state(object, saved, o, "unit." .. name)
    end
  end
  for _, phase in ipairs { "train", "eval", "predict" } do
    if o[phase .. "_progress"] == false then forget_phase(chosen, phase) end
  end
  if not o.optimizers then chosen.unit = nil end
  if not o.hooks then chosen.hooks = {} end
  if not o.random then chosen.random = nil end
  -- What is missing now was left out, and is no mistake.
  chosen.is_partial = true
  if o.strict and not contents.is_partial then
    for name, object in sorted(objects) do
      if has(object, "parameters") and o.modules and contents.app[name] == nil then
        errors.raise("format", "restore: the checkpoint has no weights for unit.%s; strict = false "
          .. "leaves it as it is", name)
      end
    end
  end
  return chosen
end

--- Takes out of a checkpoint what an evaluation or prediction does not change: modules, optimizers
--- and schedules.
---@param contents table  changed
---@param unit table
function choice.without_trained(contents, unit)
  local app = {}
  for name, object in sorted(unit:app_state()) do
    if choice.kind(object) == "other" then app[name] = contents.app[name] end
  end
  contents.app, contents.unit, contents.hyper, contents.is_partial = app, nil, nil, true
end

return choice
