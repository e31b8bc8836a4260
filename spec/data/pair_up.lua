-- A collate function that workers find by name.

local tnt = require "tnt"

return function(samples)
  local sum = 0
  for _, sample in ipairs(samples) do sum = sum + sample.i end
  return { sum = tnt.tensor(sum), count = #samples, draw = tnt.data.rng():uniform() }
end
