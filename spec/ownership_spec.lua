-- Programs people really write, each with the outcome that core.md section 1 demands: who owns
-- what, for how long, and which mistakes are errors at the first step or call.

local tnt = require "tnt"
local balance = require "spec.balance"
local program = require "spec.ownership.program"
local batches, unit_with, train, refused = program.batches, program.unit_with, program.train,
  program.refused
local module_with = program.module_with
local nn = tnt.nn

describe("a program", function()
  balance.file(setup, teardown)
  after_each(function() assert.equal(0, require("tnt.core").context.depth) end)

  it("RNN: self.h = h:detach() works", function()
    balance.of(function()
      local w = tnt.full({ 3, 3 }, 0.1):requires_grad_()
      local unit = train(unit_with {
        train_step = function(self, _, x)
          local h = (self.h and x + self.h or x):matmul(w):tanh()
          h:sum():backward()
          w.grad = nil
          self.h = h:detach()
        end,
      }, 6)
      assert.is_true(unit.h:is_alive())
      assert.is_false(unit.h.requires_grad)
      assert.equal(2, unit.h:size(1))
    end)
  end)

  it("LSTM: self.state = {h, c} is an error at step 1 that names the path", function()
    balance.of(function()
      local steps = 0
      refused("released", { "unit.state[", "tnt.keep" }, train, unit_with {
        train_step = function(self, _, x)
          steps = steps + 1
          self.state = { x:tanh():detach(), x:sigmoid():detach() }
        end,
      })
      assert.equal(1, steps)
    end)
  end)

  it("LSTM: tnt.keep {h, c} works", function()
    balance.of(function()
      local unit = train(unit_with {
        train_step = function(self, _, x) self.state = tnt.keep { x:tanh():detach(),
          x:sigmoid():detach() } end,
      })
      assert.is_true(unit.state[1]:is_alive() and unit.state[2]:is_alive())
    end)
  end)

  it("RNN without detach: error state that names the step", function()
    balance.of(function()
      local w = tnt.ones(3, 3):requires_grad_()
      refused("state", { "made in step ", "detach()" }, train, unit_with {
        train_step = function(self, _, x)
          local h = (self.h and x + self.h or x):matmul(w):tanh()
          h:sum():backward()
          self.h = h
        end,
      })
    end)
  end)

  it("self.total = self.total + loss, from 0, works and leaks nothing", function()
    balance.of(function()
      local w = tnt.ones(3):requires_grad_()
      local unit = unit_with {
        train_step = function(self, _, x) self.total = self.total + (x * w):sum() end,
      }
      unit.total = 0
      train(unit, 50)
      assert.equal(6 * 50 * 51 / 2, unit.total:item())
    end)
    local w = tnt.ones(3):requires_grad_()
    local live = {}
    local unit = unit_with {
      train_step = function(self, _, x) self.total = self.total + (x * w):sum() end,
      on_train_step_start = function() live[#live + 1] = tnt.memory().live_tensors end,
    }
    unit.total = 0
    train(unit, 40)
    assert.equal(live[3], live[40])
  end)

  it("copies for averaging made in on_train_start work", function()
    balance.of(function()
      local w = tnt.ones(3)
      local unit = train(unit_with {
        on_train_start = function(self) self.copies = { w = { w:clone() } } end,
        train_step = function(self) self.copies.w[1]:mul_(0.5):add_(w * 0.5) end,
      })
      assert.same({ 1, 1, 1 }, unit.copies.w[1]:totable())
    end)
  end)

  it("copies made lazily in a nested table are an error; :keep() is the remedy", function()
    balance.of(function()
      local w = tnt.ones(3)
      refused("released", { "unit.copies.w" }, train, unit_with {
        train_step = function() end,
        on_train_step_end = function(self) self.copies = self.copies or { w = w:clone() } end,
      })
      train(unit_with {
        train_step = function() end,
        on_train_step_end = function(self) self.copies = self.copies
          or { w = w:clone():keep() } end,
      })
    end)
  end)

  it("gradient accumulation over steps through .grad works", function()
    balance.of(function()
      local w = tnt.ones(3):requires_grad_()
      train(unit_with { train_step = function(_, _, x) (x * w):sum():backward() end }, 4)
      assert.same({ 20, 20, 20 }, w.grad:totable())
    end)
  end)

  it("losses of several steps summed, then one backward: error state, never a wrong gradient",
    function()
    balance.of(function()
      local w = tnt.ones(3):requires_grad_()
      refused("state", { "made in step " }, train, unit_with {
        train_step = function(self, _, x)
          self.sum = (self.sum or 0) + (x * w):sum()
          if self.train_progress.num_steps_completed == 2 then self.sum:backward() end
        end,
      })
      assert.is_nil(w.grad)
    end)
  end)

  local function gan(train_step)
    tnt.seed(1)
    local g, d = nn.Linear(2, 3), nn.Linear(3, 1)
    local opt_g = tnt.optim.SGD(g:parameters(), { lr = 0.1 })
    local opt_d = tnt.optim.SGD(d:parameters(), { lr = 0.1 })
    local unit = unit_with { train_step = function(self, _, real) train_step(real, g, d, opt_g,
      opt_d, self) end }
    unit.g, unit.d = g, d
    train(unit, 3)
    return g, d
  end

  it("GAN with two optimizers works", function()
    balance.of(function()
      local before
      local g = gan(function(real, g, d, opt_g, opt_d)
        before = before or g.weight:clone():keep()
        local fake = g(tnt.randn(2, 2))
        local loss_d = d(fake:detach()):sigmoid():log():mean() - d(real):sigmoid():log():mean()
        opt_d:zero_grad()
        loss_d:backward()
        opt_d:step()
        opt_g:zero_grad()
        d(fake):sigmoid():log():neg():mean():backward()
        opt_g:step()
      end)
      assert.is_false((before - g.weight):abs():sum():item() == 0)
    end)
  end)

  it("the GAN that PyTorch rejects is rejected: D changed under G's graph", function()
    balance.of(function()
      refused("state", { "changed in place" }, gan, function(real, g, d, opt_g, opt_d)
        local fake = g(tnt.randn(2, 2))
        local loss_g = d(fake):sigmoid():log():neg():mean()
        local loss_d = d(fake:detach()):sigmoid():log():mean() - d(real):sigmoid():log():mean()
        opt_d:zero_grad()
        loss_d:backward()
        opt_d:step()
        loss_g:backward()
        opt_g:step()
      end)
    end)
  end)

  it("WGAN-GP, double backward through conv, works in steps", function()
    balance.of(function()
      local conv = nn.Conv2d(1, 2, { kernel_size = 3, padding = 1 })
      local norms = {}
      train(unit_with {
        train_step = function()
          local x = tnt.randn(2, 1, 4, 4):requires_grad_()
          local g = tnt.grad(conv(x):tanh():sum(), x, { create_graph = true })
          local penalty = ((g * g):sum() - 1):square()
          penalty:backward()
          norms[#norms + 1] = conv.weight.grad:norm():item()
          conv.weight.grad, conv.bias.grad = nil, nil
        end,
      }, 3)
      assert.equal(3, #norms)
      assert.is_true(norms[1] > 0)
    end)
  end)

  it("a forward hook's acts[name] = y is read after the model; in a later step it is an error",
    function()
    balance.of(function()
      local net = nn.Sequential(nn.Linear(3, 4), nn.ReLU {})
      local acts, seen = {}, 0
      local handle = net[1]:register_forward_hook(function(_, _, y) acts.linear = y end)
      train(unit_with {
        train_step = function(_, _, x)
          if acts.linear then assert.is_false(acts.linear:is_alive()) end
          net(x)
          seen = seen + acts.linear:sum():item() * 0 + 1
        end,
      })
      assert.equal(4, seen)
      refused("released", { "released" }, function() acts.linear:sum() end)
      handle:remove()
    end)
  end)

  it("self.aux[#self.aux + 1] = l in a module is an error at its exit; a direct field works",
    function()
    balance.of(function()
      local net = module_with {
        forward = function(self, x)
          self.aux[#self.aux + 1] = x:mean()
          return x * 2
        end,
      }
      net.aux = {}
      refused("released", { "Net.aux[1]", "this call" }, train,
        unit_with { train_step = function(_, _, x) net(x) end })
      local other = module_with {
        forward = function(self, x)
          self.aux = x:mean()
          return x * 2
        end,
      }
      local sum = 0
      train(unit_with {
        train_step = function(_, _, x)
          other(x)
          sum = sum + other.aux:item()
        end,
      })
      assert.equal(10, sum)
    end)
  end)

  it("key-value cache: nested tensors are an error; a buffer allocated before and copy_ works",
    function()
    balance.of(function()
      for _, key in ipairs { "k", 1 } do
        local net = module_with {
          forward = function(self, x)
            if key == "k" then self.cache.k = x * 2 else self.cache[1] = { k = x * 2 } end
            return x
          end,
        }
        net.cache = {}
        refused("released", { key == "k" and "Net.cache.k" or "Net.cache[1].k" }, train,
          unit_with { train_step = function(_, _, x) net(x) end })
      end
      local net = module_with {
        forward = function(self, x)
          self.cache.k:narrow(1, self.at, 2):copy_(x * 2)
          self.at = self.at + 2
          return self.cache.k
        end,
      }
      net.at, net.cache = 1, { k = tnt.zeros(8, 3) }
      train(unit_with { train_step = function(_, _, x) tnt.no_grad(net, x) end })
      assert.equal(2 * 2 * 3 * (1 + 2 + 3 + 4), net.cache.k:sum():item())
    end)
  end)

  it("a memo in an upvalue is an error at call 1 that names it; a field works", function()
    balance.of(function()
      local pe
      local net = module_with {
        forward = function(_, x)
          pe = pe or tnt.ones(3)
          return x + pe
        end,
      }
      refused("released", { "upvalue `pe` of Net.forward" }, train,
        unit_with { train_step = function(_, _, x) net(x) end })
      local other = module_with {
        forward = function(self, x)
          self.pe = self.pe or tnt.ones(3)
          return x + self.pe
        end,
      }
      train(unit_with { train_step = function(_, _, x) other(x) end })
      assert.is_true(other.pe:is_alive())
    end)
  end)

  it("a memo behind a helper function of the module is found too", function()
    balance.of(function()
      local table_of
      local function positions()
        table_of = table_of or tnt.ones(3)
        return table_of
      end
      local net = module_with { forward = function(_, x) return x + positions() end }
      refused("released", { "upvalue `table_of` of upvalue `positions` of Net.forward" }, train,
        unit_with { train_step = function(_, _, x) net(x) end })
    end)
  end)

  it("a parameter and optimizer state made in the first step work", function()
    balance.of(function()
      local net = module_with {
        forward = function(self, x)
          if not rawget(self, "w") then self:register_parameter("w", tnt.ones(3)) end
          if not rawget(self, "seen") then self:register_buffer("seen", tnt.zeros(1)) end
          self.seen:add_(1)
          return x * self.w
        end,
      }
      local opt
      train(unit_with {
        train_step = function(_, _, x)
          local loss = net(x):sum()
          opt = opt or tnt.optim.AdamW(net:parameters(), { lr = 0.1 })
          opt:zero_grad()
          loss:backward()
          opt:step()
        end,
      })
      assert.equal(4, net.seen:item())
      assert.is_true(net.w:sum():item() < 3)
    end)
  end)

  it("a coroutine that yields batches releases in order, and dissolves when it holds a scope open",
    function()
    balance.of(function()
      local sum = 0
      local function generator()
        return coroutine.wrap(function()
          for i = 1, 4 do coroutine.yield(tnt.full({ 2 }, i)) end
        end)
      end
      train(unit_with { train_step = function(_, _, x) sum = sum + x:sum():item() end }, 4,
        { train_dataloader = generator })
      assert.equal(20, sum)
    end)
    balance.of(function()
      local sum = 0
      local function generator()
        return coroutine.wrap(function()
          tnt.scope(function() -- its scope is open when the step closes
            local base = tnt.ones(2)
            for i = 1, 4 do coroutine.yield(base * i) end
          end)
        end)
      end
      train(unit_with { train_step = function(_, _, x) sum = sum + x:sum():item() end }, 4,
        { train_dataloader = generator })
      assert.equal(20, sum)
    end)
  end)

  it("a batch is fetched in the scope of its step", function()
    balance.of(function()
      local fetched = setmetatable({}, {}) -- not searched
      local function loader()
        local give = batches(3)()
        return function()
          local x = give()
          fetched[#fetched + 1] = x
          return x
        end
      end
      train(unit_with { train_step = function(_, _, x) assert.is_true(x:is_alive()) end }, 3,
        { train_dataloader = loader })
      for i = 1, 3 do assert.is_false(fetched[i]:is_alive()) end
    end)
  end)

  it("a batch fetched ahead is the loader's, and passes to the step that consumes it", function()
    balance.of(function()
      local sum, lasts = 0, {}
      local X = tnt.arange(8, { dtype = "f32" }):reshape(8, 1)
      local unit = unit_with {
        train_step = function(_, state, batch)
          sum = sum + batch.x:sum():item()
          lasts[#lasts + 1] = tostring(state.last_batch)
        end,
      }
      unit.enable_prefetch = true -- the loader is asked for batch k + 1 during step k
      train(unit, nil, { train_dataloader = function()
        local i = 0
        return function()
          i = i + 1
          if i <= 4 then return { x = X:narrow(1, 2 * i - 1, 2):clone() } end
        end
      end })
      assert.equal(28, sum)
      assert.same({ "false", "false", "false", "true" }, lasts)
    end)
  end)

  it("a data set that remembers decoded samples: an error at the step's end, or :keep()", function()
    balance.of(function()
      for _, keeps in ipairs { false, true } do
        local samples = { memo = {} }
        function samples:size() return 2 end
        function samples:get(i)
          local x = self.memo[i] or tnt.full({ 3 }, i)
          if keeps then x:keep() end
          self.memo[i] = x
          return { x = x }
        end
        local unit = unit_with { train_step = function() end }
        local options = { train_dataloader = tnt.data.DataLoader(samples, { batch_size = 1 }),
          max_epochs = 2 }
        if keeps then train(unit, nil, options)
        else refused("released", { "memo[1]" }, train, unit, nil, options) end
      end
    end)
  end)
end)
