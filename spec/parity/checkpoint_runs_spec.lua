-- Checkpoints against TorchTNT's: which are written when and under which names, which stay, what a
-- name says. What TorchTNT did is recorded by scripts/parity/torchtnt_runs.py.

local lfs = require "lfs"
local name = require "tnt.checkpoint.name"
local plain = require "spec.parity.plain"
local reference = require "spec.reference.torchtnt_runs"
local retention = require "tnt.checkpoint.retention"
local tnt = require "tnt"

local function listed(path)
  local found = {}
  for entry in lfs.dir(path) do
    if entry:find "^epoch_" then found[#found + 1] = entry end
  end
  table.sort(found)
  return found
end

local function run(case)
  local dir = os.tmpname()
  os.remove(dir)
  local unit, written = plain.Unit(), {}
  local options = case.options
  local hooks = {
    tnt.hooks.Checkpoint {
      save_every_n_train_steps = options.save_every_n_train_steps,
      save_every_n_epochs = options.save_every_n_epochs,
      keep_last_n = options.keep_last_n_checkpoints or false, async = false,
    },
    { on_checkpoint_save = function(_, _, _, path)
      written[#written + 1] = path:match "[^/]*$"
    end },
  }
  local call = {
    train_dataloader = plain.batches(case.train), max_epochs = case.epochs,
    max_steps = case.max_steps, dir = dir, hooks = hooks, bar = false,
  }
  if case.eval then
    call.eval_dataloader = plain.batches(case.eval)
    tnt.fit(unit, call)
  else
    tnt.train(unit, call)
  end
  local left = listed(dir .. "/checkpoints")
  os.execute("rm -r '" .. dir .. "'")
  return written, left
end

describe("checkpoints, compared with TorchTNT's", function()
  assert(#reference.saves >= 8)
  for number, case in ipairs(reference.saves) do
    it("are written at the same steps and kept alike, case " .. number, function()
      local written, left = run(case)
      if case.eval then
        -- TorchTNT 0.2.4 saves at the end of fit although only an evaluation was done since the
        -- last save; later versions do not, nor is it done here.
        local last, before = case.saved[#case.saved], case.saved[#case.saved - 1]
        if last:match "train_step_(%d+)" == before:match "train_step_(%d+)"
          and last:match "^epoch_(%d+)" == before:match "^epoch_(%d+)" then
          table.remove(case.saved)
          case.left = nil
        end
      end
      assert.same(case.saved, written)
      if case.left then assert.same(case.left, left) end
    end)
  end

  it("say the same by their names, and are none in the same places", function()
    local good = 0
    for _, theirs in ipairs(reference.names) do
      local ours = name.parse("/runs/" .. theirs.text .. "/")
      if not theirs.epoch then
        assert.is_nil(ours, theirs.text)
      else
        good = good + 1
        for _, field in ipairs { "epoch", "naive", "train", "eval", "metric", "value" } do
          assert.equal(theirs[field] or nil, ours[field], theirs.text .. ": " .. field)
        end
      end
    end
    assert.is_true(good >= 40)
  end)

  it("are ordered alike by recency", function()
    assert.equal(300, #reference.newer)
    for _, pair in ipairs(reference.newer) do
      assert.equal(pair[3], name.newer(name.parse(pair[1]), name.parse(pair[2])),
        pair[1] .. " newer than " .. pair[2])
    end
  end)

  it("are the same best ones after every save", function()
    assert.equal(6, #reference.kept)
    for _, case in ipairs(reference.kept) do
      local list = {}
      for i, value in ipairs(case.values) do
        local text = name.make({ epoch = i, train = 3 * i }, "eval/loss", value)
        list[i] = { name = name.parse(text), metric = "eval/loss", value = value }
        local best = {}
        for rank, entry in ipairs(retention.ranked(list, "eval/loss", case.mode)) do
          if rank <= case.n then best[rank] = entry.name.text end
        end
        table.sort(best)
        local theirs = {}
        for k, text_of in ipairs(case.after[i]) do theirs[k] = text_of:gsub("%.0$", "") end
        table.sort(theirs)
        assert.same(theirs, best)
      end
    end
  end)
end)
