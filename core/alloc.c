/* The caching allocator of the CPU: freed blocks go to lists by size class and are used again, so that a training step
 * asks the system for nothing after warm-up. Classes are 64 bytes apart up to 1 KiB, then four to each power of two
 * (at most 25 % unused). One cache serves all threads; its lock is taken only once there are several (tnt_share_memory). */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core.h"
#include "watch.h"

enum { CLASSES = 256, ALIGNMENT = 64 };

typedef struct free_block {
  struct free_block *next;
} free_block;

static struct {
  pthread_mutex_t lock;
  free_block *lists[CLASSES];
  int64_t live, peak, cached, system_allocations;
  int shared; /* 1: there are several threads, 2: events are logged */
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Read without the lock: a log begins or ends while other threads compute, and those lock in either case. */
static inline int shared(void) { return __atomic_load_n(&cache.shared, __ATOMIC_RELAXED); }

static void lock(void) {
  if (UNLIKELY(shared())) pthread_mutex_lock(&cache.lock);
}
static void unlock(void) {
  if (UNLIKELY(shared())) pthread_mutex_unlock(&cache.lock);
}

/* Unlocks after a block was taken (bytes > 0) or given back. */
static __attribute__((noinline, cold)) void log_and_unlock(const void *data, int64_t bytes) {
  if (shared() & 2) {
    memory_log_add(&(tnt_memory_event){.address = (uint64_t)(uintptr_t)data,
                                       .bytes = bytes,
                                       .live = cache.live,
                                       .cached = cache.cached});
  }
  pthread_mutex_unlock(&cache.lock);
}
static void done(const void *data, int64_t bytes) {
  if (UNLIKELY(shared())) log_and_unlock(data, bytes);
}

bool memory_logged(void) { return (shared() & 2) != 0; }
void cache_lock(void) { pthread_mutex_lock(&cache.lock); }
void cache_unlock(bool logged) {
  __atomic_store_n(&cache.shared, (shared() & 1) | (logged ? 2 : 0), __ATOMIC_RELAXED);
  pthread_mutex_unlock(&cache.lock);
}

int tnt_share_memory(void) {
  if (!(shared() & 1)) /* who starts the first thread has set it */
    __atomic_store_n(&cache.shared, shared() | 1, __ATOMIC_RELAXED);
  return 0;
}

static int size_class(size_t bytes, size_t *rounded) {
  if (bytes == 0) bytes = 1;
  if (bytes <= 1024) {
    int k = (int)((bytes + 63) / 64);
    *rounded = (size_t)k * 64;
    return k; /* 1..16 */
  }
  int top =
      63 - __builtin_clzll((unsigned long long)(bytes - 1)); /* 2^top < bytes <= 2^(top + 1) */
  size_t quarter = (size_t)1 << (top - 2);
  size_t k = (bytes - 1 - ((size_t)1 << top)) / quarter; /* 0..3 */
  *rounded = ((size_t)1 << top) + (k + 1) * quarter;
  return 17 + (top - 10) * 4 + (int)k;
}

static void account(int64_t bytes) {
  cache.live += bytes;
  if (cache.live > cache.peak) cache.peak = cache.live;
}

void *block_alloc(size_t bytes) {
  size_t rounded;
  if (bytes > (size_t)1 << 56) return NULL;
  int k = size_class(bytes, &rounded);
  lock();
  free_block *b = cache.lists[k];
  if (b) {
    cache.lists[k] = b->next;
    cache.cached -= (int64_t)rounded;
    account((int64_t)rounded);
    done(b, (int64_t)rounded);
    return b;
  }
  cache.system_allocations++;
  unlock();
  void *data = NULL;
  if (posix_memalign(&data, ALIGNMENT, rounded)) {
    tnt_empty_cache(); /* once more with everything given back */
    if (posix_memalign(&data, ALIGNMENT, rounded)) {
      lock();
      done(NULL, (int64_t)rounded);
      return NULL;
    }
  }
#ifdef MADV_HUGEPAGE
  if (rounded >= (size_t)4 << 20) {
    uintptr_t first = ((uintptr_t)data + 4095) & ~(uintptr_t)4095;
    madvise((void *)first, rounded - (first - (uintptr_t)data), MADV_HUGEPAGE);
  }
#endif
  lock();
  account((int64_t)rounded);
  done(data, (int64_t)rounded);
  return data;
}

void block_free(void *data, size_t bytes) {
  if (!data) return;
  size_t rounded;
  int k = size_class(bytes, &rounded);
#ifdef TNT_HARD
  memset(data, 0xff, rounded); /* a NaN in every float dtype: use after release shows */
#endif
#ifdef __SANITIZE_ADDRESS__
  lock();
  cache.live -= (int64_t)rounded;
  done(data, -(int64_t)rounded);
  free(data); /* the sanitizer sees use after free only when blocks really go */
  return;
#endif
  free_block *b = data;
  lock();
  b->next = cache.lists[k];
  cache.lists[k] = b;
  cache.cached += (int64_t)rounded;
  cache.live -= (int64_t)rounded;
  done(data, -(int64_t)rounded);
}

int tnt_empty_cache(void) {
  lock();
  for (int k = 0; k < CLASSES; k++) {
    while (cache.lists[k]) {
      free_block *b = cache.lists[k];
      cache.lists[k] = b->next;
      free(b);
    }
  }
  cache.cached = 0;
  unlock();
  return 0;
}

int tnt_memory(tnt_memory_info *out) {
  context *c = context_now();
  lock();
  out->live_bytes = cache.live;
  out->peak_bytes = cache.peak;
  out->cached_bytes = cache.cached;
  out->system_allocations = cache.system_allocations;
  unlock();
  out->live_tensors = c->live_tensors;
  out->live_nodes = c->live_nodes;
  out->orphaned_tensors = tnt_limbo(NULL);
  out->scoped_tensors = 0;
  for (uint32_t i = c->n_scopes ? c->scopes[0].first : c->n_owned; i < c->n_owned; i++) {
    tensor *t = slot_at(c, c->owned[i]);
    if (t->owned_pos == i && (t->flags & FLAG_HANDLE)) out->scoped_tensors++;
  }
  return 0;
}

int tnt_memory_reset_peak(void) {
  lock();
  cache.peak = cache.live;
  unlock();
  return 0;
}
