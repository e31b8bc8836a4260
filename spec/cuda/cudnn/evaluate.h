/* The graphs of core/cuda/cudnn*.c worked out on the host, to hold their meaning against a formula: what was set on
 * descriptors is written down, and a graph's operations are done one after the other, in doubles. Covers what the graphs of
 * attention are made of. */
#ifndef TNT_SPEC_CUDNN_EVALUATE_H
#define TNT_SPEC_CUDNN_EVALUATE_H

#include <stdbool.h>

#include "../../../core/cuda/cudnn.h"

void record(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
            cudnnBackendAttributeType_t type, int64_t n, const void *values);
/* The graph that was recorded last, on the data of a variant pack; stops the program at what it does not know. */
void evaluate(cudnnBackendDescriptor_t pack);
void forget(void); /* all that was recorded */

static inline float from_bf16(uint16_t bits) {
  union {
    uint32_t bits;
    float value;
  } x = {(uint32_t)bits << 16};
  return x.value;
}
static inline uint16_t to_bf16(float value) { /* to the nearest; of numbers */
  union {
    float value;
    uint32_t bits;
  } x = {value};
  return (uint16_t)((x.bits + 0x7fff + (x.bits >> 16 & 1)) >> 16);
}

#endif
