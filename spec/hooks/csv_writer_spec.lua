local scratch = require "spec.log.scratch"
local rig = require "spec.loop.rig"
local CsvWriter = require "tnt.hooks.csv_writer"
local predict = require "tnt.predict"

local failure = scratch.failure

local function run(hook, options, fields)
  local given = { predict_dataloader = { 1, 2, 3 }, hooks = { hook }, bar = false }
  for name, value in pairs(options or {}) do given[name] = value end -- order: free
  return predict(rig.unit(nil, fields), given)
end

describe("CsvWriter", function()
  teardown(scratch.clean)
  before_each(rig.reset)

  it("writes a row, or several, of each step's output", function()
    local dir = scratch.directory()
    run(CsvWriter {
      header = { "id", "score", "text" },
      rows = function(output, state, unit)
        assert.equal("predict", state.active_phase)
        assert.equal(output - 1, unit.predict_progress.num_steps_completed - 1)
        if output == 1 then return { 1, 0.1, 'say "a, b"' } end
        if output == 2 then return { { 2, 1e-5, true }, { 3, 0 / 0 } } end
      end,
    }, { dir = dir })
    assert.equal('id,score,text\n1,0.1,"say ""a, b"""\n2,1e-05,true\n3,nan,\n',
      scratch.read(dir .. "/predictions.csv"))
  end)

  it("moves an older file aside, and goes on in one when the prediction does", function()
    local path = scratch.directory() .. "/out/p.tsv"
    local function hook()
      return CsvWriter { { "a" }, function(output) return { output } end, path = path,
        delimiter = "\t" }
    end
    run(hook(), { predict_dataloader = { a = { 1 }, b = { 2 } } })
    assert.equal("a\n1\n2\n", scratch.read(path))
    run(hook())
    assert.equal("a\n1\n2\n3\n", scratch.read(path))
    assert.equal("a\n1\n2\n", scratch.read((path:gsub("p.tsv", "p.1.tsv"))))
  end)

  it("closes the file when a step raises, with the rows so far", function()
    local dir = scratch.directory()
    local hook = CsvWriter { header = { "a" }, rows = function(output) return { output } end }
    local err = failure(run, hook, { dir = dir }, {
      in_predict_step = function(_, _, batch)
        if batch == 3 then error("no", 0) end
        return batch
      end,
    })
    assert.equal("no", err)
    assert.equal("a\n1\n2\n", scratch.read(dir .. "/predictions.csv"))
    assert.is_nil(hook.file)
  end)

  it("gives each process its own file", function()
    local dir = scratch.directory()
    package.loaded["tnt.dist"] = { rank = function() return 1 end, size = function() return 2 end }
    run(CsvWriter { { "a" }, function(output) return { output } end }, { dir = dir })
    package.loaded["tnt.dist"] = nil
    assert.equal("a\n1\n2\n3\n", scratch.read(dir .. "/predictions.1.csv"))
    assert.is_nil(scratch.read(dir .. "/predictions.csv"))
  end)

  it("refuses rows that do not fit, and options that make no sense", function()
    local dir = scratch.directory()
    for _, bad in ipairs { { 1, 2 }, 5, { { 1 }, { 1, 2 } } } do
      local err = failure(run, CsvWriter { { "a" }, function() return bad end }, { dir = dir })
      assert.equal("argument", err.kind)
      assert.truthy(tostring(err):find("a row is a list of 1 cells (a)", 1, true))
    end
    local function rows() end
    for _, options in ipairs {
      { header = {}, rows = rows }, { header = "a", rows = rows }, { header = { "a" }, rows = 1 },
      { header = { "a" }, rows = rows, delimiter = ", " },
      { header = { "a" }, rows = rows, delimiter = "-" },
      { header = { "a" }, rows = rows, path = "" },
    } do
      assert.equal("argument", failure(CsvWriter, options).kind)
    end
    local err = failure(run, CsvWriter { { "a" }, rows })
    assert.truthy(tostring(err):find("where to write is missing", 1, true))
    err = failure(CsvWriter, { header_row = { "a" }, rows = rows })
    assert.truthy(tostring(err):find("called header here", 1, true))
  end)
end)
