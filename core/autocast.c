/* Mixed precision: while a region of autocast is open, the inputs of rows marked `autocast = "low"` are brought to its
 * 16-bit dtype, those of rows marked "f32" to f32. The cast of a leaf that wants a gradient (a weight) is kept, and made
 * again, into the same memory, only after the weight has changed: so a weight is cast once for each update, whatever
 * the number of batches accumulated in it, and the cast goes when the weight goes or is moved. */
#include <stdlib.h>

#include "calls_gen.h"
#include "entry.h"

typedef struct cast_weight {
  uint32_t index, version; /* of the weight */
  const void *data;        /* and where it lay */
  tensor *copy;            /* without history; null: an empty place */
} cast_weight;

/* Casts by their weight's slot, with linear probing. A weight that goes takes its casts along (autocast_forget). */
struct autocast_cache {
  uint32_t n, room; /* room: a power of two, at least 2 n */
  cast_weight *list;
};

static uint32_t home_of(uint32_t index) { return index * 2654435761u; }

static cast_weight *place_of(const struct autocast_cache *a, uint32_t index, int dtype) {
  uint32_t mask = a->room - 1;
  for (uint32_t i = home_of(index);; i++) {
    cast_weight *w = &a->list[i & mask];
    if (!w->copy || (w->index == index && w->copy->dtype == dtype)) return w;
  }
}

static int grow(struct autocast_cache *a) {
  struct autocast_cache more = {.n = a->n, .room = a->room ? 2 * a->room : 64};
  more.list = calloc(more.room, sizeof *more.list);
  if (!more.list) return fail(TNT_EMEMORY, "autocast: out of memory");
  for (uint32_t i = 0; i < a->room; i++) {
    const cast_weight *w = &a->list[i];
    if (w->copy) *place_of(&more, w->index, w->copy->dtype) = *w;
  }
  cast_weight *old = a->list;
  a->list = more.list;
  a->room = more.room;
  free(old);
  return 0;
}

/* Empties a place and moves up those behind it that could not be found any more.
 * Source: Knuth, The Art of Computer Programming 3, section 6.4, algorithm R. */
static void empty_place(context *c, struct autocast_cache *a, uint32_t hole) {
  uint32_t mask = a->room - 1;
  tensor *copy = a->list[hole].copy;
  for (uint32_t i = (hole + 1) & mask; a->list[i].copy; i = (i + 1) & mask) {
    if (((i - home_of(a->list[i].index)) & mask) < ((i - hole) & mask)) continue;
    a->list[hole] = a->list[i];
    hole = i;
  }
  a->list[hole].copy = NULL;
  a->n--;
  tensor_unref(c, copy);
}

void autocast_forget(context *c, tensor *x) {
  x->flags &= (uint8_t)~FLAG_CAST;
  struct autocast_cache *a = c->casts;
  if (!a || !a->n) return;
  for (int dtype = 0; dtype < TNT_DTYPES; dtype++) {
    if (category(dtype) != 2) continue;
    const cast_weight *w = place_of(a, x->index, dtype);
    if (w->copy) empty_place(c, a, (uint32_t)(w - a->list));
  }
}

/* The weight in another dtype: memory that is kept, seen through a tensor of this call's with the weight as history. */
static int cast_of_weight(context *c, tensor **y, tensor *x, int dtype) {
  if (!c->casts) {
    c->casts = calloc(1, sizeof *c->casts);
    if (!c->casts) return fail(TNT_EMEMORY, "autocast: out of memory");
  }
  struct autocast_cache *a = c->casts;
  if (2 * (a->n + 1) > a->room) TRY(grow(a));
  cast_weight *w = place_of(a, x->index, dtype);
  bool same = w->copy && same_size(w->copy, x);
  if (!same || w->version != x->storage->version || w->data != x->data) {
    if (!same || w->copy->storage->refs > 1 ||
        w->copy->device != x->device) { /* somebody still looks at the last one */
      tensor *copy;
      TRY(tensor_create(c, &copy, x->device, dtype, x->size, x->ndim));
      if (w->copy)
        tensor_unref(c, w->copy);
      else
        a->n++;
      w->copy = copy;
    }
    w->index = x->index;
    x->flags |= FLAG_CAST;
    w->data = NULL; /* until it is written */
    TRY(convert(c, w->copy, x));
    w->copy->storage->version++;
    w->version = x->storage->version, w->data = x->data;
  }
  tensor *t = tensor_view(c, w->copy);
  if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive (16.7 million)");
  node *n = node_new(c, NODE_TRANSFER, 1, 0, 1, 0, 0);
  if (!n) {
    tensor_unref(c, t);
    return fail(TNT_EMEMORY, "autocast: out of memory for a node");
  }
  edge_set(c, &n->edges[0], x, true);
  node_attach(c, n, 0, t);
  node_unref(c, n);
  *y = t;
  return 0;
}

/* The dtype an input passes in, or -1: as it is. Whole numbers and f64 stay. */
static int wanted(const call *k, int i) {
  const tensor *t = k->in[i];
  if (!t || t->dtype == TNT_F64 || category(t->dtype) != 2) return -1;
  if ((k->op->narrow >> i & 1) && dtype_size[t->dtype] == 2) return -1;
  int to = (k->op->flags & OP_AUTOCAST_LOW) ? k->c->autocast : TNT_F32;
  return t->dtype == to ? -1 : to;
}

int autocast_inputs(call *k, tensor **loans) {
  context *c = k->c;
  for (int i = 0; i < k->n_in; i++) {
    int to = wanted(k, i);
    if (to < 0) continue;
    tensor *x = k->in[i];
    if (c->view.grad_mode && (x->flags & FLAG_REQUIRES_GRAD))
      TRY(cast_of_weight(c, &loans[i], x, to));
    else
      TRY(cast_to(c, &loans[i], x, to));
    k->in[i] = loans[i];
  }
  return 0;
}

int tnt_set_autocast(int dtype) {
  context *c = context_now();
  if (dtype != -1 && dtype != TNT_F16 && dtype != TNT_BF16)
    return fail(TNT_EDTYPE, "autocast: bf16 or f16 was expected, got %s", dtype_name(dtype));
  c->autocast = dtype;
  if (dtype < 0) {
    c->mode &= ~(uint32_t)MODE_AUTOCAST;
  } else {
    c->mode |= MODE_AUTOCAST;
  }
  c->view.autocast = dtype;
  return 0;
}

int tnt_autocast_clear(void) {
  context *c = context_now();
  struct autocast_cache *a = c->casts;
  if (!a) return 0;
  for (uint32_t i = 0; i < a->room; i++) {
    if (a->list[i].copy) tensor_unref(c, a->list[i].copy);
  }
  free(a->list);
  free(a);
  c->casts = NULL;
  return 0;
}
