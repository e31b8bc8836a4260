/* Attention through cuDNN: the graphs of products, pointwise operations and reductions that its fused engines know, for 16-bit
 * dtypes without dropout. Its statistic of a row is ours, the logarithm of the sum of exponentials, so that either side's
 * gradient takes either side's result. The operation that cuDNN 9.13 has for all of attention cannot be given a causal mask.
 * Source: Dao 2023, FlashAttention-2; the NVIDIA cuDNN documentation, Graph API, scaled dot product attention. */
#include "attention.h"

#ifndef TNT_HAVE_CUDNN
int tnt__attention_cudnn(tnt__args *a, const tnt__attention *x, bool gradient, bool *done) {
  (void)a, (void)x, (void)gradient;
  *done = false;
  return 0;
}
#else
#include <cuda_runtime_api.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "cudnn.h"

enum { ID_Q = 1, ID_K, ID_V, ID_Y, ID_LSE, ID_DY, ID_DQ, ID_DK, ID_DV, ID_DELTA, ID_SUMS };
enum { TENSORS = 8 }; /* of heads: in the order of tnt__attention, q k v y dy dq dk dv */

typedef struct key {
  tnt__terms terms;
  int64_t n, h, t, s, d;
  int64_t stride[TENSORS][3];
  double scale;
  bool causal, gradient, unused[6];
} key;
_Static_assert(sizeof(key) <= TNT__PLAN_KEY, "keys of plans are too short");

typedef const tnt__node *node;

/* -- parts of both graphs ----------------------------------------------------------------------------------------------- */
static tnt__node heads(tnt__graph *g, const key *k, int64_t id, int which, int64_t rows) {
  const int64_t *s = k->stride[which], size[4] = {k->n, k->h, rows, k->d},
                stride[4] = {s[0], s[1], s[2], 1};
  return tnt__cudnn_tensor(g, id, tnt__cudnn_type(k->terms.dtype), size, stride, 16);
}

/* k or v with its last two dims changed over: the right factor of a product of rows with rows. */
static tnt__node turned_heads(tnt__graph *g, const key *k, int64_t id, int which) {
  const int64_t *s = k->stride[which], size[4] = {k->n, k->h, k->d, k->s},
                stride[4] = {s[0], s[1], 1, s[2]};
  return tnt__cudnn_tensor(g, id, tnt__cudnn_type(k->terms.dtype), size, stride, 16);
}

/* f32, one number a row. */
static tnt__node row_numbers(tnt__graph *g, const key *k, int64_t id) {
  const int64_t size[4] = {k->n, k->h, k->t, 1}, stride[4] = {k->h * k->t, k->t, 1, 1};
  return id ? tnt__cudnn_tensor(g, id, CUDNN_DATA_FLOAT, size, stride, 16)
            : tnt__cudnn_virtual(g, CUDNN_DATA_FLOAT, size, stride);
}

/* [n, h, t, s] that is never stored. */
static tnt__node scores(tnt__graph *g, const key *k, cudnnDataType_t type) {
  const int64_t size[4] = {k->n, k->h, k->t, k->s},
                stride[4] = {k->h * k->t * k->s, k->t * k->s, k->s, 1};
  return tnt__cudnn_virtual(g, type, size, stride);
}

static void multiply(tnt__graph *g, node y, node a, node b) {
  cudnnBackendDescriptor_t how = tnt__cudnn_make(g, CUDNN_BACKEND_MATMUL_DESCRIPTOR);
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  tnt__cudnn_set(g, how, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  tnt__cudnn_finish(g, how);
  cudnnBackendDescriptor_t op = tnt__cudnn_make(g, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_MATMUL_ADESC, a->tensor);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_MATMUL_BDESC, b->tensor);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_MATMUL_CDESC, y->tensor);
  tnt__cudnn_finish_operation(g, op);
}

static void reduce(tnt__graph *g, cudnnReduceTensorOp_t by, node y, node x) {
  cudnnBackendDescriptor_t how = tnt__cudnn_make(g, CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  tnt__cudnn_set(g, how, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  tnt__cudnn_set(g, how, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, 1, &by);
  tnt__cudnn_finish(g, how);
  cudnnBackendDescriptor_t op = tnt__cudnn_make(g, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x->tensor);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y->tensor);
  tnt__cudnn_finish_operation(g, op);
}

/* x with its last two dims changed over, as a 16-bit factor of a product. */
static tnt__node turned(tnt__graph *g, const key *k, node x) {
  const int64_t size[4] = {x->size[0], x->size[1], x->size[3], x->size[2]},
                stride[4] = {x->stride[0], x->stride[1], x->stride[3], x->stride[2]};
  tnt__node y = tnt__cudnn_virtual(g, tnt__cudnn_type(k->terms.dtype), size, stride);
  cudnnBackendDescriptor_t op = tnt__cudnn_make(g, CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_RESHAPE_XDESC, x->tensor);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_RESHAPE_YDESC, y.tensor);
  tnt__cudnn_finish_operation(g, op);
  return y;
}

static void pointwise(tnt__graph *g, cudnnPointwiseMode_t mode, node y, node x, node b) {
  tnt__cudnn_pointwise(g, mode, CUDNN_DATA_FLOAT, y, x, b, NULL);
}
/* The same into scores of their own. */
static tnt__node of_scores(tnt__graph *g, const key *k, cudnnPointwiseMode_t mode, node x, node b) {
  tnt__node y = scores(g, k, CUDNN_DATA_FLOAT);
  pointwise(g, mode, &y, x, b);
  return y;
}

/* Minus infinity where row i does not see column j: j > i + s - t. */
static tnt__node masked(tnt__graph *g, const key *k, node x) {
  tnt__node row = scores(g, k, CUDNN_DATA_INT32), column = scores(g, k, CUDNN_DATA_INT32);
  tnt__cudnn_places(g, 2, &row, x);
  tnt__cudnn_places(g, 3, &column, x);
  if (k->s != k->t) {
    tnt__node all = tnt__cudnn_whole(g, (int32_t)k->s), rows = tnt__cudnn_whole(g, (int32_t)k->t),
              later = scores(g, k, CUDNN_DATA_INT32), last = scores(g, k, CUDNN_DATA_INT32);
    tnt__cudnn_pointwise(g, CUDNN_POINTWISE_ADD, CUDNN_DATA_INT32, &later, &row, &all, NULL);
    tnt__cudnn_pointwise(g, CUDNN_POINTWISE_SUB, CUDNN_DATA_INT32, &last, &later, &rows, NULL);
    row = last;
  }
  tnt__node seen = scores(g, k, CUDNN_DATA_BOOLEAN), y = scores(g, k, CUDNN_DATA_FLOAT);
  /* early versions count the lowest number as nothing, and make NaN of infinity */
  tnt__node never = tnt__cudnn_number(g, tnt__cudnn_version() < 91000 ? -FLT_MAX : -INFINITY);
  tnt__cudnn_pointwise(g, CUDNN_POINTWISE_CMP_GE, CUDNN_DATA_BOOLEAN, &seen, &row, &column, NULL);
  tnt__cudnn_pointwise(g, CUDNN_POINTWISE_BINARY_SELECT, CUDNN_DATA_FLOAT, &y, x, &never, &seen);
  return y;
}

/* -- the graphs --------------------------------------------------------------------------------------------------------- */
static void draw_forward(tnt__graph *g, const key *k) {
  tnt__node q = heads(g, k, ID_Q, 0, k->t), kt = turned_heads(g, k, ID_K, 1),
            v = heads(g, k, ID_V, 2, k->s), y = heads(g, k, ID_Y, 3, k->t),
            lse = row_numbers(g, k, ID_LSE), scale = tnt__cudnn_number(g, (float)k->scale);
  tnt__node x = scores(g, k, CUDNN_DATA_FLOAT);
  multiply(g, &x, &q, &kt);
  x = of_scores(g, k, CUDNN_POINTWISE_MUL, &x, &scale);
  if (k->causal) x = masked(g, k, &x);
  tnt__node most = row_numbers(g, k, 0), sum = row_numbers(g, k, 0), log = row_numbers(g, k, 0);
  reduce(g, CUDNN_REDUCE_TENSOR_MAX, &most, &x);
  x = of_scores(g, k, CUDNN_POINTWISE_SUB, &x, &most);
  x = of_scores(g, k, CUDNN_POINTWISE_EXP, &x, NULL);
  reduce(g, CUDNN_REDUCE_TENSOR_ADD, &sum, &x);
  pointwise(g, CUDNN_POINTWISE_LOG, &log, &sum, NULL);
  pointwise(g, CUDNN_POINTWISE_ADD, &lse, &most, &log);
  tnt__node weight = scores(g, k, tnt__cudnn_type(k->terms.dtype));
  pointwise(g, CUDNN_POINTWISE_DIV, &weight, &x, &sum);
  multiply(g, &y, &weight, &v);
}

/* The weights are made again from the kept logarithms; delta, the sum of dy y over a row, and the sums for dq lie in memory
 * of ours. */
static void draw_backward(tnt__graph *g, const key *k) {
  const int64_t size[4] = {k->n, k->h, k->t, k->d},
                stride[4] = {k->h * k->t * k->d, k->t * k->d, k->d, 1};
  tnt__node q = heads(g, k, ID_Q, 0, k->t), kt = turned_heads(g, k, ID_K, 1),
            vt = turned_heads(g, k, ID_V, 2), y = heads(g, k, ID_Y, 3, k->t),
            dy = heads(g, k, ID_DY, 4, k->t), dq = heads(g, k, ID_DQ, 5, k->t),
            dk = heads(g, k, ID_DK, 6, k->s), dv = heads(g, k, ID_DV, 7, k->s),
            lse = row_numbers(g, k, ID_LSE), delta = row_numbers(g, k, ID_DELTA),
            sums = tnt__cudnn_tensor(g, ID_SUMS, CUDNN_DATA_FLOAT, size, stride, 16),
            scale = tnt__cudnn_number(g, (float)k->scale), one = tnt__cudnn_number(g, 1);
  tnt__node each = tnt__cudnn_virtual(g, CUDNN_DATA_FLOAT, size, stride),
            sum = row_numbers(g, k, 0);
  pointwise(g, CUDNN_POINTWISE_MUL, &each, &dy, &y);
  reduce(g, CUDNN_REDUCE_TENSOR_ADD, &sum, &each);
  pointwise(g, CUDNN_POINTWISE_MUL, &delta, &sum, &one); /* the engines look for dropout's factor */

  tnt__node x = scores(g, k, CUDNN_DATA_FLOAT);
  multiply(g, &x, &q, &kt);
  x = of_scores(g, k, CUDNN_POINTWISE_MUL, &x, &scale);
  x = of_scores(g, k, CUDNN_POINTWISE_SUB, &x, &lse);
  if (k->causal) x = masked(g, k, &x);
  tnt__node weight = of_scores(g, k, CUDNN_POINTWISE_EXP, &x, NULL),
            weight_turned = turned(g, k, &weight);
  multiply(g, &dv, &weight_turned, &dy);

  x = scores(g, k, CUDNN_DATA_FLOAT);
  multiply(g, &x, &dy, &vt);
  x = of_scores(g, k, CUDNN_POINTWISE_SUB, &x, &delta);
  x = of_scores(g, k, CUDNN_POINTWISE_MUL, &x, &weight);
  x = of_scores(g, k, CUDNN_POINTWISE_MUL, &x, &scale);
  tnt__node x_turned = turned(g, k, &x);
  multiply(g, &dk, &x_turned, &q);
  tnt__node rows_of_k = turned(g, k, &kt);
  multiply(g, &sums, &x, &rows_of_k);
  pointwise(g, CUDNN_POINTWISE_IDENTITY, &dq, &sums, NULL);
}

static void draw(tnt__graph *g, const void *key_) {
  const key *k = key_;
  if (k->gradient) {
    draw_backward(g, k);
  } else {
    draw_forward(g, k);
  }
}

/* -- running ------------------------------------------------------------------------------------------------------------ */
/* Strides of a dim of one element say nothing: they are made what those of a dense tensor are. All must be whole packs of 16
 * bytes, and an element that several places share is none that cuDNN knows. */
static bool settle(int64_t *stride, const tnt__heads *x, const key *k, int64_t rows) {
  stride[0] = k->n == 1 ? k->h * rows * k->d : x->n;
  stride[1] = k->h == 1 ? rows * k->d : x->h;
  stride[2] = rows == 1 ? k->d : x->t;
  for (int i = 0; i < 3; i++) {
    if (stride[i] <= 0 || stride[i] % 8) return false;
  }
  return (uintptr_t)x->data % 16 == 0;
}

/* What its engines take, in the versions that have it right. Source: the release notes, and the checks of NVIDIA's
 * cudnn-frontend: 9.10.0 and 9.10.1 are wrong; masks from the lower right corner came with 9.6; backward wants 128 rows at a
 * time unless rows are masked too, and sums that differ from run to run are not for deterministic mode. */
static bool takes(const tnt__args *a, const tnt__attention *x, bool causal, bool gradient) {
  int version = tnt__cudnn_version();
  if (!version || version == 91000 || version == 91001) return false;
  if ((x->dtype != TNT_F16 && x->dtype != TNT_BF16) || x->p > 0) return false;
  if (x->d % 8 || x->d > 128 || !x->n || !x->h || !x->t || x->s < 2) return false;
  if (x->t > INT32_MAX || x->s > INT32_MAX) return false;
  if (!(x->scale > 0) || isinf(x->scale)) return false; /* rows' largest are found before scaling */
  if (causal && (x->t > x->s || (x->t < x->s && version < 90600))) return false;
  return !gradient || (x->t % 128 == 0 && !a->deterministic);
}

int tnt__attention_cudnn(tnt__args *a, const tnt__attention *x, bool gradient, bool *done) {
  static const int64_t id[] = {ID_Q,  ID_K,  ID_V,  ID_Y,     ID_LSE, ID_DY,
                               ID_DQ, ID_DK, ID_DV, ID_DELTA, ID_SUMS};
  const tnt__heads *const all[TENSORS] = {&x->q,  &x->k,  &x->v,  &x->y,
                                          &x->dy, &x->dq, &x->dk, &x->dv};
  const void *data[] = {x->q.data,  x->k.data,  x->v.data,  x->y.data, x->lse, x->dy.data,
                        x->dq.data, x->dk.data, x->dv.data, NULL,      NULL};
  const bool causal = x->causal && x->t > 1; /* the last row sees everything */
  *done = false;
  if (!takes(a, x, causal, gradient) || (uintptr_t)x->lse % 16) return 0;
  key k;
  memset(&k, 0, sizeof k);
  k.terms = tnt__cudnn_terms(a, TNT__PLAN_ATTENTION, x->dtype);
  k.n = x->n, k.h = x->h, k.t = x->t, k.s = x->s, k.d = x->d;
  k.scale = x->scale, k.causal = causal, k.gradient = gradient;
  for (int i = 0; i < (gradient ? TENSORS : 4); i++) {
    bool of_k = i == 1 || i == 2 || i >= 6;
    if (!settle(k.stride[i], all[i], &k, of_k ? x->s : x->t)) return 0;
  }
  tnt__cudnn_call call = {
      .key = &k.terms, .bytes = sizeof k, .draw = draw, .n = 5, .id = id, .data = data};
  if (gradient) {
    size_t rows = (size_t)(x->n * x->h * x->t), bytes = rows * (size_t)x->d * sizeof(float);
    void *delta = a->scratch(a, rows * sizeof(float)), *sums = a->scratch(a, bytes);
    if (!delta || !sums) return 0;
    /* late versions clear them themselves */
    if (tnt__cudnn_version() < 90600 && cudaMemsetAsync(sums, 0, bytes, (cudaStream_t)a->stream))
      return 0;
    data[9] = delta, data[10] = sums, call.n = 11;
  }
  return tnt__cudnn_run(a, &call, done);
}
#endif
