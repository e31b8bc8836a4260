-- scripts/test in a folder laid out like a bundle, where it builds nothing: its selection of files,
-- its closing line and its exit status.
local root = require "lfs".currentdir()

-- bash and cp leak, which a preloaded sanitizer would turn into their exit status.
local NO_PRELOAD = "unset LD_PRELOAD; "

local SPECS = {
  good = [[it("adds #tiny", function() end) it("subtracts", function() pending "later" end)]],
  bad = [[it("fails", function() error "no" end) it("works", function() end)]],
  dead = [[it("dies", function() require "ffi".cast("int *", 0)[0] = 1 end)]],
  ["data/loader"] = [[it("shuffles by seed", function() end)]],
}

describe("scripts/test", function()
  local dir

  setup(function()
    dir = os.tmpname()
    os.remove(dir)
    local make = NO_PRELOAD .. "mkdir -p '%s/scripts' '%s/bin' '%s/spec/data' && "
      .. "cp '%s/scripts/test' '%s/scripts/spec.lua' '%s/scripts' && "
      .. "ln -s \"$(command -v '%s')\" '%s/bin/tntlua'"
    assert(os.execute(make:format(dir, dir, dir, root, root, dir, arg[-1], dir)) == 0)
    for name, text in require "tnt.sorted" (SPECS) do
      local file = assert(io.open(("%s/spec/%s_spec.lua"):format(dir, name), "w"))
      file:write(text)
      file:close()
    end
  end)

  teardown(function() os.execute(("rm -r '%s'"):format(dir)) end)

  -- The last line printed, the exit status, and everything printed.
  local function test(words)
    local command = NO_PRELOAD .. "cd / && '%s/scripts/test' %s 2>&1; echo status $?"
    local pipe = io.popen(command:format(dir, words))
    local output = pipe:read "*a"
    pipe:close()
    local last, status = output:match "([^\n]*)\nstatus (%d+)\n$"
    return last, tonumber(status), output
  end

  it("sums over files, crashed ones included", function()
    local last, status, output = test ""
    assert.equal("3 passed, 2 failed, 1 skipped", last)
    assert.equal(1, status)
    assert.matches("FAILED spec/dead_spec.lua: died %(exit status %d+%) in: dies", output)
    assert.matches("FAILED spec/bad_spec.lua:1: fails\n[^\n]*no\n", output)
    assert.matches("spec/good_spec.lua  1 passed, 1 skipped %(1 later%)", output)
  end)

  it("runs a part by file, folder, source file, test name or tag", function()
    for words, expected in require "tnt.sorted" {
      ["good"] = "1 passed, 0 failed, 1 skipped",
      ["spec/data"] = "1 passed, 0 failed, 0 skipped",
      ["data"] = "1 passed, 0 failed, 0 skipped",
      ["lua/tnt/data/loader.lua"] = "1 passed, 0 failed, 0 skipped",
      ["'by seed'"] = "1 passed, 0 failed, 0 skipped",
      ["good loader"] = "2 passed, 0 failed, 1 skipped",
      ["tiny"] = "1 passed, 0 failed, 0 skipped",
    } do
      local last, status = test(words)
      assert.equal(expected, last, words)
      assert.equal(0, status, words)
    end
  end)

  it("fails when nothing ran", function()
    for _, words in ipairs { "nowhere", "--cuda", "subtracts" } do
      local last, status = test(words)
      assert.matches("^0 passed, 0 failed", last)
      assert.equal(1, status)
    end
  end)
end)
