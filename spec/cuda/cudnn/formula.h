/* Attention by its formula, for plans.c. */
#ifndef TNT_SPEC_CUDNN_FORMULA_H
#define TNT_SPEC_CUDNN_FORMULA_H

#include "../../../core/cuda/attention.h"

/* Runs forward, and the gradient where cuDNN's graph has one, on random bf16 numbers and prints how far each result is from
 * the formula's, as a part of the largest; heads lie as in one product of [n, t, 3 h d] where s = t. */
void compare_attention(tnt__args *a, int64_t n, int64_t h, int64_t t, int64_t s, int64_t d,
                       bool causal);

#endif
