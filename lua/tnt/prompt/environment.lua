-- Where the prompt's lines look names up: top-level locals, then globals, then tnt, nn and F, which
-- are loaded when first named. Locals live in the environment table itself; assigning any other
-- name makes an ordinary global, which required modules see.

local environment = {}

-- Loaded on first use: an idle prompt holds neither the library nor its memory.
local lazy = {
  tnt = function() return require "tnt" end,
  nn = function() return require("tnt").nn end,
  F = function() return require("tnt").nn.functional end,
}

environment.lazy_names = { "F", "nn", "tnt" }

---@class tnt.prompt.Environment
---@field values table     for setfenv
---@field declared table<string, true>

--- A fresh environment.
---@return tnt.prompt.Environment
function environment.new()
  local declared = {}
  local values = setmetatable({}, {
    __index = function(_, name)
      if declared[name] then return nil end
      local value = _G[name]
      if value == nil and lazy[name] then return lazy[name]() end
      return value
    end,
    __newindex = function(values, name, value)
      if declared[name] then
        rawset(values, name, value)
      else
        _G[name] = value
      end
    end,
  })
  return { values = values, declared = declared }
end

--- Makes names local from now on.
---@param env tnt.prompt.Environment
---@param names string[]
function environment.declare(env, names)
  for _, name in ipairs(names) do env.declared[name] = true end
end

--- Sets a name without making a global.
---@param env tnt.prompt.Environment
---@param name string
---@param value any
function environment.set(env, name, value)
  env.declared[name] = true
  rawset(env.values, name, value)
end

return environment
