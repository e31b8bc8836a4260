/* The caching allocator of cards and of pinned memory. Segments of raw memory are cut into blocks; a freed block joins
 * its free neighbours and goes to a list by size of the stream it was made for, on which it may be used again at once
 * because work on a stream runs in order. Where another stream worked on it too, an event is recorded there at the free,
 * and the next user's stream waits for it (pinned blocks: the host looks whether it is done). Nothing here waits for a
 * card but the last resort before an out-of-memory error. */
#include <pthread.h>
#include <stdlib.h>

#include "core.h"
#include "device.h"

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
  void *events[STREAMS];               /* of other streams' work, when free; null */
  pool *pool;
  uint8_t stream;
  bool used, small;
} block;

struct pool {
  int device; /* 0: pinned memory of the host */
  block *bins[STREAMS][BINS];
  int64_t live, peak, reserved, segments, asked;
  /* of the captured steps of a card: its blocks are theirs until all of them are dropped, because each replay writes to
   * them again; one replay ends before the next begins, so that what one has done with serves the others */
  bool is_private, dropped;
  int users;
  block *held; /* other pools' blocks freed while it was captured, linked by `more` */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pool pools[MAX_CARDS + 1];
static pool *of_captured[MAX_CARDS + 1];
static __thread pool *capturing; /* this thread's captured step under way */
static block *spare;

static const device_table *table_of(const pool *p) {
  return device_of(p->device ? p->device : TNT_CUDA);
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
  const device_table *d = table_of(b->pool);
  for (int s = 0; s < STREAMS; s++) {
    if (!b->events[s]) continue;
    if (!d->event_done(b->events[s])) return false;
    d->event_free(b->events[s]);
    b->events[s] = NULL;
  }
  return true;
}

/* The smallest free block that holds `bytes`. */
static block *find(pool *p, size_t bytes, int stream, bool small) {
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

/* Gives whole free segments back. The caller has waited for the card. */
static void give_back(pool *p) {
  const device_table *d = table_of(p);
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (block *b = p->bins[s][k], *next; b; b = next) {
        next = b->more;
        for (int e = 0; e < STREAMS; e++) {
          if (b->events[e]) d->event_free(b->events[e]);
          b->events[e] = NULL;
        }
      }
    }
  }
  for (int s = 0; s < STREAMS; s++) {
    for (int k = 0; k < BINS; k++) {
      for (block *b = p->bins[s][k], *next; b; b = next) {
        next = b->more;
        if (b->before || b->after) continue;
        list_remove(b);
        raw_release(p, b->data);
        p->reserved -= (int64_t)b->bytes;
        p->segments--;
        block_drop(b);
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
  if (p->device)
    d->synchronize(device_card(p->device));
  else
    for (int i = 0; i < d->count(); i++) d->synchronize(i);
  give_back(p); /* first the events go */
  join_all(p);
  give_back(p);
}

static block *segment_new(pool *p, size_t bytes, int stream, bool small) {
  const device_table *d = table_of(p);
  size_t room = small ? SMALL_SEGMENT
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
  p->reserved += (int64_t)room;
  p->segments++;
  p->asked++;
  list_add(b);
  return b;
}

static void split(block *b, size_t bytes) {
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
  bytes = bytes ? (bytes + GRAIN - 1) & ~(size_t)(GRAIN - 1) : GRAIN;
  bool small = bytes < SMALL;
  block *b = find(p, bytes, stream, small);
  if (!b) b = segment_new(p, bytes, stream, small);
  if (!b) return NULL;
  list_remove(b);
  if (settled(b)) {
    split(b, bytes);
  } else if (p->device) {
    void *own = d->stream(device_card(p->device), stream);
    for (int s = 0; s < STREAMS; s++) {
      if (!b->events[s]) continue;
      d->event_wait(b->events[s], own);
      d->event_free(b->events[s]);
      b->events[s] = NULL;
    }
    split(b, bytes);
  }
  b->used = true;
  p->live += (int64_t)b->bytes;
  if (p->live > p->peak) p->peak = p->live;
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
  p->live -= (int64_t)b->bytes;
#ifdef TNT_HARD
  if (p->device && !(used & ~(1u << b->stream))) /* no other stream may still read it */
    d->fill_nan(b->data, b->bytes, d->stream(device_card(p->device), b->stream));
#endif
  for (int s = 0; s < STREAMS; s++) {
    if (!(used >> s & 1) || (p->device && s == b->stream)) continue;
    void *e = d->event(card, 0);
    if (e && !d->event_record(e, d->stream(card, s))) {
      b->events[s] = e;
    } else { /* no event to be had: wait now */
      if (e) d->event_free(e);
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
  pthread_mutex_unlock(&lock);
  return b;
}

device_block *pinned_alloc(size_t bytes) {
  pthread_mutex_lock(&lock);
  block *b = pool_alloc(&pools[0], bytes, STREAM_COMPUTE);
  pthread_mutex_unlock(&lock);
  return b;
}

void device_free(device_block *b, unsigned used, int card) {
  pthread_mutex_lock(&lock);
  pool_free(b, used, card);
  pthread_mutex_unlock(&lock);
}

void *device_data(const device_block *b) { return b->data; }

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
  *out = (tnt_device_memory_info){.live_bytes = p->live,
                                  .peak_bytes = p->peak,
                                  .cached_bytes = p->reserved - p->live,
                                  .largest_cached_bytes = largest,
                                  .segments = p->segments,
                                  .system_allocations = p->asked};
  out->pinned_bytes = pools[0].live;
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
  pools[device].peak = pools[device].live;
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
