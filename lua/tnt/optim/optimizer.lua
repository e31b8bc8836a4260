-- What optimizers share: parameter groups, state per parameter, state dicts. A step is one call of
-- the core for each bucket: the parameters of a group that have a gradient and one count of steps,
-- f64 for itself. Buckets are built once and again only when one of these changes. A 16-bit
-- parameter has an f32 master in the state, from which it is stepped, unless its group rounds
-- stochastically.

local check = require "tnt.check_option"
local class = require "tnt.class"
local core = require "tnt.core"
local ffi = require "ffi"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local make = require("tnt.tensor").make
local parameter = require "tnt.nn.parameter"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"

local C, describe = core.C, tensor.describe

---@class tnt.optim.Group  a table of param_groups: options may be changed between steps
---@field params tnt.Tensor[]
---@field lr number
---@field stochastic_rounding boolean  default false: 16-bit parameters have an f32 master each, and
---  are it, rounded to nearest. true: they have none, which saves 4 bytes for each number, and are
---  rounded up or down at random, so that small updates are not lost but come through now and then.
---  Others are stepped as ever.
---@field names string[]|nil

--- The base of optimizers: parameter groups, their state, step and zero_grad.
---@class tnt.optim.Optimizer
---@field param_groups tnt.optim.Group[]
---@field state table<tnt.Tensor, table>  per parameter, from its first step on
local Optimizer = class.new "Optimizer"

local function refuse(who, fmt, ...) errors.raise("argument", who .. ": " .. fmt, ...) end

local function is_plain(value) return type(value) == "table" and getmetatable(value) == nil end

-- Whether the only argument of a class is the list of parameters (or groups), and not the list of
-- arguments that one plain table is otherwise: AdamW(net:parameters()).
local function is_list_of_parameters(value)
  if not is_plain(value) then return false end
  local first = value[1]
  if first == nil then return next(value) == nil end
  for key in next, value do -- order: free
    if type(key) ~= "number" then return false end
  end
  return tensor.is_tensor(first) or is_plain(first) and first.params ~= nil
end

--- A class of optimizers: {"params", lr = ..., ...} declares the options of its groups.
---@param name string
---@param declared table
---@return table Class
function Optimizer:extend(name, declared)
  local Class = class.extend(self, name, declared)
  local meta = getmetatable(Class)
  local instantiate = meta.__call
  function meta.__call(self_class, ...)
    if select("#", ...) == 1 and is_list_of_parameters((...)) then
      return instantiate(self_class, (...), {})
    end
    return instantiate(self_class, ...)
  end
  return Class
end

-- A list of parameters, of {params = ...} groups, or one tensor; as groups.
local function as_groups(who, params)
  if tensor.is_tensor(params) then return { { params = { params } } } end
  if not is_plain(params) then
    local module = type(params) == "table" and type(params.parameters) == "function"
    refuse(who, "a list of parameters or of groups was expected, got %s", module and
      tostring(class.of(params)) .. "; give net:parameters()" or type(params))
  end
  if #params == 0 then
    if params.params then return { params } end
    refuse(who, "the list of parameters is empty")
  end
  if tensor.is_tensor(params[1]) then return { { params = params } } end
  return params
end

local function check_parameter(who, i, t, taken)
  if not tensor.is_tensor(t) then refuse(who, "parameter %d is no tensor but a %s", i, type(t)) end
  if taken[t] then refuse(who, "parameter %d is in the list, or in another group, already", i) end
  if not t.is_leaf then
    refuse(who, "parameter %d is not a leaf: it was computed from others", i)
  end
  if not t.dtype:match "f%d" then
    refuse(who, "parameter %d is of %s; only floats can be trained", i, t.dtype)
  end
  taken[t] = true
end

--- Checks the options of a group; optimizers define their own.
---@param who string
---@param group tnt.optim.Group
function Optimizer.check_group(_, who, group)
  check.number(who, "lr", group.lr, 0)
  check.boolean(who, "stochastic_rounding", group.stochastic_rounding or false)
end

-- The options of a class are those of its groups; "params" is what is required.
function Optimizer:init(o)
  local who, known = tostring(class.of(self)), { "params" }
  local defaults = {}
  for name, value in sorted(o) do
    if name ~= "params" then defaults[name] = value end
  end
  for _, name in ipairs(class.declared(class.of(self)).names) do
    if name ~= "params" then known[#known + 1] = name end
  end
  known[#known + 1] = "names"
  known[#known + 1] = "name"
  self.defaults, self.known = defaults, known
  self.param_groups, self.state, self.buckets = {}, {}, {}
  for _, group in ipairs(as_groups(who, o.params)) do self:add_param_group(group) end
end

--- Adds a group of parameters with options of their own; the others are the optimizer's.
--- Errors: argument, for an unknown option, a value out of range, an empty list, a parameter that
--- is there already.
---@param group tnt.optim.Group
function Optimizer:add_param_group(group)
  local who = tostring(class.of(self))
  if not is_plain(group) or group.params == nil then
    local got = type(group)
    if is_plain(group) then got = "one without params" end
    if tensor.is_tensor(group) then got = "a tensor (all are parameters, or all groups)" end
    refuse(who, "a group is a table {params = ..., lr = ...}, got %s", got)
  end
  local own, taken = {}, {}
  for _, other in ipairs(self.param_groups) do
    for _, t in ipairs(other.params) do taken[t] = true end
  end
  for name, value in sorted(group) do
    local is_known = false
    for _, other in ipairs(self.known) do is_known = is_known or other == name end
    if not is_known then errors.unknown(who, "option", name, self.known) end
    own[name] = value
  end
  for name, value in pairs(self.defaults) do -- order: free
    if own[name] == nil then own[name] = is_plain(value) and { unpack(value) } or value end
  end
  local params = tensor.is_tensor(own.params) and { own.params } or own.params
  if not is_plain(params) or #params == 0 then refuse(who, "the list of parameters is empty") end
  own.params = {}
  for i, t in ipairs(params) do
    check_parameter(who, i, t, taken)
    own.params[i] = t:keep()
  end
  self:check_group(who, own)
  self.param_groups[#self.param_groups + 1] = own
end

-- -- steps ----------------------------------------------------------------------------------------
--- State of a parameter at its first step: named tensors like it. Optimizers list their names.
Optimizer.state_names = {}

local function is_narrow(dtype) return dtype == C.TNT_F16 or dtype == C.TNT_BF16 end

-- Tensors of the state have the dtype in which the step is computed.
local function state_of(self, group, t)
  local state = self.state[t]
  if not state then
    state = { step = 0 }
    self.state[t] = state
  end
  local dtype = describe(t).dtype
  local wide = is_narrow(dtype) and "f32" or core.dtypes[dtype]
  if not is_narrow(dtype) or group.stochastic_rounding then
    state.master = nil
  elseif not state.master then
    state.master = t:detach():to("f32"):keep()
  elseif state.master.device ~= t.device then
    state.master = state.master:to(t.device):keep()
  end
  for _, name in ipairs(self.state_names) do
    if not state[name] then
      if self:wants_state(name, t) then
        state[name] = make.zeros_like(t, { dtype = wide }):keep()
      end
    elseif state[name].dtype ~= wide or state[name].device ~= t.device then
      -- the parameter was cast or moved meanwhile
      state[name] = state[name]:to { dtype = wide, device = t.device }:keep()
    end
  end
  return state
end

--- Whether a parameter's group uses a state; the default is yes.
---@param _name string
---@param _t tnt.Tensor
---@return boolean
function Optimizer:wants_state(_name, _t) return true end

-- The parameters of a group by count of steps, f64 for itself. Of a bucket optimizers read `list`,
-- the parameters; `lists.master`, what each is stepped from: its master, or the parameter itself;
-- `lists[name]` for each state; and `stochastic`, whether those that are 16-bit are rounded so.
local function build(self, group)
  local buckets, order = {}, {}
  self.current_group = group
  for _, t in ipairs(group.params) do
    local info = describe(t)
    local dtype = info.dtype
    if info.has_grad ~= 0 then
      local state = state_of(self, group, t)
      local key = ("%s%d %d"):format(dtype == C.TNT_F64 and "f64 " or "",
        info.device + info.device_index, state.step)
      local bucket = buckets[key]
      if not bucket then
        bucket = { step = state.step, params = {}, masters = {}, states = {}, lists = {},
          stochastic = false, device = t.device }
        buckets[key] = bucket
        order[#order + 1] = bucket
      end
      table.insert(bucket.states, state)
      table.insert(bucket.params, t)
      table.insert(bucket.masters, state.master or t)
      if is_narrow(dtype) and group.stochastic_rounding then bucket.stochastic = true end
    end
  end
  for _, bucket in ipairs(order) do
    bucket.list = core.list(bucket.params)
    bucket.lists.master = core.list(bucket.masters)
    for _, name in ipairs(self.state_names) do
      local list = {}
      for i, state in ipairs(bucket.states) do
        list[i] = state[name] or bucket.params[i] -- unused: the core wants lists of one length
      end
      bucket[name] = list
      bucket.lists[name] = core.list(list)
    end
  end
  return order
end

-- Which parameters have a gradient; the buckets hold while this and the generation of all
-- parameters stay.
local function is_current(cached, group)
  local params, given = group.params, cached.given
  if cached.generation ~= parameter.generation or #given ~= #params then return false end
  for i = 1, #params do
    if (describe(params[i]).has_grad ~= 0) ~= given[i] then return false end
  end
  return true
end

local function buckets_of(self, index, group)
  local cached = self.buckets[index]
  local used = self:uses(group)
  local rounding = group.stochastic_rounding
  if cached and cached.used == used and cached.rounding == rounding and is_current(cached, group)
  then
    return cached
  end
  cached = { given = {}, generation = parameter.generation, used = used, rounding = rounding }
  for i, t in ipairs(group.params) do cached.given[i] = describe(t).has_grad ~= 0 end
  for i, bucket in ipairs(build(self, group)) do cached[i] = bucket end
  self.buckets[index] = cached
  return cached
end

--- What of a group decides which states it has; buckets are built again when it changes.
---@param _group tnt.optim.Group
---@return any
function Optimizer:uses(_group) return true end

-- The numbers of a step in memory of the device, where its op reads them.
local numbers = ffi.new "double[8]"
local function write_row(self, group, bucket, at)
  local list = { self:numbers(group, at) }
  for i, value in ipairs(list) do numbers[i - 1] = value end
  if not bucket.row then
    bucket.row = make.empty(#list, { dtype = "f64", device = bucket.params[1].device }):keep()
  end
  core.check(C.tnt_write(bucket.row, numbers, C.TNT_F64, #list))
end

local function step(self)
  local skip = self.skip -- lies on one card, ops want it on theirs
  for index, group in ipairs(self.param_groups) do
    for _, bucket in ipairs(buckets_of(self, index, group)) do
      bucket.step = bucket.step + 1
      if self.rows == "write" then write_row(self, group, bucket, bucket.step) end
      if skip then self.skip = skip.device == bucket.device and skip or skip:to(bucket.device) end
      self:update(group, bucket)
      for i = 1, #bucket.states do bucket.states[i].step = bucket.step end
    end
  end
end

--- One step: every parameter with a gradient changes. Parameters without one stay as they are.
---@param closure? fun(): tnt.Tensor  computes the loss and its gradients first
---@return tnt.Tensor|nil loss  what the closure returned
function Optimizer:step(closure)
  local loss = closure and closure()
  local before = grad_mode.set(false)
  local ok, err = pcall(step, self)
  grad_mode.set(before)
  if not ok then
    self.buckets = {}
    error(err, 0)
  end
  return loss
end

--- Whether steps read their numbers from memory of the device, which a captured step wants: there
--- they change between replays. "write": each step writes them itself; "read": write_rows does.
---@param how "write"|"read"|nil
function Optimizer:use_rows(how)
  self.rows = how
  if how then return end
  for index in ipairs(self.param_groups) do
    for _, bucket in ipairs(self.buckets[index] or {}) do bucket.row = nil end
  end
end

--- Writes the numbers of the next step for the parameters that the last one changed.
function Optimizer:write_rows()
  for index, group in ipairs(self.param_groups) do
    for _, bucket in ipairs(self.buckets[index] or {}) do
      write_row(self, group, bucket, bucket.step + 1)
    end
  end
end

-- Moves the counts of the parameters that the last step changed.
local function move_counts(self, by)
  for index in ipairs(self.param_groups) do
    for _, bucket in ipairs(self.buckets[index] or {}) do
      bucket.step = bucket.step + by
      for i = 1, #bucket.states do bucket.states[i].step = bucket.step end
    end
  end
end

--- A step was made by a replay: it counts, like the one that was captured.
function Optimizer:count_step() move_counts(self, 1) end

--- The last step was skipped by its kernels: the counts of steps go back by one.
function Optimizer:take_back_step() move_counts(self, -1) end

--- Makes the state of every parameter that wants a gradient now instead of at its first step: as if
--- no step had been taken, so that training goes as it would without. What has a state keeps it.
--- For checkpoints that are to be read into tensors that are there.
function Optimizer:init_state()
  for _, group in ipairs(self.param_groups) do
    self.current_group = group
    for _, t in ipairs(group.params) do
      if t.requires_grad then state_of(self, group, t) end
    end
  end
  self.buckets = {}
end

--- Marks the gradients of all parameters as unwritten.
function Optimizer:zero_grad()
  for index, group in ipairs(self.param_groups) do
    local lists = self.zero_lists or {}
    self.zero_lists = lists
    local cached = lists[index]
    if not cached or cached.list.n ~= #group.params
      or cached.generation ~= parameter.generation then
      cached = { list = core.list(group.params), generation = parameter.generation }
      lists[index] = cached
    end
    core.check(C.tnt_zero_grad(cached.list.items, cached.list.n))
  end
end

-- -- state dicts ----------------------------------------------------------------------------------
--- State by the number of the parameter (from 0, through all groups) and the groups' options.
---@return {state: table<string, table>, param_groups: table[]}
function Optimizer:state_dict()
  if self.settle then self.settle() end -- GradScaler: whether the last step was skipped
  local state, groups, at = {}, {}, 0
  for i, group in ipairs(self.param_groups) do
    local positions = {}
    for k, t in ipairs(group.params) do
      if self.state[t] then
        local saved = {}
        for name, value in sorted(self.state[t]) do saved[name] = value end
        state[tostring(at)] = saved
      end
      positions[k] = at
      at = at + 1
    end
    groups[i] = { params = positions }
    for name, value in sorted(group) do
      if name ~= "params" then groups[i][name] = is_plain(value) and { unpack(value) } or value end
    end
  end
  return { state = state, param_groups = groups }
end

local function check_saved(self, saved)
  local who = tostring(class.of(self))
  if type(saved) ~= "table" or type(saved.state) ~= "table"
    or type(saved.param_groups) ~= "table" then
    errors.raise("format", "%s: a state dict is {state = ..., param_groups = ...}, got %s", who,
      type(saved))
  end
  if #saved.param_groups ~= #self.param_groups then
    errors.raise("format", "%s: the state has %d parameter groups, here are %d", who,
      #saved.param_groups,
      #self.param_groups)
  end
  local list = {}
  for i, group in ipairs(self.param_groups) do
    local n = type(saved.param_groups[i].params) == "table" and #saved.param_groups[i].params or -1
    if n ~= #group.params then
      errors.raise("format", "%s: group %d has %d parameters, the state has %d", who, i,
        #group.params, n)
    end
    for _, t in ipairs(group.params) do list[#list + 1] = t end
  end
  for key, state in sorted(saved.state) do
    local t = list[(tonumber(key) or -1) + 1]
    if not t or type(state) ~= "table" then
      errors.raise("format", "%s: the state of parameter %s belongs to none here (%d from 0 on)",
        who, tostring(key), #list)
    end
    for name, value in sorted(state) do
      if tensor.is_tensor(value) and table.concat(value.shape, " ") ~= table.concat(t.shape,
        " ") then
        errors.raise("format", "%s: %s of parameter %s must be [%s], got [%s]", who, name, key,
          table.concat(t.shape, ", "), table.concat(value.shape, ", "))
      end
    end
  end
  return list
end

--- Takes over what state_dict gave: the values are copied. Options of the groups are taken over
--- too.
--- Errors: format, when groups, counts or shapes differ; nothing was changed then.
---@param saved table
function Optimizer:load_state_dict(saved)
  local list = check_saved(self, saved)
  if self.settle then self.settle() end
  local before = grad_mode.set(false)
  self.state, self.buckets = {}, {}
  for key, state in sorted(saved.state) do
    local own, t = {}, list[tonumber(key) + 1]
    for name, value in sorted(state) do
      own[name] = tensor.is_tensor(value)
        and make.empty_like(t, { dtype = value.dtype }):copy_(value:detach()):keep() or value
    end
    self.state[t] = own
  end
  grad_mode.set(before)
  for i, group in ipairs(self.param_groups) do
    for name, value in sorted(saved.param_groups[i]) do
      if name ~= "params" then group[name] = is_plain(value) and { unpack(value) } or value end
    end
  end
end

-- -- printing -------------------------------------------------------------------------------------
function Optimizer:__tostring()
  local lines = {}
  for i, group in ipairs(self.param_groups) do
    lines[#lines + 1] = ("Parameter Group %d"):format(i - 1)
    for name, value in sorted(group) do
      if name ~= "params" and name ~= "names" then
        if is_plain(value) then value = "(" .. table.concat(value, ", ") .. ")" end
        lines[#lines + 1] = ("    %s: %s"):format(name, tostring(value))
      end
    end
  end
  return ("%s (\n%s\n)"):format(tostring(class.of(self)), table.concat(lines, "\n"))
end

return Optimizer
