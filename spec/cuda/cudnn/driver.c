/* libcuda.so.1 for plans.c: cuDNN hands the code that it compiled to the driver while it builds a plan. This one takes any and
 * has no card. The list holds what cuDNN 9 looks for. */
#define NAMES(F)                                                                                  \
  F(cuCtxGetCurrent)                                                                              \
  F(cuCtxGetDevice)                                                                               \
  F(cuCtxGetLimit) F(cuCtxPopCurrent) F(cuCtxPushCurrent) F(cuDeviceGet) F(cuDeviceGetAttribute)  \
      F(cuDeviceGetCount) F(cuDevicePrimaryCtxRelease) F(cuDevicePrimaryCtxReset) F(              \
          cuDevicePrimaryCtxRetain) F(cuFuncGetAttribute) F(cuFuncSetAttribute) F(cuGetErrorName) \
          F(cuGetErrorString) F(cuInit) F(cuKernelGetAttribute) F(cuLaunchCooperativeKernel)      \
              F(cuLaunchKernel) F(cuLaunchKernelEx) F(cuLibraryLoadFromFile) F(cuLinkAddData)     \
                  F(cuLinkAddData_v2) F(cuLinkAddFile_v2) F(cuLinkComplete) F(cuLinkCreate)       \
                      F(cuLinkCreate_v2) F(cuLinkDestroy) F(cuMemcpyDtoH_v2)                      \
                          F(cuModuleGetFunction) F(cuModuleGetGlobal_v2) F(cuModuleLoadData)      \
                              F(cuModuleLoadDataEx) F(cuModuleLoadFatBinary) F(cuModuleUnload)    \
                                  F(cuOccupancyMaxActiveBlocksPerMultiprocessor)                  \
                                      F(cuOccupancyMaxPotentialClusterSize) F(cuStreamGetCtx)     \
                                          F(cuStreamSynchronize) F(cuTensorMapEncodeTiled)

enum { SUCCESS = 0, NO_DEVICE = 100 };
#define FAILS(name) \
  int name(void) { return NO_DEVICE; }
NAMES(FAILS)

static int something;
int cuDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }
int cuLibraryLoadData(void **library) { return *library = &something, SUCCESS; }
int cuLibraryGetKernel(void **kernel) { return *kernel = &something, SUCCESS; }
int cuLibraryUnload(void *library) { return (void)library, SUCCESS; }
int cuKernelSetAttribute(int attribute, int value) { return (void)attribute, (void)value, SUCCESS; }
