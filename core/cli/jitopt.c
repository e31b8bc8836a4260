/* LuaJIT's own options: -j runs a function of `jit` or a module jit.NAME, -O sets optimiser parameters. */
#include "cli.h"

#include <string.h>

/* Calls the function on top with the comma-separated words of `text`. Returns 0, or pushes a message. */
static int call_with_words(lua_State *L, const char *text) {
  int n = 0;
  while (text && *text) {
    const char *comma = strchr(text, ',');
    luaL_checkstack(L, 1, "too many options");
    lua_pushlstring(L, text, comma ? (size_t)(comma - text) : strlen(text));
    text = comma ? comma + 1 : NULL;
    n++;
  }
  return lua_pcall(L, n, 0, 0);
}

static int load_jit_module(lua_State *L, const char *name) {
  lua_getglobal(L, "require");
  lua_pushfstring(L, "jit.%s", name);
  if (lua_pcall(L, 1, 1, 0)) return 1;
  lua_getfield(L, -1, "start");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 2);
    lua_pushfstring(L, "-j%s: no such command (on, off, flush, v, dump, p, ...)", name);
    return 1;
  }
  lua_remove(L, -2);
  return 0;
}

int cli_jit_command(lua_State *L, const char *command) {
  const char *words = strchr(command, '=');
  lua_pushlstring(L, command, words ? (size_t)(words - command) : strlen(command));
  const char *name = lua_tostring(L, -1);
  lua_getglobal(L, "jit");
  lua_getfield(L, -1, name);
  if (!lua_isfunction(L, -1)) {
    lua_pop(L, 2);
    if (load_jit_module(L, name)) return 1;
  }
  return call_with_words(L, words ? words + 1 : NULL);
}

int cli_jit_optimise(lua_State *L, const char *options) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "jit.opt");
  if (lua_pcall(L, 1, 1, 0)) return 1;
  lua_getfield(L, -1, "start");
  lua_remove(L, -2);
  return call_with_words(L, options);
}
