-- nn.summary: what a network is made of, as a tree and as a table of text. With inputs the network
-- is called once, in evaluation mode, and differentiated once; modes, buffers, gradients and the
-- random stream are then as before.

local tensor = require "tnt.tensor" -- first: autograd is a part of it
local autograd = require "tnt.autograd"
local class = require "tnt.class"
local clock = require "tnt.loop.clock"
local context = require("tnt.core").context
local errors = require "tnt.errors"
local flops = require "tnt.flops"
local forwards = require "tnt.nn.forwards"
local grad_mode = require "tnt.grad_mode"
local Module = require "tnt.nn.module"
local random = require "tnt.random"
local scope = require "tnt.scope"
local table_of = require "tnt.nn.summary_table"

local is_tensor, bytes_of = tensor.is_tensor, require("tnt.memory.size").of

---@class tnt.nn.Summary
---@field name string        as state names have it; "" for the network itself
---@field type string        its class
---@field parameters integer elements of all parameters of the subtree, shared ones once
---@field trainable integer  of those, elements that want a gradient
---@field bytes integer      of parameters and buffers
---@field in_shape any       with inputs: sizes of a tensor, a list of such for several or a nest;
---  of its last call; nil when it was not called
---@field out_shape any
---@field seconds number|nil with inputs: of the forward of its calls, all together
---@field calls integer|nil  with inputs
---@field flops_forward integer|nil   with inputs: floating-point operations of the subtree as
---  tnt.flops counts them
---@field flops_backward integer|nil  of its gradient; nil without one
---@field children tnt.nn.Summary[]
local Summary = {}
Summary.__index = Summary

local function check_depth(who, depth)
  local is_whole = type(depth) == "number" and (depth == math.huge or depth % 1 == 0)
  if is_whole and depth >= 1 then return end
  errors.raise("argument", "%s: depth must be a whole number from 1 on, got %s", who,
    tostring(depth))
end

-- One node and those below it down to `depth`; `by_module` gets module -> nodes.
local function describe(module, name, depth, by_module)
  local node = setmetatable({
    name = name, type = tostring(class.of(module)), parameters = 0, trainable = 0, bytes = 0,
    children = {},
  }, Summary)
  for _, p in ipairs(module:parameters()) do
    local n = p:numel()
    node.parameters = node.parameters + n
    node.bytes = node.bytes + bytes_of(p)
    if p.requires_grad then node.trainable = node.trainable + n end
  end
  for _, buffer in ipairs(module:buffers()) do
    node.bytes = node.bytes + bytes_of(buffer)
  end
  by_module[module] = by_module[module] or {}
  table.insert(by_module[module], node)
  if depth > 1 then
    for child_name, child in module:named_children() do
      local full = name == "" and child_name or name .. "." .. child_name
      node.children[#node.children + 1] = describe(child, full, depth - 1, by_module)
    end
  end
  return node
end

-- The sizes of a tensor, a list of them for a table; nil for anything else.
local function shape_of(value, depth)
  if is_tensor(value) then return value.shape end
  if type(value) ~= "table" or getmetatable(value) ~= nil or depth == 0 then return nil end
  local shapes = {}
  for i = 1, table.maxn(value) do shapes[i] = shape_of(value[i], depth - 1) or "?" end
  return shapes
end

local function shape_of_all(n, ...)
  if n == 1 then return shape_of((...), 3) end
  return shape_of({ ... }, 3)
end

local function finish(nodes, began, region, ...)
  local seconds, shape = clock.now() - began, shape_of_all(select("#", ...), ...)
  context.region = region
  for _, node in ipairs(nodes) do
    node.seconds, node.calls = (node.seconds or 0) + seconds, (node.calls or 0) + 1
    node.out_shape = shape
  end
  return ...
end

-- A forward that takes notes; what runs in it belongs to `number`.
local function noting(own, nodes, number)
  return function(self, ...)
    local shape, region = shape_of_all(select("#", ...), ...), context.region
    for _, node in ipairs(nodes) do node.in_shape = shape end
    context.region = number
    return finish(nodes, clock.now(), region, own(self, ...))
  end
end

-- The sum of all float results that have a history, or nil.
local function loss_of(value, depth)
  if is_tensor(value) then return value.requires_grad and value:sum() or nil end
  if type(value) ~= "table" or getmetatable(value) ~= nil or depth == 0 then return nil end
  local loss
  for i = 1, table.maxn(value) do
    local part = loss_of(value[i], depth - 1)
    loss = loss and part and loss + part or loss or part
  end
  return loss
end

-- Gradients go past .grad. Whether there were any: a network with activation checkpointing has none
-- without writing them.
local function differentiate(net, results)
  local parameters = net:parameters { trainable = true }
  local loss = #parameters > 0 and loss_of(results, 3)
  if not loss then return false end
  return (pcall(autograd.grad, loss, parameters, { allow_unused = true }))
end

local function call_in_scope(net, inputs, backward)
  local was_differentiated
  scope.run(function()
    local run = backward and grad_mode.enable_grad or grad_mode.no_grad
    local results = { run(net, unpack(inputs, 1, table.maxn(inputs))) }
    was_differentiated = backward and differentiate(net, results)
  end)
  return was_differentiated
end

-- Every node gets the counts of the modules of its subtree, each once.
local function add_counts(by_module, numbers, counts, was_differentiated)
  for module, nodes in pairs(by_module) do -- order: free
    local forward, backward = 0, 0
    for _, inner in ipairs(module:modules()) do
      local count = counts[numbers[inner]]
      forward, backward = forward + count.forward, backward + count.backward
    end
    for _, node in ipairs(nodes) do
      node.flops_forward = forward
      node.flops_backward = was_differentiated and backward or nil
    end
  end
end

-- Calls the network and puts back what that may have changed, whatever came of it.
local function call(net, inputs, by_module, backward)
  local modules, modes, buffers, numbers = net:modules(), {}, {}, {}
  for i, module in ipairs(modules) do modes[i] = rawget(module, "training") end
  local restore = forwards(net, function(module, own, i)
    numbers[module] = i
    return noting(own, by_module[module] or {}, i)
  end)
  for i, buffer in ipairs(net:buffers()) do buffers[i] = { buffer, buffer:detach():clone() } end
  local stream, region = random.state(), context.region
  net:eval()
  local ok, err, counts, was_differentiated = pcall(flops.by_region, #modules, call_in_scope, net,
    inputs, backward)
  context.region = region
  restore()
  for i, module in ipairs(modules) do rawset(module, "training", modes[i]) end
  grad_mode.no_grad(function()
    for _, pair in ipairs(buffers) do
      pair[1]:copy_(pair[2])
      pair[2]:free()
    end
  end)
  random.set_state(stream)
  if not ok then error(err, 0) end
  add_counts(by_module, numbers, counts, was_differentiated)
end

--- Takes away what lies deeper than so many levels, the node itself being the first.
--- Errors: argument, when depth is not a whole number from 1 on.
---@param depth integer
---@return tnt.nn.Summary self
function Summary:prune(depth)
  check_depth("Summary:prune", depth)
  if depth == 1 then self.children = {} end
  for _, child in ipairs(self.children) do child:prune(depth - 1) end
  return self
end

--- The table: a line for each module of the tree, with inputs columns of shapes, operations and
--- times.
---@param options? {exact?: boolean}  exact: 1234 instead of 1.2 K
---@return string
function Summary:text(options) return table_of(self, options and options.exact) end

function Summary:__tostring() return self:text() end

local function is_options(value)
  return type(value) == "table" and getmetatable(value) == nil and #value == 0
    and (value.depth ~= nil or value.backward ~= nil)
end

---@class tnt.nn.SummaryOptions
---@field depth? integer     levels of the tree, the network itself being 1; default all
---@field backward? boolean  with inputs: count the operations of the gradient too, which keeps the
---  forward's results for that time; default true

--- What a network is made of; `print(tnt.nn.summary(net, x))` shows it as a table.
--- Errors: argument, for what is no module, or a depth that is not a whole number from 1 on; state,
--- within tnt.flops; what the network raises when it is called with the inputs.
---
--- ```lua
--- local node = tnt.nn.summary(tnt.nn.Linear(3, 4), tnt.ones(2, 3))
--- node.parameters -- 16
--- node.flops_forward -- 48
--- ```
---@param net tnt.nn.Module
---@param inputs? tnt.Tensor|any[]  what to call it with: a tensor, or a list of arguments
---@param options? tnt.nn.SummaryOptions
---@return tnt.nn.Summary
local function summary(net, inputs, options)
  if not Module.is_module(net) then
    errors.raise("argument", "nn.summary: a module was expected first, got %s",
      class.is_class(net) and "the class " .. tostring(net) .. "; call it to make one" or type(net))
  end
  if options == nil and is_options(inputs) then inputs, options = nil, inputs end
  options = options or {}
  errors.check_options("nn.summary", options, { "depth", "backward" })
  local depth = options.depth or math.huge
  check_depth("nn.summary", depth)
  if is_tensor(inputs) then inputs = { inputs } end
  if inputs ~= nil and (type(inputs) ~= "table" or getmetatable(inputs) ~= nil) then
    errors.raise("argument", "nn.summary: inputs must be a tensor or a list of arguments, got %s",
      type(inputs))
  end
  local by_module = {}
  local node = describe(net, "", depth, by_module)
  if inputs then call(net, inputs, by_module, options.backward ~= false) end
  return node
end

return { summary = summary }
