/* Orders along a dim: sort (stable, NaN last), topk, flip. */
#include "sort.cuh"

template <typename T> struct load_along {
  const T *x;
  int64_t n, inner;
  bool descending;
  __device__ void operator()(int64_t row, int64_t j, key_type<T> &key, uint32_t &place) const {
    key_type<T> k = key_of(to_compute(x[(row / inner * n + j) * inner + row % inner]));
    key = descending ? ~k : k;
    place = (uint32_t)j;
  }
};

template <typename T>
__global__ void __launch_bounds__(THREADS)
    pick_kernel(T *y, int64_t *place, const T *x, const uint32_t *from, int64_t row, int64_t rows,
                int64_t n, int64_t keep, int64_t inner) {
  FOR_EACH(e, rows * keep) { /* as y lies: [outer, keep, inner] */
    int64_t i = e % inner, j = e / inner % keep, o = e / inner / keep;
    int64_t at = from[(o * inner + i) * row + j];
    y[e] = x[(o * n + at) * inner + i];
    place[e] = at;
  }
}

static int sort_along(tnt__args *a, int64_t d, int64_t keep, bool descending) {
  along w = along_dim(&a->in[0], d);
  int64_t rows = w.outer * w.inner, row = 0;
  if (keep < 0) keep = w.n;
  if (rows * keep == 0) return 0;
  NUMBERS(a->in[0].dtype, T, {
    const T *x = (const T *)a->in[0].data;
    pairs<key_type<T>> sorted = {};
    int rc = sort_rows<key_type<T>>(a, load_along<T>{x, w.n, w.inner, descending}, rows, w.n, keep,
                                    &sorted, &row);
    if (rc) return rc;
    LAUNCH(pick_kernel<T>, blocks_for(rows * keep), THREADS, 0, a->stream)
    ((T *)a->out[0].data, (int64_t *)a->out[1].data, x, sorted.place, row, rows, w.n, keep,
     w.inner);
  });
  return launched(a);
}

extern "C" int sort_cuda(tnt__args *a) {
  return sort_along(a, a->integer[SORT_D], -1, a->integer[SORT_DESCENDING] != 0);
}
extern "C" int topk_cuda(tnt__args *a) {
  return sort_along(a, a->integer[TOPK_D], a->integer[TOPK_K], a->integer[TOPK_LARGEST] != 0);
}

template <typename T>
__global__ void __launch_bounds__(THREADS) flip_kernel(T *y, const T *last, walk<1> w, int64_t n) {
  FOR_EACH(i, n) {
    int64_t at[1];
    w.offsets(i, at);
    y[i] = last[at[0]];
  }
}
extern "C" int flip_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  const int64_t *dims = &a->integer[FLIP_DIMS];
  unsigned flipped = 0;
  for (int i = 1; i <= dims[0]; i++) flipped |= 1u << (dims[i] - 1);
  if (!x->numel) return 0;
  walk<1> w = walk_over<1>(x->ndim, x->size);
  int64_t start = 0; /* flipped dims are walked backwards from their ends */
  for (int d = 0; d < x->ndim; d++) {
    bool f = flipped >> d & 1;
    w.stride[0][d] = f ? -x->stride[d] : x->stride[d];
    if (f) start += (x->size[d] - 1) * x->stride[d];
  }
  NUMBERS(x->dtype, T,
          LAUNCH(flip_kernel<T>, blocks_for(x->numel), THREADS, 0,
                 a->stream)((T *)a->out[0].data, (const T *)x->data + start, w, x->numel));
  return launched(a);
}
