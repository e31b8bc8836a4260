local tnt = require "tnt"
local nn = tnt.nn

local function refusal(kind, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  assert.equal(kind, err.kind, tostring(err))
  return err.message
end

local function names(iterator)
  local list = {}
  for name in iterator do list[#list + 1] = name end
  return list
end

local Block = nn.Module:extend("Block", { "width" })
function Block:init(o)
  self.norm = nn.LayerNorm(o.width)
  self.up = nn.Linear(o.width, 2 * o.width)
  self.down = nn.Linear(2 * o.width, o.width, { bias = false })
end
function Block:forward(x) return x + self.down(self.up(self.norm(x)):relu()) end

local Net = nn.Module:extend("Net", { "vocab", width = 4, depth = 2 })
function Net:init(o)
  self.tok = nn.Embedding(o.vocab, o.width)
  self.layers = nn.ModuleList()
  for _ = 1, o.depth do self.layers:append(Block(o.width)) end
  self.scale = nn.Parameter(tnt.ones(o.width))
  self.plain = tnt.ones(o.width)
  self.head = nn.Linear(o.width, o.vocab, { bias = false })
  self.head.weight = self.tok.weight
  self:register_buffer("seen", tnt.zeros(1))
  self:register_buffer("cache", tnt.zeros(2), { persistent = false })
end
function Net:forward(ids)
  local x = self.tok(ids)
  for _, layer in ipairs(self.layers) do x = layer(x) end
  return self.head(x * self.scale)
end

describe("Module #tiny", function()
  it("prints as PyTorch does", function()
    assert.equal([[
Net(
  (tok): Embedding(5, 4)
  (layers): ModuleList(
    (0-1): 2 x Block(
      (norm): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)
      (up): Linear(in_features=4, out_features=8, bias=True)
      (down): Linear(in_features=8, out_features=4, bias=False)
    )
  )
  (head): Linear(in_features=4, out_features=5, bias=False)
)]], tostring(Net(5)))
  end)

  it("lists in order of creation, own before the children's, shared ones once", function()
    local net = Net(5, { depth = 1 })
    assert.same({
      "scale", "tok.weight", "layers.0.norm.weight", "layers.0.norm.bias", "layers.0.up.weight",
        "layers.0.up.bias",
      "layers.0.down.weight",
    }, names(net:named_parameters()))
    assert.same({ "seen", "cache" }, names(net:named_buffers()))
    assert.same({ "", "tok", "layers", "layers.0", "layers.0.norm", "layers.0.up", "layers.0.down",
      "head" },
      names(net:named_modules()))
    assert.same({ "tok", "layers", "head" }, names(net:named_children()))
    assert.equal(7, #net:parameters())
    assert.equal(8, #net:modules())
    assert.equal(2, #net:buffers())
    net.tok:requires_grad_(false)
    assert.same({ "tok.weight" }, names(net:named_parameters { trainable = false }))
    assert.equal(6, #net:parameters { trainable = true })
    assert.matches("did you mean 'trainable'",
      refusal("argument", net.parameters, net, { trainabel = true }))
  end)

  it("keeps its order when a child is replaced by assignment", function()
    local net = Net(5, { depth = 1 })
    net.tok = nn.Linear(2, 2)
    assert.same({ "tok", "layers", "head" }, names(net:named_children()))
    net.head = nil
    assert.same({ "tok", "layers" }, names(net:named_children()))
  end)

  it("sees a parameter in a field that held something else", function()
    local Late = nn.Module:extend "Late"
    function Late:init()
      self.weight = false
      self.bias = nn.Parameter(tnt.zeros(1))
      self.weight = nn.Parameter(tnt.zeros(2))
    end
    assert.same({ "bias", "weight" }, names(Late():named_parameters()))
  end)

  it("gets by state name", function()
    local net = Net(5)
    assert.equal(net.layers[2].up, net:get "layers.1.up")
    assert.equal(net.layers[1].up.weight, net:get "layers.0.up.weight")
    assert.equal(net.seen, net:get "seen")
    assert.equal(net, net:get "")
    assert.matches("layers.0: unknown name 'upp'; did you mean 'up'",
      refusal("argument", net.get, net, "layers.0.upp"))
    assert.matches("known: 0, 1", refusal("argument", net.get, net, "layers.2"))
  end)

  it("replaces modules, shared ones by one", function()
    local shared = nn.ReLU()
    local net = nn.Sequential(shared, nn.Sequential(nn.Linear(2, 2), shared), nn.Tanh())
    local seen = {}
    local same, count = net:replace(nn.ReLU, function(module, name)
      seen[#seen + 1] = name
      assert.equal(shared, module)
      return nn.Sequential(nn.ReLU())
    end)
    assert.equal(net, same)
    assert.equal(2, count)
    assert.same({ "0" }, seen)
    assert.equal(net[1], net[2][2])
    assert.equal("Sequential", tostring(tnt.class.of(net[1])))
    assert.matches("must return a module for '2'",
      refusal("argument", net.replace, net, nn.Tanh, function() return 3 end))
    local _
    _, count = net:replace(function(_, name) return name == "1.0" end,
      function() return nn.Identity() end)
    assert.equal(1, count)
    assert.is_true(tnt.class.is(net[2][1], nn.Identity))
  end)

  it("sets modes and returns itself", function()
    local net = Net(5)
    assert.is_true(net.training)
    assert.equal(net, net:eval())
    for _, module in ipairs(net:modules()) do assert.is_false(module.training) end
    assert.equal(net, net:train())
    assert.is_true(net.layers[1].up.training)
    assert.equal(net, net:requires_grad_(false))
    assert.equal(0, #net:parameters { trainable = true })
    local order = {}
    assert.equal(net, net:apply(function(module)
      order[#order + 1] = tostring(tnt.class.of(module))
    end))
    assert.equal("Net", order[#order])
    assert.equal("Linear", order[1])
  end)

  it("changes dtype with the same parameters, and an optimizer goes on", function()
    local net = Net(5)
    local p = net.scale
    local opt = tnt.optim.Adam(net:parameters(), { lr = 0.1 })
    local function step()
      net(tnt.i64 { 0, 1 }):sum():backward()
      opt:step()
      opt:zero_grad()
    end
    step()
    local before = p:totable()
    assert.equal(net, net:to "f64")
    assert.equal(p, net.scale)
    assert.equal("f64", p.dtype)
    assert.equal("f64", net.seen.dtype)
    assert.same(before, p:totable())
    assert.is_true(p.requires_grad)
    assert.equal("f64", net(tnt.i64 { 1 }).dtype)
    step()
    assert.not_same(before, p:totable())
    assert.equal("f64", opt.state[p].exp_avg.dtype)
    refusal("dtype", net.to, net, "i64")
    refusal("argument", net.to, net, "mars")
  end)

  it("clears gradients", function()
    local net = Net(5)
    net(tnt.i64 { 0, 1 }):sum():backward()
    assert.is_truthy(net.scale.grad)
    net:zero_grad()
    for _, p in ipairs(net:parameters()) do assert.is_nil(p.grad) end
  end)

  it("refuses what cannot be registered", function()
    local net = Net(5)
    assert.matches("has a method", refusal("argument", net.register_buffer, net, "forward",
      tnt.zeros(1)))
    assert.matches("without dots", refusal("argument", net.register_buffer, net, "a.b",
      tnt.zeros(1)))
    assert.matches("must be a tensor", refusal("argument", net.register_buffer, net, "a", 3))
    assert.matches("float dtype", refusal("dtype", nn.Parameter, tnt.i64 { 1 }))
    assert.matches("a tensor was expected", refusal("argument", nn.Parameter, 3))
    local Empty = nn.Module:extend "Empty"
    assert.matches("Empty has no forward", refusal("state", Empty(), 1))
    net:register_parameter("extra", tnt.zeros(2)):register_parameter("later", nil)
    assert.is_true(nn.is_parameter(net.extra))
    net.later = nn.Parameter(tnt.zeros(1))
    assert.same({ "scale", "extra", "later" }, { unpack(names(net:named_parameters()), 1, 3) })
  end)

  it("calls hooks after forward", function()
    local net, seen = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), {}
    local x = tnt.randn(4, 2)
    local handle = net[1]:register_forward_hook(function(module, inputs, output)
      seen[#seen + 1] = { module, inputs[1], output.shape }
    end)
    local twice = net:register_forward_hook(function(_, _, output) return output * 2 end)
    local y = net(x)
    assert.equal(net[1], seen[1][1])
    assert.equal(x, seen[1][2])
    assert.same({ 4, 3 }, seen[1][3])
    handle:remove()
    twice:remove()
    local z = net(x)
    assert.equal(1, #seen)
    assert.is_true((z * 2 - y):abs():max():item() < 1e-6)
    assert.is_nil(rawget(net, "_forward_hooks"))
    refusal("argument", net.register_forward_hook, net, 3)
  end)

  it("gives hooks what lives until the step ends", function()
    local scope = require "tnt.scope"
    local net, acts = nn.Sequential(Block(4), nn.Linear(4, 2)), {}
    net[1].up:register_forward_hook(function(_, _, output) acts.up = output end)
    local step = scope.open "step"
    net(tnt.randn(3, 4))
    assert.is_true(acts.up:is_alive())
    assert.same({ 3, 8 }, acts.up.shape)
    scope.close(step)
    assert.is_false(acts.up:is_alive())
  end)

  it("releases what its calls made, but not their results and fields", function()
    local Keeper = nn.Module:extend "Keeper"
    function Keeper:init() self.lin = nn.Linear(3, 3) end
    function Keeper:forward(x)
      self.last = self.lin(x)
      self.inner = nil
      local inner = self.last * 2
      Keeper.witness = inner
      return inner + 1, { inner * 3 }
    end
    local net = Keeper()
    local y, more = net(tnt.ones(2, 3))
    assert.is_true(y:is_alive())
    assert.is_true(more[1]:is_alive())
    assert.is_true(net.last:is_alive())
    assert.is_false(Keeper.witness:is_alive())
    local scope = require "tnt.scope"
    local step = scope.open "step"
    net(tnt.ones(2, 3))
    local old = net.last
    net(tnt.ones(2, 3))
    assert.is_true(old:is_alive())
    scope.close(step)
    assert.is_true(net.last:is_alive())
    assert.is_false(old:is_alive())
  end)

  it("opens a scope for what users define, and none for its own leaves", function()
    local core = require "tnt.core"
    local depth
    local Deep = nn.Module:extend "Deep"
    function Deep:forward(x) depth = core.context.depth return x end
    Deep()(1)
    assert.equal(1, depth)
    local Flat = nn.Module:extend "Flat"
    Flat.scoped = false
    Flat.forward = Deep.forward
    Flat()(1)
    assert.equal(0, depth)
    local Mine = nn.Linear:extend "Mine"
    function Mine:forward(x) depth = core.context.depth return nn.Linear.forward(self, x) end
    local y = Mine(2, 2)(tnt.ones(1, 2))
    assert.equal(1, depth)
    assert.is_true(y:is_alive())
    assert.is_false(nn.Linear.scoped)
  end)

  it("keeps parameters, buffers and fields of a network made inside a scope", function()
    local net = tnt.scope(function() return { Net(5) } end)[1]
    for _, p in ipairs(net:parameters()) do assert.is_true(p:is_alive()) end
    assert.is_true(net.seen:is_alive())
    assert.is_true(net.plain:is_alive())
  end)
end)

describe("state dicts #tiny", function()
  it("go out and in under PyTorch's names", function()
    local a, b = Net(5, { depth = 1 }), Net(5, { depth = 1 })
    local state = a:state_dict()
    local keys = {}
    for name in tnt.pairs(state) do keys[#keys + 1] = name end
    assert.same({
      "layers.0.down.weight", "layers.0.norm.bias", "layers.0.norm.weight", "layers.0.up.bias",
        "layers.0.up.weight",
      "scale", "seen", "tok.weight",
    }, keys)
    local missing, unexpected = b:load_state_dict(state)
    assert.same({}, missing)
    assert.same({}, unexpected)
    local ids = tnt.i64 { 0, 3 }
    assert.same(a(ids):totable(), b(ids):totable())
    assert.equal(b.tok.weight, b.head.weight)
  end)

  it("accept a shared parameter under any of its names", function()
    local a, b = Net(5), Net(5)
    local state = a:state_dict()
    state["head.weight"] = state["tok.weight"]
    b:load_state_dict(state)
    state["tok.weight"] = nil
    b.tok.weight:detach():zero_()
    b:load_state_dict(state)
    assert.same(a.tok.weight:totable(), b.tok.weight:totable())
  end)

  it("are filtered and renamed", function()
    local net = Net(5, { depth = 1 })
    net.tok:requires_grad_(false)
    assert.is_nil(net:state_dict({ trainable = true })["tok.weight"])
    local only = net:state_dict { match = "^layers.*bias$" }
    local keys = {}
    for name in tnt.pairs(only) do keys[#keys + 1] = name end
    assert.same({ "layers.0.norm.bias", "layers.0.up.bias" }, keys)
    local foreign = {}
    for name, t in tnt.pairs(net:state_dict()) do foreign["transformer."
      .. name:gsub("layers", "h")] = t end
    Net(5, { depth = 1 }):load_state_dict(foreign,
      { rename = { { "^transformer%.", "" }, { "^h%.", "layers." } } })
    refusal("argument", net.load_state_dict, net, { a = tnt.zeros(1), b = tnt.zeros(1) },
      { rename = { { ".", "c" } } })
  end)

  it("refuse what does not fit, and then change nothing", function()
    local net = Net(5, { depth = 1 })
    local before = net.scale:totable()
    local state = Net(5, { depth = 1 }):state_dict()
    state.scale = state.scale * 0 + 9
    state["tok.weight"] = tnt.zeros(2, 3)
    state["layers.0.up.bias"] = nil
    state.nonsense = tnt.zeros(1)
    local message = refusal("format", net.load_state_dict, net, state)
    assert.matches("missing: layers.0.up.bias", message)
    assert.matches("unexpected: nonsense", message)
    assert.matches("tok.weight must be [5, 4], got [2, 3]", message, 1, true)
    assert.same(before, net.scale:totable())
    assert.matches("tok.weight must be", refusal("format", net.load_state_dict, net, state,
      { strict = false }))
    state["tok.weight"] = nil
    local missing, unexpected = net:load_state_dict(state, { strict = false })
    assert.same({ "tok.weight", "layers.0.up.bias" }, missing)
    assert.same({ "nonsense" }, unexpected)
    assert.same({ 9, 9, 9, 9 }, net.scale:totable())
    assert.matches("did you mean 'strict'", refusal("argument", net.load_state_dict, net, state,
      { strikt = true }))
    refusal("argument", net.load_state_dict, net, 3)
    assert.matches("scale is a number", refusal("format", net.load_state_dict, net, { scale = 1 },
      { strict = false }))
  end)

  it("cast to the dtype here and leave history alone", function()
    local net = nn.Linear(2, 2)
    net:load_state_dict(nn.Linear(2, 2):to("f64"):state_dict())
    assert.equal("f32", net.weight.dtype)
    assert.is_true(net.weight.is_leaf)
    assert.is_false(net:state_dict().weight.requires_grad)
  end)
end)
