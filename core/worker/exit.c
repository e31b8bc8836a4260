/* Pools that are still open when the process exits without closing its Lua state (os.exit(1), exit() in C): their
 * threads must not run on while libraries are torn down. What a worker is doing at that moment gets a few seconds. */
#include "pool.h"

#include <stdlib.h>
#include <time.h>

enum { PATIENCE_SECONDS = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static tnt_worker_pool *open_pools;
static bool registered;

static void at_exit(void) {
  struct timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += PATIENCE_SECONDS;
  pthread_mutex_lock(&lock);
  for (tnt_worker_pool *p = open_pools; p; p = p->next) pool_stop(p);
  for (tnt_worker_pool *p = open_pools; p; p = p->next) {
    pthread_mutex_lock(&p->lock);
    while (p->n_running > 0) {
      if (pthread_cond_timedwait(&p->done, &p->lock, &deadline)) break;
    }
    bool ended = p->n_running == 0;
    pthread_mutex_unlock(&p->lock);
    for (int32_t i = 0; ended && i < p->n; i++) {
      if (p->workers[i].started) pthread_join(p->workers[i].thread, NULL);
      p->workers[i].started = false;
    }
  }
  pthread_mutex_unlock(&lock);
}

void exit_watch(tnt_worker_pool *p) {
  pthread_mutex_lock(&lock);
  if (!registered) registered = atexit(at_exit) == 0;
  p->next = open_pools;
  open_pools = p;
  pthread_mutex_unlock(&lock);
}

void exit_forget(tnt_worker_pool *p) {
  pthread_mutex_lock(&lock);
  tnt_worker_pool **at = &open_pools;
  while (*at && *at != p) at = &(*at)->next;
  if (*at) *at = p->next;
  pthread_mutex_unlock(&lock);
}
