/* Gradients of parts of one tensor: see parts.h. The first part to arrive makes the buffer, and its slices are written, not
 * added; where a slice comes twice, or a gradient of the whole, what is there is made whole first and added to. Parts that lie
 * in one memory already, as attention's gradients do, are not copied at all. */
#include "parts.h"

#include <stdlib.h>

#include "calls_gen.h"
#include "entry.h"
#include "../kernels/slots_gen.h"

int part_of_node(context *c, part *p, const node *n, tensor *like) {
  const edge *e = &n->edges[0];
  tensor *base = tensor_view(c, like); /* only its geometry is looked at */
  if (!base) return fail(TNT_EMEMORY, "too many tensors are alive");
  base->ndim = e->ndim;
  base->dtype = e->dtype;
  memcpy(base->size, e->size, sizeof(int64_t) * e->ndim);
  tensor_set_dense(base);
  call k = {.op = n->op, .c = c, .n_in = 1, .number_at = -1, .in = {base}};
  memcpy(k.integers, n->integers, 8 * (size_t)n->op->n_integers);
  int rc = n->op->shape(&k);
  if (!rc) part_of(p, k.out[0], base);
  if (!rc) tensor_unref(c, k.out[0]);
  tensor_unref(c, base);
  return rc;
}

/* Whether the part is whole slices along one dim. */
static bool is_range(const node *n, const part *p, int *d, part_range *r) {
  bool one = n->op == &tnt__ops[OP_ID_SELECT];
  if (!one && n->op != &tnt__ops[OP_ID_NARROW] && n->op != &tnt__ops[OP_ID_SLICE]) return false;
  *d = (int)n->integers[one ? SELECT_D : n->op == &tnt__ops[OP_ID_NARROW] ? NARROW_D : SLICE_D] - 1;
  if (!one && p->size[*d] > 1 && p->stride[*d] != p->base_stride[*d]) return false; /* steps */
  for (int e = 0; e < p->ndim; e++) {
    if (!p->size[e]) return false;
  }
  r->from = p->offset / p->base_stride[*d];
  r->to = r->from + (one ? 1 : p->size[*d]);
  return true;
}

static parted *find(parted_list *list, const node *at, uint32_t output) {
  for (int i = list->n - 1; i >= 0; i--) {
    if (list->items[i].at == at && list->items[i].output == output) return &list->items[i];
  }
  return NULL;
}

static void forget(parted_list *list, parted *q) {
  free(q->there);
  *q = list->items[--list->n];
}

void parts_free(parted_list *list) {
  for (int i = 0; i < list->n; i++) free(list->items[i].there);
  free(list->items);
}

/* -- what is there ----------------------------------------------------------------------------------------------------- */
static bool meets(const parted *q, part_range r) {
  for (int i = 0; i < q->n; i++) {
    if (q->there[i].from < r.to && r.from < q->there[i].to) return true;
  }
  return false;
}

static int add_range(parted *q, part_range r) {
  if (q->n == q->room) {
    int room = q->room ? 2 * q->room : 4;
    part_range *more = realloc(q->there, (size_t)room * sizeof *more);
    if (!more) return fail(TNT_EMEMORY, "backward: out of memory");
    q->there = more;
    q->room = room;
  }
  int i = q->n++;
  for (; i > 0 && q->there[i - 1].from > r.from; i--) q->there[i] = q->there[i - 1];
  q->there[i] = r;
  int kept = 0;
  for (int j = 1; j < q->n; j++) {
    if (q->there[kept].to == q->there[j].from)
      q->there[kept].to = q->there[j].to;
    else
      q->there[++kept] = q->there[j];
  }
  q->n = kept + 1;
  return 0;
}

/* -- slices of a tensor ------------------------------------------------------------------------------------------------ */
static tensor *slices_of(context *c, tensor *x, int d, part_range r) {
  tensor *t = tensor_view(c, x);
  if (!t) return NULL;
  t->data += r.from * t->stride[d] * dtype_size[t->dtype];
  t->size[d] = r.to - r.from;
  tensor_check_dense(t);
  return t;
}

static int no_slot(void) { return fail(TNT_EMEMORY, "too many tensors are alive"); }

static int clear(context *c, tensor *x, int d, part_range r) {
  tensor *t = slices_of(c, x, d, r);
  if (!t) return no_slot();
  call k;
  call_begin(&k, c, OP_ID_FILL);
  k.in[0] = k.out[0] = t;
  k.numbers[FILL_VALUE] = 0;
  k.compute = t->dtype;
  int rc = elementwise(&k);
  tensor_unref(c, t);
  return rc;
}

/* to = x, or to += x; x may lack the dim, as select leaves it out. */
static int lay(context *c, tensor *to, tensor *x, int d, part_range r, bool add) {
  tensor *t = slices_of(c, to, d, r);
  if (!t) return no_slot();
  if (x->ndim < t->ndim) {
    for (int e = d; e < t->ndim - 1; e++)
      t->size[e] = t->size[e + 1], t->stride[e] = t->stride[e + 1];
    t->ndim--;
    tensor_check_dense(t);
  }
  int rc;
  if (add) {
    call k;
    call_begin(&k, c, OP_ID_ADD);
    k.in[0] = k.out[0] = t;
    k.in[1] = x;
    k.compute = t->dtype;
    rc = elementwise(&k);
  } else {
    rc = convert(c, t, x);
  }
  if (!rc) to->storage->version++;
  tensor_unref(c, t);
  return rc;
}

/* -- the parts' own memory ---------------------------------------------------------------------------------------------- */
/* Whether dy lies where it belongs in memory that has just room for the whole. */
static bool lies_in_place(const tensor *dy, const part *p, const edge *e) {
  int64_t all = 1;
  for (int d = 0; d < p->base_ndim; d++) all *= p->base_size[d];
  if (dy->dtype != e->dtype || dy->ndim != p->ndim || dy->storage->drop ||
      dy->storage->bytes != (size_t)all * dtype_size[e->dtype]) {
    return false;
  }
  if (dy->data - (char *)dy->storage->data != p->offset * dtype_size[e->dtype]) return false;
  for (int d = 0; d < p->ndim; d++) {
    if (dy->size[d] != p->size[d] || (p->size[d] > 1 && dy->stride[d] != p->stride[d]))
      return false;
  }
  return true;
}

static int buffer_for(context *c, tensor **y, const edge *e, tensor *lender) {
  if (!lender) return tensor_create(c, y, e->device, e->dtype, e->size, e->ndim);
  tensor *t = tensor_view(c, lender);
  if (!t) return no_slot();
  t->data = t->storage->data;
  t->ndim = e->ndim;
  memcpy(t->size, e->size, sizeof(int64_t) * e->ndim);
  tensor_set_dense(t);
  *y = t;
  return 0;
}

/* A buffer of its own with what is there, in place of the parts' memory. */
static int own(context *c, parted *q) {
  tensor *t, **to = &q->at->grads[q->output];
  TRY(buffer_for(c, &t, &q->whole, NULL));
  int rc = 0;
  for (int i = 0; i < q->n && !rc; i++) {
    tensor *from = slices_of(c, *to, q->d, q->there[i]);
    rc = from ? lay(c, t, from, q->d, q->there[i], false) : no_slot();
    tensor_unref(c, from);
  }
  if (rc) {
    tensor_unref(c, t);
    return rc;
  }
  tensor_unref(c, *to);
  *to = t;
  q->lent = false;
  return 0;
}

/* -- the walk ----------------------------------------------------------------------------------------------------------- */
static int settle(context *c, parted_list *list, parted *q) {
  int64_t all = q->whole.size[q->d];
  int rc = 0;
  if (q->lent && (q->n != 1 || q->there[0].to - q->there[0].from != all)) rc = own(c, q);
  tensor *t = q->at->grads[q->output];
  for (int i = 0; i <= q->n && !rc; i++) {
    part_range gap = {i ? q->there[i - 1].to : 0, i < q->n ? q->there[i].from : all};
    if (gap.from < gap.to) rc = clear(c, t, q->d, gap);
  }
  forget(list, q);
  return rc;
}

int parts_settle(context *c, parted_list *list, node *at, uint32_t output) {
  parted *q = find(list, at, output);
  return q ? settle(c, list, q) : 0;
}

static int start(context *c, parted_list *list, const edge *e, int d, tensor *lender,
                 parted **out) {
  if (list->n == list->room) {
    int room = list->room ? 2 * list->room : 4;
    parted *more = realloc(list->items, (size_t)room * sizeof *more);
    if (!more) return fail(TNT_EMEMORY, "backward: out of memory");
    list->items = more;
    list->room = room;
  }
  TRY(buffer_for(c, &e->to->grads[e->output], e, lender));
  *out = &list->items[list->n++];
  **out = (parted){.at = e->to, .output = e->output, .whole = *e, .d = d, .lent = lender != NULL};
  return 0;
}

int parts_add(context *c, parted_list *list, node *n, tensor *dy, bool *taken) {
  const edge *e = &n->edges[0];
  tensor **to = &e->to->grads[e->output];
  part p;
  part_range r;
  int d;
  *taken = false;
  if (dy->dtype != e->dtype || dy->device != e->device) return 0;
  TRY(part_of_node(c, &p, n, dy));
  if (!is_range(n, &p, &d, &r)) return 0;
  parted *q = find(list, e->to, e->output);
  if (q && (q->d != d || meets(q, r))) {
    TRY(settle(c, list, q));
    q = NULL;
  }
  if (!q && *to) { /* a gradient of the whole is there */
    tensor *t = *to;
    bool ours = t->refs == 1 && t->storage->refs == 1 && !t->node && !(t->flags & FLAG_HANDLE);
    if (!ours || may_overlap(t) || t->dtype != e->dtype) return 0;
    *taken = true;
    return lay(c, t, dy, d, r, true);
  }
  *taken = true;
  bool in_place = lies_in_place(dy, &p, e);
  if (!q) TRY(start(c, list, e, d, in_place ? dy : NULL, &q));
  if (q->lent && (!in_place || dy->storage != (*to)->storage)) TRY(own(c, q));
  if (!q->lent) TRY(lay(c, *to, dy, d, r, false));
  return add_range(q, r);
}
