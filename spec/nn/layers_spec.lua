-- How layers begin (PyTorch's distributions), and what they refuse. Values are in parity_spec.lua.
local tnt = require "tnt"
local nn = tnt.nn

local function refusal(kind, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  assert.equal(kind, err.kind, tostring(err))
  return err.message
end

-- The moments of n numbers lie within 5 standard errors of those of the distribution.
local function assert_uniform(t, bound)
  local n = t:numel()
  assert.is_true(t:max():item() <= bound and t:min():item() >= -bound)
  assert.is_true(math.abs(t:mean():item()) < 5 * bound / math.sqrt(3 * n))
  local square = (t * t):mean():item()
  assert.is_true(math.abs(square - bound ^ 2 / 3) < 5 * bound ^ 2 * math.sqrt(4 / 45 / n))
end

local function assert_normal(t, std)
  local n = t:numel()
  assert.is_true(math.abs(t:mean():item()) < 5 * std / math.sqrt(n))
  assert.is_true(math.abs((t * t):mean():item() - std ^ 2) < 5 * std ^ 2 * math.sqrt(2 / n))
end

describe("layers at the beginning", function()
  before_each(function() tnt.seed(20) end)

  it("have PyTorch's distributions", function()
    local linear = nn.Linear(64, 200)
    assert_uniform(linear.weight:detach(), 1 / 8)
    assert_uniform(linear.bias:detach(), 1 / 8)
    local conv = nn.Conv2d(8, 64, { 3, 2 }, { groups = 2 })
    assert.same({ 64, 4, 3, 2 }, conv.weight.shape)
    assert_uniform(conv.weight:detach(), 1 / math.sqrt(24))
    assert_uniform(conv.bias:detach(), 1 / math.sqrt(24))
    assert_normal(nn.Embedding(100, 50).weight:detach(), 1)
    assert.equal(0, nn.Embedding(9, 5, { padding_idx = 2 }).weight[3]:abs():max():item())
    assert_uniform(nn.MultiheadAttention(32, 4).in_proj_weight:detach(), math.sqrt(6 / 128))
  end)

  it("drop in training and not in evaluation", function()
    local drop, x = nn.Dropout { p = 0.25 }, tnt.ones(100, 100)
    local y = drop(x)
    local zeros = y:eq(0):sum():item()
    assert.is_true(math.abs(zeros - 2500) < 5 * math.sqrt(10000 * 0.25 * 0.75))
    assert.is_true(math.abs(y:max():item() - 4 / 3) < 1e-6)
    assert.equal(x, drop:eval()(x))
    assert.equal(x, nn.Dropout({ p = 0 })(x))
    assert.equal(0, nn.Dropout({ p = 1 })(x):sum():item())
  end)

  it("initialise as nn.init says", function()
    local t = tnt.empty(200, 50)
    assert_uniform(nn.init.kaiming_uniform_(t, { nonlinearity = "relu" }), math.sqrt(6 / 50))
    assert_uniform(nn.init.kaiming_uniform_(t, { a = math.sqrt(5) }), 1 / math.sqrt(50))
    assert_normal(nn.init.kaiming_normal_(t, { mode = "fan_out", nonlinearity = "relu" }),
      math.sqrt(2 / 200))
    assert_uniform(nn.init.xavier_uniform_(t, 2), 2 * math.sqrt(6 / 250))
    assert_normal(nn.init.xavier_normal_(t), math.sqrt(2 / 250))
    nn.init.trunc_normal_(t, 1, 2, 0, 2)
    assert.is_true(t:min():item() >= 0 and t:max():item() <= 2)
    assert.is_true(math.abs(t:mean():item() - 1) < 0.05)
    assert.equal(3, nn.init.eye_(tnt.empty(3, 5)):sum():item())
    assert.equal(10, nn.init.constant_(tnt.empty(5), 2):sum():item())
    local p = nn.Parameter(tnt.zeros(3))
    assert.equal(p, nn.init.ones_(p))
    assert.is_true(p.is_leaf and p.requires_grad)
    assert.equal(math.sqrt(2), nn.init.calculate_gain "relu")
    assert.matches("did you mean 'relu'", refusal("argument", nn.init.calculate_gain, "rellu"))
    assert.matches("did you mean 'fan_in'", refusal("argument", nn.init.kaiming_normal_, t,
      { mode = "fanin" }))
    assert.matches("did you mean 'mode'", refusal("argument", nn.init.kaiming_normal_, t,
      { mod = "fan_in" }))
    refusal("shape", nn.init.xavier_normal_, tnt.empty(3))
    refusal("argument", nn.init.trunc_normal_, t, 10, 1, -2, 2)
  end)

  it("have the dtype asked for", function()
    assert.equal("f64", nn.Linear(2, 2, { dtype = "f64" }).weight.dtype)
    assert.equal("f64", nn.BatchNorm2d(2, { dtype = "f64" }).running_var.dtype)
  end)
end)

describe("layers refuse", function()
  it("sizes that are none", function()
    assert.matches("in_features must be a whole number from 0 on, got 2.5",
      refusal("argument", nn.Linear, 2.5, 3), 1, true)
    assert.matches("'out_features' is missing", refusal("argument", nn.Linear, 3))
    assert.matches("did you mean 'bias'", refusal("argument", nn.Linear, 3, 3, { bais = false }))
    assert.matches("kernel_size must be", refusal("argument", nn.Conv2d, 1, 1, 0))
    assert.matches("or two of them, got a table", refusal("argument", nn.Conv2d, 1, 1, { 1, 2, 3 }))
    assert.matches("groups must divide", refusal("argument", nn.Conv2d, 3, 4, 1, { groups = 2 }))
    assert.matches('"same" wants stride 1', refusal("argument", nn.Conv2d, 3, 4, 3,
      { padding = "same", stride = 2 }))
    assert.matches("did you mean 'same'", refusal("argument", nn.Conv2d, 3, 4, 3,
      { padding = "sme" }))
    assert.matches("p must be a number in", refusal("argument", nn.Dropout, { p = 1.5 }))
    assert.matches("padding_idx is an id from 0 to 3",
      refusal("argument", nn.Embedding, 4, 2, { padding_idx = 4 }))
    assert.matches("did you mean 'tanh'", refusal("argument", nn.GELU, { approximate = "tan" }))
    assert.matches("num_heads must divide", refusal("argument", nn.MultiheadAttention, 6, 4))
    assert.matches("did you mean 'mean'", refusal("argument", nn.MSELoss, { reduction = "meen" }))
    assert.matches("label_smoothing must be", refusal("argument", nn.CrossEntropyLoss,
      { label_smoothing = 1 }))
    assert.matches("weight must be a tensor", refusal("argument", nn.NLLLoss, { weight = 3 }))
    assert.matches("normalized_shape must be a size", refusal("argument", nn.LayerNorm, "a"))
  end)

  it("inputs of a wrong shape", function()
    refusal("shape", nn.Linear(3, 2), tnt.zeros(2, 4))
    refusal("shape", nn.LayerNorm(3), tnt.zeros(2, 4))
    assert.matches("must end in the sizes [3, 4]",
      refusal("shape", nn.LayerNorm { { 3, 4 } }, tnt.zeros(3, 5)), 1, true)
    assert.matches("BatchNorm2d: x must be", refusal("shape", nn.BatchNorm2d(3), tnt.zeros(2, 3)))
    assert.matches("more than one value", refusal("shape", nn.BatchNorm1d(3), tnt.zeros(1, 3)))
    assert.matches("of one shape, got [2] and [3]",
      refusal("shape", nn.MSELoss(), tnt.zeros(2), tnt.zeros(3)), 1, true)
    refusal("shape", nn.CrossEntropyLoss(), tnt.zeros(2, 3, 4), tnt.i64 { 1, 2 })
    assert.matches("did you mean 'reduction'",
      refusal("argument", nn.functional.mse_loss, tnt.zeros(2), tnt.zeros(2),
        { reductoin = "sum" }))
  end)

  it("clipping without a limit", function()
    local p = nn.Parameter(tnt.zeros(2))
    assert.equal(0, nn.clip_grad_norm_({ p }, 1):item())
    p.grad = tnt.tensor { 0 / 0, 1 }
    assert.matches("is %-?nan", refusal("state", nn.clip_grad_norm_, { p }, 1,
      { error_if_nonfinite = true }))
    refusal("argument", nn.clip_grad_norm_, { p }, 0)
    refusal("argument", nn.clip_grad_norm_, { p }, 1, { norm_type = 3 })
    refusal("argument", nn.clip_grad_norm_, nn.Linear(1, 1).forward, 1)
    refusal("argument", nn.clip_grad_value_, { p }, -1)
  end)
end)
