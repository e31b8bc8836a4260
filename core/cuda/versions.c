/* Which CUDA, and which of its libraries, this one runs with. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "../device.h"
#include "plugin.h"

#ifdef TNT_HAVE_CUDNN
#include "cudnn.h"
#endif
#ifdef TNT_HAVE_NCCL
#include <dlfcn.h>
#include <nccl.h>

#define TEXT_OF(word) #word
#define FILE_OF_VERSION(major) "libnccl.so." TEXT_OF(major)

static int nccl_version(void) {
  void *library = dlopen(FILE_OF_VERSION(NCCL_MAJOR), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  ncclResult_t (*get)(int *) = NULL;
  int version = 0;
  if (library) *(void **)&get = dlsym(library, "ncclGetVersion");
  return get && get(&version) == ncclSuccess ? version : 0;
}
#endif

void tnt__versions(device_versions *out) {
  int runtime = 0, driver = 0;
  if (cudaRuntimeGetVersion(&runtime) == cudaSuccess) out->runtime = runtime;
  if (cudaDriverGetVersion(&driver) == cudaSuccess) out->driver = driver;
  out->cublas = (int64_t)cublasLtGetVersion();
#ifdef TNT_HAVE_CUDNN
  out->cudnn = tnt__cudnn_version();
#endif
#ifdef TNT_HAVE_NCCL
  out->nccl = nccl_version();
#endif
}
