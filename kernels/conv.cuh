/* A convolution in 32-bit numbers, with the divisions that take indices apart. In both layouts places (and taps) are walked
 * through by one step, so that row-major and channels-last differ in nothing but the steps of a channel and of a place. */
#ifndef TNT_CONV_CUH
#define TNT_CONV_CUH

#include "../core/cuda/conv.h"
#include "cuda.cuh"

struct conv {
  int64_t n;
  int c, h, w, o, kh, kw, p, q, groups, cg, og; /* cg, og: channels in and out of a group */
  int sh, sw, ph, pw, dh, dw;
  int xc, xp, yc, yp, wc,
      wt;    /* elements from one channel, place or tap of x, y and w to the next */
  bool last; /* channels-last */
  divisor by_hw, by_w, by_taps, by_kw, by_pq, by_q, by_sh, by_sw, by_c, by_o;

  __device__ __forceinline__ int64_t x_at(int64_t image, int64_t channel, int at) const {
    return image * c * by_hw.d + channel * xc + (int64_t)at * xp;
  }
  __device__ __forceinline__ int64_t y_at(int64_t image, int64_t channel, int at) const {
    return image * o * by_pq.d + channel * yc + (int64_t)at * yp;
  }
  /* channel out, channel in (of its group), tap */
  __device__ __forceinline__ int64_t w_at(int64_t out, int in, int tap) const {
    return out * cg * by_taps.d + (int64_t)in * wc + (int64_t)tap * wt;
  }

  /* the place of x under tap (i, j) of output (p, q), or -1 */
  __device__ __forceinline__ int place(int p_, int q_, int i, int j) const {
    int row = p_ * sh + i * dh - ph, column = q_ * sw + j * dw - pw;
    return row >= 0 && row < h && column >= 0 && column < w ? row * w + column : -1;
  }
  /* the output that sees place (row, column) of x under tap (i, j), or -1 */
  __device__ __forceinline__ int seen_by(int row, int column, int i, int j) const {
    int up = row + ph - i * dh, left = column + pw - j * dw;
    if (up < 0 || left < 0) return -1;
    int p_ = (int)by_sh.quotient((uint32_t)up), q_ = (int)by_sw.quotient((uint32_t)left);
    return p_ * sh == up && q_ * sw == left && p_ < p && q_ < q ? p_ * q + q_ : -1;
  }
};

static inline conv conv_of(const tnt__convolution *k) {
  conv v;
  v.n = k->n;
  v.c = (int)k->c, v.h = (int)k->h, v.w = (int)k->w, v.o = (int)k->o;
  v.kh = (int)k->kh, v.kw = (int)k->kw, v.p = (int)k->p, v.q = (int)k->q;
  v.groups = (int)k->groups, v.cg = v.c / v.groups, v.og = v.o / v.groups;
  v.sh = (int)k->sh, v.sw = (int)k->sw, v.ph = (int)k->ph, v.pw = (int)k->pw;
  v.dh = (int)k->dh, v.dw = (int)k->dw;
  v.by_hw = divisor_of(k->h * k->w), v.by_w = divisor_of(k->w);
  v.by_taps = divisor_of(k->kh * k->kw), v.by_kw = divisor_of(k->kw);
  v.by_pq = divisor_of(k->p * k->q), v.by_q = divisor_of(k->q);
  v.by_sh = divisor_of(k->sh), v.by_sw = divisor_of(k->sw);
  v.by_c = divisor_of(k->c), v.by_o = divisor_of(k->o);
  v.last = k->channels_last;
  v.xc = (int)k->x_stride[1], v.xp = (int)k->x_stride[3];
  v.yc = (int)k->y_stride[1], v.yp = (int)k->y_stride[3];
  v.wc = (int)k->w_stride[1], v.wt = (int)k->w_stride[3];
  return v;
}

/* n = quotient * d.d + rest */
static __device__ __forceinline__ int part(const divisor &d, int n, int *rest) {
  int q = (int)d.quotient((uint32_t)n);
  *rest = n - q * (int)d.d;
  return q;
}

/* Whether the numbers of one image and of the weights fit in 32 bits; images are counted in 64 where they do not. */
static inline int conv_fits(tnt__args *a, const tnt__convolution *k) {
  const int64_t most = INT32_MAX;
  if (k->n * k->p * k->q <= most && k->n * k->h * k->w <= most && k->c * k->kh * k->kw <= most &&
      k->o * k->kh * k->kw <= most && (k->h + 2 * k->ph) * k->sh <= most)
    return 0;
  return a->fail(TNT_ESHAPE,
                 "%s: images and windows of more than 2^31 places have no kernel of ours on a card "
                 "(split the batch)",
                 a->op);
}

#endif
