-- A process that trains and saves is killed (-9) at moments nobody chose: after a step it reported
-- and a while of counting. What it announced last is always there and whole, and runs that go on
-- end bit-equal. scripts/kill does the same at length with the examples.

local folder = require "tnt.checkpoint.folder"
local index = require "tnt.checkpoint.index"
local run = require "tnt.checkpoint.run"
local scratch = require "spec.files.scratch"

local dir
setup(function() dir = scratch.folder() end)
teardown(scratch.clean)

local command = scratch.interpreter
  .. " spec/fixtures/small_run.lua --width 20000 --save_every 1 --dir "

local function finish(where)
  local text = scratch.capture(command .. where)
  assert(text:find("result: done", 1, true), text)
  return run.read(where)
end

-- Starts a run, kills it after a number of steps and a while; nil when it had ended before.
local function start_and_kill(where, steps, turns)
  local pipe = assert(io.popen("echo $$; exec " .. command .. where .. " 2>&1"))
  local pid = assert(pipe:read "*n")
  for _ = 1, steps do
    if not pipe:read "*l" then break end
  end
  local sum = 0
  for i = 1, turns do sum = (sum + i * i) % 1000003 end
  os.execute("kill -9 " .. pid .. " 2>/dev/null")
  pipe:close()
  return sum
end

describe("a run that is killed", function()
  it("finds its last checkpoint whole and ends as if nothing had been", function()
    if not scratch.can_start() then pending "no process can be started here" end
    local whole = finish(dir .. "/whole")
    local seed = os.time()
    math.randomseed(seed)
    for trial = 1, 8 do
      local where = dir .. "/" .. trial
      for _ = 1, 3 do
        start_and_kill(where, math.random(2, 60), math.random(0, 3000000))
        local path = folder.of(where)
        local entry, why = folder.linked(path, "latest")
        if entry then
          index.verify(entry.index)
        else
          assert(why:find("no such link", 1, true), why)
        end
        for _, found in ipairs(folder.list(path)) do index.verify(assert(found.index)) end
      end
      local ended = finish(where)
      for _, part in ipairs { "app", "random", "metrics" } do
        local same, why = pcall(scratch.same, whole[part], ended[part], part)
        assert(same, ("seed %d, trial %d: %s"):format(seed, trial, tostring(why)))
      end
    end
  end)
end)
