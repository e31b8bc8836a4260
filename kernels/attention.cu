/* softmax(scale q k^T) v without its matrix of weights: a block takes a tile of rows and walks over tiles of columns, keeping
 * each row's largest score and sum of exponentials. Backward makes the weights again from the kept logarithms, once for dq
 * and once for dk and dv, so that every sum has one order and every run the same bits. Source: Dao 2023, FlashAttention-2.
 * Scores are counted in powers of two. Here are f32 and f64, plainly; attention_mma.cu has the types of training. */
#include "attention.cuh"

/* WARPS warps with 16 rows each; tiles of INNER columns; D: the head's width, filled up with zeros. */
template <typename T, int D_, int WARPS_, int INNER_> struct tiles {
  enum {
    D = D_,
    WARPS = WARPS_,
    INNER = INNER_,
    ROWS = 16 * WARPS,
    LANES = 32 * WARPS,
    LD = D + per_16<T>, /* rows begin at 16 bytes, and lie in different banks */
    LP = INNER + per_16<T>
  };
};

/* ROWS rows of x from `first` on into shared memory; what lies outside is 0. */
template <typename T, typename S, int ROWS>
static __device__ __forceinline__ void load_rows(T *to, const T *x, int64_t step, int64_t first,
                                                 int64_t rows, int d, bool packed) {
  constexpr int V = per_16<T>, PACKS = S::D / V;
  for (int e = (int)threadIdx.x; e < ROWS * PACKS; e += S::LANES) {
    int row = e / PACKS, c = e % PACKS * V;
    pack<T, V> p = {};
    if (first + row < rows && c < d) {
      const T *from = x + (first + row) * step + c;
      if (packed) {
        p = load_pack<V>(from);
      } else {
        for (int i = 0; i < V && c + i < d; i++) p.v[i] = from[i];
      }
    }
    store_pack(to + row * S::LD + c, p);
  }
}

/* A warp's 16 rows of c, times `scale`, to rows first.. of x; a lane pair's two columns at a time. */
template <typename T, int TILES>
static __device__ __forceinline__ void store_rows(T *x, int64_t step, int64_t first, int64_t rows,
                                                  int d, const T (&c)[TILES][4], T scale0,
                                                  T scale1) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int64_t row = first + g + 8 * half;
    if (row >= rows) continue;
#pragma unroll
    for (int j = 0; j < TILES; j++) {
#pragma unroll
      for (int i = 0; i < 2; i++) {
        int column = 8 * j + 2 * t + i;
        if (column < d) x[row * step + column] = c[j][2 * half + i] * (half ? scale1 : scale0);
      }
    }
  }
}

/* c[16, 8 TILES] += a[16, DEPTH] b by one warp out of shared memory; b is [8 TILES, DEPTH], so that c += a b^T, where
 * TURNED, else [DEPTH, 8 TILES]; lda, ldb: elements from row to row. Lane 4 g + t holds of tile j the rows g and g + 8,
 * columns 8 j + 2 t and 8 j + 2 t + 1. */
template <bool TURNED, int DEPTH, typename T, int TILES>
static __device__ __forceinline__ void multiply_shared(T (&c)[TILES][4], const T *a, int lda,
                                                       const T *b, int ldb) {
  int lane = (int)threadIdx.x % WARP, g = lane / 4, t = lane % 4;
#pragma unroll 4
  for (int k = 0; k < DEPTH; k++) {
    T x = a[g * lda + k], x8 = a[(g + 8) * lda + k];
#pragma unroll
    for (int j = 0; j < TILES; j++) {
      int n = 8 * j + 2 * t;
      T y = TURNED ? b[n * ldb + k] : b[k * ldb + n],
        y1 = TURNED ? b[(n + 1) * ldb + k] : b[k * ldb + n + 1];
      c[j][0] += x * y, c[j][1] += x * y1, c[j][2] += x8 * y, c[j][3] += x8 * y1;
    }
  }
}

/* c as rows in shared memory, for the warp that made it. */
template <typename T, int TILES>
static __device__ __forceinline__ void store_shared(T *to, int ld, const T (&c)[TILES][4]) {
#pragma unroll
  for (int j = 0; j < TILES; j++) {
#pragma unroll
    for (int e = 0; e < 4; e++) to[row_in_tile(e) * ld + column_in_tile(j, e)] = c[j][e];
  }
}

template <typename T>
static __device__ __forceinline__ bool sees(const attention<T> &a, int64_t row, int64_t column) {
  return row < a.t && column < a.s && (!a.causal || column <= row + a.s - a.t);
}
/* 0 or `kept` for one weight */
template <typename T>
static __device__ __forceinline__ T mask_of(const attention<T> &a, uint64_t turn, const place &at,
                                            int64_t row, int64_t column) {
  return a.dropped(turn, (at.head * a.t + row) * a.s + column) ? (T)0 : a.kept;
}

/* -- forward ------------------------------------------------------------------------------------------------------------ */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_q);
  T *s_k = s_q + S::ROWS * S::LD, *s_v = s_k + S::INNER * S::LD, *s_p = s_v + S::INNER * S::LD;
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.h, a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at);
  int64_t first = at.first + warp * 16; /* of the warp's rows */
  uint64_t turn = a.drops ? a.r.turn() : 0;
  T scale = a.scale * (T)LOG2_E, top[2] = {-(T)INFINITY, -(T)INFINITY}, sum[2] = {0, 0};
  T out[S::D / 8][4] = {};

  load_rows<T, S, S::ROWS>(s_q, q, a.q.t, at.first, a.t, a.d, a.packed);
  int64_t columns = a.s;
  if (a.causal && at.first + S::ROWS + a.s - a.t < columns)
    columns = at.first + S::ROWS + a.s - a.t;
  for (int64_t c0 = 0; c0 < columns; c0 += S::INNER) {
    __syncthreads();
    load_rows<T, S, S::INNER>(s_k, k, a.k.t, c0, a.s, a.d, a.packed);
    load_rows<T, S, S::INNER>(s_v, v, a.v.t, c0, a.s, a.d, a.packed);
    __syncthreads();
    T score[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_q + warp * 16 * S::LD, S::LD, s_k, S::LD);
    T most[2] = {top[0], top[1]};
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        bool seen = sees(a, first + row_in_tile(e), c0 + column_in_tile(j, e));
        score[j][e] = seen ? score[j][e] * scale : -(T)INFINITY;
        most[e / 2] = score[j][e] > most[e / 2] ? score[j][e] : most[e / 2];
      }
    }
    T base[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      most[i] = quad_reduce(most[i], join_max());
      base[i] = most[i] == -(T)INFINITY ? 0 : most[i];
      T shrink = exp2(top[i] - base[i]);
      top[i] = most[i];
      sum[i] *= shrink;
#pragma unroll
      for (int j = 0; j < S::D / 8; j++) out[j][2 * i] *= shrink, out[j][2 * i + 1] *= shrink;
    }
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        T w = exp2(score[j][e] - base[e / 2]);
        sum[e / 2] += w;
        if (a.drops && w != 0)
          w *= mask_of(a, turn, at, first + row_in_tile(e), c0 + column_in_tile(j, e));
        score[j][e] = w;
      }
    }
    store_shared(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(out, s_p, S::LP, s_v, S::LD);
    __syncwarp();
  }
  T by[2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    sum[i] = quad_reduce(sum[i], join_sum());
    by[i] = sum[i] == 0 ? 0 : 1 / sum[i]; /* of no columns */
    int64_t row = first + row_in_tile(2 * i);
    if (threadIdx.x % 4 == 0 && row < a.t)
      a.lse[at.head * a.t + row] = ((top[i] == -(T)INFINITY ? 0 : top[i]) + log2(sum[i])) * (T)LN_2;
  }
  store_rows(head_of<T>(a.y, at), a.y.t, first, a.t, a.d, out, by[0], by[1]);
}

/* -- backward ----------------------------------------------------------------------------------------------------------- */
/* dq: as the forward, rows of q over columns of k. */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_dq_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_q);
  T *s_dy = s_q + S::ROWS * S::LD, *s_k = s_dy + S::ROWS * S::LD, *s_v = s_k + S::INNER * S::LD,
    *s_p = s_v + S::INNER * S::LD;
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.h, a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at), *dy = head_of<const T>(a.dy, at);
  int64_t first = at.first + warp * 16;
  uint64_t turn = a.drops ? a.r.turn() : 0;
  T scale = a.scale * (T)LOG2_E, lse[2], delta[2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    int64_t row = first + row_in_tile(2 * i);
    lse[i] = row < a.t ? a.lse2[at.head * a.t + row] : (T)0;
    delta[i] = row < a.t ? a.delta[at.head * a.t + row] : (T)0;
  }
  T out[S::D / 8][4] = {};
  load_rows<T, S, S::ROWS>(s_q, q, a.q.t, at.first, a.t, a.d, a.packed);
  load_rows<T, S, S::ROWS>(s_dy, dy, a.dy.t, at.first, a.t, a.d, a.packed);
  int64_t columns = a.s;
  if (a.causal && at.first + S::ROWS + a.s - a.t < columns)
    columns = at.first + S::ROWS + a.s - a.t;
  for (int64_t c0 = 0; c0 < columns; c0 += S::INNER) {
    __syncthreads();
    load_rows<T, S, S::INNER>(s_k, k, a.k.t, c0, a.s, a.d, a.packed);
    load_rows<T, S, S::INNER>(s_v, v, a.v.t, c0, a.s, a.d, a.packed);
    __syncthreads();
    T score[S::INNER / 8][4] = {}, dw[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_q + warp * 16 * S::LD, S::LD, s_k, S::LD);
    multiply_shared<true, S::D>(dw, s_dy + warp * 16 * S::LD, S::LD, s_v, S::LD);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int64_t row = first + row_in_tile(e), column = c0 + column_in_tile(j, e);
        T w = sees(a, row, column) ? exp2(score[j][e] * scale - lse[e / 2]) : (T)0, g = dw[j][e];
        if (a.drops && w != 0) g *= mask_of(a, turn, at, row, column);
        score[j][e] = w != 0 ? w * (g - delta[e / 2]) : (T)0;
      }
    }
    store_shared(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(out, s_p, S::LP, s_k, S::LD);
    __syncwarp();
  }
  store_rows(head_of<T>(a.dq, at), a.dq.t, first, a.t, a.d, out, a.scale, a.scale);
}

/* dk and dv: rows of k over columns of q, so that weights stand turned. */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_dkv_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_k);
  T *s_v = s_k + S::ROWS * S::LD, *s_q = s_v + S::ROWS * S::LD, *s_dy = s_q + S::INNER * S::LD,
    *s_p = s_dy + S::INNER * S::LD;
  __shared__ T s_lse[S::INNER], s_delta[S::INNER];
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.h, a.s, S::ROWS, false);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at), *dy = head_of<const T>(a.dy, at);
  int64_t first = at.first + warp * 16;
  uint64_t turn = a.drops ? a.r.turn() : 0;
  T scale = a.scale * (T)LOG2_E, dk[S::D / 8][4] = {}, dv[S::D / 8][4] = {};
  load_rows<T, S, S::ROWS>(s_k, k, a.k.t, at.first, a.s, a.d, a.packed);
  load_rows<T, S, S::ROWS>(s_v, v, a.v.t, at.first, a.s, a.d, a.packed);
  int64_t start = a.causal ? at.first - (a.s - a.t) : 0; /* the first row that sees any of these */
  start = start < 0 ? 0 : start / S::INNER * S::INNER;
  for (int64_t c0 = start; c0 < a.t; c0 += S::INNER) {
    __syncthreads();
    load_rows<T, S, S::INNER>(s_q, q, a.q.t, c0, a.t, a.d, a.packed);
    load_rows<T, S, S::INNER>(s_dy, dy, a.dy.t, c0, a.t, a.d, a.packed);
    for (int i = (int)threadIdx.x; i < S::INNER; i += S::LANES) {
      s_lse[i] = c0 + i < a.t ? a.lse2[at.head * a.t + c0 + i] : (T)0;
      s_delta[i] = c0 + i < a.t ? a.delta[at.head * a.t + c0 + i] : (T)0;
    }
    __syncthreads();
    T score[S::INNER / 8][4] = {}, dw[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_k + warp * 16 * S::LD, S::LD, s_q, S::LD);
    multiply_shared<true, S::D>(dw, s_v + warp * 16 * S::LD, S::LD, s_dy, S::LD);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int64_t column = first + row_in_tile(e), row = c0 + column_in_tile(j, e);
        int i = column_in_tile(j, e);
        T w = sees(a, row, column) ? exp2(score[j][e] * scale - s_lse[i]) : (T)0, mask = 1;
        if (a.drops && w != 0) mask = mask_of(a, turn, at, row, column);
        dw[j][e] = w != 0 ? w * (dw[j][e] * mask - s_delta[i]) : (T)0;
        score[j][e] = w * mask;
      }
    }
    store_shared(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(dv, s_p, S::LP, s_dy, S::LD);
    __syncwarp();
    store_shared(s_p, S::LP, dw);
    __syncwarp();
    multiply_shared<false, S::INNER>(dk, s_p, S::LP, s_q, S::LD);
    __syncwarp();
  }
  store_rows(head_of<T>(a.dv, at), a.dv.t, first, a.s, a.d, dv, (T)1, (T)1);
  store_rows(head_of<T>(a.dk, at), a.dk.t, first, a.s, a.d, dk, a.scale, a.scale);
}

/* -- launching ---------------------------------------------------------------------------------------------------------- */
/* Tiles for a type and width: what fits in the shared memory of sm_80. */
template <typename T, int D>
using tiles_for = std::conditional_t<sizeof(T) == 4, tiles<T, D, 4, 32>, tiles<T, D, 2, 32>>;

template <typename T, typename S> static int forward(tnt__args *a, const tnt__attention *x) {
  size_t elements = (S::ROWS + 2 * S::INNER) * S::LD + S::ROWS * S::LP;
  int rc = run_tiles<T>(a, attention_kernel<T, S>, attention_of<T>(a, x), x->n * x->h, x->t,
                        S::ROWS, S::LANES, elements * sizeof(T));
  return rc ? rc : launched(a);
}

template <typename T, typename S> static int backward(tnt__args *a, const tnt__attention *x) {
  attention<T> k = attention_of<T>(a, x);
  int64_t heads = x->n * x->h;
  size_t bytes = ((2 * S::ROWS + 2 * S::INNER) * S::LD + S::ROWS * S::LP) * sizeof(T);
  int rc = run_delta<T, S::D>(a, &k, x);
  if (!rc && x->t)
    rc = run_tiles<T>(a, attention_dq_kernel<T, S>, k, heads, x->t, S::ROWS, S::LANES, bytes);
  if (!rc && x->s)
    rc = run_tiles<T>(a, attention_dkv_kernel<T, S>, k, heads, x->s, S::ROWS, S::LANES, bytes);
  return rc ? rc : launched(a);
}

#define WIDE_FLOATS(dtype, T, ...)            \
  switch (dtype) {                            \
    TNT_CASE(TNT_F32, float, T, __VA_ARGS__)  \
    TNT_CASE(TNT_F64, double, T, __VA_ARGS__) \
  default: return wrong_dtype(a, dtype);      \
  }

static bool is_narrow(int dtype) { return dtype == TNT_F16 || dtype == TNT_BF16; }

extern "C" int tnt__attention_forward(tnt__args *a, const tnt__attention *x) {
  if (x->n * x->h * x->t * x->d == 0) return 0;
  if (is_narrow(x->dtype)) return attention_mma_forward(a, x);
  WIDE_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (forward<T, tiles_for<T, D>>(a, x))))
  return 0;
}

extern "C" int tnt__attention_backward(tnt__args *a, const tnt__attention *x) {
  if (x->n * x->h * x->d == 0) return 0;
  if (is_narrow(x->dtype)) return attention_mma_backward(a, x);
  WIDE_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (backward<T, tiles_for<T, D>>(a, x))))
  return 0;
}
