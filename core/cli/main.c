/* tntlua: LuaJIT with the trainer's modules on its path. Options are luajit's, and -m, --version, --help, --nproc.
 * Exit status: 0 done, 1 error, 130 interrupted, 143 terminated. */
#include "cli.h"

#include <errno.h>
#include <luajit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: tntlua [options] [script [args]]\n"
    "  FILE [args]       run a script; `arg` holds its arguments\n"
    "  -m MODULE [args]  run a module: tnt.train, tnt.test, tnt.config, tnt.env, or your own\n"
    "  -e CODE           run a piece of code (tnt, nn and F are there)\n"
    "  -l MODULE         require a module first\n"
    "  -i                go to the prompt afterwards\n"
    "  -                 run standard input\n"
    "  -j CMD, -O[OPT]   LuaJIT's compiler: -joff, -jv, -O3, ...\n"
    "  -E                ignore LUA_INIT, LUA_PATH and LUA_CPATH\n"
    "  --nproc N         run on N processes of this machine\n"
    "  --version         print the version\n"
    "  --help            print this\n"
    "Without arguments on a terminal: the prompt.\n";

/* The command line, split. Strings point into argv. */
struct command {
  char **argv;
  int argc;
  int script; /* index of the script, module name or "-"; argc when there is none */
  int is_module, interactive, version, help, ignore_environment;
  int has_code; /* an -e or a -l was given: no prompt without -i */
  const char *nproc;
};

static int complain(const char *format, const char *argument) {
  fprintf(stderr, "tntlua: ");
  fprintf(stderr, format, argument);
  fprintf(stderr, " (tntlua --help lists the options)\n");
  return 1;
}

static int parse_long(struct command *c, int *at) {
  const char *name = c->argv[*at] + 2;
  if (strcmp(name, "version") == 0) {
    c->version = 1;
  } else if (strcmp(name, "help") == 0) {
    c->help = 1;
  } else if (strncmp(name, "nproc=", 6) == 0) {
    c->nproc = name + 6;
  } else if (strcmp(name, "nproc") == 0) {
    if (!(c->nproc = c->argv[++*at])) return complain("%s needs a number of processes", "--nproc");
  } else {
    return complain("unknown option '%s'", c->argv[*at]);
  }
  return 0;
}

/* Errors are printed; returns non-zero then. */
static int parse(struct command *c) {
  int i = 1;
  for (; i < c->argc; i++) {
    const char *a = c->argv[i];
    if (a[0] != '-' || a[1] == '\0') break;
    if (strcmp(a, "--") == 0) {
      i++;
      break;
    }
    switch (a[1]) {
    case '-':
      if (parse_long(c, &i)) return 1;
      break;
    case 'm':
      c->is_module = 1;
      if (!c->argv[++i]) return complain("%s needs the name of a module", a);
      if (a[2]) return complain("'%s': write -m MODULE", a);
      c->script = i;
      return 0;
    case 'e':
    case 'l':
    case 'j':
      if (!a[2] && !c->argv[++i]) return complain("%s needs an argument", a);
      if (a[1] != 'j') c->has_code = 1;
      break;
    case 'O': break;
    case 'i':
    case 'v':
    case 'E':
      if (a[2]) return complain("unknown option '%s'", a);
      if (a[1] == 'i') c->interactive = 1;
      if (a[1] == 'v') c->version = c->has_code = 1;
      if (a[1] == 'E') c->ignore_environment = 1;
      break;
    case 'h': c->help = 1; break;
    default: return complain("unknown option '%s'", a);
    }
  }
  c->script = i;
  return 0;
}

/* arg[0] is the script, positive its arguments, negative what stands before it. */
static void set_arg(lua_State *L, const struct command *c) {
  lua_createtable(L, c->argc - c->script, c->script + 1);
  for (int i = 0; i < c->argc; i++) {
    lua_pushstring(L, c->argv[i]);
    lua_rawseti(L, -2, i - c->script);
  }
  lua_setglobal(L, "arg");
}

static int push_args(lua_State *L, const struct command *c) {
  int n = c->argc - c->script - 1;
  if (n <= 0) return 0;
  luaL_checkstack(L, n, "too many arguments");
  for (int i = c->script + 1; i < c->argc; i++) lua_pushstring(L, c->argv[i]);
  return n;
}

static int run(lua_State *L, int load_status, int nargs) {
  return load_status || cli_call(L, nargs, 0) ? cli_report(L) : 0;
}

/* Calls a Lua function of one of the program's modules: require(module).name(). */
static int call_module(lua_State *L, const char *module, const char *name) {
  lua_getglobal(L, "require");
  lua_pushstring(L, module);
  if (cli_call(L, 1, 1)) return cli_report(L);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
  return run(L, 0, 0);
}

/* __index of the environment of -e code: globals, then tnt, nn, F, loaded when first named. */
static int index_lazily(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  lua_gettable(L, LUA_GLOBALSINDEX);
  if (!lua_isnil(L, -1) || lua_type(L, 2) != LUA_TSTRING) return 1;
  const char *name = lua_tostring(L, 2);
  int is_nn = strcmp(name, "nn") == 0, is_f = strcmp(name, "F") == 0;
  if (!is_nn && !is_f && strcmp(name, "tnt") != 0) return 1;
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tnt");
  lua_call(L, 1, 1);
  if (is_nn || is_f) lua_getfield(L, -1, "nn");
  if (is_f) lua_getfield(L, -1, "functional");
  return 1;
}

/* Gives the chunk on top that environment. Assignments make ordinary globals. */
static void set_lazy_environment(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, index_lazily);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  lua_setfenv(L, -2);
}

static int run_code(lua_State *L, const char *code, const char *name) {
  int status = luaL_loadbuffer(L, code, strlen(code), name);
  if (!status) set_lazy_environment(L);
  return run(L, status, 0);
}

static int run_init(lua_State *L) {
  const char *init = getenv("LUA_INIT");
  if (!init) return 0;
  if (init[0] == '@') return run(L, luaL_loadfile(L, init + 1), 0);
  return run(L, luaL_loadbuffer(L, init, strlen(init), "=LUA_INIT"), 0);
}

/* -e, -l, -j and -O, in the order of the command line. */
static int run_options(lua_State *L, const struct command *c) {
  int end = c->is_module ? c->script - 1 : c->script;
  for (int i = 1; i < end; i++) {
    const char *a = c->argv[i];
    int status = 0;
    const char *value = strchr("elj", a[1]) ? (a[2] ? a + 2 : c->argv[++i]) : a + 2;
    if (strcmp(a, "--nproc") == 0) i++;
    switch (a[1]) {
    case 'e': status = run_code(L, value, "=(command line)"); break;
    case 'l':
      lua_getglobal(L, "require");
      lua_pushstring(L, value);
      status = run(L, 0, 1);
      break;
    case 'j': status = cli_jit_command(L, value) ? cli_report(L) : 0; break;
    case 'O': status = cli_jit_optimise(L, value) ? cli_report(L) : 0; break;
    }
    if (status) return status;
  }
  return 0;
}

static int run_file(lua_State *L, const struct command *c) {
  const char *name = c->argv[c->script];
  int from_stdin = strcmp(name, "-") == 0 && strcmp(c->argv[c->script - 1], "--") != 0;
  if (!from_stdin && access(name, R_OK) != 0) {
    lua_pushfstring(L, "cannot open '%s': %s", name, strerror(errno));
    return cli_report(L);
  }
  int status = luaL_loadfile(L, from_stdin ? NULL : name);
  return run(L, status, status ? 0 : push_args(L, c));
}

/* package.searchpath(name .. suffix, package.path): pushes the path, or nothing and returns 0. */
static int search_module(lua_State *L, const char *name, const char *suffix) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchpath");
  lua_pushfstring(L, "%s%s", name, suffix);
  lua_getfield(L, -3, "path");
  lua_call(L, 2, 1);
  lua_remove(L, -2);
  if (!lua_isnil(L, -1)) return 1;
  lua_pop(L, 1);
  return 0;
}

/* -m NAME runs NAME/main.lua, else the module's own file, as a script. If that returns a table with a function `main`
 * it is called with the arguments. */
static int run_module(lua_State *L, const struct command *c) {
  const char *name = c->argv[c->script];
  if (!search_module(L, name, ".main") && !search_module(L, name, "")) {
    lua_pushfstring(L, "-m %s: no such module on package.path", name);
    return cli_report(L);
  }
  lua_getglobal(L, "arg");
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, 0);
  lua_pop(L, 1);
  const char *path = lua_tostring(L, -1);
  if (luaL_loadfile(L, path) || cli_call(L, push_args(L, c), 1)) return cli_report(L);
  if (!lua_istable(L, -1)) return 0;
  lua_getfield(L, -1, "main");
  if (!lua_isfunction(L, -1)) return 0;
  return run(L, 0, push_args(L, c));
}

static int run_command(lua_State *L, const struct command *c) {
  int status = c->ignore_environment ? 0 : run_init(L);
  if (!status) status = run_options(L, c);
  if (status) return status;
  int has_script = c->script < c->argc;
  if (has_script) {
    status = c->is_module ? run_module(L, c) : run_file(L, c);
    if (status && !c->interactive) return status;
  }
  int tty = isatty(STDIN_FILENO);
  if (c->interactive || (!has_script && !c->has_code && tty))
    return call_module(L, "tnt.prompt", "run");
  if (!has_script && !c->has_code) return run(L, luaL_loadfile(L, NULL), 0);
  return status;
}

struct start {
  struct command command;
  int status;
};

static int protected_main(lua_State *L) {
  struct start *start = lua_touserdata(L, 1);
  const struct command *c = &start->command;
  lua_gc(L, LUA_GCSTOP, 0);
  if (c->ignore_environment) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  }
  luaL_openlibs(L);
  lua_gc(L, LUA_GCRESTART, -1);
  cli_paths_set(L);
  /* The default of 1,000 traces is flushed again and again by programs of this size (2 MB of machine code). */
  if (cli_jit_optimise(L, "maxtrace=20000,maxmcode=40960,sizemcode=64")) lua_pop(L, 1);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, cli_open);
  lua_setfield(L, -2, "tnt.cli");
  lua_pop(L, 2);
  set_arg(L, c);
  cli_signals_install();
  start->status = run_command(L, c);
  return 0;
}

int main(int argc, char **argv) {
  struct start start;
  memset(&start, 0, sizeof start);
  struct command *c = &start.command;
  c->argv = argv;
  c->argc = argc;
  if (parse(c)) return EXIT_FAILURE;
  if (c->help) {
    fputs(usage, stdout);
    return EXIT_SUCCESS;
  }
  if (c->version) printf("tntlua %s (%s)\n", TNT_VERSION, LUAJIT_VERSION);
  if (c->version && c->script >= argc && !c->interactive) return EXIT_SUCCESS;
  if (c->nproc) {
    fprintf(stderr, "tntlua: --nproc %s: not available in this build\n", c->nproc);
    return EXIT_FAILURE;
  }
  /* libgomp reads this when it is loaded. Threads that spin long starve a busy machine: 2 GFLOP/s instead of 91
   * beside one busy neighbour, for at most 40 % on an idle one. */
  setenv("GOMP_SPINCOUNT", "1000", 0);
  lua_State *L = luaL_newstate();
  if (!L) {
    fputs("tntlua: not enough memory for a Lua state\n", stderr);
    return EXIT_FAILURE;
  }
  if (lua_cpcall(L, protected_main, &start)) start.status = cli_report(L);
  lua_close(L);
  return start.status;
}
