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
  DONE(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_64F, CUDA_R_64F));
  cublasLtMatrixLayout_t l = layout(CUDA_R_64F, 4, 4, 1), f = layout(CUDA_R_32F, 4, 4, 1);
  CHECK(ask(handle, desc, l, l, l, 0).status == CUBLAS_STATUS_SUCCESS);
  CHECK(ask(handle, desc, l, f, l, 0).status == CUBLAS_STATUS_NOT_SUPPORTED);
  CHECK(ask(handle, desc, l, l, layout(CUDA_R_64F, 4, 5, 1), 0).status ==
        CUBLAS_STATUS_INVALID_VALUE);
  DONE(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, 4));
  CHECK(ask(handle, desc, l, l, l, 0).status == CUBLAS_STATUS_NOT_SUPPORTED);
}
