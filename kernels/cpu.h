/* What CPU kernels see: views whose elements are of the compute type T (float, double or int64_t; 16-bit and narrow types
 * were converted before).
 * Kernels are compiled once for each compute type and instruction set; kernels/all.c holds them together. */
#ifndef TNT_CPU_H
#define TNT_CPU_H

#include "args.h"

typedef void (*tnt__row)(void *y, const void *const *in, int64_t n, const double *number);

typedef struct tnt__kernels {
  const char *isa;
  tnt__row row[TNT_ROWS][3]; /* all vectors; second input one number; first input one number */
  tnt__kernel kernel[TNT_KERNELS];
  void (*load)(void *tile, const void *from, int dtype, int64_t n, int64_t stride);
  void (*store)(void *to, const void *tile, int dtype, int64_t n, int64_t stride);
} tnt__kernels;

/* Dense algebra: y[m, n] = alpha a b + beta y with row-major matrices; ta, tb: a, b are stored transposed. */
typedef struct tnt__algebra {
  void (*sgemm)(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                int64_t lda, const float *b, int64_t ldb, float beta, float *y, int64_t ldy);
  void (*dgemm)(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                int64_t lda, const double *b, int64_t ldb, double beta, double *y, int64_t ldy);
} tnt__algebra;
const tnt__algebra *tnt__algebra_get(void); /* members are null without a library */

/* x[n, c, h, w], w[o, c / groups, kh, kw], y[n, o, p, q]; all row-major, or all channels-last */
typedef struct tnt__conv {
  int64_t n, c, h, w, o, kh, kw, p, q, groups;
  int64_t sh, sw, ph, pw, dh, dw; /* stride, padding, dilation (1: none) */
  int64_t channels_last;
} tnt__conv;

/* Convolutions of a library. True: done; false: not with these sizes, and nothing was written. */
typedef struct tnt__convolutions {
  bool (*conv2d)(const tnt__conv *k, const float *x, const float *w, const float *b,
                 float *y); /* b may be null */
  bool (*conv2d_dx)(const tnt__conv *k, const float *dy, const float *w, float *dx);
  bool (*conv2d_dw)(const tnt__conv *k, const float *dy, const float *x, float *dw);
} tnt__convolutions;
const tnt__convolutions *tnt__convolutions_get(void); /* null without a library */

#define TNT_PARALLEL_FROM 32768

#endif
