-- Every public function and class with the documentation that stands over it: what is reached from
-- `tnt` and from a tensor by names without a leading "_". Functions made by a function are
-- documented where they are assigned to their name, classes by an annotation ---@class.

local class = require "tnt.class"
local sorted = require "tnt.sorted"
local tnt = require "tnt"

-- The lazily loaded tables: all of their names are in annotations of their own.
local lazy = { "data", "hooks", "log", "metrics" }

-- What classes implement for the framework, and what a base documents for all.
local protocol = {
  init = true, construct = true, complete = true, forward = true, backward = true,
  extra_repr = true, extend = true, state_dict = true, load_state_dict = true,
  open = true, log = true, flush = true, close = true, -- of loggers: loop/loggers.lua
}

local files = {}
local function lines_of(path)
  if not files[path] then
    files[path] = {}
    for line in io.lines(path) do files[path][#files[path] + 1] = line end
  end
  return files[path]
end

local function comment_above(lines, at)
  local first = at
  while first > 1 and lines[first - 1]:find "^%s*%-%-" do first = first - 1 end
  return table.concat(lines, "\n", first, at - 1)
end

-- The line where a function gets its name: that of `NAME = ...`, else of its own text.
local function home(lines, name, defined)
  local own = lines[defined]
  if own:find("[.:]" .. name .. "%s*[(=]") or own:find(" " .. name .. "%s*%(") then
    return defined
  end
  for at, line in ipairs(lines) do
    if line:find("^[%w_.]+%." .. name .. "%s*=") then return at end
  end
  return defined
end

---@class spec.PublicFunction
---@field name string       as reached: "tnt.nn.Linear.forward"
---@field path string
---@field line integer
---@field comment string    what stands above, "" for nothing
---@field parameters string[]
---@field is_protocol boolean  implements what a base or the framework documents

local function read(name, value, owner)
  local info = debug.getinfo(value, "S")
  local path = info.source:match "^@(.*)$"
  if not path or not path:find "lua/tnt/" or path:find "_gen%.lua$" then return nil end
  local short = name:match "[%w_]+$"
  local lines = lines_of(path)
  local at = home(lines, short, info.linedefined)
  local parameters = {}
  local signature = lines[at]:match "^%s*l?o?c?a?l?%s*function[^(]*%((.-)%)"
    or lines[at]:match "=%s*function%((.-)%)"
  for parameter in (signature or ""):gmatch "[%w_]+" do
    parameters[#parameters + 1] = parameter
  end
  -- The first parameter of a tensor's method is the tensor.
  if name:find "^tensor%." then table.remove(parameters, 1) end
  local inherited = false
  local base = class.is_class(owner) and rawget(owner, "__base")
  while base do
    inherited = inherited or type(rawget(base, short)) == "function"
    base = rawget(base, "__base")
  end
  return {
    name = name, path = path, line = at, comment = comment_above(lines, at),
    parameters = parameters,
    is_protocol = inherited or protocol[short] or short:find "^on_" ~= nil,
  }
end

local function load_lazy()
  for name in sorted(tnt.places) do local _ = tnt[name] end
  for _, part in ipairs(lazy) do
    for line in io.lines("lua/tnt/" .. part .. "/init.lua") do
      local name = line:match "^%-%-%-@field ([%w_]+)"
      if name then local _ = tnt[part][name] end
    end
  end
end

-- Comments that annotate a class, by its whole name and by the last part of it.
local function annotated_classes()
  local found = {}
  local pipe = assert(io.popen "find lua/tnt -name '*.lua' | LC_ALL=C sort")
  for path in pipe:lines() do
    local block = {}
    for _, line in ipairs(lines_of(path)) do
      if line:find "^%s*%-%-" then
        block[#block + 1] = line
      elseif #block > 0 then
        local text = table.concat(block, "\n")
        local full = text:match "%-%-%-@class ([%w_.]+)"
        if full then
          found[full] = text
          found[full:match "[%w_]+$"] = found[full:match "[%w_]+$"] or text
        end
        block = {}
      end
    end
  end
  pipe:close()
  return found
end

---@class spec.PublicClass
---@field name string     as reached: "tnt.nn.Linear"
---@field class string    its own name: "Linear"
---@field comment string  that of its annotation, "" for none

--- Every public function, and every public class, sorted by name.
---@return spec.PublicFunction[]
---@return spec.PublicClass[]
return function()
  load_lazy()
  local found, classes, seen = {}, {}, {}
  local comments = annotated_classes()
  local function visit(value, name, owner, depth)
    if seen[value] or depth > 5 then return end
    if type(value) == "function" then
      seen[value] = true
      found[#found + 1] = read(name, value, owner)
    elseif type(value) == "table" then
      seen[value] = true
      if class.is_class(value) then
        local own = tostring(value)
        local comment = comments[name] or comments[own] or ""
        classes[#classes + 1] = { name = name, class = own, comment = comment }
      end
      for key, inner in sorted.pairs(value) do
        if type(key) == "string" and not key:find "^_" and key ~= "engine" and key ~= "places" then
          visit(inner, name .. "." .. key, value, depth + 1)
        end
      end
    end
  end
  visit(tnt, "tnt", nil, 0)
  visit(require("tnt.tensor").methods, "tensor", nil, 0)
  return found, classes
end
