/* Ops that read or write at stored positions (counted from 0). A position that is out of range touches nothing, reads as 0
 * and is reported at the next synchronisation (faults in cuda.cuh). Where several elements come to one place they are
 * added in groups found by sorting, so results are equal from run to run; only scatter_add uses atomic additions instead,
 * unless deterministic algorithms are wanted. */
#include "sort.cuh"

/* -- slices: embedding, index_select -------------------------------------------------------------------------------------- */
/* y[o, i, :] = x[o, id[i], :], `run` units each */
template <typename U>
__global__ void __launch_bounds__(THREADS)
    slices_kernel(U *y, const U *x, const int64_t *ids, int64_t outer, int64_t n, int64_t n_ids,
                  int64_t run, tnt__fault *f, const char *op) {
  FOR_EACH_ROW(r, outer * n_ids) {
    int64_t o = r / n_ids, i = r - o * n_ids, id = checked_id(f, op, ids[i], n, i);
    const U *from = x + (o * n + id) * run;
    for (int64_t k = threadIdx.x; k < run; k += blockDim.x) y[r * run + k] = id < 0 ? U{} : from[k];
  }
}
static int slices(tnt__args *a, const tnt__view *x, along w, const tnt__view *ids) {
  int64_t bytes = w.inner * bytes_of(x->dtype);
  if (!a->out[0].numel) return 0;
  int unit = unit_of((uint64_t)bytes | (uintptr_t)x->data | (uintptr_t)a->out[0].data);
  dim3 block = row_block(bytes / unit);
  UNITS(unit, U,
        LAUNCH(slices_kernel<U>, blocks_for(w.outer * ids->numel, block.y), block, 0,
               a->stream)((U *)a->out[0].data, (const U *)x->data, (const int64_t *)ids->data,
                          w.outer, w.n, ids->numel, bytes / unit, fault_here(), a->op));
  return launched(a);
}
extern "C" int embedding_cuda(tnt__args *a) {
  return slices(a, &a->in[1], along{1, a->in[1].size[0], a->in[1].size[1]}, &a->in[0]);
}
extern "C" int index_select_cuda(tnt__args *a) {
  return slices(a, &a->in[0], along_dim(&a->in[0], a->integer[INDEX_SELECT_D]), &a->in[1]);
}

/* -- sums of slices: embedding_grad, index_add ------------------------------------------------------------------------------- */
template <typename K> struct load_ids {
  const int64_t *ids;
  int64_t limit;
  tnt__fault *f;
  const char *op;
  __device__ void operator()(int64_t, int64_t i, K &key, uint32_t &place) const {
    int64_t id = checked_id(f, op, ids[i], limit, i);
    if (id < 0) return; /* stays behind the end */
    key = (K)id;
    place = (uint32_t)i;
  }
};

enum { GROUP_ROWS = 8 };
/* y[o, id, k] += v[o, i, k] summed over the i with that id, for column o, k. Block (32 columns, 8 members of a group). */
template <typename T, typename K>
__global__ void __launch_bounds__(WARP *GROUP_ROWS)
    sum_slices_kernel(T *y, const T *v, const pairs<K> sorted, int64_t n_ids, int64_t outer,
                      int64_t n, int64_t inner) {
  using A = acc<T>;
  __shared__ A room[GROUP_ROWS][WARP];
  int x = (int)threadIdx.x, row = (int)threadIdx.y;
  for (int64_t p = blockIdx.x; p < n_ids; p += gridDim.x) {
    K id = sorted.key[p];
    if (sorted.place[p] == NO_PLACE) return; /* nothing but those behind the end follows */
    if (p > 0 && sorted.key[p - 1] == id) continue;
    for (int64_t c0 = (int64_t)blockIdx.y * WARP; c0 < outer * inner; c0 += gridDim.y * WARP) {
      int64_t c = c0 + x, o = c / inner, k = c - o * inner;
      A s = 0;
      if (c < outer * inner) {
        for (int64_t q = p + row; q < n_ids && sorted.key[q] == id && sorted.place[q] != NO_PLACE;
             q += GROUP_ROWS)
          s += to_compute(v[(o * n_ids + sorted.place[q]) * inner + k]);
      }
      room[row][x] = s;
      __syncthreads();
      if (row == 0 && c < outer * inner) {
        for (int r = 1; r < GROUP_ROWS; r++) s += room[r][x];
        T *to = &y[(o * n + (int64_t)id) * inner + k];
        *to = from_compute<T>(to_compute(*to) + s);
      }
      __syncthreads();
    }
  }
}
template <typename K>
static int sum_slices_by(tnt__args *a, const tnt__view *v, along w, const tnt__view *ids) {
  pairs<K> sorted = {};
  int64_t row = 0;
  int rc = sort_rows<K>(a, load_ids<K>{(const int64_t *)ids->data, w.n, fault_here(), a->op}, 1,
                        ids->numel, ids->numel, &sorted, &row);
  if (rc) return rc;
  int64_t columns = (w.outer * w.inner + WARP - 1) / WARP;
  dim3 grid(blocks_for(ids->numel, 1), (unsigned)(columns < 65535 ? columns : 65535));
  NUMBERS(v->dtype, T,
          LAUNCH((sum_slices_kernel<T, K>), grid, dim3(WARP, GROUP_ROWS), 0, a->stream)(
              (T *)a->out[0].data, (const T *)v->data, sorted, ids->numel, w.outer, w.n, w.inner));
  return launched(a);
}
static int sum_slices(tnt__args *a, const tnt__view *v, along w, const tnt__view *ids) {
  if (!ids->numel || w.outer * w.inner == 0) return 0;
  return w.n < UINT32_MAX ? sum_slices_by<uint32_t>(a, v, w, ids)
                          : sum_slices_by<uint64_t>(a, v, w, ids);
}
static size_t out_bytes(const tnt__args *a) {
  return (size_t)a->out[0].numel * (size_t)bytes_of(a->out[0].dtype);
}
/* in[0] is copied to the output first, unless the op runs in place */
static void begin_write(tnt__args *a) {
  if (a->out[0].data == a->in[0].data || !a->out[0].numel) return;
  cudaMemcpyAsync(a->out[0].data, a->in[0].data, out_bytes(a), cudaMemcpyDeviceToDevice,
                  (cudaStream_t)a->stream);
}
static void begin_zero(tnt__args *a) {
  if (a->out[0].numel) cudaMemsetAsync(a->out[0].data, 0, out_bytes(a), (cudaStream_t)a->stream);
}
extern "C" int embedding_grad_cuda(tnt__args *a) {
  begin_zero(a);
  return sum_slices(a, &a->in[0], along{1, a->out[0].size[0], a->out[0].size[1]}, &a->in[1]);
}
extern "C" int index_add_cuda(tnt__args *a) {
  begin_write(a);
  return sum_slices(a, &a->in[2], along_dim(&a->in[0], a->integer[INDEX_ADD_D]), &a->in[1]);
}

/* -- elements: gather, scatter, scatter_add ------------------------------------------------------------------------------------ */
/* Where element i of ids lies in x when its position along a dim is replaced by the id; -1: out of range. */
struct places {
  walk<1> at; /* over ids, with x's strides, 0 along the dim */
  const int64_t *ids;
  int64_t n, limit, stride; /* of the dim in x */
  tnt__fault *f;
  const char *op;
  __device__ __forceinline__ int64_t of(int64_t i) const {
    int64_t o[1], id = checked_id(f, op, ids[i], limit, i);
    at.offsets(i, o);
    return id < 0 ? -1 : o[0] + id * stride;
  }
};
static places places_of(const tnt__args *a, const tnt__view *x, const tnt__view *ids, int64_t dim) {
  places p;
  int d = (int)dim - 1;
  p.at = walk_over<1>(ids->ndim, ids->size);
  for (int e = 0; e < ids->ndim; e++) p.at.stride[0][e] = e == d ? 0 : x->stride[e];
  p.ids = (const int64_t *)ids->data;
  p.n = ids->numel;
  p.limit = x->ndim ? x->size[d] : 1;
  p.stride = x->ndim ? x->stride[d] : 0;
  p.f = fault_here();
  p.op = a->op;
  return p;
}

template <typename U>
__global__ void __launch_bounds__(THREADS) gather_kernel(U *y, const U *x, const places p) {
  FOR_EACH(i, p.n) {
    int64_t from = p.of(i);
    y[i] = from < 0 ? U{} : x[from];
  }
}
extern "C" int gather_cuda(tnt__args *a) {
  places p = places_of(a, &a->in[0], &a->in[1], a->integer[GATHER_D]);
  UNITS(bytes_of(a->in[0].dtype), U,
        LAUNCH(gather_kernel<U>, blocks_for(p.n), THREADS, 0,
               a->stream)((U *)a->out[0].data, (const U *)a->in[0].data, p));
  return launched(a);
}

/* Of several elements for one place the last is written, as on the CPU: `last` holds its number, counted from 1. */
template <typename N>
__global__ void __launch_bounds__(THREADS) last_kernel(N *last, const places p) {
  FOR_EACH(i, p.n) {
    int64_t to = p.of(i);
    if (to >= 0) atomicMax(&last[to], (N)(i + 1));
  }
}
template <typename U, typename N>
__global__ void __launch_bounds__(THREADS)
    scatter_kernel(U *y, const U *v, const N *last, const places p) {
  FOR_EACH(i, p.n) {
    int64_t to = p.of(i);
    if (to >= 0 && last[to] == (N)(i + 1)) y[to] = v[i];
  }
}
template <typename N> static int scatter_by(tnt__args *a, const places &p) {
  int64_t n = a->out[0].numel;
  N *last = scratch_for<N>(a, n);
  if (!last) return no_scratch(a);
  cudaMemsetAsync(last, 0, (size_t)n * sizeof(N), (cudaStream_t)a->stream);
  LAUNCH(last_kernel<N>, blocks_for(p.n), THREADS, 0, a->stream)(last, p);
  UNITS(bytes_of(a->out[0].dtype), U,
        LAUNCH((scatter_kernel<U, N>), blocks_for(p.n), THREADS, 0,
               a->stream)((U *)a->out[0].data, (const U *)a->in[2].data, last, p));
  return launched(a);
}
extern "C" int scatter_cuda(tnt__args *a) {
  begin_write(a);
  places p = places_of(a, &a->out[0], &a->in[1], a->integer[SCATTER_D]);
  if (!p.n || !a->out[0].numel) return 0;
  return p.n < UINT32_MAX ? scatter_by<unsigned>(a, p) : scatter_by<unsigned long long>(a, p);
}

static __device__ __forceinline__ void add_to(float *to, float v) { atomicAdd(to, v); }
static __device__ __forceinline__ void add_to(double *to, double v) { atomicAdd(to, v); }
static __device__ __forceinline__ void add_to(int64_t *to, int64_t v) {
  atomicAdd((unsigned long long *)to, (unsigned long long)v);
}
template <typename A, typename T>
__global__ void __launch_bounds__(THREADS) scatter_add_kernel(A *y, const T *v, const places p) {
  FOR_EACH(i, p.n) {
    int64_t to = p.of(i);
    if (to >= 0) add_to(&y[to], to_compute(v[i]));
  }
}
template <typename To, typename From>
__global__ void __launch_bounds__(THREADS) convert_kernel(To *y, const From *x, int64_t n) {
  FOR_EACH(i, n) y[i] = from_compute<To>(to_compute(x[i]));
}
/* 16-bit sums are gathered in f32 and rounded once. */
template <typename T> static int scatter_add_atomic(tnt__args *a, const places &p) {
  T *y = (T *)a->out[0].data;
  const T *v = (const T *)a->in[2].data;
  int64_t n = a->out[0].numel;
  if constexpr (sizeof(T) == 2) {
    float *sums = scratch_for<float>(a, n);
    if (!sums) return no_scratch(a);
    LAUNCH((convert_kernel<float, T>), blocks_for(n), THREADS, 0, a->stream)
    (sums, (const T *)a->in[0].data, n);
    LAUNCH((scatter_add_kernel<float, T>), blocks_for(p.n), THREADS, 0, a->stream)(sums, v, p);
    LAUNCH((convert_kernel<T, float>), blocks_for(n), THREADS, 0, a->stream)(y, sums, n);
  } else {
    LAUNCH((scatter_add_kernel<T, T>), blocks_for(p.n), THREADS, 0, a->stream)(y, v, p);
  }
  return launched(a);
}

template <typename K> struct load_places {
  places p;
  __device__ void operator()(int64_t, int64_t i, K &key, uint32_t &place) const {
    int64_t to = p.of(i);
    if (to < 0) return;
    key = (K)to;
    place = (uint32_t)i;
  }
};
/* Each warp takes 32 neighbours of the sorted elements and sums the groups that begin there, all lanes together. */
template <typename T, typename K>
__global__ void __launch_bounds__(THREADS)
    sum_groups_kernel(T *y, const T *v, const pairs<K> sorted, int64_t n) {
  int lane = (int)threadIdx.x % WARP;
  int64_t warps = (int64_t)gridDim.x * blockDim.x / WARP;
  for (int64_t w = ((int64_t)blockIdx.x * blockDim.x + threadIdx.x) / WARP; w * WARP < n;
       w += warps) {
    int64_t end = (w + 1) * WARP < n ? (w + 1) * WARP : n;
    for (int64_t p = w * WARP; p < end; p++) {
      K to = sorted.key[p];
      if (sorted.place[p] == NO_PLACE || (p > 0 && sorted.key[p - 1] == to)) continue;
      acc<T> s = 0;
      for (int64_t q = p + lane; q < n && sorted.key[q] == to && sorted.place[q] != NO_PLACE;
           q += WARP)
        s += to_compute(v[sorted.place[q]]);
      s = warp_reduce(s, join_sum());
      if (lane == 0) y[to] = from_compute<T>(to_compute(y[to]) + s);
    }
  }
}
template <typename K> static int scatter_add_sorted(tnt__args *a, const places &p) {
  pairs<K> sorted = {};
  int64_t row = 0;
  int rc = sort_rows<K>(a, load_places<K>{p}, 1, p.n, p.n, &sorted, &row);
  if (rc) return rc;
  NUMBERS(a->out[0].dtype, T,
          LAUNCH((sum_groups_kernel<T, K>), blocks_for(p.n), THREADS, 0,
                 a->stream)((T *)a->out[0].data, (const T *)a->in[2].data, sorted, p.n));
  return launched(a);
}
extern "C" int scatter_add_cuda(tnt__args *a) {
  places p = places_of(a, &a->out[0], &a->in[1], a->integer[SCATTER_ADD_D]);
  bool sorted = a->deterministic && a->out[0].dtype != TNT_I64;
  if (sorted || bytes_of(a->out[0].dtype) != 2 || !p.n) begin_write(a);
  if (!p.n || !a->out[0].numel) return 0;
  if (sorted)
    return a->out[0].numel < UINT32_MAX ? scatter_add_sorted<uint32_t>(a, p)
                                        : scatter_add_sorted<uint64_t>(a, p);
  NUMBERS(a->out[0].dtype, T, return scatter_add_atomic<T>(a, p));
  return 0;
}

/* -- one_hot, nonzero ------------------------------------------------------------------------------------------------------------ */
static __global__ void one_hot_kernel(int64_t *y, const int64_t *ids, int64_t n_ids, int64_t n,
                                      tnt__fault *f, const char *op) {
  FOR_EACH(i, n_ids) {
    int64_t id = checked_id(f, op, ids[i], n, i);
    if (id >= 0) y[i * n + id] = 1;
  }
}
extern "C" int one_hot_cuda(tnt__args *a) {
  begin_zero(a);
  LAUNCH(one_hot_kernel, blocks_for(a->in[0].numel), THREADS, 0, a->stream)
  ((int64_t *)a->out[0].data, (const int64_t *)a->in[0].data, a->in[0].numel, a->integer[ONE_HOT_N],
   fault_here(), a->op);
  return launched(a);
}
