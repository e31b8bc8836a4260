-- Methods made of ops, so that gradients come for nothing: reductions with other names, norms,
-- products, einsum.
local core = require "tnt.core"
local errors = require "tnt.errors"
local ops = require "tnt.ops_gen"
local tensor = require "tnt.tensor"
local methods = tensor.methods

local composed = {}

-- max(), max(d, keepdim), max(y): as PyTorch has them.
local function extreme(all, along, pair)
  return function(x, d, keepdim)
    if d == nil then return all(x) end
    if type(d) == "cdata" then return pair(x, d) end
    return along(x, d, keepdim)
  end
end
--- The maximum of all; or along d: maximum and places from 0; or elementwise with another tensor.
methods.max = extreme(ops.amax, ops.max_dim, ops.maximum)
--- The minimum of all; or along d: minimum and places from 0; or elementwise with another tensor.
methods.min = extreme(ops.amin, ops.min_dim, ops.minimum)

--- The standard deviation over dims, divided by n - correction (default 1).
---@param dims? integer|integer[]  from 1; none: all
---@param correction? number
---@param keepdim? boolean
---@return tnt.Tensor
function methods.std(x, dims, correction, keepdim)
  return ops.sqrt(ops.var(x, dims, correction, keepdim))
end

--- Whether any element is nonzero, over dims (none: all).
---@param dims? integer|integer[]  from 1; none: all
---@param keepdim? boolean
---@return tnt.Tensor  bool
function methods.any(x, dims, keepdim)
  return ops.gt(ops.sum(ops.cast(ops.ne(x, 0), core.C.TNT_I64), dims, keepdim), 0)
end
--- Whether all elements are nonzero, over dims (none: all).
---@param dims? integer|integer[]  from 1; none: all
---@param keepdim? boolean
---@return tnt.Tensor  bool
function methods.all(x, dims, keepdim)
  return ops.eq(ops.sum(ops.cast(ops.eq(x, 0), core.C.TNT_I64), dims, keepdim), 0)
end

--- The p-norm over dims (default 2; math.huge: the largest).
---@param p? number
---@param dims? integer|integer[]  from 1; none: all
---@param keepdim? boolean
---@return tnt.Tensor
function methods.norm(x, p, dims, keepdim)
  p = p or 2
  if p == math.huge then return ops.amax(ops.abs(x), dims, keepdim) end
  if p == 1 then return ops.sum(ops.abs(x), dims, keepdim) end
  if p == 2 then return ops.sqrt(ops.sum(ops.square(x), dims, keepdim)) end
  return ops.pow(ops.sum(ops.pow(ops.abs(x), p), dims, keepdim), 1 / p)
end

--- log(sum(exp(x))) over dims, without overflow.
---@param dims? integer|integer[]  from 1; none: all
---@param keepdim? boolean
---@return tnt.Tensor
function methods.logsumexp(x, dims, keepdim)
  local top = ops.amax(x:detach(), dims, true)
  top = ops.where(ops.isfinite(top), top, top:zeros_like())
  local y = ops.add(ops.log(ops.sum(ops.exp(ops.sub(x, top)), dims, true)), top)
  if keepdim then return y end
  if dims == nil then return y:reshape({}) end
  return ops.squeeze(y, dims)
end
--- Zeros of the same shape and dtype.
---@return tnt.Tensor
function methods.zeros_like(x) return tensor.make.zeros_like(x) end
--- Ones of the same shape and dtype.
---@return tnt.Tensor
function methods.ones_like(x) return tensor.make.ones_like(x) end

local matmul = ops.matmul
--- The matrix product; vectors count as a row on the left, as a column on the right. Leading dims
--- broadcast.
---@param a tnt.Tensor  [K] or [..., M, K]
---@param b tnt.Tensor  [K] or [..., K, N]
---@return tnt.Tensor
function methods.matmul(a, b)
  if type(a) ~= "cdata" then core.operand("matmul", "a", a) end
  if type(b) ~= "cdata" then core.operand("matmul", "b", b) end
  local na, nb = a:dim(), b:dim()
  if na > 1 and nb > 1 then return matmul(a, b) end
  if na == 0 or nb == 0 then
    errors.raise("shape", "matmul: tensors of at least one dim were expected, got %d and %d dims",
      na, nb)
  end
  local y = matmul(na == 1 and ops.unsqueeze(a, 1) or a, nb == 1 and ops.unsqueeze(b, 2) or b)
  if nb == 1 then y = ops.squeeze(y, -1) end
  if na == 1 then y = ops.squeeze(y, nb == 1 and -1 or -2) end
  return y
end
methods.mm = methods.matmul

--- Products of two batches of matrices.
---@param a tnt.Tensor  [N, M, K]
---@param b tnt.Tensor  [N, K, L]
---@return tnt.Tensor  [N, M, L]
function methods.bmm(a, b)
  if a:dim() ~= 3 or b:dim() ~= 3 then
    errors.raise("shape", "bmm: [N, M, K] and [N, K, L] were expected, got %d and %d dims",
      a:dim(), b:dim())
  end
  return matmul(a, b)
end

--- The inner product of two vectors.
---@param b tnt.Tensor  [K], as self
---@return tnt.Tensor  one element
function methods.dot(a, b) return ops.sum(ops.mul(a, b)) end

--- Elements of x where the mask is true, as a vector.
---@param mask tnt.Tensor  bool
---@return tnt.Tensor  [n]
function methods.masked_select(x, mask) return x[mask] end

methods.pow_ = ops.pow_
methods.le_ = nil

-- -- einsum ---------------------------------------------------------------------------------------
--- A sum of products by letters: einsum("ij,jk->ik", a, b). One or two tensors; letters that the
--- result lacks are summed.
---@param formula string
---@return tnt.Tensor
function composed.einsum(formula, ...)
  local inputs, output = formula:gsub("%s", ""):match "^([%a,]+)%->(%a*)$"
  local tensors = { ... }
  if not inputs then
    errors.raise("argument", 'einsum: a formula like "ij,jk->ik" was expected, got %q', formula)
  end
  local terms = {}
  for term in (inputs .. ","):gmatch "(%a*)," do terms[#terms + 1] = term end
  if #terms ~= #tensors then
    errors.raise("argument", "einsum: the formula names %d tensors, got %d", #terms, #tensors)
  end
  local order, seen, sizes = {}, {}, {}
  for letter in output:gmatch "%a" do
    if seen[letter] then
      errors.raise("argument", "einsum: letter %s comes twice in the result", letter)
    end
    seen[letter] = true
    order[#order + 1] = letter
  end
  local kept = #order
  for i, term in ipairs(terms) do
    local x = tensors[i]
    if x:dim() ~= #term then
      errors.raise("shape", "einsum: %q names %d dims, tensor %d has %d", term, #term, i, x:dim())
    end
    local d, have = 0, {}
    for letter in term:gmatch "%a" do
      d = d + 1
      if have[letter] then
        errors.raise("argument", "einsum: letter %s twice in %q is not supported; use diagonal()",
          letter, term)
      end
      have[letter] = true
      if sizes[letter] and sizes[letter] ~= x:size(d) then
        errors.raise("shape", "einsum: %s is %d in one tensor and %d in another", letter,
          sizes[letter], x:size(d))
      end
      sizes[letter] = x:size(d)
      if not seen[letter] then
        seen[letter] = true
        order[#order + 1] = letter
      end
    end
  end
  for letter in output:gmatch "%a" do
    if not sizes[letter] then
      errors.raise("argument", "einsum: letter %s of the result is in no tensor", letter)
    end
  end

  -- x with its dims in `letters` order; letters it lacks get size 1
  local function arrange(x, term, letters)
    local dims = {}
    for _, letter in ipairs(letters) do
      local d = term:find(letter, 1, true)
      if d then dims[#dims + 1] = d end
    end
    local y = #dims > 1 and ops.permute(x, dims) or x
    for i, letter in ipairs(letters) do
      if not term:find(letter, 1, true) then y = ops.unsqueeze(y, i) end
    end
    return y
  end

  -- one matrix product: batch letters, rows of a, columns of b, summed letters
  if #tensors == 2 then
    local batch, rows, columns, summed = {}, {}, {}, {}
    for i, letter in ipairs(order) do
      local in_a, in_b = terms[1]:find(letter, 1, true), terms[2]:find(letter, 1, true)
      if i > kept then
        if not (in_a and in_b) then -- only in one: summed before
          local k = in_a and 1 or 2
          tensors[k] = ops.sum(tensors[k], terms[k]:find(letter, 1, true))
          terms[k] = terms[k]:gsub(letter, "")
        else
          summed[#summed + 1] = letter
        end
      elseif in_a and in_b then batch[#batch + 1] = letter
      elseif in_a then rows[#rows + 1] = letter
      else columns[#columns + 1] = letter end
    end
    local function size_of(letters)
      local n = 1
      for _, letter in ipairs(letters) do n = n * sizes[letter] end
      return n
    end
    local function join(...)
      local list = {}
      for _, part in ipairs { ... } do
        for _, letter in ipairs(part) do list[#list + 1] = letter end
      end
      return list
    end
    local a = arrange(tensors[1], terms[1], join(batch, rows, summed)):reshape(size_of(batch),
      size_of(rows), size_of(summed))
    local b = arrange(tensors[2], terms[2], join(batch, summed, columns)):reshape(size_of(batch),
      size_of(summed), size_of(columns))
    local flat = join(batch, rows, columns)
    local shape = {}
    for i, letter in ipairs(flat) do shape[i] = sizes[letter] end
    return arrange(matmul(a, b):reshape(shape), table.concat(flat), { unpack(order, 1, kept) })
  end
  local y
  for i, x in ipairs(tensors) do
    local z = arrange(x, terms[i], order)
    y = y and ops.mul(y, z) or z
  end
  local gone = {}
  for d = kept + 1, #order do gone[#gone + 1] = d end
  if #gone > 0 then y = ops.sum(y, gone) end
  return y
end

tensor.composed = composed
return composed
