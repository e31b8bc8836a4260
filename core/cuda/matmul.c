/* Products through cuBLASLt, which counts columns first: y = a b is asked for as y' = b' a'. A matrix whose rows
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
typedef struct key {
  int64_t kind, m, n, k, count, step_a, step_b, step_y, lda, ldb;
  int card, dtype, epilogue, align_a, align_b, align_y, align_bias, align_aux; /* 0: not there */
  bool ta, tb, add, tf32, deterministic, unused[3];
} key;

typedef struct plan {
  cublasLtMatmulDesc_t op;
  cublasLtMatrixLayout_t a, b, y; /* a, b in cuBLASLt's order: its first factor is our b */
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace;
  bool found; /* false: cuBLASLt has nothing for this, or nothing good */
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
size_t tnt__width_of(int dtype) {
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

static cublasStatus_t set(plan *p, cublasLtMatmulDescAttributes_t which, const void *value,
                          size_t bytes) {
  return cublasLtMatmulDescSetAttribute(p->op, which, value, bytes);
}

static cublasStatus_t set_pointers(plan *p, const tnt__product *x) {
  cublasStatus_t s = CUBLAS_STATUS_SUCCESS;
  if (x->bias) s = set(p, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &x->bias, sizeof x->bias);
  if (!s && x->aux) s = set(p, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, &x->aux, sizeof x->aux);
  return s;
}

/* Its rows are our columns: what we add to every row, it adds to every column. */
static cublasStatus_t describe_epilogue(plan *p, const tnt__product *x) {
  cublasLtEpilogue_t e = CUBLASLT_EPILOGUE_BIAS;
  cublasStatus_t s = CUBLAS_STATUS_SUCCESS;
  if (x->epilogue == TNT__PLAIN) return s;
  if (x->epilogue == TNT__GELU && x->aux)
    e = x->bias ? CUBLASLT_EPILOGUE_GELU_AUX_BIAS : CUBLASLT_EPILOGUE_GELU_AUX;
  else if (x->epilogue == TNT__GELU)
    e = x->bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
  else if (x->epilogue == TNT__SLOPE)
    e = x->bias ? CUBLASLT_EPILOGUE_DGELU_BGRAD : CUBLASLT_EPILOGUE_DGELU;
  else if (x->epilogue == TNT__SUMS)
    e = CUBLASLT_EPILOGUE_BGRADB; /* our a is its B */
  s = set(p, CUBLASLT_MATMUL_DESC_EPILOGUE, &e, sizeof e);
  if (!s && x->aux) s = set(p, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, &x->n, sizeof x->n);
  return s ? s : set_pointers(p, x); /* alignment is read off the pointers */
}

static cublasStatus_t describe(plan *p, const tnt__product *x, const key *k) {
  cudaDataType_t type = type_of(x->dtype), scale = x->dtype == TNT_F64 ? CUDA_R_64F : CUDA_R_32F;
  cublasComputeType_t compute = x->dtype == TNT_F64              ? CUBLAS_COMPUTE_64F
                                : x->dtype == TNT_F32 && k->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                 : CUBLAS_COMPUTE_32F;
  cublasOperation_t ta = k->tb ? CUBLAS_OP_T : CUBLAS_OP_N, tb = k->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasStatus_t s = cublasLtMatmulDescCreate(&p->op, compute, scale);
  if (!s) s = set(p, CUBLASLT_MATMUL_DESC_TRANSA, &ta, sizeof ta);
  if (!s) s = set(p, CUBLASLT_MATMUL_DESC_TRANSB, &tb, sizeof tb);
  if (!s) s = describe_epilogue(p, x);
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
  /* parts of k are added up in f32: results of 16 bits are rounded once, and do not overflow on the way */
  uint32_t schemes = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  if (!s && (k->dtype == TNT_F16 || k->dtype == TNT_BF16))
    s = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                             &schemes, sizeof schemes);
  return s;
}

static cublasStatus_t choose_algorithm(plan *p, cublasLtHandle_t handle, const key *k) {
  cublasLtMatmulPreference_t preference = NULL;
  cublasLtMatmulHeuristicResult_t result = {0};
  int some = 0;
  cublasStatus_t s = cublasLtMatmulPreferenceCreate(&preference);
  if (!s) s = prefer(preference, k);
  if (!s) {
    s = cublasLtMatmulAlgoGetHeuristic(handle, p->op, p->a, p->b, p->y, p->y, preference, 1,
                                       &result, &some);
    if (s == CUBLAS_STATUS_NOT_SUPPORTED) s = CUBLAS_STATUS_SUCCESS, some = 0;
  }
  /* Sums over k come with whole k in one block. Where that leaves half of the card idle, a product that splits k and
   * one more pass over a are faster. */
  bool good = k->epilogue != TNT__SUMS || result.wavesCount >= 0.5F;
  if (!s && some && result.state == CUBLAS_STATUS_SUCCESS && good) {
    p->algorithm = result.algo;
    p->workspace = result.workspaceSize;
    p->found = true;
  }
  if (preference) cublasLtMatmulPreferenceDestroy(preference);
  return s;
}

static int plan_of(tnt__args *a, const tnt__product *x, plan **out) {
  key k;
  memset(&k, 0, sizeof k);
  k.kind = TNT__PLAN_PRODUCT;
  k.m = x->m, k.n = x->n, k.k = x->k, k.count = x->count;
  k.step_a = x->step_a, k.step_b = x->step_b, k.step_y = x->step_y;
  k.lda = x->a.ld, k.ldb = x->b.ld;
  k.card = a->device - 1, k.dtype = x->dtype;
  k.align_a = tnt__alignment(x->a.data), k.align_b = tnt__alignment(x->b.data),
  k.align_y = tnt__alignment(x->y);
  k.align_bias = x->bias ? tnt__alignment(x->bias) : 0;
  k.align_aux = x->aux ? tnt__alignment(x->aux) : 0;
  k.ta = x->a.transposed, k.tb = x->b.transposed, k.add = x->add, k.epilogue = x->epilogue;
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

static int run_plan(tnt__args *a, const tnt__product *x, plan *p) {
  const float one = 1, beta = x->add;
  const double one_wide = 1, beta_wide = x->add;
  bool is_double = x->dtype == TNT_F64;
  void *workspace = NULL;
  if (p->workspace) {
    workspace = a->scratch(a, p->workspace);
    if (!workspace) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  }
  cublasStatus_t s = set_pointers(p, x);
  if (!s) {
    s = cublasLtMatmul(handles[a->device - 1], p->op,
                       is_double ? (const void *)&one_wide : (const void *)&one, x->b.data, p->a,
                       x->a.data, p->b, is_double ? (const void *)&beta_wide : (const void *)&beta,
                       x->y, p->y, x->y, p->y, &p->algorithm, workspace, p->workspace,
                       (cudaStream_t)a->stream);
  }
  return s ? failed(a, s) : 0;
}

int tnt__multiply_by_library(tnt__args *a, const tnt__product *x, bool *done) {
  plan *p = NULL;
  tnt__plans_lock();
  int rc = plan_of(a, x, &p);
  *done = !rc && p->found;
  if (*done) rc = run_plan(a, x, p);
  tnt__plans_unlock();
  return rc;
}

int tnt__multiply(tnt__args *a, const tnt__product *x) {
  bool done = false;
  int rc = x->dtype == TNT_I64 ? 0 : tnt__multiply_by_library(a, x, &done);
  return rc || done ? rc : tnt__multiply_own(a, x);
}

int tnt__zero(tnt__args *a, const tnt__view *y) {
  if (y->numel == 0) return 0;
  cudaError_t e = cudaMemsetAsync(y->data, 0, (size_t)y->numel * tnt__width_of(y->dtype),
                                  (cudaStream_t)a->stream);
  return e ? cuda_failed(a->op, (int)e) : launched(a);
}

/* -- operands -------------------------------------------------------------------------------------------------------- */
typedef struct operand {
  tnt__view view; /* all batch dims of y, and the last two */
  int64_t size[8], stride[8];
  tnt__matrix m;
} operand;

bool tnt__as_matrix(const tnt__view *v, tnt__matrix *out) {
  int64_t rows = v->size[v->ndim - 2], columns = v->size[v->ndim - 1];
  int64_t sr = v->stride[v->ndim - 2], sc = v->stride[v->ndim - 1];
  if ((sc == 1 || columns == 1) && (sr >= columns || rows == 1)) {
    *out = (tnt__matrix){v->data, rows == 1 ? (columns > 1 ? columns : 1) : sr, false};
    return true;
  }
  if ((sr == 1 || rows == 1) && (sc >= rows || columns == 1)) {
    *out = (tnt__matrix){v->data, columns == 1 ? (rows > 1 ? rows : 1) : sc, true};
    return true;
  }
  return false;
}

static int copy_operand(tnt__args *a, operand *o) {
  int64_t n = 1;
  for (int d = 0; d < o->view.ndim; d++) n *= o->size[d];
  void *to = a->scratch(a, (size_t)n * tnt__width_of(o->view.dtype));
  if (!to) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  o->view.numel = n;
  int rc = tnt__dense_copy(a, &o->view, to);
  o->view.data = to;
  n = 1;
  for (int d = o->view.ndim - 1; d >= 0; d--) {
    o->stride[d] = n;
    n *= o->size[d];
  }
  tnt__as_matrix(&o->view, &o->m);
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
  if (tnt__as_matrix(&o->view, &o->m)) return 0;
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
static int multiply_batch(tnt__args *a, tnt__product x, const batch *t, int widest, int64_t calls) {
  size_t width = tnt__width_of(x.dtype);
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
    tnt__product one = x;
    int64_t rest = i;
    for (int d = t->n - 1; d >= 0; d--) {
      if (d == widest) continue;
      int64_t at = rest % t->size[d];
      rest /= t->size[d];
      one.a.data += at * t->step_a[d] * (int64_t)width;
      one.b.data += at * t->step_b[d] * (int64_t)width;
      one.y += at * y_step[d] * (int64_t)width;
    }
    int rc = tnt__multiply(a, &one);
    if (rc) return rc;
  }
  return 0;
}

int matmul_cuda(tnt__args *args) {
  const tnt__view *y = &args->out[0];
  operand a, b;
  if (y->numel == 0) return 0;
  int64_t k = args->in[0].size[args->in[0].ndim - 1];
  if (k == 0) return tnt__zero(args, y);
  int rc = prepare(args, &a, &args->in[0], y);
  if (!rc) rc = prepare(args, &b, &args->in[1], y);
  if (rc) return rc;
  tnt__product x = {.m = y->size[y->ndim - 2],
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
