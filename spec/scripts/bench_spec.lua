-- The benches of cards in a tiny setting, on a real card or the emulated one, and scripts/bench
-- itself in a folder laid out like a bundle, with stand-ins for the programs that it runs.
local card = require "spec.cuda.card"
local lfs = require "lfs"
local process = require "spec.cli.process"
local tnt = require "tnt"

local NO_PRELOAD = "unset LD_PRELOAD; " -- as in test_spec.lua

local function values_of(text)
  local values = {}
  for name, value in text:gmatch "(%S+) (%S+)[^\n]*\n" do values[name] = tonumber(value) end
  return values
end

-- What each says at least; the kinds of a name are joined to all of its names.
local LINES = {
  cuda_ops = { "add_1_element_host", "add_1_element_done", "chain_51_host",
    "chain_51_captured_done" },
  cuda_mlp = { "step_eager", "step_captured", "step_captured_peak_memory" },
  cuda_lenet = { "batch_2_eager", "batch_2_captured", "batch_2_captured_peak_memory" },
  cuda_resnet18 = { "batch_128_eager", "batch_128_captured", "batch_128_captured_peak_memory" },
  cuda_char_gpt = { "eager", "captured", "captured_step", "captured_peak_memory" },
  cuda_gpt2 = { "batch_1", "batch_2", "best", "best_batch", "batch_2_peak_memory" },
  cuda_attention = { "gpt2_forward", "long_128_forward_backward" },
  cuda_matmul = { "square_8192_forward", "gpt2_head_dx", "tf32_square_4096_dw" },
  cuda_conv = { "stage1_forward", "stem_dx", "f32_lenet_5x5_dw" },
}

describe("the bench", function()
  local found = {}
  for file in lfs.dir "scripts/benches" do
    local name = file:match "^(cuda_.*)%.lua$"
    if name then found[#found + 1] = name end
  end
  table.sort(found)

  it("of each kind for cards has its lines here and a counterpart in PyTorch", function()
    local known = {}
    for name in tnt.sorted(LINES) do
      known[#known + 1] = name
      assert.is_true(lfs.attributes(("scripts/benches/%s.py"):format(name)) ~= nil, name)
    end
    assert.same(known, found)
  end)

  for _, name in ipairs(found) do
    it(name .. " runs on a card and asks the driver for nothing in its steps #cuda", function()
      if not tnt.cuda.is_available() then return pending "there is no card" end
      local out, err, status = process.run({ ("scripts/benches/%s.lua"):format(name) },
        { env = "TNT_BENCH_SMALL=1" })
      assert.equal(0, status, err)
      local values, asked = values_of(out), 0
      for _, line in ipairs(LINES[name]) do
        assert(values[line] and values[line] > 0, line .. " is missing:\n" .. out)
      end
      for line, value in pairs(values) do
        if line:find "driver_allocations$" then
          asked = asked + 1
          if card.caches() then assert.equal(0, value, line) end
        end
      end
      assert.is_true(asked > 0)
      assert.is_true(values.card_memory ~= nil or name == "cuda_ops")
    end)
  end

  it("of a card says so where there is none", function()
    local _, err, status = process.run({ "scripts/benches/cuda_mlp.lua" },
      { env = "TNT_CUDA_LIBRARY=/nowhere/libtnt_cuda.so" })
    assert.equal(2, status)
    assert.matches("^no card: .*/nowhere/libtnt_cuda.so", err)
  end)
end)

describe("scripts/bench", function()
  local dir

  setup(function()
    dir = process.directory()
    local benches = dir .. "/scripts/benches"
    assert(os.execute(NO_PRELOAD .. ("mkdir -p '%s' '%s/bin' && cp scripts/bench '%s/scripts' && "
      .. "cp scripts/benches/table.lua '%s'"):format(benches, dir, dir, benches)) == 0)
    process.file("", benches .. "/ops.lua")
    process.file("", benches .. "/cuda_mlp.lua")
    process.file("", benches .. "/ops.py")
    process.file("", benches .. "/cuda_mlp.py")
    -- The program: says whether there is a card, prints a bench's lines, or makes the table.
    process.file(([=[
#!/bin/bash
echo "tntlua $1 $2" >>'%s/ran'
case "$1" in
-e) echo "$CARD"; echo 5e12 ;;
*table.lua) exec '%s' "$@" ;;
*) echo "step 20 us"; echo "ours 1 MB" ;;
esac
]=]):format(dir, process.program), dir .. "/bin/tntlua")
    process.file(([=[
#!/bin/bash
echo "python $1 $2" >>'%s/ran'
case "$1 $2" in
*eager) echo "step 80 us"; echo "peak $TNT_BENCH_PEAK_FLOPS flops" ;;
*compiled) echo "step 40 us" ;;
*.py\ ) echo "step 10 us" ;;
esac
]=]):format(dir), dir .. "/python")
    assert(os.execute(NO_PRELOAD .. ("chmod +x '%s/bin/tntlua' '%s/python'"):format(dir, dir)) == 0)
  end)
  teardown(process.cleanup)

  local function bench(words, env)
    os.remove(dir .. "/ran")
    local pipe = io.popen((NO_PRELOAD .. "cd / && env -u TNT_BUILD %s '%s/scripts/bench' %s 2>&1; "
      .. "echo status $?"):format(env, dir, words))
    local output = pipe:read "*a"
    pipe:close()
    local ran = {}
    local file = io.open(dir .. "/ran")
    if file then
      for line in file:lines() do ran[#ran + 1] = line end
      file:close()
    end
    return output, ran
  end

  it("puts a card's times beside eager and compiled PyTorch, in both orders", function()
    local output, ran = bench("cuda_mlp",
      ("TNT_ROUNDS=2 CARD='card Test 1' TNT_PYTHON='%s/python'"):format(dir))
    assert.matches("card: Test 1\n", output)
    assert.matches("tntlua  Torch eager     compiled   /eager /compiled", output)
    assert.matches("cuda_mlp/step +20 +80 +40 +0.25 +0.50  us\n", output)
    assert.matches("cuda_mlp/ours +1 +%- +%- +%- +%-  MB\n", output)
    assert.matches("cuda_mlp/peak +%- +5e%+12 +%- +%- +%-  flops\nstatus 0\n$", output)
    local order = table.concat(ran, ";")
    assert.matches("tntlua [%w/]*cuda_mlp.lua ;python [%w/]*cuda_mlp.py eager;"
      .. "python [%w/]*cuda_mlp.py compiled;python [%w/]*cuda_mlp.py compiled;"
      .. "python [%w/]*cuda_mlp.py eager;tntlua [%w/]*cuda_mlp.lua ", order)
  end)

  it("has one column of PyTorch for the CPU, and none without a Python", function()
    local output = bench("ops", ("CARD=none TNT_PYTHON='%s/python'"):format(dir))
    assert.matches("tntlua +PyTorch +ratio\n", output)
    assert.matches("ops/step +20 +10 +2.00  us\n", output)
    output = bench("ops cuda_mlp", "CARD='card Test 1'")
    assert.matches("ops/step +20 +%- +%-  us\n", output)
    assert.matches("cuda_mlp/step +20 +%- +%- +%- +%-  us\n", output)
  end)

  it("ends with status 2 where there is no card, or no such bench", function()
    local output = bench("cuda_mlp", "CARD='this machine has no NVIDIA driver'")
    assert.equal("scripts/bench: no card: this machine has no NVIDIA driver\nstatus 2\n", output)
    assert.matches("no benchmark 'nothing'\nstatus 2\n$", bench("ops nothing", "CARD=none"))
  end)
end)
