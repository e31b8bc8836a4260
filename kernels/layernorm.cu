/* Layer normalisation over the last dim. The forward keeps mean and 1 / standard deviation of each row. Backward reads a
 * row once, and each group of threads adds up its rows' share of dw and db; groups are added in order, and their number
 * depends on the shape alone: every run gives the same bits. */
#include "rows.cuh"

template <typename T, int V>
ROW_KERNEL layernorm_kernel(const T *in, const T *w, const T *b, T *out, void *means, void *rstds,
                            int dtype, int64_t rows, int64_t n, double eps) {
  using A = acc<T>;
  FOR_ROWS(row, rows) {
    const T *x = in + row * n;
    T *y = out + row * n;
    A s = 0;
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(x + c);
#pragma unroll
      for (int i = 0; i < V; i++) s += to_compute(p.v[i]);
    }
    A mean = row_sum(s) / (A)n;
    s = 0;
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(x + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A d = to_compute(p.v[i]) - mean;
        s += d * d;
      }
    }
    A rstd = 1 / sqrt(row_sum(s) / (A)n + (A)eps);
    if (threadIdx.x == 0) {
      store_float(means, dtype, row, mean);
      store_float(rstds, dtype, row, rstd);
    }
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(x + c), q, r;
      if (w) q = load_pack<V>(w + c);
      if (b) r = load_pack<V>(b + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A v = (to_compute(p.v[i]) - mean) * rstd;
        if (w) v *= to_compute(q.v[i]);
        if (b) v += to_compute(r.v[i]);
        p.v[i] = from_compute<T>(v);
      }
      store_pack(y + c, p);
    }
  }
}

template <typename T> struct layernorm_rows {
  const T *dy, *x, *w;
  const void *mean, *rstd;
  int dtype; /* of mean and rstd */
  int64_t rows, n;
  T *dx;
  acc<T> *part; /* [groups][2][n]: dw, db; null: not wanted */
};

/* PACKS packs of a row in each thread's registers, so that nothing is read twice. */
template <typename T, int V, int PACKS> ROW_KERNEL layernorm_grad_kernel(layernorm_rows<T> k) {
  using A = acc<T>;
  A dw[PACKS][V] = {}, db[PACKS][V] = {};
  FOR_ROWS(row, k.rows) {
    A mean = load_float<A>(k.mean, k.dtype, row), rstd = load_float<A>(k.rstd, k.dtype, row);
    A d[PACKS][V] = {}, hat[PACKS][V] = {}, s1 = 0, s2 = 0;
#pragma unroll
    for (int j = 0; j < PACKS; j++) {
      int64_t c = ((int64_t)j * blockDim.x + threadIdx.x) * V;
      if (c >= k.n) continue;
      pack<T, V> p = load_pack<V>(k.dy + row * k.n + c), q = load_pack<V>(k.x + row * k.n + c), r;
      if (k.w) r = load_pack<V>(k.w + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A g = to_compute(p.v[i]);
        hat[j][i] = (to_compute(q.v[i]) - mean) * rstd;
        dw[j][i] += g * hat[j][i];
        db[j][i] += g;
        d[j][i] = k.w ? g * to_compute(r.v[i]) : g;
        s1 += d[j][i];
        s2 += d[j][i] * hat[j][i];
      }
    }
    A m1 = row_sum(s1) / (A)k.n, m2 = row_sum(s2) / (A)k.n;
#pragma unroll
    for (int j = 0; j < PACKS; j++) {
      int64_t c = ((int64_t)j * blockDim.x + threadIdx.x) * V;
      if (c >= k.n) continue;
      pack<T, V> p;
#pragma unroll
      for (int i = 0; i < V; i++) p.v[i] = from_compute<T>(rstd * (d[j][i] - m1 - hat[j][i] * m2));
      store_pack(k.dx + row * k.n + c, p);
    }
  }
  if (!k.part) return;
  A *to = k.part + ((int64_t)blockIdx.x * blockDim.y + threadIdx.y) * 2 * k.n;
#pragma unroll
  for (int j = 0; j < PACKS; j++) {
    int64_t c = ((int64_t)j * blockDim.x + threadIdx.x) * V;
    for (int i = 0; i < V && c < k.n; i++) to[c + i] = dw[j][i], to[k.n + c + i] = db[j][i];
  }
}

/* Rows too long for registers: sums go straight to the group's place, whose columns belong to one thread each. */
template <typename T, int V> ROW_KERNEL layernorm_grad_long_kernel(layernorm_rows<T> k) {
  using A = acc<T>;
  A *to = k.part ? k.part + ((int64_t)blockIdx.x * blockDim.y + threadIdx.y) * 2 * k.n : NULL;
  FOR_PACKS(c, V, to ? k.n : 0) {
    for (int i = 0; i < V; i++) to[c + i] = to[k.n + c + i] = 0;
  }
  FOR_ROWS(row, k.rows) {
    A mean = load_float<A>(k.mean, k.dtype, row), rstd = load_float<A>(k.rstd, k.dtype, row);
    A s1 = 0, s2 = 0;
    FOR_PACKS(c, V, k.n) {
      pack<T, V> p = load_pack<V>(k.dy + row * k.n + c), q = load_pack<V>(k.x + row * k.n + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A g = to_compute(p.v[i]), hat = (to_compute(q.v[i]) - mean) * rstd;
        if (to) to[c + i] += g * hat, to[k.n + c + i] += g;
        if (k.w) g *= to_compute(k.w[c + i]);
        s1 += g;
        s2 += g * hat;
      }
    }
    A m1 = row_sum(s1) / (A)k.n, m2 = row_sum(s2) / (A)k.n;
    FOR_PACKS(c, V, k.n) {
      pack<T, V> p = load_pack<V>(k.dy + row * k.n + c), q = load_pack<V>(k.x + row * k.n + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A g = to_compute(p.v[i]), hat = (to_compute(q.v[i]) - mean) * rstd;
        if (k.w) g *= to_compute(k.w[c + i]);
        p.v[i] = from_compute<T>(rstd * (g - m1 - hat * m2));
      }
      store_pack(k.dx + row * k.n + c, p);
    }
  }
}

extern "C" int layernorm_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  int64_t n = x->size[x->ndim - 1], rows = n ? x->numel / n : 0;
  if (x->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    const T *from = (const T *)x->data, *w = (const T *)a->in[1].data,
            *b = (const T *)a->in[2].data;
    T *y = (T *)a->out[0].data;
    ROW_PACKS(T, V, packable<T>(n, from, w, b, y), {
      row_grid g = grid_of_rows(rows, n, V);
      LAUNCH((layernorm_kernel<T, V>), g.grid, g.block, 0, a->stream)
      (from, w, b, y, a->out[1].data, a->out[2].data, a->out[1].dtype, rows, n,
       a->number[LAYERNORM_EPS]);
    })
  })
  return launched(a);
}

enum { MOST_GROUPS = 1024, ROWS_EACH = 16, MOST_PACKS = 4 };

template <typename T, int V> static int layernorm_grad_of(tnt__args *a, layernorm_rows<T> k) {
  int64_t groups = (k.rows + ROWS_EACH - 1) / ROWS_EACH;
  row_grid g = grid_of_rows(k.rows, k.n, V, groups < MOST_GROUPS ? groups : (int64_t)MOST_GROUPS);
  int64_t packs = (k.n + V - 1) / V;
  groups = (int64_t)g.grid.x * g.block.y;
  bool full = a->integer[LAYERNORM_GRAD_FULL] != 0;
  if (full) {
    k.part = scratch_for<acc<T>>(a, groups * 2 * k.n);
    if (!k.part) return no_scratch(a);
  }
  if (packs <= g.block.x) {
    LAUNCH((layernorm_grad_kernel<T, V, 1>), g.grid, g.block, 0, a->stream)(k);
  } else if (packs <= g.block.x * (int64_t)MOST_PACKS) {
    LAUNCH((layernorm_grad_kernel<T, V, MOST_PACKS>), g.grid, g.block, 0, a->stream)(k);
  } else {
    LAUNCH((layernorm_grad_long_kernel<T, V>), g.grid, g.block, 0, a->stream)(k);
  }
  if (full) {
    sum_parts(a, k.part, groups, 2 * k.n, k.n, (T *)a->out[1].data, (T *)a->out[2].data);
  }
  return launched(a);
}

extern "C" int layernorm_grad_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[1];
  int64_t n = x->size[x->ndim - 1];
  bool full = a->integer[LAYERNORM_GRAD_FULL] != 0;
  FLOATS(x->dtype, T, {
    T *dw = (T *)a->out[1].data, *db = (T *)a->out[2].data;
    if (!full || x->numel == 0) { sum_parts(a, (const acc<T> *)NULL, 0, 0, n, dw, db); }
    if (x->numel == 0) return launched(a);
    layernorm_rows<T> k = {(const T *)a->in[0].data,
                           (const T *)x->data,
                           (const T *)a->in[2].data,
                           a->in[3].data,
                           a->in[4].data,
                           a->in[3].dtype,
                           x->numel / n,
                           n,
                           (T *)a->out[0].data,
                           NULL};
    /* packs of four at most: four times eight 16-bit numbers would not go into registers */
    constexpr int V = per_16<T> < 4 ? per_16<T> : 4;
    if (packable<T>(n, k.dy, k.x, k.w, k.dx)) return (layernorm_grad_of<T, V>(a, k));
    return (layernorm_grad_of<T, 1>(a, k));
  })
  return launched(a);
}
