/* Captured steps. A step of a program that does the same each time is first run as usual and recorded: an op whose
 * sizes or numbers differ from the step before, or a number read, is refused where it happens. Then the card records it
 * once and replays it. What changes between replays lives in the card's memory: inputs, the numbers of optimizers (row),
 * and the count of random calls. */
#include <stdlib.h>

#include "calls_gen.h"
#include "device.h"
#include "watch.h"

/* -- the recorder ------------------------------------------------------------------------------------------------------- */
enum { RECORDED_INPUTS = 4 };

typedef struct recorded_op {
  const op_record *op;
  int n_in, n_list, number_at;
  double operand, numbers[MAX_NUMBERS];
  uint64_t integers; /* hash */
  struct {
    uint8_t dtype, ndim;
    int64_t size[MAX_DIMS];
  } in[RECORDED_INPUTS];
  uint64_t list; /* hash of the list's shapes */
} recorded_op;

struct tnt_recorder {
  recorded_op *ops;
  int n, room, at; /* at: the next to be compared with; -1: the first step, which is written down */
};

static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * 1099511628211u; }

static uint64_t shape_hash(uint64_t h, const tensor *t) {
  h = mix(h, t ? (uint64_t)t->dtype + 1 : 0);
  for (int d = 0; t && d < t->ndim; d++) h = mix(h, (uint64_t)t->size[d]);
  return h;
}

static void describe_call(recorded_op *r, const call *k) {
  memset(r, 0, sizeof *r);
  r->op = k->op;
  r->n_in = k->n_in;
  r->number_at = k->number_at;
  if (k->number_at >= 0) r->operand = k->operand;
  bool in_row = (k->op->flags & OP_PARAMS) && k->n_in && k->in[0];
  for (int i = 0; i < k->op->n_numbers && !in_row; i++) r->numbers[i] = k->numbers[i];
  /* where a random call's numbers are drawn again, they are another call's each time */
  bool again = (k->op->flags & OP_DRAWS_AGAIN) != 0;
  for (int i = 0; i < k->op->n_integers && !again; i++)
    r->integers = mix(r->integers, (uint64_t)k->integers[i]);
  for (int i = 0; i < k->n_in && i < RECORDED_INPUTS; i++) {
    const tensor *t = k->in[i];
    if (!t) continue;
    r->in[i].dtype = t->dtype;
    r->in[i].ndim = t->ndim;
    memcpy(r->in[i].size, t->size, sizeof(int64_t) * t->ndim);
  }
  r->n_list = (k->op->flags & OP_LIST) ? k->n_given : 0;
  for (int i = 0; i < r->n_list; i++) r->list = shape_hash(r->list, k->list[i]);
}

static int differs(const recorded_op *was, const recorded_op *is) {
  const char *op = is->op->name;
  if (was->op != is->op) {
    return fail(TNT_ESTATE,
                "a captured step must run the same ops each time: %s came where the step before "
                "ran %s (a branch that depends on the step?)",
                op, was->op->name);
  }
  if (was->number_at != is->number_at || was->operand != is->operand) {
    return fail(TNT_ESTATE,
                "a captured step keeps its numbers: %s: number %g became %g; put it in a tensor "
                "and copy_ the new value before the step",
                op, was->operand, is->operand);
  }
  for (int i = 0; i < is->op->n_numbers; i++) {
    if (was->numbers[i] == is->numbers[i]) continue;
    return fail(TNT_ESTATE,
                "a captured step keeps its numbers: %s: number argument %d was %g and became %g; "
                "put it in a tensor and copy_ the new value before the step",
                op, i + 1, was->numbers[i], is->numbers[i]);
  }
  for (int i = 0; i < is->n_in && i < RECORDED_INPUTS; i++) {
    if (was->in[i].ndim == is->in[i].ndim && was->in[i].dtype == is->in[i].dtype &&
        memcmp(was->in[i].size, is->in[i].size, sizeof was->in[i].size) == 0) {
      continue;
    }
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    format_shape(a, sizeof a, was->in[i].size, was->in[i].ndim);
    format_shape(b, sizeof b, is->in[i].size, is->in[i].ndim);
    return fail(TNT_ESTATE,
                "a captured step keeps its shapes: %s: %s was %s %s and became %s %s (drop_last "
                "for loaders, padding for sequences)",
                op, is->op->in_names[i], dtype_name(was->in[i].dtype), a,
                dtype_name(is->in[i].dtype), b);
  }
  if (was->n_list != is->n_list || was->list != is->list) {
    return fail(TNT_ESTATE,
                "a captured step keeps its lists: %s got %d tensors, then %d (parameters without a "
                "gradient in some steps?)",
                op, was->n_list, is->n_list);
  }
  if (was->integers != is->integers) {
    return fail(TNT_ESTATE,
                "a captured step keeps its numbers: a position or size given to %s changed; index "
                "with a tensor instead",
                op);
  }
  return 0;
}

int recorder_call(const call *k) {
  struct tnt_recorder *r = k->c->recorder;
  recorded_op now;
  describe_call(&now, k);
  if (r->at < 0) {
    if (r->n == r->room) {
      int room = r->room ? r->room * 2 : 256;
      recorded_op *more = realloc(r->ops, (size_t)room * sizeof *more);
      if (!more) return fail(TNT_EMEMORY, "recording a step: out of memory");
      r->ops = more;
      r->room = room;
    }
    r->ops[r->n++] = now;
    return 0;
  }
  if (r->at >= r->n) {
    return fail(TNT_ESTATE,
                "a captured step must run the same ops each time: %s is one more than the %d of "
                "the step before",
                now.op->name, r->n);
  }
  return differs(&r->ops[r->at++], &now);
}

int refuse_read(const context *c, const char *who) {
  if (!(c->mode & (MODE_RECORD | MODE_CAPTURE))) return 0;
  return fail(TNT_ESTATE,
              "%s: a captured step runs on the card without the host, so no number can be read in "
              "it; return the tensor, or log it, and read it after the step",
              who);
}

int refuse_write(const context *c, const char *who, uint32_t modes) {
  if (!(c->mode & modes)) return 0;
  return fail(TNT_ESTATE,
              "%s: a captured step runs on the card without the host, so it takes nothing from the "
              "host's memory; make the tensor before the step, and copy_ into it what changes",
              who);
}

int tnt_record_begin(tnt_recorder **recorder) {
  context *c = context_now();
  if (c->recorder) return fail(TNT_ESTATE, "recording a step: one is being recorded already");
  if (!*recorder) {
    *recorder = calloc(1, sizeof **recorder);
    if (!*recorder) return fail(TNT_EMEMORY, "recording a step: out of memory");
    (*recorder)->at = -1;
  } else {
    (*recorder)->at = 0;
  }
  c->recorder = *recorder;
  c->mode |= MODE_RECORD;
  return 0;
}

int tnt_record_end(void) {
  context *c = context_now();
  struct tnt_recorder *r = c->recorder;
  c->mode &= ~(uint32_t)MODE_RECORD;
  c->recorder = NULL;
  if (r && r->at >= 0 && r->at < r->n) {
    return fail(TNT_ESTATE,
                "a captured step must run the same ops each time: it ended before %s, op %d of the "
                "%d of the step before",
                r->ops[r->at].op->name, r->at + 1, r->n);
  }
  return 0;
}

void tnt_recorder_free(tnt_recorder *r) {
  if (!r) return;
  free(r->ops);
  free(r);
}

/* -- capture and replay ---------------------------------------------------------------------------------------------------- */
struct tnt_graph {
  int device;
  void *graph;
  device_pool *pool;
  tensor *counter; /* i64 of one element on the card: random calls made before the replay */
  uint64_t seed, base, calls;
  context *c;
  tnt_graph *next; /* of those whose end waits for that of a capture */
};

static void *compute_stream(const tnt_graph *g) {
  return device_of(g->device)->stream(device_card(g->device), STREAM_COMPUTE);
}

static int write_counter(tnt_graph *g) {
  int64_t calls = (int64_t)g->c->random_calls;
  return host_write(g->counter, &calls);
}

int tnt_capture_begin(tnt_graph **graph, int device) {
  context *c = context_now();
  if (device == TNT_CPU)
    return fail(TNT_EDEVICE,
                "capture: the CPU has nothing to replay; a captured step wants a card");
  TRY(device_check(device));
  if (c->capture) return fail(TNT_ESTATE, "capture: a step is being captured already");
  tnt_graph *g = calloc(1, sizeof *g);
  if (!g) return fail(TNT_EMEMORY, "capture: out of memory");
  g->device = device;
  g->c = c;
  g->seed = c->seed;
  g->base = c->random_calls;
  int rc = tensor_create(c, &g->counter, device, TNT_I64, NULL, 0);
  if (!rc) rc = write_counter(g);
  /* what calls before left in the cache would be there twice */
  if (!rc) rc = tnt_device_empty_cache(device);
  if (!rc && !(g->pool = pool_capture(device))) rc = fail(TNT_EMEMORY, "capture: out of memory");
  if (!rc) rc = device_of(device)->capture_begin(compute_stream(g));
  if (rc) {
    pool_captured();
    tnt_graph_free(g);
    return rc;
  }
  c->capture = g;
  c->mode |= MODE_CAPTURE;
  *graph = g;
  return 0;
}

int tnt_capture_end(tnt_graph *g) {
  context *c = g->c;
  if (c->capture != g) return fail(TNT_ESTATE, "capture: this step is not being captured");
  c->capture = NULL;
  c->mode &= ~(uint32_t)MODE_CAPTURE;
  g->calls = c->random_calls - g->base;
  c->random_calls = g->base; /* recorded, not run */
  int rc = device_of(g->device)->capture_end(compute_stream(g), &g->graph);
  pool_captured();
  while (c->ended_graphs) {
    tnt_graph *ended = c->ended_graphs;
    c->ended_graphs = ended->next;
    tnt_graph_free(ended);
  }
  return rc;
}

int tnt_graph_replay(tnt_graph *g, const tnt_tensor *written, int n) {
  context *c = g->c;
  if (!g->graph) return fail(TNT_ESTATE, "replay: the step was not captured to its end");
  if (g->calls && c->seed != g->seed)
    return fail(TNT_ESTATE,
                "replay: the seed has changed since the step was captured; capture it again");
  if (g->calls) TRY(write_counter(g));
  device_event *from = card_range_begin(c, g->device, STREAM_COMPUTE);
  TRY(device_of(g->device)->graph_launch(g->graph, compute_stream(g)));
  card_range_end(c, from, STREAM_COMPUTE,
                 &(tnt_card_range){.work = TNT_RAN_REPLAY, .op = -1, .of = -1});
  c->random_calls += g->calls;
  for (int i = 0; i < n; i++) {
    tensor *t;
    RESOLVE(c, t, &written[i]);
    t->storage->version++;
  }
  return 0;
}

void tnt_graph_free(tnt_graph *g) {
  if (!g) return;
  if (g->c->capture == g) {
    tnt_capture_end(g);
  } else if (
      g->c->capture) { /* to end it waits for the card, which would spoil what is being captured */
    g->next = g->c->ended_graphs;
    g->c->ended_graphs = g;
    return;
  }
  if (g->graph) {
    device_of(g->device)->synchronize(device_card(g->device));
    device_of(g->device)->graph_free(g->graph);
  }
  tensor_unref(g->c, g->counter);
  if (g->pool) pool_drop(g->pool);
  free(g);
}

void capture_random(const call *k, tnt__args *a) {
  const tnt_graph *g = k->c->capture;
  a->counter = (const uint64_t *)(const void *)g->counter->data;
  if (k->op->flags & OP_RANDOM) a->call -= g->base;
}
