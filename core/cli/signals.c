/* SIGINT and SIGTERM. The handler sets libtnt's flag, if the library is loaded (its next op then raises), and a debug
 * hook that raises in interpreted code; compiled code looks at neither, so it is made to leave (mcode.c). Whoever
 * still does not stop dies of the next signal by its default action. */
#include "cli.h"

#include <luajit.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static lua_State *volatile running;
/* A launcher and the terminal may both send a signal: copies this close to one not yet answered count as that one. */
enum { SAME_MS = 200 };
static long long last_ms;
static volatile sig_atomic_t reading, patient, taken, last_signal, pending, traces_spoilt, retries;
static pthread_t main_thread;

/* libtnt's tnt_interrupt_raise, tnt_interrupt_ops and tnt_interrupt_pending, once it is loaded. */
static void (*library_raise)(int signal);
static void (*library_ops)(int on);
static int (*library_pending)(int clear);

/* How often the handler looks again whether the code has stopped, and when it gives up. */
enum { RETRY_US = 2000, RETRIES = 2500 };

static void on_retry(int sig, siginfo_t *info, void *context);

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGALRM);
  sigaction(sig, &action, NULL);
}

static void retry_timer(int on) {
  struct itimerval every = {{0, 0}, {0, 0}};
  if (on) {
    handle(SIGALRM, on_retry, reading ? 0 : SA_RESTART);
    every.it_interval.tv_usec = every.it_value.tv_usec = RETRY_US;
  }
  setitimer(ITIMER_REAL, &every, NULL);
}

static int error_tostring(lua_State *L) {
  lua_getfield(L, 1, "where");
  lua_getfield(L, 1, "message");
  if (lua_isstring(L, -2)) {
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -2), lua_tostring(L, -1));
  }
  return 1;
}

/* The metatable of tnt.errors if that is loaded, else one that prints the same. */
static void push_error_metatable(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_getfield(L, -1, "tnt.errors");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "Error");
    if (lua_istable(L, -1)) return;
  }
  lua_newtable(L);
  lua_pushcfunction(L, error_tostring);
  lua_setfield(L, -2, "__tostring");
}

static int raise_interrupted(lua_State *L) {
  int sig = last_signal;
  lua_newtable(L);
  int object = lua_gettop(L);
  lua_pushliteral(L, "interrupted");
  lua_setfield(L, object, "kind");
  lua_pushstring(L, sig == SIGTERM ? "terminated" : "interrupted");
  lua_setfield(L, object, "message");
  lua_pushinteger(L, sig);
  lua_setfield(L, object, "signal");
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline > 0 && !cli_paths_own(ar.source)) {
      lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
      lua_setfield(L, object, "where");
      break;
    }
  }
  push_error_metatable(L);
  lua_setmetatable(L, object);
  lua_settop(L, object);
  return lua_error(L);
}

/* Takes back everything an unanswered signal left behind. */
static void quiet(lua_State *L) {
  retry_timer(0);
  pending = 0;
  if (library_raise) {
    library_pending(1);
    library_ops(0);
  }
  lua_sethook(L, NULL, 0, 0);
  if (traces_spoilt) {
    traces_spoilt = 0;
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
  }
}

static void hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  quiet(L);
  raise_interrupted(L);
}

static void die(int sig) {
  signal(sig, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  raise(sig);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void stop(lua_State *L, void *context) {
  lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
  if (cli_mcode_leave(context)) traces_spoilt = 1;
}

static long long milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void on_signal(int sig, siginfo_t *info, void *context) {
  (void)info;
  if (!pthread_equal(pthread_self(), main_thread)) {
    pthread_kill(main_thread, sig);
    return;
  }
  last_signal = sig;
  taken = 1;
  if (reading && sig == SIGINT) {
    retry_timer(1); /* the signal may have come just before read(2) began */
    return;
  }
  lua_State *L = running;
  if (!L) die(sig);
  long long now = milliseconds();
  if (pending && now - last_ms < SAME_MS) return;
  last_ms = now;
  pending++;
  if (pending == 1) {
    if (library_raise) {
      library_raise(sig);
      library_ops(1);
    }
    stop(L, context);
    retries = 0;
    retry_timer(1);
  } else if (pending == 2 && patient && sig == SIGINT) {
    static const char text[] =
        "\nstill running in code that cannot be interrupted; ctrl-C again kills tntlua\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) return;
  } else {
    die(sig);
  }
}

/* The signal may have come while the compiled loop was inside a C function: look again until it has stopped.
 * Who ends a program sends SIGTERM once, so that one kills in the end. */
static void on_retry(int sig, siginfo_t *info, void *context) {
  (void)info;
  if (!pthread_equal(pthread_self(), main_thread)) {
    pthread_kill(main_thread, sig);
    return;
  }
  lua_State *L = running;
  if (reading) return; /* to have interrupted read(2) is enough */
  if (!pending || !L) {
    retry_timer(0);
  } else if (++retries < RETRIES) {
    stop(L, context);
  } else {
    retry_timer(0);
    if (last_signal == SIGTERM) die(SIGTERM);
  }
}

void cli_signals_install(void) {
  main_thread = pthread_self();
  last_signal = SIGINT;
  handle(SIGINT, on_signal, 0);
  handle(SIGTERM, on_signal, 0);
}

lua_State *cli_signals_arm(lua_State *L) {
  lua_State *before = running;
  running = L;
  if (pending && before) quiet(before); /* it came too late to be raised */
  return before;
}

void cli_signals_reading(int is_reading) {
  if (is_reading) {
    taken = 0;
  } else if (taken) {
    retry_timer(0);
  }
  reading = is_reading;
}

int cli_signals_pending(void) { return pending; }

int cli_signals_taken(void) { return taken; }

void cli_signals_patient(void) { patient = 1; }

int cli_signals_last(void) { return last_signal; }

int cli_set_interrupt(lua_State *L) {
  size_t raise_address = (size_t)luaL_checknumber(L, 1);
  size_t ops_address = (size_t)luaL_checknumber(L, 2);
  size_t pending_address = (size_t)luaL_checknumber(L, 3);
  library_ops = (void (*)(int))ops_address;
  library_pending = (int (*)(int))pending_address;
  library_raise = (void (*)(int))raise_address;
  return 0;
}
