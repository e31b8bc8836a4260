/* The caching allocator of cards and of pinned memory. Segments of raw memory are cut into blocks; a freed block joins
 * its free neighbours and goes to a list by size of the stream it was made for, on which it may be used again at once
 * because work on a stream runs in order. Where another stream worked on it too, an event is recorded there at the free,
 * and the next user's stream waits for it (pinned blocks: the host looks whether it is done). Nothing here waits for a
 * card but the last resort before an out-of-memory error. TNT_CUDA_CACHE=none makes a segment of every block of a card,
 * of just its bytes, and gives it back when it is freed: what checks kernels' accesses sees where each tensor ends. */
#include <pthread.h>
#include <stdlib.h>

#include "core.h"
#include "device.h"
#include "watch.h"

enum {
  BINS = 200,
  GRAIN = 512,
  SMALL = 1 << 20,
  SMALL_SEGMENT = 2 << 20,
  LARGE_SEGMENT = 20 << 20
};

typedef struct pool pool;
typedef struct device_block {
  char *data;
  size_t bytes;
  struct device_block *before, *after; /* neighbours in the segment */
  struct device_block *less, *more;    /* in the free list */
  device_event *events[STREAMS];       /* of other streams' work, when free; null */
  struct device_block *next_segment;   /* of the first block of a segment, which stays the first */
  pool *pool;
  uint8_t stream;
  bool used, small;
} block;

struct pool {
  int device; /* 0: pinned memory of the host */
  block *bins[STREAMS][BINS];
  block *first_segment;
  int64_t live, reserved;
  /* of the captured steps of a card: its blocks are theirs until all of them are dropped, because each replay writes to
   * them again; one replay ends before the next begins, so that what one has done with serves the others */
  bool is_private, dropped;
  int users;
  block *held; /* other pools' blocks freed while it was captured, linked by `more` */
  pool *next;  /* of `captured` */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pool pools[MAX_CARDS + 1];
/* Of all pools of a device. What the captured steps' pool takes from the driver is live as a whole: nobody else gets it. */
static struct tally { int64_t live, peak, reserved, segments, asked; } tallies[MAX_CARDS + 1];
static pool *of_captured[MAX_CARDS + 1];
static __thread pool *capturing; /* this thread's captured step under way */
static pool
    *captured; /* all of captured steps, dropped ones whose blocks somebody still holds too */
static block *spare;
static bool uncached; /* TNT_CUDA_CACHE=none */

static const device_table *table_of(const pool *p) {
  return device_of(p->device ? p->device : TNT_CUDA);
}

int pool_open(void) {
  const char *cache = getenv("TNT_CUDA_CACHE");
  if (cache && *cache && strcmp(cache, "none") != 0)
    return fail(TNT_EARGUMENT, "TNT_CUDA_CACHE is \"none\" or not set, got \"%s\"", cache);
  uncached = cache && *cache;
  return 0;
}

static bool is_uncached(const pool *p) { return uncached && p->device; }

static void add_live(const pool *p, int64_t bytes) {
  struct tally *t = &tallies[p->device];
  t->live += bytes;
  if (t->live > t->peak) t->peak = t->live;
}

/* For a snapshot of memory: see tnt_memory_event. */
static __attribute__((noinline, cold)) void log_event(const pool *p, const block *b, int64_t bytes,
                                                      int stream, int what) {
  const struct tally *t = &tallies[p->device];
  cache_lock();
  bool on = memory_logged();
  if (on) {
    memory_log_add(&(tnt_memory_event){.address = b ? (uint64_t)(uintptr_t)b->data : 0,
                                       .bytes = bytes,
                                       .live = t->live,
                                       .cached = t->reserved - t->live,
                                       .device = (uint8_t)(p->device ? p->device : TNT_PINNED),
                                       .what = (uint8_t)what,
                                       .stream = (uint8_t)stream,
                                       .captured = p->is_private});
  }
  cache_unlock(on);
}

/* A segment came from the driver (sign 1), or went back to it (-1). */
static void add_segment(block *b, int sign) {
  pool *p = b->pool;
  struct tally *t = &tallies[p->device];
  int64_t bytes = sign * (int64_t)b->bytes;
  p->reserved += bytes;
  t->reserved += bytes;
  t->segments += sign;
  t->asked += sign > 0;
  if (p->is_private) add_live(p, bytes);
  if (UNLIKELY(memory_logged())) log_event(p, b, bytes, b->stream, TNT_SEGMENT);
}

/* A block began to be used (sign 1), or was freed (-1). */
static void add_used(block *b, int sign) {
  pool *p = b->pool;
  int64_t bytes = sign * (int64_t)b->bytes;
  p->live += bytes;
  if (!p->is_private) add_live(p, bytes);
  if (UNLIKELY(memory_logged())) log_event(p, b, bytes, b->stream, TNT_BLOCK);
}

/* Four classes to each power of two, by the largest class not above the size: a list holds sizes at least its class. */
static int bin_of(size_t bytes) {
  int top = 63 - __builtin_clzll((unsigned long long)(bytes | 1));
  if (top < 9) return 0;
  int quarter = (int)(bytes >> (top - 2) & 3);
  return (top - 9) * 4 + quarter;
}

static block *block_new(void) {
  block *b = spare;
  if (b)
    spare = b->more;
  else
    b = malloc(sizeof *b);
  if (b) memset(b, 0, sizeof *b);
  return b;
}

static void block_drop(block *b) {
  b->more = spare;
  spare = b;
}

static void list_add(block *b) {
  block **head = &b->pool->bins[b->stream][bin_of(b->bytes)];
  b->less = NULL;
  b->more = *head;
  if (*head) (*head)->less = b;
  *head = b;
}

static void list_remove(block *b) {
  if (b->less)
    b->less->more = b->more;
  else
    b->pool->bins[b->stream][bin_of(b->bytes)] = b->more;
  if (b->more) b->more->less = b->less;
  b->less = b->more = NULL;
}

static bool settled(const block *b) {
  for (int s = 0; s < STREAMS; s++) {
    if (b->events[s]) return false;
  }
  return true;
}

/* Pinned memory is written by the host, which waits for no stream: it asks. */
static bool usable(block *b) {
  if (b->pool->device) return true;
  for (int s = 0; s < STREAMS; s++) {
    if (!b->events[s]) continue;
    if (!device_event_done(b->events[s])) return false;
    device_event_give(b->events[s]);
    b->events[s] = NULL;
  }
  return true;
}

/* The smallest free block that holds `bytes`. */
static block *find(pool *p, size_t bytes, int stream, bool small) {
  if (is_uncached(p)) return NULL;
  for (int k = bin_of(bytes); k < BINS; k++) {
    block *best = NULL;
    for (block *b = p->bins[stream][k]; b; b = b->more) {
      if (b->bytes < bytes || b->small != small || (best && b->bytes >= best->bytes)) continue;
      if (usable(b)) best = b;
    }
    if (best) return best;
  }
  return NULL;
}

static void raw_release(pool *p, void *data) {
  const device_table *d = table_of(p);
  if (p->device)
    d->release(device_card(p->device), data);
  else
    d->pinned_release(data);
}

static void events_drop(block *b) {
  for (int s = 0; s < STREAMS; s++) {
    device_event_give(b->events[s]);
    b->events[s] = NULL;
  }
}

/* Gives a free block that is a whole segment back. */
static void segment_drop(block *b) {
  pool *p = b->pool;
  list_remove(b);
  block **at = &p->first_segment;
  while (*at != b) at = &(*at)->next_segment;
  *at = b->next_segment;
  events_drop(b);
  raw_release(p, b->data);
  add_segment(b, -1);
  block_drop(b);
}

/* Gives whole free segments back. The caller has waited for the card. */
static void give_back(pool *p) {
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (block *b = p->bins[s][k]; b; b = b->more) events_drop(b);
    }
  }
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (block *b = p->bins[s][k], *next; b; b = next) {
        next = b->more;
        if (!b->before && !b->after) segment_drop(b);
      }
    }
  }
}

static void join(block *b);

/* Neighbours whose events kept them apart join once the card has been waited for. */
static void join_all(pool *p) {
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (block *b = p->bins[s][k]; b;) {
        if (b->after && !b->after->used && settled(b) && settled(b->after) &&
            b->after->stream == b->stream) {
          list_remove(b);
          join(b);
          list_add(b);
          b = p->bins[s][k]; /* the list has changed */
        } else {
          b = b->more;
        }
      }
    }
  }
}

static void empty(pool *p) {
  const device_table *d = table_of(p);
  if (!d) return;
  if (p->device) {
    d->synchronize(device_card(p->device));
  } else { /* the cards in use: to wait for another one would open it */
    for (int i = TNT_CUDA; i <= MAX_CARDS; i++) {
      if (device_in_use(i)) d->synchronize(device_card(i));
    }
  }
  give_back(p); /* first the events go */
  join_all(p);
  give_back(p);
}

static block *segment_new(pool *p, size_t bytes, int stream, bool small) {
  const device_table *d = table_of(p);
  size_t room = is_uncached(p) ? bytes
                : small        ? SMALL_SEGMENT
                : bytes < LARGE_SEGMENT / 2
                    ? LARGE_SEGMENT
                    : (bytes + SMALL_SEGMENT - 1) & ~(size_t)(SMALL_SEGMENT - 1);
  void *data = NULL;
  for (int attempt = 0; attempt < 2 && !data; attempt++) {
    if (attempt) empty(p);
    data = p->device ? d->alloc(device_card(p->device), room) : d->pinned_alloc(room);
    if (!data && room > bytes && !small) { /* a tight one may still fit */
      size_t tight = (bytes + GRAIN - 1) & ~(size_t)(GRAIN - 1);
      data = p->device ? d->alloc(device_card(p->device), tight) : d->pinned_alloc(tight);
      if (data) room = tight;
    }
  }
  if (!data) return NULL;
  block *b = block_new();
  if (!b) {
    raw_release(p, data);
    return NULL;
  }
  b->data = data;
  b->bytes = room;
  b->pool = p;
  b->stream = (uint8_t)stream;
  b->small = small;
  b->next_segment = p->first_segment;
  p->first_segment = b;
  add_segment(b, 1);
  list_add(b);
  return b;
}

static void split(block *b, size_t bytes) {
  if (is_uncached(b->pool)) return;
  size_t rest = b->bytes - bytes;
  if (rest < (b->small ? (size_t)GRAIN : (size_t)SMALL)) return;
  block *r = block_new();
  if (!r) return;
  r->data = b->data + bytes;
  r->bytes = rest;
  r->pool = b->pool;
  r->stream = b->stream;
  r->small = b->small;
  r->before = b;
  r->after = b->after;
  if (r->after) r->after->before = r;
  b->after = r;
  b->bytes = bytes;
  list_add(r);
}

static block *pool_alloc(pool *p, size_t bytes, int stream) {
  const device_table *d = table_of(p);
  if (!d || bytes > (size_t)1 << 56) return NULL;
  if (is_uncached(p))
    bytes = bytes ? bytes : 1;
  else
    bytes = bytes ? (bytes + GRAIN - 1) & ~(size_t)(GRAIN - 1) : GRAIN;
  bool small = bytes < SMALL;
  block *b = find(p, bytes, stream, small);
  if (!b) b = segment_new(p, bytes, stream, small);
  if (!b) return NULL;
  list_remove(b);
  if (settled(b)) {
    split(b, bytes);
  } else if (p->device) {
    for (int s = 0; s < STREAMS; s++) {
      if (!b->events[s]) continue;
      device_event_wait(b->events[s], p->device, stream);
      device_event_give(b->events[s]);
      b->events[s] = NULL;
    }
    split(b, bytes);
  }
  b->used = true;
  add_used(b, 1);
  return b;
}

/* b takes in the free block behind it. */
static void join(block *b) {
  block *r = b->after;
  list_remove(r);
  b->bytes += r->bytes;
  b->after = r->after;
  if (b->after) b->after->before = b;
  block_drop(r);
}

static void private_end(pool *p);

static void pool_free(block *b, unsigned used, int card) {
  pool *p = b->pool;
  const device_table *d = table_of(p);
  if (capturing && capturing != p) { /* the step may read it in every replay */
    b->more = capturing->held;
    capturing->held = b;
    return;
  }
  if (p->is_private) used = 0;
  if (p->device) card = device_card(p->device);
  b->used = false;
  add_used(b, -1);
#ifdef TNT_HARD
  if (p->device && !(used & ~(1u << b->stream))) /* no other stream may still read it */
    d->fill_nan(b->data, b->bytes, d->stream(device_card(p->device), b->stream));
#endif
  for (int s = 0; s < STREAMS; s++) {
    if (!(used >> s & 1) || (p->device && s == b->stream)) continue;
    device_event *e = device_event_take(TNT_CUDA + card, false);
    if (e && !device_event_record(e, s)) {
      b->events[s] = e;
    } else { /* no event to be had: wait now */
      device_event_give(e);
      d->synchronize(card);
    }
  }
  if (settled(b)) {
    if (b->after && !b->after->used && b->after->stream == b->stream && settled(b->after)) join(b);
    block *a = b->before;
    if (a && !a->used && a->stream == b->stream && settled(a)) {
      list_remove(a);
      list_add(b); /* so that join finds it in its list */
      join(a);
      b = a;
    }
  }
  list_add(b);
  /* the driver's free waits for the card (cudaFree, of what cudaMalloc gave); blocks of a captured
   * step are written until it is dropped */
  if (is_uncached(p) && !p->is_private) segment_drop(b);
  if (p->dropped && p->live == 0) private_end(p);
}

/* -- captured steps ------------------------------------------------------------------------------------------------------ */
device_pool *pool_capture(int device) {
  pthread_mutex_lock(&lock);
  pool *p = of_captured[device];
  if (!p && (p = calloc(1, sizeof *p))) {
    p->device = device;
    p->is_private = true;
    of_captured[device] = p;
    p->next = captured;
    captured = p;
  }
  if (p) p->users++;
  pthread_mutex_unlock(&lock);
  capturing = p;
  return p;
}

void pool_captured(void) { capturing = NULL; }

/* Its last block has gone. The card is waited for, because nothing orders the driver's free behind the last replay. */
static void private_end(pool *p) {
  empty(p);
  pool **at = &captured;
  while (*at != p) at = &(*at)->next;
  *at = p->next;
  free(p);
}

void pool_drop(device_pool *p) {
  pthread_mutex_lock(&lock);
  if (--p->users) {
    pthread_mutex_unlock(&lock);
    return;
  }
  of_captured[p->device] = NULL;
  table_of(p)->synchronize(device_card(p->device));
  for (block *b = p->held, *next; b; b = next) {
    next = b->more;
    b->less = b->more = NULL;
    pool_free(b, 0, 0);
  }
  p->held = NULL;
  p->dropped = true;
  if (p->live == 0) private_end(p);
  pthread_mutex_unlock(&lock);
}

device_block *device_alloc(int device, size_t bytes, int stream) {
  pthread_mutex_lock(&lock);
  pool *p = &pools[device];
  if (capturing && capturing->device == device) p = capturing;
  p->device = device;
  block *b = pool_alloc(p, bytes, stream);
  if (UNLIKELY(!b && memory_logged())) log_event(p, NULL, (int64_t)bytes, stream, TNT_BLOCK);
  pthread_mutex_unlock(&lock);
  return b;
}

device_block *pinned_alloc(size_t bytes) {
  pthread_mutex_lock(&lock);
  pool *p = &pools[0];
  block *b = pool_alloc(p, bytes, STREAM_COMPUTE);
  if (UNLIKELY(!b && memory_logged())) log_event(p, NULL, (int64_t)bytes, 0, TNT_BLOCK);
  pthread_mutex_unlock(&lock);
  return b;
}

void device_free(device_block *b, unsigned used, int card) {
  pthread_mutex_lock(&lock);
  pool_free(b, used, card);
  pthread_mutex_unlock(&lock);
}

void *device_data(const device_block *b) { return b->data; }
bool device_in_use(int device) { return tallies[device].asked > 0; }

int tnt_device_memory(tnt_device_memory_info *out, int device) {
  if (device < 1 || device > MAX_CARDS) return device_check(device);
  TRY(device_check(device));
  pthread_mutex_lock(&lock);
  const pool *p = &pools[device];
  int64_t largest = 0;
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (const block *b = p->bins[s][k]; b; b = b->more) {
        if ((int64_t)b->bytes > largest) largest = (int64_t)b->bytes;
      }
    }
  }
  const struct tally *t = &tallies[device];
  *out = (tnt_device_memory_info){.live_bytes = t->live,
                                  .peak_bytes = t->peak,
                                  .cached_bytes = t->reserved - t->live,
                                  .largest_cached_bytes = largest,
                                  .segments = t->segments,
                                  .system_allocations = t->asked};
  out->pinned_bytes = tallies[0].live;
  for (const pool *step = captured; step; step = step->next) {
    if (step->device == device) out->captured_bytes += step->reserved;
  }
  pthread_mutex_unlock(&lock);
  device_facts facts;
  TRY(device_of(device)->facts(device_card(device), &facts));
  out->total_bytes = facts.total_bytes;
  out->free_bytes = facts.free_bytes;
  return 0;
}

int tnt_device_memory_reset_peak(int device) {
  TRY(device_check(device));
  pthread_mutex_lock(&lock);
  tallies[device].peak = tallies[device].live;
  pthread_mutex_unlock(&lock);
  return 0;
}

int tnt_device_empty_cache(int device) {
  TRY(device_check(device));
  pthread_mutex_lock(&lock);
  empty(&pools[device]);
  empty(&pools[0]);
  pthread_mutex_unlock(&lock);
  return 0;
}

/* -- what there is ------------------------------------------------------------------------------------------------------- */
/* Writes the blocks of a pool behind the n there are, where there is a list; how many there are then. */
static int64_t list_blocks(tnt_block_info *list, int64_t n, const pool *p) {
  for (const block *first = p->first_segment; first; first = first->next_segment) {
    for (const block *b = first; b; b = b->after, n++) {
      if (!list) continue;
      list[n] = (tnt_block_info){.address = (uint64_t)(uintptr_t)b->data,
                                 .segment = (uint64_t)(uintptr_t)first->data,
                                 .bytes = (int64_t)b->bytes,
                                 .stream = b->stream,
                                 .live = b->used,
                                 .captured = p->is_private};
    }
  }
  return n;
}

static int64_t list_device(tnt_block_info *list, int device) {
  int64_t n = list_blocks(list, 0, &pools[device]);
  for (const pool *p = captured; p; p = p->next) {
    if (p->device == device) n = list_blocks(list, n, p);
  }
  return n;
}

int tnt_device_blocks(tnt_block_info **blocks, int64_t *n, int device) {
  if (device == TNT_PINNED) device = 0;
  if (device < 0 || device > MAX_CARDS)
    return fail(TNT_EDEVICE, "blocks: no device has number %d", device);
  pthread_mutex_lock(&lock);
  *n = list_device(NULL, device);
  *blocks = calloc((size_t)*n + 1, sizeof **blocks);
  if (*blocks) list_device(*blocks, device);
  pthread_mutex_unlock(&lock);
  return *blocks ? 0 : fail(TNT_EMEMORY, "memory_snapshot: out of memory");
}
