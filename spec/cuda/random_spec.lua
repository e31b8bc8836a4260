-- Random numbers on a card are the CPU's: the same bits where only whole numbers and one rounding
-- are involved. #cuda
local tnt = require "tnt"
local both = require "spec.cuda.both"

if not both.available "random numbers" then return end

local function drawn(where, dtype, n, f, rtol)
  local got = {}
  for _, device in ipairs { "cpu", "cuda" } do
    tnt.seed(99)
    got[device] = f(tnt.zeros({ n }, { dtype = dtype, device = device }))
  end
  both.alike(where, { got.cpu }, function(v)
    return v.device == "cpu" and v or got.cuda
  end, rtol)
end

describe("random numbers on a card #cuda", function()
  for _, n in ipairs { 0, 1, 7, 1000, 5001 } do
    it("are the CPU's, " .. n, function()
      for _, dtype in ipairs { "f32", "f64", "f16", "bf16" } do
        drawn("uniform " .. dtype, dtype, n, function(x) return x:uniform_() end)
        -- whether product and sum are rounded once or twice is the CPU's model
        drawn("uniform " .. dtype, dtype, n, function(x) return x:uniform_(-2, 3) end,
          ({ f32 = 1e-6, f64 = 1e-15, f16 = 2 ^ -11, bf16 = 2 ^ -8 })[dtype])
        drawn("normal " .. dtype, dtype, n, function(x) return x:normal_(1, 2) end,
          ({ f32 = 1e-6, f64 = 1e-12, f16 = 2 ^ -10, bf16 = 2 ^ -8 })[dtype])
        for _, p in ipairs { 0, 0.3, 1 } do
          drawn("dropout " .. dtype, dtype, n, function(x) return (x + 1):dropout(p) end)
        end
      end
      for _, dtype in ipairs { "f32", "bf16", "i64", "i32", "u8", "bool" } do
        drawn("bernoulli " .. dtype, dtype, n, function(x) return x:bernoulli_(0.3) end)
        if dtype ~= "bool" then
          drawn("randint " .. dtype, dtype, n, function(x) return x:randint_(3, 200) end)
        end
      end
      for _, dtype in ipairs { "i64", "f64", "i32" } do
        drawn("randperm " .. dtype, dtype, n, function(x) return x:randperm_() end)
        drawn("arange " .. dtype, dtype, n, function(x) return x:arange_(-3, 2) end)
      end
    end)
  end

  it("drop the same elements in the gradient", function()
    local x = tnt.ones({ 4000 }, { device = "cuda" })
    x.requires_grad = true
    local y = x:dropout(0.4)
    y:sum():backward()
    assert.same(both.list(y), both.list(x.grad))
  end)

  it("choose by weight", function()
    for _, replacement in ipairs { true, false } do
      local p = both.whole({ 6, 700 }, 0, 3, "f32")
      tnt.seed(4)
      local want = p:multinomial(300, replacement)
      tnt.seed(4)
      local got = p:to("cuda"):multinomial(300, replacement)
      assert.equal("cuda:0", got.device)
      assert.same(both.list(want), both.list(got))
    end
  end)

  it("refuse weights that are none", function()
    for text, weights in require "tnt.sorted" {
      ["row 2 has %-1"] = { { 1, 2 }, { 1, -1 } },
      ["row 1 has too few positive weights"] = { { 0, 0 }, { 1, 1 } },
    } do
      local ok, err = pcall(function()
        return both.list(tnt.tensor(weights):to("cuda"):multinomial(1))
      end)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches(text, err.message)
    end
    local ok, err = pcall(function()
      return both.list(tnt.tensor({ 1, 1, 0 }):to("cuda"):multinomial(3, false))
    end)
    assert.is_false(ok)
    assert.matches("too few positive weights", err.message)
  end)
end)
