local process = require "spec.cli.process"
local run = process.run

describe("tntlua", function()
  teardown(process.cleanup)

  it("runs a file with its arguments and the table arg", function()
    local file = process.file "print(#arg, arg[0] == FILE, arg[1], arg[-1] ~= nil, ...)"
    local out, err, status = run { "-e", ("FILE = %q"):format(file), file, "a", "b c" }
    assert.same({ "2\ttrue\ta\ttrue\ta\tb c\n", "", 0 }, { out, err, status })
  end)

  it("runs a file that begins with #!, by itself", function()
    local file = process.file("#!" .. process.program .. "\nprint(arg[0], ...)")
    os.execute("chmod +x " .. file)
    local out, _, status = run({ "x" }, { program = file })
    assert.same({ file .. "\tx\n", 0 }, { out, status })
  end)

  it("runs code, modules and standard input, in their order", function()
    assert.equal("1\n", (run { "-e", "print(1)" }))
    assert.equal("1\n", (run { "-eprint(1)" }))
    assert.equal("7\targ\n", (run({ "-e", "x = 7", "-", "arg" }, { input = "print(x, ...)" })))
    assert.equal("3\n", (run({}, { input = "print(3)" })))
    assert.equal("table\n", (run { "-l", "tnt.errors", "-e", "print(type(require 'tnt.errors'))" }))
    local file = process.file "print 'script'"
    assert.equal("code\nscript\n", (run { "-e", "print 'code'", file }))
    assert.equal("x\n", (run { "-i", "-e", "print 'x'" }))
  end)

  it("finds its own modules without any environment", function()
    local code = "print(require('tnt.errors').nearest('epoch', {'epochs'}))"
    local out = run({ "-e", code }, { cd = "/" })
    assert.equal("epochs\n", out)
  end)

  it("finds them where it is installed, also through a link", function()
    local dir = process.directory()
    os.execute(("cd %s && mkdir -p bin lib/lua/5.1 share/lua/5.1 elsewhere && cp %s bin/tntlua && "
      .. "cp -r %s/lua/tnt share/lua/5.1/tnt && ln -s ../bin/tntlua elsewhere/run")
      :format(dir, process.program, process.root))
    local file = process.file [[
      local errors = require "tnt.errors"
      print((debug.getinfo(errors.new, "S").source:gsub("^@", "")))
      print(package.cpath:match "^[^;]*")
      errors.raise("state", "own frames are hidden there too")
    ]]
    for _, program in ipairs { "/bin/tntlua", "/elsewhere/run" } do
      local out, err = run({ file }, { program = dir .. program, cd = "/" })
      assert.equal(dir .. "/share/lua/5.1/tnt/errors.lua\n" .. dir .. "/lib/lua/5.1/?.so\n", out)
      assert.equal(("tntlua: %s:4: own frames are hidden there too\n"):format(file), err)
    end
  end)

  it("prints the options a script declares", function()
    local file = process.file "require 'tnt.args' {epochs = 3, name = 'x', on = true} print 'on'"
    local out, err, status = run { file, "--help" }
    assert.equal(([[
usage: tntlua %s [options]
  --epochs NUMBER  default 3
  --name TEXT      default "x"
  --on, --no-on    default true
  --help           print this
]]):format(file), out)
    assert.same({ "", 0 }, { err, status })
  end)

  it("does not load the library, nor define globals, before tnt is used", function()
    local out = run { "-e", "print(package.loaded.tnt, rawget(_G, 'tnt'), rawget(_G, 'nn'))" }
    assert.equal("nil\tnil\tnil\n", out)
    local maps = run { "-e", "for l in io.lines '/proc/self/maps' do print(l) end" }
    assert.matches("tntlua", maps, 1, true)
    assert.is_nil(maps:find "libtnt")
    assert.is_nil(maps:find "libgomp")
  end)

  it("lowers OpenMP's spinning unless the user has set it", function()
    local words = { "-e", "print(os.getenv 'GOMP_SPINCOUNT')" }
    assert.equal("1000\n", (run(words, { env = "-u GOMP_SPINCOUNT" })))
    assert.equal("5\n", (run(words, { env = "GOMP_SPINCOUNT=5" })))
  end)

  it("keeps more compiled traces than LuaJIT's default of 1,000", function()
    local file = process.file [[
      local flushes = 0
      jit.attach(function(what) if what == "flush" then flushes = flushes + 1 end end, "trace")
      for i = 1, 2000 do loadstring("local s = 0 for i = 1, 100 do s = s + " .. i .. " end")() end
      print(flushes)
    ]]
    assert.equal("0\n", (run { file }))
  end)

  describe("-m", function()
    local dir
    before_each(function() dir = process.directory() end)
    local function module(path, text)
      os.execute(("mkdir -p %s/$(dirname %s)"):format(dir, path))
      process.file(text, dir .. "/" .. path)
    end

    it("runs a module's file as a script", function()
      module("a/b.lua", "print(arg[0], arg[1], ...)")
      local out = run({ "-m", "a.b", "x", "-y" }, { cd = dir })
      assert.equal("./a/b.lua\tx\tx\t-y\n", out)
    end)

    it("prefers NAME/main.lua, and calls the function main of what is returned", function()
      module("a/init.lua", "error 'not this'")
      module("a/main.lua", "return {main = function(...) print('main', ...) end}")
      assert.equal("main\t1\t2\n", (run({ "-m", "a", "1", "2" }, { cd = dir })))
    end)

    it("says which module is missing", function()
      local _, err, status = run { "-m", "no.such" }
      assert.same({ "tntlua: -m no.such: no such module on package.path\n", 1 }, { err, status })
    end)
  end)

  describe("options", function()
    it("--version and --help go to standard output", function()
      assert.matches("^tntlua %d+%.%d+%.%d+ %(LuaJIT 2%.1", (run { "--version" }))
      assert.matches("^usage: tntlua", (run { "--help" }))
    end)

    it("refuses what it does not know", function()
      local out, err, status = run { "--frob" }
      local text = "tntlua: unknown option '--frob' (tntlua --help lists the options)\n"
      assert.same({ "", text, 1 }, { out, err, status })
      assert.equal(1, (select(3, run { "-e" })))
      assert.equal(1, (select(3, run { "-x" })))
    end)

    it("says that --nproc is not there", function()
      local _, err, status = run { "--nproc", "4", "x.lua" }
      assert.same({ "tntlua: --nproc 4: not available in this build\n", 1 }, { err, status })
    end)

    it("passes -j and -O to LuaJIT", function()
      assert.equal("false\n", (run { "-joff", "-e", "print((jit.status()))" }))
      assert.is_nil((run { "-O0", "-e", "print(jit.status())" }):find("loop", 1, true))
      assert.equal(1, (select(3, run { "-jnonsense", "-e", "" })))
    end)
  end)

  describe("errors", function()
    local function failing(text, env)
      local file = process.file(text)
      local out, err, status = run({ file }, { env = env })
      assert.equal("", out)
      assert.equal(1, status)
      return (err:gsub(file:gsub("%p", "%%%0"), "FILE"))
    end

    it("are a message and a traceback of the user's lines", function()
      assert.equal([[
tntlua: FILE:2: boom
  FILE:2: in function 'inner'
  FILE:4: in function 'method'
  FILE:5: in main chunk
]], failing [[
local object = {}
local function inner() error "boom" end
local sort = table.sort
function object:method() inner() return sort end
object:method()
]])
    end)

    it("are one line when the traceback would say the same", function()
      assert.equal("tntlua: FILE:1: boom\n", failing "error 'boom'")
    end)

    it("hide the program's own frames unless TNT_TRACE=full", function()
      local text = "local errors = require 'tnt.errors'\nlocal function f()\n"
        .. "  errors.raise('shape', 'wrong %d', 3)\nend\nf()"
      assert.equal("tntlua: FILE:3: wrong 3\n  FILE:3: in function 'f'\n  FILE:5: in main chunk\n",
        failing(text))
      assert.matches("errors.lua:%d+: in function 'raise'", failing(text, "TNT_TRACE=full"))
    end)

    it("have the traceback of where they were first raised", function()
      for _, what in ipairs { "'boom'", "{kind = 'shape'}" } do
        local err = failing([[
local cli = require "tnt.cli"
local function step() error(]] .. what .. [[) end
local function loop()
  local ok, err = xpcall(step, cli.keep_traceback)
  if not ok then error(err, 0) end
end
loop()
]])
        assert.matches("FILE:2: in function 'step'\n", (err:gsub("<FILE:2>", "'step'")), 1, true)
        assert.matches("FILE:7: in main chunk\n", err, 1, true)
      end
    end)

    it("show where a step of a loop failed", function()
      local err = failing [[
local tnt = require "tnt"
local Unit = tnt.TrainUnit:extend "Unit"
local function inner() return tnt.zeros(2, 3) + tnt.zeros(4) end
function Unit:train_step() local y = inner() return y end
tnt.train(Unit {}, { train_dataloader = { 1 }, max_epochs = 1 })
]]
      assert.matches("tntlua: FILE:3: add: shapes [2, 3] and [4] do not broadcast", err, 1, true)
      assert.matches("\n  FILE:3: in function 'inner'\n  FILE:4: in function", err, 1, true)
      assert.matches("\n  FILE:5: in main chunk\n$", err)
    end)

    it("cut long tracebacks in the middle", function()
      local err = failing [[
local function f(n) if n == 0 then error 'deep' end f(n - 1) return n end
f(100)
]]
      assert.matches("... (82 more)", err, 1, true)
      assert.equal(22, select(2, err:gsub("\n", "\n")))
    end)

    it("may be any value", function()
      assert.matches("no message was raised: nil", failing "error(nil)", 1, true)
      assert.matches("no message was raised: table: 0x", failing "error {}", 1, true)
      assert.equal("tntlua: text\n",
        failing "error(setmetatable({}, {__tostring = function() return 'text' end}))")
      assert.equal("tntlua: an error was raised, but: FILE:1: again\n",
        failing "error(setmetatable({}, {__tostring = function() error 'again' end}))")
    end)

    it("name a missing file, a syntax error, a missing module", function()
      local _, err, status = run { "/no/such.lua" }
      local text = "tntlua: cannot open '/no/such.lua': No such file or directory\n"
      assert.same({ text, 1 }, { err, status })
      assert.equal("tntlua: FILE:2: '=' expected near 'y'\n", failing "local a\nx y")
      local missing = failing "require 'no.such'"
      assert.matches("^tntlua: FILE:1: module 'no.such' not found %(", missing)
      assert.equal(1, select(2, missing:gsub("\n", "")))
      local full = failing("require 'no.such'", "TNT_TRACE=full")
      assert.matches("no file './no/such.lua'", full, 1, true)
    end)

    it("come after what was printed, and without colours into a file", function()
      local file = process.file "io.write 'printed ' error 'boom'"
      local pipe = io.popen(process.program .. " " .. file .. " 2>&1")
      assert.matches("^printed tntlua: ", pipe:read "*a")
      pipe:close()
    end)
  end)

  it("exits with the status a script gives, and runs finalizers at the end", function()
    assert.equal(7, (select(3, run { "-e", "os.exit(7)" })))
    local code = "u = newproxy(true) getmetatable(u).__gc = function() print 'closed' end"
    local out = run { "-e", code }
    assert.equal("closed\n", out)
  end)
end)
