-- Captured steps, on a real card or the emulated one: a replay computes what a call would have, and
-- what cannot be replayed is refused where it happens.
local card = require "spec.cuda.card"
local balance = require "spec.balance"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

if not card.available "captured steps" then return end

local function message(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("state", err.kind)
  return err.message
end

-- Calls a graph with each batch and gives the refusal.
local function refused(fn, batches)
  local graph = tnt.Graph { fn }
  return message(function()
    for _, batch in ipairs(batches) do graph:run(batch) end
  end)
end

local function batches(n, shape)
  local list = {}
  for i = 1, n do list[i] = tnt.full(shape or { 2, 3 }, i, { device = "cuda" }) end
  return list
end

describe("a captured function #cuda", function()
  it("gives from the fourth call on what it gave before", function()
    local w = tnt.full({ 3 }, 2, { device = "cuda" })
    local graph = tnt.Graph { function(x) return { y = (x * w):exp(), sum = (x + w):sum() } end }
    for i, x in ipairs(batches(7)) do
      local out = graph:run(x)
      assert.equal(i > 3, graph:is_captured())
      assert.near(math.exp(2 * i), out.y:mean():item(), 1e-5 * math.exp(2 * i))
      assert.near(6 * (i + 2), out.sum:item(), 1e-4)
    end
    graph:release()
    assert.is_false(graph:is_captured())
  end)

  it("gives the same tensors in every replay, whose contents it writes anew", function()
    local graph = tnt.Graph { function(x) return { y = x * 2, sum = x:sum() } end }
    local first, kept
    for i, x in ipairs(batches(6)) do
      tnt.scope(function() -- a step's: what the graph made outlives it
        local out = graph:run(x)
        if i == 4 then first, kept = out, out.sum:clone():keep() end
        if i > 4 then assert.equal(first.sum, out.sum) end
      end)
    end
    assert.equal(36, first.sum:item()) -- of the last batch
    assert.equal(12, first.y:mean():item())
    assert.equal(24, kept:item())
    graph:release()
    assert.equal(36, first.sum:item()) -- who holds them keeps their memory
  end)

  it("draws other random numbers in each replay, those that calls would draw", function()
    local function run(captured)
      tnt.seed(3)
      local fn = function(x) return F.dropout(x, 0.5, true) + x:clone():uniform_() end
      local graph = captured and tnt.Graph { fn }
      local list = {}
      for _ = 1, 6 do
        local x = tnt.ones(4, 5, { device = "cuda" })
        list[#list + 1] = (captured and graph:run(x) or fn(x)):totable()
      end
      list[#list + 1] = tnt.rand(3):totable() -- the stream goes on where it would
      return list
    end
    local want = run(false)
    assert.same(want, run(true))
    assert.not_same(want[5], want[6])
  end)

  it("writes in place, and saved tensors of before know of it", function()
    local total = tnt.zeros(3, { device = "cuda" })
    local graph = tnt.Graph { function(x) total:add_(x:sum(1)) end, writes = { total } }
    for _, x in ipairs(batches(5)) do graph:run(x) end
    assert.same({ 30, 30, 30 }, total:totable())
    local w = tnt.ones(3, { device = "cuda", requires_grad = true })
    local y = (total * w):sum()
    graph:run(batches(1)[1])
    assert.matches("changed in place", message(y.backward, y))
  end)

  it("shares its memory with other captured functions", function()
    local size = 4 * 256 * 1024
    local x, graphs = tnt.full({ 256, 1024 }, 0.5, { device = "cuda" }), {}
    local function chain(n) -- keeps n results until its end
      return function(v)
        local list = { v }
        for i = 1, n do list[i + 1] = list[i] + i end
        local sum = 0
        for i = 1, n do sum = sum + list[i + 1]:sum() end
        return sum
      end
    end
    local function reserved()
      collectgarbage()
      tnt.cuda.synchronize()
      tnt.cuda.empty_cache()
      local m = tnt.cuda.memory()
      return m.total - m.free
    end
    local before = reserved()
    local one
    for k = 1, 3 do
      graphs[k] = tnt.Graph { chain(20 + k) }
      for _ = 1, 4 do tnt.scope(function() graphs[k]:run(x) end) end
      if k == 1 then one = reserved() - before end
    end
    assert.is_true(one > 20 * size)
    assert.is_true(reserved() - before < 2 * one)
    for turn = 1, 3 do -- they write to the same places, in turn
      for k = 1, 3 do
        local n = 20 + k
        local got = graphs[k]:run(x * turn):item()
        local want = (0.5 * turn * n + n * (n + 1) * (n + 2) / 6) * 256 * 1024
        assert.near(want, got, 1e-5 * want)
      end
    end
    for k = 1, 3 do graphs[k]:release() end
    assert.is_true(reserved() - before < size)
  end)

  it("frees its memory when it is released", function()
    balance.collect()
    local before = tnt.cuda.memory().live
    local graph = tnt.Graph { function(x) return (x * 2):exp():sum() end }
    for _, x in ipairs(batches(5, { 64, 64 })) do graph:run(x) end
    graph:release()
    balance.collect()
    assert.is_true(tnt.cuda.memory().live <= before + 64 * 64 * 4 + 4096)
  end)
end)

describe("a captured function is refused #cuda", function()
  it("for a number that changes", function()
    local k = 0
    local text = refused(function(x)
      k = k + 0.001
      return x * k
    end, batches(3))
    assert.matches("mul: number 0.002 became 0.003; put it in a tensor", text, 1, true)
  end)

  it("for a number argument that changes", function()
    local k = 0
    local text = refused(function(x)
      k = k + 1
      return x:clamp(0, k)
    end, batches(3))
    assert.matches("clamp: number argument 2 was 2 and became 3", text, 1, true)
  end)

  it("for a shape that changes, in the warm-up and after it", function()
    local list = batches(2)
    list[3] = tnt.ones(4, 3, { device = "cuda" })
    assert.matches("input was f32 [2, 3] and became f32 [4, 3]",
      refused(function(x) return x:exp() end, list), 1, true)
    local n, other = 0, tnt.ones(1, 3, { device = "cuda" })
    assert.matches("exp: x was f32 [2, 3] and became f32 [1, 3]", refused(function(x)
      n = n + 1
      return (n == 3 and other or x):exp()
    end, batches(3)), 1, true)
    local graph = tnt.Graph { function(x) return x:exp() end }
    for _, x in ipairs(batches(5)) do graph:run(x) end
    assert.is_false(graph:fits(list[3]))
    assert.matches("keeps its shapes", message(graph.run, graph, list[3]))
  end)

  it("for a branch", function()
    local n = 0
    assert.matches("mul came where the step before ran add", refused(function(x)
      n = n + 1
      return n == 3 and x * x or x + x
    end, batches(3)), 1, true)
    n = 0
    assert.matches("is one more than the 1", refused(function(x)
      n = n + 1
      return n == 3 and (x + x):exp() or x + x
    end, batches(3)))
    n = 0
    assert.matches("it ended before exp", refused(function(x)
      n = n + 1
      return n == 3 and x + x or (x + x):exp()
    end, batches(3)))
  end)

  it("for a number read", function()
    assert.matches("item: a captured step runs on the card without the host",
      refused(function(x) return x:sum():item() end, batches(3)), 1, true)
    assert.matches("read: a captured step",
      refused(function(x) return x:totable() end, batches(3)), 1, true)
  end)

  it("for what the host has", function()
    local host = tnt.ones(3)
    assert.matches("to: a captured step runs on the card without the host",
      refused(function(x) return x * host:to "cuda" end, batches(3)), 1, true)
    assert.matches("to: a captured step",
      refused(function(x) return x * host:pin_memory():to "cuda" end, batches(3)), 1, true)
    assert.matches("to: a captured step",
      refused(function(x) return x * tnt.tensor(2) end, batches(3)), 1, true)
    assert.matches("write: a captured step",
      refused(function(x)
        return x * tnt.tensor({ 1, 2, 3 }, { device = "cuda" })
      end, batches(4)), 1, true)
  end)

  it("for a shape that depends on values", function()
    assert.matches("captured step", refused(function(x) return x:nonzero() end, batches(3)))
  end)

  it("for a Lua number in the batch that changes after the capture", function()
    local graph = tnt.Graph { function(batch) return batch.x * 1 end }
    local x = tnt.ones(2, { device = "cuda" })
    for _ = 1, 5 do graph:run { x = x, k = 1 } end
    assert.matches("input.k was 1 and became 2", message(graph.run, graph, { x = x, k = 2 }))
  end)

  it("at the line where it stands", function()
    local k = 0
    local graph = tnt.Graph { function(x)
      k = k + 1
      return x * k
    end }
    local list = batches(3)
    graph:run(list[1])
    graph:run(list[2])
    local ok, err = pcall(graph.run, graph, list[3])
    assert.is_false(ok)
    assert.matches("graph_spec.lua:%d+", err.where)
  end)

  it("on the CPU", function()
    local ok, err = pcall(tnt.Graph, { function() end, device = "cpu" })
    assert.is_false(ok)
    assert.equal("device", err.kind)
  end)
end)

-- A unit's run: losses of all steps, and the weights at the end.
local function train(options)
  tnt.seed(1)
  local net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout { p = 0.2 },
    nn.Linear(16, 3))
  local x, y = tnt.randn(64, 8), tnt.randint(0, 3, { 64 })
  local losses, updates = {}, 0
  net:to "cuda"
  if options.weights then
    net:to(options.weights)
    x = x:to(options.weights)
  end
  local make = options.optimizer or function(p)
    return tnt.optim.AdamW(p, { lr = 1e-2 })
  end
  local o = {
    module = net, device = "cuda", optimizer = make(net:parameters()),
    cuda_graph = options.graph, precision = options.precision, clip_grad_norm = 0.5,
    gradient_accumulation_steps = options.accumulate or 1, ema = options.ema,
    compute_loss = options.compute_loss or function(self, _, batch)
      return F.cross_entropy(self.module(batch.x), batch.y)
    end,
  }
  if options.schedule then o.schedule = options.schedule(o.optimizer) end
  local unit = (options.Unit or tnt.AutoUnit)(o)
  tnt.train(unit, {
    train_dataloader = tnt.data.DataLoader(tnt.data.tensors { x = x, y = y },
      { batch_size = options.batch or 8, shuffle = true, seed = 1 }),
    max_epochs = options.epochs or 2, bar = false,
    hooks = { {
      on_train_step_end = function(_, state)
        losses[#losses + 1] = state.step_output.loss:item()
      end,
      on_train_optimizer_step_end = function() updates = updates + 1 end,
    } },
  })
  local weights = {}
  for i, p in ipairs(net:parameters()) do weights[i] = p:totable() end
  return { losses = losses, weights = weights, updates = updates,
    counted = unit.train_progress.num_updates_completed }
end

describe("a unit with cuda_graph #cuda", function()
  local function same(options)
    local eager = train(options)
    options.graph = true
    assert.same(eager, train(options))
  end

  it("trains bit for bit as without", function() same {} end)
  it("also with SGD and momentum", function()
    same { optimizer = function(p)
      return tnt.optim.SGD(p, { lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 1e-3 })
    end }
  end)
  it("also with accumulation, whose windows have steps of three kinds", function()
    same { accumulate = 3, epochs = 4 }
  end)
  it("also in bf16", function() same { precision = "bf16" } end)
  for _, rounding in ipairs { false, true } do
    it("also with weights in bf16, " .. (rounding and "rounded at random" or "with masters"),
      function()
        same { weights = "bf16", optimizer = function(p)
          return tnt.optim.AdamW(p, { lr = 1e-2, stochastic_rounding = rounding })
        end }
      end)
  end
  it("also with a rate that a schedule changes at every update", function()
    same { schedule = function(optimizer)
      return tnt.optim.schedule.Cosine(optimizer, { T_max = 16, by = "update" })
    end }
  end)
  it("also with averaged weights", function() same { ema = { decay = 0.9 } } end)
  it("also with a last batch of another size", function() same { batch = 24, epochs = 6 } end)

  it("refuses a field that holds a tensor made in the step, with its path", function()
    local Unit = tnt.AutoUnit:extend("Keeps", {})
    local function compute_loss(self, _, batch)
      local out = self.module(batch.x)
      self.h = out:detach()
      return F.cross_entropy(out, batch.y)
    end
    local ok, err = pcall(train, { graph = true, Unit = Unit, compute_loss = compute_loss })
    assert.is_false(ok)
    assert.matches("unit.h was set again", err.message, 1, true)
  end)

  it("predicts by replays too, and each batch keeps its own results", function()
    tnt.seed(1)
    local net = nn.Sequential(nn.Linear(8, 4), nn.ReLU()):to "cuda"
    local outputs = {}
    for _, graph in ipairs { false, true } do
      local list = {}
      local First = tnt.AutoPredictUnit:extend("First", {})
      function First.move_data_to_device(_, _, batch) return batch[1]:to "cuda" end
      local unit = First { net, cuda_graph = graph, device = "cuda" }
      tnt.seed(2)
      local loader = tnt.data.DataLoader(tnt.data.tensors { tnt.randn(30, 8) }, { batch_size = 4 })
      tnt.predict(unit, { predict_dataloader = loader, bar = false,
        hooks = { { on_predict_step_end = function(_, state)
          list[#list + 1] = state.step_output:keep()
        end } } })
      for i, t in ipairs(list) do list[i] = t:totable() end
      outputs[#outputs + 1] = list
    end
    assert.equal(8, #outputs[1])
    assert.same(outputs[1], outputs[2])
  end)

  it("refuses what it does not go together with", function()
    local ok, err = pcall(train, { graph = true, precision = "f16" })
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("cuda_graph wants precision", err.message)
    local unit = tnt.AutoPredictUnit { nn.Linear(2, 2), cuda_graph = true }
    ok, err = pcall(tnt.predict, unit, { predict_dataloader = { tnt.ones(1, 2) }, bar = false })
    assert.is_false(ok)
    assert.matches("cuda_graph wants the module on a card", err.message)
  end)
end)
