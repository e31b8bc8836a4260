/* The places of elements that are not 0, in their order: blocks count theirs, one block sums the counts up, blocks write.
 * The core has counted before and made the output as long. */
#include "cuda.cuh"

enum { EACH = 16, CHUNK = THREADS * EACH };

/* v summed over this thread and those before it in the block; *all over the whole block. */
static __device__ __forceinline__ int64_t running_sum(int64_t v, int64_t *all) {
  __shared__ int64_t sums[WARP];
  int thread = (int)threadIdx.x, lane = thread % WARP, warp = thread / WARP;
  for (int step = 1; step < WARP; step *= 2) {
    int64_t other = (int64_t)__shfl_up_sync(WHOLE_WARP, (long long)v, step);
    if (lane >= step) v += other;
  }
  if (lane == WARP - 1) sums[warp] = v;
  __syncthreads();
  int64_t total = 0;
  for (int w = 0; w < (int)blockDim.x / WARP; w++) {
    if (w < warp) v += sums[w];
    total += sums[w];
  }
  __syncthreads();
  *all = total;
  return v;
}

template <typename T>
__global__ void __launch_bounds__(THREADS)
    count_kernel(int64_t *counts, const T *x, int64_t n, int64_t chunks) {
  for (int64_t c = blockIdx.x; c < chunks; c += gridDim.x) {
    int64_t mine = 0;
    for (int64_t i = c * CHUNK + threadIdx.x; i < n && i < (c + 1) * CHUNK; i += THREADS)
      mine += to_compute(x[i]) != 0;
    mine = block_sum(mine);
    if (threadIdx.x == 0) counts[c] = mine;
  }
}
/* counts[c] becomes how many come before chunk c */
static __global__ void __launch_bounds__(THREADS) before_kernel(int64_t *counts, int64_t chunks) {
  int64_t carry = 0, all;
  for (int64_t c0 = 0; c0 < chunks; c0 += THREADS) {
    int64_t c = c0 + threadIdx.x, own = c < chunks ? counts[c] : 0;
    int64_t upto = running_sum(own, &all);
    if (c < chunks) counts[c] = carry + upto - own;
    carry += all;
  }
}
template <typename T>
__global__ void __launch_bounds__(THREADS)
    nonzero_kernel(int64_t *y, int64_t room, const int64_t *counts, const T *x, int64_t n,
                   int64_t chunks, const walk<1> shape) {
  int ndim = shape.ndim;
  for (int64_t c = blockIdx.x; c < chunks; c += gridDim.x) {
    int64_t from = c * CHUNK + (int64_t)threadIdx.x * EACH, to = from + EACH < n ? from + EACH : n;
    int64_t own = 0, all;
    for (int64_t i = from; i < to; i++) own += to_compute(x[i]) != 0;
    int64_t at = counts[c] + running_sum(own, &all) - own;
    for (int64_t i = from; i < to && at < room; i++) {
      if (to_compute(x[i]) == 0) continue;
      int64_t rest = i;
      for (int d = ndim - 1; d >= 0; d--) {
        y[at * ndim + d] = rest % shape.size[d];
        rest /= shape.size[d];
      }
      at++;
    }
  }
}
extern "C" int nonzero_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  int64_t n = x->numel, chunks = (n + CHUNK - 1) / CHUNK;
  if (!n || !a->out[0].numel) return 0;
  int64_t *counts = scratch_for<int64_t>(a, chunks);
  if (!counts) return no_scratch(a);
  unsigned grid = blocks_for(chunks, 1);
  NUMBERS(x->dtype, T, {
    LAUNCH(count_kernel<T>, grid, THREADS, 0, a->stream)(counts, (const T *)x->data, n, chunks);
    LAUNCH(before_kernel, 1, THREADS, 0, a->stream)(counts, chunks);
    LAUNCH(nonzero_kernel<T>, grid, THREADS, 0, a->stream)
    ((int64_t *)a->out[0].data, a->out[0].size[0], counts, (const T *)x->data, n, chunks,
     walk_over<1>(x->ndim, x->size));
  });
  return launched(a);
}
