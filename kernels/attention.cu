/* softmax(scale q k^T) v without its matrix of weights: a block takes a tile of rows and walks over tiles of columns, keeping
 * each row's largest score and sum of exponentials. Backward makes the weights again from the kept logarithms, once for dq
 * and once for dk and dv, so that every sum has one order and every run the same bits. Source: Dao 2023, FlashAttention-2.
 * Scores are counted in powers of two. */
#include "../core/cuda/attention.h"
#include "mma.cuh"
#include "rows.cuh"

constexpr double LOG2_E = 1.4426950408889634, LN_2 = 0.6931471805599453;

template <typename T> struct attention {
  using A = acc<T>;
  tnt__heads q, k, v, y, dy, dq, dk, dv;
  A *lse, *delta; /* delta: the sum of dy y over a row */
  int64_t h, t, s;
  int d;
  bool causal, packed; /* packed: rows begin at 16 bytes and end with a pack */
  A scale;
  bool drops;
  draw r;
  uint32_t limit;
  A kept; /* what a weight that stays is multiplied by */

  __device__ __forceinline__ bool sees(int64_t row, int64_t column) const {
    return row < t && column < s && (!causal || column <= row + s - t);
  }
  /* 0 or `kept` for one weight */
  __device__ __forceinline__ A mask(uint64_t turn, int64_t head, int64_t row,
                                    int64_t column) const {
    uint64_t i = (uint64_t)((head * t + row) * s + column);
    return philox(r.seed, turn, i).v[0] < limit ? (A)0 : kept;
  }
};

template <typename T>
static __device__ __forceinline__ T *head_of(const tnt__heads &x, int64_t head, int64_t h) {
  return (T *)x.data + head / h * x.n + head % h * x.h;
}

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
                                                  int d, const acc<T> (&c)[TILES][4], acc<T> scale0,
                                                  acc<T> scale1) {
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
        if (column < d)
          x[row * step + column] = from_compute<T>(c[j][2 * half + i] * (half ? scale1 : scale0));
      }
    }
  }
}

/* Where element e of tile j lies in the warp's rows and the tile's columns. */
static __device__ __forceinline__ int row_in_tile(int e) {
  return (int)threadIdx.x % WARP / 4 + (e >= 2 ? 8 : 0);
}
static __device__ __forceinline__ int column_in_tile(int j, int e) {
  return 8 * j + 2 * ((int)threadIdx.x % 4) + e % 2;
}
/* over the four lanes that hold a row */
template <typename A, typename Join>
static __device__ __forceinline__ A quad_reduce(A v, Join join) {
  return warp_reduce(v, join, 4);
}

/* Which head and which tile of rows a block takes. With a causal mask the last rows have the most to do, and go first. */
struct place {
  int64_t head, first;
  __device__ __forceinline__ place(int64_t rows, int tile, bool last_first) {
    int64_t all = (rows + tile - 1) / tile, i = blockIdx.x % all;
    head = blockIdx.x / all;
    first = (last_first ? all - 1 - i : i) * tile;
  }
};

/* -- forward ------------------------------------------------------------------------------------------------------------ */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_kernel(ARGUMENT(attention<T>) a) {
  using A = acc<T>;
  SHARED(T, s_q);
  T *s_k = s_q + S::ROWS * S::LD, *s_v = s_k + S::INNER * S::LD, *s_p = s_v + S::INNER * S::LD;
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at.head, a.h), *k = head_of<const T>(a.k, at.head, a.h),
          *v = head_of<const T>(a.v, at.head, a.h);
  int64_t first = at.first + warp * 16; /* of the warp's rows */
  uint64_t turn = a.drops ? a.r.turn() : 0;
  A scale = a.scale * (A)LOG2_E, top[2] = {-(A)INFINITY, -(A)INFINITY}, sum[2] = {0, 0};
  A out[S::D / 8][4] = {};

  load_rows<T, S, S::ROWS>(s_q, q, a.q.t, at.first, a.t, a.d, a.packed);
  int64_t columns = a.s;
  if (a.causal && at.first + S::ROWS + a.s - a.t < columns)
    columns = at.first + S::ROWS + a.s - a.t;
  for (int64_t c0 = 0; c0 < columns; c0 += S::INNER) {
    __syncthreads();
    load_rows<T, S, S::INNER>(s_k, k, a.k.t, c0, a.s, a.d, a.packed);
    load_rows<T, S, S::INNER>(s_v, v, a.v.t, c0, a.s, a.d, a.packed);
    __syncthreads();
    A score[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_q + warp * 16 * S::LD, S::LD, s_k, S::LD);
    A most[2] = {top[0], top[1]};
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        bool seen = a.sees(first + row_in_tile(e), c0 + column_in_tile(j, e));
        score[j][e] = seen ? score[j][e] * scale : -(A)INFINITY;
        most[e / 2] = score[j][e] > most[e / 2] ? score[j][e] : most[e / 2];
      }
    }
    A base[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      most[i] = quad_reduce(most[i], join_max());
      base[i] = most[i] == -(A)INFINITY ? 0 : most[i];
      A shrink = exp2(top[i] - base[i]);
      top[i] = most[i];
      sum[i] *= shrink;
#pragma unroll
      for (int j = 0; j < S::D / 8; j++) out[j][2 * i] *= shrink, out[j][2 * i + 1] *= shrink;
    }
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        A w = exp2(score[j][e] - base[e / 2]);
        sum[e / 2] += w;
        if (a.drops && w != 0)
          w *= a.mask(turn, at.head, first + row_in_tile(e), c0 + column_in_tile(j, e));
        score[j][e] = w;
      }
    }
    store_shared<T>(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(out, s_p, S::LP, s_v, S::LD);
    __syncwarp();
  }
  A by[2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    sum[i] = quad_reduce(sum[i], join_sum());
    by[i] = 1 / sum[i];
    int64_t row = first + row_in_tile(2 * i);
    if (threadIdx.x % 4 == 0 && row < a.t)
      a.lse[at.head * a.t + row] = ((top[i] == -(A)INFINITY ? 0 : top[i]) + log2(sum[i])) * (A)LN_2;
  }
  store_rows(head_of<T>(a.y, at.head, a.h), a.y.t, first, a.t, a.d, out, by[0], by[1]);
}

/* -- backward ----------------------------------------------------------------------------------------------------------- */
template <typename T>
__global__ void attention_delta_kernel(ARGUMENT(attention<T>) a, int64_t rows) {
  FOR_ROWS(row, rows) {
    const T *y = head_of<const T>(a.y, row / a.t, a.h) + row % a.t * a.y.t,
            *dy = head_of<const T>(a.dy, row / a.t, a.h) + row % a.t * a.dy.t;
    acc<T> s = 0;
    for (int i = threadIdx.x; i < a.d; i += WARP) s += to_compute(y[i]) * to_compute(dy[i]);
    s = warp_reduce(s, join_sum());
    if (threadIdx.x == 0) a.delta[row] = s;
  }
}

/* dq: as the forward, rows of q over columns of k. */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_dq_kernel(ARGUMENT(attention<T>) a) {
  using A = acc<T>;
  SHARED(T, s_q);
  T *s_dy = s_q + S::ROWS * S::LD, *s_k = s_dy + S::ROWS * S::LD, *s_v = s_k + S::INNER * S::LD,
    *s_p = s_v + S::INNER * S::LD;
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at.head, a.h), *k = head_of<const T>(a.k, at.head, a.h),
          *v = head_of<const T>(a.v, at.head, a.h), *dy = head_of<const T>(a.dy, at.head, a.h);
  int64_t first = at.first + warp * 16;
  uint64_t turn = a.drops ? a.r.turn() : 0;
  A scale = a.scale * (A)LOG2_E, lse[2], delta[2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    int64_t row = first + row_in_tile(2 * i);
    lse[i] = row < a.t ? a.lse[at.head * a.t + row] * (A)LOG2_E : (A)0;
    delta[i] = row < a.t ? a.delta[at.head * a.t + row] : (A)0;
  }
  A out[S::D / 8][4] = {};
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
    A score[S::INNER / 8][4] = {}, dw[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_q + warp * 16 * S::LD, S::LD, s_k, S::LD);
    multiply_shared<true, S::D>(dw, s_dy + warp * 16 * S::LD, S::LD, s_v, S::LD);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int64_t row = first + row_in_tile(e), column = c0 + column_in_tile(j, e);
        A w = a.sees(row, column) ? exp2(score[j][e] * scale - lse[e / 2]) : (A)0, g = dw[j][e];
        if (a.drops && w != 0) g *= a.mask(turn, at.head, row, column);
        score[j][e] = w != 0 ? w * (g - delta[e / 2]) : (A)0;
      }
    }
    store_shared<T>(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(out, s_p, S::LP, s_k, S::LD);
    __syncwarp();
  }
  store_rows(head_of<T>(a.dq, at.head, a.h), a.dq.t, first, a.t, a.d, out, a.scale, a.scale);
}

/* dk and dv: rows of k over columns of q, so that weights stand turned. */
template <typename T, typename S>
__global__ void __launch_bounds__(S::LANES) attention_dkv_kernel(ARGUMENT(attention<T>) a) {
  using A = acc<T>;
  SHARED(T, s_k);
  T *s_v = s_k + S::ROWS * S::LD, *s_q = s_v + S::ROWS * S::LD, *s_dy = s_q + S::INNER * S::LD,
    *s_p = s_dy + S::INNER * S::LD;
  __shared__ A s_lse[S::INNER], s_delta[S::INNER];
  int warp = (int)threadIdx.x / WARP;
  s_p += warp * 16 * S::LP;
  place at(a.s, S::ROWS, false);
  const T *q = head_of<const T>(a.q, at.head, a.h), *k = head_of<const T>(a.k, at.head, a.h),
          *v = head_of<const T>(a.v, at.head, a.h), *dy = head_of<const T>(a.dy, at.head, a.h);
  int64_t first = at.first + warp * 16;
  uint64_t turn = a.drops ? a.r.turn() : 0;
  A scale = a.scale * (A)LOG2_E, dk[S::D / 8][4] = {}, dv[S::D / 8][4] = {};
  load_rows<T, S, S::ROWS>(s_k, k, a.k.t, at.first, a.s, a.d, a.packed);
  load_rows<T, S, S::ROWS>(s_v, v, a.v.t, at.first, a.s, a.d, a.packed);
  int64_t start = a.causal ? at.first - (a.s - a.t) : 0; /* the first row that sees any of these */
  start = start < 0 ? 0 : start / S::INNER * S::INNER;
  for (int64_t c0 = start; c0 < a.t; c0 += S::INNER) {
    __syncthreads();
    load_rows<T, S, S::INNER>(s_q, q, a.q.t, c0, a.t, a.d, a.packed);
    load_rows<T, S, S::INNER>(s_dy, dy, a.dy.t, c0, a.t, a.d, a.packed);
    for (int i = (int)threadIdx.x; i < S::INNER; i += S::LANES) {
      s_lse[i] = c0 + i < a.t ? a.lse[at.head * a.t + c0 + i] * (A)LOG2_E : (A)0;
      s_delta[i] = c0 + i < a.t ? a.delta[at.head * a.t + c0 + i] : (A)0;
    }
    __syncthreads();
    A score[S::INNER / 8][4] = {}, dw[S::INNER / 8][4] = {};
    multiply_shared<true, S::D>(score, s_k + warp * 16 * S::LD, S::LD, s_q, S::LD);
    multiply_shared<true, S::D>(dw, s_v + warp * 16 * S::LD, S::LD, s_dy, S::LD);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int64_t column = first + row_in_tile(e), row = c0 + column_in_tile(j, e);
        int i = column_in_tile(j, e);
        A w = a.sees(row, column) ? exp2(score[j][e] * scale - s_lse[i]) : (A)0, mask = 1;
        if (a.drops && w != 0) mask = a.mask(turn, at.head, row, column);
        dw[j][e] = w != 0 ? w * (dw[j][e] * mask - s_delta[i]) : (A)0;
        score[j][e] = w * mask;
      }
    }
    store_shared<T>(s_p, S::LP, score);
    __syncwarp();
    multiply_shared<false, S::INNER>(dv, s_p, S::LP, s_dy, S::LD);
    __syncwarp();
    store_shared<T>(s_p, S::LP, dw);
    __syncwarp();
    multiply_shared<false, S::INNER>(dk, s_p, S::LP, s_q, S::LD);
    __syncwarp();
  }
  store_rows(head_of<T>(a.dv, at.head, a.h), a.dv.t, first, a.s, a.d, dv, (A)1, (A)1);
  store_rows(head_of<T>(a.dk, at.head, a.h), a.dk.t, first, a.s, a.d, dk, a.scale, a.scale);
}

/* -- launching ---------------------------------------------------------------------------------------------------------- */
/* Tiles for a type and width: what fits in the shared memory of sm_80. */
template <typename T, int D>
using tiles_for =
    std::conditional_t<sizeof(T) == 2, tiles<T, D, 4, 64>,
                       std::conditional_t<sizeof(T) == 4, tiles<T, D, 4, 32>, tiles<T, D, 2, 32>>>;

template <typename T> static bool rows_packed(const attention<T> &k, const tnt__heads &x) {
  const int64_t V = per_16<T>;
  return !x.data || ((uintptr_t)x.data % 16 == 0 && x.n % V == 0 && x.h % V == 0 && x.t % V == 0 &&
                     k.d % V == 0);
}

template <typename T>
static attention<T> attention_of(const tnt__args *a, const tnt__attention *x) {
  attention<T> k = {};
  k.q = x->q, k.k = x->k, k.v = x->v, k.y = x->y;
  k.dy = x->dy, k.dq = x->dq, k.dk = x->dk, k.dv = x->dv;
  k.lse = (acc<T> *)x->lse;
  k.h = x->h, k.t = x->t, k.s = x->s, k.d = (int)x->d;
  k.causal = x->causal, k.scale = (acc<T>)x->scale;
  k.packed =
      rows_packed(k, k.q) && rows_packed(k, k.k) && rows_packed(k, k.v) && rows_packed(k, k.dy);
  k.drops = x->p > 0;
  k.r = draw{x->seed, x->call, a->counter};
  k.limit = x->p >= 1 ? UINT32_MAX : (uint32_t)(x->p * 4294967296.0);
  k.kept = x->p >= 1 ? 0 : (acc<T>)(1 / (1 - x->p));
  return k;
}

template <typename T>
static int run_tiles(tnt__args *a, void (*kernel)(ARGUMENT(attention<T>)), const attention<T> &k,
                     int64_t heads, int64_t rows, int tile, int lanes, size_t elements) {
  int64_t blocks = heads * ((rows + tile - 1) / tile);
  size_t bytes = elements * sizeof(T);
  if (blocks > INT32_MAX)
    return a->fail(TNT_ESHAPE, "%s: too many rows for one call on a card", a->op);
  if (bytes > 48 << 10) {
    cudaError_t e =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes);
    if (e != cudaSuccess) return cuda_failed(a->op, (int)e);
  }
  LAUNCH(kernel, dim3((unsigned)blocks), dim3((unsigned)lanes), bytes, a->stream)(k);
  return 0;
}

/* The statements with D a width that holds d; doubles, which are for checks, have one. */
#define WIDTHS(T, d, D, ...)            \
  if (sizeof(T) == 8 || (d) > 64) {     \
    constexpr int D = 128;              \
    __VA_ARGS__;                        \
  } else if constexpr (sizeof(T) < 8) { \
    if ((d) <= 32) {                    \
      constexpr int D = 32;             \
      __VA_ARGS__;                      \
    } else {                            \
      constexpr int D = 64;             \
      __VA_ARGS__;                      \
    }                                   \
  }

template <typename T, typename S> static int forward(tnt__args *a, const tnt__attention *x) {
  int rc = run_tiles<T>(a, attention_kernel<T, S>, attention_of<T>(a, x), x->n * x->h, x->t,
                        S::ROWS, S::LANES, (S::ROWS + 2 * S::INNER) * S::LD + S::ROWS * S::LP);
  return rc ? rc : launched(a);
}

template <typename T, typename S> static int backward(tnt__args *a, const tnt__attention *x) {
  attention<T> k = attention_of<T>(a, x);
  int64_t heads = x->n * x->h, rows = heads * x->t;
  size_t elements = (2 * S::ROWS + 2 * S::INNER) * S::LD + S::ROWS * S::LP;
  k.delta = scratch_for<acc<T>>(a, rows);
  if (!k.delta) return no_scratch(a);
  int rc = 0;
  if (rows) {
    LAUNCH(attention_delta_kernel<T>, dim3(blocks_for(rows, 8)), dim3(WARP, 8), 0, a->stream)
    (k, rows);
    rc = run_tiles<T>(a, attention_dq_kernel<T, S>, k, heads, x->t, S::ROWS, S::LANES, elements);
  }
  if (!rc && x->s)
    rc = run_tiles<T>(a, attention_dkv_kernel<T, S>, k, heads, x->s, S::ROWS, S::LANES, elements);
  return rc ? rc : launched(a);
}

extern "C" int tnt__attention_forward(tnt__args *a, const tnt__attention *x) {
  if (x->n * x->h * x->t * x->d == 0) return 0;
  FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (forward<T, tiles_for<T, D>>(a, x))))
  return 0;
}

extern "C" int tnt__attention_backward(tnt__args *a, const tnt__attention *x) {
  if (x->n * x->h * x->d == 0) return 0;
  FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (backward<T, tiles_for<T, D>>(a, x))))
  return 0;
}
