local args = require "tnt.args"

local function parse(defaults, ...)
  return args(defaults, { [0] = "train.lua", ... })
end

local function refusal(defaults, ...)
  local ok, err = pcall(parse, defaults, ...)
  assert.is_false(ok)
  assert.equal("argument", err.kind)
  return err.message
end

describe("args #tiny", function()
  local defaults = {
    epochs = 3, lr = 1e-3, device = "cpu", shuffle = true, weight_decay = 0, amp = false,
  }

  it("gives the defaults without a command line, in a new table", function()
    local options = parse(defaults)
    assert.same(defaults, options)
    assert.not_equal(defaults, options)
  end)

  it("takes values after a space or an equals sign, with the defaults' types", function()
    local options = parse(defaults, "--epochs", "5", "--lr=3e-4", "--device", "cuda:0")
    assert.equal(5, options.epochs)
    assert.equal(3e-4, options.lr)
    assert.equal("cuda:0", options.device)
    assert.equal("7", parse({ name = "x" }, "--name", "7").name)
    assert.equal("a=b", parse({ name = "x" }, "--name=a=b").name)
    assert.equal("", parse({ name = "x" }, "--name=").name)
  end)

  it("knows every way to say a boolean", function()
    assert.is_true(parse(defaults, "--amp").amp)
    assert.is_false(parse(defaults, "--no-shuffle").shuffle)
    assert.is_false(parse(defaults, "--shuffle=false").shuffle)
    assert.is_false(parse(defaults, "--shuffle", "false").shuffle)
    assert.same({ "x" }, { unpack(parse(defaults, "--amp", "x")) })
  end)

  it("takes - and _ in names alike, in the call and in the declaration", function()
    assert.equal(0.1, parse(defaults, "--weight-decay", "0.1").weight_decay)
    assert.equal(0.1, parse(defaults, "--weight_decay=0.1").weight_decay)
    assert.equal(2, parse({ ["batch-size"] = 1 }, "--batch_size", "2")["batch-size"])
  end)

  it("reads negative numbers as values and as words", function()
    local options = parse(defaults, "--lr", "-1", "-5")
    assert.equal(-1, options.lr)
    assert.equal("-5", options[1])
  end)

  it("collects other words, all of them after --", function()
    local options = parse(defaults, "data.csv", "--epochs", "1", "-", "--", "--epochs", "x")
    assert.same({ "data.csv", "-", "--epochs", "x" }, { unpack(options) })
    assert.equal(1, options.epochs)
  end)

  it("lets the last of several win", function()
    assert.equal(2, parse(defaults, "--epochs", "1", "--epochs", "2").epochs)
  end)

  it("suggests the nearest name for an unknown option", function()
    assert.equal("train.lua: unknown option 'epoch'; did you mean 'epochs'? "
      .. "(known: amp, device, epochs, lr, shuffle, weight_decay)",
      refusal(defaults, "--epoch", "5"))
    assert.matches("unknown option 'no-epochs'", refusal(defaults, "--no-epochs"), 1, true)
    assert.matches("unknown option 'x'", refusal(defaults, "-x"), 1, true)
  end)

  it("refuses a missing value and one of the wrong type", function()
    assert.equal("train.lua: --epochs needs a value", refusal(defaults, "--epochs"))
    assert.equal("train.lua: --epochs needs a value", refusal(defaults, "--epochs", "--lr", "1"))
    assert.equal("train.lua: --epochs wants a number, got 'five'",
      refusal(defaults, "--epochs=five"))
    assert.equal("train.lua: --amp wants true or false, got '1'", refusal(defaults, "--amp=1"))
  end)

  it("refuses declarations that have no type", function()
    assert.matches("options have names", refusal({ "epochs" }), 1, true)
    assert.matches("the default of 'x' must be", refusal { x = {} }, 1, true)
  end)
end)
