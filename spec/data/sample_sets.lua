-- Data sets of a file that `require` finds, for the specs of loaders with workers.

local class = require "tnt.class"
local errors = require "tnt.errors"
local tnt = require "tnt"

local sets = {}

--- Random numbers of both kinds in every sample, as an augmentation draws them.
sets.Augmented = class.new("Augmented", { "n", scale = 1 })
function sets.Augmented:init(o) self.n, self.scale = o.n, o.scale end
function sets.Augmented:size() return self.n end
function sets.Augmented:get(i)
  local noise = tnt.rand(3)
  local rng = tnt.data.rng()
  return { x = noise * self.scale + i, i = i, u = rng:uniform(), k = rng:int(10), name = "s" .. i }
end

--- Fails at one position, in the way that `how` says.
sets.Failing = class.new("Failing", { "n", "at", how = "object" })
function sets.Failing:init(o) self.n, self.at, self.how = o.n, o.at, o.how end
function sets.Failing:size() return self.n end
function sets.Failing:get(i)
  if i == self.at then
    if self.how == "object" then errors.raise("format", "sample %d is damaged", i) end
    if self.how == "string" then error("no sample " .. i) end
    if self.how == "table" then error({ code = 7 }) end
    if self.how == "function" then return { x = print } end
    if self.how == "nothing" then return nil end
  end
  return { x = i }
end

--- Lua's own random numbers.
sets.Dice = class.new("Dice", { "n" })
function sets.Dice:init(o) self.n = o.n end
function sets.Dice:size() return self.n end
function sets.Dice.get() return { v = math.random() } end

--- Tensors in fields: workers read the same memory.
sets.Held = class.new("Held", { "x" })
function sets.Held:init(o) self.x = o.x end
function sets.Held:size() return self.x:size(1) end
function sets.Held:get(i) return { x = self.x[i], place = tonumber(self.place(self)) } end
function sets.Held.place(self)
  return tonumber(require "ffi".cast("uintptr_t", self.x:data_ptr()))
end

--- Read one after the other.
sets.Counting = class.new("Counting", { "n", fails_at = 0 })
function sets.Counting:init(o) self.n, self.fails_at = o.n, o.fails_at end
function sets.Counting:iterate()
  local i = 0
  return function()
    i = i + 1
    if i == self.fails_at then error("no sample " .. i) end
    if i <= self.n then return { i = i, u = tnt.data.rng():uniform() } end
  end
end

--- Read one after the other, in an order of its own that rng() decides.
sets.Shuffled = class.new("Shuffled", { "n" })
function sets.Shuffled:init(o) self.n = o.n end
function sets.Shuffled:iterate()
  local order, at = tnt.data.rng():permutation(self.n), 0
  return function()
    at = at + 1
    return order[at]
  end
end

return sets
