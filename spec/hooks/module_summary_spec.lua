local balance = require "spec.balance"
local tnt = require "tnt"

local function run(options, tables)
  tables = tables or {}
  options.print = function(text) tables[#tables + 1] = text end
  local net = tnt.nn.Sequential(tnt.nn.Linear(2, 3), tnt.nn.Linear(3, 1))
  local unit = tnt.AutoUnit {
    module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 }),
    compute_loss = function(_, _, batch) return net(batch):mean() end,
  }
  tnt.fit(unit, {
    train_dataloader = { tnt.ones(5, 2) }, eval_dataloader = { tnt.ones(5, 2) }, max_epochs = 2,
    hooks = { tnt.hooks.ModuleSummary(options) }, bar = false,
  })
  return tables, net
end

describe("ModuleSummary", function()
  balance.file(setup, teardown)

  it("prints every network's table once in a run", function()
    local tables, net = run {}
    assert.same({ "module:\n" .. tnt.nn.summary(net):text() }, tables)
    assert.truthy(tables[1]:find("(network)  Sequential          13", 1, true))
    tables = run({ depth = 1 })
    assert.is_nil(tables[1]:find("Linear", 1, true))
  end)

  it("calls networks with inputs for shapes and times", function()
    local tables = run { inputs = tnt.ones(7, 2) }
    assert.truthy(tables[1]:find("[7, 2]  [7, 1]", 1, true))
    local forward, backward = 2 * 7 * (2 * 3 + 3 * 1), 2 * 7 * (2 * 3 + 2 * 3 * 1)
    assert.truthy(tables[1]:find((" %d +%d "):format(forward, backward)))
    tables = run { inputs = tnt.ones(7, 2), backward = false }
    assert.truthy(tables[1]:find((" %d   "):format(forward)))
    assert.is_nil(tables[1]:find((" %d "):format(backward), 1, true))
    tables = run { inputs = function(name, module)
      assert.equal("module", name)
      assert.truthy(tnt.nn.is_module(module))
      return { tnt.ones(4, 2) }
    end }
    assert.truthy(tables[1]:find("[4, 2]  [4, 1]", 1, true))
  end)

  it("is for the first process alone, unless it is told where to print", function()
    local write, written = io.stdout, {}
    package.loaded["tnt.dist"] = { rank = function() return 1 end, size = function() return 2 end }
    io.stdout = { write = function(_, text) written[#written + 1] = text end } -- luacheck: ignore
    local hook = tnt.hooks.ModuleSummary {}
    hook:on_run_start()
    local unit = { app_state = function() return { net = tnt.nn.Linear(1, 1) } end }
    hook:on_start(nil, unit)
    package.loaded["tnt.dist"] = nil
    hook:on_start(nil, unit)
    io.stdout = write -- luacheck: ignore
    assert.equal(1, #written)
    assert.truthy(written[1]:find("^net:\nname"))
  end)

  it("refuses options that make no sense", function()
    for _, options in ipairs { { depth = 0 }, { print = true }, { max_depth = 2 } } do
      local ok, err = pcall(tnt.hooks.ModuleSummary, options)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
    end
  end)
end)
