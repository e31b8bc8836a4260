/* Stochastic rounding of f32 to 16 bits, by its bits: up with a probability equal to the fraction that is given up, so that
 * the mean is the number itself. Numbers of 16 bits stay as they are; what reaches the largest finite one is rounded to
 * nearest, so that chance makes no infinity. C and CUDA C++ both read this file.
 * Source: Zamirai, Zhang, Aberger, De Sa, "Revisiting BFloat16 Training" (2020); llm.c's optimizer rounds so. */
#ifndef TNT_ROUNDING_H
#define TNT_ROUNDING_H

#include <stdint.h>

#ifdef __cplusplus
#define TNT_ROUNDING static __device__ __forceinline__
#else
#define TNT_ROUNDING static inline
#endif

/* In the Philox stream of a call, the elements of its tensors count through, each tensor from a multiple of ROUNDING_RUN on;
 * element i takes word i % 4 of block i / 4. */
enum { ROUNDING_RUN = 8192 };

TNT_ROUNDING uint16_t bfloat_at_random(uint32_t x, uint32_t random) {
  uint32_t size = x & 0x7fffffff;
  if (size > 0x7f800000) return (uint16_t)(x >> 16 | 0x40);
  uint32_t up = size >= 0x7f7f0000 ? 0x7fff + (x >> 16 & 1) : random >> 16;
  return (uint16_t)((x + up) >> 16);
}

TNT_ROUNDING uint16_t half_at_random(uint32_t x, uint32_t random) {
  uint32_t sign = x >> 16 & 0x8000, size = x & 0x7fffffff, e = size >> 23;
  if (size > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (size >= 0x477fe000) return (uint16_t)(sign | (size < 0x477ff000 ? 0x7bff : 0x7c00));
  if (e >= 113) return (uint16_t)(sign | (size - 0x38000000 + (random >> 19)) >> 13);
  /* subnormal: a whole number of 2^-24, and 2^-shift of the fraction's unit; below 2^-31 of one the probability is cut */
  uint32_t fraction = (size & 0x7fffff) | (e ? 0x800000 : 0), shift = 126 - e;
  uint32_t over = shift > 31 ? shift - 31 : 0;
  if (over > 24) return (uint16_t)sign;
  shift -= over;
  return (uint16_t)(sign | ((fraction >> over) + (random >> (32 - shift))) >> shift);
}

#endif
