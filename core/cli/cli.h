/* What the parts of the executable share: where the program's files are, signals, reports, the line editor.
 * Nothing here knows libtnt: the library is opened by Lua when `tnt` is first used, so an empty run stays in
 * milliseconds. */
#ifndef TNT_CLI_H
#define TNT_CLI_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#ifndef TNT_VERSION
#define TNT_VERSION "0.1.0"
#endif

/* paths.c: prepends the program's own directories to package.path and package.cpath. */
void cli_paths_set(lua_State *L);
/* Whether a chunk's source ("@/.../tnt/x.lua") belongs to the program and not to the user. */
int cli_paths_own(const char *source);

/* signals.c: SIGINT and SIGTERM become an error of kind "interrupted" in the code that cli_call runs. */
void cli_signals_install(void);
/* The code now running in L may be interrupted; NULL: nothing runs. Returns the state armed before. */
lua_State *cli_signals_arm(lua_State *L);
/* Between begin and end a signal only makes the pending read return; taken tells whether one came. */
void cli_signals_reading(int is_reading);
int cli_signals_taken(void);
/* How many signals the running code has not answered yet. */
int cli_signals_pending(void);
/* The prompt forgives one more ctrl-C than a script before it dies. */
void cli_signals_patient(void);
/* The last signal that came (SIGINT when none did). */
int cli_signals_last(void);
/* Lua: set_interrupt(raise, ops, pending), the addresses of libtnt's three functions tnt_interrupt_NAME. */
int cli_set_interrupt(lua_State *L);

/* mcode.c: makes compiled code leave for the interpreter at its next guard; 0 where that cannot be done. */
int cli_mcode_leave(void *signal_context);

/* report.c: lua_pcall that keeps the traceback of the user's lines. The error object stays on top. */
int cli_call(lua_State *L, int nargs, int nresults);
/* Lua: keep_traceback(err) returns err, and keeps the traceback of this place for when it is raised again: a handler
 * for xpcall where an error is caught, dealt with and raised once more. */
int cli_keep_traceback(lua_State *L);
/* The signal that the error on top, if of kind "interrupted", stands for; else 0. */
int cli_error_signal(lua_State *L);
/* Pops an error and pushes its report (message, then the user's lines); colours if `colour`. */
void cli_report_text(lua_State *L, const char *prefix, int colour);
/* Pops an error, writes its report to stderr, and returns the exit status that belongs to it. */
int cli_report(lua_State *L);
/* Whether stderr is a terminal that wants colours. */
int cli_colour(void);

/* line.c: the Lua module tnt.cli, which the prompt is built on. */
int cli_open(lua_State *L);

/* jitopt.c: luajit's -j and -O. Returns 0, or pushes a message. */
int cli_jit_command(lua_State *L, const char *command);
int cli_jit_optimise(lua_State *L, const char *options);

#endif
