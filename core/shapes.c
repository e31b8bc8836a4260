/* Output shapes that signatures cannot say: one <name>_shape for each `shape = "name"` of the op table. A shape function
 * sets ndim and sizes (and a dtype that is not the op's) of k->out, and refuses arguments that do not fit. */
#include "../kernels/slots_gen.h"
#include "calls_gen.h"

static void sizes_like(tensor *y, const tensor *x) {
  y->ndim = x->ndim;
  memcpy(y->size, x->size, sizeof(int64_t) * x->ndim);
}

static int shape_error(call *k, int i, const char *expected) {
  char text[SHAPE_TEXT];
  format_shape(text, sizeof text, k->in[i]->size, k->in[i]->ndim);
  return fail(TNT_ESHAPE, "%s: %s must be %s, got %s", k->op->name, k->op->in_names[i], expected,
              text);
}

int same_shape(call *k) {
  for (int i = 1; i < k->op->n_in; i++) {
    if (!same_size(k->in[i], k->in[0])) return shape_error(k, i, "of the shape of the first");
  }
  for (int i = 0; i < k->op->n_out; i++) sizes_like(k->out[i], k->in[0]);
  return 0;
}

static int no_elements(call *k, int d) {
  return fail(TNT_ESHAPE, "%s: dim %d has no elements", k->op->name, d + 1);
}

/* dims at integers[0..8], keepdim last */
int reduce_shape(call *k) {
  const tensor *x = k->in[0];
  const int64_t *dims = k->integers;
  bool keep = k->integers[k->op->n_integers - 1] != 0;
  unsigned gone = dims[0] ? 0 : 0xff;
  for (int i = 1; i <= dims[0]; i++) gone |= 1u << (dims[i] - 1);
  bool place = k->op->out_ids & 1;
  if (place && dims[0] > 1)
    return fail(TNT_EARGUMENT, "%s: one dim was expected, got %d", k->op->name, (int)dims[0]);
  bool needs_one = place || k->op == &tnt__ops[OP_ID_AMAX] || k->op == &tnt__ops[OP_ID_AMIN];
  tensor *y = k->out[0];
  int n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (!(gone >> d & 1))
      y->size[n++] = x->size[d];
    else if (needs_one && x->size[d] == 0)
      return no_elements(k, d);
    else if (keep)
      y->size[n++] = 1;
  }
  y->ndim = (uint8_t)n;
  return 0;
}

int reduce_one_shape(call *k) {
  const tensor *x = k->in[0];
  int gone = (int)k->integers[0] - 1;
  if (x->ndim && x->size[gone] == 0) return no_elements(k, gone);
  for (int o = 0; o < 2; o++) {
    tensor *y = k->out[o];
    int n = 0;
    for (int d = 0; d < x->ndim; d++) {
      if (d != gone)
        y->size[n++] = x->size[d];
      else if (k->integers[1])
        y->size[n++] = 1;
    }
    y->ndim = (uint8_t)n;
  }
  return 0;
}

int topk_shape(call *k) {
  const tensor *x = k->in[0];
  int64_t n = k->integers[TOPK_K];
  int d = (int)k->integers[TOPK_D] - 1;
  int64_t have = x->ndim ? x->size[d] : 1;
  if (n < 0 || n > have)
    return fail(TNT_EARGUMENT, "topk: k must be in 0..%lld, got %lld", (long long)have,
                (long long)n);
  same_shape(k);
  for (int o = 0; o < 2 && x->ndim; o++) k->out[o]->size[d] = n;
  return 0;
}

int scalar_shape(call *k) {
  k->out[0]->ndim = 0;
  return 0;
}

int cross_entropy_shape(call *k) {
  TRY(shape_from_patterns(k));
  for (int o = 0; o < 2; o++) k->out[o]->ndim = 1, k->out[o]->size[0] = k->in[0]->size[0];
  if (k->integers[CROSS_ENTROPY_REDUCTION]) k->out[0]->ndim = 0;
  return 0;
}

static int check_channels(call *k, const tensor *x, int first, int last) {
  if (x->ndim < 2) return shape_error(k, 0, "[N, C, ...]");
  for (int i = first; i <= last; i++) {
    const tensor *t = k->in[i];
    if (t && (t->ndim != 1 || t->size[0] != x->size[1]))
      return shape_error(k, i, "[C] with C = size 2 of x");
  }
  return 0;
}

int batchnorm_stats_shape(call *k) {
  const tensor *x = k->in[0];
  TRY(check_channels(k, x, 1, 0));
  for (int o = 0; o < 2; o++) k->out[o]->ndim = 1, k->out[o]->size[0] = x->size[1];
  return 0;
}

int batchnorm_shape(call *k) {
  TRY(check_channels(k, k->in[0], 1, 4));
  sizes_like(k->out[0], k->in[0]);
  return 0;
}

int batchnorm_grad_shape(call *k) {
  const tensor *x = k->in[1];
  if (x->ndim < 2 || !same_size(k->in[0], x)) return shape_error(k, 0, "like x, [N, C, ...]");
  for (int i = 2; i <= 4; i++) {
    if (k->in[i] && (k->in[i]->ndim != 1 || k->in[i]->size[0] != x->size[1]))
      return shape_error(k, i, "[C] with C = size 2 of x");
  }
  sizes_like(k->out[0], x);
  for (int o = 1; o < 3; o++) k->out[o]->ndim = 1, k->out[o]->size[0] = x->size[1];
  return 0;
}

/* number i of a list that may name one for both */
static int64_t pair(const int64_t *list, int i) { return list[0] == 1 ? list[1] : list[1 + i]; }

static int check_pair(call *k, const int64_t *list, const char *what, int64_t least) {
  if (list[0] != 1 && list[0] != 2)
    return fail(TNT_EARGUMENT, "%s: %s must be one or two numbers", k->op->name, what);
  for (int i = 1; i <= list[0]; i++) {
    if (list[i] < least) {
      return fail(TNT_EARGUMENT, "%s: %s must be >= %lld, got %lld", k->op->name, what,
                  (long long)least, (long long)list[i]);
    }
  }
  return 0;
}

/* The sizes that correlating x with w gives; `lists` are stride, padding, dilation and groups. */
static int convolve(call *k, const int64_t *x, const int64_t *w, const int64_t *lists, int64_t *y) {
  const char *op = k->op->name;
  const int64_t *stride = lists, *padding = lists + 9, *dilation = lists + 18;
  TRY(check_pair(k, stride, "stride", 1));
  TRY(check_pair(k, padding, "padding", 0));
  TRY(check_pair(k, dilation, "dilation", 1));
  int64_t groups = lists[27];
  if (groups < 1 || w[0] % groups || x[1] % groups) {
    return fail(TNT_EARGUMENT,
                "%s: groups must divide %lld input and %lld output channels, got %lld", op,
                (long long)x[1], (long long)w[0], (long long)groups);
  }
  if (w[1] * groups != x[1]) {
    return fail(TNT_ESHAPE,
                "%s: w must have %lld input channels (x has %lld in %lld groups), got %lld", op,
                (long long)(x[1] / groups), (long long)x[1], (long long)groups, (long long)w[1]);
  }
  y[0] = x[0];
  y[1] = w[0];
  for (int i = 0; i < 2; i++) {
    int64_t reach = pair(dilation, i) * (w[2 + i] - 1) + 1,
            padded = x[2 + i] + 2 * pair(padding, i);
    if (padded < reach) {
      return fail(TNT_ESHAPE, "%s: the kernel reaches over %lld, the padded input has only %lld",
                  op, (long long)reach, (long long)padded);
    }
    y[2 + i] = (padded - reach) / pair(stride, i) + 1;
  }
  return 0;
}

int conv2d_shape(call *k) {
  TRY(shape_from_patterns(k));
  k->out[0]->ndim = 4;
  return convolve(k, k->in[0]->size, k->in[1]->size, k->integers + CONV2D_STRIDE, k->out[0]->size);
}

static int sizes_from_list(call *k, int slot) {
  tensor *y = k->out[0];
  TRY(shape_from_patterns(k));
  if (k->integers[slot] != 4)
    return fail(TNT_EARGUMENT, "%s: size must be 4 numbers, got %d", k->op->name,
                (int)k->integers[slot]);
  y->ndim = 4;
  for (int d = 0; d < 4; d++) y->size[d] = k->integers[slot + 1 + d];
  return 0;
}

static int check_dy(call *k, const int64_t *want) {
  if (memcmp(k->in[0]->size, want, 4 * sizeof *want) == 0) return 0;
  char text[SHAPE_TEXT + 8];
  format_shape(text, SHAPE_TEXT, want, 4);
  return shape_error(k, 0, text);
}

int conv2d_dx_shape(call *k) {
  int64_t y[4];
  TRY(sizes_from_list(k, CONV2D_DX_SIZE));
  TRY(convolve(k, k->out[0]->size, k->in[1]->size, k->integers + CONV2D_DX_STRIDE, y));
  return check_dy(k, y);
}

int conv2d_dw_shape(call *k) {
  int64_t y[4];
  TRY(sizes_from_list(k, CONV2D_DW_SIZE));
  TRY(convolve(k, k->in[1]->size, k->out[0]->size, k->integers + CONV2D_DW_STRIDE, y));
  return check_dy(k, y);
}

int pool2d_grad_shape(call *k) { /* the first list of both is the size */
  TRY(sizes_from_list(k, 0));
  const int64_t *dx = k->out[0]->size, *dy = k->in[0]->size;
  if (dx[0] != dy[0] || dx[1] != dy[1])
    return shape_error(k, 0, "[N, C, P, Q] with the N and C of size");
  return 0;
}

int pool2d_shape(call *k) { /* both pools keep their lists in the same places */
  TRY(shape_from_patterns(k));
  const tensor *x = k->in[0];
  TRY(check_pair(k, k->integers + MAXPOOL2D_KERNEL, "kernel", 1));
  TRY(check_pair(k, k->integers + MAXPOOL2D_STRIDE, "stride", 1));
  TRY(check_pair(k, k->integers + MAXPOOL2D_PADDING, "padding", 0));
  for (int o = 0; o < k->op->n_out; o++) {
    tensor *y = k->out[o];
    y->ndim = 4;
    y->size[0] = x->size[0], y->size[1] = x->size[1];
    for (int i = 0; i < 2; i++) {
      int64_t kernel = pair(k->integers + MAXPOOL2D_KERNEL, i),
              pad = pair(k->integers + MAXPOOL2D_PADDING, i);
      if (2 * pad > kernel)
        return fail(TNT_EARGUMENT, "%s: padding may be at most half the kernel", k->op->name);
      int64_t padded = x->size[2 + i] + 2 * pad;
      if (padded < kernel) {
        return fail(TNT_ESHAPE, "%s: the window of %lld is larger than the padded input of %lld",
                    k->op->name, (long long)kernel, (long long)padded);
      }
      y->size[2 + i] = (padded - kernel) / pair(k->integers + MAXPOOL2D_STRIDE, i) + 1;
    }
  }
  return 0;
}

int embedding_shape(call *k) {
  const tensor *ids = k->in[0], *w = k->in[1];
  if (w->ndim != 2) return shape_error(k, 1, "[V, C]");
  if (ids->ndim >= MAX_DIMS) return shape_error(k, 0, "of at most 7 dims");
  tensor *y = k->out[0];
  sizes_like(y, ids);
  y->size[y->ndim++] = w->size[1];
  return 0;
}

int embedding_grad_shape(call *k) {
  const tensor *dy = k->in[0], *ids = k->in[1];
  if (dy->ndim != ids->ndim + 1 || memcmp(dy->size, ids->size, sizeof(int64_t) * ids->ndim) != 0) {
    return shape_error(k, 0, "of the shape of ids and one dim more");
  }
  tensor *y = k->out[0];
  y->ndim = 2;
  y->size[0] = k->integers[EMBEDDING_GRAD_ROWS];
  y->size[1] = dy->size[dy->ndim - 1];
  return 0;
}

int index_select_shape(call *k) {
  const tensor *x = k->in[0], *ids = k->in[1];
  if (x->ndim == 0) return shape_error(k, 0, "of at least one dim");
  if (ids->ndim != 1) return shape_error(k, 1, "[N]");
  sizes_like(k->out[0], x);
  k->out[0]->size[k->integers[0] - 1] = ids->size[0];
  return 0;
}

int index_add_shape(call *k) {
  const tensor *x = k->in[0], *ids = k->in[1], *v = k->in[2];
  int along = (int)k->integers[0] - 1;
  if (x->ndim == 0) return shape_error(k, 0, "of at least one dim");
  if (ids->ndim != 1) return shape_error(k, 1, "[N]");
  bool fits = v->ndim == x->ndim;
  for (int d = 0; fits && d < x->ndim; d++)
    fits = v->size[d] == (d == along ? ids->size[0] : x->size[d]);
  if (!fits) return shape_error(k, 2, "like x, with one slice for each id");
  sizes_like(k->out[0], x);
  return 0;
}

static int check_places(call *k, int i) {
  const tensor *x = k->in[0], *t = k->in[i];
  if (t->ndim != x->ndim) return shape_error(k, i, "of as many dims as x");
  for (int d = 0; d < x->ndim; d++) {
    if (d != k->integers[0] - 1 && t->size[d] > x->size[d])
      return shape_error(k, i, "no larger than x outside its dim");
  }
  return 0;
}

int gather_shape(call *k) {
  TRY(check_places(k, 1));
  sizes_like(k->out[0], k->in[1]);
  return 0;
}

int scatter_shape(call *k) {
  TRY(check_places(k, 1));
  if (k->in[2]->ndim != k->in[1]->ndim || !same_size(k->in[2], k->in[1]))
    return shape_error(k, 2, "of the shape of ids");
  sizes_like(k->out[0], k->in[0]);
  return 0;
}

int cat_shape(call *k) {
  if (!k->n_list) return fail(TNT_EARGUMENT, "cat: at least one tensor was expected");
  const tensor *first = k->list[0];
  int along;
  TRY(position(k->integers[0], first->ndim, "cat", "dim", &along));
  k->integers[0] = along + 1;
  tensor *y = k->out[0];
  sizes_like(y, first);
  for (int i = 1; i < k->n_list; i++) {
    const tensor *t = k->list[i];
    bool fits = t->ndim == first->ndim;
    for (int d = 0; fits && d < t->ndim; d++) fits = d == along || t->size[d] == first->size[d];
    if (!fits) {
      char a[SHAPE_TEXT], b[SHAPE_TEXT];
      format_shape(a, sizeof a, first->size, first->ndim);
      format_shape(b, sizeof b, t->size, t->ndim);
      return fail(TNT_ESHAPE, "cat: tensor %d must be like the first, %s, outside dim %d; got %s",
                  i + 1, a, along + 1, b);
    }
    y->size[along] += t->size[along];
  }
  return 0;
}

/* counted here, since the shape depends on the values */
int nonzero_shape(call *k) {
  tensor *x = k->in[0], *y = k->out[0], *flags;
  context *c = k->c;
  int mode = c->view.grad_mode;
  c->view.grad_mode = 0;
  int rc = cast_to(c, &flags, x, TNT_BOOL);
  c->view.grad_mode = mode;
  if (rc) return rc;
  tensor *count = NULL;
  int64_t n = 0;
  c->view.grad_mode = 0;
  rc = op_sum(c, &count, flags, NULL, 0, 0);
  c->view.grad_mode = mode;
  if (!rc) rc = host_read(c, &n, count);
  tensor_unref(c, count);
  tensor_unref(c, flags);
  if (rc) return rc;
  y->ndim = 2;
  y->size[0] = n;
  y->size[1] = x->ndim;
  return 0;
}

int one_hot_shape(call *k) {
  const tensor *ids = k->in[0];
  int64_t n = k->integers[0];
  if (n < 1) return fail(TNT_EARGUMENT, "one_hot: n must be >= 1, got %lld", (long long)n);
  if (ids->ndim >= MAX_DIMS) return shape_error(k, 0, "of at most 7 dims");
  sizes_like(k->out[0], ids);
  k->out[0]->size[k->out[0]->ndim++] = n;
  return 0;
}

int attention_shape(call *k) {
  double p = k->numbers[ATTENTION_P];
  TRY(shape_from_patterns(k));
  if (!(p >= 0 && p <= 1)) return fail(TNT_EARGUMENT, "attention: p must be in 0..1, got %g", p);
  int64_t t = k->in[0]->size[2], s = k->in[1]->size[2];
  if (k->integers[ATTENTION_CAUSAL] && s < t) {
    return fail(
        TNT_ESHAPE,
        "attention: a causal mask needs at least as many keys as queries, got %lld and %lld",
        (long long)s, (long long)t);
  }
  return 0;
}

int dropout_shape(call *k) {
  double p = k->numbers[0];
  if (!(p >= 0 && p <= 1)) return fail(TNT_EARGUMENT, "dropout: p must be in 0..1, got %g", p);
  return same_shape(k);
}

int multinomial_shape(call *k) {
  const tensor *p = k->in[0];
  int64_t n = k->integers[MULTINOMIAL_N];
  if (p->ndim < 1 || p->ndim > 2) return shape_error(k, 0, "[K] or [N, K]");
  int64_t have = p->size[p->ndim - 1];
  if (n < 1 || have < 1 || (!k->integers[MULTINOMIAL_REPLACEMENT] && n > have)) {
    return fail(TNT_EARGUMENT, "multinomial: cannot draw %lld of %lld%s", (long long)n,
                (long long)have,
                k->integers[MULTINOMIAL_REPLACEMENT] ? "" : " without replacement");
  }
  sizes_like(k->out[0], p);
  k->out[0]->size[p->ndim - 1] = n;
  return 0;
}

/* Outputs that only the gradient reads, from `first` on, are empty where nothing will be recorded: the kernel then does
 * not make them. */
static void keep_for_gradient(call *k, int first) {
  bool recorded = false;
  for (int i = 0; i < k->op->n_in && k->c->view.grad_mode; i++)
    recorded = recorded || (k->in[i] && wants_gradient(k->in[i]));
  for (int o = first; o < k->op->n_out && !recorded; o++)
    k->out[o]->ndim = 1, k->out[o]->size[0] = 0;
}

int linear_gelu_shape(call *k) { /* gelu_mlp's too */
  TRY(shape_from_patterns(k));
  keep_for_gradient(k, 1);
  return 0;
}
