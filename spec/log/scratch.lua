-- What the specs of loggers share: directories that `teardown(scratch.clean)` removes, files as
-- text, records, and a clock that stands still unless it is moved.

local clock = require "tnt.loop.clock"
local message = require "tnt.loop.message"

local scratch = { time = 100, warnings = {} }

clock.now = function() return scratch.time end
message.sink = function(_, text) scratch.warnings[#scratch.warnings + 1] = text end

local directories = {}

--- What runs this process, for starting another: luajit, or the program in a bundle.
scratch.interpreter = arg[-1]
for i = -1, -20, -1 do
  if arg[i] == nil then break end
  scratch.interpreter = arg[i]
end

--- Removes the directories made so far.
function scratch.clean()
  for _, path in ipairs(directories) do os.execute("rm -rf '" .. path .. "'") end
end

--- A new empty directory.
function scratch.directory()
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkdir '" .. path .. "'") == 0)
  directories[#directories + 1] = path
  return path
end

function scratch.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

function scratch.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- A record as the loops make it.
function scratch.record(step, values, fields)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end -- order: free
  table.sort(names)
  local record = {
    at = "step", phase = "train", step = step, update = step, epoch = 0,
    time = 1700000000.25 + step, names = names, values = values,
  }
  for name, value in pairs(fields or {}) do record[name] = value end -- order: free
  return record
end

--- State and unit as a logger's `open` gets them.
function scratch.run(dir, steps, entry)
  return { entry_point = entry or "fit", dir = dir },
    { train_progress = { num_steps_completed = steps or 0 } }
end

--- The error a call raises.
function scratch.failure(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error came")
  return err
end

return scratch
