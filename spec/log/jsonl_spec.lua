local cjson = require "cjson"
local log = require "tnt.log"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

local record, run = scratch.record, scratch.run

local function lines_of(path)
  local list = {}
  for line in scratch.read(path):gmatch "([^\n]*)\n" do list[#list + 1] = line end
  return list
end

local function steps_of(path)
  local list = {}
  for i, line in ipairs(lines_of(path)) do list[i] = cjson.decode(line).step end
  return list
end

local function written(dir, from, to, entry)
  local logger = log.JSONL {}
  logger:open(run(dir, from - 1, entry))
  for step = from, to do logger:log(record(step, { ["train/loss"] = 1 / step })) end
  logger:close()
  return dir .. "/metrics.jsonl"
end

describe("tnt.log.JSONL", function()
  teardown(scratch.clean)

  it("writes one object a line, whose numbers read back exactly", function()
    local dir = scratch.directory()
    local logger = log.JSONL {}
    logger:open(run(dir))
    local seed = os.time()
    print("seed " .. seed)
    math.randomseed(seed)
    local values = {
      a = 0.1, b = 1 / 3, c = 5e-324, d = 1.7976931348623157e308, e = 2 ^ 53 + 2, f = -0.5, g = 3,
      h = 1e-5, i = 0.10000000149011612, j = 123456789012, k = 1e22,
    }
    for i = 1, 300 do
      values["r" .. i] = (math.random() - 0.5) * 10 ^ math.random(-300, 300)
    end
    logger:log(record(7, values, { at = "epoch", phase = "eval", update = 5, epoch = 2 }))
    logger:close()
    local text = lines_of(dir .. "/metrics.jsonl")
    assert.equal(1, #text)
    local read = cjson.decode(text[1])
    for name, value in pairs(values) do assert.equal(value, read[name]) end
    assert.same({ 7, 5, 2, "eval", "epoch", 1700000007.25 },
      { read.step, read.update, read.epoch, read.phase, read.at, read.time })
    assert.truthy(text[1]:find('"a":0.1,', 1, true))
    assert.truthy(text[1]:find('"g":3,', 1, true))
  end)

  it("is valid JSON whatever the names, and with NaN and infinities", function()
    local dir = scratch.directory()
    local logger = log.JSONL {}
    logger:open(run(dir))
    local odd = 'a "b"\\c\n\127é\0d'
    logger:log(record(1, { [odd] = 1, nan = 0 / 0, inf = math.huge, minus = -math.huge }))
    logger:close()
    local read = cjson.decode(lines_of(dir .. "/metrics.jsonl")[1])
    assert.equal(1, read[odd])
    assert.same({ "NaN", "Infinity", "-Infinity" }, { read.nan, read.inf, read.minus })
  end)

  it("continues after the step a checkpoint was taken at", function()
    local dir = scratch.directory()
    local path = written(dir, 1, 9)
    local logger = log.JSONL {}
    logger:open(run(dir, 6))
    logger:log(record(7, { ["train/loss"] = 70 }))
    logger:close()
    assert.same({ 1, 2, 3, 4, 5, 6, 7 }, steps_of(path))
    assert.equal(70, cjson.decode(lines_of(path)[7])["train/loss"])
    assert.equal(1 / 6, cjson.decode(lines_of(path)[6])["train/loss"])
    assert.is_nil(scratch.read(path .. ".tmp"))
  end)

  it("does not repeat what is done again at the very step it goes on from", function()
    local dir = scratch.directory()
    local function epoch(loss, at)
      return record(2, { ["eval/loss"] = loss }, { at = "epoch", phase = "eval", time = at })
    end
    local path = written(dir, 1, 2)
    local function resumed(...)
      local logger = log.JSONL {}
      logger:open(run(dir, 2))
      for _, entry in ipairs { ... } do logger:log(entry) end
      logger:close()
    end
    resumed(epoch(0.5, 10))
    assert.same({ 1, 2, 2 }, steps_of(path))
    local text = scratch.read(path)
    resumed(epoch(0.5, 20))
    assert.equal(text, scratch.read(path))
    resumed(epoch(0.5, 30), epoch(0.5, 31), epoch(0.25, 32), record(3, { ["train/loss"] = 1 }))
    assert.same({ 1, 2, 2, 2, 2, 3 }, steps_of(path))
  end)

  it("drops a line that was cut short, completes one that only lacks its end, keeps foreign ones",
    function()
      local dir = scratch.directory()
      local path = written(dir, 1, 2)
      local whole = scratch.read(path)
      scratch.write(path, '# mine\n{"step":null}\n' .. whole .. '{"step":3,"upda')
      written(dir, 4, 4)
      assert.equal('# mine\n{"step":null}\n' .. whole, scratch.read(path):sub(1, 21 + #whole))
      assert.equal(5, #lines_of(path))
      scratch.write(path, (whole:gsub("\n$", "")))
      written(dir, 3, 3)
      assert.same({ 1, 2, 3 }, steps_of(path))
    end)

  it("appends in evaluate, whatever the steps", function()
    local dir = scratch.directory()
    local path = written(dir, 1, 9)
    written(dir, 1, 1, "evaluate")
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 1 }, steps_of(path))
  end)

  it("moves the file of an earlier run aside when one begins anew, and says so", function()
    local dir = scratch.directory()
    local path = written(dir, 1, 2)
    scratch.warnings = {}
    written(dir, 1, 3)
    written(dir, 1, 4)
    assert.same({ 1, 2, 3, 4 }, steps_of(path))
    assert.same({ 1, 2 }, steps_of(dir .. "/metrics.1.jsonl"))
    assert.same({ 1, 2, 3 }, steps_of(dir .. "/metrics.2.jsonl"))
    assert.equal(2, #scratch.warnings)
    assert.truthy(scratch.warnings[1]:find("metrics.1.jsonl", 1, true))
  end)

  it("holds lines back for flush_seconds, and writes them at flush and close", function()
    local dir = scratch.directory()
    local path = dir .. "/deep/er/m.jsonl"
    local logger = log.JSONL { path = path, flush_seconds = 5 }
    logger:open(run(dir))
    logger:log(record(1, { a = 1 }))
    assert.equal("", scratch.read(path) or "")
    scratch.time = scratch.time + 4.9
    logger:log(record(2, { a = 1 }))
    assert.equal("", scratch.read(path) or "")
    scratch.time = scratch.time + 0.1
    logger:log(record(3, { a = 1 }))
    assert.same({ 1, 2, 3 }, steps_of(path))
    logger:log(record(4, { a = 1 }))
    assert.same({ 1, 2, 3 }, steps_of(path))
    logger:flush()
    assert.same({ 1, 2, 3, 4 }, steps_of(path))
    logger:log(record(5, { a = 1 }))
    logger:close()
    assert.same({ 1, 2, 3, 4, 5 }, steps_of(path))
    logger:close()
  end)

  it("serves a loop of one's own", function()
    local path = scratch.directory() .. "/x.jsonl"
    local logger = log.JSONL { path = path }
    logger:log_values({ loss = 0.5 }, 3)
    logger:close()
    local read = cjson.decode(lines_of(path)[1])
    assert.same({ 3, 0.5 }, { read.step, read.loss })
    assert.equal("argument",
      scratch.failure(logger.log_values, logger, { loss = "high" }, 3).kind)
  end)

  it("takes numbers, booleans and tensors of one element, of every dtype", function()
    local logger = log.Memory()
    for _, dtype in ipairs { "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool" } do
      logger:log_value("a", tnt.ones(1, 1, { dtype = dtype }), 1)
    end
    logger:log_value("a", true, 2)
    logger:log_value("a", tnt.tensor(1, { requires_grad = true }) * 1, 3)
    logger:log_values({ a = 1, b = false }, 4)
    assert.same({ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, (logger:series "a"))
    assert.same({ 0 }, (logger:series "b"))
    assert.equal("shape", scratch.failure(logger.log_value, logger, "a", tnt.ones(2), 1).kind)
    for _, case in ipairs { { "a", {}, 1 }, { 5, 1, 1 }, { "a", 1, "x" }, { "a", 1 }, { "a" } } do
      assert.equal("argument",
        scratch.failure(logger.log_value, logger, case[1], case[2], case[3]).kind)
    end
    assert.equal("argument", scratch.failure(logger.log_values, logger, 3, 1).kind)
  end)

  it("writes in rank 0, or in every rank a file of its own", function()
    local dir = scratch.directory()
    local before, rank = package.loaded["tnt.dist"], 1
    package.loaded["tnt.dist"] = {
      rank = function() return rank end, size = function() return 2 end,
    }
    local quiet = log.JSONL { path = dir .. "/a.jsonl" }
    quiet:log_value("x", 1, 1)
    quiet:close()
    assert.is_nil(scratch.read(dir .. "/a.jsonl"))
    for i, Class in ipairs { log.JSONL, log.CSV, log.JSON } do
      for r = 0, 1 do
        rank = r
        local logger = Class { path = ("%s/%d.txt"):format(dir, i), all_ranks = true }
        logger:log_value("x", 0.25 + r, 1)
        logger:close()
      end
      assert.matches("0.25", scratch.read(("%s/%d.txt"):format(dir, i)), 1, true)
      assert.matches("1.25", scratch.read(("%s/%d.rank1.txt"):format(dir, i)), 1, true)
    end
    local here, everywhere = log.Memory(), log.Memory()
    everywhere.all_ranks = true
    tnt.train(tnt.testing.TrainUnit(), {
      train_dataloader = tnt.testing.random_loader(4, 2, 2), max_epochs = 1, bar = false,
      loggers = { here, everywhere },
    })
    package.loaded["tnt.dist"] = before
    assert.equal(0, #here.records)
    assert.is_true(#everywhere.records > 0)
  end)

  it("answers TorchTNT's options with its own", function()
    for _, Class in ipairs { log.CSV, log.JSON, log.JSONL } do
      local err = scratch.failure(Class, { steps_before_flushing = 100 })
      assert.matches("flush_seconds", err.message)
      assert.matches("all_ranks", scratch.failure(Class, { log_all_ranks = true }).message)
    end
  end)

  it("refuses what it cannot do", function()
    local err = scratch.failure(log.JSONL {}.open, log.JSONL {}, run(nil))
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("give it path", 1, true))
    assert.truthy(tostring(scratch.failure(log.JSONL, { pth = "x" })):find "did you mean 'path'")
    for _, path in ipairs { "", 5 } do
      local logger = log.JSONL { path = path }
      assert.equal("argument", scratch.failure(logger.open, logger, run "x").kind)
    end
    local dir = scratch.directory()
    local logger = log.JSONL { path = dir .. "/file/m.jsonl" }
    scratch.write(dir .. "/file", "in the way")
    assert.equal("io", scratch.failure(logger.open, logger, run(dir)).kind)
    assert.truthy(tostring(scratch.failure(function() return log.Json end)):find "JSONL")
  end)
end)
