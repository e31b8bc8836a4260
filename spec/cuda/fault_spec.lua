-- What goes wrong on a card: found where somebody waits, or at its op with TNT_SYNC=1; after an
-- error that the card does not recover from, everything says so. #cuda
local card = require "spec.cuda.card"
local process = require "spec.cli.process"

if not card.available "faults" then return end

local function run(script, env)
  local out, err, status = process.run({ "-e", script }, { env = env })
  assert(status == 0, err)
  return out
end

local bad_id = [[
local tnt = require "tnt"
local x = tnt.ones({ 3, 4 }, { device = "cuda" })
local ids = tnt.tensor({ 0, 7 }, { dtype = "i64" }):to "cuda"
local ok, err = pcall(x.index_select, x, 1, ids)
print(ok, ok or err.message)
ok, err = pcall(function() return x:sum():item() end)
print(ok, ok and err or err.message)
ok, err = pcall(function() return x:sum():item() end)
print(ok, ok and err or err.message)
]]

describe("faults #cuda", function()
  it("are found where somebody waits, once", function()
    local first, second, third = run(bad_id):match "^(.-)\n(.-)\n(.-)\n"
    assert.equal("true\ttrue", first)
    assert.matches("^false.*index_select: .*0..2, element 2 is 7", second)
    assert.equal("true\t12", third)
  end)

  it("are found at their op with TNT_SYNC=1", function()
    local first, second, third = run(bad_id, "TNT_SYNC=1"):match "^(.-)\n(.-)\n(.-)\n"
    assert.matches("^false.*index_select: .*0..2, element 2 is 7", first)
    assert.equal("true\t12", second)
    assert.equal("true\t12", third)
  end)

  it("that lose the card are named ever after", function()
    if not card.emulated() then return pending "a real card is not to be lost" end
    for _, sync in ipairs { "0", "1" } do
      local out = run([[
local tnt = require "tnt"
local x = tnt.ones({ 40 }, { device = "cuda" })
local function try(f)
  local ok, err = pcall(f)
  print(ok, ok or err.kind, ok or err.message)
end
try(function() return x:cumsum(1) end)
try(function() return x:sum():item() end)
try(function() return tnt.zeros(3, { device = "cuda" }) + 1 end)
try(function() tnt.cuda.synchronize() end)
try(function() return tnt.ones(2) + 1 end)
]], "TNT_EMULATED_FAULT=rows_kernel TNT_SYNC=" .. sync)
      local lines = {}
      for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
      assert.equal(5, #lines, out)
      if sync == "1" then
        assert.matches("^false\tcuda\t.*cumsum: ", lines[1])
        assert.matches("lost since an earlier error %(cumsum: ", lines[2])
      else
        assert.equal("true\ttrue\ttrue", lines[1])
      end
      for k = 2, 4 do
        assert.matches("^false\tcuda\t", lines[k])
        if k > 2 then assert.matches("the card is lost since an earlier error", lines[k]) end
      end
      assert.equal("true\ttrue\ttrue", lines[5])
    end
  end)
end)
