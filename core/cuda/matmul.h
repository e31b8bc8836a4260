/* What matmul.c asks of kernels/matmul.cu and kernels/linear.cu. */
#ifndef TNT_CUDA_MATMUL_H
#define TNT_CUDA_MATMUL_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[m, n] = a b (+ y), `count` times; y is dense, its matrices lie step_y elements apart. */
typedef struct tnt__product {
  int64_t m, n, k, count, step_a, step_b, step_y;
  const void *a, *b;
  void *y;
  int64_t lda, ldb;
  bool ta, tb, add;
  int dtype; /* floats or i64 */
} tnt__product;
int tnt__multiply_own(tnt__args *a, const tnt__product *p);

int tnt__dense_copy(tnt__args *a, const tnt__view *from, void *to);
/* y[rows, O] = b[O] in every row; `step` elements from one of b to the next */
int tnt__fill_rows(tnt__args *a, const tnt__view *b, int64_t step, const tnt__view *y,
                   int64_t rows);

#ifdef __cplusplus
}
#endif
#endif
