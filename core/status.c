/* The message of the last failure, one for each thread: whole texts are made only when something failed. */
#include <stdarg.h>
#include <stdio.h>

#include "core.h"

static __thread char message[1024];
static __thread const char *failed_op;

int fail(int status, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  failed_op = NULL;
  return status;
}

void failed_in(const char *op) { failed_op = op; }
const char *tnt_message(void) { return message; }
const char *tnt_failed_op(void) { return failed_op; }
const char *tnt_version(void) { return "0.1.0"; }

int tnt_hard(void) {
#ifdef TNT_HARD
  return 1;
#else
  return 0;
#endif
}
