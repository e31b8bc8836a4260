local hook = require "tnt.hook"
local class = require "tnt.class"

local function message(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

local function names_of(listeners)
  local names = {}
  for i = 1, listeners.n do names[i] = listeners.selfs[i].name end
  return names
end

describe("hook", function()
  local Unit = class.new "Unit"

  it("lists only who defines an event, the unit first, then priority, then list order", function()
    local function nothing() end
    local function named(name, priority, event)
      return { name = name, priority = priority, [event or "on_train_step_end"] = nothing }
    end
    local last = named("checkpoint", 0)
    last.runs_last = true
    local list = {
      last, named "b", false, named("low", "LOW"), named("a", 50), named("first", 0),
      named("other", 10, "on_train_start"), named("lowest", "lowest"),
    }
    local unit = Unit()
    unit.name, unit.on_train_step_end = "unit", nothing
    local tables = hook.dispatch(unit, (hook.order(list)))
    assert.same({ "unit", "first", "b", "a", "low", "lowest", "checkpoint" },
      names_of(tables.on_train_step_end))
    assert.same({ "other" }, names_of(tables.on_train_start))
    assert.equal(0, tables.on_eval_end.n)
  end)

  it("lets a name without phase serve every phase that has no special one", function()
    local calls = {}
    local object = {
      on_step_end = function() calls[#calls + 1] = "general" end,
      on_eval_step_end = function() calls[#calls + 1] = "eval" end,
      on_predict_step_end = false,
    }
    local tables = hook.dispatch(Unit(), { object })
    for _, phase in ipairs(hook.phases) do
      hook.call(tables["on_" .. phase .. "_step_end"], {}, {})
    end
    assert.same({ "general", "eval" }, calls) -- false is not nil: it switches off
  end)

  it("refuses misspelt events, also of a class and of the unit, and MMEngine's names", function()
    assert.matches("hooks[1] (hook): unknown event 'on_train_step_ends'; did you mean "
      .. "'on_train_step_end'?", message(hook.order, { { on_train_step_ends = print } }), 1, true)
    local Mine = hook.Hook:extend "Mine"
    Mine.on_epok_end = print
    assert.matches("hooks[2] (Theirs): unknown event 'on_epok_end'; did you mean 'on_epoch_end'?",
      message(hook.order, { {}, Mine:extend "Theirs"() }), 1, true)
    local Wrong = Unit:extend "Wrong"
    Wrong.on_trian_start = print
    assert.matches("Wrong: unknown event 'on_trian_start'",
      message(hook.dispatch, Wrong(), {}), 1, true)
    assert.matches("the event after_train_iter is called on_train_step_end here",
      message(hook.order, { { after_train_iter = print } }), 1, true)
    assert.matches("on_train_end must be a function, got number",
      message(hook.order, { { on_train_end = 5 } }), 1, true)
  end)

  it("refuses lists that are none", function()
    assert.matches("expected a list of hooks, got one Hook",
      message(hook.order, hook.Hook()), 1, true)
    assert.matches("hooks = {{on_train_end = ...}}",
      message(hook.order, { on_train_end = print }), 1, true)
    assert.matches("got the class Hook; call it", message(hook.order, { hook.Hook }), 1, true)
    assert.matches("hooks[2]: a second hook named 'x'",
      message(hook.order, { { name = "x" }, { name = "x" } }), 1, true)
    for _, wrong in ipairs { 101, -1, 0 / 0, {}, "normale" } do
      message(hook.order, { { priority = wrong } })
    end
  end)

  it("turns MMEngine's words into numbers", function()
    assert.equal(50, hook.priority "NORMAL")
    assert.equal(10, hook.priority "very_high")
    assert.equal(70, hook.priority(70))
  end)

  it("makes declared options fields and saves state under name, else class and number", function()
    local Early = hook.Hook:extend("Early", { "monitor", patience = 3 })
    Early.saved = { "best", "bad" }
    local a, b = Early("loss"), Early("loss", { patience = 5, priority = 10, name = "mine" })
    local c = Early { "loss", priority = 1 }
    assert.equal("loss", a.monitor)
    assert.equal(5, b.patience)
    local ordered, saved_as = hook.order { a, b, c }
    assert.same({ c, b, a }, ordered)
    assert.same({ "Early 2", "mine", "Early 1" }, saved_as)
    a.best, a.bad = 0.5, 2
    local state = hook.state_dict(a)
    assert.same({ best = 0.5, bad = 2 }, state)
    hook.load_state_dict(b, state)
    assert.equal(2, b.bad)
    assert.is_nil(hook.state_dict {})
    local own = {
      state_dict = function() return { 1 } end,
      load_state_dict = function(self, s) self.s = s end,
    }
    hook.load_state_dict(own, hook.state_dict(own))
    assert.same({ 1 }, own.s)
  end)

  it("lets undeclared hook classes take any arguments", function()
    local Free = hook.Hook:extend "Free"
    function Free:init(a, b) self.a, self.b = a, b end
    assert.equal(7, Free(3, 7).b)
  end)

  it("declares events of one's own", function()
    assert.matches("begins with on_", message(hook.event, "mine"), 1, true)
    assert.matches("on_step_end is taken", message(hook.event, "on_step_end"), 1, true)
    hook.event "on_spec_only"
    hook.event "on_spec_only"
    local got
    local object = { on_spec_only = function(_, _, _, a, b) got = { a, b } end }
    hook.call(hook.dispatch(Unit(), hook.order { object }).on_spec_only, {}, {}, 1, 2)
    assert.same({ 1, 2 }, got)
  end)
end)
