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
  struct lanes *lanes; /* card_range.c; null before a card is watched */
  int finite;          /* 1: NaN is an error, 2: infinity too */
};

struct watch *watch_of(context *c); /* made when it is first asked for; null without memory */
int64_t watch_clock(void);          /* nanoseconds, the clock of clock.now() in Lua */
uint32_t region_now(const context *c);
int watch_op(call *k, int (*run)(call *));
int watch_kernel(call *k, int (*run)(call *));
void watch_gradient_range(context *c, const node *n, int64_t began);
void watch_free(context *c);

/* card_range.c: begin gives null where nothing is to be noted; end then does nothing. Both are told what only the caller
 * knows. */
struct device_event;
void card_ranges_begin(context *c); /* meets the cards in use */
void card_ranges_end(context *c);
void card_ranges_free(struct watch *w);
struct device_event *card_range_begin(context *c, int device, int stream);
void card_range_end(context *c, struct device_event *from, int stream, const tnt_card_range *what);

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
