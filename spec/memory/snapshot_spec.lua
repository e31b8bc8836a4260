local balance = require "spec.balance"
local cjson = require "cjson"
local core = require "tnt.core"
local tnt = require "tnt"

local paths = {}
local function new_path()
  paths[#paths + 1] = os.tmpname()
  return paths[#paths]
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return cjson.decode(text)
end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

describe("tnt.memory_snapshot", function()
  balance.file(setup, teardown)
  teardown(function()
    for _, path in ipairs(paths) do os.remove(path) end
  end)

  it("tells every block taken and given back, by operation and line", function()
    local here
    local before = tnt.memory().live_bytes
    local snapshot, y = tnt.memory_snapshot(function()
      local x = tnt.empty(1000)
      here = debug.getinfo(1, "l").currentline + 1
      local result = x:fill_(2):mul(3)
      x:free()
      return result
    end)
    local texts = {}
    for i, event in ipairs(snapshot.events) do
      assert.equal(i, event.number)
      assert.equal("forward", event.phase)
      assert.is_true(event.seconds >= 0)
      texts[i] = ("%s %d %s"):format(event.action, event.bytes, tostring(event.op))
    end
    assert.same({ "alloc 4096 nil", "alloc 4096 mul", "free 4096 nil" }, texts)
    local made = snapshot.events[2]
    assert.truthy(made.line:find("snapshot_spec.lua:" .. here, 1, true))
    assert.same({ before + 4096, before + 8192, before + 4096 }, {
      snapshot.events[1].live, made.live, snapshot.events[3].live,
    })
    assert.equal(snapshot.events[1].address, snapshot.events[3].address)
    assert.is_nil(snapshot.events[3].line)
    assert.same({ made }, snapshot.live)
    assert.equal(before + 8192, snapshot.peak_bytes)
    assert.equal(before + 4096, snapshot.memory.live_bytes)
    assert.equal(6, y:max():item())
    y:free()
  end)

  it("names the operation whose gradient took a block, and the line of its forward", function()
    local x, here = tnt.randn(8, 200, { requires_grad = true })
    local w = tnt.randn(200, 300, { requires_grad = true })
    local snapshot = tnt.memory_snapshot(function()
      here = debug.getinfo(1, "l").currentline + 1
      local y = x:matmul(w)
      y:sum():backward()
    end)
    local found
    for _, event in ipairs(snapshot.events) do
      if event.gradient_of == "matmul" and event.bytes == 262144 then found = event end
    end
    assert.same({ "alloc", "matmul", "backward" }, { found.action, found.op, found.phase })
    assert.truthy(found.line:find("snapshot_spec.lua:" .. here, 1, true))
    local source = snapshot:sources()[1] -- of w's gradient, and 7168 bytes of x's
    assert.same({ "matmul in the gradient of matmul at " .. found.line, 2, 269312 },
      { source.source, source.blocks, source.bytes })
    assert.truthy(tostring(snapshot):find(" 0.269 MB in 2: matmul in the gradient", 1, true))
    x.grad, w.grad = nil, nil
  end)

  it("writes the same as JSON, also when the function raises", function()
    local path = new_path()
    local err = failure(tnt.memory_snapshot, { path = path, lines = false }, function()
      local _ = tnt.ones(100)
      tnt.zeros(2 ^ 46)
    end)
    assert.is_true(tnt.is_out_of_memory(err))
    local written = read(path)
    assert.same({ "alloc", "oom" }, { written.events[1].action, written.events[2].action })
    assert.same({ 2 ^ 48, 448 }, { written.events[2].bytes, written.live[1].bytes })
    assert.is_nil(written.events[1].line)
    assert.is_number(written.memory.live_tensors)
    assert.equal(0, written.lost)
  end)

  it("keeps the newest events, and nothing after its end", function()
    local snapshot, a, b = tnt.memory_snapshot({ max_entries = 3 }, function(...)
      for _ = 1, 4 do tnt.ones(10):free() end
      return ...
    end, 1, "b")
    assert.same({ 1, "b", 3, 5 }, { a, b, #snapshot.events, snapshot.lost })
    assert.equal(6, snapshot.events[1].number)
    assert.truthy(tostring(snapshot):find "^3 events %(5 older ones lost%), at most ")
    tnt.ones(10):free()
    assert.equal(3, #snapshot.events)
    assert.equal(0, core.context.call)
    assert.same({}, (tnt.memory_snapshot(function() end)).events)
  end)

  it("refuses one within another, and what makes no sense", function()
    assert.equal("state", failure(tnt.memory_snapshot, tnt.memory_snapshot, function() end).kind)
    assert.equal("argument", failure(tnt.memory_snapshot, 3).kind)
    for _, options in ipairs { { path = "" }, { max_entries = 0 }, { entries = 3 } } do
      assert.equal("argument", failure(tnt.memory_snapshot, options, print).kind)
    end
    assert.equal("io", failure(tnt.memory_snapshot, { path = "/nowhere/m.json" }, print).kind)
  end)
end)
