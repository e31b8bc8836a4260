/* Cards, errors, and the settings of the environment. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "emulator.h"
#include "nvtx3/nvToolsExt.h"

namespace emulator {
std::recursive_mutex mutex;
static card all[MOST_CARDS];
static int n_cards = -1;
static thread_local int current;
static thread_local cudaError_t last;

int64_t setting(const char *name, int64_t otherwise) {
  const char *text = getenv(name);
  return text && *text ? strtoll(text, nullptr, 10) : otherwise;
}

/* CUDA_VISIBLE_DEVICES: the list ends at the first number that is no card. */
static int visible(int there) {
  const char *list = getenv("CUDA_VISIBLE_DEVICES");
  if (!list) return there;
  int n = 0;
  for (char *end; *list; list = end + (*end == ',')) {
    long i = strtol(list, &end, 10);
    if (end == list || i < 0 || i >= there) break;
    n++;
  }
  return n < there ? n : there;
}

int cards() {
  if (n_cards < 0) {
    int64_t wanted = setting("TNT_EMULATED_CARDS", 2);
    n_cards = visible(wanted < 0 ? 0 : wanted > MOST_CARDS ? MOST_CARDS : (int)wanted);
    for (card &c : all) c.total = (size_t)setting("TNT_EMULATED_BYTES", (int64_t)4 << 30);
  }
  return n_cards;
}
card &card_at(int index) { return all[index]; }
int current_card() { return current; }

cudaError_t note(cudaError_t e) {
  if (e) last = e;
  return e;
}
cudaError_t ready() { return cards() ? all[current].lost : cudaErrorNoDevice; }
} // namespace emulator

using namespace emulator;

cudaError_t cudaGetLastError(void) {
  cudaError_t e = cudaPeekAtLastError();
  last = cudaSuccess;
  return e;
}
cudaError_t cudaPeekAtLastError(void) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  return all[current].lost ? all[current].lost : last;
}

static const struct {
  cudaError_t error;
  const char *name, *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration",
     "invalid configuration argument"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState",
     "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress",
     "an illegal memory access was encountered"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorNotSupported, "cudaErrorNotSupported", "operation not supported"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureMerge, "cudaErrorStreamCaptureMerge",
     "operation would result in a merge of separate capture sequences"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched",
     "capture was not ended in the same stream as it began"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined",
     "capturing stream has unjoined work"},
    {cudaErrorStreamCaptureIsolation, "cudaErrorStreamCaptureIsolation",
     "dependency created on uncaptured work in another stream"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
    {cudaErrorStreamCaptureWrongThread, "cudaErrorStreamCaptureWrongThread",
     "attempt to terminate a thread-local capture sequence from another thread"},
};
const char *cudaGetErrorName(cudaError_t error) {
  for (auto &e : errors) {
    if (e.error == error) return e.name;
  }
  return "unrecognized error code";
}
const char *cudaGetErrorString(cudaError_t error) {
  for (auto &e : errors) {
    if (e.error == error) return e.text;
  }
  return "unrecognized error code";
}

cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int *version) { return cudaRuntimeGetVersion(version); }

/* -- cards --------------------------------------------------------------------------------------------------------------- */
cudaError_t cudaGetDeviceCount(int *count) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  *count = cards();
  return note(cards() ? cudaSuccess : cudaErrorNoDevice);
}
cudaError_t cudaSetDevice(int device) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  if (device < 0 || device >= cards()) TNT_FAIL(cudaErrorInvalidDevice);
  current = device;
  return note(all[device].lost);
}
cudaError_t cudaGetDevice(int *device) {
  *device = current;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *out, int device) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  if (device < 0 || device >= cards()) TNT_FAIL(cudaErrorInvalidDevice);
  memset(out, 0, sizeof *out);
  snprintf(out->name, sizeof out->name, "Emulated card %d", device);
  out->totalGlobalMem = all[device].total;
  out->sharedMemPerBlock = 48 << 10;
  out->sharedMemPerBlockOptin = 227 << 10;
  out->major = 9;
  out->multiProcessorCount = 4; /* few, so that grids of a size per processor stay small */
  out->warpSize = 32;
  out->maxThreadsPerBlock = 1024;
  out->maxThreadsPerMultiProcessor = 2048;
  out->l2CacheSize = 50 << 20;
  out->pciBusID = 0x10 + device;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr which, int device) {
  cudaDeviceProp p;
  if (cudaError_t e = cudaGetDeviceProperties(&p, device)) return e;
  switch (which) {
  case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
  case cudaDevAttrMaxSharedMemoryPerBlock: *value = (int)p.sharedMemPerBlock; break;
  case cudaDevAttrWarpSize: *value = p.warpSize; break;
  case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
  case cudaDevAttrL2CacheSize: *value = p.l2CacheSize; break;
  case cudaDevAttrMaxThreadsPerMultiProcessor: *value = p.maxThreadsPerMultiProcessor; break;
  case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
  case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
  case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = 228 << 10; break;
  case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = (int)p.sharedMemPerBlockOptin; break;
  default: TNT_FAIL(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer) {
  *can = device != peer && device < cards() && peer < cards();
  return cudaSuccess;
}
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned) {
  return note(peer >= 0 && peer < cards() ? cudaSuccess : cudaErrorInvalidDevice);
}

/* -- names --------------------------------------------------------------------------------------------------------------- */
static std::string &names = *new std::string;
int nvtxRangePushA(const char *name) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  names += std::string(name) + "(";
  return 0;
}
int nvtxRangePop(void) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  names += ")";
  return 0;
}
const char *emulator::emulator_names(void) { return names.c_str(); }
