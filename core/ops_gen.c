/* Generated from core/ops.lua by core/gen.lua: do not edit. */

#include "calls_gen.h"
#include "entry.h"

int reduce_shape(call *k);
int sum_rule(rule_call *r);
int mean_rule(rule_call *r);
int amax_rule(rule_call *r);
int prod_rule(rule_call *r);
int var_rule(rule_call *r);
int reduce_one_shape(call *k);
int pick_rule(rule_call *r);
int same_shape(call *k);
int cumsum_rule(rule_call *r);
int flip_rule(rule_call *r);
int topk_shape(call *k);
int64_t matmul_flops(const call *k);
int matmul_rule(rule_call *r);
int linear_rule(rule_call *r);
int64_t linear_grad_flops(const call *k);
int linear_gelu_shape(call *k);
int linear_gelu_rule(rule_call *r);
int64_t gelu_mlp_flops(const call *k);
int gelu_mlp_rule(rule_call *r);
int64_t attention_flops(const call *k);
int attention_shape(call *k);
int attention_rule(rule_call *r);
int64_t attention_grad_flops(const call *k);
int softmax_rule(rule_call *r);
int log_softmax_rule(rule_call *r);
int cross_entropy_shape(call *k);
int cross_entropy_rule(rule_call *r);
int layernorm_rule(rule_call *r);
int batchnorm_stats_shape(call *k);
int batchnorm_shape(call *k);
int batchnorm_rule(rule_call *r);
int batchnorm_grad_shape(call *k);
int64_t conv2d_flops(const call *k);
int conv2d_shape(call *k);
int conv2d_rule(rule_call *r);
int64_t conv2d_dx_flops(const call *k);
int conv2d_dx_shape(call *k);
int conv2d_dx_rule(rule_call *r);
int64_t conv2d_dw_flops(const call *k);
int conv2d_dw_shape(call *k);
int conv2d_dw_rule(rule_call *r);
int pool2d_shape(call *k);
int maxpool2d_rule(rule_call *r);
int pool2d_grad_shape(call *k);
int avgpool2d_rule(rule_call *r);
int embedding_shape(call *k);
int embedding_rule(rule_call *r);
int embedding_grad_shape(call *k);
int embedding_grad_rule(rule_call *r);
int index_select_shape(call *k);
int index_select_rule(rule_call *r);
int index_add_shape(call *k);
int index_add_rule(rule_call *r);
int gather_shape(call *k);
int gather_rule(rule_call *r);
int scatter_shape(call *k);
int scatter_rule(rule_call *r);
int scatter_add_rule(rule_call *r);
int cat_shape(call *k);
int cat_rule(rule_call *r);
int tril_rule(rule_call *r);
int triu_rule(rule_call *r);
int nonzero_shape(call *k);
int one_hot_shape(call *k);
int dropout_shape(call *k);
int dropout_rule(rule_call *r);
int dropout_again_rule(rule_call *r);
int multinomial_shape(call *k);
int scalar_shape(call *k);
int view_view(call *k);
int view_rule(rule_call *r);
int transpose_view(call *k);
int transpose_rule(rule_call *r);
int permute_view(call *k);
int permute_rule(rule_call *r);
int expand_view(call *k);
int expand_rule(rule_call *r);
int narrow_view(call *k);
int slice_rule(rule_call *r);
int slice_view(call *k);
int select_view(call *k);
int unsqueeze_view(call *k);
int squeeze_view(call *k);
int diagonal_view(call *k);
int unfold_view(call *k);

static int add_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  if (r->want[1]) {
    tensor_ref(dy);
    r->dx[1] = dy;
  }
  (void)c;
  return 0;
}

static int sub_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  if (r->want[1]) {
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_neg(c, &t[0], dy);
    if (!rc) r->dx[1] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  (void)c;
  return 0;
}

static int mul_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_mul(c, &t[0], dy, b);
    if (!rc) r->dx[0] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_mul(c, &t[0], dy, a);
    if (!rc) r->dx[1] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  (void)c;
  return 0;
}

static int div_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_div(c, &t[0], dy, b);
    if (!rc) r->dx[0] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_div_db(c, &r->dx[1], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[4] = {0};
      if (!rc) rc = op_mul(c, &t[0], dy, a);
      if (!rc) rc = op_neg(c, &t[1], t[0]);
      if (!rc) rc = op_mul(c, &t[2], b, b);
      if (!rc) rc = op_div(c, &t[3], t[1], t[2]);
      if (!rc) r->dx[1] = t[3], t[3] = NULL;
      for (int i = 0; i < 4; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int pow_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_pow_da(c, &r->dx[0], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[7] = {0};
      if (!rc) rc = op_eq_number(c, &t[0], b, 0, 0);
      if (!rc) rc = op_mul(c, &t[1], dy, b);
      if (!rc) rc = op_sub_number(c, &t[2], b, 1, 0);
      if (!rc) rc = op_pow(c, &t[3], a, t[2]);
      if (!rc) rc = op_mul(c, &t[4], t[1], t[3]);
      if (!rc) rc = op_fill(c, &t[6], dy, 0);
      if (!rc) rc = op_where(c, &t[5], t[0], t[6], t[4]);
      if (!rc) r->dx[0] = t[5], t[5] = NULL;
      for (int i = 0; i < 7; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *y;
    TRY(saved_tensor(r, 2, &y));
    if (!c->create_graph) {
      TRY(op_pow_db(c, &r->dx[1], dy, a, y));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_eq_number(c, &t[0], a, 0, 0);
      if (!rc) rc = op_mul(c, &t[1], dy, y);
      if (!rc) rc = op_log(c, &t[2], a);
      if (!rc) rc = op_mul(c, &t[3], t[1], t[2]);
      if (!rc) rc = op_fill(c, &t[5], dy, 0);
      if (!rc) rc = op_where(c, &t[4], t[0], t[5], t[3]);
      if (!rc) r->dx[1] = t[4], t[4] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int maximum_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_maximum_da(c, &r->dx[0], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_gt(c, &t[0], a, b);
      if (!rc) rc = op_eq(c, &t[1], a, b);
      if (!rc) rc = op_mul_number(c, &t[2], dy, 0.5, 0);
      if (!rc) rc = op_fill(c, &t[4], dy, 0);
      if (!rc) rc = op_where(c, &t[3], t[1], t[2], t[4]);
      if (!rc) rc = op_where(c, &t[5], t[0], dy, t[3]);
      if (!rc) r->dx[0] = t[5], t[5] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_maximum_db(c, &r->dx[1], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_gt(c, &t[0], b, a);
      if (!rc) rc = op_eq(c, &t[1], a, b);
      if (!rc) rc = op_mul_number(c, &t[2], dy, 0.5, 0);
      if (!rc) rc = op_fill(c, &t[4], dy, 0);
      if (!rc) rc = op_where(c, &t[3], t[1], t[2], t[4]);
      if (!rc) rc = op_where(c, &t[5], t[0], dy, t[3]);
      if (!rc) r->dx[1] = t[5], t[5] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int minimum_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_minimum_da(c, &r->dx[0], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_lt(c, &t[0], a, b);
      if (!rc) rc = op_eq(c, &t[1], a, b);
      if (!rc) rc = op_mul_number(c, &t[2], dy, 0.5, 0);
      if (!rc) rc = op_fill(c, &t[4], dy, 0);
      if (!rc) rc = op_where(c, &t[3], t[1], t[2], t[4]);
      if (!rc) rc = op_where(c, &t[5], t[0], dy, t[3]);
      if (!rc) r->dx[0] = t[5], t[5] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_minimum_db(c, &r->dx[1], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_lt(c, &t[0], b, a);
      if (!rc) rc = op_eq(c, &t[1], a, b);
      if (!rc) rc = op_mul_number(c, &t[2], dy, 0.5, 0);
      if (!rc) rc = op_fill(c, &t[4], dy, 0);
      if (!rc) rc = op_where(c, &t[3], t[1], t[2], t[4]);
      if (!rc) rc = op_where(c, &t[5], t[0], dy, t[3]);
      if (!rc) r->dx[1] = t[5], t[5] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int remainder_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_remainder_db(c, &r->dx[1], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[4] = {0};
      if (!rc) rc = op_neg(c, &t[0], dy);
      if (!rc) rc = op_div(c, &t[1], a, b);
      if (!rc) rc = op_floor(c, &t[2], t[1]);
      if (!rc) rc = op_mul(c, &t[3], t[0], t[2]);
      if (!rc) r->dx[1] = t[3], t[3] = NULL;
      for (int i = 0; i < 4; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int atan2_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_atan2_da(c, &r->dx[0], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[5] = {0};
      if (!rc) rc = op_mul(c, &t[0], dy, b);
      if (!rc) rc = op_mul(c, &t[1], a, a);
      if (!rc) rc = op_mul(c, &t[2], b, b);
      if (!rc) rc = op_add(c, &t[3], t[1], t[2]);
      if (!rc) rc = op_div(c, &t[4], t[0], t[3]);
      if (!rc) r->dx[0] = t[4], t[4] = NULL;
      for (int i = 0; i < 5; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  if (r->want[1]) {
    tensor *a;
    TRY(saved_tensor(r, 0, &a));
    tensor *b;
    TRY(saved_tensor(r, 1, &b));
    if (!c->create_graph) {
      TRY(op_atan2_db(c, &r->dx[1], dy, a, b));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_neg(c, &t[0], dy);
      if (!rc) rc = op_mul(c, &t[1], t[0], a);
      if (!rc) rc = op_mul(c, &t[2], a, a);
      if (!rc) rc = op_mul(c, &t[3], b, b);
      if (!rc) rc = op_add(c, &t[4], t[2], t[3]);
      if (!rc) rc = op_div(c, &t[5], t[1], t[4]);
      if (!rc) r->dx[1] = t[5], t[5] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int neg_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_neg(c, &t[0], dy);
    if (!rc) r->dx[0] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  (void)c;
  return 0;
}

static int abs_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_abs_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_sign(c, &t[0], x);
      if (!rc) rc = op_mul(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int sign_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_sign_dx(c, &r->dx[0], dy));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int square_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_square_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_mul(c, &t[0], dy, x);
      if (!rc) rc = op_mul_number(c, &t[1], t[0], 2, 0);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int sqrt_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_sqrt_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], y, 2, 0);
      if (!rc) rc = op_div(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int rsqrt_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_rsqrt_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[4] = {0};
      if (!rc) rc = op_mul(c, &t[0], dy, y);
      if (!rc) rc = op_mul(c, &t[1], t[0], y);
      if (!rc) rc = op_mul(c, &t[2], t[1], y);
      if (!rc) rc = op_mul_number(c, &t[3], t[2], -0.5, 0);
      if (!rc) r->dx[0] = t[3], t[3] = NULL;
      for (int i = 0; i < 4; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int reciprocal_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_reciprocal_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_neg(c, &t[0], dy);
      if (!rc) rc = op_mul(c, &t[1], t[0], y);
      if (!rc) rc = op_mul(c, &t[2], t[1], y);
      if (!rc) r->dx[0] = t[2], t[2] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int exp_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_mul(c, &t[0], dy, y);
    if (!rc) r->dx[0] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  (void)c;
  return 0;
}

static int expm1_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_expm1_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_add_number(c, &t[0], y, 1, 0);
      if (!rc) rc = op_mul(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int log_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    int rc = 0;
    tensor *t[1] = {0};
    if (!rc) rc = op_div(c, &t[0], dy, x);
    if (!rc) r->dx[0] = t[0], t[0] = NULL;
    for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
    if (rc) return rc;
  }
  (void)c;
  return 0;
}

static int log1p_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_log1p_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_add_number(c, &t[0], x, 1, 0);
      if (!rc) rc = op_div(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int log2_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_log2_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_div(c, &t[0], dy, x);
      if (!rc) rc = op_mul_number(c, &t[1], t[0], 1.4426950408889634, 0);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int sin_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_sin_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_cos(c, &t[0], x);
      if (!rc) rc = op_mul(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int cos_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_cos_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_neg(c, &t[0], dy);
      if (!rc) rc = op_sin(c, &t[1], x);
      if (!rc) rc = op_mul(c, &t[2], t[0], t[1]);
      if (!rc) r->dx[0] = t[2], t[2] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int tanh_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_tanh_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_mul(c, &t[0], y, y);
      if (!rc) rc = op_sub_number(c, &t[1], t[0], 1, 1);
      if (!rc) rc = op_mul(c, &t[2], dy, t[1]);
      if (!rc) r->dx[0] = t[2], t[2] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int erf_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_erf_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[5] = {0};
      if (!rc) rc = op_neg(c, &t[0], x);
      if (!rc) rc = op_mul(c, &t[1], t[0], x);
      if (!rc) rc = op_exp(c, &t[2], t[1]);
      if (!rc) rc = op_mul(c, &t[3], dy, t[2]);
      if (!rc) rc = op_mul_number(c, &t[4], t[3], 1.1283791670955126, 0);
      if (!rc) r->dx[0] = t[4], t[4] = NULL;
      for (int i = 0; i < 5; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int floor_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_floor_dx(c, &r->dx[0], dy));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int ceil_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_ceil_dx(c, &r->dx[0], dy));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int round_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_round_dx(c, &r->dx[0], dy));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int trunc_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_trunc_dx(c, &r->dx[0], dy));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int clamp_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_clamp_dx(c, &r->dx[0], dy, x, r->node->numbers[0], r->node->numbers[1]));
    } else {
      int rc = 0;
      tensor *t[6] = {0};
      if (!rc) rc = op_lt_number(c, &t[0], x, r->node->numbers[0], 0);
      if (!rc) rc = op_gt_number(c, &t[1], x, r->node->numbers[1], 0);
      if (!rc) rc = op_fill(c, &t[3], dy, 0);
      if (!rc) rc = op_where(c, &t[2], t[1], t[3], dy);
      if (!rc) rc = op_fill(c, &t[5], dy, 0);
      if (!rc) rc = op_where(c, &t[4], t[0], t[5], t[2]);
      if (!rc) r->dx[0] = t[4], t[4] = NULL;
      for (int i = 0; i < 6; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int sigmoid_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_sigmoid_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_mul(c, &t[0], dy, y);
      if (!rc) rc = op_sub_number(c, &t[1], y, 1, 1);
      if (!rc) rc = op_mul(c, &t[2], t[0], t[1]);
      if (!rc) r->dx[0] = t[2], t[2] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int relu_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *y;
    TRY(saved_tensor(r, 0, &y));
    if (!c->create_graph) {
      TRY(op_relu_dx(c, &r->dx[0], dy, y));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_gt_number(c, &t[0], y, 0, 0);
      if (!rc) rc = op_fill(c, &t[2], dy, 0);
      if (!rc) rc = op_where(c, &t[1], t[0], dy, t[2]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int leaky_relu_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_leaky_relu_dx(c, &r->dx[0], dy, x, r->node->numbers[0]));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_gt_number(c, &t[0], x, 0, 0);
      if (!rc) rc = op_mul_number(c, &t[1], dy, r->node->numbers[0], 0);
      if (!rc) rc = op_where(c, &t[2], t[0], dy, t[1]);
      if (!rc) r->dx[0] = t[2], t[2] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int elu_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_elu_dx(c, &r->dx[0], dy, x, r->node->numbers[0]));
    } else {
      int rc = 0;
      tensor *t[5] = {0};
      if (!rc) rc = op_gt_number(c, &t[0], x, 0, 0);
      if (!rc) rc = op_exp(c, &t[1], x);
      if (!rc) rc = op_mul(c, &t[2], dy, t[1]);
      if (!rc) rc = op_mul_number(c, &t[3], t[2], r->node->numbers[0], 0);
      if (!rc) rc = op_where(c, &t[4], t[0], dy, t[3]);
      if (!rc) r->dx[0] = t[4], t[4] = NULL;
      for (int i = 0; i < 5; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int silu_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_silu_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[7] = {0};
      if (!rc) rc = op_sigmoid(c, &t[0], x);
      if (!rc) rc = op_mul(c, &t[1], dy, t[0]);
      if (!rc) rc = op_sigmoid(c, &t[2], x);
      if (!rc) rc = op_sub_number(c, &t[3], t[2], 1, 1);
      if (!rc) rc = op_mul(c, &t[4], x, t[3]);
      if (!rc) rc = op_add_number(c, &t[5], t[4], 1, 1);
      if (!rc) rc = op_mul(c, &t[6], t[1], t[5]);
      if (!rc) r->dx[0] = t[6], t[6] = NULL;
      for (int i = 0; i < 7; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int softplus_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_softplus_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[2] = {0};
      if (!rc) rc = op_sigmoid(c, &t[0], x);
      if (!rc) rc = op_mul(c, &t[1], dy, t[0]);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 2; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int gelu_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_gelu_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[11] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], x, 0.7071067811865476, 0);
      if (!rc) rc = op_erf(c, &t[1], t[0]);
      if (!rc) rc = op_add_number(c, &t[2], t[1], 1, 1);
      if (!rc) rc = op_mul_number(c, &t[3], t[2], 0.5, 0);
      if (!rc) rc = op_mul(c, &t[4], x, x);
      if (!rc) rc = op_mul_number(c, &t[5], t[4], -0.5, 0);
      if (!rc) rc = op_exp(c, &t[6], t[5]);
      if (!rc) rc = op_mul(c, &t[7], x, t[6]);
      if (!rc) rc = op_mul_number(c, &t[8], t[7], 0.3989422804014327, 0);
      if (!rc) rc = op_add(c, &t[9], t[3], t[8]);
      if (!rc) rc = op_mul(c, &t[10], dy, t[9]);
      if (!rc) r->dx[0] = t[10], t[10] = NULL;
      for (int i = 0; i < 11; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int gelu_tanh_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *x;
    TRY(saved_tensor(r, 0, &x));
    if (!c->create_graph) {
      TRY(op_gelu_tanh_dx(c, &r->dx[0], dy, x));
    } else {
      int rc = 0;
      tensor *t[31] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], x, 0.044715, 1);
      if (!rc) rc = op_mul(c, &t[1], t[0], x);
      if (!rc) rc = op_mul(c, &t[2], t[1], x);
      if (!rc) rc = op_add(c, &t[3], x, t[2]);
      if (!rc) rc = op_mul_number(c, &t[4], t[3], 0.7978845608028654, 1);
      if (!rc) rc = op_tanh(c, &t[5], t[4]);
      if (!rc) rc = op_add_number(c, &t[6], t[5], 1, 1);
      if (!rc) rc = op_mul_number(c, &t[7], t[6], 0.5, 1);
      if (!rc) rc = op_mul_number(c, &t[8], x, 0.5, 1);
      if (!rc) rc = op_mul_number(c, &t[9], x, 0.044715, 1);
      if (!rc) rc = op_mul(c, &t[10], t[9], x);
      if (!rc) rc = op_mul(c, &t[11], t[10], x);
      if (!rc) rc = op_add(c, &t[12], x, t[11]);
      if (!rc) rc = op_mul_number(c, &t[13], t[12], 0.7978845608028654, 1);
      if (!rc) rc = op_tanh(c, &t[14], t[13]);
      if (!rc) rc = op_mul_number(c, &t[15], x, 0.044715, 1);
      if (!rc) rc = op_mul(c, &t[16], t[15], x);
      if (!rc) rc = op_mul(c, &t[17], t[16], x);
      if (!rc) rc = op_add(c, &t[18], x, t[17]);
      if (!rc) rc = op_mul_number(c, &t[19], t[18], 0.7978845608028654, 1);
      if (!rc) rc = op_tanh(c, &t[20], t[19]);
      if (!rc) rc = op_mul(c, &t[21], t[14], t[20]);
      if (!rc) rc = op_sub_number(c, &t[22], t[21], 1, 1);
      if (!rc) rc = op_mul(c, &t[23], t[8], t[22]);
      if (!rc) rc = op_mul_number(c, &t[24], x, 0.134145, 1);
      if (!rc) rc = op_mul(c, &t[25], t[24], x);
      if (!rc) rc = op_add_number(c, &t[26], t[25], 1, 1);
      if (!rc) rc = op_mul_number(c, &t[27], t[26], 0.7978845608028654, 1);
      if (!rc) rc = op_mul(c, &t[28], t[23], t[27]);
      if (!rc) rc = op_add(c, &t[29], t[7], t[28]);
      if (!rc) rc = op_mul(c, &t[30], dy, t[29]);
      if (!rc) r->dx[0] = t[30], t[30] = NULL;
      for (int i = 0; i < 31; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int where_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[1]) {
    tensor *m;
    TRY(saved_tensor(r, 0, &m));
    if (!c->create_graph) {
      TRY(op_where_da(c, &r->dx[1], dy, m));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_ne_number(c, &t[0], m, 0, 0);
      if (!rc) rc = op_fill(c, &t[2], dy, 0);
      if (!rc) rc = op_where(c, &t[1], t[0], dy, t[2]);
      if (!rc) r->dx[1] = t[1], t[1] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  if (r->want[2]) {
    tensor *m;
    TRY(saved_tensor(r, 0, &m));
    if (!c->create_graph) {
      TRY(op_where_db(c, &r->dx[2], dy, m));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_ne_number(c, &t[0], m, 0, 0);
      if (!rc) rc = op_fill(c, &t[2], dy, 0);
      if (!rc) rc = op_where(c, &t[1], t[0], t[2], dy);
      if (!rc) r->dx[2] = t[1], t[1] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int masked_fill_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor *m;
    TRY(saved_tensor(r, 0, &m));
    if (!c->create_graph) {
      TRY(op_masked_fill_dx(c, &r->dx[0], dy, m, r->node->numbers[0]));
    } else {
      int rc = 0;
      tensor *t[3] = {0};
      if (!rc) rc = op_ne_number(c, &t[0], m, 0, 0);
      if (!rc) rc = op_fill(c, &t[2], dy, 0);
      if (!rc) rc = op_where(c, &t[1], t[0], t[2], dy);
      if (!rc) r->dx[0] = t[1], t[1] = NULL;
      for (int i = 0; i < 3; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int fill_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    if (!c->create_graph) {
      TRY(op_fill_dx(c, &r->dx[0], dy, r->node->numbers[0]));
    } else {
      int rc = 0;
      tensor *t[1] = {0};
      if (!rc) rc = op_mul_number(c, &t[0], dy, 0, 0);
      if (!rc) r->dx[0] = t[0], t[0] = NULL;
      for (int i = 0; i < 1; i++) tensor_unref(c, t[i]);
      if (rc) return rc;
    }
  }
  (void)c;
  return 0;
}

static int copy_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  (void)c;
  return 0;
}

static int contiguous_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  (void)c;
  return 0;
}

static int channels_last_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  (void)c;
  return 0;
}

static int cast_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[0]) {
    tensor_ref(dy);
    r->dx[0] = dy;
  }
  (void)c;
  return 0;
}

static int assign_rule_gen(rule_call *r) {
  context *c = r->c;
  tensor *dy = r->dy[0];
  if (r->want[1]) {
    tensor_ref(dy);
    r->dx[1] = dy;
  }
  (void)c;
  return 0;
}

static const char *const add_names[] = {"a", "b"};
static const int8_t add_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sub_names[] = {"a", "b"};
static const int8_t sub_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const mul_names[] = {"a", "b"};
static const int8_t mul_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const div_names[] = {"a", "b"};
static const int8_t div_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const div_db_names[] = {"dy", "a", "b"};
static const int8_t div_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const pow_names[] = {"a", "b"};
static const int8_t pow_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const pow_da_names[] = {"dy", "a", "b"};
static const int8_t pow_da_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const pow_db_names[] = {"dy", "a", "y"};
static const int8_t pow_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const maximum_names[] = {"a", "b"};
static const int8_t maximum_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const maximum_da_names[] = {"dy", "a", "b"};
static const int8_t maximum_da_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const maximum_db_names[] = {"dy", "a", "b"};
static const int8_t maximum_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const minimum_names[] = {"a", "b"};
static const int8_t minimum_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const minimum_da_names[] = {"dy", "a", "b"};
static const int8_t minimum_da_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const minimum_db_names[] = {"dy", "a", "b"};
static const int8_t minimum_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const remainder_names[] = {"a", "b"};
static const int8_t remainder_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const remainder_db_names[] = {"dy", "a", "b"};
static const int8_t remainder_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const floor_divide_names[] = {"a", "b"};
static const int8_t floor_divide_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const atan2_names[] = {"a", "b"};
static const int8_t atan2_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const atan2_da_names[] = {"dy", "a", "b"};
static const int8_t atan2_da_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const atan2_db_names[] = {"dy", "a", "b"};
static const int8_t atan2_db_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const neg_names[] = {"x"};
static const int8_t neg_patterns[] = {28, 0, 28, 0};
static const char *const abs_names[] = {"x"};
static const int8_t abs_patterns[] = {28, 0, 28, 0};
static const char *const abs_dx_names[] = {"dy", "x"};
static const int8_t abs_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sign_names[] = {"x"};
static const int8_t sign_patterns[] = {28, 0, 28, 0};
static const char *const sign_dx_names[] = {"dy"};
static const int8_t sign_dx_patterns[] = {28, 0, 28, 0};
static const char *const square_names[] = {"x"};
static const int8_t square_patterns[] = {28, 0, 28, 0};
static const char *const square_dx_names[] = {"dy", "x"};
static const int8_t square_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sqrt_names[] = {"x"};
static const int8_t sqrt_patterns[] = {28, 0, 28, 0};
static const char *const sqrt_dx_names[] = {"dy", "y"};
static const int8_t sqrt_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const rsqrt_names[] = {"x"};
static const int8_t rsqrt_patterns[] = {28, 0, 28, 0};
static const char *const rsqrt_dx_names[] = {"dy", "y"};
static const int8_t rsqrt_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const reciprocal_names[] = {"x"};
static const int8_t reciprocal_patterns[] = {28, 0, 28, 0};
static const char *const reciprocal_dx_names[] = {"dy", "y"};
static const int8_t reciprocal_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const exp_names[] = {"x"};
static const int8_t exp_patterns[] = {28, 0, 28, 0};
static const char *const expm1_names[] = {"x"};
static const int8_t expm1_patterns[] = {28, 0, 28, 0};
static const char *const expm1_dx_names[] = {"dy", "y"};
static const int8_t expm1_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const log_names[] = {"x"};
static const int8_t log_patterns[] = {28, 0, 28, 0};
static const char *const log1p_names[] = {"x"};
static const int8_t log1p_patterns[] = {28, 0, 28, 0};
static const char *const log1p_dx_names[] = {"dy", "x"};
static const int8_t log1p_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const log2_names[] = {"x"};
static const int8_t log2_patterns[] = {28, 0, 28, 0};
static const char *const log2_dx_names[] = {"dy", "x"};
static const int8_t log2_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sin_names[] = {"x"};
static const int8_t sin_patterns[] = {28, 0, 28, 0};
static const char *const sin_dx_names[] = {"dy", "x"};
static const int8_t sin_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const cos_names[] = {"x"};
static const int8_t cos_patterns[] = {28, 0, 28, 0};
static const char *const cos_dx_names[] = {"dy", "x"};
static const int8_t cos_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const tanh_names[] = {"x"};
static const int8_t tanh_patterns[] = {28, 0, 28, 0};
static const char *const tanh_dx_names[] = {"dy", "y"};
static const int8_t tanh_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const erf_names[] = {"x"};
static const int8_t erf_patterns[] = {28, 0, 28, 0};
static const char *const erf_dx_names[] = {"dy", "x"};
static const int8_t erf_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const floor_names[] = {"x"};
static const int8_t floor_patterns[] = {28, 0, 28, 0};
static const char *const floor_dx_names[] = {"dy"};
static const int8_t floor_dx_patterns[] = {28, 0, 28, 0};
static const char *const ceil_names[] = {"x"};
static const int8_t ceil_patterns[] = {28, 0, 28, 0};
static const char *const ceil_dx_names[] = {"dy"};
static const int8_t ceil_dx_patterns[] = {28, 0, 28, 0};
static const char *const round_names[] = {"x"};
static const int8_t round_patterns[] = {28, 0, 28, 0};
static const char *const round_dx_names[] = {"dy"};
static const int8_t round_dx_patterns[] = {28, 0, 28, 0};
static const char *const trunc_names[] = {"x"};
static const int8_t trunc_patterns[] = {28, 0, 28, 0};
static const char *const trunc_dx_names[] = {"dy"};
static const int8_t trunc_dx_patterns[] = {28, 0, 28, 0};
static const char *const clamp_names[] = {"x"};
static const int8_t clamp_patterns[] = {28, 0, 28, 0};
static const char *const clamp_dx_names[] = {"dy", "x"};
static const int8_t clamp_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sigmoid_names[] = {"x"};
static const int8_t sigmoid_patterns[] = {28, 0, 28, 0};
static const char *const sigmoid_dx_names[] = {"dy", "y"};
static const int8_t sigmoid_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const relu_names[] = {"x"};
static const int8_t relu_patterns[] = {28, 0, 28, 0};
static const char *const relu_dx_names[] = {"dy", "y"};
static const int8_t relu_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const leaky_relu_names[] = {"x"};
static const int8_t leaky_relu_patterns[] = {28, 0, 28, 0};
static const char *const leaky_relu_dx_names[] = {"dy", "x"};
static const int8_t leaky_relu_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const elu_names[] = {"x"};
static const int8_t elu_patterns[] = {28, 0, 28, 0};
static const char *const elu_dx_names[] = {"dy", "x"};
static const int8_t elu_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const silu_names[] = {"x"};
static const int8_t silu_patterns[] = {28, 0, 28, 0};
static const char *const silu_dx_names[] = {"dy", "x"};
static const int8_t silu_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const softplus_names[] = {"x"};
static const int8_t softplus_patterns[] = {28, 0, 28, 0};
static const char *const softplus_dx_names[] = {"dy", "x"};
static const int8_t softplus_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const gelu_names[] = {"x"};
static const int8_t gelu_patterns[] = {28, 0, 28, 0};
static const char *const gelu_dx_names[] = {"dy", "x"};
static const int8_t gelu_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const gelu_tanh_names[] = {"x"};
static const int8_t gelu_tanh_patterns[] = {28, 0, 28, 0};
static const char *const gelu_tanh_dx_names[] = {"dy", "x"};
static const int8_t gelu_tanh_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const eq_names[] = {"a", "b"};
static const int8_t eq_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const ne_names[] = {"a", "b"};
static const int8_t ne_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const lt_names[] = {"a", "b"};
static const int8_t lt_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const le_names[] = {"a", "b"};
static const int8_t le_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const gt_names[] = {"a", "b"};
static const int8_t gt_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const ge_names[] = {"a", "b"};
static const int8_t ge_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const logical_and_names[] = {"a", "b"};
static const int8_t logical_and_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const logical_or_names[] = {"a", "b"};
static const int8_t logical_or_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const logical_xor_names[] = {"a", "b"};
static const int8_t logical_xor_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const logical_not_names[] = {"x"};
static const int8_t logical_not_patterns[] = {28, 0, 28, 0};
static const char *const isnan_names[] = {"x"};
static const int8_t isnan_patterns[] = {28, 0, 28, 0};
static const char *const isinf_names[] = {"x"};
static const int8_t isinf_patterns[] = {28, 0, 28, 0};
static const char *const isfinite_names[] = {"x"};
static const int8_t isfinite_patterns[] = {28, 0, 28, 0};
static const char *const where_names[] = {"m", "a", "b"};
static const int8_t where_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const where_da_names[] = {"dy", "m"};
static const int8_t where_da_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const where_db_names[] = {"dy", "m"};
static const int8_t where_db_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const masked_fill_names[] = {"x", "m"};
static const int8_t masked_fill_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const masked_fill_dx_names[] = {"dy", "m"};
static const int8_t masked_fill_dx_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const fill_names[] = {"x"};
static const int8_t fill_patterns[] = {28, 0, 28, 0};
static const char *const fill_dx_names[] = {"dy"};
static const int8_t fill_dx_patterns[] = {28, 0, 28, 0};
static const char *const copy_names[] = {"x"};
static const int8_t copy_patterns[] = {28, 0, 28, 0};
static const char *const contiguous_names[] = {"x"};
static const int8_t contiguous_patterns[] = {28, 0, 28, 0};
static const char *const channels_last_names[] = {"x"};
static const int8_t channels_last_patterns[] = {28, 0, 28, 0};
static const char *const cast_names[] = {"x"};
static const int8_t cast_patterns[] = {28, 0, 28, 0};
static const char *const assign_names[] = {"x", "v"};
static const int8_t assign_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const sum_names[] = {"x"};
static const int8_t sum_patterns[] = {28, 0, 28, 0};
static const char *const mean_names[] = {"x"};
static const int8_t mean_patterns[] = {28, 0, 28, 0};
static const char *const amax_names[] = {"x"};
static const int8_t amax_patterns[] = {28, 0, 28, 0};
static const char *const amin_names[] = {"x"};
static const int8_t amin_patterns[] = {28, 0, 28, 0};
static const char *const prod_names[] = {"x"};
static const int8_t prod_patterns[] = {28, 0, 28, 0};
static const char *const var_names[] = {"x"};
static const int8_t var_patterns[] = {28, 0, 28, 0};
static const char *const max_dim_names[] = {"x"};
static const int8_t max_dim_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const min_dim_names[] = {"x"};
static const int8_t min_dim_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const argmax_names[] = {"x"};
static const int8_t argmax_patterns[] = {28, 0, 28, 0};
static const char *const argmin_names[] = {"x"};
static const int8_t argmin_patterns[] = {28, 0, 28, 0};
static const char *const cumsum_names[] = {"x"};
static const int8_t cumsum_patterns[] = {28, 0, 28, 0};
static const char *const flip_names[] = {"x"};
static const int8_t flip_patterns[] = {28, 0, 28, 0};
static const char *const sort_names[] = {"x"};
static const int8_t sort_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const topk_names[] = {"x"};
static const int8_t topk_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const matmul_names[] = {"a", "b"};
static const int8_t matmul_patterns[] = {27, 13, 11, 0, 27, 11, 14, 0, 27, 13, 14, 0};
static const char *const linear_names[] = {"x", "w", "b"};
static const int8_t linear_patterns[] = {27, 9, 0, 15, 9, 0, 15, 0, 27, 15, 0};
static const char *const linear_grad_names[] = {"dy", "x"};
static const int8_t linear_grad_patterns[] = {13, 15, 0, 13, 9, 0, 15, 9, 0, 15, 0};
static const char *const linear_gelu_names[] = {"x", "w", "b"};
static const int8_t linear_gelu_patterns[] = {27, 9, 0, 15, 9, 0, 15, 0, 27, 15, 0, 27, 15, 0};
static const char *const gelu_bias_grad_names[] = {"dy", "pre"};
static const int8_t gelu_bias_grad_patterns[] = {13, 15, 0, 13, 15, 0, 13, 15, 0, 15, 0};
static const char *const gelu_mlp_names[] = {"x", "v", "a", "w", "b"};
static const int8_t gelu_mlp_patterns[] = {27, 9, 0, 8, 9, 0, 8, 0, 15, 8, 0, 15, 0, 27, 15, 0, 27, 8, 0, 27, 8, 0};
static const char *const gelu_linear_grad_names[] = {"dy", "w", "pre"};
static const int8_t gelu_linear_grad_patterns[] = {13, 15, 0, 15, 8, 0, 13, 8, 0, 13, 8, 0, 8, 0};
static const char *const attention_names[] = {"query", "key", "value"};
static const int8_t attention_patterns[] = {14, 8, 20, 11, 0, 14, 8, 19, 11, 0, 14, 8, 19, 11, 0, 14, 8, 20, 11, 0, 14, 8, 20, 0};
static const char *const attention_grad_names[] = {"dy", "query", "key", "value", "y", "lse"};
static const int8_t attention_grad_patterns[] = {14, 8, 20, 11, 0, 14, 8, 20, 11, 0, 14, 8, 19, 11, 0, 14, 8, 19, 11, 0, 14, 8, 20, 11, 0, 14, 8, 20, 0, 14, 8, 20, 11, 0, 14, 8, 19, 11, 0, 14, 8, 19, 11, 0};
static const char *const softmax_names[] = {"x"};
static const int8_t softmax_patterns[] = {28, 0, 28, 0};
static const char *const softmax_grad_names[] = {"dy", "y"};
static const int8_t softmax_grad_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const log_softmax_names[] = {"x"};
static const int8_t log_softmax_patterns[] = {28, 0, 28, 0};
static const char *const log_softmax_grad_names[] = {"dy", "y"};
static const int8_t log_softmax_grad_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const cross_entropy_names[] = {"x", "t", "w"};
static const int8_t cross_entropy_patterns[] = {14, 3, 0, 14, 0, 3, 0, 28, 0, 28, 0};
static const char *const cross_entropy_grad_names[] = {"dy", "x", "t", "w", "lse"};
static const int8_t cross_entropy_grad_patterns[] = {28, 0, 14, 3, 0, 14, 0, 3, 0, 14, 0, 14, 3, 0};
static const char *const layernorm_names[] = {"x", "w", "b"};
static const int8_t layernorm_patterns[] = {27, 3, 0, 3, 0, 3, 0, 27, 3, 0, 27, 0, 27, 0};
static const char *const layernorm_grad_names[] = {"dy", "x", "w", "mean", "rstd"};
static const int8_t layernorm_grad_patterns[] = {27, 3, 0, 27, 3, 0, 3, 0, 27, 0, 27, 0, 27, 3, 0, 3, 0, 3, 0};
static const char *const batchnorm_stats_names[] = {"x"};
static const int8_t batchnorm_stats_patterns[] = {14, 3, 27, 0, 3, 0, 3, 0};
static const char *const batchnorm_names[] = {"x", "mean", "var", "w", "b"};
static const int8_t batchnorm_patterns[] = {28, 0, 3, 0, 3, 0, 3, 0, 3, 0, 28, 0};
static const char *const batchnorm_grad_names[] = {"dy", "x", "mean", "var", "w"};
static const int8_t batchnorm_grad_patterns[] = {28, 0, 28, 0, 3, 0, 3, 0, 3, 0, 28, 0, 3, 0, 3, 0};
static const char *const conv2d_names[] = {"x", "w", "b"};
static const int8_t conv2d_patterns[] = {14, 3, 8, 23, 0, 15, 4, 11, 12, 0, 15, 0, 28, 0};
static const char *const conv2d_dx_names[] = {"dy", "w"};
static const int8_t conv2d_dx_patterns[] = {14, 15, 16, 17, 0, 15, 4, 11, 12, 0, 28, 0};
static const char *const conv2d_dw_names[] = {"dy", "x"};
static const int8_t conv2d_dw_patterns[] = {14, 15, 16, 17, 0, 14, 3, 8, 23, 0, 28, 0};
static const char *const maxpool2d_names[] = {"x"};
static const int8_t maxpool2d_patterns[] = {14, 3, 8, 23, 0, 28, 0, 28, 0};
static const char *const maxpool2d_grad_names[] = {"dy", "i"};
static const int8_t maxpool2d_grad_patterns[] = {14, 3, 16, 17, 0, 14, 3, 16, 17, 0, 28, 0};
static const char *const avgpool2d_names[] = {"x"};
static const int8_t avgpool2d_patterns[] = {14, 3, 8, 23, 0, 28, 0};
static const char *const avgpool2d_grad_names[] = {"dy"};
static const int8_t avgpool2d_grad_patterns[] = {14, 3, 16, 17, 0, 28, 0};
static const char *const embedding_names[] = {"ids", "w"};
static const int8_t embedding_patterns[] = {28, 0, 22, 3, 0, 28, 0};
static const char *const embedding_grad_names[] = {"dy", "ids"};
static const int8_t embedding_grad_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const index_select_names[] = {"x", "ids"};
static const int8_t index_select_patterns[] = {28, 0, 14, 0, 28, 0};
static const char *const index_add_names[] = {"x", "ids", "v"};
static const int8_t index_add_patterns[] = {28, 0, 14, 0, 28, 0, 28, 0};
static const char *const gather_names[] = {"x", "ids"};
static const int8_t gather_patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const scatter_names[] = {"x", "ids", "v"};
static const int8_t scatter_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const scatter_add_names[] = {"x", "ids", "v"};
static const int8_t scatter_add_patterns[] = {28, 0, 28, 0, 28, 0, 28, 0};
static const char *const cat_names[] = {"xs"};
static const int8_t cat_patterns[] = {28, 0, 28, 0};
static const char *const tril_names[] = {"x"};
static const int8_t tril_patterns[] = {28, 0, 28, 0};
static const char *const triu_names[] = {"x"};
static const int8_t triu_patterns[] = {28, 0, 28, 0};
static const char *const nonzero_names[] = {"x"};
static const int8_t nonzero_patterns[] = {28, 0, 28, 0};
static const char *const one_hot_names[] = {"ids"};
static const int8_t one_hot_patterns[] = {28, 0, 28, 0};
static const char *const uniform__names[] = {"x"};
static const int8_t uniform__patterns[] = {28, 0, 28, 0};
static const char *const normal__names[] = {"x"};
static const int8_t normal__patterns[] = {28, 0, 28, 0};
static const char *const bernoulli__names[] = {"x"};
static const int8_t bernoulli__patterns[] = {28, 0, 28, 0};
static const char *const randint__names[] = {"x"};
static const int8_t randint__patterns[] = {28, 0, 28, 0};
static const char *const randperm__names[] = {"x"};
static const int8_t randperm__patterns[] = {14, 0, 28, 0};
static const char *const dropout_names[] = {"x"};
static const int8_t dropout_patterns[] = {28, 0, 28, 0};
static const char *const dropout_again_names[] = {"x"};
static const int8_t dropout_again_patterns[] = {28, 0, 28, 0};
static const char *const multinomial_names[] = {"p"};
static const int8_t multinomial_patterns[] = {27, 11, 0, 28, 0};
static const char *const arange__names[] = {"x"};
static const int8_t arange__patterns[] = {28, 0, 28, 0};
static const char *const sgd__names[] = {"p", "master", "buf", "row", "skip"};
static const int8_t sgd__patterns[] = {28, 0, 28, 0, 28, 0, 28, 0, 28, 0};
static const char *const adam__names[] = {"p", "master", "m", "v", "row", "skip"};
static const int8_t adam__patterns[] = {28, 0, 28, 0, 28, 0, 28, 0, 28, 0, 28, 0};
static const char *const adamw__names[] = {"p", "master", "m", "v", "row", "skip"};
static const int8_t adamw__patterns[] = {28, 0, 28, 0, 28, 0, 28, 0, 28, 0, 28, 0};
static const char *const grad_norm_names[] = {"p"};
static const int8_t grad_norm_patterns[] = {28, 0, 28, 0};
static const char *const grad_scale__names[] = {"p", "row", "skip"};
static const int8_t grad_scale__patterns[] = {28, 0, 28, 0, 28, 0};
static const char *const view_names[] = {"x"};
static const int8_t view_patterns[] = {28, 0, 28, 0};
static const char *const transpose_names[] = {"x"};
static const int8_t transpose_patterns[] = {28, 0, 28, 0};
static const char *const permute_names[] = {"x"};
static const int8_t permute_patterns[] = {28, 0, 28, 0};
static const char *const expand_names[] = {"x"};
static const int8_t expand_patterns[] = {28, 0, 28, 0};
static const char *const narrow_names[] = {"x"};
static const int8_t narrow_patterns[] = {28, 0, 28, 0};
static const char *const slice_names[] = {"x"};
static const int8_t slice_patterns[] = {28, 0, 28, 0};
static const char *const select_names[] = {"x"};
static const int8_t select_patterns[] = {28, 0, 28, 0};
static const char *const unsqueeze_names[] = {"x"};
static const int8_t unsqueeze_patterns[] = {28, 0, 28, 0};
static const char *const squeeze_names[] = {"x"};
static const int8_t squeeze_patterns[] = {28, 0, 28, 0};
static const char *const diagonal_names[] = {"x"};
static const int8_t diagonal_patterns[] = {28, 0, 28, 0};
static const char *const unfold_names[] = {"x"};
static const int8_t unfold_patterns[] = {28, 0, 28, 0};

const op_record tnt__ops[] = {
  {.name = "add",
   .signature = "add(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 0, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = add_names, .patterns = add_patterns, .shape = NULL, .rule = add_rule_gen, .flops = NULL, .twice = true},
  {.name = "sub",
   .signature = "sub(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 1, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sub_names, .patterns = sub_patterns, .shape = NULL, .rule = sub_rule_gen, .flops = NULL, .twice = true},
  {.name = "mul",
   .signature = "mul(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 2, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {2, 1, 0, 0},
   .in_names = mul_names, .patterns = mul_patterns, .shape = NULL, .rule = mul_rule_gen, .flops = NULL, .twice = true},
  {.name = "div",
   .signature = "div(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 3, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {2, 3, 0, 0},
   .in_names = div_names, .patterns = div_patterns, .shape = NULL, .rule = div_rule_gen, .flops = NULL, .twice = true},
  {.name = "div_db",
   .signature = "div_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 4, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = div_db_names, .patterns = div_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "pow",
   .signature = "pow(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_AUTOCAST_F32,
   .kernel = 5, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 1,
   .positions = {0}, .need = {3, 257, 0, 0},
   .in_names = pow_names, .patterns = pow_patterns, .shape = NULL, .rule = pow_rule_gen, .flops = NULL, .twice = true},
  {.name = "pow_da",
   .signature = "pow_da",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 6, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = pow_da_names, .patterns = pow_da_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "pow_db",
   .signature = "pow_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 7, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = pow_db_names, .patterns = pow_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "maximum",
   .signature = "maximum(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 8, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {3, 3, 0, 0},
   .in_names = maximum_names, .patterns = maximum_patterns, .shape = NULL, .rule = maximum_rule_gen, .flops = NULL, .twice = true},
  {.name = "maximum_da",
   .signature = "maximum_da",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 9, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = maximum_da_names, .patterns = maximum_da_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "maximum_db",
   .signature = "maximum_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 10, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = maximum_db_names, .patterns = maximum_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "minimum",
   .signature = "minimum(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 11, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {3, 3, 0, 0},
   .in_names = minimum_names, .patterns = minimum_patterns, .shape = NULL, .rule = minimum_rule_gen, .flops = NULL, .twice = true},
  {.name = "minimum_da",
   .signature = "minimum_da",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 12, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = minimum_da_names, .patterns = minimum_da_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "minimum_db",
   .signature = "minimum_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 13, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = minimum_db_names, .patterns = minimum_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "remainder",
   .signature = "remainder(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 14, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {0, 3, 0, 0},
   .in_names = remainder_names, .patterns = remainder_patterns, .shape = NULL, .rule = remainder_rule_gen, .flops = NULL, .twice = true},
  {.name = "remainder_db",
   .signature = "remainder_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 15, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = remainder_db_names, .patterns = remainder_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "floor_divide",
   .signature = "floor_divide(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 16, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = floor_divide_names, .patterns = floor_divide_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "atan2",
   .signature = "atan2(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 17, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {3, 3, 0, 0},
   .in_names = atan2_names, .patterns = atan2_patterns, .shape = NULL, .rule = atan2_rule_gen, .flops = NULL, .twice = true},
  {.name = "atan2_da",
   .signature = "atan2_da",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 18, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = atan2_da_names, .patterns = atan2_da_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "atan2_db",
   .signature = "atan2_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 19, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = atan2_db_names, .patterns = atan2_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "neg",
   .signature = "neg(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 20, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = neg_names, .patterns = neg_patterns, .shape = NULL, .rule = neg_rule_gen, .flops = NULL, .twice = true},
  {.name = "abs",
   .signature = "abs(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 21, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = abs_names, .patterns = abs_patterns, .shape = NULL, .rule = abs_rule_gen, .flops = NULL, .twice = true},
  {.name = "abs_dx",
   .signature = "abs_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 22, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = abs_dx_names, .patterns = abs_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "sign",
   .signature = "sign(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 23, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sign_names, .patterns = sign_patterns, .shape = NULL, .rule = sign_rule_gen, .flops = NULL, .twice = true},
  {.name = "sign_dx",
   .signature = "sign_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 24, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sign_dx_names, .patterns = sign_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "square",
   .signature = "square(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 25, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = square_names, .patterns = square_patterns, .shape = NULL, .rule = square_rule_gen, .flops = NULL, .twice = true},
  {.name = "square_dx",
   .signature = "square_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 26, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = square_dx_names, .patterns = square_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "sqrt",
   .signature = "sqrt(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 27, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = sqrt_names, .patterns = sqrt_patterns, .shape = NULL, .rule = sqrt_rule_gen, .flops = NULL, .twice = true},
  {.name = "sqrt_dx",
   .signature = "sqrt_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 28, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sqrt_dx_names, .patterns = sqrt_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "rsqrt",
   .signature = "rsqrt(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 29, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = rsqrt_names, .patterns = rsqrt_patterns, .shape = NULL, .rule = rsqrt_rule_gen, .flops = NULL, .twice = true},
  {.name = "rsqrt_dx",
   .signature = "rsqrt_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 30, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = rsqrt_dx_names, .patterns = rsqrt_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "reciprocal",
   .signature = "reciprocal(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 31, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = reciprocal_names, .patterns = reciprocal_patterns, .shape = NULL, .rule = reciprocal_rule_gen, .flops = NULL, .twice = true},
  {.name = "reciprocal_dx",
   .signature = "reciprocal_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 32, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = reciprocal_dx_names, .patterns = reciprocal_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "exp",
   .signature = "exp(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 33, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = exp_names, .patterns = exp_patterns, .shape = NULL, .rule = exp_rule_gen, .flops = NULL, .twice = true},
  {.name = "expm1",
   .signature = "expm1(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 34, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = expm1_names, .patterns = expm1_patterns, .shape = NULL, .rule = expm1_rule_gen, .flops = NULL, .twice = true},
  {.name = "expm1_dx",
   .signature = "expm1_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 35, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = expm1_dx_names, .patterns = expm1_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "log",
   .signature = "log(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 36, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = log_names, .patterns = log_patterns, .shape = NULL, .rule = log_rule_gen, .flops = NULL, .twice = true},
  {.name = "log1p",
   .signature = "log1p(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 37, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = log1p_names, .patterns = log1p_patterns, .shape = NULL, .rule = log1p_rule_gen, .flops = NULL, .twice = true},
  {.name = "log1p_dx",
   .signature = "log1p_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 38, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = log1p_dx_names, .patterns = log1p_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "log2",
   .signature = "log2(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 39, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = log2_names, .patterns = log2_patterns, .shape = NULL, .rule = log2_rule_gen, .flops = NULL, .twice = true},
  {.name = "log2_dx",
   .signature = "log2_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 40, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = log2_dx_names, .patterns = log2_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "sin",
   .signature = "sin(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 41, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = sin_names, .patterns = sin_patterns, .shape = NULL, .rule = sin_rule_gen, .flops = NULL, .twice = true},
  {.name = "sin_dx",
   .signature = "sin_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 42, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sin_dx_names, .patterns = sin_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "cos",
   .signature = "cos(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 43, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = cos_names, .patterns = cos_patterns, .shape = NULL, .rule = cos_rule_gen, .flops = NULL, .twice = true},
  {.name = "cos_dx",
   .signature = "cos_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 44, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = cos_dx_names, .patterns = cos_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "tanh",
   .signature = "tanh(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 45, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = tanh_names, .patterns = tanh_patterns, .shape = NULL, .rule = tanh_rule_gen, .flops = NULL, .twice = true},
  {.name = "tanh_dx",
   .signature = "tanh_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 46, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = tanh_dx_names, .patterns = tanh_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "erf",
   .signature = "erf(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 47, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = erf_names, .patterns = erf_patterns, .shape = NULL, .rule = erf_rule_gen, .flops = NULL, .twice = true},
  {.name = "erf_dx",
   .signature = "erf_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 48, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = erf_dx_names, .patterns = erf_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "floor",
   .signature = "floor(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 49, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = floor_names, .patterns = floor_patterns, .shape = NULL, .rule = floor_rule_gen, .flops = NULL, .twice = true},
  {.name = "floor_dx",
   .signature = "floor_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 50, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = floor_dx_names, .patterns = floor_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "ceil",
   .signature = "ceil(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 51, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = ceil_names, .patterns = ceil_patterns, .shape = NULL, .rule = ceil_rule_gen, .flops = NULL, .twice = true},
  {.name = "ceil_dx",
   .signature = "ceil_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 52, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = ceil_dx_names, .patterns = ceil_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "round",
   .signature = "round(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 53, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = round_names, .patterns = round_patterns, .shape = NULL, .rule = round_rule_gen, .flops = NULL, .twice = true},
  {.name = "round_dx",
   .signature = "round_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 54, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = round_dx_names, .patterns = round_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "trunc",
   .signature = "trunc(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 55, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = trunc_names, .patterns = trunc_patterns, .shape = NULL, .rule = trunc_rule_gen, .flops = NULL, .twice = true},
  {.name = "trunc_dx",
   .signature = "trunc_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 56, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = trunc_dx_names, .patterns = trunc_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "clamp",
   .signature = "clamp(x, lo = -math.huge, hi = math.huge) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 57, .n_in = 1, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = clamp_names, .patterns = clamp_patterns, .shape = NULL, .rule = clamp_rule_gen, .flops = NULL, .twice = true},
  {.name = "clamp_dx",
   .signature = "clamp_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 58, .n_in = 2, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = clamp_dx_names, .patterns = clamp_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "sigmoid",
   .signature = "sigmoid(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 59, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = sigmoid_names, .patterns = sigmoid_patterns, .shape = NULL, .rule = sigmoid_rule_gen, .flops = NULL, .twice = true},
  {.name = "sigmoid_dx",
   .signature = "sigmoid_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 60, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sigmoid_dx_names, .patterns = sigmoid_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "relu",
   .signature = "relu(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 61, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {0}, .need = {256, 0, 0, 0},
   .in_names = relu_names, .patterns = relu_patterns, .shape = NULL, .rule = relu_rule_gen, .flops = NULL, .twice = true},
  {.name = "relu_dx",
   .signature = "relu_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 62, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = relu_dx_names, .patterns = relu_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "leaky_relu",
   .signature = "leaky_relu(x, slope = 0.01) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 63, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = leaky_relu_names, .patterns = leaky_relu_patterns, .shape = NULL, .rule = leaky_relu_rule_gen, .flops = NULL, .twice = true},
  {.name = "leaky_relu_dx",
   .signature = "leaky_relu_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 64, .n_in = 2, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = leaky_relu_dx_names, .patterns = leaky_relu_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "elu",
   .signature = "elu(x, alpha = 1) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 65, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = elu_names, .patterns = elu_patterns, .shape = NULL, .rule = elu_rule_gen, .flops = NULL, .twice = true},
  {.name = "elu_dx",
   .signature = "elu_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 66, .n_in = 2, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = elu_dx_names, .patterns = elu_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "silu",
   .signature = "silu(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 67, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = silu_names, .patterns = silu_patterns, .shape = NULL, .rule = silu_rule_gen, .flops = NULL, .twice = true},
  {.name = "silu_dx",
   .signature = "silu_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 68, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = silu_dx_names, .patterns = silu_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "softplus",
   .signature = "softplus(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 69, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = softplus_names, .patterns = softplus_patterns, .shape = NULL, .rule = softplus_rule_gen, .flops = NULL, .twice = true},
  {.name = "softplus_dx",
   .signature = "softplus_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 70, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = softplus_dx_names, .patterns = softplus_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "gelu",
   .signature = "gelu(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 71, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = gelu_names, .patterns = gelu_patterns, .shape = NULL, .rule = gelu_rule_gen, .flops = NULL, .twice = true},
  {.name = "gelu_dx",
   .signature = "gelu_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 72, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = gelu_dx_names, .patterns = gelu_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "gelu_tanh",
   .signature = "gelu_tanh(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_FLOAT_OUT,
   .kernel = 73, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 0, 0, 0},
   .in_names = gelu_tanh_names, .patterns = gelu_tanh_patterns, .shape = NULL, .rule = gelu_tanh_rule_gen, .flops = NULL, .twice = true},
  {.name = "gelu_tanh_dx",
   .signature = "gelu_tanh_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 74, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = gelu_tanh_dx_names, .patterns = gelu_tanh_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "eq",
   .signature = "eq(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 75, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = eq_names, .patterns = eq_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "ne",
   .signature = "ne(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 76, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = ne_names, .patterns = ne_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "lt",
   .signature = "lt(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 77, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = lt_names, .patterns = lt_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "le",
   .signature = "le(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 78, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = le_names, .patterns = le_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "gt",
   .signature = "gt(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 79, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = gt_names, .patterns = gt_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "ge",
   .signature = "ge(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 80, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = ge_names, .patterns = ge_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "logical_and",
   .signature = "logical_and(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 81, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = logical_and_names, .patterns = logical_and_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "logical_or",
   .signature = "logical_or(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 82, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = logical_or_names, .patterns = logical_or_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "logical_xor",
   .signature = "logical_xor(a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 83, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = logical_xor_names, .patterns = logical_xor_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "logical_not",
   .signature = "logical_not(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 84, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = logical_not_names, .patterns = logical_not_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "isnan",
   .signature = "isnan(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 85, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = isnan_names, .patterns = isnan_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "isinf",
   .signature = "isinf(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 86, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = isinf_names, .patterns = isinf_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "isfinite",
   .signature = "isfinite(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_BOOL_OUT,
   .kernel = 87, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = isfinite_names, .patterns = isfinite_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "where",
   .signature = "where(m: mask, a, b) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 88, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 1, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {0, 1, 1, 0},
   .in_names = where_names, .patterns = where_patterns, .shape = NULL, .rule = where_rule_gen, .flops = NULL, .twice = true},
  {.name = "where_da",
   .signature = "where_da",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 89, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 2, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = where_da_names, .patterns = where_da_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "where_db",
   .signature = "where_db",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 90, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 2, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = where_db_names, .patterns = where_db_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "masked_fill",
   .signature = "masked_fill(x, m: mask, value: number) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 91, .n_in = 2, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 2, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {0}, .need = {2, 0, 0, 0},
   .in_names = masked_fill_names, .patterns = masked_fill_patterns, .shape = NULL, .rule = masked_fill_rule_gen, .flops = NULL, .twice = true},
  {.name = "masked_fill_dx",
   .signature = "masked_fill_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 92, .n_in = 2, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 2, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = masked_fill_dx_names, .patterns = masked_fill_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "fill",
   .signature = "fill(x, value: number) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 93, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = fill_names, .patterns = fill_patterns, .shape = NULL, .rule = fill_rule_gen, .flops = NULL, .twice = true},
  {.name = "fill_dx",
   .signature = "fill_dx",
   .flags = OP_ELEMENTWISE | OP_PROMOTE | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 94, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = fill_dx_names, .patterns = fill_dx_patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "copy",
   .signature = "copy(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 95, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = copy_names, .patterns = copy_patterns, .shape = NULL, .rule = copy_rule_gen, .flops = NULL, .twice = true},
  {.name = "contiguous",
   .signature = "contiguous(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 96, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = contiguous_names, .patterns = contiguous_patterns, .shape = NULL, .rule = contiguous_rule_gen, .flops = NULL, .twice = true},
  {.name = "channels_last",
   .signature = "channels_last(x) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 97, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = channels_last_names, .patterns = channels_last_patterns, .shape = NULL, .rule = channels_last_rule_gen, .flops = NULL, .twice = true},
  {.name = "cast",
   .signature = "cast(x, dtype: int) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 98, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = cast_names, .patterns = cast_patterns, .shape = NULL, .rule = cast_rule_gen, .flops = NULL, .twice = true},
  {.name = "assign",
   .signature = "assign(x, v) -> y",
   .flags = OP_ELEMENTWISE | OP_PROMOTE,
   .kernel = 99, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = assign_names, .patterns = assign_patterns, .shape = NULL, .rule = assign_rule_gen, .flops = NULL, .twice = true},
  {.name = "sum",
   .signature = "sum(x, dims: dims, keepdim = false) -> y",
   .flags = OP_WIDE_SUM | OP_AUTOCAST_F32,
   .kernel = 0, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = sum_names, .patterns = sum_patterns, .shape = reduce_shape, .rule = sum_rule, .flops = NULL, .twice = true},
  {.name = "mean",
   .signature = "mean(x, dims: dims, keepdim = false) -> y",
   .flags = OP_FLOAT_OUT,
   .kernel = 1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = mean_names, .patterns = mean_patterns, .shape = reduce_shape, .rule = mean_rule, .flops = NULL, .twice = true},
  {.name = "amax",
   .signature = "amax(x, dims: dims, keepdim = false) -> y",
   .flags = 0,
   .kernel = 2, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 1,
   .positions = {3, 0, 0}, .need = {257, 257, 257, 257},
   .in_names = amax_names, .patterns = amax_patterns, .shape = reduce_shape, .rule = amax_rule, .flops = NULL, .twice = true},
  {.name = "amin",
   .signature = "amin(x, dims: dims, keepdim = false) -> y",
   .flags = 0,
   .kernel = 3, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 1,
   .positions = {3, 0, 0}, .need = {257, 257, 257, 257},
   .in_names = amin_names, .patterns = amin_patterns, .shape = reduce_shape, .rule = amax_rule, .flops = NULL, .twice = true},
  {.name = "prod",
   .signature = "prod(x, dims: dims, keepdim = false) -> y",
   .flags = OP_WIDE_SUM | OP_AUTOCAST_F32,
   .kernel = 4, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 1,
   .positions = {3, 0, 0}, .need = {257, 257, 257, 257},
   .in_names = prod_names, .patterns = prod_patterns, .shape = reduce_shape, .rule = prod_rule, .flops = NULL, .twice = true},
  {.name = "var",
   .signature = "var(x, dims: dims, correction = 1, keepdim = false) -> y",
   .flags = OP_FLOAT_OUT | OP_AUTOCAST_F32,
   .kernel = 5, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {3, 0, 0}, .need = {1, 1, 1, 1},
   .in_names = var_names, .patterns = var_patterns, .shape = reduce_shape, .rule = var_rule, .flops = NULL, .twice = true},
  {.name = "max_dim",
   .signature = "max_dim(x, d: dim, keepdim = false) -> y, i: ids",
   .flags = 0,
   .kernel = 6, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 2, .save = 0, .save_out = 2,
   .positions = {1, 0, 0}, .need = {512, 512, 512, 512},
   .in_names = max_dim_names, .patterns = max_dim_patterns, .shape = reduce_one_shape, .rule = pick_rule, .flops = NULL, .twice = true},
  {.name = "min_dim",
   .signature = "min_dim(x, d: dim, keepdim = false) -> y, i: ids",
   .flags = 0,
   .kernel = 7, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 2, .save = 0, .save_out = 2,
   .positions = {1, 0, 0}, .need = {512, 512, 512, 512},
   .in_names = min_dim_names, .patterns = min_dim_patterns, .shape = reduce_one_shape, .rule = pick_rule, .flops = NULL, .twice = true},
  {.name = "argmax",
   .signature = "argmax(x, dims: dims, keepdim = false) -> i: ids",
   .flags = 0,
   .kernel = 8, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 1, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = argmax_names, .patterns = argmax_patterns, .shape = reduce_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "argmin",
   .signature = "argmin(x, dims: dims, keepdim = false) -> i: ids",
   .flags = 0,
   .kernel = 9, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 10,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 1, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = argmin_names, .patterns = argmin_patterns, .shape = reduce_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "cumsum",
   .signature = "cumsum(x, d: dim) -> y",
   .flags = OP_WIDE_SUM | OP_AUTOCAST_F32,
   .kernel = 10, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = cumsum_names, .patterns = cumsum_patterns, .shape = same_shape, .rule = cumsum_rule, .flops = NULL, .twice = true},
  {.name = "flip",
   .signature = "flip(x, dims: dims) -> y",
   .flags = 0,
   .kernel = 11, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 9,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = flip_names, .patterns = flip_patterns, .shape = same_shape, .rule = flip_rule, .flops = NULL, .twice = true},
  {.name = "sort",
   .signature = "sort(x, d: dim = -1, descending = false) -> y, i: ids",
   .flags = 0,
   .kernel = 12, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 2, .save = 0, .save_out = 2,
   .positions = {1, 0, 0}, .need = {512, 512, 512, 512},
   .in_names = sort_names, .patterns = sort_patterns, .shape = same_shape, .rule = pick_rule, .flops = NULL, .twice = true},
  {.name = "topk",
   .signature = "topk(x, k: int, d: dim = -1, largest = true) -> y, i: ids",
   .flags = 0,
   .kernel = 13, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 3,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 2, .save = 0, .save_out = 2,
   .positions = {1, 1, 0}, .need = {512, 512, 512, 512},
   .in_names = topk_names, .patterns = topk_patterns, .shape = topk_shape, .rule = pick_rule, .flops = NULL, .twice = true},
  {.name = "matmul",
   .signature = "matmul(a: [..., M, K], b: [..., K, N]) -> y: [..., M, N]",
   .flags = OP_STRIDED | OP_AUTOCAST_LOW,
   .kernel = 14, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {2, 1, 3, 3},
   .in_names = matmul_names, .patterns = matmul_patterns, .shape = shape_from_patterns, .rule = matmul_rule, .flops = matmul_flops, .twice = true},
  {.name = "linear",
   .signature = "linear(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O]",
   .flags = OP_STRIDED | OP_AUTOCAST_LOW,
   .kernel = 15, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 4, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {2, 1, 0, 3},
   .in_names = linear_names, .patterns = linear_patterns, .shape = shape_from_patterns, .rule = linear_rule, .flops = matmul_flops, .twice = true},
  {.name = "linear_grad",
   .signature = "linear_grad(dy: [M, O], x: [M, I]) -> dw: [O, I], db: [O]",
   .flags = OP_STRIDED | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 16, .n_in = 2, .n_out = 2, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = linear_grad_names, .patterns = linear_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = linear_grad_flops, .twice = false},
  {.name = "linear_gelu",
   .signature = "linear_gelu(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O], pre: [..., O]",
   .flags = OP_STRIDED | OP_ONLY_FLOAT | OP_AUTOCAST_LOW,
   .kernel = 17, .n_in = 3, .n_out = 2, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 4, .out_ids = 0, .save = 3, .save_out = 2,
   .positions = {0}, .need = {514, 513, 512, 515},
   .in_names = linear_gelu_names, .patterns = linear_gelu_patterns, .shape = linear_gelu_shape, .rule = linear_gelu_rule, .flops = matmul_flops, .twice = true},
  {.name = "gelu_bias_grad",
   .signature = "gelu_bias_grad(dy: [M, O], pre: [M, O], full: bool) -> dpre: [M, O], db: [O]",
   .flags = OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 18, .n_in = 2, .n_out = 2, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = gelu_bias_grad_names, .patterns = gelu_bias_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "gelu_mlp",
   .signature = "gelu_mlp(x: [..., I], v: [H, I], a: [H]?, w: [O, H], b: [O]?) -> y: [..., O], pre: [..., H], act: [..., H]",
   .flags = OP_STRIDED | OP_ONLY_FLOAT | OP_AUTOCAST_LOW,
   .kernel = 19, .n_in = 5, .n_out = 3, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 20, .out_ids = 0, .save = 11, .save_out = 6,
   .positions = {0}, .need = {522, 521, 520, 1024},
   .in_names = gelu_mlp_names, .patterns = gelu_mlp_patterns, .shape = linear_gelu_shape, .rule = gelu_mlp_rule, .flops = gelu_mlp_flops, .twice = true},
  {.name = "gelu_linear_grad",
   .signature = "gelu_linear_grad(dy: [M, O], w: [O, H], pre: [M, H], full: bool) -> dpre: [M, H], db: [H]",
   .flags = OP_STRIDED | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 20, .n_in = 3, .n_out = 2, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = gelu_linear_grad_names, .patterns = gelu_linear_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = matmul_flops, .twice = false},
  {.name = "attention",
   .signature = "attention(query: [N, H, T, K], key: [N, H, S, K], value: [N, H, S, K], causal: bool, scale: number, p = 0) -> y: [N, H, T, K], lse: wide [N, H, T]",
   .flags = OP_STRIDED | OP_HEADS | OP_RANDOM | OP_ONLY_FLOAT | OP_AUTOCAST_LOW,
   .kernel = 21, .n_in = 3, .n_out = 2, .n_numbers = 2, .n_integers = 1,
   .wide = 0, .out_wide = 2, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 7, .save_out = 3,
   .positions = {0}, .need = {775, 775, 775, 775},
   .in_names = attention_names, .patterns = attention_patterns, .shape = attention_shape, .rule = attention_rule, .flops = attention_flops, .twice = false},
  {.name = "attention_grad",
   .signature = "attention_grad(dy: [N, H, T, K], query: [N, H, T, K], key: [N, H, S, K], value: [N, H, S, K], y: [N, H, T, K], lse: wide [N, H, T], causal: bool, scale: number, p: number, seed: int, turn: int) -> dquery: [N, H, T, K], dkey: [N, H, S, K], dvalue: [N, H, S, K]",
   .flags = OP_STRIDED | OP_HEADS | OP_ONLY_FLOAT | OP_GRADIENT | OP_DRAWS_AGAIN,
   .kernel = 22, .n_in = 6, .n_out = 3, .n_numbers = 2, .n_integers = 3,
   .wide = 32, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = attention_grad_names, .patterns = attention_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = attention_grad_flops, .twice = false},
  {.name = "softmax",
   .signature = "softmax(x, d: dim = -1) -> y",
   .flags = OP_ONLY_FLOAT | OP_AUTOCAST_F32,
   .kernel = 23, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {1, 0, 0}, .need = {256, 256, 256, 256},
   .in_names = softmax_names, .patterns = softmax_patterns, .shape = same_shape, .rule = softmax_rule, .flops = NULL, .twice = true},
  {.name = "softmax_grad",
   .signature = "softmax_grad(dy, y, d: dim) -> dx",
   .flags = OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 24, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = softmax_grad_names, .patterns = softmax_grad_patterns, .shape = same_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "log_softmax",
   .signature = "log_softmax(x, d: dim = -1) -> y",
   .flags = OP_ONLY_FLOAT | OP_AUTOCAST_F32,
   .kernel = 25, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 1,
   .positions = {1, 0, 0}, .need = {256, 256, 256, 256},
   .in_names = log_softmax_names, .patterns = log_softmax_patterns, .shape = same_shape, .rule = log_softmax_rule, .flops = NULL, .twice = true},
  {.name = "log_softmax_grad",
   .signature = "log_softmax_grad(dy, y, d: dim) -> dx",
   .flags = OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 26, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = log_softmax_grad_names, .patterns = log_softmax_grad_patterns, .shape = same_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "cross_entropy",
   .signature = "cross_entropy(x: [N, C], t: ids [N], w: wide [C]?, ignore_index: int = -100, smoothing = 0, reduction: int = 1) -> loss: wide ?, lse: wide ?",
   .flags = OP_ONLY_FLOAT | OP_AUTOCAST_F32,
   .kernel = 27, .n_in = 3, .n_out = 2, .n_numbers = 1, .n_integers = 2,
   .wide = 4, .out_wide = 3, .narrow = 1,
   .ids = 2, .mask = 0, .optional = 4, .out_ids = 0, .save = 7, .save_out = 2,
   .positions = {0}, .need = {519, 519, 519, 519},
   .in_names = cross_entropy_names, .patterns = cross_entropy_patterns, .shape = cross_entropy_shape, .rule = cross_entropy_rule, .flops = NULL, .twice = false},
  {.name = "cross_entropy_grad",
   .signature = "cross_entropy_grad(dy: wide, x: [N, C], t: ids [N], w: wide [C]?, lse: wide [N], ignore_index: int, smoothing: number, reduction: int) -> dx: [N, C]",
   .flags = OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 28, .n_in = 5, .n_out = 1, .n_numbers = 1, .n_integers = 2,
   .wide = 25, .out_wide = 0, .narrow = 0,
   .ids = 4, .mask = 0, .optional = 8, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = cross_entropy_grad_names, .patterns = cross_entropy_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "layernorm",
   .signature = "layernorm(x: [..., C], w: [C]?, b: [C]?, eps = 1e-5) -> y: [..., C], mean: wide [...], rstd: wide [...]",
   .flags = OP_ONLY_FLOAT | OP_AUTOCAST_F32,
   .kernel = 29, .n_in = 3, .n_out = 3, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 6, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 6, .out_ids = 0, .save = 3, .save_out = 6,
   .positions = {0}, .need = {1539, 1539, 1539, 1539},
   .in_names = layernorm_names, .patterns = layernorm_patterns, .shape = shape_from_patterns, .rule = layernorm_rule, .flops = NULL, .twice = true},
  {.name = "layernorm_grad",
   .signature = "layernorm_grad(dy: [..., C], x: [..., C], w: [C]?, mean: wide [...], rstd: wide [...], full: bool) -> dx: [..., C], dw: [C], db: [C]",
   .flags = OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 30, .n_in = 5, .n_out = 3, .n_numbers = 0, .n_integers = 1,
   .wide = 24, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 4, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = layernorm_grad_names, .patterns = layernorm_grad_patterns, .shape = shape_from_patterns, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "batchnorm_stats",
   .signature = "batchnorm_stats(x: [N, C, ...]) -> mean: wide [C], var: wide [C]",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 31, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 3, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = batchnorm_stats_names, .patterns = batchnorm_stats_patterns, .shape = batchnorm_stats_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "batchnorm",
   .signature = "batchnorm(x, mean: wide [C], var: wide [C], w: wide [C]?, b: wide [C]?, eps: number, training: bool) -> y",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 32, .n_in = 5, .n_out = 1, .n_numbers = 1, .n_integers = 1,
   .wide = 30, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 24, .out_ids = 0, .save = 15, .save_out = 0,
   .positions = {0}, .need = {15, 15, 15, 15},
   .in_names = batchnorm_names, .patterns = batchnorm_patterns, .shape = batchnorm_shape, .rule = batchnorm_rule, .flops = NULL, .twice = true},
  {.name = "batchnorm_grad",
   .signature = "batchnorm_grad(dy, x, mean: wide [C], var: wide [C], w: wide [C]?, eps: number, training: bool) -> dx, dw: wide [C], db: wide [C]",
   .flags = OP_IMAGES | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 33, .n_in = 5, .n_out = 3, .n_numbers = 1, .n_integers = 1,
   .wide = 28, .out_wide = 6, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 16, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = batchnorm_grad_names, .patterns = batchnorm_grad_patterns, .shape = batchnorm_grad_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "conv2d",
   .signature = "conv2d(x: [N, C, H, W], w: [O, D, K, L], b: [O]?, stride: ints, padding: ints, dilation: ints, groups: int = 1) -> y: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT | OP_AUTOCAST_LOW,
   .kernel = 34, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 28,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 4, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {2, 1, 0, 3},
   .in_names = conv2d_names, .patterns = conv2d_patterns, .shape = conv2d_shape, .rule = conv2d_rule, .flops = conv2d_flops, .twice = true},
  {.name = "conv2d_dx",
   .signature = "conv2d_dx(dy: [N, O, P, Q], w: [O, D, K, L], size: ints, stride: ints, padding: ints, dilation: ints, groups: int) -> dx: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 35, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 37,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {3, 3, 3, 3},
   .in_names = conv2d_dx_names, .patterns = conv2d_dx_patterns, .shape = conv2d_dx_shape, .rule = conv2d_dx_rule, .flops = conv2d_dx_flops, .twice = true},
  {.name = "conv2d_dw",
   .signature = "conv2d_dw(dy: [N, O, P, Q], x: [N, C, H, W], size: ints, stride: ints, padding: ints, dilation: ints, groups: int) -> dw: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 36, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 37,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 3, .save_out = 0,
   .positions = {0}, .need = {3, 3, 3, 3},
   .in_names = conv2d_dw_names, .patterns = conv2d_dw_patterns, .shape = conv2d_dw_shape, .rule = conv2d_dw_rule, .flops = conv2d_dw_flops, .twice = true},
  {.name = "maxpool2d",
   .signature = "maxpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints) -> y: ?, i: ids ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 37, .n_in = 1, .n_out = 2, .n_numbers = 0, .n_integers = 27,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 2, .save = 0, .save_out = 2,
   .positions = {0}, .need = {512, 512, 512, 512},
   .in_names = maxpool2d_names, .patterns = maxpool2d_patterns, .shape = pool2d_shape, .rule = maxpool2d_rule, .flops = NULL, .twice = false},
  {.name = "maxpool2d_grad",
   .signature = "maxpool2d_grad(dy: [N, C, P, Q], i: ids [N, C, P, Q], size: ints, kernel: ints, stride: ints, padding: ints) -> dx: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 38, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 36,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = maxpool2d_grad_names, .patterns = maxpool2d_grad_patterns, .shape = pool2d_grad_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "avgpool2d",
   .signature = "avgpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints, include_pad: bool) -> y: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT,
   .kernel = 39, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 28,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = avgpool2d_names, .patterns = avgpool2d_patterns, .shape = pool2d_shape, .rule = avgpool2d_rule, .flops = NULL, .twice = false},
  {.name = "avgpool2d_grad",
   .signature = "avgpool2d_grad(dy: [N, C, P, Q], size: ints, kernel: ints, stride: ints, padding: ints, include_pad: bool) -> dx: ?",
   .flags = OP_IMAGES | OP_ONLY_FLOAT | OP_GRADIENT,
   .kernel = 40, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 37,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = avgpool2d_grad_names, .patterns = avgpool2d_grad_patterns, .shape = pool2d_grad_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "embedding",
   .signature = "embedding(ids: ids, w: [V, C]) -> y: ?",
   .flags = 0,
   .kernel = 41, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 1, .mask = 0, .optional = 0, .out_ids = 0, .save = 1, .save_out = 0,
   .positions = {0}, .need = {1, 1, 1, 1},
   .in_names = embedding_names, .patterns = embedding_patterns, .shape = embedding_shape, .rule = embedding_rule, .flops = NULL, .twice = true},
  {.name = "embedding_grad",
   .signature = "embedding_grad(dy, ids: ids, rows: int) -> dw: ?",
   .flags = 0,
   .kernel = 42, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {0}, .need = {2, 2, 2, 2},
   .in_names = embedding_grad_names, .patterns = embedding_grad_patterns, .shape = embedding_grad_shape, .rule = embedding_grad_rule, .flops = NULL, .twice = true},
  {.name = "index_select",
   .signature = "index_select(x, d: dim, ids: ids [N]) -> y: ?",
   .flags = 0,
   .kernel = 43, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {1, 0, 0}, .need = {2, 2, 2, 2},
   .in_names = index_select_names, .patterns = index_select_patterns, .shape = index_select_shape, .rule = index_select_rule, .flops = NULL, .twice = true},
  {.name = "index_add",
   .signature = "index_add(x, d: dim, ids: ids [N], v) -> y",
   .flags = 0,
   .kernel = 44, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {1, 0, 0}, .need = {2, 2, 2, 2},
   .in_names = index_add_names, .patterns = index_add_patterns, .shape = index_add_shape, .rule = index_add_rule, .flops = NULL, .twice = true},
  {.name = "gather",
   .signature = "gather(x, d: dim, ids: ids) -> y: ?",
   .flags = 0,
   .kernel = 45, .n_in = 2, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {1, 0, 0}, .need = {2, 2, 2, 2},
   .in_names = gather_names, .patterns = gather_patterns, .shape = gather_shape, .rule = gather_rule, .flops = NULL, .twice = true},
  {.name = "scatter",
   .signature = "scatter(x, d: dim, ids: ids, v) -> y",
   .flags = 0,
   .kernel = 46, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {1, 0, 0}, .need = {2, 2, 2, 2},
   .in_names = scatter_names, .patterns = scatter_patterns, .shape = scatter_shape, .rule = scatter_rule, .flops = NULL, .twice = true},
  {.name = "scatter_add",
   .signature = "scatter_add(x, d: dim, ids: ids, v) -> y",
   .flags = 0,
   .kernel = 47, .n_in = 3, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 2, .mask = 0, .optional = 0, .out_ids = 0, .save = 2, .save_out = 0,
   .positions = {1, 0, 0}, .need = {2, 2, 2, 2},
   .in_names = scatter_add_names, .patterns = scatter_add_patterns, .shape = scatter_shape, .rule = scatter_add_rule, .flops = NULL, .twice = true},
  {.name = "cat",
   .signature = "cat(xs: list, d: dim = 1) -> y: ?",
   .flags = OP_STRIDED | OP_PROMOTE | OP_LIST,
   .kernel = 48, .n_in = 0, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = cat_names, .patterns = cat_patterns, .shape = cat_shape, .rule = cat_rule, .flops = NULL, .twice = true},
  {.name = "tril",
   .signature = "tril(x, k: int = 0) -> y",
   .flags = 0,
   .kernel = 49, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = tril_names, .patterns = tril_patterns, .shape = same_shape, .rule = tril_rule, .flops = NULL, .twice = true},
  {.name = "triu",
   .signature = "triu(x, k: int = 0) -> y",
   .flags = 0,
   .kernel = 50, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = triu_names, .patterns = triu_patterns, .shape = same_shape, .rule = triu_rule, .flops = NULL, .twice = true},
  {.name = "nonzero",
   .signature = "nonzero(x) -> i: ids ?",
   .flags = 0,
   .kernel = 51, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 1, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = nonzero_names, .patterns = nonzero_patterns, .shape = nonzero_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "one_hot",
   .signature = "one_hot(ids: ids, n: int) -> y: ids ?",
   .flags = 0,
   .kernel = 52, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 1, .mask = 0, .optional = 0, .out_ids = 1, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = one_hot_names, .patterns = one_hot_patterns, .shape = one_hot_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "uniform_",
   .signature = "uniform_(x, lo = 0, hi = 1) -> x",
   .flags = OP_RANDOM | OP_ONLY_FLOAT | OP_MUTATES,
   .kernel = 53, .n_in = 1, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = uniform__names, .patterns = uniform__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "normal_",
   .signature = "normal_(x, mean = 0, std = 1) -> x",
   .flags = OP_RANDOM | OP_ONLY_FLOAT | OP_MUTATES,
   .kernel = 54, .n_in = 1, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = normal__names, .patterns = normal__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "bernoulli_",
   .signature = "bernoulli_(x, p = 0.5) -> x",
   .flags = OP_RANDOM | OP_MUTATES,
   .kernel = 55, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = bernoulli__names, .patterns = bernoulli__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "randint_",
   .signature = "randint_(x, lo: number, hi: number) -> x",
   .flags = OP_RANDOM | OP_MUTATES,
   .kernel = 56, .n_in = 1, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = randint__names, .patterns = randint__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "randperm_",
   .signature = "randperm_(x: [N]) -> x",
   .flags = OP_RANDOM | OP_MUTATES,
   .kernel = 57, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = randperm__names, .patterns = randperm__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "dropout",
   .signature = "dropout(x, p = 0.5) -> y",
   .flags = OP_RANDOM | OP_ONLY_FLOAT,
   .kernel = 58, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = dropout_names, .patterns = dropout_patterns, .shape = dropout_shape, .rule = dropout_rule, .flops = NULL, .twice = true},
  {.name = "dropout_again",
   .signature = "dropout_again(x, p: number, seed: int, turn: int) -> y",
   .flags = OP_ONLY_FLOAT | OP_DRAWS_AGAIN,
   .kernel = 59, .n_in = 1, .n_out = 1, .n_numbers = 1, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = dropout_again_names, .patterns = dropout_again_patterns, .shape = same_shape, .rule = dropout_again_rule, .flops = NULL, .twice = true},
  {.name = "multinomial",
   .signature = "multinomial(p: [..., K], n: int = 1, replacement = true) -> i: ids ?",
   .flags = OP_RANDOM | OP_ONLY_FLOAT,
   .kernel = 60, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 1, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = multinomial_names, .patterns = multinomial_patterns, .shape = multinomial_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "arange_",
   .signature = "arange_(x, start: number, step: number) -> x",
   .flags = OP_MUTATES,
   .kernel = 61, .n_in = 1, .n_out = 1, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = arange__names, .patterns = arange__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "sgd_",
   .signature = "sgd_(p: params, master: list, buf: list, row: tensor?, skip: tensor?, lr: number, momentum: number, dampening: number, weight_decay: number, stochastic: bool, nesterov: bool, maximize: bool, first: bool) -> none",
   .flags = OP_LIST | OP_PARAMS | OP_RANDOM | OP_ONLY_FLOAT,
   .kernel = 62, .n_in = 2, .n_out = 0, .n_numbers = 4, .n_integers = 4,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 24, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = sgd__names, .patterns = sgd__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "adam_",
   .signature = "adam_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none",
   .flags = OP_LIST | OP_PARAMS | OP_RANDOM | OP_ONLY_FLOAT,
   .kernel = 63, .n_in = 2, .n_out = 0, .n_numbers = 6, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 48, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = adam__names, .patterns = adam__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "adamw_",
   .signature = "adamw_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none",
   .flags = OP_LIST | OP_PARAMS | OP_RANDOM | OP_ONLY_FLOAT,
   .kernel = 64, .n_in = 2, .n_out = 0, .n_numbers = 6, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 48, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = adamw__names, .patterns = adamw__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "grad_norm",
   .signature = "grad_norm(p: params, kind: number) -> y: ?",
   .flags = OP_LIST | OP_PARAMS | OP_ONLY_FLOAT,
   .kernel = 65, .n_in = 0, .n_out = 1, .n_numbers = 1, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = grad_norm_names, .patterns = grad_norm_patterns, .shape = scalar_shape, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "grad_scale_",
   .signature = "grad_scale_(p: params, row: tensor?, skip: tensor?, factor: number, clamp: number) -> none",
   .flags = OP_LIST | OP_PARAMS | OP_ONLY_FLOAT,
   .kernel = 66, .n_in = 2, .n_out = 0, .n_numbers = 2, .n_integers = 0,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 6, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = grad_scale__names, .patterns = grad_scale__patterns, .shape = NULL, .rule = NULL, .flops = NULL, .twice = false},
  {.name = "view",
   .signature = "view(x, size: ints) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 9,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = view_names, .patterns = view_patterns, .shape = view_view, .rule = view_rule, .flops = NULL, .twice = true},
  {.name = "transpose",
   .signature = "transpose(x, a: dim, b: dim) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 1, 1, 0}, .need = {0, 0, 0, 0},
   .in_names = transpose_names, .patterns = transpose_patterns, .shape = transpose_view, .rule = transpose_rule, .flops = NULL, .twice = true},
  {.name = "permute",
   .signature = "permute(x, dims: dims) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 9,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = permute_names, .patterns = permute_patterns, .shape = permute_view, .rule = permute_rule, .flops = NULL, .twice = true},
  {.name = "expand",
   .signature = "expand(x, size: ints) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 9,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = expand_names, .patterns = expand_patterns, .shape = expand_view, .rule = expand_rule, .flops = NULL, .twice = true},
  {.name = "narrow",
   .signature = "narrow(x, d: dim, start: int, n: int) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 3,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = narrow_names, .patterns = narrow_patterns, .shape = narrow_view, .rule = slice_rule, .flops = NULL, .twice = true},
  {.name = "slice",
   .signature = "slice(x, d: dim, first: int, last: int, step: int = 1) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 4,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = slice_names, .patterns = slice_patterns, .shape = slice_view, .rule = slice_rule, .flops = NULL, .twice = true},
  {.name = "select",
   .signature = "select(x, d: dim, i: int) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 2,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = select_names, .patterns = select_patterns, .shape = select_view, .rule = slice_rule, .flops = NULL, .twice = true},
  {.name = "unsqueeze",
   .signature = "unsqueeze(x, d: dim+) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {2, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = unsqueeze_names, .patterns = unsqueeze_patterns, .shape = unsqueeze_view, .rule = view_rule, .flops = NULL, .twice = true},
  {.name = "squeeze",
   .signature = "squeeze(x, dims: dims) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 9,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {3, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = squeeze_names, .patterns = squeeze_patterns, .shape = squeeze_view, .rule = view_rule, .flops = NULL, .twice = true},
  {.name = "diagonal",
   .signature = "diagonal(x, k: int = 0) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 1,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {0}, .need = {0, 0, 0, 0},
   .in_names = diagonal_names, .patterns = diagonal_patterns, .shape = diagonal_view, .rule = slice_rule, .flops = NULL, .twice = true},
  {.name = "unfold",
   .signature = "unfold(x, d: dim, size: int, step: int) -> y",
   .flags = OP_VIEW,
   .kernel = -1, .n_in = 1, .n_out = 1, .n_numbers = 0, .n_integers = 3,
   .wide = 0, .out_wide = 0, .narrow = 0,
   .ids = 0, .mask = 0, .optional = 0, .out_ids = 0, .save = 0, .save_out = 0,
   .positions = {1, 0, 0}, .need = {0, 0, 0, 0},
   .in_names = unfold_names, .patterns = unfold_patterns, .shape = unfold_view, .rule = slice_rule, .flops = NULL, .twice = true},
};

int tnt_add(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], a, "add", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "add", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_add_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], a, "add", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_add_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], a, "add", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "add", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_add_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], a, "add", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_add(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_ADD);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_add_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_ADD);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_sub(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SUB);
  RESOLVE_ARGUMENT(c, q.in[0], a, "sub", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "sub", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_sub_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SUB);
  RESOLVE_ARGUMENT(c, q.in[0], a, "sub", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_sub_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SUB);
  RESOLVE_ARGUMENT(c, q.in[0], a, "sub", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "sub", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_sub_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SUB);
  RESOLVE_ARGUMENT(c, q.in[0], a, "sub", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_sub(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_SUB);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_sub_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_SUB);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_mul(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MUL);
  RESOLVE_ARGUMENT(c, q.in[0], a, "mul", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "mul", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_mul_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MUL);
  RESOLVE_ARGUMENT(c, q.in[0], a, "mul", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_mul_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MUL);
  RESOLVE_ARGUMENT(c, q.in[0], a, "mul", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "mul", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_mul_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MUL);
  RESOLVE_ARGUMENT(c, q.in[0], a, "mul", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_mul(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MUL);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_mul_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_MUL);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_div(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DIV);
  RESOLVE_ARGUMENT(c, q.in[0], a, "div", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "div", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_div_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DIV);
  RESOLVE_ARGUMENT(c, q.in[0], a, "div", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_div_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DIV);
  RESOLVE_ARGUMENT(c, q.in[0], a, "div", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "div", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_div_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DIV);
  RESOLVE_ARGUMENT(c, q.in[0], a, "div", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_div(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_DIV);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_div_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_DIV);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int op_div_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_DIV_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_pow(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_POW);
  RESOLVE_ARGUMENT(c, q.in[0], a, "pow", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "pow", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_pow_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_POW);
  RESOLVE_ARGUMENT(c, q.in[0], a, "pow", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_pow_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_POW);
  RESOLVE_ARGUMENT(c, q.in[0], a, "pow", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "pow", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_pow_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_POW);
  RESOLVE_ARGUMENT(c, q.in[0], a, "pow", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_pow(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_POW);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_pow_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_POW);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int op_pow_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_POW_DA);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int op_pow_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_POW_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_maximum(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM);
  RESOLVE_ARGUMENT(c, q.in[0], a, "maximum", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "maximum", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_maximum_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM);
  RESOLVE_ARGUMENT(c, q.in[0], a, "maximum", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_maximum(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_maximum_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int op_maximum_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM_DA);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int op_maximum_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MAXIMUM_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_minimum(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MINIMUM);
  RESOLVE_ARGUMENT(c, q.in[0], a, "minimum", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "minimum", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_minimum_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MINIMUM);
  RESOLVE_ARGUMENT(c, q.in[0], a, "minimum", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_minimum(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MINIMUM);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_minimum_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_MINIMUM);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int op_minimum_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MINIMUM_DA);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int op_minimum_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MINIMUM_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_remainder(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  RESOLVE_ARGUMENT(c, q.in[0], a, "remainder", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "remainder", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_remainder_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  RESOLVE_ARGUMENT(c, q.in[0], a, "remainder", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_remainder_(const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  RESOLVE_ARGUMENT(c, q.in[0], a, "remainder", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "remainder", "b");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int tnt_remainder_number_(const tnt_tensor *a, double b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  RESOLVE_ARGUMENT(c, q.in[0], a, "remainder", "a");
  CALL_NUMBER(&q, 1, b);
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_remainder(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_remainder_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_REMAINDER);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int op_remainder_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_REMAINDER_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_floor_divide(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FLOOR_DIVIDE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "floor_divide", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "floor_divide", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_floor_divide_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FLOOR_DIVIDE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "floor_divide", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_floor_divide(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_FLOOR_DIVIDE);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_floor_divide_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_FLOOR_DIVIDE);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_atan2(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ATAN2);
  RESOLVE_ARGUMENT(c, q.in[0], a, "atan2", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "atan2", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_atan2(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_ATAN2);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_atan2_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_ATAN2_DA);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int op_atan2_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_ATAN2_DB);
  q.in[0] = dy;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_neg(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NEG);
  RESOLVE_ARGUMENT(c, q.in[0], x, "neg", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_neg_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NEG);
  RESOLVE_ARGUMENT(c, q.in[0], x, "neg", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_neg(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_NEG);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_abs(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ABS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "abs", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_abs_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ABS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "abs", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_abs(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ABS);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_abs_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ABS_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_sign(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SIGN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sign", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_sign(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SIGN);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_sign_dx(context *c, tensor **dx, tensor *dy) {
  call q;
  call_begin(&q, c, OP_ID_SIGN_DX);
  q.in[0] = dy;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_square(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SQUARE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "square", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_square_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SQUARE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "square", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_square(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SQUARE);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_square_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SQUARE_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_sqrt(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SQRT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sqrt", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_sqrt_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SQRT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sqrt", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_sqrt(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SQRT);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_sqrt_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_SQRT_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_rsqrt(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RSQRT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "rsqrt", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_rsqrt_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RSQRT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "rsqrt", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_rsqrt(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_RSQRT);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_rsqrt_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_RSQRT_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_reciprocal(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RECIPROCAL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "reciprocal", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_reciprocal_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RECIPROCAL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "reciprocal", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_reciprocal(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_RECIPROCAL);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_reciprocal_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_RECIPROCAL_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_exp(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EXP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "exp", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_exp_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EXP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "exp", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_exp(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_EXP);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_expm1(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EXPM1);
  RESOLVE_ARGUMENT(c, q.in[0], x, "expm1", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_expm1(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_EXPM1);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_expm1_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_EXPM1_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_log(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG);
  RESOLVE_ARGUMENT(c, q.in[0], x, "log", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_log_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG);
  RESOLVE_ARGUMENT(c, q.in[0], x, "log", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_log(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOG);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_log1p(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG1P);
  RESOLVE_ARGUMENT(c, q.in[0], x, "log1p", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_log1p(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOG1P);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_log1p_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOG1P_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_log2(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG2);
  RESOLVE_ARGUMENT(c, q.in[0], x, "log2", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_log2(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOG2);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_log2_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOG2_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_sin(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SIN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sin", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_sin(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SIN);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_sin_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SIN_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_cos(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_COS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "cos", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_cos(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_COS);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_cos_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_COS_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_tanh(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TANH);
  RESOLVE_ARGUMENT(c, q.in[0], x, "tanh", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_tanh_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TANH);
  RESOLVE_ARGUMENT(c, q.in[0], x, "tanh", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_tanh(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_TANH);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_tanh_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_TANH_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_erf(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ERF);
  RESOLVE_ARGUMENT(c, q.in[0], x, "erf", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_erf(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ERF);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_erf_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ERF_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_floor(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FLOOR);
  RESOLVE_ARGUMENT(c, q.in[0], x, "floor", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_floor_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FLOOR);
  RESOLVE_ARGUMENT(c, q.in[0], x, "floor", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_floor(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_FLOOR);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_floor_dx(context *c, tensor **dx, tensor *dy) {
  call q;
  call_begin(&q, c, OP_ID_FLOOR_DX);
  q.in[0] = dy;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_ceil(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CEIL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "ceil", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_ceil(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_CEIL);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_ceil_dx(context *c, tensor **dx, tensor *dy) {
  call q;
  call_begin(&q, c, OP_ID_CEIL_DX);
  q.in[0] = dy;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_round(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ROUND);
  RESOLVE_ARGUMENT(c, q.in[0], x, "round", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_round(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ROUND);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_round_dx(context *c, tensor **dx, tensor *dy) {
  call q;
  call_begin(&q, c, OP_ID_ROUND_DX);
  q.in[0] = dy;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_trunc(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TRUNC);
  RESOLVE_ARGUMENT(c, q.in[0], x, "trunc", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_trunc(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_TRUNC);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_trunc_dx(context *c, tensor **dx, tensor *dy) {
  call q;
  call_begin(&q, c, OP_ID_TRUNC_DX);
  q.in[0] = dy;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_clamp(tnt_tensor *y, const tnt_tensor *x, double lo, double hi) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CLAMP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "clamp", "x");
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_clamp_(const tnt_tensor *x, double lo, double hi) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CLAMP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "clamp", "x");
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_clamp(context *c, tensor **y, tensor *x, double lo, double hi) {
  call q;
  call_begin(&q, c, OP_ID_CLAMP);
  q.in[0] = x;
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_clamp_dx(context *c, tensor **dx, tensor *dy, tensor *x, double lo, double hi) {
  call q;
  call_begin(&q, c, OP_ID_CLAMP_DX);
  q.in[0] = dy;
  q.in[1] = x;
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_sigmoid(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SIGMOID);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sigmoid", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_sigmoid_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SIGMOID);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sigmoid", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_sigmoid(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SIGMOID);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_sigmoid_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_SIGMOID_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_relu(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "relu", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_relu_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "relu", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_relu(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_RELU);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_relu_dx(context *c, tensor **dx, tensor *dy, tensor *y) {
  call q;
  call_begin(&q, c, OP_ID_RELU_DX);
  q.in[0] = dy;
  q.in[1] = y;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_leaky_relu(tnt_tensor *y, const tnt_tensor *x, double slope) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LEAKY_RELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "leaky_relu", "x");
  q.numbers[0] = slope;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_leaky_relu(context *c, tensor **y, tensor *x, double slope) {
  call q;
  call_begin(&q, c, OP_ID_LEAKY_RELU);
  q.in[0] = x;
  q.numbers[0] = slope;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_leaky_relu_dx(context *c, tensor **dx, tensor *dy, tensor *x, double slope) {
  call q;
  call_begin(&q, c, OP_ID_LEAKY_RELU_DX);
  q.in[0] = dy;
  q.in[1] = x;
  q.numbers[0] = slope;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_elu(tnt_tensor *y, const tnt_tensor *x, double alpha) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "elu", "x");
  q.numbers[0] = alpha;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_elu(context *c, tensor **y, tensor *x, double alpha) {
  call q;
  call_begin(&q, c, OP_ID_ELU);
  q.in[0] = x;
  q.numbers[0] = alpha;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_elu_dx(context *c, tensor **dx, tensor *dy, tensor *x, double alpha) {
  call q;
  call_begin(&q, c, OP_ID_ELU_DX);
  q.in[0] = dy;
  q.in[1] = x;
  q.numbers[0] = alpha;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_silu(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SILU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "silu", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_silu(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SILU);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_silu_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SILU_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_softplus(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SOFTPLUS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "softplus", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_softplus(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SOFTPLUS);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_softplus_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_SOFTPLUS_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_gelu(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "gelu", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_gelu(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_GELU);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_gelu_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_GELU_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_gelu_tanh(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GELU_TANH);
  RESOLVE_ARGUMENT(c, q.in[0], x, "gelu_tanh", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_gelu_tanh(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_GELU_TANH);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_gelu_tanh_dx(context *c, tensor **dx, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_GELU_TANH_DX);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_eq(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EQ);
  RESOLVE_ARGUMENT(c, q.in[0], a, "eq", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "eq", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_eq_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EQ);
  RESOLVE_ARGUMENT(c, q.in[0], a, "eq", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_eq(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_EQ);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_eq_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_EQ);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_ne(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "ne", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "ne", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_ne_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "ne", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_ne(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_NE);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_ne_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_NE);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_lt(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LT);
  RESOLVE_ARGUMENT(c, q.in[0], a, "lt", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "lt", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_lt_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LT);
  RESOLVE_ARGUMENT(c, q.in[0], a, "lt", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_lt(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LT);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_lt_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_LT);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_le(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "le", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "le", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_le_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "le", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_le(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LE);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_le_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_LE);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_gt(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GT);
  RESOLVE_ARGUMENT(c, q.in[0], a, "gt", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "gt", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_gt_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GT);
  RESOLVE_ARGUMENT(c, q.in[0], a, "gt", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_gt(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_GT);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_gt_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_GT);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_ge(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "ge", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "ge", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_ge_number(tnt_tensor *y, const tnt_tensor *a, double b, int reversed) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GE);
  RESOLVE_ARGUMENT(c, q.in[0], a, "ge", "a");
  if (reversed) q.in[1] = q.in[0], q.in[0] = NULL;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_ge(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_GE);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_ge_number(context *c, tensor **y, tensor *a, double b, int reversed) {
  call q;
  call_begin(&q, c, OP_ID_GE);
  q.in[reversed ? 1 : 0] = a;
  CALL_NUMBER(&q, reversed ? 0 : 1, b);
  TRY(dispatch(&q));
  *y = q.out[0];
  return 0;
}

int tnt_logical_and(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_AND);
  RESOLVE_ARGUMENT(c, q.in[0], a, "logical_and", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "logical_and", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_logical_and(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_AND);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_logical_or(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_OR);
  RESOLVE_ARGUMENT(c, q.in[0], a, "logical_or", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "logical_or", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_logical_or(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_OR);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_logical_xor(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_XOR);
  RESOLVE_ARGUMENT(c, q.in[0], a, "logical_xor", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "logical_xor", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_logical_xor(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_XOR);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_logical_not(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_NOT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "logical_not", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_logical_not(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LOGICAL_NOT);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_isnan(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ISNAN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "isnan", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_isnan(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ISNAN);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_isinf(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ISINF);
  RESOLVE_ARGUMENT(c, q.in[0], x, "isinf", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_isinf(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ISINF);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_isfinite(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ISFINITE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "isfinite", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_isfinite(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_ISFINITE);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_where(tnt_tensor *y, const tnt_tensor *m, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_WHERE);
  RESOLVE_ARGUMENT(c, q.in[0], m, "where", "m");
  RESOLVE_ARGUMENT(c, q.in[1], a, "where", "a");
  RESOLVE_ARGUMENT(c, q.in[2], b, "where", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_where(context *c, tensor **y, tensor *m, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_WHERE);
  q.in[0] = m;
  q.in[1] = a;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_where_da(context *c, tensor **dx, tensor *dy, tensor *m) {
  call q;
  call_begin(&q, c, OP_ID_WHERE_DA);
  q.in[0] = dy;
  q.in[1] = m;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int op_where_db(context *c, tensor **dx, tensor *dy, tensor *m) {
  call q;
  call_begin(&q, c, OP_ID_WHERE_DB);
  q.in[0] = dy;
  q.in[1] = m;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_masked_fill(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *m, double value) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MASKED_FILL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "masked_fill", "x");
  RESOLVE_ARGUMENT(c, q.in[1], m, "masked_fill", "m");
  q.numbers[0] = value;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_masked_fill_(const tnt_tensor *x, const tnt_tensor *m, double value) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MASKED_FILL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "masked_fill", "x");
  RESOLVE_ARGUMENT(c, q.in[1], m, "masked_fill", "m");
  q.numbers[0] = value;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_masked_fill(context *c, tensor **y, tensor *x, tensor *m, double value) {
  call q;
  call_begin(&q, c, OP_ID_MASKED_FILL);
  q.in[0] = x;
  q.in[1] = m;
  q.numbers[0] = value;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_masked_fill_dx(context *c, tensor **dx, tensor *dy, tensor *m, double value) {
  call q;
  call_begin(&q, c, OP_ID_MASKED_FILL_DX);
  q.in[0] = dy;
  q.in[1] = m;
  q.numbers[0] = value;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_fill(tnt_tensor *y, const tnt_tensor *x, double value) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FILL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "fill", "x");
  q.numbers[0] = value;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_fill_(const tnt_tensor *x, double value) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FILL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "fill", "x");
  q.numbers[0] = value;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_fill(context *c, tensor **y, tensor *x, double value) {
  call q;
  call_begin(&q, c, OP_ID_FILL);
  q.in[0] = x;
  q.numbers[0] = value;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int op_fill_dx(context *c, tensor **dx, tensor *dy, double value) {
  call q;
  call_begin(&q, c, OP_ID_FILL_DX);
  q.in[0] = dy;
  q.numbers[0] = value;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_copy(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_COPY);
  RESOLVE_ARGUMENT(c, q.in[0], x, "copy", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_copy(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_COPY);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_contiguous(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CONTIGUOUS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "contiguous", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_contiguous(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_CONTIGUOUS);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_channels_last(tnt_tensor *y, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CHANNELS_LAST);
  RESOLVE_ARGUMENT(c, q.in[0], x, "channels_last", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_channels_last(context *c, tensor **y, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_CHANNELS_LAST);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_cast(tnt_tensor *y, const tnt_tensor *x, int64_t dtype) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CAST);
  RESOLVE_ARGUMENT(c, q.in[0], x, "cast", "x");
  q.integers[0] = dtype;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_cast(context *c, tensor **y, tensor *x, int64_t dtype) {
  call q;
  call_begin(&q, c, OP_ID_CAST);
  q.in[0] = x;
  q.integers[0] = dtype;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_assign(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *v) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ASSIGN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "assign", "x");
  RESOLVE_ARGUMENT(c, q.in[1], v, "assign", "v");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_assign_(const tnt_tensor *x, const tnt_tensor *v) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ASSIGN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "assign", "x");
  RESOLVE_ARGUMENT(c, q.in[1], v, "assign", "v");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_assign(context *c, tensor **y, tensor *x, tensor *v) {
  call q;
  call_begin(&q, c, OP_ID_ASSIGN);
  q.in[0] = x;
  q.in[1] = v;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_sum(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SUM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sum", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_sum(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_SUM);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_mean(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MEAN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "mean", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_mean(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_MEAN);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_amax(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_AMAX);
  RESOLVE_ARGUMENT(c, q.in[0], x, "amax", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_amax(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_AMAX);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_amin(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_AMIN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "amin", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_amin(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_AMIN);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_prod(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_PROD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "prod", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_prod(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_PROD);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_var(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims, double correction, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_VAR);
  RESOLVE_ARGUMENT(c, q.in[0], x, "var", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.numbers[0] = correction;
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_var(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, double correction, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_VAR);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.numbers[0] = correction;
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_max_dim(tnt_tensor *y, tnt_tensor *i, const tnt_tensor *x, int64_t d, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MAX_DIM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "max_dim", "x");
  q.integers[0] = d;
  q.integers[1] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, i, q.out[1]) | call_done(c);
}

int op_max_dim(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_MAX_DIM);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, i, q.out[1]);
  return 0;
}

int tnt_min_dim(tnt_tensor *y, tnt_tensor *i, const tnt_tensor *x, int64_t d, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MIN_DIM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "min_dim", "x");
  q.integers[0] = d;
  q.integers[1] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, i, q.out[1]) | call_done(c);
}

int op_min_dim(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_MIN_DIM);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, i, q.out[1]);
  return 0;
}

int tnt_argmax(tnt_tensor *i, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ARGMAX);
  RESOLVE_ARGUMENT(c, q.in[0], x, "argmax", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, i, q.out[0]) | call_done(c);
}

int op_argmax(context *c, tensor **i, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_ARGMAX);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, i, q.out[0]);
  return 0;
}

int tnt_argmin(tnt_tensor *i, const tnt_tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ARGMIN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "argmin", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  return handle_give_if(c, i, q.out[0]) | call_done(c);
}

int op_argmin(context *c, tensor **i, tensor *x, const int64_t *dims, int n_dims, int keepdim) {
  call q;
  call_begin(&q, c, OP_ID_ARGMIN);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  q.integers[9] = keepdim;
  TRY(dispatch(&q));
  CALL_GIVE(c, i, q.out[0]);
  return 0;
}

int tnt_cumsum(tnt_tensor *y, const tnt_tensor *x, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CUMSUM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "cumsum", "x");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_cumsum(context *c, tensor **y, tensor *x, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_CUMSUM);
  q.in[0] = x;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_flip(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_FLIP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "flip", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_flip(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims) {
  call q;
  call_begin(&q, c, OP_ID_FLIP);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_sort(tnt_tensor *y, tnt_tensor *i, const tnt_tensor *x, int64_t d, int descending) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SORT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "sort", "x");
  q.integers[0] = d;
  q.integers[1] = descending;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, i, q.out[1]) | call_done(c);
}

int op_sort(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int descending) {
  call q;
  call_begin(&q, c, OP_ID_SORT);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = descending;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, i, q.out[1]);
  return 0;
}

int tnt_topk(tnt_tensor *y, tnt_tensor *i, const tnt_tensor *x, int64_t k, int64_t d, int largest) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TOPK);
  RESOLVE_ARGUMENT(c, q.in[0], x, "topk", "x");
  q.integers[0] = k;
  q.integers[1] = d;
  q.integers[2] = largest;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, i, q.out[1]) | call_done(c);
}

int op_topk(context *c, tensor **y, tensor **i, tensor *x, int64_t k, int64_t d, int largest) {
  call q;
  call_begin(&q, c, OP_ID_TOPK);
  q.in[0] = x;
  q.integers[0] = k;
  q.integers[1] = d;
  q.integers[2] = largest;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, i, q.out[1]);
  return 0;
}

int tnt_matmul(tnt_tensor *y, const tnt_tensor *a, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MATMUL);
  RESOLVE_ARGUMENT(c, q.in[0], a, "matmul", "a");
  RESOLVE_ARGUMENT(c, q.in[1], b, "matmul", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_matmul(context *c, tensor **y, tensor *a, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_MATMUL);
  q.in[0] = a;
  q.in[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_linear(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *w, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LINEAR);
  RESOLVE_ARGUMENT(c, q.in[0], x, "linear", "x");
  RESOLVE_ARGUMENT(c, q.in[1], w, "linear", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[2], b, "linear", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_linear(context *c, tensor **y, tensor *x, tensor *w, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LINEAR);
  q.in[0] = x;
  q.in[1] = w;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_linear_grad(tnt_tensor *dw, tnt_tensor *db, const tnt_tensor *dy, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LINEAR_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "linear_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], x, "linear_grad", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, dw, q.out[0]) | handle_give_if(c, db, q.out[1]) | call_done(c);
}

int op_linear_grad(context *c, tensor **dw, tensor **db, tensor *dy, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_LINEAR_GRAD);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, dw, q.out[0]);
  CALL_GIVE(c, db, q.out[1]);
  return 0;
}

int tnt_linear_gelu(tnt_tensor *y, tnt_tensor *pre, const tnt_tensor *x, const tnt_tensor *w, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LINEAR_GELU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "linear_gelu", "x");
  RESOLVE_ARGUMENT(c, q.in[1], w, "linear_gelu", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[2], b, "linear_gelu", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, pre, q.out[1]) | call_done(c);
}

int op_linear_gelu(context *c, tensor **y, tensor **pre, tensor *x, tensor *w, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_LINEAR_GELU);
  q.in[0] = x;
  q.in[1] = w;
  q.in[2] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, pre, q.out[1]);
  return 0;
}

int tnt_gelu_bias_grad(tnt_tensor *dpre, tnt_tensor *db, const tnt_tensor *dy, const tnt_tensor *pre, int full) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GELU_BIAS_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "gelu_bias_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], pre, "gelu_bias_grad", "pre");
  q.integers[0] = full;
  TRY(dispatch(&q));
  return handle_give_if(c, dpre, q.out[0]) | handle_give_if(c, db, q.out[1]) | call_done(c);
}

int op_gelu_bias_grad(context *c, tensor **dpre, tensor **db, tensor *dy, tensor *pre, int full) {
  call q;
  call_begin(&q, c, OP_ID_GELU_BIAS_GRAD);
  q.in[0] = dy;
  q.in[1] = pre;
  q.integers[0] = full;
  TRY(dispatch(&q));
  CALL_GIVE(c, dpre, q.out[0]);
  CALL_GIVE(c, db, q.out[1]);
  return 0;
}

int tnt_gelu_mlp(tnt_tensor *y, tnt_tensor *pre, tnt_tensor *act, const tnt_tensor *x, const tnt_tensor *v, const tnt_tensor *a, const tnt_tensor *w, const tnt_tensor *b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GELU_MLP);
  RESOLVE_ARGUMENT(c, q.in[0], x, "gelu_mlp", "x");
  RESOLVE_ARGUMENT(c, q.in[1], v, "gelu_mlp", "v");
  if (a) RESOLVE_ARGUMENT(c, q.in[2], a, "gelu_mlp", "a");
  RESOLVE_ARGUMENT(c, q.in[3], w, "gelu_mlp", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[4], b, "gelu_mlp", "b");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, pre, q.out[1]) | handle_give_if(c, act, q.out[2]) | call_done(c);
}

int op_gelu_mlp(context *c, tensor **y, tensor **pre, tensor **act, tensor *x, tensor *v, tensor *a, tensor *w, tensor *b) {
  call q;
  call_begin(&q, c, OP_ID_GELU_MLP);
  q.in[0] = x;
  q.in[1] = v;
  q.in[2] = a;
  q.in[3] = w;
  q.in[4] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, pre, q.out[1]);
  CALL_GIVE(c, act, q.out[2]);
  return 0;
}

int tnt_gelu_linear_grad(tnt_tensor *dpre, tnt_tensor *db, const tnt_tensor *dy, const tnt_tensor *w, const tnt_tensor *pre, int full) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GELU_LINEAR_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "gelu_linear_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], w, "gelu_linear_grad", "w");
  RESOLVE_ARGUMENT(c, q.in[2], pre, "gelu_linear_grad", "pre");
  q.integers[0] = full;
  TRY(dispatch(&q));
  return handle_give_if(c, dpre, q.out[0]) | handle_give_if(c, db, q.out[1]) | call_done(c);
}

int op_gelu_linear_grad(context *c, tensor **dpre, tensor **db, tensor *dy, tensor *w, tensor *pre, int full) {
  call q;
  call_begin(&q, c, OP_ID_GELU_LINEAR_GRAD);
  q.in[0] = dy;
  q.in[1] = w;
  q.in[2] = pre;
  q.integers[0] = full;
  TRY(dispatch(&q));
  CALL_GIVE(c, dpre, q.out[0]);
  CALL_GIVE(c, db, q.out[1]);
  return 0;
}

int tnt_attention(tnt_tensor *y, tnt_tensor *lse, const tnt_tensor *query, const tnt_tensor *key, const tnt_tensor *value, int causal, double scale, double p) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ATTENTION);
  RESOLVE_ARGUMENT(c, q.in[0], query, "attention", "query");
  RESOLVE_ARGUMENT(c, q.in[1], key, "attention", "key");
  RESOLVE_ARGUMENT(c, q.in[2], value, "attention", "value");
  q.integers[0] = causal;
  q.numbers[0] = scale;
  q.numbers[1] = p;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, lse, q.out[1]) | call_done(c);
}

int op_attention(context *c, tensor **y, tensor **lse, tensor *query, tensor *key, tensor *value, int causal, double scale, double p) {
  call q;
  call_begin(&q, c, OP_ID_ATTENTION);
  q.in[0] = query;
  q.in[1] = key;
  q.in[2] = value;
  q.integers[0] = causal;
  q.numbers[0] = scale;
  q.numbers[1] = p;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, lse, q.out[1]);
  return 0;
}

int tnt_attention_grad(tnt_tensor *dquery, tnt_tensor *dkey, tnt_tensor *dvalue, const tnt_tensor *dy, const tnt_tensor *query, const tnt_tensor *key, const tnt_tensor *value, const tnt_tensor *y, const tnt_tensor *lse, int causal, double scale, double p, int64_t seed, int64_t turn) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ATTENTION_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "attention_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], query, "attention_grad", "query");
  RESOLVE_ARGUMENT(c, q.in[2], key, "attention_grad", "key");
  RESOLVE_ARGUMENT(c, q.in[3], value, "attention_grad", "value");
  RESOLVE_ARGUMENT(c, q.in[4], y, "attention_grad", "y");
  RESOLVE_ARGUMENT(c, q.in[5], lse, "attention_grad", "lse");
  q.integers[0] = causal;
  q.numbers[0] = scale;
  q.numbers[1] = p;
  q.integers[1] = seed;
  q.integers[2] = turn;
  TRY(dispatch(&q));
  return handle_give_if(c, dquery, q.out[0]) | handle_give_if(c, dkey, q.out[1]) | handle_give_if(c, dvalue, q.out[2]) | call_done(c);
}

int op_attention_grad(context *c, tensor **dquery, tensor **dkey, tensor **dvalue, tensor *dy, tensor *query, tensor *key, tensor *value, tensor *y, tensor *lse, int causal, double scale, double p, int64_t seed, int64_t turn) {
  call q;
  call_begin(&q, c, OP_ID_ATTENTION_GRAD);
  q.in[0] = dy;
  q.in[1] = query;
  q.in[2] = key;
  q.in[3] = value;
  q.in[4] = y;
  q.in[5] = lse;
  q.integers[0] = causal;
  q.numbers[0] = scale;
  q.numbers[1] = p;
  q.integers[1] = seed;
  q.integers[2] = turn;
  TRY(dispatch(&q));
  CALL_GIVE(c, dquery, q.out[0]);
  CALL_GIVE(c, dkey, q.out[1]);
  CALL_GIVE(c, dvalue, q.out[2]);
  return 0;
}

int tnt_softmax(tnt_tensor *y, const tnt_tensor *x, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SOFTMAX);
  RESOLVE_ARGUMENT(c, q.in[0], x, "softmax", "x");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_softmax(context *c, tensor **y, tensor *x, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_SOFTMAX);
  q.in[0] = x;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_softmax_grad(tnt_tensor *dx, const tnt_tensor *dy, const tnt_tensor *y, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SOFTMAX_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "softmax_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], y, "softmax_grad", "y");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_softmax_grad(context *c, tensor **dx, tensor *dy, tensor *y, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_SOFTMAX_GRAD);
  q.in[0] = dy;
  q.in[1] = y;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_log_softmax(tnt_tensor *y, const tnt_tensor *x, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG_SOFTMAX);
  RESOLVE_ARGUMENT(c, q.in[0], x, "log_softmax", "x");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_log_softmax(context *c, tensor **y, tensor *x, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_LOG_SOFTMAX);
  q.in[0] = x;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_log_softmax_grad(tnt_tensor *dx, const tnt_tensor *dy, const tnt_tensor *y, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LOG_SOFTMAX_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "log_softmax_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], y, "log_softmax_grad", "y");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_log_softmax_grad(context *c, tensor **dx, tensor *dy, tensor *y, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_LOG_SOFTMAX_GRAD);
  q.in[0] = dy;
  q.in[1] = y;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_cross_entropy(tnt_tensor *loss, tnt_tensor *lse, const tnt_tensor *x, const tnt_tensor *t, const tnt_tensor *w, int64_t ignore_index, double smoothing, int64_t reduction) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CROSS_ENTROPY);
  RESOLVE_ARGUMENT(c, q.in[0], x, "cross_entropy", "x");
  RESOLVE_ARGUMENT(c, q.in[1], t, "cross_entropy", "t");
  if (w) RESOLVE_ARGUMENT(c, q.in[2], w, "cross_entropy", "w");
  q.integers[0] = ignore_index;
  q.numbers[0] = smoothing;
  q.integers[1] = reduction;
  TRY(dispatch(&q));
  return handle_give_if(c, loss, q.out[0]) | handle_give_if(c, lse, q.out[1]) | call_done(c);
}

int op_cross_entropy(context *c, tensor **loss, tensor **lse, tensor *x, tensor *t, tensor *w, int64_t ignore_index, double smoothing, int64_t reduction) {
  call q;
  call_begin(&q, c, OP_ID_CROSS_ENTROPY);
  q.in[0] = x;
  q.in[1] = t;
  q.in[2] = w;
  q.integers[0] = ignore_index;
  q.numbers[0] = smoothing;
  q.integers[1] = reduction;
  TRY(dispatch(&q));
  CALL_GIVE(c, loss, q.out[0]);
  CALL_GIVE(c, lse, q.out[1]);
  return 0;
}

int tnt_cross_entropy_grad(tnt_tensor *dx, const tnt_tensor *dy, const tnt_tensor *x, const tnt_tensor *t, const tnt_tensor *w, const tnt_tensor *lse, int64_t ignore_index, double smoothing, int64_t reduction) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CROSS_ENTROPY_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "cross_entropy_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], x, "cross_entropy_grad", "x");
  RESOLVE_ARGUMENT(c, q.in[2], t, "cross_entropy_grad", "t");
  if (w) RESOLVE_ARGUMENT(c, q.in[3], w, "cross_entropy_grad", "w");
  RESOLVE_ARGUMENT(c, q.in[4], lse, "cross_entropy_grad", "lse");
  q.integers[0] = ignore_index;
  q.numbers[0] = smoothing;
  q.integers[1] = reduction;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_cross_entropy_grad(context *c, tensor **dx, tensor *dy, tensor *x, tensor *t, tensor *w, tensor *lse, int64_t ignore_index, double smoothing, int64_t reduction) {
  call q;
  call_begin(&q, c, OP_ID_CROSS_ENTROPY_GRAD);
  q.in[0] = dy;
  q.in[1] = x;
  q.in[2] = t;
  q.in[3] = w;
  q.in[4] = lse;
  q.integers[0] = ignore_index;
  q.numbers[0] = smoothing;
  q.integers[1] = reduction;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_layernorm(tnt_tensor *y, tnt_tensor *mean, tnt_tensor *rstd, const tnt_tensor *x, const tnt_tensor *w, const tnt_tensor *b, double eps) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LAYERNORM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "layernorm", "x");
  if (w) RESOLVE_ARGUMENT(c, q.in[1], w, "layernorm", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[2], b, "layernorm", "b");
  q.numbers[0] = eps;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, mean, q.out[1]) | handle_give_if(c, rstd, q.out[2]) | call_done(c);
}

int op_layernorm(context *c, tensor **y, tensor **mean, tensor **rstd, tensor *x, tensor *w, tensor *b, double eps) {
  call q;
  call_begin(&q, c, OP_ID_LAYERNORM);
  q.in[0] = x;
  q.in[1] = w;
  q.in[2] = b;
  q.numbers[0] = eps;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, mean, q.out[1]);
  CALL_GIVE(c, rstd, q.out[2]);
  return 0;
}

int tnt_layernorm_grad(tnt_tensor *dx, tnt_tensor *dw, tnt_tensor *db, const tnt_tensor *dy, const tnt_tensor *x, const tnt_tensor *w, const tnt_tensor *mean, const tnt_tensor *rstd, int full) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_LAYERNORM_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "layernorm_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], x, "layernorm_grad", "x");
  if (w) RESOLVE_ARGUMENT(c, q.in[2], w, "layernorm_grad", "w");
  RESOLVE_ARGUMENT(c, q.in[3], mean, "layernorm_grad", "mean");
  RESOLVE_ARGUMENT(c, q.in[4], rstd, "layernorm_grad", "rstd");
  q.integers[0] = full;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | handle_give_if(c, dw, q.out[1]) | handle_give_if(c, db, q.out[2]) | call_done(c);
}

int op_layernorm_grad(context *c, tensor **dx, tensor **dw, tensor **db, tensor *dy, tensor *x, tensor *w, tensor *mean, tensor *rstd, int full) {
  call q;
  call_begin(&q, c, OP_ID_LAYERNORM_GRAD);
  q.in[0] = dy;
  q.in[1] = x;
  q.in[2] = w;
  q.in[3] = mean;
  q.in[4] = rstd;
  q.integers[0] = full;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  CALL_GIVE(c, dw, q.out[1]);
  CALL_GIVE(c, db, q.out[2]);
  return 0;
}

int tnt_batchnorm_stats(tnt_tensor *mean, tnt_tensor *var, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM_STATS);
  RESOLVE_ARGUMENT(c, q.in[0], x, "batchnorm_stats", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, mean, q.out[0]) | handle_give_if(c, var, q.out[1]) | call_done(c);
}

int op_batchnorm_stats(context *c, tensor **mean, tensor **var, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM_STATS);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, mean, q.out[0]);
  CALL_GIVE(c, var, q.out[1]);
  return 0;
}

int tnt_batchnorm(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *mean, const tnt_tensor *var, const tnt_tensor *w, const tnt_tensor *b, double eps, int training) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM);
  RESOLVE_ARGUMENT(c, q.in[0], x, "batchnorm", "x");
  RESOLVE_ARGUMENT(c, q.in[1], mean, "batchnorm", "mean");
  RESOLVE_ARGUMENT(c, q.in[2], var, "batchnorm", "var");
  if (w) RESOLVE_ARGUMENT(c, q.in[3], w, "batchnorm", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[4], b, "batchnorm", "b");
  q.numbers[0] = eps;
  q.integers[0] = training;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_batchnorm(context *c, tensor **y, tensor *x, tensor *mean, tensor *var, tensor *w, tensor *b, double eps, int training) {
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM);
  q.in[0] = x;
  q.in[1] = mean;
  q.in[2] = var;
  q.in[3] = w;
  q.in[4] = b;
  q.numbers[0] = eps;
  q.integers[0] = training;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_batchnorm_grad(tnt_tensor *dx, tnt_tensor *dw, tnt_tensor *db, const tnt_tensor *dy, const tnt_tensor *x, const tnt_tensor *mean, const tnt_tensor *var, const tnt_tensor *w, double eps, int training) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "batchnorm_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], x, "batchnorm_grad", "x");
  RESOLVE_ARGUMENT(c, q.in[2], mean, "batchnorm_grad", "mean");
  RESOLVE_ARGUMENT(c, q.in[3], var, "batchnorm_grad", "var");
  if (w) RESOLVE_ARGUMENT(c, q.in[4], w, "batchnorm_grad", "w");
  q.numbers[0] = eps;
  q.integers[0] = training;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | handle_give_if(c, dw, q.out[1]) | handle_give_if(c, db, q.out[2]) | call_done(c);
}

int op_batchnorm_grad(context *c, tensor **dx, tensor **dw, tensor **db, tensor *dy, tensor *x, tensor *mean, tensor *var, tensor *w, double eps, int training) {
  call q;
  call_begin(&q, c, OP_ID_BATCHNORM_GRAD);
  q.in[0] = dy;
  q.in[1] = x;
  q.in[2] = mean;
  q.in[3] = var;
  q.in[4] = w;
  q.numbers[0] = eps;
  q.integers[0] = training;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  CALL_GIVE(c, dw, q.out[1]);
  CALL_GIVE(c, db, q.out[2]);
  return 0;
}

int tnt_conv2d(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *w, const tnt_tensor *b, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CONV2D);
  RESOLVE_ARGUMENT(c, q.in[0], x, "conv2d", "x");
  RESOLVE_ARGUMENT(c, q.in[1], w, "conv2d", "w");
  if (b) RESOLVE_ARGUMENT(c, q.in[2], b, "conv2d", "b");
  TRY(call_list(&q, 0, stride, n_stride));
  TRY(call_list(&q, 9, padding, n_padding));
  TRY(call_list(&q, 18, dilation, n_dilation));
  q.integers[27] = groups;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_conv2d(context *c, tensor **y, tensor *x, tensor *w, tensor *b, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  call q;
  call_begin(&q, c, OP_ID_CONV2D);
  q.in[0] = x;
  q.in[1] = w;
  q.in[2] = b;
  TRY(call_list(&q, 0, stride, n_stride));
  TRY(call_list(&q, 9, padding, n_padding));
  TRY(call_list(&q, 18, dilation, n_dilation));
  q.integers[27] = groups;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_conv2d_dx(tnt_tensor *dx, const tnt_tensor *dy, const tnt_tensor *w, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CONV2D_DX);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "conv2d_dx", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], w, "conv2d_dx", "w");
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(call_list(&q, 27, dilation, n_dilation));
  q.integers[36] = groups;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_conv2d_dx(context *c, tensor **dx, tensor *dy, tensor *w, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  call q;
  call_begin(&q, c, OP_ID_CONV2D_DX);
  q.in[0] = dy;
  q.in[1] = w;
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(call_list(&q, 27, dilation, n_dilation));
  q.integers[36] = groups;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_conv2d_dw(tnt_tensor *dw, const tnt_tensor *dy, const tnt_tensor *x, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CONV2D_DW);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "conv2d_dw", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], x, "conv2d_dw", "x");
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(call_list(&q, 27, dilation, n_dilation));
  q.integers[36] = groups;
  TRY(dispatch(&q));
  return handle_give_if(c, dw, q.out[0]) | call_done(c);
}

int op_conv2d_dw(context *c, tensor **dw, tensor *dy, tensor *x, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups) {
  call q;
  call_begin(&q, c, OP_ID_CONV2D_DW);
  q.in[0] = dy;
  q.in[1] = x;
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(call_list(&q, 27, dilation, n_dilation));
  q.integers[36] = groups;
  TRY(dispatch(&q));
  CALL_GIVE(c, dw, q.out[0]);
  return 0;
}

int tnt_maxpool2d(tnt_tensor *y, tnt_tensor *i, const tnt_tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MAXPOOL2D);
  RESOLVE_ARGUMENT(c, q.in[0], x, "maxpool2d", "x");
  TRY(call_list(&q, 0, kernel, n_kernel));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | handle_give_if(c, i, q.out[1]) | call_done(c);
}

int op_maxpool2d(context *c, tensor **y, tensor **i, tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding) {
  call q;
  call_begin(&q, c, OP_ID_MAXPOOL2D);
  q.in[0] = x;
  TRY(call_list(&q, 0, kernel, n_kernel));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  CALL_GIVE(c, i, q.out[1]);
  return 0;
}

int tnt_maxpool2d_grad(tnt_tensor *dx, const tnt_tensor *dy, const tnt_tensor *i, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MAXPOOL2D_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "maxpool2d_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], i, "maxpool2d_grad", "i");
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, kernel, n_kernel));
  TRY(call_list(&q, 18, stride, n_stride));
  TRY(call_list(&q, 27, padding, n_padding));
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_maxpool2d_grad(context *c, tensor **dx, tensor *dy, tensor *i, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding) {
  call q;
  call_begin(&q, c, OP_ID_MAXPOOL2D_GRAD);
  q.in[0] = dy;
  q.in[1] = i;
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, kernel, n_kernel));
  TRY(call_list(&q, 18, stride, n_stride));
  TRY(call_list(&q, 27, padding, n_padding));
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_avgpool2d(tnt_tensor *y, const tnt_tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_AVGPOOL2D);
  RESOLVE_ARGUMENT(c, q.in[0], x, "avgpool2d", "x");
  TRY(call_list(&q, 0, kernel, n_kernel));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  q.integers[27] = include_pad;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_avgpool2d(context *c, tensor **y, tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad) {
  call q;
  call_begin(&q, c, OP_ID_AVGPOOL2D);
  q.in[0] = x;
  TRY(call_list(&q, 0, kernel, n_kernel));
  TRY(call_list(&q, 9, stride, n_stride));
  TRY(call_list(&q, 18, padding, n_padding));
  q.integers[27] = include_pad;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_avgpool2d_grad(tnt_tensor *dx, const tnt_tensor *dy, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_AVGPOOL2D_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "avgpool2d_grad", "dy");
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, kernel, n_kernel));
  TRY(call_list(&q, 18, stride, n_stride));
  TRY(call_list(&q, 27, padding, n_padding));
  q.integers[36] = include_pad;
  TRY(dispatch(&q));
  return handle_give_if(c, dx, q.out[0]) | call_done(c);
}

int op_avgpool2d_grad(context *c, tensor **dx, tensor *dy, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad) {
  call q;
  call_begin(&q, c, OP_ID_AVGPOOL2D_GRAD);
  q.in[0] = dy;
  TRY(call_list(&q, 0, size, n_size));
  TRY(call_list(&q, 9, kernel, n_kernel));
  TRY(call_list(&q, 18, stride, n_stride));
  TRY(call_list(&q, 27, padding, n_padding));
  q.integers[36] = include_pad;
  TRY(dispatch(&q));
  CALL_GIVE(c, dx, q.out[0]);
  return 0;
}

int tnt_embedding(tnt_tensor *y, const tnt_tensor *ids, const tnt_tensor *w) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EMBEDDING);
  RESOLVE_ARGUMENT(c, q.in[0], ids, "embedding", "ids");
  RESOLVE_ARGUMENT(c, q.in[1], w, "embedding", "w");
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_embedding(context *c, tensor **y, tensor *ids, tensor *w) {
  call q;
  call_begin(&q, c, OP_ID_EMBEDDING);
  q.in[0] = ids;
  q.in[1] = w;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_embedding_grad(tnt_tensor *dw, const tnt_tensor *dy, const tnt_tensor *ids, int64_t rows) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EMBEDDING_GRAD);
  RESOLVE_ARGUMENT(c, q.in[0], dy, "embedding_grad", "dy");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "embedding_grad", "ids");
  q.integers[0] = rows;
  TRY(dispatch(&q));
  return handle_give_if(c, dw, q.out[0]) | call_done(c);
}

int op_embedding_grad(context *c, tensor **dw, tensor *dy, tensor *ids, int64_t rows) {
  call q;
  call_begin(&q, c, OP_ID_EMBEDDING_GRAD);
  q.in[0] = dy;
  q.in[1] = ids;
  q.integers[0] = rows;
  TRY(dispatch(&q));
  CALL_GIVE(c, dw, q.out[0]);
  return 0;
}

int tnt_index_select(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *ids, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_INDEX_SELECT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "index_select", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "index_select", "ids");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_index_select(context *c, tensor **y, tensor *x, tensor *ids, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_INDEX_SELECT);
  q.in[0] = x;
  q.in[1] = ids;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_index_add(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_INDEX_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "index_add", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "index_add", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "index_add", "v");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_index_add_(const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_INDEX_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "index_add", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "index_add", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "index_add", "v");
  q.integers[0] = d;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_index_add(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_INDEX_ADD);
  q.in[0] = x;
  q.in[1] = ids;
  q.in[2] = v;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_gather(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *ids, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GATHER);
  RESOLVE_ARGUMENT(c, q.in[0], x, "gather", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "gather", "ids");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_gather(context *c, tensor **y, tensor *x, tensor *ids, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_GATHER);
  q.in[0] = x;
  q.in[1] = ids;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_scatter(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SCATTER);
  RESOLVE_ARGUMENT(c, q.in[0], x, "scatter", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "scatter", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "scatter", "v");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_scatter_(const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SCATTER);
  RESOLVE_ARGUMENT(c, q.in[0], x, "scatter", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "scatter", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "scatter", "v");
  q.integers[0] = d;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_scatter(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_SCATTER);
  q.in[0] = x;
  q.in[1] = ids;
  q.in[2] = v;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_scatter_add(tnt_tensor *y, const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SCATTER_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "scatter_add", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "scatter_add", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "scatter_add", "v");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int tnt_scatter_add_(const tnt_tensor *x, const tnt_tensor *ids, const tnt_tensor *v, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SCATTER_ADD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "scatter_add", "x");
  RESOLVE_ARGUMENT(c, q.in[1], ids, "scatter_add", "ids");
  RESOLVE_ARGUMENT(c, q.in[2], v, "scatter_add", "v");
  q.integers[0] = d;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_scatter_add(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_SCATTER_ADD);
  q.in[0] = x;
  q.in[1] = ids;
  q.in[2] = v;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_cat(tnt_tensor *y, const tnt_tensor *xs, int n_xs, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_CAT);
  TRY(call_handles(&q, xs, n_xs));
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_cat(context *c, tensor **y, tensor *const *xs, int n_xs, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_CAT);
  TRY(call_tensors(&q, xs, n_xs));
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_tril(tnt_tensor *y, const tnt_tensor *x, int64_t k) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TRIL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "tril", "x");
  q.integers[0] = k;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_tril(context *c, tensor **y, tensor *x, int64_t k) {
  call q;
  call_begin(&q, c, OP_ID_TRIL);
  q.in[0] = x;
  q.integers[0] = k;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_triu(tnt_tensor *y, const tnt_tensor *x, int64_t k) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TRIU);
  RESOLVE_ARGUMENT(c, q.in[0], x, "triu", "x");
  q.integers[0] = k;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_triu(context *c, tensor **y, tensor *x, int64_t k) {
  call q;
  call_begin(&q, c, OP_ID_TRIU);
  q.in[0] = x;
  q.integers[0] = k;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_nonzero(tnt_tensor *i, const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NONZERO);
  RESOLVE_ARGUMENT(c, q.in[0], x, "nonzero", "x");
  TRY(dispatch(&q));
  return handle_give_if(c, i, q.out[0]) | call_done(c);
}

int op_nonzero(context *c, tensor **i, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_NONZERO);
  q.in[0] = x;
  TRY(dispatch(&q));
  CALL_GIVE(c, i, q.out[0]);
  return 0;
}

int tnt_one_hot(tnt_tensor *y, const tnt_tensor *ids, int64_t n) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ONE_HOT);
  RESOLVE_ARGUMENT(c, q.in[0], ids, "one_hot", "ids");
  q.integers[0] = n;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_one_hot(context *c, tensor **y, tensor *ids, int64_t n) {
  call q;
  call_begin(&q, c, OP_ID_ONE_HOT);
  q.in[0] = ids;
  q.integers[0] = n;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_uniform_(const tnt_tensor *x, double lo, double hi) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_UNIFORM_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "uniform_", "x");
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_uniform_(context *c, tensor *x, double lo, double hi) {
  call q;
  call_begin(&q, c, OP_ID_UNIFORM_);
  q.in[0] = x;
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_normal_(const tnt_tensor *x, double mean, double std) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NORMAL_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "normal_", "x");
  q.numbers[0] = mean;
  q.numbers[1] = std;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_normal_(context *c, tensor *x, double mean, double std) {
  call q;
  call_begin(&q, c, OP_ID_NORMAL_);
  q.in[0] = x;
  q.numbers[0] = mean;
  q.numbers[1] = std;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_bernoulli_(const tnt_tensor *x, double p) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_BERNOULLI_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "bernoulli_", "x");
  q.numbers[0] = p;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_bernoulli_(context *c, tensor *x, double p) {
  call q;
  call_begin(&q, c, OP_ID_BERNOULLI_);
  q.in[0] = x;
  q.numbers[0] = p;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_randint_(const tnt_tensor *x, double lo, double hi) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RANDINT_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "randint_", "x");
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_randint_(context *c, tensor *x, double lo, double hi) {
  call q;
  call_begin(&q, c, OP_ID_RANDINT_);
  q.in[0] = x;
  q.numbers[0] = lo;
  q.numbers[1] = hi;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_randperm_(const tnt_tensor *x) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_RANDPERM_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "randperm_", "x");
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_randperm_(context *c, tensor *x) {
  call q;
  call_begin(&q, c, OP_ID_RANDPERM_);
  q.in[0] = x;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_dropout(tnt_tensor *y, const tnt_tensor *x, double p) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DROPOUT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "dropout", "x");
  q.numbers[0] = p;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_dropout(context *c, tensor **y, tensor *x, double p) {
  call q;
  call_begin(&q, c, OP_ID_DROPOUT);
  q.in[0] = x;
  q.numbers[0] = p;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_dropout_again(tnt_tensor *y, const tnt_tensor *x, double p, int64_t seed, int64_t turn) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DROPOUT_AGAIN);
  RESOLVE_ARGUMENT(c, q.in[0], x, "dropout_again", "x");
  q.numbers[0] = p;
  q.integers[0] = seed;
  q.integers[1] = turn;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_dropout_again(context *c, tensor **y, tensor *x, double p, int64_t seed, int64_t turn) {
  call q;
  call_begin(&q, c, OP_ID_DROPOUT_AGAIN);
  q.in[0] = x;
  q.numbers[0] = p;
  q.integers[0] = seed;
  q.integers[1] = turn;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_multinomial(tnt_tensor *i, const tnt_tensor *p, int64_t n, int replacement) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_MULTINOMIAL);
  RESOLVE_ARGUMENT(c, q.in[0], p, "multinomial", "p");
  q.integers[0] = n;
  q.integers[1] = replacement;
  TRY(dispatch(&q));
  return handle_give_if(c, i, q.out[0]) | call_done(c);
}

int op_multinomial(context *c, tensor **i, tensor *p, int64_t n, int replacement) {
  call q;
  call_begin(&q, c, OP_ID_MULTINOMIAL);
  q.in[0] = p;
  q.integers[0] = n;
  q.integers[1] = replacement;
  TRY(dispatch(&q));
  CALL_GIVE(c, i, q.out[0]);
  return 0;
}

int tnt_arange_(const tnt_tensor *x, double start, double step) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ARANGE_);
  RESOLVE_ARGUMENT(c, q.in[0], x, "arange_", "x");
  q.numbers[0] = start;
  q.numbers[1] = step;
  q.in_place = true;
  q.out[0] = q.in[0];
  TRY(dispatch(&q));
  return call_done(c);
}

int op_arange_(context *c, tensor *x, double start, double step) {
  call q;
  call_begin(&q, c, OP_ID_ARANGE_);
  q.in[0] = x;
  q.numbers[0] = start;
  q.numbers[1] = step;
  q.in_place = true;
  q.out[0] = q.in[0];
  return dispatch(&q);
}

int tnt_sgd_(const tnt_tensor *p, int n_p, const tnt_tensor *master, int n_master, const tnt_tensor *buf, int n_buf, const tnt_tensor *row, const tnt_tensor *skip, double lr, double momentum, double dampening, double weight_decay, int stochastic, int nesterov, int maximize, int first) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SGD_);
  TRY(call_params(&q, p, n_p));
  TRY(call_handles(&q, master, n_master));
  TRY(call_handles(&q, buf, n_buf));
  if (row) RESOLVE_ARGUMENT(c, q.in[0], row, "sgd_", "row");
  if (skip) RESOLVE_ARGUMENT(c, q.in[1], skip, "sgd_", "skip");
  q.numbers[0] = lr;
  q.numbers[1] = momentum;
  q.numbers[2] = dampening;
  q.numbers[3] = weight_decay;
  q.integers[0] = stochastic;
  q.integers[1] = nesterov;
  q.integers[2] = maximize;
  q.integers[3] = first;
  TRY(dispatch(&q));
  return call_done(c);
}

int op_sgd_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *buf, int n_buf, tensor *row, tensor *skip, double lr, double momentum, double dampening, double weight_decay, int stochastic, int nesterov, int maximize, int first) {
  call q;
  call_begin(&q, c, OP_ID_SGD_);
  TRY(call_tensors(&q, p, n_p));
  TRY(call_tensors(&q, master, n_master));
  TRY(call_tensors(&q, buf, n_buf));
  q.in[0] = row;
  q.in[1] = skip;
  q.numbers[0] = lr;
  q.numbers[1] = momentum;
  q.numbers[2] = dampening;
  q.numbers[3] = weight_decay;
  q.integers[0] = stochastic;
  q.integers[1] = nesterov;
  q.integers[2] = maximize;
  q.integers[3] = first;
  TRY(dispatch(&q));
  return 0;
}

int tnt_adam_(const tnt_tensor *p, int n_p, const tnt_tensor *master, int n_master, const tnt_tensor *m, int n_m, const tnt_tensor *v, int n_v, const tnt_tensor *row, const tnt_tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADAM_);
  TRY(call_params(&q, p, n_p));
  TRY(call_handles(&q, master, n_master));
  TRY(call_handles(&q, m, n_m));
  TRY(call_handles(&q, v, n_v));
  if (row) RESOLVE_ARGUMENT(c, q.in[0], row, "adam_", "row");
  if (skip) RESOLVE_ARGUMENT(c, q.in[1], skip, "adam_", "skip");
  q.numbers[0] = lr;
  q.numbers[1] = beta1;
  q.numbers[2] = beta2;
  q.numbers[3] = eps;
  q.numbers[4] = weight_decay;
  q.numbers[5] = step;
  q.integers[0] = stochastic;
  TRY(dispatch(&q));
  return call_done(c);
}

int op_adam_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *m, int n_m, tensor *const *v, int n_v, tensor *row, tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic) {
  call q;
  call_begin(&q, c, OP_ID_ADAM_);
  TRY(call_tensors(&q, p, n_p));
  TRY(call_tensors(&q, master, n_master));
  TRY(call_tensors(&q, m, n_m));
  TRY(call_tensors(&q, v, n_v));
  q.in[0] = row;
  q.in[1] = skip;
  q.numbers[0] = lr;
  q.numbers[1] = beta1;
  q.numbers[2] = beta2;
  q.numbers[3] = eps;
  q.numbers[4] = weight_decay;
  q.numbers[5] = step;
  q.integers[0] = stochastic;
  TRY(dispatch(&q));
  return 0;
}

int tnt_adamw_(const tnt_tensor *p, int n_p, const tnt_tensor *master, int n_master, const tnt_tensor *m, int n_m, const tnt_tensor *v, int n_v, const tnt_tensor *row, const tnt_tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_ADAMW_);
  TRY(call_params(&q, p, n_p));
  TRY(call_handles(&q, master, n_master));
  TRY(call_handles(&q, m, n_m));
  TRY(call_handles(&q, v, n_v));
  if (row) RESOLVE_ARGUMENT(c, q.in[0], row, "adamw_", "row");
  if (skip) RESOLVE_ARGUMENT(c, q.in[1], skip, "adamw_", "skip");
  q.numbers[0] = lr;
  q.numbers[1] = beta1;
  q.numbers[2] = beta2;
  q.numbers[3] = eps;
  q.numbers[4] = weight_decay;
  q.numbers[5] = step;
  q.integers[0] = stochastic;
  TRY(dispatch(&q));
  return call_done(c);
}

int op_adamw_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *m, int n_m, tensor *const *v, int n_v, tensor *row, tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic) {
  call q;
  call_begin(&q, c, OP_ID_ADAMW_);
  TRY(call_tensors(&q, p, n_p));
  TRY(call_tensors(&q, master, n_master));
  TRY(call_tensors(&q, m, n_m));
  TRY(call_tensors(&q, v, n_v));
  q.in[0] = row;
  q.in[1] = skip;
  q.numbers[0] = lr;
  q.numbers[1] = beta1;
  q.numbers[2] = beta2;
  q.numbers[3] = eps;
  q.numbers[4] = weight_decay;
  q.numbers[5] = step;
  q.integers[0] = stochastic;
  TRY(dispatch(&q));
  return 0;
}

int tnt_grad_norm(tnt_tensor *y, const tnt_tensor *p, int n_p, double kind) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GRAD_NORM);
  TRY(call_params(&q, p, n_p));
  q.numbers[0] = kind;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_grad_norm(context *c, tensor **y, tensor *const *p, int n_p, double kind) {
  call q;
  call_begin(&q, c, OP_ID_GRAD_NORM);
  TRY(call_tensors(&q, p, n_p));
  q.numbers[0] = kind;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_grad_scale_(const tnt_tensor *p, int n_p, const tnt_tensor *row, const tnt_tensor *skip, double factor, double clamp) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_GRAD_SCALE_);
  TRY(call_params(&q, p, n_p));
  if (row) RESOLVE_ARGUMENT(c, q.in[0], row, "grad_scale_", "row");
  if (skip) RESOLVE_ARGUMENT(c, q.in[1], skip, "grad_scale_", "skip");
  q.numbers[0] = factor;
  q.numbers[1] = clamp;
  TRY(dispatch(&q));
  return call_done(c);
}

int op_grad_scale_(context *c, tensor *const *p, int n_p, tensor *row, tensor *skip, double factor, double clamp) {
  call q;
  call_begin(&q, c, OP_ID_GRAD_SCALE_);
  TRY(call_tensors(&q, p, n_p));
  q.in[0] = row;
  q.in[1] = skip;
  q.numbers[0] = factor;
  q.numbers[1] = clamp;
  TRY(dispatch(&q));
  return 0;
}

int tnt_view(tnt_tensor *y, const tnt_tensor *x, const int64_t *size, int n_size) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_VIEW);
  RESOLVE_ARGUMENT(c, q.in[0], x, "view", "x");
  TRY(call_list(&q, 0, size, n_size));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_view(context *c, tensor **y, tensor *x, const int64_t *size, int n_size) {
  call q;
  call_begin(&q, c, OP_ID_VIEW);
  q.in[0] = x;
  TRY(call_list(&q, 0, size, n_size));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_transpose(tnt_tensor *y, const tnt_tensor *x, int64_t a, int64_t b) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_TRANSPOSE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "transpose", "x");
  q.integers[0] = a;
  q.integers[1] = b;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_transpose(context *c, tensor **y, tensor *x, int64_t a, int64_t b) {
  call q;
  call_begin(&q, c, OP_ID_TRANSPOSE);
  q.in[0] = x;
  q.integers[0] = a;
  q.integers[1] = b;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_permute(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_PERMUTE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "permute", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_permute(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims) {
  call q;
  call_begin(&q, c, OP_ID_PERMUTE);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_expand(tnt_tensor *y, const tnt_tensor *x, const int64_t *size, int n_size) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_EXPAND);
  RESOLVE_ARGUMENT(c, q.in[0], x, "expand", "x");
  TRY(call_list(&q, 0, size, n_size));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_expand(context *c, tensor **y, tensor *x, const int64_t *size, int n_size) {
  call q;
  call_begin(&q, c, OP_ID_EXPAND);
  q.in[0] = x;
  TRY(call_list(&q, 0, size, n_size));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_narrow(tnt_tensor *y, const tnt_tensor *x, int64_t d, int64_t start, int64_t n) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_NARROW);
  RESOLVE_ARGUMENT(c, q.in[0], x, "narrow", "x");
  q.integers[0] = d;
  q.integers[1] = start;
  q.integers[2] = n;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_narrow(context *c, tensor **y, tensor *x, int64_t d, int64_t start, int64_t n) {
  call q;
  call_begin(&q, c, OP_ID_NARROW);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = start;
  q.integers[2] = n;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_slice(tnt_tensor *y, const tnt_tensor *x, int64_t d, int64_t first, int64_t last, int64_t step) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SLICE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "slice", "x");
  q.integers[0] = d;
  q.integers[1] = first;
  q.integers[2] = last;
  q.integers[3] = step;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_slice(context *c, tensor **y, tensor *x, int64_t d, int64_t first, int64_t last, int64_t step) {
  call q;
  call_begin(&q, c, OP_ID_SLICE);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = first;
  q.integers[2] = last;
  q.integers[3] = step;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_select(tnt_tensor *y, const tnt_tensor *x, int64_t d, int64_t i) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SELECT);
  RESOLVE_ARGUMENT(c, q.in[0], x, "select", "x");
  q.integers[0] = d;
  q.integers[1] = i;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_select(context *c, tensor **y, tensor *x, int64_t d, int64_t i) {
  call q;
  call_begin(&q, c, OP_ID_SELECT);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = i;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_unsqueeze(tnt_tensor *y, const tnt_tensor *x, int64_t d) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_UNSQUEEZE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "unsqueeze", "x");
  q.integers[0] = d;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_unsqueeze(context *c, tensor **y, tensor *x, int64_t d) {
  call q;
  call_begin(&q, c, OP_ID_UNSQUEEZE);
  q.in[0] = x;
  q.integers[0] = d;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_squeeze(tnt_tensor *y, const tnt_tensor *x, const int64_t *dims, int n_dims) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_SQUEEZE);
  RESOLVE_ARGUMENT(c, q.in[0], x, "squeeze", "x");
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_squeeze(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims) {
  call q;
  call_begin(&q, c, OP_ID_SQUEEZE);
  q.in[0] = x;
  TRY(call_list(&q, 0, dims, n_dims));
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_diagonal(tnt_tensor *y, const tnt_tensor *x, int64_t k) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_DIAGONAL);
  RESOLVE_ARGUMENT(c, q.in[0], x, "diagonal", "x");
  q.integers[0] = k;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_diagonal(context *c, tensor **y, tensor *x, int64_t k) {
  call q;
  call_begin(&q, c, OP_ID_DIAGONAL);
  q.in[0] = x;
  q.integers[0] = k;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

int tnt_unfold(tnt_tensor *y, const tnt_tensor *x, int64_t d, int64_t size, int64_t step) {
  context *c = context_now();
  call q;
  call_begin(&q, c, OP_ID_UNFOLD);
  RESOLVE_ARGUMENT(c, q.in[0], x, "unfold", "x");
  q.integers[0] = d;
  q.integers[1] = size;
  q.integers[2] = step;
  TRY(dispatch(&q));
  return handle_give_if(c, y, q.out[0]) | call_done(c);
}

int op_unfold(context *c, tensor **y, tensor *x, int64_t d, int64_t size, int64_t step) {
  call q;
  call_begin(&q, c, OP_ID_UNFOLD);
  q.in[0] = x;
  q.integers[0] = d;
  q.integers[1] = size;
  q.integers[2] = step;
  TRY(dispatch(&q));
  CALL_GIVE(c, y, q.out[0]);
  return 0;
}

