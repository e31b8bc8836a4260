-- Scopes in Lua (core.md section 1): what is made in one is released when it closes, except what
-- leaves (results), what direct fields of its owners hold (R4), and what `keep` names. In doubt a
-- scope dissolves outward; it never releases. Which coroutine opened a scope decides whether one
-- that was left open may still be wanted.

local core = require "tnt.core"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"
local escape = require "tnt.scope.escape"
local limbo = require "tnt.scope.limbo"
local threads = require "tnt.scope.threads"
local ffi = require "ffi"
local C, context = core.C, core.context
local is_tensor, own = tensor.is_tensor, core.own
local type, next, select, rawget, rawequal = type, next, select, rawget, rawequal
local thread, is_gone = threads.current, threads.is_gone

local scope = {}

local kinds = { scope = C.TNT_SCOPE_PLAIN, module = C.TNT_SCOPE_MODULE, step = C.TNT_SCOPE_STEP }
local OUT_OF_ORDER = tonumber(C.TNT_OUT_OF_ORDER)
local drain -- autograd's dead Lua nodes

-- -- order ---------------------------------------------------------------------------------------
local token_out, thread_out = ffi.new "uint32_t[1]", ffi.new "uint32_t[1]"

local function scope_at(i)
  local status = C.tnt_scope_at(i, token_out, thread_out)
  if status > 0 then core.raise(status) end
  return token_out[0], thread_out[0]
end

-- Whether a scope is innermost, once those are gone that were opened in it and left by an error or
-- a break: its owner closes it, so whoever opened one later in the same coroutine, or in one that
-- is dead, will not come back.
local function reach(token)
  local at
  for i = context.depth, 1, -1 do
    if scope_at(i) == token then
      at = i
      break
    end
  end
  if not at then return false end
  local here = thread()
  for i = context.depth, at + 1, -1 do
    local deeper, opener = scope_at(i)
    if opener == here or is_gone(opener) then C.tnt_scope_dissolve(deeper) end
  end
  return context.innermost == token
end

-- -- leaving -------------------------------------------------------------------------------------

-- One result on its way out of the scope about to close.
local function leave(t)
  if context.depth > 1 then
    local status = C.tnt_leave(t, 0)
    if status > 0 then core.raise(status) end
  else
    local status = C.tnt_keep(t)
    if status > 0 then core.raise(status) end
    if status == C.TNT_OWNED then own(t) end
  end
end

local function leave_nest(value, depth, seen)
  if is_tensor(value) then return leave(value) end
  if type(value) ~= "table" or depth == 0 or getmetatable(value) or seen[value] then return end
  seen[value] = true
  for _, v in next, value do leave_nest(v, depth - 1, seen) end -- order: free
end

local function leave_all(...)
  for i = 1, select("#", ...) do
    local v = (select(i, ...))
    if type(v) == "cdata" then
      if is_tensor(v) then leave(v) end
    elseif type(v) == "table" then
      leave_nest(v, 4, {})
    end
  end
end

--- Keeps a tensor, or every tensor of a nest of tables, beyond the end of its scope.
---@generic T
---@param nest T
---@param seen? table  for its own calls: tables that are done
---@return T nest
function scope.keep(nest, seen)
  if is_tensor(nest) then
    nest:keep()
  elseif type(nest) == "table" then
    seen = seen or {}
    if not seen[nest] then
      seen[nest] = true
      for _, v in next, nest do scope.keep(v, seen) end -- order: free
    end
  end
  return nest
end

--- Keeps the tensors of a nest that an open scope would release, and lists them: what somebody kept
--- before is not listed, and so not taken from him when the list is adopted.
---@param nest any
---@return tnt.Tensor[] list  for adopt
function scope.hold(nest, list, seen)
  list, seen = list or {}, seen or {}
  if is_tensor(nest) then
    local status = C.tnt_keep(nest)
    if status > 0 then core.raise(status) end
    if status == C.TNT_OWNED then list[#list + 1] = own(nest) end
  elseif type(nest) == "table" and not seen[nest] then
    seen[nest] = true
    for _, v in next, nest do scope.hold(v, list, seen) end -- order: free
  end
  return list
end

--- The inverse of keep: hands tensors of a nest over to the innermost scope, as a loader does with
--- the batch that a step consumes (R9). Outside every scope they go on owning themselves.
---@generic T
---@param nest T
---@return T nest
function scope.adopt(nest, seen)
  if is_tensor(nest) then
    if context.depth > 0 then
      local status = C.tnt_adopt(nest)
      if status > 0 then core.raise(status) end
      ffi.gc(nest, nil)
    end
  elseif type(nest) == "table" then
    seen = seen or {}
    if not seen[nest] then
      seen[nest] = true
      for _, v in next, nest do scope.adopt(v, seen) end -- order: free
    end
  end
  return nest
end

-- -- fields (R4, R5) -----------------------------------------------------------------------------
-- holders[t] counts the owners' fields that keep t, by which alone it lives; tensors that were kept
-- by name, or owned themselves before, have none. held[owner][field] is the tensor found there when
-- the owner's scope last closed. One that no field holds any more goes to the step's scope; outside
-- steps its handle owns it.
local held = setmetatable({}, { __mode = "k" })
local holders = setmetatable({}, { __mode = "k" })
core.field_holders = holders

local function let_go(t)
  if context.step == 0 or not t:is_alive() then return end
  ffi.gc(t, nil)
  if C.tnt_adopt(t) == C.TNT_OWNED then own(t) end
  C.tnt_leave(t, 1)
end

local function drop_overwritten(owner)
  local fields = held[owner]
  if not fields then return end
  for field, t in next, fields do -- order: free
    if not rawequal(rawget(owner, field), t) then
      fields[field] = nil
      local n = holders[t]
      if n then
        holders[t] = n > 1 and n - 1 or nil
        if n == 1 then let_go(t) end
      end
    end
  end
end

local function hold(owner, field, t)
  if C.tnt_keep(t) == C.TNT_OWNED then
    own(t)
    holders[t] = holders[t] or 0
  end
  local n = holders[t]
  if not n then return end
  local fields = held[owner]
  if not fields then
    fields = {}
    held[owner] = fields
  end
  if not rawequal(fields[field], t) then
    fields[field] = t
    holders[t] = n + 1
  end
end

local function hold_fields(owner)
  for field, v in next, owner do -- order: free
    if type(v) == "cdata" and is_tensor(v) then hold(owner, field, v) end
  end
end

-- -- plain scopes --------------------------------------------------------------------------------

--- Opens a scope.
---@param kind "step"|"module"|"scope"
---@return integer token
function scope.open(kind)
  local token = C.tnt_scope_open(kinds[kind], thread())
  if token == 0 then errors.raise("memory", "scope: out of memory") end
  return token
end

-- Closed while a coroutine that may go on has deeper ones open: dissolved.
local function close_out_of_order(token, ...)
  scope.dissolve(token)
  if context.depth == 0 then leave_all(...) end
  return ...
end

local function finish(token)
  local status = C.tnt_scope_close(token)
  if status > 0 then core.raise(status) end
  if context.dead_nodes > 0 then drain() end
end

--- Closes a scope: what is in `...` leaves (plain tables to depth 4), the rest is released. Scopes
--- left open in it by an error or a break end with it. Where a coroutine that may go on has a
--- deeper one, it dissolves instead.
---@param token integer
function scope.close(token, ...)
  if context.innermost ~= token and not reach(token) then return close_out_of_order(token, ...) end
  leave_all(...)
  finish(token)
  return ...
end

--- Takes a scope away without releasing anything, with the deeper ones that an error left; those of
--- a coroutine that may go on stay open.
---@param token integer
function scope.dissolve(token)
  if context.innermost ~= token then reach(token) end
  C.tnt_scope_dissolve(token)
  if context.depth == 0 then limbo.tidy() end
end

--- Dissolves every open scope: for the prompt, after a line.
function scope.dissolve_all()
  C.tnt_scope_dissolve_all()
  limbo.tidy()
end

local cli = package.preload["tnt.cli"] and require "tnt.cli" -- only where tntlua is the program
local function note_traceback(err) return cli and cli.keep_traceback(err) or err end

local function close_run(token, ok, ...)
  if not ok then
    scope.dissolve(token)
    error((...), 0)
  end
  return scope.close(token, ...)
end

--- tnt.scope: runs fn(...) in a scope of its own and returns its results; their history stays.
---@param fn function
function scope.run(fn, ...)
  local token = scope.open "scope"
  -- nobody outside would take it up
  if context.depth == 1 then return close_run(token, xpcall(fn, note_traceback, ...)) end
  return scope.close(token, fn(...))
end

-- -- steps of the loops --------------------------------------------------------------------------
-- per list of owners: how many, for the escape check
local steps_closed = setmetatable({}, { __mode = "k" })

--- Closes a step: fields of the owners (unit, hooks, metrics, state) stay. At steps 1, 2, 4, 8, ...
--- their nested tables, and the functions of their classes, are searched for tensors about to be
--- released.
---@param token integer
---@param owners {[1]: table, [2]: string}[]  objects and their names in messages
function scope.close_step(token, owners)
  if context.innermost ~= token and not reach(token) then return scope.dissolve(token) end
  local n = (steps_closed[owners] or 0) + 1
  steps_closed[owners] = n
  for i = 1, #owners do drop_overwritten(owners[i][1]) end
  for i = 1, #owners do hold_fields(owners[i][1]) end
  if escape.is_due(n) then
    local path, t = escape.of_owners(token, owners)
    if path then
      scope.dissolve(token)
      escape.refuse(path, t, "step")
    end
  end
  finish(token)
end

-- -- calls of modules ----------------------------------------------------------------------------
-- What was seen of a module when its call last closed: its field names as a list, and the tensors
-- there. A new name makes the list stale (Module.__newindex says so); walking a list is what
-- compiled code is good at.
local seen_of = setmetatable({}, { __mode = "k" })

--- A module has a new field.
---@param module table
function scope.fields_changed(module)
  local seen = seen_of[module]
  if seen then seen.names = nil end
end

--- Opens the scope of a module's call.
---@return integer token  0 where no scope is outside: that call is outermost_call's
function scope.open_module() return C.tnt_scope_enter(thread()) end

--- A call with no scope outside, where an error would leave the module's open.
---@param module table
---@param forward function  what to call: the module's forward, with its hooks
function scope.outermost_call(module, forward, ...)
  local token = scope.open "module"
  local function finished(ok, ...)
    if not ok then return close_run(token, ok, ...) end
    return scope.close_module(token, module, module.stateless, ...)
  end
  return finished(xpcall(forward, note_traceback, module, ...))
end

local function list_fields(module, seen)
  local names, tensors = {}, {}
  for name, v in next, module do -- order: free
    names[#names + 1] = name
    tensors[#names] = type(v) == "cdata" and is_tensor(v) and v or false
  end
  seen.names, seen.tensors = names, tensors
  drop_overwritten(module)
  for i = 1, #names do
    if tensors[i] then hold(module, names[i], tensors[i]) end
  end
end

local function module_fields(token, module)
  local seen = seen_of[module]
  if not seen then
    seen = { calls = 0 }
    seen_of[module] = seen
  end
  local n = seen.calls + 1
  seen.calls = n
  local names, tensors = seen.names, seen.tensors
  local due = escape.is_due(n)
  if not names or due then
    list_fields(module, seen)
  else
    for i = 1, #names do
      local v = rawget(module, names[i])
      if not rawequal(v, tensors[i]) and (tensors[i] or type(v) == "cdata") then
        list_fields(module, seen)
        break
      end
    end
  end
  if due then
    local path, t = escape.of_module(token, module)
    if path then
      scope.dissolve(token)
      escape.refuse(path, t, "call")
    end
  end
end

--- Closes the scope of a module's call; the results of its forward leave.
---@param token integer
---@param module table
---@param stateless? boolean  its forward assigns no tensor to fields
function scope.close_module(token, module, stateless, ...)
  if context.innermost ~= token and not reach(token) then return close_out_of_order(token, ...) end
  leave_all(...)
  if not stateless then module_fields(token, module) end
  finish(token)
  return ...
end

--- As close_module for a forward with one result: no varargs, which is what hot calls want.
function scope.close_module1(token, module, stateless, y)
  local given
  if type(y) == "cdata" then
    if is_tensor(y) then given = y end
  elseif type(y) == "table" then
    return scope.close_module(token, module, stateless, y)
  end
  if not stateless then module_fields(token, module) end
  local status = C.tnt_scope_leave(token, given)
  if status ~= 0 then
    if status == OUT_OF_ORDER then return scope.close_module(token, module, true, y) end
    if status > 0 then core.raise(status) end
    drain()
  end
  return y
end

--- What a forward hook is given lives until the step ends (R8); outside steps its handles own.
---@param nest any
function scope.until_step(nest)
  if type(nest) == "cdata" then
    if not is_tensor(nest) then return end
    if context.step ~= 0 then
      C.tnt_leave(nest, 1)
      escape.excuse(nest)
    else
      nest:keep()
    end
  elseif type(nest) == "table" and not getmetatable(nest) then
    for _, v in next, nest do scope.until_step(v) end -- order: free
  end
end

-- -- tnt.steps -----------------------------------------------------------------------------------
local turns = setmetatable({}, { __mode = "v" }) -- token -> the iterator whose turn it is

-- Whether a function of this coroutine still uses an iterator: a loop over it has it in a slot of
-- its own.
local function is_in_use(iterator)
  for level = 3, 250 do -- from scope.steps on
    local info = debug.getinfo(level, "f")
    if not info then return false end
    if info.func == iterator then return true end
    for i = 1, 250 do
      local name, v = debug.getlocal(level, i)
      if not name then break end
      if rawequal(v, iterator) and name ~= "(*temporary)" then return true end
    end
  end
  return true
end

-- Turns of loops that were left by break or error in this coroutine, and scopes of coroutines that
-- are dead.
local function dissolve_abandoned()
  local here = thread()
  for i = context.depth, 1, -1 do
    local token, opener = scope_at(i)
    local iterator = turns[token]
    local is_left = iterator and opener == here and not is_in_use(iterator)
    if is_left or is_gone(opener) then scope.dissolve(token) end
  end
end

local function fetcher(loader)
  if type(loader) == "table" and type(loader.iterate) == "function" then return loader:iterate() end
  if type(loader) == "table" then
    local at = 0
    return function()
      at = at + 1
      return loader[at]
    end
  end
  if type(loader) ~= "function" then
    errors.raise("argument", "steps: a loader, a function that returns an iterator or a list was "
      .. "expected, got %s", type(loader))
  end
  local fetch = loader()
  if type(fetch) ~= "function" then
    errors.raise("argument", "steps: a function given as loader must return an iterator (a "
      .. "function that gives the next batch, or nil at the end), got %s", type(fetch))
  end
  return fetch
end

--- For plain loops: `for i, batch in tnt.steps(loader) do ... end` runs each turn in a step's
--- scope, opened before the batch is fetched and closed when the next turn begins. After a break,
--- what the last turn made lives on.
---@param loader any  anything with :iterate(), a function that returns an iterator, or a list
---@return function
function scope.steps(loader)
  if context.depth > 0 then dissolve_abandoned() end
  local fetch = fetcher(loader)
  local i, token = 0, nil
  -- a loop that was left by break never comes back: when its iterator is collected, its scope
  -- dissolves
  local guard = newproxy(true)
  getmetatable(guard).__gc = function()
    if token then C.tnt_scope_dissolve(token) end
  end
  local function iterator()
    local _ = guard
    if token then
      local before = token
      token = nil
      scope.close(before)
    end
    token = scope.open "step"
    turns[token] = iterator
    local batch = fetch()
    if batch == nil then
      local before = token
      token = nil
      scope.close(before)
      return nil
    end
    i = i + 1
    return i, batch
  end
  return iterator
end

function drain() require("tnt.autograd").drain() end

return scope
