/* Views: one <name>_view for each view op. Each makes k->out[0], a tensor on the storage of k->in[0]. */
#include "../kernels/slots_gen.h"
#include "calls_gen.h"

static int begin(call *k, tensor **y) {
  *y = tensor_view(k->c, k->in[0]);
  if (!*y) return fail(TNT_EMEMORY, "%s: too many tensors are alive (16.7 million)", k->op->name);
  k->out[0] = *y;
  return 0;
}

static int done(tensor *y) {
  tensor_check_dense(y);
  return 0;
}

static void drop_dim(tensor *y, int d) {
  for (int i = d; i < y->ndim - 1; i++)
    y->size[i] = y->size[i + 1], y->stride[i] = y->stride[i + 1];
  y->ndim--;
}

int view_view(call *k) {
  const tensor *x = k->in[0];
  int64_t *size = &k->integers[VIEW_SIZE + 1];
  int n = (int)k->integers[VIEW_SIZE], unknown = -1;
  int64_t known = 1;
  char text[SHAPE_TEXT];
  for (int d = 0; d < n; d++) {
    if (size[d] == -1 && unknown < 0)
      unknown = d;
    else if (size[d] < 0)
      return fail(TNT_EARGUMENT, "view: size %d must be >= 0 (one may be -1), got %lld", d + 1,
                  (long long)size[d]);
    else
      known *= size[d];
  }
  if (unknown >= 0 && known > 0 && x->numel % known == 0) size[unknown] = x->numel / known;
  if ((unknown >= 0 && size[unknown] < 0) || (unknown < 0 && known != x->numel)) {
    char to[SHAPE_TEXT];
    format_shape(text, sizeof text, x->size, x->ndim);
    format_shape(to, sizeof to, size, n);
    return fail(TNT_ESHAPE, "view: %s has %lld elements and cannot be seen as %s", text,
                (long long)x->numel, to);
  }
  int64_t stride[MAX_DIMS];
  if (!compute_strides_for_view(x, size, n, stride)) {
    format_shape(text, sizeof text, size, n);
    return fail(TNT_ESHAPE,
                "view: the layout of x cannot be seen as %s without a copy; use reshape", text);
  }
  tensor *y;
  TRY(begin(k, &y));
  y->ndim = (uint8_t)n;
  for (int d = 0; d < n; d++) y->size[d] = size[d], y->stride[d] = stride[d];
  return done(y);
}

int transpose_view(call *k) {
  tensor *y;
  TRY(begin(k, &y));
  if (y->ndim < 2) return 0;
  int a = (int)k->integers[TRANSPOSE_A] - 1, b = (int)k->integers[TRANSPOSE_B] - 1;
  int64_t size = y->size[a], stride = y->stride[a];
  y->size[a] = y->size[b], y->stride[a] = y->stride[b];
  y->size[b] = size, y->stride[b] = stride;
  return done(y);
}

int permute_view(call *k) {
  const tensor *x = k->in[0];
  const int64_t *dims = &k->integers[PERMUTE_DIMS];
  if (dims[0] != x->ndim) {
    return fail(TNT_EARGUMENT, "permute: all %d dims must be named once, got %d", x->ndim,
                (int)dims[0]);
  }
  tensor *y;
  TRY(begin(k, &y));
  for (int d = 0; d < x->ndim; d++)
    y->size[d] = x->size[dims[d + 1] - 1], y->stride[d] = x->stride[dims[d + 1] - 1];
  return done(y);
}

int expand_view(call *k) {
  const tensor *x = k->in[0];
  int64_t *size = &k->integers[EXPAND_SIZE + 1];
  int n = (int)k->integers[EXPAND_SIZE], shift = n - x->ndim;
  bool fits = shift >= 0;
  for (int d = 0; fits && d < n; d++) {
    int64_t have = d < shift ? 1 : x->size[d - shift];
    if (size[d] == -1 && d >= shift) size[d] = have;
    fits = size[d] >= 0 && (have == size[d] || have == 1);
  }
  if (!fits) {
    char from[SHAPE_TEXT], to[SHAPE_TEXT];
    format_shape(from, sizeof from, x->size, x->ndim);
    format_shape(to, sizeof to, size, n);
    return fail(TNT_ESHAPE, "expand: %s cannot be expanded to %s: only dims of size 1 are repeated",
                from, to);
  }
  tensor *y;
  TRY(begin(k, &y));
  y->ndim = (uint8_t)n;
  for (int d = n - 1; d >= 0; d--) {
    y->stride[d] = d < shift || x->size[d - shift] != size[d] ? 0 : x->stride[d - shift];
    y->size[d] = size[d];
  }
  return done(y);
}

static int needs_dims(call *k, int n) {
  if (k->in[0]->ndim >= n) return 0;
  return fail(TNT_ESHAPE, "%s: a tensor of at least %d dims was expected, got %d", k->op->name, n,
              k->in[0]->ndim);
}

static int cut(call *k, int d, int64_t first, int64_t n, int64_t step) {
  tensor *y;
  TRY(begin(k, &y));
  y->data += first * y->stride[d] * dtype_size[y->dtype];
  y->size[d] = n;
  y->stride[d] *= step;
  return done(y);
}

int narrow_view(call *k) {
  TRY(needs_dims(k, 1));
  const tensor *x = k->in[0];
  int d = (int)k->integers[NARROW_D] - 1, first;
  int64_t n = k->integers[NARROW_N], size = x->size[d], start = k->integers[NARROW_START];
  if (n == 0 && start == size + 1) return cut(k, d, 0, 0, 1);
  TRY(position(start, size, "narrow", "start", &first));
  if (n < 0 || first + n > size) {
    return fail(TNT_EARGUMENT, "narrow: %lld slices from %d on were asked for, dim %d has %lld",
                (long long)n, first + 1, d + 1, (long long)size);
  }
  return cut(k, d, first, n, 1);
}

int slice_view(call *k) {
  TRY(needs_dims(k, 1));
  const tensor *x = k->in[0];
  int d = (int)k->integers[SLICE_D] - 1;
  int64_t size = x->size[d], a = k->integers[SLICE_FIRST], b = k->integers[SLICE_LAST],
          step = k->integers[SLICE_STEP];
  if (step < 1)
    return fail(TNT_EARGUMENT, "slice: the step must be >= 1, got %lld", (long long)step);
  if (a < 0) a += size + 1;
  if (b < 0) b += size + 1;
  if (a < 1 || a > size + 1 || b > size || b < a - 1) {
    return fail(TNT_EARGUMENT, "slice: the range %lld..%lld is not in 1..%lld of dim %d",
                (long long)k->integers[SLICE_FIRST], (long long)k->integers[SLICE_LAST],
                (long long)size, d + 1);
  }
  return cut(k, d, b < a ? 0 : a - 1, (b - a + step) / step, step);
}

int select_view(call *k) {
  TRY(needs_dims(k, 1));
  const tensor *x = k->in[0];
  int d = (int)k->integers[SELECT_D] - 1, at;
  TRY(position(k->integers[SELECT_I], x->size[d], "select", "the index", &at));
  TRY(cut(k, d, at, 1, 1));
  drop_dim(k->out[0], d);
  return done(k->out[0]);
}

int unsqueeze_view(call *k) {
  int d = (int)k->integers[UNSQUEEZE_D] - 1;
  if (k->in[0]->ndim >= MAX_DIMS) return fail(TNT_ESHAPE, "unsqueeze: a tensor has at most 8 dims");
  tensor *y;
  TRY(begin(k, &y));
  for (int i = y->ndim; i > d; i--) y->size[i] = y->size[i - 1], y->stride[i] = y->stride[i - 1];
  y->ndim++;
  y->stride[d] = d + 1 < y->ndim ? y->size[d + 1] * y->stride[d + 1] : 1;
  y->size[d] = 1;
  return done(y);
}

int squeeze_view(call *k) {
  const int64_t *dims = &k->integers[SQUEEZE_DIMS];
  unsigned named = dims[0] ? 0 : 0xff;
  for (int i = 1; i <= dims[0]; i++) named |= 1u << (dims[i] - 1);
  tensor *y;
  TRY(begin(k, &y));
  for (int d = y->ndim - 1; d >= 0; d--) {
    if ((named >> d & 1) && y->size[d] == 1) drop_dim(y, d);
  }
  return done(y);
}

int diagonal_view(call *k) {
  TRY(needs_dims(k, 2));
  int64_t offset = k->integers[DIAGONAL_K];
  tensor *y;
  TRY(begin(k, &y));
  int a = y->ndim - 2, b = y->ndim - 1;
  int64_t rows = y->size[a] + (offset < 0 ? offset : 0),
          columns = y->size[b] - (offset > 0 ? offset : 0);
  int64_t n = rows < columns ? rows : columns;
  if (n < 0) n = 0;
  if (n)
    y->data += (offset < 0 ? -offset * y->stride[a] : offset * y->stride[b]) * dtype_size[y->dtype];
  y->size[a] = n;
  y->stride[a] += y->stride[b];
  y->ndim--;
  return done(y);
}

int unfold_view(call *k) {
  TRY(needs_dims(k, 1));
  const tensor *x = k->in[0];
  int d = (int)k->integers[UNFOLD_D] - 1;
  int64_t size = k->integers[UNFOLD_SIZE], step = k->integers[UNFOLD_STEP];
  if (size < 1 || size > x->size[d] || step < 1) {
    return fail(TNT_EARGUMENT, "unfold: size must be in 1..%lld and step >= 1, got %lld and %lld",
                (long long)x->size[d], (long long)size, (long long)step);
  }
  if (x->ndim >= MAX_DIMS) return fail(TNT_ESHAPE, "unfold: a tensor has at most 8 dims");
  tensor *y;
  TRY(begin(k, &y));
  y->size[y->ndim] = size;
  y->stride[y->ndim] = y->stride[d];
  y->size[d] = (x->size[d] - size) / step + 1;
  y->stride[d] *= step;
  y->ndim++;
  return done(y);
}
