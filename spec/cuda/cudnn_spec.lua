-- cuDNN's plans for our graphs without a card (spec/cuda/cudnn/plans.c): that its engines take
-- them, on kinds of cards that differ in these, and that attention's graphs mean attention.
-- TNT_CUDNN_PLANS=all looks at all cases; without it a few for one card.
local tnt = require "tnt"
local build = os.getenv "TNT_BUILD" or "build"
local program = build .. "/spec/cudnn_plans"

local function plans(card, which)
  local command = "env -u TNT_CUDNN LD_LIBRARY_PATH=%s/spec/driver timeout 500 %s %s %s 2>&1"
  local pipe = assert(io.popen(command:format(build, program, card, which)))
  local said, lines = pipe:read "*a", {}
  pipe:close()
  for line in said:gmatch "[^\n]+" do
    local name, what = line:match "^(%S.-)%s%s*(engine .*)$"
    if not name then name, what = line:match "^(.-)%s+(nothing)$" end
    if not name then name, what = line:match "^(%a+[^:]*): (.*)$" end
    assert(name, ("%s said: %s"):format(program, said))
    lines[#lines + 1] = { name = name, what = what }
  end
  return lines, said
end

-- What our own kernels do in any case.
local function is_ours(name)
  return name:find " f32 n" or (name:find "attention_grad" and name:find "deterministic")
    or name:find "attention_grad bf16 n3 h4 t100"
end

describe("cuDNN without a card", function()
  local file = io.open(program)
  if not file then
    it("makes plans", function() pending "a plain build that finds cuDNN is needed" end)
    return
  end
  file:close()
  local all = os.getenv "TNT_CUDNN_PLANS" == "all"

  it("is not opened where TNT_CUDNN says so", function()
    for _, name in ipairs { "none", "/nowhere/libcudnn.so.9", "libm.so.6" } do
      local pipe = assert(io.popen(("env TNT_CUDNN=%s %s sm_90"):format(name, program)))
      assert.equal("no cuDNN\n", pipe:read "*a")
      pipe:close()
    end
  end)

  for _, card in ipairs(all and { "sm_80", "sm_90", "sm_100" } or { "sm_90" }) do
    it("has engines for our graphs on " .. card, function()
      local lines, said = plans(card, all and "" or "few")
      local engines, meanings = 0, 0
      for _, line in ipairs(lines) do
        if line.name:find "^meaning" then
          meanings = meanings + 1
          local numbers = 0
          for what, error in line.what:gmatch "(%a+) (%S+)" do
            numbers = numbers + 1
            local most = what == "lse" and 1e-6 or 2 ^ -7 -- one is f32, the others bf16
            assert(tonumber(error) < most, ("%s: %s is off by %s"):format(line.name, what, error))
          end
          assert.is_true(numbers == 2 or numbers == 5, said)
        elseif line.name == "benchmark" then -- once unmeasured, then three times
          assert.equal("4 plans, 17 runs, kept plan 2, 1 runs", line.what)
        elseif line.name == "capture" then
          assert.equal("0 1 1", line.what)
        elseif is_ours(line.name) then
          assert.equal("nothing", line.what, line.name)
        else
          assert.matches("^engine %d+, %d+ bytes$", line.what, line.name .. "\n" .. said)
          engines = engines + 1
        end
      end
      assert.is_true(engines >= 8 and meanings >= 2, said)
    end)
  end
end)

describe("tnt.cuda.benchmark", function()
  it("says what it was, and takes a boolean", function()
    assert.is_false(tnt.cuda.benchmark())
    assert.is_false(tnt.cuda.benchmark(true))
    assert.is_true(tnt.cuda.benchmark(false))
    local ok, err = pcall(tnt.cuda.benchmark, "yes")
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("cuda.benchmark: true, false or nil was expected, got yes", err.message, 1, true)
  end)
end)
