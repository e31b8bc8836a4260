-- What TensorBoard gets for a picture, decoded by the documents alone.

local ffi = require "ffi"
local log = require "tnt.log"
local png = require "tnt.log.png"
local scratch = require "spec.log.scratch"
local tnt = require "tnt"
local zlib = require "tnt.files.zlib"

local function number(data, at)
  local a, b, c, d = data:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- Width, height, colour type and the pixels of a PNG file without filters.
local function decode(data)
  assert.equal("\137PNG\r\n\26\n", data:sub(1, 8))
  local at, kinds, header, packed = 9, {}, nil, nil
  while at <= #data do
    local n = number(data, at)
    local kind, body = data:sub(at + 4, at + 7), data:sub(at + 8, at + 7 + n)
    assert.equal(zlib.crc32(0, kind .. body, n + 4), number(data, at + 8 + n))
    kinds[#kinds + 1] = kind
    if kind == "IHDR" then header = body end
    if kind == "IDAT" then packed = body end
    at = at + 12 + n
  end
  assert.same({ "IHDR", "IDAT", "IEND" }, kinds)
  assert.equal("\8", header:sub(9, 9))
  assert.equal("\0\0\0", header:sub(11, 13))
  local width, height, colour = number(header, 1), number(header, 5), header:byte(10)
  local channels = ({ [0] = 1, [4] = 2, [2] = 3, [6] = 4 })[colour]
  local across = width * channels
  local n = height * (across + 1)
  local room = ffi.gc(ffi.cast("uint8_t *", ffi.C.tnt_png_malloc(n)), ffi.C.tnt_png_free)
  -- zlib's header is 2 bytes, its checksum 4.
  local raw = packed:sub(3, -5)
  assert.is_true(zlib.inflate(raw, #raw, room, n))
  local pixels = {}
  for y = 0, height - 1 do
    assert.equal(0, room[y * (across + 1)])
    for x = 1, across do pixels[#pixels + 1] = room[y * (across + 1) + x] end
  end
  return width, height, channels, pixels
end

-- The first PNG file in some bytes, and where the rest begins.
local function png_in(data)
  local at = data:find("\137PNG", 1, true)
  local stop = data:find("IEND", at, true)
  return data:sub(at, stop + 7), stop + 8
end

-- The picture in the only event of a TensorBoard after its version.
local function written(picture)
  local board = log.TensorBoard { path = scratch.directory() }
  board:image("samples", picture, 3)
  board:close()
  local data = scratch.read(board.file_name)
  return png_in(data), data
end

describe("pictures for TensorBoard", function()
  teardown(scratch.clean)

  it("are PNG files of the bytes given", function()
    local width, height, channels, pixels = decode(png.encode(2, 1, 3, { "\1\2\3\254\255\0" }))
    assert.same({ 2, 1, 3, { 1, 2, 3, 254, 255, 0 } }, { width, height, channels, pixels })
    local rows = {}
    for y = 1, 300 do rows[y] = string.char(y % 256):rep(500) end
    width, height, channels, pixels = decode(png.encode(500, 300, 1, rows))
    assert.same({ 500, 300, 1, 150000, 44 }, { width, height, channels, #pixels, pixels[150000] })
  end)

  it("come from tensors [C, H, W] of u8", function()
    local values = tnt.tensor({
      { { 1, 2, 3 }, { 4, 5, 6 } }, { { 11, 12, 13 }, { 14, 15, 16 } },
      { { 21, 22, 23 }, { 24, 25, 255 } },
    }, { dtype = "u8" })
    local file, event = written(values)
    assert.same({ 3, 2, 3, {
      1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24, 5, 15, 25, 6, 16, 255,
    } }, { decode(file) })
    -- Height 2, width 3, 3 channels stand before the file, under the tag.
    assert.truthy(event:find("samples", 1, true))
    assert.truthy(event:find("\8\2\16\3\24\3\34", 1, true))
  end)

  it("come from floats between 0 and 1, cut off beyond, from 1 to 4 channels", function()
    local grey = tnt.tensor { { 0, 0.5, 1 }, { -3, 7, 0 / 0 } }
    assert.same({ 3, 2, 1, { 0, 128, 255, 0, 255, 0 } }, { decode((written(grey))) })
    for channels = 1, 4 do
      local _, _, found, pixels = decode((written(tnt.full({ channels, 4, 5 }, 0.2))))
      assert.same({ channels, 20 * channels, 51 }, { found, #pixels, pixels[1] })
    end
    local parameter = tnt.rand(1, 2, 2):requires_grad_()
    assert.equal(4, #select(4, decode((written(parameter:transpose(2, 3))))))
  end)

  it("come from [N, C, H, W] in rows", function()
    local values = tnt.tensor({
      { { { 1, 2 } } }, { { { 3, 4 } } }, { { { 5, 6 } } },
    }, { dtype = "u8" })
    local dir = scratch.directory()
    local board = log.TensorBoard { path = dir }
    board:images("a", values, 1, 2)
    board:images("b", values, 1)
    board:close()
    local data = scratch.read(board.file_name)
    local file, rest = png_in(data)
    assert.same({ 4, 2, 1, { 1, 2, 3, 4, 5, 6, 0, 0 } }, { decode(file) })
    assert.same({ 6, 1, 1, { 1, 2, 3, 4, 5, 6 } }, { decode((png_in(data:sub(rest)))) })
    assert.equal("shape", scratch.failure(board.images, board, "a", tnt.zeros(2, 2), 1).kind)
    assert.equal("argument", scratch.failure(board.images, board, "a", values, 1, 0).kind)
  end)

  it("are refused when they are none", function()
    local board = log.TensorBoard { path = scratch.directory() }
    for kind, values in pairs {
      argument = { { { 1 } }, "x" },
      shape = { tnt.zeros(5, 2, 2), tnt.zeros(3), tnt.zeros(1, 3, 2, 2), tnt.zeros(3, 0, 2) },
      dtype = { tnt.zeros(3, 2, 2, { dtype = "i64" }) },
    } do
      for _, value in ipairs(values) do
        assert.equal(kind, scratch.failure(board.image, board, "a", value, 1).kind)
      end
    end
    board:close()
  end)
end)
