/* Convolution of groups with few channels: a thread makes one element of y or dx, a block one element of dw. */
#include "conv.cuh"

template <typename T>
__global__ void conv_direct_kernel(const T *x, const T *w, const T *b, T *y, conv v, int64_t n) {
  using A = acc<T>;
  int taps = (int)v.by_taps.d, hw = (int)v.by_hw.d;
  FOR_EACH(at, n) {
    int pq = (int)(at % v.by_pq.d), q, p = part(v.by_q, pq, &q);
    int64_t row = at / v.by_pq.d, o = row % v.o, image = row / v.o;
    const T *from = x + (image * v.c + o / v.og * v.cg) * hw, *weight = w + o * v.cg * taps;
    A s = b ? to_compute(b[o]) : (A)0;
    for (int c = 0; c < v.cg; c++, from += hw) {
      for (int i = 0; i < v.kh; i++) {
        for (int j = 0; j < v.kw; j++, weight++) {
          int place = v.place(p, q, i, j);
          if (place >= 0) s += to_compute(*weight) * to_compute(from[place]);
        }
      }
    }
    y[at] = from_compute<T>(s);
  }
}

template <typename T>
__global__ void conv_dx_direct_kernel(const T *dy, const T *w, T *dx, conv v, int64_t n) {
  using A = acc<T>;
  int taps = (int)v.by_taps.d, outs = (int)v.by_pq.d;
  FOR_EACH(at, n) {
    int hw = (int)(at % v.by_hw.d), column, row = part(v.by_w, hw, &column);
    int64_t plane = at / v.by_hw.d, c = plane % v.c, image = plane / v.c, g = c / v.cg;
    A s = 0;
    for (int o = 0; o < v.og; o++) {
      const T *from = dy + (image * v.o + g * v.og + o) * outs,
              *weight = w + ((g * v.og + o) * v.cg + c % v.cg) * taps;
      for (int i = 0; i < v.kh; i++) {
        for (int j = 0; j < v.kw; j++, weight++) {
          int seen = v.seen_by(row, column, i, j);
          if (seen >= 0) s += to_compute(*weight) * to_compute(from[seen]);
        }
      }
    }
    dx[at] = from_compute<T>(s);
  }
}

template <typename T>
__global__ void conv_dw_direct_kernel(const T *dy, const T *x, T *dw, conv v, int64_t n) {
  int taps = (int)v.by_taps.d, outs = (int)v.by_pq.d, hw = (int)v.by_hw.d;
  for (int64_t at = blockIdx.x; at < n; at += gridDim.x) { /* (o, c, i, j) */
    int tap = (int)(at % taps), j, i = part(v.by_kw, tap, &j);
    int64_t o = at / taps / v.cg, c = o / v.og * v.cg + at / taps % v.cg;
    wide<acc<T>> s = 0;
    for (int64_t image = 0; image < v.n; image++) {
      const T *from = x + (image * v.c + c) * hw, *g = dy + (image * v.o + o) * outs;
      for (int k = threadIdx.x; k < outs; k += blockDim.x) {
        int q, p = part(v.by_q, k, &q), place = v.place(p, q, i, j);
        if (place >= 0) s += to_compute(g[k]) * to_compute(from[place]);
      }
    }
    s = block_sum(s);
    if (threadIdx.x == 0) dw[at] = from_compute<T>(s);
  }
}

extern "C" int tnt__conv_direct(tnt__args *a, const tnt__convolution *k) {
  int rc = conv_fits(a, k);
  if (rc) return rc;
  conv v = conv_of(k);
  int64_t n = a->out[0].numel;
  dim3 grid(blocks_for(n, k->kind == TNT__CONV_DW ? 1 : THREADS, 1 << 20)), block(THREADS);
  FLOATS(k->dtype, T, {
    const T *x = (const T *)k->x, *w = (const T *)k->weight, *dy = (const T *)k->dy;
    T *out = (T *)k->out;
    if (k->kind == TNT__CONV) {
      LAUNCH(conv_direct_kernel<T>, grid, block, 0, a->stream)
      (x, w, (const T *)k->bias, out, v, n);
    } else if (k->kind == TNT__CONV_DX) {
      LAUNCH(conv_dx_direct_kernel<T>, grid, block, 0, a->stream)(dy, w, out, v, n);
    } else {
      LAUNCH(conv_dw_direct_kernel<T>, grid, block, 0, a->stream)(dy, x, out, v, n);
    }
  })
  return launched(a);
}
