local tnt = require "tnt"
local message = require "tnt.loop.message"
local reference = require "spec.reference.multi_loader"
local scope = require "tnt.scope"
local sets = require "spec.data.sample_sets"
local sorted = require "tnt.sorted"
local text_of = require "spec.data.text_of"

local DataLoader, MultiDataLoader = tnt.data.DataLoader, tnt.data.MultiDataLoader

-- Lists of batches: batch i is the number i.
local function lists(sizes)
  local loaders = {}
  for name, n in sorted(sizes) do
    loaders[name] = {}
    for i = 1, n do loaders[name][i] = i end
  end
  return loaders
end

local function made(case)
  return MultiDataLoader(lists(case.loaders), case.strategy,
    { stopping_mechanism = case.stop, iteration_order = case.order, seed = 1 })
end

local function read(multi, n)
  local batches, following = {}, multi:iterate()
  for i = 1, n or math.huge do
    batches[i] = following()
    if batches[i] == nil then break end
  end
  return batches, following
end

-- {{a = 1}, {a = 2, b = 1}} as "a a,b".
local function names_of(batches)
  local words = {}
  for i, batch in ipairs(batches) do words[i] = table.concat(sorted.keys(batch), ",") end
  return table.concat(words, " ")
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

-- An iterator over 1 to n, with calls of `iterate` counted.
local function counting(n, calls)
  return function()
    if calls then calls[1] = calls[1] + 1 end
    local i = 0
    return function()
      i = i + 1
      return i <= n and i or nil
    end
  end
end

describe("MultiDataLoader", function()
  local warnings, sink
  before_each(function()
    sink, warnings = message.sink, {}
    message.sink = function(_, text) warnings[#warnings + 1] = text end
  end)
  after_each(function() message.sink = sink end)

  it("gives the batches that TorchTNT's gives", function()
    assert.is_true(#reference.fixed > 20)
    for i, case in ipairs(reference.fixed) do
      local multi = made(case)
      assert.equal(#case.batches, multi:size(), i)
      for _ = 1, 2 do assert.same(case.batches, (read(multi)), i) end
    end
    for _, case in ipairs(reference.random) do
      for seed = 1, 5 do
        local weights, weight = {}, 0
        for name in sorted(case.loaders) do
          weight = weight + 1
          weights[name] = weight
        end
        local multi = MultiDataLoader(lists(case.loaders), "random",
          { weights = weights, seed = seed })
        local got, per_loader = read(multi), {}
        assert.equal(case.count, #got)
        assert.equal(case.count, multi:size())
        for _, batch in ipairs(got) do
          local name, value = next(batch)
          per_loader[name] = per_loader[name] or {}
          table.insert(per_loader[name], value)
        end
        assert.same(case.per_loader, per_loader)
      end
    end
  end)

  it("tells where a round robin stands as TorchTNT does", function()
    for _, case in ipairs(reference.states) do
      local multi = MultiDataLoader(lists { ["1"] = 1, ["2"] = 2 }, "round_robin", {})
      read(multi, case.count)
      local state = multi:state_dict()
      local finished = {}
      for name, position in sorted(state.members) do
        if position.ended then finished[#finished + 1] = name end
      end
      assert.equal(case.current, state.iterator_state.current)
      assert.same(case.finished, finished)
      -- Used by the next iterator only; the one after starts afresh.
      local fresh = MultiDataLoader(lists { ["1"] = 1, ["2"] = 2 }, "round_robin", {})
      fresh:load_state_dict(state)
      local whole = read(MultiDataLoader(lists { ["1"] = 1, ["2"] = 2 }, "round_robin", {}))
      assert.same({ unpack(whole, case.count + 1) }, (read(fresh)))
      assert.equal(table.concat(case.second, " "), names_of(read(fresh)))
    end
  end)

  it("ignores what a state says of loaders that are not here, with a warning", function()
    local function started(sizes, strategy, options)
      local multi = MultiDataLoader(lists(sizes), strategy, options or {})
      read(multi, 3)
      return multi:state_dict()
    end
    for _, strategy in ipairs { "round_robin", "in_order" } do
      local state = started({ gone = 4, stays = 4 }, strategy,
        { iteration_order = { "stays", "gone" }, stopping_mechanism = "all_exhausted" })
      state.iterator_state = { current = "gone", place = 2 }
      local multi = MultiDataLoader(lists { stays = 4, new = 1 }, strategy, {})
      warnings = {}
      multi:load_state_dict(state)
      assert.equal(3, #warnings)
      assert.truthy(warnings[1]:find "has a loader 'gone' that is not here")
      assert.truthy(warnings[2]:find "no loader 'new'; it begins at its start")
      assert.truthy(warnings[3]:find "stands at the loader 'gone', and the loaders are new, stays")
      -- The loader that is in both goes on where it stood: nothing is read twice or left out.
      local got = read(multi)
      local left = 4 - state.members.stays.delivered
      assert.equal(1 + left, #got)
      assert.equal(4, got[#got].stays)
    end
    local state = started({ a = 4 }, "round_robin")
    warnings = {}
    local multi = MultiDataLoader(lists { a = 4 }, "all_batches", {})
    multi:load_state_dict(state)
    assert.equal(1, #warnings)
    assert.truthy(warnings[1]:find "of the strategy 'round_robin', this one is 'all_batches'")
    assert.same({ { a = 4 } }, (read(multi)))
    -- An order that changed: the same loader goes on.
    state = started({ a = 4, b = 4, c = 4 }, "in_order", { iteration_order = { "a", "b", "c" } })
    multi = MultiDataLoader(lists { a = 4, b = 4, c = 4 }, "in_order",
      { iteration_order = { "b", "a" } })
    multi:load_state_dict(state)
    assert.same({ { a = 4 } }, (read(multi)))
  end)

  it("refuses what is no state", function()
    local multi = MultiDataLoader(lists { a = 1 }, "round_robin", {})
    for _, bad in ipairs { 3, {}, { epoch = 0, seed = 1, members = { a = 1 } },
      { epoch = 0, seed = 1, members = { a = { pass = 0, delivered = 1 } } },
      { epoch = 0.5, seed = 1, members = {} } } do
      raises("format", "what state_dict returned", multi.load_state_dict, multi, bad)
    end
  end)

  it("says which arguments are wrong", function()
    local l = lists { a = 1, bb = 2 }
    local function refused(pattern, ...) raises("argument", pattern, MultiDataLoader, ...) end
    refused("a table of loaders by name, .* got an empty one", {}, "round_robin", {})
    refused("a table of loaders by name, .* got number", 3, "round_robin", {})
    refused("got one object", DataLoader({ 1 }, {}), "round_robin", {})
    refused("found the key 1", { { 1 }, { 2 } }, "round_robin", {})
    refused("loader 'a': expected a loader .* got number", { a = 3 }, "round_robin", {})
    refused("did you mean 'round_robin'", l, "roundrobin", {})
    refused("'RoundRobin' is called 'round_robin' here", l, "RoundRobin", {})
    refused("got the class", l, tnt.class.new "Own", {})
    refused("an object with next%(at, members%), got number", l, 3, {})
    refused("did you mean 'smallest_exhausted'", l, "random",
      { stopping_mechanism = "smalest_exhausted" })
    refused("is called 'all_exhausted' here", l, "random",
      { stopping_mechanism = "ALL_DATASETS_EXHAUSTED" })
    refused("did you mean 'bb'", l, "in_order", { iteration_order = { "bbb" } })
    refused("a list of loaders' names, got an empty table", l, "in_order", { iteration_order = {} })
    refused("iteration_order is for 'round_robin' and 'in_order', and the strategy is 'random'", l,
      "random", { iteration_order = { "a" } })
    refused("weights is for 'random'", l, "all_batches", { weights = { a = 1, bb = 1 } })
    refused("weights has none for the loader 'bb'", l, "random", { weights = { a = 1 } })
    refused("weights.a is %-1", l, "random", { weights = { a = -1, bb = 1 } })
    refused("sum must be above 0", l, "random", { weights = { a = 0, bb = 0 } })
    refused("seed is a whole number", l, "random", { seed = -1 })
    refused("ignore_empty_data is true or false", l, "random", { ignore_empty_data = 1 })
    refused("did you mean 'weights'", l, "random", { weigths = {} })
    refused("an own one ends the epoch when its next", l, { next = print },
      { stopping_mechanism = "all_exhausted" })
    raises("argument", "epoch is a whole number", MultiDataLoader(l, "random", {}).set_epoch,
      MultiDataLoader(l, "random", {}), -1)
  end)

  it("has each stopping rule where it makes sense, and says where", function()
    local legal = {
      round_robin = { all_exhausted = true, smallest_exhausted = true },
      all_batches = {
        all_exhausted = true, smallest_exhausted = true, restart_until_all_exhausted = true,
      },
      random = {
        all_exhausted = true, smallest_exhausted = true, restart_until_all_exhausted = true,
        wrap_around = true,
      },
      in_order = { all_exhausted = true },
    }
    for strategy, stops in sorted(legal) do
      for stop in sorted(legal.random) do
        local ok, err = pcall(MultiDataLoader, lists { a = 1 }, strategy,
          { stopping_mechanism = stop })
        assert.equal(stops[stop] or false, ok)
        if not ok then
          assert.equal("argument", err.kind)
          assert.truthy(tostring(err):find(("'%s' has"):format(strategy), 1, true), tostring(err))
        end
      end
    end
    local ok, err = pcall(MultiDataLoader, lists { a = 1 }, "round_robin",
      { stopping_mechanism = "wrap_around" })
    assert.is_false(ok)
    assert.truthy(tostring(err):find("'wrap_around' is for 'random'; 'round_robin' has "
      .. "'all_exhausted', 'smallest_exhausted'", 1, true), tostring(err))
  end)

  it("reads nothing before the first batch is asked for", function()
    local calls = { 0 }
    local multi = MultiDataLoader({ a = counting(2, calls) }, "round_robin", {})
    local following = multi:iterate()
    multi:state_dict()
    assert.equal(0, calls[1])
    assert.same({ a = 1 }, following())
    assert.equal(1, calls[1])
    -- What can be read only once is not used up by making a loader of it.
    local once = counting(2)()
    multi = MultiDataLoader({ a = function() return once end }, "in_order", {})
    assert.same({ { a = 1 }, { a = 2 } }, (read(multi)))
  end)

  it("takes loaders of every kind and gives their errors", function()
    local multi = MultiDataLoader({
      list = { 1, 2 }, fn = counting(2), loader = DataLoader({ 7, 8 }, {}),
      inner = MultiDataLoader(lists { x = 1, y = 1 }, "round_robin", {}),
    }, "all_batches", {})
    local got = read(multi)
    assert.equal(2, #got)
    assert.same({ 1, 1 }, { got[1].list, got[1].fn })
    assert.equal(7, got[1].loader:item())
    assert.same({ { x = 1 }, { y = 1 } }, { got[1].inner, got[2].inner })
    assert.is_nil(multi:size())
    local failing = MultiDataLoader({ a = { 1, 2, 3 },
      b = DataLoader(sets.Failing(3, 2), {}) }, "all_batches", {})
    local following = failing:iterate()
    assert.equal(1, following().a)
    for _ = 1, 2 do raises("format", "sample 2 is damaged", following) end
    -- What was read beside it still counts as unread.
    assert.equal(1, failing:state_dict().members.a.delivered)
  end)

  it("refuses a loader without data when it is first read, or leaves it out", function()
    for _, strategy in ipairs { "round_robin", "all_batches", "random", "in_order" } do
      local multi = MultiDataLoader({ a = {}, b = { 1, 2 } }, strategy, { seed = 1 })
      raises("argument", "the loader 'a' contains no data; ignore_empty_data", read, multi)
      warnings = {}
      for _, stop in ipairs { "all_exhausted", "smallest_exhausted" } do
        if strategy ~= "in_order" or stop == "all_exhausted" then
          multi = MultiDataLoader({ a = {}, b = { 1, 2 } }, strategy,
            { ignore_empty_data = true, stopping_mechanism = stop, seed = 1 })
          assert.same({ { b = 1 }, { b = 2 } }, (read(multi)))
          if multi:size() then assert.equal(2, multi:size()) end
        end
      end
      assert.truthy(warnings[1]:find "the loader 'a' contains no data, it is left out")
    end
    -- Also after a checkpoint.
    for _, case in ipairs {
      { "round_robin", "smallest_exhausted" }, { "all_batches", "smallest_exhausted" },
      { "all_batches", "restart_until_all_exhausted" }, { "random", "smallest_exhausted" },
      { "random", "restart_until_all_exhausted" }, { "in_order", "all_exhausted" },
    } do
      local function loader()
        return MultiDataLoader({ a = {}, b = { 1, 2, 3 } }, case[1], {
          ignore_empty_data = true, stopping_mechanism = case[2], seed = 3,
          iteration_order = case[1] == "in_order" and { "a", "b", "a" } or nil,
        })
      end
      local whole = read(loader())
      assert.equal(3, #whole)
      for stop = 0, 3 do
        local first = loader()
        local _, following = read(first, stop)
        local state = first:state_dict()
        local resumed = loader()
        warnings = {}
        resumed:load_state_dict(state)
        assert.same({ unpack(whole, stop + 1) }, (read(resumed)), stop)
        local was_known = state.members.a.ended
        assert.equal(was_known and 0 or 1, #warnings)
        if stop == 3 then assert.is_nil(following()) end
      end
    end
    local once = counting(2)()
    local multi = MultiDataLoader({ a = function() return once end, b = { 1, 2, 3 } },
      "all_batches", { stopping_mechanism = "restart_until_all_exhausted" })
    raises("argument", "what can be read only once cannot be restarted", read, multi)
  end)

  it("reads again what ended, in another order, until all have ended", function()
    local function loader(n)
      local list = {}
      for i = 1, n do list[i] = i end
      return DataLoader(list, { shuffle = true, seed = 3, batch_size = 6 })
    end
    local multi = MultiDataLoader({ a = loader(6), b = loader(18) }, "all_batches",
      { stopping_mechanism = "restart_until_all_exhausted" })
    local orders, seen = {}, {}
    for epoch = 1, 3 do
      local got = read(multi)
      assert.equal(3, #got)
      assert.equal(3, multi:size())
      for _, batch in ipairs(got) do
        local text = text_of(batch.a)
        assert.is_nil(seen[text])
        seen[text] = true
        orders[#orders + 1] = text
      end
      assert.equal(3 * epoch, #orders)
    end
    -- An epoch is a function of its number.
    multi:set_epoch(1)
    local again = read(multi)
    for i = 1, 3 do assert.equal(orders[3 + i], text_of(again[i].a)) end
    -- The epochs of a loader that is not read twice are its own.
    local alone = loader(18)
    alone:set_epoch(1)
    assert.equal(text_of(alone:iterate()()), text_of(again[1].b))
  end)

  it("draws by weight, the same for the same seed, epoch and rank", function()
    local function drawn(options, epoch, n)
      options.stopping_mechanism = "wrap_around"
      local multi = MultiDataLoader(lists { a = 2, b = 3, c = 1 }, "random", options)
      if epoch then multi:set_epoch(epoch) end
      return names_of(read(multi, n or 40))
    end
    local weights = { a = 1, b = 3, c = 0, unused = 2 }
    local first = drawn({ weights = weights, seed = 5 }, 0)
    assert.equal(first, drawn({ weights = weights, seed = 5 }, 0))
    assert.not_equal(first, drawn({ weights = weights, seed = 6 }, 0))
    assert.not_equal(first, drawn({ weights = weights, seed = 5 }, 1))
    assert.equal(first, drawn({ weights = weights, seed = 5, rank = 3 }, 0))
    assert.not_equal(first, drawn({ weights = weights, seed = 5, rank = 3,
      enforce_same_loader_across_ranks = false }, 0))
    -- b is drawn 3 times in 4: of 4000 draws 3000, with a standard deviation of 27.4.
    local long = drawn({ weights = weights, seed = 5 }, 0, 4000)
    local _, b = long:gsub("b", "")
    assert.is_true(math.abs(b - 3000) < 5 * 27.4, b)
    assert.is_nil(long:find "c")
    -- Whatever is left over is read: a weight of 0 is not waited for.
    local multi = MultiDataLoader(lists { a = 2, b = 3, c = 1 }, "random", { weights = weights })
    assert.equal(5, #read(multi))
    assert.equal(5, multi:size())
    multi = MultiDataLoader(lists { a = 2, b = 3, c = 1 }, "random", { weights = weights,
      stopping_mechanism = "restart_until_all_exhausted" })
    assert.is_true(#read(multi) >= 5)
    assert.is_nil(multi:size())
    tnt.seed(9)
    local from_tnt = drawn {}
    tnt.seed(9)
    assert.equal(from_tnt, drawn {})
  end)

  it("loses nothing of what was read for a round that did not come about", function()
    -- The function gives one source again and again; `endless` says that it goes on.
    local source = counting(10)()
    local multi = MultiDataLoader({
      a = tnt.data.endless(DataLoader({ 1, 2, 3, 4, 5 }, {})), b = function() return source end,
      c = DataLoader({ 1, 2, 3 }, {}), d = counting(2),
    }, "all_batches", { stopping_mechanism = "smallest_exhausted" })
    local a, b, c, d = {}, {}, {}, {}
    for _ = 1, 3 do
      local token = scope.open "scope" -- as in a step: what is not kept is gone at its end
      for batch in multi:iterate() do
        a[#a + 1], b[#b + 1] = batch.a:item(), batch.b
        c[#c + 1], d[#d + 1] = batch.c:item(), batch.d
      end
      scope.close(token)
    end
    assert.same({ 1, 2, 3, 4, 5, 1 }, a)
    assert.same({ 1, 2, 3, 4, 5, 6 }, b)
    assert.same({ 1, 2, 1, 2, 1, 2 }, c) -- begins each epoch afresh
    assert.same({ 1, 2, 1, 2, 1, 2 }, d)
  end)

  it("asks those first that are expected to be at their end", function()
    local reads = 0
    local set = { size = function() return 9 end, get = function(_, i)
      reads = reads + 1
      return i
    end }
    local multi = MultiDataLoader({ a = DataLoader(set, {}), b = { 1, 2 } }, "all_batches",
      { stopping_mechanism = "smallest_exhausted" })
    assert.equal(2, #read(multi))
    assert.equal(2, reads)
  end)

  it("forgets a position when another epoch is set", function()
    local function loader()
      return MultiDataLoader({ a = DataLoader({ 1, 2, 3 }, {}), b = { 1, 2, 3 } }, "round_robin",
        { seed = 1 })
    end
    local whole = text_of(read(loader()))
    local first = loader()
    first:set_epoch(3)
    read(first, 3)
    local state = first:state_dict()
    assert.equal(3, state.epoch)
    local resumed = loader()
    resumed:load_state_dict(state)
    resumed:set_epoch(3)
    assert.equal(3, #read(resumed))
    assert.equal(4, resumed:state_dict().epoch)
    resumed = loader()
    resumed:load_state_dict(state)
    resumed:set_epoch(0)
    resumed:set_epoch(3)
    assert.equal(whole, text_of(read(resumed)))
    -- An epoch left in the middle is over: the next one is whole.
    first:set_epoch(4)
    assert.equal(4, first:state_dict().epoch)
    assert.equal(whole, text_of(read(first)))
    read(first, 2)
    assert.equal(whole, text_of(read(first)))
  end)

  it("goes on for ever inside tnt.data.endless", function()
    local function loader()
      return tnt.data.endless(MultiDataLoader({ a = DataLoader({ 1, 2, 3 }, { shuffle = true }),
        b = { 1, 2 } }, "random", {}))
    end
    tnt.seed(1)
    local first, texts, states = loader(), {}, {}
    local following = first:iterate()
    for i = 1, 14 do
      texts[i] = text_of(following())
      states[i] = first:state_dict()
    end
    for i, state in ipairs(states) do
      tnt.seed(2)
      local resumed = loader()
      resumed:load_state_dict(state)
      following = resumed:iterate()
      for k = i + 1, 14 do assert.equal(texts[k], text_of(following())) end
    end
  end)

  it("lets an own strategy choose", function()
    local Pairs = {} -- two batches of each loader in turn
    function Pairs:next(at, members)
      at.n = (at.n or 0) + 1
      local name = members.names[math.ceil(at.n / 2) % #members.names + 1]
      local batch = members:take(name)
      return batch ~= nil and { [name] = batch } or nil
    end
    local function loader() return MultiDataLoader(lists { a = 3, b = 5 }, Pairs, {}) end
    assert.equal("b b a a b b a", names_of(read(loader())))
    for stop = 0, 6 do
      local multi = loader()
      read(multi, stop)
      local resumed = loader()
      resumed:load_state_dict(multi:state_dict())
      assert.same({ unpack(read(loader()), stop + 1) }, (read(resumed)))
    end
    assert.is_nil(loader():size())
    local sized = MultiDataLoader(lists { a = 3, b = 5 },
      { next = Pairs.next, size = function(_, sizes) return sizes.a + 2 * sizes.b end }, {})
    assert.equal(13, sized:size())
    raises("argument", "must return {name = batch}, or nil at the end, got number", read,
      MultiDataLoader(lists { a = 1 }, { next = function() return 3 end }, {}))
  end)

  it("ends what its loaders have running", function()
    local closed = {}
    local function closing(name)
      return { iterate = print, close = function() closed[#closed + 1] = name end }
    end
    MultiDataLoader({ b = closing "b", a = closing "a", c = { 1 } }, "in_order", {}):close()
    assert.same({ "a", "b" }, closed)
  end)
end)
