/* All gradients of a model at once: their norm, and scaling and clamping them. The norm is taken chunk by chunk in double,
 * and chunks are joined by one block in their order. */
#include "lists.cuh"

static __device__ __forceinline__ double larger(double a, double b) { /* NaN stays */
  return b > a || b != b ? b : a;
}
struct join_larger {
  __device__ __forceinline__ double operator()(double a, double b) const {
    return a != a ? a : larger(a, b);
  }
};

template <int TENSORS>
__global__ void grad_norm_kernel(ARGUMENT(tensor_list<1, TENSORS>) t, bool largest, double *part) {
  int tensor = t.of_block((int)blockIdx.x);
  bool packed = list_packed(t, tensor);
  double s = 0;
  FOR_FOURS(i, some, (int)blockIdx.x, t, tensor) {
    double v[4];
    load_four(v, t.data[0][tensor], t.dtype[0][tensor], i, (int)some, packed);
#pragma unroll
    for (int j = 0; j < 4; j++) s = largest ? join_larger()(s, fabs(v[j])) : s + v[j] * v[j];
  }
  s = largest ? block_reduce(s, join_larger(), 0.0) : block_sum(s);
  if (threadIdx.x == 0) part[blockIdx.x] = s;
}

__global__ void grad_norm_join_kernel(const double *part, int64_t n, bool largest, void *out,
                                      int dtype) {
  double s = 0;
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
    s = largest ? join_larger()(s, part[i]) : s + part[i];
  s = largest ? block_reduce(s, join_larger(), 0.0) : block_sum(s);
  if (threadIdx.x == 0) store_float(out, dtype, 0, largest ? s : sqrt(s));
}

template <typename A, int TENSORS>
static __device__ void scale_chunk(const tensor_list<1, TENSORS> &t, A factor, A clamp,
                                   int tensor) {
  bool packed = list_packed(t, tensor);
  FOR_FOURS(i, some, (int)blockIdx.x, t, tensor) {
    A v[4];
    load_four(v, t.data[0][tensor], t.dtype[0][tensor], i, (int)some, packed);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      A w = v[j] * factor;
      v[j] = w > clamp ? clamp : (w < -clamp ? -clamp : w);
    }
    store_four(t.data[0][tensor], t.dtype[0][tensor], i, v, (int)some, packed);
  }
}

template <int TENSORS>
__global__ void grad_scale_kernel(ARGUMENT(tensor_list<1, TENSORS>) t, ARGUMENT(numbers) x,
                                  const float *skip) {
  if (skip && *skip != 0) return;
  int tensor = t.of_block((int)blockIdx.x);
  double factor = x.at(GRAD_SCALE__FACTOR), clamp = x.at(GRAD_SCALE__CLAMP);
  if (factor == 1 && clamp > 1e300) return;
  if (t.dtype[0][tensor] == TNT_F64)
    scale_chunk<double>(t, factor, clamp, tensor);
  else
    scale_chunk<float>(t, (float)factor, (float)clamp, tensor);
}

static const int gradients[1] = {1}; /* the list of a->list that kernels see */

template <int TENSORS> static int grad_norm(tnt__args *a) {
  bool largest = a->number[GRAD_NORM_KIND] > 1e300;
  int64_t chunks = 0, done = 0;
  for (int i = 0; i < a->n_list; i++) chunks += (a->list[a->n_list + i].numel + CHUNK - 1) / CHUNK;
  double *part = scratch_for<double>(a, chunks);
  if (!part) return no_scratch(a);
  tensor_list<1, TENSORS> t;
  int next = 0;
  while (fill_list(t, a, gradients, &next)) {
    LAUNCH(grad_norm_kernel<TENSORS>, dim3((unsigned)t.first[t.n]), dim3(THREADS), 0, a->stream)
    (t, largest, part + done);
    done += t.first[t.n];
  }
  LAUNCH(grad_norm_join_kernel, dim3(1), dim3(1024), 0, a->stream)
  (part, chunks, largest, a->out[0].data, a->out[0].dtype);
  return launched(a);
}

template <int TENSORS> static int grad_scale(tnt__args *a) {
  numbers x = numbers_of(a, 2);
  tensor_list<1, TENSORS> t;
  int next = 0;
  while (fill_list(t, a, gradients, &next)) {
    LAUNCH(grad_scale_kernel<TENSORS>, dim3((unsigned)t.first[t.n]), dim3(THREADS), 0, a->stream)
    (t, x, a->skip);
  }
  return launched(a);
}

extern "C" int grad_norm_cuda(tnt__args *a) {
  return a->n_list <= FEW ? grad_norm<FEW>(a) : grad_norm<MANY>(a);
}
extern "C" int grad_scale__cuda(tnt__args *a) {
  return a->n_list <= FEW ? grad_scale<FEW>(a) : grad_scale<MANY>(a);
}
