/* Failures as text, HDF5's own and the system's; and the one lock around HDF5. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

static _Thread_local report here;

report *report_here(void) {
  here.status = 0;
  here.text[0] = 0;
  return &here;
}

const char *tnt_h5_message(void) { return here.text; }

int report_fail(report *r, int status, const char *fmt, ...) {
  if (r->status) return r->status;
  r->status = status;
  va_list args;
  va_start(args, fmt);
  vsnprintf(r->text, sizeof r->text, fmt, args);
  va_end(args);
  return status;
}

int report_errno(report *r, int code, const char *path, const char *what) {
  char buffer[128];
  return report_fail(r, TNT_EIO, "%s: %s: %s", path, what, strerror_r(code, buffer, sizeof buffer));
}

typedef struct found {
  int code;
  char text[256];
} found;

/* The deepest entry says most; the system's errno stands in the text of HDF5's file driver. */
static herr_t look(unsigned n, const H5E_error2_t *error, void *user) {
  found *f = user;
  if (!error->desc) return 0;
  if (n == 0 || !f->text[0]) snprintf(f->text, sizeof f->text, "%s", error->desc);
  const char *at = strstr(error->desc, "errno = ");
  if (at && !f->code) f->code = atoi(at + 8);
  return 0;
}

int report_hdf5(report *r, int status, const char *path, const char *what) {
  found f = {0, ""};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, look, &f);
  H5Eclear2(H5E_DEFAULT);
  if (f.code) return report_errno(r, f.code, path, what);
  return report_fail(r, status, "%s: %s: HDF5 says: %s", path, what, f.text);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* No handler at exit: it would run while the writer's thread is inside. All handles are closed when they were used. */
static void prepare(void) { H5dont_atexit(); }

void hdf5_enter(void) {
  pthread_once(&once, prepare);
  pthread_mutex_lock(&lock);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* a setting of the thread */
}

void hdf5_leave(void) { pthread_mutex_unlock(&lock); }
