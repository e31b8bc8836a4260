local tnt = require "tnt"
local DataLoader = require "tnt.data.loader"
local sets = require "spec.data.sample_sets"
local text_of = require "spec.data.text_of"

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

-- The values of every batch, as lists.
local function read(loader)
  local batches = {}
  for batch in loader:iterate() do batches[#batches + 1] = batch:totable() end
  return batches
end

local function flat(batches)
  local list = {}
  for _, batch in ipairs(batches) do
    for _, value in ipairs(batch) do list[#list + 1] = value end
  end
  return list
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

describe("DataLoader", function()
  it("cuts a data set into batches, the last one shorter", function()
    local loader = DataLoader(numbers(7), { batch_size = 3 })
    assert.equal(3, loader:size())
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 }, { 7 } }, read(loader))
    local whole = DataLoader(numbers(7), { batch_size = 3, drop_last = true })
    assert.equal(2, whole:size())
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, read(whole))
    assert.same({ { 1 }, { 2 } }, read(DataLoader(numbers(2), {})))
    assert.same({}, read(DataLoader({}, { batch_size = 3 })))
    assert.equal(0, DataLoader({}, {}):size())
    assert.same({}, read(DataLoader(numbers(2), { batch_size = 3, drop_last = true })))
  end)

  it("keeps saying nil at the end", function()
    local following = DataLoader(numbers(2), { batch_size = 2 }):iterate()
    assert.truthy(following())
    for _ = 1, 3 do assert.is_nil(following()) end
  end)

  it("reads anything with get and size, or iterate", function()
    local set = { size = function() return 2 end, get = function(_, i) return { v = 10 * i } end }
    assert.same({ 10, 20 }, DataLoader(set, { batch_size = 2 }):iterate()().v:totable())
    local stream = DataLoader(sets.Counting(5), { batch_size = 2 })
    assert.is_nil(stream:size())
    local got = {}
    for batch in stream:iterate() do got[#got + 1] = batch.i:totable() end
    assert.same({ { 1, 2 }, { 3, 4 }, { 5 } }, got)
    got = {}
    for batch in DataLoader(sets.Counting(5), { batch_size = 2, drop_last = true }):iterate() do
      got[#got + 1] = batch.i:totable()
    end
    assert.same({ { 1, 2 }, { 3, 4 } }, got)
    local named = DataLoader({ "spec.data.named_set", n = 3, factor = 2 }, { batch_size = 3 })
    assert.same({ 2, 4, 6 }, named:iterate()().x:totable())
  end)

  it("says what is no data set", function()
    raises("argument", "has get%(%), but no size", DataLoader, { get = print }, {})
    raises("argument", "expected a data set, got number", DataLoader, 7, {})
    raises("argument", "a table with neither", DataLoader, { a = 1 }, {})
    raises("argument", "is the class Augmented itself", DataLoader, sets.Augmented, {})
    raises("argument", "cannot be required", DataLoader, { "spec.data.nowhere" }, {})
    raises("argument", "must return a class or a function", DataLoader, { "spec.data.text_of" }, {})
    raises("argument", "get%(3%) returned nothing; it has 5", read,
      DataLoader(sets.Failing(5, 3, { how = "nothing" }), { batch_size = 5 }))
  end)

  it("says which options are wrong", function()
    local list = numbers(4)
    raises("argument", "did you mean 'batch_size'", DataLoader, list, { batchsize = 2 })
    raises("argument", "batch_size is a whole number from 1, got 0", DataLoader, list,
      { batch_size = 0 })
    raises("argument", "num_workers is a whole number from 0", DataLoader, list,
      { num_workers = -1 })
    raises("argument", "num_workers is at most 64, got 65", DataLoader, list,
      { num_workers = 65 })
    raises("argument", "shuffle is true or false, got 1", DataLoader, list, { shuffle = 1 })
    raises("argument", "sampler and shuffle do not go together", DataLoader, list,
      { sampler = { 1 }, shuffle = true })
    raises("argument", "batch_sampler and batch_size do not go together", DataLoader, list,
      { batch_sampler = { { 1 } }, batch_size = 2 })
    raises("argument", "read in its own order and shuffle cannot be given", DataLoader,
      sets.Counting(3), { shuffle = true })
    raises("argument", "it is at most 1, got 2", DataLoader, list, { rank = 2, world = 2 })
    raises("argument", "collate is a function", DataLoader, list, { collate = 3 })
  end)

  it("shuffles by seed and epoch", function()
    local loader = DataLoader(numbers(20), { batch_size = 4, shuffle = true, seed = 5 })
    local first, second = flat(read(loader)), flat(read(loader))
    assert.not_same(first, second)
    for _, order in ipairs { first, second } do
      local copy = { unpack(order) }
      table.sort(copy)
      assert.same(numbers(20), copy)
      assert.not_same(numbers(20), order)
    end
    loader:set_epoch(1)
    assert.same(second, flat(read(loader)))
    loader:set_epoch(0)
    assert.same(first, flat(read(loader)))
    local other = DataLoader(numbers(20), { batch_size = 4, shuffle = true, seed = 6 })
    assert.not_same(first, flat(read(other)))
  end)

  it("takes its seed from tnt.seed when it has none, and leaves that stream alone", function()
    tnt.seed(12)
    local a = flat(read(DataLoader(numbers(9), { shuffle = true })))
    local after = tnt.rand(2):totable()
    tnt.seed(12)
    assert.same(after, tnt.rand(2):totable())
    tnt.seed(12)
    assert.same(a, flat(read(DataLoader(numbers(9), { shuffle = true }))))
    tnt.seed(13)
    assert.not_same(a, flat(read(DataLoader(numbers(9), { shuffle = true }))))
  end)

  it("draws the same augmentation for a sample whatever batch it is in", function()
    local function draws(options)
      options.seed = 3
      local by_position = {}
      for batch in DataLoader(sets.Augmented(12), options):iterate() do
        local i, x, u = batch.i:totable(), batch.x:totable(), batch.u:totable()
        for k = 1, #i do by_position[i[k]] = { x[k], u[k] } end
      end
      return by_position
    end
    local plain = draws { batch_size = 4 }
    assert.same(plain, draws { batch_size = 5, shuffle = true })
    assert.not_same(plain[1][1], plain[2][1])
    local loader = DataLoader(sets.Augmented(2), { batch_size = 2, seed = 3 })
    local first, second = loader:iterate()(), loader:iterate()()
    assert.not_same(first.x:totable(), second.x:totable()) -- another epoch
    raises("state", "no loader is reading", tnt.data.rng)
  end)

  it("may read from another loader inside a data set", function()
    local set = { size = function() return 4 end, get = function(_, i)
      local before = tnt.data.rng():uniform()
      local loader = DataLoader({ 1, 2, 3 }, { batch_size = 3, shuffle = true, seed = i })
      local inner = loader:iterate()()
      return { i = i, before = before, inner = inner, after = tnt.data.rng():uniform() }
    end }
    local batch = DataLoader(set, { batch_size = 4, seed = 6 }):iterate()()
    local plain = { size = set.size, get = function(_, i)
      return { i = i, before = tnt.data.rng():uniform(), after = tnt.data.rng():uniform() }
    end }
    local expected = DataLoader(plain, { batch_size = 4, seed = 6 }):iterate()()
    assert.equal(text_of(expected.before), text_of(batch.before))
    assert.equal(text_of(expected.after), text_of(batch.after))
  end)

  it("goes by samplers and batch samplers, own ones too", function()
    assert.same({ { 3, 1 }, { 3 } }, read(DataLoader(numbers(3), { batch_size = 2,
      sampler = { 3, 1, 3 } })))
    local own = { order = function(_, epoch, seed) return { epoch + 1, seed } end }
    local loader = DataLoader(numbers(9), { batch_size = 2, sampler = own, seed = 7 })
    assert.same({ { 1, 7 } }, read(loader))
    assert.same({ { 2, 7 } }, read(loader))
    assert.is_nil(loader:size())
    local batches = { { 1, 2, 3 }, { 4 } }
    assert.same(batches, read(DataLoader(numbers(4), { batch_sampler = batches })))
    local sampler = tnt.data.BatchSampler(tnt.data.RandomSampler(7), { batch_size = 3 })
    loader = DataLoader(numbers(7), { batch_sampler = sampler, seed = 1 })
    assert.equal(3, loader:size())
    local order = flat(read(loader))
    table.sort(order)
    assert.same(numbers(7), order)
  end)

  it("shares a data set out over processes", function()
    local function of(n, world, options)
      local all, sizes = {}, {}
      for rank = 0, world - 1 do
        local o = { batch_size = 2, rank = rank, world = world, seed = 4 }
        for key, value in pairs(options) do o[key] = value end
        local loader = DataLoader(numbers(n), o)
        local batches = read(loader)
        assert.equal(#batches, loader:size())
        sizes[rank + 1] = #flat(batches)
        for _, i in ipairs(flat(batches)) do all[#all + 1] = i end
      end
      table.sort(all)
      return all, sizes
    end
    local all, sizes = of(8, 2, { shuffle = true })
    assert.same(numbers(8), all)
    assert.same({ 4, 4 }, sizes)
    all, sizes = of(7, 3, {}) -- made even by reading 1 and 2 twice
    assert.same({ 1, 1, 2, 2, 3, 4, 5, 6, 7 }, all)
    assert.same({ 3, 3, 3 }, sizes)
    all, sizes = of(7, 3, { drop_last = true, batch_size = 1 })
    assert.same({ 1, 2, 3, 4, 5, 6 }, all)
    assert.same({ 2, 2, 2 }, sizes)
    all, sizes = of(7, 3, { even = false })
    assert.same(numbers(7), all)
    assert.same({ 3, 2, 2 }, sizes)
    local streams = {}
    for rank = 0, 1 do
      local loader = DataLoader(sets.Counting(5), { batch_size = 9, rank = rank, world = 2 })
      streams[rank + 1] = loader:iterate()().i:totable()
    end
    assert.same({ { 1, 3, 5 }, { 2, 4 } }, streams)
  end)
end)

describe("DataLoader's position", function()
  -- Every batch of three epochs, as text; `stop` ends the reading after that many batches.
  local function texts(loader, n, into)
    local following = loader:iterate()
    while #into < n do
      local batch = following()
      if batch == nil then
        following = loader:iterate()
        batch = following()
      end
      into[#into + 1] = text_of(batch)
    end
    return into
  end

  local kinds = {
    ["samples in random order"] = function(workers)
      return DataLoader(sets.Augmented(11), { batch_size = 3, shuffle = true, seed = 2,
        num_workers = workers })
    end,
    ["a batch sampler"] = function(workers)
      return DataLoader(sets.Augmented(11), { seed = 2, num_workers = workers,
        batch_sampler = tnt.data.BatchSampler(tnt.data.RandomSampler(11), { batch_size = 3 }) })
    end,
    ["samples one after the other"] = function(workers)
      return DataLoader(sets.Counting(11), { batch_size = 3, seed = 2, num_workers = workers })
    end,
    ["samples in an order of their own"] = function(workers)
      return DataLoader(sets.Shuffled(11), { batch_size = 3, seed = 2, num_workers = workers })
    end,
    ["tensors"] = function(workers)
      return DataLoader(tnt.data.tensors { x = tnt.arange(11) }, { batch_size = 3, shuffle = true,
        seed = 2, num_workers = workers })
    end,
  }
  for _, name in ipairs(require "tnt.sorted".keys(kinds)) do
    local make = kinds[name]
    for _, workers in ipairs { 0, 2 } do
      it(("resumes at every position: %s, %d workers"):format(name, workers), function()
        local expected = texts(make(0), 12, {})
        assert.same(expected, texts(make(workers), 12, {}))
        for stop = 0, 11 do
          local loader = make(workers)
          local before = stop > 0 and texts(loader, stop, {}) or {}
          local state = loader:state_dict()
          loader:close()
          local resumed = make(workers)
          resumed:load_state_dict(state)
          assert.same(state, resumed:state_dict())
          assert.same(expected, texts(resumed, 12, before))
          resumed:close()
        end
      end)
    end
  end

  it("is that of the last batch handed out, and the next epoch after the end", function()
    local loader = DataLoader(numbers(4), { batch_size = 2, seed = 0 })
    assert.same({ 0, 0 }, { loader:state_dict().epoch, loader:state_dict().batches })
    local following = loader:iterate()
    following()
    assert.same({ 0, 1 }, { loader:state_dict().epoch, loader:state_dict().batches })
    following()
    assert.same({ 0, 2 }, { loader:state_dict().epoch, loader:state_dict().batches })
    following()
    assert.same({ 1, 0 }, { loader:state_dict().epoch, loader:state_dict().batches })
    loader:load_state_dict { seed = 0, epoch = 3, batches = 2, world = 1, batch_size = 2 }
    assert.same({}, read(loader))
    assert.same(4, loader:state_dict().epoch)
  end)

  it("is kept by set_epoch of the same epoch, and forgotten by another", function()
    local state = { seed = 0, epoch = 3, batches = 1, world = 1, batch_size = 2 }
    local loader = DataLoader(numbers(4), { batch_size = 2 })
    loader:load_state_dict(state)
    loader:set_epoch(3)
    assert.same({ { 3, 4 } }, read(loader))
    loader:load_state_dict(state)
    loader:set_epoch(4)
    assert.same({ { 1, 2 }, { 3, 4 } }, read(loader))
  end)

  it("is converted where batches or processes changed, or refused", function()
    local state = { seed = 0, epoch = 0, batches = 3, world = 1, batch_size = 4 }
    local loader = DataLoader(numbers(24), { batch_size = 6 })
    loader:load_state_dict(state)
    assert.same({ { 13, 14, 15, 16, 17, 18 }, { 19, 20, 21, 22, 23, 24 } }, read(loader))
    loader = DataLoader(numbers(24), { batch_size = 2, rank = 1, world = 3 })
    loader:load_state_dict(state)
    assert.same({ { 14, 17 }, { 20, 23 } }, read(loader))
    raises("state", "3 batches of 4 in 1 processes; this loader reads 5 in 1", function()
      DataLoader(numbers(24), { batch_size = 5 }):load_state_dict(state)
    end)
    raises("state", "reads a batch sampler", function()
      DataLoader(numbers(24), { batch_sampler = { { 1 } } }):load_state_dict(state)
    end)
    for _, bad in ipairs { {}, { epoch = -1, batches = 0, seed = 0 }, { epoch = 1, batches = 0 },
      { epoch = 1, batches = 0.5, seed = 0 } } do
      raises("format", "expected what state_dict returned", loader.load_state_dict, loader, bad)
    end
    raises("format", "expected what state_dict returned", loader.load_state_dict, loader, nil)
  end)

  it("does not move when a batch fails, so that the batch can be asked for again", function()
    local fails = true
    local set = { size = function() return 4 end, get = function(_, i)
      if i == 3 and fails then error "later" end
      return i
    end }
    local loader = DataLoader(set, { batch_size = 2 })
    local following = loader:iterate()
    following()
    assert.is_false(pcall(following))
    assert.equal(1, loader:state_dict().batches)
    fails = false
    assert.same({ 3, 4 }, following():totable())
  end)
end)
