-- Example arguments for every row of the op table, as plain data without tensors, so that the
-- scripts that ask PyTorch
-- for reference results read the same ones. Most follow from the signature; what a signature cannot
-- say stands in
-- spec/ops/listed.lua. All values are multiples of 1/64: exact in f32, f16 and bf16.
local optable = require "core.optable"
local listed = require "spec.ops.listed"

local examples = {}

examples.rows = optable.load "core/ops.lua"

-- Rows whose specs stand elsewhere.
examples.elsewhere = {
  cast = "spec/tensor/convert_spec.lua",
  uniform_ = "spec/ops/random_spec.lua", normal_ = "spec/ops/random_spec.lua",
    bernoulli_ = "spec/ops/random_spec.lua",
  randint_ = "spec/ops/random_spec.lua", randperm_ = "spec/ops/random_spec.lua",
    multinomial = "spec/ops/random_spec.lua",
  arange_ = "spec/tensor/make_spec.lua",
}

-- Numbers that come out alike in every process: Lehmer's generator (Park and Miller 1988), started
-- from the text.
local function generator(text)
  local state = 1
  for i = 1, #text do state = (state * 31 + text:byte(i)) % 2147483647 end
  for _ = 1, 3 do state = state * 16807 % 2147483647 end
  return function(lo, hi)
    state = state * 16807 % 2147483647
    return lo + state % (hi - lo + 1)
  end
end

local function count(shape)
  local n = 1
  for _, s in ipairs(shape) do n = n * s end
  return n
end

-- 64ths that keep away from halves and whole numbers, where floor and round jump; those of
-- different arguments never
-- meet, nor do two of one: no ties.
local function distinct(draw, n, argument)
  local list = {}
  for k = -250, 250 do
    local r = k % 32
    if r > 1 and r < 31 and k % 4 == argument % 4 then list[#list + 1] = k end
  end
  if n > #list then return nil end
  for i = #list, 2, -1 do
    local j = draw(1, i)
    list[i], list[j] = list[j], list[i]
  end
  return { unpack(list, 1, n) }
end

local function fill(value, row, number, g)
  local n, draw = count(value.shape), generator(row.name .. number
    .. table.concat(value.shape, "x"))
  local values
  if value.is == "ids" then
    values = {}
    for i = 1, n do
      values[i] = value.values and value.values[(i - 1) % #value.values + 1]
        or draw(0, value.below - 1)
    end
  elseif value.is == "mask" then
    values = {}
    for i = 1, n do values[i] = draw(0, 1) end
  else
    local range = value.range or row.range
    if not range and row.kinks == true and g == 1 then values = distinct(draw, n, number) end
    if not values then
      values = {}
      for i = 1, n do
        if range then values[i] = draw(math.ceil(range[1] * 64), math.floor(range[2] * 64))
        else values[i] = draw(13, 120) * (draw(0, 1) * 2 - 1) end
      end
    end
    for i = 1, n do values[i] = values[i] / 64 end
    value.positive = range ~= nil and range[1] >= 0
  end
  value.values = values
  return value
end

local builders = {}
function builders.t(shape, options)
  local value = { is = "tensor", shape = shape }
  for k, v in pairs(options or {}) do value[k] = v end -- order: free
  return value
end
function builders.ids(shape, below, values)
  return { is = "ids", shape = shape, below = below, values = values }
end
function builders.mask(shape) return { is = "mask", shape = shape } end

-- Sizes of letters; `...` stands for one dim. g enlarges the first of them.
local letters = { N = 5, C = 4, H = 3, W = 3, M = 2, K = 3, I = 3, O = 4, V = 5 }
local function shape_of(pattern, g, first)
  local shape = {}
  for item in pattern:gmatch "[%w%.]+" do
    local size = item == "..." and 2 or letters[item]
    if not size then return nil end
    if item == first then size = size * g end
    shape[#shape + 1] = size
  end
  return shape
end

-- Arguments that follow from the signature, or nil and the argument that does not tell.
local function derive(row, g, without_optional)
  local args, first = {}, nil
  for _, a in ipairs(row.args) do
    if a.pattern and not first then first = a.pattern:match "[%w%.]+" end
  end
  for i, a in ipairs(row.args) do
    if a.optional and without_optional then
      args[i] = nil
    elseif a.kind == "tensor" then
      local shape
      if a.pattern and a.pattern ~= "?" then shape = shape_of(a.pattern, g, first)
      elseif not a.pattern then shape = { 2 * g, 3 } end
      if not shape then return nil, a.name end
      args[i] = builders.t(shape)
    elseif a.kind == "mask" then
      args[i] = builders.mask { 2 * g, 3 }
    elseif a.default or a.kind == "dims" then
      args[i] = nil
    else
      return nil, a.name
    end
  end
  return args
end

--- The examples of a row: {row, n arguments, args, name, constant = {argument = true}}; an absent
--- argument is nil.
--- g > 1 makes the first tensor's first dim g times as large. With `only`, that one alone gets its
--- values.
--- Raises when a row has neither derivable nor listed ones.
function examples.of(row, g, only)
  g = g or 1
  local list = {}
  local given = listed[row.name]
  if not (given and given.only) then
    local args, what = derive(row, g)
    if not args and not given then
      error(("row %s: the example of argument %s does not follow from the signature; "
        .. "list it in spec/ops/listed.lua")
        :format(row.name, what))
    end
    if args then
      list[1] = { args = args }
      for _, a in ipairs(row.args) do
        if a.optional then
          list[2] = { args = derive(row, g, true) }
          break
        end
      end
    end
  end
  if given then
    for _, args in ipairs(given.examples(g, builders)) do
      list[#list + 1] = { args = args, constant = given.constant }
    end
  end
  for c, case in ipairs(list) do
    case.row, case.n, case.name = row, #row.args, ("%s (%d)"):format(row.name, c)
    case.constant = case.constant or {}
    for i = 1, (not only or only == c) and case.n or 0 do
      local a = case.args[i]
      if type(a) == "table" and a.is then fill(a, row, i, g)
      elseif type(a) == "table" and a[1] and type(a[1]) == "table" then
        for j, part in ipairs(a) do fill(part, row, i * 10 + j, g) end
      end
    end
  end
  return list
end

--- Rows that specs walk: all but those with a spec elsewhere and those over whole models
--- (spec/optim).
function examples.walk()
  local list = {}
  for _, row in ipairs(examples.rows) do
    local model = false
    for _, a in ipairs(row.args) do model = model or a.kind == "params" end
    if not model and not examples.elsewhere[row.name] then list[#list + 1] = row end
  end
  return list
end

--- Whether argument i of a row takes a gradient.
function examples.differentiable(case, i)
  local a, row = case.row.args[i], case.row
  if case.args[i] == nil or case.constant[a.name] then return false end
  if a.kind ~= "tensor" and a.kind ~= "list" then return false end
  if row.y then return row["d" .. a.name] ~= nil end
  return row.rule ~= nil
end

return examples
