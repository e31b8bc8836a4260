local log = require "tnt.log"
local scratch = require "spec.log.scratch"

local record, run = scratch.record, scratch.run

local FIXED = "step,update,epoch,phase,at,time"

local function logged(dir, steps_done, records, options)
  local logger = log.CSV(options or {})
  logger:open(run(dir, steps_done))
  for _, entry in ipairs(records) do logger:log(entry) end
  logger:close()
  return scratch.read(options and options.path or dir .. "/metrics.csv")
end

local function row(step, rest) return ("%d,%d,0,train,step,%.3f%s\n"):format(step, step,
  1700000000.25 + step, rest) end

describe("tnt.log.CSV", function()
  teardown(scratch.clean)

  it("writes a header and rows with exact numbers", function()
    local text = logged(scratch.directory(), 0, {
      record(1, { ["train/loss"] = 0.1, ["train/lr"] = 1e-5 }),
      record(2, { ["train/loss"] = 1 / 3, ["train/lr"] = 0 }),
    })
    assert.equal(FIXED .. ",train/loss,train/lr\n" .. row(1, ",0.1,1e-05")
      .. row(2, ",0.3333333333333333,0"), text)
  end)

  it("takes new columns in, and leaves cells empty where a record lacks one", function()
    local dir = scratch.directory()
    local text = logged(dir, 0, {
      record(1, { b = 1 }),
      record(2, { b = 2 }),
      record(2, { e = 5, a = 4 }, { at = "epoch", phase = "eval", epoch = 1 }),
      record(3, { b = 3 }),
    })
    assert.equal(FIXED .. ",b,a,e\n" .. row(1, ",1,,") .. row(2, ",2,,")
      .. "2,2,1,eval,epoch,1700000002.250,,4,5\n" .. row(3, ",3,,"), text)
    assert.is_nil(scratch.read(dir .. "/metrics.csv.tmp"))
  end)

  it("quotes names as RFC 4180 says, and knows them again", function()
    local dir = scratch.directory()
    local odd = 'top "5", of\nall'
    logged(dir, 0, { record(1, { [odd] = 1, plain = 2 }) })
    local text = logged(dir, 1, { record(2, { [odd] = 3, plain = 4, z = 5 }) })
    assert.equal(FIXED .. ',plain,"top ""5"", of\nall",z\n' .. row(1, ",2,1,")
      .. row(2, ",4,3,5"), text)
  end)

  it("reads every quoted header back: nothing becomes a column twice", function()
    local dir = scratch.directory()
    local values = {
      ['"'] = 1, ['""'] = 2, ['a,"b"'] = 3, [',",'] = 4, ["é\r\n"] = 5, ['z"'] = 6, y = 7,
    }
    local first = logged(dir, 0, { record(1, values) })
    local second = logged(dir, 1, { record(2, values) })
    assert.equal(first, second:sub(1, #first))
    assert.equal(row(1, ",1,2,4,3,7,6,5"), first:sub(-#row(1, ",1,2,4,3,7,6,5")))
    assert.equal(row(2, ",1,2,4,3,7,6,5"), second:sub(#first + 1))
  end)

  it("writes nan, inf and -inf", function()
    local text = logged(scratch.directory(), 0,
      { record(1, { a = 0 / 0, b = math.huge, c = -math.huge }) })
    assert.equal(FIXED .. ",a,b,c\n" .. row(1, ",nan,inf,-inf"), text)
  end)

  it("continues after the step a checkpoint was taken at, also after a torn row", function()
    local dir = scratch.directory()
    local records = {}
    for step = 1, 9 do records[step] = record(step, { a = step }) end
    logged(dir, 0, records)
    local path = dir .. "/metrics.csv"
    scratch.write(path, scratch.read(path) .. "10,1")
    local text = logged(dir, 2, { record(3, { a = 30, b = 1 }) })
    assert.equal(FIXED .. ",a,b\n" .. row(1, ",1,") .. row(2, ",2,") .. row(3, ",30,1"), text)
    scratch.write(path, "step,upd")
    assert.equal(FIXED .. ",a\n" .. row(3, ",1"), logged(dir, 2, { record(3, { a = 1 }) }))
  end)

  it("does not repeat what is done again at the very step it goes on from", function()
    local dir = scratch.directory()
    local function epoch(loss, at)
      return record(2, { ["eval/loss"] = loss }, { at = "epoch", phase = "eval", time = at })
    end
    logged(dir, 0, { record(1, { a = 1 }), record(2, { a = 2 }), epoch(0.5, 10) })
    logged(dir, 2, { epoch(0.5, 20) })
    local text = logged(dir, 2, { epoch(0.5, 30), epoch(0.5, 31), record(3, { a = 3, z = 1 }) })
    assert.equal(FIXED .. ",a,eval/loss,z\n" .. row(1, ",1,,") .. row(2, ",2,,")
      .. "2,2,0,eval,epoch,10.000,,0.5,\n" .. "2,2,0,eval,epoch,31.000,,0.5,\n"
      .. row(3, ",3,,1"), text)
    text = logged(dir, 2, { epoch(0.5, 40), epoch(0.75, 41) })
    assert.equal("2,2,0,eval,epoch,41.000,,0.75,", text:match "([^\n]*)\n$")
  end)

  it("moves an older file aside when a run begins anew", function()
    local dir = scratch.directory()
    local first = logged(dir, 0, { record(1, { a = 1 }) })
    local second = logged(dir, 0, { record(1, { z = 2 }) })
    assert.equal(first, scratch.read(dir .. "/metrics.1.csv"))
    assert.equal(FIXED .. ",z\n" .. row(1, ",2"), second)
  end)

  it("adds columns to rows it still holds back", function()
    local dir = scratch.directory()
    local logger = log.CSV { flush_seconds = 1000 }
    logger:open(run(dir))
    logger:log(record(1, { a = 1 }))
    logger:log(record(2, { b = 1 }))
    assert.equal(FIXED .. ",a,b\n" .. row(1, ",1,"), scratch.read(dir .. "/metrics.csv"))
    logger:flush()
    assert.equal(FIXED .. ",a,b\n" .. row(1, ",1,") .. row(2, ",,1"),
      scratch.read(dir .. "/metrics.csv"))
    logger:close()
  end)

  it("uses another delimiter, and refuses one that numbers hold", function()
    local dir = scratch.directory()
    local text = logged(dir, 0, { record(1, { ["a;b"] = 0.5 }) },
      { path = dir .. "/x.csv", delimiter = ";" })
    assert.equal('step;update;epoch;phase;at;time;"a;b"', text:match "^[^\n]*")
    text = logged(dir, 0, { record(1, { ["a%b"] = 0.5 }) },
      { path = dir .. "/y.csv", delimiter = "%" })
    assert.equal('step%update%epoch%phase%at%time%"a%b"', text:match "^[^\n]*")
    for _, delimiter in ipairs { "", ".", "ab", "1", '"' } do
      assert.equal("argument", scratch.failure(log.CSV, { delimiter = delimiter }).kind)
    end
  end)

  it("does not write into a file that is none of its own", function()
    local dir = scratch.directory()
    local path = dir .. "/metrics.csv"
    scratch.write(path, "name,age\nAda,36\n")
    local logger = log.CSV {}
    local err = scratch.failure(logger.open, logger, run(dir, 5))
    assert.equal("format", err.kind)
    assert.equal("name,age\nAda,36\n", scratch.read(path))
  end)
end)
