local balance = require "spec.balance"
local cjson = require "cjson"
local core = require "tnt.core"
local ffi = require "ffi"
local optable = assert(loadfile "core/optable.lua")()
local tnt = require "tnt"
local nn, F = tnt.nn, tnt.nn.functional

local paths = {}
local function new_path()
  paths[#paths + 1] = os.tmpname()
  return paths[#paths]
end

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok, "an error was expected")
  return err
end

-- The complete events of a trace, outer ones first, each with its depth and the one it lies in.
local function events_of(path)
  local file = assert(io.open(path, "rb"))
  local list = {}
  for _, event in ipairs(cjson.decode(file:read "*a")) do
    if event.ph == "X" then
      event.from = math.floor(event.ts * 1e3 + 0.5)
      event.to = event.from + math.floor(event.dur * 1e3 + 0.5)
      list[#list + 1] = event
    end
  end
  file:close()
  table.sort(list, function(a, b)
    if a.from ~= b.from then return a.from < b.from end
    if a.to ~= b.to then return a.to > b.to end
    return a.name < b.name
  end)
  local open = {}
  for _, event in ipairs(list) do
    while #open > 0 and open[#open].to <= event.from do open[#open] = nil end
    local outer = open[#open]
    if outer then
      assert.is_true(event.to <= outer.to, event.name .. " overlaps " .. outer.name)
    end
    event.outer = outer
    open[#open + 1] = event
  end
  return list
end

local function with_category(events, category)
  local list = {}
  for _, event in ipairs(events) do
    if event.cat == category then list[#list + 1] = event end
  end
  return list
end

local function within(event, category)
  while event and event.cat ~= category do event = event.outer end
  return event
end

local function step(net, x, y) F.cross_entropy(net(x), y):backward() end

local function network()
  return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), tnt.randn(4, 6),
    tnt.i64 { 0, 1, 2, 0 }
end

describe("tnt.profile", function()
  balance.file(setup, teardown)
  teardown(function()
    for _, path in ipairs(paths) do os.remove(path) end
  end)

  it("writes a trace that is JSON, whose ranges nest and bear known names", function()
    local known = {}
    for number = 0, 10000 do
      local name = core.C.tnt_op_name(number)
      if name == nil then break end
      known[ffi.string(name)] = true
    end
    for _, row in ipairs(optable.load "core/ops.lua") do assert.is_true(known[row.name]) end
    local path = new_path()
    local net, x, y = network()
    local opt = tnt.optim.AdamW(net:parameters(), { lr = 0.1 })
    tnt.profile({ path = path }, function()
      tnt.profile_part("step", tnt.scope, function() step(net, x, y) end)
      opt:step()
    end)
    local events = events_of(path)
    local ops = with_category(events, "op")
    assert.is_true(#ops > 10)
    for _, event in ipairs(ops) do
      local name = event.name:gsub("_$", "")
      assert.is_true(known[event.name] or known[name], event.name)
      assert.equal("profile", within(event, "user") and (within(event, "user").name == "step"
        and within(event, "user").outer.name or within(event, "user").name))
    end
    local kernels = with_category(events, "kernel")
    assert.is_true(#kernels > 5)
    for _, event in ipairs(kernels) do assert.equal(event.outer.name .. " kernel", event.name) end
    for _, event in ipairs(with_category(events, "gradient")) do
      assert.is_true(known[event.name:match "^gradient of (.*)$"], event.name)
    end
    -- The first layer's gradient is one product, with its bias: x needs none. The second one's are
    -- two.
    local products = {}
    for _, event in ipairs(ops) do
      local gradient = within(event, "gradient")
      if event.name == "matmul" or event.name == "linear_grad" then
        assert.equal("gradient of linear", gradient.name)
        assert.equal("backward", event.args.phase)
        products[#products + 1] = event.args.flops
      end
    end
    assert.same({ 2 * 4 * 3 * 5, 2 * 3 * 4 * 5, 2 * 5 * 4 * 6 }, products)
    local linear = ops[1]
    assert.same({ "linear", "[4, 6]", "f32", "forward", 4 * 5 * 4, 2 * 4 * 5 * 6 }, {
      linear.name, linear.args.shape, linear.args.dtype, linear.args.phase, linear.args.bytes,
      linear.args.flops,
    })
    assert.is_nil(linear.args.line)
  end)

  it("notes the program's lines when it is asked to", function()
    local path = new_path()
    local here
    local profile = tnt.profile({ lines = true }, function()
      here = debug.getinfo(1, "l").currentline + 1
      local _ = tnt.ones(2) + 1
    end)
    profile:save(path)
    local add = with_category(events_of(path), "op")[2]
    assert.equal("add", add.name)
    assert.truthy(add.args.line:find("init_spec.lua:" .. here, 1, true))
    assert.equal(0, core.context.call)
  end)

  it("adds up rows: calls, operations, bytes, time of their own", function()
    local net, x, y = network()
    local profile, a, b = tnt.profile(function(...)
      for _ = 1, 3 do tnt.scope(step, net, x, y) end
      return ...
    end, 7, "b")
    assert.same({ 7, "b" }, { a, b })
    local by_name, whole, own = {}, 0, 0
    for _, row in ipairs(profile:rows()) do
      by_name[row.name] = row
      own = own + row.self
      assert.is_true(row.self >= 0 and row.self <= row.total + 1e-12)
      assert.is_true(row.kernel <= row.total)
      assert.is_true(math.abs(row.mean * row.calls - row.total) < 1e-12)
    end
    for _, row in ipairs(profile:rows { kinds = { "user" } }) do whole = whole + row.total end
    assert.is_true(own > 0 and own < whole)
    assert.same({ 6, "op", 6 * 4 * 5 * 6 + 6 * 4 * 3 * 5, 3 * (80 + 48) }, {
      by_name.linear.calls, by_name.linear.kind, by_name.linear.flops, by_name.linear.bytes,
    })
    local gradient = by_name["gradient of linear"]
    assert.same({ 6, "gradient" }, { gradient.calls, gradient.kind })
    assert.is_true(gradient.total >= by_name.matmul.total)
    assert.is_true(gradient.self < gradient.total)
    local user = profile:rows({ kinds = { "user" } })[1]
    assert.is_true(math.abs(user.self + own - user.total) < 1e-9)
  end)

  it("adds up by module, gradients too", function()
    local path = new_path()
    local net, x, y = network()
    local profile = tnt.profile({ modules = net, path = path }, function()
      tnt.scope(step, net, x, y)
      tnt.scope(step, net, x, y)
    end)
    local by_name = {}
    for _, row in ipairs(profile:rows { kinds = { "module", "module gradient" } }) do
      by_name[row.kind .. " " .. row.name] = row
    end
    for _, name in ipairs { "(network)", "0", "1", "2" } do
      assert.equal(2, by_name["module " .. name].calls, name)
    end
    assert.is_true(by_name["module (network)"].total >= by_name["module 0"].total)
    assert.is_true(by_name["module (network)"].self < by_name["module (network)"].total)
    -- linear, relu, linear; the loss' is of no module
    for _, name in ipairs { "0", "1", "2" } do
      assert.equal(2, by_name["module gradient " .. name].calls, name)
    end
    assert.is_nil(by_name["module gradient (network)"])
    local linear = with_category(events_of(path), "op")[1]
    assert.same({ "0", "(network)" }, {
      within(linear, "module").name, within(within(linear, "module").outer, "module").name,
    })
    assert.is_nil(rawget(net, "forward"))
    assert.is_nil(rawget(net[1], "forward"))
    assert.equal(0, core.context.region)
    failure(tnt.profile, { modules = net }, net, "no tensor")
    assert.is_nil(rawget(net[1], "forward"))
    assert.equal(0, core.context.region)
    assert.equal("argument", failure(tnt.profile, { modules = 3 }, print).kind)
  end)

  it("sorts, limits and prints rows", function()
    local profile = tnt.profile(function()
      local x = tnt.ones(8, 8)
      for _ = 1, 3 do x = x + 1 end
      return x:matmul(x):sum():item()
    end)
    local function names(options)
      local list = {}
      for i, row in ipairs(profile:rows(options)) do list[i] = row.name end
      return table.concat(list, " ")
    end
    assert.equal("add fill_ matmul sum", names { sort = "name" })
    assert.equal("add", names { sort = "calls", limit = 1 })
    assert.equal("matmul", names { sort = "flops", limit = 1 })
    assert.equal("add", names { sort = "bytes", limit = 1 })
    assert.equal("", names { kinds = {} })
    local text = profile:table { sort = "flops", limit = 1 }
    assert.truthy(text:find "^name%s+calls%s+self%s+total")
    assert.truthy(text:find "\nmatmul +1 .*1%.02 kFLOP +0%.00\nand 3 more\nself time in all ")
    assert.equal(profile:table(), tostring(profile))
    assert.truthy(tostring(failure(profile.rows, profile, { sort = "flop" })):find "'flops'")
    assert.equal("argument", failure(profile.rows, profile, { kinds = "op" }).kind)
    assert.equal("argument", failure(profile.table, profile, { by = 1 }).kind)
    assert.equal("io", failure(profile.save, profile, "/nowhere/trace.json").kind)
    assert.equal("argument", failure(profile.save, profile).kind)
  end)

  it("keeps no more than it may, and says how many there were", function()
    local profile = tnt.profile({ max_ops = 3 }, function()
      local x = tnt.ones(2)
      for _ = 1, 5 do x:add_(1) end
    end)
    local calls = 0
    for _, row in ipairs(profile:rows()) do calls = calls + row.calls end
    assert.equal(3, calls)
    assert.truthy(tostring(profile):find("3 operations more were not kept", 1, true))
  end)

  it("is off afterwards, and writes what there was when the function raises", function()
    local path = new_path()
    local err = failure(tnt.profile, { path = path }, function()
      tnt.profile_part("part", function() return tnt.ones(3):sum() end)
      error("no", 0)
    end)
    assert.equal("no", err)
    local names = {}
    for i, event in ipairs(events_of(path)) do names[i] = event.name end
    assert.equal("part fill_ fill_ kernel sum sum kernel", table.concat(names, " "))
    tnt.ones(3):sum()
    assert.same({}, (tnt.profile(function() end)):rows())
    assert.equal(5, tnt.profile_part("nothing is on", function(x) return x end, 5))
  end)

  it("refuses a profile within a profile, and what makes no sense", function()
    assert.equal("state", failure(tnt.profile, tnt.profile, function() end).kind)
    assert.equal("argument", failure(tnt.profile, 3).kind)
    assert.equal("argument", failure(tnt.profile, {}, 3).kind)
    for _, options in ipairs { { path = "" }, { max_ops = 0 }, { max_op = 3 } } do
      assert.equal("argument", failure(tnt.profile, options, print).kind)
    end
    assert.equal("argument", failure(tnt.profile_part, 3, print).kind)
  end)

  it("follows a run: data, steps, parts, hooks and operations within each other", function()
    local path = new_path()
    local net, x, y = network()
    local unit = tnt.AutoUnit {
      module = net, optimizer = tnt.optim.SGD(net:parameters(), { lr = 0.1 }),
      compute_loss = function(self, _, batch) return F.cross_entropy(self.module(batch), y) end,
    }
    local seen = {}
    local profiler = tnt.hooks.Profiler {
      path = path, wait = 1, active = 2, ready = function(profile) seen[#seen + 1] = profile end,
    }
    local own = { name = "own", on_train_step_end = function() return x:sum():item() end }
    tnt.fit(unit, {
      train_dataloader = { x, x, x, x, x }, eval_dataloader = { x }, max_epochs = 1,
      evaluate_every_n_steps = 2, hooks = { profiler, own }, bar = false,
    })
    assert.same({ profiler.profile }, seen)
    local events = events_of(path)
    local steps = {}
    for i, event in ipairs(with_category(events, "step")) do steps[i] = event.name end
    assert.same({ "train step 2", "eval step 1", "train step 3" }, steps)
    local waits = 0
    for _, event in ipairs(with_category(events, "data")) do
      local is_training = within(event, "epoch").name == "train epoch 1"
      if event.name == "wait for data" and is_training then waits = waits + 1 end
    end
    assert.equal(2, waits)
    for _, event in ipairs(with_category(events, "op")) do
      local at = within(event, "part") or within(event, "hook") or within(event, "step")
      if at then at.ops = (at.ops or 0) + 1 end
      assert.equal("phase", within(event, "phase").cat)
    end
    local ops = {}
    for _, event in ipairs(events) do
      if event.ops then ops[event.name] = (ops[event.name] or 0) + 1 end
    end
    assert.equal(2, ops["AutoUnit.backward"])
    assert.is_true(ops["AutoUnit.compute_loss"] >= 2)
    assert.equal(2, ops["AutoUnit.optimizer_step"])
    local own_turns = 0
    for _, event in ipairs(with_category(events, "hook")) do
      if event.name == "own: on_train_step_end" then own_turns = own_turns + 1 end
    end
    assert.equal(2, own_turns)
    assert.equal("train epoch 1", with_category(events, "epoch")[1].name)
    -- Without operations there is the loop alone.
    local bare = new_path()
    tnt.train(unit, {
      train_dataloader = { x, x }, max_epochs = 2, bar = false,
      hooks = { tnt.hooks.Profiler { path = bare, wait = 0, ops = false } },
    })
    assert.same({}, with_category(events_of(bare), "op"))
    assert.equal(2, #with_category(events_of(bare), "step"))
  end)
end)
