-- What the benches of cards share: the device, sizes for a try-out, and the measuring of steps.
-- TNT_BENCH_DEVICE is another device than "cuda"; TNT_BENCH_SMALL=1 makes all of it tiny, to see
-- that it runs. card.py is the counterpart.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local loader = require "loader"
local tnt = require "tnt"

local card = {
  device = os.getenv "TNT_BENCH_DEVICE" or "cuda", small = os.getenv "TNT_BENCH_SMALL" == "1",
}
card.is_card = card.device ~= "cpu"
if card.is_card then
  local there, reason = tnt.cuda.is_available()
  if not there then
    io.stderr:write("no card: ", reason, "\n")
    os.exit(2)
  end
end

--- A size, or what stands for it in a try-out.
function card.size(full, small)
  if card.small then return small end
  return full
end

function card.synchronize()
  if card.is_card then tnt.cuda.synchronize(card.device) end
end

--- How often the driver (on the CPU: the system) was asked for memory.
function card.allocations()
  if card.is_card then return tnt.cuda.memory(card.device).allocations end
  return tnt.memory().system_allocations
end

local function peak()
  return (card.is_card and tnt.cuda.memory(card.device).peak or tnt.memory().peak_bytes) / 2 ^ 20
end

--- Between two measurements: what the one before left goes, its peak too.
function card.clear()
  collectgarbage()
  collectgarbage()
  if not card.is_card then return end
  tnt.cuda.empty_cache(card.device)
  tnt.cuda.reset_peak_memory(card.device)
end

--- Seconds of a step, the median of five rounds that each end when the card is done, and how often
--- the driver was asked meanwhile. run(n) makes n steps.
---@param run fun(n: integer)
---@param steps integer|nil  of all rounds, default 200
function card.measure(run, steps)
  steps = card.size(steps or 200, 10)
  run(card.size(15, 5)) -- the first ones fill caches and are captured
  run(card.size(15, 2))
  card.synchronize()
  local before = card.allocations()
  local seconds = clock.time(steps / 5, 5, function(n)
    run(n)
    card.synchronize()
  end)
  return seconds, card.allocations() - before, steps
end

--- Measures steps and prints their time (or with `items` a step their rate), the most memory that
--- tensors took since the last clear, and how often the driver was asked.
---@param name string
---@param run fun(n: integer)
---@param o {items: integer|nil, unit: string|nil, steps: integer|nil}
---@return number seconds
function card.report(name, run, o)
  local seconds, allocations, steps = card.measure(run, o.steps)
  if o.items then
    print(("%s %.1f %s"):format(name, o.items / seconds, o.unit))
  else
    print(("%s %.2f us"):format(name, seconds * 1e6))
  end
  print(("%s_peak_memory %.1f MB"):format(name, peak()))
  print(("%s_driver_allocations %d in %d steps"):format(name, allocations, steps))
  return seconds
end

local asked -- how often the driver was, within card.time_of; nil: it was not called

--- What is taken of the card, all told, as the driver says: with contexts, caches and whatever
--- other programs have there.
function card.report_card()
  if asked then print(("driver_allocations %d in all timed calls"):format(asked)) end
  if not card.is_card then return end
  local m = tnt.cuda.memory(card.device)
  print(("card_memory %.1f MB"):format((m.total - m.free) / 2 ^ 20))
end

--- Ends the use of a unit: what it captured holds memory until it is told to let go.
function card.release(unit) require("tnt.auto_unit.captured").release(unit) end

--- The steps of a unit on one batch that lies on the device, as run(n).
function card.steps_of(unit, batch)
  return function(n)
    tnt.train(unit, { train_dataloader = loader(batch, n), bar = false,
      max_steps = unit.train_progress.num_steps_completed + n })
  end
end

--- A unit whose batches are {x =, y =} and whose loss is the cross entropy of module(x).
function card.unit(module, optimizer, o)
  local F = tnt.nn.functional
  return tnt.AutoUnit {
    module = module, optimizer = optimizer, device = card.device, precision = o.precision,
    clip_grad_norm = o.clip, cuda_graph = o.captured and card.is_card or nil,
    memory_format = o.memory_format,
    compute_loss = function(self, _, batch)
      local logits = self.module(batch.x)
      if logits:dim() == 3 then logits = logits:flatten(1, 2) end
      return F.cross_entropy(logits, batch.y:flatten())
    end,
  }
end

--- The ways a step runs here: on the CPU there is nothing to capture.
card.ways = card.is_card and { "eager", "captured" } or { "eager" }

--- Seconds of a call of fn, whose work is given n times between two waits.
function card.time_of(fn, n)
  n = card.size(n, 2)
  local turns = {}
  for i = 1, n do turns[i] = i end
  local function run()
    for _ in tnt.steps(turns) do fn() end
    card.synchronize()
  end
  run()
  local before = card.allocations()
  local seconds = clock.time(n, card.size(5, 1), run)
  asked = (asked or 0) + card.allocations() - before
  return seconds
end

return card
