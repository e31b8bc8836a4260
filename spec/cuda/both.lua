-- Runs the same computation on the CPU and on a card and compares.
local assert = require "luassert"
local tnt = require "tnt"
local build = require "spec.ops.build"
local card = require "spec.cuda.card"

local both = {}

both.available = card.available

--- Asserts that f(inputs...) is alike on both devices: results of one shape and dtype, values
--- within rtol (nil: equal or both NaN).
function both.alike(where, inputs, f, rtol)
  local placed = {}
  for i, x in ipairs(inputs) do placed[i] = x:to "cuda" end
  local want, got = { f(unpack(inputs)) }, { f(unpack(placed)) }
  assert.equal(#want, #got, where)
  for k, w in ipairs(want) do
    local g = got[k]
    assert.equal("cuda:0", g.device, where)
    assert.equal(w.dtype, g.dtype, where)
    assert.same(w.shape, g.shape, where)
    local difference = build.difference(build.flat(g), build.flat(w), rtol or 0, rtol or 0)
    assert.is_nil(difference, ("%s, result %d: %s"):format(where, k, difference or ""))
  end
end

--- The elements as a flat list; waits for the card.
both.list = build.flat

--- A tensor of whole numbers in lo..hi that come out alike in every process.
function both.whole(shape, lo, hi, dtype)
  tnt.seed(11)
  return tnt.empty(shape, { dtype = "i64" }):randint_(lo, hi + 1):to(dtype or "i64")
end

function both.normal(shape, dtype)
  tnt.seed(12)
  return tnt.empty(shape, { dtype = "f64" }):normal_():to(dtype or "f32")
end

return both
