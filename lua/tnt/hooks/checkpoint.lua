-- Saves checkpoints while training: at step and epoch boundaries, by the clock, when an evaluation
-- was the best so far, at the end, and when a signal comes. A checkpoint is written by a thread;
-- it counts, is announced, and lets older ones go only when it is durable.

local check = require "tnt.check_option"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local errors = require "tnt.errors"
local folder = require "tnt.checkpoint.folder"
local hook = require "tnt.hook"
local Job = require "tnt.checkpoint.writer"
local message = require "tnt.loop.message"
local name = require "tnt.checkpoint.name"
local retention = require "tnt.checkpoint.retention"
local sorted = require "tnt.sorted"

local NONE = class.NONE
local LONG_WAIT = 1 -- seconds; told once

---@class tnt.hooks.Checkpoint.Options
---@field dir string|nil                   default: the run's dir
---@field save_every_n_train_steps integer|nil
---@field save_every_n_epochs integer|nil  of training; with none of the three: 1
---@field save_every_minutes number|nil    looked at after each train step
---@field keep_last_n integer|false|nil    default 3; false: all
---@field best table|nil  {monitor = "eval_loss", mode = "min", keep_n = 1}: an evaluation that is
---better than the keep_n best so far is saved at once
---@field async boolean|nil  false: training waits until each checkpoint is written

--- Writes to <dir>/checkpoints/<name>. A save at a step or epoch is taken before the evaluation
--- that is due there, unless `best` monitors a value of that evaluation. At the end of training one
--- is always there. Errors: argument; io, at the boundary after a save that failed (a full disk):
--- the older checkpoints are as they were.
---@class tnt.hooks.Checkpoint: tnt.Hook
---@overload fun(options: tnt.hooks.Checkpoint.Options|nil): tnt.hooks.Checkpoint
local Checkpoint = hook.Hook:extend("Checkpoint", {
  dir = NONE, save_every_n_train_steps = NONE, save_every_n_epochs = NONE,
  save_every_minutes = NONE, keep_last_n = 3, best = NONE, async = true,
})

class.rename(Checkpoint, {
  save_every_n_steps = "save_every_n_train_steps", interval = "save_every_n_epochs",
  max_keep_ckpts = "keep_last_n", keep_last_n_checkpoints = "keep_last_n",
  save_best = "best = {monitor = ...}", best_checkpoint_config = "best = {monitor = ...}",
  out_dir = "dir", dirpath = "dir",
})

Checkpoint.runs_last = true

local best_options = class.declaration("Checkpoint: best", { "monitor", mode = "min", keep_n = 1 })

function Checkpoint:init()
  for _, option in ipairs { "save_every_n_train_steps", "save_every_n_epochs" } do
    if self[option] == 0 or self[option] == false then self[option] = nil end
    if self[option] then check.count("Checkpoint", option, self[option], 1) end
  end
  if self.save_every_minutes == 0 then self.save_every_minutes = nil end
  if self.save_every_minutes then
    check.number("Checkpoint", "save_every_minutes", self.save_every_minutes, 0)
  end
  if self.keep_last_n ~= false then
    check.count("Checkpoint", "keep_last_n", self.keep_last_n, 1)
  end
  if self.dir ~= nil and type(self.dir) ~= "string" then
    errors.raise("argument", "Checkpoint: dir must be a string, got %s", type(self.dir))
  end
  if self.best then
    self.best = class.read("Checkpoint: best", best_options, self.best)
    if type(self.best.monitor) ~= "string" then
      errors.raise("argument", "Checkpoint: best.monitor must be a metric's name, got %s",
        type(self.best.monitor))
    end
    check.word("Checkpoint", "best.mode", self.best.mode, { "min", "max" })
    check.count("Checkpoint", "best.keep_n", self.best.keep_n, 1)
  end
  if not (self.save_every_n_train_steps or self.save_every_n_epochs or self.save_every_minutes) then
    self.save_every_n_epochs = 1
  end
end

local function is_training(state)
  return state.entry_point == "train" or state.entry_point == "fit"
end

-- Only one process writes.
local function is_main()
  local dist = package.loaded["tnt.dist"]
  return not (dist and dist.is_main) or dist.is_main()
end

-- 16 hex digits that no other run has.
local function new_run_id()
  local file = io.open("/dev/urandom", "rb")
  local bytes = file and file:read(8) or tostring(clock.wall()):sub(-8)
  if file then file:close() end
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- ---- durable checkpoints ------------------------------------------------------------------------

local function best_of(self)
  if not self.best or not self.best.full then return nil end
  return { monitor = self.best.full, mode = self.best.mode, keep_n = self.best.keep_n }
end

local function link_best(self)
  local best = best_of(self)
  local ranked = best and retention.ranked(self.written, best.monitor, best.mode)
  if ranked and ranked[1] and ranked[1].path ~= self.linked_best then
    folder.link(self.folder, "best", ranked[1].name.text)
    self.linked_best = ranked[1].path
  end
end

local function let_old_ones_go(self)
  local surplus = retention.surplus(self.written, self.keep_last_n or nil, best_of(self))
  local goes = {}
  for _, entry in ipairs(surplus) do
    folder.remove(entry.path) -- one that cannot be deleted is told there, and forgotten
    goes[entry] = true
  end
  local stay = {}
  for _, entry in ipairs(self.written) do
    if not goes[entry] then stay[#stay + 1] = entry end
  end
  self.written = stay
end

-- Takes in the checkpoint under way: waits for it, or with `if_done` only when it is there.
local function collect(self, state, unit, if_done)
  local pending = self.pending
  if not pending or if_done and not pending.job:is_done() then return end
  self.pending = nil
  pending.job:wait()
  local entry = pending.entry
  self.written[#self.written + 1] = entry
  link_best(self)
  let_old_ones_go(self)
  hook.call(state.loop.dispatch.on_checkpoint_save, state, unit, entry.path)
end

-- ---- saving -------------------------------------------------------------------------------------

local function counts_of(state, unit)
  return {
    epoch = unit.train_progress.num_epochs_completed,
    train = unit.train_progress.num_steps_completed,
    eval = state.entry_point == "fit" and unit.eval_progress.num_steps_completed or nil,
  }
end

-- The monitored value, when it was measured at this boundary: an older one says nothing about the
-- present weights.
local function fresh_metric(self)
  local fresh = self.best and self.fresh
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

--- Saves now. With `waits`, returns when it is durable.
---@param state tnt.State
---@param unit table
---@param waits boolean|nil
function Checkpoint:save(state, unit, waits)
  if self.pending then
    local began = clock.now()
    collect(self, state, unit)
    local waited = clock.now() - began
    if waited > LONG_WAIT and not self.was_slow then
      self.was_slow = true
      message.warn("Checkpoint: training has waited %.1f s for the one before to be on the disk; "
        .. "save less often", waited)
    end
  end
  local contents = state:snapshot()
  contents.run = self.run
  local counts, fresh = counts_of(state, unit), fresh_metric(self)
  local text = name.make(counts, fresh and fresh.full, fresh and fresh.value)
  local job = Job.start(self.folder, text, contents, {
    run = self.run, progress = tostring(unit.train_progress), metric = fresh and fresh.full,
    value = fresh and fresh.value,
  })
  self.pending = {
    job = job,
    entry = {
      path = job.path, name = name.parse(job.name), run = self.run, metric = fresh and fresh.full,
      value = fresh and fresh.value,
    },
  }
  self.saved_place, self.saved_at, self.is_due = place_of(unit), clock.now(), nil
  self.saved_counts = name.make(counts)
  if waits or not self.async then collect(self, state, unit) end
end

-- Whether the present value would be among the best kept.
local function is_new_best(self)
  local best, fresh = best_of(self), self.best and self.fresh
  if not best or not fresh or not name.is_metric(fresh.value) then return false end
  local list = {}
  for i, entry in ipairs(self.written) do list[i] = entry end
  if self.pending then list[#list + 1] = self.pending.entry end
  local present = { metric = fresh.full, value = fresh.value }
  list[#list + 1] = present
  local ranked = retention.ranked(list, best.monitor, best.mode)
  for i = 1, math.min(best.keep_n, #ranked) do
    if ranked[i] == present then return true end
  end
  return false
end

-- ---- events -------------------------------------------------------------------------------------

function Checkpoint:on_run_start(state)
  self.pending, self.saved_place, self.saved_counts = nil, nil, nil
  self.is_due, self.fresh = nil, nil
  self.written, self.run, self.linked_best, self.was_slow = {}, nil, nil, nil
  if not is_training(state) then
    message.warn("Checkpoint: tnt.%s changes no parameters; nothing is saved", state.entry_point)
    return
  end
  local dir = self.dir or state.dir
  if not dir then
    errors.raise("argument", "Checkpoint: where to write is missing: give the run dir = '...' (it "
      .. "then writes to dir/checkpoints), or the hook its own dir")
  end
  self.folder = folder.of(dir)
end

function Checkpoint:on_checkpoint_load(state, unit, contents)
  if type(contents.run) == "string" then self.run = contents.run end
end

function Checkpoint:on_train_start(state, unit)
  self.is_active = is_training(state) and is_main()
  if not self.is_active then return end
  folder.make(self.folder)
  folder.clean(self.folder)
  self.saved_at = clock.now()
  local others, is_fresh = {}, self.run == nil
  self.run = self.run or new_run_id()
  for _, entry in ipairs(folder.list(self.folder)) do
    if entry.run == self.run then
      self.written[#self.written + 1] = entry
    else
      others[#others + 1] = entry
    end
  end
  if is_fresh and #others > 0 then
    message.warn("Checkpoint: %s holds %d of other runs (%s ...); they are neither counted nor "
      .. "deleted. To go on with the last one give resume = 'auto'", self.folder, #others,
      others[#others].name.text)
  end
  if self.best then
    for _, entry in ipairs(self.written) do
      local full = entry.metric
      if full and (full == self.best.monitor or full:gsub("/", "_") == self.best.monitor
          or full:sub(-#self.best.monitor - 1) == "/" .. self.best.monitor) then
        self.best.full = full
      end
    end
  end
  let_old_ones_go(self)
  if state.boundary == nil and #self.written > 0 then
    -- Resumed where it was saved: the end of a run that has nothing left to do saves no second one.
    local newest = self.written[#self.written].name
    if newest.train == unit.train_progress.num_steps_completed
      and newest.epoch == unit.train_progress.num_epochs_completed then
      self.saved_place = place_of(unit)
    end
  end
end

-- What an epoch, of training or of an evaluation, has just given.
function Checkpoint:on_epoch_end(state)
  if not self.best or not self.is_active then return end
  local value, full = state:metric(self.best.monitor)
  local record = state.loop.epoch_record
  if full and record and record[full] ~= nil then
    self.fresh, self.best.full = { full = full, value = value }, full
  end
end

local function is_due_by_count(self, state, unit)
  local progress = unit.train_progress
  if state.boundary == "step" then
    local n = self.save_every_n_train_steps
    return n and progress.num_steps_completed % n == 0
  end
  local n = self.save_every_n_epochs
  return n and progress.num_epochs_completed % n == 0
end

local function is_due_by_clock(self)
  return self.save_every_minutes and clock.now() - self.saved_at >= 60 * self.save_every_minutes
end

function Checkpoint:on_boundary_before_evaluation(state, unit)
  if not self.is_active then return end
  collect(self, state, unit, true)
  if not (is_due_by_count(self, state, unit) or is_due_by_clock(self)) then return end
  if self.best and state:evaluation_due() then
    self.is_due = true -- comes at the end of the boundary, with the evaluation's value
  else
    self:save(state, unit)
  end
end

function Checkpoint:on_boundary_end(state, unit)
  if not self.is_active then return end
  if self.is_due or is_new_best(self) then self:save(state, unit) end
  self.fresh = nil
end

function Checkpoint:on_interrupt(state, unit)
  if not self.is_active then return end
  -- Nothing has happened since the last one?
  if self.saved_counts ~= name.make(counts_of(state, unit)) then self:save(state, unit, true) end
  collect(self, state, unit)
end

function Checkpoint:on_train_end(state, unit)
  if not self.is_active then return end
  if self.saved_place ~= place_of(unit) then
    self.fresh = nil
    self:save(state, unit, true)
  end
  collect(self, state, unit)
  if self.best and not self.best.full then
    local known = sorted.keys(state.metrics)
    message.warn("Checkpoint: nothing has logged the metric '%s' of best.monitor; there is %s",
      self.best.monitor, #known > 0 and table.concat(known, ", ") or "none")
  end
end

-- On the way out of an error: the one under way is finished, none is made.
function Checkpoint:on_run_end(state, unit)
  if self.pending then collect(self, state, unit) end
end

return Checkpoint
