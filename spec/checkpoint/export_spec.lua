local scratch = require "spec.files.scratch"
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local function refused(kind, text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(type(err) == "table" and err.kind == kind, tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

local function trained()
  tnt.seed(2)
  local net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
  local unit = tnt.AutoUnit {
    module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.5 }),
    ema = { decay = 0.5 },
    compute_loss = function(self, _, batch)
      return F.cross_entropy(self.module(batch.x), batch.y)
    end,
  }
  local batch = { x = tnt.ones(2, 3):keep(), y = tnt.i64 { 0, 1 }:keep() }
  tnt.train(unit, { train_dataloader = { batch, batch, batch }, max_epochs = 1, dir = dir,
    bar = false, hooks = { tnt.hooks.Checkpoint {} } })
  return unit
end

describe("tnt.checkpoint.export", function()
  it("writes the weights of a checkpoint, a unit or a module #tiny", function()
    local unit = trained()
    for _, ending in ipairs { "safetensors", "npz", "h5" } do
      for i, source in ipairs { dir, dir .. "/checkpoints/latest", unit, unit.module } do
        local path = ("%s/w%d.%s"):format(dir, i, ending)
        assert.equal(4, tnt.checkpoint.export(source, path))
        local weights = tnt.load(path)
        assert.same({ "0.bias", "0.weight", "1.bias", "1.weight" }, tnt.sorted.keys(weights))
        scratch.same(unit.module[1].weight:detach(), weights["0.weight"], "weight")
        local fresh = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
        fresh:load_state_dict(weights)
      end
    end
  end)

  it("writes averaged weights, a part, another dtype", function()
    local unit = trained()
    local path = dir .. "/w.safetensors"
    for _, source in ipairs { dir, unit } do
      tnt.checkpoint.export(source, path, { averaged = true, metadata = { origin = "spec" } })
      local averaged = tnt.load(path)
      assert(scratch.bytes(averaged["0.weight"]) ~= scratch.bytes(unit.module[1].weight:detach()))
      unit.averaged:swap()
      scratch.same(unit.module[1].weight:detach(), averaged["0.weight"], "weight")
      unit.averaged:swap()
    end
    assert.equal("spec", require("tnt.files.safetensors").metadata(path).origin)
    assert.equal(2, tnt.checkpoint.export(dir, path, { match = "weight$", dtype = "f16" }))
    local halves = tnt.load(path)
    assert.equal("f16", halves["1.weight"].dtype)
    scratch.same(unit.module[2].weight:detach():to "f16", halves["1.weight"], "weight")
  end)

  it("says what it cannot do", function()
    local unit = trained()
    local path = dir .. "/w.h5"
    unit.other = nn.Linear(2, 2)
    refused("argument", "weights in module, other; say which", tnt.checkpoint.export, unit, path)
    assert.equal(2, tnt.checkpoint.export(unit, path, { field = "other" }))
    refused("argument", "no weights in 'nothing'", tnt.checkpoint.export, unit, path,
      { field = "nothing" })
    refused("argument", "no averaged weights in 'swa'", tnt.checkpoint.export, unit, path,
      { averaged = "swa" })
    refused("argument", "no weight's name matches", tnt.checkpoint.export, dir, path,
      { match = "^x" })
    refused("argument", "did you mean 'f16'", tnt.checkpoint.export, dir, path, { dtype = "f15" })
    refused("argument", "did you mean 'averaged'", tnt.checkpoint.export, dir, path,
      { averagd = true })
    refused("argument", "for a .safetensors file", tnt.checkpoint.export, dir, path,
      { metadata = { a = "b" } })
    refused("io", "no checkpoint there", tnt.checkpoint.export, dir .. "/none", path)
    refused("argument", "got number", tnt.checkpoint.export, 5, path)
  end)
end)
