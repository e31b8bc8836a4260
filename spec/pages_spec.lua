local help = require "tnt.prompt.help"
local hook = require "tnt.hook"
local names = require "spec.parity.names"
local pages = require "tnt.pages"
local tnt = require "tnt"

local function printed(...)
  local text, write = nil, print
  _G.print = function(line) text = line end
  local ok, err = pcall(tnt.help, ...)
  _G.print = write
  return ok and text or error(err, 0)
end

describe("tnt.pages", function()
  it("has every page as a file, and every file as a page", function()
    local files, known = {}, {}
    local pipe = assert(io.popen "ls lua/tnt/pages")
    for file in pipe:lines() do files[#files + 1] = file end
    pipe:close()
    for _, page in ipairs(pages.list) do
      assert.matches("^[<#]", pages.read(page.name))
      known[#known + 1] = pages.path(page.name):match "[^/]*$"
    end
    table.sort(known)
    assert.same(files, known)
  end)

  it("are shown by name, in scripts and at the prompt", function()
    assert.equal(pages.read "hooks", printed "hooks")
    assert.equal(pages.read "torchtnt-table", help.name "torchtnt-table")
    assert.matches("?torchtnt ", printed(), 1, true)
    assert.matches("did you mean ?torchtnt", help.name "torchtn", 1, true)
    assert.matches("^train", printed(tnt.train))
  end)

  it("say which there are", function()
    assert.is_false(pages.has "nothing")
    local ok, err = pcall(pages.read, "hoks")
    assert.is_false(ok)
    assert.equal("argument", err.kind)
    assert.matches("did you mean 'hooks'", err.message, 1, true)
  end)

  it("name nothing in code that does not exist", function()
    for _, page in ipairs(pages.list) do
      if not page.file then
        -- The first column of a page that translates has the other program's names.
        local text = pages.read(page.name)
        if page.name ~= "hooks" then text = text:gsub("\n|[^|\n]*|", "\n") end
        for code in text:gmatch "`([^`\n]+)`" do
          local name = code:match "^(tnt%.[%w_.:]+[%w_])" or code:match "^(state[.:][%w_]+)"
            or code:match "^(unit[.:][%w_]+)" or code:match "^(on_[%w_]+[%w])$"
          local fault = name and not name:find "%.module" and not name:find "%.optimizer"
            and names.fault(name)
          assert.is_falsy(fault, page.name .. ": " .. code .. " " .. tostring(fault))
        end
      end
    end
  end)
end)

describe("the page on hooks", function()
  it("shows every event", function()
    local text = pages.read "hooks"
    for _, event in ipairs(hook.names()) do
      if event:find "^on_train_" or not event:find "^on_eval_" and not event:find "^on_predict_"
        and hook.is_event(event) then
        assert.is_truthy(text:find("`" .. event .. "`", 1, true), event)
      end
    end
  end)
end)
