/* Runs a formula over a plan: `vector_kernel` where the innermost dim of every operand is contiguous or one repeated
 * element and the usual dtypes are met, in packs; `general_kernel` for everything else, one element at a time. Rows are
 * the functors of elementwise_gen.cuh; T is the compute type, 16-bit values are rounded once, on store. */
#ifndef TNT_ELEMENTWISE_CUH
#define TNT_ELEMENTWISE_CUH

#include "functions.cuh"

template <typename T, int N> struct elementwise_args {
  char *data[N]; /* the output first; null: `number` */
  int dtype[N], width[N];
  bool repeated[N]; /* stands still along the innermost dim */
  T number;
  double numbers[4]; /* the row's scalar arguments */
  walk<N> at;        /* strides in elements; vector_kernel: in packs along the innermost dim */
  int64_t n;
};

/* -- one element of any dtype, as kernels/convert.c -------------------------------------------------------------------------- */
template <typename T, typename V> static __device__ __forceinline__ T from_float(V v) {
  if constexpr (std::is_same_v<T, int64_t>)
    return whole((double)v);
  else
    return (T)v;
}
template <typename T>
static __device__ __forceinline__ T load_any(const char *data, int dtype, int64_t i) {
  switch (dtype) {
  case TNT_F32: return from_float<T>(((const float *)data)[i]);
  case TNT_F64: return from_float<T>(((const double *)data)[i]);
  case TNT_F16: return from_float<T>(to_compute(((const __half *)data)[i]));
  case TNT_BF16: return from_float<T>(to_compute(((const __nv_bfloat16 *)data)[i]));
  case TNT_I64: return (T)((const int64_t *)data)[i];
  case TNT_I32: return (T)((const int32_t *)data)[i];
  case TNT_U8: return (T)((const uint8_t *)data)[i];
  default: return (T)(((const uint8_t *)data)[i] != 0);
  }
}
template <typename T> static __device__ __forceinline__ int64_t to_whole(T v) {
  if constexpr (std::is_same_v<T, int64_t>)
    return v;
  else
    return whole((double)v);
}
template <typename T>
static __device__ __forceinline__ void store_any(char *data, int dtype, int64_t i, T v) {
  switch (dtype) {
  case TNT_F32: ((float *)data)[i] = (float)v; break;
  case TNT_F64: ((double *)data)[i] = (double)v; break;
  case TNT_F16: ((__half *)data)[i] = from_compute<__half>(v); break;
  case TNT_BF16: ((__nv_bfloat16 *)data)[i] = from_compute<__nv_bfloat16>(v); break;
  case TNT_I64: ((int64_t *)data)[i] = to_whole(v); break;
  case TNT_I32: ((int32_t *)data)[i] = (int32_t)to_whole(v); break;
  case TNT_U8: ((uint8_t *)data)[i] = (uint8_t)to_whole(v); break;
  default: ((uint8_t *)data)[i] = v != 0; break;
  }
}

/* -- packs: the dtypes that steps are made of --------------------------------------------------------------------------------- */
/* elements a thread: two or four accesses of 16 bytes in T, one in 16 bits */
template <typename T> constexpr int PACK = sizeof(T) == 4 ? 8 : 4;

template <typename T> static inline bool packs(int dtype) {
  if (std::is_same_v<T, float>)
    return dtype == TNT_F32 || dtype == TNT_F16 || dtype == TNT_BF16 || dtype == TNT_BOOL;
  if (std::is_same_v<T, double>) return dtype == TNT_F64 || dtype == TNT_F32;
  return dtype == TNT_I64 || dtype == TNT_I32 || dtype == TNT_BOOL;
}

static __device__ __forceinline__ int64_t to_compute(int32_t x) { return x; }

template <typename S, typename T, int N>
static __device__ __forceinline__ void widen(T (&v)[N], const char *data, int64_t i) {
  auto p = load_pack<N>((const S *)data + i);
#pragma unroll
  for (int j = 0; j < N; j++) {
    if constexpr (std::is_same_v<S, uint8_t>)
      v[j] = (T)(p.v[j] != 0);
    else
      v[j] = (T)to_compute(p.v[j]);
  }
}
template <typename S, typename T, int N>
static __device__ __forceinline__ void narrow(char *data, int64_t i, const T (&v)[N]) {
  pack<S, N> p;
#pragma unroll
  for (int j = 0; j < N; j++) {
    if constexpr (std::is_same_v<S, uint8_t>)
      p.v[j] = v[j] != 0;
    else
      p.v[j] = from_compute<S>(v[j]);
  }
  store_pack((S *)data + i, p);
}

template <typename T, int N>
static __device__ __forceinline__ void load_packed(T (&v)[N], const char *data, int dtype,
                                                   int64_t i) {
  if constexpr (std::is_same_v<T, float>) {
    if (dtype == TNT_F32)
      widen<float>(v, data, i);
    else if (dtype == TNT_BF16)
      widen<__nv_bfloat16>(v, data, i);
    else if (dtype == TNT_F16)
      widen<__half>(v, data, i);
    else
      widen<uint8_t>(v, data, i);
  } else if constexpr (std::is_same_v<T, double>) {
    if (dtype == TNT_F64)
      widen<double>(v, data, i);
    else
      widen<float>(v, data, i);
  } else {
    if (dtype == TNT_I64)
      widen<int64_t>(v, data, i);
    else if (dtype == TNT_I32)
      widen<int32_t>(v, data, i);
    else
      widen<uint8_t>(v, data, i);
  }
}
template <typename T, int N>
static __device__ __forceinline__ void store_packed(char *data, int dtype, int64_t i,
                                                    const T (&v)[N]) {
  if constexpr (std::is_same_v<T, float>) {
    if (dtype == TNT_F32)
      narrow<float>(data, i, v);
    else if (dtype == TNT_BF16)
      narrow<__nv_bfloat16>(data, i, v);
    else if (dtype == TNT_F16)
      narrow<__half>(data, i, v);
    else
      narrow<uint8_t>(data, i, v);
  } else if constexpr (std::is_same_v<T, double>) {
    if (dtype == TNT_F64)
      narrow<double>(data, i, v);
    else
      narrow<float>(data, i, v);
  } else {
    if (dtype == TNT_I64)
      narrow<int64_t>(data, i, v);
    else if (dtype == TNT_I32)
      narrow<int32_t>(data, i, v);
    else
      narrow<uint8_t>(data, i, v);
  }
}

/* -- kernels ------------------------------------------------------------------------------------------------------------------ */
template <typename Row, typename T, int N>
__global__ void __launch_bounds__(THREADS)
    general_kernel(const elementwise_args<T, N> p, bool rest_of_packs) {
  T in[N];
  int64_t at[N];
  /* what vector_kernel leaves over of a contiguous run: one block does it */
  int64_t from = rest_of_packs ? p.n / PACK<T> * PACK<T> : 0;
  FOR_EACH(j, p.n - from) {
    p.at.offsets(from + j, at);
#pragma unroll
    for (int k = 1; k < N; k++)
      in[k - 1] = p.data[k] ? load_any<T>(p.data[k], p.dtype[k], at[k]) : p.number;
    store_any<T>(p.data[0], p.dtype[0], at[0], Row::template run<T>(in, p.numbers));
  }
}

template <typename Row, typename T, int N>
__global__ void __launch_bounds__(THREADS) vector_kernel(const elementwise_args<T, N> p) {
  constexpr int M = PACK<T>;
  T in[N][M], out[M], one[N];
  int64_t at[N];
  FOR_EACH(i, p.n / M) {
    if (p.at.ndim > 1) {
      p.at.offsets(i, at);
    } else {
#pragma unroll
      for (int k = 0; k < N; k++) at[k] = p.repeated[k] ? 0 : i * M;
    }
#pragma unroll
    for (int k = 1; k < N; k++) {
      if (p.repeated[k]) {
        T v = p.data[k] ? load_any<T>(p.data[k], p.dtype[k], at[k]) : p.number;
#pragma unroll
        for (int j = 0; j < M; j++) in[k][j] = v;
      } else {
        load_packed(in[k], p.data[k], p.dtype[k], at[k]);
      }
    }
#pragma unroll
    for (int j = 0; j < M; j++) {
#pragma unroll
      for (int k = 1; k < N; k++) one[k - 1] = in[k][j];
      out[j] = Row::template run<T>(one, p.numbers);
    }
    store_packed(p.data[0], p.dtype[0], at[0], out);
  }
}

/* Whole numbers have no quotient by 0. */
static __global__ void divisors_kernel(const char *data, int dtype, walk<1> w, int64_t n,
                                       tnt__fault *f, const char *op) {
  FOR_EACH(i, n) {
    int64_t at[1];
    w.offsets(i, at);
    if (load_any<int64_t>(data, dtype, at[0]) == 0) fault(f, FAULT_DIVISOR, op, i, 0, 0);
  }
}

/* -- launching ------------------------------------------------------------------------------------------------------------------ */
template <typename T, int N> static bool fits_packs(const tnt__plan *p) {
  int inner = p->ndim - 1;
  if (p->stride[0][inner] != 1 || (p->ndim > 1 && p->size[inner] % PACK<T>)) return false;
  for (int k = 0; k < N; k++) {
    if (k && k == p->number_at) continue;
    if (p->stride[k][inner] == 0) continue;
    if (p->stride[k][inner] != 1 || !packs<T>(p->dtype[k])) return false;
    if (!aligned(p->data[k], PACK<T>, p->width[k])) return false;
    for (int d = 0; d < inner; d++) { /* rows begin aligned too */
      if (p->stride[k][d] * p->width[k] % (PACK<T> * p->width[k] < 16 ? PACK<T> * p->width[k] : 16))
        return false;
    }
  }
  return true;
}

template <typename Row, typename T> static int launch_row(const tnt__plan *p) {
  constexpr int N = Row::INPUTS + 1;
  elementwise_args<T, N> q;
  q.n = 1;
  q.at = walk_over<N>(p->ndim, p->size);
  q.number = scalar_to<T>(p->operand);
  for (int d = 0; d < p->ndim; d++) q.n *= p->size[d];
  if (q.n == 0) return 0;
  for (int i = 0; i < 4; i++) q.numbers[i] = i < Row::NUMBERS ? p->numbers[i] : 0;
  for (int k = 0; k < N; k++) {
    bool number = k && k == p->number_at;
    q.data[k] = number ? NULL : p->data[k];
    q.dtype[k] = p->dtype[k];
    q.width[k] = p->width[k];
    q.repeated[k] = number || p->stride[k][p->ndim - 1] == 0;
    for (int d = 0; d < p->ndim; d++) q.at.stride[k][d] = number ? 0 : p->stride[k][d];
  }
  if constexpr (Row::DIVIDES && std::is_same_v<T, int64_t>) {
    if (p->number_at == 2) {
      if (p->operand == 0)
        return p->fail(TNT_EARGUMENT,
                       "%s: whole numbers cannot be divided by 0 (x:float() gives infinity and "
                       "NaN)",
                       p->op);
    } else {
      walk<1> w = walk_over<1>(p->ndim, p->size);
      for (int d = 0; d < p->ndim; d++) w.stride[0][d] = p->stride[2][d];
      LAUNCH(divisors_kernel, blocks_for(q.n), THREADS, 0, p->stream)
      (p->data[2], (int)p->dtype[2], w, q.n, fault_here(), p->op);
    }
  }
  if (!fits_packs<T, N>(p)) {
    LAUNCH((general_kernel<Row, T, N>), blocks_for(q.n), THREADS, 0, p->stream)(q, false);
    return launched_plan(p);
  }
  int64_t rest = q.n % PACK<T>; /* of one dim: others are whole packs */
  if (rest) LAUNCH((general_kernel<Row, T, N>), 1, WARP, 0, p->stream)(q, true);
  if (q.n >= PACK<T>) {
    if (p->ndim > 1) { /* walk over packs */
      int inner = p->ndim - 1;
      walk<N> w = walk_over<N>(p->ndim, p->size);
      w.size[inner] /= PACK<T>;
      w.by[inner] = divisor_of(w.size[inner]);
      for (int k = 0; k < N; k++) {
        for (int d = 0; d < p->ndim; d++) w.stride[k][d] = q.at.stride[k][d];
        w.stride[k][inner] *= PACK<T>;
      }
      w.large = q.n / PACK<T> > INT32_MAX;
      q.at = w;
    }
    LAUNCH((vector_kernel<Row, T, N>), blocks_for(q.n / PACK<T>), THREADS, 0, p->stream)(q);
  }
  return launched_plan(p);
}

typedef int elementwise_launch(const tnt__plan *p);
/* null: not for whole numbers */
extern elementwise_launch *const float_rows[TNT_ROWS], *const double_rows[TNT_ROWS],
                                                           *const int64_rows[TNT_ROWS];

#endif
