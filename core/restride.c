/* Strided parts of a base as differentiable functions: `restride` takes a part out, `place` lays one into zeros; each is
 * the other's gradient. Views with history and writes through views are made of these two. */
#include "calls_gen.h"

void part_of(part *p, const tensor *view, const tensor *base) {
  p->ndim = view->ndim;
  p->base_ndim = base->ndim;
  memcpy(p->size, view->size, sizeof p->size);
  memcpy(p->stride, view->stride, sizeof p->stride);
  memcpy(p->base_size, base->size, sizeof p->base_size);
  memcpy(p->base_stride, base->stride, sizeof p->base_stride);
  p->offset = (view->data - base->data) / dtype_size[base->dtype];
}

void part_store(const part *p, int64_t *integers) {
  integers[0] = p->ndim, integers[1] = p->base_ndim, integers[2] = p->offset;
  memcpy(integers + 3, p->size, sizeof p->size);
  memcpy(integers + 3 + MAX_DIMS, p->stride, sizeof p->stride);
  memcpy(integers + 3 + 2 * MAX_DIMS, p->base_size, sizeof p->base_size);
  memcpy(integers + 3 + 3 * MAX_DIMS, p->base_stride, sizeof p->base_stride);
}

void part_load(part *p, const int64_t *integers) {
  p->ndim = (int)integers[0], p->base_ndim = (int)integers[1], p->offset = integers[2];
  memcpy(p->size, integers + 3, sizeof p->size);
  memcpy(p->stride, integers + 3 + MAX_DIMS, sizeof p->stride);
  memcpy(p->base_size, integers + 3 + 2 * MAX_DIMS, sizeof p->base_size);
  memcpy(p->base_stride, integers + 3 + 3 * MAX_DIMS, sizeof p->base_stride);
}

/* A tensor with the base's layout (its elements may lie apart in memory), filled with zeros. */
static int base_like(context *c, tensor **out, const tensor *like, const part *p) {
  int dtype = like->dtype;
  int64_t reach = 1;
  bool empty = false;
  for (int d = 0; d < p->base_ndim; d++) {
    reach += (p->base_size[d] - 1) * p->base_stride[d];
    if (!p->base_size[d]) empty = true;
  }
  if (empty) return tensor_create(c, out, like->device, dtype, p->base_size, p->base_ndim);
  tensor *t;
  TRY(tensor_create(c, &t, like->device, dtype, &reach, 1));
  int rc = tensor_zero(t, (size_t)reach * dtype_size[dtype]);
  if (rc) {
    tensor_unref(c, t);
    return rc;
  }
  t->ndim = (uint8_t)p->base_ndim;
  memcpy(t->size, p->base_size, sizeof p->base_size);
  memcpy(t->stride, p->base_stride, sizeof p->base_stride);
  tensor_check_dense(t);
  *out = t;
  return 0;
}

static int part_view(context *c, tensor **out, tensor *base, const part *p) {
  tensor *t = tensor_view(c, base);
  if (!t) return fail(TNT_EMEMORY, "too many tensors are alive");
  t->ndim = (uint8_t)p->ndim;
  memcpy(t->size, p->size, sizeof p->size);
  memcpy(t->stride, p->stride, sizeof p->stride);
  t->data = base->data + p->offset * dtype_size[base->dtype];
  tensor_check_dense(t);
  *out = t;
  return 0;
}

/* view += x, where elements of view may be one in memory: such a dim is walked slice by slice. */
static int add_into(context *c, tensor *view, tensor *x) {
  if (!may_overlap(view)) {
    call k = {.op = &tnt__ops[OP_ID_ADD],
              .c = c,
              .n_in = 2,
              .number_at = -1,
              .in = {view, x},
              .out = {view}};
    k.compute = view->dtype;
    return elementwise(&k);
  }
  int d = 0; /* the dim with the smallest step is the one that falls on others */
  for (int e = 1; e < view->ndim; e++) {
    if (view->size[e] > 1 && (view->size[d] <= 1 || view->stride[e] < view->stride[d])) d = e;
  }
  int rc = 0;
  for (int64_t i = 0; i < view->size[d] && !rc; i++) {
    tensor *v = tensor_view(c, view), *s = tensor_view(c, x);
    if (!v || !s) rc = fail(TNT_EMEMORY, "too many tensors are alive");
    if (!rc) {
      v->data += i * v->stride[d] * dtype_size[v->dtype];
      s->data += i * s->stride[d] * dtype_size[s->dtype];
      v->size[d] = s->size[d] = 1;
      tensor_check_dense(v), tensor_check_dense(s);
      rc = add_into(c, v, s);
    }
    tensor_unref(c, v), tensor_unref(c, s);
  }
  return rc;
}

static int recorded(context *c, int kind, tensor *y, tensor *x, const part *p) {
  if (!c->view.grad_mode || !wants_gradient(x)) return 0;
  node *n = node_new(c, kind, 1, 0, 1, PART_INTEGERS, 0);
  if (!n) return fail(TNT_EMEMORY, "out of memory for a node");
  edge_set(c, &n->edges[0], x, true);
  part_store(p, n->integers);
  node_attach(c, n, 0, y);
  node_unref(c, n);
  return 0;
}

int restride(context *c, tensor **y, tensor *x, const part *p) {
  tensor *laid = NULL, *out = NULL;
  bool same = true;
  for (int d = 0; d < p->base_ndim; d++)
    same = same && (x->stride[d] == p->base_stride[d] || x->size[d] <= 1);
  int mode = c->view.grad_mode, rc = 0;
  c->view.grad_mode = 0;
  if (same) {
    laid = x;
    tensor_ref(x);
  } else {
    rc = base_like(c, &laid, x, p);
    if (!rc) rc = add_into(c, laid, x);
  }
  if (!rc) rc = part_view(c, &out, laid, p);
  c->view.grad_mode = mode;
  tensor_unref(c, laid);
  if (!rc) rc = recorded(c, NODE_RESTRIDE, out, x, p);
  if (rc)
    tensor_unref(c, out);
  else
    *y = out;
  return rc;
}

int place(context *c, tensor **y, tensor *x, const part *p) {
  tensor *out = NULL, *view = NULL;
  int rc = base_like(c, &out, x, p);
  if (!rc) rc = part_view(c, &view, out, p);
  if (!rc) rc = add_into(c, view, x);
  tensor_unref(c, view);
  if (!rc) rc = recorded(c, NODE_PLACE, out, x, p);
  if (rc)
    tensor_unref(c, out);
  else
    *y = out;
  return rc;
}

int restride_backward(rule_call *r) {
  context *c = r->c;
  if (r->node->kind == NODE_TRANSFER) { /* the edge brings it to the device of the input */
    tensor_ref(r->dy[0]);
    r->dx[0] = r->dy[0];
    return 0;
  }
  part p;
  part_load(&p, r->node->integers);
  tensor *dy = r->dy[0];
  if (r->node->kind == NODE_RESTRIDE) return place(c, &r->dx[0], dy, &p);
  if (r->node->kind == NODE_PLACE) return restride(c, &r->dx[0], dy, &p);
  /* NODE_REPLACE: the part comes from the second input, the rest from the first */
  tensor *inside = NULL, *laid = NULL;
  int rc = restride(c, &inside, dy, &p);
  if (!rc && r->want[0]) {
    rc = place(c, &laid, inside, &p);
    if (!rc) rc = op_sub(c, &r->dx[0], dy, laid);
    tensor_unref(c, laid);
  }
  if (!rc && r->want[1]) r->dx[1] = inside, inside = NULL;
  tensor_unref(c, inside);
  return rc;
}

int zeros(context *c, tensor **y, int device, int dtype, const int64_t *size, int ndim) {
  tensor *t;
  TRY(tensor_create(c, &t, device, dtype, size, ndim));
  int rc = tensor_zero(t, (size_t)t->numel * dtype_size[dtype]);
  if (rc)
    tensor_unref(c, t);
  else
    *y = t;
  return rc;
}

/* The gradient of broadcasting: x summed down to `size`. */
int sum_to(context *c, tensor **y, tensor *x, const int64_t *size, int ndim) {
  int shift = x->ndim - ndim;
  int64_t dims[MAX_DIMS];
  int n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (d < shift || (size[d - shift] == 1 && x->size[d] != 1)) dims[n++] = d + 1;
  }
  if (!n) {
    tensor_ref(x);
    *y = x;
    return 0;
  }
  tensor *s;
  TRY(op_sum(c, &s, x, dims, n, 1));
  if (!shift) {
    *y = s;
    return 0;
  }
  int rc = op_view(c, y, s, size, ndim);
  tensor_unref(c, s);
  return rc;
}
