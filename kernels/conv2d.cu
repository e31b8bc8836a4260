/* Convolution as a product whose columns are never written: each tile gathers what it needs of x (or dy). The weight's
 * gradient sums images and places in parts, whose number depends on the shape alone, and joins them in order. */
#include "conv.cuh"
#include "rows.cuh"
#include "tile.cuh"

/* w[group, o, (c, i, j)], as the left factor of the forward */
template <typename T> struct conv_weight {
  const T *w;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t o, int64_t k) const {
    int tap, c = part(v.by_taps, (int)k, &tap);
    return to_compute(w[v.w_at(g * v.og + o, c, tap)]);
  }
};
/* the same, turned for dx: rows are channels in, columns (o, i, j) */
template <typename T> struct conv_weight_turned {
  const T *w;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t c, int64_t k) const {
    int tap, o = part(v.by_taps, (int)k, &tap);
    return to_compute(w[v.w_at(g * v.og + o, (int)c, tap)]);
  }
};

/* x under (c, i, j) of output (n, p, q) */
template <typename T>
static __device__ __forceinline__ acc<T> under(const T *x, const conv &v, int64_t g, int inner,
                                               int outer) {
  int tap, c = part(v.by_taps, inner, &tap), j, i = part(v.by_kw, tap, &j);
  int pq, n = part(v.by_pq, outer, &pq), q, p = part(v.by_q, pq, &q);
  int at = v.place(p, q, i, j);
  return at < 0 ? (acc<T>)0 : to_compute(x[v.x_at(n, g * v.cg + c, at)]);
}
template <typename T> struct conv_columns { /* (c, i, j) x (n, p, q) */
  const T *x;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t k, int64_t column) const {
    return under(x, v, g, (int)k, (int)column);
  }
};
template <typename T> struct conv_rows { /* the same, turned for dw */
  const T *x;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t k, int64_t column) const {
    return under(x, v, g, (int)column, (int)k);
  }
};
/* dy where tap (i, j) of channel o saw place (n, row, column) of x: (o, i, j) x (n, row, column) */
template <typename T> struct conv_seen {
  const T *dy;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t k, int64_t place) const {
    int tap, o = part(v.by_taps, (int)k, &tap), j, i = part(v.by_kw, tap, &j);
    int hw, n = part(v.by_hw, (int)place, &hw), column, row = part(v.by_w, hw, &column);
    int at = v.seen_by(row, column, i, j);
    return at < 0 ? (acc<T>)0 : to_compute(dy[v.y_at(n, g * v.og + o, at)]);
  }
};
/* dy[n, o, p, q] as o x (n, p, q) */
template <typename T> struct conv_outputs {
  const T *dy;
  conv v;
  bool k_inner;
  __device__ __forceinline__ acc<T> at(int64_t g, int64_t o, int64_t k) const {
    int pq, n = part(v.by_pq, (int)k, &pq);
    return to_compute(dy[v.y_at(n, g * v.og + o, pq)]);
  }
};

/* y[n, channel, place], or dx, from channel x (n, place) of a group */
template <typename T, bool DX> struct conv_result {
  T *y;
  const T *bias;
  conv v;
  __device__ __forceinline__ void put(int64_t g, int, int64_t row, int64_t column,
                                      acc<T> sum) const {
    int at, n = part(DX ? v.by_hw : v.by_pq, (int)column, &at);
    int64_t channel = g * (DX ? v.cg : v.og) + row;
    if (bias) sum += to_compute(bias[channel]);
    y[DX ? v.x_at(n, channel, at) : v.y_at(n, channel, at)] = from_compute<T>(sum);
  }
};
template <typename A> struct conv_parts { /* parts of dw, each as dw lies */
  A *y;
  int64_t all;
  conv v;
  __device__ __forceinline__ void put(int64_t g, int p, int64_t o, int64_t column, A sum) const {
    int tap, c = part(v.by_taps, (int)column, &tap);
    y[p * all + v.w_at(g * v.og + o, c, tap)] = sum;
  }
};

template <typename T> static int conv_dw(tnt__args *a, const tnt__convolution *k, const conv &v) {
  using A = acc<T>;
  int64_t inner = (int64_t)v.cg * v.kh * v.kw, all = v.o * inner, depth = k->n * k->p * k->q;
  int64_t parts = (depth + 2047) / 2048, most = ((int64_t)1 << 26) / all;
  if (parts > 128) parts = 128;
  if (parts > most) parts = most;
  if (parts < 1) parts = 1;
  A *to = scratch_for<A>(a, parts * all);
  if (!to) return no_scratch(a);
  multiply_tiles<A>(a, v.og, inner, depth, parts, v.groups,
                    conv_outputs<T>{(const T *)k->dy, v, true},
                    conv_rows<T>{(const T *)k->x, v, true}, conv_parts<A>{to, all, v});
  sum_parts(a, to, parts, all, all, (T *)k->out);
  return launched(a);
}

/* V elements a thread: of one plane, or (ACROSS) of neighbouring channels */
template <typename T, int V, bool ACROSS>
__global__ void conv_bias_kernel(T *y, const T *b, int64_t packs, int64_t plane, int64_t channels) {
  FOR_EACH(i, packs) {
    int64_t c = ACROSS ? i * V % channels : i / plane % channels;
    pack<T, V> p = load_pack<V>(y + i * V);
#pragma unroll
    for (int j = 0; j < V; j++)
      p.v[j] = from_compute<T>(to_compute(p.v[j]) + to_compute(b[ACROSS ? c + j : c]));
    store_pack(y + i * V, p);
  }
}

extern "C" int tnt__conv_bias(tnt__args *a, const tnt__convolution *k) {
  int64_t plane = k->p * k->q, n = k->n * k->o * plane;
  dim3 block(THREADS);
  FLOATS(k->dtype, T, {
    T *y = (T *)k->out;
    const T *b = (const T *)k->bias;
    ROW_PACKS(T, V, packable<T>(k->channels_last ? k->o : plane, y), {
      dim3 grid(blocks_for(n / V));
      if (k->channels_last) {
        LAUNCH((conv_bias_kernel<T, V, true>), grid, block, 0, a->stream)
        (y, b, n / V, plane / V, k->o);
      } else {
        LAUNCH((conv_bias_kernel<T, V, false>), grid, block, 0, a->stream)
        (y, b, n / V, plane / V, k->o);
      }
    })
  })
  return launched(a);
}

extern "C" int tnt__conv_tiles(tnt__args *a, const tnt__convolution *k) {
  int rc = conv_fits(a, k);
  if (rc) return rc;
  conv v = conv_of(k);
  int64_t taps = k->kh * k->kw;
  FLOATS(k->dtype, T, {
    if (k->kind == TNT__CONV_DW) return conv_dw<T>(a, k, v);
    if (k->kind == TNT__CONV) {
      multiply_tiles<acc<T>>(a, v.og, k->n * k->p * k->q, v.cg * taps, 1, v.groups,
                             conv_weight<T>{(const T *)k->weight, v, true},
                             conv_columns<T>{(const T *)k->x, v, false},
                             conv_result<T, false>{(T *)k->out, (const T *)k->bias, v});
    } else {
      multiply_tiles<acc<T>>(a, v.cg, k->n * k->h * k->w, v.og * taps, 1, v.groups,
                             conv_weight_turned<T>{(const T *)k->weight, v, true},
                             conv_seen<T>{(const T *)k->dy, v, false},
                             conv_result<T, true>{(T *)k->out, (const T *)NULL, v});
    }
  })
  return launched(a);
}
