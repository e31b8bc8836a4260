-- Arguments that signatures cannot say, by op: examples(g, make) gives lists of arguments, where
-- make.t(shape),
-- make.ids(shape, below) and make.mask(shape) stand for tensors, and g enlarges the first.
-- constant: arguments without a
-- gradient. only: the signature's own example would be wrong. wrong: shapes that must be refused.
local listed = {}

local function list(name, examples, options)
  options = options or {}
  options.examples = examples
  listed[name] = options
end

-- Elementwise.
for name in ("add sub mul div pow maximum minimum remainder atan2 eq"):gmatch "%S+" do
  list(name, function(g, m) return { { m.t { 2 * g, 1, 3 }, m.t { 4, 1 } },
    { m.t {}, m.t { 2 * g } } } end)
end
for name in ("add sub mul div maximum minimum lt pow"):gmatch "%S+" do
  local before = listed[name] and listed[name].examples
  list(name, function(g, m)
    local all = before and before(g, m) or {}
    all[#all + 1] = { m.t { 2 * g, 3 }, 2 }
    all[#all + 1] = { 2, m.t { 2 * g, 3 } }
    return all
  end)
end
list("clamp", function(g, m) return { { m.t { 2 * g, 5 }, -1, 1 }, { m.t { 2 * g, 5 }, nil, 1 },
  { m.t { 2 * g, 5 }, -1 } } end)
list("leaky_relu", function(g, m) return { { m.t { 2 * g, 3 }, 0.25 } } end)
list("elu", function(g, m) return { { m.t { 2 * g, 3 }, 0.5 } } end)
list("where", function(g, m) return { { m.mask { 3 }, m.t { 2 * g, 1 }, m.t {} } } end)
list("masked_fill", function(g, m) return { { m.t { 2 * g, 3 }, m.mask { 2 * g, 3 }, 2 },
  { m.t { 2 * g, 3 }, m.mask { 3 }, 2 } } end)
list("fill", function(g, m) return { { m.t { 2 * g, 3 }, 3 } } end)
list("assign", function(g, m) return { { m.t { 2 * g, 3 }, m.t { 2 * g, 3 } },
  { m.t { 2 * g, 3 }, m.t { 3 } } } end, { only = true })

-- Reductions.
for name in ("sum mean amax amin prod"):gmatch "%S+" do
  list(name, function(g, m)
    return { { m.t { 2 * g, 3, 4 }, 1 }, { m.t { 2 * g, 3, 4 }, { 1, 3 } },
      { m.t { 2 * g, 3, 4 }, { -1, 2 }, true }, { m.t {} },
      { m.t { 2, 2, 2, 3 * g }, { 1, 3 } } }
  end)
end
list("var", function(g, m)
  return { { m.t { 2 * g, 3, 4 }, 2 }, { m.t { 2 * g, 3, 4 }, { 1, 3 }, 0, true },
    { m.t { 3, 4 * g }, -1, 1, true } }
end)
for name in ("argmax argmin"):gmatch "%S+" do
  list(name, function(g, m) return { { m.t { 2 * g, 3, 4 }, 2 },
    { m.t { 2 * g, 3, 4 }, -1, true } } end)
end
for name in ("max_dim min_dim"):gmatch "%S+" do
  list(name, function(g, m) return { { m.t { 2 * g, 3, 4 }, 2 }, { m.t { 2 * g, 3, 4 }, 1, true },
    { m.t {}, 1 } } end)
end
list("cumsum", function(g, m) return { { m.t { 2 * g, 3, 4 }, 1 }, { m.t { 2 * g, 3, 4 }, 2 },
  { m.t { 2, 3 * g }, -1 } } end)
list("flip", function(g, m) return { { m.t { 2 * g, 3, 4 }, { 1, 3 } },
  { m.t { 2 * g, 3 }, 2 } } end, { only = true })
list("sort", function(g, m) return { { m.t { 2 * g, 5 }, 1, true },
  { m.t { 2, 3, 4 * g }, 2 } } end)
list("topk", function(g, m) return { { m.t { 2 * g, 5 }, 2 },
  { m.t { 5, 3 * g }, 3, 1, false } } end)

-- Algebra.
list("matmul", function(g, m)
  return { { m.t { 3 * g, 4 }, m.t { 4, 2 } }, { m.t { 2, 1, 3 * g, 4 }, m.t { 3, 4, 2 } },
    { m.t { 1, 4 }, m.t { 4, g } },
    { m.t { 2 * g, 3, 4 }, m.t { 4, 1 } } }
end)
list("linear", function(g, m)
  return { { m.t { 3 * g, 4 }, m.t { 2, 4 }, m.t { 2 } },
    { m.t { 4 }, m.t { 2 * g, 4 }, m.t { 2 * g } }, { m.t { 4 }, m.t { 3 * g, 4 } } }
end)
for name in ("softmax log_softmax"):gmatch "%S+" do
  list(name, function(g, m) return { { m.t { 4, 3 * g }, 1 }, { m.t { 2 * g, 3, 4 }, 2 } } end)
  list(name .. "_grad", function(g, m) return { { m.t { 3 * g, 4 }, m.t { 3 * g, 4 }, -1 },
    { m.t { 2, 3, g }, m.t { 2, 3, g }, 2 } } end)
end
list("linear_grad", function(g, m)
  return { { m.t { 9 * g, 40 }, m.t { 9 * g, 24 } }, { m.t { 1, 2 }, m.t { 1, 3 * g } } }
end, { wrong = function(m) return { { m.t { 3, 2 }, m.t { 4, 2 } } } end })
list("gelu_bias_grad", function(g, m)
  return { { m.t { 3 * g, 16 }, m.t { 3 * g, 16 }, true },
    { m.t { 2 * g, 3 }, m.t { 2 * g, 3 }, false } }
end, { only = true, wrong = function(m) return { { m.t { 3, 2 }, m.t { 2, 3 }, true } } end })
list("linear_gelu", function(g, m)
  return { { m.t { 3 * g, 8 }, m.t { 16, 8 }, m.t { 16 } }, { m.t { 3 * g, 8 }, m.t { 16, 8 } } }
end, { wrong = function(m) return { { m.t { 3, 2 }, m.t { 4, 3 } },
  { m.t { 3, 2 }, m.t { 4, 2 }, m.t { 3 } } } end })
list("gelu_mlp", function(g, m) -- small ones: the wide tensor is rounded to 16 bits on a card alone
  local function t(...) return m.t({ ... }, { range = { -0.5, 0.5 } }) end
  return { { t(3 * g, 8), t(16, 8), t(16), t(8, 16), t(8) },
    { t(3 * g, 8), t(16, 8), nil, t(8, 16) },
    { t(2, g, 3), t(5, 3), t(5), t(4, 5), t(4) } }
end, { only = true, wrong = function(m) return { { m.t { 3, 2 }, m.t { 4, 2 }, nil, m.t { 5, 3 } },
  { m.t { 3, 2 }, m.t { 4, 2 }, m.t { 2 }, m.t { 5, 4 } } } end })
list("gelu_linear_grad", function(g, m)
  return { { m.t { 3 * g, 8 }, m.t { 8, 16 }, m.t { 3 * g, 16 }, true },
    { m.t { 3 * g, 8 }, m.t { 8, 16 }, m.t { 3 * g, 16 }, false },
    { m.t { 2 * g, 4 }, m.t { 4, 3 }, m.t { 2 * g, 3 }, true } }
end, { only = true, wrong = function(m)
  return { { m.t { 3, 2 }, m.t { 2, 4 }, m.t { 3, 5 }, true } }
end })
list("attention", function(g, m)
  local function heads(t) return m.t { 2, g, t, 4 } end
  return { { heads(3), heads(3), heads(3), true, 0.5, 0 },
    { heads(3), heads(5), heads(5), false, 0.25, 0.25 },
    { heads(2), heads(5), heads(5), true, 0.5, 0 } }
end, { only = true, wrong = function(m) return { { m.t { 1, 1, 3, 2 }, m.t { 1, 1, 2, 2 },
  m.t { 1, 1, 2, 2 }, true, 1, 0 } } end })
list("attention_grad", function(g, m)
  local function heads(t) return m.t { 2, g, t, 4 } end
  return { { heads(3), heads(3), heads(5), heads(5), heads(3), m.t({ 2, g, 3 },
    { range = { 2, 3 } }), true, 0.5, 0.25, 7, 3 } }
end, { only = true })
list("cross_entropy", function(g, m)
  return {
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4), nil, -100, 0, 1 },
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4), m.t({ 4 }, { range = { 0.5, 2 } }), -100, 0.25, 1 },
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4, { 3, 1, 0, 1, 2 }), nil, 1, 0.25, 1 },
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4, { 3, -100, 0, 1, 2 }),
      m.t({ 4 }, { range = { 0.5, 2 } }), -100, 0, 2 },
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4), m.t({ 4 }, { range = { 0.5, 2 } }), -100, 0.25, 0 },
    { m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4, { 0, 3, 2, 2, 0 }), nil, 2, 0, 0 },
  }
end, { only = true, constant = { w = true } })
list("cross_entropy_grad", function(g, m)
  return { { m.t({ 5 * g }, { range = { 0.5, 2 } }), m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4), nil,
    m.t({ 5 * g }, { range = { 2, 3 } }), -100, 0.25, 0 },
    { m.t({}, { range = { 0.5, 2 } }), m.t { 5 * g, 4 }, m.ids({ 5 * g }, 4),
      m.t({ 4 }, { range = { 0.5, 2 } }),
      m.t({ 5 * g }, { range = { 2, 3 } }), 1, 0, 1 } }
end, { only = true })
list("layernorm_grad", function(g, m)
  local function stat(range) return m.t({ 3 * g }, { range = range }) end
  return { { m.t { 3 * g, 4 }, m.t { 3 * g, 4 }, m.t { 4 }, stat { -0.5, 0.5 }, stat { 0.5, 2 },
    true },
    { m.t { 3 * g, 4 }, m.t { 3 * g, 4 }, nil, stat { -0.5, 0.5 }, stat { 0.5, 2 }, false } }
end, { only = true })
list("layernorm", function(g, m)
  return { { m.t { 3, 2 * g, 4 }, m.t { 4 }, m.t { 4 }, 0.125 },
    { m.t { 3 * g, 4 }, nil, m.t { 4 } }, { m.t { 5 * g }, m.t { 5 * g } } }
end)
local spread = { range = { 0.5, 2 } }
list("batchnorm_stats", function(g, m) return { { m.t { 2 * g, 3, 4 } },
  { m.t { 4 * g, 3 } } } end, { only = true })
list("batchnorm", function(g, m)
  return { { m.t { 2 * g, 3, 2, 2 }, m.t { 3 }, m.t({ 3 }, spread), m.t { 3 }, m.t { 3 }, 0.125,
    false },
    { m.t { 4 * g, 3 }, m.t { 3 }, m.t({ 3 }, spread), nil, nil, 0.125, false },
    { m.t { 4 * g, 3 }, m.t { 3 }, m.t({ 3 }, spread), m.t { 3 }, m.t { 3 }, 0.125, true },
    { m.t { 2 * g, 3, 2, 2 }, m.t { 3 }, m.t({ 3 }, spread), m.t { 3 }, nil, 0.125, true } }
end, { only = true, constant = { mean = true, var = true },
  wrong = function(m) return { { m.t { 2, 3 }, m.t { 4 }, m.t({ 3 }, spread), nil, nil, 0.125,
    false } } end })
list("batchnorm_grad", function(g, m)
  return { { m.t { 2 * g, 3, 4 }, m.t { 2 * g, 3, 4 }, m.t { 3 }, m.t({ 3 }, spread), m.t { 3 },
    0.125, true },
    { m.t { 4 * g, 3 }, m.t { 4 * g, 3 }, m.t { 3 }, m.t({ 3 }, spread), nil, 0.125, false } }
end, { only = true })
local function convolutions(pick)
  return function(g, m)
    local all = {}
    for _, c in ipairs {
      { { 2 * g, 4, 5, 5 }, { 6, 2, 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2, { 2 * g, 6, 5, 5 } },
      { { g, 2, 6, 5 }, { 3, 2, 2, 3 }, { 2, 1 }, { 0, 1 }, { 1, 2 }, 1, { g, 3, 3, 3 } },
      { { 2 * g, 3, 4, 4 }, { 3, 1, 3, 3 }, { 1 }, { 1 }, { 1 }, 3, { 2 * g, 3, 4, 4 } },
      { { g, 3, 2, 2 }, { 2, 3, 1, 1 }, { 1 }, { 0 }, { 1 }, 1, { g, 2, 2, 2 } },
    } do
      all[#all + 1] = pick(m, c)
    end
    return all
  end
end
list("conv2d", convolutions(function(m, c)
  return { m.t(c[1]), m.t(c[2]), m.t { c[2][1] }, c[3], c[4], c[5], c[6] }
end), { only = true,
  wrong = function(m) return { { m.t { 2, 3, 5, 5 }, m.t { 4, 2, 3, 3 }, nil, { 1 }, { 0 }, { 1 },
    1 },
    { m.t { 2, 3, 2, 2 }, m.t { 4, 3, 3, 3 }, nil, { 1 }, { 0 }, { 1 }, 1 } } end })
list("conv2d_dx", convolutions(function(m, c)
  return { m.t(c[7]), m.t(c[2]), c[1], c[3], c[4], c[5], c[6] }
end), { only = true })
list("conv2d_dw", convolutions(function(m, c)
  return { m.t(c[7]), m.t(c[1]), c[2], c[3], c[4], c[5], c[6] }
end), { only = true })
list("maxpool2d", function(g, m)
  return { { m.t { g, 2, 4, 4 }, { 2, 2 }, { 2, 2 }, { 0, 0 } },
    { m.t { g, 1, 5, 6 }, { 3, 2 }, { 2, 1 }, { 1, 0 } } }
end, { only = true, wrong = function(m) return { { m.t { 1, 2, 2, 2 }, { 3 }, { 1 },
  { 0 } } } end })
list("maxpool2d_grad", function(g, m) return { { m.t { 2 * g, 2, 2, 2 }, -- each window holds all
  m.ids({ 2 * g, 2, 2, 2 }, 16), { 2 * g, 2, 4, 4 }, { 8 }, { 4 }, { 4 } } } end, { only = true })
list("avgpool2d", function(g, m)
  return { { m.t { g, 2, 4, 4 }, { 2, 2 }, { 2, 2 }, { 0, 0 }, true },
    { m.t { g, 2, 5, 6 }, { 3, 2 }, { 2, 1 }, { 1, 1 }, false },
    { m.t { g, 1, 5, 6 }, { 3, 2 }, { 2, 1 }, { 1, 1 }, true } }
end, { only = true, wrong = function(m) return { { m.t { 1, 2, 2, 2 }, { 3 }, { 1 }, { 0 },
  true } } end })
list("avgpool2d_grad", function(g, m)
  return { { m.t { g, 2, 2, 2 }, { g, 2, 4, 4 }, { 2, 2 }, { 2, 2 }, { 0, 0 }, true },
    { m.t { g, 2, 3, 7 }, { g, 2, 5, 6 }, { 3, 2 }, { 2, 1 }, { 1, 1 }, false } }
end, { only = true })

-- Places.
list("embedding", function(g, m) return { { m.ids({ 2 * g, 3 }, 5), m.t { 5, 4 } },
  { m.ids({}, 5), m.t { 5 * g, 4 } } } end,
  { only = true, wrong = function(m) return { { m.ids({ 2 }, 5), m.t { 5 } } } end })
list("embedding_grad", function(g, m) return { { m.t { 2 * g, 3, 4 }, m.ids({ 2 * g, 3 }, 5),
  5 } } end, { only = true })
list("index_select", function(g, m)
  return { { m.t { 3, 4 }, 1, m.ids({ 4 * g }, 3) }, { m.t { 2 * g, 3, 2 }, 2, m.ids({ 5 }, 3) },
    { m.t { 2 * g, 3 }, -1, m.ids({ 0 }, 3) } }
end, { only = true, wrong = function(m) return { { m.t { 3, 4 }, 1, m.ids({ 2, 2 }, 3) } } end })
list("index_add", function(g, m)
  return { { m.t { 3, 4 }, 1, m.ids({ 4 * g }, 3), m.t { 4 * g, 4 } },
    { m.t { 2 * g, 3, 2 }, 2, m.ids({ 2 }, 3), m.t { 2 * g, 2, 2 } } }
end, { only = true, wrong = function(m) return { { m.t { 3, 4 }, 1, m.ids({ 2 }, 3),
  m.t { 2, 5 } } } end })
list("gather", function(g, m) return { { m.t { 3, 4 * g }, 1, m.ids({ 2, 4 * g }, 3) },
  { m.t { 3 * g, 4 }, 2, m.ids({ 2 * g, 5 }, 4) } } end,
  { only = true, wrong = function(m) return { { m.t { 3, 4 }, 1, m.ids({ 2 }, 3) },
    { m.t { 3, 4 }, 1, m.ids({ 2, 5 }, 3) } } end })
local apart = { 2, 0, 1 } -- along d every place once: what is written does not depend on an order
list("scatter", function(g, m)
  return { { m.t { 3, 3 * g }, 2, m.ids({ 3, 3 }, 3, apart), m.t { 3, 3 } },
    { m.t { 2 * g, 4 }, -1, m.ids({ 2 * g, 3 }, 4, apart), m.t { 2 * g, 3 } } }
end, { only = true, wrong = function(m) return { { m.t { 3, 4 }, 1, m.ids({ 2, 2 }, 3),
  m.t { 2, 3 } } } end })
list("scatter_add", function(g, m)
  return { { m.t { 3, 4 * g }, 1, m.ids({ 5, 4 * g }, 3), m.t { 5, 4 * g } },
    { m.t { 2 * g, 4 }, 2, m.ids({ 2 * g, 3 }, 4), m.t { 2 * g, 3 } } }
end, { only = true, wrong = function(m) return { { m.t { 3, 4 }, 1, m.ids({ 2, 2 }, 3),
  m.t { 2, 3 } } } end })
list("cat", function(g, m)
  return { { { m.t { 2 * g, 3 }, m.t { 1, 3 }, m.t { 0, 3 } } },
    { { m.t { 2 * g, 1, 2 }, m.t { 2 * g, 3, 2 } }, 2 }, { { m.t { 2 * g, 2 } }, -1 } }
end, { only = true, wrong = function(m) return { { { m.t { 2, 3 }, m.t { 2, 4 } }, 1 },
  { { m.t { 2, 3 }, m.t { 3 } }, 1 } } end })
for name in ("tril triu"):gmatch "%S+" do
  list(name, function(g, m) return { { m.t { 3 * g, 4 } }, { m.t { 2 * g, 3, 4 }, 1 },
    { m.t { 3, 4 * g }, -1 } } end, { only = true })
end
list("one_hot", function(g, m) return { { m.ids({ 2 * g, 3 }, 4), 4 } } end, { only = true })

-- Random.
list("dropout", function(g, m) return { { m.t { 4 * g, 5 }, 0.25 }, { m.t { 4 * g, 5 }, 0 },
  { m.t { 4 * g, 5 }, 1 } } end)
list("dropout_again", function(g, m) return { { m.t { 4 * g, 5 }, 0.25, 7, 3 } } end)

-- Views.
local function view(name, examples, wrong) list(name, examples, { only = true, wrong = wrong }) end
view("view", function(g, m) return { { m.t { 2 * g, 6 }, { 3 * g, 4 } },
  { m.t { 2 * g, 3, 4 }, { -1, 12 } }, { m.t {}, { 1, 1 } } } end,
  function(m) return { { m.t { 2, 3 }, { 4 } }, { m.t { 2, 3 }, { -1, 4 } } } end)
view("transpose", function(g, m) return { { m.t { 2 * g, 3, 4 }, 1, 3 },
  { m.t { 2 * g, 3 }, -1, -2 } } end)
view("permute", function(g, m) return { { m.t { 2 * g, 3, 4 }, { 3, 1, 2 } } } end)
view("expand", function(g, m) return { { m.t { 2 * g, 1, 3 }, { -1, 4, 3 } },
  { m.t { 3 * g }, { 2, 3 * g } }, { m.t {}, { 2, 3 } } } end,
  function(m) return { { m.t { 2, 3 }, { 4, 3 } }, { m.t { 2, 3 }, { 3 } } } end)
view("narrow", function(g, m) return { { m.t { 4 * g, 3 }, 1, 2, 2 },
  { m.t { 2 * g, 5 }, -1, -3, 2 }, { m.t { 2 * g, 5 }, 2, 6, 0 } } end)
view("slice", function(g, m) return { { m.t { 7 * g, 2 }, 1, 2, 7, 2 },
  { m.t { 2 * g, 5 }, 2, -3, -1, 1 } } end)
view("select", function(g, m) return { { m.t { 3 * g, 4 }, 1, 2 },
  { m.t { 3 * g, 4 }, -1, -1 } } end)
view("unsqueeze", function(g, m) return { { m.t { 2 * g, 3 }, 1 }, { m.t { 2 * g, 3 }, 3 },
  { m.t { 2 * g, 3 }, -1 }, { m.t {}, 1 } } end)
view("squeeze", function(g, m) return { { m.t { 1, 2 * g, 1, 3 } },
  { m.t { 1, 2 * g, 1, 3 }, { 1, 2 } } } end)
view("diagonal", function(g, m) return { { m.t { 3 * g, 4 } }, { m.t { 2 * g, 4, 3 }, 1 },
  { m.t { 4 * g, 3 }, -2 } } end)
view("unfold", function(g, m) return { { m.t { 7 * g, 2 }, 1, 3, 2 },
  { m.t { 2 * g, 6 }, -1, 2, 3 }, { m.t { 2 * g, 5 }, 2, 4, 1 } } end)

return listed
