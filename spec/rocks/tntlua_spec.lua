-- The rock lists the modules of others that lua/tnt requires, and no more; scripts/setup installs
-- them on Debian; rocks/debian.lua tells luarocks so.

-- A module's first part: its rock and its Debian package.
local KNOWN = {
  argparse = { rock = "argparse", package = "lua-argparse" },
  cjson = { rock = "lua-cjson", package = "lua-cjson" },
  lfs = { rock = "luafilesystem", package = "lua-filesystem" },
  lyaml = { rock = "lyaml", package = "lua-yaml" },
  pl = { rock = "penlight", package = "lua-penlight" },
}
-- LuaJIT's own, and this library's; tnt_cli is what the program provides.
local OWN = { tnt = true, tnt_cli = true, ffi = true, bit = true, jit = true, table = true,
  string = true, coroutine = true, debug = true, io = true, math = true, os = true }

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local function settings(path)
  local env = {}
  setfenv(assert(loadfile(path)), env)()
  return env
end

-- First parts of the names of all modules that lua/tnt requires, with one file that does.
local function required()
  local found = {}
  local pipe = io.popen "find lua/tnt -name '*.lua'"
  for path in pipe:lines() do
    for line in io.lines(path) do
      local name = line:gsub("%-%-.*", ""):match "require%s*%(?%s*[\"']([%w_]+)[%w_.]*[\"']"
      if name and not OWN[name] then found[name] = path end
    end
  end
  pipe:close()
  return found
end

describe("rocks/tntlua-scm-1.rockspec", function()
  local rock = settings "rocks/tntlua-scm-1.rockspec"

  it("depends on what lua/tnt requires, and on nothing else", function()
    local wanted, listed = { lua = true }, {}
    for name, path in require "tnt.sorted" (required()) do
      assert(KNOWN[name], ("%s requires %s, which no rock is known for"):format(path, name))
      wanted[KNOWN[name].rock] = true
    end
    for _, dependency in ipairs(rock.dependencies) do listed[dependency:match "^[%w-]+"] = true end
    assert.same(wanted, listed)
  end)

  it("has dependencies that scripts/setup installs and rocks/debian.lua names", function()
    local setup = read "scripts/setup":match "run=(%b())"
    local provided = settings "rocks/debian.lua".rocks_provided
    for name in require "tnt.sorted" (required()) do
      assert(setup:find("%f[%w-]" .. KNOWN[name].package:gsub("%-", "%%-") .. "%f[^%w-]"),
        "scripts/setup does not install " .. KNOWN[name].package)
      assert(provided[KNOWN[name].rock], "rocks/debian.lua does not name " .. KNOWN[name].rock)
    end
  end)
end)
