-- What README.md shows must run as it stands.

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

describe("README.md", function()
  local text = read "README.md"

  it("shows programs that run", function()
    local count = 0
    for code in text:gmatch "\n```lua\n(.-)\n```" do
      count = count + 1
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write(code)
      file:close()
      local pipe = io.popen(("'%s' '%s' --epochs 2 2>&1"):format(arg[-1], path))
      local output = pipe:read "*a"
      pipe:close()
      os.remove(path)
      assert.matches("result: eval_loss=[%d.]+\n$", output)
    end
    assert.equal(1, count)
  end)

  it("names scripts, folders and files that exist", function()
    for path in text:gmatch "[`%s]((%l+/[%w_/.-]*))" do
      if path:find "^scripts/" or path:find "^examples/" or path:find "^rocks/"
        or path:find "^core/" or path:find "^spec/" then
        local file = io.open(path)
        assert(file, "README.md names " .. path .. ", which does not exist")
        file:close()
      end
    end
    for name in text:match "`scripts/` | one word each: ([^|]*)":gmatch "`(%w+)`" do
      read("scripts/" .. name)
    end
  end)
end)
