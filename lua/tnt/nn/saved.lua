-- State dicts: the parameters and saved buffers of a tree by name, out and in. Names are PyTorch's.
-- Nothing is written before every name and shape was checked.

local class = require "tnt.class"
local errors = require "tnt.errors"
local grad_mode = require "tnt.grad_mode"
local Module = require "tnt.nn.module"
local sorted = require "tnt.sorted"
local tensor = require "tnt.tensor"
local walk = require "tnt.nn.walk"

local check_options = errors.check_options

-- Entries of parameters and saved buffers; all: shared ones under every name.
local function entries_of(self, all)
  local list = walk.entries(self, "parameter", all)
  for _, entry in ipairs(walk.entries(self, "buffer", all)) do
    if entry.saved then list[#list + 1] = entry end
  end
  return list
end

--- Parameters and saved buffers by name; tensors that share memory with them, without history.
--- Iterate by tnt.pairs.
---@param options? {trainable?: boolean, match?: string}  match: a Lua pattern for names
---@return table<string, tnt.Tensor>
function Module:state_dict(options)
  options = options or {}
  check_options("state_dict", options, { "match", "trainable" })
  local state = {}
  for _, entry in ipairs(entries_of(self)) do
    local name, t = entry.name, entry.value
    if (options.trainable == nil or t.requires_grad == options.trainable)
      and (options.match == nil or name:find(options.match)) then
      state[name] = t:detach()
    end
  end
  return state
end

local function renamed(state, rules)
  local out, from = {}, {}
  for name, value in sorted(state) do
    local new = name
    for i, rule in ipairs(rules or {}) do
      if type(rule) ~= "table" or type(rule[1]) ~= "string" or type(rule[2]) ~= "string" then
        errors.raise("argument", "load_state_dict: rename[%d] must be {pattern, replacement}", i)
      end
      if type(new) == "string" then new = new:gsub(rule[1], rule[2]) end
    end
    if out[new] ~= nil then
      errors.raise("argument", "load_state_dict: '%s' and '%s' are both renamed to '%s'",
        tostring(from[new]), tostring(name),
        new)
    end
    out[new], from[new] = value, name
  end
  return out
end

local function listed(names, separator)
  local shown = {}
  for i = 1, math.min(#names, 12) do shown[i] = names[i] end
  if #names > 12 then shown[13] = ("and %d more"):format(#names - 12) end
  return table.concat(shown, separator or ", ")
end

local function shape_text(t) return "[" .. table.concat(t.shape, ", ") .. "]" end

--- Takes values over from a state dict, cast to the dtypes here. A shared parameter is found under
--- any of its names.
--- Errors: format, when names are missing or unexpected (strict) or a shape differs; nothing was
--- written then.
---@param state table<string, tnt.Tensor>
---@param options? {strict?: boolean, rename?: {[1]: string, [2]: string}[]}  rename: gsub pairs
---@return string[] missing     names here that `state` lacks
---@return string[] unexpected  names in `state` that are not here
function Module:load_state_dict(state, options)
  options = options or {}
  if type(state) ~= "table" then
    errors.raise("argument", "load_state_dict: a table of tensors by name was expected, got %s",
      type(state))
  end
  check_options("load_state_dict", options, { "rename", "strict" })
  state = renamed(state, options.rename)
  local names_of, known = {}, {} -- tensor -> all its names
  for _, entry in ipairs(entries_of(self, true)) do
    names_of[entry.value] = names_of[entry.value] or {}
    table.insert(names_of[entry.value], entry.name)
    known[entry.name] = true
  end
  local missing, unexpected, wrong, found = {}, {}, {}, {}
  for _, entry in ipairs(entries_of(self)) do
    local value
    for _, name in ipairs(names_of[entry.value]) do
      if value == nil then value = state[name] end
    end
    if value == nil then
      missing[#missing + 1] = entry.name
    elseif not tensor.is_tensor(value) then
      wrong[#wrong + 1] = ("%s is a %s, not a tensor"):format(entry.name, type(value))
    elseif shape_text(value) ~= shape_text(entry.value) then
      wrong[#wrong + 1] = ("%s must be %s, got %s"):format(entry.name, shape_text(entry.value),
        shape_text(value))
    else
      found[#found + 1] = { to = entry.value, from = value }
    end
  end
  for name in sorted(state) do
    if not known[name] then unexpected[#unexpected + 1] = tostring(name) end
  end
  local problems = {}
  local function problem(what, list, separator)
    if #list > 0 then problems[#problems + 1] = what .. ": " .. listed(list, separator) end
  end
  if options.strict ~= false then
    problem("missing", missing)
    problem("unexpected", unexpected)
  end
  problem("wrong", wrong, "; ")
  if #problems > 0 then
    errors.raise("format", "load_state_dict: the state does not fit %s; %s",
      tostring(class.of(self)),
      table.concat(problems, "; "))
  end
  local before = grad_mode.set(false)
  for _, pair in ipairs(found) do pair.to:copy_(pair.from) end
  grad_mode.set(before)
  return missing, unexpected
end
