local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"
local lfs = require "lfs"
local tnt = require "tnt"

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local function module_of(value)
  local module = { weight = tnt.ones(2) * value }
  function module.parameters() return {} end
  function module.state_dict(self) return { weight = self.weight } end
  function module.load_state_dict(self, state)
    if not state.weight then error("no weight", 0) end
    self.weight = state.weight
  end
  return module
end

local function unit_of(modules)
  local unit = {}
  function unit.app_state() return modules end
  return unit
end

local function refused(kind, text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(type(err) == "table" and err.kind == kind, tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

local function value_of(module) return module.weight[1]:item() end

describe("load = PATH", function()
  it("takes weights of a checkpoint, counters not #tiny", function()
    tnt.checkpoint.save(dir, { format = 1, app = {
      net = { weight = tnt.ones(2) * 3 }, train_progress = { num_steps_completed = 9 },
    } })
    local net = module_of(0)
    local progress = { load_state_dict = function() error "loaded" end }
    run.load(dir, nil, unit_of { net = net, train_progress = progress })
    assert.equal(3, value_of(net))
    refused("format", "no weights for unit.other", run.load, dir, nil,
      unit_of { other = module_of(0) })
  end)

  it("takes a state_dict from any file", function()
    for _, ending in ipairs { "h5", "safetensors", "npz" } do
      local path = dir .. "/w." .. ending
      tnt.save(path, { weight = tnt.ones(2) * 4 })
      local net = module_of(0)
      run.load_weights(path, unit_of { net = net })
      assert.equal(4, value_of(net))
      tnt.save(path, { ["a.b.weight"] = tnt.ones(2) * 5, ["c.weight"] = tnt.ones(2) * 6 })
      local first, second = module_of(0), module_of(0)
      run.load_weights(path, unit_of { ["a.b"] = first, c = second })
      assert.same({ 5, 6 }, { value_of(first), value_of(second) })
    end
    refused("io", "no checkpoint there", run.load_weights, dir .. "/none.h5",
      unit_of { net = module_of(0) })
    refused("argument", "no module", run.load_weights, dir .. "/w.h5", unit_of {})
  end)
end)

describe("resume = PATH", function()
  it("must be there", function()
    refused("io", "no checkpoint there", run.resolve, nil, dir .. "/nowhere")
    local path = tnt.checkpoint.save(dir, { v = 1 })
    assert.equal(path, run.resolve(nil, dir))
    assert.equal(path, run.resolve(nil, path .. "/"))
  end)
end)

describe("resume = 'auto'", function()
  it("follows latest, not the name", function()
    local older = tnt.checkpoint.save(dir, { step = 1 })
    local newer = tnt.checkpoint.save(dir, { step = 2 })
    assert.equal(newer, run.resolve(dir, "auto"))
    require("tnt.checkpoint.folder").link(dir .. "/checkpoints", "latest", older:match "[^/]*$")
    assert.equal(older, run.resolve(dir, "auto"))
    for name in lfs.dir(older) do os.remove(older .. "/" .. name) end -- no shell: not under libtsan
    lfs.rmdir(older)
    assert.equal(newer, run.resolve(dir, "auto"))
    assert(scratch.warnings[1]:find("not there or not complete", 1, true), scratch.warnings[1])
    os.remove(dir .. "/checkpoints/latest")
    assert.equal(newer, run.resolve(dir, "auto"))
  end)
end)
