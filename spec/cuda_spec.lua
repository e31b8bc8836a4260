-- Without a card everything says what is missing; with one these are the places where it begins.
local tnt = require "tnt"

describe("tnt.cuda", function()
  it("says whether it is there, and if not why", function()
    local there, reason = tnt.cuda.is_available()
    assert.is_boolean(there)
    if not there then
      assert.is_string(reason)
      assert(#reason > 10, reason)
      assert.equal(0, tnt.cuda.device_count())
    else
      assert(tnt.cuda.device_count() > 0)
    end
  end)

  it("is refused by name where it is not there", function()
    if tnt.cuda.is_available() then return pending "there is a card" end
    for _, make in ipairs {
      function() return tnt.zeros(2, { device = "cuda" }) end,
      function() return tnt.zeros(2, { device = "cuda:1" }) end,
      function() return tnt.zeros(2):to "cuda" end,
    } do
      local ok, err = pcall(make)
      assert.is_false(ok)
      assert.equal("device", err.kind)
      assert.matches("cuda", err.message)
    end
  end)

  it("is not taken for another device", function()
    local ok, err = pcall(tnt.zeros, 2, { device = "gpu" })
    assert.is_false(ok)
    assert.equal("device", err.kind)
    assert.matches("'cpu' or 'cuda:N'", err.message)
  end)
end)

local card = require "spec.cuda.card"
if not card.available "the functions of tnt.cuda" then return end
local process = require "spec.cli.process"

describe("tnt.cuda #cuda", function()
  it("tells what kind of card it is", function()
    local p = tnt.cuda.properties()
    local major, minor = tnt.cuda.capability()
    assert.equal(("%d.%d"):format(major, minor), p.capability)
    assert.equal(tnt.cuda.name(), p.name)
    assert.equal(tnt.cuda.memory().total, p.total_memory)
    assert.is_true(major >= 5 and p.processors > 0 and p.l2_bytes > 0)
    assert.is_true(p.shared_bytes >= 48 * 1024)
    assert.matches("^%x+:%x%x:%x%x%.0$", p.bus)
    assert.same(p, tnt.cuda.properties "cuda:0")
    assert.same(p, tnt.cuda.properties(0))
    local ok, err = pcall(tnt.cuda.properties, "cpu")
    assert.is_false(ok)
    assert.equal("device", err.kind)
  end)

  it("names the versions of CUDA and of its libraries", function()
    local versions = tnt.cuda.versions()
    assert.matches("^%d+%.%d$", versions.runtime)
    assert.matches("^%d+%.%d$", versions.driver)
    assert.matches("^%d+%.%d+%.%d+$", versions.cublas)
    local out, err, status = process.run { "-m", "tnt.env" }
    assert.equal(0, status, err)
    assert.matches("CUDA: %d cards?\n", out)
    assert.truthy(out:find("CUDA runtime: " .. versions.runtime, 1, true))
    assert.truthy(out:find("cuBLASLt: " .. versions.cublas, 1, true))
    assert.truthy(out:find("cuDNN: " .. (versions.cudnn or "not in this build"), 1, true))
    assert.truthy(out:find("cuda:0: " .. tnt.cuda.name() .. ", compute capability ", 1, true))
  end)

  it("has a current card, which 'cuda' stands for", function()
    if tnt.cuda.device_count() < 2 then return pending "there is one card" end
    assert.equal(0, tnt.cuda.current_device())
    tnt.cuda.set_device "cuda:1"
    local ok, err = pcall(function()
      assert.equal(1, tnt.cuda.current_device())
      assert.equal("cuda:1", tnt.ones({ 2 }, { device = "cuda" }).device)
      assert.equal("cuda:1", tnt.ones({ 2 }):cuda().device)
      assert.equal(tnt.cuda.name(1), tnt.cuda.name())
      assert.equal("cuda:0", tnt.ones({ 2 }, { device = "cuda:0" }).device)
      assert.equal(2, tnt.nn.Linear(2, 2):to("cuda")(tnt.ones({ 1, 2 }, { device = "cuda" }))
        :numel())
    end)
    tnt.cuda.set_device(0)
    assert(ok, err)
    assert.equal("cuda:0", tnt.ones({ 2 }, { device = "cuda" }).device)
    for _, wrong in ipairs { "cuda:7", "cpu", 7, "gpu" } do
      local fine, refusal = pcall(tnt.cuda.set_device, wrong)
      assert.is_false(fine)
      assert.equal("device", refusal.kind)
    end
    assert.equal("argument", select(2, pcall(tnt.cuda.set_device)).kind)
    assert.equal(0, tnt.cuda.current_device())
  end)

  it("says in words who holds what", function()
    local x = tnt.ones({ 2 ^ 20 }, { device = "cuda" })
    local text = tnt.cuda.memory_summary()
    assert.matches("^cuda:0 %(.+%), %d+%.%d MB\n", text)
    local live = tonumber(text:match "([%d.]+) MB tensors")
    assert.near(tnt.cuda.memory().live / 1e6, live, 0.06)
    for _, what in ipairs { "captured steps", "kept for later", "others", "free", "pinned" } do
      assert.truthy(text:find(what, 1, true), what)
    end
    x:free()
  end)
end)
