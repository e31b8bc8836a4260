-- Steps of an AutoUnit with `cuda_graph`: forward, backward, clipping and the optimizer's step are
-- captured by the card and replayed; counters, schedules, averages, logs and events stay the
-- host's, after each replay. A window of accumulation has a graph for each kind of step in it (its
-- first, its last, those between).
local class = require "tnt.class"
local core = require "tnt.core"
local errors = require "tnt.errors"
local losses = require "tnt.auto_unit.losses"
local parameter = require "tnt.nn.parameter"
local tensor = require "tnt.tensor"
local window = require "tnt.auto_unit.window"

local C = core.C

local captured = {}

--- Refuses what cuda_graph does not go together with.
--- Errors: argument.
---@param unit tnt.AutoUnit
function captured.check(unit)
  local who = tostring(class.of(unit))
  if #unit.windows > 1 then
    errors.raise("argument", "%s: cuda_graph is for one optimizer; with several capture their "
      .. "parts with tnt.Graph", who)
  elseif unit.out_of_memory == "halve" then
    errors.raise("argument", "%s: cuda_graph and out_of_memory = 'halve' exclude each other: a "
      .. "captured step has one batch size", who)
  elseif unit.precision == "f16" then
    errors.raise("argument", "%s: cuda_graph wants precision 'f32' or 'bf16': a step in f16 looks "
      .. "at its gradients before it is taken", who)
  elseif unit.flush == "mean" then
    errors.raise("argument", "%s: cuda_graph wants flush 'step' or 'discard': 'mean' scales a "
      .. "short window by another number", who)
  end
end

-- The card's part of a step.
local function body(unit, state, is_last)
  return function(batch)
    local loss, outputs = unit:in_precision(unit.compute_loss, unit, state, batch)
    local total, terms = losses.total(loss)
    window.backward(unit, state, total)
    local norm
    if is_last then norm = window.clip_and_step(unit, state, unit.windows[1]) end
    return { total = total:detach(), terms = terms, outputs = outputs, norm = norm }
  end
end

local function holders_of(unit)
  local objects = { unit = unit }
  for name, module in unit.module:named_modules() do
    objects["unit.module" .. (name ~= "" and "." .. name or "")] = module
  end
  return objects
end

local function written_by(unit)
  local list = {}
  for _, t in ipairs(unit.module:parameters()) do list[#list + 1] = t end
  for _, t in ipairs(unit.module:buffers()) do list[#list + 1] = t end
  return list
end

-- unit -> its graphs by kind of step, while its parameters lie where they lay
local graphs = setmetatable({}, { __mode = "k" })

local function graph_of(unit, state, key, is_last)
  local own = graphs[unit]
  if own and own.generation ~= parameter.generation then captured.release(unit) end
  own = graphs[unit] or { generation = parameter.generation, by_kind = {} }
  graphs[unit] = own
  local graph = own.by_kind[key]
  if graph then return graph end
  local optimizer = unit.optimizer
  graph = require "tnt.graph" {
    body(unit, state, is_last), device = unit.device, writes = written_by(unit),
    holders = function() return holders_of(unit) end,
    before = is_last and function() optimizer:write_rows() end or nil,
  }
  own.by_kind[key] = graph
  return graph
end

local function with_gradient(parameters)
  local list = {}
  for _, p in ipairs(parameters) do
    if tensor.describe(p).has_grad ~= 0 then list[#list + 1] = p end
  end
  return core.list(list)
end

-- The values a captured step logs are on their way to the host before the next replay writes them
-- anew: see tnt.loop.running.
local function log(state, result, weight)
  local options = { weight = weight }
  state:log("loss", result.total, options)
  for _, name in ipairs(result.terms and result.terms.names or {}) do
    state:log(name, result.terms.values[name], options)
  end
end

--- One training step, captured from its kind's fourth on; of a batch of another shape as usual.
---@param unit tnt.AutoUnit
---@param state tnt.State
---@param batch any
---@return table step_output  {loss, outputs}
function captured.step(unit, state, batch)
  local w, n = unit.windows[1], unit.gradient_accumulation_steps
  batch = unit:move_data_to_device(state, batch)
  window.before_loss(unit)
  local is_last = w.count + 1 >= n or state.last_batch
  local key = (w.count == 0 and "first" or "next") .. (is_last and " last" or "")
  local graph = graph_of(unit, state, key, is_last)
  local optimizer, result = w.optimizer
  if not graph:fits(batch) then
    optimizer:use_rows "write"
    result = body(unit, state, is_last)(batch)
  elseif graph:is_captured() then
    result = graph:run(batch)
    -- the host's marks, as the captured step left them
    core.check(C.tnt_mark_grad_written(graph.graded.items, graph.graded.n))
    if is_last then optimizer:count_step() end
  else
    optimizer:use_rows(graph.calls >= 3 and "read" or "write")
    result = graph:run(batch)
    if graph:is_captured() then graph.graded = with_gradient(window.parameters(unit)) end
  end
  log(state, result, unit:batch_size(batch))
  state:log(w.lr_name, w.optimizer.param_groups[1].lr, { reduce = "last" })
  w.count = w.count + 1
  if is_last then
    state:emit "on_train_optimizer_step_start"
    window.after_step(unit, state, w, result.norm)
  end
  return { loss = result.total, outputs = result.outputs }
end

--- Drops what was captured, as after a change of the module or the seed.
---@param unit tnt.AutoUnit
function captured.release(unit)
  local own = graphs[unit]
  graphs[unit] = nil
  for _, graph in pairs(own and own.by_kind or {}) do graph:release() end -- order: free
end

return captured
