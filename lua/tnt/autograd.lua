-- Backward, tnt.grad and tnt.Function. The walk is the core's; a gradient written in Lua is pulled:
-- the core returns "needs Lua" with the node, Lua computes and calls on.

local ffi = require "ffi"
local core = require "tnt.core"
local errors = require "tnt.errors"
local tensor = require "tnt.tensor"
local grad_mode = require "tnt.grad_mode"
local C, check, new, finish = core.C, core.check, core.new, core.finish
local context = core.context
local is_tensor = tensor.is_tensor

local autograd = {}

-- The Lua halves of nodes, by id: what forward left for backward, and the tensors it holds (core.md
-- R10).
local nodes, last_id = {}, 0

local function forget(id)
  local node = nodes[id]
  nodes[id] = nil
  if not node then return end
  for _, t in ipairs(node.held) do
    if t:is_alive() then t:free() end
  end
end

--- Drops the Lua halves of nodes that died; called when scopes close, and by calls of functions
--- outside them.
function autograd.drain()
  while true do
    local id = C.tnt_dead_node()
    if id == 0 then return end
    forget(id)
  end
end

local pulled = ffi.new [[struct {
  int32_t id; int n_dy, n_in; tnt_tensor dy[4], dx[64]; uint8_t needs[64], given[64];
}]]
local id_out = ffi.new "int32_t[1]"
local n_dy_out, n_in_out = ffi.new "int[1]", ffi.new "int[1]"

-- Results that ctx holds have no history, which would lead back to the node itself. Under
-- create_graph they get it for the time of the pull, so that gradients of gradients see them.
local function lend_history(walk, node)
  local lent = {}
  for i, place in ipairs(node.results) do
    local y = new()
    local status = C.tnt_backward_result(y, walk, place.table[place.key], place.output)
    if status > 0 then core.raise(status) end
    lent[i] = { place, place.table[place.key] }
    place.table[place.key] = y
  end
  return lent
end

local function pull_body(walk, options)
  local status = C.tnt_backward_pull(walk, id_out, pulled.dy, n_dy_out, pulled.needs, n_in_out)
  if status > 0 then core.raise(status) end
  local node = nodes[id_out[0]]
  if not node then errors.raise("internal", "backward: the Lua half of a node is gone") end
  local dy, n_in = {}, n_in_out[0]
  for i = 1, n_dy_out[0] do
    dy[i] = new()
    ffi.copy(dy[i], pulled.dy + (i - 1), ffi.sizeof(core.Handle))
  end
  local ctx = node.ctx
  ctx.needs = {}
  local at = 0
  for i = 1, node.n_args do
    if node.is_tensor[i] then
      ctx.needs[i] = pulled.needs[at] ~= 0
      at = at + 1
    else
      ctx.needs[i] = false
    end
  end
  ctx.walk_options = options
  local lent = options.create_graph and lend_history(walk, node)
  local results = { pcall(node.backward, ctx, unpack(dy)) }
  ctx.walk_options = nil
  for _, pair in ipairs(lent or {}) do pair[1].table[pair[1].key] = pair[2] end
  if not results[1] then error(results[2], 0) end
  at = 0
  for i = 1, node.n_args do
    if node.is_tensor[i] then
      local g = results[i + 1]
      if g ~= nil and not is_tensor(g) then
        errors.raise("argument", "%s.backward: result %d must be a tensor or nil, got %s",
          node.name, i, type(g))
      end
      pulled.given[at] = g ~= nil and 1 or 0
      if g ~= nil then pulled.dx[at] = g end
      at = at + 1
    end
  end
  check(C.tnt_backward_push(walk, pulled.dx, pulled.given, n_in))
end

-- One pull, in a scope of its own (R1). It is recorded when gradients of gradients are wanted.
local function pull(walk, options)
  local scope = require "tnt.scope"
  local token = scope.open "scope"
  local recording = grad_mode.set(options.create_graph and true or false)
  local ok, err = pcall(pull_body, walk, options)
  grad_mode.set(recording)
  if not ok then
    scope.dissolve(token)
    error(err, 0)
  end
  scope.close(token)
end

local walk_out = ffi.new "tnt_backward *[1]"

local function run(walk, options)
  while true do
    local status = C.tnt_backward_run(walk)
    if status == 0 then return end
    if status ~= C.TNT_PULL then core.raise(status) end
    pull(walk, options)
  end
end

-- Runs what follows a first pull, and closes the walk whatever happens.
local function pull_and_run(walk, options)
  local ok, err = pcall(function()
    pull(walk, options)
    run(walk, options)
  end)
  C.tnt_backward_close(walk)
  if context.dead_nodes > 0 then autograd.drain() end
  if not ok then error(err, 0) end
end

local function open(ys, seeds, inputs, create_graph, retain_graph)
  check(C.tnt_backward_open(walk_out, ys and ys.items, seeds and seeds.items, ys.n,
    inputs and inputs.items, inputs and inputs.n or 0,
    create_graph and 1 or 0, retain_graph and 1 or 0))
  return walk_out[0]
end


---@class tnt.BackwardOptions
---@field retain_graph? boolean  the graph stays for another backward
---@field create_graph? boolean  gradients get a history, for gradients of gradients

local check_options = errors.check_options
local backward_options = { "retain_graph", "create_graph" }

--- Computes the gradients of a one-element tensor (or of x with a gradient of its own shape) into
--- .grad of leaves, where they add up.
---@param x tnt.Tensor
---@param gradient? tnt.Tensor|tnt.BackwardOptions
---@param options? tnt.BackwardOptions
function tensor.methods.backward(x, gradient, options)
  if gradient ~= nil and not is_tensor(gradient) then gradient, options = nil, gradient end
  local create_graph, retain_graph = false, false
  if options then
    check_options("backward", options, backward_options)
    create_graph, retain_graph = options.create_graph, options.retain_graph
  end
  if type(x) ~= "cdata" then core.operand("backward", "x", x) end
  check(C.tnt_backward_open(walk_out, x, gradient, 1, nil, 0, create_graph and 1 or 0,
    retain_graph and 1 or 0))
  local walk = walk_out[0]
  local status = C.tnt_backward_run(walk)
  if status == C.TNT_PULL then return pull_and_run(walk, { create_graph = create_graph }) end
  C.tnt_backward_close(walk)
  if status ~= 0 then core.raise(status) end
end

--- Backward from several tensors at once, each with a gradient of its own; for gradients written in
--- Lua that run a part of the forward again.
---@param ys tnt.Tensor[]
---@param gradients tnt.Tensor[]
function autograd.backward_from(ys, gradients)
  local walk = open(core.list(ys), core.list(gradients), nil, false, false)
  local status = C.tnt_backward_run(walk)
  if status == C.TNT_PULL then return pull_and_run(walk, {}) end
  C.tnt_backward_close(walk)
  if status ~= 0 then core.raise(status) end
end

local found = ffi.new "int[1]"

local function as_list(value)
  if is_tensor(value) then return { value }, true end
  return value, false
end

---@class tnt.GradOptions: tnt.BackwardOptions
---@field grad_outputs? tnt.Tensor[]  gradients to begin with, of the outputs' shapes
---@field allow_unused? boolean       an input that the outputs do not depend on is no error

--- Gradients of outputs with respect to inputs, returned instead of added to .grad.
---@param outputs tnt.Tensor|tnt.Tensor[]
---@param inputs tnt.Tensor|tnt.Tensor[]
---@param options? tnt.GradOptions
---@return tnt.Tensor|tnt.Tensor[]  as inputs came; false in a list for one not used (allow_unused)
function autograd.grad(outputs, inputs, options)
  options = options or {}
  check_options("grad", options, { "grad_outputs", "create_graph", "retain_graph", "allow_unused" })
  local ys = core.list((as_list(outputs)))
  local list, single = as_list(inputs)
  local xs = core.list(list)
  local seeds = options.grad_outputs and core.list((as_list(options.grad_outputs)))
  local walk = open(ys, seeds, xs, options.create_graph, options.retain_graph)
  local result = {}
  local ok, err = pcall(function()
    run(walk, { create_graph = options.create_graph, is_partial = true })
    for i = 1, xs.n do
      local g = new()
      local status = C.tnt_backward_input(g, walk, i - 1, found)
      if status ~= 0 then g = finish(status, g) end
      if found[0] ~= 0 then result[i] = g
      elseif options.allow_unused then result[i] = false
      else errors.raise("state",
        "grad: input %d was not used for the outputs; pass {allow_unused = true} if that is meant",
          i) end
    end
  end)
  C.tnt_backward_close(walk)
  if context.dead_nodes > 0 then autograd.drain() end
  if not ok then error(err, 0) end
  if single then return result[1] or nil end
  return result
end

-- -- tnt.Function --------------------------------------------------------------------------------
---@class tnt.FunctionContext  what forward leaves for backward; its tensors are held by the graph
local Context = {}
Context.__index = Context

--- Remembers tensors for backward.
function Context:save(...) self.saved_tensors = { ... } end

--- The tensors that save() was given, as several values.
function Context:saved()
  for i, t in ipairs(self.saved_tensors or {}) do
    if tensor.describe(t).version ~= self.saved_versions[i] then
      errors.raise("state",
        "%s.backward: saved tensor %d was changed in place after forward had saved it", self.name,
          i)
    end
  end
  return unpack(self.saved_tensors or {})
end

-- Tensors of ctx live as long as the node: each is replaced by an alias of its own; results by one
-- without their history (lend_history). Returns the aliases, and where results are.
local function hold(ctx, results)
  local held, places = {}, {}
  local function alias(t, container, key)
    for i = 1, #results do
      if rawequal(results[i], t) then
        local y = t:detach():keep()
        held[#held + 1] = y
        places[#places + 1] = { table = container, key = key, output = i - 1 }
        return y
      end
    end
    local y = new()
    local status = C.tnt_alias(y, t)
    if status > 0 then core.raise(status) end
    C.tnt_keep(y)
    core.own(y)
    held[#held + 1] = y
    return y
  end
  local function walk(container, depth) -- nested tables are copied: they may be the caller's
    for key, v in next, container do -- order: free
      if is_tensor(v) then
        container[key] = alias(v, container, key)
      elseif type(v) == "table" and depth > 0 and not getmetatable(v) then
        local copy = {}
        for k, inner in next, v do copy[k] = inner end -- order: free
        container[key] = copy
        walk(copy, depth - 1)
      end
    end
  end
  walk(ctx, 3)
  ctx.saved_versions = {}
  for i, t in ipairs(ctx.saved_tensors or {}) do
    ctx.saved_versions[i] = tensor.describe(t).version
  end
  return held, places
end

-- Gives the results of a forward the history of a node whose gradient is written in Lua.
local function attach(self, ctx, results, xs, n_args, is_tensor_arg)
  for i, y in ipairs(results) do
    if not is_tensor(y) then
      errors.raise("argument", "%s.forward: result %d must be a tensor, got %s", self.name, i,
        type(y))
    end
    for _, x in ipairs(xs) do
      if rawequal(x, y) then -- an argument handed through gets a handle of its own
        results[i] = x:detach()
      end
    end
  end
  local held, places = hold(ctx, results)
  repeat last_id = last_id % 2147483646 + 1 until not nodes[last_id]
  local id = last_id
  nodes[id] = {
    name = self.name, backward = self.backward, ctx = ctx, held = held, results = places,
      n_args = n_args,
    is_tensor = is_tensor_arg,
  }
  local ys, list = core.list(results), core.list(xs)
  local status = C.tnt_lua_node(ys.items, ys.n, list.items, list.n, id)
  if status ~= 0 then
    forget(id)
    core.raise(status)
  end
end

local function call(self, ...)
  if context.dead_nodes > 0 then autograd.drain() end -- outside scopes nobody else does
  local n = select("#", ...)
  local args = { ... }
  local ctx = setmetatable({ needs = {}, name = self.name }, Context)
  local wanted = self.is_always_recorded
  local is_tensor_arg, xs = {}, {}
  for i = 1, n do
    if is_tensor(args[i]) then
      is_tensor_arg[i] = true
      xs[#xs + 1] = args[i]
      ctx.needs[i] = args[i].requires_grad
      wanted = wanted or ctx.needs[i]
    else
      ctx.needs[i] = false
    end
  end
  local recording = grad_mode.set(false)
  local results = { pcall(self.forward, ctx, ...) }
  grad_mode.set(recording)
  if not results[1] then error(results[2], 0) end
  table.remove(results, 1)
  if not (wanted and recording) then return unpack(results) end
  if #results == 0 then
    errors.raise("argument", "%s.forward: a tensor was expected as result", self.name)
  end
  attach(self, ctx, results, xs, n, is_tensor_arg)
  return unpack(results)
end

local Function = {}
Function.__index = Function
Function.__call = call
function Function:__tostring() return "tnt.Function " .. self.name end

--- A function with a gradient of its own: {name, forward(ctx, ...) -> tensors, backward(ctx, dy...)
--- -> dx...}. A missing result of backward is no gradient; ctx.needs[i] tells which arguments want
--- one.
---@param definition {name?: string, forward: function, backward: function}
---@return function
function autograd.Function(definition)
  check_options("Function", definition, { "name", "forward", "backward" })
  for _, name in ipairs { "forward", "backward" } do
    if type(definition[name]) ~= "function" then errors.raise("argument",
        "Function: %s must be a function, got %s", name, type(definition[name])) end
  end
  return setmetatable({ name = definition.name or "Function", forward = definition.forward,
    backward = definition.backward }, Function)
end

return autograd
