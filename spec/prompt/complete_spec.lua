local complete = require "tnt.prompt.complete"

local env = setmetatable({
  net = { weight = 1, walk = function() end, layers = { { first = 1 }, { second = { deep = 2 } } },
    ["two words"] = 3, _hidden = 1 },
  text = "abc",
  object = setmetatable({ own = 1 }, {
    __index = { method = print, value = 2 },
  }),
  lazy = setmetatable({ places = { later = 1 }, now = 1 }, { __index = function() error() end }),
}, { __index = _G })

-- The words offered for a line, with what the line editor takes for its last word.
local function words(line)
  return complete.words(line, line:match "[^%s%[%]%(%)?\"']*$", env)
end

describe("completion #tiny", function()
  it("offers names: keywords, locals, globals, and those loaded on use", function()
    assert.same({ "local" }, words "loc")
    assert.same({ "net", "newproxy", "next" }, words "ne")
    assert.same({ "tnt" }, words "tn")
    assert.same({ "net" }, words "print(net")
    assert.same({ "not" }, words "x = no")
    assert.same({ "nn" }, words "x = nn")
    assert.same({ "setfenv", "setmetatable" }, words "?set")
  end)

  it("offers fields after a dot and functions after a colon", function()
    assert.same({ "net.layers", "net.walk", "net.weight" }, words "net.")
    assert.same({ "net.walk", "net.weight" }, words "net.w")
    assert.same({ "net:walk" }, words "net:w")
    assert.same({ "net._hidden" }, words "net._")
    assert.same({ "text:rep", "text:reverse" }, words "text:re")
    assert.same({ "object.method", "object.own", "object.value" }, words "object.")
    assert.same({ "lazy.later", "lazy.now", "lazy.places" }, words "lazy.")
    assert.same({ "object:method" }, words "object:m")
  end)

  it("follows literal subscripts, never calls", function()
    assert.same({ ".first" }, words "net.layers[1].")
    assert.same({ ".deep" }, words "print(net['layers'][2]['second'].")
    assert.same({ ".second" }, words "net.layers[2].s")
    assert.same({}, words "net.walk().")
    assert.same({}, words "net.layers[i].")
    assert.same({}, words "no_such.field.")
    assert.same({}, words "net.weight.")
  end)

  it("leaves strings to file names, and comments alone", function()
    assert.is_nil(words "dofile('exam")
    assert.is_nil(words 'x = "')
    assert.same({}, words "--[[ ne")
  end)

  it("offers methods of tensors", function()
    local ffi = require "ffi"
    local saved = package.loaded["tnt.tensor"]
    local handle = ffi.typeof "struct { int slot; }"
    package.loaded["tnt.tensor"] = {
      methods = { softmax = print, sum = print, relu = print },
      properties = { shape = print, dtype = print },
      is_tensor = function(value) return ffi.istype(handle, value) end,
    }
    env.x, env.number = handle(), 1LL
    assert.same({ "x:softmax", "x:sum" }, words "x:s")
    assert.same({ "x.dtype", "x.relu", "x.shape", "x.softmax", "x.sum" }, words "x.")
    assert.same({}, words "number.")
    package.loaded["tnt.tensor"] = saved
  end)
end)
