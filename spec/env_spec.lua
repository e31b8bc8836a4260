local process = require "spec.cli.process"

local function value(report, name)
  return ("\n" .. report):match("\n" .. name:gsub("%p", "%%%0") .. ": ([^\n]*)")
end

describe("tntlua -m tnt.env", function()
  teardown(process.cleanup)

  it("names the program, the machine and what is installed", function()
    local out, err, status = process.run({ "-m", "tnt.env" }, { env = "OMP_NUM_THREADS=1" })
    assert.same({ "", 0 }, { err, status })
    assert.matches("^%d+%.%d+%.%d+$", value(out, "tntlua"))
    assert.matches("/lua/tnt$", value(out, "Lua files"))
    assert.matches("^LuaJIT 2%.1.*JIT on", value(out, "LuaJIT"))
    assert.matches("%d+ visible$", value(out, "processor"))
    assert.matches("^%d+%.%d GiB", value(out, "memory"))
    assert.equal("1", value(out, "$OMP_NUM_THREADS"))
    assert.is_nil(value(out, "$RANK"))
    assert.equal("rank 0 of 1", value(out, "processes"))
    assert.same({ "f32", "default" }, { value(out, "default dtype"), value(out, "determinism") })
    for _, name in ipairs { "libtnt", "libtnt_cuda", "system", "NVIDIA driver", "module cjson" } do
      assert.is_string(value(out, name), name)
    end
  end)

  it("is a list for programs", function()
    local tnt = require "tnt"
    local list = tnt.env.collect()
    local by_name = {}
    for _, entry in ipairs(list) do by_name[entry.name] = entry.value end
    assert.equal("rank 0 of 1", by_name.processes)
    assert.matches("^LuaJIT 2%.1", by_name.LuaJIT)
    assert.is_string(by_name.kernels)
    assert.equal(#list, select(2, tnt.env.report():gsub("\n", "")) + 1)
  end)

  it("tells of variables that contradict each other instead of failing", function()
    local out, _, status = process.run({ "-m", "tnt.env" }, { env = "RANK=3 WORLD_SIZE=2" })
    assert.equal(0, status)
    assert.matches("^FAILS: .*RANK is 3", value(out, "processes"))
  end)

  it("is complete when a library is broken", function()
    local dir = process.directory()
    os.execute("mkdir " .. dir .. "/tnt")
    process.file("not a library", dir .. "/tnt/libtnt_cuda.so")
    local file = process.file([[
      package.cpath = "]] .. dir .. [[/?.so"
      print(require "tnt.env".report())
    ]])
    local out, _, status = process.run { file }
    assert.equal(0, status)
    assert.matches("^NOT FOUND", value(out, "libtnt"))
    assert.matches("^FAILS: .*libtnt_cuda.so", value(out, "libtnt_cuda"))
    assert.matches("^not in this build", value(out, "libtnt_hdf5"))
    assert.is_string(value(out, "module lfs"))
  end)
end)
