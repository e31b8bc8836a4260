/* __half as storage: 16 bits and the conversions, rounded to nearest even as the card does. */
#ifndef TNT_EMULATED_CUDA_FP16_H
#define TNT_EMULATED_CUDA_FP16_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

struct __half {
  unsigned short bits;
};
struct alignas(4) __half2 {
  __half x, y;
};
typedef __half half;
typedef __half2 half2;

static inline float __half2float(__half h) {
  int exponent = h.bits >> 10 & 31, fraction = h.bits & 1023;
  float f = exponent == 31 ? (fraction ? NAN : INFINITY)
            : exponent     ? ldexpf((float)(1024 + fraction), exponent - 25)
                           : ldexpf((float)fraction, -24);
  return h.bits & 0x8000 ? -f : f;
}
/* Doubles are rounded once; a float is a double. */
static inline __half __double2half(double d) {
  unsigned short sign = signbit(d) ? 0x8000 : 0;
  double a = fabs(d);
  if (a != a) return {0x7fff};
  if (a >= 65520) return {(unsigned short)(sign | 0x7c00)};
  if (a < 0x1p-14) return {(unsigned short)(sign | (unsigned short)nearbyint(a * 0x1p24))};
  int exponent;
  frexp(a, &exponent); /* a in [2^(exponent-1), 2^exponent) */
  unsigned fraction = (unsigned)nearbyint(ldexp(a, 11 - exponent)); /* 1024..2048 */
  return {(unsigned short)(sign | (((unsigned)(exponent + 14) << 10) + fraction - 1024))};
}
static inline __half __float2half(float f) { return __double2half(f); }
static inline __half __float2half_rn(float f) { return __double2half(f); }
static inline unsigned short __half_as_ushort(__half h) { return h.bits; }
static inline __half __ushort_as_half(unsigned short bits) { return {bits}; }
static inline float2 __half22float2(__half2 h) { return {__half2float(h.x), __half2float(h.y)}; }
static inline __half2 __floats2half2_rn(float x, float y) {
  return {__double2half(x), __double2half(y)};
}
static inline __half2 __float22half2_rn(float2 v) { return __floats2half2_rn(v.x, v.y); }

#endif
