local process = require "spec.cli.process"
local message = require "tnt.loop.message"

describe("messages", function()
  teardown(process.cleanup)
  after_each(function() message.sink = nil end)

  it("go to stderr, as much of them as TNT_LOG asks for", function()
    local script = process.file [[
      local message = require "tnt.loop.message"
      message.error("e %d", 1)
      message.warn "w 100%"
      message.info "i"
      message.debug "d"
    ]]
    local shown = {
      [""] = "error: e 1\nwarning: w 100%\n", info = "error: e 1\nwarning: w 100%\ni\n",
      debug = "error: e 1\nwarning: w 100%\ni\ndebug: d\n",
      nonsense = "error: e 1\nwarning: w 100%\n",
    }
    for level, expected in pairs(shown) do -- order: free
      local out, err, status = process.run({ script }, { env = "TNT_LOG=" .. level })
      assert.same({ "", expected, 0 }, { out, err, status })
    end
  end)

  it("go to the sink where there is one, whatever TNT_LOG says", function()
    local seen = {}
    message.sink = function(level, text) seen[#seen + 1] = level .. " " .. text end
    message.error "a"
    message.warn("b %s", "c")
    message.info "d"
    message.debug "e"
    assert.same({ "error a", "warning b c", "info d", "debug e" }, seen)
  end)
end)
