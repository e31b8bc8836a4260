/* Where the program's Lua files and libraries are, found from the executable's own place.
 * Checkout: <root>/build*'/bin/tntlua with <root>/lua. Installed, as a rock or as a bundle: <prefix>/bin/tntlua with
 * <prefix>/share/lua/5.1 and <prefix>/lib/lua/5.1. */
#include "cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "@<directory of lua files>/tnt/", as chunk names begin; empty when not found. */
static char own_prefix[PATH_MAX + 8];

static int is_directory(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Cuts the last component off. */
static int parent(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash || slash == path) return 0;
  *slash = '\0';
  return 1;
}

static void prepend(lua_State *L, const char *field, const char *templates) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, field);
  lua_pushfstring(L, "%s;%s", templates, lua_tostring(L, -1));
  lua_setfield(L, -3, field);
  lua_pop(L, 2);
}

void cli_paths_set(lua_State *L) {
  char bin[PATH_MAX], top[PATH_MAX], lua_dir[PATH_MAX + 16], lib_dir[PATH_MAX + 16];
  ssize_t n = readlink("/proc/self/exe", bin, sizeof bin - 1);
  if (n <= 0) return;
  bin[n] = '\0';
  if (!parent(bin) || !parent(bin)) return;
  strcpy(top, bin);
  const char *base = strrchr(bin, '/');
  int in_build = base && strncmp(base + 1, "build", 5) == 0 && parent(top);
  if (in_build) {
    snprintf(lua_dir, sizeof lua_dir, "%s/lua", top);
    snprintf(own_prefix, sizeof own_prefix, "@%.*s/tnt/", PATH_MAX, lua_dir);
    in_build = is_directory(own_prefix + 1);
  }
  if (in_build) {
    snprintf(lib_dir, sizeof lib_dir, "%s/lib", bin);
  } else {
    snprintf(lua_dir, sizeof lua_dir, "%s/share/lua/5.1", bin);
    snprintf(lib_dir, sizeof lib_dir, "%s/lib/lua/5.1", bin);
    snprintf(own_prefix, sizeof own_prefix, "@%.*s/tnt/", PATH_MAX, lua_dir);
    if (!is_directory(own_prefix + 1)) {
      own_prefix[0] = '\0';
      return;
    }
  }
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua", lua_dir, lua_dir);
  prepend(L, "path", lua_tostring(L, -1));
  lua_pushfstring(L, "%s/?.so", lib_dir);
  prepend(L, "cpath", lua_tostring(L, -1));
  lua_pop(L, 2);
}

int cli_paths_own(const char *source) {
  return own_prefix[0] && strncmp(source, own_prefix, strlen(own_prefix)) == 0;
}
