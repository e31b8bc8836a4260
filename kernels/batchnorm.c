/* Batch normalisation: statistics of each channel (dim 2) of [N, C, ...], normalising, and the gradient. */

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

static int batchnorm_stats_cpu(tnt__args *a) { /* the variance is the biased one, in two passes */
  channels k = channels_of(&a->in[0]);
  const T *x = a->in[0].data;
  T *mean = a->out[0].data, *var = a->out[1].data;
  double count = (double)(k.n * k.inner);
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
