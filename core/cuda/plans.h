/* Plans: what cuBLASLt or cuDNN worked out for one product or convolution (descriptors, the chosen algorithm), kept by a
 * key of bytes: shapes, strides, dtypes, alignment, math and determinism mode, card. Beyond 512 the one used longest ago
 * goes. A key starts with its kind, and its padding is zeroed. */
#ifndef TNT_CUDA_PLANS_H
#define TNT_CUDA_PLANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TNT__PLANS = 512, TNT__PLAN_KEY = 320 };
enum { TNT__PLAN_PRODUCT = 1, TNT__PLAN_CONVOLUTION, TNT__PLAN_ATTENTION };

/* Every use lies between lock and unlock, so that no other thread drops a plan in use. */
void tnt__plans_lock(void);
void tnt__plans_unlock(void);
void *tnt__plans_find(const void *key, size_t bytes);
/* The plan is now the list's; false: out of memory, and it was dropped. */
bool tnt__plans_keep(const void *key, size_t bytes, void *plan, void (*drop)(void *plan));
/* A captured graph refers to what this plan owns: it stays for good. */
void tnt__plans_pin(const void *plan);
int tnt__plans_count(void);

/* The largest power of two, up to 256, that divides the address. */
static inline int tnt__alignment(const void *data) {
  uintptr_t p = (uintptr_t)data | 256;
  return (int)(p & -p);
}

#endif
