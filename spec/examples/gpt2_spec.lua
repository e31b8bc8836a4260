-- gpt2 in a tiny setting, on the CPU and (really there or emulated) on a card; its token files and
-- OpenAI's weights.
require "spec.cuda.card"
local lfs = require "lfs"
local tnt = require "tnt"

local program = (os.getenv "TNT_BUILD" or "build") .. "/bin/tntlua"
local folder

local function write(name, bytes)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
  return folder .. "/" .. name
end

-- n ids below 11, each as two bytes: squares, so that what follows can be learned.
local function ids(n)
  local list = {}
  for i = 1, n do list[i] = string.char(i * i % 11, 0) end
  return table.concat(list)
end

local function run(options)
  local pipe = io.popen(("%s examples/gpt2/train.lua --data %s --layers 2 --heads 2 --width 64 "
    .. "--block 64 --vocab 64 --batch-size 1 --accumulate 2 --warmup 2 --eval-batches 2 "
    .. "--print-every 1 %s 2>&1; echo exit=$?"):format(program, folder, options))
  local text = pipe:read "*a"
  pipe:close()
  local losses = {}
  for loss in text:gmatch "update %d+ loss (%S+) tokens/s %d+" do
    losses[#losses + 1] = tonumber(loss)
  end
  return {
    text = text, ok = text:match "exit=0%s*$" ~= nil, losses = losses,
    val_loss = tonumber(text:match "result: val_loss=(%S+)"),
    updates = tonumber(text:match "result: .*updates=(%d+)"),
  }
end

local function remove(path)
  if lfs.symlinkattributes(path, "mode") == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then remove(path .. "/" .. name) end
    end
  end
  assert(os.remove(path))
end

local function raises(kind, pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  assert.equal(kind, err.kind)
  assert.matches(pattern, err.message)
end

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  lfs.mkdir(folder)
  write("train.bin", ids(3000))
  write("val.bin", ids(1000))
end)
teardown(function() remove(folder) end)

describe("gpt2", function()
  it("trains in bf16 on the CPU", function()
    local r = run "--steps 12 --lr 3e-3 --eval-every 6"
    assert(r.ok, r.text)
    assert.equal(12, r.updates)
    assert.equal(12, #r.losses)
    assert(math.abs(r.losses[1] - math.log(64)) < 0.2, r.text)
    assert(r.val_loss < r.losses[1] - 0.3, r.text)
  end)

  it("trains with weights in bf16, with masters or rounded stochastically", function()
    local usual = run "--steps 12 --lr 3e-3 --eval-every 6"
    for _, rounding in ipairs { "nearest", "stochastic" } do
      local r = run("--steps 12 --lr 3e-3 --eval-every 6 --weights bf16 --rounding " .. rounding)
      assert(r.ok, r.text)
      assert.equal(12, #r.losses)
      assert.near(usual.losses[1], r.losses[1], 0.02) -- in bf16 it would move by 2^-6
      assert(r.val_loss < r.losses[1] - 0.3, r.text)
      assert.near(usual.val_loss, r.val_loss, 0.1)
    end
    for _, wrong in ipairs { "--weights f16", "--rounding stochastic", "--rounding up" } do
      local r = run(wrong)
      assert.is_false(r.ok)
      assert.matches(wrong:match "^%S+" .. " is ", r.text, 1, true)
    end
  end)

  it("ends alike when it goes on from a checkpoint within an epoch", function()
    local at = folder .. "/run"
    local options = "--steps 6 --eval-every 3 --save-every 2 --keep 9 --dropout 0.1 --weights bf16 "
      .. "--rounding stochastic --dir " .. at
    local whole = run(options)
    assert(whole.ok, whole.text)
    local function last_record()
      local last
      for line in io.lines(at .. "/metrics.jsonl") do last = line:gsub('"time":[^,]*,', "") end
      return last
    end
    local want, removed = last_record(), 0
    for name in lfs.dir(at .. "/checkpoints") do
      if name:find "train_step_12" then
        remove(at .. "/checkpoints/" .. name)
        removed = removed + 1
      end
    end
    assert(removed > 0)
    remove(at .. "/metrics.jsonl")
    local rest = run(options)
    assert(rest.ok, rest.text)
    assert.equal(2, #rest.losses)
    assert.equal(want, last_record())
    assert.matches('"eval/loss"', want)
  end)

  it("refuses a folder without tokens", function()
    local r = run "--data /nowhere"
    assert.is_false(r.ok)
    assert.matches("/nowhere/train.bin", r.text)
  end)

  it("on a card, captured, loses as on the CPU #cuda", function()
    if not tnt.cuda.is_available() then return pending "there is no card" end
    for _, weights in ipairs { "", "--weights bf16 --rounding stochastic " } do
      local options = "--steps 6 --eval-every 6 --lr 3e-3 " .. weights
      local cpu, gpu = run(options), run(options .. "--device cuda")
      assert(gpu.ok, gpu.text)
      assert.equal(6, #gpu.losses)
      for i = 1, 6 do assert.near(cpu.losses[i], gpu.losses[i], 0.02) end
      assert.near(cpu.val_loss, gpu.val_loss, 0.02)
    end
  end)
end)

describe("gpt2's token files", function()
  local Tokens = dofile "examples/gpt2/tokens.lua"

  it("give blocks and the same shifted by one", function()
    local path = write("few.bin", "\1\0\2\0\3\0\255\1\5\0")
    local set = Tokens(path, 512, { block = 2 })
    assert.equal(3, set:size())
    local batch = set:get_many { 1, 3 }
    assert.same({ { 1, 2 }, { 3, 511 } }, batch.x:totable())
    assert.same({ { 2, 3 }, { 511, 5 } }, batch.y:totable())
    assert.equal("i64", batch.x.dtype)
    assert.same({ 2, 3 }, set:get(2).x:totable())
    raises("argument", "from 1 to 3", set.get_many, set, { 4 })
    raises("argument", "from 1 to 3", set.get_many, set, { 0 })
  end)

  it("are refused with the place of what is wrong", function()
    raises("format", "token 4 is 511.*vocabulary of 100", function()
      Tokens(folder .. "/few.bin", 100, { block = 2 }):get_many { 2 }
    end)
    raises("format", "7 bytes", Tokens, write("odd.bin", "1234567"), 9, { block = 1 })
    raises("format", "2 tokens, too few", Tokens, write("two.bin", "1234"), 9, { block = 2 })
    raises("format", "0 tokens", Tokens, write("none.bin", ""), 9, { block = 2 })
    raises("io", "nothere", Tokens, folder .. "/nothere", 9)
    raises("io", "", Tokens, folder, 9)
    raises("argument", "block", Tokens, folder .. "/few.bin", 9, { block = 0 })
  end)

  it("are read in order, or at random by epoch and seed", function()
    local set = Tokens(folder .. "/train.bin", 64, { block = 64 }) -- 46 blocks
    local order = set:positions("sequential", 30)
    assert.equal(30, order:size())
    assert.same({ 1, 65 }, { order:order(0, 1)[1], order:order(0, 1)[2] })
    assert.equal(30 * 64 + 1, order:order(1, 1)[1])
    assert.equal(1, order:order(1, 1)[17])
    local random = set:positions("random", 30)
    assert.same(random:order(2, 5), random:order(2, 5))
    assert.not_same(random:order(2, 5), random:order(3, 5))
    assert.not_same(random:order(2, 5), random:order(2, 6))
    for _, start in ipairs(random:order(0, 0)) do
      assert(start >= 1 and start <= set:size())
    end
    raises("argument", "sequential", set.positions, set, "sequentially", 1)
  end)
end)

describe("gpt2's weights", function()
  local load = dofile "examples/gpt2/weights.lua"
  local Gpt = dofile "examples/char_gpt/model.lua"
  local function model()
    return Gpt(12, { layers = 2, heads = 2, width = 8, block = 4, bias = true, gelu = "tanh" })
  end

  -- Names and sizes as in openai-community/gpt2's model.safetensors.
  local function file(prefix)
    local state = {}
    local function add(name, ...) state[prefix .. name] = tnt.randn(...) end
    add("wte.weight", 10, 8)
    add("wpe.weight", 4, 8)
    for i = 0, 1 do
      local h = "h." .. i .. "."
      for _, name in ipairs { "ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias",
        "attn.c_proj.bias", "mlp.c_proj.bias" } do
        add(h .. name, 8)
      end
      state[prefix .. h .. "attn.bias"] = tnt.ones(1, 1, 4, 4)
      add(h .. "attn.c_attn.weight", 8, 24)
      add(h .. "attn.c_attn.bias", 24)
      add(h .. "attn.c_proj.weight", 8, 8)
      add(h .. "mlp.c_fc.weight", 8, 32)
      add(h .. "mlp.c_fc.bias", 32)
      add(h .. "mlp.c_proj.weight", 32, 8)
    end
    add("ln_f.weight", 8)
    add("ln_f.bias", 8)
    return state
  end

  it("come from a safetensors file, products turned, the vocabulary padded", function()
    for _, prefix in ipairs { "", "transformer." } do
      local state, net = file(prefix), model()
      tnt.save(folder .. "/w.safetensors", state)
      load(net, folder .. "/w.safetensors")
      local first, second = net.layers[1], net.layers[2]
      local function same(want, got) assert.same(want:totable(), got:detach():totable()) end
      same(state[prefix .. "h.0.attn.c_attn.weight"]:transpose(1, 2), first.attention.qkv.weight)
      same(state[prefix .. "h.1.attn.c_proj.weight"]:transpose(1, 2), second.attention.proj.weight)
      same(state[prefix .. "h.1.mlp.c_proj.weight"]:transpose(1, 2), second.down.weight)
      same(state[prefix .. "h.0.mlp.c_fc.bias"], first.up.bias)
      same(state[prefix .. "h.1.ln_2.bias"], second.norm2.bias)
      same(state[prefix .. "wpe.weight"], net.pos.weight)
      same(state[prefix .. "wte.weight"], net.head.weight:narrow(1, 1, 10))
      assert.equal(0, net.head.weight:narrow(1, 11, 2):abs():sum():item())
    end
  end)

  it("are refused when they are not GPT-2's", function()
    tnt.save(folder .. "/other.safetensors", { a = tnt.ones(2) })
    raises("format", "wte.weight", load, model(), folder .. "/other.safetensors")
    local state = file ""
    state["h.1.ln_2.bias"] = nil
    tnt.save(folder .. "/part.safetensors", state)
    raises("format", "layers.1.norm2.bias", load, model(), folder .. "/part.safetensors")
  end)
end)
