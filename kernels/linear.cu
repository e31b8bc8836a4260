/* What linear layers need beside the product where cuBLASLt does not do it: rows that start with the bias, the gelu, and
 * its gradient with the sums over rows that are a bias's. Sums are gathered by strips of columns and parts of the rows,
 * which depend on the shape alone, and joined in order: every run gives the same bits. */
#include "../core/cuda/matmul.h"
#include "functions.cuh"
#include "rows.cuh"

template <typename T>
__global__ void fill_rows_kernel(const T *b, int64_t step, T *y, int64_t columns, int64_t n) {
  FOR_EACH(i, n) y[i] = b[i % columns * step];
}

extern "C" int tnt__fill_rows(tnt__args *a, const tnt__view *b, int64_t step, const tnt__view *y,
                              int64_t rows) {
  int64_t columns = b->numel;
  FLOATS(y->dtype, T, {
    LAUNCH(fill_rows_kernel<T>, dim3(blocks_for(rows * columns)), dim3(THREADS), 0, a->stream)
    ((const T *)b->data, step, (T *)y->data, columns, rows * columns);
  })
  return launched(a);
}

/* -- gelu: the formulas of gelu_tanh in core/ops.lua ------------------------------------------------------------------- */
template <typename A> static __device__ __forceinline__ A gelu_of(A x) {
  return (A)0.5 * x * (1 + TANH((A)0.7978845608028654 * (x + (A)0.044715 * x * x * x)));
}
template <typename A> static __device__ __forceinline__ A gelu_slope_of(A x) {
  A q = x * x, h = TANH((A)0.7978845608028654 * (x + (A)0.044715 * x * q));
  return (A)0.5 * (1 + h) +
         (A)0.5 * x * (1 - h * h) * ((A)0.7978845608028654 * (1 + (A)0.134145 * q));
}

template <typename T, int V> __global__ void gelu_kernel(const T *x, T *y, int64_t n) {
  FOR_EACH(j, n / V) {
    pack<T, V> p = load_pack<V>(x + j * V);
#pragma unroll
    for (int i = 0; i < V; i++) p.v[i] = from_compute<T>(gelu_of(to_compute(p.v[i])));
    store_pack(y + j * V, p);
  }
}

extern "C" int tnt__gelu(tnt__args *a, int dtype, const void *x, void *y, int64_t n) {
  FLOATS(dtype, T, {ROW_PACKS(T, V, packable<T>(n, x, y), {
           LAUNCH((gelu_kernel<T, V>), dim3(blocks_for(n / V)), dim3(THREADS), 0, a->stream)
           ((const T *)x, (T *)y, n);
         })})
  return launched(a);
}

/* -- its gradient, and sums over rows ---------------------------------------------------------------------------------- */
enum { STRIP = WARP, TALL = 8, PART_ROWS = 128, MOST_PARTS = 1024 };

template <typename T> struct slope_rows {
  const T *dy, *x; /* x null: sums alone */
  T *dx;
  acc<T> *part; /* [parts][n], or null */
  int64_t rows, n, row_stride, stride, part_rows;
};

/* A block has a strip of STRIP packs and part blockIdx.y of the rows, TALL at a time. */
template <typename T, int V>
__global__ void __launch_bounds__(STRIP *TALL) slope_kernel(slope_rows<T> k) {
  using A = acc<T>;
  __shared__ A room[TALL][STRIP * V];
  int64_t c = ((int64_t)blockIdx.x * STRIP + threadIdx.x) * V, first = blockIdx.y * k.part_rows;
  int64_t last = first + k.part_rows < k.rows ? first + k.part_rows : k.rows;
  A sum[V] = {};
  for (int64_t r = first + threadIdx.y; r < last && c < k.n; r += TALL) {
    pack<T, V> p, q;
    if constexpr (V > 1)
      p = load_pack<V>(k.dy + r * k.row_stride + c);
    else
      p.v[0] = k.dy[r * k.row_stride + c * k.stride];
    if (k.x) q = load_pack<V>(k.x + r * k.n + c);
#pragma unroll
    for (int i = 0; i < V; i++) {
      A g = to_compute(p.v[i]);
      if (k.x) g *= gelu_slope_of(to_compute(q.v[i]));
      p.v[i] = from_compute<T>(g);
      sum[i] += g;
    }
    if (k.x) store_pack(k.dx + r * k.n + c, p);
  }
  if (!k.part) return;
#pragma unroll
  for (int i = 0; i < V; i++) room[threadIdx.y][threadIdx.x * V + i] = sum[i];
  __syncthreads();
  for (int j = threadIdx.y * STRIP + threadIdx.x; j < STRIP * V; j += STRIP * TALL) {
    int64_t column = (int64_t)blockIdx.x * STRIP * V + j;
    if (column >= k.n) continue;
    A s = 0;
    for (int t = 0; t < TALL; t++) s += room[t][j];
    k.part[blockIdx.y * k.n + column] = s;
  }
}

template <typename T, int V> static int slope_of(tnt__args *a, slope_rows<T> k, T *sums) {
  int64_t parts = (k.rows + PART_ROWS - 1) / PART_ROWS,
          strips = (k.n + STRIP * V - 1) / (STRIP * V);
  if (parts > MOST_PARTS) parts = MOST_PARTS;
  k.part_rows = parts ? (k.rows + parts - 1) / parts : 0;
  if (sums) {
    k.part = scratch_for<acc<T>>(a, parts * k.n);
    if (!k.part) return no_scratch(a);
  }
  if (parts && strips) {
    LAUNCH((slope_kernel<T, V>), dim3((unsigned)strips, (unsigned)parts), dim3(STRIP, TALL), 0,
           a->stream)
    (k);
  }
  if (sums && k.n) sum_parts(a, k.part, parts, k.n, k.n, sums);
  return launched(a);
}

extern "C" int tnt__gelu_slope(tnt__args *a, const tnt__slope *s) {
  FLOATS(s->dtype, T, {
    slope_rows<T> k = {};
    k.dy = (const T *)s->dy, k.x = (const T *)s->x, k.dx = (T *)s->dx;
    k.rows = s->rows, k.n = s->n, k.row_stride = s->row_stride, k.stride = s->stride;
    bool packed = k.stride == 1 && k.row_stride % per_16<T> == 0 && packable<T>(k.n, k.dy, k.x);
    packed = packed && (!k.x || packable<T>(k.n, k.dx));
    ROW_PACKS(T, V, packed, return (slope_of<T, V>(a, k, (T *)s->sums));)
  })
  return launched(a);
}
