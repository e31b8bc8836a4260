-- Every reader of files against bytes that are not what they should be: cut off at many places,
-- bits flipped anywhere. An error of kind format, or the very contents, and never a crash.

local bit = require "bit"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local seed = os.time()

local function tensors()
  return { w = tnt.ones(3, 4), ids = tnt.i64 { 1, 2, 3 }, yes = tnt.tensor { true, false } }
end

local function whole()
  return { net = tensors(), step = 5, name = "net", list = { 1, 2, 3 }, on = true }
end

-- `may_differ`: the format has no checksum, so changed elements cannot be told.
local kinds = {
  { ending = "h5", value = whole },
  { ending = "h5", value = whole, is_foreign = true, may_differ = true },
  { ending = "safetensors", value = tensors, may_differ = true },
  { ending = "npz", value = tensors, may_differ = true },
  { ending = "npy", value = function() return tnt.randn(4, 5) end, may_differ = true },
}

local function check(kind, path, original, what)
  local ok, result = pcall(tnt.load, path)
  if not ok then
    assert(type(result) == "table" and result.kind == "format",
      ("seed %d, %s: %s"):format(seed, what, tostring(result)))
    assert(result.message:find(path, 1, true), result.message)
  elseif not kind.may_differ then
    local same, why = pcall(scratch.same, original, result)
    assert(same, ("seed %d, %s: %s"):format(seed, what, tostring(why)))
  end
  return ok
end

for _, kind in ipairs(kinds) do
  local name = kind.ending .. (kind.is_foreign and " of elsewhere" or "")

  local function made()
    local path, value = dir .. "/x." .. kind.ending, kind.value()
    tnt.save(path, value)
    local text = scratch.read(path)
    if kind.is_foreign then text = (" "):rep(512) .. text:sub(513) end
    scratch.write(path, text)
    assert(pcall(tnt.load, path))
    return path, value, text
  end

  describe("damaged " .. name, function()
    it("is refused when it is cut off", function()
      local path, value, text = made()
      for n = 0, #text - 1, math.max(1, math.floor(#text / 150)) do
        scratch.write(path, text:sub(1, n))
        assert.is_false(check(kind, path, value, "cut at " .. n))
      end
    end)

    it("never crashes the reader", function()
      local path, value, text = made()
      math.randomseed(seed)
      for i = 1, 600 do
        local changed = text
        for _ = 1, math.random(3) do
          local at = math.random(#text)
          local byte = bit.bxor(changed:byte(at), 2 ^ math.random(0, 7))
          if i % 3 == 0 then byte = math.random(0, 255) end
          changed = changed:sub(1, at - 1) .. string.char(byte) .. changed:sub(at + 1)
        end
        scratch.write(path, changed)
        check(kind, path, value, "change " .. i)
      end
    end)
  end)
end
