/* libcuda.so.1 for plans.c: cuDNN hands the code that it compiled to the driver while it builds a plan. This one takes any and
 * has no card. The list holds what cuDNN 9 looks for. */
enum { SUCCESS = 0, NO_DEVICE = 100 };
#define FAILS(name) \
  int name(void) { return NO_DEVICE; }
FAILS(cuCtxGetCurrent)
FAILS(cuCtxGetDevice)
FAILS(cuCtxGetLimit)
FAILS(cuCtxPopCurrent)
FAILS(cuCtxPushCurrent)
FAILS(cuDeviceGet)
FAILS(cuDeviceGetAttribute)
FAILS(cuDeviceGetCount)
FAILS(cuDevicePrimaryCtxRelease)
FAILS(cuDevicePrimaryCtxReset)
FAILS(cuFuncGetAttribute)
FAILS(cuFuncSetAttribute)
FAILS(cuGetErrorName)
FAILS(cuGetErrorString)
FAILS(cuInit)
FAILS(cuKernelGetAttribute)
FAILS(cuLaunchCooperativeKernel)
FAILS(cuLaunchKernel)
FAILS(cuLaunchKernelEx)
FAILS(cuLibraryLoadFromFile)
FAILS(cuLinkAddData)
FAILS(cuLinkAddData_v2)
FAILS(cuLinkAddFile_v2)
FAILS(cuLinkComplete)
FAILS(cuLinkCreate)
FAILS(cuLinkCreate_v2)
FAILS(cuLinkDestroy)
FAILS(cuMemcpyDtoH_v2)
FAILS(cuModuleGetFunction)
FAILS(cuModuleGetGlobal_v2)
FAILS(cuModuleLoadData)
FAILS(cuModuleLoadDataEx)
FAILS(cuModuleLoadFatBinary)
FAILS(cuModuleUnload)
FAILS(cuOccupancyMaxActiveBlocksPerMultiprocessor)
FAILS(cuOccupancyMaxPotentialClusterSize)
FAILS(cuStreamGetCtx)
FAILS(cuStreamSynchronize)
FAILS(cuTensorMapEncodeTiled)

static int something;
int cuDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }
int cuLibraryLoadData(void **library) { return *library = &something, SUCCESS; }
int cuLibraryGetKernel(void **kernel) { return *kernel = &something, SUCCESS; }
int cuLibraryUnload(void *library) { return (void)library, SUCCESS; }
int cuKernelSetAttribute(int attribute, int value) { return (void)attribute, (void)value, SUCCESS; }
