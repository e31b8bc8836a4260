/* What rules of gradients are written with (rules.c, rules_algebra.c). */
#ifndef TNT_RULES_H
#define TNT_RULES_H

#include "calls_gen.h"

#define STEPS(c_)      \
  context *c = (c_);   \
  tensor *t[24] = {0}; \
  int rc = 0
#define STEP(call)        \
  do {                    \
    if (!rc) rc = (call); \
  } while (0)
#define END()                                             \
  for (int i_ = 0; i_ < 24; i_++) tensor_unref(c, t[i_]); \
  return rc

static inline void give(tensor **to, tensor **from) {
  *to = *from;
  *from = NULL;
}

static inline int reshape(context *c, tensor **y, tensor *x, const int64_t *size, int ndim) {
  int64_t stride[MAX_DIMS];
  if (compute_strides_for_view(x, size, ndim, stride)) return op_view(c, y, x, size, ndim);
  tensor *dense;
  TRY(make_dense(c, &dense, x));
  int rc = op_view(c, y, dense, size, ndim);
  tensor_unref(c, dense);
  return rc;
}

static inline int pass(rule_call *r, int to, tensor *g) {
  tensor_ref(g);
  r->dx[to] = g;
  return 0;
}

#endif
