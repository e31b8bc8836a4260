/* A convolution as conv.c and kernels/conv2d.cu, kernels/depthwise.cu see it: x[n, c, h, w], w[o, c / groups, kh, kw],
 * y[n, o, p, q], all row-major or all channels-last. */
#ifndef TNT_CUDA_CONV_H
#define TNT_CUDA_CONV_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tnt__conv_kind { TNT__CONV, TNT__CONV_DX, TNT__CONV_DW };
typedef struct tnt__convolution {
  int kind, dtype;
  int64_t n, c, h, w, o, kh, kw, p, q, groups;
  int64_t sh, sw, ph, pw, dh, dw; /* stride, padding, dilation (1: none) */
  bool channels_last;
  int64_t x_stride[4], w_stride[4], y_stride[4]; /* of that layout, also where a size is 1 */
  const void *x, *weight, *bias, *dy;            /* what the kind reads; bias may be null */
  void *out;
} tnt__convolution;

/* Our own: as products in tiles; one thread a result, for groups of few channels. */
int tnt__conv_tiles(tnt__args *a, const tnt__convolution *k);
int tnt__conv_direct(tnt__args *a, const tnt__convolution *k);
int tnt__conv_bias(tnt__args *a, const tnt__convolution *k); /* adds it to the result */

/* cuDNN's. *done false: there is none, or it has nothing for this. k->bias is null afterwards where it was added. */
int tnt__conv_cudnn(tnt__args *a, tnt__convolution *k, bool *done);

#ifdef __cplusplus
}
#endif
#endif
