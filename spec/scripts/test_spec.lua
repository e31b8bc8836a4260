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

  describe("under compute-sanitizer", function()
    local tools

    -- Stands for the tool: notes its options, runs the process, has a finding where it adds.
    setup(function()
      tools = dir .. "/tools"
      assert(os.execute(("mkdir '%s'"):format(tools)) == 0)
      local file = assert(io.open(tools .. "/compute-sanitizer", "w"))
      file:write(([=[
#!/bin/bash
echo "$* CACHE=$TNT_CUDA_CACHE" >>'%s/asked'
while [[ $1 == --* ]]; do shift 2; done
"$@" || exit
[[ "$*" != *good* ]] || { echo "Invalid __global__ read"; exit 99; }
]=]):format(tools))
      file:close()
      assert(os.execute(("chmod +x '%s/compute-sanitizer'"):format(tools)) == 0)
    end)

    local function checked(words)
      os.remove(tools .. "/asked")
      local pipe = io.popen((NO_PRELOAD .. "cd / && PATH='%s':$PATH '%s/scripts/test' %s 2>&1; "
        .. "echo status $?"):format(tools, dir, words))
      local output = pipe:read "*a"
      pipe:close()
      local file = io.open(tools .. "/asked")
      local asked = file and file:read "*a" or ""
      if file then file:close() end
      return output, asked
    end

    it("a finding fails the file and is shown", function()
      local output, asked = checked "memcheck good loader"
      assert.matches("FAILED spec/good_spec.lua: memcheck has findings", output)
      assert.matches("Invalid __global__ read", output)
      assert.matches("ok   spec/data/loader_spec.lua", output)
      assert.matches("2 passed, 1 failed, 1 skipped\nstatus 1", output)
      assert.matches("^%-%-tool memcheck .*%-%-error%-exitcode 99 .*good_spec.*CACHE=none", asked)
    end)

    it("each tool has its word", function()
      for tool, cache in require "tnt.sorted" {
        racecheck = "", synccheck = "", initcheck = "none",
      } do
        local output, asked = checked(tool .. " loader")
        assert.matches("1 passed, 0 failed, 0 skipped\nstatus 0", output)
        assert.matches("^%-%-tool " .. tool .. " .*CACHE=" .. cache .. "\n$", asked)
      end
    end)

    it("it is named where it is missing, and with another tool", function()
      for words, expected in require "tnt.sorted" {
        ["memcheck good"] = "memcheck wants compute%-sanitizer of a CUDA toolkit",
        ["san memcheck good"] = "san and memcheck do not go together",
      } do
        local pipe = io.popen((NO_PRELOAD .. "mkdir -p '%s/none' && ln -sf $(command -v bash) "
          .. "$(command -v dirname) '%s/none' && cd / && CUDA_HOME=/nowhere PATH='%s/none' "
          .. "'%s/scripts/test' %s 2>&1; echo status $?"):format(dir, dir, dir, dir, words))
        local output = pipe:read "*a"
        pipe:close()
        assert.matches(expected, output)
        assert.matches("status 2\n$", output)
      end
    end)
  end)
end)
