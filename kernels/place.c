/* Ops that read or write at stored positions (counted from 0). Every position is checked before anything is written. */

static int check_ids(tnt__args *a, const tnt__view *ids, int64_t limit) {
  const int64_t *id = ids->data;
  for (int64_t i = 0; i < ids->numel; i++) {
    if (id[i] < 0 || id[i] >= limit) {
      return a->fail(
          TNT_EARGUMENT,
          "%s: stored positions count from 0 and must be in 0..%lld, element %lld is %lld", a->op,
          (long long)limit - 1, (long long)i + 1, (long long)id[i]);
    }
  }
  return 0;
}

static int embedding_cpu(tnt__args *a) {
  const tnt__view *ids = &a->in[0], *w = &a->in[1];
  int rc = check_ids(a, ids, w->size[0]);
  if (rc) return rc;
  const int64_t *id = ids->data;
  size_t row = (size_t)w->size[1] * sizeof(T);
  for (int64_t i = 0; i < ids->numel; i++)
    memcpy((char *)a->out[0].data + (size_t)i * row, (const char *)w->data + (size_t)id[i] * row,
           row);
  return 0;
}

static int embedding_grad_cpu(tnt__args *a) {
  const tnt__view *dy = &a->in[0], *ids = &a->in[1];
  T *dw = a->out[0].data;
  int64_t columns = a->out[0].size[1];
  int rc = check_ids(a, ids, a->out[0].size[0]);
  if (rc) return rc;
  memset(dw, 0, (size_t)a->out[0].numel * sizeof(T));
  const int64_t *id = ids->data;
  for (int64_t i = 0; i < ids->numel; i++) {
    T *to = dw + id[i] * columns;
    const T *from = (const T *)dy->data + i * columns;
    LOOP_SIMD
    for (int64_t c = 0; c < columns; c++) to[c] += from[c];
  }
  return 0;
}

static int index_select_cpu(tnt__args *a) {
  along w = along_dim(&a->in[0], a->integer[INDEX_SELECT_D]);
  const tnt__view *ids = &a->in[1];
  int rc = check_ids(a, ids, w.n);
  if (rc) return rc;
  const int64_t *id = ids->data;
  const T *x = a->in[0].data;
  T *y = a->out[0].data;
  for (int64_t o = 0; o < w.outer; o++) {
    for (int64_t i = 0; i < ids->numel; i++) {
      memcpy(y + (o * ids->numel + i) * w.inner, x + (o * w.n + id[i]) * w.inner,
             (size_t)w.inner * sizeof(T));
    }
  }
  return 0;
}

/* in[0] is copied to the output first, unless the op runs in place */
static T *begin_write(tnt__args *a) {
  T *y = a->out[0].data;
  if (y != a->in[0].data) memcpy(y, a->in[0].data, (size_t)a->out[0].numel * sizeof(T));
  return y;
}

static int index_add_cpu(tnt__args *a) {
  along w = along_dim(&a->in[0], a->integer[INDEX_ADD_D]);
  const tnt__view *ids = &a->in[1];
  int rc = check_ids(a, ids, w.n);
  if (rc) return rc;
  const int64_t *id = ids->data;
  const T *v = a->in[2].data;
  T *y = begin_write(a);
  for (int64_t o = 0; o < w.outer; o++) {
    for (int64_t i = 0; i < ids->numel; i++) {
      T *to = y + (o * w.n + id[i]) * w.inner;
      const T *from = v + (o * ids->numel + i) * w.inner;
      for (int64_t k = 0; k < w.inner; k++) to[k] += from[k];
    }
  }
  return 0;
}

/* Where element i of ids lies in x when its position along dim d is replaced by the id. */
static inline int64_t place_in(const tnt__view *x, const tnt__view *ids, int64_t i, int d,
                               int64_t id) {
  int64_t at = 0;
  for (int e = ids->ndim - 1; e >= 0; e--) {
    int64_t k = i % ids->size[e];
    i /= ids->size[e];
    at += (e == d ? id : k) * x->stride[e];
  }
  return at;
}

static int gather_cpu(tnt__args *a) {
  const tnt__view *x = &a->in[0], *ids = &a->in[1];
  int d = (int)a->integer[GATHER_D] - 1;
  int rc = check_ids(a, ids, x->ndim ? x->size[d] : 1);
  if (rc) return rc;
  const int64_t *id = ids->data;
  T *y = a->out[0].data;
  for (int64_t i = 0; i < ids->numel; i++)
    y[i] = ((const T *)x->data)[place_in(x, ids, i, d, id[i])];
  return 0;
}

static int scatter_into(tnt__args *a, int64_t dim, bool add) {
  const tnt__view *ids = &a->in[1], *out = &a->out[0];
  int d = (int)dim - 1;
  int rc = check_ids(a, ids, out->ndim ? out->size[d] : 1);
  if (rc) return rc;
  const int64_t *id = ids->data;
  const T *v = a->in[2].data;
  T *y = begin_write(a);
  for (int64_t i = 0; i < ids->numel; i++) {
    T *to = &y[place_in(out, ids, i, d, id[i])];
    *to = add ? *to + v[i] : v[i];
  }
  return 0;
}
static int scatter_cpu(tnt__args *a) { return scatter_into(a, a->integer[SCATTER_D], false); }
static int scatter_add_cpu(tnt__args *a) {
  return scatter_into(a, a->integer[SCATTER_ADD_D], true);
}

static int one_hot_cpu(tnt__args *a) {
  int64_t n = a->integer[ONE_HOT_N];
  int rc = check_ids(a, &a->in[0], n);
  if (rc) return rc;
  const int64_t *id = a->in[0].data;
  int64_t *y = a->out[0].data;
  memset(y, 0, (size_t)a->out[0].numel * sizeof *y);
  for (int64_t i = 0; i < a->in[0].numel; i++) y[i * n + id[i]] = 1;
  return 0;
}

static int nonzero_cpu(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  int64_t *y = a->out[0].data, n = 0;
  for (int64_t i = 0; i < x->numel && n < a->out[0].size[0]; i++) {
    if (((const T *)x->data)[i] == 0) continue;
    int64_t rest = i;
    for (int d = x->ndim - 1; d >= 0; d--) {
      y[n * x->ndim + d] = rest % x->size[d];
      rest /= x->size[d];
    }
    n++;
  }
  return 0;
}
