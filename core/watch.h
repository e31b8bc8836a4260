/* Watching what runs: the rare modes of dispatch, of the walk of the tape and of the allocator. Off, they cost the one
 * test of the mode word; what they collect belongs to the context (watch.c), the log of memory to the process. */
#ifndef TNT_WATCH_H
#define TNT_WATCH_H

#include "core.h"

typedef struct frame { /* an op under way */
  const op_record *op;
  int64_t kernel_begin, kernel_end;
  struct frame *outer;
} frame;

typedef struct counted { /* operations and calls, of forward and of gradients */
  int64_t flops[2], calls[2];
} counted;

struct watch {
  frame *frame; /* the innermost op under way */
  tnt_range *ranges;
  int64_t n_ranges, room_ranges, most_ranges, dropped;
  counted *by_op; /* N_OPS of them */
  counted *by_region;
  uint32_t n_regions;
  int finite; /* 1: NaN is an error, 2: infinity too */
};

struct watch *watch_of(context *c); /* made when it is first asked for; null without memory */
int64_t watch_clock(void);          /* nanoseconds, the clock of clock.now() in Lua */
int watch_op(call *k, int (*run)(call *));
int watch_kernel(call *k, int (*run)(call *));
void watch_gradient_range(context *c, const node *n, int64_t began);
void watch_free(context *c);

/* finite.c: each is 0, or an error that says what is not finite, where, and what it came from */
unsigned finite_before(const call *k); /* bit i: input i is bad already; for ops in place */
int check_outputs(call *k, unsigned bad_before);
int check_gradient(context *c, const node *n, int input, const tensor *g);
int check_arrived(const node *n); /* what adding up gradients made */

/* memory_log.c */
void cache_lock(void);                             /* alloc.c */
void cache_unlock(bool logged);                    /* whether blocks are logged from now on */
bool memory_logged(void);                          /* may change until the cache is locked */
void memory_log_add(const tnt_memory_event *what); /* under the cache's lock, while it is on */

#endif
