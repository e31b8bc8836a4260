/* What this process holds in memory, sampled by a thread of its own: the work that is watched goes on undisturbed. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

static struct {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t stop;
  int running, stopping;
  double interval; /* seconds */
  int64_t *samples, n, room;
} rss = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Resident pages stand second in /proc/self/statm. Source: proc(5). */
static int64_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long long total = 0, pages = -1;
  if (!file) return -1;
  if (fscanf(file, "%lld %lld", &total, &pages) != 2) pages = -1;
  fclose(file);
  return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

static void sample(void) {
  int64_t now = resident();
  if (now < 0) return;
  if (rss.n == rss.room) {
    int64_t room = rss.room ? rss.room * 2 : 256;
    int64_t *more = realloc(rss.samples, (size_t)room * sizeof *more);
    if (!more) return;
    rss.samples = more;
    rss.room = room;
  }
  rss.samples[rss.n++] = now;
}

static void *run(void *unused) {
  (void)unused;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  pthread_mutex_lock(&rss.lock);
  while (!rss.stopping) {
    int64_t ns = next.tv_nsec + (int64_t)(rss.interval * 1e9);
    next.tv_sec += ns / 1000000000;
    next.tv_nsec = ns % 1000000000;
    int rc = 0;
    while (!rss.stopping && rc != ETIMEDOUT)
      rc = pthread_cond_timedwait(&rss.stop, &rss.lock, &next);
    if (!rss.stopping) sample();
  }
  pthread_mutex_unlock(&rss.lock);
  return NULL;
}

int tnt_rss_start(double interval) {
  if (rss.running) return fail(TNT_ESTATE, "measure_rss_deltas: is measuring already");
  if (resident() < 0) return fail(TNT_EIO, "measure_rss_deltas: /proc/self/statm cannot be read");
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&rss.stop, &attributes);
  pthread_condattr_destroy(&attributes);
  rss.interval = interval;
  rss.stopping = 0;
  rss.samples = NULL;
  rss.n = rss.room = 0;
  sample(); /* what all others are compared with */
  if (pthread_create(&rss.thread, NULL, run, NULL)) {
    pthread_cond_destroy(&rss.stop);
    free(rss.samples);
    return fail(TNT_EMEMORY, "measure_rss_deltas: no thread can be started");
  }
  rss.running = 1;
  return 0;
}

int tnt_rss_stop(int64_t **samples, int64_t *n) {
  if (!rss.running) return fail(TNT_ESTATE, "measure_rss_deltas: is not measuring");
  pthread_mutex_lock(&rss.lock);
  rss.stopping = 1;
  pthread_cond_signal(&rss.stop);
  pthread_mutex_unlock(&rss.lock);
  pthread_join(rss.thread, NULL);
  pthread_cond_destroy(&rss.stop);
  sample(); /* the last one; the thread may not have run at all */
  rss.running = 0;
  *samples = rss.samples;
  *n = rss.n;
  rss.samples = NULL;
  return 0;
}
