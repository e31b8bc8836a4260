local philox = require "tnt.data.philox"

describe("philox #tiny", function()
  -- Source: kat_vectors of Random123 1.14.0, lines "philox4x32 10".
  local MAX = 0xffffffff
  local known = {
    { { 0, 0, 0, 0, 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { MAX, MAX, MAX, MAX, MAX, MAX }, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  }

  it("gives the published numbers", function()
    for _, case in ipairs(known) do
      assert.same(case[2], { philox.block(unpack(case[1])) })
    end
  end)

  it("is a function of seed, epoch, index and purpose", function()
    local function first(...) return philox.stream(...):u32() end
    assert.equal(first(3, 4, 5, 6), first(3, 4, 5, 6))
    local seen = {}
    for _, place in ipairs { { 3, 4, 5, 6 }, { 2 ^ 32 + 3, 4, 5, 6 }, { 3, 5, 5, 6 },
      { 3, 4, 6, 6 }, { 3, 4, 2 ^ 32 + 5, 6 }, { 3, 4, 5, 7 } } do
      local value = first(unpack(place))
      assert.is_nil(seen[value])
      seen[value] = true
    end
  end)

  it("hands out every number of a block, then the next block", function()
    local stream, got = philox.stream(0), {}
    for i = 1, 8 do got[i] = stream:u32() end
    local a, b = { philox.block(0, 0, 0, 0, 0, 0) }, { philox.block(1, 0, 0, 0, 0, 0) }
    assert.same({ a[1], a[2], a[3], a[4], b[1], b[2], b[3], b[4] }, got)
  end)

  it("draws whole numbers evenly", function()
    -- 60,000 draws from 6: chi-square with 5 degrees of freedom, whose 0.999 point is 20.5.
    local stream, counts = philox.stream(11), { 0, 0, 0, 0, 0, 0 }
    for _ = 1, 60000 do
      local k = stream:int(6)
      counts[k] = counts[k] + 1
    end
    local chi = 0
    for _, count in ipairs(counts) do chi = chi + (count - 10000) ^ 2 / 10000 end
    assert.is_true(chi < 20.5)
  end)

  it("draws from ranges beyond 32 bits, and refuses what is no range", function()
    local stream, largest = philox.stream(1), 0
    for _ = 1, 100 do
      local k = stream:int(2 ^ 50)
      assert.is_true(k >= 1 and k <= 2 ^ 50 and k % 1 == 0)
      largest = math.max(largest, k)
    end
    assert.is_true(largest > 2 ^ 49)
    assert.equal(1, stream:int(1))
    for _, bad in ipairs { 0, -1, 1.5, 2 ^ 54, 0 / 0 } do
      local ok, err = pcall(stream.int, stream, bad)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)

  it("draws uniform and normal numbers with the right moments", function()
    -- Means of 20,000 draws lie within 5 standard errors.
    local stream, n = philox.stream(2), 20000
    local u, u2, z, z2 = 0, 0, 0, 0
    for _ = 1, n do
      local a, b = stream:uniform(), stream:normal(1, 2)
      assert.is_true(a >= 0 and a < 1)
      u, u2, z, z2 = u + a, u2 + a * a, z + b, z2 + b * b
    end
    assert.is_true(math.abs(u / n - 0.5) < 5 * math.sqrt(1 / 12 / n))
    assert.is_true(math.abs(u2 / n - 1 / 3) < 5 * math.sqrt(4 / 45 / n))
    assert.is_true(math.abs(z / n - 1) < 5 * 2 / math.sqrt(n))
    assert.is_true(math.abs(z2 / n - 5) < 5 * math.sqrt(48 / n))
  end)

  it("permutes: every order of three comes equally often", function()
    local counts, orders = {}, 0
    for seed = 1, 6000 do
      local key = table.concat(philox.stream(seed):permutation(3))
      if not counts[key] then orders = orders + 1 end
      counts[key] = (counts[key] or 0) + 1
    end
    assert.equal(6, orders)
    local chi = 0
    for _, count in pairs(counts) do chi = chi + (count - 1000) ^ 2 / 1000 end
    assert.is_true(chi < 20.5)
    assert.same({}, philox.stream(1):permutation(0))
  end)
end)
