-- What runs in a worker thread (core/worker/thread.c): builds the data set from the set-up message,
-- then turns positions into batches until the pool closes. A scope around each batch releases what
-- the data set made on the way; what is sent is held by the message.

local ffi = require "ffi"
local errors = require "tnt.errors"
local library = require "tnt.data.library"
local transport = require "tnt.data.transport"

local C = library.open()

local function explain(path, what)
  return ("DataLoader: a batch cannot leave its worker: %s %s; samples hold tensors, numbers, "
    .. "booleans, strings and tables of these"):format(
    path == "" and "it" or ("field '%s'"):format(path), what)
end

-- The lines of the user's that were running, innermost first.
local function trace_of(level)
  local lines = {}
  for at = level + 1, level + 100 do
    local info = debug.getinfo(at, "Sln")
    if not info then break end
    if info.currentline > 0 and not errors.is_own(info.source) then
      lines[#lines + 1] = ("    %s:%d: in %s"):format(info.short_src, info.currentline,
        info.name and ("function '%s'"):format(info.name) or "a function")
    end
  end
  return table.concat(lines, "\n")
end

-- What is raised is sent as it is where it can travel, else as text.
local function report(problem) return { problem = problem, trace = trace_of(2) } end

local function pack_report(found, number)
  local what = { problem = found.problem, trace = found.trace, worker = number }
  local ok, message = pcall(transport.pack, what, explain)
  if ok then return message end
  what.problem = tostring(found.problem)
  return transport.pack(what, explain)
end

local function fetcher_of(setup, stopping)
  return require "tnt.data.fetch" (setup.dataset,
    { dtypes = setup.dtypes, collate = setup.collate, stopping = stopping })
end

local function answer(fetcher, job)
  local batch
  if job.ids then
    batch = fetcher:batch(job.seed, job.epoch, job.number, job.ids)
  else
    batch = fetcher:following(job.stream, job.order, job.number)
  end
  return transport.pack({ batch = batch }, explain)
end

return function(address, number)
  local pool = ffi.cast("tnt_worker_pool *", ffi.cast("uintptr_t", address))
  local function stopping() return C.tnt_worker_stopping(pool) ~= 0 end

  local ok, fetcher = xpcall(function()
    return fetcher_of(transport.unpack(C.tnt_worker_pool_take_setup(pool, number)), stopping)
  end, report)
  if not ok then
    C.tnt_worker_fail(pool, pack_report(fetcher, number))
    return
  end

  local core = require "tnt.core"
  require "tnt.data.random".enter_worker()
  local ticket = ffi.new "int64_t[1]"
  while true do
    local message = C.tnt_worker_take(ticket, pool)
    if message == nil then return end
    local scope = core.C.tnt_scope_open(core.C.TNT_SCOPE_PLAIN, 0)
    local good, result = xpcall(function() return answer(fetcher, transport.unpack(message)) end,
      report)
    if not good then result = pack_report(result, number) end
    C.tnt_worker_give(pool, ticket[0], result)
    core.C.tnt_scope_close(scope)
  end
end
