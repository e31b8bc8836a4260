/* Attention (attention.cu) in 16-bit types, on tensor cores. A warp holds 16 or 32 rows of scores in registers and rounds
 * them there to the left operand of the next product (mma.cuh); tiles of the other side travel into shared memory, one
 * ahead of the one in use; masks are for tiles at an edge. Source: Dao 2023, FlashAttention-2. */
#include "async.cuh"
#include "attention.cuh"
#include "mma.cuh"

/* Sizes of a kernel for heads of D: a block's four warps hold 16 M rows each and take INNER columns at a time. KEPT:
 * whether rows lie in registers as left operands, or are read from shared memory for every tile. */
template <int D_, int M_, int INNER_, bool KEPT_> struct sizes {
  enum {
    D = D_,
    M = M_,
    INNER = INNER_,
    KEPT = KEPT_,
    LANES = 4 * WARP,
    HIGH = 16 * M, /* rows of a warp */
    ROWS = 4 * HIGH,
    LD = D + 8, /* so that eight rows of 16 bytes lie in different banks */
    PACKS = D / 8,
    STAGE = 2 * INNER * LD /* a tile of each of two tensors */
  };
};
/* M = 2 halves what a product reads from shared memory, which at M = 1 takes as long as the product itself. A lane's sums
 * take M D / 2 registers (twice that for dk and dv), its scores M INNER / 2 (twice that in backward) and its kept rows
 * M D / 4 each: these sizes need at most 255 without spilling, and sm_80, of 65536 registers and 163 KiB of shared memory,
 * holds two such blocks. Dropout takes longer over its random numbers than over products: it wants registers for them and
 * a third block, so M = 1. */
template <int D, bool DROPS> struct sizes_for {
  using forward = sizes<D, DROPS ? 1 : 2, D == 128 || DROPS ? 32 : 64, D <= 64>;
  using dq = sizes<D, D == 128 || DROPS ? 1 : 2, 32, D <= 64>;
  using dkv = sizes<D, D == 128 || DROPS ? 1 : 2, 32, false>;
};

/* 2^x; a result below 2^-126 is 0 */
static __device__ __forceinline__ float fast_exp2(float x) {
#ifdef TNT_EMULATE
  return exp2f(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}
/* by powers of two, and never 0, so that -inf stays what it is */
static __device__ __forceinline__ float scale_of(float scale) {
  return scale == 0 ? 1.1754944e-38f : scale * (float)LOG2_E;
}
static __device__ __forceinline__ int least(int a, int b) { return a < b ? a : b; }

/* -- rows in shared memory ----------------------------------------------------------------------------------------------- */
/* A lane's part of fetch for rows that are not packed: of every AT_ONCE-th row up to ROWS eight elements, or the `wide`
 * that are left. Not inlined, so that it takes no registers from where it is not used. */
template <typename T, int LD, int ROWS, int AT_ONCE>
static __device__ __noinline__ void fetch_plainly(T *to, const T *from, int64_t step, int left,
                                                  int wide) {
#pragma unroll 1
  for (int i = 0; i < ROWS; i += AT_ONCE) {
    pack<T, 8> p = {};
#pragma unroll
    for (int e = 0; e < 8; e++) {
      if (i < left && e < wide) p.v[e] = from[i * step + e];
    }
    store_pack(to + i * LD, p);
  }
}
/* ROWS rows of x from `first` on, by the whole block; what lies outside is 0. They are there after copies_wait and a
 * barrier. */
template <typename T, typename S, int ROWS>
static __device__ __forceinline__ void fetch(T *to, const T *x, int64_t step, int first, int rows,
                                             int d, bool packed) {
  constexpr int AT_ONCE = S::LANES / S::PACKS;
  static_assert(ROWS % AT_ONCE == 0, "each lane has as many packs");
  int c = (int)threadIdx.x % S::PACKS * 8, row = (int)threadIdx.x / S::PACKS;
  int left = rows - first - row; /* this lane's rows inside begin below it */
  const T *from = x + (first + row) * step + c;
  to += row * S::LD + c;
  if (!packed) return fetch_plainly<T, S::LD, ROWS, AT_ONCE>(to, from, step, left, d - c);
#pragma unroll
  for (int i = 0; i < ROWS; i += AT_ONCE) {
    copy_async<16>(to + i * S::LD, from, i < left && c < d);
    from += AT_ONCE * step;
  }
}

/* A warp's sums, times `by`, to rows first.. of x, through `room`, rows in shared memory that only this warp uses. */
template <typename T, typename S>
static __device__ __forceinline__ void store_sums(T *x, int64_t step, int first, int rows,
                                                  const attention<T> &a, T *room,
                                                  const float (&c)[S::M][S::D / 8][4],
                                                  const float (&by)[S::M][2]) {
  __syncwarp();
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      T *to = room + (16 * m + row_in_tile(2 * half)) * S::LD + column_in_tile(0, 0);
#pragma unroll
      for (int j = 0; j < S::D / 8; j++) {
        float s = by[m][half];
        *(uint32_t *)(to + 8 * j) = word_of<T>(c[m][j][2 * half] * s, c[m][j][2 * half + 1] * s);
      }
    }
  }
  __syncwarp();
  int lane = (int)threadIdx.x % WARP;
#pragma unroll
  for (int e = lane; e < S::HIGH * S::PACKS; e += WARP) {
    int row = e / S::PACKS, column = e % S::PACKS * 8;
    if (first + row >= rows || column >= a.d) continue;
    pack<T, 8> p = load_pack<8>(room + row * S::LD + column);
    T *to = x + (first + row) * step + column;
    if (a.packed) {
      store_pack(to, p);
    } else {
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (column + i < a.d) to[i] = p.v[i];
      }
    }
  }
}

/* -- products -------------------------------------------------------------------------------------------------------------- */
/* A warp's rows of D as left operands. */
template <typename T, typename S> struct left {
  const T *from;
  uint32_t kept[S::KEPT ? S::D / 16 : 1][S::M][4];
  __device__ __forceinline__ void open(const T *rows) {
    from = rows + rows_first(S::LD);
    if constexpr (S::KEPT) {
#pragma unroll
      for (int k = 0; k < S::D / 16; k++) {
#pragma unroll
        for (int m = 0; m < S::M; m++)
          load_matrices<false>(kept[k][m], from + 16 * m * S::LD + 16 * k);
      }
    }
  }
  /* columns 16 k.. */
  __device__ __forceinline__ void take(uint32_t (&a)[S::M][4], int k) const {
#pragma unroll
    for (int m = 0; m < S::M; m++) {
      if constexpr (S::KEPT) {
#pragma unroll
        for (int i = 0; i < 4; i++) a[m][i] = kept[k][m][i];
      } else {
        load_matrices<false>(a[m], from + 16 * m * S::LD + 16 * k);
      }
    }
  }
};

/* c = rows right^T; right: INNER rows of D */
template <typename T, typename S>
static __device__ __forceinline__ void score_rows(float (&c)[S::M][S::INNER / 8][4],
                                                  const left<T, S> &rows, const T *right) {
  right += columns_first(S::LD);
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) c[m][j][e] = 0;
    }
  }
#pragma unroll
  for (int k = 0; k < S::D / 16; k++) {
    uint32_t a[S::M][4];
    rows.take(a, k);
#pragma unroll
    for (int j = 0; j < S::INNER / 16; j++) {
      uint32_t b[4];
      load_matrices<false>(b, right + 16 * j * S::LD + 16 * k);
#pragma unroll
      for (int m = 0; m < S::M; m++) {
        mma<T>(c[m][2 * j], a[m], b[0], b[1]);
        mma<T>(c[m][2 * j + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/* Weights rounded to left operands: tiles 2 k and 2 k + 1 of c are columns 16 k.. of them. */
template <typename T, typename S> struct rounded {
  uint32_t w[S::M][S::INNER / 16][4];
  __device__ __forceinline__ explicit rounded(const float (&c)[S::M][S::INNER / 8][4]) {
#pragma unroll
    for (int m = 0; m < S::M; m++) {
#pragma unroll
      for (int k = 0; k < S::INNER / 16; k++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          const float(&from)[4] = c[m][2 * k + i / 2];
          w[m][k][i] = word_of<T>(from[i % 2 * 2], from[i % 2 * 2 + 1]);
        }
      }
    }
  }
};

/* c += weights right; right: INNER rows of D */
template <typename T, typename S>
static __device__ __forceinline__ void add_weighted(float (&c)[S::M][S::D / 8][4],
                                                    const rounded<T, S> &weights, const T *right) {
  right += rows_first(S::LD);
#pragma unroll
  for (int k = 0; k < S::INNER / 16; k++) {
#pragma unroll
    for (int j = 0; j < S::D / 16; j++) {
      uint32_t b[4];
      load_matrices<true>(b, right + 16 * k * S::LD + 16 * j);
#pragma unroll
      for (int m = 0; m < S::M; m++) {
        mma<T>(c[m][2 * j], weights.w[m][k], b[0], b[1]);
        mma<T>(c[m][2 * j + 1], weights.w[m][k], b[2], b[3]);
      }
    }
  }
}

/* -- masks ------------------------------------------------------------------------------------------------------------------ */
/* `value` where rows first.. of q do not see columns c0.. of k. */
template <typename S, typename T>
static __device__ __forceinline__ void hide(float (&c)[S::M][S::INNER / 8][4],
                                            const attention<T> &a, int first, int c0, float value) {
  int t = (int)a.t, s = (int)a.s;
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = first + 16 * m + row_in_tile(2 * half);
      int end = (a.causal ? least(s, row + 1 + s - t) : s) - c0;
#pragma unroll
      for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
          if (column_in_tile(j, i) >= end) c[m][j][2 * half + i] = value;
        }
      }
    }
  }
}
/* The same with rows and columns changed: rows first.. of k, columns c0.. of q. */
template <typename S, typename T>
static __device__ __forceinline__ void hide_turned(float (&c)[S::M][S::INNER / 8][4],
                                                   const attention<T> &a, int first, int c0,
                                                   float value) {
  int t = (int)a.t, s = (int)a.s, end = t - c0;
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = first + 16 * m + row_in_tile(2 * half);
      int start = a.causal ? row - (s - t) - c0 : 0;
#pragma unroll
      for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
          int column = column_in_tile(j, i);
          if (column < start || column >= end) c[m][j][2 * half + i] = value;
        }
      }
    }
  }
}

/* -- forward ------------------------------------------------------------------------------------------------------------ */
template <typename T, typename S, bool DROPS>
__global__ void __launch_bounds__(S::LANES) attention_mma_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_q);
  T *s_k = s_q + S::ROWS * S::LD; /* two stages of a tile of k and one of v */
  place at(a.h, a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at);
  int high = (int)threadIdx.x / WARP * S::HIGH; /* the warp's rows in the block's */
  int t = (int)a.t, s = (int)a.s, block = (int)at.first, first = block + high, shift = s - t;
  int columns = s, by_any = s, by_all = s;
  if (a.causal) { /* columns seen by rows of the block, by some and by all of the warp's */
    columns = least(s, block + S::ROWS + shift);
    by_any = least(s, first + S::HIGH + shift), by_all = least(s, first + 1 + shift);
  }
  int64_t row0 = at.head * a.t; /* of the head, among all rows */
  uint64_t turn = DROPS ? a.r.turn() : 0;
  bool flips = a.scale < 0; /* then the largest score is that of the least product */
  float scale = scale_of(flips ? -a.scale : a.scale), top[S::M][2], sum[S::M][2];
  float out[S::M][S::D / 8][4] = {};
#pragma unroll
  for (int m = 0; m < S::M; m++) { top[m][0] = top[m][1] = -INFINITY, sum[m][0] = sum[m][1] = 0; }

  fetch<T, S, S::ROWS>(s_q, q, a.q.t, block, t, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k, k, a.k.t, 0, columns, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k + S::INNER * S::LD, v, a.v.t, 0, columns, a.d, a.packed);
  copies_close();
  copies_wait<0>();
  __syncthreads();
  left<T, S> rows;
  rows.open(s_q + high * S::LD);
  int stage = 0;
  for (int c0 = 0; c0 < columns; c0 += S::INNER, stage ^= 1) {
    const T *now = s_k + stage * S::STAGE;
    copies_wait<0>();
    __syncthreads(); /* this tile is there, and nobody needs the one before */
    if (c0 + S::INNER < columns) {
      T *next = s_k + (stage ^ 1) * S::STAGE;
      fetch<T, S, S::INNER>(next, k, a.k.t, c0 + S::INNER, s, a.d, a.packed);
      fetch<T, S, S::INNER>(next + S::INNER * S::LD, v, a.v.t, c0 + S::INNER, s, a.d, a.packed);
      copies_close();
    }
    if (c0 >= by_any) continue;
    float score[S::M][S::INNER / 8][4];
    score_rows<T, S>(score, rows, now);
    if (flips) {
#pragma unroll
      for (int m = 0; m < S::M; m++) {
#pragma unroll
        for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
          for (int e = 0; e < 4; e++) score[m][j][e] = -score[m][j][e];
        }
      }
    }
    if (c0 + S::INNER > by_all) hide<S>(score, a, first, c0, -INFINITY);
#pragma unroll
    for (int m = 0; m < S::M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float most = top[m][half];
#pragma unroll
        for (int j = 0; j < S::INNER / 8; j++)
          most = fmaxf(most, fmaxf(score[m][j][2 * half], score[m][j][2 * half + 1]));
        most = quad_reduce(most, join_max());
        float base = most == -INFINITY ? 0 : most * scale;
        float shrink = fast_exp2(fmaf(top[m][half], scale, -base));
        top[m][half] = most;
        sum[m][half] *= shrink;
#pragma unroll
        for (int j = 0; j < S::D / 8; j++)
          out[m][j][2 * half] *= shrink, out[m][j][2 * half + 1] *= shrink;
        int64_t element = DROPS ? (row0 + first + 16 * m + row_in_tile(2 * half)) * a.s + c0 : 0;
#pragma unroll
        for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
          for (int i = 0; i < 2; i++) {
            float &w = score[m][j][2 * half + i];
            w = fast_exp2(fmaf(w, scale, -base));
            sum[m][half] += w;
            if (DROPS && a.dropped(turn, element + column_in_tile(j, i))) w = 0;
          }
        }
      }
    }
    add_weighted<T, S>(out, rounded<T, S>(score), now + S::INNER * S::LD);
  }
  float by[S::M][2];
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float all = quad_reduce(sum[m][half], join_sum()), from = top[m][half];
      by[m][half] = all == 0 ? 0 : (DROPS ? a.kept : 1) / all; /* 0: of no columns */
      int row = first + 16 * m + row_in_tile(2 * half);
      if (threadIdx.x % 4 == 0 && row < t)
        a.lse[row0 + row] = ((from == -INFINITY ? 0 : from * scale) + log2f(all)) * (float)LN_2;
    }
  }
  store_sums<T, S>(head_of<T>(a.y, at), a.y.t, first, t, a, s_q + high * S::LD, out, by);
}

/* -- backward ----------------------------------------------------------------------------------------------------------- */
/* dq: as the forward, rows of q over columns of k. */
template <typename T, typename S, bool DROPS>
__global__ void __launch_bounds__(S::LANES, DROPS ? 3 : 2)
    attention_mma_dq_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_q);
  T *s_dy = s_q + S::ROWS * S::LD, *s_k = s_dy + S::ROWS * S::LD;
  place at(a.h, a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at), *dy = head_of<const T>(a.dy, at);
  int high = (int)threadIdx.x / WARP * S::HIGH;
  int t = (int)a.t, s = (int)a.s, block = (int)at.first, first = block + high, shift = s - t;
  int columns = s, by_any = s, by_all = s;
  if (a.causal) {
    columns = least(s, block + S::ROWS + shift);
    by_any = least(s, first + S::HIGH + shift), by_all = least(s, first + 1 + shift);
  }
  int64_t row0 = at.head * a.t; /* of the head, among all rows */
  uint64_t turn = DROPS ? a.r.turn() : 0;
  float scale = scale_of(a.scale), hidden = scale < 0 ? INFINITY : -INFINITY;
  float out[S::M][S::D / 8][4] = {}, lse[S::M][2], delta[S::M][2], by[S::M][2];

  fetch<T, S, S::ROWS>(s_q, q, a.q.t, block, t, a.d, a.packed);
  fetch<T, S, S::ROWS>(s_dy, dy, a.dy.t, block, t, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k, k, a.k.t, 0, columns, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k + S::INNER * S::LD, v, a.v.t, 0, columns, a.d, a.packed);
  copies_close();
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = first + 16 * m + row_in_tile(2 * half);
      lse[m][half] = row < t ? a.lse2[row0 + row] : 0;
      delta[m][half] = row < t ? a.delta[row0 + row] : 0;
      by[m][half] = a.scale;
    }
  }
  copies_wait<0>();
  __syncthreads();
  left<T, S> q_rows, dy_rows;
  q_rows.open(s_q + high * S::LD), dy_rows.open(s_dy + high * S::LD);
  int stage = 0;
  for (int c0 = 0; c0 < columns; c0 += S::INNER, stage ^= 1) {
    const T *now = s_k + stage * S::STAGE;
    copies_wait<0>();
    __syncthreads();
    if (c0 + S::INNER < columns) {
      T *next = s_k + (stage ^ 1) * S::STAGE;
      fetch<T, S, S::INNER>(next, k, a.k.t, c0 + S::INNER, s, a.d, a.packed);
      fetch<T, S, S::INNER>(next + S::INNER * S::LD, v, a.v.t, c0 + S::INNER, s, a.d, a.packed);
      copies_close();
    }
    if (c0 >= by_any) continue;
    float score[S::M][S::INNER / 8][4], dw[S::M][S::INNER / 8][4];
    score_rows<T, S>(score, q_rows, now);
    score_rows<T, S>(dw, dy_rows, now + S::INNER * S::LD);
    if (c0 + S::INNER > by_all) hide<S>(score, a, first, c0, hidden), hide<S>(dw, a, first, c0, 0);
#pragma unroll
    for (int m = 0; m < S::M; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        int64_t element = DROPS ? (row0 + first + 16 * m + row_in_tile(2 * half)) * a.s + c0 : 0;
#pragma unroll
        for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
          for (int i = 0; i < 2; i++) {
            float w = fast_exp2(fmaf(score[m][j][2 * half + i], scale, -lse[m][half])),
                  g = dw[m][j][2 * half + i];
            if (DROPS) g = a.dropped(turn, element + column_in_tile(j, i)) ? 0 : g * a.kept;
            score[m][j][2 * half + i] = w * (g - delta[m][half]);
          }
        }
      }
    }
    add_weighted<T, S>(out, rounded<T, S>(score), now);
  }
  store_sums<T, S>(head_of<T>(a.dq, at), a.dq.t, first, t, a, s_q + high * S::LD, out, by);
}

/* dk and dv: rows of k over columns of q, so that weights stand turned. */
template <typename T, typename S, bool DROPS>
__global__ void __launch_bounds__(S::LANES) attention_mma_dkv_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_k);
  T *s_v = s_k + S::ROWS * S::LD, *s_q = s_v + S::ROWS * S::LD;
  float *s_lse = (float *)(s_q + 2 * S::STAGE); /* two stages of a tile of lse2 and one of delta */
  place at(a.h, a.s, S::ROWS, false);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at), *dy = head_of<const T>(a.dy, at);
  int high = (int)threadIdx.x / WARP * S::HIGH;
  int t = (int)a.t, s = (int)a.s, block = (int)at.first, first = block + high, shift = s - t;
  int start = a.causal ? block - shift : 0; /* the first row that sees any of these */
  start = start < 0 ? 0 : start / S::INNER * S::INNER;
  int64_t row0 = at.head * a.t; /* of the head, among all rows */
  uint64_t turn = DROPS ? a.r.turn() : 0;
  float scale = scale_of(a.scale), hidden = scale < 0 ? INFINITY : -INFINITY;
  float dk[S::M][S::D / 8][4] = {}, dv[S::M][S::D / 8][4] = {};

  auto fetch_rows = [&](int stage, int c0) {
    T *to = s_q + stage * S::STAGE;
    fetch<T, S, S::INNER>(to, q, a.q.t, c0, t, a.d, a.packed);
    fetch<T, S, S::INNER>(to + S::INNER * S::LD, dy, a.dy.t, c0, t, a.d, a.packed);
    if (threadIdx.x < 2 * S::INNER) {
      int row = c0 + (int)threadIdx.x % S::INNER;
      const float *from = (threadIdx.x < S::INNER ? a.lse2 : a.delta) + row0 + row;
      copy_async<4>(s_lse + stage * 2 * S::INNER + threadIdx.x, from, row < t);
    }
    copies_close();
  };
  fetch<T, S, S::ROWS>(s_k, k, a.k.t, block, s, a.d, a.packed);
  fetch<T, S, S::ROWS>(s_v, v, a.v.t, block, s, a.d, a.packed);
  fetch_rows(0, start);
  copies_wait<0>();
  __syncthreads();
  left<T, S> k_rows, v_rows;
  k_rows.open(s_k + high * S::LD), v_rows.open(s_v + high * S::LD);
  int stage = 0;
  for (int c0 = start; c0 < t; c0 += S::INNER, stage ^= 1) {
    const T *now = s_q + stage * S::STAGE, *now_dy = now + S::INNER * S::LD;
    const float *lse = s_lse + stage * 2 * S::INNER, *delta = lse + S::INNER;
    copies_wait<0>();
    __syncthreads();
    if (c0 + S::INNER < t) fetch_rows(stage ^ 1, c0 + S::INNER);
    if (a.causal && c0 + S::INNER - 1 < first - shift) continue;
    bool edge = c0 + S::INNER > t || (a.causal && c0 < first + S::HIGH - 1 - shift);
    float score[S::M][S::INNER / 8][4], dw[S::M][S::INNER / 8][4];
    score_rows<T, S>(score, k_rows, now);
    score_rows<T, S>(dw, v_rows, now_dy);
    if (edge) hide_turned<S>(score, a, first, c0, hidden), hide_turned<S>(dw, a, first, c0, 0);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
      pack<float, 2> l = load_pack<2>(lse + column_in_tile(j, 0)),
                     d = load_pack<2>(delta + column_in_tile(j, 0));
#pragma unroll
      for (int m = 0; m < S::M; m++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float w = fast_exp2(fmaf(score[m][j][e], scale, -l.v[e % 2])), g = dw[m][j][e];
          bool drops = false;
          if (DROPS) {
            int row = c0 + column_in_tile(j, e), column = first + 16 * m + row_in_tile(e);
            drops = a.dropped(turn, (row0 + row) * a.s + column), g *= a.kept;
          }
          score[m][j][e] = drops ? 0 : w;
          dw[m][j][e] = w * ((drops ? 0 : g) - d.v[e % 2]);
        }
      }
    }
    add_weighted<T, S>(dv, rounded<T, S>(score), now_dy);
    add_weighted<T, S>(dk, rounded<T, S>(dw), now);
  }
  float by_dv[S::M][2], by_dk[S::M][2];
#pragma unroll
  for (int m = 0; m < S::M; m++) {
    by_dv[m][0] = by_dv[m][1] = DROPS ? a.kept : 1, by_dk[m][0] = by_dk[m][1] = a.scale;
  }
  store_sums<T, S>(head_of<T>(a.dv, at), a.dv.t, first, s, a, s_v + high * S::LD, dv, by_dv);
  store_sums<T, S>(head_of<T>(a.dk, at), a.dk.t, first, s, a, s_k + high * S::LD, dk, by_dk);
}

/* -- launching ---------------------------------------------------------------------------------------------------------- */
/* `sides`: how many tensors give the block its rows. */
template <typename T, typename S>
static int run_mma(tnt__args *a, void (*kernel)(ARGUMENT(attention<T>)), const attention<T> &k,
                   int64_t heads, int64_t rows, int sides, size_t more = 0) {
  size_t elements = (size_t)(sides * S::ROWS * S::LD + 2 * S::STAGE);
  return run_tiles<T>(a, kernel, k, heads, rows, S::ROWS, S::LANES, elements * sizeof(T) + more);
}

template <typename T, int D, bool DROPS>
static int forward(tnt__args *a, const tnt__attention *x, const attention<T> &k) {
  using S = typename sizes_for<D, DROPS>::forward;
  int rc = run_mma<T, S>(a, attention_mma_kernel<T, S, DROPS>, k, x->n * x->h, x->t, 1);
  return rc ? rc : launched(a);
}

template <typename T, int D, bool DROPS>
static int backward(tnt__args *a, const tnt__attention *x, attention<T> &k) {
  using DQ = typename sizes_for<D, DROPS>::dq;
  using DKV = typename sizes_for<D, DROPS>::dkv;
  int64_t heads = x->n * x->h;
  int rc = run_delta<T, D>(a, &k, x);
  if (!rc && x->t) rc = run_mma<T, DQ>(a, attention_mma_dq_kernel<T, DQ, DROPS>, k, heads, x->t, 2);
  if (!rc && x->s)
    rc = run_mma<T, DKV>(a, attention_mma_dkv_kernel<T, DKV, DROPS>, k, heads, x->s, 2,
                         4 * DKV::INNER * sizeof(float));
  return rc ? rc : launched(a);
}

#define NARROW_FLOATS(dtype, T, ...)                  \
  switch (dtype) {                                    \
    TNT_CASE(TNT_F16, __half, T, __VA_ARGS__)         \
    TNT_CASE(TNT_BF16, __nv_bfloat16, T, __VA_ARGS__) \
  default: return wrong_dtype(a, dtype);              \
  }

/* Positions are counted in 32 bits, a block beyond the end too. */
static int fits(tnt__args *a, const tnt__attention *x) {
  if (x->t <= INT32_MAX / 2 && x->s <= INT32_MAX / 2) return 0;
  return a->fail(TNT_ESHAPE, "%s: on a card a head has at most %d rows, got %lld and %lld", a->op,
                 INT32_MAX / 2, (long long)x->t, (long long)x->s);
}

int attention_mma_forward(tnt__args *a, const tnt__attention *x) {
  if (int rc = fits(a, x)) return rc;
  NARROW_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, {
                  attention<T> k = attention_of<T>(a, x);
                  return k.drops ? forward<T, D, true>(a, x, k) : forward<T, D, false>(a, x, k);
                }))
  return 0;
}

int attention_mma_backward(tnt__args *a, const tnt__attention *x) {
  if (int rc = fits(a, x)) return rc;
  NARROW_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, {
                  attention<T> k = attention_of<T>(a, x);
                  return k.drops ? backward<T, D, true>(a, x, k) : backward<T, D, false>(a, x, k);
                }))
  return 0;
}
