/* Gradients of products: matmul, linear, and linear layers with a gelu behind or between them. See rules.c. */
#include "../kernels/slots_gen.h"
#include "rules.h"

int matmul_rule(rule_call *r) {
  STEPS(r->c);
  tensor *a = NULL, *b = NULL;
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &b));
    STEP(op_transpose(c, &t[0], b, -2, -1));
    STEP(op_matmul(c, &r->dx[0], r->dy[0], t[0]));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &a));
    STEP(op_transpose(c, &t[1], a, -2, -1));
    STEP(op_matmul(c, &r->dx[1], t[1], r->dy[0]));
  }
  END();
}

/* x, or null, with all dims but the last as one. */
static int as_rows(context *c, tensor **y, tensor *x) {
  if (!x) return 0;
  int64_t columns = x->size[x->ndim - 1], rows = 1;
  for (int d = 0; d < x->ndim - 1; d++) rows *= x->size[d];
  return reshape(c, y, x, (int64_t[]){rows, columns}, 2);
}

/* Of y = x w^T + b, all as rows; x and dw, or db, may be null. */
static int weight_gradients(context *c, tensor **dw, tensor **db, tensor *dy, tensor *x) {
  tensor *turned = NULL;
  int rc = 0;
  if (dw && db && !c->create_graph) return op_linear_grad(c, dw, db, dy, x);
  if (dw) {
    STEP(op_transpose(c, &turned, dy, 1, 2));
    STEP(op_matmul(c, dw, turned, x));
    tensor_unref(c, turned);
  }
  if (db) STEP(op_sum(c, db, dy, (int64_t[]){1}, 1, 0));
  return rc;
}

static int input_gradient(rule_call *r, tensor *dy, tensor *w) {
  const edge *e = &r->node->edges[0];
  STEPS(r->c);
  STEP(op_matmul(c, &t[0], dy, w));
  STEP(reshape(c, &r->dx[0], t[0], e->size, e->ndim));
  END();
}

int linear_rule(rule_call *r) {
  tensor *x = NULL, *w = NULL;
  STEPS(r->c);
  STEP(as_rows(c, &t[0], r->dy[0]));
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &w));
    STEP(input_gradient(r, t[0], w));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &x));
    STEP(as_rows(c, &t[1], x));
  }
  STEP(weight_gradients(c, r->want[1] ? &r->dx[1] : NULL, r->want[2] ? &r->dx[2] : NULL, t[0],
                        t[1]));
  END();
}

/* dpre of act = gelu_tanh(pre), of what arrived at both (either may be null), by recorded ops. The slope, with
 * u = pre (p + p q pre^2) and h = tanh(u): (1 + h) / 2 + pre (1 - h^2) (p + 3 p q pre^2) / 2. */
static int through_gelu(context *c, tensor **dpre, tensor *dact, tensor *at_pre, tensor *pre) {
  const double p = 0.7978845608028654, q = 0.044715;
  if (!dact) {
    tensor_ref(at_pre), *dpre = at_pre;
    return 0;
  }
  tensor *t[24] = {0};
  int rc = 0;
  STEP(op_square(c, &t[0], pre));
  STEP(op_mul_number(c, &t[1], t[0], p * q, 0));
  STEP(op_add_number(c, &t[2], t[1], p, 0));
  STEP(op_mul(c, &t[3], t[2], pre));
  STEP(op_tanh(c, &t[4], t[3]));
  STEP(op_square(c, &t[5], t[4]));
  STEP(op_sub_number(c, &t[6], t[5], 1, 1));
  STEP(op_mul_number(c, &t[7], t[0], 3 * p * q, 0));
  STEP(op_add_number(c, &t[8], t[7], p, 0));
  STEP(op_mul(c, &t[9], t[8], t[6]));
  STEP(op_mul(c, &t[10], t[9], pre));
  STEP(op_add(c, &t[11], t[10], t[4]));
  STEP(op_add_number(c, &t[12], t[11], 1, 0));
  STEP(op_mul(c, &t[13], t[12], dact));
  STEP(op_mul_number(c, at_pre ? &t[14] : dpre, t[13], 0.5, 0));
  if (at_pre) STEP(op_add(c, dpre, t[14], at_pre));
  END();
}

/* A gradient arrives at `pre` only from a gradient of this rule's own results, which under create_graph have it as
 * history. */
int linear_gelu_rule(rule_call *r) {
  tensor *x = NULL, *w = NULL, *pre = NULL;
  STEPS(r->c);
  STEP(as_rows(c, &t[0], r->dy[0]));
  STEP(as_rows(c, &t[1], r->dy[1]));
  STEP(saved_tensor(r, 2, &pre));
  STEP(as_rows(c, &t[2], pre));
  bool fused = !c->create_graph && !t[1];
  if (fused)
    STEP(op_gelu_bias_grad(c, &t[3], &t[4], t[0], t[2], r->want[2]));
  else
    STEP(through_gelu(c, &t[3], t[0], t[1], t[2]));
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &w));
    STEP(input_gradient(r, t[3], w));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &x));
    STEP(as_rows(c, &t[5], x));
  }
  STEP(weight_gradients(c, r->want[1] ? &r->dx[1] : NULL, r->want[2] && !fused ? &r->dx[2] : NULL,
                        t[3], t[5]));
  if (!rc && r->want[2] && fused) give(&r->dx[2], &t[4]);
  END();
}

/* Inputs x, v, a, w, b. dy w times the gelu's slope is one product: [rows, H] is written once. */
int gelu_mlp_rule(rule_call *r) {
  tensor *x = NULL, *v = NULL, *w = NULL, *pre = NULL, *act = NULL;
  bool first = r->want[0] || r->want[1] || r->want[2], again = r->dy[1] || r->dy[2];
  STEPS(r->c);
  STEP(as_rows(c, &t[0], r->dy[0]));
  STEP(as_rows(c, &t[1], r->dy[1]));
  STEP(as_rows(c, &t[2], r->dy[2]));
  if (t[0] && r->want[3]) {
    STEP(saved_tensor(r, 4, &act));
    STEP(as_rows(c, &t[3], act));
  }
  if (t[0] && !rc)
    STEP(weight_gradients(c, r->want[3] ? &r->dx[3] : NULL, r->want[4] ? &r->dx[4] : NULL, t[0],
                          t[3]));
  if (!first || rc) { END(); }
  bool fused = !c->create_graph && !again;
  STEP(saved_tensor(r, 3, &pre));
  STEP(as_rows(c, &t[4], pre));
  STEP(saved_tensor(r, 2, &w));
  if (fused) {
    STEP(op_gelu_linear_grad(c, &t[5], &t[6], t[0], w, t[4], r->want[2]));
  } else {
    if (t[0]) STEP(op_matmul(c, &t[7], t[0], w));
    if (t[0] && t[2]) STEP(op_add(c, &t[8], t[7], t[2]));
    STEP(through_gelu(c, &t[5], t[8] ? t[8] : t[7] ? t[7] : t[2], t[1], t[4]));
  }
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &v));
    STEP(input_gradient(r, t[5], v));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &x));
    STEP(as_rows(c, &t[9], x));
  }
  STEP(weight_gradients(c, r->want[1] ? &r->dx[1] : NULL, r->want[2] && !fused ? &r->dx[2] : NULL,
                        t[5], t[9]));
  if (!rc && r->want[2] && fused) give(&r->dx[2], &t[6]);
  END();
}
