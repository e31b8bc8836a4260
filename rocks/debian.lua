-- luarocks' configuration on Debian, where packages provide LuaJIT and the Lua modules, unseen by
-- luarocks: LUAROCKS_CONFIG=rocks/debian.lua luarocks ... make rocks/tntlua-scm-1.rockspec

lua_version = "5.1"
lua_interpreter = "luajit"
variables = {
  LUA = "/usr/bin/luajit",
  LUA_BINDIR = "/usr/bin",
  LUA_INCDIR = "/usr/include/luajit-2.1",
}
-- The versions that Debian 12 has; scripts/setup installs them.
rocks_provided = {
  argparse = "0.7.1-1",
  luafilesystem = "1.8.0-1",
  ["lua-cjson"] = "2.1.0-1",
  lyaml = "6.2.8-1",
  penlight = "1.13.1-1",
}
rocks_servers = {}
