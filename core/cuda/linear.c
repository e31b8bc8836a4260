/* Linear layers on a card, with a gelu behind them or between two, and their gradients. cuBLASLt adds the bias, and in 16
 * bits makes the gelu, as it writes the result; where it has nothing for a product, kernels/linear.cu does that in a
 * pass of its own. In f32 and f64 it always does: the library's gelu is as exact as 16 bits ask for. */
#include "matmul.h"
#include "plans.h"

/* -- operands -------------------------------------------------------------------------------------------------------- */
/* All dims of x but the last as one: false where their strides do not allow it. */
static bool as_rows(const tnt__view *x, int64_t rows, int64_t *size, int64_t *stride) {
  int64_t step = 0, seen = 0;
  for (int d = x->ndim - 2; d >= 0; d--) {
    if (x->size[d] == 1) continue;
    if (!seen)
      step = x->stride[d], seen = x->size[d];
    else if (x->stride[d] == step * seen)
      seen *= x->size[d];
    else
      return false;
  }
  size[0] = rows, size[1] = x->size[x->ndim - 1];
  stride[0] = step, stride[1] = x->stride[x->ndim - 1];
  return true;
}

static int prepare_rows(tnt__args *a, tnt__matrix *out, const tnt__view *x, int64_t rows) {
  int64_t size[2], stride[2];
  tnt__view v = {x->data, x->numel, 2, x->dtype, size, stride};
  if (as_rows(x, rows, size, stride) && tnt__as_matrix(&v, out)) return 0;
  void *to = a->scratch(a, (size_t)x->numel * tnt__width_of(x->dtype));
  if (!to) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  *out = (tnt__matrix){to, x->size[x->ndim - 1], false};
  return tnt__dense_copy(a, x, to);
}

static tnt__matrix flipped(tnt__matrix m) {
  m.transposed = !m.transposed;
  return m;
}

/* The library reads and writes vectors in pieces of 16 bytes. */
static bool is_vector(const tnt__view *b) {
  return (b->stride[0] == 1 || b->numel == 1) && tnt__alignment(b->data) >= 16;
}

/* Whether it makes the gelu of a product whose rows have n elements: of 16 bits; those that are kept come in eights. */
static bool has_gelu(const tnt__product *p) {
  bool narrow = p->dtype == TNT_F16 || p->dtype == TNT_BF16;
  return narrow && (!p->aux || (p->n % 8 == 0 && tnt__alignment(p->aux) >= 16));
}

/* -- layers ---------------------------------------------------------------------------------------------------------- */
/* y = x w^T + b with nothing behind it. */
static int plain_layer(tnt__args *a, tnt__product *p, const tnt__view *b, const tnt__view *y) {
  bool done = false;
  int rc = 0;
  p->y = y->data, p->aux = NULL, p->bias = NULL, p->epilogue = TNT__PLAIN;
  if (p->k && b->data && y->dtype != TNT_F64 && is_vector(b)) {
    p->bias = b->data, p->epilogue = TNT__BIAS;
    rc = tnt__multiply_by_library(a, p, &done);
    if (rc || done) return rc;
    p->bias = NULL, p->epilogue = TNT__PLAIN;
  }
  if (b->data) {
    rc = tnt__fill_rows(a, b, b->stride[0], y, p->m);
    p->add = true;
  }
  if (!p->k) return rc || b->data ? rc : tnt__zero(a, y);
  return rc ? rc : tnt__multiply(a, p);
}

static int product_of(tnt__args *a, tnt__product *p, const tnt__view *x, const tnt__view *w,
                      const tnt__view *y) {
  *p = (tnt__product){.n = w->size[0], .k = w->size[1], .count = 1, .dtype = y->dtype};
  p->m = y->numel / p->n;
  if (!p->k) return 0;
  int rc = prepare_rows(a, &p->a, x, p->m);
  if (!rc) rc = prepare_rows(a, &p->b, w, p->n);
  p->b = flipped(p->b);
  return rc;
}

static int layer(tnt__args *a, const tnt__view *x, const tnt__view *w, const tnt__view *b,
                 const tnt__view *y) {
  tnt__product p;
  if (y->numel == 0) return 0;
  int rc = product_of(a, &p, x, w, y);
  return rc ? rc : plain_layer(a, &p, b, y);
}

/* pre: without elements where it is not kept */
static int gelu_layer(tnt__args *a, const tnt__view *x, const tnt__view *w, const tnt__view *b,
                      const tnt__view *y, const tnt__view *pre) {
  tnt__product p;
  bool done = false;
  if (y->numel == 0) return 0;
  int rc = product_of(a, &p, x, w, y);
  if (rc) return rc;
  p.y = y->data, p.bias = b->data, p.aux = pre->numel ? pre->data : NULL, p.epilogue = TNT__GELU;
  if (p.k && has_gelu(&p) && (!b->data || is_vector(b)))
    rc = tnt__multiply_by_library(a, &p, &done);
  if (rc || done) return rc;
  const tnt__view *linear = pre->numel ? pre : y;
  rc = plain_layer(a, &p, b, linear);
  return rc ? rc : tnt__gelu(a, y->dtype, linear->data, y->data, y->numel);
}

int linear_cuda(tnt__args *a) { /* y[.., O] = x[.., I] w[O, I]^T + b */
  int rc = layer(a, &a->in[0], &a->in[1], &a->in[2], &a->out[0]);
  return rc ? rc : launched(a);
}

int linear_gelu_cuda(tnt__args *a) { /* y, pre */
  int rc = gelu_layer(a, &a->in[0], &a->in[1], &a->in[2], &a->out[0], &a->out[1]);
  return rc ? rc : launched(a);
}

int gelu_mlp_cuda(tnt__args *a) { /* of x, v, a, w, b: y, pre, act */
  const tnt__view *x = &a->in[0], *v = &a->in[1], *w = &a->in[3], *y = &a->out[0];
  tnt__view act = a->out[2];
  if (y->numel == 0 && act.numel == 0) return 0;
  int64_t n = v->size[0], size[2] = {y->numel ? y->numel / w->size[0] : 0, n}, stride[2] = {n, 1};
  if (!act.numel) { /* not kept */
    act = (tnt__view){NULL, size[0] * n, 2, y->dtype, size, stride};
    act.data = a->scratch(a, (size_t)(act.numel + 1) * tnt__width_of(y->dtype));
    if (!act.data) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  }
  int rc = gelu_layer(a, x, v, &a->in[2], &act, &a->out[1]);
  if (!rc) rc = layer(a, &act, w, &a->in[4], y);
  return rc ? rc : launched(a);
}

/* -- gradients ------------------------------------------------------------------------------------------------------- */
int linear_grad_cuda(tnt__args *a) { /* dw[O, I] = dy[M, O]^T x[M, I], db[O] = sums of dy */
  const tnt__view *dy = &a->in[0], *x = &a->in[1], *dw = &a->out[0], *db = &a->out[1];
  tnt__matrix rows = {NULL, 1, false}, right = {NULL, 1, false};
  bool done = false;
  int rc = 0;
  if (dy->numel) rc = prepare_rows(a, &rows, dy, dy->size[0]);
  if (!rc && dw->numel && !dy->size[0]) rc = tnt__zero(a, dw);
  if (!rc && dw->numel && dy->numel) {
    tnt__product p = {.m = dw->size[0], .n = dw->size[1], .k = dy->size[0], .count = 1};
    rc = prepare_rows(a, &right, x, x->size[0]);
    p.a = flipped(rows), p.b = right, p.y = dw->data, p.dtype = dw->dtype;
    if (!rc && dw->dtype != TNT_F64 && !a->deterministic && is_vector(db)) {
      p.bias = db->data, p.epilogue = TNT__SUMS;
      rc = tnt__multiply_by_library(a, &p, &done);
      p.bias = NULL, p.epilogue = TNT__PLAIN;
    }
    if (!rc && !done) rc = tnt__multiply(a, &p);
  }
  if (!rc && !done && db->numel) {
    tnt__slope k = {.dtype = dy->dtype, .rows = dy->size[0], .n = dy->size[1]};
    k.row_stride = rows.transposed ? 1 : rows.ld, k.stride = rows.transposed ? rows.ld : 1;
    k.dy = rows.data, k.sums = db->data;
    rc = tnt__gelu_slope(a, &k);
  }
  return rc ? rc : launched(a);
}

/* v[rows, n] as it must lie to be walked beside a result. */
static int make_dense(tnt__args *a, tnt__view *v) {
  int64_t n = v->size[1];
  if ((v->stride[1] == 1 || n == 1) && (v->stride[0] == n || v->size[0] == 1)) return 0;
  void *to = a->scratch(a, (size_t)(v->numel + 1) * tnt__width_of(v->dtype));
  if (!to) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  int rc = tnt__dense_copy(a, v, to);
  v->data = to;
  return rc;
}

/* dpre = dy times the slope at pre, and db its sums where they are wanted; all dense. Without pre, the sums alone. */
static int slope(tnt__args *a, const void *dy, const void *pre, bool full) {
  const tnt__view *dpre = &a->out[0], *db = &a->out[1];
  tnt__slope k = {.dtype = dpre->dtype, .rows = dpre->size[0], .n = dpre->size[1], .stride = 1};
  k.row_stride = k.n, k.dy = dy, k.x = pre, k.dx = dpre->data, k.sums = full ? db->data : NULL;
  return tnt__gelu_slope(a, &k);
}

int gelu_bias_grad_cuda(tnt__args *a) { /* of dy and pre: dpre, and db where it is wanted */
  bool full = a->integer[GELU_BIAS_GRAD_FULL] != 0;
  int rc = full ? 0 : tnt__zero(a, &a->out[1]);
  if (!rc) rc = slope(a, a->in[0].data, a->in[1].data, full);
  return rc ? rc : launched(a);
}

int gelu_linear_grad_cuda(tnt__args *a) { /* dpre[M, H] = dy[M, O] w[O, H] times the slope at pre */
  const tnt__view *dy = &a->in[0], *w = &a->in[1], *dpre = &a->out[0], *db = &a->out[1];
  bool full = a->integer[GELU_LINEAR_GRAD_FULL] != 0, done = false;
  bool sums_too = full && !a->deterministic && is_vector(db);
  tnt__view pre = a->in[2];
  tnt__product p = {.m = dpre->size[0], .n = dpre->size[1], .k = dy->size[1], .count = 1};
  int rc = full ? 0 : tnt__zero(a, db);
  if (!rc && p.k == 0) rc = tnt__zero(a, dpre);
  if (!rc) rc = make_dense(a, &pre);
  if (!rc && dpre->numel && p.k) {
    rc = prepare_rows(a, &p.a, dy, p.m);
    if (!rc) rc = prepare_rows(a, &p.b, w, p.k);
    p.y = dpre->data, p.dtype = dpre->dtype, p.aux = pre.data;
    if (!rc && has_gelu(&p)) {
      p.bias = sums_too ? db->data : NULL, p.epilogue = TNT__SLOPE;
      rc = tnt__multiply_by_library(a, &p, &done);
    }
    p.aux = p.bias = NULL, p.epilogue = TNT__PLAIN;
    if (!rc && !done) rc = tnt__multiply(a, &p);
  }
  if (!rc && !done) rc = slope(a, dpre->data, pre.data, full);
  if (!rc && done && full && !sums_too) rc = slope(a, dpre->data, NULL, true);
  return rc ? rc : launched(a);
}
