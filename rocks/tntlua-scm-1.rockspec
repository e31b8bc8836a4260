-- The rock: `luarocks --lua-version=5.1 --tree=DIR make rocks/tntlua-scm-1.rockspec` in a checkout.
-- LuaJIT counts as Lua 5.1 for luarocks. Where Debian's packages provide the dependencies, say so
-- with LUAROCKS_CONFIG=rocks/debian.lua, or luarocks goes to look for them on its servers.
rockspec_format = "3.0"
package = "tntlua"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Trains neural networks: a C core scripted from LuaJIT",
  license = "MIT",
}
dependencies = { "lua == 5.1", "lua-cjson >= 2.1", "luafilesystem >= 1.8" }
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    INSTALL_BINDIR = "$(BINDIR)",
    INSTALL_LUADIR = "$(LUADIR)",
    INSTALL_LIBDIR = "$(LIBDIR)",
  },
}
