-- Text as characters, as nanoGPT's character models read it: the vocabulary is the file's distinct
-- bytes in order, a sample is `block` of them and the same shifted by one. Shuffled, an epoch draws
-- starts at random, with replacement; in order, it takes blocks that do not overlap.
-- Source: karpathy/nanoGPT, data/shakespeare_char/prepare.py and train.py (get_batch).

local ffi = require "ffi"
local class = require "tnt.class"
local errors = require "tnt.errors"
local sampler = require "tnt.data.sampler"
local tnt = require "tnt"

local byte_pointer, i64_pointer = ffi.typeof "uint8_t *", ffi.typeof "int64_t *"

--- A text file as blocks of character ids, each with the same shifted by one as its target.
---@class tnt.data.Chars
---@field vocabulary string[]  the characters; the one of id k is vocabulary[k + 1]
---@field vocab_size integer
---@field block integer
---@field tokens tnt.Tensor    u8 [n]: the ids of this part
local Chars = class.new("Chars",
  { "path", block = 64, split = "all", fraction = 0.9 })

local SPLITS = { "all", "eval", "train", "val" }

local function read_file(path)
  local file, problem = io.open(path, "rb")
  if not file then errors.raise("io", "chars: %s", problem) end
  local text = file:read "*a"
  file:close()
  if not text then errors.raise("io", "chars: %s: it cannot be read (a folder?)", path) end
  return text
end

local function vocabulary_of(text)
  local there, list = {}, {}
  for i = 1, #text do there[text:byte(i)] = true end
  for code = 0, 255 do
    if there[code] then list[#list + 1] = string.char(code) end
  end
  return list
end

local function ids_of(vocabulary)
  local ids = {}
  for k, char in ipairs(vocabulary) do ids[char:byte()] = k - 1 end
  return ids
end

-- From position `from` to `to` of the text.
local function tokens_of(text, ids, from, to)
  local tokens = tnt.empty({ to - from + 1 }, { dtype = "u8" }):keep()
  local data = ffi.cast(byte_pointer, tokens:data_ptr())
  for i = from, to do data[i - from] = ids[text:byte(i)] end
  return tokens
end

--- Errors: io, when the file cannot be read; format, when it is too short for one block.
---@param o {path: string, block: integer, split: "all"|"train"|"eval"|"val", fraction: number}
---split: "train" is the first `fraction` (0.9) of the text, "eval" (or "val") the rest; the
---vocabulary is always that of the whole text
function Chars:init(o)
  local known = false
  for _, split in ipairs(SPLITS) do known = known or split == o.split end
  if not known then errors.unknown("chars", "split", o.split, SPLITS) end
  if type(o.block) ~= "number" or o.block < 1 or o.block % 1 ~= 0 then
    errors.raise("argument", "chars: block is a whole number of characters from 1, got %s",
      tostring(o.block))
  elseif type(o.fraction) ~= "number" or not (o.fraction > 0 and o.fraction < 1) then
    errors.raise("argument", "chars: fraction is between 0 and 1, got %s", tostring(o.fraction))
  end
  local text = read_file(o.path)
  local border = math.floor(#text * o.fraction)
  local from, to = 1, #text
  if o.split == "train" then to = border elseif o.split ~= "all" then from = border + 1 end
  if #text == 0 then errors.raise("format", "chars: %s is empty", o.path) end
  if to - from < o.block then
    errors.raise("format", "chars: %s%s has %d characters, too few for one block of %d and the "
      .. "character after it; choose a smaller block", o.path,
      o.split == "all" and "" or (" (part '%s')"):format(o.split), to - from + 1, o.block)
  end
  self.vocabulary = vocabulary_of(text)
  self.vocab_size, self.block = #self.vocabulary, o.block
  self.tokens = tokens_of(text, ids_of(self.vocabulary), from, to)
  self.length = to - from + 1
end

--- How many blocks there are, one from every start that has a character after its block.
---@return integer
function Chars:size() return self.length - self.block end

--- The sampler a loader uses when it is given none; an epoch reads about as many characters as the
--- text has.
---@param o {shuffle: boolean}
---@return table
function Chars:sampler(o)
  local starts = self:size()
  local blocks = math.floor((self.length - 1) / self.block)
  if o.shuffle then
    return sampler.RandomSampler(starts, { replacement = true, num_samples = blocks })
  end
  local list = {}
  for k = 1, blocks do list[k] = (k - 1) * self.block + 1 end
  return list
end

--- The blocks that begin at some positions.
--- Errors: argument, when a position is out of range.
---@param starts integer[]  from 1
---@return {x: tnt.Tensor, y: tnt.Tensor} batch  i64 [#starts, block]; y is x shifted by one
function Chars:get_many(starts)
  local block, last = self.block, self:size()
  local x = tnt.empty({ #starts, block }, { dtype = "i64" })
  local y = tnt.empty({ #starts, block }, { dtype = "i64" })
  local to_x, to_y = ffi.cast(i64_pointer, x:data_ptr()), ffi.cast(i64_pointer, y:data_ptr())
  local tokens = ffi.cast(byte_pointer, self.tokens:data_ptr())
  for k = 1, #starts do
    local start = starts[k]
    if type(start) ~= "number" or start < 1 or start > last or start % 1 ~= 0 then
      errors.raise("argument", "chars: a block cannot begin at %s; starts go from 1 to %d",
        tostring(start), last)
    end
    local from, row = tokens + (start - 1), (k - 1) * block
    for t = 0, block - 1 do
      to_x[row + t] = from[t]
      to_y[row + t] = from[t + 1]
    end
  end
  return { x = x, y = y }
end

--- The block that begins at a position.
---@param start integer  from 1
---@return {x: tnt.Tensor, y: tnt.Tensor} sample  i64 [block]
function Chars:get(start)
  local batch = self:get_many { start }
  return { x = batch.x:select(1, 1), y = batch.y:select(1, 1) }
end

--- The ids of a text.
--- Errors: argument, when a character is not in the vocabulary.
---@param text string
---@return tnt.Tensor ids  i64 [#text], from 0
function Chars:encode(text)
  local ids, out = ids_of(self.vocabulary), {}
  for i = 1, #text do
    local id = ids[text:byte(i)]
    if not id then
      errors.raise("argument", "encode: character %d, %q, is not in the vocabulary of %d", i,
        text:sub(i, i), self.vocab_size)
    end
    out[i] = id
  end
  return tnt.tensor(out, { dtype = "i64" })
end

--- The text of some ids.
--- Errors: argument, when an id is out of range.
---@param ids integer[]|tnt.Tensor  from 0; a tensor with one dim
---@return string
function Chars:decode(ids)
  if tnt.is_tensor(ids) then ids = ids:totable() end
  local out = {}
  for i = 1, #ids do
    local char = self.vocabulary[tonumber(ids[i]) + 1]
    if not char then
      errors.raise("argument", "decode: id %s at place %d is out of range, the vocabulary has %d "
        .. "(from 0)", tostring(ids[i]), i, self.vocab_size)
    end
    out[i] = char
  end
  return table.concat(out)
end

return Chars
