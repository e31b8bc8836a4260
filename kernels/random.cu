/* Random numbers, drawn as in kernels/random.c: element i of a call is Philox block i, so both devices give the same bits
 * for uniform numbers, masks, whole numbers and orders. normal_ and multinomial go through functions and sums that
 * round in their own way. */
#include "cuda.cuh"

static draw draw_of(const tnt__args *a) { return draw{a->seed, a->call, a->counter}; }

static __device__ __forceinline__ double unit53(block4 b) { /* [0, 1), 53 bits */
  return (double)(((uint64_t)b.v[0] << 32 | b.v[1]) >> 11) * 0x1p-53;
}
static __device__ __forceinline__ uint64_t below(block4 b, uint64_t range) {
  return (uint64_t)(((unsigned __int128)((uint64_t)b.v[0] << 32 | b.v[1]) * range) >> 64);
}

/* y[i] = one(block i) */
template <typename T, typename One>
__global__ void __launch_bounds__(THREADS) fill_kernel(T *y, int64_t n, draw r, One one) {
  uint64_t turn = r.turn();
  FOR_EACH(i, n) y[i] = from_compute<T>(one(philox(r.seed, turn, (uint64_t)i)));
}
template <typename T, typename One> static int fill(tnt__args *a, One one) {
  int64_t n = a->out[0].numel;
  LAUNCH((fill_kernel<T, One>), blocks_for(n), THREADS, 0, a->stream)
  ((T *)a->out[0].data, n, draw_of(a), one);
  return launched(a);
}

template <typename T> struct uniform_one {
  acc<T> lo, width;
  __device__ __forceinline__ acc<T> operator()(block4 b) const {
    /* as many bits as T holds, so that hi is not reached */
    constexpr int spare = std::is_same_v<T, __half>          ? 13
                          : std::is_same_v<T, __nv_bfloat16> ? 16
                                                             : 0;
    acc<T> unit;
    if constexpr (spare != 0)
      unit = (float)(b.v[0] >> (8 + spare)) * (float)(1 << spare) * 0x1p-24f;
    else if constexpr (sizeof(T) == 8)
      unit = unit53(b);
    else
      unit = (float)(b.v[0] >> 8) * 0x1p-24f;
    return fma(unit, width, lo); /* one rounding, as the CPU's */
  }
};
extern "C" int uniform__cuda(tnt__args *a) {
  double lo = a->number[UNIFORM__LO], width = a->number[UNIFORM__HI] - lo;
  FLOATS(a->out[0].dtype, T, return fill<T>(a, uniform_one<T>{(acc<T>)lo, (acc<T>)width}));
  return 0;
}

struct normal_one {
  double mean, std;
  __device__ __forceinline__ double operator()(block4 b) const {
    return fma(std * sqrt(-2 * log(((double)b.v[0] + 1) * 0x1p-32)),
               cos(6.283185307179586 * ((double)b.v[1] * 0x1p-32)), mean);
  }
};
extern "C" int normal__cuda(tnt__args *a) {
  normal_one one = {a->number[NORMAL__MEAN], a->number[NORMAL__STD]};
  FLOATS(a->out[0].dtype, T, return fill<T>(a, one));
  return 0;
}

struct bernoulli_one {
  double p;
  __device__ __forceinline__ int operator()(block4 b) const { return unit53(b) < p; }
};
extern "C" int bernoulli__cuda(tnt__args *a) {
  double p = a->number[BERNOULLI__P];
  if (!(p >= 0 && p <= 1))
    return a->fail(TNT_EARGUMENT, "bernoulli_: p must be in 0..1, got %g", p);
  NUMBERS(a->out[0].dtype, T, return fill<T>(a, bernoulli_one{p}));
  return 0;
}

template <typename A> struct randint_one {
  int64_t first;
  uint64_t range;
  __device__ __forceinline__ A operator()(block4 b) const {
    return (A)(first + (int64_t)below(b, range));
  }
};
extern "C" int randint__cuda(tnt__args *a) {
  double lo = a->number[RANDINT__LO], hi = a->number[RANDINT__HI];
  if (!(lo < hi) || lo != floor(lo) || hi != floor(hi)) {
    return a->fail(TNT_EARGUMENT, "randint: whole numbers lo < hi were expected, got %g and %g", lo,
                   hi);
  }
  NUMBERS(a->out[0].dtype, T,
          return fill<T>(a, randint_one<acc<T>>{(int64_t)lo, (uint64_t)(hi - lo)}));
  return 0;
}

/* -- dropout ------------------------------------------------------------------------------------------------------------ */
template <typename T, int N>
__global__ void __launch_bounds__(THREADS)
    dropout_kernel(T *y, const T *x, int64_t n, draw r, uint32_t limit, acc<T> scale) {
  uint64_t turn = r.turn();
  FOR_EACH(p, n / N) {
    pack<T, N> v = load_pack<N>(x + p * N);
#pragma unroll
    for (int j = 0; j < N; j++) {
      bool gone = philox(r.seed, turn, (uint64_t)(p * N + j)).v[0] < limit;
      v.v[j] = gone ? from_compute<T>((acc<T>)0) : from_compute<T>(to_compute(v.v[j]) * scale);
    }
    store_pack(y + p * N, v);
  }
}
static int drop(tnt__args *a, double p, draw r) {
  uint32_t limit = p >= 1 ? UINT32_MAX : (uint32_t)(p * 4294967296.0);
  double scale = p >= 1 ? 0 : 1 / (1 - p);
  int64_t n = a->out[0].numel;
  FLOATS(a->out[0].dtype, T, {
    constexpr int N = per_16<T>;
    T *y = (T *)a->out[0].data;
    const T *x = (const T *)a->in[0].data;
    bool whole = n % N == 0 && aligned(y, N, sizeof(T)) && aligned(x, N, sizeof(T));
    auto kernel = whole ? dropout_kernel<T, N> : dropout_kernel<T, 1>;
    LAUNCH(kernel, blocks_for(whole ? n / N : n), THREADS, 0, a->stream)
    (y, x, n, r, limit, (acc<T>)scale);
  });
  return launched(a);
}
extern "C" int dropout_cuda(tnt__args *a) { return drop(a, a->number[DROPOUT_P], draw_of(a)); }

/* In a replayed step the forward's call moved on by the counter, and so does this one. */
extern "C" int dropout_again_cuda(tnt__args *a) {
  draw r = {(uint64_t)a->integer[DROPOUT_AGAIN_SEED], (uint64_t)a->integer[DROPOUT_AGAIN_TURN],
            a->counter};
  return drop(a, a->number[DROPOUT_AGAIN_P], r);
}

/* -- multinomial --------------------------------------------------------------------------------------------------------- */
/* One block a row. `sum` [rows, K]: the weights summed up to each place; found again by bisection. */
template <typename T>
__global__ void __launch_bounds__(THREADS)
    multinomial_kernel(int64_t *y, const T *p, double *sum, int64_t k, int64_t n, bool again,
                       draw r, tnt__fault *f) {
  __shared__ double part[THREADS];
  __shared__ int64_t taken;
  int thread = (int)threadIdx.x;
  int64_t row = blockIdx.x, piece = (k + THREADS - 1) / THREADS;
  int64_t from = thread * piece < k ? thread * piece : k, to = from + piece < k ? from + piece : k;
  double *s = sum + row * k;
  for (int64_t j = from; j < to; j++) {
    double w = (double)to_compute(p[row * k + j]);
    bool bad = !(w >= 0) || w - w != 0;
    if (bad) fault(f, FAULT_WEIGHT, "multinomial", row, 0, 0, w);
    s[j] = bad ? 0 : w;
  }
  for (int64_t i = 0; i < (again ? 1 : n); i++) {
    /* s: weights, then their running sums */
    double own = 0;
    for (int64_t j = from; j < to; j++) own += s[j];
    part[thread] = own;
    __syncthreads();
    double before = 0, total = 0;
    for (int t = 0; t < THREADS; t++) {
      if (t == thread) before = total;
      total += part[t];
    }
    if (again) {
      for (int64_t j = from; j < to; j++) s[j] = before += s[j];
      __syncthreads();
      if (!(total > 0) && thread == 0) fault(f, FAULT_NO_WEIGHT, "multinomial", row, 0, 0);
      for (int64_t q = thread; q < n; q += THREADS) {
        double u = unit53(philox(r.seed, r.turn(), (uint64_t)(row * n + q))) * total;
        int64_t low = 0, high = k - 1; /* the first place whose sum is above u */
        while (low < high) {
          int64_t middle = low + (high - low) / 2;
          if (u < s[middle])
            high = middle;
          else
            low = middle + 1;
        }
        while (low > 0 && s[low] == s[low - 1]) low--; /* rounding led behind the last weight */
        y[row * n + q] = low;
      }
      return;
    }
    if (thread == 0) {
      taken = -1;
      if (!(total > 0)) fault(f, FAULT_NO_WEIGHT, "multinomial", row, 0, 0);
    }
    __syncthreads();
    double u = unit53(philox(r.seed, r.turn(), (uint64_t)(row * n + i))) * total;
    if (own > 0 && u >= before && u < before + own) {
      int64_t last = -1;
      double here = before;
      for (int64_t j = from; j < to; j++) {
        if (s[j] > 0) last = j;
        here += s[j];
        if (u < here) break;
      }
      taken = last;
    }
    __syncthreads();
    if (thread == 0) {
      if (taken < 0) { /* rounding led behind the last weight */
        for (int64_t j = k - 1; j >= 0 && taken < 0; j--) {
          if (s[j] > 0) taken = j;
        }
      }
      if (taken < 0) taken = 0;
      y[row * n + i] = taken;
      s[taken] = 0;
    }
    __syncthreads();
  }
}
extern "C" int multinomial_cuda(tnt__args *a) {
  const tnt__view *p = &a->in[0];
  int64_t k = p->size[p->ndim - 1], n = a->integer[MULTINOMIAL_N], rows = k ? p->numel / k : 0;
  if (!rows) return 0;
  double *sum = scratch_for<double>(a, p->numel);
  if (!sum) return no_scratch(a);
  FLOATS(p->dtype, T,
         LAUNCH((multinomial_kernel<T>), (unsigned)rows, THREADS, 0,
                a->stream)((int64_t *)a->out[0].data, (const T *)p->data, sum, k, n,
                           a->integer[MULTINOMIAL_REPLACEMENT] != 0, draw_of(a), fault_here()));
  return launched(a);
}

/* -- randperm ------------------------------------------------------------------------------------------------------------ */
template <typename T> __global__ void count_kernel(T *y, int64_t n) {
  FOR_EACH(i, n) y[i] = from_compute<T>((acc<T>)i);
}
/* Fisher and Yates' exchanges i <-> j(i), i from n - 1 down, in one block: of those under way each reserves its two
 * places, the larger i wins, and who holds both may exchange; the result is that of doing them one by one. Source: Shun
 * et al., "Sequential random permutation, list contraction and tree contraction are highly parallel" (2015). */
template <typename T>
__global__ void __launch_bounds__(1024) randperm_kernel(T *y, unsigned *held, int64_t n, draw r) {
  __shared__ int waiting;
  uint64_t turn = r.turn();
  for (int64_t top = n - 1; top > 0; top -= blockDim.x) {
    int64_t i = top - threadIdx.x, j = 0;
    bool pending = i > 0;
    if (pending) j = (int64_t)below(philox(r.seed, turn, (uint64_t)i), (uint64_t)(i + 1));
    for (;;) {
      if (threadIdx.x == 0) waiting = 0;
      if (pending) {
        atomicMax(&held[i], (unsigned)i);
        atomicMax(&held[j], (unsigned)i);
      }
      __syncthreads();
      bool mine = pending && held[i] == (unsigned)i && held[j] == (unsigned)i;
      __syncthreads();
      if (pending) held[i] = held[j] = 0;
      if (mine) {
        T v = y[i];
        y[i] = y[j];
        y[j] = v;
        pending = false;
      }
      if (pending) waiting = 1;
      __syncthreads();
      bool more = waiting != 0;
      __syncthreads();
      if (!more) break;
    }
  }
}
extern "C" int randperm__cuda(tnt__args *a) {
  int64_t n = a->out[0].numel;
  if (n > UINT32_MAX)
    return a->fail(TNT_EARGUMENT, "randperm: at most 2^32 - 1 elements on a card, got %lld",
                   (long long)n);
  if (n == 0) return 0;
  unsigned *held = scratch_for<unsigned>(a, n);
  if (!held) return no_scratch(a);
  cudaMemsetAsync(held, 0, (size_t)n * sizeof *held, (cudaStream_t)a->stream);
  NUMBERS(a->out[0].dtype, T, {
    T *y = (T *)a->out[0].data;
    LAUNCH((count_kernel<T>), blocks_for(n), THREADS, 0, a->stream)(y, n);
    LAUNCH((randperm_kernel<T>), 1, 1024, 0, a->stream)(y, held, n, draw_of(a));
  });
  return launched(a);
}
