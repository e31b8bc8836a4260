/* Pooling over windows of [N, C, H, W]. maxpool2d keeps where each maximum was (a place in its image, from 0). Channels-last,
 * an image has `c` numbers at every place, and the loops over channels are the innermost. */

typedef struct pool {
  int64_t images, c, h, w, p, q, kh, kw, sh, sw, ph, pw;
} pool;

static pool pool_of(const tnt__args *a, const int64_t *x, const int64_t *y, const int64_t *lists) {
  pool k = {.images = x[0] * x[1], .c = 1, .h = x[2], .w = x[3], .p = y[2], .q = y[3]};
  if (a->channels_last) k.images = x[0], k.c = x[1];
  k.kh = pair_of(lists, 0), k.kw = pair_of(lists, 1);
  k.sh = pair_of(lists + 9, 0), k.sw = pair_of(lists + 9, 1);
  k.ph = pair_of(lists + 18, 0), k.pw = pair_of(lists + 18, 1);
  return k;
}

/* One place of the window over a row of outputs first..last; x and `at` (a place in the image) belong to q = 0. No branch:
 * which value is larger cannot be foretold. */
static inline __attribute__((always_inline)) void maxpool_row(T *y, int64_t *place, const T *x,
                                                              int64_t at, int64_t first,
                                                              int64_t last, int64_t step) {
  LOOP_SIMD
  for (int64_t q = first; q < last; q++) {
    T v = x[q * step], top = y[q];
    bool more = (v > top) | (ISNAN(v) & !ISNAN(top));
    y[q] = more ? v : top;
    place[q] = more ? at + q * step : place[q];
  }
}

static int maxpool2d_channels(tnt__args *a, const pool *k) {
  const T *x0 = a->in[0].data;
  T *y0 = a->out[0].data;
  int64_t *place0 = a->out[1].data;
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(row, k->images * k->p, {
    int64_t n = row / k->p, i0 = row % k->p * k->sh - k->ph, i1 = i0 + k->kh;
    if (i0 < 0) i0 = 0;
    if (i1 > k->h) i1 = k->h;
    for (int64_t q = 0; q < k->q; q++) {
      int64_t j0 = q * k->sw - k->pw, j1 = j0 + k->kw;
      if (j0 < 0) j0 = 0;
      if (j1 > k->w) j1 = k->w;
      T *y = y0 + (row * k->q + q) * k->c;
      int64_t *place = place0 + (row * k->q + q) * k->c;
      for (int64_t i = i0; i < i1; i++) {
        for (int64_t j = j0; j < j1; j++) {
          int64_t at = i * k->w + j;
          const T *x = x0 + (n * k->h * k->w + at) * k->c;
          bool first = i == i0 && j == j0;
          LOOP_SIMD
          for (int64_t c = 0; c < k->c; c++) {
            T v = x[c], top = y[c];
            bool more = first | (v > top) | (ISNAN(v) & !ISNAN(top));
            y[c] = more ? v : top;
            place[c] = more ? at : place[c];
          }
        }
      }
    }
  });
  return 0;
}

static int maxpool2d_cpu(tnt__args *a) {
  pool k = pool_of(a, a->in[0].size, a->out[0].size, a->integer + MAXPOOL2D_KERNEL);
  if (a->channels_last) return maxpool2d_channels(a, &k);
  const T *x0 = a->in[0].data;
  T *y0 = a->out[0].data;
  int64_t *place0 = a->out[1].data;
  int threads = THREADS(a->in[0].numel);
  PARALLEL_FOR(n, k.images, {
    const T *x = x0 + n * k.h * k.w;
    for (int64_t p = 0; p < k.p; p++) {
      T *y = y0 + (n * k.p + p) * k.q;
      int64_t *place = place0 + (n * k.p + p) * k.q;
      int64_t i0 = p * k.sh - k.ph, i1 = i0 + k.kh < k.h ? i0 + k.kh : k.h;
      if (i0 < 0) i0 = 0;
      for (int64_t q = 0; q < k.q; q++) {
        int64_t j0 = q * k.sw - k.pw;
        place[q] = i0 * k.w + (j0 < 0 ? 0 : j0);
        y[q] = x[place[q]];
      }
      for (int64_t i = i0; i < i1; i++) {
        for (int64_t j = 0; j < k.kw; j++) { /* columns q sw + j - pw inside the image */
          int64_t off = j - k.pw, first = off < 0 ? (-off + k.sw - 1) / k.sw : 0;
          int64_t last = off < k.w ? (k.w - off + k.sw - 1) / k.sw : 0, at = i * k.w + off;
          if (last > k.q) last = k.q;
          if (k.sw == 1)
            maxpool_row(y, place, x + at, at, first, last, 1);
          else if (k.sw == 2)
            maxpool_row(y, place, x + at, at, first, last, 2);
          else
            maxpool_row(y, place, x + at, at, first, last, k.sw);
        }
      }
    }
  });
  return 0;
}

static int maxpool2d_grad_cpu(tnt__args *a) {
  const T *dy = a->in[0].data;
  const int64_t *place = a->in[1].data;
  T *dx = a->out[0].data;
  int64_t images = a->out[0].size[0] * a->out[0].size[1],
          in = a->out[0].size[2] * a->out[0].size[3], many = 1;
  if (a->channels_last) images = a->out[0].size[0], many = a->out[0].size[1];
  int64_t outs = images ? a->in[0].numel / images : 0;
  int rc = check_ids(a, &a->in[1], in);
  if (rc) return rc;
  int threads = THREADS(a->out[0].numel);
  PARALLEL_FOR(n, images, {
    T *to = dx + n * in * many;
    memset(to, 0, (size_t)(in * many) * sizeof(T));
    if (many == 1) {
      for (int64_t i = 0; i < outs; i++) to[place[n * outs + i]] += dy[n * outs + i];
    } else {
      for (int64_t i = 0; i < outs; i++)
        to[place[n * outs + i] * many + i % many] += dy[n * outs + i];
    }
  });
  return 0;
}

/* Walks the windows; `body` sees the window's rows i0..i1, columns j0..j1, its divisor and the output's place. */
#define WINDOWS(body)                                                    \
  PARALLEL_FOR(n, k.images, {                                            \
    for (int64_t p = 0; p < k.p; p++) {                                  \
      int64_t i0 = p * k.sh - k.ph, i1 = i0 + k.kh;                      \
      int64_t tall = (i1 < k.h + k.ph ? i1 : k.h + k.ph) - i0;           \
      if (i0 < 0) i0 = 0;                                                \
      if (i1 > k.h) i1 = k.h;                                            \
      for (int64_t q = 0; q < k.q; q++) {                                \
        int64_t j0 = q * k.sw - k.pw, j1 = j0 + k.kw;                    \
        int64_t broad = (j1 < k.w + k.pw ? j1 : k.w + k.pw) - j0;        \
        if (j0 < 0) j0 = 0;                                              \
        if (j1 > k.w) j1 = k.w;                                          \
        T divisor = (T)(include ? tall * broad : (i1 - i0) * (j1 - j0)); \
        int64_t at = (n * k.p + p) * k.q + q;                            \
        body                                                             \
      }                                                                  \
    }                                                                    \
  })

static int avgpool2d_cpu(tnt__args *a) {
  pool k = pool_of(a, a->in[0].size, a->out[0].size, a->integer + AVGPOOL2D_KERNEL);
  bool include = a->integer[AVGPOOL2D_INCLUDE_PAD] != 0;
  const T *x = a->in[0].data;
  T *y = a->out[0].data;
  int threads = THREADS(a->in[0].numel);
  WINDOWS({
    for (int64_t c = 0; c < k.c; c++) {
      wide s = 0;
      for (int64_t i = i0; i < i1; i++) {
        for (int64_t j = j0; j < j1; j++) s += x[((n * k.h + i) * k.w + j) * k.c + c];
      }
      y[at * k.c + c] = (T)s / divisor;
    }
  });
  return 0;
}

static int avgpool2d_grad_cpu(tnt__args *a) {
  pool k = pool_of(a, a->out[0].size, a->in[0].size, a->integer + AVGPOOL2D_GRAD_KERNEL);
  bool include = a->integer[AVGPOOL2D_GRAD_INCLUDE_PAD] != 0;
  const T *dy = a->in[0].data;
  T *dx = a->out[0].data;
  int threads = THREADS(a->out[0].numel);
  memset(dx, 0, (size_t)a->out[0].numel * sizeof(T));
  WINDOWS({
    const T *g = dy + at * k.c;
    for (int64_t i = i0; i < i1; i++) {
      for (int64_t j = j0; j < j1; j++) {
        T *to = dx + ((n * k.h + i) * k.w + j) * k.c;
        for (int64_t c = 0; c < k.c; c++) to[c] += g[c] / divisor;
      }
    }
  });
  return 0;
}
