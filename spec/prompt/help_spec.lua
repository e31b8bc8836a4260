local help = require "tnt.prompt.help"

-- A page of its own source: the comment over a function.
--- Adds one.
--- In detail.
---@param x number  what to add to
---@return number
local function documented(x) return x + 1 end

describe("help #tiny", function()
  local saved
  before_each(function()
    saved = package.loaded["tnt.help_gen"]
    package.loaded["tnt.help_gen"] = { softmax = "page of softmax", add = "page of add", sort = "" }
  end)
  after_each(function() package.loaded["tnt.help_gen"] = saved end)

  it("finds the page of an operation by any of its names", function()
    for _, name in ipairs { "softmax", "tnt.softmax", "F.softmax", "x:softmax", "x.softmax" } do
      assert.equal("page of softmax", help.name(name))
    end
    assert.equal("page of add", help.name "add_")
    assert.equal("page of softmax", help.value "softmax")
  end)

  it("finds the page of an operation's method", function()
    local ops = package.loaded["tnt.ops_gen"]
    local function softmax() end
    package.loaded["tnt.ops_gen"] = { softmax = softmax }
    assert.equal("page of softmax", help.value(softmax))
    package.loaded["tnt.ops_gen"] = ops
  end)

  it("does not take another library's function for an operation", function()
    assert.matches("no page for 'table.sort'", help.name("table.sort", _G), 1, true)
  end)

  it("shows the comment over a function, with its parameters", function()
    local page = help.value(documented)
    assert.equal("documented(x)\nA page of its own source: the comment over a function.\n"
      .. "Adds one.\n"
      .. "In detail.\n  x (number)  what to add to\n  returns number", page)
    assert.equal(page, help.name("my.function_", { my = { function_ = documented } }))
  end)

  it("suggests the nearest page, and says what it takes", function()
    assert.equal("no page for 'sofmax'; did you mean ?softmax", help.name "sofmax")
    assert.equal("no page for 'entirely'", help.name "entirely")
    assert.matches("^no page for a value of type number", help.value(1))
  end)

  it("says when the build has no pages", function()
    package.loaded["tnt.help_gen"] = {}
    assert.matches("this build has no pages", help.name "softmax", 1, true)
  end)
end)
