local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

describe("tnt.use_deterministic", function()
  after_each(function() tnt.use_deterministic(false) end)

  it("knows its levels by every name they have", function()
    local names = {
      default = { false, "default", 0 }, warn = { "warn", 1 }, error = { true, "error", 2 },
    }
    local former = "default"
    for _, level in ipairs { "default", "warn", "error" } do
      for _, name in ipairs(names[level]) do
        assert.equal(former, tnt.use_deterministic(name))
        assert.equal(level, tnt.deterministic())
        former = level
      end
    end
    for _, name in ipairs { "on", 3, {} } do
      assert.equal("argument", failure(tnt.use_deterministic, name).kind)
    end
    assert.equal("argument", failure(tnt.use_deterministic).kind)
    assert.equal("error", tnt.deterministic())
  end)

  it("comes with a seed where that is asked", function()
    tnt.seed(1, { deterministic = "warn" })
    assert.equal("warn", tnt.deterministic())
    tnt.seed(1)
    tnt.seed(1, {})
    assert.equal("warn", tnt.deterministic())
    tnt.seed(1, { deterministic = false })
    assert.equal("default", tnt.deterministic())
    assert.equal("argument", failure(tnt.seed, 1, true).kind)
    assert.equal("argument", failure(tnt.seed, 1, { deterministic = "on" }).kind)
    assert.matches("did you mean 'deterministic'",
      failure(tnt.seed, 1, { determinstic = true }).message)
    for _, seed in ipairs { -1, 0.5, 2 ^ 53 + 2, "x", 0 / 0 } do
      assert.equal("argument", failure(tnt.seed, seed).kind)
    end
  end)

  it("tells the truth: on the CPU a run repeats to the bit at every level", function()
    local function weights(level, threads)
      local before = tnt.num_threads()
      tnt.set_num_threads(threads)
      tnt.seed(7, { deterministic = level })
      local nn = tnt.nn
      local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Dropout { p = 0.3 }, nn.Flatten(), nn.Linear(4 * 36, 10))
      local optimizer = tnt.optim.AdamW(net:parameters(), { lr = 1e-2 })
      for _ = 1, 4 do
        local loss = nn.functional.cross_entropy(net(tnt.randn(16, 1, 8, 8)),
          tnt.randint(0, 10, { 16 }))
        loss:backward()
        optimizer:step()
        optimizer:zero_grad()
      end
      tnt.set_num_threads(before)
      local all = {}
      for i, p in ipairs(net:parameters()) do all[i] = p:detach():reshape(-1):totable() end
      return all
    end
    local expected = weights(false, 1)
    for _, level in ipairs { false, "warn", true } do
      assert.same(expected, weights(level, 1))
      assert.same(expected, weights(level, 2))
    end
  end)
end)
