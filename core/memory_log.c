/* The log of memory: which block was taken or given back when, by which op. One ring for the process, which keeps the
 * newest events; entries are written under the cache's lock (alloc.c), the rest runs while Lua does nothing else. */
#include <stdlib.h>

#include "calls_gen.h"
#include "watch.h"

static struct {
  tnt_memory_event *ring;
  int64_t n, room; /* events so far */
} memory_log;

void memory_log_add(const tnt_memory_event *what) {
  const context *c = tnt__context;
  tnt_memory_event *e = &memory_log.ring[memory_log.n++ % memory_log.room];
  *e = *what;
  e->time = watch_clock();
  e->op = e->of = -1;
  if (!c) return;
  e->call = c->running ? c->running->call : c->view.call;
  e->thread = (uint8_t)c->number;
  e->backward = c->walk != NULL;
  if (c->watch && c->watch->frame) e->op = (int16_t)(c->watch->frame->op - tnt__ops);
  if (c->running && c->running->op) e->of = (int16_t)(c->running->op - tnt__ops);
}

/* Puts another ring, or none, in the place of the one there is. */
static tnt_memory_event *swap_ring(tnt_memory_event *ring, int64_t room) {
  context *c = context_now();
  cache_lock();
  tnt_memory_event *before = memory_log.ring;
  memory_log.ring = ring;
  memory_log.room = room;
  memory_log.n = 0;
  cache_unlock(ring != NULL);
  c->mode = ring ? c->mode | MODE_MEMORY : c->mode & ~(uint32_t)MODE_MEMORY;
  return before;
}

int tnt_watch_memory(int64_t room) {
  if (room < 1)
    return fail(TNT_EARGUMENT, "memory_snapshot: room for 1 event or more was expected");
  tnt_memory_event *ring = calloc((size_t)room, sizeof *ring);
  if (!ring)
    return fail(TNT_EMEMORY, "memory_snapshot: out of memory for %lld events", (long long)room);
  free(swap_ring(ring, room));
  return 0;
}

int tnt_memory_events_take(tnt_memory_event **ring, int64_t *n, int64_t *room) {
  *n = memory_log.n;
  *room = memory_log.room;
  *ring = swap_ring(NULL, 0);
  return 0;
}
