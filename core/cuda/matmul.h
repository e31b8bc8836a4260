/* Products on a card: what core/cuda/matmul.c does for linear.c, and what both ask of kernels/matmul.cu and linear.cu. */
#ifndef TNT_CUDA_MATMUL_H
#define TNT_CUDA_MATMUL_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows or columns lie in one piece, `ld` elements apart; transposed: it is columns. */
typedef struct tnt__matrix {
  const char *data;
  int64_t ld;
  bool transposed;
} tnt__matrix;

/* What cuBLASLt does besides, as it writes y. */
enum tnt__epilogue {
  TNT__PLAIN,
  TNT__BIAS, /* y + bias[n] */
  TNT__GELU, /* gelu_tanh(y + bias[n] where there is one); before the gelu also into aux[m, n], if there */
  TNT__SLOPE, /* y times gelu_tanh's slope at aux[m, n]; bias[n], if there, becomes the sums over its rows */
  TNT__SUMS /* bias[m] becomes the sums of a over k */
};

/* y[m, n] = a b (+ y where add), `count` times, steps in elements; y is dense, its matrices lie step_y apart. */
typedef struct tnt__product {
  int64_t m, n, k, count, step_a, step_b, step_y;
  tnt__matrix a, b;
  char *y;
  void *bias, *aux; /* one element behind the other, aux as y; of one matrix only */
  bool add;
  int epilogue;
  int dtype; /* floats or i64 */
} tnt__product;

/* By cuBLASLt, or where it has nothing by the kernel below; without an epilogue. */
int tnt__multiply(tnt__args *a, const tnt__product *x);
/* By cuBLASLt. *done false: it has nothing for this product. */
int tnt__multiply_by_library(tnt__args *a, const tnt__product *x, bool *done);
int tnt__multiply_own(tnt__args *a, const tnt__product *p);

/* Whether the last two dims are a matrix that needs no copy. */
bool tnt__as_matrix(const tnt__view *v, tnt__matrix *out);
size_t tnt__width_of(int dtype);
int tnt__zero(tnt__args *a, const tnt__view *y);
int tnt__dense_copy(tnt__args *a, const tnt__view *from, void *to);

/* -- kernels/linear.cu --------------------------------------------------------------------------------------------- */
/* y[rows, O] = b[O] in every row; `step` elements from one of b to the next */
int tnt__fill_rows(tnt__args *a, const tnt__view *b, int64_t step, const tnt__view *y,
                   int64_t rows);
/* y = gelu_tanh(x), n elements; y may be x */
int tnt__gelu(tnt__args *a, int dtype, const void *x, void *y, int64_t n);
/* dx[rows, n] = dy times gelu_tanh's slope at x, dx may be dy; without x only sums are made: sums[n], if there, becomes
 * dx (or dy) summed over its rows. Strides are dy's; x and dx are dense. */
typedef struct tnt__slope {
  int dtype;
  int64_t rows, n, row_stride, stride;
  const void *dy, *x;
  void *dx, *sums;
} tnt__slope;
int tnt__gelu_slope(tnt__args *a, const tnt__slope *k);

#ifdef __cplusplus
}
#endif
#endif
