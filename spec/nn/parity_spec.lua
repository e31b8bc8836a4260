-- Every module and loss against PyTorch's values: outputs, gradients, buffers, state names and
-- texts. spec/reference/nn.json is made by scripts/parity/nn.py.
local tnt = require "tnt"
local cjson = require "cjson"
local nn, F = tnt.nn, tnt.nn.functional

local file = assert(io.open "spec/reference/nn.json")
local reference = cjson.decode(file:read "*a")
file:close()

-- Values as PyTorch dumped them: f64, or i64 where they are whole-number inputs.
local function restore(dumped, dtype)
  local t = tnt.tensor(dumped.values, { dtype = dtype or "f64" })
  return t:reshape(dumped.shape)
end

local function flat(t) return t:detach():to("f64"):reshape(-1):totable() end

local function assert_close(dumped, t, what, tolerance)
  assert.is_truthy(t, what .. " is missing")
  assert.same(dumped.shape, t.shape, what .. ": shape")
  for i, v in ipairs(t:numel() > 0 and flat(t) or {}) do
    local expected = dumped.values[i]
    if math.abs(v - expected) > (tolerance or 1e-10) * (1 + math.abs(expected)) then
      error(("%s[%d]: expected %.15g, got %.15g"):format(what, i, expected, v))
    end
  end
end

local function weigh(y)
  return (y * tnt.arange(y:numel(), { dtype = "f64" }):sin():reshape(y.shape)):sum()
end

local function whole(dumped)
  for _, v in ipairs(dumped.values) do
    if v % 1 ~= 0 then return false end
  end
  return true
end

local function inputs_of(case)
  local list, floats = {}, {}
  for i, dumped in ipairs(case.inputs) do
    local ids = whole(dumped)
    list[i] = restore(dumped, ids and "i64" or "f64")
    if not ids then
      list[i].requires_grad = true
      floats[#floats + 1] = list[i]
    end
  end
  return list, floats
end

local Causal = nn.Module:extend "Causal"
function Causal:init() self.attention = nn.MultiheadAttention(6, 2) end
function Causal:forward(x) return self.attention(x, nil, nil, { is_causal = true }) end
local Cross = nn.Module:extend "Cross"
function Cross:init() self.attention = nn.MultiheadAttention(6, 3, { bias = false }) end
function Cross:forward(q, k, v) return self.attention(q, k, v) end

local modules = {
  linear = function() return nn.Linear(6, 3) end,
  linear_3d = function() return nn.Linear(6, 3, { bias = false }) end,
  conv2d = function() return nn.Conv2d(4, 6, 3, { stride = 2, padding = 1 }) end,
  conv2d_grouped = function()
    return nn.Conv2d(4, 6, { 3, 2 }, { dilation = { 2, 1 }, groups = 2, padding = { 2, 0 },
      bias = false })
  end,
  conv2d_depthwise = function() return nn.Conv2d(4, 4, 3, { padding = 1, groups = 4 }) end,
  conv2d_same = function() return nn.Conv2d(4, 3, { 4, 3 },
    { padding = "same", dilation = { 1, 2 } }) end,
  batchnorm2d = function() return nn.BatchNorm2d(4) end,
  batchnorm2d_eval = function() return nn.BatchNorm2d(4, { eps = 1e-3 }):eval() end,
  batchnorm2d_cumulative = function() return nn.BatchNorm2d(4, { momentum = "cumulative" }) end,
  batchnorm1d = function() return nn.BatchNorm1d(6, { momentum = 0.3 }) end,
  batchnorm1d_3d = function() return nn.BatchNorm1d(4, { affine = false }) end,
  batchnorm2d_stateless = function() return nn.BatchNorm2d(4,
    { track_running_stats = false }):eval() end,
  layernorm = function() return nn.LayerNorm(6) end,
  layernorm_2d = function() return nn.LayerNorm({ 7, 6 }, { eps = 1e-4 }) end,
  layernorm_plain = function() return nn.LayerNorm(6, { elementwise_affine = false }) end,
  layernorm_no_bias = function() return nn.LayerNorm(6, { bias = false }) end,
  embedding = function() return nn.Embedding(7, 4) end,
  embedding_padding = function() return nn.Embedding(7, 4, { padding_idx = 3 }) end,
  maxpool = function() return nn.MaxPool2d(3, { stride = 2, padding = 1 }) end,
  maxpool_pair = function() return nn.MaxPool2d { { 3, 2 } } end,
  avgpool = function() return nn.AvgPool2d(3, { stride = 2, padding = 1 }) end,
  avgpool_exclude = function() return nn.AvgPool2d(3,
    { stride = 2, padding = 1, count_include_pad = false }) end,
  adaptive = function() return nn.AdaptiveAvgPool2d(1) end,
  adaptive_uneven = function() return nn.AdaptiveAvgPool2d { { 3, 4 } } end,
  relu = function() return nn.ReLU() end,
  gelu = function() return nn.GELU() end,
  gelu_tanh = function() return nn.GELU { approximate = "tanh" } end,
  silu = function() return nn.SiLU() end,
  tanh = function() return nn.Tanh() end,
  sigmoid = function() return nn.Sigmoid() end,
  leaky_relu = function() return nn.LeakyReLU { negative_slope = 0.2 } end,
  elu = function() return nn.ELU { alpha = 1.5 } end,
  softmax = function() return nn.Softmax { dim = -1 } end,
  log_softmax = function() return nn.LogSoftmax() end,
  softplus = function() return nn.Softplus() end,
  flatten = function() return nn.Flatten() end,
  identity = function() return nn.Identity() end,
  sequential = function()
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(),
      nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 2)), nn.Dropout { p = 0 })
  end,
  attention = Causal,
  attention_cross = Cross,
}
-- Texts that differ: dims count from 1 here, a number stays a number, attention has no class of its
-- own for out_proj.
local texts_differ = {
  flatten = true, softplus = true, batchnorm2d_cumulative = true,
  attention = true, attention_cross = true, sequential = true,
}
local calls = { batchnorm2d = 2, batchnorm2d_cumulative = 3 }

describe("nn against PyTorch", function()
  for name, case in tnt.pairs(reference.modules) do
    it(name, function()
      local m = assert(modules[name], "no module here for case " .. name)():to "f64"
      local state, names = {}, {}
      for key, dumped in tnt.pairs(case.state) do state[key] = restore(dumped) end
      m:load_state_dict(state)
      for key in m:named_parameters() do names[#names + 1] = key end
      assert.same(case.names, names)
      local saved = {}
      for key in tnt.pairs(m:state_dict()) do saved[#saved + 1] = key end
      table.sort(case.keys)
      assert.same(case.keys, saved)
      if not texts_differ[name] then assert.equal(case.text, tostring(m)) end

      local xs, floats = inputs_of(case)
      local y
      for _ = 1, calls[name] or 1 do y = m(unpack(xs)) end
      assert_close(case.y, y, "y")
      weigh(y):backward()
      for i, dumped in ipairs(case.dx) do assert_close(dumped, floats[i].grad, "dx " .. i) end
      for key, dumped in tnt.pairs(case.grads) do assert_close(dumped, m:get(key).grad, "d"
        .. key) end
      for key, dumped in tnt.pairs(case.after) do assert_close(dumped, m:get(key), key) end
    end)
  end

  it("has every case in both places, and every class but containers and losses", function()
    local seen = { Module = true, ModuleList = true, ModuleDict = true, Dropout = true }
    for name, make in tnt.pairs(modules) do
      assert.is_truthy(reference.modules[name], name)
      for _, m in ipairs(make():modules()) do seen[tostring(tnt.class.of(m))] = true end
    end
    for name, Class in tnt.pairs(nn) do
      if tnt.class.is_class(Class) and not name:match "Loss$" then
        assert.is_true(seen[name], name .. " has no case")
      end
    end
  end)
end)

describe("losses against PyTorch", function()
  local forms = {
    ce = { F.cross_entropy, {} }, ce_ignore = { F.cross_entropy, {} },
      ce_map = { F.cross_entropy, {} },
    ce_smooth = { F.cross_entropy, { label_smoothing = 0.1 } },
    ce_weight = { F.cross_entropy, { label_smoothing = 0.2 }, "weight" },
    ce_soft = { F.cross_entropy, { label_smoothing = 0.1 } }, ce_one = { F.cross_entropy, {} },
    nll = { F.nll_loss, {} }, nll_weight = { F.nll_loss, {}, "weight" },
      nll_map = { F.nll_loss, {} },
    mse = { F.mse_loss, {} }, l1 = { F.l1_loss, {} },
      bce = { F.binary_cross_entropy_with_logits, {} },
    bce_zero = { F.binary_cross_entropy_with_logits, {} },
    bce_weight = { F.binary_cross_entropy_with_logits, {}, "pos_weight" },
  }
  for name, case in tnt.pairs(reference.functions) do
    it(name, function()
      local form, reduction = name, nil
      if not forms[form] then form, reduction = name:match "^(.*)_(%a+)$" end
      assert.is_truthy(forms[form], "no loss here for case " .. name)
      local fn, fixed, extra = forms[form][1], forms[form][2], forms[form][3]
      local options = { reduction = reduction }
      for key, value in tnt.pairs(fixed) do options[key] = value end
      local xs = inputs_of(case)
      if name == "bce_zero" then -- numbers without fraction, but no ids
        xs = { restore(case.inputs[1]):requires_grad_(), restore(case.inputs[2]) }
      end
      if extra then options[extra] = xs[3]:detach() end
      if xs[2].dtype == "f64" then xs[2] = xs[2]:detach() end
      local y = fn(xs[1], xs[2], options)
      assert_close(case.y, y, "y")
      weigh(y):backward()
      assert_close(case.dx[1], xs[1].grad, "dx")
    end)
  end

  it("as modules give the same", function()
    local x, t = tnt.randn(4, 3, { dtype = "f64" }), tnt.i64 { 0, 2, -1, 1 }
    local w = tnt.tensor({ 1, 2, 0.5 }, { dtype = "f64" })
    local options = { weight = w, ignore_index = -1, label_smoothing = 0.1, reduction = "sum" }
    assert.equal(F.cross_entropy(x, t, options):item(), nn.CrossEntropyLoss(options)(x, t):item())
    options = { weight = w, ignore_index = -1, reduction = "sum" }
    assert.equal(F.nll_loss(x, t, options):item(), nn.NLLLoss(options)(x, t):item())
    local s = tnt.rand(4, 3, { dtype = "f64" })
    assert.equal(F.mse_loss(x, s):item(), nn.MSELoss()(x, s):item())
    assert.equal(F.l1_loss(x, s, { reduction = "sum" }):item(),
      nn.L1Loss { reduction = "sum" } (x, s):item())
    options = { pos_weight = w }
    assert.equal(F.binary_cross_entropy_with_logits(x, s, options):item(),
      nn.BCEWithLogitsLoss(options)(x, s):item())
  end)
end)

describe("clipping against PyTorch", function()
  local params = { nn.Parameter(tnt.zeros(3, 2, { dtype = "f64" })),
    nn.Parameter(tnt.zeros(4, { dtype = "f64" })) }
  local forms = {
    norm = function() return nn.clip_grad_norm_(params, 1.5) end,
    norm_large = function() return nn.clip_grad_norm_(params, 100) end,
    norm_inf = function() return nn.clip_grad_norm_(params, 0.5, { norm_type = math.huge }) end,
    value = function() nn.clip_grad_value_(params, 0.7) end,
  }
  for name, case in tnt.pairs(reference.clip) do
    it(name, function()
      for k, p in ipairs(params) do
        p.grad = (tnt.arange(p:numel(), { dtype = "f64" }) + (k - 1)):sin():reshape(p.shape) * 2
      end
      local norm = forms[name]()
      if case.norm ~= cjson.null then assert.is_true(math.abs(case.norm - norm:item()) < 1e-12) end
      for k, p in ipairs(params) do assert_close(case.grads[k], p.grad, "gradient " .. k, 1e-12) end
    end)
  end
end)
