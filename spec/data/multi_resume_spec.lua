-- A MultiDataLoader resumed at every position: by itself, and in a run from the files it left.

local lfs = require "lfs"
local tnt = require "tnt"
local message = require "tnt.loop.message"
local nest = require "tnt.loop.nest"
local sets = require "spec.data.sample_sets"
local sorted = require "tnt.sorted"
local text_of = require "spec.data.text_of"

local DataLoader, MultiDataLoader = tnt.data.DataLoader, tnt.data.MultiDataLoader

-- A loader as somebody may write it: a position, and no epochs. With `draws` its batches are drawn
-- from the program's own random numbers.
local function own_loader(n, draws)
  local at, start = 0, 0
  return {
    iterate = function()
      at, start = start, 0
      return function()
        if at == n then return nil end
        at = at + 1
        return { i = at, noise = draws and tnt.rand(2) or nil }
      end
    end,
    state_dict = function() return { at = at } end,
    load_state_dict = function(_, state) start, at = state.at, state.at end,
  }
end

local function counting(n)
  return function()
    local i = 0
    return function()
      i = i + 1
      return i <= n and i or nil
    end
  end
end

-- Seeds are not given: a resumed loader has them from its state.
local function members(case, draws)
  local loaders = {
    ["1"] = DataLoader(sets.Augmented(5), { batch_size = 2, shuffle = true }), list = { 10, 20 },
    inner = MultiDataLoader({
      x = DataLoader({ 1, 2, 3 }, { shuffle = true }), y = { 5 },
    }, "random", {}),
  }
  if not case.is_sized then
    loaders["b/c.d"], loaders.fn = own_loader(2, draws), counting(3)
  end
  if case.with_endless then
    loaders.endless = tnt.data.endless(DataLoader({ 1, 2, 3, 4, 5, 6, 7 }, { shuffle = true }))
  end
  return loaders
end

local CASES = {
  { "round_robin", "all_exhausted" },
  { "round_robin", "smallest_exhausted", with_endless = true,
    order = { "list", "1", "endless", "1", "fn", "b/c.d", "endless", "inner" } },
  { "all_batches", "all_exhausted" },
  { "all_batches", "smallest_exhausted", with_endless = true },
  { "all_batches", "restart_until_all_exhausted" },
  { "random", "all_exhausted" },
  { "random", "smallest_exhausted", with_endless = true },
  { "random", "restart_until_all_exhausted" },
  { "random", "all_exhausted", is_sized = true }, -- the loop knows the epoch's last step
  { "random", "wrap_around", with_endless = true, steps_per_epoch = 9 },
  { "in_order", "all_exhausted", order = { "fn", "1", "b/c.d", "list", "1", "inner" } },
}

local function made(case, draws)
  return MultiDataLoader(members(case, draws), case[1],
    { stopping_mechanism = case[2], iteration_order = case.order })
end

-- Texts of the batches of three epochs, each cut where the case says, from the position on that
-- `multi` has. Calls `each` after every batch.
local function read(case, multi, from, each)
  local texts, epoch, in_epoch = {}, from and from.epoch or 0, from and from.in_epoch or 0
  while epoch < 3 do
    multi:set_epoch(epoch)
    for batch in multi:iterate() do
      in_epoch = in_epoch + 1
      texts[#texts + 1] = text_of(batch)
      if each then each(#texts, { epoch = epoch, in_epoch = in_epoch }) end
      if in_epoch == case.steps_per_epoch then break end
    end
    epoch, in_epoch = epoch + 1, 0
  end
  return texts
end

-- The checkpoints of a run of n steps, one after each at least: paths -> steps.
local function checkpoints(dir, n)
  local steps, is_there = {}, {}
  for name in lfs.dir(dir .. "/checkpoints") do
    local step = tonumber(name:match "train_step_(%d+)")
    if step then steps[dir .. "/checkpoints/" .. name], is_there[step] = step, true end
  end
  assert.equal(n, #is_there)
  return sorted(steps)
end

describe("a MultiDataLoader", function()
  local sink, warnings
  before_each(function()
    sink, warnings = message.sink, {}
    message.sink = function(level, text)
      if level == "warning" then warnings[#warnings + 1] = text end
    end
  end)
  after_each(function() message.sink = sink end)

  local function check_warnings()
    for _, text in ipairs(warnings) do -- of the function and the list: a function is read again
      assert.truthy(text:find "loader 'fn': it has no state_dict.*skipping the %d+ batches", text)
    end
  end

  for i, case in ipairs(CASES) do
    local title = case[1] .. ", " .. case[2] .. (case.is_sized and ", of known size" or "")

    it("resumes at every position: " .. title, function()
      tnt.seed(4)
      local multi = made(case, true)
      local saved = {}
      local whole = read(case, multi, nil, function(n, at)
        local random = require "tnt.loop.snapshot".random_state()
        saved[n] = { state = nest.copy(multi:state_dict()), at = at, random = random }
      end)
      assert.is_true(#whole >= 6)
      for n = 1, #whole do
        tnt.seed(100 + n)
        local resumed = made(case, true)
        resumed:load_state_dict(saved[n].state)
        assert.same(saved[n].state, resumed:state_dict())
        require "tnt.loop.snapshot".set_random_state(saved[n].random)
        local at = saved[n].at
        if at.in_epoch == case.steps_per_epoch then at = { epoch = at.epoch + 1, in_epoch = 0 } end
        assert.same({ unpack(whole, n + 1) }, read(case, resumed, at), n)
      end
      check_warnings()
    end)

    it("resumes a run at every step: " .. title, function()
      local dir = os.tmpname()
      os.remove(dir)
      local Unit = tnt.TrainUnit:extend "Unit"
      function Unit:train_step(_, batch) self.texts[#self.texts + 1] = text_of(batch) end
      -- Every other case is read a batch ahead; then a checkpoint's random numbers are those after
      -- the batch ahead, so no loader may draw from them.
      local prefetch = i % 2 == 0
      local function run(seed, options)
        tnt.seed(seed)
        local unit = Unit()
        unit.texts, unit.enable_prefetch = {}, prefetch
        options.train_dataloader, options.max_epochs = made(case, not prefetch), 2
        options.max_steps_per_epoch, options.bar = case.steps_per_epoch, false
        return unit, tnt.train(unit, options)
      end
      local unit = run(4, {
        dir = dir,
        hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = false } },
      })
      for path, step in checkpoints(dir, #unit.texts) do
        local resumed = run(100 + step, { resume = path })
        assert.same({ unpack(unit.texts, step + 1) }, resumed.texts, path)
      end
      os.execute("rm -rf '" .. dir .. "'")
      check_warnings()
    end)
  end

  it("trains and evaluates in fit, with worker threads, to the same weights", function()
    local dir = os.tmpname()
    os.remove(dir)
    local Unit = tnt.AutoUnit:extend "Unit"
    function Unit:compute_loss(_, batch)
      local losses = {}
      for _, name in ipairs { "a", "b" } do
        if batch[name] then losses["loss_" .. name] = self.module(batch[name].x):pow(2):mean() end
      end
      return losses
    end
    local function run(seed, options)
      tnt.seed(seed)
      local module = tnt.nn.Linear(3, 2)
      local unit = Unit { module = module, optimizer = tnt.optim.SGD(module:parameters(),
        { lr = 0.1 }) }
      local a = DataLoader(sets.Augmented(5), { batch_size = 2, shuffle = true, num_workers = 1 })
      local b = DataLoader(sets.Augmented(3), { batch_size = 1, shuffle = true })
      options.train_dataloader = MultiDataLoader({ a = a, b = b }, "random",
        { stopping_mechanism = "restart_until_all_exhausted", weights = { a = 1, b = 2 } })
      options.eval_dataloader = MultiDataLoader({
        a = DataLoader(sets.Augmented(2), { seed = 1 }), b = DataLoader(sets.Augmented(1), {}),
      }, "all_batches")
      options.max_steps, options.evaluate_every_n_steps, options.bar = 12, 4, false
      local result = tnt.fit(unit, options)
      options.train_dataloader:close()
      return text_of { module.weight:detach(), module.bias:detach() }, result
    end
    local weights, result = run(1, {
      dir = dir,
      hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = false } },
    })
    assert.equal(12, result.progress.num_steps_completed)
    for path in checkpoints(dir, 12) do
      assert.equal(weights, (run(2, { resume = path })), path)
    end
    os.execute("rm -rf '" .. dir .. "'")
    assert.same({}, warnings)
  end)
end)
