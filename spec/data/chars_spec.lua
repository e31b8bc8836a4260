local tnt = require "tnt"

local TEXT = "hello world, held low\n"

local function with_file(content, fn)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(content)
  file:close()
  local ok, err = pcall(fn, name)
  os.remove(name)
  if not ok then error(err, 0) end
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
end

describe("tnt.data.chars", function()
  it("has the file's bytes in order as vocabulary, and encodes both ways", function()
    with_file(TEXT, function(path)
      local set = tnt.data.chars(path, { block = 4 })
      assert.equal("\n ,dehlorw", table.concat(set.vocabulary))
      assert.equal(10, set.vocab_size)
      assert.equal("i64", set:encode("hello").dtype)
      assert.same({ 5, 4, 6, 6, 7 }, set:encode("hello"):totable())
      assert.equal("hello", set:decode { 5, 4, 6, 6, 7 })
      assert.equal(TEXT, set:decode(set:encode(TEXT)))
      assert.equal(TEXT, set:decode(set.tokens))
      raises("argument", "character 2, \"z\", is not in the vocabulary of 10", set.encode, set,
        "hz")
      raises("argument", "id 10 at place 1 is out of range", set.decode, set, { 10 })
    end)
  end)

  it("carries every byte", function()
    local all = {}
    for code = 0, 255 do all[code + 1] = string.char(code) end
    local text = table.concat(all)
    with_file(text, function(path)
      local set = tnt.data.chars(path, { block = 255 })
      assert.equal(256, set.vocab_size)
      assert.equal(text, set:decode(set.tokens))
      assert.equal(1, set:size())
    end)
  end)

  it("gives blocks and the same shifted by one", function()
    with_file(TEXT, function(path)
      local set = tnt.data.chars(path, { block = 4 })
      assert.equal(#TEXT - 4, set:size())
      local sample = set:get(3)
      assert.equal("llo ", set:decode(sample.x))
      assert.equal("lo w", set:decode(sample.y))
      assert.equal("i64", sample.x.dtype)
      local last = set:get(set:size())
      assert.equal(TEXT:sub(-4), set:decode(last.y))
      local batch = set:get_many { 1, 7 }
      assert.same({ 2, 4 }, batch.x.shape)
      assert.equal("worl", set:decode(batch.x[2]))
      assert.equal("orld", set:decode(batch.y[2]))
      raises("argument", "starts go from 1 to 18", set.get, set, 19)
      raises("argument", "starts go from 1 to 18", set.get, set, 0)
    end)
  end)

  it("splits 90 to 10 under one vocabulary", function()
    with_file(("a"):rep(90) .. ("b"):rep(10), function(path)
      local train = tnt.data.chars(path, { block = 3, split = "train" })
      local eval = tnt.data.chars(path, { block = 3, split = "eval" })
      assert.equal(("a"):rep(90), train:decode(train.tokens))
      assert.equal(("b"):rep(10), eval:decode(eval.tokens))
      assert.equal(2, train.vocab_size)
      local val = tnt.data.chars(path, { block = 3, split = "val", fraction = 0.5 })
      assert.equal(50, val.length)
      raises("argument", "unknown split 'test'", tnt.data.chars, path, { split = "test" })
    end)
  end)

  it("is read in random blocks with replacement, or in order without overlap", function()
    with_file(TEXT, function(path)
      local set = tnt.data.chars(path, { block = 3 })
      local in_order = tnt.data.DataLoader(set, { batch_size = 4 })
      local text = {}
      for batch in in_order:iterate() do
        for i = 1, batch.x:size(1) do text[#text + 1] = set:decode(batch.x[i]) end
      end
      assert.equal(TEXT:sub(1, 21), table.concat(text))
      assert.equal(2, in_order:size())
      local loader = tnt.data.DataLoader(set, { batch_size = 7, shuffle = true, seed = 1 })
      local counts = {}
      for epoch = 1, 400 do
        loader:set_epoch(epoch)
        local n = 0
        for batch in loader:iterate() do
          for i = 1, batch.x:size(1) do
            local block = set:decode(batch.x[i]) .. set:decode(batch.y[i]):sub(-1)
            counts[block] = (counts[block] or 0) + 1
            n = n + 1
          end
        end
        assert.equal(7, n)
      end
      -- 2,800 draws from 19 starts, all different blocks: 147 each, within 5 standard deviations.
      local kinds = 0
      for start = 1, 19 do
        local count = counts[TEXT:sub(start, start + 3)]
        assert.is_true(count and math.abs(count - 147.4) < 60)
        kinds = kinds + 1
      end
      assert.equal(19, kinds)
    end)
  end)

  it("travels to workers", function()
    with_file(TEXT:rep(10), function(path)
      local function of(workers)
        local set = tnt.data.chars(path, { block = 8 })
        local list = {}
        for batch in tnt.data.DataLoader(set, { batch_size = 4, shuffle = true, seed = 2,
          num_workers = workers }):iterate() do
          list[#list + 1] = set:decode(batch.x:flatten())
        end
        return list
      end
      assert.same(of(0), of(2))
    end)
  end)

  it("refuses files that are missing, empty or too short", function()
    raises("io", "no_such_file", tnt.data.chars, "/no_such_file")
    raises("io", "cannot be read", tnt.data.chars, "/tmp")
    with_file("", function(path) raises("format", "is empty", tnt.data.chars, path) end)
    with_file("abc", function(path)
      raises("format", "has 3 characters, too few for one block of 3", tnt.data.chars, path,
        { block = 3 })
      assert.equal(1, tnt.data.chars(path, { block = 2 }):size())
      raises("format", "part 'eval'%) has 1 characters", tnt.data.chars, path,
        { block = 1, split = "eval" })
      raises("argument", "block is a whole number", tnt.data.chars, path, { block = 0 })
      raises("argument", "fraction is between", tnt.data.chars, path, { fraction = 1 })
    end)
  end)
end)
