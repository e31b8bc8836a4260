-- nn.checkpoint: a part of a network whose inner results are not kept for backward but computed
-- again there, with the same random numbers. It is a tnt.Function whose gradient runs the part's
-- own graph; parameters of modules it calls get their gradients from that inner backward, straight
-- into .grad.

local tensor = require "tnt.tensor"
local autograd = require "tnt.autograd"
local core = require "tnt.core"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local random = require "tnt.random"
local scope = require "tnt.scope"

local is_tensor = tensor.is_tensor

-- What backward will read of a closure besides its arguments. A tensor there that wants a gradient
-- would get none; the others must live until then.
local function check_upvalues(fn, seen, depth)
  if seen[fn] or depth == 0 then return end
  seen[fn] = true
  local source = debug.getinfo(fn, "S").source
  if source == "=[C]" or errors.is_own(source) then return end
  for i = 1, 60 do
    local name, value = debug.getupvalue(fn, i)
    if not name then return end
    if is_tensor(value) then
      if value.requires_grad then
        errors.raise("state",
          "checkpoint: upvalue `%s` needs a gradient, which only arguments get; pass it as one: "
          .. "tnt.nn.checkpoint(fn, ..., %s)", name, name)
      end
      scope.until_step(value)
    elseif type(value) == "table" and getmetatable(value) == nil then
      for _, v in next, value do -- order: free
        if is_tensor(v) then scope.until_step(v) end
      end
    elseif type(value) == "function" then
      check_upvalues(value, seen, depth - 1)
    end
  end
end

local function packed(...) return { n = select("#", ...), ... } end

-- The forward once more, recorded, on arguments cut from their history.
local function run_again(ctx)
  local args = { n = ctx.n }
  for i = 1, ctx.n do
    local value = ctx.values[i]
    if ctx.is_tensor[i] then
      value = ctx.tensors[i]
      if tensor.describe(value).version ~= ctx.versions[i] then
        errors.raise("state", "checkpoint: argument %d was changed in place after the forward", i)
      end
      value = value:detach()
      if ctx.needs[i + 1] then value:requires_grad_() end
    end
    args[i] = value
  end
  local now = random.state()
  random.set_state(ctx.random)
  local results = packed(pcall(grad_mode.enable_grad, ctx.fn, unpack(args, 1, ctx.n)))
  random.set_state(now)
  if not results[1] then error(results[2], 0) end
  return args, results
end

local again = autograd.Function {
  name = "checkpoint",
  forward = function(ctx, call, ...)
    ctx.fn, ctx.n, ctx.random = call.fn, select("#", ...), random.state()
    ctx.values, ctx.tensors, ctx.is_tensor, ctx.versions = {}, {}, {}, {}
    for i = 1, ctx.n do
      local value = (select(i, ...))
      if is_tensor(value) then
        ctx.tensors[i], ctx.is_tensor[i], ctx.versions[i] = value, true,
          tensor.describe(value).version
      else
        ctx.values[i] = value
      end
    end
    return scope.run(call.fn, ...)
  end,
  backward = function(ctx, ...)
    if ctx.walk_options.create_graph or ctx.walk_options.is_partial then
      errors.raise("state",
        "checkpoint: only backward() goes through it, and without create_graph: its parameters "
          .. "get their gradients in .grad")
    end
    local args, results = run_again(ctx)
    local ys, gradients = {}, {}
    for i = 1, results.n - 1 do
      local y = results[i + 1]
      if y.requires_grad then
        ys[#ys + 1], gradients[#gradients + 1] = y, (select(i, ...))
      end
    end
    if #ys > 0 then autograd.backward_from(ys, gradients) end
    local out = {}
    for i = 1, ctx.n do
      if ctx.is_tensor[i] and ctx.needs[i + 1] then out[i + 1] = args[i].grad end
    end
    return unpack(out, 1, ctx.n + 1)
  end,
}

again.is_always_recorded = true -- parameters inside want gradients even where no argument does

--- Calls fn(...) without keeping its inner results for backward, which runs it again with the same
--- random numbers. Of what fn returns only tensors are possible. A module can stand for fn.
--- Gradients go to arguments and to the parameters of modules that fn calls. Errors: state for a
--- tensor among fn's upvalues that needs a gradient; and in backward for tnt.grad and create_graph.
---@param fn function|tnt.nn.Module
---@return tnt.Tensor ...
local function checkpoint(fn, ...)
  if type(fn) == "function" then check_upvalues(fn, {}, 3)
  elseif type(fn) ~= "table" or not (getmetatable(fn) or {}).__call then
    errors.raise("argument", "checkpoint: a function or a module was expected first, got %s",
      type(fn))
  end
  if core.context.grad_mode == 0 then return fn(...) end
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    if type(value) == "table" and getmetatable(value) == nil then
      for key, v in next, value do -- order: free
        if is_tensor(v) and v.requires_grad then
          errors.raise("state",
            "checkpoint: argument %d is a table whose [%s] needs a gradient; pass such tensors "
              .. "as arguments of their own", i, tostring(key))
        end
      end
    end
  end
  return again({ fn = fn }, ...)
end

return { checkpoint = checkpoint }
