-- What batch norms remember of training, their running statistics, as a thing of its own: counted
-- anew for other weights (averaged ones, mostly), or taken over from another module.

local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local Module = require "tnt.nn.module"
local norm = require "tnt.nn.norm"
local scope = require "tnt.scope"

local function batch_norms(who, module)
  if not Module.is_module(module) then
    errors.raise("argument", "%s: an nn.Module was expected, got %s", who, type(module))
  end
  local list = {}
  for _, each in ipairs(module:modules()) do
    if (each:is(norm.BatchNorm1d) or each:is(norm.BatchNorm2d)) and each.running_mean then
      list[#list + 1] = each
    end
  end
  return list
end

--- Counts the running statistics of every batch norm in a module anew: plain means over one pass of
--- a loader, without gradients. For averaged weights (`tnt.optim.AveragedModel`), whose own
--- statistics nobody has seen. Modes and momenta are as before afterwards. A module without batch
--- norms is left alone, and the loader unread.
--- Errors: argument; whatever the module or the loader raises.
--- Source: torch.optim.swa_utils.update_bn.
---@param loader any  as loops take them: with :iterate(), a function returning an iterator, a list
---@param module tnt.nn.Module
---@param forward (fun(module: tnt.nn.Module, batch: any))|nil  what is done with a batch; default:
---  the module is called with it, or with its first entry or field `x` where it is a table
---@return integer batches
local function update_bn(loader, module, forward)
  local norms = batch_norms("update_bn", module)
  if #norms == 0 then return 0 end
  local modes, momenta, batches = {}, {}, 0
  for _, each in ipairs(module:modules()) do modes[#modes + 1] = { each, each.training } end
  for i, each in ipairs(norms) do
    momenta[i] = each.momentum
    each.momentum = nil -- a plain mean
    each.running_mean:zero_()
    each.running_var:fill_(1)
    each.num_batches_tracked:zero_()
  end
  forward = forward or function(net, batch)
    if type(batch) == "table" and getmetatable(batch) == nil then batch = batch[1] or batch.x end
    return net(batch)
  end
  local former = grad_mode.set(false)
  local ok, err = pcall(function()
    module:train()
    for i, batch in scope.steps(loader) do
      forward(module, batch)
      batches = i
    end
  end)
  grad_mode.set(former)
  for i, each in ipairs(norms) do each.momentum = momenta[i] end
  for _, entry in ipairs(modes) do entry[1].training = entry[2] end
  if not ok then error(err, 0) end
  return batches
end

--- Copies the running statistics of batch norms from one module to another of the same structure.
--- Errors: argument, when they have not as many batch norms; shape.
--- Source: torchtnt/utils/misc.py, transfer_batch_norm_stats.
---@param from tnt.nn.Module
---@param to tnt.nn.Module
---@return tnt.nn.Module to
local function transfer_batch_norm_stats(from, to)
  local sources = batch_norms("transfer_batch_norm_stats", from)
  local targets = batch_norms("transfer_batch_norm_stats", to)
  if #sources ~= #targets then
    errors.raise("argument", "transfer_batch_norm_stats: %d batch norms with statistics in the "
      .. "first module, %d in the second", #sources, #targets)
  end
  for i, source in ipairs(sources) do
    for _, name in ipairs { "running_mean", "running_var", "num_batches_tracked" } do
      targets[i][name]:copy_(source[name])
    end
  end
  return to
end

return { update_bn = update_bn, transfer_batch_norm_stats = transfer_batch_norm_stats }
