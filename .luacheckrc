-- luacheck's settings; run by scripts/check.
std = "luajit"
max_line_length = 100
cache = false
exclude_files = { "spec/reference/*" } -- recorded numbers
ignore = {
  "212/self", -- a method may ignore its object
  "212/_.*",
  "212/state", "212/unit", "212/ctx", -- events and gradients get them whether they want them or not
}
files["spec"] = { std = "+busted" }
files["rocks"] = { std = "+rockspec" }
-- A configuration's globals are its keys.
files["**/configs"] = { ignore = { "111", "112", "113", "131" } }
files["core/ops.lua"] = { max_line_length = false } -- a table: one row a line
files["rocks/debian.lua"] = { ignore = { "111", "131" } } -- its globals are luarocks' settings
