-- The digits of data/ as data sets: local train, test = dofile "examples/digits/digits.lua" ().
-- The split is random, but always the same: 1,437 images to train on, 360 to test with.

local tnt = require "tnt"

local folder = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"

--- Reads the digits.
---@return table train  image: f32 [1, 8, 8] in [0, 1]; label: i64 from 0 to 9
---@return table test
return function()
  local all = tnt.data.idx(folder .. "data/images-idx3-ubyte.gz",
    folder .. "data/labels-idx1-ubyte.gz", { scale = 1 / 16, channel = true })
  return tnt.data.split(all, { 1437, 360 }, { seed = 0 })
end
