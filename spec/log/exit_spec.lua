-- What loggers have written when a program ends, whichever way. Every logger holds records back for
-- longer than the program runs.

local cjson = require "cjson"
local process = require "spec.cli.process"
local scratch = require "spec.log.scratch"

local LOGGERS = [[
  local tnt = require "tnt"
  local dir = arg[1]
  local loggers = {}
  for i, name in ipairs { "CSV", "JSONL", "JSON", "TensorBoard" } do
    loggers[i] = tnt.log[name] { path = dir .. "/" .. name, flush_seconds = 1000 }
  end
]]

local OWN_LOOP = LOGGERS .. [[
  for step = 1, 3 do
    for _, logger in ipairs(loggers) do logger:log_values({ loss = step / 4 }, step) end
  end
]]

local TRAIN = LOGGERS .. [[
  local ffi = require "ffi"
  ffi.cdef "int kill(int pid, int signal); int getpid(void);"
  local Run = tnt.TrainUnit:extend "Run"
  function Run:train_step(state, batch)
    state:log("loss", batch / 4)
    if batch == 3 then END end
  end
  tnt.train(Run(), { train_dataloader = { 1, 2, 3, 4, 5 }, max_epochs = 2, bar = false,
    loggers = loggers })
]]

local function run(text)
  local dir = scratch.directory()
  local pipe = io.popen(("'%s' '%s' '%s' 2>&1; echo status $?"):format(process.program,
    process.file(text), dir))
  local output = pipe:read "*a"
  pipe:close()
  return dir, tonumber(output:match "status (%d+)\n$"), output
end

-- The losses of steps that each logger has written; TensorBoard's event file as its size.
local function written(dir)
  local csv, jsonl = {}, {}
  for line in scratch.read(dir .. "/CSV"):gmatch "[^\n]+" do
    if line:find ",step," then csv[#csv + 1] = tonumber(line:match ",([^,]*)$") end
  end
  for line in scratch.read(dir .. "/JSONL"):gmatch "[^\n]+" do
    local record = cjson.decode(line)
    if record.at == "step" then jsonl[#jsonl + 1] = record.loss or record["train/loss"] end
  end
  local json = scratch.read(dir .. "/JSON")
  local name = io.popen(("ls '%s/TensorBoard'"):format(dir)):read "*l"
  return csv, jsonl, json, #scratch.read(dir .. "/TensorBoard/" .. name)
end

local function check(dir, losses)
  local csv, jsonl, json, size = written(dir)
  assert.same(losses, csv)
  assert.same(losses, jsonl)
  local array = {}
  for _, record in ipairs(cjson.decode(json)) do
    if record.at == "step" then array[#array + 1] = record.loss or record["train/loss"] end
  end
  assert.same(losses, array)
  assert.is_true(size > 100, "TensorBoard's file has only its head")
end

describe("loggers of a program", function()
  teardown(function()
    scratch.clean()
    process.cleanup()
  end)

  it("write everything when a loop of one's own ends without closing them", function()
    local dir, status = run(OWN_LOOP)
    assert.equal(0, status)
    check(dir, { 0.25, 0.5, 0.75 })
  end)

  it("write everything when a loop of one's own raises", function()
    local dir, status, output = run(OWN_LOOP .. "error 'boom'")
    assert.equal(1, status)
    assert.matches("boom", output)
    check(dir, { 0.25, 0.5, 0.75 })
  end)

  it("write everything before os.exit; JSON's bracket is then missing", function()
    local dir, status = run(OWN_LOOP .. "os.exit(3)")
    assert.equal(3, status)
    local csv, jsonl, json, size = written(dir)
    assert.same({ { 0.25, 0.5, 0.75 }, { 0.25, 0.5, 0.75 } }, { csv, jsonl })
    assert.is_true(size > 100)
    assert.same({}, cjson.decode(json)) -- what its head says: it holds its records itself
    dir, status = run(OWN_LOOP .. "os.exit(4, true)")
    assert.equal(4, status)
    check(dir, { 0.25, 0.5, 0.75 })
  end)

  it("write the steps that were done when a step raises", function()
    local dir, status, output = run((TRAIN:gsub("END", 'error "boom"')))
    assert.equal(1, status)
    assert.matches("boom", output)
    check(dir, { 0.25, 0.5 })
  end)

  it("write everything when a signal ends training", function()
    for _, signal in ipairs { 2, 15 } do
      local dir, status, output = run((TRAIN:gsub("END",
        ("ffi.C.kill(ffi.C.getpid(), %d)"):format(signal))))
      assert.equal(128 + signal, status, output)
      check(dir, { 0.25, 0.5, 0.75 })
    end
  end)
end)
