/* The functions that formulas use (kernels/functions.h), on the card: CUDA's own for float and double, which are within 2
 * ulp; exact and wrapping for whole numbers. */
#ifndef TNT_FUNCTIONS_CUH
#define TNT_FUNCTIONS_CUH

#include "cuda.cuh"

#define TNT_FUNCTION(NAME, of_float, of_double)                                 \
  static __device__ __forceinline__ float NAME(float x) { return of_float(x); } \
  static __device__ __forceinline__ double NAME(double x) { return of_double(x); }
TNT_FUNCTION(EXP, expf, exp)
TNT_FUNCTION(EXPM1, expm1f, expm1)
TNT_FUNCTION(LOG, logf, log)
TNT_FUNCTION(LOG1P, log1pf, log1p)
TNT_FUNCTION(SQRT, sqrtf, sqrt)
TNT_FUNCTION(SIN, sinf, sin)
TNT_FUNCTION(COS, cosf, cos)
TNT_FUNCTION(TANH, tanhf, tanh)
TNT_FUNCTION(ERF, erff, erf)
TNT_FUNCTION(FLOOR, floorf, floor)
TNT_FUNCTION(CEIL, ceilf, ceil)
TNT_FUNCTION(ROUND, rintf, rint)
TNT_FUNCTION(TRUNC, truncf, trunc)
#undef TNT_FUNCTION

static __device__ __forceinline__ float POW(float a, float b) { return powf(a, b); }
static __device__ __forceinline__ double POW(double a, double b) { return pow(a, b); }
static __device__ __forceinline__ float ATAN2(float a, float b) { return atan2f(a, b); }
static __device__ __forceinline__ double ATAN2(double a, double b) { return atan2(a, b); }

template <typename T> static __device__ __forceinline__ T SIGN(T x) {
  return (T)(x > 0) - (T)(x < 0);
}
template <typename T> static __device__ __forceinline__ T SIGMOID(T x) { return 1 / (1 + EXP(-x)); }
template <typename T> static __device__ __forceinline__ bool ISINF(T x) {
  return x - x != x - x && x == x;
}
template <typename T> static __device__ __forceinline__ bool ISFINITE(T x) { return x - x == 0; }

static __device__ __forceinline__ float MOD(float a, float b) {
  float m = fmodf(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
static __device__ __forceinline__ double MOD(double a, double b) {
  double m = fmod(a, b);
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
/* The floor of the exact quotient, which rounding may lift over a whole number (1 / 0.1). Source: PyTorch, div_floor. */
static __device__ __forceinline__ float FLOORDIV(float a, float b) {
  if (b == 0) return a / b;
  float m = fmodf(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return copysignf(0, a / b);
  float f = floorf(q);
  return q - f > 0.5f ? f + 1 : f;
}
static __device__ __forceinline__ double FLOORDIV(double a, double b) {
  if (b == 0) return a / b;
  double m = fmod(a, b), q = (a - m) / b;
  if (m != 0 && (b < 0) != (m < 0)) q -= 1;
  if (q == 0) return copysign(0.0, a / b);
  double f = floor(q);
  return q - f > 0.5 ? f + 1 : f;
}

/* -- whole numbers ------------------------------------------------------------------------------------------------------- */
static __device__ __forceinline__ int64_t FLOOR(int64_t x) { return x; }
static __device__ __forceinline__ int64_t CEIL(int64_t x) { return x; }
static __device__ __forceinline__ int64_t ROUND(int64_t x) { return x; }
static __device__ __forceinline__ int64_t TRUNC(int64_t x) { return x; }
/* b < 0: only 1 and -1 have a whole inverse */
static __device__ __forceinline__ int64_t POW(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t y = 1, x = (uint64_t)a;
  for (; b; b >>= 1, x *= x) {
    if (b & 1) y *= x;
  }
  return (int64_t)y;
}
/* b == 0 is a fault, found by divisors_kernel */
static __device__ __forceinline__ int64_t MOD(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  int64_t m = a % b;
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
static __device__ __forceinline__ int64_t FLOORDIV(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  int64_t q = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

/* A scalar argument as the compute type. */
template <typename T> static __host__ __device__ __forceinline__ T scalar_to(double v) {
  return (T)v;
}
template <> __host__ __device__ __forceinline__ int64_t scalar_to<int64_t>(double v) {
  return v != v ? 0 : v <= -9.2e18 ? INT64_MIN : v >= 9.2e18 ? INT64_MAX : (int64_t)v;
}
/* A double on its way to whole numbers, as whole() in kernels/convert.c. */
static __device__ __forceinline__ int64_t whole(double v) {
  return v > -9.3e18 && v < 9.22e18 ? (int64_t)v : INT64_MIN;
}

#endif
