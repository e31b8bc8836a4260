-- ORDER WORKER: what Lua declares of the loader's threads is what the library's header says.

local function slurp(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

-- One line a declaration, without comments and with single spaces.
local function plain(text)
  text = text:gsub("/%*.-%*/", " "):gsub("tnt_parcel", "void"):gsub("%s+", " ")
  return (text:gsub(" ?([%(%)%*;,{}]) ?", "%1"))
end

describe("libtnt_worker", function()
  it("is declared in Lua as in its header", function()
    local header = slurp "core/worker/worker.h"
    if not header then pending "no sources here" end
    local declared = plain(slurp(package.searchpath("tnt.data.library", package.path)))
    local n = 0
    for declaration in plain(header):gmatch "TNT_API ([^;]+;)" do
      n = n + 1
      assert.truthy(declared:find(declaration, 1, true), declaration)
    end
    assert.is_true(n > 10)
    local fields = plain(header):match "typedef struct tnt_worker_message{[^}]+}"
    assert.truthy(declared:find(fields, 1, true), fields)
  end)
end)
