/* The log of memory: which block was taken or given back when, by which op. One ring for the process, which keeps the
 * newest events; entries are written under the cache's lock (alloc.c), the rest runs while Lua does nothing else. */
#include <stdlib.h>

#include "calls_gen.h"
#include "watch.h"

int memory_log_on;

static struct {
  tnt_memory_event *ring;
  int64_t n, room; /* events so far */
} memory_log;

void memory_log_add(const void *data, int64_t bytes, int64_t live) {
  const context *c = tnt__context;
  tnt_memory_event *e = &memory_log.ring[memory_log.n++ % memory_log.room];
  *e = (tnt_memory_event){.time = watch_clock(),
                          .address = (uint64_t)(uintptr_t)data,
                          .bytes = bytes,
                          .live = live,
                          .op = -1,
                          .of = -1};
  if (!c) return;
  e->call = c->view.call;
  e->thread = (uint8_t)c->number;
  e->backward = c->walk != NULL;
  if (c->watch && c->watch->frame) e->op = (int16_t)(c->watch->frame->op - tnt__ops);
  if (c->running && c->running->op) e->of = (int16_t)(c->running->op - tnt__ops);
}

int tnt_watch_memory(int64_t room) {
  context *c = context_now();
  memory_log_on = 0;
  c->mode &= ~(uint32_t)MODE_MEMORY;
  if (room <= 0) return 0;
  tnt_memory_event *ring = calloc((size_t)room, sizeof *ring);
  if (!ring)
    return fail(TNT_EMEMORY, "memory_snapshot: out of memory for %lld events", (long long)room);
  free(memory_log.ring);
  memory_log.ring = ring;
  memory_log.room = room;
  memory_log.n = 0;
  c->mode |= MODE_MEMORY;
  memory_log_on = 1;
  return 0;
}

int tnt_memory_events(const tnt_memory_event **ring, int64_t *n, int64_t *room) {
  *ring = memory_log.ring;
  *n = memory_log.n;
  *room = memory_log.room;
  return 0;
}

int tnt_memory_events_clear(void) {
  if (memory_log_on) return fail(TNT_ESTATE, "memory_snapshot: the log is still being written");
  free(memory_log.ring);
  memory_log.ring = NULL;
  memory_log.n = memory_log.room = 0;
  return 0;
}
