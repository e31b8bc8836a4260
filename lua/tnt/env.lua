-- `tntlua -m tnt.env`: what is installed and which devices there are, for bug reports. Every part
-- is asked separately, so that the report is complete when something is broken or missing.

local ffi = require "ffi"

local env = {}

local function first_line(path, pattern)
  local file = io.open(path)
  if not file then return nil end
  for line in file:lines() do
    local found = line:match(pattern)
    if found then
      file:close()
      return found
    end
  end
  file:close()
end

local function count_lines(path, pattern)
  local n = 0
  local file = io.open(path)
  if not file then return 0 end
  for line in file:lines() do
    if line:find(pattern) then n = n + 1 end
  end
  file:close()
  return n
end

local function try(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  return "FAILS: " .. tostring(result):gsub("\n.*", "")
end

local function program(add)
  local cli = package.preload["tnt.cli"] and require "tnt.cli"
  add("tntlua", cli and cli.version or "not running (this is another interpreter)")
  add("Lua files", (package.searchpath("tnt.env", package.path) or "?"):gsub("/env%.lua$", ""))
  local status = { jit.status() }
  add("LuaJIT", ("%s, %s %s%s, JIT %s"):format(jit.version, jit.os, jit.arch,
    ffi.abi "gc64" and ", GC64" or "", status[1] and "on" or "off"))
end

local function machine(add)
  local system = first_line("/etc/os-release", '^PRETTY_NAME="?([^"]*)"?')
  local kernel = first_line("/proc/sys/kernel/osrelease", "^(.*)$")
  add("system", ("%s, kernel %s"):format(system or "unknown", kernel or "unknown"))
  add("processor", ("%s, %d visible"):format(
    first_line("/proc/cpuinfo", "^model name%s*:%s*(.*)$") or "unknown",
    count_lines("/proc/cpuinfo", "^processor%s*:")))
  local total = tonumber(first_line("/proc/meminfo", "^MemTotal:%s*(%d+)"))
  local free = tonumber(first_line("/proc/meminfo", "^MemAvailable:%s*(%d+)"))
  if total and free then
    add("memory", ("%.1f GiB, %.1f GiB available"):format(total / 2 ^ 20, free / 2 ^ 20))
  end
end

local function library(add)
  local path = package.searchpath("tnt.libtnt", package.cpath)
  add("libtnt", path or "NOT FOUND on package.cpath")
  if not path then return end
  local ok, core = pcall(require, "tnt.core")
  if not ok then
    add("  loading", "FAILS: " .. tostring(core))
    return
  end
  local C = core.C
  add("  version", try(function() return ffi.string(C.tnt_version()) end))
  add("  kernels", try(function() return ffi.string(C.tnt_isa()) end))
  add("  threads", try(function() return tostring(C.tnt_num_threads()) end))
  add("  build", try(function() return C.tnt_hard() == 1 and "hard (TNT_HARD)" or "normal" end))
end

-- Whether a plug-in is there and its own libraries can be found.
local PLUGINS = {
  { "hdf5", "checkpoints, tnt.save" },
  { "dnnl", "fast convolutions" },
  { "worker", "loader threads" },
  { "cuda", "CUDA devices" },
}

local loaded = {} -- keeps what was opened alive: unloading OpenMP's libraries is not safe

local function plugins(add)
  for _, plugin in ipairs(PLUGINS) do
    local name, purpose = unpack(plugin)
    local path = package.searchpath("tnt.libtnt_" .. name, package.cpath)
    local state = "not in this build"
    if path then
      local ok, result = pcall(ffi.load, path)
      loaded[#loaded + 1] = ok and result or nil
      state = ok and "loads" or "FAILS: " .. tostring(result)
    end
    add("libtnt_" .. name, ("%s (%s)"):format(state, purpose))
  end
end

local function devices(add)
  local driver = first_line("/proc/driver/nvidia/version", "^NVRM version:%s*(.*)$")
  add("NVIDIA driver", driver or "none")
  local ok, tnt = pcall(require, "tnt")
  local cuda = ok and try(function() return tnt.cuda end)
  if type(cuda) ~= "table" then return end
  local there, reason = cuda.is_available()
  if not there then
    add("CUDA", reason)
    return
  end
  local count = cuda.device_count()
  add("CUDA", ("%d card%s"):format(count, count == 1 and "" or "s"))
  local ok_versions, versions = pcall(cuda.versions)
  if not ok_versions then versions = {} end
  for _, part in ipairs {
    { "runtime", "CUDA runtime" }, { "driver", "CUDA of the driver" }, { "cublas", "cuBLASLt" },
    { "cudnn", "cuDNN" }, { "nccl", "NCCL" },
  } do
    add("  " .. part[2], versions[part[1]] or "not in this build")
  end
  for i = 0, count - 1 do
    add(("  cuda:%d"):format(i), try(function()
      local p = cuda.properties(i)
      return ("%s, compute capability %s, %d multiprocessors, %.1f GiB, bus %s"):format(p.name,
        p.capability, p.processors, p.total_memory / 2 ^ 30, p.bus)
    end))
  end
end

local MODULES = {
  { "cjson", "_VERSION" }, { "lfs", "_VERSION" }, { "lyaml", "_VERSION" },
  { "argparse", "version" },
}

local function modules(add)
  for _, module in ipairs(MODULES) do
    local name, field = unpack(module)
    local ok, result = pcall(require, name)
    local version = ok and type(result) == "table" and result[field]
    add("module " .. name, ok and tostring(version or "there") or "not installed")
  end
end

local function settings(add)
  local ok, tnt = pcall(require, "tnt")
  if not ok then return end
  add("processes", try(function()
    return ("rank %d of %d"):format(tnt.dist.rank(), tnt.dist.size())
  end))
  add("default dtype", try(function() return tnt.get_default_dtype() end))
  add("determinism", try(function() return tnt.deterministic() end))
end

-- Variables that change how the program runs, in this order.
local VARIABLES = {
  "LUA_PATH", "LUA_CPATH", "LUA_INIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "OMP_NUM_THREADS",
  "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "CUDA_HOME",
  "NCCL_DEBUG", "TNT_TRACE", "TNT_ISA", "TNT_SYNC", "TNT_NVTX", "TNT_CUDA_LIBRARY", "TNT_LOG",
  "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
}

local function variables(add)
  for _, name in ipairs(VARIABLES) do
    local value = os.getenv(name)
    if value then add("$" .. name, value) end
  end
end

---@class tnt.env.Entry
---@field name string
---@field value string
---@field shown string  the name as the report prints it, indented below what it belongs to

--- What is installed, as a list: for a log, or for a program's own checks.
---@return tnt.env.Entry[]
function env.collect()
  local list = {}
  local function add(name, value)
    list[#list + 1] = { name = name:match "^%s*(.*)$", value = tostring(value), shown = name }
  end
  for _, part in ipairs {
    program, machine, library, plugins, devices, modules, settings, variables,
  } do
    local ok, err = pcall(part, add)
    if not ok then add("this report", "FAILS: " .. tostring(err)) end
  end
  return list
end

--- The report, one "name: value" a line.
---@return string
function env.report()
  local lines = {}
  for i, entry in ipairs(env.collect()) do
    lines[i] = ("%s: %s"):format(entry.shown, entry.value)
  end
  return table.concat(lines, "\n")
end

--- Prints the report.
function env.main()
  io.write(env.report(), "\n")
end

return env
