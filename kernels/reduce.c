/* Reductions over any dims of a dense tensor. Neighbouring reduced dims are one block [outer, K, inner]; several blocks
 * are walked by index. Sums go pairwise in blocks of 512 with eight running sums; full f32 sums in double. */

#if TNT_IS_FLOAT
typedef double wide;
#else
typedef T wide;
#endif

/* The reduced positions of one output element: a list of strides and sizes. */
typedef struct reduction {
  int n_kept, n_gone;
  int64_t kept_size[8], kept_stride[8], gone_size[8], gone_stride[8];
  int64_t outs, count;
} reduction;

static void reduction_of(reduction *r, const tnt__view *x, const int64_t *dims) {
  unsigned gone = dims[0] ? 0 : 0xff;
  for (int i = 1; i <= dims[0]; i++) gone |= 1u << (dims[i] - 1);
  r->n_kept = r->n_gone = 0;
  r->outs = r->count = 1;
  for (int d = 0; d < x->ndim; d++) {
    bool g = gone >> d & 1;
    if (g)
      r->count *= x->size[d];
    else
      r->outs *= x->size[d];
    if (x->size[d] == 1) continue;
    int *n = g ? &r->n_gone : &r->n_kept;
    int64_t *size = g ? r->gone_size : r->kept_size, *stride = g ? r->gone_stride : r->kept_stride;
    if (*n && stride[*n - 1] == x->stride[d] * x->size[d]) { /* merges with the one before */
      size[*n - 1] *= x->size[d];
      stride[*n - 1] = x->stride[d];
    } else {
      size[*n] = x->size[d];
      stride[*n] = x->stride[d];
      ++*n;
    }
  }
}

static inline int64_t offset_of(int64_t i, int n, const int64_t *size, const int64_t *stride) {
  int64_t at = 0;
  for (int d = n - 1; d >= 0; d--) {
    at += i % size[d] * stride[d];
    i /= size[d];
  }
  return at;
}

static wide sum_run(const T *x, int64_t n) { /* n elements in one piece */
  if (n > 512) {
    int64_t half = (n / 2 + 511) & ~(int64_t)511;
    if (half >= n) half = 512;
    return sum_run(x, half) + sum_run(x + half, n - half);
  }
  wide s[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; j++) s[j] += x[i + j];
  }
  for (; i < n; i++) s[0] += x[i];
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

static wide sum_strided(const T *x, int64_t n, int64_t stride) {
  if (stride == 1) return sum_run(x, n);
  if (n > 128)
    return sum_strided(x, n / 2, stride) + sum_strided(x + n / 2 * stride, n - n / 2, stride);
  wide s = 0;
  for (int64_t i = 0; i < n; i++) s += x[i * stride];
  return s;
}

/* y[c] = sum over rows of x[r, c], rows `stride` apart: columns side by side, in blocks so that rounding stays small */
static void sum_rows(T *y, const T *x, int64_t rows, int64_t columns, int64_t stride,
                     double scale) {
  enum { WIDTH = 256 };
  for (int64_t c0 = 0; c0 < columns; c0 += WIDTH) {
    int64_t m = columns - c0 < WIDTH ? columns - c0 : WIDTH;
    wide total[WIDTH] = {0};
    for (int64_t r0 = 0; r0 < rows; r0 += 64) {
      T part[WIDTH] = {0};
      int64_t r1 = r0 + 64 < rows ? r0 + 64 : rows;
      for (int64_t r = r0; r < r1; r++) {
        const T *row = x + r * stride + c0;
        LOOP_SIMD
        for (int64_t c = 0; c < m; c++) part[c] += row[c];
      }
      for (int64_t c = 0; c < m; c++) total[c] += part[c];
    }
    for (int64_t c = 0; c < m; c++) y[c0 + c] = (T)(total[c] * (wide)scale);
  }
}

static void sum_scaled(tnt__args *a, double scale) {
  const tnt__view *x = &a->in[0];
  T *y = a->out[0].data;
  reduction r;
  reduction_of(&r, x, a->integer);
  const T *data = x->data;
  int last = r.n_kept - 1;
  if (r.n_gone == 1 && r.n_kept >= 1 && r.kept_stride[last] == 1 && r.kept_size[last] >= 4 &&
      (r.n_kept == 1 || r.kept_size[last] == r.gone_stride[0])) { /* rows into columns */
    int64_t columns = r.kept_size[last], outer = r.outs / columns;
    int threads = THREADS(x->numel);
    if (outer == 1 && threads > 1 && columns >= 2 * threads) {
#pragma omp parallel for num_threads(threads)
      for (int t = 0; t < threads; t++) {
        int64_t piece = (columns + threads - 1) / threads, from = t * piece;
        int64_t m = columns - from < piece ? columns - from : piece;
        if (m > 0) sum_rows(y + from, data + from, r.gone_size[0], m, r.gone_stride[0], scale);
      }
      return;
    }
    if (outer == 1) threads = 1;
    PARALLEL_FOR(o, outer, {
      sum_rows(y + o * columns, data + offset_of(o, last, r.kept_size, r.kept_stride),
               r.gone_size[0], columns, r.gone_stride[0], scale);
    });
    return;
  }
  int64_t runs = 1;
  for (int d = 0; d < r.n_gone - 1; d++) runs *= r.gone_size[d];
  int64_t n = r.n_gone ? r.gone_size[r.n_gone - 1] : 1,
          stride = r.n_gone ? r.gone_stride[r.n_gone - 1] : 1;
  if (r.count == 0) n = runs = 0;
  int threads = THREADS(x->numel);
  if (r.outs == 1 && x->numel >= TNT_PARALLEL_FROM && runs == 1 &&
      stride == 1) { /* everything into one: pieces of fixed size, so that the
                                                                   result does not depend on the number of threads */
    enum { PIECE = 65536 };
    int64_t pieces = (n + PIECE - 1) / PIECE;
    wide *part = malloc((size_t)pieces * sizeof *part);
    if (part) {
      PARALLEL_FOR(p, pieces, {
        part[p] = sum_run(data + p * PIECE, n - p * PIECE < PIECE ? n - p * PIECE : PIECE);
      });
      wide s = 0;
      for (int64_t p = 0; p < pieces; p++) s += part[p];
      free(part);
      y[0] = (T)(s * (wide)scale);
      return;
    }
  }
  if (r.outs == 1) threads = 1;
  PARALLEL_FOR(o, r.outs, {
    const T *at = data + offset_of(o, r.n_kept, r.kept_size, r.kept_stride);
    wide s = 0;
    for (int64_t k = 0; k < runs; k++)
      s += sum_strided(at + offset_of(k, r.n_gone - 1, r.gone_size, r.gone_stride), n, stride);
    y[o] = (T)(s * (wide)scale);
  });
}

static int sum_cpu(tnt__args *a) {
  sum_scaled(a, 1);
  return 0;
}

#if !TNT_IS_INT64
static int mean_cpu(tnt__args *a) {
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  sum_scaled(a, r.count ? 1.0 / (double)r.count : NAN);
  if (!r.count) {
    for (int64_t o = 0; o < a->out[0].numel; o++) ((T *)a->out[0].data)[o] = (T)NAN;
  }
  return 0;
}
#endif

/* Runs `step` over the elements of each output; s holds what has been gathered. */
#define REDUCE(type, start, step, finish)                                           \
  const T *data = a->in[0].data;                                                    \
  reduction r;                                                                      \
  reduction_of(&r, &a->in[0], a->integer);                                          \
  int threads = r.outs > 1 ? THREADS(a->in[0].numel) : 1;                           \
  PARALLEL_FOR(o, r.outs, {                                                         \
    const T *at = data + offset_of(o, r.n_kept, r.kept_size, r.kept_stride);        \
    type s = start;                                                                 \
    for (int64_t i = 0; i < r.count; i++) {                                         \
      T v = at[r.n_gone == 1 ? i * r.gone_stride[0]                                 \
                             : offset_of(i, r.n_gone, r.gone_size, r.gone_stride)]; \
      step;                                                                         \
    }                                                                               \
    finish;                                                                         \
  });                                                                               \
  return 0

static int amax_cpu(tnt__args *a) {
  T *y = a->out[0].data;
  REDUCE(T, at[0], if (v > s || ISNAN(v)) s = v, y[o] = s);
}
static int amin_cpu(tnt__args *a) {
  T *y = a->out[0].data;
  REDUCE(T, at[0], if (v < s || ISNAN(v)) s = v, y[o] = s);
}
static int prod_cpu(tnt__args *a) {
  T *y = a->out[0].data;
  REDUCE(wide, 1, s *= v, y[o] = (T)s);
}

/* the first of equal ones; NaN wins */
static int argmax_cpu(tnt__args *a) {
  int64_t *y = a->out[0].data;
  REDUCE(int64_t, 0,
         T best = at[r.n_gone == 1 ? s * r.gone_stride[0]
                                   : offset_of(s, r.n_gone, r.gone_size, r.gone_stride)];
         if (v > best || (ISNAN(v) && !ISNAN(best))) s = i, y[o] = s);
}
static int argmin_cpu(tnt__args *a) {
  int64_t *y = a->out[0].data;
  REDUCE(int64_t, 0,
         T best = at[r.n_gone == 1 ? s * r.gone_stride[0]
                                   : offset_of(s, r.n_gone, r.gone_size, r.gone_stride)];
         if (v < best || (ISNAN(v) && !ISNAN(best))) s = i, y[o] = s);
}

#if !TNT_IS_INT64
static int var_cpu(tnt__args *a) { /* two passes */
  T *y = a->out[0].data;
  double correction = a->number[VAR_CORRECTION];
  const T *data = a->in[0].data;
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  int threads = r.outs > 1 ? THREADS(a->in[0].numel) : 1;
  PARALLEL_FOR(o, r.outs, {
    const T *at = data + offset_of(o, r.n_kept, r.kept_size, r.kept_stride);
    double mean = 0, s = 0;
    for (int64_t i = 0; i < r.count; i++)
      mean += (double)at[offset_of(i, r.n_gone, r.gone_size, r.gone_stride)];
    mean /= (double)r.count;
    for (int64_t i = 0; i < r.count; i++) {
      double d = (double)at[offset_of(i, r.n_gone, r.gone_size, r.gone_stride)] - mean;
      s += d * d;
    }
    double n = (double)r.count - correction;
    y[o] = (T)(n > 0 ? s / n : NAN);
  });
  return 0;
}
#endif

/* One dim as [outer, n, inner]. */
typedef struct along {
  int64_t outer, n, inner;
} along;
static along along_dim(const tnt__view *x, int64_t d) {
  along w = {1, 1, 1};
  if (x->ndim == 0) return w;
  for (int e = 0; e < x->ndim; e++) {
    if (e < d - 1)
      w.outer *= x->size[e];
    else if (e == d - 1)
      w.n = x->size[e];
    else
      w.inner *= x->size[e];
  }
  return w;
}

static void best_along(tnt__args *a, int64_t d, bool largest) {
  along w = along_dim(&a->in[0], d);
  const T *x = a->in[0].data;
  T *y = a->out[0].data;
  int64_t *place = a->out[1].data;
  for (int64_t o = 0; o < w.outer; o++) {
    for (int64_t i = 0; i < w.inner; i++) {
      const T *at = x + o * w.n * w.inner + i;
      int64_t best = 0;
      for (int64_t j = 1; j < w.n; j++) {
        T v = at[j * w.inner], b = at[best * w.inner];
        if ((largest ? v > b : v < b) || (ISNAN(v) && !ISNAN(b))) best = j;
      }
      y[o * w.inner + i] = at[best * w.inner];
      place[o * w.inner + i] = best;
    }
  }
}
static int max_dim_cpu(tnt__args *a) {
  best_along(a, a->integer[MAX_DIM_D], true);
  return 0;
}
static int min_dim_cpu(tnt__args *a) {
  best_along(a, a->integer[MIN_DIM_D], false);
  return 0;
}

static int cumsum_cpu(tnt__args *a) {
  along w = along_dim(&a->in[0], a->integer[CUMSUM_D]);
  const T *x = a->in[0].data;
  T *y = a->out[0].data;
  for (int64_t o = 0; o < w.outer; o++) {
    for (int64_t i = 0; i < w.inner; i++) {
      wide s = 0;
      for (int64_t j = 0; j < w.n; j++) {
        int64_t at = (o * w.n + j) * w.inner + i;
        s += x[at];
        y[at] = (T)s;
      }
    }
  }
  return 0;
}
