-- MNIST and its look-alikes (Fashion-MNIST, KMNIST, ...): four IDX files under their usual names.

local errors = require "tnt.errors"
local idx = require "tnt.data.idx"

local PREFIX = { train = "train", test = "t10k" }

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function find(dir, split, what)
  local tried = {}
  for _, dot in ipairs { "-", "." } do
    for _, suffix in ipairs { "", ".gz" } do
      local name = PREFIX[split] .. "-" .. what:gsub("%-", dot, 1) .. suffix
      if exists(dir .. "/" .. name) then return dir .. "/" .. name end
      tried[#tried + 1] = name
    end
  end
  errors.raise("io", "mnist: no %s of the %s part in %s; looked for %s. Get the four files (for "
    .. "example from https://ossci-datasets.s3.amazonaws.com/mnist/) and put them there",
    what:match "^%a+", split, dir, table.concat(tried, ", "))
end

--- MNIST from a folder with its files, gzipped or not.
--- Errors: io, with the names looked for, when a file is missing; format, when one is damaged.
---@param dir string
---@param split "train"|"test"|nil  default "train"
---@return tnt.data.Tensors dataset  image: f32 [1, 28, 28] in [0, 1]; label: i64 from 0 to 9
return function(dir, split)
  split = split or "train"
  if not PREFIX[split] then
    errors.unknown("mnist", "part", split, { "test", "train" })
  end
  local images = find(dir, split, "images-idx3-ubyte")
  return idx.dataset(images, find(dir, split, "labels-idx1-ubyte"),
    { scale = 1 / 255, channel = true })
end
