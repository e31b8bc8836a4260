/* The bias of linear where cuBLASLt does not add it: every row of y starts with it. */
#include "../core/cuda/matmul.h"
#include "cuda.cuh"

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
