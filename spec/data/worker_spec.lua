-- Loaders with worker threads: lua/tnt/data/{pool,worker}.lua and core/worker.

local tnt = require "tnt"
local DataLoader = require "tnt.data.loader"
local sets = require "spec.data.sample_sets"
local text_of = require "spec.data.text_of"

local function texts(loader)
  local list = {}
  for batch in loader:iterate() do list[#list + 1] = text_of(batch) end
  return list
end

local function raised(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return err
end

local function matches(pattern, text)
  assert.truthy(tostring(text):find(pattern), ("%s is not in: %s"):format(pattern, tostring(text)))
end

describe("worker threads", function()
  it("give the same batches in the same order, however many there are", function()
    local function of(workers, prefetch)
      return texts(DataLoader(sets.Augmented(23), { batch_size = 4, shuffle = true, seed = 9,
        num_workers = workers, prefetch = prefetch }))
    end
    local expected = of(0)
    assert.equal(6, #expected)
    for workers = 1, 4 do
      for prefetch = 1, 3 do assert.same(expected, of(workers, prefetch)) end
    end
    assert.same(expected, of(2, 50))
  end)

  it("serve epoch after epoch", function()
    local function of(workers)
      local loader = DataLoader(sets.Augmented(7),
        { batch_size = 2, shuffle = true, seed = 1, num_workers = workers })
      local list = {}
      for _ = 1, 3 do list[#list + 1] = texts(loader) end
      loader:set_epoch(1)
      list[#list + 1] = texts(loader)
      return list
    end
    local expected = of(0)
    assert.same(expected[2], expected[4])
    assert.same(expected, of(2))
  end)

  it("do not touch the program's own random numbers", function()
    local function after(workers)
      tnt.seed(4)
      local loader = DataLoader(sets.Augmented(7), { batch_size = 2, num_workers = workers })
      local draws = {}
      for _ in loader:iterate() do draws[#draws + 1] = tnt.rand(1):item() end
      return draws
    end
    assert.same(after(0), after(2))
  end)

  it("give no two samples the same numbers of math.random", function()
    local function of(workers)
      return DataLoader(sets.Dice(40), { batch_size = 40, seed = 1, num_workers = workers,
        dtypes = { v = "f64" } }):iterate()().v:totable()
    end
    local seen, one = {}, of(1)
    for _, v in ipairs(one) do
      assert.is_nil(seen[v])
      seen[v] = true
    end
    assert.same(one, of(3))
  end)

  it("read lists, tensors, subsets, named sets and streams", function()
    local cases = {
      function() return { { x = 1, s = "a" }, { x = 2, s = "b" }, { x = 3, s = "c" } }, {} end,
      function() return { 1, 2, 3, 4, 5 }, { dtypes = "i64" } end,
      function() return tnt.data.tensors { x = tnt.arange(10), y = { z = tnt.eye(10) } }, {} end,
      function() return tnt.data.subset(sets.Augmented(9), { 2, 3, 5, 7 }), {} end,
      function() return tnt.data.subset(tnt.data.tensors(tnt.arange(5)), { 2, 1 }), {} end,
      function() return { "spec.data.named_set", n = 5, factor = 3 }, {} end,
      function() return sets.Counting(7), {} end,
      function() return sets.Augmented(9), { collate = "spec.data.pair_up" } end,
      function()
        return sets.Augmented(9), { collate = function(samples)
          return { names = samples[1].name, draw = tnt.data.rng():uniform(), n = #samples }
        end }
      end,
    }
    for _, case in ipairs(cases) do
      local expected
      for _, workers in ipairs { 0, 2 } do
        local set, options = case()
        options.batch_size, options.num_workers, options.seed = 2, workers, 5
        local got = texts(DataLoader(set, options))
        expected = expected or got
        assert.is_true(#got > 0)
        assert.same(expected, got)
      end
    end
  end)

  it("see the tensors of a data set where they are", function()
    local x = tnt.arange(6):to "f32"
    local set = sets.Held(x)
    local loader = DataLoader(set, { batch_size = 6, num_workers = 2, dtypes = { place = "f64" } })
    local batch = loader:iterate()()
    assert.same({ 0, 1, 2, 3, 4, 5 }, batch.x:totable())
    for _, place in ipairs(batch.place:totable()) do assert.equal(set:place(), place) end
    loader:close()
    assert.same({ 0, 1, 2, 3, 4, 5 }, x:totable()) -- the workers' end released nothing
    x:fill_(7)
    set.x = x
    assert.same({ 7, 7, 7, 7, 7, 7 }, loader:iterate()().x:totable())
    loader:close()
  end)

  it("hand batches to the scope that asks for them", function()
    local loader = DataLoader(sets.Augmented(8), { batch_size = 2, num_workers = 2 })
    local following = loader:iterate()
    local inside
    tnt.scope(function() inside = following().x end)
    local ok, err = pcall(inside.totable, inside)
    assert.is_false(ok)
    assert.equal("released", err.kind)
    local outside = following().x
    assert.equal(2, outside:size(1))
    loader:close()
    assert.equal(2, outside:size(1)) -- the worker that made it is gone
    assert.equal(2, #outside:totable())
  end)
end)

describe("a data set that cannot travel", function()
  it("is told how to", function()
    local Own = require "tnt.class".new("Own", { "n" })
    function Own:size() return 3 end
    function Own:get(i) return { x = i } end
    local err = raised(function()
      DataLoader(Own(1), { num_workers = 2 }):iterate()
    end)
    assert.equal("argument", err.kind)
    matches("the data set is an object of the class Own, which no file that require finds", err)
    matches("Write it as a class in a file of its own", err)
    matches('give {"my.dataset", root = ...}', err)
    local set = sets.Augmented(3)
    set.transform = function() end
    err = raised(function() DataLoader(set, { num_workers = 1 }):iterate() end)
    matches("field 'transform' of the data set is a function", err)
    err = raised(function() DataLoader({ 1, { a = print } }, { num_workers = 1 }):iterate() end)
    matches("entry %[2%]%.a of the data set is a function", err)
  end)
end)

describe("a data set that fails in a worker", function()
  local function reader(how, options)
    options = options or {}
    options.batch_size, options.num_workers = 2, options.num_workers or 2
    return DataLoader(sets.Failing(8, 5, { how = how }), options):iterate()
  end

  it("raises in the consumer at that batch, with kind, message and the worker's line", function()
    local following = reader "object"
    assert.same({ 1, 2 }, following().x:totable())
    assert.same({ 3, 4 }, following().x:totable())
    local err = raised(following)
    assert.equal("format", err.kind)
    matches("sample 5 is damaged", err)
    matches("in loader worker %d, batch 3", err)
    matches("sample_sets%.lua:%d+: in function 'get'", err)
    matches("sample_sets%.lua", err.where)
  end)

  it("raises what it raised, strings and tables too", function()
    local following = reader "string"
    following()
    following()
    local err = raised(following)
    assert.equal("string", type(err))
    matches("sample_sets%.lua:%d+: no sample 5", err)
    following = reader "table"
    following()
    following()
    assert.same({ code = 7 }, raised(following))
  end)

  it("is told of samples that cannot be sent", function()
    local following = reader "function"
    following()
    following()
    local err = raised(following)
    assert.equal("argument", err.kind)
    matches("field 'x' is a function in sample 5 and a number in sample 6", err)
    following = DataLoader(sets.Failing(2, 1, { how = "function" }),
      { num_workers = 1, collate = function(samples) return samples end }):iterate()
    matches("a batch cannot leave its worker: field 'batch%[1%]%.x' is a function",
      raised(following))
  end)

  it("can be asked again, and read on in the next epoch", function()
    local following = reader "object"
    following()
    following()
    matches("sample 5", raised(following))
    matches("sample 5", raised(following))
    local loader = DataLoader(sets.Failing(6, 0), { num_workers = 2, batch_size = 3 })
    assert.equal(2, #texts(loader))
    local stream = DataLoader(sets.Counting(6, { fails_at = 4 }),
      { num_workers = 2, batch_size = 2 })
    local following_of = stream:iterate()
    assert.same({ 1, 2 }, following_of().i:totable())
    matches("no sample 4", raised(following_of))
    matches("no sample 4", raised(following_of))
  end)

  it("is told when it cannot be built", function()
    local loader = DataLoader({ "spec.data.named_set", n = 4, factor = 2 }, { num_workers = 2 })
    loader.given = { "spec.data.named_set" } -- what the workers get; this thread has built its own
    local err = raised(loader:iterate())
    matches("named_set wants n", err)
    matches("in loader worker %d, when it was set up", err)
    loader.given = { "spec.data.named_set", n = 4, factor = 2 }
    assert.equal(4, #texts(loader))
  end)
end)

local has_proc = io.open "/proc/self/status" ~= nil

-- Threads of this process, by number.
local function thread_set()
  local set, n = {}, 0
  for name in require "lfs".dir "/proc/self/task" do
    if name:find "%d" then set[name], n = true, n + 1 end
  end
  return set, n
end

describe("worker threads", function()
  it("leave signals to the main thread", function()
    if not has_proc then pending "no /proc" end
    local before = thread_set()
    local loader = DataLoader(sets.Augmented(9), { num_workers = 2 })
    loader:iterate()()
    local found = 0
    for thread in pairs((thread_set())) do
      if not before[thread] then
        local status = io.open(("/proc/self/task/%s/status"):format(thread)):read "*a"
        local low = tonumber(status:match "SigBlk:%s*%x*(%x%x%x%x%x%x%x%x)\n", 16)
        for _, signal in ipairs { 1, 2, 14, 15 } do -- hangup, interrupt, alarm, terminate
          assert.is_true(math.floor(low / 2 ^ (signal - 1)) % 2 == 1)
        end
        assert.is_true(math.floor(low / 2 ^ 10) % 2 == 0) -- 11, a fault of its own
        found = found + 1
      end
    end
    assert.equal(2, found)
    loader:close()
  end)
end)

describe("workers end", function()
  local function threads() return select(2, thread_set()) end

  it("when the loader is closed, or collected, also in the middle of an epoch", function()
    if not has_proc then pending "no /proc" end
    collectgarbage()
    local before = threads()
    local loader = DataLoader(sets.Augmented(50), { num_workers = 3 })
    local following = loader:iterate()
    following()
    assert.equal(before + 3, threads())
    loader:close()
    assert.equal(before, threads())
    assert.truthy(following()) -- starts them again
    assert.equal(before + 3, threads())
    loader, following = nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal(before, threads())
  end)

  it("after a break, and work of an epoch left in the middle is dropped", function()
    local loader = DataLoader(sets.Augmented(50), { num_workers = 2, batch_size = 2 })
    for _ = 1, 5 do loader:iterate()() end
    collectgarbage()
    collectgarbage()
    local library = require "tnt.data.library".open()
    assert.equal(0, library.tnt_worker_outstanding(loader.pool.handle))
    local a, b = loader:iterate(), loader:iterate() -- two epochs at once
    local from_a, from_b = text_of(a()), text_of(b())
    assert.not_equal(from_a, from_b)
    loader:close()
  end)

  local function program(code, tail)
    local luajit = os.getenv "TNT_LUAJIT" or arg and arg[-1] or "luajit"
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write([[local tnt = require "tnt"
      local sets = require "spec.data.sample_sets"
      local loader = tnt.data.DataLoader(sets.Augmented(1000), { num_workers = 2, batch_size = 10 })
      local following = loader:iterate()
      following() ]], code)
    file:close()
    local pipe = io.popen(("timeout 60 %s %s 2>&1; echo status $?"):format(luajit, name))
    local output = pipe:read "*a"
    pipe:close()
    os.remove(name)
    assert.equal(tail, output:match "[^\n]*\n?$", output)
  end

  it("when the program does, in every way it can", function()
    if (os.getenv "LD_PRELOAD" or ""):find "tsan" then
      pending "a shell does not run under the thread sanitizer"
    end
    program("", "status 0\n")
    program("os.exit(3)", "status 3\n")
    program("os.exit(4, true)", "status 4\n")
    program("error 'x'", "status 1\n")
    program([[require "ffi".cdef "void exit(int);" require "ffi".C.exit(5)]], "status 5\n")
  end)

  it("leaving no tensor behind", function()
    local function run()
      local loader = DataLoader(sets.Augmented(40), { num_workers = 2, batch_size = 4 })
      local following = loader:iterate()
      for _ = 1, 4 do following() end
      loader:close()
    end
    run()
    collectgarbage()
    collectgarbage()
    local before = tnt.memory().live_bytes
    for _ = 1, 5 do run() end
    collectgarbage()
    collectgarbage()
    assert.equal(before, tnt.memory().live_bytes)
  end)
end)
