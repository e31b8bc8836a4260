/* Running sums along a dim, gathered in double for f32 and 16-bit floats, as on the CPU: a thread a column where there
 * are many side by side, else a block a row. */
#include "cuda.cuh"

template <typename T>
__global__ void __launch_bounds__(THREADS)
    columns_kernel(T *y, const T *x, int64_t columns, int64_t n, int64_t inner) {
  FOR_EACH(c, columns) {
    int64_t at = c / inner * n * inner + c % inner;
    wide<acc<T>> s = 0;
    for (int64_t j = 0; j < n; j++, at += inner) {
      s += (wide<acc<T>>)to_compute(x[at]);
      y[at] = from_compute<T>((acc<T>)s);
    }
  }
}

/* Blocks of 4 elements a thread go along the row; a warp's sums by shuffles, the warps' through shared memory. */
template <typename T>
__global__ void __launch_bounds__(THREADS)
    rows_kernel(T *y, const T *x, int64_t rows, int64_t n, int64_t inner) {
  using W = wide<acc<T>>;
  constexpr int EACH = 4, WARPS = THREADS / WARP;
  __shared__ W sums[WARPS];
  int thread = (int)threadIdx.x, lane = thread % WARP, warp = thread / WARP;
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    int64_t base = r / inner * n * inner + r % inner;
    W carry = 0;
    for (int64_t j0 = 0; j0 < n; j0 += THREADS * EACH) {
      W v[EACH], own = 0;
      for (int k = 0; k < EACH; k++) {
        int64_t j = j0 + thread * EACH + k;
        own += j < n ? (W)to_compute(x[base + j * inner]) : (W)0;
        v[k] = own;
      }
      W s = own; /* of this and the lanes before */
      for (int step = 1; step < WARP; step *= 2) {
        W other = (W)__shfl_up_sync(WHOLE_WARP, s, step);
        if (lane >= step) s += other;
      }
      W left = (W)__shfl_up_sync(WHOLE_WARP, s, 1);
      if (lane == WARP - 1) sums[warp] = s;
      __syncthreads();
      W before = carry, all = 0;
      if (lane > 0) before += left;
      for (int k = 0; k < WARPS; k++) {
        if (k < warp) before += sums[k];
        all += sums[k];
      }
      for (int k = 0; k < EACH; k++) {
        int64_t j = j0 + thread * EACH + k;
        if (j < n) y[base + j * inner] = from_compute<T>((acc<T>)(before + v[k]));
      }
      carry += all;
      __syncthreads();
    }
  }
}

extern "C" int cumsum_cuda(tnt__args *a) {
  along w = along_dim(&a->in[0], a->integer[CUMSUM_D]);
  int64_t rows = w.outer * w.inner;
  if (!a->in[0].numel) return 0;
  NUMBERS(a->in[0].dtype, T, {
    T *y = (T *)a->out[0].data;
    const T *x = (const T *)a->in[0].data;
    if (w.n <= 8 || (w.inner >= WARP && rows >= 4096))
      LAUNCH(columns_kernel<T>, blocks_for(rows), THREADS, 0, a->stream)(y, x, rows, w.n, w.inner);
    else
      LAUNCH(rows_kernel<T>, blocks_for(rows, 1), THREADS, 0, a->stream)(y, x, rows, w.n, w.inner);
  });
  return launched(a);
}
