/* The list of plans: buckets by hash, and a count of uses that tells which one is the oldest. */
#include "plans.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

typedef struct entry {
  struct entry *next;
  uint64_t hash, used; /* used: the turn of its last use */
  void *plan;
  void (*drop)(void *plan);
  bool pinned;
  size_t bytes;
  unsigned char key[TNT__PLAN_KEY];
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *bucket[BUCKETS];
static uint64_t turn;
static int count;

void tnt__plans_lock(void) { pthread_mutex_lock(&lock); }
void tnt__plans_unlock(void) { pthread_mutex_unlock(&lock); }
int tnt__plans_count(void) { return count; }

/* Source: Fowler, Noll and Vo, FNV-1a. */
static uint64_t hash_of(const unsigned char *key, size_t bytes) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < bytes; i++) h = (h ^ key[i]) * 1099511628211u;
  return h;
}

void *tnt__plans_find(const void *key, size_t bytes) {
  uint64_t h = hash_of(key, bytes);
  for (entry *e = bucket[h % BUCKETS]; e; e = e->next) {
    if (e->hash == h && e->bytes == bytes && memcmp(e->key, key, bytes) == 0) {
      e->used = ++turn;
      return e->plan;
    }
  }
  return NULL;
}

static void drop_oldest(void) {
  entry **oldest = NULL;
  for (int b = 0; b < BUCKETS; b++) {
    for (entry **e = &bucket[b]; *e; e = &(*e)->next) {
      if (!(*e)->pinned && (!oldest || (*e)->used < (*oldest)->used)) oldest = e;
    }
  }
  if (!oldest) return;
  entry *gone = *oldest;
  *oldest = gone->next;
  gone->drop(gone->plan);
  free(gone);
  count--;
}

bool tnt__plans_keep(const void *key, size_t bytes, void *plan, void (*drop)(void *plan)) {
  entry *e = bytes <= TNT__PLAN_KEY ? calloc(1, sizeof *e) : NULL;
  if (!e) {
    drop(plan);
    return false;
  }
  if (count >= TNT__PLANS) drop_oldest();
  e->hash = hash_of(key, bytes);
  e->used = ++turn;
  e->plan = plan;
  e->drop = drop;
  e->bytes = bytes;
  memcpy(e->key, key, bytes);
  e->next = bucket[e->hash % BUCKETS];
  bucket[e->hash % BUCKETS] = e;
  count++;
  return true;
}

void tnt__plans_pin(const void *plan) {
  for (int b = 0; b < BUCKETS; b++) {
    for (entry *e = bucket[b]; e; e = e->next) {
      if (e->plan == plan) e->pinned = true;
    }
  }
}
