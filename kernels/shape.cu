/* Ops that lay elements out: cat, triangles, arange. */
#include "functions.cuh"

/* to[at[0]] = from[at[1]] for every element of the walk */
template <typename U>
__global__ void __launch_bounds__(THREADS)
    lay_kernel(U *to, const U *from, const walk<2> w, int64_t n) {
  FOR_EACH(i, n) {
    int64_t at[2];
    w.offsets(i, at);
    to[at[0]] = from[at[1]];
  }
}

static bool is_dense(const tnt__view *x) {
  int64_t n = 1;
  for (int d = x->ndim - 1; d >= 0; d--) {
    if (x->size[d] != 1 && x->stride[d] != n) return false;
    n *= x->size[d];
  }
  return true;
}

extern "C" int cat_cuda(tnt__args *a) { /* list entries may have any strides */
  const tnt__view *y = &a->out[0];
  along w = along_dim(y, a->integer[CAT_D]);
  int64_t width = bytes_of(y->dtype), at = 0;
  for (int i = 0; i < a->n_list; i++) {
    const tnt__view *x = &a->list[i];
    along v = along_dim(x, a->integer[CAT_D]);
    int64_t run = v.n * v.inner * width, pitch = w.n * w.inner * width; /* bytes */
    char *to = (char *)y->data + at * w.inner * width;
    at += v.n;
    if (!x->numel) continue;
    if (is_dense(x)) {
      int unit = unit_of((uint64_t)run | (uint64_t)pitch | (uintptr_t)to | (uintptr_t)x->data);
      int64_t size[2] = {v.outer, run / unit};
      walk<2> k = walk_over<2>(2, size);
      k.stride[0][0] = pitch / unit, k.stride[1][0] = run / unit;
      k.stride[0][1] = k.stride[1][1] = 1;
      int64_t n = size[0] * size[1];
      UNITS(unit, U,
            LAUNCH(lay_kernel<U>, blocks_for(n), THREADS, 0, a->stream)((U *)to, (const U *)x->data,
                                                                        k, n));
    } else {
      walk<2> k = walk_over<2>(x->ndim, x->size);
      for (int d = 0; d < x->ndim; d++)
        k.stride[0][d] = y->stride[d], k.stride[1][d] = x->stride[d];
      UNITS(width, U,
            LAUNCH(lay_kernel<U>, blocks_for(x->numel), THREADS, 0,
                   a->stream)((U *)to, (const U *)x->data, k, x->numel));
    }
  }
  return launched(a);
}

/* Elements are bits here: a zero of every dtype has none set. */
template <typename U>
__global__ void __launch_bounds__(THREADS)
    triangle_kernel(U *y, const U *x, int64_t all, int64_t rows, int64_t columns, int64_t k,
                    bool lower) {
  FOR_EACH_ROW(r, all) {
    int64_t row = r % rows;
    for (int64_t c = threadIdx.x; c < columns; c += blockDim.x)
      y[r * columns + c] = (lower ? c - row <= k : c - row >= k) ? x[r * columns + c] : (U)0;
  }
}
static int triangle(tnt__args *a, int64_t k, bool lower) {
  const tnt__view *x = &a->in[0];
  if (x->ndim < 2)
    return a->fail(TNT_ESHAPE, "%s: a tensor of at least 2 dims was expected, got %d", a->op,
                   x->ndim);
  int64_t rows = x->size[x->ndim - 2], columns = x->size[x->ndim - 1];
  if (!x->numel) return 0;
  dim3 block = row_block(columns);
  int64_t all = x->numel / columns;
  unsigned grid = blocks_for(all, block.y);
  int width = bytes_of(x->dtype);
#define TRIANGLE(U)                                     \
  LAUNCH(triangle_kernel<U>, grid, block, 0, a->stream) \
  ((U *)a->out[0].data, (const U *)x->data, all, rows, columns, k, lower)
  if (width == 8)
    TRIANGLE(uint64_t);
  else if (width == 4)
    TRIANGLE(uint32_t);
  else
    TRIANGLE(uint16_t);
#undef TRIANGLE
  return launched(a);
}
extern "C" int tril_cuda(tnt__args *a) { return triangle(a, a->integer[TRIL_K], true); }
extern "C" int triu_cuda(tnt__args *a) { return triangle(a, a->integer[TRIU_K], false); }

template <typename T>
__global__ void __launch_bounds__(THREADS)
    arange_kernel(T *y, int64_t n, double start, double step) {
  FOR_EACH(i, n) y[i] = from_compute<T>(scalar_to<acc<T>>(start + (double)i * step));
}
extern "C" int arange__cuda(tnt__args *a) {
  int64_t n = a->out[0].numel;
  NUMBERS(a->out[0].dtype, T,
          LAUNCH(arange_kernel<T>, blocks_for(n), THREADS, 0, a->stream)(
              (T *)a->out[0].data, n, a->number[ARANGE__START], a->number[ARANGE__STEP]));
  return launched(a);
}
