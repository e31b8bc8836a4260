local Job = require "tnt.checkpoint.job"
local folder = require "tnt.checkpoint.folder"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local Unit = tnt.TrainUnit:extend "Unit"
function Unit:init() self.weight = { value = 0 } end
function Unit:train_step()
  self.weight.value = self.weight.value + 1
  if self.fails_at == self.weight.value then error("cut off", 0) end
end
function Unit:app_state()
  local weight = self.weight
  return { train_progress = self.train_progress, weight = {
    state_dict = function() return { value = weight.value } end,
    load_state_dict = function(_, state) weight.value = state.value end,
  } }
end

local function train(unit, writer, given)
  local options = { train_dataloader = { 1, 2, 3, 4, 5 }, max_epochs = 1, dir = dir, bar = false,
    hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2,
      writer = writer } } }
  for key, value in pairs(given or {}) do options[key] = value end -- order: free
  return tnt.train(unit, options)
end

-- Everything in a table instead of on a disk: how small a whole writer can be.
local function memory_writer()
  local stored, order = {}, {}
  local writer = { stored = stored, order = order, links = {}, calls = {} }
  function writer.prepare(self, path) self.folder = self.folder or path end
  function writer.start(self, path, name, contents, about)
    local entry = { path = path .. "/" .. name, name = tnt.checkpoint.parse_name(name),
      run = about.run, metric = about.metric, value = about.value }
    return {
      path = entry.path, name = name,
      is_done = function() return true end,
      wait = function()
        stored[entry.path] = contents
        order[#order + 1] = entry
        self.last = entry.path
      end,
    }
  end
  function writer.list(_, path)
    local list = {}
    for _, entry in ipairs(order) do
      if stored[entry.path] and entry.path:sub(1, #path) == path then list[#list + 1] = entry end
    end
    return list
  end
  function writer.remove(_, path) stored[path] = nil end
  function writer.link(self, _, link, name) self.links[link] = name end
  function writer.latest(self) return self.last, "nothing yet" end
  function writer.read(_, path) return stored[path] end
  return writer
end

local function names(writer)
  local list = {}
  for i, entry in ipairs(writer:list(dir)) do list[i] = entry.name.text end
  return list
end

describe("tnt.checkpoint.Writer", function()
  it("may be one's own, from a table of functions; resume reads with it #tiny", function()
    local writer = memory_writer()
    local unit = Unit()
    unit.fails_at = 4
    assert.is_false((pcall(train, unit, writer,
      { hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1, keep_last_n = 2,
        writer = writer, save_on_exception = false } } })))
    assert.same({ "epoch_0_train_step_2", "epoch_0_train_step_3" }, names(writer))
    assert.equal(dir .. "/checkpoints", writer.folder)
    assert.same({}, folder.list(dir .. "/checkpoints")) -- nothing on the disk
    local again = Unit()
    train(again, writer, { resume = "auto" })
    assert.equal(5, again.weight.value)
    assert.same({ "epoch_0_train_step_5", "epoch_1_train_step_5" }, names(writer))
    local third = Unit()
    train(third, writer, { resume = dir .. "/checkpoints/epoch_0_train_step_5" })
    assert.equal(5, third.weight.value)
  end)

  it("may be a class that extends it", function()
    local Noting = tnt.checkpoint.Writer:extend "Noting"
    function Noting:init() self.noted = {} end
    function Noting:start(path, name, contents, about)
      self.noted[#self.noted + 1] = name
      return tnt.checkpoint.Writer.start(self, path, name, contents, about)
    end
    local writer = Noting()
    train(Unit(), writer)
    assert.equal(6, #writer.noted)
    assert.equal("epoch_1_train_step_5", tnt.checkpoint.latest(dir):match "[^/]*$")
    assert.equal(2, #tnt.checkpoint.list(dir))
  end)

  it("has one write in flight, and is told of none before it is durable", function()
    local open, most, announced = 0, 0, 0
    local writer = memory_writer()
    local start = writer.start
    function writer.start(self, ...)
      local job = start(self, ...)
      open = open + 1
      most = math.max(most, open)
      local polls, wait = 0, job.wait
      function job.is_done()
        polls = polls + 1
        return polls > 2
      end
      function job.wait()
        wait()
        open = open - 1
      end
      return job
    end
    train(Unit(), writer, { hooks = { tnt.hooks.Checkpoint { save_every_n_train_steps = 1,
      writer = writer }, { on_checkpoint_save = function(_, _, _, path)
        assert.is_table(writer.stored[path])
        announced = announced + 1
      end } } })
    assert.same({ 1, 6, 0 }, { most, announced, open })
  end)

  it("says which function is no writer's", function()
    for text, writer in pairs { -- order: free
      ["did you mean 'start'"] = { strat = print }, ["got string"] = "s3",
      ["the class Writer; call it"] = tnt.checkpoint.Writer,
    } do
      local ok, err = pcall(tnt.hooks.Checkpoint, { writer = writer })
      assert(not ok and err.kind == "argument" and err.message:find(text, 1, true), tostring(err))
    end
  end)
end)

describe("a job", function()
  it("is durable when it has been waited for", function()
    local where = folder.of(dir)
    folder.make(where)
    local about = { run = "r", progress = "p" }
    local job = Job.start(where, "epoch_0_step_1", { a = 1 }, about)
    job:wait()
    assert.is_true(folder.is_checkpoint(job.path))
    local second = Job.start(where, "epoch_0_step_1", { a = 2 }, about)
    assert.equal("epoch_0_step_1..2", second.name)
    second:wait()
  end)
end)
