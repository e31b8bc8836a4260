/* A plan: oneDNN's primitive for one convolution with the reorders around it, made once per sizes and kept. */
#ifndef TNT_DNNL_PLAN_H
#define TNT_DNNL_PLAN_H

#include "api.h"
#include "tnt_dnnl.h"

enum { PLANS = 512 /* the least recently used goes first */, BUCKETS = 1024 };
enum { SRC, WEIGHTS, DST, PARTS };

typedef struct plan_key {
  tnt__conv conv;
  int64_t kind, bias, threads; /* oneDNN fixes the number of threads when a primitive is made */
} plan_key;

typedef struct plan plan;
struct plan {
  plan_key key;
  plan *chain, *newer, *older; /* chain: of the same bucket */
  dnnl_primitive_t conv;       /* null: not for these sizes */
  dnnl_primitive_t
      reorder[PARTS]; /* between the caller's layout and oneDNN's; null where they are one */
  dnnl_memory_t outer[PARTS], inner[PARTS], bias, scratch;
  int arg[PARTS];
  size_t bytes[PARTS], scratch_bytes; /* of the memory to be lent; 0: none */
};

/* Of one thread: primitives' memory objects serve one call at a time. */
typedef struct plans {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  plan *bucket[BUCKETS], *newest, *oldest;
  int n;
} plans;

plans *plans_of_thread(void);                     /* null when oneDNN cannot start */
plan *plan_find(plans *all, const plan_key *key); /* null when out of memory */
void plan_build(plans *all,
                plan *p); /* plan.c; leaves p->conv null where oneDNN has nothing good */
void plan_drop(plan *p);

#endif
