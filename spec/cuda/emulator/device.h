/* What code of the card may use: positions, barriers, warp functions, atomics, bits and mathematics. One thread runs at a
 * time and is left only at a barrier or warp function, so that plain reads and writes are atomic; see block.cpp. */
#ifndef TNT_EMULATED_DEVICE_H
#define TNT_EMULATED_DEVICE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <type_traits>

#include "cuda_runtime_api.h"
#include "vectors.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static /* blocks run one after another */
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
#define __grid_constant__

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace emulator {
enum warp_kind { WARP_BARRIER, WARP_SHUFFLE, WARP_BALLOT };
/* Waits for the other lanes of `mask`. A shuffle gives the value of the lane `from`, a ballot the lanes whose value is
 * not 0. */
uint64_t meet_warp(warp_kind kind, unsigned mask, uint64_t value, int from);
/* Waits for the whole block, and gives how many threads came with `yes`. */
int meet_block(bool yes);
void *
shared_memory(); /* of the running block, as many bytes as the launch asked for; filled with ones */
int lane();
[[noreturn]] void fail(const char *what); /* what no card would do: ends the program */
/* Copies of `width` bytes to shared memory, the first `bytes` of them from `from` and zeros after them: `to` is filled
 * with ones now and with what was asked for in copies_wait, which waits for all closed groups but the last `left`. */
void copy_later(void *to, const void *from, int width, int bytes);
void copies_close();
void copies_wait(int left);

template <typename T> static inline T shuffle(unsigned mask, T value, int from) {
  static_assert(sizeof(T) <= 8, "a shuffle moves 8 bytes at most");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = meet_warp(WARP_SHUFFLE, mask, bits, from);
  memcpy(&value, &bits, sizeof value);
  return value;
}
} // namespace emulator

static inline void *emulated_shared() { return emulator::shared_memory(); }

static inline void __syncthreads() { emulator::meet_block(false); }
static inline int __syncthreads_count(int yes) { return emulator::meet_block(yes != 0); }
static inline int __syncthreads_or(int yes) { return emulator::meet_block(yes != 0) > 0; }
static inline int __syncthreads_and(int yes) { return emulator::meet_block(yes == 0) == 0; }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}

/* -- warps ------------------------------------------------------------------------------------------------------------ */
static inline void __syncwarp(unsigned mask = 0xffffffffu) {
  emulator::meet_warp(emulator::WARP_BARRIER, mask, 0, 0);
}
static inline unsigned __ballot_sync(unsigned mask, int yes) {
  return (unsigned)emulator::meet_warp(emulator::WARP_BALLOT, mask, yes != 0, 0);
}
static inline int __any_sync(unsigned mask, int yes) { return __ballot_sync(mask, yes) != 0; }
static inline int __all_sync(unsigned mask, int yes) { return __ballot_sync(mask, !yes) == 0; }
/* Source: CUDA C++ Programming Guide, warp shuffle functions. */
template <typename T>
static inline T __shfl_sync(unsigned mask, T value, int from, int width = warpSize) {
  int lane = emulator::lane();
  return emulator::shuffle(mask, value, (lane & ~(width - 1)) | (from & (width - 1)));
}
template <typename T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
  int lane = emulator::lane(), from = lane - (int)by;
  return emulator::shuffle(mask, value, from < (lane & ~(width - 1)) ? lane : from);
}
template <typename T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
  int lane = emulator::lane(), from = lane + (int)by;
  return emulator::shuffle(mask, value, from > (lane | (width - 1)) ? lane : from);
}
template <typename T>
static inline T __shfl_xor_sync(unsigned mask, T value, int with, int width = warpSize) {
  int lane = emulator::lane(), from = lane ^ with;
  return emulator::shuffle(mask, value, from > (lane | (width - 1)) ? lane : from);
}

/* -- atomics: the value before ------------------------------------------------------------------------------------------- */
#define TNT_ATOMICS(T)                     \
  static inline T atomicAdd(T *at, T v) {  \
    T old = *at;                           \
    *at = (T)(old + v);                    \
    return old;                            \
  }                                        \
  static inline T atomicExch(T *at, T v) { \
    T old = *at;                           \
    *at = v;                               \
    return old;                            \
  }
#define TNT_WHOLE_ATOMICS(T)                          \
  TNT_ATOMICS(T)                                      \
  static inline T atomicMax(T *at, T v) {             \
    T old = *at;                                      \
    if (v > old) *at = v;                             \
    return old;                                       \
  }                                                   \
  static inline T atomicMin(T *at, T v) {             \
    T old = *at;                                      \
    if (v < old) *at = v;                             \
    return old;                                       \
  }                                                   \
  static inline T atomicOr(T *at, T v) {              \
    T old = *at;                                      \
    *at = old | v;                                    \
    return old;                                       \
  }                                                   \
  static inline T atomicAnd(T *at, T v) {             \
    T old = *at;                                      \
    *at = old & v;                                    \
    return old;                                       \
  }                                                   \
  static inline T atomicCAS(T *at, T expected, T v) { \
    T old = *at;                                      \
    if (old == expected) *at = v;                     \
    return old;                                       \
  }
TNT_ATOMICS(float)
TNT_ATOMICS(double)
TNT_WHOLE_ATOMICS(int)
TNT_WHOLE_ATOMICS(unsigned)
TNT_WHOLE_ATOMICS(unsigned long long)
static inline int atomicSub(int *at, int v) { return atomicAdd(at, -v); }
static inline unsigned atomicSub(unsigned *at, unsigned v) { return atomicAdd(at, 0u - v); }
static inline unsigned atomicInc(unsigned *at, unsigned limit) {
  unsigned old = *at;
  *at = old >= limit ? 0 : old + 1;
  return old;
}

/* -- bits ---------------------------------------------------------------------------------------------------------------- */
template <typename To, typename From> static inline To emulated_bits(From v) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  To to;
  memcpy(&to, &v, sizeof to);
  return to;
}
static inline int __float_as_int(float v) { return emulated_bits<int>(v); }
static inline unsigned __float_as_uint(float v) { return emulated_bits<unsigned>(v); }
static inline float __int_as_float(int v) { return emulated_bits<float>(v); }
static inline float __uint_as_float(unsigned v) { return emulated_bits<float>(v); }
static inline long long __double_as_longlong(double v) { return emulated_bits<long long>(v); }
static inline double __longlong_as_double(long long v) { return emulated_bits<double>(v); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
static inline int __clzll(long long v) { return v ? __builtin_clzll((unsigned long long)v) : 64; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __ffsll(long long v) { return __builtin_ffsll(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) {
  return (unsigned)((uint64_t)a * b >> 32);
}
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}
template <typename T> static inline T __ldg(const T *at) { return *at; }

/* -- mathematics: CUDA's names that math.h has not ------------------------------------------------------------------------- */
static inline float rsqrtf(float x) { return (float)(1 / sqrt((double)x)); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
/* macros: libm has these names itself */
#define __expf(x) expf(x)
#define __logf(x) logf(x)
#define __log2f(x) log2f(x)
#define __powf(x, y) powf(x, y)
#define __sinf(x) sinf(x)
#define __cosf(x) cosf(x)
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float x) { return 1 / x; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline void sincospif(float x, float *s, float *c) {
  *s = (float)sin(M_PI * (double)x), *c = (float)cos(M_PI * (double)x);
}
static inline float cospif(float x) { return (float)cos(M_PI * (double)x); }
static inline float sinpif(float x) { return (float)sin(M_PI * (double)x); }

template <typename A, typename B> using emulated_common = std::common_type_t<A, B>;
template <typename A, typename B> static inline emulated_common<A, B> max(A a, B b) {
  using T = emulated_common<A, B>;
  if constexpr (std::is_floating_point_v<T>)
    return (T)(a != a ? b : b != b ? a : a > b ? a : b);
  else
    return (T)a > (T)b ? (T)a : (T)b;
}
template <typename A, typename B> static inline emulated_common<A, B> min(A a, B b) {
  using T = emulated_common<A, B>;
  if constexpr (std::is_floating_point_v<T>)
    return (T)(a != a ? b : b != b ? a : a < b ? a : b);
  else
    return (T)a < (T)b ? (T)a : (T)b;
}

#endif
