/* Ops that lay elements out: cat, triangles, arange. */

static int cat_cpu(tnt__args *a) { /* list entries may have any strides */
  const tnt__view *y = &a->out[0];
  along w = along_dim(y, a->integer[CAT_D]);
  int64_t at = 0;
  for (int i = 0; i < a->n_list; i++) {
    const tnt__view *x = &a->list[i];
    along v = along_dim(x, a->integer[CAT_D]);
    int64_t run = v.n * v.inner;
    bool dense = true;
    int64_t n = 1;
    for (int d = x->ndim - 1; d >= 0; d--) {
      if (x->size[d] != 1 && x->stride[d] != n) dense = false;
      n *= x->size[d];
    }
    for (int64_t o = 0; o < v.outer; o++) {
      T *to = (T *)y->data + (o * w.n + at) * w.inner;
      const T *from = x->data;
      if (dense) {
        memcpy(to, from + o * run, (size_t)run * sizeof(T));
      } else {
        for (int64_t k = 0; k < run; k++)
          to[k] = from[offset_of(o * run + k, x->ndim, x->size, x->stride)];
      }
    }
    at += v.n;
  }
  return 0;
}

static int triangle(tnt__args *a, int64_t k, bool lower) {
  const tnt__view *x = &a->in[0];
  if (x->ndim < 2)
    return a->fail(TNT_ESHAPE, "%s: a tensor of at least 2 dims was expected, got %d", a->op,
                   x->ndim);
  int64_t rows = x->size[x->ndim - 2], columns = x->size[x->ndim - 1];
  const T *from = x->data;
  T *to = a->out[0].data;
  for (int64_t r = 0; rows && columns && r < x->numel / columns; r++) {
    int64_t row = r % rows;
    for (int64_t c = 0; c < columns; c++)
      to[r * columns + c] = (lower ? c - row <= k : c - row >= k) ? from[r * columns + c] : 0;
  }
  return 0;
}
static int tril_cpu(tnt__args *a) { return triangle(a, a->integer[TRIL_K], true); }
static int triu_cpu(tnt__args *a) { return triangle(a, a->integer[TRIU_K], false); }

static int arange__cpu(tnt__args *a) {
  T *y = a->out[0].data;
  double start = a->number[ARANGE__START], step = a->number[ARANGE__STEP];
  for (int64_t i = 0; i < a->out[0].numel; i++) y[i] = TO_T(start + (double)i * step);
  return 0;
}
