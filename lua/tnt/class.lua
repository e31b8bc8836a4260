-- Classes with declared options: Base:extend("Net", {"vocab", width = 64}); Net(50, {width = 32}),
-- Net {50, width = 32} and Net {vocab = 50} make an instance, a raw table whose metatable is the
-- class. A class finds what it lacks in its base. `Class.construct` functions (the framework's own
-- set-up) all run before `init`, `Class.complete` ones after it, the base's first: no super calls.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local class = {}

--- The default of an option that may stay nil: {"module", schedule = class.NONE}.
class.NONE = setmetatable({}, { __tostring = function() return "none" end })

---@class tnt.Declaration
---@field required string[]  names in order
---@field defaults table<string, any>  option -> default, class.NONE for nil
---@field names string[]     all names: required in order, then options sorted
---@field is_known table<string, true>
---@field renamed table<string, string>|nil  names from elsewhere -> what stands for them here

local function is_plain(value) return type(value) == "table" and getmetatable(value) == nil end

-- Defaults that are tables are copied, so that one instance cannot change the next one's.
local function copied(value)
  if not is_plain(value) or value == class.NONE then return value end
  local copy = {}
  for key, inner in pairs(value) do -- order: free
    copy[key] = copied(inner)
  end
  return copy
end

--- Reads a list of required names and options with defaults; `base` is extended, its entries may be
--- redeclared.
---@param who string
---@param declared table  {"required", ..., option = default, ...}
---@param base tnt.Declaration|nil
---@return tnt.Declaration
function class.declaration(who, declared, base)
  local required, defaults, is_known = {}, {}, {}
  for key, value in sorted(declared) do
    if type(key) == "number" then
      if type(value) ~= "string" then
        errors.raise("argument",
          "%s: entry %s of the declared options is a %s; a required name is a string", who, key,
          type(value))
      end
      if is_known[value] then
        errors.raise("argument", "%s: option '%s' is declared twice", who, value)
      end
      is_known[value] = true
    elseif is_known[key] then
      errors.raise("argument", "%s: option '%s' is declared twice, as required and with a default",
        who, key)
    else
      is_known[key] = true
      defaults[key] = value
    end
  end
  if base then
    for _, name in ipairs(base.required) do
      if not is_known[name] then required[#required + 1] = name end
    end
    for name, default in sorted(base.defaults) do
      if not is_known[name] then defaults[name] = default end
    end
  end
  for _, name in ipairs(declared) do required[#required + 1] = name end
  local names = {}
  for i, name in ipairs(required) do names[i], is_known[name] = name, true end
  for name in sorted(defaults) do names[#names + 1], is_known[name] = name, true end
  return {
    required = required, defaults = defaults, names = names, is_known = is_known,
    renamed = base and base.renamed,
  }
end

local function shown(value)
  if is_plain(value) then
    local parts = {}
    for i = 1, math.min(#value, 4) do parts[i] = shown(value[i]) end
    if #value > 4 then parts[5] = "..." end
    return "{" .. table.concat(parts, ", ") .. "}"
  elseif type(value) == "string" then
    return ("%q"):format(value)
  elseif type(value) == "number" or type(value) == "boolean" then
    return tostring(value)
  end
  return "..."
end

-- "Net(vocab, {width = ...})" or, without required names, "Net {width = ...}".
local function right_form(who, declaration)
  local options = {}
  for name in sorted(declaration.defaults) do
    options[#options + 1] = name .. " = ..."
    if #options == 3 then break end
  end
  local rest = #options > 0 and "{" .. table.concat(options, ", ") .. "}" or nil
  if #declaration.required == 0 then return who .. (rest and " " .. rest or "()") end
  return ("%s(%s%s)"):format(who, table.concat(declaration.required, ", "),
    rest and ", " .. rest or "")
end

local function count_of_required(declaration)
  local required = declaration.required
  if #required == 0 then return "no argument is required" end
  return ("%d %s required (%s)"):format(#required, #required == 1 and "is" or "are",
    table.concat(required, ", "))
end

local function take_named(who, declaration, given, options)
  for name, value in sorted(options) do
    if type(name) ~= "string" or not declaration.is_known[name] then
      local ours = declaration.renamed and declaration.renamed[name]
      if ours then
        errors.raise("argument", "%s: option '%s' is called %s here", who, name, ours)
      elseif type(name) == "number" then
        errors.raise("argument", "%s: the options hold a value without a name (%s); the form is %s",
          who, shown(value), right_form(who, declaration))
      end
      errors.unknown(who, "option", name, declaration.names)
    elseif given[name] ~= nil then
      errors.raise("argument", "%s: '%s' is given twice, by position and by name", who, name)
    end
    given[name] = value
  end
end

local function take_list(who, declaration, given, list)
  local required, named = declaration.required, {}
  for key, value in sorted(list) do
    if type(key) ~= "number" then
      named[key] = value
    elseif required[key] then
      given[required[key]] = value
    elseif #required == 1 then
      errors.raise("argument", "%s: one required argument (%s), but the table holds %d; "
        .. "a table-valued argument stands inside: %s {%s}", who, required[1], #list, who,
        shown(list))
    else
      errors.raise("argument", "%s: the table's list holds %s, but %s; the form is %s", who,
        #list == 1 and "a value" or #list .. " values", count_of_required(declaration),
        right_form(who, declaration))
    end
  end
  take_named(who, declaration, given, named)
end

local function take_positions(who, declaration, given, n, ...)
  local required = declaration.required
  local positional = n
  local last = n > 0 and select(n, ...) or nil
  -- Fewer positions than required names: the others may stand in the options.
  local has_options = n > 0 and is_plain(last) and (n == #required + 1
    or n <= #required and #last == 0 and next(last) ~= nil and declaration.is_known[next(last)])
  if has_options then positional = n - 1 end
  if positional > #required then
    errors.raise("argument", "%s: %d given by position, but %s; the form is %s", who, positional,
      count_of_required(declaration), right_form(who, declaration))
  end
  for i = 1, positional do given[required[i]] = (select(i, ...)) end
  if has_options then take_named(who, declaration, given, last) end
end

--- Turns the arguments of a call into one table with every declared name, checked. One plain table
--- as the only argument is the argument list; otherwise the required arguments stand in order, then
--- a table of options.
--- Errors: argument, for an unknown, missing, doubled or misplaced argument; the text shows the
--- right form.
---@param who string
---@param declaration tnt.Declaration
---@return table options
function class.read(who, declaration, ...)
  local given, n = {}, select("#", ...)
  if n == 1 and is_plain((...)) then
    take_list(who, declaration, given, (...))
  else
    take_positions(who, declaration, given, n, ...)
  end
  local missing = {}
  for _, name in ipairs(declaration.required) do
    if given[name] == nil then missing[#missing + 1] = "'" .. name .. "'" end
  end
  if #missing > 0 then
    errors.raise("argument", "%s: %s missing; the form is %s", who,
      table.concat(missing, " and ") .. (#missing == 1 and " is" or " are"),
      right_form(who, declaration))
  end
  for name, default in pairs(declaration.defaults) do -- order: free
    if given[name] == nil and default ~= class.NONE then given[name] = copied(default) end
  end
  return given
end

-- Metamethods are looked up raw by Lua, so a class holds copies of its base's. They are brought up
-- to date when its first instance is made: what is not the class's own is what the base then has.
local copies = setmetatable({}, { __mode = "k" }) -- class -> metamethod name -> the copied function

local function copy_metamethods(Class)
  local Base, copied_here = rawget(Class, "__base"), copies[Class] or {}
  copies[Class] = copied_here
  for key, value in pairs(Base) do -- order: free
    if type(key) == "string" and type(value) == "function" and key:sub(1, 2) == "__" then
      local own = rawget(Class, key)
      local free = own == nil or own == copied_here[key] or key == "__index" and own == Class
      if free and not (key == "__index" and value == Base) then
        Class[key], copied_here[key] = value, value
      end
    end
  end
end

-- What instances need and a class definition may still change: the `construct` and `complete`
-- functions along the chain, the base's first, and the metamethods.
local ready = setmetatable({}, { __mode = "k" }) -- class -> {construct = list, complete = list}

local function make_ready(Class)
  if ready[Class] then return ready[Class] end
  local Base, own = rawget(Class, "__base"), { construct = {}, complete = {} }
  local inherited = Base and make_ready(Base)
  if Base then copy_metamethods(Class) end
  for when, list in pairs(own) do -- order: free
    for i, fn in ipairs(inherited and inherited[when] or {}) do list[i] = fn end
    list[#list + 1] = rawget(Class, when)
  end
  ready[Class] = own
  return own
end

local function call_all(list, ...)
  for i = 1, #list do list[i](...) end
end

local Root = {} -- what every class has

local function instantiate(Class, ...)
  local own = ready[Class] or make_ready(Class)
  local self = setmetatable({}, Class)
  local declaration, init = Class.__declaration, Class.init
  if declaration then
    local options = class.read(Class.__name, declaration, ...)
    call_all(own.construct, self, options)
    if init then init(self, options) end
    call_all(own.complete, self, options)
  else
    call_all(own.construct, self, ...)
    if init then init(self, ...) end
    call_all(own.complete, self, ...)
  end
  return self
end

local function class_tostring(Class) return rawget(Class, "__name") end

local function make(name, declared, Base)
  if type(name) ~= "string" or name == "" then
    errors.raise("argument", "extend: a class needs a name, a string that is not empty, got %s",
      type(name))
  end
  if declared ~= nil and not is_plain(declared) then
    errors.raise("argument", "%s: declared options are a table of required names and options with "
      .. "defaults, got %s", name, type(declared))
  end
  local Class = { __name = name, __base = Base }
  Class.__index = Class
  local inherited = Base and rawget(Base, "__declaration")
  Class.__declaration = declared and class.declaration(name, declared, inherited) or inherited
  if Base then
    copy_metamethods(Class)
  else
    Class.__tostring = function(self) return "<" .. getmetatable(self).__name .. ">" end
  end
  return setmetatable(Class, {
    __index = Base or Root,
    __call = instantiate,
    __tostring = class_tostring,
    is_class = true,
  })
end

local function is_class(value)
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and rawget(meta, "is_class") == true
end

--- A sub-class: `Base:extend(name, declared)`. `declared` lists required names and options with
--- defaults, in addition to the base's.
---@param name string
---@param declared table|nil
---@return table Class
function Root:extend(name, declared)
  if not is_class(self) then
    errors.raise("argument", "extend is a function of classes, and this is an instance of %s; "
      .. "extend %s itself", tostring(class.of(self)), tostring(class.of(self)))
  end
  return make(name, declared, self)
end

--- Whether this object (or class) is of a class or of one that extends it.
---@param Class table
---@return boolean
function Root:is(Class) return class.is(self, Class) end

--- A class without a base.
---@param name string
---@param declared table|nil  {"required", option = default}; nil: `init` gets what it is given
---@return table Class
function class.new(name, declared) return make(name, declared, nil) end

--- What `Base:extend(name, declared)` does; for bases whose own `extend` does more.
---@param Base table
---@param name string
---@param declared table|nil
---@return table Class
function class.extend(Base, name, declared) return make(name, declared, Base) end

--- The class of an instance; nil for anything else.
---@param object any
---@return table|nil
function class.of(object)
  local meta = type(object) == "table" and getmetatable(object)
  return meta and is_class(meta) and meta or nil
end

--- Whether a value is an instance of a class (or a class that is or extends it); false for any
--- other value.
---@param value any
---@param Class table
---@return boolean
function class.is(value, Class)
  local at = is_class(value) and value or class.of(value)
  while at do
    if at == Class then return true end
    at = rawget(at, "__base")
  end
  return false
end

--- Whether a value is a class.
---@param value any
---@return boolean
function class.is_class(value) return is_class(value) end

--- The declared options of a class: for readers of configs and for help. nil where nothing is
--- declared.
---@param Class table
---@return tnt.Declaration|nil
function class.declared(Class) return Class.__declaration end

--- Names known from other programs, answered with the one that stands for them here.
---@param Class table  with declared options
---@param names table<string, string>  foreign name -> ours, as it is to be printed
function class.rename(Class, names) Class.__declaration.renamed = names end

return class
