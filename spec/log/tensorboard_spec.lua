local bit = require "bit"
local C = require("tnt.core").C
local event = require "tnt.log.event"
local ffi = require "ffi"
local lfs = require "lfs"
local log = require "tnt.log"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

local function crc32c(data) return C.tnt_crc32c(data, #data, 0) end

local record, run = scratch.record, scratch.run

-- Printed by scripts/parity/tensorboard_check.py --bytes (TensorBoard 2.21's own RecordWriter and
-- protobuf classes).
local REFERENCE = "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9"
  .. "0f000000000000006d532b090900006040fc54d94110073a02080165b49f663200000000000000241956ec0900"
  .. "00b040fc54d94110ac022a240a110a0a747261696e2f6c6f737315cdcccc3d0a0f0a08747261696e2f6c721500"
  .. "0000000c3abf95"

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- ---- a decoder of its own, by the documents alone ---------------------------------------------

local function little(data, at, bytes)
  local value = 0
  for i = bytes - 1, 0, -1 do value = value * 256 + data:byte(at + i) end
  return value
end

local function check_masked(data, at, covered)
  local sum = crc32c(covered)
  local rotated = (math.floor(sum / 2 ^ 15) + sum % 2 ^ 15 * 2 ^ 17) % 2 ^ 32
  assert.equal((rotated + 0xA282EAD8) % 2 ^ 32, little(data, at, 4))
end

local function records_of(data)
  local list, at = {}, 1
  while at <= #data do
    local length = little(data, at, 8)
    check_masked(data, at + 8, data:sub(at, at + 7))
    local body = data:sub(at + 12, at + 11 + length)
    check_masked(data, at + 12 + length, body)
    list[#list + 1] = body
    at = at + 16 + length
  end
  return list
end

local function varint(data, at)
  local value, scale = 0, 1
  while true do
    local byte = data:byte(at)
    value, scale, at = value + bit.band(byte, 127) * scale, scale * 128, at + 1
    if byte < 128 then return value, at end
  end
end

-- Field number -> list of values: numbers for varints, bytes for all else.
local function fields_of(data)
  local fields, at = {}, 1
  while at <= #data do
    local key, value
    key, at = varint(data, at)
    local field, wire = math.floor(key / 8), key % 8
    if wire == 0 then
      value, at = varint(data, at)
    else
      local length = wire == 1 and 8 or wire == 5 and 4
      if wire == 2 then length, at = varint(data, at) end
      value, at = data:sub(at, at + length - 1), at + length
    end
    fields[field] = fields[field] or {}
    table.insert(fields[field], value)
  end
  return fields
end

local function number_in(bytes, kind) return ffi.cast(kind .. "*", ffi.cast("char*", bytes))[0] end

local function doubles(bytes)
  local list = {}
  for i = 0, #bytes / 8 - 1 do
    list[i + 1] = number_in(bytes:sub(i * 8 + 1, i * 8 + 8), "double")
  end
  return list
end

local function files_of(dir)
  local list = {}
  for name in lfs.dir(dir) do
    if name:find "^events" then list[#list + 1] = dir .. "/" .. name end
  end
  table.sort(list)
  return list
end

local function events_of(path)
  local list = {}
  for i, data in ipairs(records_of(scratch.read(path))) do list[i] = fields_of(data) end
  return list
end

local function scalars_of(fields)
  local values = {}
  for _, value in ipairs(fields_of(fields[5][1])[1]) do
    local inner = fields_of(value)
    values[inner[1][1]] = number_in(inner[2][1], "float")
  end
  return values
end

describe("tnt.log.TensorBoard", function()
  teardown(scratch.clean)

  it("has the checksum of RFC 3720, appendix B.4", function()
    local ascending = {}
    for i = 0, 31 do ascending[i + 1] = string.char(i) end
    assert.equal(0x8A9136AA, crc32c(("\0"):rep(32)))
    assert.equal(0x62A8AB43, crc32c(("\255"):rep(32)))
    assert.equal(0x46DD794E, crc32c(table.concat(ascending)))
    assert.equal(0x113FDB5C, crc32c(table.concat(ascending):reverse()))
    assert.equal(0xE3069283, crc32c "123456789")
  end)

  it("writes byte for byte what TensorBoard's own writer does", function()
    local ours = event.record(event.version(1700000000.25))
      .. event.record(event.restart(1700000001.5, 7))
      .. event.record(event.summary(1700000002.75, 300,
        { event.scalar("train/loss", 0.1), event.scalar("train/lr", 0) }))
    assert.equal(unhex(REFERENCE), ours)
  end)

  it("writes the scalars of records, those of train epochs under a name of their own", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard {}
    logger:open(run(dir))
    logger:log(record(2 ^ 40 + 3, { ["train/loss"] = 0.1, ["train/bad"] = 0 / 0 }))
    logger:log(record(5, { ["train/loss"] = 2 }, { at = "epoch" }))
    logger:log(record(5, { ["eval/loss"] = -math.huge }, { at = "epoch", phase = "eval" }))
    logger:close()
    local files = files_of(dir .. "/tensorboard")
    assert.equal(1, #files)
    local events = events_of(files[1])
    assert.equal("brain.Event:2", events[1][3][1])
    assert.equal(2 ^ 40 + 3, events[2][2][1])
    assert.equal(1700000000.25 + 2 ^ 40 + 3, number_in(events[2][1][1], "double"))
    local values = scalars_of(events[2])
    assert.equal(tonumber(ffi.new("float", 0.1)), values["train/loss"])
    assert.is_true(values["train/bad"] ~= values["train/bad"])
    assert.same({ ["train/loss_epoch"] = 2 }, scalars_of(events[3]))
    assert.same({ ["eval/loss"] = -math.huge }, scalars_of(events[4]))
    assert.equal(4, #events)
  end)

  it("voids the steps after a checkpoint in a younger file, and all when a run begins anew",
    function()
      local dir = scratch.directory()
      for _, steps in ipairs { 0, 6, 0 } do
        local logger = log.TensorBoard {}
        logger:open(run(dir, steps))
        logger:log(record(steps + 1, { a = steps }))
        logger:close()
      end
      local files = files_of(dir .. "/tensorboard")
      assert.equal(3, #files)
      -- In the order in which TensorBoard reads them: the first has no mark.
      assert.same({ a = 0 }, scalars_of(events_of(files[1])[2]))
      local second, third = events_of(files[2]), events_of(files[3])
      assert.same({ 7 }, second[2][2])
      assert.same({ 1 }, fields_of(second[2][7][1])[1])
      assert.same({ a = 6 }, scalars_of(second[3]))
      assert.is_nil(third[2][2]) -- step 0
      assert.same({ 1 }, fields_of(third[2][7][1])[1])
    end)

  it("makes files that TensorBoard reads after those that are there", function()
    local dir = scratch.directory()
    for _, second in ipairs { 5000000000, 42 } do
      scratch.write(("%s/events.out.tfevents.%010d.host.7.1"):format(dir, second), "")
    end
    for i = 1, 11 do
      local logger = log.TensorBoard { path = dir }
      logger:open()
      logger:log(record(i, { a = i }))
      logger:close()
    end
    local files = files_of(dir)
    assert.equal(13, #files)
    for i = 1, 11 do assert.same({ i }, events_of(files[2 + i])[2][2]) end
  end)

  it("holds events back for flush_seconds", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir .. "/tb", flush_seconds = 5 }
    logger:open(run(nil))
    local path = files_of(dir .. "/tb")[1]
    logger:log(record(1, { a = 1 }))
    assert.equal(1, #events_of(path))
    logger:flush()
    assert.equal(2, #events_of(path))
    logger:log(record(2, { a = 1 }))
    scratch.time = scratch.time + 5
    logger:log(record(3, { a = 1 }))
    assert.equal(4, #events_of(path))
    scratch.time = scratch.time + 4.9
    logger:log(record(128, { a = 1 }))
    assert.equal(4, #events_of(path))
    logger:close()
    assert.same({ 128 }, events_of(path)[5][2])
    logger:close()
  end)

  it("writes texts and histograms", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    logger:text("config", "lr = *1e-3*", 4)
    logger:histogram("w", { -1, 0, 0.5, 0.5, 2, 0 / 0, math.huge }, 5)
    logger:close()
    local events = events_of(files_of(dir)[1])
    local text = fields_of(fields_of(events[2][5][1])[1][1])
    assert.equal("config", text[1][1])
    assert.same({ { 7 }, "lr = *1e-3*" }, { fields_of(text[8][1])[1], fields_of(text[8][1])[8][1] })
    assert.equal("text", fields_of(fields_of(text[9][1])[1][1])[1][1])
    local histogram = fields_of(fields_of(fields_of(events[3][5][1])[1][1])[5][1])
    local summary = {}
    for field = 1, 5 do summary[field] = number_in(histogram[field][1], "double") end
    assert.same({ -1, 2, 5, 2, 5.5 }, summary)
    local ends, counts = doubles(histogram[6][1]), doubles(histogram[7][1])
    assert.equal(#ends, #counts)
    assert.equal(8, #ends) -- four filled ones, and an empty one before each
    -- Every value lies in its bucket: at or over the end before, under its own.
    local expected = {}
    for _, value in ipairs { -1, 0, 0.5, 0.5, 2 } do
      for i = 2, #ends do
        if value >= ends[i - 1] and value < ends[i] then expected[i] = (expected[i] or 0) + 1 end
      end
    end
    for i = 1, #ends do assert.equal(expected[i] or 0, counts[i]) end
  end)

  it("writes hyper-parameters, also those with values that protobuf leaves out", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    logger:hparams { lr = 0, flag = false, name = "wide", on = true }
    logger:close()
    local value = fields_of(fields_of(events_of(files_of(dir)[1])[2][5][1])[1][1])
    assert.equal("_hparams_/session_start_info", value[1][1])
    local plugin = fields_of(fields_of(value[9][1])[1][1])
    assert.equal("hparams", plugin[1][1])
    local session = fields_of(fields_of(plugin[2][1])[3][1])
    local found = {}
    for i, entry in ipairs(session[1]) do
      local pair = fields_of(entry)
      local kinds = fields_of(pair[2][1])
      found[i] = { pair[1][1], kinds[2] and number_in(kinds[2][1], "double"),
        kinds[3] and kinds[3][1], kinds[4] and kinds[4][1] }
    end
    assert.same({
      { "flag", nil, nil, 0 }, { "lr", 0 }, { "name", nil, "wide" }, { "on", nil, nil, 1 },
    }, found)
    assert.is_true(number_in(session[5][1], "double") > 1.7e9)
    for _, bad in ipairs { { a = {} }, { 5 }, { a = print } } do
      assert.equal("argument", scratch.failure(logger.hparams, logger, bad).kind)
    end
    dir = scratch.directory()
    logger = log.TensorBoard { path = dir }
    logger:hparams({ lr = 0.5 }, { accuracy = 0.75, loss = tnt.tensor(0.5) })
    logger:close()
    local events = events_of(files_of(dir)[1])
    assert.equal(3, #events)
    assert.same({ accuracy = 0.75, loss = 0.5 }, scalars_of(events[3]))
  end)

  it("uses TensorFlow's buckets: 1e-12 * 1.1^k on either side of 0", function()
    local tensor = setmetatable({ values = {} }, { __index = {
      detach = function(self) return self end,
      reshape = function(self, n) return n == -1 and self end,
      totable = function(self) return self.values end,
    } })
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    local values = { 0.5, -0.5, 0, 1e-13, -1e-13, 1e300, -1e300, 1e-12 }
    for i, value in ipairs(values) do
      tensor.values = { value }
      logger:histogram("w", tensor, i)
    end
    logger:close()
    local function near(expected, actual)
      assert.is_true(math.abs(actual - expected) <= 1e-9 * math.abs(expected),
        ("expected %g, got %g"):format(expected, actual))
    end
    local events = events_of(files_of(dir)[1])
    local bound = {}
    for i in ipairs(values) do
      local histogram = fields_of(fields_of(fields_of(events[1 + i][5][1])[1][1])[5][1])
      bound[i] = doubles(histogram[6][1])
      local counts = doubles(histogram[7][1])
      assert.equal(1, counts[#counts])
      assert.equal(#bound[i], #counts)
      assert.equal(i == 7 and 1 or 2, #counts)
      if counts[2] then assert.equal(0, counts[1]) end
    end
    local k = math.floor(math.log(0.5 / 1e-12) / math.log(1.1))
    near(1e-12 * 1.1 ^ k, bound[1][1])
    near(1e-12 * 1.1 ^ (k + 1), bound[1][2])
    near(-1e-12 * 1.1 ^ (k + 1), bound[2][1])
    near(-1e-12 * 1.1 ^ k, bound[2][2])
    assert.same({ 0, 1e-12 }, bound[3])
    assert.same({ 0, 1e-12 }, bound[4])
    assert.same({ -1e-12, 0 }, bound[5])
    local last = math.floor(math.log(1e20 / 1e-12) / math.log(1.1))
    near(1e-12 * 1.1 ^ last, bound[6][1])
    near(1.7976931348623157e308, bound[6][2])
    near(-1e-12 * 1.1 ^ last, bound[7][1])
    assert.equal(1e-12, bound[8][1])
    near(1.1e-12, bound[8][2])
  end)

  it("writes distributions that were counted elsewhere", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    local given = { min = -1, max = 3, num = 4, sum = 5, sum_squares = 11, limits = { 0, 2, 4 },
      counts = { 1, 2, 1 } }
    logger:histogram_raw("h", given, 7)
    logger:close()
    local histogram = fields_of(fields_of(fields_of(events_of(files_of(dir)[1])[2][5][1])[1][1])
      [5][1])
    local summary = {}
    for field = 1, 5 do summary[field] = number_in(histogram[field][1], "double") end
    assert.same({ -1, 3, 4, 5, 11 }, summary)
    assert.same({ 0, 2, 4 }, doubles(histogram[6][1]))
    assert.same({ 1, 2, 1 }, doubles(histogram[7][1]))
    local function refused(change)
      local bad = {}
      for name, value in pairs(given) do bad[name] = value end
      for name, value in pairs(change) do bad[name] = value end
      return tostring(scratch.failure(logger.histogram_raw, logger, "h", bad, 1))
    end
    assert.matches("lists of one length, got 3 and 2", refused { counts = { 1, 2 } })
    assert.matches("limits%[2%] must be a number from 5 on", refused { limits = { 5, 4, 6 } })
    assert.matches("sum must be a number", refused { sum = "x" })
    assert.matches("did you mean 'counts'", refused { count = 1 })
  end)

  it("writes sounds as WAV files", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    logger:audio("beep", tnt.tensor { { 0, 1, -1, 7 }, { 0.5, 0 / 0, -2, 0 } }, 3, 8000)
    logger:close()
    local audio = fields_of(fields_of(fields_of(events_of(files_of(dir)[1])[2][5][1])[1][1])[6][1])
    assert.equal(8000, number_in(audio[1][1], "float"))
    assert.same({ { 2 }, { 4 }, { "audio/wav" } }, { audio[2], audio[3], audio[5] })
    local wav = audio[4][1]
    assert.equal("RIFF", wav:sub(1, 4))
    assert.equal(#wav - 8, little(wav, 5, 4))
    assert.equal("WAVEfmt ", wav:sub(9, 16))
    local words = {}
    for i, at in ipairs { 21, 23, 33, 35 } do words[i] = little(wav, at, 2) end
    assert.same({ 1, 2, 4, 16 }, words) -- PCM, channels, bytes a frame, bits
    assert.same({ 8000, 32000 }, { little(wav, 25, 4), little(wav, 29, 4) })
    assert.equal("data", wav:sub(37, 40))
    assert.equal(16, little(wav, 41, 4))
    local samples = {}
    for i = 0, 7 do samples[i + 1] = number_in(wav:sub(45 + 2 * i, 46 + 2 * i), "int16_t") end
    assert.same({ 0, 16384, 32767, 0, -32767, -32767, 32767, 0 }, samples)
    local function kind(...) return scratch.failure(logger.audio, logger, "a", ...).kind end
    assert.equal("argument", kind({ 1 }, 1))
    assert.equal("shape", kind(tnt.zeros(1, 2, 3), 1))
    assert.equal("dtype", kind(tnt.zeros(3, { dtype = "i64" }), 1))
    assert.equal("argument", kind(tnt.zeros(3), 1, 0.5))
  end)

  it("gives each curve of a group a run of its own beside it", function()
    local dir = scratch.directory()
    local logger = log.TensorBoard { path = dir }
    logger:scalars("waves/all", { sin = 0.5, cos = tnt.tensor(0.25) }, 1)
    logger:scalars("waves/all", { sin = 0.75 }, 2)
    logger:close()
    assert.equal(1, #files_of(dir))
    local sin = events_of(files_of(dir .. "/waves_all_sin")[1])
    assert.same({ { ["waves/all"] = 0.5 }, { ["waves/all"] = 0.75 } },
      { scalars_of(sin[2]), scalars_of(sin[3]) })
    assert.same({ { 1 }, { 2 } }, { sin[2][2], sin[3][2] })
    local cos = events_of(files_of(dir .. "/waves_all_cos")[1])
    assert.same({ ["waves/all"] = 0.25 }, scalars_of(cos[2]))
    assert.equal(2, #cos)
  end)

  it("writes in rank 0 alone", function()
    local dir = scratch.directory()
    local before = package.loaded["tnt.dist"]
    package.loaded["tnt.dist"] = { rank = function() return 1 end, size = function() return 2 end }
    local logger = log.TensorBoard { path = dir .. "/tb" }
    logger:text("a", "b", 1)
    logger:scalars("a", { b = 1 }, 1)
    logger:histogram("a", { 1 }, 1)
    logger:image("a", tnt.zeros(2, 2), 1)
    logger:hparams { a = 1 }
    logger:log_value("a", 1, 1)
    logger:close()
    package.loaded["tnt.dist"] = before
    assert.is_nil(lfs.attributes(dir .. "/tb"))
    assert.is_nil(lfs.attributes(dir .. "/tb.rank1"))
  end)

  it("needs a place", function()
    local logger = log.TensorBoard {}
    assert.equal("argument", scratch.failure(logger.open, logger, run(nil)).kind)
  end)
end)
