-- What the specs of files and checkpoints share: folders that are removed at the end, bytes in and
-- out, and a comparison of nests that is exact to the bit.

local ffi = require "ffi"
local lfs = require "lfs"
local message = require "tnt.loop.message"
local tensor = require "tnt.tensor"
local block = require "tnt.files.block"

local scratch = { warnings = {} }

message.sink = function(level, text)
  if level == "warning" then scratch.warnings[#scratch.warnings + 1] = text end
end

local folders = {}

--- A new empty folder.
function scratch.folder()
  local path = os.tmpname()
  os.remove(path)
  assert(lfs.mkdir(path))
  folders[#folders + 1] = path
  return path
end

--- Removes the folders made so far, and forgets the warnings.
function scratch.clean()
  for _, path in ipairs(folders) do os.execute("LD_PRELOAD= rm -rf '" .. path .. "'") end
  folders, scratch.warnings = {}, {}
end

function scratch.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

function scratch.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- The output of a shell command.
function scratch.capture(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

--- Whether processes can be started: under the thread sanitizer some kernels kill every child.
function scratch.can_start() return scratch.capture "echo x" == "x\n" end

--- What runs this process, for starting another.
scratch.interpreter = arg[-1]
for i = -1, -20, -1 do
  if arg[i] == nil then break end
  scratch.interpreter = arg[i]
end

--- What a tensor is, in one string: dtype, sizes, bytes.
function scratch.bytes(x)
  local data, n = block.data(x)
  local text = n == 0 and "" or ffi.string(data, n)
  return ("%s {%s} %s"):format(x.dtype, table.concat(x.shape, ","), text)
end

local function number_text(x)
  return ffi.string(ffi.new("double[1]", x), 8)
end

--- Raises with the place when two nests differ in anything.
function scratch.same(expected, found, place)
  place = place or "value"
  if tensor.is_tensor(expected) then
    assert(tensor.is_tensor(found), place .. " is no tensor")
    assert(scratch.bytes(expected) == scratch.bytes(found), place .. " differs")
    return
  end
  assert(type(expected) == type(found),
    ("%s is a %s, expected a %s"):format(place, type(found), type(expected)))
  if type(expected) == "table" then
    for key, value in pairs(expected) do
      scratch.same(value, found[key], place .. "." .. tostring(key))
    end
    for key in pairs(found) do
      assert(expected[key] ~= nil, place .. "." .. tostring(key) .. " is too many")
    end
  elseif type(expected) == "number" then
    assert(number_text(expected) == number_text(found) or expected ~= expected and found ~= found,
      ("%s is %.17g, expected %.17g"):format(place, found, expected))
  elseif type(expected) == "cdata" then
    assert(ffi.typeof(expected) == ffi.typeof(found) and expected == found, place .. " differs")
  else
    assert(expected == found, place .. " differs")
  end
end

return scratch
