-- Each rule of scripts/lint.lua must find a deliberate mistake, and let its remedy pass.
local root = require "lfs".currentdir()

-- The lint's output for a file of this name and content.
local function lint(name, text)
  local dir = os.tmpname()
  os.remove(dir)
  local path = dir .. "/" .. name
  assert(os.execute(("mkdir -p '%s'"):format(path:match "^(.*)/")) == 0)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local command = "cd '%s' && '%s' '%s/scripts/lint.lua' '%s'; echo status $?"
  local pipe = io.popen(command:format(dir, arg[-1], root, name))
  local output = pipe:read "*a"
  pipe:close()
  os.execute(("rm -r '%s'"):format(dir))
  return output
end

local CLEAN = "status 0\n"

describe("scripts/lint.lua", function()
  it("wants iteration in a fixed order in the library", function()
    local line = "-- A file.\nfor k in %s(t) do f(k) end%s\n"
    local found = "lua/tnt/a.lua:2: the order of pairs"
    assert.matches(found, lint("lua/tnt/a.lua", line:format("pairs", "")))
    assert.matches(found, lint("lua/tnt/a.lua", "-- A file.\nfor k in next, t do f(k) end\n"))
    assert.equal(CLEAN, lint("lua/tnt/a.lua", line:format("pairs", " -- order: free")))
    assert.equal(CLEAN, lint("lua/tnt/a.lua", line:format("sorted", "")))
    assert.equal(CLEAN, lint("lua/tnt/a.lua", "-- A file.\nlocal s = 'pairs(t)' -- pairs(t)\n"))
    assert.equal(CLEAN, lint("examples/a.lua", line:format("pairs", "")))
  end)

  it("refuses variable-length cdata everywhere", function()
    local size = "[?]" -- apart, so that this file itself passes
    local calls = {
      'ffi.new("float' .. size .. '", 3)', "ffi.typeof 'int" .. size .. "'",
      "ffi.new([[char" .. size .. "]], 1)",
    }
    for _, call in ipairs(calls) do
      local text = "-- A file.\nlocal x = " .. call .. "\n"
      assert.matches("a.lua:2: variable%-length", lint("spec/a.lua", text))
    end
    assert.equal(CLEAN, lint("spec/a.lua", '-- A file.\nlocal x = ffi.new("float[4]")\n'))
  end)

  it("wants annotations over public functions of the library", function()
    local text = "-- A file.\n\n%sfunction M%s(x) return x end\n"
    local found = ":3: function scale can be called from elsewhere"
    assert.matches(found, lint("lua/tnt/a.lua", text:format("", ".scale")))
    assert.matches(found, lint("lua/tnt/a.lua", text:format("", ":scale")))
    assert.equal(CLEAN, lint("lua/tnt/a.lua", text:format("--- Scales x.\n", ":scale")))
    for _, name in ipairs { ":init", ":forward", ":on_train_start", ":__call", "._inner" } do
      assert.equal(CLEAN, lint("lua/tnt/a.lua", text:format("", name)))
    end
    local run = text:format("--- All.\n", ".scale") .. "function M.shift(x) return x end\n"
    assert.equal(CLEAN, lint("lua/tnt/a.lua", run))
    assert.matches(":7: function far", lint("lua/tnt/a.lua", run .. "\nfunction M.far() end\n"))
    local base = "-- A file.\n\n--- Closes.\nfunction Base:close() end\n"
    assert.equal(CLEAN, lint("lua/tnt/a.lua", base .. "\nfunction Sub:close() end\n"))
    local other = base .. "\nfunction M.close() end\n"
    assert.matches(":6: function close", lint("lua/tnt/a.lua", other))
  end)

  it("wants an opening comment, spaces, and no more than 600 lines", function()
    assert.matches("a.lua:1: open the file", lint("lua/tnt/a.lua", "local x = 1\n"))
    assert.matches("a.c:1: open the file", lint("core/a.c", "int x;\n"))
    assert.matches("run:1: open the file", lint("scripts/run", "#!/bin/sh\nexit\n"))
    assert.equal(CLEAN, lint("scripts/run", "#!/bin/sh\n# Runs.\nexit\n"))
    assert.equal(CLEAN, lint("core/a.h", "/* What. */\n"))
    assert.matches("a.lua:2: a tab", lint("lua/tnt/a.lua", "-- A file.\n\tlocal x = 1\n"))
    assert.matches("a.c:601: 601 lines", lint("core/a.c", "/* What. */\n" .. ("\n"):rep(600)))
    assert.equal(CLEAN, lint("core/a.c", "/* What. */\n" .. ("\n"):rep(599)))
  end)
end)
