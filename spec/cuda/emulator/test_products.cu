/* The emulator's matrix products against loops over indices, and what they refuse. */
#include <cmath>
#include <vector>

#include "cublasLt.h"
#include "emulator.cuh"
#include "test.h"

#define DONE(call) CHECK((call) == CUBLAS_STATUS_SUCCESS)

struct matrices {
  int m, n, k, count;
  bool ta, tb;
  cudaDataType type;
  cublasComputeType_t compute;
  cublasLtEpilogue_t epilogue;
};

static cublasLtMatrixLayout_t layout(cudaDataType type, int rows, int columns, int count) {
  cublasLtMatrixLayout_t l; /* two elements more than it needs from column to column */
  int64_t step = (int64_t)(rows + 2) * columns;
  DONE(cublasLtMatrixLayoutCreate(&l, type, (uint64_t)rows, (uint64_t)columns, rows + 2));
  DONE(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, 4));
  DONE(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, 8));
  return l;
}

template <typename T>
static T *numbers(int n, int seed, double scale) { /* pinned, then the card's */
  T *host, *data;
  OK(cudaMallocHost(&host, (size_t)n * sizeof(T)));
  OK(cudaMalloc(&data, (size_t)n * sizeof(T)));
  for (int i = 0; i < n; i++) host[i] = (T)(((i * 7 + seed) % 11 - 5) * scale);
  OK(cudaMemcpyAsync(data, host, (size_t)n * sizeof(T), cudaMemcpyDefault, nullptr));
  return data;
}

struct heuristic {
  cublasStatus_t status;
  cublasLtMatmulHeuristicResult_t result;
};
static heuristic ask(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                     cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t d, size_t workspace) {
  cublasLtMatmulPreference_t p;
  heuristic h;
  int found;
  DONE(cublasLtMatmulPreferenceCreate(&p));
  DONE(cublasLtMatmulPreferenceSetAttribute(p, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                            sizeof workspace));
  h.status = cublasLtMatmulAlgoGetHeuristic(handle, desc, a, b, d, d, p, 1, &h.result, &found);
  CHECK(found == (h.status == CUBLAS_STATUS_SUCCESS));
  DONE(cublasLtMatmulPreferenceDestroy(p));
  return h;
}

/* d = 2 op(a) op(b) + 0.5 d (+ bias); the largest difference from loops over indices. */
template <typename T> static double difference(const matrices &x, double scale) {
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t desc;
  bool wide = sizeof(T) == 8;
  int32_t ta = x.ta, tb = x.tb, epilogue = x.epilogue;
  int ar = x.ta ? x.k : x.m, ac = x.ta ? x.m : x.k, br = x.tb ? x.n : x.k, bc = x.tb ? x.k : x.n;
  int an = (ar + 2) * ac, bn = (br + 2) * bc, dn = (x.m + 2) * x.n;
  T *a = numbers<T>(an * x.count, 1, scale), *b = numbers<T>(bn * x.count, 4, scale);
  T *d = numbers<T>(dn * x.count, 2, scale), *bias = numbers<T>(x.m, 3, scale);
  DONE(cublasLtCreate(&handle));
  DONE(cublasLtMatmulDescCreate(&desc, x.compute, wide ? CUDA_R_64F : CUDA_R_32F));
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &ta, 4));
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSB, &tb, 4));
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, 4));
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, 8));
  cublasLtMatrixLayout_t al = layout(x.type, ar, ac, x.count), bl = layout(x.type, br, bc, x.count),
                         dl = layout(x.type, x.m, x.n, x.count);
  heuristic h = ask(handle, desc, al, bl, dl, 1 << 20);
  DONE(h.status);
  std::vector<T> va((size_t)(an * x.count)), vb((size_t)(bn * x.count)), v0((size_t)(dn * x.count)),
      v1(v0), vbias((size_t)x.m);
  auto read = [](std::vector<T> &to, const T *from) {
    OK(cudaMemcpyAsync(to.data(), from, to.size() * sizeof(T), cudaMemcpyDefault, nullptr));
  };
  read(va, a), read(vb, b), read(v0, d), read(vbias, bias);
  float alpha = 2, beta = 0.5f;
  double alpha_wide = 2, beta_wide = 0.5;
  void *one = wide ? (void *)&alpha_wide : &alpha, *other = wide ? (void *)&beta_wide : &beta;
  char *workspace;
  OK(cudaMalloc(&workspace, h.result.workspaceSize));
  auto run = [&](const T *from, void *room, size_t bytes) {
    return cublasLtMatmul(handle, desc, one, from, al, b, bl, other, d, dl, d, dl, &h.result.algo,
                          room, bytes, nullptr);
  };
  CHECK(run(a, nullptr, 0) == CUBLAS_STATUS_INVALID_VALUE); /* room */
  CHECK(run(a + 1, workspace, h.result.workspaceSize) ==
        CUBLAS_STATUS_INVALID_VALUE); /* alignment */
  DONE(run(a, workspace, h.result.workspaceSize));
  read(v1, d);
  double most = 0;
  for (int i = 0; i < x.count; i++) {
    for (int c = 0; c < x.n; c++) {
      for (int r = 0; r < x.m; r++) {
        double sum = 0;
        for (int q = 0; q < x.k; q++) {
          sum += (double)va[(size_t)(i * an + (x.ta ? q + r * (ar + 2) : r + q * (ar + 2)))] *
                 (double)vb[(size_t)(i * bn + (x.tb ? c + q * (br + 2) : q + c * (br + 2)))];
        }
        size_t at = (size_t)(i * dn + r + c * (x.m + 2));
        sum = 2 * sum + 0.5 * (double)v0[at];
        if (x.epilogue == CUBLASLT_EPILOGUE_BIAS) sum += (double)vbias[(size_t)r];
        most = fmax(most, fabs(sum - (double)v1[at]));
      }
    }
  }
  return most;
}

/* gelu in its tanh form, and its slope by differences */
static double gelu(double x) {
  return 0.5 * x * (1 + tanh(sqrt(2 / 3.141592653589793) * (x + 0.044715 * x * x * x)));
}
static double gelu_slope(double x) { return (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5; }

enum { EM = 8, EN = 5, EK = 16, AUX = 16 };

struct epilogue_case {
  cublasLtMatmulDesc_t desc;
  cublasLtMatrixLayout_t a, b, d;
  float *pa, *pb, *pd, *vector, *aux;
};

static epilogue_case epilogue_of(int32_t epilogue, int64_t aux_ld, int ldb) {
  epilogue_case x;
  DONE(cublasLtMatmulDescCreate(&x.desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  DONE(cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, 4));
  DONE(cublasLtMatrixLayoutCreate(&x.a, CUDA_R_32F, EM, EK, EM));
  DONE(cublasLtMatrixLayoutCreate(&x.b, CUDA_R_32F, EK, EN, ldb));
  DONE(cublasLtMatrixLayoutCreate(&x.d, CUDA_R_32F, EM, EN, EM));
  x.pa = numbers<float>(EM * EK, 1, 0.125), x.pb = numbers<float>(ldb * EN, 4, 0.125);
  x.pd = numbers<float>(EM * EN, 2, 1), x.vector = numbers<float>(EM, 3, 0.25);
  x.aux = numbers<float>(AUX * EN, 5, 0.25);
  DONE(cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &x.vector, 8));
  DONE(
      cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, &x.aux, 8));
  DONE(cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, &aux_ld, 8));
  return x;
}

static std::vector<float> values(const float *from, int n) {
  std::vector<float> to((size_t)n);
  OK(cudaMemcpyAsync(to.data(), from, (size_t)n * sizeof(float), cudaMemcpyDefault, nullptr));
  return to;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-4; }

static void epilogue(cublasLtHandle_t handle, int32_t e, bool bends, bool slopes, bool kept,
                     bool biased, bool sums_rows, bool sums_b) {
  epilogue_case x = epilogue_of(e, AUX, EK);
  std::vector<float> a = values(x.pa, EM * EK), b = values(x.pb, EK * EN),
                     bias = values(x.vector, EM), aux = values(x.aux, AUX * EN);
  heuristic h = ask(handle, x.desc, x.a, x.b, x.d, 0);
  DONE(h.status);
  float one = 1, zero = 0;
  DONE(cublasLtMatmul(handle, x.desc, &one, x.pa, x.a, x.pb, x.b, &zero, x.pd, x.d, x.pd, x.d,
                      &h.result.algo, nullptr, 0, nullptr));
  std::vector<float> d = values(x.pd, EM * EN), vector = values(x.vector, EM),
                     after = values(x.aux, AUX * EN);
  double rows[EM] = {};
  for (int c = 0; c < EN; c++) {
    double over_k = 0;
    for (int q = 0; q < EK; q++) over_k += (double)b[(size_t)(q + c * EK)];
    for (int r = 0; r < EM; r++) {
      double v = biased ? (double)bias[(size_t)r] : 0;
      for (int q = 0; q < EK; q++)
        v += (double)a[(size_t)(r + q * EM)] * (double)b[(size_t)(q + c * EK)];
      size_t at = (size_t)(r + c * AUX);
      if (kept) CHECK(near((double)after[at], v));
      if (!kept) CHECK(after[at] == aux[at]);
      if (bends) v = gelu(v);
      if (slopes) v *= gelu_slope((double)aux[at]);
      rows[r] += v;
      CHECK(near((double)d[(size_t)(r + c * EM)], v));
    }
    if (sums_b) CHECK(near((double)vector[(size_t)c], over_k));
  }
  for (int r = 0; r < EM && sums_rows; r++) CHECK(near((double)vector[(size_t)r], rows[r]));
}

static void epilogues(cublasLtHandle_t handle) {
  epilogue(handle, CUBLASLT_EPILOGUE_GELU, true, false, false, false, false, false);
  epilogue(handle, CUBLASLT_EPILOGUE_GELU_BIAS, true, false, false, true, false, false);
  epilogue(handle, CUBLASLT_EPILOGUE_GELU_AUX, true, false, true, false, false, false);
  epilogue(handle, CUBLASLT_EPILOGUE_GELU_AUX_BIAS, true, false, true, true, false, false);
  epilogue(handle, CUBLASLT_EPILOGUE_DGELU, false, true, false, false, false, false);
  epilogue(handle, CUBLASLT_EPILOGUE_DGELU_BGRAD, false, true, false, false, true, false);
  epilogue(handle, CUBLASLT_EPILOGUE_BGRADB, false, false, false, false, false, true);
  auto status = [&](const epilogue_case &x) {
    return ask(handle, x.desc, x.a, x.b, x.d, 0).status;
  };
  const int32_t kept = CUBLASLT_EPILOGUE_GELU_AUX;
  CHECK(status(epilogue_of(kept, AUX + 1, EK)) == CUBLAS_STATUS_INVALID_VALUE); /* not in eights */
  CHECK(status(epilogue_of(kept, 0, EK)) == CUBLAS_STATUS_INVALID_VALUE);
  CHECK(status(epilogue_of(kept, AUX, EK + 1)) == CUBLAS_STATUS_NOT_SUPPORTED);
  epilogue_case x = epilogue_of(kept, AUX, EK);
  float *odd = x.aux + 1;
  DONE(cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, &odd, 8));
  CHECK(status(x) == CUBLAS_STATUS_INVALID_VALUE);
  x = epilogue_of(CUBLASLT_EPILOGUE_BGRADB, 0, EK);
  odd = NULL;
  DONE(cublasLtMatmulDescSetAttribute(x.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &odd, 8));
  CHECK(status(x) == CUBLAS_STATUS_INVALID_VALUE);
}

void products() {
  const cublasLtEpilogue_t plain = CUBLASLT_EPILOGUE_DEFAULT, bias = CUBLASLT_EPILOGUE_BIAS;
  for (int way = 0; way < 4; way++) {
    matrices x = {7, 5, 9, 3, (way & 1) != 0, (way & 2) != 0, CUDA_R_32F, CUBLAS_COMPUTE_32F, bias};
    CHECK(difference<float>(x, 0.5) == 0); /* small multiples of 1/4 are exact */
    x.type = CUDA_R_64F, x.compute = CUBLAS_COMPUTE_64F, x.epilogue = plain;
    CHECK(difference<double>(x, 0.5) == 0);
  }
  /* TF32 rounds the factors, and nothing else: 5/3 has 24 bits of fraction, then 10 */
  matrices x = {7, 5, 9, 1, false, false, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, plain};
  double off = difference<float>(x, 1 / 3.0);
  CHECK(off > 1e-4 && off < 1e-1);
  x.compute = CUBLAS_COMPUTE_32F;
  CHECK(difference<float>(x, 1 / 3.0) < 1e-5);
  /* what cuBLASLt has not */
  cublasLtHandle_t handle;
  cublasLtMatmulDesc_t desc;
  int32_t epilogue = bias;
  DONE(cublasLtCreate(&handle));
  epilogues(handle);
  DONE(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_64F, CUDA_R_64F));
  cublasLtMatrixLayout_t l = layout(CUDA_R_64F, 4, 4, 1), f = layout(CUDA_R_32F, 4, 4, 1);
  CHECK(ask(handle, desc, l, l, l, 0).status == CUBLAS_STATUS_SUCCESS);
  CHECK(ask(handle, desc, l, f, l, 0).status == CUBLAS_STATUS_NOT_SUPPORTED);
  CHECK(ask(handle, desc, l, l, layout(CUDA_R_64F, 4, 5, 1), 0).status ==
        CUBLAS_STATUS_INVALID_VALUE);
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, 4));
  CHECK(ask(handle, desc, l, l, l, 0).status == CUBLAS_STATUS_NOT_SUPPORTED);
}
