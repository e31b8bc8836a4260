-- Accounts of memory for specs: a file, or a program within it, ends with the bytes, tensors and
-- nodes it began with.
local tnt = require "tnt"
local scope = require "tnt.scope"
local limbo = require "tnt.scope.limbo"
local autograd = require "tnt.autograd"

local balance = {}

-- Overwrites what calls left on the stack, which the collector takes for values in use.
local function scrub(depth, ...)
  if depth > 0 then scrub(depth - 1, nil, nil, nil, nil, nil, nil, nil, nil) end
  return select("#", ...)
end
jit.off(scrub)

--- Collects all that nothing holds any more, so that counts of what is alive are exact.
function balance.collect()
  scrub(100)
  jit.flush() -- compiled code holds the closures it was specialised to
  for _ = 1, 3 do -- finalizers, then what they let go
    collectgarbage()
    limbo.search()
    autograd.drain()
  end
end

local function now()
  balance.collect()
  local m = tnt.memory()
  return { live_bytes = m.live_bytes, live_tensors = m.live_tensors, live_nodes = m.live_nodes }
end
balance.now = now

local function difference(before, after)
  for _, name in ipairs { "live_tensors", "live_bytes", "live_nodes" } do
    if before[name] ~= after[name] then
      return ("%s: %d before, %d after"):format(name, before[name], after[name])
    end
  end
end

--- Runs fn twice (the first time may load modules and fill caches) and fails when the second run
--- leaves anything behind.
function balance.of(fn)
  fn()
  local before = now()
  fn()
  local wrong = difference(before, now())
  if wrong then error(wrong, 2) end
end

--- Checks the file that calls it: balance.file(setup, teardown) within its outermost describe.
function balance.file(setup, teardown)
  local before
  setup(function() before = now() end)
  teardown(function()
    scope.dissolve_all()
    local wrong = difference(before, now())
    if wrong then error("the file did not end as it began: " .. wrong) end
  end)
end

--- Fails when live tensors or bytes grow between turn `from` and turn `to` of fn(i).
function balance.flat(fn, from, to)
  for i = 1, from do fn(i) end
  local before = now()
  for i = from + 1, to do fn(i) end
  local wrong = difference(before, now())
  if wrong then error(("after %d more turns: "):format(to - from) .. wrong, 2) end
end

return balance
