/* Kernels over rows that lie in one piece: a warp takes a row when it is short, a block when it is long, always in packs of
 * 16 bytes where addresses allow. A row is read again rather than kept: its second reading comes from the first cache. */
#ifndef TNT_ROWS_CUH
#define TNT_ROWS_CUH

#include "cuda.cuh"

/* A kernel's large argument, read where the launch put it and never copied to a thread's memory. */
#ifdef TNT_EMULATE
#define ARGUMENT(...) const __VA_ARGS__ &
#else
#define ARGUMENT(...) const __grid_constant__ __VA_ARGS__
#endif

struct row_grid {
  dim3 grid, block;
};
enum {
  ROW_THREADS = 512
}; /* the most of a block; kernels promise to have registers for them (ROW_KERNEL) */
#define ROW_KERNEL __global__ void __launch_bounds__(ROW_THREADS)
/* blockDim.x threads share a row, blockDim.y rows are a block's; `groups`: at most so many rows at a time. */
static inline row_grid grid_of_rows(int64_t rows, int64_t n, int pack, int64_t groups = INT32_MAX) {
  int64_t packs = (n + pack - 1) / pack, width = 32;
  while (width < ROW_THREADS && packs > width * 4) width *= 2;
  int64_t tall = width == 32 ? 8 : 1;
  if (rows < groups) groups = rows;
  return {dim3(blocks_for(groups, tall, INT32_MAX)), dim3((unsigned)width, (unsigned)tall)};
}

#define FOR_ROWS(row, rows)                                                        \
  for (int64_t row = (int64_t)blockIdx.x * blockDim.y + threadIdx.y; row < (rows); \
       row += (int64_t)gridDim.x * blockDim.y)
#define FOR_PACKS(c, V, n) \
  for (int64_t c = (int64_t)threadIdx.x * (V); c < (n); c += (int64_t)blockDim.x * (V))

/* Over the threads that share a row. */
template <typename A, typename Join>
static __device__ __forceinline__ A row_reduce(A v, Join join, A start) {
  return blockDim.x == WARP ? warp_reduce(v, join) : block_reduce(v, join, start);
}
template <typename A> static __device__ __forceinline__ A row_sum(A v) {
  return row_reduce(v, join_sum(), (A)0);
}

/* The statements with V = what 16 bytes hold where n and the addresses allow it, else 1. */
#define ROW_PACKS(T, V, packed, ...) \
  if (packed) {                      \
    constexpr int V = per_16<T>;     \
    __VA_ARGS__;                     \
  } else {                           \
    constexpr int V = 1;             \
    __VA_ARGS__;                     \
  }
template <typename T> static inline bool packable(int64_t n) { return n % per_16<T> == 0; }
template <typename T, typename... P>
static inline bool packable(int64_t n, const void *p, P... more) {
  return (!p || (uintptr_t)p % 16 == 0) && packable<T>(n, more...);
}

/* Statistics may be of another float dtype than the rows. */
template <typename A>
static __device__ __forceinline__ A load_float(const void *from, int dtype, int64_t i) {
  switch (dtype) {
  case TNT_F64: return (A)((const double *)from)[i];
  case TNT_F16: return (A)to_compute(((const __half *)from)[i]);
  case TNT_BF16: return (A)to_compute(((const __nv_bfloat16 *)from)[i]);
  default: return (A)((const float *)from)[i];
  }
}
template <typename A>
static __device__ __forceinline__ void store_float(void *to, int dtype, int64_t i, A v) {
  switch (dtype) {
  case TNT_F64: ((double *)to)[i] = (double)v; break;
  case TNT_F16: ((__half *)to)[i] = from_compute<__half>(v); break;
  case TNT_BF16: ((__nv_bfloat16 *)to)[i] = from_compute<__nv_bfloat16>(v); break;
  default: ((float *)to)[i] = (float)v;
  }
}

/* The sum of exponentials of numbers that come one by one, as exp(top) times sum. Source: Milakov and Gimelshein 2018. A
 * top of -inf counts as 0; infinities and NaN make the sum NaN, as on the CPU. */
template <typename A> struct exponentials {
  A top = -(A)INFINITY, sum = 0;
  __device__ __forceinline__ A base() const { return top == -(A)INFINITY ? 0 : top; }
  __device__ __forceinline__ void raise(A to) {
    if (to > top) {
      sum *= exp(top - to);
      top = to;
    }
  }
  template <int V> __device__ __forceinline__ void add(const A (&x)[V]) {
    A most = x[0];
#pragma unroll
    for (int i = 1; i < V; i++) most = x[i] > most || most != most ? x[i] : most;
    raise(most);
    A from = base();
#pragma unroll
    for (int i = 0; i < V; i++) sum += exp(x[i] - from);
  }
};
template <typename A>
static __device__ __forceinline__ exponentials<A> row_join(exponentials<A> e) {
  A top = row_reduce(e.top, join_max(), -(A)INFINITY);
  e.raise(top);
  e.sum = row_sum(e.sum);
  return e;
}

/* y[c] = the sum over `parts` of part[p * step + c], in one order: PARTS_TALL threads share a column. Two results that lie
 * behind each other in every part are one launch: those from `n` on go to `z`. */
enum { PARTS_TALL = 32 };
template <typename A, typename T>
__global__ void __launch_bounds__(WARP *PARTS_TALL)
    sum_parts_kernel(const A *part, int64_t parts, int64_t step, int64_t n, int64_t all, T *y,
                     T *z) {
  __shared__ A sum[PARTS_TALL][WARP + 1];
  for (int64_t c0 = (int64_t)blockIdx.x * WARP; c0 < all; c0 += (int64_t)gridDim.x * WARP) {
    int64_t c = c0 + threadIdx.x;
    A s = 0;
    if (c < all) {
#pragma unroll 8
      for (int64_t p = threadIdx.y; p < parts; p += PARTS_TALL) s += part[p * step + c];
    }
    sum[threadIdx.y][threadIdx.x] = s;
    __syncthreads();
    s = warp_reduce(sum[threadIdx.x][threadIdx.y], join_sum()); /* warp y adds up column y */
    c = c0 + threadIdx.y;
    if (threadIdx.x == 0 && c < all) (c < n ? y[c] : z[c - n]) = from_compute<T>(s);
    __syncthreads();
  }
}
template <typename A, typename T>
static inline void sum_parts(tnt__args *a, const A *part, int64_t parts, int64_t step, int64_t n,
                             T *y, T *z = NULL) {
  int64_t all = z ? 2 * n : n;
  LAUNCH((sum_parts_kernel<A, T>), dim3(blocks_for(all, WARP)), dim3(WARP, PARTS_TALL), 0,
         a->stream)
  (part, parts, step, n, all, y, z);
}

#endif
