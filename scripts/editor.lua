-- Writes lua/tnt/editor_gen.lua, which tells an editor (LuaLS) what stands in the table `tnt`: its
-- names are loaded when they are first used. scripts/gen runs it, in the checkout or in a copy.

package.path = "./lua/?.lua;./lua/?/init.lua;" .. package.path
local sorted = require "tnt.sorted"
local places = require("tnt").places

local lines = {
  "---@meta",
  "-- Generated from the table `places` in lua/tnt/init.lua by scripts/gen: do not edit. Nothing",
  "-- requires it: editors read it.",
  "",
  "---@class tnt",
  "local tnt = {}",
  "",
}
for name, place in sorted(places) do
  lines[#lines + 1] = type(place) == "string" and ('tnt.%s = require "%s"'):format(name, place)
    or ('tnt.%s = require("%s").%s'):format(name, place[1], place[2])
end
lines[#lines + 1] = "\nreturn tnt"

local file = assert(io.open("lua/tnt/editor_gen.lua", "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
