-- What editors read of tables that are filled while the program runs: every name stands somewhere.

local sorted = require "tnt.sorted"
local tnt = require "tnt"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

-- Names that a text gives to a table: as fields of its class, in its constructor, or by assignment.
local function missing(names, table_name, text)
  local list = {}
  for _, name in ipairs(names) do
    local found = text:find("%-%-%-@field " .. name .. " ") or text:find("\n%s+" .. name .. " = ")
      or text:find("\n" .. table_name .. "%." .. name .. " = ")
    if not found then list[#list + 1] = name end
  end
  return table.concat(list, " ")
end

describe("an editor", function()
  local generated = read "lua/tnt/editor_gen.lua"

  it("sees the names of tnt", function()
    assert.equal("", missing(sorted.keys(tnt.places), "tnt", generated))
  end)

  it("sees the names of tnt.nn and of schedules", function()
    assert.is_true(#sorted.keys(tnt.nn) > 40)
    assert.equal("", missing(sorted.keys(tnt.nn), "nn", generated .. read "lua/tnt/nn/init.lua"))
    assert.equal("", missing(sorted.keys(tnt.optim.schedule), "schedule",
      generated .. read "lua/tnt/optim/schedule/init.lua"))
  end)

  it("sees the names of tables that load theirs when they are used", function()
    for part, names in sorted {
      metrics = sorted.keys(tnt.metrics.places),
      hooks = sorted.keys(getmetatable(tnt.hooks).modules),
    } do
      assert.equal("", missing(names, part, read("lua/tnt/" .. part .. "/init.lua")))
    end
  end)
end)
