/* Layer normalisation over the last dim. The forward keeps mean and 1 / standard deviation of each row (f32 at least).
 * Backward of weights: threads sum whole columns of row blocks, blocks are added in order, so that the result does not
 * depend on the number of threads. */

static int layernorm_cpu(tnt__args *a) {
  const tnt__view *v = &a->in[0];
  int64_t n = v->size[v->ndim - 1], rows = n ? v->numel / n : 0;
  const T *x0 = v->data, *w = a->in[1].data, *b = a->in[2].data;
  T *y0 = a->out[0].data, *means = a->out[1].data, *rstds = a->out[2].data;
  double eps = a->number[LAYERNORM_EPS];
  int threads = THREADS(v->numel);
  PARALLEL_FOR(r, rows, {
    const T *x = x0 + r * n;
    T *y = y0 + r * n;
    T mean = (T)(sum_run(x, n) / (wide)n), part[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
      for (int j = 0; j < 8; j++) part[j] += (x[i + j] - mean) * (x[i + j] - mean);
    }
    for (; i < n; i++) part[0] += (x[i] - mean) * (x[i] - mean);
    wide square = 0;
    for (int j = 0; j < 8; j++) square += part[j];
    T rstd = (T)(1 / sqrt((double)square / (double)n + eps));
    means[r] = mean;
    rstds[r] = rstd;
    if (w && b) {
      LOOP_SIMD
      for (int64_t c = 0; c < n; c++) y[c] = (x[c] - mean) * rstd * w[c] + b[c];
    } else {
      for (int64_t c = 0; c < n; c++) y[c] = (x[c] - mean) * rstd * (w ? w[c] : 1) + (b ? b[c] : 0);
    }
  });
  return 0;
}

static int layernorm_grad_cpu(tnt__args *a) {
  const tnt__view *v = &a->in[1];
  int64_t n = v->size[v->ndim - 1], rows = n ? v->numel / n : 0;
  const T *dy0 = a->in[0].data, *x0 = v->data, *w = a->in[2].data, *means = a->in[3].data,
          *rstds = a->in[4].data;
  T *dx0 = a->out[0].data, *dw = a->out[1].data, *db = a->out[2].data;
  bool full = a->integer[LAYERNORM_GRAD_FULL] != 0;
  int threads = THREADS(v->numel);
  enum { BLOCK = 64 };
  int64_t blocks = (rows + BLOCK - 1) / BLOCK;
  T *part = full ? calloc((size_t)(blocks * n * 2) + 1, sizeof *part) : NULL;
  if (full && !part) return a->fail(TNT_EMEMORY, "layernorm_grad: out of memory");
  PARALLEL_FOR(k, blocks, {
    T *pw = full ? part + k * n * 2 : NULL, *pb = full ? pw + n : NULL;
    int64_t end = (k + 1) * BLOCK < rows ? (k + 1) * BLOCK : rows;
    for (int64_t r = k * BLOCK; r < end; r++) {
      const T *dy = dy0 + r * n, *x = x0 + r * n;
      T *dx = dx0 + r * n;
      T mean = means[r], rstd = rstds[r], s1[8] = {0}, s2[8] = {0};
      int64_t i = 0;
      for (; i + 8 <= n; i += 8) {
        for (int j = 0; j < 8; j++) {
          T g = w ? dy[i + j] * w[i + j] : dy[i + j];
          s1[j] += g;
          s2[j] += g * (x[i + j] - mean);
        }
      }
      for (; i < n; i++) {
        T g = w ? dy[i] * w[i] : dy[i];
        s1[0] += g;
        s2[0] += g * (x[i] - mean);
      }
      wide t1 = 0, t2 = 0;
      for (int j = 0; j < 8; j++) t1 += s1[j], t2 += s2[j];
      T m1 = (T)(t1 / (wide)n), m2 = (T)(t2 / (wide)n) * rstd * rstd;
      if (w) {
        LOOP_SIMD
        for (int64_t c = 0; c < n; c++) dx[c] = rstd * (dy[c] * w[c] - m1 - (x[c] - mean) * m2);
      } else {
        LOOP_SIMD
        for (int64_t c = 0; c < n; c++) dx[c] = rstd * (dy[c] - m1 - (x[c] - mean) * m2);
      }
      if (!full) continue;
      LOOP_SIMD
      for (int64_t c = 0; c < n; c++) {
        pw[c] += dy[c] * (x[c] - mean) * rstd;
        pb[c] += dy[c];
      }
    }
  });
  memset(dw, 0, (size_t)n * sizeof(T));
  memset(db, 0, (size_t)n * sizeof(T));
  for (int64_t k = 0; full && k < blocks; k++) {
    for (int64_t c = 0; c < n; c++) {
      dw[c] += part[k * n * 2 + c];
      db[c] += part[k * n * 2 + n + c];
    }
  }
  free(part);
  return 0;
}
