-- tnt.dist: the processes of a run. A program asks its questions here and works alike with one
-- process and with many. What crosses processes is the business of a group (dist/group.lua); this
-- file checks what it is given and knows no transport.

local check = require "tnt.check_option"
local class = require "tnt.class"
local environment = require "tnt.dist.environment"
local errors = require "tnt.errors"
local message = require "tnt.loop.message"
local plain = require "tnt.dist.plain"

local dist = {}

local group -- the running one; made when it is first asked for

local function current()
  if not group then group = require("tnt.dist.group").open(environment.read()) end
  return group
end

---@class tnt.dist.InitOptions
---@field device string|nil  what this process must find: "cpu", "cuda"; default: whatever there is

local OPTIONS = class.declaration("tnt.dist.init", { device = class.NONE })

--- Starts the group of this run's processes, as the variables RANK, WORLD_SIZE, LOCAL_RANK and
--- LOCAL_WORLD_SIZE of launchers such as torchrun describe it, and says which device is this
--- process' own. The loops call it; a second call changes nothing.
---
--- Errors: collective, when a run of several processes is asked for (this version runs in one);
--- argument, when the variables contradict each other; device, when the one wanted is missing.
---@param options tnt.dist.InitOptions|nil
---@return string device  "cpu" or "cuda:N"
function dist.init(options)
  local o = class.read("tnt.dist.init", OPTIONS, options or {})
  if o.device ~= nil then check.word("tnt.dist.init", "device", o.device, { "cpu", "cuda" }) end
  current()
  if o.device == "cpu" then return "cpu" end
  local device, why = dist.device()
  if o.device == "cuda" and device == "cpu" then
    errors.raise("device", "tnt.dist.init: device = 'cuda' was asked for: %s", why)
  end
  return device
end

--- Whether the group has been started.
---@return boolean
function dist.is_initialized() return group ~= nil end

--- Ends the group. What is asked afterwards starts it anew.
function dist.destroy()
  if group then group:close() end
  group = nil
end

--- This process' number, from 0.
--- Errors: as `init`, here and below.
---@return integer
function dist.rank() return current().rank end

--- How many processes there are.
---@return integer
function dist.size() return current().size end

--- This process' number on its machine, from 0.
---@return integer
function dist.local_rank() return current().local_rank end

--- How many processes there are on this machine.
---@return integer
function dist.local_size() return current().local_size end

--- Whether this is the process that writes files and speaks: rank 0.
---@return boolean
function dist.is_main() return current().rank == 0 end

--- This process' own device: the card with the number of its local rank, else the CPU.
--- Errors: device, when there are fewer cards than processes on this machine.
---@return string device   "cuda:N" or "cpu"
---@return string|nil why  it is the CPU
function dist.device()
  local at = current().local_rank
  local cuda = require "tnt.cuda"
  local available, why = cuda.is_available()
  if not available then return "cpu", why end
  if at >= cuda.device_count() then
    errors.raise("device", "tnt.dist: this process' card would be cuda:%d, and there are %d; start "
      .. "no more processes on a machine than it has cards", at, cuda.device_count())
  end
  return "cuda:" .. at
end

--- Waits until every process has come here.
function dist.barrier() current():barrier() end

local OPS = { "sum", "mean", "max", "min", "prod" }

local function check_tensor(who, t)
  local tensor = package.loaded["tnt.tensor"]
  if not (tensor and tensor.is_tensor(t)) then
    errors.raise("argument", "tnt.dist.%s: a tensor was expected, got %s", who, type(t))
  end
end

local function check_rank(who, name, value)
  local size = current().size
  if value == nil then return 0 end
  if type(value) ~= "number" or value % 1 ~= 0 or value < 0 or value >= size then
    errors.raise("argument", "tnt.dist.%s: %s must be a rank from 0 to %d, got %s", who, name,
      size - 1, tostring(value))
  end
  return value
end

--- Replaces a tensor, in place, by its sum ("mean", "max", "min", "prod") over all processes.
---@param t tnt.Tensor     the same shape and dtype everywhere
---@param op string|nil    default "sum"
---@return tnt.Tensor t
function dist.all_reduce(t, op)
  check_tensor("all_reduce", t)
  op = op == nil and "sum" or op
  check.word("tnt.dist.all_reduce", "op", op, OPS)
  current():all_reduce(t, op)
  return t
end

--- Replaces a tensor, in place, by that of one process.
---@param t tnt.Tensor  the same shape and dtype everywhere
---@param source integer|nil  a rank; default 0
---@return tnt.Tensor t
function dist.broadcast(t, source)
  check_tensor("broadcast", t)
  current():broadcast(t, check_rank("broadcast", "source", source))
  return t
end

--- Everybody's tensor, by rank + 1. Sizes may differ, the number of dimensions may not.
---@param t tnt.Tensor
---@return tnt.Tensor[]
function dist.all_gather(t)
  check_tensor("all_gather", t)
  return current():all_gather(t)
end

--- Everybody's tensor, by rank + 1, in one process; nil in the others.
---@param t tnt.Tensor
---@param destination integer|nil  a rank; default 0
---@return tnt.Tensor[]|nil
function dist.gather(t, destination)
  check_tensor("gather", t)
  destination = check_rank("gather", "destination", destination)
  local list = current():all_gather(t)
  return current().rank == destination and list or nil
end

--- One process' value, everywhere. A value is plain data: numbers, strings, booleans, nil, and
--- tables of them without a metatable.
---@param value any  looked at in the source alone
---@param source integer|nil  a rank; default 0
---@return any
function dist.broadcast_object(value, source)
  source = check_rank("broadcast_object", "source", source)
  if current().rank == source then plain.check("tnt.dist.broadcast_object", value) end
  return current():broadcast_object(value, source)
end

--- Everybody's value, by rank + 1; plain data as in `broadcast_object`.
---@param value any
---@return any[] values
---@return integer n  how many: `values` has holes where somebody gave nil
function dist.all_gather_object(value)
  plain.check("tnt.dist.all_gather_object", value)
  return current():all_gather_object(value), current().size
end

--- Gives the i-th value of one process' list to rank i - 1.
---@param list any[]|nil  of as many values as there are processes; looked at in the source alone
---@param source integer|nil  a rank; default 0
---@return any
function dist.scatter_object(list, source)
  source = check_rank("scatter_object", "source", source)
  if current().rank == source then
    if type(list) ~= "table" or table.maxn(list) > current().size then
      errors.raise("argument", "tnt.dist.scatter_object: a list of %d values was expected, one for "
        .. "each process, got %s", current().size,
        type(list) == "table" and table.maxn(list) or type(list))
    end
    plain.check("tnt.dist.scatter_object", list)
  end
  local values = current():broadcast_object(list, source)
  return values[current().rank + 1]
end

---@class tnt.dist.Quorum  exactly one of the two
---@field count integer|nil  true when at least so many processes say true
---@field ratio number|nil   true when at least this part of them does, 0 to 1

-- Reads a coherence mode: a function of (how many said true, how many there are), or "rank_zero".
local function quorum(mode)
  if mode == nil or mode == "any" then return function(yes) return yes > 0 end end
  if mode == "all" then return function(yes, all) return yes == all end end
  if mode == "rank_zero" then return mode end
  if type(mode) == "table" and (mode.count == nil) ~= (mode.ratio == nil) then
    errors.check_options("tnt.dist.sync_bool", mode, { "count", "ratio" })
    if mode.count ~= nil then
      check.count("tnt.dist.sync_bool", "count", mode.count, 0)
      return function(yes) return yes >= mode.count end
    end
    check.number("tnt.dist.sync_bool", "ratio", mode.ratio, 0)
    if mode.ratio <= 1 then return function(yes, all) return yes / all >= mode.ratio end end
  end
  errors.raise("argument", "tnt.dist.sync_bool: coherence_mode must be 'any', 'all', 'rank_zero', "
    .. "{count = N} or {ratio = 0 to 1}, got %s%s",
    type(mode) == "table" and "another table" or tostring(mode),
    type(mode) == "number" and " (in Lua 1 and 1.0 are one number, so say which is meant)" or "")
end

--- One answer for all processes, from a boolean of each: true when "any" (default) says true, when
--- "all" do, what "rank_zero" says, or from a count or ratio of processes on.
---
---     local must_stop = tnt.dist.sync_bool(time_is_over, "rank_zero")
---
--- Errors: argument, for a value that is no boolean, or another mode.
---@param value boolean
---@param coherence_mode string|tnt.dist.Quorum|nil
---@return boolean
function dist.sync_bool(value, coherence_mode)
  if type(value) ~= "boolean" then
    errors.raise("argument", "tnt.dist.sync_bool: true or false was expected, got %s",
      tostring(value))
  end
  local decide = quorum(coherence_mode)
  if decide == "rank_zero" then return current():broadcast_object(value, 0) end
  local yes = 0
  for _, answer in ipairs(current():all_gather_object(value)) do
    if answer then yes = yes + 1 end
  end
  return decide(yes, current().size)
end

local function check_function(who, fn)
  local meta = type(fn) == "table" and getmetatable(fn)
  if type(fn) == "function" or meta and meta.__call then return end
  errors.raise("argument", "tnt.dist.%s: a function was expected, got %s", who, type(fn))
end

--- A function that does what `fn` does in rank 0 and gives nothing in the others.
---@param fn function
---@return function
function dist.rank_zero_fn(fn)
  check_function("rank_zero_fn", fn)
  return function(...)
    if current().rank == 0 then return fn(...) end
  end
end

--- A function that does what `fn` does in the first process of each machine.
---@param fn function
---@return function
function dist.local_rank_zero_fn(fn)
  check_function("local_rank_zero_fn", fn)
  return function(...)
    if current().local_rank == 0 then return fn(...) end
  end
end

--- A function that runs `fn` in rank 0 alone and gives what it returns (plain data) everywhere: for
--- whatever reads a file system. An error in it is raised in every process.
---@param fn function
---@return function
function dist.rank_zero_read_and_broadcast(fn)
  check_function("rank_zero_read_and_broadcast", fn)
  return function(...)
    local answer
    if current().rank == 0 then
      local ok, result = pcall(fn, ...)
      -- An error object is no plain data: the others get its kind and text.
      local is_object = not ok and getmetatable(result) == errors.Error
      answer = ok and { result = result } or { kind = is_object and result.kind or "internal",
        text = is_object and result.message or tostring(result) }
      if not ok and current().size == 1 then error(result, 0) end
    end
    answer = dist.broadcast_object(answer, 0)
    if answer.kind then errors.raise(answer.kind, "%s (in rank 0)", answer.text) end
    return answer.result
  end
end

--- print, in rank 0 alone.
function dist.rank_zero_print(...)
  if current().rank == 0 then print(...) end
end

--- A message for whoever looks for a mistake (TNT_LOG=debug), of rank 0 alone.
---@param fmt string  as in string.format
function dist.rank_zero_debug(fmt, ...)
  if current().rank == 0 then message.debug(fmt, ...) end
end

--- A remark (TNT_LOG=info), of rank 0 alone.
---@param fmt string  as in string.format
function dist.rank_zero_info(fmt, ...)
  if current().rank == 0 then message.info(fmt, ...) end
end

--- A warning, of rank 0 alone.
---@param fmt string  as in string.format
function dist.rank_zero_warn(fmt, ...)
  if current().rank == 0 then message.warn(fmt, ...) end
end

--- A message that something went wrong, of rank 0 alone. It raises nothing.
---@param fmt string  as in string.format
function dist.rank_zero_error(fmt, ...)
  if current().rank == 0 then message.error(fmt, ...) end
end

-- TorchTNT's and PyTorch's names.
local RENAMED = {
  get_global_rank = "rank", get_rank = "rank", get_world_size = "size", world_size = "size",
  get_local_rank = "local_rank", get_local_world_size = "local_size", init_from_env = "init",
  init_process_group = "init", get_device_from_env = "device", all_gather_tensors = "all_gather",
  destroy_process_group = "destroy", broadcast_str = "broadcast_object",
  all_gather_str = "all_gather_object", rank_zero_critical = "rank_zero_error",
  broadcast_object_list = "broadcast_object", scatter_object_list = "scatter_object",
}

return setmetatable(dist, {
  __index = function(_, name)
    if RENAMED[name] then
      errors.raise("argument", "tnt.dist: %s is called %s here", name, RENAMED[name])
    end
    errors.unknown("tnt.dist", "name", name, require("tnt.sorted").keys(dist))
  end,
})
