/* Reductions over any dims of a dense tensor. A block holds 1, 8 or 32 outputs and shares its threads among them. Few
 * outputs are split over several blocks, whose parts a second launch joins; the order is fixed, so results are equal from
 * run to run. Sums of f32 and 16-bit floats are gathered in double, as on the CPU. */
#include "cuda.cuh"

/* -- what is gathered: start, one more value at place i, two gathered ones, the result --------------------------------------- */
template <typename A> struct sum_of {
  using state = wide<A>;
  double scale;
  __device__ state start() const { return 0; }
  __device__ state step(state s, A v, int64_t) const { return s + (state)v; }
  __device__ state join(state a, state b) const { return a + b; }
  template <typename V> __device__ A finish(V s) const { return (A)(s * (V)scale); }
  __device__ int64_t finish(int64_t s) const { return s; }
};
template <typename A> struct prod_of {
  using state = wide<A>;
  __device__ state start() const { return 1; }
  __device__ state step(state s, A v, int64_t) const { return s * (state)v; }
  __device__ state join(state a, state b) const { return a * b; }
  __device__ A finish(state s) const { return (A)s; }
};
/* squares of distances from the mean */
template <typename A> struct squares_of {
  using state = double;
  double n; /* that the sum is divided by */
  __device__ state start() const { return 0; }
  __device__ state join(state a, state b) const { return a + b; }
  __device__ A finish(state s) const { return (A)(n > 0 ? s / n : NAN); }
};
/* the largest or smallest and the first place where it is; NaN wins */
template <typename A, bool largest> struct best_of {
  struct state {
    A v;
    int64_t at; /* -1: nothing yet */
  };
  __device__ state start() const { return state{(A)0, -1}; }
  __device__ state step(state s, A v, int64_t i) const { return join(s, state{v, i}); }
  __device__ state join(state a, state b) const {
    if (a.at < 0 || b.at < 0) return a.at < 0 ? b : a;
    bool na = a.v != a.v, nb = b.v != b.v;
    if (na != nb) return na ? a : b;
    if (!na && a.v != b.v) return (largest ? a.v > b.v : a.v < b.v) ? a : b;
    return a.at < b.at ? a : b;
  }
};

/* What is done with the result: one number, or a value and its place, either of which may be unwanted. */
template <typename T> struct store_value {
  T *y;
  template <typename Op, typename S>
  __device__ void operator()(const Op &op, S s, int64_t o) const {
    y[o] = from_compute<T>(op.finish(s));
  }
};
template <typename T> struct store_best {
  T *y;
  int64_t *place;
  template <typename Op, typename S> __device__ void operator()(const Op &, S s, int64_t o) const {
    if (y) y[o] = from_compute<T>(s.v);
    if (place) place[o] = s.at;
  }
};

/* -- the walk ------------------------------------------------------------------------------------------------------------------ */
/* Neighbouring dims that are both kept or both gone are one. */
struct reduction {
  int64_t outs, count;
  int64_t gone_stride; /* of the one gone dim, or 0 where there are several */
  bool side_by_side;   /* the outputs' elements lie side by side, not an output's own */
  walk<1> kept, gone;
};
static void reduction_of(reduction *r, const tnt__view *x, const int64_t *dims) {
  unsigned gone = dims[0] ? 0 : 0xff;
  for (int i = 1; i <= dims[0]; i++) gone |= 1u << (dims[i] - 1);
  int n[2] = {0, 0};
  int64_t size[2][8], stride[2][8];
  bool last = true;
  r->outs = r->count = 1;
  for (int d = 0; d < x->ndim; d++) {
    bool g = gone >> d & 1;
    (g ? r->count : r->outs) *= x->size[d];
    if (x->size[d] == 1) continue;
    last = g;
    int m = n[g];
    if (m && stride[g][m - 1] == x->stride[d] * x->size[d]) {
      size[g][m - 1] *= x->size[d];
      stride[g][m - 1] = x->stride[d];
    } else {
      size[g][m] = x->size[d];
      stride[g][m] = x->stride[d];
      n[g]++;
    }
  }
  r->kept = walk_over<1>(n[0], size[0]);
  r->gone = walk_over<1>(n[1], size[1]);
  for (int d = 0; d < n[0]; d++) r->kept.stride[0][d] = stride[0][d];
  for (int d = 0; d < n[1]; d++) r->gone.stride[0][d] = stride[1][d];
  r->gone_stride = n[1] == 1 ? stride[1][0] : n[1] == 0 ? 1 : 0;
  r->side_by_side = !last && n[0] > 0;
}

/* The elements that a thread gathers: from + t, from + t + threads, ... below to. mean: of the output, for var. */
template <typename T, typename Op>
static __device__ __forceinline__ void gather(typename Op::state &s, const Op &op, T v, int64_t i,
                                              double mean) {
  if constexpr (std::is_same_v<Op, squares_of<acc<T>>>) {
    double d = (double)to_compute(v) - mean;
    s += d * d;
  } else {
    (void)mean;
    s = op.step(s, to_compute(v), i);
  }
}
template <typename T, typename Op>
static __device__ __forceinline__ typename Op::state gather_run(const Op &op, const T *x,
                                                                const reduction &r, int64_t from,
                                                                int64_t to, int threads,
                                                                double mean) {
  typename Op::state s = op.start();
  if (r.gone_stride) {
#pragma unroll 4
    for (int64_t i = from; i < to; i += threads) gather(s, op, x[i * r.gone_stride], i, mean);
  } else {
    for (int64_t i = from; i < to; i += threads) {
      int64_t at[1];
      r.gone.offsets(i, at);
      gather(s, op, x[at[0]], i, mean);
    }
  }
  return s;
}

/* A block holds OUTS outputs, THREADS / OUTS threads each. SIDE: neighbouring threads have neighbouring outputs, else
 * neighbouring elements. grid.y: pieces of the elements. With `part` the states go there, [pieces, outs], unfinished. */
template <typename T, typename Op, typename Store, int OUTS, bool SIDE>
__global__ void __launch_bounds__(THREADS)
    reduce_kernel(Op op, Store store, const T *x, const reduction r, int64_t piece,
                  typename Op::state *part, const double *means) {
  constexpr int EACH = THREADS / OUTS, STEP = SIDE ? OUTS : 1;
  __shared__ typename Op::state room[THREADS];
  const int t = (int)threadIdx.x, out = SIDE ? t % OUTS : t / EACH,
            thread = SIDE ? t / OUTS : t % EACH;
  int64_t from = blockIdx.y * piece, to = from + piece < r.count ? from + piece : r.count;
  for (int64_t o0 = (int64_t)blockIdx.x * OUTS; o0 < r.outs; o0 += (int64_t)gridDim.x * OUTS) {
    int64_t o = o0 + out;
    typename Op::state s = op.start();
    if (o < r.outs) {
      int64_t at[1];
      r.kept.offsets(o, at);
      s = gather_run(op, x + at[0], r, from + thread, to, EACH, means ? means[o] : 0.0);
    }
    room[t] = s;
    __syncthreads();
    for (int half = EACH / 2; half > 0; half /= 2) {
      if (thread < half) room[t] = s = op.join(s, room[t + STEP * half]);
      __syncthreads();
    }
    if (thread == 0 && o < r.outs) {
      if (part)
        part[blockIdx.y * r.outs + o] = s;
      else
        store(op, s, o);
    }
  }
}

/* Joins the parts of OUTS neighbouring outputs. */
template <typename Op, typename Store, int OUTS>
__global__ void __launch_bounds__(THREADS)
    join_kernel(Op op, Store store, const typename Op::state *part, int64_t outs, int pieces) {
  constexpr int EACH = THREADS / OUTS;
  __shared__ typename Op::state room[THREADS];
  const int t = (int)threadIdx.x, thread = t / OUTS;
  for (int64_t o0 = (int64_t)blockIdx.x * OUTS; o0 < outs; o0 += (int64_t)gridDim.x * OUTS) {
    int64_t o = o0 + t % OUTS;
    typename Op::state s = op.start();
    if (o < outs) {
#pragma unroll 4
      for (int p = thread; p < pieces; p += EACH) s = op.join(s, part[p * outs + o]);
    }
    room[t] = s;
    __syncthreads();
    for (int half = EACH / 2; half > 0; half /= 2) {
      if (thread < half) room[t] = s = op.join(s, room[t + OUTS * half]);
      __syncthreads();
    }
    if (thread == 0 && o < outs) store(op, s, o);
  }
}

template <typename T, typename Op, typename Store>
static int reduce(tnt__args *a, Op op, Store store, const reduction &r, const double *means) {
  if (!r.outs) return 0;
  int outs = r.side_by_side || r.count <= 32 ? 32 : r.count <= 1024 ? 8 : 1;
  auto kernel = r.side_by_side ? reduce_kernel<T, Op, Store, 32, true>
                : outs == 32   ? reduce_kernel<T, Op, Store, 32, false>
                : outs == 8    ? reduce_kernel<T, Op, Store, 8, false>
                               : reduce_kernel<T, Op, Store, 1, false>;
  int64_t blocks = (r.outs + outs - 1) / outs, pieces = 1;
  /* as many blocks as keep a card busy, but each thread with 8 elements at least */
  while (blocks * pieces < 512 && r.count / (pieces * 2) >= 8 * (THREADS / outs)) pieces *= 2;
  int64_t piece = (r.count + pieces - 1) / pieces;
  typename Op::state *part = NULL;
  if (pieces > 1) {
    part = scratch_for<typename Op::state>(a, pieces * r.outs);
    if (!part) return no_scratch(a);
  }
  dim3 grid(blocks_for(blocks, 1), (unsigned)pieces);
  LAUNCH(kernel, grid, THREADS, 0, a->stream)
  (op, store, (const T *)a->in[0].data, r, piece, part, means);
  if (part) {
    auto join = r.outs < 32 ? join_kernel<Op, Store, 1> : join_kernel<Op, Store, 32>;
    LAUNCH(join, blocks_for(r.outs, r.outs < 32 ? 1 : 32), THREADS, 0, a->stream)
    (op, store, part, r.outs, (int)pieces);
  }
  return launched(a);
}

/* -- ops ---------------------------------------------------------------------------------------------------------------------------- */
template <typename T> static int sum_scaled(tnt__args *a, const reduction &r, double scale) {
  return reduce<T>(a, sum_of<acc<T>>{scale}, store_value<T>{(T *)a->out[0].data}, r, NULL);
}
extern "C" int sum_cuda(tnt__args *a) {
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  NUMBERS(a->in[0].dtype, T, return sum_scaled<T>(a, r, 1));
  return 0;
}
extern "C" int mean_cuda(tnt__args *a) { /* of nothing: 0 * NaN */
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  FLOATS(a->in[0].dtype, T, return sum_scaled<T>(a, r, r.count ? 1.0 / (double)r.count : NAN));
  return 0;
}
extern "C" int prod_cuda(tnt__args *a) {
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  NUMBERS(a->in[0].dtype, T,
          return reduce<T>(a, prod_of<acc<T>>{}, store_value<T>{(T *)a->out[0].data}, r, NULL));
  return 0;
}

extern "C" int var_cuda(tnt__args *a) { /* two passes */
  reduction r;
  reduction_of(&r, &a->in[0], a->integer);
  double *means = scratch_for<double>(a, r.outs);
  if (!means) return no_scratch(a);
  double n = (double)r.count - a->number[VAR_CORRECTION];
  FLOATS(a->in[0].dtype, T, {
    int rc = reduce<T>(a, sum_of<wide<acc<T>>>{1.0 / (double)r.count}, store_value<double>{means},
                       r, NULL);
    if (rc) return rc;
    return reduce<T>(a, squares_of<acc<T>>{n}, store_value<T>{(T *)a->out[0].data}, r, means);
  });
  return 0;
}

template <bool largest> static int best(tnt__args *a, const int64_t *dims, void *y, void *place) {
  reduction r;
  reduction_of(&r, &a->in[0], dims);
  NUMBERS(a->in[0].dtype, T,
          return reduce<T>(a, best_of<acc<T>, largest>{}, store_best<T>{(T *)y, (int64_t *)place},
                           r, NULL));
  return 0;
}
extern "C" int amax_cuda(tnt__args *a) { return best<true>(a, a->integer, a->out[0].data, NULL); }
extern "C" int amin_cuda(tnt__args *a) { return best<false>(a, a->integer, a->out[0].data, NULL); }
extern "C" int argmax_cuda(tnt__args *a) { return best<true>(a, a->integer, NULL, a->out[0].data); }
extern "C" int argmin_cuda(tnt__args *a) {
  return best<false>(a, a->integer, NULL, a->out[0].data);
}
extern "C" int max_dim_cuda(tnt__args *a) {
  int64_t dims[2] = {a->in[0].ndim ? 1 : 0, a->integer[MAX_DIM_D]};
  return best<true>(a, dims, a->out[0].data, a->out[1].data);
}
extern "C" int min_dim_cuda(tnt__args *a) {
  int64_t dims[2] = {a->in[0].ndim ? 1 : 0, a->integer[MIN_DIM_D]};
  return best<false>(a, dims, a->out[0].data, a->out[1].data);
}
