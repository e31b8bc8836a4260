-- scripts/spec.lua must count right whatever happens to the process it runs in.
local root = require "lfs".currentdir()

-- What one spec file with this text leaves in its tally, what it prints, and its exit status.
local function run(text)
  local tally = os.tmpname()
  local path = tally .. "_spec.lua"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local command = "'%s' '%s/scripts/spec.lua' '%s' '%s' 2>&1; echo status $?"
  local pipe = io.popen(command:format(arg[-1], root, tally, path))
  local output = pipe:read "*a"
  pipe:close()
  local lines, last = {}, nil
  for line in io.lines(tally) do
    lines[#lines + 1] = line
    last = line:match "^count (.*)" or last
  end
  os.remove(path)
  os.remove(tally)
  return last, lines, output
end

describe("scripts/spec.lua", function()
  it("counts passed, failed and skipped tests, with the reasons", function()
    local counts, lines, output = run [[
      it("good", function() end)
      it("bad", function() assert.equal(1, 2) end)
      it("worse", function() local x = nil; x.y = 1 end)
      it("later", function() pending "needs CUDA" end)
      pending "some day"]]
    assert.equal("1 2 2", counts)
    assert.equal("done", lines[#lines])
    assert.same({ "skip needs CUDA", "skip no reason given" }, (function()
      local reasons = {}
      for _, line in ipairs(lines) do reasons[#reasons + 1] = line:match "^skip.*" end
      return reasons
    end)())
    assert.matches("FAILED [^\n]*:2: bad\n", output)
    assert.matches("FAILED [^\n]*:3: worse\n[^\n]*attempt to index", output)
    assert.matches("status 1\n$", output)
  end)

  it("prints error objects by their text", function()
    local _, _, output = run [[
      it("x", function() require "tnt.errors".raise("shape", "want [%d]", 3) end)]]
    assert.matches("want %[3%]", output)
  end)

  it("counts what failed outside tests", function()
    assert.equal("0 1 0", (run [[describe("d", function() setup(function() error "no" end)
      it("a", function() end) end)]]))
    assert.equal("0 1 0", (run "it('broken', function("))
  end)

  it("leaves the counts so far, and the running test's name, when the process dies", function()
    local counts, lines = run [[
      it("first", function() end)
      it("deadly", function() local ffi = require "ffi"; ffi.cast("int *", 0)[0] = 1 end)
      it("never", function() end)]]
    assert.equal("1 0 0", counts)
    assert.equal("start deadly", lines[#lines])
    counts, lines = run [[it("leaves", function() os.exit(0) end)]]
    assert.is_nil(counts)
    assert.equal("start leaves", lines[#lines])
  end)
end)
