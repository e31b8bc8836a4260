/* What the rare modes collect while ops run: ranges of time, counts of operations. An op within an op (a copy that a write
 * in place needs) has a range of its own within the outer one. */
#include "watch.h"

#include <stdlib.h>
#include <time.h>

#include "calls_gen.h"
#include "device.h"

struct watch *watch_of(context *c) {
  if (!c->watch) c->watch = calloc(1, sizeof *c->watch);
  return c->watch;
}

void watch_free(context *c) {
  if (!c->watch) return;
  card_ranges_free(c->watch);
  free(c->watch->ranges), free(c->watch->by_op), free(c->watch->by_region);
  free(c->watch);
  c->watch = NULL;
}

int64_t watch_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

uint32_t region_now(const context *c) { return c->running ? c->running->region : c->view.region; }

/* -- ranges ------------------------------------------------------------------------------------------------------------ */
static tnt_range *range_new(struct watch *w) {
  if (w->n_ranges == w->room_ranges) {
    int64_t room = w->room_ranges ? w->room_ranges * 2 : 4096;
    if (room > w->most_ranges) room = w->most_ranges;
    tnt_range *more = room > w->n_ranges ? realloc(w->ranges, (size_t)room * sizeof *more) : NULL;
    if (!more) {
      w->dropped++;
      return NULL;
    }
    w->ranges = more;
    w->room_ranges = room;
  }
  tnt_range *r = &w->ranges[w->n_ranges++];
  memset(r, 0, sizeof *r);
  return r;
}

static void shape_of(tnt_range *r, const tensor *t) {
  if (!t) return;
  r->ndim = t->ndim;
  r->dtype = t->dtype;
  for (int d = 0; d < t->ndim && d < 4; d++) r->size[d] = t->size[d];
}

static int64_t bytes_of(const call *k) {
  int64_t bytes = 0;
  if (k->in_place || (k->op->flags & OP_VIEW)) return 0;
  for (int i = 0; i < k->op->n_out; i++) bytes += k->out[i]->numel * dtype_size[k->out[i]->dtype];
  return bytes;
}

static void op_range(const call *k, const frame *f, int64_t begin, int64_t end, int64_t flops) {
  context *c = k->c;
  tnt_range *r = range_new(c->watch);
  if (!r) return;
  r->begin = begin;
  r->end = end;
  r->kernel_begin = f->kernel_begin;
  r->kernel_end = f->kernel_end;
  r->bytes = bytes_of(k);
  r->flops = flops;
  r->call = c->running ? c->running->call : c->view.call;
  r->region = region_now(c);
  r->op = (int16_t)(k->op - tnt__ops);
  r->of = -1;
  if (c->running && c->running->op) r->of = (int16_t)(c->running->op - tnt__ops);
  r->backward = c->walk != NULL;
  r->in_place = k->in_place;
  r->thread = (uint8_t)c->number;
  if (k->op->flags & OP_LIST)
    shape_of(r, k->n_list ? k->list[0] : NULL);
  else
    shape_of(r, k->in[0] ? k->in[0] : k->in[1]);
}

void watch_gradient_range(context *c, const node *n, int64_t began) {
  if (!c->watch || !began) return;
  tnt_range *r = range_new(c->watch);
  if (!r) return;
  r->begin = began;
  r->end = watch_clock();
  r->call = n->call;
  r->region = n->region;
  r->op = -1;
  r->of = n->op ? (int16_t)(n->op - tnt__ops) : -1;
  r->backward = 1;
  r->thread = (uint8_t)c->number;
}

/* -- counts ------------------------------------------------------------------------------------------------------------ */
static int64_t count(const call *k) {
  context *c = k->c;
  struct watch *w = c->watch;
  int64_t flops = k->op->flops ? k->op->flops(k) : 0;
  if (!(c->mode & MODE_FLOPS)) return flops;
  int backward = c->walk != NULL;
  counted *of_op = &w->by_op[k->op - tnt__ops];
  of_op->flops[backward] += flops;
  of_op->calls[backward]++;
  uint32_t region = region_now(c);
  if (!region || region >= w->n_regions) return flops;
  w->by_region[region].flops[backward] += flops;
  w->by_region[region].calls[backward]++;
  return flops;
}

/* -- the op ------------------------------------------------------------------------------------------------------------ */
int watch_kernel(call *k, int (*run)(call *)) {
  struct watch *w = k->c->watch;
  if (!(k->c->mode & MODE_RANGES) || !w->frame) return run(k);
  frame *f = w->frame;
  struct device_event *from =
      k->device == TNT_CPU ? NULL : card_range_begin(k->c, k->device, STREAM_COMPUTE);
  f->kernel_begin = watch_clock();
  int rc = run(k);
  f->kernel_end = watch_clock();
  card_range_end(k->c, from, STREAM_COMPUTE,
                 &(tnt_card_range){.work = TNT_RAN_OP,
                                   .op = (int16_t)(k->op - tnt__ops),
                                   .of = -1,
                                   .in_place = k->in_place});
  return rc;
}

static int watched(call *k, int (*run)(call *), unsigned bad_before) {
  uint32_t mode = k->c->mode;
  if (!(mode & (MODE_RANGES | MODE_FLOPS))) {
    TRY(run(k));
  } else {
    int64_t begin = (mode & MODE_RANGES) ? watch_clock() : 0;
    TRY(run(k));
    int64_t end = (mode & MODE_RANGES) ? watch_clock() : 0, flops = count(k);
    if (mode & MODE_RANGES) op_range(k, k->c->watch->frame, begin, end, flops);
  }
  return (mode & MODE_FINITE) ? check_outputs(k, bad_before) : 0;
}

int watch_op(call *k, int (*run)(call *)) {
  context *c = k->c;
  struct watch *w = watch_of(c);
  if (!w) return fail(TNT_EMEMORY, "%s: out of memory", k->op->name);
  frame f = {.op = k->op, .outer = w->frame};
  unsigned bad = (c->mode & MODE_FINITE) ? finite_before(k) : 0;
  w->frame = &f;
  int rc = watched(k, run, bad);
  w->frame = f.outer;
  return rc;
}

/* -- switches ---------------------------------------------------------------------------------------------------------- */
static void set_mode(context *c, uint32_t bit, bool on) {
  if (on)
    c->mode |= bit;
  else
    c->mode &= ~bit;
}

int tnt_watch_ranges(int64_t most) {
  context *c = context_now();
  if (most > 0) {
    struct watch *w = watch_of(c);
    if (!w) return fail(TNT_EMEMORY, "profile: out of memory");
    w->most_ranges = most;
    card_ranges_begin(c);
  }
  set_mode(c, MODE_RANGES, most > 0);
  if (most <= 0) card_ranges_end(c);
  return 0;
}

int tnt_ranges_take(tnt_range **ranges, int64_t *n, int64_t *dropped) {
  struct watch *w = context_now()->watch;
  *ranges = w ? w->ranges : NULL;
  *n = w ? w->n_ranges : 0;
  *dropped = w ? w->dropped : 0;
  if (!w) return 0;
  w->ranges = NULL;
  w->n_ranges = w->room_ranges = w->dropped = 0;
  return 0;
}

int tnt_watch_flops(int64_t regions) {
  context *c = context_now();
  set_mode(c, MODE_FLOPS, false);
  if (regions < 0) return 0;
  struct watch *w = watch_of(c);
  if (!w) return fail(TNT_EMEMORY, "flops: out of memory");
  counted *by_op = calloc(N_OPS, sizeof *by_op);
  counted *by_region = calloc((size_t)regions + 1, sizeof *by_region);
  if (!by_op || !by_region) {
    free(by_op), free(by_region);
    return fail(TNT_EMEMORY, "flops: out of memory");
  }
  free(w->by_op), free(w->by_region);
  w->by_op = by_op;
  w->by_region = by_region;
  w->n_regions = (uint32_t)regions + 1;
  set_mode(c, MODE_FLOPS, true);
  return 0;
}

static int copy_count(tnt_count *out, const counted *from) {
  out->forward = from->flops[0];
  out->backward = from->flops[1];
  out->forward_calls = from->calls[0];
  out->backward_calls = from->calls[1];
  return 0;
}

int tnt_flops_of_op(tnt_count *out, int op) {
  struct watch *w = context_now()->watch;
  if (op < 0 || op >= N_OPS || !w || !w->by_op)
    return fail(TNT_EARGUMENT, "flops: nothing was counted for op %d", op);
  return copy_count(out, &w->by_op[op]);
}

int tnt_flops_of_region(tnt_count *out, uint32_t region) {
  struct watch *w = context_now()->watch;
  if (!w || region >= w->n_regions)
    return fail(TNT_EARGUMENT, "flops: nothing was counted for region %u", region);
  return copy_count(out, &w->by_region[region]);
}

int tnt_watch_finite(int level) {
  context *c = context_now();
  struct watch *w = watch_of(c);
  if (!w) return fail(TNT_EMEMORY, "detect_anomaly: out of memory");
  int before = w->finite;
  w->finite = level;
  set_mode(c, MODE_FINITE, level > 0);
  return -before;
}

void tnt_watch_lines(int on) { set_mode(context_now(), MODE_LINES, on != 0); }

const char *tnt_op_name(int op) { return op >= 0 && op < N_OPS ? tnt__ops[op].name : NULL; }
