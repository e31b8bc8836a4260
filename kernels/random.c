/* Random numbers: element i of call n draws Philox block (i, n) under the seed as key, so results depend neither on
 * threads nor on vector width. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). */

typedef struct block {
  uint32_t v[4];
} block;

static inline block philox(uint64_t seed, uint64_t call, uint64_t i) {
  uint32_t c0 = (uint32_t)i, c1 = (uint32_t)(i >> 32), c2 = (uint32_t)call,
           c3 = (uint32_t)(call >> 32);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1, c3 = (uint32_t)p0;
    c0 = n0, c2 = n2;
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return (block){{c0, c1, c2, c3}};
}

static inline double unit53(block b) { /* [0, 1), 53 bits */
  return (double)(((uint64_t)b.v[0] << 32 | b.v[1]) >> 11) * 0x1p-53;
}
static inline float unit24(block b) { return (float)(b.v[0] >> 8) * 0x1p-24f; }
#if TNT_IS_FLOAT
#define UNIT unit24
#else
#define UNIT unit53
#endif

#define FILL(expression)                             \
  T *y = a->out[0].data;                             \
  int64_t n = a->out[0].numel;                       \
  int threads = THREADS(n);                          \
  PARALLEL_FOR(i, n, {                               \
    block b = philox(a->seed, a->call, (uint64_t)i); \
    y[i] = (T)(expression);                          \
  });                                                \
  return 0

#if !TNT_IS_INT64
static int uniform__cpu(tnt__args *a) {
  T lo = (T)a->number[UNIFORM__LO], width = (T)(a->number[UNIFORM__HI] - a->number[UNIFORM__LO]);
  int spare = a->stored == TNT_F16    ? 13
              : a->stored == TNT_BF16 ? 16
                                      : 0; /* as many bits as fit, so that hi is not reached */
  if (spare) { FILL(lo + (T)(b.v[0] >> (8 + spare)) * (T)(1 << spare) * (T)0x1p-24 * width); }
  FILL(lo + UNIT(b) * width);
}

static int normal__cpu(tnt__args *a) {
  double mean = a->number[NORMAL__MEAN], std = a->number[NORMAL__STD];
  FILL(mean + std * sqrt(-2 * log(((double)b.v[0] + 1) * 0x1p-32)) *
                  cos(6.283185307179586 * ((double)b.v[1] * 0x1p-32)));
}

static void drop(T *y, const T *x, int64_t n, double p, uint64_t seed, uint64_t call) {
  uint32_t limit = p >= 1 ? UINT32_MAX : (uint32_t)(p * 4294967296.0);
  T scale = p >= 1 ? 0 : (T)(1 / (1 - p));
  int threads = THREADS(n);
  PARALLEL_FOR(i, n, { y[i] = philox(seed, call, (uint64_t)i).v[0] < limit ? 0 : x[i] * scale; });
}

static int dropout_cpu(tnt__args *a) {
  drop(a->out[0].data, a->in[0].data, a->out[0].numel, a->number[DROPOUT_P], a->seed, a->call);
  return 0;
}

static int dropout_again_cpu(tnt__args *a) {
  drop(a->out[0].data, a->in[0].data, a->out[0].numel, a->number[DROPOUT_AGAIN_P],
       (uint64_t)a->integer[DROPOUT_AGAIN_SEED], (uint64_t)a->integer[DROPOUT_AGAIN_TURN]);
  return 0;
}

static int multinomial_cpu(tnt__args *a) {
  const tnt__view *p = &a->in[0];
  int64_t k = p->size[p->ndim - 1], n = a->integer[MULTINOMIAL_N], rows = p->numel / k;
  bool again = a->integer[MULTINOMIAL_REPLACEMENT] != 0;
  int64_t *y = a->out[0].data;
  double *weight = malloc((size_t)k * sizeof *weight);
  if (!weight) return a->fail(TNT_EMEMORY, "multinomial: out of memory");
  int rc = 0;
  for (int64_t r = 0; r < rows && !rc; r++) {
    double total = 0;
    for (int64_t j = 0; j < k; j++) {
      weight[j] = (double)((const T *)p->data)[r * k + j];
      if (!(weight[j] >= 0) || weight[j] - weight[j] != 0) {
        rc = a->fail(TNT_EARGUMENT, "multinomial: weights must be finite and >= 0, row %lld has %g",
                     (long long)r + 1, weight[j]);
        break;
      }
      total += weight[j];
    }
    for (int64_t i = 0; i < n && !rc; i++) {
      if (!(total > 0)) {
        rc = a->fail(TNT_EARGUMENT, "multinomial: row %lld has too few positive weights",
                     (long long)r + 1);
        break;
      }
      double u = unit53(philox(a->seed, a->call, (uint64_t)(r * n + i))) * total, s = 0;
      int64_t j = 0, last = -1;
      for (; j < k; j++) {
        s += weight[j];
        if (weight[j] > 0) last = j;
        if (u < s) break;
      }
      if (j == k) j = last;
      y[r * n + i] = j;
      if (!again) {
        total -= weight[j];
        weight[j] = 0;
        if (i + 1 < n) { /* summed anew, so that rounding leaves no ghost of a weight */
          total = 0;
          for (int64_t l = 0; l < k; l++) total += weight[l];
        }
      }
    }
  }
  free(weight);
  return rc;
}
#endif

static int bernoulli__cpu(tnt__args *a) {
  double p = a->number[BERNOULLI__P];
  if (!(p >= 0 && p <= 1))
    return a->fail(TNT_EARGUMENT, "bernoulli_: p must be in 0..1, got %g", p);
  FILL(unit53(b) < p);
}

static int randint__cpu(tnt__args *a) {
  double lo = a->number[RANDINT__LO], hi = a->number[RANDINT__HI];
  if (!(lo < hi) || lo != floor(lo) || hi != floor(hi)) {
    return a->fail(TNT_EARGUMENT, "randint: whole numbers lo < hi were expected, got %g and %g", lo,
                   hi);
  }
  uint64_t range = (uint64_t)(hi - lo);
  int64_t first = (int64_t)lo;
  FILL(first + (int64_t)(((unsigned __int128)((uint64_t)b.v[0] << 32 | b.v[1]) * range) >> 64));
}

static int randperm__cpu(tnt__args *a) { /* Fisher and Yates */
  T *y = a->out[0].data;
  int64_t n = a->out[0].numel;
  for (int64_t i = 0; i < n; i++) y[i] = (T)i;
  for (int64_t i = n - 1; i > 0; i--) {
    block b = philox(a->seed, a->call, (uint64_t)i);
    int64_t j =
        (int64_t)(((unsigned __int128)((uint64_t)b.v[0] << 32 | b.v[1]) * (uint64_t)(i + 1)) >> 64);
    T v = y[i];
    y[i] = y[j];
    y[j] = v;
  }
  return 0;
}
