/* What pool.c and thread.c share. */
#ifndef TNT_WORKER_POOL_H
#define TNT_WORKER_POOL_H

#include <pthread.h>
#include <stdbool.h>

#include "worker.h"

/* A piece of work from submit to receive. */
typedef struct job job;
struct job {
  int64_t ticket;
  tnt_worker_message *message; /* the work, then the result; null while a worker is at it */
  enum { QUEUED, RUNNING, READY } stage;
  bool cancelled; /* while RUNNING: the result is dropped when it comes */
  job *next;
};

typedef struct worker {
  tnt_worker_pool *pool;
  int32_t number; /* from 1, as Lua counts */
  pthread_t thread;
  bool started;
  tnt_worker_message *setup;
} worker;

struct tnt_worker_pool {
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t work;  /* for workers: a job was queued, or the pool stops */
  pthread_cond_t done;  /* for the consumer: a job is ready, a thread ended, or the pool failed */
  job *first, *last;    /* in the order of their tickets */
  int64_t last_ticket;
  bool stopping, failed;
  int32_t n, n_running;
  char *path, *cpath, *module;
  tnt_worker_message *failure;
  tnt_worker_pool *next; /* of the open pools of the process (exit.c) */
  worker workers[];
};

void *thread_main(void *argument);    /* thread.c */
void exit_watch(tnt_worker_pool *p);  /* exit.c: p is open */
void exit_forget(tnt_worker_pool *p); /* exit.c: p is about to close */
void pool_stop(tnt_worker_pool *p);   /* pool.c: tells the threads to end */

#endif
