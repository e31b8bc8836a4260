/* softmax and log_softmax along one dim, and their gradients from the result. */

static int softmax_like(tnt__args *a, int64_t d, bool logarithm) {
  along w = along_dim(&a->in[0], d);
  const T *in = a->in[0].data;
  T *out = a->out[0].data;
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(row, w.outer * w.inner, {
    int64_t o = row / w.inner, i = row % w.inner;
    const T *x = in + o * w.n * w.inner + i;
    T *y = out + o * w.n * w.inner + i;
    T top = -INFINITY;
    wide sum = 0;
    if (w.inner == 1) { /* in one piece */
      for (int64_t j = 0; j < w.n; j++) top = x[j] > top ? x[j] : top;
      if (top == -INFINITY) top = 0; /* all masked: NaN without it either way, as PyTorch */
      T part = 0;
      for (int64_t j = 0; j < w.n; j++) y[j] = EXP(x[j] - top);
      for (int64_t j = 0; j < w.n; j++) {
        part += y[j];
        if ((j & 511) == 511) sum += part, part = 0;
      }
      sum += part;
      if (logarithm) {
        T shift = top + (T)log((double)sum);
        LOOP_SIMD
        for (int64_t j = 0; j < w.n; j++) y[j] = x[j] - shift;
      } else {
        T scale = (T)(1 / sum);
        LOOP_SIMD
        for (int64_t j = 0; j < w.n; j++) y[j] *= scale;
      }
      continue;
    }
    for (int64_t j = 0; j < w.n; j++) top = x[j * w.inner] > top ? x[j * w.inner] : top;
    if (top == -INFINITY) top = 0;
    for (int64_t j = 0; j < w.n; j++) {
      T e = EXP(x[j * w.inner] - top);
      sum += e;
      if (!logarithm) y[j * w.inner] = e;
    }
    T shift = top + (T)log((double)sum);
    for (int64_t j = 0; j < w.n; j++) {
      if (logarithm)
        y[j * w.inner] = x[j * w.inner] - shift;
      else
        y[j * w.inner] = (T)(y[j * w.inner] / sum);
    }
  });
  return 0;
}
static int softmax_cpu(tnt__args *a) { return softmax_like(a, a->integer[SOFTMAX_D], false); }
static int log_softmax_cpu(tnt__args *a) {
  return softmax_like(a, a->integer[LOG_SOFTMAX_D], true);
}

static int softmax_like_grad(tnt__args *a, int64_t d, bool logarithm) {
  along w = along_dim(&a->in[0], d);
  const T *g0 = a->in[0].data, *y0 = a->in[1].data;
  T *out = a->out[0].data;
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(row, w.outer * w.inner, {
    int64_t o = row / w.inner, i = row % w.inner;
    int64_t at = o * w.n * w.inner + i;
    const T *g = g0 + at, *y = y0 + at;
    T *dx = out + at;
    wide sum = 0;
    for (int64_t j = 0; j < w.n; j++)
      sum += logarithm ? g[j * w.inner] : g[j * w.inner] * y[j * w.inner];
    T s = (T)sum;
    if (w.inner == 1 && logarithm) {
      LOOP_SIMD
      for (int64_t j = 0; j < w.n; j++) dx[j] = g[j] - EXP(y[j]) * s;
    } else if (w.inner == 1) {
      LOOP_SIMD
      for (int64_t j = 0; j < w.n; j++) dx[j] = y[j] * (g[j] - s);
    } else {
      for (int64_t j = 0; j < w.n; j++) {
        int64_t k = j * w.inner;
        dx[k] = logarithm ? g[k] - EXP(y[k]) * s : y[k] * (g[k] - s);
      }
    }
  });
  return 0;
}
static int softmax_grad_cpu(tnt__args *a) {
  return softmax_like_grad(a, a->integer[SOFTMAX_GRAD_D], false);
}
static int log_softmax_grad_cpu(tnt__args *a) {
  return softmax_like_grad(a, a->integer[LOG_SOFTMAX_GRAD_D], true);
}
