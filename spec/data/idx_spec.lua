local tnt = require "tnt"

-- An IDX file: type byte, sizes, and the elements' bytes.
local function idx_bytes(kind, sizes, data)
  local parts = { string.char(0, 0, kind, #sizes) }
  for _, size in ipairs(sizes) do
    local low, high = size % 65536, math.floor(size / 65536)
    parts[#parts + 1] = string.char(math.floor(high / 256), high % 256, math.floor(low / 256),
      low % 256)
  end
  return table.concat(parts) .. data
end

local folder, made
local function write(name, content)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  made[#made + 1] = path
  return path
end

local function gzip(path)
  assert(os.execute("gzip -nf " .. path) == 0)
  made[#made + 1] = path .. ".gz"
  return path .. ".gz"
end

local function slurp(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read "*a"
  file:close()
  return content
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind, tostring(err))
  assert.truthy(tostring(err):find(pattern), tostring(err))
  return err
end

before_each(function()
  folder, made = os.tmpname(), {}
  os.remove(folder)
  assert(require "lfs".mkdir(folder))
end)

after_each(function()
  for _, path in ipairs(made) do os.remove(path) end
  require "lfs".rmdir(folder)
end)

describe("tnt.data.read_idx", function()
  it("reads every type, big-endian", function()
    local cases = {
      { 0x08, "\0\1\127\128\255\2", "u8", { { 0, 1, 127 }, { 128, 255, 2 } } },
      { 0x09, "\0\1\127\128\255\2", "i32", { { 0, 1, 127 }, { -128, -1, 2 } } },
      { 0x0B, "\0\1\1\0\127\255\128\0\255\255\0\0", "i32",
        { { 1, 256, 32767 }, { -32768, -1, 0 } } },
      { 0x0C, ("\0\0\0\1\0\1\0\0\127\255\255\255\128\0\0\0\255\255\255\255\0\0\0\0"), "i32",
        { { 1, 65536, 2147483647 }, { -2147483648, -1, 0 } } },
      { 0x0D, "\63\128\0\0\192\32\0\0" .. ("\0"):rep(16), "f32", { { 1, -2.5, 0 }, { 0, 0, 0 } } },
      { 0x0E, "\63\240\0\0\0\0\0\0\192\4\0\0\0\0\0\0" .. ("\0"):rep(32), "f64",
        { { 1, -2.5, 0 }, { 0, 0, 0 } } },
    }
    for _, case in ipairs(cases) do
      local x = tnt.data.read_idx(write("a", idx_bytes(case[1], { 2, 3 }, case[2])))
      assert.equal(case[3], x.dtype)
      assert.same(case[4], x:totable())
    end
  end)

  it("reads compressed files the same", function()
    local data = {}
    for i = 1, 3000 do data[i] = string.char(i * 7 % 256) end
    local path = write("a", idx_bytes(8, { 3, 10, 100 }, table.concat(data)))
    local plain = tnt.data.read_idx(path):totable()
    assert.same(plain, tnt.data.read_idx(gzip(path)):totable())
    assert.equal(7, plain[1][1][1])
  end)

  it("reads empty ones", function()
    assert.same({ 0, 4 }, tnt.data.read_idx(write("a", idx_bytes(8, { 0, 4 }, ""))).shape)
  end)

  it("says what is wrong, and where", function()
    local read = tnt.data.read_idx
    raises("io", "no_such", read, folder .. "/no_such")
    raises("io", "directory", read, folder)
    raises("format", "ends within the magic number: expected 4 bytes there, found 0", read,
      write("a", ""))
    raises("format", "not an IDX file: .* found 80, 75, 3, 4", read, write("a", "PK\3\4"))
    raises("format", "not an IDX file", read, write("a", idx_bytes(0x0A, { 2 }, "ab")))
    raises("format", "not an IDX file", read, write("a", idx_bytes(8, {}, "a")))
    raises("format", "ends within the sizes: expected 8 bytes", read,
      write("a", "\0\0\8\2\0\0\0\1"))
    raises("format", "more than a file of this size can hold", read,
      write("a", idx_bytes(8, { 2, 3 }, "abcde")))
    raises("format", "more than a file of this size can hold", read,
      write("a", idx_bytes(0x0E, { 0xffffffff, 0xffffffff, 0xffffffff }, "")))
    raises("format", "bytes left behind the elements", read,
      write("a", idx_bytes(8, { 2, 3 }, "abcdefg")))
  end)

  it("answers every truncation with an error, plain and compressed", function()
    local data = {}
    for i = 1, 600 do data[i] = string.char(i * i % 251) end
    local whole = idx_bytes(8, { 6, 10, 10 }, table.concat(data))
    for length = 0, #whole - 1, 7 do
      local ok, err = pcall(tnt.data.read_idx, write("a", whole:sub(1, length)))
      assert.is_false(ok, length)
      assert.equal("format", err.kind)
    end
    local compressed = slurp(gzip(write("b", whole)))
    for length = 0, #compressed - 1, 5 do
      local ok, err = pcall(tnt.data.read_idx, write("c.gz", compressed:sub(1, length)))
      assert.is_false(ok, length)
      assert.equal("format", err.kind)
    end
  end)

  it("finds every flipped bit of a compressed file, and survives those of a plain one", function()
    local data = {}
    for i = 1, 100 do data[i] = string.char(i * i % 251) end
    local whole = idx_bytes(8, { 10, 10 }, table.concat(data))
    local compressed = slurp(gzip(write("a", whole)))
    local good = tnt.data.read_idx(write("b", compressed)):totable()
    local function flipped(bytes, at, bit)
      local byte = bytes:byte(at)
      local on = math.floor(byte / 2 ^ bit) % 2 == 1
      local changed = string.char(byte + (on and -1 or 1) * 2 ^ bit)
      return bytes:sub(1, at - 1) .. changed .. bytes:sub(at + 1)
    end
    local found = 0
    for at = 1, #compressed do
      for bit = 0, 7 do
        local ok, x = pcall(tnt.data.read_idx, write("b", flipped(compressed, at, bit)))
        found = found + (ok and 0 or 1)
        if ok then -- bits without a meaning: the header's time and system, the last byte's padding
          assert.same(good, x:totable())
        else
          assert.equal("format", x.kind, tostring(x))
        end
      end
    end
    assert.is_true(found > (#compressed - 10) * 8 - 8)
    for at = 1, 12 do
      for bit = 0, 7 do
        local ok, x = pcall(tnt.data.read_idx, write("b", flipped(whole, at, bit)))
        if not ok then assert.equal("format", x.kind, tostring(x)) end
      end
    end
  end)
end)

describe("tnt.data.idx", function()
  it("makes a data set of images and labels", function()
    local images = write("i", idx_bytes(8, { 3, 2, 2 }, "\0\1\2\3\4\5\6\7\8\9\10\11"))
    local labels = write("l", idx_bytes(8, { 3 }, "\7\8\9"))
    local set = tnt.data.idx(images, labels)
    assert.equal(3, set:size())
    local sample = set:get(2)
    assert.same({ { 4, 5 }, { 6, 7 } }, sample.image:totable())
    assert.equal("f32", sample.image.dtype)
    assert.equal("i64", sample.label.dtype)
    assert.equal(8, sample.label:item())
    set = tnt.data.idx(images, labels, { scale = 0.5, channel = true })
    assert.same({ { { 2, 2.5 }, { 3, 3.5 } } }, set:get(2).image:totable())
  end)

  it("refuses files that do not belong together", function()
    local images = write("i", idx_bytes(8, { 3, 2, 2 }, ("x"):rep(12)))
    local labels = write("l", idx_bytes(8, { 2 }, "ab"))
    raises("format", "holds 3 images, but .* 2 labels", tnt.data.idx, images, labels)
    raises("format", "were images and labels exchanged", tnt.data.idx, labels, images)
    raises("format", "labels have 1 dim, these have 3", tnt.data.idx, images, images)
    raises("format", "labels are whole numbers, these are f32", tnt.data.idx, images,
      write("f", idx_bytes(0x0D, { 3 }, ("\0"):rep(12))))
  end)
end)

describe("tnt.data.mnist", function()
  local function write_part(prefix, n, dot)
    return write(prefix .. "-images" .. dot .. "idx3-ubyte",
      idx_bytes(8, { n, 28, 28 }, ("\0\51\255\102"):rep(196 * n))),
      write(prefix .. "-labels" .. dot .. "idx1-ubyte",
        idx_bytes(8, { n }, ("\0\1\2\3\4\5\6\7\8\9"):sub(1, n)))
  end

  it("reads both parts, plain or compressed, under their usual names", function()
    write_part("train", 3, "-")
    gzip((write_part("t10k", 2, ".")))
    local train, test = tnt.data.mnist(folder), tnt.data.mnist(folder, "test")
    assert.equal(3, train:size())
    assert.equal(2, test:size())
    local image = train:get(3).image
    assert.same({ 1, 28, 28 }, image.shape)
    local row = image[1][1]:totable()
    -- Bytes 0, 51, 255, 102 times f32(1 / 255).
    assert.equal(0, row[1])
    assert.is_true(math.abs(row[2] - 0.2) < 1e-7)
    assert.is_true(math.abs(row[3] - 1) < 1e-7 and row[3] <= 1)
    assert.equal(2, train:get(3).label:item())
  end)

  it("says which names it looked for", function()
    local err = raises("io", "no images of the train part", tnt.data.mnist, folder, "train")
    for _, name in ipairs { "train-images-idx3-ubyte,", "train-images-idx3-ubyte.gz,",
      "train-images.idx3-ubyte,", "train-images.idx3-ubyte.gz." } do
      assert.truthy(err.message:find(name, 1, true), err.message)
    end
    write("t10k-images-idx3-ubyte", "x")
    raises("io", "no labels of the test part", tnt.data.mnist, folder, "test")
    raises("argument", "unknown part 'valid'", tnt.data.mnist, folder, "valid")
  end)
end)

describe("the digits of examples/digits", function()
  it("are the 1,797 images of the UCI test part", function()
    -- Counts of labels and the sum of all pixels: from scikit-learn's load_digits.
    local data = "examples/digits/data/"
    local images = tnt.data.read_idx(data .. "images-idx3-ubyte.gz")
    local labels = tnt.data.read_idx(data .. "labels-idx1-ubyte.gz")
    assert.same({ 1797, 8, 8 }, images.shape)
    assert.equal("u8", images.dtype)
    assert.equal(561718, images:to("i64"):sum():item())
    assert.equal(16, images:to("i64"):amax():item())
    local counts = {}
    for digit = 0, 9 do counts[digit + 1] = labels:eq(digit):sum():item() end
    assert.same({ 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 }, counts)
    assert.same({ 0, 0, 5, 13, 9, 1, 0, 0 }, images[1][1]:totable())
  end)

  it("come split, always the same way", function()
    local train, test = dofile "examples/digits/digits.lua" ()
    assert.equal(1437, train:size())
    assert.equal(360, test:size())
    local again = dofile "examples/digits/digits.lua" ()
    assert.same(train.indices, again.indices)
    local batch = tnt.data.DataLoader(train, { batch_size = 32, shuffle = true }):iterate()()
    assert.same({ 32, 1, 8, 8 }, batch.image.shape)
    assert.is_true(batch.image:amax():item() <= 1)
    assert.equal("i64", batch.label.dtype)
  end)
end)
