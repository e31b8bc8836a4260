local rig = require "spec.loop.rig"
local Cursor = require "tnt.data.cursor"
local tnt = require "tnt"

local function rest(cursor)
  local list = {}
  for batch in cursor.iterator do list[#list + 1] = batch end
  return table.concat(list, " ")
end

describe("a cursor", function()
  before_each(rig.reset)

  it("reads lists, functions and objects, each epoch from the start", function()
    local plain = { iterate = function(self) return self.make() end }
    plain.make = function()
      local i = 0
      return function()
        i = i + 1
        return rig.batches(3)[i]
      end
    end
    for _, loader in ipairs { rig.batches(3), plain.make, plain, rig.loader(3) } do
      local cursor = Cursor("train_dataloader", loader)
      for epoch = 0, 1 do
        cursor:open(epoch)
        assert.equal("b1 b2 b3", rest(cursor))
        assert.is_true(cursor.ended)
        assert.is_nil(cursor.iterator()) -- stays at the end
        cursor:clear()
      end
    end
  end)

  it("goes on at a position: by its state, by place in a list, else by skipping", function()
    local without_state = rig.loader(4)
    without_state.state_dict = nil
    for _, case in ipairs {
      { rig.loader(4), false }, { rig.batches(4), false }, { without_state, true },
    } do
      rig.reset()
      local first = Cursor("train_dataloader", case[1])
      first:open(0)
      first.iterator()
      first.iterator()
      local position = first:position()
      local second, skipped = Cursor("train_dataloader", case[1]), 0
      second:open(0, position, function(fetch)
        skipped = skipped + 1
        fetch()
      end)
      assert.equal(2, second.delivered)
      assert.equal("b3 b4", rest(second))
      assert.equal(case[2] and 2 or 0, skipped)
      assert.equal(case[2] and 1 or 0, #rig.warnings)
    end
  end)

  it("at the very end of an epoch gives nothing more, and the next epoch whole", function()
    for _, size in ipairs { 3, false } do
      local loader = rig.loader(3)
      loader.known_size = size or nil
      local cursor = Cursor("train_dataloader", loader)
      cursor:open(0)
      rest(cursor)
      local position = cursor:position()
      cursor:open(0, position)
      assert.equal("", rest(cursor))
      cursor:clear()
      cursor:open(1)
      assert.equal("b1 b2 b3", rest(cursor))
    end
  end)

  it("at the very end of an epoch gives the loader the seed of its other epochs", function()
    local function loader(seed)
      return tnt.data.DataLoader({ 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { shuffle = true, seed = seed })
    end
    local function order(cursor)
      local list = {}
      for batch in cursor.iterator do list[#list + 1] = batch:item() end
      return list
    end
    local cursor = Cursor("train_dataloader", loader(1))
    cursor:open(0)
    for _ = 1, 9 do cursor.iterator() end
    local position = cursor:position()
    cursor:open(1)
    local following = order(cursor)
    local resumed = Cursor("train_dataloader", loader(2))
    resumed:open(0, position)
    assert.same({}, order(resumed))
    resumed:open(1)
    assert.same(following, order(resumed))
  end)

  it("one batch ahead tells the last, and its position is that of the batch handed out", function()
    local loader = rig.loader(3)
    loader.known_size = nil
    local cursor = Cursor("train_dataloader", loader)
    cursor:open(0)
    local held, handed = {}, {}
    local function fetch(_, _, iterator) return iterator() end
    local function hold(batch)
      held[#held + 1] = batch
      return { batch }
    end
    local function hand_over(list) handed[#handed + 1] = list[1] end
    local function next_batch() return cursor:next_ahead(fetch, nil, nil, hold, hand_over) end
    local seen = {}
    for i = 1, 3 do
      seen[i] = { next_batch(), cursor:is_last(), cursor:position().delivered,
        cursor:position().state.at }
    end
    assert.same({ { "b1", false, 1, 1 }, { "b2", false, 2, 2 }, { "b3", true, 3, 3 } }, seen)
    assert.is_nil(next_batch())
    assert.same({ "b2", "b3" }, held)
    assert.same({ "b2", "b3" }, handed)
  end)

  it("has a position between epochs where the loader carries something over", function()
    local continuing = rig.loader(4)
    continuing.set_epoch, continuing.continues = nil, true
    assert.is_true(Cursor("x", continuing):position().is_between)
    assert.is_true(Cursor("x", rig.loader(4)):position().is_between)
    continuing.continues = nil
    assert.is_nil(Cursor("x", continuing):position())
    assert.is_nil(Cursor("x", rig.batches(4)):position())
  end)

  it("makes a set of loaders in sorted order, and names what is none", function()
    local names = {}
    for i, cursor in ipairs(Cursor.set("eval_dataloader", { b = {}, a = rig.loader(1) })) do
      names[i] = cursor.who .. " " .. cursor.name
    end
    assert.same({ "eval_dataloader.a a", "eval_dataloader.b b" }, names)
    for what, wrong in pairs { -- order: free
      ["eval_dataloader: expected a loader"] = 5,
      ["eval_dataloader.val: expected a loader"] = { val = 5 },
      ["names as keys, found the key 7"] = { [7] = rig.loader(1) },
      ["iterate() must return a function that gives the next batch, got nil"] =
        { iterate = function() end },
    } do
      local ok, err = pcall(function() Cursor.set("eval_dataloader", wrong)[1]:open(0) end)
      assert.is_false(ok)
      assert.equal("argument", err.kind)
      assert.matches(what, err.message, 1, true)
    end
  end)
end)
