/* Batch normalisation: statistics of each channel (dim 2) of [N, C, ...], normalising, and the gradient. Sums of a channel
 * are taken in parts whose number depends on the shape alone, and joined in order, in double. Planes of 32 elements and
 * more are read along a plane, smaller ones across channels. */
#include "rows.cuh"

struct channels {
  int64_t n, c, inner;
};
/* Channels-last, each place is an image of one element a channel. */
static channels channels_of(const tnt__args *a, const tnt__view *x) {
  channels k = {x->size[0], x->size[1], 1};
  for (int d = 2; d < x->ndim; d++) k.inner *= x->size[d];
  if (a->channels_last) k.n *= k.inner, k.inner = 1;
  return k;
}

/* Images share out to `parts`; with small planes each place of a plane is a part of its own as well. */
struct split {
  int64_t parts, places; /* places: 1, or the size of a plane */
  dim3 grid, block;
};
static split split_of(const channels &k) {
  split s;
  bool wide = k.inner >= 32;
  int64_t work = wide ? k.n * k.inner : k.n * WARP;
  s.parts = work / 8192 < 1 ? 1 : work / 8192 > 64 ? 64 : work / 8192;
  if (s.parts > k.n) s.parts = k.n > 0 ? k.n : 1;
  s.places = wide ? 1 : k.inner;
  s.grid =
      dim3(wide ? (unsigned)k.c : (unsigned)((k.c * k.inner + WARP - 1) / WARP), (unsigned)s.parts);
  s.block = wide ? dim3(THREADS) : dim3(WARP, 8);
  return s;
}

/* One number of one element; summed over a part of a channel. */
template <typename T> struct first_sum { /* of x */
  const T *x;
  __device__ __forceinline__ void add(int64_t i, int64_t, double &s, double &) const {
    s += (double)to_compute(x[i]);
  }
};
template <typename T> struct square_sum { /* of (x - mean)^2 */
  const T *x;
  const double *mean;
  __device__ __forceinline__ void add(int64_t i, int64_t c, double &s, double &) const {
    double d = (double)to_compute(x[i]) - mean[c];
    s += d * d;
  }
};
template <typename T> struct grad_sum { /* of dy, and of dy (x - mean) */
  const T *dy, *x;
  const void *mean;
  int dtype;
  __device__ __forceinline__ void add(int64_t i, int64_t c, double &s, double &t) const {
    acc<T> g = to_compute(dy[i]);
    s += (double)g;
    t += (double)g * (double)(to_compute(x[i]) - load_float<acc<T>>(mean, dtype, c));
  }
};

/* part[(p places + place) C + c] and, `both` further on, the second sum */
template <typename What>
__global__ void channel_sums_kernel(What what, channels k, int64_t places, int64_t both,
                                    double *part) {
  int64_t first = k.n * blockIdx.y / gridDim.y, last = k.n * (blockIdx.y + 1) / gridDim.y;
  double s = 0, t = 0;
  if (blockDim.y == 1) { /* a block reads one channel's planes */
    int64_t c = blockIdx.x;
    for (int64_t n = first; n < last; n++) {
      for (int64_t i = threadIdx.x; i < k.inner; i += blockDim.x)
        what.add((n * k.c + c) * k.inner + i, c, s, t);
    }
    s = block_sum(s);
    t = block_sum(t);
    if (threadIdx.x == 0) {
      part[blockIdx.y * k.c + c] = s;
      part[both + blockIdx.y * k.c + c] = t;
    }
    return;
  }
  __shared__ double sums[2][8][WARP];
  int64_t j = (int64_t)blockIdx.x * WARP + threadIdx.x, row = k.c * k.inner, c = j / k.inner;
  for (int64_t n = first + threadIdx.y; n < last && j < row; n += blockDim.y)
    what.add(n * row + j, c, s, t);
  sums[0][threadIdx.y][threadIdx.x] = s, sums[1][threadIdx.y][threadIdx.x] = t;
  __syncthreads();
  if (threadIdx.y != 0 || j >= row) return;
  for (int y = 1; y < 8; y++) s += sums[0][y][threadIdx.x], t += sums[1][y][threadIdx.x];
  int64_t at = (blockIdx.y * places + j % k.inner) * k.c + c;
  part[at] = s;
  part[both + at] = t;
}

static __device__ double joined(const double *part, int64_t parts, int64_t c_all, int64_t c) {
  double s = 0;
  for (int64_t p = 0; p < parts; p++) s += part[p * c_all + c];
  return s;
}

/* to[c] = sum / count, as double for the second pass and as the op's result */
__global__ void channel_mean_kernel(const double *part, int64_t parts, int64_t c_all, double count,
                                    double *to, void *out, int dtype) {
  FOR_EACH(c, c_all) {
    double v = joined(part, parts, c_all, c) / count;
    if (to) to[c] = v;
    store_float(out, dtype, c, v);
  }
}

extern "C" int batchnorm_stats_cuda(tnt__args *a) { /* the variance is the biased one */
  const tnt__view *x = &a->in[0];
  channels k = channels_of(a, x);
  if (k.c == 0) return 0;
  split s = split_of(k);
  int64_t all = s.parts * s.places;
  double *part = scratch_for<double>(a, 2 * all * k.c), *mean = scratch_for<double>(a, k.c);
  if (!part || !mean) return no_scratch(a);
  double count = (double)(k.n * k.inner);
  dim3 few(blocks_for(k.c)), block(THREADS);
  FLOATS(x->dtype, T, {
    const T *from = (const T *)x->data;
    if (x->numel) {
      LAUNCH((channel_sums_kernel<first_sum<T>>), s.grid, s.block, 0, a->stream)
      (first_sum<T>{from}, k, s.places, all * k.c, part);
    }
    LAUNCH(channel_mean_kernel, few, block, 0, a->stream)
    (part, x->numel ? all : 0, k.c, count, mean, a->out[0].data, a->out[0].dtype);
    if (x->numel) {
      LAUNCH((channel_sums_kernel<square_sum<T>>), s.grid, s.block, 0, a->stream)
      (square_sum<T>{from, mean}, k, s.places, all * k.c, part);
    }
    LAUNCH(channel_mean_kernel, few, block, 0, a->stream)
    (part, x->numel ? all : 0, k.c, count, (double *)NULL, a->out[1].data, a->out[1].dtype);
  })
  return launched(a);
}

/* -- normalising, and the gradient of x: y = scale (x - mean) + shift, dx = scale (dy - m1 - (x - mean) m2) ---------------- */
template <typename A> struct channel { A mean, scale, shift, m1, m2; };

/* all[c] from mean, var, w, b; for the gradient also from the sums, which give dw and db. */
template <typename T>
__global__ void channel_kernel(channels k, const void *mean, const void *var, int dtype,
                               const acc<T> *w, const acc<T> *b, double eps, const double *part,
                               int64_t parts, bool training, channel<acc<T>> *all, acc<T> *dw,
                               acc<T> *db) {
  using A = acc<T>;
  double count = (double)(k.n * k.inner);
  FOR_EACH(c, k.c) {
    double rstd = 1 / sqrt(load_float<double>(var, dtype, c) + eps);
    channel<A> v;
    v.mean = load_float<A>(mean, dtype, c);
    v.scale = (A)(rstd * (w ? (double)w[c] : 1));
    v.shift = b ? b[c] : (A)0;
    v.m1 = v.m2 = 0;
    if (dw) {
      double s1 = joined(part, parts, k.c, c), s2 = joined(part + parts * k.c, parts, k.c, c);
      db[c] = (A)s1;
      dw[c] = (A)(s2 * rstd);
      if (training) v.m1 = (A)(s1 / count), v.m2 = (A)(s2 / count * rstd * rstd);
    }
    all[c] = v;
  }
}

/* V elements of one plane a thread; dy null: forward */
template <typename T, int V>
__global__ void batchnorm_kernel(const T *dy, const T *x, T *y, int64_t packs, divisor planes,
                                 divisor count, int64_t plane, int64_t c_all, bool small,
                                 const channel<acc<T>> *all) {
  using A = acc<T>;
  FOR_EACH(i, packs) {
    int64_t c;
    if (small) {
      uint32_t row = planes.quotient((uint32_t)i);
      c = row - count.quotient(row) * (uint32_t)c_all;
    } else {
      c = i / plane % c_all;
    }
    channel<A> k = all[c];
    pack<T, V> p = load_pack<V>(x + i * V), q;
    if (dy) q = load_pack<V>(dy + i * V);
#pragma unroll
    for (int j = 0; j < V; j++) {
      A d = to_compute(p.v[j]) - k.mean;
      p.v[j] = from_compute<T>(dy ? k.scale * (to_compute(q.v[j]) - k.m1 - d * k.m2)
                                  : d * k.scale + k.shift);
    }
    store_pack(y + i * V, p);
  }
}

/* Planes of one element (channels-last): V neighbouring channels a thread. */
template <typename T, int V>
__global__ void batchnorm_channels_kernel(const T *dy, const T *x, T *y, int64_t packs,
                                          divisor across, int64_t c_all, bool small,
                                          const channel<acc<T>> *all) {
  using A = acc<T>;
  FOR_EACH(i, packs) {
    int64_t row = small ? across.quotient((uint32_t)i) : i / (c_all / V),
            c = (i - row * (c_all / V)) * V;
    pack<T, V> p = load_pack<V>(x + i * V), q;
    if (dy) q = load_pack<V>(dy + i * V);
#pragma unroll
    for (int j = 0; j < V; j++) {
      channel<A> k = all[c + j];
      A d = to_compute(p.v[j]) - k.mean;
      p.v[j] = from_compute<T>(dy ? k.scale * (to_compute(q.v[j]) - k.m1 - d * k.m2)
                                  : d * k.scale + k.shift);
    }
    store_pack(y + i * V, p);
  }
}

template <typename T>
static int normalise(tnt__args *a, const T *dy, const T *x, T *y, const channels &k,
                     const channel<acc<T>> *all) {
  int64_t numel = k.n * k.c * k.inner;
  if (k.inner == 1 && packable<T>(k.c, dy, x, y)) {
    constexpr int V = per_16<T>;
    int64_t packs = numel / V;
    LAUNCH((batchnorm_channels_kernel<T, V>), dim3(blocks_for(packs, THREADS, 1 << 20)),
           dim3(THREADS), 0, a->stream)
    (dy, x, y, packs, divisor_of(k.c / V), k.c, packs <= INT32_MAX, all);
    return launched(a);
  }
  bool packed = packable<T>(k.inner, dy, x, y);
  ROW_PACKS(T, V, packed, {
    int64_t packs = numel / V, plane = k.inner / V;
    LAUNCH((batchnorm_kernel<T, V>), dim3(blocks_for(packs, THREADS, 1 << 20)), dim3(THREADS), 0,
           a->stream)
    (dy, x, y, packs, divisor_of(plane), divisor_of(k.c), plane, k.c, packs <= INT32_MAX, all);
  })
  return launched(a);
}

extern "C" int batchnorm_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[0];
  channels k = channels_of(a, x);
  if (x->numel == 0) return 0;
  FLOATS(x->dtype, T, {
    channel<acc<T>> *all = scratch_for<channel<acc<T>>>(a, k.c);
    if (!all) return no_scratch(a);
    LAUNCH(channel_kernel<T>, dim3(blocks_for(k.c)), dim3(THREADS), 0, a->stream)
    (k, a->in[1].data, a->in[2].data, a->in[1].dtype, (const acc<T> *)a->in[3].data,
     (const acc<T> *)a->in[4].data, a->number[BATCHNORM_EPS], (const double *)NULL, 0, false, all,
     (acc<T> *)NULL, (acc<T> *)NULL);
    return normalise(a, (const T *)NULL, (const T *)x->data, (T *)a->out[0].data, k, all);
  })
  return 0;
}

extern "C" int batchnorm_grad_cuda(tnt__args *a) {
  const tnt__view *x = &a->in[1];
  channels k = channels_of(a, x);
  if (k.c == 0) return 0;
  split s = split_of(k);
  int64_t parts = x->numel ? s.parts * s.places : 0;
  double *part = scratch_for<double>(a, 2 * parts * k.c);
  if (!part) return no_scratch(a);
  FLOATS(x->dtype, T, {
    const T *dy = (const T *)a->in[0].data, *from = (const T *)x->data;
    channel<acc<T>> *all = scratch_for<channel<acc<T>>>(a, k.c);
    if (!all) return no_scratch(a);
    if (parts) {
      LAUNCH((channel_sums_kernel<grad_sum<T>>), s.grid, s.block, 0, a->stream)
      (grad_sum<T>{dy, from, a->in[2].data, a->in[2].dtype}, k, s.places, parts * k.c, part);
    }
    LAUNCH(channel_kernel<T>, dim3(blocks_for(k.c)), dim3(THREADS), 0, a->stream)
    (k, a->in[2].data, a->in[3].data, a->in[2].dtype, (const acc<T> *)a->in[4].data,
     (const acc<T> *)NULL, a->number[BATCHNORM_GRAD_EPS], part, parts,
     a->integer[BATCHNORM_GRAD_TRAINING] != 0, all, (acc<T> *)a->out[1].data,
     (acc<T> *)a->out[2].data);
    if (!parts) return launched(a);
    return normalise(a, dy, from, (T *)a->out[0].data, k, all);
  })
  return 0;
}
