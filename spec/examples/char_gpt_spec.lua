-- char_gpt's model against PyTorch: 50 AdamW steps from the same weights
-- (scripts/parity/char_gpt.py writes the reference).
local card = require "spec.cuda.card"
local tnt = require "tnt"
local F = tnt.nn.functional

local function filled(name, t)
  local h = 0
  for i = 1, #name do h = (h * 31 + name:byte(i)) % 65521 end
  local i = tnt.arange(t:numel())
  local v = (i * 104729 + h * 7919):remainder(1000003):to "f64" / 1000003 - 0.5
  v = name:find "norm" and 1 + v * 0.1 or v * 0.07
  return v:reshape(t.shape)
end

local function run(dtype, tolerance, steps)
  local reference = dofile("spec/reference/char_gpt.lua")[dtype]
  local model = dofile "examples/char_gpt/model.lua"(65, {}):to(dtype)
  tnt.no_grad(function()
    for name, p in model:named_parameters() do p:copy_(filled(name, p)) end
  end)
  local groups = tnt.optim.groups(model, { weight_decay = 0.1, norm_decay_mult = 0 })
  local optimizer = tnt.optim.AdamW(groups, { lr = 1e-3, betas = { 0.9, 0.99 } })
  local parameters = model:parameters()
  local n = 0
  for step = 1, steps do
    for _, group in ipairs(optimizer.param_groups) do group.lr = 1e-3 * step / 101 end
    tnt.scope(function()
      local i = tnt.arange(12 * 65) + (step - 1) * 97
      local tokens = (i * i * 7 + i * 3 + i:floor_divide(5)):remainder(65):view(12, 65)
      local x, y = tokens[{ {}, { 1, 64 } }], tokens[{ {}, { 2, 65 } }]
      local loss = F.cross_entropy(model(x):flatten(1, 2), y:reshape(-1))
      optimizer:zero_grad()
      loss:backward()
      tnt.nn.clip_grad_norm_(parameters, 1)
      optimizer:step()
      assert.is_true(math.abs(loss:item() - reference[step]) < tolerance,
        ("step %d: %.10f, PyTorch has %.10f"):format(step, loss:item(), reference[step]))
    end)
    n = n + 1
  end
  assert.equal(steps, n)
end

describe("char_gpt", function()
  it("loses as PyTorch does over 50 steps, f32", function() run("f32", 1e-4, 50) end)
  it("loses as PyTorch does over 20 steps, f64", function() run("f64", 1e-10, 20) end)

  -- The script, in a small setting of the recipe for cards.
  local function script(options, steps)
    local pipe = io.popen(((os.getenv "TNT_BUILD" or "build") .. "/bin/tntlua "
      .. "examples/char_gpt/train.lua --text README.md --recipe gpu --layers 1 --heads 2 "
      .. "--width 32 --block 16 --batch-size 4 --steps 8 --eval-every 8 --eval-batches 2 "
      .. "--print-every 1 --sample 3 %s 2>&1; echo exit=$?"):format(options))
    local text = pipe:read "*a"
    pipe:close()
    assert(text:match "exit=0%s*$", text)
    local losses = {}
    for loss in text:gmatch "update %d+ loss (%S+) tokens/s %d+" do
      losses[#losses + 1] = tonumber(loss)
    end
    assert.equal(steps or 8, #losses)
    losses.val = tonumber(text:match "result: val_loss=(%S+)")
    return losses, text
  end

  -- On a real card at the size of the CPU's recipe: scripts/test --cuda spec/examples/char_gpt
  it("loses on a card as on the CPU within 1e-3 for 50 steps, f32, captured #cuda", function()
    if not tnt.cuda.is_available() then return pending "there is no card" end
    local steps, same = 50, "--precision f32 --dropout 0 --steps 50 --eval-every 50 "
    if not card.emulated() then
      same = same .. "--layers 4 --heads 4 --width 128 --block 64 --batch-size 12 "
    end
    local cpu, gpu = script(same .. "--device cpu", steps), script(same .. "--device cuda", steps)
    for i = 1, steps do assert.near(cpu[i], gpu[i], 1e-3, "step " .. i) end
    assert.near(cpu.val, gpu.val, 1e-3)
  end)

  it("trains on a card in bf16 with dropout, captured #cuda", function()
    if not tnt.cuda.is_available() then return pending "there is no card" end
    local losses, text = script "--device cuda"
    assert(losses.val < losses[1], text)
    assert.matches("best_val_loss=%S+ steps=8 seconds=%d+ tokens_per_second=%d+.* peak_mb=%d+",
      text)
  end)

  it("refuses a recipe that it has not", function()
    local pipe = io.popen((os.getenv "TNT_BUILD" or "build") .. "/bin/tntlua "
      .. "examples/char_gpt/train.lua --recipe tpu 2>&1; echo exit=$?")
    local text = pipe:read "*a"
    pipe:close()
    assert.matches("recipe is cpu or gpu, got tpu.*exit=1%s*$", text)
  end)
end)
