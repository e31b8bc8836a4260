local balance = require "spec.balance"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"

local function run(options, loggers)
  local net = tnt.nn.Linear(2, 1)
  local unit = tnt.AutoUnit {
    module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.5 }),
    compute_loss = function(_, _, batch) return net(batch):mean() end,
  }
  tnt.train(unit, {
    train_dataloader = { tnt.ones(5, 2), tnt.ones(5, 2) }, max_epochs = 3, loggers = loggers,
    hooks = { tnt.hooks.ParameterHistograms(options) }, bar = false,
  })
  return net
end

-- A logger that takes histograms down.
local function recorder()
  local logger = { list = {} }
  function logger:log() end
  function logger:histogram(tag, values, step)
    table.insert(self.list, { tag, step, values:detach():reshape(-1):totable() })
  end
  return logger
end

describe("ParameterHistograms", function()
  teardown(scratch.clean)
  balance.file(setup, teardown)

  it("writes every parameter to every logger that takes histograms", function()
    local logger = recorder()
    local net = run({}, { { log = function() end }, logger })
    local tags = {}
    for i, entry in ipairs(logger.list) do tags[i] = entry[1] .. " " .. entry[2] end
    assert.same({
      "parameters/module/weight 2", "parameters/module/bias 2", "parameters/module/weight 4",
      "parameters/module/bias 4", "parameters/module/weight 6", "parameters/module/bias 6",
    }, tags)
    assert.same(net.bias:detach():totable(), logger.list[6][3])
    -- Two steps of 0.5 along a gradient of 1.
    assert.is_true(math.abs(logger.list[4][3][1] - logger.list[6][3][1] - 1) < 1e-6)
  end)

  it("writes after every n-th epoch, to a logger of its own", function()
    local logger = recorder()
    run({ every = 2, logger = logger })
    assert.same({ 2, 4 }, { #logger.list, logger.list[1][2] })
  end)

  it("writes event files", function()
    local board = tnt.log.TensorBoard { path = scratch.directory() }
    run({}, { board })
    local data = scratch.read(board.file_name)
    local _, n = data:gsub("parameters/module/weight", "")
    assert.equal(3, n)
  end)

  it("refuses a run without such a logger, and options that make no sense", function()
    local err = scratch.failure(run, {}, { { log = function() end } })
    assert.equal("argument", err.kind)
    assert.truthy(tostring(err):find("tnt.log.TensorBoard", 1, true))
    for _, options in ipairs { { every = 0 }, { logger = {} }, { logger = 5 } } do
      assert.equal("argument", scratch.failure(tnt.hooks.ParameterHistograms, options).kind)
    end
  end)
end)
