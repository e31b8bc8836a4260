-- The op table and its walk: no row is forgotten by the specs, and what is generated follows the
-- table.
local tnt = require "tnt"
local ops = require "tnt.ops_gen"
local optable = require "core.optable"
local examples = require "spec.ops.examples"
local listed = require "spec.ops.listed"
local sorted = require "tnt.sorted"

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

describe("the walk over the op table", function()
  it("takes every row, or names the spec that does", function()
    local walked = {}
    for _, row in ipairs(examples.walk()) do walked[row.name] = true end
    for _, row in ipairs(examples.rows) do
      local elsewhere = examples.elsewhere[row.name]
      if elsewhere then
        assert.is_nil(walked[row.name])
        assert.truthy(text_of(elsewhere):find(row.name:gsub("_$", ""), 1, true), row.name)
      elseif not walked[row.name] then
        assert.equal("params", row.args[1].kind, row.name .. " is walked by no spec")
      end
    end
    assert.is_true(#examples.walk() > 100)
  end)

  it("has examples for every row it takes, of its own arity", function()
    for _, row in ipairs(examples.walk()) do
      local cases = examples.of(row)
      assert.is_true(#cases > 0, row.name)
      for _, case in ipairs(cases) do
        for i, a in ipairs(row.args) do
          local given = case.args[i]
          if given == nil then
            local may_lack = a.optional or a.default or a.kind == "dims"
            assert.is_truthy(may_lack, case.name .. " lacks " .. a.name)
          end
        end
      end
    end
  end)

  it("fails where neither signature nor list gives arguments", function()
    local row = optable.parse "swirl(x: [N], turns: int) -> y: [N]"
    local ok, err = pcall(examples.of, row)
    assert.is_false(ok)
    assert.truthy(err:find("row swirl: the example of argument turns", 1, true), err)
  end)

  it("lists nothing that is no row", function()
    for name in sorted(listed) do assert.is_truthy(examples.rows[name], name) end
    for name in sorted(examples.elsewhere) do assert.is_truthy(examples.rows[name], name) end
  end)

  it("compares every row with a gradient with finite differences", function()
    for _, row in ipairs(examples.walk()) do
      local formulas = 0
      for _, a in ipairs(row.args) do
        if row["d" .. a.name] then formulas = formulas + 1 end
      end
      if row.rule or formulas > 0 then
        local any = false
        for _, case in ipairs(examples.of(row)) do
          for i = 1, case.n do any = any or examples.differentiable(case, i) end
        end
        assert.is_true(any, row.name)
      end
    end
  end)
end)

describe("what is generated", function()
  it("has a function for every row, in place too, and a method where it is not hidden", function()
    local x = tnt.ones(1)
    for _, row in ipairs(examples.rows) do
      assert.equal("function", type(ops[row.name]), row.name)
      if row.inplace then assert.equal("function", type(ops[row.name .. "_"]), row.name) end
      if not row.hidden then
        assert.equal("function", type(x[row.name]), row.name)
        if row.inplace then assert.equal("function", type(x[row.name .. "_"]), row.name) end
      end
    end
  end)

  it("has a help page for every row that is not hidden", function()
    local help = require "tnt.help_gen"
    for _, row in ipairs(examples.rows) do
      if not row.hidden then
        assert.is_truthy(help[row.name], row.name)
        assert.truthy(help[row.name]:find(row.signature, 1, true))
      end
    end
  end)
end)
