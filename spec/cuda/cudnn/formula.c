/* See formula.h. */
#include "formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "evaluate.h"

/* Numbers in -1..1. Source: Marsaglia 2003, Xorshift RNGs. */
static double random_number(void) {
  static uint64_t x = 88172645463325252u;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return (double)(x >> 11) / (double)(1ull << 52) - 1;
}

static void *aligned(size_t bytes) {
  void *p = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!p) exit(1);
  return p;
}
static tnt__heads heads_at(uint16_t *data, int64_t rows, int64_t row, int64_t d) {
  return (tnt__heads){data, rows * row, d, row};
}
static uint16_t *element(const tnt__heads *x, int64_t n, int64_t h, int64_t t, int64_t i) {
  return (uint16_t *)x->data + n * x->n + h * x->h + t * x->t + i;
}
static double at(const tnt__heads *x, int64_t n, int64_t h, int64_t t, int64_t i) {
  return from_bf16(*element(x, n, h, t, i));
}

typedef struct worst {
  double error, largest;
} worst;
static void hold(worst *w, double ours, double wanted) {
  w->error = fmax(w->error, isnan(ours) ? INFINITY : fabs(ours - wanted));
  w->largest = fmax(w->largest, fabs(wanted));
}

/* One head: y, lse, dq, dk and dv of it, as softmax and its gradient are written down. */
static void one_head(const tnt__attention *x, int64_t n, int64_t h, bool gradient, worst *w) {
  int64_t t = x->t, s = x->s, d = x->d;
  double *p = calloc((size_t)(t * s), sizeof *p), *ds = calloc((size_t)(t * s), sizeof *ds);
  for (int64_t i = 0; i < t; i++) {
    double sum = 0, delta = 0;
    for (int64_t j = 0; j < s; j++) {
      double score = 0;
      for (int64_t l = 0; l < d; l++) score += at(&x->q, n, h, i, l) * at(&x->k, n, h, j, l);
      p[i * s + j] = x->causal && j > i + s - t ? 0 : exp(score * x->scale);
      sum += p[i * s + j];
    }
    hold(&w[1], ((float *)x->lse)[(n * x->h + h) * t + i], log(sum));
    for (int64_t l = 0; l < d; l++) {
      double y = 0;
      for (int64_t j = 0; j < s; j++) y += p[i * s + j] / sum * at(&x->v, n, h, j, l);
      hold(&w[0], at(&x->y, n, h, i, l), y);
      if (gradient) delta += y * at(&x->dy, n, h, i, l);
    }
    for (int64_t j = 0; j < s && gradient; j++) {
      double dp = 0;
      for (int64_t l = 0; l < d; l++) dp += at(&x->dy, n, h, i, l) * at(&x->v, n, h, j, l);
      p[i * s + j] /= sum;
      ds[i * s + j] = p[i * s + j] * (dp - delta) * x->scale;
    }
  }
  for (int64_t l = 0; l < d && gradient; l++) {
    for (int64_t i = 0; i < t; i++) {
      double dq = 0;
      for (int64_t j = 0; j < s; j++) dq += ds[i * s + j] * at(&x->k, n, h, j, l);
      hold(&w[2], at(&x->dq, n, h, i, l), dq);
    }
    for (int64_t j = 0; j < s; j++) {
      double dk = 0, dv = 0;
      for (int64_t i = 0; i < t; i++) {
        dk += ds[i * s + j] * at(&x->q, n, h, i, l);
        dv += p[i * s + j] * at(&x->dy, n, h, i, l);
      }
      hold(&w[3], at(&x->dk, n, h, j, l), dk);
      hold(&w[4], at(&x->dv, n, h, j, l), dv);
    }
  }
  free(p), free(ds);
}

void compare_attention(tnt__args *a, int64_t n, int64_t h, int64_t t, int64_t s, int64_t d,
                       bool causal) {
  static const char *const names[5] = {"y", "lse", "dq", "dk", "dv"};
  int64_t width = h * d, row = s == t ? 3 * width : width, most = s > t ? s : t;
  size_t bytes = (size_t)(n * most * 3 * width) * 2;
  uint16_t *memory[8];
  for (int i = 0; i < 8; i++) {
    memory[i] = aligned(bytes);
    for (size_t e = 0; e < bytes / 2; e++) memory[i][e] = to_bf16((float)random_number());
  }
  uint16_t *k = s == t ? memory[0] + width : memory[1], *v = s == t ? k + width : memory[2];
  tnt__attention x = {.dtype = TNT_BF16,
                      .n = n,
                      .h = h,
                      .t = t,
                      .s = s,
                      .d = d,
                      .q = heads_at(memory[0], t, row, d),
                      .k = heads_at(k, s, row, d),
                      .v = heads_at(v, s, row, d),
                      .y = heads_at(memory[3], t, width, d),
                      .dy = heads_at(memory[4], t, width, d),
                      .dq = heads_at(memory[5], t, width, d),
                      .dk = heads_at(memory[6], s, width, d),
                      .dv = heads_at(memory[7], s, width, d),
                      .lse = aligned((size_t)(n * h * t) * sizeof(float)),
                      .causal = causal,
                      .scale = 0.7};
  bool done = false, gradient = false;
  worst w[5] = {0};
  printf("meaning n%lld h%lld t%lld s%lld d%lld%s:", (long long)n, (long long)h, (long long)t,
         (long long)s, (long long)d, causal ? " causal" : "");
  if (tnt__attention_cudnn(a, &x, false, &done) || !done) {
    printf(" nothing\n");
  } else {
    forget();
    if (tnt__attention_cudnn(a, &x, true, &gradient)) exit(1);
    for (int64_t i = 0; i < n * h; i++) one_head(&x, i / h, i % h, gradient, w);
    for (int i = 0; i < (gradient ? 5 : 2); i++)
      printf(" %s %.1e", names[i], w[i].error / w[i].largest);
    printf("\n");
  }
  forget();
  for (int i = 0; i < 8; i++) free(memory[i]);
  free(x.lse);
}
