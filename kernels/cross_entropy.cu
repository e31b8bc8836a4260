/* Cross entropy without normalised logits: one reading of a row gives the logarithm of its sum of exponentials, which is
 * all the gradient needs besides the logits. What is summed over rows and classes is summed in double and in one order, and
 * losses of 16-bit logits are f32. A target that no class has counts nothing and is a fault. */
#include "rows.cuh"

struct targets {
  const int64_t *id;
  int64_t classes, ignore;
  const char *op;
  tnt__fault *faults;
  /* the class of a row, or -1 where it counts nothing */
  __device__ __forceinline__ int64_t of(int64_t row, bool first) const {
    int64_t t = id[row];
    if (t == ignore) return -1;
    if (t >= 0 && t < classes) return t;
    if (first) fault(faults, FAULT_TARGET, op, row, classes, t, (double)ignore);
    return -1;
  }
};

template <typename T, int V>
__global__ void cross_entropy_kernel(const T *logits, targets t, const T *w, int64_t rows,
                                     double smoothing, void *lse, int lse_dtype, acc<T> *out,
                                     double *losses) {
  using A = acc<T>;
  int64_t classes = t.classes;
  FOR_ROWS(row, rows) {
    const T *x = logits + row * classes;
    exponentials<A> e;
    double dot = 0, weights = 0; /* of the class weights with x, and alone */
    FOR_PACKS(c, V, classes) {
      pack<T, V> p = load_pack<V>(x + c);
      A v[V];
#pragma unroll
      for (int i = 0; i < V; i++) v[i] = to_compute(p.v[i]);
      e.add(v);
      if (smoothing > 0) {
#pragma unroll
        for (int i = 0; i < V; i++) {
          double weight = w ? (double)to_compute(w[c + i]) : 1;
          dot += weight * (double)v[i];
          weights += weight;
        }
      }
    }
    e = row_join(e);
    if (smoothing > 0) {
      dot = row_sum(dot);
      weights = row_sum(weights);
    }
    if (threadIdx.x != 0) continue;
    A l = e.base() + log(e.sum);
    store_float(lse, lse_dtype, row, l);
    int64_t id = t.of(row, true);
    double v = 0;
    if (id >= 0) {
      double weight = w ? (double)to_compute(w[id]) : 1;
      v = (1 - smoothing) * weight * (double)(l - to_compute(x[id]));
      if (smoothing > 0) v += smoothing / (double)classes * (weights * (double)l - dot);
    }
    if (losses)
      losses[row] = v;
    else
      out[row] = (A)v;
  }
}

/* What the losses are divided by: the sum of the weights of the rows that count. */
template <typename T>
static __device__ double weight_of_rows(const targets &t, const T *w, int64_t rows) {
  double s = 0;
  for (int64_t r = threadIdx.x; r < rows; r += blockDim.x) {
    int64_t id = t.of(r, false);
    if (id >= 0) s += w ? (double)to_compute(w[id]) : 1;
  }
  return block_sum(s);
}

template <typename T> /* one block */
__global__ void total_loss_kernel(const double *losses, targets t, const T *w, int64_t rows,
                                  bool mean, acc<T> *out) {
  double s = 0;
  for (int64_t r = threadIdx.x; r < rows; r += blockDim.x) s += losses[r];
  s = block_sum(s);
  if (mean) s /= weight_of_rows(t, w, rows); /* no row counts: NaN, as PyTorch */
  if (threadIdx.x == 0) *out = (acc<T>)s;
}

template <typename T> /* one block; totals: what losses are divided by, the sum of all weights */
__global__ void total_weight_kernel(targets t, const T *w, int64_t rows, bool mean,
                                    double *totals) {
  double divisor = mean ? weight_of_rows(t, w, rows) : 1, s = 0;
  for (int64_t c = threadIdx.x; w && c < t.classes; c += blockDim.x) s += (double)to_compute(w[c]);
  s = block_sum(s);
  if (threadIdx.x == 0) totals[0] = divisor, totals[1] = w ? s : (double)t.classes;
}

template <typename T, int V>
__global__ void cross_entropy_grad_kernel(const acc<T> *dy, bool each, const T *logits, targets t,
                                          const T *w, const void *lse, int lse_dtype, int64_t rows,
                                          double smoothing, const double *totals, T *out) {
  using A = acc<T>;
  int64_t classes = t.classes;
  FOR_ROWS(row, rows) {
    const T *x = logits + row * classes;
    T *dx = out + row * classes;
    int64_t id = t.of(row, threadIdx.x == 0);
    double g = 0, weight = 0;
    if (id >= 0) {
      g = (double)dy[each ? row : 0] / totals[0];
      weight = w ? (double)to_compute(w[id]) : 1;
    }
    A l = load_float<A>(lse, lse_dtype, row),
      scale = (A)(g * ((1 - smoothing) * weight + smoothing / (double)classes * totals[1])),
      hit = (A)(g * (1 - smoothing) * weight), share = (A)(g * smoothing / (double)classes);
    FOR_PACKS(c, V, classes) {
      pack<T, V> p = load_pack<V>(x + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A v = exp(to_compute(p.v[i]) - l) * scale;
        if (c + i == id) v -= hit;
        if (smoothing > 0) v -= share * (w ? to_compute(w[c + i]) : (A)1);
        p.v[i] = from_compute<T>(id < 0 ? (A)0 : v);
      }
      store_pack(dx + c, p);
    }
  }
}

enum { ONE_BLOCK = 1024 };

extern "C" int cross_entropy_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  int64_t rows = x->size[0], classes = x->size[1], kind = a->integer[CROSS_ENTROPY_REDUCTION];
  double smoothing = a->number[CROSS_ENTROPY_SMOOTHING];
  targets t = {(const int64_t *)a->in[1].data, classes, a->integer[CROSS_ENTROPY_IGNORE_INDEX],
               a->op, fault_here()};
  double *losses = kind ? scratch_for<double>(a, rows) : NULL;
  if (kind && !losses) return no_scratch(a);
  FLOATS(x->dtype, T, {
    const T *from = (const T *)x->data, *w = (const T *)a->in[2].data;
    acc<T> *out = (acc<T> *)a->out[0].data;
    if (rows) {
      ROW_PACKS(T, V, packable<T>(classes, from), {
        row_grid g = grid_of_rows(rows, classes, V);
        LAUNCH((cross_entropy_kernel<T, V>), g.grid, g.block, 0, a->stream)
        (from, t, w, rows, smoothing, a->out[1].data, a->out[1].dtype, out, losses);
      })
    }
    if (kind) {
      LAUNCH(total_loss_kernel<T>, dim3(1), dim3(ONE_BLOCK), 0, a->stream)
      (losses, t, w, rows, kind == 1, out);
    }
  })
  return launched(a);
}

extern "C" int cross_entropy_grad_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  int64_t rows = x->size[0], classes = x->size[1], kind = a->integer[CROSS_ENTROPY_GRAD_REDUCTION];
  double smoothing = a->number[CROSS_ENTROPY_GRAD_SMOOTHING];
  targets t = {(const int64_t *)a->in[1].data, classes, a->integer[CROSS_ENTROPY_GRAD_IGNORE_INDEX],
               a->op, fault_here()};
  if (x->numel == 0) return 0;
  double *totals = scratch_for<double>(a, 2);
  if (!totals) return no_scratch(a);
  FLOATS(x->dtype, T, {
    const T *from = (const T *)x->data, *w = (const T *)a->in[2].data;
    T *dx = (T *)a->out[0].data;
    LAUNCH(total_weight_kernel<T>, dim3(1), dim3(ONE_BLOCK), 0, a->stream)
    (t, w, rows, kind == 1, totals);
    ROW_PACKS(T, V, packable<T>(classes, from, dx), {
      row_grid g = grid_of_rows(rows, classes, V);
      LAUNCH((cross_entropy_grad_kernel<T, V>), g.grid, g.block, 0, a->stream)
      ((const acc<T> *)a->in[4].data, kind == 0, from, t, w, a->in[3].data, a->in[3].dtype, rows,
       smoothing, totals, dx);
    })
  })
  return launched(a);
}
