/* Orders along a dim: sort (stable, NaN last), topk, flip. */

typedef struct ranked {
  T value;
  int64_t place;
} ranked;

/* whether a goes before b */
static inline bool before(ranked a, ranked b, bool descending) {
  bool na = ISNAN(a.value), nb = ISNAN(b.value);
  if (na || nb) return na != nb ? (descending ? na : nb) : a.place < b.place;
  if (a.value != b.value) return descending ? a.value > b.value : a.value < b.value;
  return a.place < b.place;
}

static void merge_sort(ranked *x, ranked *room, int64_t n, bool descending) {
  if (n <= 16) {
    for (int64_t i = 1; i < n; i++) {
      ranked v = x[i];
      int64_t j = i;
      for (; j > 0 && before(v, x[j - 1], descending); j--) x[j] = x[j - 1];
      x[j] = v;
    }
    return;
  }
  int64_t half = n / 2;
  merge_sort(x, room, half, descending);
  merge_sort(x + half, room, n - half, descending);
  memcpy(room, x, (size_t)half * sizeof *x);
  int64_t i = 0, j = half, k = 0;
  while (i < half && j < n) x[k++] = before(x[j], room[i], descending) ? x[j++] : room[i++];
  while (i < half) x[k++] = room[i++];
}

static int sort_along(tnt__args *a, int64_t d, int64_t keep, bool descending) {
  along w = along_dim(&a->in[0], d);
  const T *x = a->in[0].data;
  T *y = a->out[0].data;
  int64_t *place = a->out[1].data;
  if (keep < 0) keep = w.n;
  ranked *row = malloc((size_t)(w.n ? w.n : 1) * 2 * sizeof *row);
  if (!row) return a->fail(TNT_EMEMORY, "%s: out of memory", a->op);
  for (int64_t o = 0; o < w.outer; o++) {
    for (int64_t i = 0; i < w.inner; i++) {
      for (int64_t j = 0; j < w.n; j++) row[j] = (ranked){x[(o * w.n + j) * w.inner + i], j};
      merge_sort(row, row + w.n, w.n, descending);
      for (int64_t j = 0; j < keep; j++) {
        int64_t at = (o * keep + j) * w.inner + i;
        y[at] = row[j].value;
        place[at] = row[j].place;
      }
    }
  }
  free(row);
  return 0;
}

static int sort_cpu(tnt__args *a) {
  return sort_along(a, a->integer[SORT_D], -1, a->integer[SORT_DESCENDING] != 0);
}

static int topk_cpu(tnt__args *a) {
  return sort_along(a, a->integer[TOPK_D], a->integer[TOPK_K], a->integer[TOPK_LARGEST] != 0);
}

static int flip_cpu(tnt__args *a) {
  const tnt__view *v = &a->in[0];
  const T *x = v->data;
  T *y = a->out[0].data;
  const int64_t *dims = &a->integer[FLIP_DIMS];
  unsigned flipped = 0;
  for (int i = 1; i <= dims[0]; i++) flipped |= 1u << (dims[i] - 1);
  for (int64_t i = 0; i < v->numel; i++) {
    int64_t rest = i, at = 0;
    for (int d = v->ndim - 1; d >= 0; d--) {
      int64_t k = rest % v->size[d];
      rest /= v->size[d];
      at += (flipped >> d & 1 ? v->size[d] - 1 - k : k) * v->stride[d];
    }
    y[i] = x[at];
  }
  return 0;
}
