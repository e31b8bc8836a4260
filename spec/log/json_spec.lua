local cjson = require "cjson"
local log = require "tnt.log"
local scratch = require "spec.log.scratch"

local record, run, failure = scratch.record, scratch.run, scratch.failure

local function steps_in(path)
  local steps = {}
  for i, object in ipairs(cjson.decode(scratch.read(path))) do steps[i] = object.step end
  return steps
end

describe("tnt.log.JSON", function()
  teardown(scratch.clean)
  before_each(function() scratch.warnings = {} end)

  it("writes one array that is valid after every flush", function()
    local dir = scratch.directory()
    local path = dir .. "/metrics.json"
    local logger = log.JSON {}
    logger:open(run(dir))
    assert.equal("[\n]\n", scratch.read(path))
    assert.same({}, cjson.decode(scratch.read(path)))
    logger:flush()
    logger:log(record(1, { ["train/loss"] = 0.1, ['we"ird\n'] = 1e-300 }))
    assert.same({}, steps_in(path)) -- held back for a second
    logger:flush()
    local first = cjson.decode(scratch.read(path))[1]
    assert.same({ 0.1, 1e-300, "train", 1700000001.25 },
      { first["train/loss"], first['we"ird\n'], first.phase, first.time })
    logger:log(record(2, { ["train/loss"] = 0 / 0 }))
    scratch.time = scratch.time + 2
    logger:log(record(3, { ["train/loss"] = -math.huge }))
    local both = cjson.decode(scratch.read(path))
    assert.same({ "NaN", "-Infinity", 3 }, { both[2]["train/loss"], both[3]["train/loss"], #both })
    logger:close()
    logger:close()
    assert.same({ 1, 2, 3 }, steps_in(path))
  end)

  it("goes on where a run goes on, and leaves out what comes out as it was", function()
    local dir = scratch.directory()
    local path = dir .. "/metrics.json"
    local first = log.JSON {}
    first:open(run(dir))
    for step = 1, 4 do first:log(record(step, { ["train/loss"] = step })) end
    first:log(record(4, { ["eval/loss"] = 9 }, { at = "epoch" }))
    for step = 5, 6 do first:log(record(step, { ["train/loss"] = step })) end
    first:close()
    local second = log.JSON {}
    second:open(run(dir, 4))
    assert.same({ 1, 2, 3, 4, 4 }, steps_in(path))
    second:log(record(4, { ["eval/loss"] = 9 }, { at = "epoch", time = 1 }))
    second:log(record(5, { ["train/loss"] = 50 }))
    second:close()
    assert.same({ 1, 2, 3, 4, 4, 5 }, steps_in(path))
    local third = log.JSON {} -- an evaluation appends, a fresh run moves aside
    third:open(run(dir, 0, "evaluate"))
    third:log(record(7, {}))
    third:close()
    assert.same({ 1, 2, 3, 4, 4, 5, 7 }, steps_in(path))
    log.JSON {}:open(run(dir))
    assert.same({}, steps_in(path))
    assert.equal(7, #steps_in(dir .. "/metrics.1.json"))
  end)

  it("mends a file whose writer was killed at any byte of a flush", function()
    local dir = scratch.directory()
    local path = dir .. "/m.json"
    local logger = log.JSON { path = path }
    logger:open()
    logger:log(record(1, { a = 1 }))
    logger:flush()
    local before = scratch.read(path)
    logger:log(record(2, { a = 2 }))
    logger:close()
    local after = scratch.read(path)
    for n = #before - 3, #after do
      scratch.write(path, after:sub(1, n))
      local again = log.JSON { path = path }
      again:open()
      again:log(record(3, { a = 3 }))
      again:close()
      local steps = steps_in(path)
      assert.same({ 1, 3 }, { steps[1], steps[#steps] })
    end
    assert.same({ 1, 2, 3 }, steps_in(path))
  end)

  it("leaves what is no file of its own alone", function()
    local dir = scratch.directory()
    for _, text in ipairs { '{"a": 1}\n', '[\n  {"a": [\n 1]},\n  {"b": 2}\n]\n', "step,loss\n" } do
      scratch.write(dir .. "/x.json", text)
      local err = failure(log.JSON({ path = dir .. "/x.json" }).open, log.JSON {
        path = dir .. "/x.json" })
      assert.equal("format", err.kind)
      assert.equal(text, scratch.read(dir .. "/x.json"))
    end
  end)

  it("says where it cannot write", function()
    assert.equal("argument", failure(log.JSON {}.open, log.JSON {}).kind)
    local logger = log.JSON { path = scratch.directory() .. "/a" }
    logger:open()
    logger.file:close()
    logger.file = io.open("/dev/full", "r+b")
    logger:log(record(1, {}))
    assert.equal("io", failure(logger.flush, logger).kind)
  end)
end)
