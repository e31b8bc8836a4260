/* Which CUDA, and which of its libraries, this one runs with. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "../device.h"
#include "plugin.h"

#ifdef TNT_HAVE_CUDNN
#include <cudnn.h>
#endif
#ifdef TNT_HAVE_NCCL
#include <nccl.h>
#endif

void tnt__versions(device_versions *out) {
  int runtime = 0, driver = 0;
  if (cudaRuntimeGetVersion(&runtime) == cudaSuccess) out->runtime = runtime;
  if (cudaDriverGetVersion(&driver) == cudaSuccess) out->driver = driver;
  out->cublas = (int64_t)cublasLtGetVersion();
#ifdef TNT_HAVE_CUDNN
  out->cudnn = (int64_t)cudnnGetVersion();
#endif
#ifdef TNT_HAVE_NCCL
  int nccl = 0;
  if (ncclGetVersion(&nccl) == ncclSuccess) out->nccl = nccl;
#endif
}
