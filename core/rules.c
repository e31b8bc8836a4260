/* Gradients of ops that are not formulas: one <name>_rule for each `rule = "name"` of the op table. Under create_graph a
 * rule is made of recorded ops only, which is what makes gradients of gradients right. The walk itself sums a gradient
 * down to its input's shape and casts it to its dtype. */
#include "../kernels/slots_gen.h"
#include "parts.h"
#include "rules.h"

/* -- reductions: integers are dims (count, 8 places), ..., keepdim last ------------------------------------------------ */
/* g with the reduced dims back as size 1 */
static int with_dims(rule_call *r, tensor *g, tensor **y) {
  const edge *e = &r->node->edges[0];
  const int64_t *dims = r->node->integers;
  unsigned gone = dims[0] ? 0 : 0xff;
  for (int i = 1; i <= dims[0]; i++) gone |= 1u << (dims[i] - 1);
  int64_t size[MAX_DIMS];
  for (int d = 0; d < e->ndim; d++) size[d] = gone >> d & 1 ? 1 : e->size[d];
  return reshape(r->c, y, g, size, e->ndim);
}

static int64_t reduced_count(const rule_call *r) {
  const edge *e = &r->node->edges[0];
  const int64_t *dims = r->node->integers;
  int64_t n = 1;
  if (!dims[0]) {
    for (int d = 0; d < e->ndim; d++) n *= e->size[d];
  }
  for (int i = 1; i <= dims[0]; i++) n *= e->size[dims[i] - 1];
  return n;
}

int sum_rule(rule_call *r) { return with_dims(r, r->dy[0], &r->dx[0]); } /* the walk expands it */

int mean_rule(rule_call *r) {
  STEPS(r->c);
  STEP(with_dims(r, r->dy[0], &t[0]));
  STEP(op_div_number(c, &r->dx[0], t[0], (double)reduced_count(r), 0));
  END();
}

int amax_rule(rule_call *r) {
  tensor *x, *y;
  TRY(saved_tensor(r, 0, &x));
  TRY(saved_tensor(r, 1, &y));
  const int64_t *dims = r->node->integers;
  STEPS(r->c);
  STEP(with_dims(r, y, &t[0]));
  STEP(with_dims(r, r->dy[0], &t[1]));
  STEP(op_eq(c, &t[2], x, t[0]));
  STEP(cast_to(c, &t[3], t[2], x->dtype));
  STEP(op_sum(c, &t[4], t[3], dims + 1, (int)dims[0], 1));
  STEP(op_div(c, &t[5], t[3], t[4]));
  STEP(op_mul(c, &r->dx[0], t[5], t[1]));
  END();
}

/* With one zero only its place has a gradient, with more none has. */
int prod_rule(rule_call *r) {
  tensor *x;
  TRY(saved_tensor(r, 0, &x));
  const int64_t *dims = r->node->integers;
  STEPS(r->c);
  STEP(with_dims(r, r->dy[0], &t[0]));
  STEP(op_eq_number(c, &t[1], x, 0, 0));
  STEP(op_sum(c, &t[2], t[1], dims + 1, (int)dims[0], 1));
  STEP(op_masked_fill(c, &t[3], x, t[1], 1));
  STEP(op_prod(c, &t[4], t[3], dims + 1, (int)dims[0], 1));
  STEP(op_mul(c, &t[5], t[4], t[0]));
  STEP(op_div(c, &t[6], t[5], t[3]));
  STEP(op_logical_not(c, &t[7], t[1]));
  STEP(op_eq_number(c, &t[8], t[2], 1, 0));
  STEP(op_logical_and(c, &t[9], t[8], t[1])); /* the only zero */
  STEP(op_eq_number(c, &t[10], t[2], 0, 0));
  STEP(op_logical_or(c, &t[11], t[10], t[9]));
  STEP(op_logical_not(c, &t[12], t[11]));
  STEP(op_masked_fill(c, &r->dx[0], t[6], t[12], 0));
  END();
}

int var_rule(rule_call *r) {
  tensor *x;
  TRY(saved_tensor(r, 0, &x));
  const int64_t *dims = r->node->integers;
  double n = (double)reduced_count(r) - r->node->numbers[VAR_CORRECTION];
  STEPS(r->c);
  STEP(with_dims(r, r->dy[0], &t[0]));
  STEP(op_mean(c, &t[1], x, dims + 1, (int)dims[0], 1));
  STEP(op_sub(c, &t[2], x, t[1]));
  STEP(op_mul_number(c, &t[3], t[0], 2 / n, 0));
  STEP(op_mul(c, &r->dx[0], t[2], t[3]));
  END();
}

int pick_rule(rule_call *r) {
  tensor *i;
  TRY(saved_tensor(r, 0, &i));
  const node *n = r->node;
  const edge *e = &n->edges[0];
  bool one = n->op == &tnt__ops[OP_ID_MAX_DIM] || n->op == &tnt__ops[OP_ID_MIN_DIM];
  int64_t d = n->op == &tnt__ops[OP_ID_TOPK] ? n->integers[TOPK_D] : n->integers[0];
  bool lacks = one && !n->integers[1] && e->ndim;
  STEPS(r->c);
  STEP(zeros(c, &t[0], e->device, e->dtype, e->size, e->ndim));
  if (lacks) {
    STEP(op_unsqueeze(c, &t[1], r->dy[0], d));
    STEP(op_unsqueeze(c, &t[2], i, d));
  }
  STEP(op_scatter_add(c, &r->dx[0], t[0], lacks ? t[2] : i, lacks ? t[1] : r->dy[0], d));
  END();
}

int cumsum_rule(rule_call *r) {
  int64_t d = r->node->integers[0];
  if (r->node->edges[0].ndim == 0) return pass(r, 0, r->dy[0]);
  STEPS(r->c);
  STEP(op_flip(c, &t[0], r->dy[0], &d, 1));
  STEP(op_cumsum(c, &t[1], t[0], d));
  STEP(op_flip(c, &r->dx[0], t[1], &d, 1));
  END();
}

int flip_rule(rule_call *r) {
  const int64_t *dims = r->node->integers;
  return op_flip(r->c, &r->dx[0], r->dy[0], dims + 1, (int)dims[0]);
}

/* -- softmax and its kin --------------------------------------------------------------------------------------------------- */
int softmax_rule(rule_call *r) {
  tensor *y;
  TRY(saved_tensor(r, 0, &y));
  int64_t d = r->node->integers[0];
  if (!r->c->create_graph) return op_softmax_grad(r->c, &r->dx[0], r->dy[0], y, d);
  STEPS(r->c);
  STEP(op_mul(c, &t[0], r->dy[0], y));
  STEP(op_sum(c, &t[1], t[0], &d, 1, 1));
  STEP(op_mul(c, &t[2], t[1], y));
  STEP(op_sub(c, &r->dx[0], t[0], t[2]));
  END();
}

int log_softmax_rule(rule_call *r) {
  tensor *y;
  TRY(saved_tensor(r, 0, &y));
  int64_t d = r->node->integers[0];
  if (!r->c->create_graph) return op_log_softmax_grad(r->c, &r->dx[0], r->dy[0], y, d);
  STEPS(r->c);
  STEP(op_exp(c, &t[0], y));
  STEP(op_sum(c, &t[1], r->dy[0], &d, 1, 1));
  STEP(op_mul(c, &t[2], t[0], t[1]));
  STEP(op_sub(c, &r->dx[0], r->dy[0], t[2]));
  END();
}

int cross_entropy_rule(rule_call *r) {
  tensor *x, *target, *w, *lse;
  const node *n = r->node;
  if (!r->dy[0]) return 0;
  TRY(saved_tensor(r, 0, &x));
  TRY(saved_tensor(r, 1, &target));
  TRY(saved_tensor(r, 2, &w));
  TRY(saved_tensor(r, 3, &lse));
  if (r->want[2]) return fail(TNT_ESTATE, "cross_entropy: class weights have no gradient");
  return op_cross_entropy_grad(
      r->c, &r->dx[0], r->dy[0], x, target, w, lse, n->integers[CROSS_ENTROPY_IGNORE_INDEX],
      n->numbers[CROSS_ENTROPY_SMOOTHING], n->integers[CROSS_ENTROPY_REDUCTION]);
}

int attention_rule(rule_call *r) {
  tensor *q, *k, *v, *y, *lse;
  const node *n = r->node;
  const int64_t *drawn = n->integers + 1; /* seed and call, behind the op's own */
  if (!r->dy[0]) return fail(TNT_ESTATE, "attention: its lse has no gradient");
  TRY(saved_tensor(r, 0, &q));
  TRY(saved_tensor(r, 1, &k));
  TRY(saved_tensor(r, 2, &v));
  TRY(saved_tensor(r, 3, &y));
  TRY(saved_tensor(r, 4, &lse));
  STEPS(r->c);
  STEP(op_attention_grad(c, &t[0], &t[1], &t[2], r->dy[0], q, k, v, y, lse,
                         (int)n->integers[ATTENTION_CAUSAL], n->numbers[ATTENTION_SCALE],
                         n->numbers[ATTENTION_P], drawn[0], drawn[1]));
  for (int i = 0; i < 3 && !rc; i++) {
    if (r->want[i]) give(&r->dx[i], &t[i]);
  }
  END();
}

/* -- normalisation ------------------------------------------------------------------------------------------------------------ */
/* dx of (x - mean) / sqrt(var + eps) over `dims`, of g = dy w, by recorded ops; also the normalised x in *hat. */
static int normalised_gradient(context *c, tensor **dx, tensor **hat, tensor *x, tensor *g,
                               const int64_t *dims, int n, double eps) {
  tensor *t[12] = {0};
  int rc = 0;
  STEP(op_mean(c, &t[0], x, dims, n, 1));
  STEP(op_sub(c, &t[1], x, t[0]));
  STEP(op_square(c, &t[2], t[1]));
  STEP(op_mean(c, &t[3], t[2], dims, n, 1));
  STEP(op_add_number(c, &t[4], t[3], eps, 0));
  STEP(op_rsqrt(c, &t[5], t[4]));
  STEP(op_mul(c, hat, t[1], t[5]));
  STEP(op_mean(c, &t[6], g, dims, n, 1));
  STEP(op_mul(c, &t[7], g, *hat));
  STEP(op_mean(c, &t[8], t[7], dims, n, 1));
  STEP(op_mul(c, &t[9], *hat, t[8]));
  STEP(op_sub(c, &t[10], g, t[6]));
  STEP(op_sub(c, &t[11], t[10], t[9]));
  STEP(op_mul(c, dx, t[11], t[5]));
  for (int i = 0; i < 12; i++) tensor_unref(c, t[i]);
  return rc;
}

int layernorm_rule(rule_call *r) {
  tensor *x, *w, *mean, *rstd, *dy = r->dy[0];
  if (!dy) return fail(TNT_ESTATE, "layernorm: its mean and rstd have no gradient");
  TRY(saved_tensor(r, 0, &x));
  TRY(saved_tensor(r, 1, &w));
  TRY(saved_tensor(r, 2, &mean));
  TRY(saved_tensor(r, 3, &rstd));
  STEPS(r->c);
  if (!c->create_graph) {
    STEP(op_layernorm_grad(c, &t[0], &t[1], &t[2], dy, x, w, mean, rstd, r->want[1] || r->want[2]));
    if (!rc) {
      if (r->want[0]) give(&r->dx[0], &t[0]);
      if (r->want[1]) give(&r->dx[1], &t[1]);
      if (r->want[2]) give(&r->dx[2], &t[2]);
    }
    END();
  }
  int64_t d = -1;
  if (w) {
    STEP(op_mul(c, &t[0], dy, w));
  } else {
    tensor_ref(dy), t[0] = dy;
  }
  STEP(normalised_gradient(c, &t[1], &t[2], x, t[0], &d, 1, r->node->numbers[LAYERNORM_EPS]));
  if (r->want[1]) STEP(op_mul(c, &t[3], dy, t[2])); /* the walk sums to [C] */
  if (!rc) {
    if (r->want[0]) give(&r->dx[0], &t[1]);
    if (r->want[1]) give(&r->dx[1], &t[3]);
    if (r->want[2]) rc = pass(r, 2, dy);
  }
  END();
}

int batchnorm_rule(rule_call *r) {
  tensor *x, *mean, *var, *w, *dy = r->dy[0];
  double eps = r->node->numbers[BATCHNORM_EPS];
  int training = (int)r->node->integers[BATCHNORM_TRAINING];
  TRY(saved_tensor(r, 0, &x));
  TRY(saved_tensor(r, 1, &mean));
  TRY(saved_tensor(r, 2, &var));
  TRY(saved_tensor(r, 3, &w));
  if (r->want[1] || r->want[2]) return fail(TNT_ESTATE, "batchnorm: mean and var have no gradient");
  STEPS(r->c);
  if (!c->create_graph) {
    STEP(op_batchnorm_grad(c, &t[0], &t[1], &t[2], dy, x, mean, var, w, eps, training));
    if (!rc) {
      if (r->want[0]) give(&r->dx[0], &t[0]);
      if (r->want[3]) give(&r->dx[3], &t[1]);
      if (r->want[4]) give(&r->dx[4], &t[2]);
    }
    END();
  }
  int64_t dims[MAX_DIMS], size[MAX_DIMS];
  int n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (d != 1) dims[n++] = d + 1;
    size[d] = d == 1 ? x->size[1] : 1;
  }
  if (w) {
    STEP(reshape(c, &t[0], w, size, x->ndim));
    STEP(op_mul(c, &t[1], dy, t[0]));
  } else {
    tensor_ref(dy), t[1] = dy;
  }
  if (training) {
    STEP(normalised_gradient(c, &t[2], &t[3], x, t[1], dims, n, eps));
  } else {
    STEP(op_add_number(c, &t[4], var, eps, 0));
    STEP(op_rsqrt(c, &t[5], t[4]));
    STEP(reshape(c, &t[6], t[5], size, x->ndim));
    STEP(reshape(c, &t[7], mean, size, x->ndim));
    STEP(op_sub(c, &t[8], x, t[7]));
    STEP(op_mul(c, &t[3], t[8], t[6]));
    STEP(op_mul(c, &t[2], t[1], t[6]));
  }
  if (r->want[3]) {
    STEP(op_mul(c, &t[9], dy, t[3]));
    STEP(op_sum(c, &r->dx[3], t[9], dims, n, 0));
  }
  if (r->want[4]) STEP(op_sum(c, &r->dx[4], dy, dims, n, 0));
  if (!rc && r->want[0]) give(&r->dx[0], &t[2]);
  END();
}

/* -- convolution and pooling ----------------------------------------------------------------------------------------------------- */
/* The three lists lie in one order in conv2d, conv2d_dx and conv2d_dw; the last two have a size before them. */
#define CONV_LISTS(i) (i) + 1, (int)(i)[0], (i) + 10, (int)(i)[9], (i) + 19, (int)(i)[18], (i)[27]

int conv2d_rule(rule_call *r) {
  const node *n = r->node;
  tensor *x, *w;
  STEPS(r->c);
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &w));
    STEP(op_conv2d_dx(c, &r->dx[0], r->dy[0], w, n->edges[0].size, 4, CONV_LISTS(n->integers)));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &x));
    STEP(op_conv2d_dw(c, &r->dx[1], r->dy[0], x, n->edges[1].size, 4, CONV_LISTS(n->integers)));
  }
  if (r->want[2]) STEP(op_sum(c, &r->dx[2], r->dy[0], (int64_t[]){1, 3, 4}, 3, 0));
  END();
}

int conv2d_dx_rule(rule_call *r) { /* g is like x; inputs dy, w */
  const node *n = r->node;
  const int64_t *lists = n->integers + 9;
  tensor *dy, *w, *g = r->dy[0];
  STEPS(r->c);
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &w));
    STEP(op_conv2d(c, &r->dx[0], g, w, NULL, CONV_LISTS(lists)));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &dy));
    STEP(op_conv2d_dw(c, &r->dx[1], dy, g, n->edges[1].size, 4, CONV_LISTS(lists)));
  }
  END();
}

int conv2d_dw_rule(rule_call *r) { /* g is like w; inputs dy, x */
  const node *n = r->node;
  const int64_t *lists = n->integers + 9;
  tensor *dy, *x, *g = r->dy[0];
  STEPS(r->c);
  if (r->want[0]) {
    STEP(saved_tensor(r, 1, &x));
    STEP(op_conv2d(c, &r->dx[0], x, g, NULL, CONV_LISTS(lists)));
  }
  if (r->want[1]) {
    STEP(saved_tensor(r, 0, &dy));
    STEP(op_conv2d_dx(c, &r->dx[1], dy, g, n->edges[1].size, 4, CONV_LISTS(lists)));
  }
  END();
}

int maxpool2d_rule(rule_call *r) {
  tensor *i;
  const int64_t *l = r->node->integers;
  TRY(saved_tensor(r, 0, &i));
  return op_maxpool2d_grad(r->c, &r->dx[0], r->dy[0], i, r->node->edges[0].size, 4, l + 1,
                           (int)l[0], l + 10, (int)l[9], l + 19, (int)l[18]);
}

int avgpool2d_rule(rule_call *r) {
  const int64_t *i = r->node->integers;
  return op_avgpool2d_grad(r->c, &r->dx[0], r->dy[0], r->node->edges[0].size, 4, i + 1, (int)i[0],
                           i + 10, (int)i[9], i + 19, (int)i[18], (int)i[27]);
}

/* -- places ------------------------------------------------------------------------------------------------------------------------- */
int embedding_rule(rule_call *r) {
  tensor *ids;
  TRY(saved_tensor(r, 0, &ids));
  return op_embedding_grad(r->c, &r->dx[1], r->dy[0], ids, r->node->edges[1].size[0]);
}

int embedding_grad_rule(rule_call *r) {
  tensor *ids;
  TRY(saved_tensor(r, 0, &ids));
  return op_embedding(r->c, &r->dx[0], ids, r->dy[0]);
}

int index_select_rule(rule_call *r) {
  tensor *ids;
  TRY(saved_tensor(r, 0, &ids));
  const edge *e = &r->node->edges[0];
  STEPS(r->c);
  STEP(zeros(c, &t[0], e->device, e->dtype, e->size, e->ndim));
  STEP(op_index_add(c, &r->dx[0], t[0], ids, r->dy[0], r->node->integers[0]));
  END();
}

int index_add_rule(rule_call *r) {
  tensor *ids;
  if (r->want[0]) TRY(pass(r, 0, r->dy[0]));
  if (!r->want[2]) return 0;
  TRY(saved_tensor(r, 0, &ids));
  return op_index_select(r->c, &r->dx[2], r->dy[0], ids, r->node->integers[0]);
}

int gather_rule(rule_call *r) {
  tensor *ids;
  TRY(saved_tensor(r, 0, &ids));
  const edge *e = &r->node->edges[0];
  STEPS(r->c);
  STEP(zeros(c, &t[0], e->device, e->dtype, e->size, e->ndim));
  STEP(op_scatter_add(c, &r->dx[0], t[0], ids, r->dy[0], r->node->integers[0]));
  END();
}

int scatter_rule(rule_call *r) {
  tensor *ids;
  TRY(saved_tensor(r, 0, &ids));
  int64_t d = r->node->integers[0];
  STEPS(r->c);
  if (r->want[0]) {
    STEP(zeros(c, &t[0], r->dy[0]->device, r->dy[0]->dtype, ids->size, ids->ndim));
    STEP(op_scatter(c, &r->dx[0], r->dy[0], ids, t[0], d));
  }
  if (r->want[2]) STEP(op_gather(c, &r->dx[2], r->dy[0], ids, d));
  END();
}

int scatter_add_rule(rule_call *r) {
  tensor *ids;
  if (r->want[0]) TRY(pass(r, 0, r->dy[0]));
  if (!r->want[2]) return 0;
  TRY(saved_tensor(r, 0, &ids));
  return op_gather(r->c, &r->dx[2], r->dy[0], ids, r->node->integers[0]);
}

int cat_rule(rule_call *r) {
  int64_t d = r->node->integers[0], at = 1;
  for (int i = 0; i < r->node->n_edges; i++) {
    int64_t n = r->node->edges[i].size[d - 1];
    if (r->want[i]) TRY(op_narrow(r->c, &r->dx[i], r->dy[0], d, at, n));
    at += n;
  }
  return 0;
}

int tril_rule(rule_call *r) { return op_tril(r->c, &r->dx[0], r->dy[0], r->node->integers[0]); }
int triu_rule(rule_call *r) { return op_triu(r->c, &r->dx[0], r->dy[0], r->node->integers[0]); }

/* -- dropout: the mask is not kept, the same numbers are drawn again ---------------------------------------------------------------- */
int dropout_rule(rule_call *r) {
  const node *n = r->node;
  return op_dropout_again(r->c, &r->dx[0], r->dy[0], n->numbers[0], n->integers[0], n->integers[1]);
}

int dropout_again_rule(rule_call *r) { return dropout_rule(r); }

/* -- views ---------------------------------------------------------------------------------------------------------------------------- */
int view_rule(rule_call *r) {
  const edge *e = &r->node->edges[0];
  return reshape(r->c, &r->dx[0], r->dy[0], e->size, e->ndim);
}

int transpose_rule(rule_call *r) {
  if (r->node->edges[0].ndim < 2) return pass(r, 0, r->dy[0]);
  return op_transpose(r->c, &r->dx[0], r->dy[0], r->node->integers[TRANSPOSE_A],
                      r->node->integers[TRANSPOSE_B]);
}

int permute_rule(rule_call *r) {
  const int64_t *dims = r->node->integers;
  int64_t back[MAX_DIMS];
  for (int i = 0; i < dims[0]; i++) back[dims[i + 1] - 1] = i + 1;
  return op_permute(r->c, &r->dx[0], r->dy[0], back, (int)dims[0]);
}

int expand_rule(rule_call *r) { return pass(r, 0, r->dy[0]); } /* the walk sums it */

/* The walk lays parts of one tensor into one buffer (parts.c); these are the others. */
int slice_rule(rule_call *r) {
  part p;
  TRY(part_of_node(r->c, &p, r->node, r->dy[0]));
  return place(r->c, &r->dx[0], r->dy[0], &p);
}
