/* Optimizer steps over whole models. list: parameters, gradients, masters (a parameter without one is its own), then states;
 * the elements of all parameters count through, and each thread takes one run of them, so that a thousand small parameters
 * cost one parallel region. What is not of type T is widened and rounded tile by tile. Coefficients are computed in double
 * and rounded once, as PyTorch does with its scalars. */
#include "rounding.h"

typedef struct optimizer_rule {
  double lr, momentum, dampening, decay, beta1, beta2, eps, step_size,
      root; /* root: of the second bias correction */
  bool nesterov, maximize, first, decoupled, stochastic;
} optimizer_rule;

/* One run of elements of one parameter; s1, s2 are its states there (null: it has none). */
typedef void optimizer_run(T *p, const T *g, T *s1, T *s2, int64_t n, const optimizer_rule *r);

/* Elements from <= k < from + n of a tensor of 16 bits, whose element 0 draws from Philox block `first` on. */
static void store_at_random(uint16_t *to, const T *x, int dtype, int64_t from, int64_t n,
                            const tnt__args *a, int64_t first) {
  uint32_t word[TILE + 8], *w = word;
  for (int64_t b = from / 4; b * 4 < from + n; b++, w += 4)
    memcpy(w, philox(a->seed, a->call, (uint64_t)(first + b)).v, 16);
  w = word + from % 4;
  for (int64_t k = 0; k < n; k++) {
    float v = (float)x[k];
    uint32_t bits;
    memcpy(&bits, &v, 4);
    to[k] = dtype == TNT_BF16 ? bfloat_at_random(bits, w[k]) : half_at_random(bits, w[k]);
  }
}

/* Elements from <= k < to of parameter i. */
static void optimizer_tensor(tnt__args *a, optimizer_run *run, const optimizer_rule *r, int states,
                             int i, int64_t from, int64_t to, int64_t first) {
  enum { PARAMETER, GRADIENT, MASTER, STATE, MOST = 5 };
  const tnt__view *v[MOST];
  int n_lists = STATE + states;
  bool plain = true; /* all is of type T, and nothing lies twice */
  for (int l = 0; l < n_lists; l++) {
    v[l] = &a->list[l * a->n_list + i];
    plain = plain && is_plain(v[l]);
  }
  bool own = v[MASTER]->data == v[PARAMETER]->data;
  plain = plain && own;
  T tile[MOST][TILE], *x[MOST] = {NULL};
  for (int64_t k = from, n; k < to; k += n) {
    n = plain || to - k < TILE ? to - k : TILE;
    for (int l = GRADIENT; l < n_lists; l++) x[l] = borrow(v[l], tile[l], k, n);
    run(x[MASTER], x[GRADIENT], x[STATE], x[STATE + 1], n, r);
    for (int l = MASTER; l < n_lists; l++) {
      if (l == MASTER && r->stochastic && (v[l]->dtype == TNT_BF16 || v[l]->dtype == TNT_F16))
        store_at_random((uint16_t *)v[l]->data + k, x[l], v[l]->dtype, k, n, a, first);
      else
        give_back(v[l], x[l], k, n);
    }
    if (!own) store_tile(element(v[PARAMETER], k), x[MASTER], v[PARAMETER]->dtype, n, 1);
  }
}

/* Elements from <= k < to of all parameters, counted through. */
static void optimizer_part(tnt__args *a, optimizer_run *run, const optimizer_rule *r, int states,
                           int64_t from, int64_t to) {
  int64_t at = 0, first = 0;
  for (int i = 0; i < a->n_list && at < to; i++) {
    int64_t n = a->list[i].numel, k0 = from > at ? from - at : 0, k1 = to - at < n ? to - at : n;
    if (k0 < k1) optimizer_tensor(a, run, r, states, i, k0, k1, first);
    at += n;
    first += (n + ROUNDING_RUN - 1) / ROUNDING_RUN * (ROUNDING_RUN / 4);
  }
}

static const double *optimizer_numbers(const tnt__args *a) { return a->row ? a->row : a->number; }

static void optimizer_all(tnt__args *a, optimizer_run *run, const optimizer_rule *r, int states) {
  if (a->skip && *a->skip != 0) return;
  int64_t total = 0;
  for (int i = 0; i < a->n_list; i++) total += a->list[i].numel;
  int threads = THREADS(total);
  if (threads <= 1) { /* a region of one thread still costs a system call */
    optimizer_part(a, run, r, states, 0, total);
    return;
  }
  int64_t part = ((total + threads - 1) / threads + 63) / 64 * 64; /* whole cache lines */
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; t++) {
    optimizer_part(a, run, r, states, part * t, part * (t + 1) < total ? part * (t + 1) : total);
  }
}

static void sgd_run(T *restrict p, const T *restrict g, T *restrict buf, T *s2, int64_t n,
                    const optimizer_rule *r) {
  (void)s2;
  T lr = (T)r->lr, decay = (T)r->decay, momentum = (T)r->momentum,
    fresh = (T)(r->first ? 1 : 1 - r->dampening);
  T sign = r->maximize ? -1 : 1, old = r->first ? 0 : momentum, ahead = r->nesterov ? 1 : 0;
  if (!buf) {
    LOOP_SIMD
    for (int64_t k = 0; k < n; k++) p[k] -= lr * (sign * g[k] + decay * p[k]);
    return;
  }
  if (r->first) { /* the buffer may hold anything yet */
    LOOP_SIMD
    for (int64_t k = 0; k < n; k++) buf[k] = 0;
  }
  T reach = r->nesterov ? momentum : 1;
  LOOP_SIMD
  for (int64_t k = 0; k < n; k++) {
    T d = sign * g[k] + decay * p[k];
    T b = old * buf[k] + fresh * d;
    buf[k] = b;
    p[k] -= lr * (ahead * d + reach * b);
  }
}

/* Source: Sutskever et al. 2013 in PyTorch's form: b = momentum b + (1 - dampening) d, on the first step b = d. */
static int sgd__cpu(tnt__args *a) {
  const double *x = optimizer_numbers(a);
  optimizer_rule r = {
      .lr = x[SGD__LR],
      .momentum = x[SGD__MOMENTUM],
      .dampening = x[SGD__DAMPENING],
      .decay = x[SGD__WEIGHT_DECAY],
      .nesterov = a->integer[SGD__NESTEROV] != 0,
      .maximize = a->integer[SGD__MAXIMIZE] != 0,
      .first = a->integer[SGD__FIRST] != 0,
      .stochastic = a->integer[SGD__STOCHASTIC] != 0,
  };
  optimizer_all(a, sgd_run, &r, a->number[SGD__MOMENTUM] != 0 ? 1 : 0);
  return 0;
}

static void adam_run(T *restrict p, const T *restrict g, T *restrict m, T *restrict v, int64_t n,
                     const optimizer_rule *r) {
  T beta1 = (T)(1 - r->beta1), beta2 = (T)r->beta2, fresh = (T)(1 - r->beta2), eps = (T)r->eps;
  T size = (T)r->step_size, root = (T)r->root;
  T shrink = r->decoupled ? (T)(1 - r->lr * r->decay) : 1, decay = r->decoupled ? 0 : (T)r->decay;
  LOOP_SIMD
  for (int64_t k = 0; k < n; k++) {
    T q = p[k] * shrink;
    T d = g[k] + decay * q;
    T m1 = m[k] + beta1 * (d - m[k]);
    T v1 = v[k] * beta2 + fresh * d * d;
    m[k] = m1;
    v[k] = v1;
    p[k] = q - size * m1 / (SQRT(v1) / root + eps);
  }
}

static void adam_all(tnt__args *a, optimizer_rule *r, double step) {
  r->step_size = r->lr / (1 - pow(r->beta1, step));
  r->root = sqrt(1 - pow(r->beta2, step));
  optimizer_all(a, adam_run, r, 2);
}

/* Source: Kingma and Ba 2015, with decay added to the gradient. */
static int adam__cpu(tnt__args *a) {
  const double *x = optimizer_numbers(a);
  optimizer_rule r = {.lr = x[ADAM__LR],
                      .beta1 = x[ADAM__BETA1],
                      .beta2 = x[ADAM__BETA2],
                      .eps = x[ADAM__EPS],
                      .decay = x[ADAM__WEIGHT_DECAY],
                      .stochastic = a->integer[ADAM__STOCHASTIC] != 0};
  adam_all(a, &r, x[ADAM__STEP]);
  return 0;
}

/* Source: Loshchilov and Hutter 2019: decay shrinks the parameter by lr times decay. */
static int adamw__cpu(tnt__args *a) {
  const double *x = optimizer_numbers(a);
  optimizer_rule r = {.lr = x[ADAMW__LR],
                      .beta1 = x[ADAMW__BETA1],
                      .beta2 = x[ADAMW__BETA2],
                      .eps = x[ADAMW__EPS],
                      .decay = x[ADAMW__WEIGHT_DECAY],
                      .stochastic = a->integer[ADAMW__STOCHASTIC] != 0,
                      .decoupled = true};
  adam_all(a, &r, x[ADAMW__STEP]);
  return 0;
}
