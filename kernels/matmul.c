/* Matrix products. Large ones go to the library (core/algebra.c), the others and all without one to kernels/gemm.c, whole
 * numbers to a plain loop. The choice depends on sizes alone: so do the results' last bits. A matrix whose rows or columns lie in one piece is used as it is, anything else is copied first. */

typedef struct matrix {
  const T *data;
  int64_t ld;
  bool transposed;
} matrix;

#if TNT_IS_INT64
/* y[m, n] = a b, row-major, a and b possibly stored transposed */
static void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,
                 const T *b, int64_t ldb, bool add, T *y, int64_t ldy, int threads) {
  PARALLEL_FOR(i, m, {
    T *row = y + i * ldy;
    if (!add) memset(row, 0, (size_t)n * sizeof(T));
    if (tb) {
      for (int64_t j = 0; j < n; j++) {
        T s = 0;
        for (int64_t l = 0; l < k; l++)
          s += (ta ? a[l * lda + i] : a[i * lda + l]) * b[j * ldb + l];
        row[j] += s;
      }
    } else {
      for (int64_t l = 0; l < k; l++) {
        T v = ta ? a[l * lda + i] : a[i * lda + l];
        const T *from = b + l * ldb;
        LOOP_SIMD
        for (int64_t j = 0; j < n; j++) row[j] += v * from[j];
      }
    }
  });
}
#else
/* Where the library is faster, measured on Zen 3 against OpenBLAS 0.3.21 (scripts/bench gemm): large blocks of b do not
 * stay in L2, and columns of a that lie far apart are slow to gather. */
static bool is_for_library(bool ta, int64_t m, int64_t n, int64_t k) {
  if (m <= GEMM_FEW && !ta) return false;
  return m * n * k >= (int64_t)1 << 26 || n >= 2048 || (ta && k >= 512 && m * n >= 4096);
}

static void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,
                 const T *b, int64_t ldb, bool add, T *y, int64_t ldy, int threads) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (int64_t i = 0; i < m && !add; i++) memset(y + i * ldy, 0, (size_t)n * sizeof(T));
    return;
  }
  if (is_for_library(ta, m, n, k)) {
#if TNT_IS_FLOAT
    void (*library)(bool, bool, int64_t, int64_t, int64_t, float, const float *, int64_t,
                    const float *, int64_t, float, float *, int64_t) = tnt__algebra_get()->sgemm;
#else
    void (*library)(bool, bool, int64_t, int64_t, int64_t, double, const double *, int64_t,
                    const double *, int64_t, double, double *, int64_t) = tnt__algebra_get()->dgemm;
#endif
    if (library) {
      library(ta, tb, m, n, k, 1, a, lda, b, ldb, add ? 1 : 0, y, ldy);
      return;
    }
  }
  gemm_own(ta, tb, m, n, k, a, lda, b, ldb, add, y, ldy, threads);
}
#endif

/* Whether the last two dims are a matrix that needs no copy. */
static bool as_matrix(const tnt__view *v, matrix *out) {
  int64_t rows = v->size[v->ndim - 2], columns = v->size[v->ndim - 1];
  int64_t sr = v->stride[v->ndim - 2], sc = v->stride[v->ndim - 1];
  if ((sc == 1 || columns == 1) && (sr >= columns || rows == 1)) {
    *out = (matrix){v->data, rows == 1 ? (columns > 1 ? columns : 1) : sr, false};
    return true;
  }
  if ((sr == 1 || rows == 1) && (sc >= rows || columns == 1)) {
    *out = (matrix){v->data, columns == 1 ? (rows > 1 ? rows : 1) : sc, true};
    return true;
  }
  return false;
}

/* A dense copy of v, any strides; freed by the caller. */
static T *dense_copy(const tnt__view *v) {
  T *to = malloc((size_t)(v->numel ? v->numel : 1) * sizeof(T));
  if (!to) return NULL;
  const T *from = v->data;
  for (int64_t i = 0; i < v->numel; i++) to[i] = from[offset_of(i, v->ndim, v->size, v->stride)];
  return to;
}

typedef struct operand {
  tnt__view view;
  matrix m;
  int64_t stride[8];
  T *copy;
} operand;

static bool prepare(operand *o, const tnt__view *v) {
  o->view = *v;
  o->copy = NULL;
  if (as_matrix(v, &o->m)) {
    memcpy(o->stride, v->stride, sizeof(int64_t) * (size_t)v->ndim);
    return true;
  }
  o->copy = dense_copy(v);
  if (!o->copy) return false;
  int64_t n = 1;
  for (int d = v->ndim - 1; d >= 0; d--) {
    o->stride[d] = n;
    n *= v->size[d];
  }
  o->m = (matrix){o->copy, v->size[v->ndim - 1] > 0 ? v->size[v->ndim - 1] : 1, false};
  return true;
}

/* Where matrix `i` of the batch dims of y lies in an operand whose batch dims broadcast. */
static int64_t batch_offset(const operand *o, const tnt__view *y, int64_t i) {
  int64_t at = 0;
  for (int d = y->ndim - 3; d >= 0; d--) {
    int64_t k = i % y->size[d];
    i /= y->size[d];
    int e = d - (y->ndim - o->view.ndim);
    if (e >= 0 && o->view.size[e] != 1) at += k * o->stride[e];
  }
  return at;
}

static int matmul_cpu(tnt__args *args) {
  const tnt__view *y = &args->out[0];
  operand a, b;
  if (!prepare(&a, &args->in[0])) return args->fail(TNT_EMEMORY, "%s: out of memory", args->op);
  if (!prepare(&b, &args->in[1])) {
    free(a.copy);
    return args->fail(TNT_EMEMORY, "%s: out of memory", args->op);
  }
  int64_t m = y->size[y->ndim - 2], n = y->size[y->ndim - 1], k = a.view.size[a.view.ndim - 1],
          batch = 1;
  for (int d = 0; d < y->ndim - 2; d++) batch *= y->size[d];
  T *out = y->data;
  int threads = THREADS(batch * m * n * (k > 64 ? 64 : k ? k : 1));
  if (k == 0) {
    memset(out, 0, (size_t)y->numel * sizeof(T));
  } else if (batch > 1 && b.view.ndim == 2 && !a.m.transposed && a.view.ndim >= 2 && a.m.ld == k &&
             a.copy == NULL && a.stride[0] * a.view.size[0] == a.view.numel &&
             a.view.numel == batch * m * k) {
    gemm(false, b.m.transposed, batch * m, n, k, a.m.data, k, b.m.data, b.m.ld, false, out, n,
         threads); /* one tall product */
  } else if (batch > 1) {
    PARALLEL_FOR(i, batch, {
      gemm(a.m.transposed, b.m.transposed, m, n, k, a.m.data + batch_offset(&a, y, i), a.m.ld,
           b.m.data + batch_offset(&b, y, i), b.m.ld, false, out + i * m * n, n, 1);
    });
  } else if (batch == 1) {
    gemm(a.m.transposed, b.m.transposed, m, n, k, a.m.data, a.m.ld, b.m.data, b.m.ld, false, out, n,
         threads);
  }
  free(a.copy);
  free(b.copy);
  return 0;
}
