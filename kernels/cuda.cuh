/* What CUDA kernels share: launching, element types, 16-byte accesses, reductions within a block, index arithmetic, Philox.
 * nvcc reads it for the card; g++ with TNT_EMULATE for spec/cuda/emulator, which runs the same kernels on the CPU and
 * brings cudaStream_t, __shared__, __shfl_xor_sync, ..., emulated_launch and emulated_shared. */
#ifndef TNT_CUDA_CUH
#define TNT_CUDA_CUH

#ifdef TNT_EMULATE
#include "emulator.cuh"
#define LAUNCH(kernel, grid, block, shared, stream) \
  emulated_launch(kernel, (grid), (block), (shared), (cudaStream_t)(stream))
#define SHARED(T, name) T *name = (T *)emulated_shared()
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
/* LAUNCH(kernel, grid, block, bytes of SHARED memory, stream)(arguments); a template in parentheses. */
#define LAUNCH(kernel, grid, block, shared, stream) \
  kernel<<<(grid), (block), (shared), (cudaStream_t)(stream)>>>
extern __shared__ __align__(16) unsigned char tnt__shared[];
#define SHARED(T, name) T *name = (T *)tnt__shared /* the memory whose size LAUNCH gave */
#endif

#include <math.h>
#include <stdint.h>

#include <type_traits>

#include "../core/cuda/plugin.h"

/* -- element types --------------------------------------------------------------------------------------------------- */
/* acc<T>: what elements stored as T are computed in. */
template <typename T> struct acc_of { using type = T; };
template <> struct acc_of<__half> { using type = float; };
template <> struct acc_of<__nv_bfloat16> { using type = float; };
template <typename T> using acc = typename acc_of<T>::type;

/* wide<A>: what long sums of compute type A are gathered in, as on the CPU. */
template <typename A> struct wide_of { using type = A; };
template <> struct wide_of<float> { using type = double; };
template <typename A> using wide = typename wide_of<A>::type;

static __device__ __forceinline__ float to_compute(float x) { return x; }
static __device__ __forceinline__ double to_compute(double x) { return x; }
static __device__ __forceinline__ int64_t to_compute(int64_t x) { return x; }
static __device__ __forceinline__ float to_compute(__half x) { return __half2float(x); }
static __device__ __forceinline__ float to_compute(__nv_bfloat16 x) { return __bfloat162float(x); }

/* Rounds to nearest even; doubles go to 16 bits by way of float, as on the CPU. */
template <typename T, typename V> static __device__ __forceinline__ T from_compute(V v) {
  if constexpr (std::is_same_v<T, __half>) {
    return __float2half_rn((float)v);
  } else if constexpr (std::is_same_v<T, __nv_bfloat16>) {
    return __float2bfloat16_rn((float)v);
  } else {
    return (T)v;
  }
}

static inline int wrong_dtype(tnt__args *a, int dtype) {
  return a->fail(TNT_EDTYPE, "%s: the card has no kernel for dtype %d", a->op, dtype);
}

#define TNT_CASE(dtype, type, T, ...) \
  case dtype: {                       \
    using T = type;                   \
    __VA_ARGS__;                      \
    break;                            \
  }
/* FLOATS(x->dtype, T, statements): the statements with T the element type; in a function of `tnt__args *a` that returns
 * a status. NUMBERS: i64 too. */
#define FLOATS(dtype, T, ...)                         \
  switch (dtype) {                                    \
    TNT_CASE(TNT_F32, float, T, __VA_ARGS__)          \
    TNT_CASE(TNT_F64, double, T, __VA_ARGS__)         \
    TNT_CASE(TNT_F16, __half, T, __VA_ARGS__)         \
    TNT_CASE(TNT_BF16, __nv_bfloat16, T, __VA_ARGS__) \
  default: return wrong_dtype(a, dtype);              \
  }
#define NUMBERS(dtype, T, ...)                        \
  switch (dtype) {                                    \
    TNT_CASE(TNT_F32, float, T, __VA_ARGS__)          \
    TNT_CASE(TNT_F64, double, T, __VA_ARGS__)         \
    TNT_CASE(TNT_F16, __half, T, __VA_ARGS__)         \
    TNT_CASE(TNT_BF16, __nv_bfloat16, T, __VA_ARGS__) \
    TNT_CASE(TNT_I64, int64_t, T, __VA_ARGS__)        \
  default: return wrong_dtype(a, dtype);              \
  }

/* -- memory ---------------------------------------------------------------------------------------------------------- */
/* N neighbouring elements, moved in pieces of 16 bytes; the address must be aligned to their size or to 16. */
template <typename T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) pack {
  T v[N];
};
template <int N, typename T> static __device__ __forceinline__ pack<T, N> load_pack(const T *from) {
  return *reinterpret_cast<const pack<T, N> *>(from);
}
template <typename T, int N>
static __device__ __forceinline__ void store_pack(T *to, const pack<T, N> &p) {
  *reinterpret_cast<pack<T, N> *>(to) = p;
}
/* how many elements of T 16 bytes hold */
template <typename T> constexpr int per_16 = 16 / (int)sizeof(T);
/* whether packs of n elements of `width` bytes may be used at p */
static inline bool aligned(const void *p, int64_t n, int width) {
  int64_t bytes = n * width < 16 ? n * width : 16;
  return (uintptr_t)p % (uint64_t)bytes == 0;
}

/* Whole units are moved where only places matter: the largest of 16, 8, 4, 2 and 1 bytes that divides every address and
 * number of bytes in `all` (or'ed together), and UNITS(bytes, U, statements) with U a type of that size. */
using unit16 = pack<uint64_t, 2>;
static inline int unit_of(uint64_t all) {
  int unit = 16;
  while (all % (uint64_t)unit) unit /= 2;
  return unit;
}
#define UNITS(bytes, U, ...)              \
  switch (bytes) {                        \
    TNT_CASE(16, unit16, U, __VA_ARGS__)  \
    TNT_CASE(8, uint64_t, U, __VA_ARGS__) \
    TNT_CASE(4, uint32_t, U, __VA_ARGS__) \
    TNT_CASE(2, uint16_t, U, __VA_ARGS__) \
    TNT_CASE(1, uint8_t, U, __VA_ARGS__)  \
  }
static inline int bytes_of(int dtype) {
  return dtype == TNT_F64 || dtype == TNT_I64    ? 8
         : dtype == TNT_F32 || dtype == TNT_I32  ? 4
         : dtype == TNT_F16 || dtype == TNT_BF16 ? 2
                                                 : 1;
}

/* Room for n elements that goes when the op is done, or null. */
template <typename T> static inline T *scratch_for(tnt__args *a, int64_t n) {
  return (T *)a->scratch(a, (size_t)(n > 0 ? n : 1) * sizeof(T));
}
static inline int no_scratch(tnt__args *a) {
  return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
}

/* -- grids ----------------------------------------------------------------------------------------------------------- */
enum { THREADS = 256, MOST_BLOCKS = 8192 };
/* Blocks for n pieces of work, `per_block` each; kernels walk on by the size of the grid (FOR_EACH). */
static inline unsigned blocks_for(int64_t n, int64_t per_block = THREADS,
                                  int64_t most = MOST_BLOCKS) {
  int64_t blocks = (n + per_block - 1) / per_block;
  return (unsigned)(blocks < 1 ? 1 : blocks > most ? most : blocks);
}
#define FOR_EACH(i, n)                                                                         \
  for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x, i##_end = (n); i < i##_end; \
       i += (int64_t)gridDim.x * blockDim.x)

/* Blocks for rows of n pieces of work: threadIdx.x along a row, threadIdx.y for rows side by side. */
static inline dim3 row_block(int64_t n) {
  unsigned x = 1;
  while (x < THREADS && x < n) x *= 2;
  return dim3(x, THREADS / x);
}
#define FOR_EACH_ROW(r, n)                                                                     \
  for (int64_t r = (int64_t)blockIdx.x * blockDim.y + threadIdx.y, r##_end = (n); r < r##_end; \
       r += (int64_t)gridDim.x * blockDim.y)

/* -- reductions within a warp or block --------------------------------------------------------------------------------- */
enum { WARP = 32 };
constexpr unsigned WHOLE_WARP = 0xffffffffu;

template <typename V> static __device__ __forceinline__ V shuffle_xor(V v, int lane) {
  return __shfl_xor_sync(WHOLE_WARP, v, lane);
}
static __device__ __forceinline__ int64_t shuffle_xor(int64_t v, int lane) {
  return (int64_t)__shfl_xor_sync(WHOLE_WARP, (long long)v, lane);
}

struct join_sum {
  template <typename V> __device__ __forceinline__ V operator()(V a, V b) const { return a + b; }
};
struct join_max { /* NaN wins */
  template <typename V> __device__ __forceinline__ V operator()(V a, V b) const {
    return a > b || a != a ? a : b;
  }
};
struct join_min {
  template <typename V> __device__ __forceinline__ V operator()(V a, V b) const {
    return a < b || a != a ? a : b;
  }
};

/* The join of v over a warp (or over groups of `width` neighbouring lanes), in every lane. */
template <typename V, typename Join>
static __device__ __forceinline__ V warp_reduce(V v, Join join, int width = WARP) {
  for (int lane = width / 2; lane > 0; lane /= 2) v = join(v, shuffle_xor(v, lane));
  return v;
}

/* The join of v over a block of whole warps, in every thread; `start` joins with anything to the other. The order is
 * fixed. May be called again at once. */
template <typename V, typename Join>
static __device__ __forceinline__ V block_reduce(V v, Join join, V start) {
  __shared__ V part[WARP];
  int thread = threadIdx.x + blockDim.x * threadIdx.y, lane = thread % WARP;
  int warps = (int)(blockDim.x * blockDim.y) / WARP;
  v = warp_reduce(v, join);
  if (warps == 1) return v;
  if (lane == 0) part[thread / WARP] = v;
  __syncthreads();
  v = warp_reduce(lane < warps ? part[lane] : start, join);
  __syncthreads();
  return v;
}
template <typename V> static __device__ __forceinline__ V block_sum(V v) {
  return block_reduce(v, join_sum(), (V)0);
}

/* -- index arithmetic -------------------------------------------------------------------------------------------------- */
/* Division of numbers below 2^31 by a number that the host knows. Source: Granlund and Montgomery 1994. */
struct divisor {
  uint32_t d, magic, shift;
  __device__ __forceinline__ uint32_t quotient(uint32_t n) const {
    return (__umulhi(n, magic) + n) >> shift;
  }
};
static inline divisor divisor_of(int64_t d) {
  divisor v = {(uint32_t)d, 1, 0};
  if (d < 1 || d > INT32_MAX) return v;
  while (v.shift < 31 && (1u << v.shift) < v.d) v.shift++;
  v.magic = (uint32_t)((((uint64_t)1 << 32) * (((uint64_t)1 << v.shift) - v.d)) / v.d + 1);
  return v;
}

/* Element i of a row-major walk over `size`, as offsets in N operands with strides of their own. */
template <int N> struct walk {
  int ndim;
  bool large; /* 2^31 elements or more */
  divisor by[8];
  int64_t size[8], stride[N][8];
  __device__ __forceinline__ void offsets(int64_t i, int64_t (&at)[N]) const {
#pragma unroll
    for (int k = 0; k < N; k++) at[k] = 0;
    if (large) {
      for (int d = ndim - 1; d > 0; d--) {
        int64_t rest = i / size[d], here = i - rest * size[d];
#pragma unroll
        for (int k = 0; k < N; k++) at[k] += here * stride[k][d];
        i = rest;
      }
#pragma unroll
      for (int k = 0; k < N; k++) at[k] += i * stride[k][0];
    } else {
      uint32_t n = (uint32_t)i;
      for (int d = ndim - 1; d > 0; d--) {
        uint32_t rest = by[d].quotient(n), here = n - rest * by[d].d;
#pragma unroll
        for (int k = 0; k < N; k++) at[k] += (int64_t)here * stride[k][d];
        n = rest;
      }
#pragma unroll
      for (int k = 0; k < N; k++) at[k] += (int64_t)n * stride[k][0];
    }
  }
};
/* A walk over ndim dims; strides are set by the caller. One dim at least, so that offsets() needs no test. */
template <int N> static inline walk<N> walk_over(int ndim, const int64_t *size) {
  walk<N> w;
  w.ndim = ndim > 0 ? ndim : 1;
  int64_t n = 1;
  for (int d = 0; d < 8; d++) {
    w.size[d] = d < ndim ? size[d] : 1;
    w.by[d] = divisor_of(w.size[d]);
    n *= w.size[d];
    for (int k = 0; k < N; k++) w.stride[k][d] = 0;
  }
  w.large = n > INT32_MAX;
  return w;
}

/* One dim as [outer, n, inner]; d counts from 1. */
struct along {
  int64_t outer, n, inner;
};
static inline along along_dim(const tnt__view *x, int64_t d) {
  along w = {1, 1, 1};
  for (int e = 0; e < x->ndim; e++) {
    if (e < d - 1)
      w.outer *= x->size[e];
    else if (e == d - 1)
      w.n = x->size[e];
    else
      w.inner *= x->size[e];
  }
  return w;
}

/* -- numbers that may change from replay to replay of a captured step ----------------------------------------------------- */
struct numbers {
  const double *row;
  double value[8];
  __device__ __forceinline__ double at(int i) const { return row ? row[i] : value[i]; }
};
static inline numbers numbers_of(const tnt__args *a, int n) {
  numbers v = {a->row, {0}};
  for (int i = 0; i < n; i++) v.value[i] = a->number[i];
  return v;
}

/* -- random: as kernels/random.c ------------------------------------------------------------------------------------------ */
struct draw {
  uint64_t seed, call;
  const uint64_t *counter;
  __device__ __forceinline__ uint64_t turn() const { return counter ? call + *counter : call; }
};
struct block4 {
  uint32_t v[4];
};
static __device__ __forceinline__ block4 philox(uint64_t seed, uint64_t call, uint64_t i) {
  uint32_t c0 = (uint32_t)i, c1 = (uint32_t)(i >> 32), c2 = (uint32_t)call,
           c3 = (uint32_t)(call >> 32);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1, c3 = (uint32_t)p0;
    c0 = n0, c2 = n2;
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return block4{{c0, c1, c2, c3}};
}

/* -- faults ---------------------------------------------------------------------------------------------------------------- */
/* The first one is kept; op is a name in the host's memory. */
static __device__ inline void fault(tnt__fault *f, int kind, const char *op, int64_t element,
                                    int64_t limit, int64_t id, double value = 0) {
  if (atomicCAS(&f->claimed, 0, 1) != 0) return;
  f->op = op;
  f->element = element, f->limit = limit, f->id = id, f->value = value;
  __threadfence_system(); /* the host may look before the kernel has ended */
  f->kind = kind;
}
/* A stored position if it is in 0..limit-1, else -1 and a fault. */
static __device__ __forceinline__ int64_t checked_id(tnt__fault *f, const char *op, int64_t id,
                                                     int64_t limit, int64_t element) {
  if (id >= 0 && id < limit) return id;
  fault(f, FAULT_ID, op, element, limit, id);
  return -1;
}

#endif
