/* Convolution where each group has one input channel. A plane is copied once into rows with their padding, and columns
 * that a stride leaves apart lie together there ("phases"), so that the inner loops read whole vectors for every size,
 * stride, padding and dilation. Each element is summed in one order, whatever the threads. */

typedef tnt__conv conv;

typedef struct dw_plane {
  int64_t rows, length,
      phases; /* of the copy; length: one phase of one row, with room for the last vectors */
  int64_t taps, down; /* down: elements between the windows of two rows of outputs */
  int64_t *offset;    /* of each tap from the window's place */
  T *weight;
  T *copy; /* rows x phases x length */
} dw_plane;

/* The rest of a function: part(..., first, last) for a share of 0..n-1 in each thread; 1 when memory ran out. */
#define SHARED(part, n, ...)                                            \
  int failed = 0;                                                       \
  PARALLEL_FOR(s, threads, {                                            \
    if (!part(__VA_ARGS__, (n)*s / threads, (n) * (s + 1) / threads)) { \
      _Pragma("omp atomic write") failed = 1;                           \
    }                                                                   \
  });                                                                   \
  return failed

enum { DW_BLOCK = 4 * GEMM_LANES };

/* k: x's sizes are those of what is copied, p and q those of the result */
static bool dw_open(dw_plane *d, const conv *k) {
  d->phases = k->sw;
  d->rows = (k->p - 1) * k->sh + (k->kh - 1) * k->dh + 1;
  d->length = k->q + (k->kw - 1) * k->dw / k->sw + DW_BLOCK;
  d->taps = k->kh * k->kw;
  d->down = k->sh * d->phases * d->length;
  d->offset = malloc((size_t)d->taps * sizeof *d->offset);
  d->weight = malloc((size_t)d->taps * sizeof *d->weight);
  d->copy = malloc((size_t)(d->rows * d->phases * d->length) * sizeof *d->copy);
  for (int64_t i = 0; d->offset && i < k->kh; i++) {
    for (int64_t j = 0; j < k->kw; j++) {
      int64_t at = j * k->dw;
      d->offset[i * k->kw + j] =
          (i * k->dh * d->phases + at % d->phases) * d->length + at / d->phases;
    }
  }
  return d->offset && d->weight && d->copy;
}

static void dw_close(dw_plane *d) {
  free(d->offset);
  free(d->weight);
  free(d->copy);
}

/* The places t of phase f whose column t sw + f - pw is inside the plane: first..last. */
static void dw_inside(const conv *k, const dw_plane *d, int64_t f, int64_t *first, int64_t *last) {
  int64_t a = k->pw - f, b = k->w + k->pw - f; /* a <= t sw < b */
  *first = a > 0 ? (a + k->sw - 1) / k->sw : 0;
  *last = b > 0 ? (b + k->sw - 1) / k->sw : 0;
  if (*last > d->length) *last = d->length;
  if (*first > *last) *first = *last;
}

static void dw_fill(dw_plane *d, const conv *k, const T *x) {
  for (int64_t r = 0; r < d->rows; r++) {
    T *row = d->copy + r * d->phases * d->length;
    int64_t from = r - k->ph;
    if (from < 0 || from >= k->h) {
      memset(row, 0, (size_t)(d->phases * d->length) * sizeof(T));
      continue;
    }
    for (int64_t f = 0; f < d->phases; f++, row += d->length) {
      int64_t first, last;
      dw_inside(k, d, f, &first, &last);
      const T *source = x + from * k->w + f - k->pw;
      for (int64_t t = 0; t < first; t++) row[t] = 0;
      if (k->sw == 1)
        memcpy(row + first, source + first, (size_t)(last - first) * sizeof(T));
      else {
        for (int64_t t = first; t < last; t++) row[t] = source[t * k->sw];
      }
      for (int64_t t = last; t < d->length; t++) row[t] = 0;
    }
  }
}

static inline __attribute__((always_inline)) void dw_outputs(int vectors, const dw_plane *d,
                                                             const T *window, T start, bool add,
                                                             T *y, int64_t some) {
  gemm_vector s[4];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; v++) s[v] = (gemm_vector){0} + start;
  for (int64_t t = 0; t < d->taps; t++) {
    T w = d->weight[t];
    const T *from = window + d->offset[t];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) s[v] += w * *(const gemm_vector *)(from + v * GEMM_LANES);
  }
  T row[DW_BLOCK];
  T *to = some == vectors * (int64_t)GEMM_LANES && !add ? y : row;
#pragma GCC unroll 4
  for (int v = 0; v < vectors; v++) *(gemm_vector *)(to + v * GEMM_LANES) = s[v];
  if (to == y) return;
  for (int64_t i = 0; i < some; i++) y[i] = add ? y[i] + row[i] : row[i];
}

/* y[p, q] = start + the taps over the copy (+ y) */
static void dw_correlate(const dw_plane *d, int64_t p, int64_t q, T start, bool add, T *y) {
  for (int64_t i = 0; i < p; i++) {
    for (int64_t j = 0; j < q; j += DW_BLOCK) {
      int64_t some = q - j < DW_BLOCK ? q - j : DW_BLOCK;
      const T *window = d->copy + i * d->down + j;
      T *to = y + i * q + j;
      if (some > 3 * (int64_t)GEMM_LANES)
        dw_outputs(4, d, window, start, add, to, some);
      else if (some > 2 * (int64_t)GEMM_LANES)
        dw_outputs(3, d, window, start, add, to, some);
      else if (some > (int64_t)GEMM_LANES)
        dw_outputs(2, d, window, start, add, to, some);
      else
        dw_outputs(1, d, window, start, add, to, some);
    }
  }
}

static bool depthwise_part(const conv *k, const T *x, const T *w, const T *b, T *y, int64_t first,
                           int64_t last) {
  int64_t many = k->o / k->c, outs = k->p * k->q;
  dw_plane d;
  bool ok = dw_open(&d, k);
  for (int64_t i = first; ok && i < last; i++) {
    dw_fill(&d, k, x + i * k->h * k->w);
    for (int64_t m = 0; m < many; m++) {
      int64_t o = i % k->c * many + m;
      memcpy(d.weight, w + o * d.taps, (size_t)d.taps * sizeof(T));
      dw_correlate(&d, k->p, k->q, b ? b[o] : 0, false, y + (i * many + m) * outs);
    }
  }
  dw_close(&d);
  return ok;
}

static int depthwise(const conv *k, const T *x, const T *w, const T *b, T *y) {
  int threads = THREADS(k->n * k->o * k->p * k->q * 4);
  SHARED(depthwise_part, k->n * k->c, k, x, w, b, y);
}

static bool depthwise_dx_turned_part(const conv *k, const T *dy, const T *w, T *dx, int64_t first,
                                     int64_t last) {
  int64_t many = k->o / k->c;
  conv turned = *k;
  turned.h = k->p, turned.w = k->q, turned.p = k->h, turned.q = k->w;
  turned.ph = (k->kh - 1) * k->dh - k->ph,
  turned.pw = (k->kw - 1) * k->dw - k->pw; /* may be negative: cut off */
  dw_plane d;
  bool ok = dw_open(&d, &turned);
  for (int64_t i = first; ok && i < last; i++) {
    for (int64_t m = 0; m < many; m++) {
      const T *from = w + (i % k->c * many + m) * d.taps;
      dw_fill(&d, &turned, dy + (i * many + m) * k->p * k->q);
      for (int64_t t = 0; t < d.taps; t++) d.weight[t] = from[d.taps - 1 - t];
      dw_correlate(&d, k->h, k->w, 0, m > 0, dx + i * k->h * k->w);
    }
  }
  dw_close(&d);
  return ok;
}

/* With stride 1: dy under the weights turned round. */
static int depthwise_dx_turned(const conv *k, const T *dy, const T *w, T *dx) {
  int threads = THREADS(k->n * k->o * k->p * k->q * 4);
  SHARED(depthwise_dx_turned_part, k->n * k->c, k, dy, w, dx);
}

/* A plane of dy with rows of whole vectors. */
static int64_t dw_width(const conv *k) { return (k->q + GEMM_LANES - 1) / GEMM_LANES * GEMM_LANES; }
static void dw_fill_gradient(T *to, const conv *k, const T *dy) {
  int64_t width = dw_width(k);
  for (int64_t i = 0; i < k->p; i++) {
    memcpy(to + i * width, dy + i * k->q, (size_t)k->q * sizeof(T));
    for (int64_t j = k->q; j < width; j++) to[i * width + j] = 0;
  }
}

static void dw_spread(const dw_plane *d, const conv *k, const T *gradient) {
  int64_t width = dw_width(k);
  for (int64_t i = 0; i < k->p; i++) {
    for (int64_t t = 0; t < d->taps; t++) {
      T *to = d->copy + i * d->down + d->offset[t];
      const T *from = gradient + i * width;
      T w = d->weight[t];
      for (int64_t j = 0; j < width; j += GEMM_LANES) {
        *(gemm_vector *)(to + j) += w * *(const gemm_vector *)(from + j);
      }
    }
  }
}

static void dw_gather(const dw_plane *d, const conv *k, T *dx) { /* the copy back into a plane */
  memset(dx, 0, (size_t)(k->h * k->w) * sizeof(T));
  for (int64_t r = 0; r < d->rows; r++) {
    int64_t to = r - k->ph;
    if (to < 0 || to >= k->h) continue;
    for (int64_t f = 0; f < d->phases; f++) {
      int64_t first, last;
      dw_inside(k, d, f, &first, &last);
      const T *row = d->copy + (r * d->phases + f) * d->length;
      T *out = dx + to * k->w + f - k->pw;
      for (int64_t t = first; t < last; t++) out[t * k->sw] = row[t];
    }
  }
}

static bool depthwise_dx_part(const conv *k, const T *dy, const T *w, T *dx, int64_t first,
                              int64_t last) {
  int64_t many = k->o / k->c;
  dw_plane d;
  bool ok = dw_open(&d, k);
  T *gradient = malloc((size_t)(k->p * dw_width(k)) * sizeof *gradient);
  if (!ok || !gradient) ok = false;
  for (int64_t i = first; ok && i < last; i++) {
    memset(d.copy, 0, (size_t)(d.rows * d.phases * d.length) * sizeof(T));
    for (int64_t m = 0; m < many; m++) {
      dw_fill_gradient(gradient, k, dy + (i * many + m) * k->p * k->q);
      memcpy(d.weight, w + (i % k->c * many + m) * d.taps, (size_t)d.taps * sizeof(T));
      dw_spread(&d, k, gradient);
    }
    dw_gather(&d, k, dx + i * k->h * k->w);
  }
  dw_close(&d);
  free(gradient);
  return ok;
}

static int depthwise_dx(const conv *k, const T *dy, const T *w, T *dx) {
  if (k->sh == 1 && k->sw == 1) return depthwise_dx_turned(k, dy, w, dx);
  int threads = THREADS(k->n * k->o * k->p * k->q * 4);
  SHARED(depthwise_dx_part, k->n * k->c, k, dy, w, dx);
}

/* sum[t] += the products of dy with what lies under tap t, for `taps` taps at once */
static inline __attribute__((always_inline)) void dw_products(int taps, const dw_plane *d,
                                                              const conv *k, const T *gradient,
                                                              const int64_t *offset, double *sum) {
  gemm_vector s[9];
  int64_t width = dw_width(k);
#pragma GCC unroll 9
  for (int t = 0; t < taps; t++) s[t] = (gemm_vector){0};
  for (int64_t i = 0; i < k->p; i++) {
    for (int64_t j = 0; j < width; j += GEMM_LANES) {
      gemm_vector g = *(const gemm_vector *)(gradient + i * width + j);
      const T *window = d->copy + i * d->down + j;
#pragma GCC unroll 9
      for (int t = 0; t < taps; t++) s[t] += g * *(const gemm_vector *)(window + offset[t]);
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < taps; t++) {
    for (int v = 0; v < (int)GEMM_LANES; v++) sum[t] += (double)s[t][v];
  }
}

static bool depthwise_dw_part(const conv *k, const T *dy, const T *x, T *dw, int64_t first,
                              int64_t last) {
  int64_t many = k->o / k->c, outs = k->p * k->q;
  dw_plane d;
  bool ok = dw_open(&d, k);
  T *gradient = malloc((size_t)(k->p * dw_width(k)) * sizeof *gradient);
  double *sum = malloc((size_t)(many * d.taps) * sizeof *sum);
  if (!ok || !gradient || !sum) ok = false;
  for (int64_t c = first; ok && c < last; c++) {
    for (int64_t t = 0; t < many * d.taps; t++) sum[t] = 0;
    for (int64_t n = 0; n < k->n; n++) {
      dw_fill(&d, k, x + (n * k->c + c) * k->h * k->w);
      for (int64_t m = 0; m < many; m++) {
        dw_fill_gradient(gradient, k, dy + (n * k->o + c * many + m) * outs);
        double *to = sum + m * d.taps;
        int64_t t = 0;
        for (; t + 9 <= d.taps; t += 9) dw_products(9, &d, k, gradient, d.offset + t, to + t);
        for (; t + 4 <= d.taps; t += 4) dw_products(4, &d, k, gradient, d.offset + t, to + t);
        for (; t < d.taps; t++) dw_products(1, &d, k, gradient, d.offset + t, to + t);
      }
    }
    for (int64_t t = 0; t < many * d.taps; t++) dw[c * many * d.taps + t] = (T)sum[t];
  }
  dw_close(&d);
  free(gradient);
  free(sum);
  return ok;
}

static int depthwise_dw(const conv *k, const T *dy, const T *x, T *dw) {
  int threads = THREADS(k->n * k->o * k->p * k->q * 4);
  SHARED(depthwise_dw_part, k->c, k, dy, x, dw);
}
