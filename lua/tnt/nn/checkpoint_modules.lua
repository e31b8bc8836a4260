-- Activation checkpointing of chosen modules of a network: each gets a `forward` of its own that
-- goes through nn.checkpoint. Names, parameters and saved states stay what they were.

local checkpoint = require("tnt.nn.checkpoint").checkpoint
local class = require "tnt.class"
local containers = require "tnt.nn.containers"
local errors = require "tnt.errors"
local Module = require "tnt.nn.module"

local WHO = "checkpoint_modules"

-- true: the children, and those of containers that stand for nothing themselves.
local function blocks(net)
  local chosen = {}
  local function visit(module)
    for _, entry in ipairs(module:_own()) do
      local child = entry.value
      if entry.kind == "module" then
        local is_container = false
        for _, Container in pairs(containers) do -- order: free
          is_container = is_container or child:is(Container)
        end
        if is_container then visit(child) else chosen[child] = true end
      end
    end
  end
  visit(net)
  return function(module) return chosen[module] == true end
end

local function of_classes(list)
  for i, Class in ipairs(list) do
    if not class.is_class(Class) then
      errors.raise("argument", "%s: entry %d must be a class of modules, got %s", WHO, i,
        type(Class))
    end
  end
  return function(module)
    for _, Class in ipairs(list) do
      if module:is(Class) then return true end
    end
    return false
  end
end

local function predicate_of(net, which)
  if which == true then return blocks(net) end
  if type(which) == "function" then return which end
  if class.is_class(which) then return of_classes { which } end
  if type(which) == "table" and getmetatable(which) == nil and #which > 0 then
    return of_classes(which)
  end
  errors.raise("argument", "%s: which modules is said by true (the blocks), a function (module, "
    .. "name) -> boolean, a class or a list of classes, got %s", WHO, type(which))
end

-- module -> {function, the field it took the place of}; one that is chosen again stays as it is.
local wrapped = setmetatable({}, { __mode = "k" })

local function wrap(module)
  local entry = wrapped[module]
  if entry and rawequal(rawget(module, "forward"), entry.again) then return end
  local forward = module.forward
  local function inner(...) return forward(module, ...) end
  local function again(_, ...) return checkpoint(inner, ...) end
  wrapped[module] = { again = again, before = rawget(module, "forward") }
  rawset(module, "forward", again)
end

local function unwrap(module)
  local entry = wrapped[module]
  if not entry then return end
  wrapped[module] = nil
  rawset(module, "forward", entry.before)
end

--- From now on chosen modules of a network keep no inner results for backward, which runs their
--- forward again with the same random numbers: less memory for about a third more time. Of modules
--- within one another only the outermost chosen one is changed. What a chosen module is called with
--- and returns must be tensors wherever gradients pass (see nn.checkpoint); the running statistics
--- of batch norms in it see each batch twice.
---
--- ```lua
--- local tnt = require "tnt"
--- local nn = tnt.nn
--- local net = nn.Sequential {nn.Linear(4, 4), nn.Sequential {nn.Linear(4, 4), nn.ReLU()}}
--- local chosen = nn.checkpoint_modules(net, nn.Linear)
--- chosen.names[2] -- 1.0
--- chosen:remove()
--- ```
---
--- Errors: argument, when nothing is chosen.
---@param net tnt.nn.Module
---@param which boolean|function|table  true: the blocks, which are net's children, and the entries
---  of lists and sequences among them; a function (module, name) -> boolean; a class or a list of
---  classes
---@return {names: string[], remove: fun(self: table)} chosen  remove() makes all as it was
local function checkpoint_modules(net, which)
  if not Module.is_module(net) then
    errors.raise("argument", "%s: an nn.Module was expected first, got %s", WHO, type(net))
  end
  local is_chosen, chosen, seen = predicate_of(net, which), { names = {} }, {}
  local modules, all = {}, {}
  local function visit(module, prefix)
    for _, entry in ipairs(module:_own()) do
      local child = entry.value
      if entry.kind == "module" and not seen[child] then
        seen[child] = true
        local name = prefix == "" and entry.name or prefix .. "." .. entry.name
        all[#all + 1] = name
        if is_chosen(child, name) then
          chosen.names[#chosen.names + 1], modules[#modules + 1] = name, child
        else
          visit(child, name)
        end
      end
    end
  end
  visit(net, "")
  if #modules == 0 then
    errors.raise("argument", "%s: no module is chosen; there are %s", WHO,
      #all == 0 and "none inside" or table.concat(all, ", ", 1, math.min(#all, 20)))
  end
  for _, module in ipairs(modules) do wrap(module) end
  function chosen.remove()
    for _, module in ipairs(modules) do unwrap(module) end
  end
  return chosen
end

return { checkpoint_modules = checkpoint_modules }
