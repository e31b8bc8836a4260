-- The emulator of cards (spec/cuda/emulator), by its own test program: each test is a process of
-- its own, in the environment that it needs. Specs of the CUDA device stand on what is held here.
local build = os.getenv "TNT_BUILD" or "build"
local program = build .. "/spec/emulator_test"
local has_walls = not build:find "san" -- there the sanitizer watches memory, not the emulator

local function run(name, environment)
  local command = ("env ASAN_OPTIONS=detect_leaks=0:exitcode=99 %s timeout 60 %s %s 2>&1; echo $?")
    :format(environment or "", program, name)
  local pipe = assert(io.popen(command))
  local said, status = pipe:read("*a"):match "^(.-)(%d+)\n$"
  pipe:close()
  return tonumber(status), said
end

local function passes(name, environment)
  local status, said = run(name, environment)
  assert(status == 0, ("%s %s: exit status %s\n%s"):format(name, environment or "", status, said))
  return said
end

describe("the emulator of cards", function()
  local file = io.open(program)
  if not file then
    it("was built", function() pending "no emulator: the build found no C++ compiler" end)
    return
  end
  file:close()

  it("runs every thread of every block once, in its place", function() passes "positions" end)

  it("holds barriers, and shows where one is missing", function() passes "barriers" end)

  it("shuffles, votes and counts as CUDA says", function() passes "warps" end)

  it("makes of threads that cannot go on an error that stays with its card", function()
    assert.matches("7 wait at __syncthreads, 0 at a warp function, 57 have returned",
      passes("divergence", "HOW=0"), 1, true)
    assert.matches("32 wait at __syncthreads, 32 at a warp function", passes("divergence", "HOW=1"),
      1, true)
    assert.matches("61 wait at __syncthreads, 0 at a warp function, 3 have returned",
      passes("divergence", "HOW=2"), 1, true)
  end)

  it("loads matrices and multiplies them as the PTX ISA has it", function()
    passes "matrix_loads"
    passes "fragments"
  end)

  it("lets copies arrive when they are waited for, and not before", function()
    for order = 0, 4 do passes("arrivals", "TNT_EMULATOR_ORDER=" .. order) end
    assert.matches("returned before its copies arrived", passes "missing_wait", 1, true)
    local status, said = run "misaligned"
    assert.is_true(status ~= 0)
    assert.matches("an asynchronous copy is not aligned to its bytes", said, 1, true)
  end)

  it("refuses grids that no card takes", function() passes "configuration" end)

  it("rounds 16-bit numbers to nearest even", function() passes "narrow" end)

  it("runs streams as late as it may, so that a missing wait shows", function()
    passes "streams"
    for order = 1, 8 do passes("barriers", "TNT_EMULATOR_ORDER=" .. order) end
  end)

  it("runs other streams ahead in some orders, so that an early write shows", function()
    for order = 1, 8 do passes("early", "TNT_EMULATOR_ORDER=" .. order) end
  end)

  it("copies when CUDA would have", function() passes "copies" end)

  it("times, asks and waits for events", function() passes "events" end)

  it("replays captured graphs in any order that their edges allow", function()
    for order = 0, 8 do passes("graphs", "TNT_EMULATOR_ORDER=" .. order) end
  end)

  it("refuses while capturing what CUDA refuses", function() passes "refusals" end)

  it("multiplies matrices as cuBLASLt does, and refuses what it refuses", function()
    passes "products"
  end)

  it("has as much memory as it is given, full of NaN", function()
    passes("memory", "TNT_EMULATED_BYTES=1000000")
  end)

  it("fails on demand, and has as many cards as it is given", function()
    passes("fault", "TNT_EMULATED_FAULT=add_kernel")
    passes("no_cards", "TNT_EMULATED_CARDS=0")
    passes("no_cards", "CUDA_VISIBLE_DEVICES=")
  end)

  it("stops a kernel that writes beyond its memory or after cudaFree", function()
    for _, name in ipairs { "overrun", "use_after_free" } do
      local status, said = run(name)
      assert(status ~= 0, name)
      local wanted = has_walls and "a kernel or copy touched memory that is not allocated"
        or "AddressSanitizer: heap%-.-in fill_kernel"
      assert.matches(wanted, said)
    end
  end)

  it("stops a host that reads memory of a card", function()
    if not has_walls then return pending "the sanitizer's memory is the host's" end
    local status, said = run "host_reads"
    assert(status ~= 0)
    assert.matches("the host touched memory of a card", said, 1, true)
  end)
end)
