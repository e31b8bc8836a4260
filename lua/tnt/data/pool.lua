-- A loader's worker threads as the loader sees them: start, submit, receive, close. The threads
-- end when the pool is collected, when the Lua state closes, and at the latest when the process
-- exits.

local ffi = require "ffi"
local class = require "tnt.class"
local errors = require "tnt.errors"
local library = require "tnt.data.library"
local transport = require "tnt.data.transport"

-- How long a wait for a batch stays in C, in ms: between waits Lua can be interrupted.
local WAIT = 50

---@class tnt.data.Pool
local Pool = class.new "Pool"

local function explain_setup(path, what)
  local inside = path == "dataset" and "the data set"
    or path:find "^dataset%." and ("field '%s' of the data set"):format(path:sub(9))
    or path:find "^dataset%[" and ("entry %s of the data set"):format(path:sub(8))
    or ("'%s'"):format(path)
  return ("DataLoader: this data set cannot travel to a worker: %s %s. Write it as a class in a "
    .. "file of its own that require finds, with fields that are data (tensors, numbers, strings, "
    .. "booleans, tables); or give {\"my.dataset\", root = ...}, and each worker builds its own by "
    .. "require \"my.dataset\"; or load with num_workers = 0"):format(inside, what)
end

local function explain_job(path, what)
  return ("DataLoader: the sampler gave something that is no position: %s %s"):format(path, what)
end

--- Starts the threads.
--- Errors: argument, when the data set cannot travel; io or memory, when threads cannot be had.
---@param n integer
---@param setup table  what each worker gets: dataset, dtypes, collate
function Pool:init(n, setup)
  local C = library.open()
  local handle = C.tnt_worker_pool_new(n)
  if handle == nil then errors.raise("memory", "DataLoader: not enough memory for workers") end
  self.C, self.handle, self.is_open = C, handle, true
  -- A userdata's finalizer also runs where a newer LuaJIT leaves those of cdata for later.
  self.guard = newproxy(true)
  getmetatable(self.guard).__gc = function() self:close() end
  self.shared = {} -- tensors of the data set, which the workers see until they end
  for i = 1, n do
    C.tnt_worker_pool_setup(handle, i, transport.pack(setup, explain_setup, self.shared))
  end
  local errno = C.tnt_worker_pool_start(handle, package.path, package.cpath, "tnt.data.worker")
  if errno ~= 0 then
    self:close()
    errors.raise("memory", "DataLoader: %d worker threads cannot be started (errno %d); try a "
      .. "smaller num_workers", n, errno)
  end
end

--- Gives work to whichever worker is free first.
---@param job table
---@return ffi.cdata* ticket
function Pool:submit(job)
  local ticket = self.C.tnt_worker_submit(self.handle, transport.pack(job, explain_job))
  if ticket == 0 then errors.raise("memory", "DataLoader: not enough memory for a message") end
  return ticket
end

-- Raises what a worker raised, as it was, with the worker's own lines behind its message.
local function raise(report, what)
  if type(report) == "string" then -- from thread.c: nothing of ours was running yet
    errors.raise("internal", "DataLoader: a worker could not start: %s", report)
  end
  local problem = report.problem
  local behind = ("\n  in loader worker %d, %s%s%s"):format(report.worker, what,
    report.trace ~= "" and ":\n" or "", report.trace)
  if type(problem) == "string" then
    error(problem .. behind, 0)
  elseif getmetatable(problem) == errors.Error then
    problem.message = tostring(problem.message) .. behind
  end
  error(problem, 0)
end

local out_type = ffi.typeof "tnt_worker_message *[1]"

--- Waits for a result. Tensors in it belong to the scope that is open here.
--- Errors: what the worker raised.
---@param ticket ffi.cdata*
---@param what string  for messages: "batch 3"
---@return any|nil batch
function Pool:receive(ticket, what)
  local C, handle, out = self.C, self.handle, ffi.new(out_type)
  local status
  repeat
    if not self.is_open then
      errors.raise("state", "DataLoader: it was closed while an epoch was being read")
    end
    status = C.tnt_worker_receive(out, handle, ticket, WAIT)
  until status ~= 1
  if status == 3 then errors.raise("internal", "DataLoader: a batch was asked for twice") end
  if status == 2 then
    self:close()
    if out[0] == nil then errors.raise("memory", "DataLoader: the workers have ended") end
    raise(transport.unpack(out[0]), "when it was set up")
  end
  local result = transport.unpack(out[0])
  if result.problem ~= nil then raise(result, what) end
  return result.batch
end

--- Drops work that is no longer wanted.
---@param ticket ffi.cdata*
function Pool:cancel(ticket)
  if self.is_open then self.C.tnt_worker_cancel(self.handle, ticket) end
end

--- Ends the threads; each first finishes the sample it is reading.
function Pool:close()
  if not self.is_open then return end
  self.is_open = false
  self.C.tnt_worker_pool_close(self.handle)
  self.shared = nil
end

return Pool
