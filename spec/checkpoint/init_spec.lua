local folder = require "tnt.checkpoint.folder"
local lfs = require "lfs"
local scratch = require "spec.files.scratch"
local tnt = require "tnt"

local function counter(value)
  local object = { value = value, w = tnt.ones(3) * value }
  function object.state_dict(self) return { value = self.value, w = self.w } end
  function object.load_state_dict(self, state) self.value, self.w = state.value, state.w end
  return object
end

local dir
before_each(function() dir = scratch.folder() end)
after_each(scratch.clean)

local function names()
  local list = {}
  for i, entry in ipairs(folder.list(folder.of(dir))) do list[i] = entry.name.text end
  return table.concat(list, " ")
end

local function refused(kind, text, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert(type(err) == "table" and err.kind == kind, tostring(err))
  assert(err.message:find(text, 1, true), err.message)
end

-- Flips a bit of a checkpoint's file; `at` from 1, or from the end.
local function damage(path, at)
  local text = scratch.read(path)
  if at < 0 then at = #text + 1 + at end
  scratch.write(path, text:sub(1, at - 1) .. string.char((text:byte(at) + 1) % 256)
    .. text:sub(at + 1))
end

describe("tnt.checkpoint", function()
  it("saves and restores objects and values #tiny", function()
    local path = tnt.checkpoint.save(dir, { net = counter(2), opt = counter(7), note = { "x", 5 } })
    assert.equal(dir .. "/checkpoints/epoch_0_step_1", path)
    for _, from in ipairs { path, dir, dir .. "/checkpoints", dir .. "/checkpoints/latest" } do
      local net, opt = counter(0), counter(0)
      local contents = tnt.checkpoint.restore(from, { net = net, opt = opt })
      assert.same({ 2, 7, { "x", 5 } }, { net.value, opt.value, contents.note })
      scratch.same(tnt.ones(3) * 2, net.w)
    end
    assert.equal(path, tnt.checkpoint.latest(dir))
  end)

  it("numbers checkpoints, or names them by step and epoch, and keeps the last n", function()
    for _ = 1, 5 do tnt.checkpoint.save(dir, { v = 1 }) end
    assert.equal("epoch_0_step_3 epoch_0_step_4 epoch_0_step_5", names())
    tnt.checkpoint.save(dir, { step = 100, epoch = 2 }, { keep_last_n = 2 })
    assert.equal("epoch_0_step_5 epoch_2_step_100", names())
    local path = tnt.checkpoint.save(dir, { step = 100, epoch = 2 }, { keep_last_n = false })
    assert.equal("epoch_2_step_100..2", path:match "[^/]*$")
    assert.equal("epoch_0_step_5 epoch_2_step_100 epoch_2_step_100..2", names())
    refused("argument", "keep_last_n", tnt.checkpoint.save, dir, { 1 }, { keep_last_n = 0 })
  end)

  it("has no latest in an empty or missing folder", function()
    local path, why = tnt.checkpoint.latest(dir)
    assert.is_nil(path)
    assert(why:find("no checkpoint", 1, true))
    assert.is_nil((tnt.checkpoint.latest(dir .. "/nowhere")))
    refused("io", "no checkpoint there", tnt.checkpoint.restore, dir, {})
    refused("io", "no checkpoint there", tnt.checkpoint.restore, dir .. "/nowhere", {})
  end)

  it("says which name a checkpoint lacks", function()
    tnt.checkpoint.save(dir, { net = counter(1) })
    refused("format", "nothing under 'opt'", tnt.checkpoint.restore, dir, { opt = counter(1) })
    refused("argument", "one object", tnt.checkpoint.save, dir, counter(1))
  end)

  it("goes to the next older one when the latest is damaged, and warns", function()
    local first = tnt.checkpoint.save(dir, { v = 1 })
    local second = tnt.checkpoint.save(dir, { v = 2 })
    damage(second .. "/state.h5", -200)
    assert.equal(first, tnt.checkpoint.latest(dir))
    assert(scratch.warnings[1]:find("epoch_0_step_2 is damaged", 1, true), scratch.warnings[1])
    assert(scratch.warnings[2]:find("going on from the older", 1, true))
    -- a path is taken at its word
    refused("format", "damaged", tnt.checkpoint.restore, second)
    damage(first .. "/index", 30)
    refused("format", "every checkpoint of the run", tnt.checkpoint.latest, dir)
  end)

  it("names the tensor that is damaged", function()
    local path = tnt.checkpoint.save(dir, { net = counter(3) })
    local text = scratch.read(path .. "/index")
    local offset = tonumber(text:match "data (%d+) 12 %x+ net/w\n")
    damage(path .. "/state.h5", offset + 1 + 5)
    refused("format", ("'net/w' (bytes %d to %d) is damaged"):format(offset, offset + 11),
      tnt.checkpoint.restore, path)
  end)

  it("refuses a checkpoint that is not whole, wherever it is damaged", function()
    local path = tnt.checkpoint.save(dir, { net = counter(3), s = "text" })
    for _, file in ipairs { "state.h5", "index" } do
      local original = scratch.read(path .. "/" .. file)
      for n = 0, #original - 1, math.max(1, math.floor(#original / 40)) do
        scratch.write(path .. "/" .. file, original:sub(1, n))
        local ok, err = pcall(tnt.checkpoint.restore, path)
        assert(not ok and err.kind == "format", file .. " cut at " .. n .. ": " .. tostring(err))
        scratch.write(path .. "/" .. file, original)
        damage(path .. "/" .. file, n + 1)
        ok, err = pcall(tnt.checkpoint.restore, path)
        assert(not ok and err.kind == "format",
          file .. " changed at " .. n .. ": " .. tostring(err))
        assert(err.message:find(path, 1, true))
        scratch.write(path .. "/" .. file, original)
      end
    end
    assert.equal("text", tnt.checkpoint.restore(path).s)
    os.remove(path .. "/complete")
    refused("io", "no checkpoint there", tnt.checkpoint.restore, path)
    assert.equal("", names())
  end)

  it("ignores what is no checkpoint, and removes what dead processes left", function()
    local path = tnt.checkpoint.save(dir, { v = 1 })
    local inside = dir .. "/checkpoints/"
    local pid = scratch.read "/proc/sys/kernel/pid_max":match "%d+" + 1 -- no process has it
    local host = scratch.read "/proc/sys/kernel/hostname":match "%S+"
    local dead, living = (".tmp-%s-%d-epoch_0_step_9"):format(host, pid),
      (".tmp-%s-1-epoch_0_step_9"):format(host)
    for _, name in ipairs { dead, living, "notes", "epoch_0_step_7" } do
      assert(lfs.mkdir(inside .. name))
    end
    scratch.write(inside .. dead .. "/state.h5", "half of it")
    scratch.write(inside .. "epoch_0_step_8", "a file")
    assert.equal("epoch_0_step_1", names())
    assert.equal(path, tnt.checkpoint.latest(dir))
    tnt.checkpoint.save(dir, { v = 2 })
    assert.is_nil(lfs.attributes(inside .. dead))
    for _, name in ipairs { living, "notes", "epoch_0_step_7", "epoch_0_step_8" } do
      assert(lfs.attributes(inside .. name), name)
    end
  end)

  it("reports a disk that is full and leaves the older ones as they are", function()
    if not scratch.can_start() then pending "no process can be started here" end
    local path = tnt.checkpoint.save(dir, { v = 1 })
    scratch.write(dir .. "/full.lua", [[
      local ffi = require "ffi"
      ffi.cdef "void *signal(int number, void *handler);"
      ffi.C.signal(25, ffi.cast("void *", 1)) -- SIGXFSZ ignored: the write fails instead
      local tnt = require "tnt"
      local ok, err = pcall(tnt.checkpoint.save, arg[1], {w = tnt.ones(1000000)})
      print(ok, err.kind, err.message)
    ]])
    local text = scratch.capture(("bash -c 'ulimit -f 100; %s %s/full.lua %s'"):format(
      scratch.interpreter, dir, dir))
    assert(text:find "^false\tio\tthe checkpoint .* was not written: ", text)
    assert(text:find("state.h5: .*File too large"), text)
    assert.equal("epoch_0_step_1\nlatest\n", scratch.capture("ls -A " .. dir .. "/checkpoints"))
    assert.equal(path, tnt.checkpoint.latest(dir))
  end)
end)
