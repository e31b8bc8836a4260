-- Writes lua/tnt/editor_gen.lua, which tells an editor (LuaLS) what stands in tables that are
-- filled while the program runs: tnt, tnt.nn and tnt.optim.schedule. scripts/gen runs it, in the
-- checkout or in a copy, without the built library: it reads the sources.

package.path = "./lua/?.lua;./lua/?/init.lua;" .. package.path
local sorted = require "tnt.sorted"
local places = require("tnt").places

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local lines = {
  "---@meta",
  "-- Generated from lua/tnt/init.lua, lua/tnt/nn and lua/tnt/optim/schedule by scripts/gen: do",
  "-- not edit. Nothing requires it: editors read it.",
  "",
  "---@class tnt",
  "local tnt = {}",
  "",
}
for name, place in sorted(places) do
  lines[#lines + 1] = type(place) == "string" and ('tnt.%s = require "%s"'):format(name, place)
    or ('tnt.%s = require("%s").%s'):format(name, place[1], place[2])
end

-- What a file's `---@class PREFIX.Name: BASE` lines name.
local function classes(text, prefix, base)
  for name in text:gmatch("%-%-%-@class " .. prefix:gsub("%.", "%%.") .. "%.([%w_]+): "
    .. base:gsub("%.", "%%.") .. "\n") do
    lines[#lines + 1] = ("---@field %s %s.%s"):format(name, prefix, name)
  end
end

lines[#lines + 1] = "\n---@class tnt.optim.schedule"
classes(read "lua/tnt/optim/schedule/forms.lua", "tnt.optim.schedule", "tnt.optim.Schedule")

lines[#lines + 1] = "\n---@class tnt.nn"
local functions = {}
for file in read("lua/tnt/nn/init.lua"):match "in ipairs {(.-)} do":gmatch '"([%w_]+)"' do
  local text = read("lua/tnt/nn/" .. file .. ".lua")
  classes(text, "tnt.nn", "tnt.nn.Module")
  local returned = text:match "\nreturn ([^\n]+)"
  if returned:find "^{" then
    for name in returned:gmatch "(%l[%w_]*) =" do functions[#functions + 1] = { name, file } end
  else
    for name in text:gmatch("\nfunction " .. returned .. "%.([%w_]+)%(") do
      functions[#functions + 1] = { name, file }
    end
  end
end
lines[#lines + 1] = "local nn = {}"
for _, entry in ipairs(functions) do
  lines[#lines + 1] = ('nn.%s = require("tnt.nn.%s").%s'):format(entry[1], entry[2], entry[1])
end

lines[#lines + 1] = "\nreturn tnt"

local file = assert(io.open("lua/tnt/editor_gen.lua", "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
