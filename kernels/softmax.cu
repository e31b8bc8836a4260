/* softmax and log_softmax along one dim, and their gradients from the result. Rows in one piece are read once for their sum
 * and once more for the result; along an outer dim neighbouring threads take neighbouring columns. */
#include "rows.cuh"

template <typename T, int V>
ROW_KERNEL softmax_kernel(const T *in, T *out, int64_t rows, int64_t n, bool logarithm) {
  using A = acc<T>;
  FOR_ROWS(row, rows) {
    const T *x = in + row * n;
    T *y = out + row * n;
    exponentials<A> e;
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(x + c);
      A v[V];
#pragma unroll
      for (int i = 0; i < V; i++) v[i] = to_compute(p.v[i]);
      e.add(v);
    }
    e = row_join(e);
    A base = e.base(), scale = 1 / e.sum, shift = base + log(e.sum);
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(x + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A v = to_compute(p.v[i]);
        p.v[i] = from_compute<T>(logarithm ? v - shift : exp(v - base) * scale);
      }
      store_pack(y + c, p);
    }
  }
}

template <typename T, int V>
ROW_KERNEL softmax_grad_kernel(const T *g0, const T *y0, T *out, int64_t rows, int64_t n,
                               bool logarithm) {
  using A = acc<T>;
  FOR_ROWS(row, rows) {
    const T *g = g0 + row * n, *y = y0 + row * n;
    T *dx = out + row * n;
    A s = 0;
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(g + c), q = load_pack<V>(y + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A v = to_compute(p.v[i]);
        s += logarithm ? v : v * to_compute(q.v[i]);
      }
    }
    s = row_sum(s);
    FOR_PACKS(c, V, n) {
      pack<T, V> p = load_pack<V>(g + c), q = load_pack<V>(y + c);
#pragma unroll
      for (int i = 0; i < V; i++) {
        A v = to_compute(p.v[i]), w = to_compute(q.v[i]);
        p.v[i] = from_compute<T>(logarithm ? v - exp(w) * s : w * (v - s));
      }
      store_pack(dx + c, p);
    }
  }
}

/* -- along a dim that is not the last ---------------------------------------------------------------------------------- */
enum { TALL = 8 }; /* threads that share a column; the block's columns are a warp wide */

template <typename A> static __device__ __forceinline__ A column_sum(A v) {
  __shared__ A part[TALL][WARP];
  part[threadIdx.y][threadIdx.x] = v;
  __syncthreads();
  v = 0;
  for (int i = 0; i < TALL; i++) v += part[i][threadIdx.x];
  __syncthreads();
  return v;
}
template <typename A> static __device__ __forceinline__ A column_max(A v) {
  __shared__ A part[TALL][WARP];
  part[threadIdx.y][threadIdx.x] = v;
  __syncthreads();
  for (int i = 0; i < TALL; i++) v = part[i][threadIdx.x] > v ? part[i][threadIdx.x] : v;
  __syncthreads();
  return v;
}

#define FOR_COLUMNS(c0, columns) \
  for (int64_t c0 = (int64_t)blockIdx.x * WARP; c0 < (columns); c0 += (int64_t)gridDim.x * WARP)

template <typename T>
__global__ void softmax_columns_kernel(const T *in, T *out, along w, bool logarithm) {
  using A = acc<T>;
  int64_t columns = w.outer * w.inner;
  FOR_COLUMNS(c0, columns) {
    int64_t c = c0 + threadIdx.x, n = c < columns ? w.n : 0;
    int64_t at = c / w.inner * w.n * w.inner + c % w.inner;
    exponentials<A> e;
    for (int64_t j = threadIdx.y; j < n; j += TALL) {
      A v[1] = {to_compute(in[at + j * w.inner])};
      e.add(v);
    }
    e.raise(column_max(e.top));
    e.sum = column_sum(e.sum);
    A base = e.base(), scale = 1 / e.sum, shift = base + log(e.sum);
    for (int64_t j = threadIdx.y; j < n; j += TALL) {
      A v = to_compute(in[at + j * w.inner]);
      out[at + j * w.inner] = from_compute<T>(logarithm ? v - shift : exp(v - base) * scale);
    }
  }
}

template <typename T>
__global__ void softmax_grad_columns_kernel(const T *g, const T *y, T *dx, along w,
                                            bool logarithm) {
  using A = acc<T>;
  int64_t columns = w.outer * w.inner;
  FOR_COLUMNS(c0, columns) {
    int64_t c = c0 + threadIdx.x, n = c < columns ? w.n : 0;
    int64_t at = c / w.inner * w.n * w.inner + c % w.inner;
    A s = 0;
    for (int64_t j = threadIdx.y; j < n; j += TALL) {
      A v = to_compute(g[at + j * w.inner]);
      s += logarithm ? v : v * to_compute(y[at + j * w.inner]);
    }
    s = column_sum(s);
    for (int64_t j = threadIdx.y; j < n; j += TALL) {
      int64_t k = at + j * w.inner;
      A v = to_compute(g[k]), q = to_compute(y[k]);
      dx[k] = from_compute<T>(logarithm ? v - exp(q) * s : q * (v - s));
    }
  }
}

/* -- launching --------------------------------------------------------------------------------------------------------- */
static int softmax_like(tnt__args *a, int64_t d, bool logarithm) {
  const tnt__view *x = &a->in[0];
  along w = along_dim(x, d);
  if (x->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    const T *from = (const T *)x->data;
    T *to = (T *)a->out[0].data;
    if (w.inner > 1) {
      LAUNCH(softmax_columns_kernel<T>, dim3(blocks_for(w.outer * w.inner, WARP)), dim3(WARP, TALL),
             0, a->stream)
      (from, to, w, logarithm);
    } else {
      ROW_PACKS(T, V, packable<T>(w.n, from, to), {
        row_grid g = grid_of_rows(w.outer, w.n, V);
        LAUNCH((softmax_kernel<T, V>), g.grid, g.block, 0, a->stream)
        (from, to, w.outer, w.n, logarithm);
      })
    }
  })
  return launched(a);
}

static int softmax_like_grad(tnt__args *a, int64_t d, bool logarithm) {
  const tnt__view *x = &a->in[0];
  along w = along_dim(x, d);
  if (x->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    const T *g = (const T *)x->data, *y = (const T *)a->in[1].data;
    T *dx = (T *)a->out[0].data;
    if (w.inner > 1) {
      LAUNCH(softmax_grad_columns_kernel<T>, dim3(blocks_for(w.outer * w.inner, WARP)),
             dim3(WARP, TALL), 0, a->stream)
      (g, y, dx, w, logarithm);
    } else {
      ROW_PACKS(T, V, packable<T>(w.n, g, y, dx), {
        row_grid k = grid_of_rows(w.outer, w.n, V);
        LAUNCH((softmax_grad_kernel<T, V>), k.grid, k.block, 0, a->stream)
        (g, y, dx, w.outer, w.n, logarithm);
      })
    }
  })
  return launched(a);
}

extern "C" int softmax_cuda(tnt__args *a) { return softmax_like(a, a->integer[SOFTMAX_D], false); }
extern "C" int log_softmax_cuda(tnt__args *a) {
  return softmax_like(a, a->integer[LOG_SOFTMAX_D], true);
}
extern "C" int softmax_grad_cuda(tnt__args *a) {
  return softmax_like_grad(a, a->integer[SOFTMAX_GRAD_D], false);
}
extern "C" int log_softmax_grad_cuda(tnt__args *a) {
  return softmax_like_grad(a, a->integer[LOG_SOFTMAX_GRAD_D], true);
}
