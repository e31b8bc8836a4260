/* attention and its gradient: cuDNN where it is there and has something, else kernels/attention.cu. Rows of a head must lie in
 * one piece; a tensor whose last dim is strided is copied first. */
#include "attention.h"
#include "matmul.h"

static int heads_of(tnt__args *a, tnt__heads *to, const tnt__view *v) {
  *to = (tnt__heads){v->data, v->stride[0], v->stride[1], v->stride[2]};
  if (v->stride[3] == 1 || v->size[3] == 1 || v->numel == 0) return 0;
  size_t width = v->dtype == TNT_F64 ? 8 : v->dtype == TNT_F32 ? 4 : 2;
  void *copy = a->scratch(a, (size_t)v->numel * width);
  if (!copy) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  int64_t t = v->size[3], h = t * v->size[2], n = h * v->size[1];
  *to = (tnt__heads){copy, n, h, t};
  return tnt__dense_copy(a, v, copy);
}

static int sizes_of(tnt__args *a, tnt__attention *x, const tnt__view *q, const tnt__view *k) {
  x->dtype = q->dtype;
  x->n = q->size[0], x->h = q->size[1], x->t = q->size[2], x->s = k->size[2], x->d = q->size[3];
  if (x->d <= TNT__MOST_HEAD) return 0;
  return a->fail(TNT_ESHAPE, "%s: heads on a card are at most %d wide, got %lld", a->op,
                 TNT__MOST_HEAD, (long long)x->d);
}

static int attend(tnt__args *a, const tnt__attention *x, bool gradient) {
  bool done = false;
  int rc = tnt__attention_cudnn(a, x, gradient, &done);
  if (rc || done) return rc ? rc : launched(a);
  return gradient ? tnt__attention_backward(a, x) : tnt__attention_forward(a, x);
}

int attention_cuda(tnt__args *a) {
  tnt__attention x = {.lse = a->out[1].data,
                      .causal = a->integer[ATTENTION_CAUSAL] != 0,
                      .scale = a->number[ATTENTION_SCALE],
                      .p = a->number[ATTENTION_P],
                      .seed = a->seed,
                      .call = a->call};
  int rc = sizes_of(a, &x, &a->in[0], &a->in[1]);
  if (!rc) rc = heads_of(a, &x.q, &a->in[0]);
  if (!rc) rc = heads_of(a, &x.k, &a->in[1]);
  if (!rc) rc = heads_of(a, &x.v, &a->in[2]);
  if (!rc) rc = heads_of(a, &x.y, &a->out[0]);
  return rc ? rc : attend(a, &x, false);
}

int attention_grad_cuda(tnt__args *a) {
  tnt__attention x = {.causal = a->integer[ATTENTION_GRAD_CAUSAL] != 0,
                      .scale = a->number[ATTENTION_GRAD_SCALE],
                      .p = a->number[ATTENTION_GRAD_P],
                      .seed = (uint64_t)a->integer[ATTENTION_GRAD_SEED],
                      .call = (uint64_t)a->integer[ATTENTION_GRAD_TURN]};
  tnt__heads *const from[5] = {&x.dy, &x.q, &x.k, &x.v, &x.y}, *const to[3] = {&x.dq, &x.dk, &x.dv};
  const tnt__view *lse = &a->in[5];
  int rc = sizes_of(a, &x, &a->in[1], &a->in[2]);
  for (int i = 0; i < 5 && !rc; i++) rc = heads_of(a, from[i], &a->in[i]);
  for (int i = 0; i < 3 && !rc; i++) rc = heads_of(a, to[i], &a->out[i]);
  if (rc) return rc;
  x.lse = lse->data;
  if (lse->stride[2] != 1 || lse->stride[1] != x.t || lse->stride[0] != x.h * x.t) {
    x.lse = a->scratch(a, (size_t)(lse->numel + 1) * sizeof(double));
    if (!x.lse) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
    rc = tnt__dense_copy(a, lse, x.lse);
  }
  return rc ? rc : attend(a, &x, true);
}
