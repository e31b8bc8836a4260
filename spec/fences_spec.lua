-- What documentation shows runs, and gives what it shows: pages and docstrings.

local fences = require "spec.fences"
local lfs = require "lfs"
local pages = require "tnt.pages"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local function lua_files()
  local list = {}
  local pipe = assert(io.popen "find lua/tnt -name '*.lua' | LC_ALL=C sort")
  for path in pipe:lines() do list[#list + 1] = path end
  pipe:close()
  return list
end

-- In a folder of its own: what an example writes goes away with it.
local function run(code, name)
  local here, folder = lfs.currentdir(), os.tmpname()
  os.remove(folder)
  assert(lfs.mkdir(folder))
  lfs.chdir(folder)
  local ok, result = pcall(fences.run, code, name)
  lfs.chdir(here)
  os.execute("rm -r '" .. folder .. "'")
  if not ok then error(result, 0) end
  return result
end

describe("documentation", function()
  for _, page in ipairs(pages.list) do
    it("runs as page " .. page.name, function()
      local code = fences.code(pages.read(page.name))
      if code then assert.is_true(run(code, page.name) > 0) end
    end)
  end

  for _, path in ipairs(lua_files()) do
    for _, docstring in ipairs(fences.docstrings(read(path))) do
      local code = fences.code(docstring.text)
      if code then
        it("runs in " .. path .. " from line " .. docstring.line, function()
          run(code, path .. ":" .. docstring.line)
        end)
      end
    end
  end
end)

describe("fences", function()
  it("notice what is not as shown", function()
    assert.equal(3, fences.run("print(1 / 3)  -- 0.333\nprint('a' .. 1)  -- a1\n2 > 1  -- true",
      "x"))
    assert.has_error(function() fences.run("print(1 / 3)  -- 0.334", "x") end,
      "x: the documentation shows 0.334, and this gave 0.33333333333333")
    assert.equal(1, fences.run("local t = { f = function() return { n = 1 } end }\n"
      .. "t.f() -- does it\nt.f().n -- 1", "x"))
    assert.has_error(function() fences.run("math.max(1, 2) -- 3", "x") end,
      "x: the documentation shows 3, and this gave 2")
    assert.has_error(function() fences.run("error('boom', 0)", "x") end, "boom")
  end)

  it("keep the lines of a page", function()
    assert.equal("\n\nlocal a = 1\n\n", fences.code "text\n```lua\nlocal a = 1\n```\n")
    assert.is_nil(fences.code "text\n```\nno Lua\n```")
    assert.same({ { line = 2, text = "One.\n```lua\nx = 1\n```" } },
      fences.docstrings "local a\n--- One.\n--- ```lua\n--- x = 1\n--- ```\n---@param b c\nlocal b")
  end)
end)
