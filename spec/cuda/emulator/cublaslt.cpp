/* Matrix products with cuBLASLt's interface, as plain loops in double. Stricter than the library where that may be lax:
 * promised alignments and the workspace are checked, and the workspace is overwritten. Where it may, it adds up k in two
 * parts of the output's type, as the library does with few blocks. */
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "cublasLt.h"
#include "emulator.cuh"
#include "emulator.h"

struct cublasLtContext {
  int device;
};
struct cublasLtMatmulDescOpaque {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  int32_t ta, tb, epilogue;
  void *bias, *aux; /* results of some epilogues */
  int64_t aux_ld;
};
struct cublasLtMatrixLayoutOpaque { /* columns first */
  cudaDataType_t type;
  int64_t rows, columns, ld, step;
  int32_t count;
};
struct cublasLtMatmulPreferenceOpaque {
  size_t workspace;
  uint32_t schemes, alignment[4]; /* of a, b, c, d */
};

namespace emulator {
enum { WORKSPACE = 4096 };

static double load(const void *data, cudaDataType_t type, int64_t i) {
  switch (type) {
  case CUDA_R_64F: return ((const double *)data)[i];
  case CUDA_R_32F: return (double)((const float *)data)[i];
  case CUDA_R_16F: return (double)__half2float(((const __half *)data)[i]);
  default: return (double)__bfloat162float(((const __nv_bfloat16 *)data)[i]);
  }
}
static void store(void *data, cudaDataType_t type, int64_t i, double v) {
  switch (type) {
  case CUDA_R_64F: ((double *)data)[i] = v; break;
  case CUDA_R_32F: ((float *)data)[i] = (float)v; break;
  case CUDA_R_16F: ((__half *)data)[i] = __float2half_rn((float)v); break;
  default: ((__nv_bfloat16 *)data)[i] = __float2bfloat16_rn((float)v);
  }
}
static double rounded(cudaDataType_t type, double v) {
  double room;
  store(&room, type, 0, v);
  return load(&room, type, 0);
}
/* Ten bits of fraction. */
static double to_tf32(double v) {
  uint32_t bits;
  float f = (float)v;
  memcpy(&bits, &f, 4);
  if (f - f != 0) return v;
  bits = (bits + 0x1000) & 0xffffe000;
  memcpy(&f, &bits, 4);
  return (double)f;
}

/* GELU in its tanh form, and its derivative. */
static double bend(double x) { return tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)); }
static double gelu(double x) { return 0.5 * x * (1 + bend(x)); }
static double gelu_slope(double x) {
  double h = bend(x);
  return 0.5 * (1 + h) + 0.5 * x * (1 - h * h) * 0.7978845608028654 * (1 + 0.134145 * x * x);
}

static bool has_gelu(int32_t epilogue) { return (epilogue & CUBLASLT_EPILOGUE_GELU) != 0; }
static bool has_slope(int32_t epilogue) { return (epilogue & 64) != 0; }
static bool uses_aux(int32_t epilogue) { return (epilogue & 128) != 0; }
static bool adds_bias(int32_t epilogue) { return (epilogue & CUBLASLT_EPILOGUE_BIAS) != 0; }
static bool sums_result(int32_t epilogue) { return (epilogue & 16) != 0; }
static bool sums_b(int32_t epilogue) { return epilogue == CUBLASLT_EPILOGUE_BGRADB; }
static bool uses_vector(int32_t epilogue) {
  return adds_bias(epilogue) || sums_result(epilogue) || sums_b(epilogue);
}

struct product {
  cublasLtMatmulDescOpaque desc;
  cublasLtMatrixLayoutOpaque a, b, c, d;
  const void *pa, *pb, *pc;
  void *pd, *workspace;
  double alpha, beta;
  bool in_parts;
};

static void run(const product &p) {
  int64_t m = p.d.rows, n = p.d.columns, k = p.desc.ta ? p.a.rows : p.a.columns;
  std::vector<double> a((size_t)(m * k)), b((size_t)(n * k)); /* [m, k] and [n, k] */
  bool tf32 = p.desc.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  if (p.workspace) memset(p.workspace, 0xff, WORKSPACE);
  for (int32_t i = 0; i < p.d.count; i++) {
    for (int64_t r = 0; r < m; r++) {
      for (int64_t x = 0; x < k; x++) {
        int64_t at = p.desc.ta ? x + r * p.a.ld : r + x * p.a.ld;
        double v = load(p.pa, p.a.type, i * p.a.step + at);
        a[(size_t)(r * k + x)] = tf32 ? to_tf32(v) : v;
      }
    }
    for (int64_t c = 0; c < n; c++) {
      for (int64_t x = 0; x < k; x++) {
        int64_t at = p.desc.tb ? c + x * p.b.ld : x + c * p.b.ld;
        double v = load(p.pb, p.b.type, i * p.b.step + at);
        b[(size_t)(c * k + x)] = tf32 ? to_tf32(v) : v;
      }
    }
    int32_t e = p.desc.epilogue;
    std::vector<double> over_columns((size_t)m);
    for (int64_t c = 0; c < n; c++) {
      for (int64_t r = 0; r < m; r++) {
        double sum = 0, first = 0;
        const double *ar = &a[(size_t)(r * k)], *bc = &b[(size_t)(c * k)];
        for (int64_t x = 0; x < k; x++) {
          if (p.in_parts && x == k / 2) first = rounded(p.d.type, sum), sum = 0;
          sum += ar[x] * bc[x];
        }
        if (p.in_parts) sum = rounded(p.d.type, sum) + first;
        sum *= p.alpha;
        if (p.beta != 0) sum += p.beta * load(p.pc, p.c.type, i * p.c.step + r + c * p.c.ld);
        if (adds_bias(e)) sum += load(p.desc.bias, p.d.type, r);
        int64_t at = r + c * p.desc.aux_ld;
        if (has_gelu(e) && uses_aux(e)) store(p.desc.aux, p.d.type, at, sum);
        if (has_gelu(e)) sum = gelu(sum);
        if (has_slope(e)) sum *= gelu_slope(load(p.desc.aux, p.d.type, at));
        over_columns[(size_t)r] += sum;
        store(p.pd, p.d.type, i * p.d.step + r + c * p.d.ld, sum);
      }
      double over_k = 0;
      for (int64_t x = 0; x < k && sums_b(e); x++) over_k += b[(size_t)(c * k + x)];
      if (sums_b(e)) store(p.desc.bias, p.d.type, c, over_k);
    }
    for (int64_t r = 0; r < m && sums_result(e); r++)
      store(p.desc.bias, p.d.type, r, over_columns[(size_t)r]);
  }
}

/* What fits together, and is there. Source: cuBLASLt's table of supported types. */
static cublasStatus_t check(const cublasLtMatmulDescOpaque &x, const cublasLtMatrixLayoutOpaque &a,
                            const cublasLtMatrixLayoutOpaque &b,
                            const cublasLtMatrixLayoutOpaque &c,
                            const cublasLtMatrixLayoutOpaque &d) {
  int64_t k = x.ta ? a.rows : a.columns;
  bool sizes = (x.ta ? a.columns : a.rows) == d.rows && (x.tb ? b.rows : b.columns) == d.columns &&
               (x.tb ? b.columns : b.rows) == k && c.rows == d.rows && c.columns == d.columns;
  if (!sizes || a.count != d.count || b.count != d.count || c.count != d.count)
    return CUBLAS_STATUS_INVALID_VALUE;
  for (const cublasLtMatrixLayoutOpaque *l : {&a, &b, &c, &d}) {
    if (l->rows < 1 || l->columns < 1 || l->ld < l->rows || l->count < 1)
      return CUBLAS_STATUS_INVALID_VALUE;
    if (l->type != d.type) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  bool is_double = d.type == CUDA_R_64F;
  bool computes = is_double ? x.compute == CUBLAS_COMPUTE_64F
                  : x.compute == CUBLAS_COMPUTE_32F_FAST_TF32
                      ? d.type == CUDA_R_32F
                      : x.compute == CUBLAS_COMPUTE_32F || x.compute == CUBLAS_COMPUTE_32F_PEDANTIC;
  if (!computes || x.scale != (is_double ? CUDA_R_64F : CUDA_R_32F))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  int32_t e = x.epilogue;
  if (e == CUBLASLT_EPILOGUE_DEFAULT) return CUBLAS_STATUS_SUCCESS;
  bool batched = d.count > 1 && e != CUBLASLT_EPILOGUE_BIAS; /* its one vector is every matrix's */
  if (is_double || batched) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (uses_vector(e) && (!x.bias || (uintptr_t)x.bias % 16)) return CUBLAS_STATUS_INVALID_VALUE;
  if (uses_aux(e) && (!x.aux || (uintptr_t)x.aux % 16 || x.aux_ld < d.rows || x.aux_ld % 8))
    return CUBLAS_STATUS_INVALID_VALUE;
  bool in_eights = a.ld % 8 == 0 && b.ld % 8 == 0 && d.ld % 8 == 0;
  return (has_gelu(e) || has_slope(e)) && !in_eights ? CUBLAS_STATUS_NOT_SUPPORTED
                                                     : CUBLAS_STATUS_SUCCESS;
}

static int64_t products_of[1024]; /* by epilogue */
int64_t emulator_products(int32_t epilogue) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  return epilogue >= 0 && epilogue < 1024 ? products_of[epilogue] : -1;
}

static uint64_t alignment_of(const void *p) {
  uintptr_t bits = (uintptr_t)p | 256;
  return bits & -bits;
}
} // namespace emulator

using namespace emulator;

const char *cublasLtGetStatusString(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_SUCCESS: return "the operation completed successfully";
  case CUBLAS_STATUS_ALLOC_FAILED: return "resource allocation failed";
  case CUBLAS_STATUS_INVALID_VALUE: return "an unsupported value or parameter was passed";
  case CUBLAS_STATUS_EXECUTION_FAILED: return "the program failed to execute";
  default: return "the functionality requested is not supported";
  }
}

template <typename T> static cublasStatus_t make(T **out, const T &value) {
  *out = new (std::nothrow) T(value);
  return *out ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED;
}
template <typename T> static cublasStatus_t set(T *to, const void *value, size_t bytes) {
  if (bytes != sizeof *to) return CUBLAS_STATUS_INVALID_VALUE;
  memcpy(to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}
template <typename T> static cublasStatus_t drop(T *p) {
  delete p;
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion(void) { return 130000; }
cublasStatus_t cublasLtCreate(cublasLtHandle_t *out) { return make(out, {current_card()}); }
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return drop(handle); }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  return make(out, {compute, scale, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, nullptr,
                    nullptr, 0});
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) { return drop(desc); }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t x,
                                              cublasLtMatmulDescAttributes_t which,
                                              const void *value, size_t bytes) {
  switch (which) {
  case CUBLASLT_MATMUL_DESC_TRANSA: return set(&x->ta, value, bytes);
  case CUBLASLT_MATMUL_DESC_TRANSB: return set(&x->tb, value, bytes);
  case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(&x->epilogue, value, bytes);
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return set(&x->bias, value, bytes);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER: return set(&x->aux, value, bytes);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD: return set(&x->aux_ld, value, bytes);
  default: return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType type,
                                          uint64_t rows, uint64_t columns, int64_t ld) {
  return make(out, {type, (int64_t)rows, (int64_t)columns, ld, 0, 1});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return drop(layout); }
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t which,
                                                const void *value, size_t bytes) {
  switch (which) {
  case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return set(&layout->count, value, bytes);
  case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return set(&layout->step, value, bytes);
  default: return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out) {
  return make(out, {0, CUBLASLT_REDUCTION_SCHEME_MASK, {256, 256, 256, 256}});
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p) { return drop(p); }
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t which,
                                                    const void *value, size_t bytes) {
  int i = (int)which - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  if (which == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) return set(&p->workspace, value, bytes);
  if (which == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK) return set(&p->schemes, value, bytes);
  return i >= 0 && i < 4 ? set(&p->alignment[i], value, bytes) : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t *results,
                                              int *found) {
  *found = 0;
  if (!handle || wanted < 1) return CUBLAS_STATUS_INVALID_VALUE;
  cublasStatus_t s = check(*desc, *a, *b, *c, *d);
  if (s) return s;
  memset(results, 0, sizeof *results);
  results->workspaceSize = preference->workspace < WORKSPACE ? 0 : WORKSPACE;
  results->algo.data[0] = results->workspaceSize;
  for (int i = 0; i < 4; i++) results->algo.data[1 + i] = preference->alignment[i];
  /* what it is asked for depends on these pointers; what it gets later must be aligned as they are */
  results->algo.data[5] = uses_vector(desc->epilogue) ? alignment_of(desc->bias) : 1;
  results->algo.data[6] = uses_aux(desc->epilogue) ? alignment_of(desc->aux) : 1;
  results->algo.data[7] = (preference->schemes & CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE) &&
                          desc->epilogue == CUBLASLT_EPILOGUE_DEFAULT;
  int64_t blocks = ((d->rows + 31) / 32) * ((d->columns + 31) / 32); /* of a card that runs 8 */
  results->wavesCount = (float)blocks / 8;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t a_layout, const void *b,
                              cublasLtMatrixLayout_t b_layout, const void *beta, const void *c,
                              cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo,
                              void *workspace, size_t workspace_bytes, cudaStream_t stream) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  if (!handle || !algo || handle->device != device_of(stream)) return CUBLAS_STATUS_INVALID_VALUE;
  cublasStatus_t s = check(*desc, *a_layout, *b_layout, *c_layout, *d_layout);
  if (s) return s;
  const void *pointer[4] = {a, b, c, d};
  for (int i = 0; i < 4; i++) {
    bool aligned = (uintptr_t)pointer[i] % algo->data[1 + i] == 0;
    if (!aligned || kind_of(pointer[i]) != cudaMemoryTypeDevice) return CUBLAS_STATUS_INVALID_VALUE;
  }
  bool needs = algo->data[0] > 0, has = workspace && workspace_bytes >= algo->data[0];
  if (needs && !has) return CUBLAS_STATUS_INVALID_VALUE;
  const void *extra[2] = {uses_vector(desc->epilogue) ? desc->bias : nullptr,
                          uses_aux(desc->epilogue) ? desc->aux : nullptr};
  for (int i = 0; i < 2; i++) {
    bool there = kind_of(extra[i]) == cudaMemoryTypeDevice;
    if (extra[i] && (!there || (uintptr_t)extra[i] % algo->data[5 + i]))
      return CUBLAS_STATUS_INVALID_VALUE;
  }
  product p = {*desc, *a_layout, *b_layout, *c_layout, *d_layout, a, b, c, d, nullptr, 0, 0, false};
  p.in_parts = algo->data[7] != 0;
  products_of[desc->epilogue]++;
  if (needs) p.workspace = workspace;
  p.alpha = load(alpha, desc->scale, 0);
  p.beta = load(beta, desc->scale, 0);
  return submit(stream, [p] { run(p); }) ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}
