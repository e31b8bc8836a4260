/* Products of whole numbers, and of floats where cuBLASLt has nothing; dense copies of operands it cannot take. */
#include "../core/cuda/matmul.h"
#include "tile.cuh"

template <typename T> struct factor {
  const T *data;
  int64_t ld, step;
  bool transposed, k_inner;
  __device__ __forceinline__ acc<T> at(int64_t batch, int64_t i, int64_t j) const {
    return to_compute(data[batch * step + (transposed ? j * ld + i : i * ld + j)]);
  }
};

template <typename T> struct matmul_result {
  T *y;
  int64_t ld, step;
  bool add;
  __device__ __forceinline__ void put(int64_t batch, int, int64_t i, int64_t j, acc<T> sum) const {
    T *to = y + batch * step + i * ld + j;
    *to = from_compute<T>(add ? to_compute(*to) + sum : sum);
  }
};

extern "C" int tnt__multiply_own(tnt__args *a, const tnt__product *p) {
  NUMBERS(p->dtype, T, {
    bool ta = p->a.transposed, tb = p->b.transposed;
    factor<T> left = {(const T *)p->a.data, p->a.ld, p->step_a, ta, !ta},
              right = {(const T *)p->b.data, p->b.ld, p->step_b, tb, tb};
    multiply_tiles<acc<T>>(a, p->m, p->n, p->k, 1, p->count, left, right,
                           matmul_result<T>{(T *)p->y, p->n, p->step_y, p->add});
  })
  return launched(a);
}

template <typename T>
__global__ void dense_copy_kernel(const T *from, T *to, walk<1> w, int64_t n) {
  FOR_EACH(i, n) {
    int64_t at[1];
    w.offsets(i, at);
    to[i] = from[at[0]];
  }
}

extern "C" int tnt__dense_copy(tnt__args *a, const tnt__view *from, void *to) {
  walk<1> w = walk_over<1>(from->ndim, from->size);
  for (int d = 0; d < from->ndim; d++) w.stride[0][d] = from->stride[d];
  if (from->numel == 0) return 0;
  NUMBERS(from->dtype, T, {
    LAUNCH(dense_copy_kernel<T>, dim3(blocks_for(from->numel)), dim3(THREADS), 0, a->stream)
    ((const T *)from->data, (T *)to, w, from->numel);
  })
  return launched(a);
}
