-- 20,000 steps of a small unit: what is alive, and what the process holds, stay flat; and a million
-- Lua objects change nothing, since tensors are not freed by the collector.
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local function resident()
  for line in io.lines "/proc/self/status" do
    local kb = line:match "^VmRSS:%s+(%d+)"
    if kb then return tonumber(kb) * 1024 end
  end
end

-- What the collector owes is collected first: only what is alive is counted.
local function train(steps)
  tnt.seed(1)
  local net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
  local unit = tnt.AutoUnit {
    module = net,
    optimizer = tnt.optim.AdamW(net:parameters(), { lr = 1e-3 }),
    compute_loss = function(self, _, batch)
      return F.cross_entropy(self.module(batch.x), batch.y)
    end,
  }
  local set = tnt.data.tensors { x = tnt.randn(512, 64), y = tnt.randint(0, 10, { 512 }) }
  local seen = {}
  tnt.train(unit, {
    train_dataloader = tnt.data.DataLoader(set, { batch_size = 32, shuffle = true, seed = 1 }),
    max_steps = steps,
    bar = false,
    hooks = { { on_train_step_start = function(_, _, u)
      local n = u.train_progress.num_steps_completed
      if n == steps / 10 or n == steps - 1 then
        collectgarbage() collectgarbage()
        local m = tnt.memory()
        seen[#seen + 1] = { live = m.live_bytes, tensors = m.live_tensors,
          asked = m.system_allocations, rss = resident() }
      end
    end } },
  })
  return seen[1], seen[2]
end

-- Under sanitizers freed blocks go back to the system at once, and theirs is a heap of its own.
local sanitized = package.cpath:find "/build%-t?san/" ~= nil

describe("memory", function()
  local hold
  for _, crowded in ipairs { false, true } do
    it("is flat over 20,000 steps" .. (crowded and " with a million Lua objects alive" or ""),
      function()
      if sanitized then return pending "measured without sanitizers" end
      if crowded then
        hold = {}
        for i = 1, 1e6 do hold[i] = { i } end
      end
      local early, late = train(20000)
      -- a value logged is held for a step, and a few handles wait for the collector: a handful
      -- comes and goes
      assert(math.abs(late.tensors - early.tensors) <= 8,
        ("%d tensors became %d"):format(early.tensors, late.tensors))
      assert(math.abs(late.live - early.live) <= 8 * 1024,
        ("%d bytes became %d"):format(early.live, late.live))
      assert(late.asked - early.asked <= 8,
        ("the system was asked %d times more"):format(late.asked - early.asked))
      -- Lua's own heap breathes with its collector, by up to its size: 100 MB when it is crowded
      local grown = (late.rss - early.rss) / 2 ^ 20
      assert(grown < (crowded and 110 or 16), ("resident memory grew by %.1f MB"):format(grown))
      hold = hold and nil
      collectgarbage()
    end)
  end
end)
