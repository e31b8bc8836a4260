local balance = require "spec.balance"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

require "spec.cuda.card" -- the emulated one, where there is no other

local Unit = tnt.TrainUnit:extend "Unit"
function Unit:train_step() return tnt.zeros(1000, 100):sum() end
function Unit:eval_step() return tnt.zeros(100, 100):sum() end

local function run(hooks, options)
  local given = {
    train_dataloader = { 1, 2, 3, 4 }, eval_dataloader = { 1 }, max_epochs = 1,
    evaluate_every_n_steps = 2, evaluate_every_n_epochs = 0, hooks = hooks, bar = false,
  }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return pcall(tnt.fit, Unit(), given)
end

describe("EmptyCache", function()
  balance.file(setup, teardown)

  it("empties the cache every n steps, evaluations' counted", function()
    if package.cpath:find("/build-san/", 1, true) then
      return pending "under sanitizers nothing is cached"
    end
    local cached = {}
    local probe = { priority = "lowest", on_step_end = function(_, state)
      cached[#cached + 1] = ("%s %d %s"):format(state.active_phase,
        state.progress.num_steps_completed, tnt.memory().cached_bytes > 0 and "full" or "empty")
    end }
    assert(run { tnt.hooks.EmptyCache(3), probe })
    -- Steps are train 1 and 2, eval 1, train 3 and 4, eval 2. What a step holds is cached when it
    -- ends, after its events.
    assert.equal("eval 1 empty", cached[3])
    assert.equal("train 4 full", cached[5])
    assert.equal("eval 2 empty", cached[6])
  end)

  it("empties the card's, too #cuda", function()
    local there, reason = tnt.cuda.is_available()
    if not there then return pending("there is no card: " .. reason) end
    local OnCard, bytes = tnt.TrainUnit:extend "OnCard", 2 ^ 26
    function OnCard:train_step() tnt.zeros(bytes / 4, { device = self.device }):free() end
    local function cached_after(hooks)
      local unit, cached = OnCard(), {}
      unit.device = "cuda"
      tnt.cuda.empty_cache()
      hooks[#hooks + 1] = { priority = "lowest", on_step_end = function()
        cached[#cached + 1] = tnt.cuda.memory().cached >= bytes
      end }
      tnt.train(unit, { train_dataloader = { 1, 2, 3, 4 }, max_epochs = 1, bar = false,
        hooks = hooks })
      return cached
    end
    assert.same({ true, true, true, true }, cached_after {})
    assert.same({ true, false, true, false }, cached_after { tnt.hooks.EmptyCache(2) })
  end)

  it("refuses options that make no sense", function()
    for _, every in ipairs { 0, 1.5, "2" } do
      assert.equal("argument", scratch.failure(tnt.hooks.EmptyCache, every).kind)
    end
    assert.equal("argument", scratch.failure(tnt.hooks.EmptyCache).kind)
  end)
end)
