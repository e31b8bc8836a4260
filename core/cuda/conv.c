/* conv2d and its gradients: cuDNN where it is there and has something, else our own kernels: one thread a result for groups
 * of few channels, products in tiles for all others. */
#include "conv.h"

#include <cuda_runtime_api.h>

/* A group with fewer channels than this leaves most of a tile empty. */
enum { FEW_CHANNELS = 8 };

static int64_t pair_of(const int64_t *list, int i) { return list[0] == 1 ? list[1] : list[1 + i]; }

static void set_strides(int64_t *stride, const int64_t *size, bool channels_last) {
  stride[1] = channels_last ? 1 : size[2] * size[3];
  stride[3] = channels_last ? size[1] : 1;
  stride[2] = size[3] * stride[3];
  stride[0] = size[1] * size[2] * size[3];
}

/* lists: stride, padding, dilation, groups, as they lie in the arguments */
static tnt__convolution conv_of(const tnt__args *a, int kind, const tnt__view *x,
                                const tnt__view *w, const tnt__view *y, const int64_t *lists) {
  tnt__convolution k = {.channels_last = a->channels_last,
                        .kind = kind,
                        .dtype = x->dtype,
                        .n = x->size[0],
                        .c = x->size[1],
                        .h = x->size[2],
                        .w = x->size[3],
                        .o = w->size[0],
                        .kh = w->size[2],
                        .kw = w->size[3],
                        .p = y->size[2],
                        .q = y->size[3],
                        .groups = lists[27],
                        .sh = pair_of(lists, 0),
                        .sw = pair_of(lists, 1),
                        .ph = pair_of(lists + 9, 0),
                        .pw = pair_of(lists + 9, 1),
                        .dh = pair_of(lists + 18, 0),
                        .dw = pair_of(lists + 18, 1),
                        .x = x->data,
                        .weight = w->data,
                        .dy = y->data};
  set_strides(k.x_stride, x->size, k.channels_last);
  set_strides(k.w_stride, w->size, k.channels_last);
  set_strides(k.y_stride, y->size, k.channels_last);
  return k;
}

static int convolve(tnt__args *a, tnt__convolution *k) {
  if (a->out[0].numel == 0) return 0;
  k->out = a->out[0].data;
  bool done = false;
  if (k->n && k->c && k->o && k->dtype != TNT_F64) {
    int rc = tnt__conv_cudnn(a, k, &done);
    if (!rc && done && k->bias) rc = tnt__conv_bias(a, k);
    if (rc || done) return rc ? rc : launched(a);
  }
  bool few = k->groups > 1 && (k->c / k->groups < FEW_CHANNELS || k->o / k->groups < FEW_CHANNELS);
  return few ? tnt__conv_direct(a, k) : tnt__conv_tiles(a, k);
}

int conv2d_cuda(tnt__args *a) {
  tnt__convolution k =
      conv_of(a, TNT__CONV, &a->in[0], &a->in[1], &a->out[0], a->integer + CONV2D_STRIDE);
  k.bias = a->in[2].data;
  return convolve(a, &k);
}

int conv2d_dx_cuda(tnt__args *a) {
  tnt__convolution k =
      conv_of(a, TNT__CONV_DX, &a->out[0], &a->in[1], &a->in[0], a->integer + CONV2D_DX_STRIDE);
  return convolve(a, &k);
}

int conv2d_dw_cuda(tnt__args *a) {
  tnt__convolution k =
      conv_of(a, TNT__CONV_DW, &a->in[1], &a->out[0], &a->in[0], a->integer + CONV2D_DW_STRIDE);
  return convolve(a, &k);
}
