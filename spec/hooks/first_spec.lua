-- What a new user does with hooks: one of five lines, written from what docstrings say alone, works
-- the first time, and every slip of the pen is answered with the right word.

local log = require "tnt.log"
local sorted = require "tnt.sorted"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local function fit(hooks, more)
  local net = nn.Linear(2, 2)
  local batch = { x = tnt.ones(4, 2):keep(), y = tnt.i64 { 0, 1, 0, 1 }:keep() }
  local given = { train_dataloader = { batch, batch, batch }, eval_dataloader = { batch },
    max_epochs = 4, hooks = hooks, bar = false }
  for key, value in pairs(more or {}) do given[key] = value end -- order: free
  return tnt.fit(tnt.AutoUnit {
    module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 }),
    compute_loss = function(self, _, b) return F.cross_entropy(self.module(b.x), b.y) end,
  }, given)
end

local function refusal(...)
  local ok, err = pcall(...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("a hook of five lines", function()
  it("works the first time: stops when the loss is low #tiny", function()
    local GoodEnough = {}
    function GoodEnough:on_eval_epoch_end(state)
      self.seen = (self.seen or 0) + 1
      if state.metrics["eval/loss"] < 1 and self.seen == 2 then state:stop "good enough" end
    end
    local result = fit { GoodEnough }
    assert.same({ "stopped", "good enough", 2 },
      { result.reason, result.message, result.progress.num_epochs_completed })
  end)

  it("works with options, a state in checkpoints and a metric of its own", function()
    local Counter = tnt.Hook:extend("Counter", { "name_of_metric", every = 2 })
    Counter.saved = { "count" }
    function Counter:init() self.count = 0 end
    function Counter:on_train_step_end(state)
      self.count = self.count + 1
      if state:every(self.every) then state:log(self.name_of_metric, self.count) end
    end
    local memory = log.Memory()
    fit({ Counter("counted", { every = 3 }) }, { loggers = { memory } })
    assert.same({ 3, 6, 9, 12 }, (memory:series("train/counted", "step")))
  end)

  it("is answered with the right word for every misspelt event", function()
    for _, name in ipairs(require("tnt.hook").names()) do
      local middle = math.floor(#name / 2)
      for _, slip in ipairs {
        name:sub(1, -2), name .. "s", name:sub(1, middle) .. name:sub(middle + 2),
      } do
        local text = refusal(fit, { { [slip] = print } })
        assert(text:find("unknown event '" .. slip .. "'; did you mean 'on_", 1, true), text)
        assert.matches("hooks[1]", text, 1, true)
      end
    end
    assert.matches("did you mean 'on_train_step_end'?",
      refusal(fit, { { on_trian_step_end = print } }), 1, true)
  end)

  it("is answered with the right word for every misspelt option of every hook", function()
    for name in sorted(getmetatable(tnt.hooks).modules) do
      for _, option in ipairs(tnt.class.declared(tnt.hooks[name]).names) do
        local slip = option:sub(1, -2) .. option:sub(-1):rep(2)
        assert.matches("did you mean '" .. option .. "'?",
          refusal(tnt.hooks[name], { [slip] = 1 }), 1, true)
      end
    end
  end)

  it("points to the line that called the loop when a hook of the program refuses", function()
    local Unit = tnt.TrainUnit:extend "Unit"
    function Unit.train_step() end
    local many = { tnt.hooks.EmptyLoader { threshold = 1 } }
    for i = 2, 20 do many[i] = { on_train_epoch_end = function() end } end -- 1 to 20 listeners
    for n = 1, #many do
      local line = debug.getinfo(1, "l").currentline + 1
      local ok, err = pcall(tnt.train, Unit(), {
        train_dataloader = {}, max_epochs = 1, hooks = { unpack(many, 1, n) }, bar = false })
      assert.is_false(ok)
      assert.matches("EmptyLoader", err.message, 1, true)
      assert.equal("spec/hooks/first_spec.lua:" .. line, err.where)
    end
  end)

  it("is told how to write what was written otherwise", function()
    assert.matches("hooks = {...}", refusal(fit, tnt.hooks.TrainProgress()), 1, true)
    assert.matches("call it to make a hook", refusal(fit, { tnt.hooks.TrainProgress }), 1, true)
    assert.matches("did you mean 'hooks'?", refusal(fit, nil, { hoks = {} }), 1, true)
    assert.matches("'callbacks' is called hooks here",
      refusal(fit, nil, { callbacks = {} }), 1, true)
    assert.matches("did you mean 'SlowRank'?",
      refusal(function() return tnt.hooks.SlowRnak end), 1, true)
  end)
end)
