local environment = require "tnt.dist.environment"
local message = require "tnt.loop.message"
local tnt = require "tnt"

local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

-- tnt.dist in a process that a launcher gave these variables.
local function under(variables)
  environment.get = function(name) return variables[name] end
  package.loaded["tnt.dist"] = nil
  return require "tnt.dist"
end

describe("tnt.dist", function()
  local get, dist = environment.get, nil

  before_each(function() dist = under {} end)
  after_each(function()
    environment.get, message.sink = get, nil
    package.loaded["tnt.dist"] = nil
  end)

  it("is one process without a launcher, and starts when it is first asked", function()
    assert.is_false(dist.is_initialized())
    assert.same({ 0, 1, 0, 1, true }, {
      dist.rank(), dist.size(), dist.local_rank(), dist.local_size(), dist.is_main(),
    })
    assert.is_true(dist.is_initialized())
    dist.barrier()
    dist.destroy()
    assert.is_false(dist.is_initialized())
    assert.equal(0, dist.rank())
  end)

  it("takes what torchrun says of one process", function()
    dist = under { RANK = "0", WORLD_SIZE = "1", LOCAL_RANK = "0", LOCAL_WORLD_SIZE = "1" }
    assert.same({ 0, 1, 0, 1 }, { dist.rank(), dist.size(), dist.local_rank(), dist.local_size() })
    dist = under { LOCAL_RANK = "2" }
    assert.equal(2, dist.local_rank())
  end)

  it("refuses several processes, wherever it is asked", function()
    for _, ask in ipairs { "rank", "size", "is_main", "barrier", "init", "device" } do
      dist = under { RANK = "1", WORLD_SIZE = "4" }
      local err = failure(dist[ask])
      assert.equal("collective", err.kind)
      assert.matches("WORLD_SIZE is 4", err.message)
    end
    dist = under { RANK = "0", WORLD_SIZE = "2" }
    local unit = tnt.TrainUnit:extend "U"
    function unit.train_step() end
    assert.equal("collective", failure(tnt.train, unit(), {
      train_dataloader = { 1, 2 }, max_epochs = 1, bar = false,
    }).kind)
    local loader = tnt.data.DataLoader({ 1, 2, 3 }, {})
    assert.equal("collective", failure(loader.size, loader).kind)
  end)

  it("refuses variables that contradict each other", function()
    local cases = {
      { { RANK = "x" }, "RANK must be a whole number" },
      { { RANK = "-1" }, "RANK must be a whole number" },
      { { RANK = "1" }, "RANK is 1, and WORLD_SIZE is not set" },
      { { RANK = "4", WORLD_SIZE = "4" }, "RANK is 4, and WORLD_SIZE is 4" },
      { { WORLD_SIZE = "0" }, "WORLD_SIZE must be from 1 on" },
      { { LOCAL_RANK = "2", LOCAL_WORLD_SIZE = "2" }, "LOCAL_RANK is 2" },
    }
    for _, case in ipairs(cases) do
      dist = under(case[1])
      local err = failure(dist.rank)
      assert.equal("argument", err.kind)
      assert.matches(case[2], err.message)
    end
  end)

  it("knows this process' device, and refuses to go without the one asked for", function()
    local device, why = dist.device()
    if tnt.cuda.is_available() then
      assert.equal("cuda:0", device)
      assert.equal("cuda:0", dist.init { device = "cuda" })
    else
      assert.equal("cpu", device)
      assert.is_string(why)
      local err = failure(dist.init, { device = "cuda" })
      assert.equal("device", err.kind)
    end
    assert.equal("cpu", dist.init { device = "cpu" })
    assert.equal(device, dist.init())
    assert.matches("device must be 'cpu' or 'cuda', got 'gpu'",
      failure(dist.init, { device = "gpu" }).message)
    assert.matches("did you mean 'device'", failure(dist.init, { devise = "cpu" }).message)
  end)

  it("says when a machine has fewer cards than processes", function()
    local cuda = tnt.cuda
    local is_available, device_count = cuda.is_available, cuda.device_count
    cuda.is_available = function() return true end
    cuda.device_count = function() return 2 end
    dist = under { LOCAL_RANK = "1" }
    assert.equal("cuda:1", dist.device())
    dist = under { LOCAL_RANK = "2" }
    local err = failure(dist.device)
    cuda.is_available, cuda.device_count = is_available, device_count
    assert.equal("device", err.kind)
    assert.matches("cuda:2, and there are 2", err.message)
  end)

  it("does collectives of tensors exactly", function()
    for _, op in ipairs { "sum", "mean", "max", "min", "prod" } do
      local t = tnt.tensor { 1, -2, 3 }
      assert.equal(t, dist.all_reduce(t, op))
      assert.same({ 1, -2, 3 }, t:totable())
    end
    local t = tnt.tensor { 1, 2 }
    assert.equal(t, dist.broadcast(t))
    assert.equal(t, dist.broadcast(t, 0))
    assert.same({ t }, dist.all_gather(t))
    assert.same({ t }, dist.gather(t))
    assert.matches("op must be", failure(dist.all_reduce, t, "avg").message)
    assert.matches("a tensor was expected, got number", failure(dist.all_reduce, 3).message)
    assert.matches("source must be a rank from 0 to 0, got 1",
      failure(dist.broadcast, t, 1).message)
    assert.matches("destination must be a rank", failure(dist.gather, t, -1).message)
  end)

  it("gives plain data on as it is, and refuses what could not be sent", function()
    local nest = { a = 1, b = { true, "x" } }
    assert.equal(nest, dist.broadcast_object(nest))
    assert.is_nil(dist.broadcast_object(nil))
    local values, n = dist.all_gather_object(nest)
    assert.same({ nest }, values)
    assert.equal(1, n)
    assert.equal("only", dist.scatter_object { "only" })
    assert.matches("a list of 1 values was expected, one for each process, got 2",
      failure(dist.scatter_object, { 1, 2 }).message)
    assert.matches('the value%["b"%]%[2%] is a function',
      failure(dist.all_gather_object, { b = { 1, print } }).message)
    assert.matches("is an object", failure(dist.broadcast_object, tnt.nn.ReLU()).message)
    assert.equal("argument", failure(dist.broadcast_object, tnt.ones(2)).kind)
    nest.b.back = nest
    assert.matches("a table that holds itself", failure(dist.broadcast_object, nest).message)
    local shared = { 1 }
    assert.same({ shared, shared }, dist.broadcast_object { shared, shared })
  end)

  it("agrees on a boolean in every mode", function()
    local modes = {
      { nil, true, false }, { "any", true, false }, { "all", true, false },
      { "rank_zero", true, false }, { { count = 0 }, true, true }, { { count = 1 }, true, false },
      { { count = 2 }, false, false }, { { ratio = 0 }, true, true },
      { { ratio = 0.5 }, true, false }, { { ratio = 1 }, true, false },
    }
    for i = 1, #modes do
      local mode = modes[i]
      assert.equal(mode[2], dist.sync_bool(true, mode[1]))
      assert.equal(mode[3], dist.sync_bool(false, mode[1]))
    end
    assert.matches("1 and 1.0 are one number", failure(dist.sync_bool, true, 1).message)
    for _, mode in ipairs { "most", { ratio = 1.5 }, { count = 1, ratio = 1 }, {}, false } do
      assert.equal("argument", failure(dist.sync_bool, true, mode).kind)
    end
    assert.matches("true or false was expected, got 1", failure(dist.sync_bool, 1).message)
  end)

  it("decides a boolean of four processes as TorchTNT does", function()
    -- A group whose other members say what is set here.
    local others = {}
    local group = require "tnt.dist.group"
    local open = group.open
    group.open = function(place)
      local single = open(place)
      single.size = 4
      function single.all_gather_object(_, value) return { value, unpack(others) } end
      return single
    end
    dist.destroy()
    dist.init()
    group.open = open
    local function ask(value, mode, ...)
      others = { ... }
      return dist.sync_bool(value, mode)
    end
    assert.is_true(ask(false, "any", false, true, false))
    assert.is_false(ask(false, "any", false, false, false))
    assert.is_false(ask(true, "all", true, false, true))
    assert.is_true(ask(true, "all", true, true, true))
    assert.is_true(ask(true, { count = 2 }, false, true, false))
    assert.is_false(ask(true, { count = 3 }, false, true, false))
    assert.is_true(ask(true, { ratio = 0.5 }, false, true, false))
    assert.is_false(ask(true, { ratio = 0.51 }, false, true, false))
    assert.is_false(ask(false, "rank_zero", true, true, true))
  end)

  it("runs functions and messages in rank 0", function()
    local said = {}
    message.sink = function(level, text) said[#said + 1] = level .. " " .. text end
    assert.same({ 3, 4 }, { dist.rank_zero_fn(function(a, b) return a, b end)(3, 4) })
    assert.equal(5, dist.local_rank_zero_fn(function(a) return a end)(5))
    assert.same({ "x" }, dist.rank_zero_read_and_broadcast(function(a) return { a } end) "x")
    dist.rank_zero_debug("a %d", 1)
    dist.rank_zero_info("b %d", 2)
    dist.rank_zero_warn("c %d", 3)
    dist.rank_zero_error("d %d", 4)
    assert.same({ "debug a 1", "info b 2", "warning c 3", "error d 4" }, said)
    local printed
    local print_before = _G.print
    _G.print = function(...) printed = { ... } end -- luacheck: ignore 122
    dist.rank_zero_print("e", 5)
    _G.print = print_before -- luacheck: ignore 122
    assert.same({ "e", 5 }, printed)
    assert.matches("a function was expected, got nil", failure(dist.rank_zero_fn).message)
  end)

  it("leaves other ranks quiet", function()
    local group = require "tnt.dist.group"
    local open = group.open
    group.open = function(place)
      local single = open(place)
      single.size, single.rank, single.local_rank = 2, 1, 1
      return single
    end
    dist.destroy()
    dist.init()
    group.open = open
    local said = {}
    message.sink = function(_, text) said[#said + 1] = text end
    assert.is_nil(dist.rank_zero_fn(function() return 1 end)())
    assert.is_nil(dist.local_rank_zero_fn(function() return 1 end)())
    for _, level in ipairs { "debug", "info", "warn", "error" } do
      dist["rank_zero_" .. level] "x"
    end
    assert.same({}, said)
    assert.is_false(dist.is_main())
    assert.is_nil(dist.gather(tnt.ones(1), 0))
    assert.equal(1, #dist.gather(tnt.ones(1), 1))
  end)

  it("raises what rank 0 met while reading, as it was", function()
    local read = dist.rank_zero_read_and_broadcast(function()
      tnt.errors.raise("io", "no such file")
    end)
    local err = failure(read)
    assert.equal("io", err.kind)
    assert.equal("no such file", err.message)
    assert.matches("boom", failure(dist.rank_zero_read_and_broadcast(function() error "boom" end)))
  end)

  it("answers TorchTNT's names with its own", function()
    assert.matches("get_world_size is called size here",
      failure(function() return dist.get_world_size end).message)
    assert.matches("did you mean 'barrier'", failure(function() return dist.barier end).message)
  end)
end)
