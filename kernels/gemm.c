/* y[m, n] = a b (+ y) with row-major matrices, a and b possibly stored transposed: for sizes where a library's call costs
 * more than it gains, for machines without one, and for threads that may not touch the library's pool (core/algebra.c).
 * A tile of GEMM_MR rows and two vectors of columns stays in registers; b is packed into strips of that width. Each
 * element is summed over k in one order, so neither threads nor the place in a tile change a result. */

#if defined(TNT_ISA_AVX512)
enum { GEMM_VECTOR = 64, GEMM_MR = 12 };
#elif defined(TNT_ISA_AVX2)
enum { GEMM_VECTOR = 32, GEMM_MR = 6 };
#else
enum { GEMM_VECTOR = 16, GEMM_MR = 6 };
#endif
enum {
  GEMM_LANES = GEMM_VECTOR / sizeof(T),
  GEMM_NR = 2 * GEMM_LANES,
  GEMM_KC = 192,             /* of k at a time */
  GEMM_NC = 512 / sizeof(T), /* of n: a packed block is 96 KiB, in L2 and on the stack */
};

typedef T gemm_vector __attribute__((vector_size(GEMM_VECTOR), aligned(sizeof(T)), may_alias));
typedef T gemm_four __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T)), may_alias));
#if defined(__clang__) || __GNUC__ >= 12
#define GEMM_MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else /* the same with the places as a vector */
#if TNT_IS_FLOAT
typedef int32_t gemm_places __attribute__((vector_size(16)));
#else
typedef int64_t gemm_places __attribute__((vector_size(32)));
#endif
#define GEMM_MIX(a, b, ...) __builtin_shuffle(a, b, (gemm_places){__VA_ARGS__})
#endif

/* to[l * step + c] = from[c * ld + l], 4 x 4 */
static inline void gemm_turn(T *to, int64_t step, const T *from, int64_t ld) {
  gemm_four r0 = *(const gemm_four *)from, r1 = *(const gemm_four *)(from + ld);
  gemm_four r2 = *(const gemm_four *)(from + 2 * ld), r3 = *(const gemm_four *)(from + 3 * ld);
  gemm_four a = GEMM_MIX(r0, r1, 0, 4, 1, 5), b = GEMM_MIX(r2, r3, 0, 4, 1, 5);
  gemm_four c = GEMM_MIX(r0, r1, 2, 6, 3, 7), d = GEMM_MIX(r2, r3, 2, 6, 3, 7);
  *(gemm_four *)to = GEMM_MIX(a, b, 0, 1, 4, 5);
  *(gemm_four *)(to + step) = GEMM_MIX(a, b, 2, 3, 6, 7);
  *(gemm_four *)(to + 2 * step) = GEMM_MIX(c, d, 0, 1, 4, 5);
  *(gemm_four *)(to + 3 * step) = GEMM_MIX(c, d, 2, 3, 6, 7);
}

/* b[k, n] into strips of GEMM_NR columns, the last one filled up with zeros */
static void gemm_pack(T *to, const T *b, int64_t ldb, bool tb, int64_t k, int64_t n) {
  for (int64_t j = 0; j < n; j += GEMM_NR, to += k * GEMM_NR) {
    int64_t columns = n - j < GEMM_NR ? n - j : GEMM_NR;
    if (columns < GEMM_NR) memset(to, 0, (size_t)(k * GEMM_NR) * sizeof(T));
    if (tb) {
      int64_t l = 0;
      for (; l + 4 <= k; l += 4) {
        T *at = to + l * GEMM_NR;
        int64_t c = 0;
        for (; c + 4 <= columns; c += 4) gemm_turn(at + c, GEMM_NR, b + (j + c) * ldb + l, ldb);
        for (; c < columns; c++) {
          for (int q = 0; q < 4; q++) at[q * GEMM_NR + c] = b[(j + c) * ldb + l + q];
        }
      }
      for (; l < k; l++) {
        for (int64_t c = 0; c < columns; c++) to[l * GEMM_NR + c] = b[(j + c) * ldb + l];
      }
    } else if (columns == GEMM_NR) {
      for (int64_t l = 0; l < k; l++)
        memcpy(to + l * GEMM_NR, b + l * ldb + j, GEMM_NR * sizeof(T));
    } else {
      for (int64_t l = 0; l < k; l++)
        memcpy(to + l * GEMM_NR, b + l * ldb + j, (size_t)columns * sizeof(T));
    }
  }
}

/* mr rows of y in one strip. a(i, l) = a[i * ai + l * al]; b(l, c) = b[l * ldb + c]. */
static inline __attribute__((always_inline)) void gemm_tile(int mr, int64_t k, const T *a,
                                                            int64_t ai, int64_t al, const T *b,
                                                            int64_t ldb, bool add, T *y,
                                                            int64_t ldy, int64_t columns) {
  gemm_vector s0[GEMM_MR], s1[GEMM_MR];
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) s0[i] = s1[i] = (gemm_vector){0};
  for (int64_t l = 0; l < k; l++) {
    gemm_vector b0 = *(const gemm_vector *)(b + l * ldb),
                b1 = *(const gemm_vector *)(b + l * ldb + GEMM_LANES);
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      T v = a[i * ai + l * al];
      s0[i] += v * b0;
      s1[i] += v * b1;
    }
  }
  if (columns == GEMM_NR) {
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      gemm_vector *to = (gemm_vector *)(y + i * ldy);
      if (add) {
        to[0] += s0[i];
        to[1] += s1[i];
      } else {
        to[0] = s0[i];
        to[1] = s1[i];
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++) {
    T row[GEMM_NR];
    memcpy(row, &s0[i], sizeof s0[i]);
    memcpy(row + GEMM_LANES, &s1[i], sizeof s1[i]);
    T *to = y + i * ldy;
    for (int64_t c = 0; c < columns; c++) to[c] = add ? to[c] + row[c] : row[c];
  }
}

static __attribute__((noinline)) void gemm_full_tile(int64_t k, const T *a, int64_t ai, int64_t al,
                                                     const T *b, int64_t ldb, bool add, T *y,
                                                     int64_t ldy, int64_t columns) {
  gemm_tile(GEMM_MR, k, a, ai, al, b, ldb, add, y, ldy, columns);
}

static __attribute__((noinline)) void gemm_part_tile(int mr, int64_t k, const T *a, int64_t ai,
                                                     int64_t al, const T *b, int64_t ldb, bool add,
                                                     T *y, int64_t ldy, int64_t columns) {
  while (mr > 0) {
    int rows = mr >= 4 ? 4 : mr >= 2 ? 2 : 1;
    if (rows == 4)
      gemm_tile(4, k, a, ai, al, b, ldb, add, y, ldy, columns);
    else if (rows == 2)
      gemm_tile(2, k, a, ai, al, b, ldb, add, y, ldy, columns);
    else
      gemm_tile(1, k, a, ai, al, b, ldb, add, y, ldy, columns);
    mr -= rows;
    a += rows * ai;
    y += rows * ldy;
  }
}

static void gemm_block(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,
                       const T *b, int64_t ldb, bool add_first, T *y, int64_t ldy) {
  T packed[GEMM_KC * GEMM_NC] __attribute__((aligned(64)));
  T rows[GEMM_KC * GEMM_MR] __attribute__((aligned(64)));
  for (int64_t j0 = 0; j0 < n; j0 += GEMM_NC) {
    int64_t nc = n - j0 < GEMM_NC ? n - j0 : GEMM_NC;
    for (int64_t l0 = 0; l0 < k; l0 += GEMM_KC) {
      int64_t kc = k - l0 < GEMM_KC ? k - l0 : GEMM_KC;
      bool add = add_first || l0 > 0;
      bool direct =
          !tb && m <= 2 * GEMM_MR; /* few rows: packing would cost as much as the product */
      int64_t whole = nc / GEMM_NR * GEMM_NR;
      if (!direct)
        gemm_pack(packed, tb ? b + j0 * ldb + l0 : b + l0 * ldb + j0, ldb, tb, kc, nc);
      else if (whole < nc)
        gemm_pack(packed, b + l0 * ldb + j0 + whole, ldb, false, kc, nc - whole);
      for (int64_t i = 0; i < m; i += GEMM_MR) {
        int mr = m - i < GEMM_MR ? (int)(m - i) : GEMM_MR;
        const T *from = ta ? a + l0 * lda + i : a + i * lda + l0;
        int64_t ai = ta ? 1 : lda, al = ta ? lda : 1;
        if (ta && nc > 2 * GEMM_NR) {
          if (mr == GEMM_MR) {
            for (int64_t l = 0; l < kc; l++)
              memcpy(rows + l * GEMM_MR, from + l * lda, GEMM_MR * sizeof(T));
          } else {
            for (int64_t l = 0; l < kc; l++)
              memcpy(rows + l * GEMM_MR, from + l * lda, (size_t)mr * sizeof(T));
          }
          from = rows;
          al = GEMM_MR;
        }
        for (int64_t j = 0; j < nc; j += GEMM_NR) {
          int64_t columns = nc - j < GEMM_NR ? nc - j : GEMM_NR;
          const T *strip = packed + j * kc;
          int64_t step = GEMM_NR;
          if (direct && columns == GEMM_NR)
            strip = b + l0 * ldb + j0 + j, step = ldb;
          else if (direct)
            strip = packed;
          T *to = y + i * ldy + j0 + j;
          if (mr == GEMM_MR)
            gemm_full_tile(kc, from, ai, al, strip, step, add, to, ldy, columns);
          else
            gemm_part_tile(mr, kc, from, ai, al, strip, step, add, to, ldy, columns);
        }
      }
    }
  }
}

/* Up to three rows: bound by reading b, which is not packed; a's rows lie in one piece. */
enum { GEMM_FEW = 3 };
static T gemm_dot(const T *a, const T *b, int64_t k) {
  gemm_vector s[4] = {{0}, {0}, {0}, {0}};
  int64_t l = 0;
  for (; l + 4 * GEMM_LANES <= k; l += 4 * GEMM_LANES) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++)
      s[v] += *(const gemm_vector *)(a + l + v * GEMM_LANES) *
              *(const gemm_vector *)(b + l + v * GEMM_LANES);
  }
  for (; l + GEMM_LANES <= k; l += GEMM_LANES)
    s[0] += *(const gemm_vector *)(a + l) * *(const gemm_vector *)(b + l);
  gemm_vector all = (s[0] + s[1]) + (s[2] + s[3]);
  T sum = 0;
  for (int v = 0; v < (int)GEMM_LANES; v++) sum += all[v];
  for (; l < k; l++) sum += a[l] * b[l];
  return sum;
}

static void gemm_few(bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda, const T *b,
                     int64_t ldb, bool add, T *y, int64_t ldy) {
  for (int64_t i = 0; i < m; i++) {
    const T *row = a + i * lda;
    T *to = y + i * ldy;
    int64_t j = 0;
    for (; tb && j < n; j++) to[j] = gemm_dot(row, b + j * ldb, k) + (add ? to[j] : 0);
    for (; j + 4 * GEMM_LANES <= n; j += 4 * GEMM_LANES) {
      gemm_vector s[4] = {{0}, {0}, {0}, {0}};
      for (int64_t l = 0; l < k; l++) {
        T v = row[l];
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
          s[c] += v * *(const gemm_vector *)(b + l * ldb + j + c * GEMM_LANES);
      }
#pragma GCC unroll 4
      for (int c = 0; c < 4; c++) {
        gemm_vector *at = (gemm_vector *)(to + j + c * GEMM_LANES);
        if (add)
          *at += s[c];
        else
          *at = s[c];
      }
    }
    for (; j < n; j++) {
      T sum = 0;
      for (int64_t l = 0; l < k; l++) sum += row[l] * b[l * ldb + j];
      to[j] = add ? to[j] + sum : sum;
    }
  }
}

static void gemm_own(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,
                     const T *b, int64_t ldb, bool add, T *y, int64_t ldy, int threads) {
  bool few = m <= GEMM_FEW && !ta;
  if (threads <= 1) {
    if (few)
      gemm_few(tb, m, n, k, a, lda, b, ldb, add, y, ldy);
    else
      gemm_block(ta, tb, m, n, k, a, lda, b, ldb, add, y, ldy);
    return;
  }
  bool by_rows = m >= n && !few; /* parts of the longer side */
  int64_t unit = by_rows ? GEMM_MR : 2 * GEMM_NR, size = by_rows ? m : n;
  int64_t part = ((size + threads - 1) / threads + unit - 1) / unit * unit;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t at = 0; at < size; at += part) {
    int64_t some = size - at < part ? size - at : part;
    if (few)
      gemm_few(tb, m, some, k, a, lda, tb ? b + at * ldb : b + at, ldb, add, y + at, ldy);
    else if (by_rows)
      gemm_block(ta, tb, some, n, k, ta ? a + at : a + at * lda, lda, b, ldb, add, y + at * ldy,
                 ldy);
    else
      gemm_block(ta, tb, m, some, k, a, lda, tb ? b + at * ldb : b + at, ldb, add, y + at, ldy);
  }
}
