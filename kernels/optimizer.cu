/* Optimizer steps over whole models in one launch. Parameters, gradients, masters and states may each be f32 or 16 bits wide,
 * and are computed in f32 (f64: in f64), rounded once on store. What changes from step to step is read on the device when the
 * step is a captured one; coefficients are worked out in double by one thread of each block, as on the CPU. */
#include "lists.cuh"
#include "rounding.h"

enum { PARAMETER, GRADIENT, MASTER, STATE1, STATE2, LISTS }; /* a parameter may be its own master */
static_assert((int)CHUNK == (int)ROUNDING_RUN, "blocks of numbers are counted by chunks");

struct optimizer_rule {
  bool nesterov, maximize, first, decoupled, adam, stochastic;
  int states;
};

/* What a block needs of the numbers, in the compute type. */
template <typename A> struct coefficients {
  A lr, decay, momentum, fresh; /* sgd: fresh is what d counts in the buffer */
  A beta1, beta2, eps, size, root,
      shrink; /* adam: beta1 is 1 - beta1, root that of the second bias correction */
};

template <typename A>
static __device__ coefficients<A> coefficients_of(const numbers &x, const optimizer_rule &r) {
  coefficients<A> c = {};
  if (!r.adam) {
    c.lr = (A)x.at(SGD__LR), c.decay = (A)x.at(SGD__WEIGHT_DECAY);
    c.momentum = (A)x.at(SGD__MOMENTUM);
    c.fresh = (A)(r.first ? 1 : 1 - x.at(SGD__DAMPENING));
    return c;
  }
  double lr = x.at(ADAM__LR), b1 = x.at(ADAM__BETA1), b2 = x.at(ADAM__BETA2),
         decay = x.at(ADAM__WEIGHT_DECAY), step = x.at(ADAM__STEP);
  c.beta1 = (A)(1 - b1), c.beta2 = (A)b2, c.fresh = (A)(1 - b2), c.eps = (A)x.at(ADAM__EPS);
  c.size = (A)(lr / (1 - pow(b1, step)));
  c.root = (A)sqrt(1 - pow(b2, step));
  c.shrink = r.decoupled ? (A)(1 - lr * decay) : (A)1;
  c.decay = r.decoupled ? (A)0 : (A)decay;
  return c;
}

template <typename A>
static __device__ __forceinline__ void sgd_one(A &p, A g, A &buf, const coefficients<A> &c,
                                               const optimizer_rule &r) {
  A d = (r.maximize ? -g : g) + c.decay * p;
  if (r.states) {
    buf = (r.first ? (A)0 : c.momentum * buf) + c.fresh * d; /* at first it may hold anything */
    d = r.nesterov ? d + c.momentum * buf : buf;
  }
  p -= c.lr * d;
}

template <typename A>
static __device__ __forceinline__ void adam_one(A &p, A g, A &m, A &v, const coefficients<A> &c) {
  A q = p * c.shrink, d = g + c.decay * q;
  m = m + c.beta1 * (d - m);
  v = v * c.beta2 + c.fresh * d * d;
  p = q - c.size * m / (sqrt(v) / c.root + c.eps);
}

/* Four numbers rounded to 16 bits at random, by a block of random numbers. */
template <typename A>
static __device__ __forceinline__ void store_four_at_random(void *to, int dtype, int64_t i,
                                                            const A (&v)[4], int some, bool packed,
                                                            const block4 &random) {
  pack<uint16_t, 4> p;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    uint32_t bits = __float_as_uint((float)v[j]);
    p.v[j] =
        dtype == TNT_BF16 ? bfloat_at_random(bits, random.v[j]) : half_at_random(bits, random.v[j]);
  }
  uint16_t *at = (uint16_t *)to + i;
  if (packed && some == 4) return store_pack(at, p);
#pragma unroll
  for (int j = 0; j < 4; j++) {
    if (j < some) at[j] = p.v[j];
  }
}

/* before: chunks of the launches before this one */
template <typename A, int TENSORS>
static __device__ void optimizer_chunk(const tensor_list<LISTS, TENSORS> &t, const numbers &x,
                                       const optimizer_rule &r, int tensor, const draw &d,
                                       int64_t before) {
  __shared__ coefficients<A> shared;
  if (threadIdx.x == 0) shared = coefficients_of<A>(x, r);
  __syncthreads();
  coefficients<A> c = shared;
  bool packed = list_packed(t, tensor);
  void *to = t.data[MASTER][tensor], *copy = t.data[PARAMETER][tensor];
  int dtype = t.dtype[MASTER][tensor];
  bool at_random = r.stochastic && (dtype == TNT_BF16 || dtype == TNT_F16);
  uint64_t turn = at_random ? d.turn() : 0,
           block = (uint64_t)(before + t.first[tensor]) * (CHUNK / 4);
  FOR_FOURS(i, some, (int)blockIdx.x, t, tensor) {
    A p[4], g[4], s1[4] = {}, s2[4] = {};
    load_four(p, to, dtype, i, (int)some, packed);
    load_four(g, t.data[GRADIENT][tensor], t.dtype[GRADIENT][tensor], i, (int)some, packed);
    if (r.states > 0)
      load_four(s1, t.data[STATE1][tensor], t.dtype[STATE1][tensor], i, (int)some, packed);
    if (r.states > 1)
      load_four(s2, t.data[STATE2][tensor], t.dtype[STATE2][tensor], i, (int)some, packed);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      if (r.adam)
        adam_one(p[j], g[j], s1[j], s2[j], c);
      else
        sgd_one(p[j], g[j], s1[j], c, r);
    }
    if (at_random)
      store_four_at_random(to, dtype, i, p, (int)some, packed,
                           philox(d.seed, turn, block + (uint64_t)i / 4));
    else
      store_four(to, dtype, i, p, (int)some, packed);
    if (copy != to) store_four(copy, t.dtype[PARAMETER][tensor], i, p, (int)some, packed);
    if (r.states > 0)
      store_four(t.data[STATE1][tensor], t.dtype[STATE1][tensor], i, s1, (int)some, packed);
    if (r.states > 1)
      store_four(t.data[STATE2][tensor], t.dtype[STATE2][tensor], i, s2, (int)some, packed);
  }
}

template <int TENSORS>
__global__ void optimizer_kernel(ARGUMENT(tensor_list<LISTS, TENSORS>) t, ARGUMENT(numbers) x,
                                 optimizer_rule r, const float *skip, draw d, int64_t before) {
  if (skip && *skip != 0) return;
  int tensor = t.of_block((int)blockIdx.x);
  if (t.dtype[PARAMETER][tensor] == TNT_F64)
    optimizer_chunk<double>(t, x, r, tensor, d, before);
  else
    optimizer_chunk<float>(t, x, r, tensor, d, before);
}

template <int TENSORS>
static int optimizer_all(tnt__args *a, const numbers &x, const optimizer_rule &r) {
  tensor_list<LISTS, TENSORS> t;
  static_assert(sizeof t + sizeof x + sizeof r + sizeof(draw) + 16 <= 32764,
                "what a launch carries");
  int next = 0;
  int64_t before = 0;
  const int lists[LISTS] = {PARAMETER, GRADIENT, MASTER, r.states > 0 ? STATE1 : MASTER,
                            r.states > 1 ? STATE2 : MASTER};
  while (fill_list(t, a, lists, &next)) {
    LAUNCH(optimizer_kernel<TENSORS>, dim3((unsigned)t.first[t.n]), dim3(THREADS), 0, a->stream)
    (t, x, r, a->skip, draw{a->seed, a->call, a->counter}, before);
    before += t.first[t.n];
  }
  return launched(a);
}

static int optimizer(tnt__args *a, int n_numbers, const optimizer_rule &r) {
  numbers x = numbers_of(a, n_numbers);
  return a->n_list <= FEW ? optimizer_all<FEW>(a, x, r) : optimizer_all<MANY>(a, x, r);
}

extern "C" int sgd__cuda(tnt__args *a) {
  optimizer_rule r = {};
  r.nesterov = a->integer[SGD__NESTEROV] != 0;
  r.maximize = a->integer[SGD__MAXIMIZE] != 0;
  r.first = a->integer[SGD__FIRST] != 0;
  r.stochastic = a->integer[SGD__STOCHASTIC] != 0;
  r.states = a->number[SGD__MOMENTUM] != 0;
  return optimizer(a, 4, r);
}

/* adam_ and adamw_ have their numbers in the same places. */
static_assert((int)ADAM__LR == (int)ADAMW__LR && (int)ADAM__STEP == (int)ADAMW__STEP, "slots");

extern "C" int adam__cuda(tnt__args *a) {
  optimizer_rule r = {};
  r.adam = true, r.states = 2;
  r.stochastic = a->integer[ADAM__STOCHASTIC] != 0;
  return optimizer(a, 6, r);
}
extern "C" int adamw__cuda(tnt__args *a) {
  optimizer_rule r = {};
  r.adam = r.decoupled = true, r.states = 2;
  r.stochastic = a->integer[ADAMW__STOCHASTIC] != 0;
  return optimizer(a, 6, r);
}
