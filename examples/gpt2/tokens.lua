-- A file of token ids, two bytes each, as nanoGPT's prepare.py writes them (train.bin, val.bin).
-- The file is mapped, not read: it may be larger than memory. A sample is `block` tokens and the
-- same shifted by one. Source: karpathy/nanoGPT, data/openwebtext/prepare.py and train.py.

local ffi = require "ffi"
local tnt = require "tnt"
local class = require "tnt.class"
local errors = require "tnt.errors"
local philox = require "tnt.data.philox"

ffi.cdef [[
void *tnt_tokens_map(void *at, size_t bytes, int protection, int flags, int file, int64_t offset)
  __asm__("mmap64");
int tnt_tokens_unmap(void *at, size_t bytes) __asm__("munmap");
int tnt_tokens_open(const char *path, int flags, ...) __asm__("open64");
int tnt_tokens_close(int file) __asm__("close");
]]
local C = ffi.C
local PROT_READ, MAP_SHARED = 1, 1 -- <sys/mman.h> on Linux; O_RDONLY is 0

local Tokens = class.new("Tokens", { "path", "vocab", block = 1024 })

local function map(path, bytes)
  local file = C.tnt_tokens_open(path, 0)
  local at = file >= 0 and C.tnt_tokens_map(nil, bytes, PROT_READ, MAP_SHARED, file, 0)
  if file >= 0 then C.tnt_tokens_close(file) end
  if not at or ffi.cast("intptr_t", at) == -1 then
    errors.raise("io", "tokens: %s cannot be mapped", path)
  end
  return ffi.gc(at, function(p) C.tnt_tokens_unmap(p, bytes) end)
end

--- Errors: io, when the file cannot be read; format, when its bytes are no whole number of tokens,
--- or too few for one block; argument.
function Tokens:init(o)
  for _, name in ipairs { "vocab", "block" } do
    if type(o[name]) ~= "number" or o[name] < 1 or o[name] % 1 ~= 0 then
      errors.raise("argument", "tokens: %s is a whole number from 1, got %s", name,
        tostring(o[name]))
    end
  end
  local file, problem = io.open(o.path, "rb")
  if not file then errors.raise("io", "tokens: %s", problem) end
  local bytes = file:seek "end"
  file:close()
  if not bytes or bytes >= 2 ^ 53 then errors.raise("io", "tokens: %s is no file", o.path) end
  if bytes % 2 ~= 0 then
    errors.raise("format", "tokens: %s has %.0f bytes, expected two for each token", o.path, bytes)
  elseif bytes / 2 <= o.block then
    errors.raise("format", "tokens: %s has %.0f tokens, too few for a block of %d and the token "
      .. "after it; choose a smaller block", o.path, bytes / 2, o.block)
  end
  self.path, self.vocab, self.block, self.length = o.path, o.vocab, o.block, bytes / 2
  self.map = map(o.path, bytes)
end

--- How many blocks there are, one from every start that has a token after its block.
function Tokens:size() return self.length - self.block end

--- Copies the blocks that begin at some positions (from 1).
--- Errors: argument, when one is out of range; format, when the file holds an id beyond the
--- vocabulary, naming its place.
---@return {x: tnt.Tensor, y: tnt.Tensor} batch  i64 [#starts, block]; y is x shifted by one
function Tokens:get_many(starts)
  local block, vocab, last = self.block, self.vocab, self:size()
  local x = tnt.empty({ #starts, block }, { dtype = "i64" })
  local y = tnt.empty({ #starts, block }, { dtype = "i64" })
  local to_x = ffi.cast("int64_t *", x:data_ptr())
  local to_y = ffi.cast("int64_t *", y:data_ptr())
  local tokens = ffi.cast("const uint16_t *", self.map)
  for k = 1, #starts do
    local start = starts[k]
    if type(start) ~= "number" or start < 1 or start > last or start % 1 ~= 0 then
      errors.raise("argument", "tokens: a block cannot begin at %s; starts go from 1 to %.0f",
        tostring(start), last)
    end
    local from, row = tokens + (start - 1), (k - 1) * block
    for t = 0, block do
      local id = from[t]
      if id >= vocab then
        errors.raise("format", "tokens: %s: token %.0f is %d, beyond the vocabulary of %d",
          self.path, start + t, id, vocab)
      end
      if t < block then to_x[row + t] = id end
      if t > 0 then to_y[row + t - 1] = id end
    end
  end
  return { x = x, y = y }
end

function Tokens:get(start)
  local batch = self:get_many { start }
  return { x = batch.x:select(1, 1), y = batch.y:select(1, 1) }
end

--- The positions of an epoch of `count` blocks, for a loader: drawn at random with replacement
--- ("random"), or blocks that follow each other without overlap ("sequential"), where each epoch
--- goes on behind the one before and the file begins anew at its end. The same for the same epoch
--- and seed, so that a run resumes where it stood.
---@param order "random"|"sequential"
---@param count integer
function Tokens:positions(order, count)
  if order ~= "random" and order ~= "sequential" then
    errors.unknown("tokens", "order", order, { "random", "sequential" })
  end
  local starts, block = self:size(), self.block
  local blocks = math.floor((self.length - 1) / block)
  return {
    size = function() return count end,
    order = function(_, epoch, seed)
      local list, stream = {}, philox.stream(seed, epoch, 0, 0)
      for i = 1, count do
        list[i] = order == "random" and stream:int(starts)
          or (epoch * count + i - 1) % blocks * block + 1
      end
      return list
    end,
  }
end

return Tokens
