-- Scopes in Lua (core.md section 1): what is made in one is released when it closes, except what leaves (results), what
-- direct fields of its owners hold (R4), and what `keep` names. In doubt a scope dissolves outward; it never releases.

local core = require "tnt.core"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"
local ffi = require "ffi"
local C, context = core.C, core.context
local is_tensor, own = tensor.is_tensor, core.own
local type, next, select = type, next, select

local scope = {}

local kinds = { scope = C.TNT_SCOPE_PLAIN, module = C.TNT_SCOPE_MODULE, step = C.TNT_SCOPE_STEP }
local drain -- autograd's dead Lua nodes

-- -- leaving ------------------------------------------------------------------------------------------------------------------

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

--- Keeps the tensors of a nest that an open scope would release, and lists them: what somebody kept before is not listed,
--- and so not taken from him when the list is adopted.
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

--- The inverse of keep: hands tensors of a nest over to the innermost scope, as a loader does with the batch that a step
--- consumes (R9). Outside every scope they go on owning themselves.
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

-- -- fields (R4, R5) --------------------------------------------------------------------------------------------------------------
-- held[owner][field] is the tensor that was found there when the owner's scope closed; holders[t] counts such places. A
-- tensor that none holds any more goes to the scope that is closing.
local held = setmetatable({}, { __mode = "k" })
local holders = setmetatable({}, { __mode = "k" })

local function drop_overwritten(owner)
  local fields = held[owner]
  if not fields then return end
  for field, t in next, fields do -- order: free
    if rawget(owner, field) ~= t then
      fields[field] = nil
      local n = (holders[t] or 1) - 1
      holders[t] = n > 0 and n or nil
      if n == 0 and t:is_alive() then
        ffi.gc(t, nil)
        if C.tnt_adopt(t) == C.TNT_OWNED then own(t) end
      end
    end
  end
end

local function hold_fields(owner)
  local fields = held[owner]
  for field, v in next, owner do -- order: free
    if type(v) == "cdata" and is_tensor(v) and C.tnt_keep(v) == C.TNT_OWNED then
      own(v)
      if not fields then
        fields = {}
        held[owner] = fields
      end
      if fields[field] ~= v then
        fields[field] = v
        holders[v] = (holders[v] or 0) + 1
      end
    end
  end
end

-- -- the escape check (R7) ------------------------------------------------------------------------------------------------------------
local function power_of_two(n)
  while n > 1 and n % 2 == 0 do n = n / 2 end
  return n == 1
end

local hard = C.tnt_hard() ~= 0

-- Looks through nested tables and functions' upvalues for a tensor that closing would release, and returns its path.
local function find_escape(value, path, token, depth, seen, is_owner)
  local kind = type(value)
  if kind == "cdata" then
    if is_tensor(value) then
      local ok, will = pcall(C.tnt_will_release, value, token) -- istype takes a ctype for one of its values
      if ok and will ~= 0 then return path end
    end
  elseif kind == "table" then
    if seen[value] or depth == 0 then return end
    seen[value] = true
    for key, v in next, value do -- order: free
      local t = type(v)
      if t == "table" or t == "cdata" or t == "function" then
        local name = type(key) == "string" and key:match "^[%a_][%w_]*$" and "." .. key or "[" .. tostring(key) .. "]"
        local found = find_escape(v, path .. name, token, depth - 1, seen)
        if found then return found end
      end
    end
    local class = getmetatable(value)
    if is_owner and class and not seen[class] then -- the methods of the user's classes
      seen[class] = true
      for key, v in next, class do -- order: free
        if type(v) == "function" then
          local found = find_escape(v, ("%s.%s"):format(tostring(rawget(class, "__name") or path), tostring(key)), token, 2, seen)
          if found then return found end
        end
      end
    end
  elseif kind == "function" then
    if seen[value] then return end
    seen[value] = true
    local source = debug.getinfo(value, "S").source
    if source == "=[C]" or errors.is_own(source) then return end
    for i = 1, 60 do
      local name, v = debug.getupvalue(value, i)
      if not name then break end
      local t = type(v)
      if t == "cdata" or (t == "table" and not package.loaded[v] and getmetatable(v) == nil) then
        local found = find_escape(v, ("upvalue `%s` of %s"):format(name, path), token, 2, seen)
        if found then return found end
      end
    end
  end
end

local function refuse_escape(path, what)
  errors.raise("released", "%s would be released at the end of this %s, but is still reachable there: tnt.keep it, return it, "
    .. "or store it in a direct field (Metric:collect(v) gathers lists)", path, what)
end

-- -- plain scopes ------------------------------------------------------------------------------------------------------------------------

--- Opens a scope.
---@param kind "step"|"module"|"scope"
---@return integer token
function scope.open(kind)
  local token = C.tnt_scope_open(kinds[kind])
  if token == 0 then errors.raise("memory", "scope: out of memory") end
  return token
end

--- Closes a scope: what is in `...` leaves (plain tables to depth 4), the rest is released. A scope that is not the
--- innermost one dissolves instead.
---@param token integer
function scope.close(token, ...)
  leave_all(...)
  local status = C.tnt_scope_close(token)
  if status > 0 then core.raise(status) end
  if context.dead_nodes > 0 then drain() end
  return ...
end

--- Takes a scope away without releasing anything; deeper ones go with it.
---@param token integer
function scope.dissolve(token) C.tnt_scope_dissolve(token) end

--- Dissolves every open scope: for the prompt, after a line.
function scope.dissolve_all() C.tnt_scope_dissolve_all() end

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
  if context.depth == 1 then return close_run(token, pcall(fn, ...)) end -- nobody outside would take it up
  return scope.close(token, fn(...))
end

-- -- steps of the loops ----------------------------------------------------------------------------------------------------------------------
local steps_closed = setmetatable({}, { __mode = "k" }) -- per list of owners: how many, for the escape check

--- Closes a step: fields of the owners (unit, hooks, metrics, state) stay. At steps 1, 2, 4, 8, ... their nested tables,
--- and the functions of their classes, are searched for tensors about to be released.
---@param token integer
---@param owners {[1]: table, [2]: string}[]  objects and their names in messages
function scope.close_step(token, owners)
  local n = (steps_closed[owners] or 0) + 1
  steps_closed[owners] = n
  for i = 1, #owners do drop_overwritten(owners[i][1]) end
  for i = 1, #owners do hold_fields(owners[i][1]) end
  if hard or power_of_two(n) then
    local seen = { [_G] = true, [package.loaded] = true }
    for i = 1, #owners do
      local path = find_escape(owners[i][1], owners[i][2], token, 6, seen, true)
      if path then
        scope.dissolve(token)
        refuse_escape(path, "step")
      end
    end
  end
  local status = C.tnt_scope_close(token)
  if status > 0 then core.raise(status) end
  if context.dead_nodes > 0 then drain() end
end

-- -- calls of modules ----------------------------------------------------------------------------------------------------------------------------
local calls = setmetatable({}, { __mode = "k" })

--- Opens the scope of a module's call.
---@return integer token
function scope.open_module() return C.tnt_scope_open(C.TNT_SCOPE_MODULE) end

local function module_fields(token, module)
  drop_overwritten(module)
  hold_fields(module)
  local n = (calls[module] or 0) + 1
  calls[module] = n
  if hard or power_of_two(n) then
    local name = tostring(rawget(getmetatable(module) or {}, "__name") or "module")
    local seen = { [_G] = true, [package.loaded] = true }
    for key, v in next, module do -- order: free; child modules have calls of their own
      if type(v) == "table" and not calls[v] and not (getmetatable(v) and v.forward) then
        local found = find_escape(v, name .. "." .. tostring(key), token, 5, seen)
        if found then
          scope.dissolve(token)
          refuse_escape(found, "call")
        end
      end
    end
    local forward = module.forward
    if type(forward) == "function" then
      local found = find_escape(forward, name .. ".forward", token, 3, seen)
      if found then
        scope.dissolve(token)
        refuse_escape(found, "call")
      end
    end
  end
end

--- Closes the scope of a module's call; the results of its forward leave.
---@param token integer
---@param module table
---@param stateless? boolean  its forward assigns no tensor to fields
function scope.close_module(token, module, stateless, ...)
  leave_all(...)
  if not stateless then module_fields(token, module) end
  local status = C.tnt_scope_close(token)
  if status > 0 then core.raise(status) end
  if context.dead_nodes > 0 then drain() end
  return ...
end

--- As close_module for a forward with one result: no varargs, which is what hot calls want.
function scope.close_module1(token, module, stateless, y)
  if type(y) == "cdata" then
    local status = context.depth > 1 and C.tnt_leave(y, 0) or C.tnt_keep(y)
    if status ~= 0 then
      if status > 0 then core.raise(status) end
      if context.depth <= 1 then own(y) end
    end
  elseif type(y) == "table" then
    leave_nest(y, 4, {})
  end
  if not stateless then module_fields(token, module) end
  local status = C.tnt_scope_close(token)
  if status > 0 then core.raise(status) end
  if context.dead_nodes > 0 then drain() end
  return y
end

--- What a forward hook is given lives until the step ends (R8).
---@param nest any
function scope.until_step(nest)
  if is_tensor(nest) then
    C.tnt_leave(nest, 1)
  elseif type(nest) == "table" and not getmetatable(nest) then
    for _, v in next, nest do scope.until_step(v) end -- order: free
  end
end

-- -- tnt.steps ---------------------------------------------------------------------------------------------------------------------------------------
--- For plain loops: `for i, batch in tnt.steps(loader) do ... end` runs each turn in a step's scope, opened before the
--- batch is fetched and closed when the next turn begins.
---@param loader any  anything with :iterate(), an iterator function, or a list
---@return function
function scope.steps(loader)
  local fetch
  if type(loader) == "function" then fetch = loader
  elseif type(loader) == "table" and type(loader.iterate) == "function" then fetch = loader:iterate()
  elseif type(loader) == "table" then
    local at = 0
    fetch = function()
      at = at + 1
      return loader[at]
    end
  else
    errors.raise("argument", "steps: a loader, an iterator function or a list was expected, got %s", type(loader))
  end
  local i, token = 0, nil
  -- a loop that was left by break never comes back: when its iterator is collected, its scope dissolves
  local guard = newproxy(true)
  getmetatable(guard).__gc = function()
    if token then scope.dissolve(token) end
  end
  return function()
    local _ = guard
    if token then
      local before = token
      token = nil
      scope.close(before)
    end
    token = scope.open "step"
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
end

function drain() require("tnt.autograd").drain() end

return scope
