-- What an operation costs the host on a card: an add of one element, until it is given to the card
-- (host) and until it is done; a chain of 51 small operations forward and backward, as usual and
-- captured.
package.path = "scripts/benches/?.lua;" .. package.path
local card = require "card"
local clock = require "clock"
local tnt = require "tnt"
local scope = require "tnt.scope"

local CALLS = card.size(500, 50) -- below what a card takes before the host has to wait
local a, b = tnt.ones({ 1 }, { device = card.device }), tnt.ones({ 1 }, { device = card.device })
local function adds()
  local token = scope.open "scope"
  for _ = 1, CALLS do local _ = a + b end
  scope.close(token)
end

-- Median seconds of `work`, without the wait for the card and with it.
local function times(work, warm_up, rounds)
  local host, all = {}, {}
  for i = 1, warm_up + rounds do
    local start = clock.now()
    work()
    local given = clock.now()
    card.synchronize()
    if i > warm_up then
      table.insert(host, given - start)
      table.insert(all, clock.now() - start)
    end
  end
  table.sort(host)
  table.sort(all)
  local middle = math.ceil(rounds / 2)
  return host[middle], all[middle]
end

local before
local function report(name, calls, work, warm_up, rounds)
  times(work, warm_up, 1)
  before = card.allocations()
  local host, all = times(work, 1, rounds)
  print(("%s_host %.1f ns"):format(name, host / calls * 1e9))
  print(("%s_done %.1f ns"):format(name, all / calls * 1e9))
  print(("%s_driver_allocations %d in %d rounds"):format(name, card.allocations() - before,
    rounds + 1))
end

report("add_1_element", CALLS, adds, card.size(200, 3), card.size(200, 5))

local options = { device = card.device }
local x = tnt.full({ 1024 }, 0.5, options)
local w, c = tnt.ones({ 1024 }, options), tnt.zeros({ 1024 }, options)
w:requires_grad_(true)
c:requires_grad_(true)
local function chain(h)
  for _ = 1, 17 do h = (h * w + c):tanh() end
  h:sum():backward()
end
local function steps()
  for _ = 1, 5 do
    local token = scope.open "step"
    chain(x)
    w.grad, c.grad = nil, nil
    scope.close(token)
  end
end
report("chain_51", 5 * 51, steps, card.size(50, 3), card.size(200, 5))

if card.is_card then
  local graph = tnt.Graph { function(h)
    w.grad, c.grad = nil, nil
    chain(h)
  end, device = card.device }
  local function replays()
    for _ = 1, 5 do graph:run(x) end
  end
  report("chain_51_captured", 5 * 51, replays, card.size(50, 3), card.size(200, 5))
end
