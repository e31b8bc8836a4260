local class = require "tnt.class"

local function message(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("class", function()
  local Base = class.new "Base"
  local Net = Base:extend("Net", { "vocab", width = 64, bias = true, dtype = class.NONE })
  function Net:init(o) self.o = o end

  it("takes the three forms of a call", function()
    local forms = {
      Net(50, { width = 32 }), Net { 50, width = 32 }, Net { vocab = 50, width = 32 },
    }
    for _, net in ipairs(forms) do
      assert.same({ vocab = 50, width = 32, bias = true }, net.o)
      assert.is_nil(net.o.dtype)
    end
    assert.equal(64, Net(50).o.width)
    assert.is_false(Net(50, { bias = false }).o.bias)
  end)

  it("lets later required arguments stand among the options", function()
    local Conv = Base:extend("Conv", { "in_channels", "out_channels", "kernel", padding = 0 })
    function Conv:init(o) self.o = o end
    local expected = { in_channels = 3, out_channels = 8, kernel = { 3, 5 }, padding = 1 }
    assert.same(expected, Conv(3, 8, { 3, 5 }, { padding = 1 }).o)
    assert.same(expected, Conv { 3, 8, { 3, 5 }, padding = 1 }.o)
    assert.same(expected, Conv(3, { out_channels = 8, kernel = { 3, 5 }, padding = 1 }).o)
    assert.same(expected, Conv { 3, out_channels = 8, kernel = { 3, 5 }, padding = 1 }.o)
  end)

  it("keeps table-valued required arguments inside the list and shows that form", function()
    local Norm = Base:extend("LayerNorm", { "shape", eps = 1e-5 })
    function Norm:init(o) self.o = o end
    assert.same({ 28, 28 }, Norm { { 28, 28 } }.o.shape)
    assert.same({ 28, 28 }, Norm({ 28, 28 }, { eps = 1 }).o.shape)
    assert.matches("LayerNorm {{28, 28}}", message(Norm, { 28, 28 }), 1, true)
  end)

  it("names missing, unknown, doubled and surplus arguments", function()
    assert.matches("Net: 'vocab' is missing; the form is Net(vocab, {", message(Net), 1, true)
    assert.matches("Net: 'vocab' is missing", message(Net, nil, { width = 1 }), 1, true)
    local text = message(Net, { 50, widht = 32 })
    assert.matches("unknown option 'widht'; did you mean 'width'?", text, 1, true)
    assert.matches("(known: vocab, bias, dtype, width)", text, 1, true)
    assert.matches("'vocab' is given twice", message(Net, 50, { vocab = 50 }), 1, true)
    assert.matches("Net: 2 given by position, but 1 is required (vocab); the form is Net(vocab, {",
      message(Net, 50, 32), 1, true)
    local None = Base:extend("None", { width = 1 })
    assert.matches("no argument is required; the form is None {width = ...}",
      message(None, 5), 1, true)
    assert.matches("holds a value, but no argument is required", message(None, { 5 }), 1, true)
    assert.matches("the options hold a value without a name (7)",
      message(Net, 50, { 7 }), 1, true)
  end)

  it("answers foreign names with ours", function()
    local Unit = Base:extend("Unit", { hooks = class.NONE })
    class.rename(Unit, { callbacks = "hooks" })
    local Sub = Unit:extend("Sub", { mine = 1 })
    assert.matches("Sub: option 'callbacks' is called hooks here",
      message(Sub, { callbacks = {} }), 1, true)
  end)

  it("inherits options along the chain, redeclares them, and copies table defaults", function()
    local Sub = Net:extend("Sub", { "depth", width = 8, list = { 1, { 2 } } })
    local a, b = Sub(50, 3), Sub { 50, 3, bias = false }
    assert.same({ vocab = 50, depth = 3, width = 8, bias = true, list = { 1, { 2 } } }, a.o)
    a.o.list[2][1] = 9
    assert.equal(2, b.o.list[2][1])
    local Fixed = Sub:extend("Fixed", { vocab = 10 })
    assert.same({ "depth" }, class.declared(Fixed).required)
    assert.equal(10, Fixed(2).o.vocab)
    assert.same({ "vocab", "depth", "bias", "dtype", "list", "width" }, class.declared(Sub).names)
  end)

  it("hands arguments to init unchecked without declared options", function()
    local Free = Base:extend "Free"
    function Free:init(...) self.n, self.first = select("#", ...), (...) end
    assert.equal(3, Free(nil, 2, nil).n)
    local t = { 1, 2 }
    assert.equal(t, Free(t).first)
  end)

  it("runs every construct before init and every complete after, the base's first", function()
    local calls = {}
    local A = class.new "A"
    function A:construct() calls[#calls + 1] = "A"; self.ready = true end
    local B = A:extend "B"
    function B.construct(_, x) calls[#calls + 1] = "B" .. x end
    local C = B:extend "C"
    function C:init(x) calls[#calls + 1] = "init" .. x; assert.is_true(self.ready) end
    function A.complete(_, x) calls[#calls + 1] = "doneA" .. x end
    function C.complete() calls[#calls + 1] = "doneC" end
    C(5)
    assert.same({ "A", "B5", "init5", "doneA5", "doneC" }, calls)
  end)

  it("makes raw tables that inherit methods and metamethods", function()
    local A = class.new "A"
    local B = A:extend "B"
    local C = B:extend "C"
    function A.__call(_, x) return x + 1 end -- after the sub-classes were made
    function A.value() return 1 end
    function B.__tostring() return "a B" end
    local D = C:extend "D"
    local d = D()
    assert.equal(3, d(2))
    assert.equal(1, d.value())
    assert.equal("a B", tostring(d))
    assert.equal("D", tostring(D))
    assert.equal("<A>", tostring(A()))
    d[1], d.x = 5, 6
    assert.equal(1, #d)
    assert.equal(6, rawget(d, "x"))
    assert.equal(D, class.of(d))
    assert.is_true(d:is(A) and d:is(D) and class.is(d, B) and class.is(D, A))
    assert.is_false(class.is(A(), B) or class.is(5, A) or class.is({}, A) or class.is(nil, A))
    assert.is_nil(class.of {})
    assert.is_nil(class.of(D))
  end)

  it("inherits an __index function", function()
    local A = class.new "A"
    function A.__index(_, key) return "found " .. key end
    assert.equal("found x", A:extend "B"().x)
  end)

  it("refuses names and declarations that are none", function()
    assert.matches("needs a name", message(Base.extend, Base, { "vocab" }), 1, true)
    assert.matches("extend Net itself", message(function() Net(1):extend "X" end), 1, true)
    assert.matches("declared twice", message(Base.extend, Base, "X", { "a", a = 1 }), 1, true)
    assert.matches("is a number; a required name is a string",
      message(Base.extend, Base, "X", { 5 }), 1, true)
  end)
end)
