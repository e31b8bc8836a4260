/* The Lua module tnt.cli: reading lines with editing, history and completion (libedit), and calling code under the
 * program's signals and reports. Without libedit, or without a terminal, lines come from plain standard input. */
#include "cli.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef TNT_EDIT
#include <editline/readline.h>
#endif

static int is_terminal(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

#ifdef TNT_EDIT
/* The state whose completer answers; set while a line is being read. */
static lua_State *completing;
static const char completer_key = 'c';

/* Candidates of the last call, a Lua table on the stack of `completing`. */
static char *next_candidate(const char *text, int state) {
  static int at;
  (void)text;
  if (state == 0) at = 0;
  lua_rawgeti(completing, -1, ++at);
  const char *candidate = lua_tostring(completing, -1);
  char *copy = candidate ? strdup(candidate) : NULL;
  lua_pop(completing, 1);
  return copy;
}

/* completer(line up to the cursor, word) returns a list of words, or nil: complete a file name. */
static char **complete(const char *text, int start, int end) {
  lua_State *L = completing;
  (void)start;
  char **matches = NULL;
  int top = lua_gettop(L);
  lua_pushlightuserdata(L, (void *)&completer_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_pushlstring(L, rl_line_buffer, (size_t)end);
  lua_pushstring(L, text);
  rl_attempted_completion_over = 1;
  rl_completion_append_character = '\0';
  if (lua_pcall(L, 2, 1, 0) == 0) {
    if (lua_istable(L, -1)) {
      matches = rl_completion_matches(text, next_candidate);
    } else {
      rl_attempted_completion_over = 0;
    }
  }
  lua_settop(L, top);
  return matches;
}

/* Raw mode before the prompt shows: what is typed at once is then neither echoed twice nor lost. */
static int prepare_terminal(void) {
  rl_prep_terminal(1);
  return 0;
}

static void start_editing(void) {
  static int started;
  static char break_characters[] = " \t\n\"\\'`@$><=;|&{}()[]+-*/%^~,#?!";
  if (started) return;
  started = 1;
  setlocale(LC_CTYPE, "");
  rl_readline_name = "tntlua";
  rl_initialize();
  using_history();
  rl_completer_word_break_characters = break_characters;
  rl_attempted_completion_function = complete;
  rl_pre_input_hook = prepare_terminal;
}
#endif

static int read_plain(lua_State *L, const char *prompt) {
  char piece[1024];
  luaL_Buffer line;
  int any = 0;
  if (is_terminal()) {
    fputs(prompt, stdout);
    fflush(stdout);
  }
  luaL_buffinit(L, &line);
  while (fgets(piece, sizeof piece, stdin)) {
    size_t n = strlen(piece);
    any = 1;
    int ended = n > 0 && piece[n - 1] == '\n';
    luaL_addlstring(&line, piece, ended ? n - 1 : n);
    if (ended) break;
  }
  luaL_pushresult(&line);
  if (!any) clearerr(stdin);
  return any;
}

/* read(prompt) returns a line; nil, "interrupted" after ctrl-C; nil, "end" at the end of input. */
static int line_read(lua_State *L) {
  const char *prompt = luaL_checkstring(L, 1);
  fflush(stdout);
  cli_signals_reading(1);
#ifdef TNT_EDIT
  if (is_terminal()) {
    start_editing();
    completing = L;
    char *line = readline(prompt);
    cli_signals_reading(0);
    if (line) {
      lua_pushstring(L, line);
      free(line);
      return 1;
    }
    fputc('\n', stdout);
    fflush(stdout);
    lua_pushnil(L);
    lua_pushstring(L, cli_signals_taken() ? "interrupted" : "end");
    return 2;
  }
#endif
  int any = read_plain(L, prompt);
  cli_signals_reading(0);
  if (any) return 1;
  if (is_terminal()) fputc('\n', stdout);
  lua_pushnil(L);
  lua_pushstring(L, cli_signals_taken() ? "interrupted" : "end");
  return 2;
}

/* completer(fn): fn(line up to the cursor, word) returns a list of words, or nil for file names. */
static int line_completer(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
#ifdef TNT_EDIT
  lua_pushlightuserdata(L, (void *)&completer_key);
  lua_pushvalue(L, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
#endif
  return 0;
}

/* history_add(line): arrow-up finds it. */
static int line_history_add(lua_State *L) {
  const char *line = luaL_checkstring(L, 1);
#ifdef TNT_EDIT
  if (is_terminal()) {
    start_editing();
    add_history(line);
  }
#else
  (void)line;
#endif
  return 0;
}

/* call(f, ...) returns true and f's results, or false, the report of its error, and the number of the signal that
 * caused it or 0. */
static int line_call(lua_State *L) {
  luaL_checkany(L, 1);
  if (cli_call(L, lua_gettop(L) - 1, LUA_MULTRET) == 0) {
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    return lua_gettop(L);
  }
  int sig = cli_error_signal(L);
  cli_report_text(L, "", lua_toboolean(L, lua_upvalueindex(1)));
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  lua_pushinteger(L, sig);
  return 3;
}

/* report(message) returns the text of an error that no call of ours has seen. */
static int line_report(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  cli_report_text(L, "", cli_colour());
  return 1;
}

static int line_terminal(lua_State *L) {
  lua_pushboolean(L, is_terminal());
  return 1;
}

static int line_patient(lua_State *L) {
  (void)L;
  cli_signals_patient();
  return 0;
}

int cli_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"read", line_read},
      {"completer", line_completer},
      {"history_add", line_history_add},
      {"report", line_report},
      {"keep_traceback", cli_keep_traceback},
      {"terminal", line_terminal},
      {"patient", line_patient},
      {"set_interrupt", cli_set_interrupt},
      {NULL, NULL},
  };
  lua_newtable(L);
  luaL_register(L, NULL, functions);
  lua_pushboolean(L, cli_colour());
  lua_pushcclosure(L, line_call, 1);
  lua_setfield(L, -2, "call");
  lua_pushlightuserdata(L, (void *)(size_t)cli_signals_pending);
  lua_setfield(L, -2, "pending_function");
#ifdef TNT_EDIT
  lua_pushboolean(L, 1);
#else
  lua_pushboolean(L, 0);
#endif
  lua_setfield(L, -2, "editing");
  lua_pushliteral(L, TNT_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
