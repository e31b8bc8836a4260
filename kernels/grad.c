/* All gradients of a model at once: their norm, and scaling and clamping them. list: parameters, gradients. Those that are
 * not of type T are widened and rounded tile by tile. */

static int grad_norm_cpu(tnt__args *a) {
  bool largest = a->number[GRAD_NORM_KIND] > 1e300;
  double total = 0;
  T tile[TILE];
  for (int i = 0; i < a->n_list; i++) {
    const tnt__view *g = &a->list[a->n_list + i];
    int64_t most = is_plain(g) ? 4096 : TILE;
    for (int64_t k0 = 0; k0 < g->numel; k0 += most) {
      int64_t n = g->numel - k0 < most ? g->numel - k0 : most;
      const T *x = borrow(g, tile, k0, n);
      wide s[8] = {0};
      int64_t k = 0;
      if (largest) {
        for (; k < n; k++) {
          double v = fabs((double)x[k]);
          if (v > total || v != v) total = v;
        }
        continue;
      }
      for (; k + 8 <= n; k += 8) {
        for (int j = 0; j < 8; j++) s[j] += (wide)x[k + j] * (wide)x[k + j];
      }
      for (; k < n; k++) s[0] += (wide)x[k] * (wide)x[k];
      for (int j = 0; j < 8; j++) total += (double)s[j];
    }
  }
  ((T *)a->out[0].data)[0] = (T)(largest ? total : sqrt(total));
  return 0;
}

static int grad_scale__cpu(tnt__args *a) {
  if (a->skip && *a->skip != 0) return 0;
  const double *number = a->row ? a->row : a->number;
  T factor = (T)number[GRAD_SCALE__FACTOR], clamp = (T)number[GRAD_SCALE__CLAMP];
  if (factor == 1 && number[GRAD_SCALE__CLAMP] > 1e300) return 0;
  T tile[TILE];
  for (int i = 0; i < a->n_list; i++) {
    const tnt__view *g = &a->list[a->n_list + i];
    int64_t most = is_plain(g) ? g->numel : TILE;
    for (int64_t k0 = 0; k0 < g->numel; k0 += most) {
      int64_t n = g->numel - k0 < most ? g->numel - k0 : most;
      T *x = borrow(g, tile, k0, n);
      LOOP_SIMD
      for (int64_t k = 0; k < n; k++) {
        T v = x[k] * factor;
        x[k] = v > clamp ? clamp : (v < -clamp ? -clamp : v);
      }
      give_back(g, x, k0, n);
    }
  }
  return 0;
}
