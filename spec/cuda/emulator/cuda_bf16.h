/* __nv_bfloat16 as storage: 16 bits and the conversions, rounded to nearest even as the card does. */
#ifndef TNT_EMULATED_CUDA_BF16_H
#define TNT_EMULATED_CUDA_BF16_H

#include <stdint.h>
#include <string.h>

#include "vectors.h"

struct __nv_bfloat16 {
  unsigned short bits;
};
struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};

static inline float __bfloat162float(__nv_bfloat16 b) {
  uint32_t bits = (uint32_t)b.bits << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
static inline __nv_bfloat16 __float2bfloat16_rn(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if (f != f) return {0x7fff};
  return {(unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
static inline __nv_bfloat16 __float2bfloat16(float f) { return __float2bfloat16_rn(f); }
/* Rounded once: the float in between is rounded to odd. Source: Boldo and Melquiond 2008. */
static inline __nv_bfloat16 __double2bfloat16(double d) {
  float f = (float)d;
  if ((double)f != d && f == f && f - f == 0) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    bool away = (d < 0 ? -(double)f : (double)f) > (d < 0 ? -d : d);
    if (away) bits--;
    bits |= 1;
    memcpy(&f, &bits, sizeof f);
  }
  return __float2bfloat16_rn(f);
}
static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 b) { return b.bits; }
static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) { return {bits}; }
static inline float2 __bfloat1622float2(__nv_bfloat162 b) {
  return {__bfloat162float(b.x), __bfloat162float(b.y)};
}
static inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}

#endif
