/* The plans of a thread: found by sizes, the least recently used dropped, all of them when the thread ends. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static pthread_key_t of_thread;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_all(void *data) {
  plans *all = data;
  for (plan *p = all->newest; p;) {
    plan *next = p->older;
    plan_drop(p);
    p = next;
  }
  dnnl_stream_destroy(all->stream);
  dnnl_engine_destroy(all->engine);
  free(all);
}

static void make_key(void) { pthread_key_create(&of_thread, drop_all); }

plans *plans_of_thread(void) {
  pthread_once(&once, make_key);
  plans *all = pthread_getspecific(of_thread);
  if (all) return all;
  all = calloc(1, sizeof *all);
  if (!all) return NULL;
  if (dnnl_engine_create(&all->engine, dnnl_cpu, 0) != dnnl_success) {
    free(all);
    return NULL;
  }
  if (dnnl_stream_create(&all->stream, all->engine, dnnl_stream_default_flags) != dnnl_success) {
    dnnl_engine_destroy(all->engine);
    free(all);
    return NULL;
  }
  if (pthread_setspecific(of_thread, all)) {
    drop_all(all);
    return NULL;
  }
  return all;
}

static plan **bucket_of(plans *all, const plan_key *key) { /* FNV-1a over whole words */
  const int64_t *word = (const int64_t *)key;
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < sizeof *key / sizeof *word; i++)
    h = (h ^ (uint64_t)word[i]) * 1099511628211u;
  return &all->bucket[(h >> 40) % BUCKETS];
}

static void take_out(plans *all, plan *p) {
  *(p->newer ? &p->newer->older : &all->newest) = p->older;
  *(p->older ? &p->older->newer : &all->oldest) = p->newer;
}

static void put_first(plans *all, plan *p) {
  p->newer = NULL;
  p->older = all->newest;
  *(all->newest ? &all->newest->newer : &all->oldest) = p;
  all->newest = p;
}

static void forget_oldest(plans *all) {
  plan *p = all->oldest;
  take_out(all, p);
  plan **at = bucket_of(all, &p->key);
  while (*at != p) at = &(*at)->chain;
  *at = p->chain;
  plan_drop(p);
  all->n--;
}

plan *plan_find(plans *all, const plan_key *key) {
  plan **bucket = bucket_of(all, key), *p = *bucket;
  while (p && memcmp(&p->key, key, sizeof *key) != 0) p = p->chain;
  if (p) {
    if (p != all->newest) {
      take_out(all, p);
      put_first(all, p);
    }
    return p;
  }
  p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->key = *key;
  plan_build(all, p);
  p->chain = *bucket;
  *bucket = p;
  put_first(all, p);
  if (++all->n > PLANS) forget_oldest(all);
  return p;
}
