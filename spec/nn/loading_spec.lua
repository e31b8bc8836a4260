-- Each file of networks and optimizers can be the first one that is required: a process each.
local program = io.popen("readlink /proc/$PPID/exe"):read "*l" -- what runs this spec

describe("networks and optimizers", function()
  local list = io.popen "find lua/tnt/nn lua/tnt/optim -name '*.lua' | LC_ALL=C sort"
  for path in list:lines() do
    local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    it("load " .. name, function()
      local run = io.popen(("'%s' -e 'require \"%s\"' 2>&1"):format(program, name))
      assert.equal("", run:read "*a")
      run:close()
    end)
  end
  list:close()
end)
