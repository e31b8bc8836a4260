/* Attention as core/cuda/attention.c and kernels/attention.cu see it: q[n, h, t, d], k and v[n, h, s, d]. */
#ifndef TNT_CUDA_ATTENTION_H
#define TNT_CUDA_ATTENTION_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One of them, and its strides over n, h and t (or s) in elements; a row of d elements lies in one piece. */
typedef struct tnt__heads {
  void *data;
  int64_t n, h, t;
} tnt__heads;

typedef struct tnt__attention {
  int dtype;
  int64_t n, h, t, s, d;
  tnt__heads q, k, v, y;     /* forward reads q, k, v and writes y */
  tnt__heads dy, dq, dk, dv; /* the gradient reads dy and all of them, and writes these */
  void *lse;   /* [n, h, t] in the compute type: log of each row's sum of exponentials */
  bool causal; /* row i sees columns up to i + s - t */
  double scale,
      p; /* p: of dropout; weight (i, j) draws what element (i, j) of [n, h, t, s] draws */
  uint64_t seed, call;
} tnt__attention;

enum { TNT__MOST_HEAD = 128 }; /* the widest head */
int tnt__attention_forward(tnt__args *a, const tnt__attention *k);
int tnt__attention_backward(tnt__args *a, const tnt__attention *k);

/* cuDNN's, of both. *done false: there is none, or it has nothing for this. */
int tnt__attention_cudnn(tnt__args *a, const tnt__attention *x, bool gradient, bool *done);

#ifdef __cplusplus
}
#endif
#endif
