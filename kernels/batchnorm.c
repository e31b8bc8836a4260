/* Batch normalisation: statistics of each channel (dim 2) of [N, C, ...], normalising, and the gradient. Channels-last, a row
 * holds one place of all channels: threads share out blocks of channels to sum, rows to write. */

typedef struct channels {
  int64_t n, c, inner;
} channels;
static channels channels_of(const tnt__view *x) {
  channels k = {x->size[0], x->size[1], 1};
  for (int d = 2; d < x->ndim; d++) k.inner *= x->size[d];
  return k;
}

/* Sums in eight parts, so that the compiler may use vectors and the order stays one. */
static double squares_from(const T *x, int64_t n, double mean) {
  double s[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; j++) {
      double d = (double)x[i + j] - mean;
      s[j] += d * d;
    }
  }
  for (; i < n; i++) s[0] += ((double)x[i] - mean) * ((double)x[i] - mean);
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

static double products_from(const T *dy, const T *x, int64_t n, T mean) {
  double s[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; j++) s[j] += (double)dy[i + j] * (double)(x[i + j] - mean);
  }
  for (; i < n; i++) s[0] += (double)dy[i] * (double)(x[i] - mean);
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

/* The statements for each block c0.. of `some` channels; loops over a whole block have a constant length. */
enum { CHANNELS = 32 };
#define CHANNEL_BLOCKS(c_all, ...)                                         \
  PARALLEL_FOR(share, ((c_all) + CHANNELS - 1) / CHANNELS, {               \
    int64_t c0 = share * CHANNELS;                                         \
    int64_t some = (c_all)-c0 < CHANNELS ? (c_all)-c0 : (int64_t)CHANNELS; \
    __VA_ARGS__;                                                           \
  })
/* s[j] += what is said of channel j of each row r */
#define SUM_ROWS(s, n, some, what)                          \
  for (int64_t r = 0; r < (n); r++) {                       \
    if ((some) == CHANNELS) {                               \
      for (int j = 0; j < CHANNELS; j++) (s)[j] += what;    \
    } else {                                                \
      for (int j = 0; j < (int)(some); j++) (s)[j] += what; \
    }                                                       \
  }

static void batchnorm_stats_rows(const T *x, int64_t rows, int64_t c_all, T *mean, T *var) {
  int threads = THREADS(rows * c_all);
  CHANNEL_BLOCKS(c_all, {
    double s[CHANNELS] = {0}, square[CHANNELS] = {0};
    const T *from = x + c0;
    SUM_ROWS(s, rows, some, (double)from[r * c_all + j]);
    for (int j = 0; j < CHANNELS; j++) s[j] /= (double)rows;
    SUM_ROWS(square, rows, some,
             ((double)from[r * c_all + j] - s[j]) * ((double)from[r * c_all + j] - s[j]));
    for (int64_t j = 0; j < some; j++) {
      mean[c0 + j] = (T)s[j];
      var[c0 + j] = (T)(square[j] / (double)rows);
    }
  });
}

/* Three numbers of every channel, one array behind the other; null: out of memory. */
static T *channel_numbers(int64_t c_all) { return malloc((size_t)(3 * c_all + 1) * sizeof(T)); }

static int batchnorm_rows(tnt__args *a, int64_t rows, int64_t c_all) {
  const T *x0 = a->in[0].data, *mean = a->in[1].data, *var = a->in[2].data, *w = a->in[3].data,
          *b = a->in[4].data;
  T *y0 = a->out[0].data, *scale = channel_numbers(c_all), *shift = scale + c_all;
  if (!scale) return a->fail(TNT_EMEMORY, "batchnorm: out of memory");
  for (int64_t c = 0; c < c_all; c++) {
    scale[c] = (T)(1 / sqrt((double)var[c] + a->number[BATCHNORM_EPS])) * (w ? w[c] : 1);
    shift[c] = b ? b[c] : 0;
  }
  int threads = THREADS(rows * c_all);
  PARALLEL_FOR(r, rows, {
    const T *x = x0 + r * c_all;
    T *y = y0 + r * c_all;
    LOOP_SIMD
    for (int64_t c = 0; c < c_all; c++) y[c] = (x[c] - mean[c]) * scale[c] + shift[c];
  });
  free(scale);
  return 0;
}

static int batchnorm_grad_rows(tnt__args *a, int64_t rows, int64_t c_all) {
  const T *dy0 = a->in[0].data, *x0 = a->in[1].data, *mean = a->in[2].data, *var = a->in[3].data,
          *w = a->in[4].data;
  T *dx0 = a->out[0].data, *dw = a->out[1].data, *db = a->out[2].data;
  T *scale = channel_numbers(c_all), *m1 = scale + c_all, *m2 = m1 + c_all;
  if (!scale) return a->fail(TNT_EMEMORY, "batchnorm_grad: out of memory");
  double eps = a->number[BATCHNORM_GRAD_EPS], count = (double)rows;
  bool training = a->integer[BATCHNORM_GRAD_TRAINING] != 0;
  int threads = THREADS(rows * c_all);
  CHANNEL_BLOCKS(c_all, {
    double s1[CHANNELS] = {0}, s2[CHANNELS] = {0};
    T m[CHANNELS] = {0};
    const T *dy = dy0 + c0, *x = x0 + c0;
    memcpy(m, mean + c0, (size_t)some * sizeof(T));
    SUM_ROWS(s1, rows, some, (double)dy[r * c_all + j]);
    SUM_ROWS(s2, rows, some, (double)dy[r * c_all + j] * (double)(x[r * c_all + j] - m[j]));
    for (int64_t j = 0; j < some; j++) {
      int64_t c = c0 + j;
      double rstd = 1 / sqrt((double)var[c] + eps);
      db[c] = (T)s1[j];
      dw[c] = (T)(s2[j] * rstd);
      scale[c] = (T)(rstd * (w ? (double)w[c] : 1));
      m1[c] = training ? (T)(s1[j] / count) : 0;
      m2[c] = training ? (T)(s2[j] / count * rstd * rstd) : 0;
    }
  });
  PARALLEL_FOR(r, rows, {
    const T *dy = dy0 + r * c_all, *x = x0 + r * c_all;
    T *dx = dx0 + r * c_all;
    LOOP_SIMD
    for (int64_t c = 0; c < c_all; c++)
      dx[c] = scale[c] * (dy[c] - m1[c] - (x[c] - mean[c]) * m2[c]);
  });
  free(scale);
  return 0;
}

static int batchnorm_stats_cpu(tnt__args *a) { /* the variance is the biased one, in two passes */
  channels k = channels_of(&a->in[0]);
  const T *x = a->in[0].data;
  T *mean = a->out[0].data, *var = a->out[1].data;
  double count = (double)(k.n * k.inner);
  if (a->channels_last) {
    batchnorm_stats_rows(x, k.n * k.inner, k.c, mean, var);
    return 0;
  }
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(c, k.c, {
    double s = 0, square = 0;
    for (int64_t i = 0; i < k.n; i++) s += (double)sum_run(x + (i * k.c + c) * k.inner, k.inner);
    double m = s / count;
    for (int64_t i = 0; i < k.n; i++)
      square += squares_from(x + (i * k.c + c) * k.inner, k.inner, m);
    mean[c] = (T)m;
    var[c] = (T)(square / count);
  });
  return 0;
}

static int batchnorm_cpu(tnt__args *a) {
  channels k = channels_of(&a->in[0]);
  if (a->channels_last) return batchnorm_rows(a, k.n * k.inner, k.c);
  const T *x0 = a->in[0].data, *mean = a->in[1].data, *var = a->in[2].data, *w = a->in[3].data,
          *b = a->in[4].data;
  T *y0 = a->out[0].data;
  double eps = a->number[BATCHNORM_EPS];
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(r, k.n * k.c, {
    int64_t c = r % k.c;
    T scale = (T)(1 / sqrt((double)var[c] + eps)) * (w ? w[c] : 1), m = mean[c],
      shift = b ? b[c] : 0;
    const T *x = x0 + r * k.inner;
    T *y = y0 + r * k.inner;
    LOOP_SIMD
    for (int64_t j = 0; j < k.inner; j++) y[j] = (x[j] - m) * scale + shift;
  });
  return 0;
}

static int batchnorm_grad_cpu(tnt__args *a) {
  channels k = channels_of(&a->in[1]);
  if (a->channels_last) return batchnorm_grad_rows(a, k.n * k.inner, k.c);
  const T *dy0 = a->in[0].data, *x0 = a->in[1].data, *mean = a->in[2].data, *var = a->in[3].data,
          *w = a->in[4].data;
  T *dx0 = a->out[0].data, *dw = a->out[1].data, *db = a->out[2].data;
  double eps = a->number[BATCHNORM_GRAD_EPS], count = (double)(k.n * k.inner);
  bool training = a->integer[BATCHNORM_GRAD_TRAINING] != 0;
  int threads = THREADS(a->in[1].numel);
  PARALLEL_FOR(c, k.c, {
    double rstd = 1 / sqrt((double)var[c] + eps), s1 = 0, s2 = 0;
    T m = mean[c];
    for (int64_t i = 0; i < k.n; i++) {
      const T *dy = dy0 + (i * k.c + c) * k.inner, *x = x0 + (i * k.c + c) * k.inner;
      s1 += (double)sum_run(dy, k.inner);
      s2 += products_from(dy, x, k.inner, m);
    }
    db[c] = (T)s1;
    dw[c] = (T)(s2 * rstd);
    T scale = (T)(rstd * (w ? (double)w[c] : 1)), m1 = training ? (T)(s1 / count) : 0,
      m2 = training ? (T)(s2 / count * rstd * rstd) : 0;
    for (int64_t i = 0; i < k.n; i++) {
      const T *dy = dy0 + (i * k.c + c) * k.inner, *x = x0 + (i * k.c + c) * k.inner;
      T *dx = dx0 + (i * k.c + c) * k.inner;
      LOOP_SIMD
      for (int64_t j = 0; j < k.inner; j++) dx[j] = scale * (dy[j] - m1 - (x[j] - m) * m2);
    }
  });
  return 0;
}
