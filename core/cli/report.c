/* Runs Lua code and reports its errors: one line with the message, then a traceback of the user's lines only.
 * TNT_TRACE=full shows every frame. */
#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Registry keys: the traceback kept by the last message handler; an error and its traceback kept by whoever will raise
 * it once more. */
static const char traceback_key = 't', again_error_key = 'e', again_traceback_key = 'a';

enum { FIRST_FRAMES = 12, LAST_FRAMES = 8 };

static int trace_full(void) {
  const char *mode = getenv("TNT_TRACE");
  return mode && strcmp(mode, "full") == 0;
}

static int is_users(const lua_Debug *ar) {
  return strcmp(ar->what, "C") != 0 && ar->currentline > 0 && !cli_paths_own(ar->source);
}

static void push_frame(lua_State *L, const lua_Debug *ar) {
  lua_pushfstring(L, "\n  %s:%d: in ", ar->short_src, ar->currentline);
  if (strcmp(ar->what, "main") == 0) {
    lua_pushliteral(L, "main chunk");
  } else if (ar->name) {
    lua_pushfstring(L, "function '%s'", ar->name);
  } else {
    lua_pushfstring(L, "function <%s:%d>", ar->short_src, ar->linedefined);
  }
  lua_concat(L, 2);
}

/* Pushes the user's frames, "" when the message alone says as much. */
static void push_users_traceback(lua_State *L, int level) {
  lua_Debug ar;
  int total = 0, at = 0, only_main = 1;
  for (int i = level; lua_getstack(L, i, &ar); i++) {
    lua_getinfo(L, "Sl", &ar);
    if (!is_users(&ar)) continue;
    total++;
    if (strcmp(ar.what, "main") != 0) only_main = 0;
  }
  lua_pushliteral(L, "");
  if (total <= 1 && only_main) return;
  for (int i = level; lua_getstack(L, i, &ar); i++) {
    lua_getinfo(L, "Sln", &ar);
    if (!is_users(&ar)) continue;
    at++;
    if (at > FIRST_FRAMES && at <= total - LAST_FRAMES) {
      if (at == FIRST_FRAMES + 1) {
        lua_pushfstring(L, "\n  ... (%d more)", total - FIRST_FRAMES - LAST_FRAMES);
        lua_concat(L, 2);
      }
      continue;
    }
    push_frame(L, &ar);
    lua_concat(L, 2);
  }
}

static void push_traceback(lua_State *L) {
  if (trace_full()) {
    lua_pushliteral(L, "\n");
    luaL_traceback(L, L, NULL, 1);
    lua_concat(L, 2);
  } else {
    push_users_traceback(L, 1);
  }
}

/* Pops a value into the registry. */
static void set_kept(lua_State *L, const char *key) {
  lua_pushlightuserdata(L, (void *)key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

static void get_kept(lua_State *L, const char *key) {
  lua_pushlightuserdata(L, (void *)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

static int message_handler(lua_State *L) {
  lua_settop(L, 1);
  get_kept(L, &again_error_key);
  if (!lua_isnil(L, 1) && lua_rawequal(L, 1, 2)) {
    get_kept(L, &again_traceback_key);
  } else {
    push_traceback(L);
  }
  set_kept(L, &traceback_key);
  lua_settop(L, 1);
  return 1;
}

int cli_keep_traceback(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  get_kept(L, &again_error_key);
  if (lua_rawequal(L, 1, 2))
    return lua_settop(L, 1), 1; /* raised again already: the first place counts */
  push_traceback(L);
  set_kept(L, &again_traceback_key);
  lua_pushvalue(L, 1);
  set_kept(L, &again_error_key);
  lua_settop(L, 1);
  return 1;
}

int cli_call(lua_State *L, int nargs, int nresults) {
  int base = lua_gettop(L) - nargs;
  lua_pushcfunction(L, message_handler);
  lua_insert(L, base);
  lua_State *before = cli_signals_arm(L);
  int status = lua_pcall(L, nargs, nresults, base);
  cli_signals_arm(before);
  lua_remove(L, base);
  if (status) lua_gc(L, LUA_GCCOLLECT, 0);
  return status;
}

/* "module 'x' not found:" is followed by one line for each file tried: enough to drown the message. */
static const char *shorten_not_found(lua_State *L, const char *text) {
  const char *end = strstr(text, "' not found:\n\tno field package.preload");
  if (!end || !strstr(text, "module '")) return text;
  lua_pushlstring(L, text, (size_t)(end - text));
  lua_pushliteral(
      L, "' not found (TNT_TRACE=full lists the files tried; package.path and package.cpath "
         "say where to look)");
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

/* Replaces the error on top by its text. */
static void to_text(lua_State *L) {
  int error = lua_gettop(L);
  if (luaL_callmeta(L, error, "__tostring") && lua_isstring(L, -1)) {
    lua_replace(L, error);
    lua_settop(L, error);
    return;
  }
  lua_settop(L, error);
  if (!lua_isstring(L, error)) {
    lua_getglobal(L, "tostring");
    lua_pushvalue(L, error);
    lua_call(L, 1, 1);
    lua_pushfstring(L, "an error that is no message was raised: %s", lua_tostring(L, -1));
    lua_replace(L, error);
    lua_settop(L, error);
    return;
  }
  if (!trace_full()) {
    const char *text = shorten_not_found(L, lua_tostring(L, error));
    luaL_gsub(L, text, ":\n\t", ": ");
    lua_replace(L, error);
    lua_settop(L, error);
  }
}

int cli_colour(void) {
  const char *term = getenv("TERM");
  const char *no_colour = getenv("NO_COLOR");
  return isatty(STDERR_FILENO) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

static int report_text(lua_State *L) {
  const char *prefix = lua_tostring(L, 2);
  int colour = lua_toboolean(L, 3);
  lua_pushvalue(L, 1);
  to_text(L);
  const char *text = lua_tostring(L, -1);
  get_kept(L, &traceback_key);
  const char *trace = lua_tostring(L, -1);
  if (!trace) trace = "";
  lua_pushfstring(L, colour ? "\033[1;31m%s%s\033[0m\033[2m%s\033[0m" : "%s%s%s", prefix, text,
                  trace);
  const char *const keys[] = {&traceback_key, &again_error_key, &again_traceback_key};
  for (int i = 0; i < 3; i++) {
    lua_pushnil(L);
    set_kept(L, keys[i]);
  }
  return 1;
}

void cli_report_text(lua_State *L, const char *prefix, int colour) {
  lua_pushcfunction(L, report_text);
  lua_insert(L, -2);
  lua_pushstring(L, prefix);
  lua_pushboolean(L, colour);
  if (lua_pcall(L, 3, 1, 0)) {
    const char *why = lua_isstring(L, -1) ? lua_tostring(L, -1) : "its text cannot be made";
    lua_pushfstring(L, "%san error was raised, but: %s", prefix, why);
    lua_remove(L, -2);
  }
}

int cli_error_signal(lua_State *L) {
  int sig = 0;
  if (!lua_istable(L, -1)) return 0;
  lua_pushliteral(L, "kind");
  lua_rawget(L, -2);
  const char *kind = lua_tostring(L, -1);
  if (kind && strcmp(kind, "interrupted") == 0) {
    lua_pushliteral(L, "signal");
    lua_rawget(L, -3);
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    if (name) {
      sig = strstr(name, "TERM") ? SIGTERM : SIGINT;
    } else {
      sig = lua_isnumber(L, -1) ? (int)lua_tointeger(L, -1) : cli_signals_last();
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return sig;
}

int cli_report(lua_State *L) {
  int sig = cli_error_signal(L);
  cli_report_text(L, "tntlua: ", cli_colour());
  fflush(stdout);
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  fflush(stderr);
  lua_pop(L, 1);
  return sig ? 128 + sig : EXIT_FAILURE;
}
