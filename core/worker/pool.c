/* A pool of workers: one lock, one list of jobs in ticket order, two conditions. Results wait in the list until they
 * are received, so that order is the consumer's affair and no worker ever waits for room: whoever submits decides
 * how much is under way. */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

tnt_worker_pool *tnt_worker_pool_new(int32_t n) {
  if (n < 1) return NULL;
  tnt_worker_pool *p = calloc(1, sizeof *p + (size_t)n * sizeof *p->workers);
  if (!p) return NULL;
  p->n = n;
  pthread_mutex_init(&p->lock, NULL);
  pthread_condattr_t steady; /* waits are not to depend on somebody setting the clock */
  pthread_condattr_init(&steady);
  pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  pthread_cond_init(&p->work, NULL);
  pthread_cond_init(&p->done, &steady);
  pthread_condattr_destroy(&steady);
  for (int32_t i = 0; i < n; i++) {
    p->workers[i].pool = p;
    p->workers[i].number = i + 1;
  }
  return p;
}

void tnt_worker_pool_setup(tnt_worker_pool *p, int32_t number, tnt_worker_message *m) {
  tnt_worker_message_drop(p->workers[number - 1].setup);
  p->workers[number - 1].setup = m;
}

tnt_worker_message *tnt_worker_pool_take_setup(tnt_worker_pool *p, int32_t number) {
  tnt_worker_message *m = p->workers[number - 1].setup;
  p->workers[number - 1].setup = NULL;
  return m;
}

/* Signals are the main thread's: a worker inherits a mask in which all that can be sent are blocked. Those that a
 * fault raises in the thread itself stay open, so that debuggers and sanitizers see them. */
static void block_signals(sigset_t *before) {
  sigset_t all;
  sigfillset(&all);
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_BLOCK, &all, before);
}

int tnt_worker_pool_start(tnt_worker_pool *p, const char *path, const char *cpath,
                          const char *module) {
  p->path = strdup(path);
  p->cpath = strdup(cpath);
  p->module = strdup(module);
  if (!p->path || !p->cpath || !p->module) return ENOMEM;
  int status = tnt_share_memory() ? ENOMEM : 0;
  exit_watch(p);
  sigset_t before;
  block_signals(&before);
  for (int32_t i = 0; i < p->n && !status; i++) {
    pthread_mutex_lock(&p->lock);
    p->n_running++;
    pthread_mutex_unlock(&p->lock);
    status = pthread_create(&p->workers[i].thread, NULL, thread_main, &p->workers[i]);
    p->workers[i].started = !status;
    if (status) {
      pthread_mutex_lock(&p->lock);
      p->n_running--;
      pthread_mutex_unlock(&p->lock);
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return status;
}

int64_t tnt_worker_submit(tnt_worker_pool *p, tnt_worker_message *m) {
  job *j = calloc(1, sizeof *j);
  if (!j) {
    tnt_worker_message_drop(m);
    return 0;
  }
  j->message = m;
  j->stage = QUEUED;
  pthread_mutex_lock(&p->lock);
  int64_t ticket = j->ticket = ++p->last_ticket;
  if (p->last)
    p->last->next = j;
  else
    p->first = j;
  p->last = j;
  pthread_cond_signal(&p->work);
  pthread_mutex_unlock(&p->lock);
  return ticket;
}

static job *find(tnt_worker_pool *p, int64_t ticket) {
  job *j = p->first;
  while (j && j->ticket != ticket) j = j->next;
  return j;
}

static void unlink_job(tnt_worker_pool *p, job *gone) {
  job *previous = NULL;
  for (job *j = p->first; j != gone; j = j->next) previous = j;
  if (previous)
    previous->next = gone->next;
  else
    p->first = gone->next;
  if (p->last == gone) p->last = previous;
}

static struct timespec after(int32_t milliseconds) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_sec += milliseconds / 1000;
  t.tv_nsec += milliseconds % 1000 * 1000000L;
  if (t.tv_nsec >= 1000000000L) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000L;
  }
  return t;
}

int tnt_worker_receive(tnt_worker_message **out, tnt_worker_pool *p, int64_t ticket,
                       int32_t milliseconds) {
  struct timespec deadline = after(milliseconds);
  pthread_mutex_lock(&p->lock);
  int status;
  for (int waited = 0;;) {
    job *j = find(p, ticket);
    if (!j || j->cancelled) {
      status = TNT_WORKER_UNKNOWN;
    } else if (j->stage == READY) {
      *out = j->message;
      unlink_job(p, j);
      free(j);
      status = TNT_WORKER_DONE;
    } else if (p->failed || p->n_running == 0) {
      *out = p->failure;
      p->failure = NULL;
      status = TNT_WORKER_FAILED;
    } else if (waited == 0) {
      waited = pthread_cond_timedwait(&p->done, &p->lock, &deadline);
      continue;
    } else {
      status = TNT_WORKER_AGAIN;
    }
    break;
  }
  pthread_mutex_unlock(&p->lock);
  return status;
}

void tnt_worker_cancel(tnt_worker_pool *p, int64_t ticket) {
  tnt_worker_message *gone = NULL;
  pthread_mutex_lock(&p->lock);
  job *j = find(p, ticket);
  if (j && j->stage == RUNNING) {
    j->cancelled = true;
  } else if (j) {
    gone = j->message;
    unlink_job(p, j);
    free(j);
  }
  pthread_mutex_unlock(&p->lock);
  tnt_worker_message_drop(gone);
}

int32_t tnt_worker_outstanding(tnt_worker_pool *p) {
  int32_t n = 0;
  pthread_mutex_lock(&p->lock);
  for (job *j = p->first; j; j = j->next) n += !j->cancelled;
  pthread_mutex_unlock(&p->lock);
  return n;
}

tnt_worker_message *tnt_worker_take(int64_t *ticket, tnt_worker_pool *p) {
  tnt_worker_message *m = NULL;
  pthread_mutex_lock(&p->lock);
  while (!p->stopping) {
    job *j = p->first;
    while (j && j->stage != QUEUED) j = j->next;
    if (j) {
      *ticket = j->ticket;
      m = j->message;
      j->message = NULL;
      j->stage = RUNNING;
      break;
    }
    pthread_cond_wait(&p->work, &p->lock);
  }
  pthread_mutex_unlock(&p->lock);
  return m;
}

void tnt_worker_give(tnt_worker_pool *p, int64_t ticket, tnt_worker_message *m) {
  pthread_mutex_lock(&p->lock);
  job *j = find(p, ticket);
  if (j && !j->cancelled) {
    j->message = m;
    j->stage = READY;
    m = NULL;
    pthread_cond_broadcast(&p->done);
  } else if (j) {
    unlink_job(p, j);
    free(j);
  }
  pthread_mutex_unlock(&p->lock);
  tnt_worker_message_drop(m);
}

void tnt_worker_fail(tnt_worker_pool *p, tnt_worker_message *m) {
  pthread_mutex_lock(&p->lock);
  if (!p->failed) {
    p->failed = true;
    p->failure = m;
    m = NULL;
  }
  pthread_cond_broadcast(&p->done);
  pthread_mutex_unlock(&p->lock);
  tnt_worker_message_drop(m);
}

int tnt_worker_stopping(tnt_worker_pool *p) {
  pthread_mutex_lock(&p->lock);
  int stopping = p->stopping;
  pthread_mutex_unlock(&p->lock);
  return stopping;
}

void pool_stop(tnt_worker_pool *p) {
  pthread_mutex_lock(&p->lock);
  p->stopping = true;
  pthread_cond_broadcast(&p->work);
  pthread_mutex_unlock(&p->lock);
}

void tnt_worker_pool_close(tnt_worker_pool *p) {
  if (!p) return;
  exit_forget(p);
  pool_stop(p);
  for (int32_t i = 0; i < p->n; i++) {
    if (p->workers[i].started) pthread_join(p->workers[i].thread, NULL);
    tnt_worker_message_drop(p->workers[i].setup);
  }
  while (p->first) {
    job *j = p->first;
    p->first = j->next;
    tnt_worker_message_drop(j->message);
    free(j);
  }
  tnt_worker_message_drop(p->failure);
  pthread_cond_destroy(&p->work);
  pthread_cond_destroy(&p->done);
  pthread_mutex_destroy(&p->lock);
  free(p->path);
  free(p->cpath);
  free(p->module);
  free(p);
}
