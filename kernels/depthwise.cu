/* Convolution of groups with few channels: a thread makes one element of y or dx, a block one element of dw. */
#include "conv.cuh"

/* Element `at` of [n, channels, places] in the layout of v. */
static __device__ __forceinline__ void take_apart(int64_t at, bool last, const divisor &channels,
                                                  const divisor &places, int64_t *image,
                                                  int64_t *channel, int *place) {
  int64_t inner = last ? channels.d : places.d, rest = at / inner,
          outer = last ? places.d : channels.d;
  *image = rest / outer;
  *channel = last ? at % inner : rest % outer;
  *place = (int)(last ? rest % outer : at % inner);
}

template <typename T>
__global__ void conv_direct_kernel(const T *x, const T *w, const T *b, T *y, conv v, int64_t n) {
  using A = acc<T>;
  FOR_EACH(at, n) {
    int pq;
    int64_t o, image;
    take_apart(at, v.last, v.by_o, v.by_pq, &image, &o, &pq);
    int q, p = part(v.by_q, pq, &q);
    A s = b ? to_compute(b[o]) : (A)0;
    for (int c = 0; c < v.cg; c++) {
      const T *from = x + v.x_at(image, o / v.og * v.cg + c, 0), *weight = w + v.w_at(o, c, 0);
      for (int i = 0; i < v.kh; i++) {
        for (int j = 0; j < v.kw; j++, weight += v.wt) {
          int place = v.place(p, q, i, j);
          if (place >= 0) s += to_compute(*weight) * to_compute(from[(int64_t)place * v.xp]);
        }
      }
    }
    y[at] = from_compute<T>(s);
  }
}

template <typename T>
__global__ void conv_dx_direct_kernel(const T *dy, const T *w, T *dx, conv v, int64_t n) {
  using A = acc<T>;
  FOR_EACH(at, n) {
    int hw;
    int64_t c, image;
    take_apart(at, v.last, v.by_c, v.by_hw, &image, &c, &hw);
    int column, row = part(v.by_w, hw, &column);
    int64_t g = c / v.cg;
    A s = 0;
    for (int o = 0; o < v.og; o++) {
      const T *from = dy + v.y_at(image, g * v.og + o, 0),
              *weight = w + v.w_at(g * v.og + o, (int)(c % v.cg), 0);
      for (int i = 0; i < v.kh; i++) {
        for (int j = 0; j < v.kw; j++, weight += v.wt) {
          int seen = v.seen_by(row, column, i, j);
          if (seen >= 0) s += to_compute(*weight) * to_compute(from[(int64_t)seen * v.yp]);
        }
      }
    }
    dx[at] = from_compute<T>(s);
  }
}

template <typename T>
__global__ void conv_dw_direct_kernel(const T *dy, const T *x, T *dw, conv v, int64_t n) {
  int taps = (int)v.by_taps.d, outs = (int)v.by_pq.d;
  for (int64_t at = blockIdx.x; at < n; at += gridDim.x) { /* (o, c, i, j) */
    int tap = (int)(at % taps), j, i = part(v.by_kw, tap, &j);
    int64_t o = at / taps / v.cg, c = o / v.og * v.cg + at / taps % v.cg;
    wide<acc<T>> s = 0;
    for (int64_t image = 0; image < v.n; image++) {
      const T *from = x + v.x_at(image, c, 0), *g = dy + v.y_at(image, o, 0);
      for (int k = threadIdx.x; k < outs; k += blockDim.x) {
        int q, p = part(v.by_q, k, &q), place = v.place(p, q, i, j);
        if (place >= 0)
          s += to_compute(g[(int64_t)k * v.yp]) * to_compute(from[(int64_t)place * v.xp]);
      }
    }
    s = block_sum(s);
    if (threadIdx.x == 0) dw[v.w_at(o, (int)(at / taps % v.cg), tap)] = from_compute<T>(s);
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
