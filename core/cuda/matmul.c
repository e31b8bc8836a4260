/* matmul and linear through cuBLASLt, which counts columns first: y = a b is asked for as y' = b' a'. A matrix whose rows
 * or columns lie in one piece is used as it is, anything else is copied first, as on the CPU (kernels/matmul.c). Batch dims
 * become one strided batch and at most 32 calls. Every algorithm cuBLASLt offers gives the same bits in every run. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdlib.h>
#include <string.h>

#include "matmul.h"
#include "plans.h"

enum { MOST_CALLS = 32 };
static const size_t WORKSPACE = (size_t)32 << 20; /* what NVIDIA recommends for Hopper */

/* -- one call of cuBLASLt -------------------------------------------------------------------------------------------- */
typedef struct matrix {
  const char *data;
  int64_t ld;
  bool transposed;
} matrix;

typedef struct
    product { /* y[m, n] = a b (+ y where add; + bias), `count` times, steps in elements */
  int64_t m, n, k, count, step_a, step_b, step_y;
  matrix a, b;
  char *y;
  const void *bias; /* [n] */
  bool add;
  int dtype;
} product;

typedef struct key {
  int64_t kind, m, n, k, count, step_a, step_b, step_y, lda, ldb;
  int card, dtype, align_a, align_b, align_y;
  bool ta, tb, add, biased, tf32, deterministic, unused[2];
} key;

typedef struct plan {
  cublasLtMatmulDesc_t op;
  cublasLtMatrixLayout_t a, b, y; /* a, b in cuBLASLt's order: its first factor is our b */
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace;
  bool found; /* false: cuBLASLt has nothing for this */
} plan;

static cublasLtHandle_t handles[16];

static int failed(tnt__args *a, cublasStatus_t status) {
  return a->fail(TNT_ECUDA, "%s: cuBLASLt: %s", a->op, cublasLtGetStatusString(status));
}

static void drop_plan(void *plan_) {
  plan *p = plan_;
  if (p->op) cublasLtMatmulDescDestroy(p->op);
  if (p->a) cublasLtMatrixLayoutDestroy(p->a);
  if (p->b) cublasLtMatrixLayoutDestroy(p->b);
  if (p->y) cublasLtMatrixLayoutDestroy(p->y);
  free(p);
}

static cudaDataType_t type_of(int dtype) {
  return dtype == TNT_F64    ? CUDA_R_64F
         : dtype == TNT_F16  ? CUDA_R_16F
         : dtype == TNT_BF16 ? CUDA_R_16BF
                             : CUDA_R_32F;
}
static size_t width_of(int dtype) {
  return dtype == TNT_F64 || dtype == TNT_I64 ? 8 : dtype == TNT_F32 ? 4 : 2;
}

static cublasStatus_t make_layout(cublasLtMatrixLayout_t *to, cudaDataType_t type, int64_t rows,
                                  int64_t columns, int64_t ld, int64_t count, int64_t step) {
  int32_t many = (int32_t)count;
  cublasStatus_t s = cublasLtMatrixLayoutCreate(to, type, (uint64_t)rows, (uint64_t)columns, ld);
  if (s || count == 1) return s;
  s = cublasLtMatrixLayoutSetAttribute(*to, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &many, sizeof many);
  if (s) return s;
  return cublasLtMatrixLayoutSetAttribute(*to, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step,
                                          sizeof step);
}

static cublasStatus_t set_bias(plan *p, const void *bias) {
  return cublasLtMatmulDescSetAttribute(p->op, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias,
                                        sizeof bias);
}

static cublasStatus_t describe(plan *p, const product *x, const key *k) {
  cudaDataType_t type = type_of(x->dtype), scale = x->dtype == TNT_F64 ? CUDA_R_64F : CUDA_R_32F;
  cublasComputeType_t compute = x->dtype == TNT_F64              ? CUBLAS_COMPUTE_64F
                                : x->dtype == TNT_F32 && k->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                 : CUBLAS_COMPUTE_32F;
  cublasOperation_t ta = k->tb ? CUBLAS_OP_T : CUBLAS_OP_N, tb = k->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasStatus_t s = cublasLtMatmulDescCreate(&p->op, compute, scale);
  if (!s) s = cublasLtMatmulDescSetAttribute(p->op, CUBLASLT_MATMUL_DESC_TRANSA, &ta, sizeof ta);
  if (!s) s = cublasLtMatmulDescSetAttribute(p->op, CUBLASLT_MATMUL_DESC_TRANSB, &tb, sizeof tb);
  if (!s && x->bias) {
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    s = cublasLtMatmulDescSetAttribute(p->op, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                       sizeof epilogue);
    if (!s) s = set_bias(p, x->bias);
  }
  if (!s)
    s = make_layout(&p->a, type, k->tb ? x->k : x->n, k->tb ? x->n : x->k, x->b.ld, x->count,
                    x->step_b);
  if (!s)
    s = make_layout(&p->b, type, k->ta ? x->m : x->k, k->ta ? x->k : x->m, x->a.ld, x->count,
                    x->step_a);
  if (!s) s = make_layout(&p->y, type, x->n, x->m, x->n, x->count, x->step_y);
  return s;
}

static cublasStatus_t prefer(cublasLtMatmulPreference_t preference, const key *k) {
  const struct {
    cublasLtMatmulPreferenceAttributes_t which;
    int align;
  } aligned[4] = {{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, k->align_b},
                  {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, k->align_a},
                  {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, k->align_y},
                  {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, k->align_y}};
  cublasStatus_t s = cublasLtMatmulPreferenceSetAttribute(
      preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &WORKSPACE, sizeof WORKSPACE);
  for (int i = 0; i < 4 && !s; i++) {
    uint32_t bytes = (uint32_t)aligned[i].align;
    s = cublasLtMatmulPreferenceSetAttribute(preference, aligned[i].which, &bytes, sizeof bytes);
  }
  return s;
}

static cublasStatus_t choose_algorithm(plan *p, cublasLtHandle_t handle, const key *k) {
  cublasLtMatmulPreference_t preference = NULL;
  cublasLtMatmulHeuristicResult_t result;
  int some = 0;
  cublasStatus_t s = cublasLtMatmulPreferenceCreate(&preference);
  if (!s) s = prefer(preference, k);
  if (!s) {
    s = cublasLtMatmulAlgoGetHeuristic(handle, p->op, p->a, p->b, p->y, p->y, preference, 1,
                                       &result, &some);
    if (s == CUBLAS_STATUS_NOT_SUPPORTED) s = CUBLAS_STATUS_SUCCESS, some = 0;
  }
  if (!s && some && result.state == CUBLAS_STATUS_SUCCESS) {
    p->algorithm = result.algo;
    p->workspace = result.workspaceSize;
    p->found = true;
  }
  if (preference) cublasLtMatmulPreferenceDestroy(preference);
  return s;
}

static int plan_of(tnt__args *a, const product *x, plan **out) {
  key k;
  memset(&k, 0, sizeof k);
  k.kind = TNT__PLAN_PRODUCT;
  k.m = x->m, k.n = x->n, k.k = x->k, k.count = x->count;
  k.step_a = x->step_a, k.step_b = x->step_b, k.step_y = x->step_y;
  k.lda = x->a.ld, k.ldb = x->b.ld;
  k.card = a->device - 1, k.dtype = x->dtype;
  k.align_a = tnt__alignment(x->a.data), k.align_b = tnt__alignment(x->b.data),
  k.align_y = tnt__alignment(x->y);
  k.ta = x->a.transposed, k.tb = x->b.transposed, k.add = x->add, k.biased = x->bias != NULL;
  k.tf32 = a->tf32, k.deterministic = a->deterministic;
  *out = tnt__plans_find(&k, sizeof k);
  if (*out) return 0;
  cublasStatus_t s = CUBLAS_STATUS_SUCCESS;
  if (!handles[k.card]) s = cublasLtCreate(&handles[k.card]);
  if (s) return failed(a, s);
  plan *p = calloc(1, sizeof *p);
  if (!p) return a->fail(TNT_EMEMORY, "%s: out of memory", a->op);
  s = describe(p, x, &k);
  if (!s) s = choose_algorithm(p, handles[k.card], &k);
  if (s) {
    drop_plan(p);
    return failed(a, s);
  }
  if (!tnt__plans_keep(&k, sizeof k, p, drop_plan))
    return a->fail(TNT_EMEMORY, "%s: out of memory", a->op);
  *out = p;
  return 0;
}

static int run_plan(tnt__args *a, const product *x, plan *p) {
  const float one = 1, beta = x->add;
  const double one_wide = 1, beta_wide = x->add;
  bool is_double = x->dtype == TNT_F64;
  void *workspace = NULL;
  if (p->workspace) {
    workspace = a->scratch(a, p->workspace);
    if (!workspace) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  }
  cublasStatus_t s = x->bias ? set_bias(p, x->bias) : CUBLAS_STATUS_SUCCESS;
  if (!s) {
    s = cublasLtMatmul(handles[a->device - 1], p->op,
                       is_double ? (const void *)&one_wide : (const void *)&one, x->b.data, p->a,
                       x->a.data, p->b, is_double ? (const void *)&beta_wide : (const void *)&beta,
                       x->y, p->y, x->y, p->y, &p->algorithm, workspace, p->workspace,
                       (cudaStream_t)a->stream);
  }
  return s ? failed(a, s) : 0;
}

/* *done false: cuBLASLt has nothing for this product. */
static int multiply_by_library(tnt__args *a, const product *x, bool *done) {
  plan *p = NULL;
  tnt__plans_lock();
  int rc = plan_of(a, x, &p);
  *done = !rc && p->found;
  if (*done) rc = run_plan(a, x, p);
  tnt__plans_unlock();
  return rc;
}

static int multiply(tnt__args *a, const product *x) {
  bool done = false;
  int rc = x->dtype == TNT_I64 ? 0 : multiply_by_library(a, x, &done);
  if (rc || done) return rc;
  tnt__product own = {.m = x->m,
                      .n = x->n,
                      .k = x->k,
                      .count = x->count,
                      .step_a = x->step_a,
                      .step_b = x->step_b,
                      .step_y = x->step_y,
                      .a = x->a.data,
                      .b = x->b.data,
                      .y = x->y,
                      .lda = x->a.ld,
                      .ldb = x->b.ld,
                      .ta = x->a.transposed,
                      .tb = x->b.transposed,
                      .add = x->add,
                      .dtype = x->dtype};
  return tnt__multiply_own(a, &own);
}

static int zero(tnt__args *a, const tnt__view *y) {
  cudaError_t e =
      cudaMemsetAsync(y->data, 0, (size_t)y->numel * width_of(y->dtype), (cudaStream_t)a->stream);
  return e ? cuda_failed(a->op, (int)e) : launched(a);
}

/* -- operands -------------------------------------------------------------------------------------------------------- */
typedef struct operand {
  tnt__view view; /* all batch dims of y, and the last two */
  int64_t size[8], stride[8];
  matrix m;
} operand;

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

static int copy_operand(tnt__args *a, operand *o) {
  int64_t n = 1;
  for (int d = 0; d < o->view.ndim; d++) n *= o->size[d];
  void *to = a->scratch(a, (size_t)n * width_of(o->view.dtype));
  if (!to) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  o->view.numel = n;
  int rc = tnt__dense_copy(a, &o->view, to);
  o->view.data = to;
  n = 1;
  for (int d = o->view.ndim - 1; d >= 0; d--) {
    o->stride[d] = n;
    n *= o->size[d];
  }
  as_matrix(&o->view, &o->m);
  return rc;
}

/* v with the batch dims of y; strides of 0 where it is repeated. */
static int prepare(tnt__args *a, operand *o, const tnt__view *v, const tnt__view *y) {
  o->view = *v;
  o->view.ndim = y->ndim;
  o->view.size = o->size;
  o->view.stride = o->stride;
  for (int d = 0; d < y->ndim; d++) {
    int e = d - (y->ndim - v->ndim);
    bool is_batch = d < y->ndim - 2, there = e >= 0 && (v->size[e] != 1 || !is_batch);
    o->size[d] = is_batch ? y->size[d] : v->size[e];
    o->stride[d] = there ? v->stride[e] : 0;
  }
  if (as_matrix(&o->view, &o->m)) return 0;
  /* copied as it is, and repeated afterwards */
  int64_t repeated[8];
  for (int d = 0; d < y->ndim - 2; d++) {
    repeated[d] = o->stride[d] == 0 ? o->size[d] : 0;
    if (repeated[d]) o->size[d] = 1;
  }
  int rc = copy_operand(a, o);
  for (int d = 0; d < y->ndim - 2; d++) {
    if (repeated[d]) o->size[d] = repeated[d], o->stride[d] = 0;
  }
  return rc;
}

/* Batch dims of both operands with what can be counted through as one. */
typedef struct batch {
  int n;
  int64_t size[8], step_a[8], step_b[8];
} batch;

static batch batch_of(const operand *a, const operand *b) {
  batch t = {0};
  for (int d = 0; d < a->view.ndim - 2; d++) {
    if (a->size[d] == 1) continue;
    int last = t.n - 1;
    if (last >= 0 && t.step_a[last] == a->stride[d] * a->size[d] &&
        t.step_b[last] == b->stride[d] * b->size[d]) {
      t.size[last] *= a->size[d];
      t.step_a[last] = a->stride[d], t.step_b[last] = b->stride[d];
      continue;
    }
    t.size[t.n] = a->size[d];
    t.step_a[t.n] = a->stride[d], t.step_b[t.n++] = b->stride[d];
  }
  return t;
}

static int64_t calls_of(const batch *t, int *widest) {
  int64_t all = 1;
  *widest = 0;
  for (int d = 0; d < t->n; d++) {
    all *= t->size[d];
    if (t->size[d] > t->size[*widest]) *widest = d;
  }
  return t->n ? all / t->size[*widest] : 1;
}

/* The widest batch dim is cuBLASLt's, the others are walked. y is dense: its matrices lie in order. */
static int multiply_batch(tnt__args *a, product x, const batch *t, int widest, int64_t calls) {
  size_t width = width_of(x.dtype);
  int64_t y_step[8], step = x.m * x.n;
  for (int d = t->n - 1; d >= 0; d--) {
    y_step[d] = step;
    step *= t->size[d];
  }
  x.count = t->n ? t->size[widest] : 1;
  x.step_a = t->n ? t->step_a[widest] : 0;
  x.step_b = t->n ? t->step_b[widest] : 0;
  x.step_y = t->n ? y_step[widest] : 0;
  for (int64_t i = 0; i < calls; i++) {
    product one = x;
    int64_t rest = i;
    for (int d = t->n - 1; d >= 0; d--) {
      if (d == widest) continue;
      int64_t at = rest % t->size[d];
      rest /= t->size[d];
      one.a.data += at * t->step_a[d] * (int64_t)width;
      one.b.data += at * t->step_b[d] * (int64_t)width;
      one.y += at * y_step[d] * (int64_t)width;
    }
    int rc = multiply(a, &one);
    if (rc) return rc;
  }
  return 0;
}

int matmul_cuda(tnt__args *args) {
  const tnt__view *y = &args->out[0];
  operand a, b;
  if (y->numel == 0) return 0;
  int64_t k = args->in[0].size[args->in[0].ndim - 1];
  if (k == 0) return zero(args, y);
  int rc = prepare(args, &a, &args->in[0], y);
  if (!rc) rc = prepare(args, &b, &args->in[1], y);
  if (rc) return rc;
  product x = {.m = y->size[y->ndim - 2],
               .n = y->size[y->ndim - 1],
               .k = k,
               .a = a.m,
               .b = b.m,
               .y = y->data,
               .dtype = y->dtype};
  batch t = batch_of(&a, &b);
  if (t.n == 1 && t.step_b[0] == 0 && !a.m.transposed && t.step_a[0] == x.m * a.m.ld) {
    x.m *= t.size[0]; /* one tall product */
    t.n = 0;
  }
  int widest;
  int64_t calls = calls_of(&t, &widest);
  if (calls > MOST_CALLS) {
    rc = copy_operand(args, &a);
    if (!rc) rc = copy_operand(args, &b);
    if (rc) return rc;
    x.a = a.m, x.b = b.m;
    t = batch_of(&a, &b);
    calls = calls_of(&t, &widest);
  }
  rc = multiply_batch(args, x, &t, widest, calls);
  return rc ? rc : launched(args);
}

/* -- linear ---------------------------------------------------------------------------------------------------------- */
/* All dims of x but the last as one: false where their strides do not allow it. */
static bool as_rows(const tnt__view *x, int64_t rows, int64_t *size, int64_t *stride) {
  int64_t step = 0, seen = 0;
  for (int d = x->ndim - 2; d >= 0; d--) {
    if (x->size[d] == 1) continue;
    if (!seen)
      step = x->stride[d], seen = x->size[d];
    else if (x->stride[d] == step * seen)
      seen *= x->size[d];
    else
      return false;
  }
  size[0] = rows, size[1] = x->size[x->ndim - 1];
  stride[0] = step, stride[1] = x->stride[x->ndim - 1];
  return true;
}

static int prepare_rows(tnt__args *a, matrix *out, const tnt__view *x, int64_t rows) {
  int64_t size[2], stride[2];
  tnt__view v = {x->data, x->numel, 2, x->dtype, size, stride};
  if (as_rows(x, rows, size, stride) && as_matrix(&v, out)) return 0;
  void *to = a->scratch(a, (size_t)x->numel * width_of(x->dtype));
  if (!to) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  *out = (matrix){to, x->size[x->ndim - 1], false};
  return tnt__dense_copy(a, x, to);
}

int linear_cuda(tnt__args *a) { /* y[.., O] = x[.., I] w[O, I]^T + b */
  const tnt__view *x = &a->in[0], *w = &a->in[1], *b = &a->in[2], *y = &a->out[0];
  int64_t ins = x->size[x->ndim - 1], outs = y->size[y->ndim - 1];
  if (y->numel == 0) return 0;
  product p = {.m = y->numel / outs, .n = outs, .k = ins, .count = 1, .dtype = y->dtype};
  p.y = y->data;
  int64_t step = b->data ? b->stride[0] : 0;
  if (ins == 0 && !b->data) return zero(a, y);
  /* cuBLASLt adds the bias as it writes y, but in doubles only to what y holds */
  if (ins && b->data && (step == 1 || outs == 1) && y->dtype != TNT_F64 &&
      tnt__alignment(b->data) >= 16)
    p.bias = b->data;
  int rc = 0;
  if (ins) rc = prepare_rows(a, &p.a, x, p.m);
  if (!rc && ins) rc = prepare_rows(a, &p.b, w, outs);
  if (rc) return rc;
  p.b.transposed = !p.b.transposed;
  bool done = false;
  if (p.bias) {
    rc = multiply_by_library(a, &p, &done);
    if (rc || done) return rc ? rc : launched(a);
    p.bias = NULL;
  }
  if (b->data) {
    rc = tnt__fill_rows(a, b, step, y, p.m);
    p.add = true;
  }
  if (!rc && ins) rc = multiply(a, &p);
  return rc ? rc : launched(a);
}
