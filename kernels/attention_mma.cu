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
/* Two rows of tensor cores a warp (M = 2) halve what is read from shared memory for a product, which at M = 1 takes as long as
 * the product does. Two blocks, at 255 registers a lane and 82 KiB of shared memory, are what sm_80 holds. With M = 2 a
 * lane's sums take D registers, twice that for dk and dv, and scores INNER, twice that in backward; D = 128 leaves
 * backward no room for it. */
template <int D> struct sizes_for {
  using forward = sizes<D, 2, D == 128 ? 32 : 64, D <= 64>;
  using dq = sizes<D, D == 128 ? 1 : 2, 32, D <= 64>;
  using dkv = sizes<D, D == 128 ? 1 : 2, 32, false>;
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
/* n as a place in a tile of `inner` columns, or the end that it lies beyond */
static __device__ __forceinline__ int place_in(int64_t n, int inner) {
  return n < 0 ? 0 : n < inner ? (int)n : inner;
}
static __device__ __forceinline__ int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* -- rows in shared memory ----------------------------------------------------------------------------------------------- */
/* ROWS rows of x from `first` on, by the whole block; what lies outside is 0. They are there after copies_wait and a
 * barrier. */
template <typename T, typename S, int ROWS>
static __device__ __forceinline__ void fetch(T *to, const T *x, int64_t step, int64_t first,
                                             int64_t rows, int d, bool packed) {
  constexpr int AT_ONCE = S::LANES / S::PACKS;
  static_assert(ROWS % AT_ONCE == 0, "each lane has as many packs");
  int c = (int)threadIdx.x % S::PACKS * 8, row = (int)threadIdx.x / S::PACKS;
  to += row * S::LD + c;
  if (packed) {
    int64_t left = c < d ? rows - first - row : 0; /* this lane's rows inside begin below it */
    const T *from = x + (first + row) * step + c;
#pragma unroll
    for (int i = 0; i < ROWS; i += AT_ONCE) {
      copy_async<16>(to + i * S::LD, i < left ? from : x, i < left);
      from += AT_ONCE * step;
    }
  } else {
    for (int i = 0; i < ROWS; i += AT_ONCE) {
      pack<T, 8> p = {};
      if (first + row + i < rows) {
        const T *from = x + (first + row + i) * step;
        for (int e = 0; e < 8 && c + e < d; e++) p.v[e] = from[c + e];
      }
      store_pack(to + i * S::LD, p);
    }
  }
}

/* A warp's sums, times `by`, to rows first.. of x, through `room`, rows in shared memory that only this warp uses. */
template <typename T, typename S>
static __device__ __forceinline__ void store_sums(T *x, int64_t step, int64_t first, int64_t rows,
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
                                            const attention<T> &a, int64_t first, int64_t c0,
                                            float value) {
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int64_t row = first + 16 * m + row_in_tile(2 * half);
      int end = place_in((a.causal ? least(a.s, row + 1 + a.s - a.t) : a.s) - c0, S::INNER);
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
                                                   const attention<T> &a, int64_t first, int64_t c0,
                                                   float value) {
  int end = place_in(a.t - c0, S::INNER);
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int64_t row = first + 16 * m + row_in_tile(2 * half);
      int start = a.causal ? place_in(row - (a.s - a.t) - c0, S::INNER) : 0;
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
  int64_t first = at.first + high, shift = a.s - a.t, columns = a.s, by_any = a.s, by_all = a.s;
  if (a.causal) { /* columns seen by rows of the block, by some and by all of the warp's */
    columns = least(a.s, at.first + S::ROWS + shift);
    by_any = least(a.s, first + S::HIGH + shift), by_all = least(a.s, first + 1 + shift);
  }
  uint64_t turn = DROPS ? a.r.turn() : 0;
  bool flips = a.scale < 0; /* then the largest score is that of the least product */
  float scale = scale_of(flips ? -a.scale : a.scale), top[S::M][2], sum[S::M][2];
  float out[S::M][S::D / 8][4] = {};
#pragma unroll
  for (int m = 0; m < S::M; m++) { top[m][0] = top[m][1] = -INFINITY, sum[m][0] = sum[m][1] = 0; }

  fetch<T, S, S::ROWS>(s_q, q, a.q.t, at.first, a.t, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k, k, a.k.t, 0, columns, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k + S::INNER * S::LD, v, a.v.t, 0, columns, a.d, a.packed);
  copies_close();
  copies_wait<0>();
  __syncthreads();
  left<T, S> rows;
  rows.open(s_q + high * S::LD);
  int stage = 0;
  for (int64_t c0 = 0; c0 < columns; c0 += S::INNER, stage ^= 1) {
    const T *now = s_k + stage * S::STAGE;
    copies_wait<0>();
    __syncthreads(); /* this tile is there, and nobody needs the one before */
    if (c0 + S::INNER < columns) {
      T *next = s_k + (stage ^ 1) * S::STAGE;
      fetch<T, S, S::INNER>(next, k, a.k.t, c0 + S::INNER, a.s, a.d, a.packed);
      fetch<T, S, S::INNER>(next + S::INNER * S::LD, v, a.v.t, c0 + S::INNER, a.s, a.d, a.packed);
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
        int64_t element =
            DROPS ? (at.head * a.t + first + 16 * m + row_in_tile(2 * half)) * a.s + c0 : 0;
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
      int64_t row = first + 16 * m + row_in_tile(2 * half);
      if (threadIdx.x % 4 == 0 && row < a.t)
        a.lse[at.head * a.t + row] =
            ((from == -INFINITY ? 0 : from * scale) + log2f(all)) * (float)LN_2;
    }
  }
  store_sums<T, S>(head_of<T>(a.y, at), a.y.t, first, a.t, a, s_q + high * S::LD, out, by);
}

/* -- backward ----------------------------------------------------------------------------------------------------------- */
/* dq: as the forward, rows of q over columns of k. */
template <typename T, typename S, bool DROPS>
__global__ void __launch_bounds__(S::LANES) attention_mma_dq_kernel(ARGUMENT(attention<T>) a) {
  SHARED(T, s_q);
  T *s_dy = s_q + S::ROWS * S::LD, *s_k = s_dy + S::ROWS * S::LD;
  place at(a.h, a.t, S::ROWS, a.causal);
  const T *q = head_of<const T>(a.q, at), *k = head_of<const T>(a.k, at),
          *v = head_of<const T>(a.v, at), *dy = head_of<const T>(a.dy, at);
  int high = (int)threadIdx.x / WARP * S::HIGH;
  int64_t first = at.first + high, shift = a.s - a.t, columns = a.s, by_any = a.s, by_all = a.s;
  if (a.causal) {
    columns = least(a.s, at.first + S::ROWS + shift);
    by_any = least(a.s, first + S::HIGH + shift), by_all = least(a.s, first + 1 + shift);
  }
  uint64_t turn = DROPS ? a.r.turn() : 0;
  float scale = scale_of(a.scale), hidden = scale < 0 ? INFINITY : -INFINITY;
  float out[S::M][S::D / 8][4] = {}, lse[S::M][2], delta[S::M][2], by[S::M][2];

  fetch<T, S, S::ROWS>(s_q, q, a.q.t, at.first, a.t, a.d, a.packed);
  fetch<T, S, S::ROWS>(s_dy, dy, a.dy.t, at.first, a.t, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k, k, a.k.t, 0, columns, a.d, a.packed);
  fetch<T, S, S::INNER>(s_k + S::INNER * S::LD, v, a.v.t, 0, columns, a.d, a.packed);
  copies_close();
#pragma unroll
  for (int m = 0; m < S::M; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int64_t row = first + 16 * m + row_in_tile(2 * half), i = at.head * a.t + row;
      lse[m][half] = row < a.t ? a.lse2[i] : 0, delta[m][half] = row < a.t ? a.delta[i] : 0;
      by[m][half] = a.scale;
    }
  }
  copies_wait<0>();
  __syncthreads();
  left<T, S> q_rows, dy_rows;
  q_rows.open(s_q + high * S::LD), dy_rows.open(s_dy + high * S::LD);
  int stage = 0;
  for (int64_t c0 = 0; c0 < columns; c0 += S::INNER, stage ^= 1) {
    const T *now = s_k + stage * S::STAGE;
    copies_wait<0>();
    __syncthreads();
    if (c0 + S::INNER < columns) {
      T *next = s_k + (stage ^ 1) * S::STAGE;
      fetch<T, S, S::INNER>(next, k, a.k.t, c0 + S::INNER, a.s, a.d, a.packed);
      fetch<T, S, S::INNER>(next + S::INNER * S::LD, v, a.v.t, c0 + S::INNER, a.s, a.d, a.packed);
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
        int64_t element =
            DROPS ? (at.head * a.t + first + 16 * m + row_in_tile(2 * half)) * a.s + c0 : 0;
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
  store_sums<T, S>(head_of<T>(a.dq, at), a.dq.t, first, a.t, a, s_q + high * S::LD, out, by);
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
  int64_t first = at.first + high, shift = a.s - a.t;
  int64_t start = a.causal ? at.first - shift : 0; /* the first row that sees any of these */
  start = start < 0 ? 0 : start / S::INNER * S::INNER;
  uint64_t turn = DROPS ? a.r.turn() : 0;
  float scale = scale_of(a.scale), hidden = scale < 0 ? INFINITY : -INFINITY;
  float dk[S::M][S::D / 8][4] = {}, dv[S::M][S::D / 8][4] = {};

  auto fetch_rows = [&](int stage, int64_t c0) {
    T *to = s_q + stage * S::STAGE;
    fetch<T, S, S::INNER>(to, q, a.q.t, c0, a.t, a.d, a.packed);
    fetch<T, S, S::INNER>(to + S::INNER * S::LD, dy, a.dy.t, c0, a.t, a.d, a.packed);
    int i = (int)threadIdx.x % S::INNER;
    if (threadIdx.x < 2 * S::INNER) {
      const float *from = threadIdx.x < S::INNER ? a.lse2 : a.delta;
      bool inside = c0 + i < a.t;
      copy_async<4>(s_lse + stage * 2 * S::INNER + threadIdx.x,
                    inside ? from + at.head * a.t + c0 + i : from, inside);
    }
    copies_close();
  };
  fetch<T, S, S::ROWS>(s_k, k, a.k.t, at.first, a.s, a.d, a.packed);
  fetch<T, S, S::ROWS>(s_v, v, a.v.t, at.first, a.s, a.d, a.packed);
  fetch_rows(0, start);
  copies_wait<0>();
  __syncthreads();
  left<T, S> k_rows, v_rows;
  k_rows.open(s_k + high * S::LD), v_rows.open(s_v + high * S::LD);
  int stage = 0;
  for (int64_t c0 = start; c0 < a.t; c0 += S::INNER, stage ^= 1) {
    const T *now = s_q + stage * S::STAGE, *now_dy = now + S::INNER * S::LD;
    const float *lse = s_lse + stage * 2 * S::INNER, *delta = lse + S::INNER;
    copies_wait<0>();
    __syncthreads();
    if (c0 + S::INNER < a.t) fetch_rows(stage ^ 1, c0 + S::INNER);
    if (a.causal && c0 + S::INNER - 1 < first - shift) continue;
    bool edge = c0 + S::INNER > a.t || (a.causal && c0 < first + S::HIGH - 1 - shift);
    float score[S::M][S::INNER / 8][4], dw[S::M][S::INNER / 8][4];
    uint32_t drops = 0; /* bit 4 j + e of 16 rows: a weight that is dropped */
    static_assert(S::INNER == 32, "16 bits of a lane for 16 rows");
    score_rows<T, S>(score, k_rows, now);
    if (edge) hide_turned<S>(score, a, first, c0, hidden);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
      pack<float, 2> l = load_pack<2>(lse + column_in_tile(j, 0));
#pragma unroll
      for (int m = 0; m < S::M; m++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          score[m][j][e] = fast_exp2(fmaf(score[m][j][e], scale, -l.v[e % 2]));
          if (!DROPS) continue;
          int64_t row = c0 + column_in_tile(j, e), column = first + 16 * m + row_in_tile(e);
          if (a.dropped(turn, (at.head * a.t + row) * a.s + column))
            drops |= 1u << (16 * m + 4 * j + e);
        }
      }
    }
    if (DROPS) {
      float stays[S::M][S::INNER / 8][4];
#pragma unroll
      for (int m = 0; m < S::M; m++) {
#pragma unroll
        for (int j = 0; j < S::INNER / 8; j++) {
#pragma unroll
          for (int e = 0; e < 4; e++)
            stays[m][j][e] = drops >> (16 * m + 4 * j + e) & 1 ? 0 : score[m][j][e];
        }
      }
      add_weighted<T, S>(dv, rounded<T, S>(stays), now_dy);
    } else {
      add_weighted<T, S>(dv, rounded<T, S>(score), now_dy);
    }
    score_rows<T, S>(dw, v_rows, now_dy);
    if (edge) hide_turned<S>(dw, a, first, c0, 0);
#pragma unroll
    for (int j = 0; j < S::INNER / 8; j++) {
      pack<float, 2> s = load_pack<2>(delta + column_in_tile(j, 0));
#pragma unroll
      for (int m = 0; m < S::M; m++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float g = dw[m][j][e];
          if (DROPS) g = drops >> (16 * m + 4 * j + e) & 1 ? 0 : g * a.kept;
          dw[m][j][e] = score[m][j][e] * (g - s.v[e % 2]);
        }
      }
    }
    add_weighted<T, S>(dk, rounded<T, S>(dw), now);
  }
  float by_dv[S::M][2], by_dk[S::M][2];
#pragma unroll
  for (int m = 0; m < S::M; m++) {
    by_dv[m][0] = by_dv[m][1] = DROPS ? a.kept : 1, by_dk[m][0] = by_dk[m][1] = a.scale;
  }
  store_sums<T, S>(head_of<T>(a.dv, at), a.dv.t, first, a.s, a, s_v + high * S::LD, dv, by_dv);
  store_sums<T, S>(head_of<T>(a.dk, at), a.dk.t, first, a.s, a, s_k + high * S::LD, dk, by_dk);
}

/* -- launching ---------------------------------------------------------------------------------------------------------- */
/* `sides`: how many tensors give the block its rows. */
template <typename T, typename S>
static int run_mma(tnt__args *a, void (*kernel)(ARGUMENT(attention<T>)), const attention<T> &k,
                   int64_t heads, int64_t rows, int sides, size_t more = 0) {
  size_t elements = (size_t)(sides * S::ROWS * S::LD + 2 * S::STAGE);
  return run_tiles<T>(a, kernel, k, heads, rows, S::ROWS, S::LANES, elements * sizeof(T) + more);
}

template <typename T, int D> static int forward(tnt__args *a, const tnt__attention *x) {
  using S = typename sizes_for<D>::forward;
  attention<T> k = attention_of<T>(a, x);
  auto kernel = k.drops ? attention_mma_kernel<T, S, true> : attention_mma_kernel<T, S, false>;
  int rc = run_mma<T, S>(a, kernel, k, x->n * x->h, x->t, 1);
  return rc ? rc : launched(a);
}

template <typename T, int D> static int backward(tnt__args *a, const tnt__attention *x) {
  using DQ = typename sizes_for<D>::dq;
  using DKV = typename sizes_for<D>::dkv;
  attention<T> k = attention_of<T>(a, x);
  int64_t heads = x->n * x->h;
  int rc = run_delta<T, D>(a, &k, x);
  auto dq = k.drops ? attention_mma_dq_kernel<T, DQ, true> : attention_mma_dq_kernel<T, DQ, false>;
  auto dkv =
      k.drops ? attention_mma_dkv_kernel<T, DKV, true> : attention_mma_dkv_kernel<T, DKV, false>;
  if (!rc && x->t) rc = run_mma<T, DQ>(a, dq, k, heads, x->t, 2);
  if (!rc && x->s) rc = run_mma<T, DKV>(a, dkv, k, heads, x->s, 2, 4 * DKV::INNER * sizeof(float));
  return rc ? rc : launched(a);
}

#define NARROW_FLOATS(dtype, T, ...)                  \
  switch (dtype) {                                    \
    TNT_CASE(TNT_F16, __half, T, __VA_ARGS__)         \
    TNT_CASE(TNT_BF16, __nv_bfloat16, T, __VA_ARGS__) \
  default: return wrong_dtype(a, dtype);              \
  }

int attention_mma_forward(tnt__args *a, const tnt__attention *x) {
  NARROW_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (forward<T, D>(a, x))))
  return 0;
}

int attention_mma_backward(tnt__args *a, const tnt__attention *x) {
  NARROW_FLOATS(x->dtype, T, WIDTHS(T, x->d, D, return (backward<T, D>(a, x))))
  return 0;
}
