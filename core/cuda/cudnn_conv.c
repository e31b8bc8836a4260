/* Convolutions through cuDNN: a graph of one operation, or of a convolution and the sum with its bias, which then never goes
 * through memory without it. */
#include "conv.h"

#ifndef TNT_HAVE_CUDNN
int tnt__conv_cudnn(tnt__args *a, tnt__convolution *k, bool *done) {
  (void)a, (void)k;
  *done = false;
  return 0;
}
#else
#include <string.h>

#include "cudnn.h"

enum { ID_X = 1, ID_W, ID_Y, ID_BIAS };

typedef struct key {
  tnt__terms terms;
  int64_t n, c, h, w, o, kh, kw, p, q, groups, sh, sw, ph, pw, dh, dw;
  int64_t x_stride[4], w_stride[4], y_stride[4];
  int convolution, biased, align_x, align_w, align_y, align_bias;
} key;
_Static_assert(sizeof(key) <= TNT__PLAN_KEY, "keys of plans are too short");

/* -- layouts ------------------------------------------------------------------------------------------------------------ */
/* The strides of a dense tensor, channels last or before the rest. */
static void dense(int64_t *stride, const int64_t *size, bool last) {
  static const int order[2][4] = {{3, 2, 1, 0}, {1, 3, 2, 0}};
  int64_t step = 1;
  for (int i = 0; i < 4; i++) {
    int d = order[last][i];
    stride[d] = step;
    step *= size[d];
  }
}

/* Whether `stride` says the same as that layout: dims of one element may have any. */
static bool is_dense(const int64_t *stride, const int64_t *size, bool last) {
  int64_t wanted[4];
  dense(wanted, size, last);
  for (int d = 0; d < 4; d++) {
    if (size[d] != 1 && stride[d] != wanted[d]) return false;
  }
  return true;
}

/* cuDNN reads layouts off all strides, those of dims of one element too, and its quick engines want one layout: where such
 * dims leave several readings, all tensors get the one that the others leave. */
static void settle_layouts(int64_t *const *stride, const int64_t *const *size, int n) {
  bool last = false;
  for (int i = 0; i < n; i++) {
    if (is_dense(stride[i], size[i], true) && !is_dense(stride[i], size[i], false)) last = true;
  }
  for (int i = 0; i < n; i++) {
    if (is_dense(stride[i], size[i], last)) {
      dense(stride[i], size[i], last);
    } else if (is_dense(stride[i], size[i], !last)) {
      dense(stride[i], size[i], !last);
    }
  }
}

/* -- the graph ---------------------------------------------------------------------------------------------------------- */
static void set_numbers(tnt__graph *g, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                        int64_t n, const int64_t *values) {
  tnt__cudnn_set(g, d, name, CUDNN_TYPE_INT64, n, values);
}

static cudnnBackendDescriptor_t make_convolution(tnt__graph *g, const key *k) {
  cudnnBackendDescriptor_t d = tnt__cudnn_make(g, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  int64_t dims = 2, stride[2] = {k->sh, k->sw}, padding[2] = {k->ph, k->pw},
          dilation[2] = {k->dh, k->dw};
  tnt__cudnn_set(g, d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  tnt__cudnn_set(g, d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  set_numbers(g, d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 1, &dims);
  set_numbers(g, d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 2, padding);
  set_numbers(g, d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 2, padding);
  set_numbers(g, d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 2, stride);
  set_numbers(g, d, CUDNN_ATTR_CONVOLUTION_DILATIONS, 2, dilation);
  tnt__cudnn_finish(g, d);
  return d;
}

/* The attributes of the three operations, in the order of tnt__conv_kind. */
static const struct {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t alpha, beta, convolution, x, w, y;
} operations[3] = {
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY}};

/* How many groups there are cuDNN sees in the channels of x and w. */
static void draw(tnt__graph *g, const void *key_) {
  const key *k = key_;
  const int64_t x_size[4] = {k->n, k->c, k->h, k->w},
                w_size[4] = {k->o, k->c / k->groups, k->kh, k->kw},
                y_size[4] = {k->n, k->o, k->p, k->q}, bias_size[4] = {1, k->o, 1, 1};
  const float one = 1, zero = 0;
  cudnnDataType_t type = tnt__cudnn_type(k->terms.dtype);
  tnt__node x = tnt__cudnn_tensor(g, ID_X, type, x_size, k->x_stride, k->align_x),
            w = tnt__cudnn_tensor(g, ID_W, type, w_size, k->w_stride, k->align_w),
            y = tnt__cudnn_tensor(g, ID_Y, type, y_size, k->y_stride, k->align_y), made = y;
  if (k->biased) made = tnt__cudnn_virtual(g, CUDNN_DATA_FLOAT, y_size, k->y_stride);
  cudnnBackendDescriptor_t how = make_convolution(g, k),
                           op = tnt__cudnn_make(g, operations[k->convolution].type);
  tnt__cudnn_set_part(g, op, operations[k->convolution].convolution, how);
  tnt__cudnn_set_part(g, op, operations[k->convolution].x, x.tensor);
  tnt__cudnn_set_part(g, op, operations[k->convolution].w, w.tensor);
  tnt__cudnn_set_part(g, op, operations[k->convolution].y, made.tensor);
  tnt__cudnn_set(g, op, operations[k->convolution].alpha, CUDNN_TYPE_FLOAT, 1, &one);
  tnt__cudnn_set(g, op, operations[k->convolution].beta, CUDNN_TYPE_FLOAT, 1, &zero);
  tnt__cudnn_finish_operation(g, op);
  if (!k->biased) return;
  int64_t bias_stride[4];
  dense(bias_stride, bias_size, is_dense(k->y_stride, y_size, true));
  tnt__node bias = tnt__cudnn_tensor(g, ID_BIAS, type, bias_size, bias_stride, k->align_bias);
  tnt__cudnn_pointwise(g, CUDNN_POINTWISE_ADD, CUDNN_DATA_FLOAT, &y, &made, &bias, NULL);
}

/* -- running ------------------------------------------------------------------------------------------------------------ */
int tnt__conv_cudnn(tnt__args *a, tnt__convolution *k, bool *done) {
  static const int64_t id[4] = {ID_X, ID_W, ID_Y, ID_BIAS};
  const void *data[4] = {k->kind == TNT__CONV_DX ? k->out : k->x,
                         k->kind == TNT__CONV_DW ? k->out : k->weight,
                         k->kind == TNT__CONV ? k->out : k->dy, k->bias};
  const int64_t x_size[4] = {k->n, k->c, k->h, k->w},
                w_size[4] = {k->o, k->c / k->groups, k->kh, k->kw},
                y_size[4] = {k->n, k->o, k->p, k->q};
  key q;
  memset(&q, 0, sizeof q);
  q.terms = tnt__cudnn_terms(a, TNT__PLAN_CONVOLUTION, k->dtype);
  q.n = k->n, q.c = k->c, q.h = k->h, q.w = k->w, q.o = k->o, q.kh = k->kh, q.kw = k->kw;
  q.p = k->p, q.q = k->q, q.groups = k->groups;
  q.sh = k->sh, q.sw = k->sw, q.ph = k->ph, q.pw = k->pw, q.dh = k->dh, q.dw = k->dw;
  memcpy(q.x_stride, k->x_stride, sizeof q.x_stride);
  memcpy(q.w_stride, k->w_stride, sizeof q.w_stride);
  memcpy(q.y_stride, k->y_stride, sizeof q.y_stride);
  settle_layouts((int64_t *const[]){q.x_stride, q.w_stride, q.y_stride},
                 (const int64_t *const[]){x_size, w_size, y_size}, 3);
  q.convolution = k->kind;
  q.align_x = tnt__alignment(data[0]), q.align_w = tnt__alignment(data[1]);
  q.align_y = tnt__alignment(data[2]);
  tnt__cudnn_call call = {.key = &q.terms, .bytes = sizeof q, .draw = draw, .id = id, .data = data};
  if (k->bias) {
    q.biased = 1, q.align_bias = tnt__alignment(k->bias), call.n = 4;
    int rc = tnt__cudnn_run(a, &call, done);
    if (*done) k->bias = NULL;
    if (rc || *done) return rc;
    q.biased = 0, q.align_bias = 0;
  }
  call.n = 3;
  return tnt__cudnn_run(a, &call, done);
}
#endif
