-- Saves checkpoints: at the intervals of its policy, when an evaluation was the best so far, at the
-- end, when a signal comes and when something raises. A writer's thread brings them to the disk; a
-- checkpoint counts, is announced, and lets older ones go only when it is durable.

local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local choice = require "tnt.checkpoint.choice"
local dist = require "tnt.dist"
local errors = require "tnt.errors"
local folder = require "tnt.checkpoint.folder"
local hook = require "tnt.hook"
local message = require "tnt.loop.message"
local name = require "tnt.checkpoint.name"
local Policy = require "tnt.checkpoint.policy"
local Shelf = require "tnt.checkpoint.shelf"
local sorted = require "tnt.sorted"
local Writer = require "tnt.checkpoint.writer"

local NONE = class.NONE
local LONG_WAIT = 1 -- seconds; told once

---@class tnt.hooks.Checkpoint.Options: tnt.checkpoint.Policy.Options
---@field dir string|nil                   default: the run's dir
---@field save_every_n_train_steps integer|nil
---@field save_every_n_epochs integer|nil  of training; with no interval at all: 1
---@field save_every_n_eval_steps integer|nil     in fit, too: within an evaluation
---@field save_every_n_eval_epochs integer|nil    at the end of evaluations
---@field save_every_n_predict_steps integer|nil
---@field save_every_minutes number|nil    looked at after each step
---@field keep_last_n integer|false|nil    default 3; false: all
---@field best table|nil  {monitor = "eval_loss", mode = "min", keep_n = 1}: an evaluation that is
---  better than the keep_n best so far is saved at once
---@field async boolean|nil  false: training waits until each checkpoint is written
---@field save_on_exception boolean|nil  default true
---@field policy table|nil   functions that stand for those of tnt.checkpoint.Policy
---@field writer table|nil   functions that stand for those of tnt.checkpoint.Writer

--- Training writes to <dir>/checkpoints/<name>. A save at a step or epoch is taken before the
--- evaluation that is due there, unless `best` monitors a value of that evaluation. At the end of
--- training one is always there.
---
--- Evaluations and predictions of their own change no weights: their checkpoints hold where they
--- stand, stay all, and go to <dir>/evaluate/checkpoints and <dir>/predict/checkpoints. A
--- prediction saves at its end, too. `resume = "auto"` goes on in one that was cut off.
---
--- When something raises, what was done since the last checkpoint is saved to
--- <dir>/exception/checkpoints, and only there, because it may be what is wrong (weights that are
--- nan): `latest` stays where it was, and `resume = "<dir>/exception"` goes on with it. A step that
--- raised half-way has done what it has done, and its batch counts as read.
---
--- Errors: argument; io, at the boundary after a save that failed (a full disk): the older
--- checkpoints are as they were.
---@class tnt.hooks.Checkpoint: tnt.Hook
---@overload fun(options: tnt.hooks.Checkpoint.Options|nil): tnt.hooks.Checkpoint
local Checkpoint = hook.Hook:extend("Checkpoint", {
  dir = NONE, save_every_n_train_steps = NONE, save_every_n_epochs = NONE,
  save_every_n_eval_steps = NONE, save_every_n_eval_epochs = NONE,
  save_every_n_predict_steps = NONE, save_every_minutes = NONE, keep_last_n = NONE, best = NONE,
  async = true, save_on_exception = true, policy = NONE, writer = NONE,
})

class.rename(Checkpoint, {
  save_every_n_steps = "save_every_n_train_steps", interval = "save_every_n_epochs",
  max_keep_ckpts = "keep_last_n", keep_last_n_checkpoints = "keep_last_n",
  save_best = "best = {monitor = ...}", best_checkpoint_config = "best = {monitor = ...}",
  out_dir = "dir", dirpath = "dir", async_checkpoint = "async", best_checkpoint = "best",
})

Checkpoint.runs_last = true
Checkpoint.in_dry_run = false -- nothing is written there
Checkpoint.is_checkpoint_hook = true -- for the loops: whose writer reads

local policy_options = {
  "save_every_n_train_steps", "save_every_n_epochs", "save_every_n_eval_steps",
  "save_every_n_eval_epochs", "save_every_n_predict_steps", "save_every_minutes", "keep_last_n",
  "best",
}

function Checkpoint:init()
  local given = {}
  for _, option in ipairs(policy_options) do given[option] = self[option] end
  self.policy, self.has_retention = Policy.of(given, self.policy), self.keep_last_n ~= nil
  self.writer = Writer.of(self.writer)
  if self.dir ~= nil and type(self.dir) ~= "string" then
    errors.raise("argument", "Checkpoint: dir must be a string, got %s", type(self.dir))
  end
end

local function is_training(state)
  return state.entry_point == "train" or state.entry_point == "fit"
end

-- 16 hex digits that no other run has.
local function new_run_id()
  local file = io.open("/dev/urandom", "rb")
  local bytes = file and file:read(8) or tostring(clock.wall()):sub(-8)
  if file then file:close() end
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- Takes in the checkpoint under way, of this shelf or the one beside, and announces it.
local function collect(self, state, unit, if_done)
  local path = self.shelf:collect(if_done)
  if path then hook.call(state.loop.dispatch.on_checkpoint_save, state, unit, path) end
  return path
end

-- ---- saving -------------------------------------------------------------------------------------

local function counts_of(state, unit)
  local entry = state.entry_point
  local train, eval, predict = unit.train_progress, unit.eval_progress, unit.predict_progress
  if entry == "evaluate" then
    return { epoch = eval.num_epochs_completed, eval = eval.num_steps_completed }
  elseif entry == "predict" then
    return { epoch = predict.num_epochs_completed, predict = predict.num_steps_completed }
  end
  return {
    epoch = train.num_epochs_completed, train = train.num_steps_completed,
    eval = entry == "fit" and eval.num_steps_completed or nil,
  }
end

-- The monitored value, when it was measured at this boundary: an older one says nothing about the
-- present weights.
local function fresh_metric(self)
  local fresh = self.fresh
  if not fresh then return nil end
  if not name.is_metric(fresh.value) then
    message.warn("Checkpoint: %s is %s; this checkpoint counts as one without it", fresh.full,
      tostring(fresh.value))
    return nil
  end
  return fresh
end

local function place_of(unit)
  local progress = unit.train_progress
  return progress.num_epochs_completed .. ":" .. progress.num_steps_completed
end

local function finish_the_one_before(self, state, unit)
  if not self.shelf.pending then return end
  local began = clock.now()
  collect(self, state, unit)
  local waited = clock.now() - began
  if waited > LONG_WAIT and not self.was_slow then
    self.was_slow = true
    message.warn("Checkpoint: training has waited %.1f s for the one before to be on the disk; "
      .. "save less often", waited)
  end
end

-- Starts writing, once the one before is there; `aside`: onto another shelf than the run's.
local function start(self, state, unit, aside)
  finish_the_one_before(self, state, unit)
  local contents = state:snapshot()
  contents.run = self.run
  local counts, fresh = counts_of(state, unit), not aside and fresh_metric(self) or nil
  if not is_training(state) then choice.without_trained(contents, unit) end
  self.policy:saved(state)
  self.saved_counts = name.make(counts)
  if not dist.is_main() then return end -- decided together, written by one
  local shelf = aside or self.shelf
  shelf:start(counts, contents, {
    run = self.run, progress = tostring(state.progress), metric = fresh and fresh.full,
    value = fresh and fresh.value,
  })
end

--- Saves now. With `waits`, returns when it is durable.
---@param state tnt.State
---@param unit table
---@param waits boolean|nil
function Checkpoint:save(state, unit, waits)
  start(self, state, unit)
  self.saved_place, self.is_due = place_of(unit), nil
  if waits or not self.async then collect(self, state, unit) end
end

-- ---- the beginning ------------------------------------------------------------------------------

-- Where each entry point writes below the run's folder.
local beside = { evaluate = "/evaluate", predict = "/predict" }

local function saves_here(self, state)
  local policy, entry = self.policy, state.entry_point
  if entry == "predict" or is_training(state) or policy.minutes then return true end
  return policy.eval_step ~= nil or policy.eval_epoch ~= nil or rawget(policy, "due") ~= nil
end

function Checkpoint:on_run_start(state)
  self.saved_place, self.saved_counts, self.is_due, self.fresh = nil, nil, nil, nil
  self.shelf, self.run, self.was_slow, self.has_begun = nil, nil, nil, false
  self.saves = saves_here(self, state)
  if not self.saves then
    message.warn("Checkpoint: tnt.evaluate changes no parameters and has no interval "
      .. "(save_every_n_eval_steps); nothing is saved")
    return
  end
  if not is_training(state) and (self.policy.best or self.has_retention) then
    message.warn("Checkpoint: tnt.%s saves where it stands, not weights; keep_last_n and best have "
      .. "no meaning there and are left out", state.entry_point)
  end
  local dir = self.dir or state.dir
  if not dir then
    errors.raise("argument", "Checkpoint: where to write is missing: give the run dir = '...' (it "
      .. "then writes to dir/checkpoints), or the hook its own dir")
  end
  dir = dir:gsub("(.)/+$", "%1")
  -- Only training's are judged and let go.
  self.shelf = Shelf(self.writer, folder.of(dir .. (beside[state.entry_point] or "")),
    is_training(state) and self.policy or nil)
  self.aside = dir .. "/exception"
end

function Checkpoint:on_checkpoint_load(state, unit, contents)
  if type(contents.run) == "string" then self.run = contents.run end
end

local function know_metric(self)
  local best = self.policy.best
  for _, entry in ipairs(best and self.shelf.durable or {}) do
    local full = entry.metric
    if full and (full == best.monitor or name.metric_part(full) == best.monitor
        or full:sub(-#best.monitor - 1) == "/" .. best.monitor) then
      best.full = full
    end
  end
end

local function begin(self, state)
  local is_fresh = self.run == nil
  self.has_begun, self.run = true, self.run or new_run_id()
  self.policy:saved(state) -- the clock begins
  if not dist.is_main() then return end
  local others = self.shelf:open(self.run)
  if is_fresh and is_training(state) then self.shelf:tell_others(others) end
end

function Checkpoint:on_train_start(state, unit)
  begin(self, state)
  know_metric(self)
  self.shelf:tidy()
  self.saved_counts = name.make(counts_of(state, unit))
  -- Resumed where it was saved: the end of a run that has nothing left to do saves no second one.
  local newest = state.boundary == nil and self.shelf.durable[#self.shelf.durable]
  local is_there = newest and newest.name.train == unit.train_progress.num_steps_completed
    and newest.name.epoch == unit.train_progress.num_epochs_completed or false
  if dist.sync_bool(is_there, "rank_zero") then self.saved_place = place_of(unit) end
end

-- An evaluation or prediction of its own, at its first loader.
local function begin_pass(self, state, unit)
  if not self.saves or self.has_begun or is_training(state) then return end
  begin(self, state)
  self.saved_counts = name.make(counts_of(state, unit))
end

Checkpoint.on_eval_start, Checkpoint.on_predict_start = begin_pass, begin_pass

-- ---- steps and epochs ---------------------------------------------------------------------------

-- What an epoch, of training or of an evaluation, has just given.
local function note_metric(self, state)
  local best = self.policy.best
  if not best or not is_training(state) then return end
  local value, full = state:metric(best.monitor)
  local record = state.loop.epoch_record
  if full and record and record[full] ~= nil then
    self.fresh, best.full = { full = full, value = value }, full
  end
end

Checkpoint.on_train_epoch_end = note_metric

-- Within an evaluation or prediction.
local function save_within(self, state, unit, at)
  collect(self, state, unit, true)
  if not self.policy:due(at, state, unit) then return false end
  start(self, state, unit)
  if not self.async then collect(self, state, unit) end
  return true
end

function Checkpoint:on_eval_step_end(state, unit)
  if self.saves then save_within(self, state, unit, "eval_step") end
end

function Checkpoint:on_predict_step_end(state, unit)
  if self.saves then save_within(self, state, unit, "predict_step") end
end

function Checkpoint:on_eval_epoch_end(state, unit)
  note_metric(self, state)
  if self.saves and save_within(self, state, unit, "eval_epoch") and is_training(state) then
    self.saved_place, self.is_due, self.fresh = place_of(unit), nil, nil
  end
end

function Checkpoint:on_boundary_before_evaluation(state, unit)
  collect(self, state, unit, true)
  local at = state.boundary == "step" and "train_step" or "train_epoch"
  if not self.policy:due(at, state, unit) then return end
  if self.policy.best and state:evaluation_due() then
    self.is_due = true -- comes at the end of the boundary, with the evaluation's value
  else
    self:save(state, unit)
  end
end

function Checkpoint:on_boundary_end(state, unit)
  -- What there is, only the process that writes knows.
  if self.is_due or self.fresh
    and dist.sync_bool(self.policy:is_new_best(self.shelf:all(), self.fresh), "rank_zero") then
    self:save(state, unit)
  end
  self.fresh = nil
end

-- ---- ends ---------------------------------------------------------------------------------------

local function has_news(self, state, unit)
  return self.saved_counts ~= name.make(counts_of(state, unit))
end

function Checkpoint:on_interrupt(state, unit)
  if not self.has_begun then return end
  if has_news(self, state, unit) then self:save(state, unit, true) end
  collect(self, state, unit)
end

function Checkpoint:on_train_end(state, unit)
  if self.saved_place ~= place_of(unit) then
    self.fresh = nil
    self:save(state, unit, true)
  end
  collect(self, state, unit)
  local best = self.policy.best
  if best and not best.full then
    local known = sorted.keys(state.metrics)
    message.warn("Checkpoint: nothing has logged the metric '%s' of best.monitor; there is %s",
      best.monitor, #known > 0 and table.concat(known, ", ") or "none")
  end
end

function Checkpoint:on_eval_end(state, unit)
  if not self.saves or is_training(state) then return end
  collect(self, state, unit)
end

function Checkpoint:on_predict_end(state, unit)
  if has_news(self, state, unit) then start(self, state, unit) end
  collect(self, state, unit)
end

function Checkpoint:on_exception(state, unit, err)
  if not self.has_begun or not self.save_on_exception then return end
  if type(err) == "table" and err.kind == "interrupted" then return end
  if not has_news(self, state, unit) then return end
  finish_the_one_before(self, state, unit)
  local shelf = Shelf(self.writer, folder.of(self.aside))
  if dist.is_main() then shelf:open(self.run) end
  start(self, state, unit, shelf)
  local path = shelf:collect()
  if not path then return end
  hook.call(state.loop.dispatch.on_checkpoint_save, state, unit, path)
  for _, entry in ipairs(self.writer:list(shelf.folder)) do
    if entry.path ~= path then self.writer:remove(entry.path) end
  end
  message.warn("Checkpoint: what was done since the last checkpoint is saved in %s; "
    .. "resume = '%s' goes on with it", path, self.aside)
end

-- On the way out of an error: the one under way is finished.
function Checkpoint:on_run_end(state, unit)
  if self.shelf then collect(self, state, unit) end
  -- A whole evaluation leaves nothing that "auto" would go on in.
  if self.has_begun and state.entry_point == "evaluate" and not state.traceback then
    os.remove(self.shelf.folder .. "/latest")
  end
end

return Checkpoint
