/* A worker's thread: a Lua state of its own, which runs lua/tnt/data/worker.lua, and a libtnt context of its own,
 * which computes on one thread and records no gradients. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "pool.h"

static void set_path(lua_State *L, const char *name, const char *value) {
  lua_getglobal(L, "package");
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

/* What went wrong before worker.lua could report it itself: a text without structure (transport.lua's tag S). */
static void fail_text(tnt_worker_pool *p, const char *text) {
  tnt_worker_message *m = tnt_worker_message_new();
  double length = (double)strlen(text);
  if (m && tnt_worker_message_reserve(m, (int64_t)length + 9) == 0) {
    m->bytes[0] = 'S';
    memcpy(m->bytes + 1, &length, sizeof length);
    memcpy(m->bytes + 9, text, (size_t)length);
    m->size = (int64_t)length + 9;
  }
  tnt_worker_fail(p, m);
}

static int serve(lua_State *L) {
  worker *w = lua_touserdata(L, 1);
  luaL_openlibs(L);
  set_path(L, "path", w->pool->path);
  set_path(L, "cpath", w->pool->cpath);
  lua_getglobal(L, "require");
  lua_pushstring(L, w->pool->module);
  lua_call(L, 1, 1);
  lua_pushnumber(L, (lua_Number)(uintptr_t)w->pool); /* addresses have at most 53 bits */
  lua_pushinteger(L, w->number);
  lua_call(L, 2, 0);
  return 0;
}

void *thread_main(void *argument) {
  worker *w = argument;
  tnt_set_num_threads(1);
  tnt_set_grad_mode(0);
  lua_State *L = luaL_newstate();
  if (!L) {
    fail_text(w->pool, "not enough memory for a Lua state");
  } else {
    if (lua_cpcall(L, serve, w)) {
      const char *text = lua_tostring(L, -1);
      fail_text(w->pool, text ? text : "an error that is no text");
    }
    lua_close(L);
  }
  tnt_context_close();
  pthread_mutex_lock(&w->pool->lock);
  w->pool->n_running--;
  pthread_cond_broadcast(&w->pool->done);
  pthread_mutex_unlock(&w->pool->lock);
  return NULL;
}
