/* Cross entropy of logits against class ids, without writing normalised logits: forward keeps one logarithm of a sum of
 * exponentials for each row. With smoothing s the target is (1 - s) one-hot + s / C. Reduction 0 none, 1 mean, 2 sum; the
 * mean is over the weights of the rows that count. */

static int check_targets(tnt__args *a, const tnt__view *t, int64_t classes, int64_t ignore) {
  const int64_t *id = t->data;
  for (int64_t r = 0; r < t->numel; r++) {
    if (id[r] != ignore && (id[r] < 0 || id[r] >= classes)) {
      return a->fail(TNT_EARGUMENT,
                     "%s: targets count from 0 and must be in 0..%lld (or ignore_index %lld), row "
                     "%lld has %lld",
                     a->op, (long long)classes - 1, (long long)ignore, (long long)r + 1,
                     (long long)id[r]);
    }
  }
  return 0;
}

/* what the losses are divided by */
static double total_weight(const int64_t *id, int64_t rows, const T *w, int64_t ignore) {
  double total = 0;
  for (int64_t r = 0; r < rows; r++) {
    if (id[r] != ignore) total += w ? (double)w[id[r]] : 1;
  }
  return total;
}

static int cross_entropy_cpu(tnt__args *a) {
  const T *x0 = a->in[0].data, *w = a->in[2].data;
  const int64_t *id = a->in[1].data;
  int64_t rows = a->in[0].size[0], classes = a->in[0].size[1];
  int64_t ignore = a->integer[CROSS_ENTROPY_IGNORE_INDEX],
          kind = a->integer[CROSS_ENTROPY_REDUCTION];
  double smoothing = a->number[CROSS_ENTROPY_SMOOTHING];
  int rc = check_targets(a, &a->in[1], classes, ignore);
  if (rc) return rc;
  T *lse = a->out[1].data, *out = a->out[0].data;
  T *loss = kind ? malloc((size_t)(rows ? rows : 1) * sizeof *loss) : out;
  if (!loss) return a->fail(TNT_EMEMORY, "cross_entropy: out of memory");
  int threads = THREADS(rows * classes);
  PARALLEL_FOR(r, rows, {
    const T *x = x0 + r * classes;
    T top = -INFINITY;
    for (int64_t c = 0; c < classes; c++) top = x[c] > top ? x[c] : top;
    if (top == -INFINITY) top = 0;
    wide sum = 0;
    for (int64_t c0 = 0; c0 < classes; c0 += 512) {
      int64_t end = c0 + 512 < classes ? c0 + 512 : classes;
      T part[8] = {0};
      int64_t c = c0;
      for (; c + 8 <= end; c += 8) {
        for (int j = 0; j < 8; j++) part[j] += EXP(x[c + j] - top);
      }
      for (; c < end; c++) part[0] += EXP(x[c] - top);
      for (int j = 0; j < 8; j++) sum += part[j];
    }
    T l = top + (T)log((double)sum);
    lse[r] = l;
    if (id[r] == ignore) {
      loss[r] = 0;
      continue;
    }
    double weight = w ? (double)w[id[r]] : 1;
    double v = (1 - smoothing) * weight * (double)(l - x[id[r]]);
    if (smoothing > 0) {
      double all = 0;
      for (int64_t c = 0; c < classes; c++) all += (w ? (double)w[c] : 1) * (double)(l - x[c]);
      v += smoothing / (double)classes * all;
    }
    loss[r] = (T)v;
  });
  if (kind) {
    double total = 0;
    for (int64_t r = 0; r < rows; r++) total += (double)loss[r];
    if (kind == 1) total /= total_weight(id, rows, w, ignore); /* no row counts: NaN, as PyTorch */
    out[0] = (T)total;
    free(loss);
  }
  return 0;
}

static int cross_entropy_grad_cpu(tnt__args *a) {
  const T *x0 = a->in[0].data, *w = a->in[2].data, *lse = a->in[3].data, *dy = a->in[4].data;
  const int64_t *id = a->in[1].data;
  int64_t rows = a->in[0].size[0], classes = a->in[0].size[1];
  int64_t ignore = a->integer[CROSS_ENTROPY_GRAD_IGNORE_INDEX],
          kind = a->integer[CROSS_ENTROPY_GRAD_REDUCTION];
  double smoothing = a->number[CROSS_ENTROPY_GRAD_SMOOTHING], divisor = 1,
         all_weights = (double)classes;
  int rc = check_targets(a, &a->in[1], classes, ignore);
  if (rc) return rc;
  if (kind == 1) divisor = total_weight(id, rows, w, ignore);
  if (w) {
    all_weights = 0;
    for (int64_t c = 0; c < classes; c++) all_weights += (double)w[c];
  }
  T *dx0 = a->out[0].data;
  int threads = THREADS(rows * classes);
  PARALLEL_FOR(r, rows, {
    T *dx = dx0 + r * classes;
    const T *x = x0 + r * classes;
    if (id[r] == ignore) {
      memset(dx, 0, (size_t)classes * sizeof(T));
      continue;
    }
    double g = (double)dy[kind ? 0 : r] / divisor, weight = w ? (double)w[id[r]] : 1;
    T l = lse[r],
      scale = (T)(g * ((1 - smoothing) * weight + smoothing / (double)classes * all_weights));
    LOOP_SIMD
    for (int64_t c = 0; c < classes; c++) dx[c] = EXP(x[c] - l) * scale;
    dx[id[r]] -= (T)(g * (1 - smoothing) * weight);
    if (smoothing > 0) {
      T share = (T)(g * smoothing / (double)classes);
      for (int64_t c = 0; c < classes; c++) dx[c] -= share * (w ? w[c] : 1);
    }
  });
  return 0;
}
