-- The options of a script from its command line. The table of defaults is the whole declaration:
-- a default's type is the option's type, and --help is written from it.

local errors = require "tnt.errors"
local sorted = require "tnt.sorted"

local KINDS = { number = "NUMBER", string = "TEXT", boolean = "" }

local function normal(name)
  return (name:gsub("-", "_"))
end

local function dashed(name)
  return "--" .. name:gsub("_", "-")
end

-- The declared names in order, and from the normal form to the name as declared.
local function declared(defaults)
  local names, by_normal = sorted.keys(defaults), {}
  for _, name in ipairs(names) do
    if type(name) ~= "string" then
      errors.raise("argument", "tnt.args: options have names, like {epochs = 3}; got [%s] = %s",
        tostring(name), tostring(defaults[name]))
    elseif not KINDS[type(defaults[name])] then
      errors.raise("argument",
        "tnt.args: the default of '%s' must be a number, a string or a boolean, got %s",
        name, type(defaults[name]))
    end
    by_normal[normal(name)] = name
  end
  return names, by_normal
end

local function default_text(value)
  if type(value) == "string" then return ("%q"):format(value) end
  return tostring(value)
end

local function help_text(program, names, defaults)
  local rows, width = {}, 0
  for _, name in ipairs(names) do
    local value = defaults[name]
    local form = dashed(name) .. " " .. KINDS[type(value)]
    if type(value) == "boolean" then form = dashed(name) .. ", " .. dashed("no_" .. name) end
    rows[#rows + 1] = { form, default_text(value) }
    width = math.max(width, #form)
  end
  local lines = { ("usage: tntlua %s [options]"):format(program) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %s%s  default %s"):format(row[1], (" "):rep(width - #row[1]), row[2])
  end
  lines[#lines + 1] = "  --help" .. (" "):rep(math.max(0, width - 6)) .. "  print this"
  return table.concat(lines, "\n")
end

local BOOLEANS = { ["true"] = true, ["false"] = false }

-- The value a word stands for, of the type of `default`.
local function convert(program, name, word, default)
  local value = word
  if type(default) == "number" then
    value = tonumber(word)
  elseif type(default) == "boolean" then
    value = BOOLEANS[word]
  end
  if value == nil then
    errors.raise("argument", "%s: %s wants %s, got '%s'", program, dashed(name),
      type(default) == "number" and "a number" or "true or false", word)
  end
  return value
end

--- Options of a script, from the command line or else from their defaults.
---
--- `--epochs 5`, `--epochs=5`; for booleans `--shuffle`, `--no-shuffle`, `--shuffle=false`; `-` and
--- `_` in names are the same; `--` ends the options. Words that belong to no option stand in the
--- array part of the result. `--help` prints the options with their types and defaults and ends the
--- program with status 0.
---
---     local o = tnt.args {epochs = 3, lr = 1e-3, device = "cpu", shuffle = true}
---
--- Errors: argument, for an unknown option, a missing value, or one of the wrong type.
---@param defaults table<string, number|string|boolean>
---@param words string[]|nil  the command line, words[0] the script; default the global `arg`
---@return table options
local function args(defaults, words)
  words = words or arg or {}
  local program = words[0] or "tntlua"
  local names, by_normal = declared(defaults)
  local options = {}
  for _, name in ipairs(names) do options[name] = defaults[name] end
  local at = 1
  local function take_option(text, value)
    local name = by_normal[normal(text)]
    if name then
      local default = defaults[name]
      if value then
        options[name] = convert(program, name, value, default)
      elseif type(default) == "boolean" then
        local follower = BOOLEANS[words[at + 1]]
        if follower ~= nil then at = at + 1 end
        options[name] = follower ~= false
      else
        at = at + 1
        local word = words[at]
        if not word or word:find "^%-%-" then
          errors.raise("argument", "%s: %s needs a value", program, dashed(name))
        end
        options[name] = convert(program, name, word, default)
      end
      return
    end
    local negated = by_normal[normal(text):match "^no_(.*)" or ""]
    if negated and type(defaults[negated]) == "boolean" and not value then
      options[negated] = false
    elseif text == "help" then
      io.write(help_text(program, names, defaults), "\n")
      os.exit(0, true)
    else
      errors.unknown(program, "option", text, names)
    end
  end
  local only_words = false
  while words[at] do
    local word = words[at]
    local text, value = word:match "^%-%-([^=]+)=(.*)$"
    if only_words or word == "-" or not word:find "^%-" or tonumber(word) then
      options[#options + 1] = word
    elseif word == "--" then
      only_words = true
    elseif word == "-h" then
      take_option("help")
    else
      take_option(text or word:match "^%-%-?(.*)", value)
    end
    at = at + 1
  end
  return options
end

return args
