/* What a .cu file includes instead of CUDA's headers: code of the card as plain C++, and emulated_launch in the place of
 * kernel<<<...>>>. */
#ifndef TNT_EMULATOR_CUH
#define TNT_EMULATOR_CUH

#include <functional>
#include <tuple>
#include <utility>

#include "cuda_runtime_api.h"
#include "device.h"

#include "cuda_bf16.h"
#include "cuda_fp16.h"

namespace emulator {
struct grid {
  const char *name;
  const void *kernel;
  dim3 blocks, threads;
  size_t shared;
  cudaStream_t stream;
};
/* Checks the sizes and puts the grid on its stream; `thread` is called once per thread of it. What is wrong becomes
 * cudaGetLastError(). */
void launch(const grid &g, std::function<void()> thread);

template <typename... Parameters> struct launcher {
  grid g;
  void (*kernel)(Parameters...);
  /* Arguments are converted and copied now, as in CUDA. */
  void operator()(std::decay_t<Parameters>... arguments) const {
    auto run = [kernel = kernel, kept = std::tuple<std::decay_t<Parameters>...>(
                                     std::move(arguments)...)] { std::apply(kernel, kept); };
    launch(g, std::move(run));
  }
};
template <typename... Parameters>
static inline launcher<Parameters...> launcher_of(void (*kernel)(Parameters...), const char *name,
                                                  dim3 blocks, dim3 threads, size_t shared,
                                                  cudaStream_t stream) {
  return {{name, (const void *)kernel, blocks, threads, shared, stream}, kernel};
}
} // namespace emulator

#define emulated_launch(kernel, ...) emulator::launcher_of(kernel, #kernel, __VA_ARGS__)

template <typename... Parameters>
static inline cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...),
                                               cudaFuncAttribute which, int value) {
  return cudaFuncSetAttribute((const void *)kernel, which, value);
}
template <typename T> static inline cudaError_t cudaMalloc(T **out, size_t bytes) {
  return cudaMalloc((void **)out, bytes);
}
template <typename T> static inline cudaError_t cudaMallocHost(T **out, size_t bytes) {
  return cudaMallocHost((void **)out, bytes);
}

#endif
