/* Convolution. Floats go to oneDNN where it is (core/dnnl); groups of one input channel to our own loop; the rest, and
 * double precision, by columns: each image becomes a matrix of its windows and what remains is one product (im2col). A
 * 1x1 window needs no such matrix. */

static int64_t pair_of(const int64_t *list, int i) { return list[0] == 1 ? list[1] : list[1 + i]; }

/* lists: stride, padding, dilation, groups, as they lie in the arguments */
static conv conv_of(const tnt__args *a, const int64_t *x, const int64_t *w, const int64_t *y,
                    const int64_t *lists) {
  conv k = {.channels_last = a->channels_last,
            .n = x[0],
            .c = x[1],
            .h = x[2],
            .w = x[3],
            .o = w[0],
            .kh = w[2],
            .kw = w[3],
            .p = y[2],
            .q = y[3],
            .groups = lists[27]};
  k.sh = pair_of(lists, 0), k.sw = pair_of(lists, 1);
  k.ph = pair_of(lists + 9, 0), k.pw = pair_of(lists + 9, 1);
  k.dh = pair_of(lists + 18, 0), k.dw = pair_of(lists + 18, 1);
  return k;
}

/* Whether our own loop serves (kernels/depthwise.c). With many outputs a channel, results are read again and again there and
 * a product is faster: measured for one channel and 6 to 64 outputs, for the weight's gradient at none of them. */
static bool is_depthwise(const conv *k) { return k->groups == k->c; }
static bool has_few_outputs(const conv *k) { return k->o / k->c <= 8; }
static bool is_pointwise(const conv *k) {
  return k->kh == 1 && k->kw == 1 && k->sh == 1 && k->sw == 1 && k->ph == 0 && k->pw == 0;
}
#if TNT_IS_FLOAT
#define CONVOLVED(function, ...) \
  (tnt__convolutions_get() && tnt__convolutions_get()->function(__VA_ARGS__))
#else
#define CONVOLVED(function, ...) false
#endif

/* columns[c, i, j, p, q] = x[c, p sh + i dh - ph, q sw + j dw - pw] for `planes` channels of one image */
static void to_columns(T *columns, const T *x, const conv *k, int64_t planes) {
  for (int64_t c = 0; c < planes; c++) {
    for (int64_t i = 0; i < k->kh; i++) {
      for (int64_t j = 0; j < k->kw; j++) {
        for (int64_t p = 0; p < k->p; p++) {
          int64_t row = p * k->sh + i * k->dh - k->ph;
          T *to = columns + (((c * k->kh + i) * k->kw + j) * k->p + p) * k->q;
          if (row < 0 || row >= k->h) {
            memset(to, 0, (size_t)k->q * sizeof(T));
            continue;
          }
          const T *from = x + (c * k->h + row) * k->w;
          int64_t first = j * k->dw - k->pw;
          if (k->sw == 1 && first >= 0 && first + k->q <= k->w) {
            memcpy(to, from + first, (size_t)k->q * sizeof(T));
            continue;
          }
          for (int64_t q = 0; q < k->q; q++) {
            int64_t at = first + q * k->sw;
            to[q] = at >= 0 && at < k->w ? from[at] : 0;
          }
        }
      }
    }
  }
}

static void from_columns(T *x, const T *columns, const conv *k, int64_t planes) { /* adds */
  for (int64_t c = 0; c < planes; c++) {
    for (int64_t i = 0; i < k->kh; i++) {
      for (int64_t j = 0; j < k->kw; j++) {
        for (int64_t p = 0; p < k->p; p++) {
          int64_t row = p * k->sh + i * k->dh - k->ph;
          if (row < 0 || row >= k->h) continue;
          const T *from = columns + (((c * k->kh + i) * k->kw + j) * k->p + p) * k->q;
          T *to = x + (c * k->h + row) * k->w;
          for (int64_t q = 0; q < k->q; q++) {
            int64_t at = q * k->sw + j * k->dw - k->pw;
            if (at >= 0 && at < k->w) to[at] += from[q];
          }
        }
      }
    }
  }
}

static bool conv2d_part(const conv *k, const T *x, const T *w, const T *b, T *y, int threads,
                        int64_t first, int64_t last) {
  bool plain = is_pointwise(k);
  int64_t cg = k->c / k->groups, og = k->o / k->groups, inner = cg * k->kh * k->kw,
          outs = k->p * k->q;
  T *columns = plain ? NULL : malloc((size_t)(inner * outs + 1) * sizeof *columns);
  if (!plain && !columns) return false;
  for (int64_t n = first; n < last; n++) {
    for (int64_t g = 0; g < k->groups; g++) {
      const T *from = x + (n * k->c + g * cg) * k->h * k->w;
      T *to = y + (n * k->o + g * og) * outs;
      for (int64_t o = 0; b && o < og; o++) {
        for (int64_t i = 0; i < outs; i++) to[o * outs + i] = b[g * og + o];
      }
      if (!plain) to_columns(columns, from, k, cg);
      gemm(false, false, og, outs, inner, w + g * og * inner, inner, plain ? from : columns, outs,
           b != NULL, to, outs, threads);
    }
  }
  free(columns);
  return true;
}

static bool conv2d_dx_part(const conv *k, const T *dy, const T *w, T *dx, int threads,
                           int64_t first, int64_t last) {
  bool plain = k->o && is_pointwise(k);
  int64_t cg = k->c / k->groups, og = k->o / k->groups, inner = cg * k->kh * k->kw,
          outs = k->p * k->q;
  T *columns = plain ? NULL : malloc((size_t)(inner * outs + 1) * sizeof *columns);
  if (!plain && !columns) return false;
  for (int64_t n = first; n < last; n++) {
    T *image = dx + n * k->c * k->h * k->w;
    if (!plain) memset(image, 0, (size_t)(k->c * k->h * k->w) * sizeof(T));
    for (int64_t g = 0; g < k->groups; g++) {
      T *to = image + g * cg * k->h * k->w;
      gemm(true, false, inner, outs, og, w + g * og * inner, inner, dy + (n * k->o + g * og) * outs,
           outs, false, plain ? to : columns, outs, threads);
      if (!plain) from_columns(to, columns, k, cg);
    }
  }
  free(columns);
  return true;
}

/* By columns, images shared out to threads; of one image, its product. */
static int conv2d_columns(const conv *k, const T *x, const T *w, const T *b, T *y) {
  int all = THREADS(k->n * k->o * k->p * k->q * 8), threads = k->n > 1 ? all : 1;
  SHARED(conv2d_part, k->n, k, x, w, b, y, threads > 1 ? 1 : all);
}

static int conv2d_dx_columns(const conv *k, const T *dy, const T *w, T *dx) {
  int all = THREADS(k->n * k->o * k->p * k->q * 8), threads = k->n > 1 ? all : 1;
  SHARED(conv2d_dx_part, k->n, k, dy, w, dx, threads > 1 ? 1 : all);
}

/* A [N, C, H, W] that lies channels-last as row-major ones want it, and back. */
static void to_planes(T *to, const T *from, const int64_t *size) {
  int64_t c_all = size[1], places = size[2] * size[3];
  for (int64_t n = 0; n < size[0]; n++) {
    for (int64_t c = 0; c < c_all; c++) {
      for (int64_t i = 0; i < places; i++)
        to[(n * c_all + c) * places + i] = from[(n * places + i) * c_all + c];
    }
  }
}
static void from_planes(T *to, const T *from, const int64_t *size) {
  int64_t turned[4] = {size[0], size[2] * size[3], size[1], 1};
  to_planes(to, from, turned);
}

/* What only row-major kernels serve: by copies. */
static int through_planes(tnt__args *a, int (*run)(tnt__args *)) {
  tnt__args b = *a;
  T *copy[3] = {NULL};
  bool ok = true;
  b.channels_last = false;
  for (int i = 0; i < 3; i++) { /* two inputs and the result */
    tnt__view *v = i < 2 ? &b.in[i] : &b.out[0];
    copy[i] = malloc((size_t)(v->numel + 1) * sizeof(T));
    if (!copy[i])
      ok = false;
    else if (i < 2)
      to_planes(copy[i], v->data, v->size);
    v->data = copy[i];
  }
  int rc = ok ? run(&b) : a->fail(TNT_EMEMORY, "%s: out of memory", a->op);
  if (!rc) from_planes(a->out[0].data, copy[2], a->out[0].size);
  for (int i = 0; i < 3; i++) free(copy[i]);
  return rc;
}

static int conv2d_cpu(tnt__args *a) {
  const tnt__view *xv = &a->in[0], *wv = &a->in[1];
  conv k = conv_of(a, xv->size, wv->size, a->out[0].size, a->integer + CONV2D_STRIDE);
  const T *x = xv->data, *w = wv->data, *b = a->in[2].data;
  T *y = a->out[0].data;
  if (a->out[0].numel == 0) return 0;
  bool own = !k.channels_last && is_depthwise(&k) && has_few_outputs(&k);
  if (!own && k.c && CONVOLVED(conv2d, &k, x, w, b, y)) return 0;
  if (k.channels_last) return through_planes(a, conv2d_cpu);
  int failed = own ? depthwise(&k, x, w, b, y) : conv2d_columns(&k, x, w, b, y);
  return failed ? a->fail(TNT_EMEMORY, "conv2d: out of memory") : 0;
}

static int conv2d_dx_cpu(tnt__args *a) {
  const tnt__view *gv = &a->in[0], *wv = &a->in[1];
  conv k = conv_of(a, a->out[0].size, wv->size, gv->size, a->integer + CONV2D_DX_STRIDE);
  const T *dy = gv->data, *w = wv->data;
  T *dx = a->out[0].data;
  if (a->out[0].numel == 0) return 0;
  bool own = !k.channels_last && k.o && is_depthwise(&k) && has_few_outputs(&k);
  if (!own && k.o && CONVOLVED(conv2d_dx, &k, dy, w, dx)) return 0;
  if (k.channels_last) return through_planes(a, conv2d_dx_cpu);
  int failed = own ? depthwise_dx(&k, dy, w, dx) : conv2d_dx_columns(&k, dy, w, dx);
  return failed ? a->fail(TNT_EMEMORY, "conv2d_dx: out of memory") : 0;
}

/* Images are summed in order: the result does not depend on threads. */
static int conv2d_dw_cpu(tnt__args *a) {
  const tnt__view *gv = &a->in[0], *xv = &a->in[1];
  conv k = conv_of(a, xv->size, a->out[0].size, gv->size, a->integer + CONV2D_DW_STRIDE);
  const T *dy = gv->data, *x = xv->data;
  T *dw = a->out[0].data;
  int64_t cg = k.c / k.groups, og = k.o / k.groups, inner = cg * k.kh * k.kw, outs = k.p * k.q;
  if (a->out[0].numel == 0) return 0;
  if (k.channels_last) {
    bool done = k.n && CONVOLVED(conv2d_dw, &k, dy, x, dw);
    return done ? 0 : through_planes(a, conv2d_dw_cpu);
  }
  if (k.n && is_depthwise(&k))
    return depthwise_dw(&k, dy, x, dw) ? a->fail(TNT_EMEMORY, "conv2d_dw: out of memory") : 0;
  if (k.n && CONVOLVED(conv2d_dw, &k, dy, x, dw)) return 0;
  bool plain = is_pointwise(&k);
  memset(dw, 0, (size_t)a->out[0].numel * sizeof(T));
  T *columns = malloc((size_t)(plain ? 1 : inner * outs + 1) * sizeof *columns);
  if (!columns) return a->fail(TNT_EMEMORY, "conv2d_dw: out of memory");
  int threads = THREADS(k.o * outs * 8);
  for (int64_t n = 0; n < k.n; n++) {
    for (int64_t g = 0; g < k.groups; g++) {
      const T *from = x + (n * k.c + g * cg) * k.h * k.w;
      if (!plain) to_columns(columns, from, &k, cg);
      gemm(false, true, og, inner, outs, dy + (n * k.o + g * og) * outs, outs,
           plain ? from : columns, outs, true, dw + g * og * inner, inner, threads);
    }
  }
  free(columns);
  return 0;
}
