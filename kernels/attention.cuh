/* What both kinds of attention kernels share: attention.cu, plain, for wide types; attention_mma.cu, for 16-bit types on
 * tensor cores. A block takes a tile of rows of one head. */
#ifndef TNT_ATTENTION_CUH
#define TNT_ATTENTION_CUH

#include "../core/cuda/attention.h"
#include "rows.cuh"

constexpr double LOG2_E = 1.4426950408889634, LN_2 = 0.6931471805599453;

template <typename T> struct attention {
  using A = acc<T>;
  tnt__heads q, k, v, y, dy, dq, dk, dv;
  A *lse;
  A *lse2, *delta; /* of backward: lse in powers of two, and the sum of dy y over a row */
  int64_t h, t, s;
  int d;
  bool causal, packed; /* packed: rows begin at 16 bytes and end with a pack */
  A scale;
  bool drops;
  draw r;
  uint32_t limit;
  A kept; /* what a weight that stays is multiplied by */

  /* whether weight i of the [n, h, t, s] that all heads have is dropped */
  __device__ __forceinline__ bool dropped(uint64_t turn, int64_t i) const {
    return philox(r.seed, turn, (uint64_t)i).v[0] < limit;
  }
};

/* Which head and which tile of rows a block takes. With a causal mask the last rows have the most to do, and go first. */
struct place {
  unsigned head, n, h;
  int64_t first;
  __device__ __forceinline__ place(int64_t heads, int64_t rows, int tile, bool last_first) {
    unsigned all = (unsigned)((rows + tile - 1) / tile), i = blockIdx.x % all;
    head = blockIdx.x / all, n = head / (unsigned)heads, h = head % (unsigned)heads;
    first = (int64_t)(last_first ? all - 1 - i : i) * tile;
  }
};
template <typename T>
static __device__ __forceinline__ T *head_of(const tnt__heads &x, const place &at) {
  return (T *)x.data + at.n * x.n + at.h * x.h;
}

/* Where element e of a lane's part of tile j lies among 16 rows of columns, as tensor cores have it (mma.cuh). */
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

/* lse2 and delta; LANES neighbours share a row and take V elements at a time. */
enum { DELTA_LANES = 256 };
template <typename T, int V, int LANES>
__global__ void __launch_bounds__(DELTA_LANES) attention_delta_kernel(ARGUMENT(attention<T>) a) {
  place at(a.h, a.t, DELTA_LANES / LANES, false);
  int64_t row = at.first + (int)threadIdx.x / LANES;
  int lane = (int)threadIdx.x % LANES;
  acc<T> s = 0;
  if (row < a.t) {
    const T *y = head_of<const T>(a.y, at) + row * a.y.t,
            *dy = head_of<const T>(a.dy, at) + row * a.dy.t;
    for (int c = lane * V; c < a.d; c += LANES * V) {
      pack<T, V> p = load_pack<V>(y + c), g = load_pack<V>(dy + c);
#pragma unroll
      for (int i = 0; i < V; i++) s += to_compute(p.v[i]) * to_compute(g.v[i]);
    }
  }
  s = warp_reduce(s, join_sum(), LANES);
  int64_t i = at.head * a.t + row;
  if (row < a.t && lane == 0) a.delta[i] = s, a.lse2[i] = a.lse[i] * (acc<T>)LOG2_E;
}

/* -- launching ---------------------------------------------------------------------------------------------------------- */
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
  k.packed = rows_packed(k, k.q) && rows_packed(k, k.k) && rows_packed(k, k.v) &&
             rows_packed(k, k.y) && rows_packed(k, k.dy) && rows_packed(k, k.dq) &&
             rows_packed(k, k.dk) && rows_packed(k, k.dv);
  k.drops = x->p > 0;
  k.r = draw{x->seed, x->call, a->counter};
  k.limit = x->p >= 1 ? UINT32_MAX : (uint32_t)(x->p * 4294967296.0);
  k.kept = x->p >= 1 ? 0 : (acc<T>)(1 / (1 - x->p));
  return k;
}

/* A block of `lanes` for every `tile` rows of every head, with so many bytes of shared memory. */
template <typename T>
static int run_tiles(tnt__args *a, void (*kernel)(ARGUMENT(attention<T>)), const attention<T> &k,
                     int64_t heads, int64_t rows, int tile, int lanes, size_t bytes) {
  int64_t blocks = heads * ((rows + tile - 1) / tile);
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

/* The room of lse2 and delta, and the kernel that fills them; D: a width that holds x->d. */
template <typename T, int D>
static int run_delta(tnt__args *a, attention<T> *k, const tnt__attention *x) {
  constexpr int V = per_16<T>, LANES = D / V < WARP ? D / V : WARP;
  int64_t heads = x->n * x->h, rows = heads * x->t;
  k->lse2 = scratch_for<acc<T>>(a, 2 * rows);
  if (!k->lse2) return no_scratch(a);
  k->delta = k->lse2 + rows;
  if (!rows) return 0;
  auto kernel =
      k->packed ? attention_delta_kernel<T, V, LANES> : attention_delta_kernel<T, 1, LANES>;
  return run_tiles<T>(a, kernel, *k, heads, x->t, DELTA_LANES / LANES, DELTA_LANES, 0);
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

/* attention_mma.cu */
int attention_mma_forward(tnt__args *a, const tnt__attention *x);
int attention_mma_backward(tnt__args *a, const tnt__attention *x);

#endif
