local name = require "tnt.checkpoint.name"

-- Cases C-39 and C-41, and the rejected names, are TorchTNT's own (test_checkpoint_utils.py).

local function newest(names)
  local list = {}
  for _, text in ipairs(names) do list[#list + 1] = assert(name.parse(text), text) end
  table.sort(list, function(a, b) return name.newer(a, b) end)
  return list[1].text
end

describe("names of checkpoints", function()
  it("are made from counters #tiny", function()
    assert.equal("epoch_2_train_step_10", name.make { epoch = 2, train = 10 })
    assert.equal("epoch_6_train_step_30_eval_step_25",
      name.make { epoch = 6, train = 30, eval = 25 })
    assert.equal("epoch_0_eval_step_4", name.make { epoch = 0, eval = 4 })
    assert.equal("epoch_1_train_step_2_eval_loss=0.1",
      name.make({ epoch = 1, train = 2 }, "eval/loss", 0.1))
    assert.equal("epoch_1_train_step_2_acc=0", name.make({ epoch = 1, train = 2 }, "acc", 0))
    assert.equal("epoch_1_train_step_2", name.make({ epoch = 1, train = 2 }, "acc", 0 / 0))
    assert.equal("epoch_1_train_step_2", name.make({ epoch = 1, train = 2 }, "acc", math.huge))
  end)

  it("are read back exactly", function()
    for _, value in ipairs { 0.1, 1 / 3, -2.5, 1e-05, 3, 0, -1e300, 123456.789 } do
      local parsed = name.parse(name.make({ epoch = 1, train = 2, eval = 3 }, "eval/loss", value))
      assert.equal(value, parsed.value)
      assert.equal("eval_loss", parsed.metric)
      assert.same({ 1, 2, 3 }, { parsed.epoch, parsed.train, parsed.eval })
    end
    assert.equal(2, name.parse("runs/a/epoch_1_train_step_2..2/").copy)
    assert.equal(0.25, name.parse("epoch_1_train_step_2_loss=0.25..3").value)
    assert.equal(1, name.parse("epoch_1_train_step_2_loss=1.0").value)
    assert.equal(1e-05, name.parse("epoch_1_train_step_2_loss=1e-05").value)
    assert.equal(4, name.parse("epoch_0_step_4_acc=26.9").naive)
  end)

  it("that are none are not read", function()
    for _, text in ipairs {
      "epoch_50", "step_20", "epoch_20_step", "epoch_3__step_3", "epoch_2.6_step_23", "latest",
      "epoch_2_predict_step_2_eval_step_1", "epoch_20_step_30_val_loss=1a", ".tmp-x",
      "epoch_1_train_step_2x", "epoch_-1_train_step_2", "epoch_1_train_step_2_loss=nan",
      "epoch_1_train_step_2_loss=", "epoch_1_train_step_2 ", "", "epoch_1_train_step_2_loss=1e",
    } do
      assert.is_nil(name.parse(text), text)
    end
  end)

  it("are ordered by recency as TorchTNT orders them", function()
    assert.equal("epoch_1_eval_step_1_acc=5.0", newest { "epoch_0_train_step_0",
      "epoch_0_eval_step_4_acc=26.9", "epoch_1_train_step_2", "epoch_1_eval_step_1_acc=5.0" })
    assert.equal("epoch_1_step_2", newest { "epoch_0_step_0", "epoch_0_step_4_acc=26.9",
      "epoch_1_step_2", "epoch_1_step_1_acc=5.0" })
    local mixed = { "epoch_0_eval_step_0", "epoch_0_step_4_acc=26.9", "epoch_0_step_3",
      "epoch_0_train_step_1_acc=5.0" }
    assert.equal("epoch_0_step_4_acc=26.9", newest(mixed))
    mixed[5] = "epoch_0_step_5"
    assert.equal("epoch_0_step_5", newest(mixed))
    assert.equal("epoch_5_step_36", newest { "epoch_5_step_36",
      "epoch_5_train_step_25_eval_step_10" })
    assert.equal("epoch_5_train_step_25_eval_step_10", newest { "epoch_5_step_35",
      "epoch_5_train_step_25_eval_step_10" })
    assert.equal("epoch_1_train_step_2..2", newest { "epoch_1_train_step_2",
      "epoch_1_train_step_2..2" })
    assert.equal("epoch_10_train_step_100", newest { "epoch_9_train_step_99",
      "epoch_10_train_step_100" })
  end)

  it("are ordered by a metric", function()
    local low, high, none = name.parse "epoch_1_train_step_1_a=0", name.parse
      "epoch_2_train_step_2_a=1", name.parse "epoch_3_train_step_3"
    assert.is_true(name.better(low, high, "min"))
    assert.is_true(name.better(high, low, "max"))
    assert.is_true(name.better(low, none, "max"))
    assert.is_false(name.better(none, low, "min"))
    local same = name.parse "epoch_4_train_step_4_a=1"
    assert.is_true(name.better(same, high, "max"))
    assert.is_true(name.better(high, same, "min"))
    assert.is_true(name.better(name.parse "epoch_4_train_step_4", none, "min"))
  end)
end)
