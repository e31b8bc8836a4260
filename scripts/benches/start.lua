-- Start-up: `tntlua -e ''`, and with the tensor library loaded; wall time and peak memory of the
-- process.
package.path = "scripts/benches/?.lua;" .. package.path
local clock = require "clock"
local program = (os.getenv "TNT_BUILD" or "build") .. "/bin/tntlua"

local function measure(name, code)
  local times = {}
  for i = 1, 15 do
    local start = clock.now()
    assert(os.execute(("%s -e '%s'"):format(program, code)) == 0)
    times[i] = clock.now() - start
  end
  table.sort(times)
  print(("%s %.2f ms"):format(name, times[8] * 1e3))
  local pipe =
    io.popen(("%s -e '%s for l in io.lines(\"/proc/self/status\") do "
      .. "local k = l:match(\"VmHWM:%%s+(%%d+)\") if k then print(k) end end'"):format(program,
      code))
  print(("%s_memory %.1f MB"):format(name, tonumber(pipe:read "*l") / 1024))
  pipe:close()
end
measure("empty", "")
measure("tensor", "local x = require(\"tnt\").ones(2) ")
