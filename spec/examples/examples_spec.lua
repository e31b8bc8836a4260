-- Every example runs; those that CI can finish must reach what they promise.
local lfs = require "lfs"

local program = "build/bin/tntlua"
for candidate in ("build build-hard build-san"):gmatch "%S+" do
  if package.cpath:find("/" .. candidate .. "/lib/", 1, true) then
    program = candidate .. "/bin/tntlua"
  end
end

local function run(command)
  local pipe = io.popen(("%s %s 2>&1; echo exit=$?"):format(program, command))
  local text = pipe:read "*a"
  pipe:close()
  assert(text:match "exit=0%s*$", command .. "\n" .. text)
  local values = {}
  for key, value in (text:match "result: ([^\n]*)" or ""):gmatch "([%w_]+)=(%S+)" do
    values[key] = tonumber(value) or value
  end
  assert(next(values), "no result line: " .. text)
  return values, text
end

local data = "../shared/data/"
local function have(path) return lfs.attributes(path, "mode") ~= nil end

describe("examples", function()
  it("are all run here", function()
    local known = { char_gpt = true, custom_hook = true, digits = true, mnist = true,
      plain_loop = true, gpt2 = true, resnet = true } -- these two: gpt2_spec, resnet_spec
    for name in lfs.dir "examples" do
      if name:sub(1, 1) ~= "." then
        assert(known[name], "examples/" .. name .. " has no test")
        known[name] = nil
      end
    end
    assert.is_nil(next(known))
  end)

  it("digits reaches 97 %", function()
    local r = run "examples/digits/train.lua"
    assert(r.accuracy >= 0.97, "accuracy " .. r.accuracy)
    assert.equal(900, r.steps)
  end)

  it("plain_loop learns a sine", function()
    local r = run "examples/plain_loop/train.lua"
    assert(r.error < 0.5, "error " .. r.error)
  end)

  it("custom_hook stops or ends", function()
    local r = run "examples/custom_hook/train.lua"
    assert(r.loss < 0.05, "loss " .. r.loss)
  end)

  it("char_gpt learns from any text file", function()
    local r =
      run("examples/char_gpt/train.lua --text README.md --steps 30 --layers 1 --width 32 "
        .. "--heads 2 --eval-every 15 --eval-batches 2 --sample 20")
    assert(r.val_loss < 4.5, "val_loss " .. r.val_loss)
  end)

  it("char_gpt refuses an empty text", function()
    local path = os.tmpname()
    local pipe =
      io.popen(("%s examples/char_gpt/train.lua --text %s 2>&1; echo exit=$?"):format(program,
        path))
    local text = pipe:read "*a"
    pipe:close()
    os.remove(path)
    assert(text:match "exit=1%s*$", text)
    assert(text:find(path, 1, true), text)
  end)

  it("mnist trains on IDX files", function()
    if not have(data .. "t10k-images-idx3-ubyte.gz") then
      return pending "the folder shared/data is not here"
    end
    local r = run("examples/mnist/train.lua --steps 60 --data " .. data)
    assert(r.accuracy > 0.6, "accuracy " .. r.accuracy)
    assert(r.images_per_second > 0)
  end)
end)
