/* The emulator's own test: `test NAME` runs one of the tests below and says what went wrong; spec/cuda/emulator_spec.lua
 * runs them all, each in a process of its own and with the variables that it needs. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "emulator.cuh"
#include "test.h"

#define LAUNCH(kernel, ...) emulated_launch(kernel, __VA_ARGS__)

static float *on_card(int64_t n) {
  float *p;
  OK(cudaMalloc(&p, (size_t)n * sizeof *p));
  return p;
}
static std::vector<float> read(const float *p, int n, cudaStream_t s) {
  std::vector<float> v((size_t)n);
  OK(cudaMemcpyAsync(v.data(), p, (size_t)n * sizeof *p, cudaMemcpyDefault, s));
  return v;
}
static cudaStream_t new_stream() {
  cudaStream_t s;
  OK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  return s;
}
static cudaEvent_t new_event(unsigned flags = cudaEventDisableTiming) {
  cudaEvent_t e;
  OK(cudaEventCreateWithFlags(&e, flags));
  return e;
}

/* -- kernels ------------------------------------------------------------------------------------------------------------ */
static __global__ void fill_kernel(float *y, int n, float value) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = value;
}
static __global__ void add_kernel(float *y, const float *x, int n, float value) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] + value;
}
template <typename T, int N> static __global__ void reverse_kernel(T *y, const T *x, bool barrier) {
  __shared__ T part[N];
  part[threadIdx.x] = x[blockIdx.x * N + threadIdx.x];
  if (barrier) __syncthreads();
  y[blockIdx.x * N + threadIdx.x] = part[N - 1 - threadIdx.x];
}
static __global__ void tree_kernel(float *y, const float *x, int n) {
  float *part = (float *)emulated_shared();
  int t = threadIdx.x;
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + t; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  part[t] = sum;
  for (int step = blockDim.x / 2; step > 0; step /= 2) {
    __syncthreads();
    if (t < step) part[t] += part[t + step];
  }
  if (t == 0) atomicAdd(y, part[0]);
}
static __global__ void warp_kernel(int *out) {
  int lane = threadIdx.x % 32, all = lane;
  int *y = out + threadIdx.x * 8;
  for (int by = 16; by > 0; by /= 2) all += __shfl_xor_sync(0xffffffff, all, by);
  y[0] = all;
  y[1] = __shfl_up_sync(0xffffffff, lane, 1);
  y[2] = __shfl_down_sync(0xffffffff, lane, 1, 8);
  y[3] = __shfl_sync(0xffffffff, lane, 3, 8);
  y[4] = (int)__ballot_sync(0xffffffff, lane % 2);
  if (lane < 16)
    y[5] = __shfl_xor_sync(0x0000ffff, lane, 8);
  else
    y[5] = __shfl_xor_sync(0xffff0000, 100 + lane, 8);
  y[6] = __any_sync(0xffffffff, lane == 5) + 2 * __all_sync(0xffffffff, lane < 31);
  y[7] = __syncthreads_count(threadIdx.x < 5);
}
static __global__ void divergent_kernel(int how) {
  if (how == 0 && threadIdx.x < 7) __syncthreads();
  if (how == 1 && threadIdx.x % 2) __syncwarp();
  if (how == 1) __syncthreads();
  if (how == 2) {
    if (threadIdx.x < 3) return;
    __syncthreads();
  }
}
static __global__ void last_block_kernel(unsigned *count, float *y) {
  __shared__ bool is_last;
  __threadfence();
  if (threadIdx.x == 0) is_last = atomicInc(count, gridDim.x - 1) == gridDim.x - 1;
  __syncthreads();
  if (is_last && threadIdx.x == 0) y[0] += 1;
}
static __global__ void positions_kernel(int *y) {
  int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  atomicAdd(&y[block * (int)(blockDim.x * blockDim.y * blockDim.z) + thread], 1);
}

/* -- tests of kernels ----------------------------------------------------------------------------------------------------- */
static void barriers() {
  cudaStream_t s = new_stream();
  float *x = on_card(512), *y = on_card(512);
  std::vector<float> v(512);
  for (int i = 0; i < 512; i++) v[(size_t)i] = (float)i;
  OK(cudaMemcpyAsync(x, v.data(), 2048, cudaMemcpyDefault, s));
  LAUNCH((reverse_kernel<float, 128>), 4, 128, 0, s)(y, x, true);
  v = read(y, 512, s);
  for (int i = 0; i < 512; i++) CHECK(v[(size_t)i] == (float)(i / 128 * 128 + 127 - i % 128));
  /* without the barrier half of the threads read what was not written yet */
  LAUNCH((reverse_kernel<float, 256>), 1, 256, 0, s)(y, x, false);
  v = read(y, 256, s);
  int wrong = 0;
  for (int i = 0; i < 256; i++) wrong += v[(size_t)i] != (float)(255 - i);
  CHECK(wrong >= 100);
  /* a tree of sums in shared memory, 33 blocks, atomics */
  int n = 100000;
  float *big = on_card(n);
  LAUNCH(fill_kernel, (n + 255) / 256, 256, 0, s)(big, n, 0.5f);
  LAUNCH(fill_kernel, 1, 1, 0, s)(y, 1, 0.f);
  LAUNCH(tree_kernel, 33, 256, 256 * sizeof(float), s)(y, big, n);
  CHECK(read(y, 1, s)[0] == 50000.f);
  /* counting blocks: exactly one is the last */
  unsigned *count;
  OK(cudaMalloc(&count, 4));
  OK(cudaMemsetAsync(count, 0, 4, s));
  for (int i = 0; i < 3; i++) LAUNCH(last_block_kernel, 17, 64, 0, s)(count, y);
  CHECK(read(y, 1, s)[0] == 50003.f);
  OK(cudaGetLastError());
}

static void positions() {
  int *y, got[2 * 3 * 4 * 5 * 6 * 7];
  OK(cudaMalloc(&y, sizeof got));
  OK(cudaMemset(y, 0, sizeof got));
  LAUNCH(positions_kernel, dim3(2, 3, 4), dim3(5, 6, 7), 0, nullptr)(y);
  OK(cudaMemcpy(got, y, sizeof got, cudaMemcpyDeviceToHost));
  for (int v : got) CHECK(v == 1);
}

static void warps() {
  int *y, got[64 * 8];
  OK(cudaMalloc(&y, sizeof got));
  LAUNCH(warp_kernel, 1, 64, 0, nullptr)(y);
  OK(cudaMemcpy(got, y, sizeof got, cudaMemcpyDefault));
  for (int t = 0; t < 64; t++) {
    const int *g = got + t * 8, lane = t % 32;
    CHECK(g[0] == 496);
    CHECK(g[1] == (lane ? lane - 1 : 0));
    CHECK(g[2] == (lane % 8 == 7 ? lane : lane + 1));
    CHECK(g[3] == lane / 8 * 8 + 3);
    CHECK((unsigned)g[4] == 0xaaaaaaaau);
    CHECK(g[5] == (lane < 16 ? lane ^ 8 : 100 + (lane ^ 8)));
    CHECK(g[6] == 1);
    CHECK(g[7] == 5);
  }
}

static void divergence() { /* the variable HOW says which */
  const char *how = getenv("HOW");
  LAUNCH(divergent_kernel, 2, 64, 0, nullptr)(how ? atoi(how) : 0);
  OK(cudaPeekAtLastError());
  CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
  CHECK(cudaGetLastError() == cudaErrorLaunchFailure &&
        cudaGetLastError() == cudaErrorLaunchFailure);
  void *p;
  CHECK(cudaMalloc(&p, 4) == cudaErrorLaunchFailure);
  OK(cudaSetDevice(1)); /* the other card works */
  OK(cudaMalloc(&p, 4));
  LAUNCH(fill_kernel, 1, 32, 0, nullptr)((float *)p, 1, 3.f);
  CHECK(read((float *)p, 1, nullptr)[0] == 3.f);
}

static void configuration() {
  float *y = on_card(4);
  LAUNCH(fill_kernel, 1, 1025, 0, nullptr)(y, 4, 1.f);
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration && cudaGetLastError() == cudaSuccess);
  LAUNCH(fill_kernel, 0, 32, 0, nullptr)(y, 4, 1.f);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  LAUNCH(fill_kernel, dim3(1, 65536), 32, 0, nullptr)(y, 4, 1.f);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  LAUNCH(fill_kernel, 1, 32, 64 << 10, nullptr)(y, 4, 1.f);
  CHECK(cudaGetLastError() == cudaErrorInvalidValue);
  OK(cudaFuncSetAttribute(fill_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 64 << 10));
  LAUNCH(fill_kernel, 1, 32, 64 << 10, nullptr)(y, 4, 1.f);
  OK(cudaGetLastError());
  cudaStream_t s = new_stream();
  OK(cudaSetDevice(1));
  LAUNCH(fill_kernel, 1, 32, 0, s)(y, 4, 1.f);
  CHECK(cudaGetLastError() == cudaErrorInvalidResourceHandle);
}

static void narrow() { /* every 16-bit number there and back; roundings by their neighbours */
  for (int i = 0; i < 65536; i++) {
    __half h = __ushort_as_half((unsigned short)i);
    float f = __half2float(h);
    CHECK(f != f ? (i & 0x7fff) > 0x7c00 : __half_as_ushort(__float2half_rn(f)) == i);
    __nv_bfloat16 b = __ushort_as_bfloat16((unsigned short)i);
    f = __bfloat162float(b);
    CHECK(f != f ? (i & 0x7fff) > 0x7f80 : __bfloat16_as_ushort(__float2bfloat16_rn(f)) == i);
    if ((i & 0x7fff) >= 0x7bff || (i & 0x7fff) >= 0x7f7f) continue;
    float one = __half2float(h), next = __half2float(__ushort_as_half((unsigned short)(i + 1)));
    float middle = (one + next) / 2, beyond = nextafterf(middle, next);
    CHECK(__half_as_ushort(__float2half_rn(middle)) == (i & 1 ? i + 1 : i));
    CHECK(__half_as_ushort(__float2half_rn(beyond)) == i + 1);
    CHECK(__half_as_ushort(__double2half((double)middle + 1e-9 * (next - one))) == i + 1);
    double b1 = (double)__bfloat162float(b),
           b2 = (double)__bfloat162float(__ushort_as_bfloat16((unsigned short)(i + 1)));
    CHECK(__bfloat16_as_ushort(__float2bfloat16_rn((float)((b1 + b2) / 2))) == (i & 1 ? i + 1 : i));
    CHECK(__bfloat16_as_ushort(__double2bfloat16((b1 + b2) / 2 + 1e-9 * (b2 - b1))) == i + 1);
  }
  CHECK(__half_as_ushort(__float2half_rn(65520.f)) == 0x7c00);
  CHECK(__half_as_ushort(__float2half_rn(-65519.f)) == 0xfbff);
}

/* -- tests of streams --------------------------------------------------------------------------------------------------------- */
static bool sees_the_write(bool with_event) {
  static float *x = on_card(64), *y = on_card(64);
  cudaStream_t a = new_stream(), b = new_stream();
  LAUNCH(fill_kernel, 1, 64, 0, a)(x, 64, 1.f);
  OK(cudaDeviceSynchronize());
  LAUNCH(fill_kernel, 1, 64, 0, a)(x, 64, 5.f);
  cudaEvent_t e = new_event();
  OK(cudaEventRecord(e, a));
  LAUNCH(fill_kernel, 1, 64, 0, a)
  (x, 64, 7.f); /* too early for the reader, unless a reader's event is waited for */
  if (with_event) OK(cudaStreamWaitEvent(b, e, 0));
  LAUNCH(add_kernel, 1, 64, 0, b)(y, x, 64, 10.f);
  float seen = read(y, 1, b)[0];
  CHECK(seen == 11.f || seen == 15.f || seen == 17.f);
  if (with_event) CHECK(seen != 11.f);
  return seen == 15.f;
}
static void streams() {
  CHECK(!sees_the_write(false)); /* late */
  CHECK(sees_the_write(true));
}
/* Under some orders what was put on the other stream runs too early. */
static void early() {
  int wrong = 0;
  for (int i = 0; i < 40; i++) wrong += !sees_the_write(true);
  CHECK(wrong > 3 && wrong < 37);
}

static void copies() {
  cudaStream_t s = new_stream();
  float *x = on_card(4), *pinned, host[4] = {1, 2, 3, 4};
  OK(cudaMallocHost(&pinned, 16));
  OK(cudaMemcpyAsync(x, host, 16, cudaMemcpyHostToDevice, s));
  host[0] = 9; /* pageable memory was read already */
  CHECK(read(x, 4, s)[0] == 1);
  memcpy(pinned, host, 16);
  OK(cudaMemcpyAsync(x, pinned, 16, cudaMemcpyHostToDevice, s));
  pinned[0] = 8; /* pinned memory was not */
  CHECK(read(x, 4, s)[0] == 8);
  LAUNCH(fill_kernel, 1, 4, 0, s)(x, 4, 6.f);
  OK(cudaMemcpyAsync(pinned, x, 16, cudaMemcpyDeviceToHost, s));
  CHECK(pinned[0] == 8); /* nobody waited */
  OK(cudaStreamSynchronize(s));
  CHECK(pinned[0] == 6);
  OK(cudaSetDevice(1)); /* from card to card */
  float *there = on_card(4);
  OK(cudaMemcpyAsync(there, x, 16, cudaMemcpyDefault, s));
  CHECK(read(there, 4, s)[3] == 6);
  CHECK(cudaMemcpyAsync(x, host, 16, cudaMemcpyDeviceToDevice, s) == cudaErrorInvalidValue);
  CHECK(cudaMemcpyAsync(x, host, 20, cudaMemcpyDefault, s) == cudaErrorInvalidValue);
  cudaPointerAttributes a;
  OK(cudaPointerGetAttributes(&a, there + 2));
  CHECK(a.type == cudaMemoryTypeDevice && a.device == 1);
  OK(cudaPointerGetAttributes(&a, pinned));
  CHECK(a.type == cudaMemoryTypeHost);
  OK(cudaPointerGetAttributes(&a, host));
  CHECK(a.type == cudaMemoryTypeUnregistered);
}

static void events() {
  cudaStream_t s = new_stream();
  float *x = on_card(1), ms = -1;
  cudaEvent_t e = new_event(), from = new_event(cudaEventDefault), to = new_event(cudaEventDefault);
  OK(cudaEventQuery(e)); /* never recorded */
  OK(cudaEventRecord(from, s));
  LAUNCH(fill_kernel, 1, 1, 0, s)(x, 1, 1.f);
  OK(cudaEventRecord(e, s));
  OK(cudaEventRecord(to, s));
  CHECK(cudaEventElapsedTime(&ms, from, to) == cudaErrorNotReady);
  CHECK(cudaEventElapsedTime(&ms, from, e) == cudaErrorInvalidResourceHandle);
  int asked = 0;
  while (cudaEventQuery(e) == cudaErrorNotReady) asked++;
  CHECK(asked > 0 && asked < 10);
  OK(cudaEventSynchronize(to));
  OK(cudaEventElapsedTime(&ms, from, to));
  CHECK(ms >= 0);
  OK(cudaEventDestroy(e));
  OK(cudaSetDevice(1));
  CHECK(cudaEventRecord(to, nullptr) == cudaErrorInvalidResourceHandle);
}

static void graphs() {
  cudaStream_t s = new_stream(), side = new_stream();
  float *x = on_card(8), *y = on_card(8), *z = on_card(8);
  cudaEvent_t fork = new_event(), join = new_event();
  LAUNCH(fill_kernel, 1, 8, 0, s)(x, 8, 0.f);
  OK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  cudaStreamCaptureStatus status;
  OK(cudaStreamIsCapturing(s, &status));
  CHECK(status == cudaStreamCaptureStatusActive);
  LAUNCH(add_kernel, 1, 8, 0, s)(x, x, 8, 1.f);
  OK(cudaEventRecord(fork, s));
  OK(cudaStreamWaitEvent(side, fork, 0));
  LAUNCH(add_kernel, 1, 8, 0, side)(y, x, 8, 10.f); /* y = x + 10 */
  LAUNCH(add_kernel, 1, 8, 0, s)(z, x, 8, 100.f);
  OK(cudaEventRecord(join, side));
  OK(cudaStreamWaitEvent(s, join, 0));
  LAUNCH(add_kernel, 1, 8, 0, s)(z, y, 8, 1000.f); /* z = y + 1000, after z = x + 100 */
  cudaGraph_t graph;
  cudaGraphExec_t ready;
  OK(cudaStreamEndCapture(s, &graph));
  OK(cudaGraphInstantiate(&ready, graph, 0));
  OK(cudaGraphDestroy(graph));
  CHECK(read(x, 8, s)[0] == 0); /* nothing ran */
  for (int i = 0; i < 3; i++) OK(cudaGraphLaunch(ready, i == 1 ? side : s));
  CHECK(read(z, 8, s)[7] == 1013);
  CHECK(read(x, 8, s)[7] == 3);
  OK(cudaGraphLaunch(ready, s));
  OK(cudaGraphExecDestroy(ready)); /* what was launched still runs */
  CHECK(read(z, 8, s)[7] == 1014);
}

enum { CAPTURES = 8 };
static void refusals() {
  cudaStream_t s = new_stream(), side = new_stream();
  float *x = on_card(8), host[8] = {0};
  cudaEvent_t before = new_event(), e = new_event();
  OK(cudaEventRecord(before, side));
  for (int i = 0; i < CAPTURES; i++) {
    cudaGraph_t graph;
    void *p;
    OK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
    LAUNCH(add_kernel, 1, 8, 0, s)(x, x, 8, 1.f);
    OK(cudaEventRecord(e, s));
    cudaError_t end = cudaErrorStreamCaptureInvalidated;
    switch (i) {
    case 0: CHECK(cudaStreamSynchronize(s) == cudaErrorStreamCaptureUnsupported); break;
    case 1: CHECK(cudaMalloc(&p, 4) == cudaErrorStreamCaptureUnsupported); break;
    case 2: CHECK(cudaEventQuery(before) == cudaErrorStreamCaptureUnsupported); break;
    case 3: CHECK(cudaEventSynchronize(e) == cudaErrorStreamCaptureUnsupported); break;
    case 4:
      CHECK(cudaMemcpyAsync(host, x, 4, cudaMemcpyDefault, s) == cudaErrorStreamCaptureUnsupported);
      break;
    case 5: CHECK(cudaStreamWaitEvent(s, before, 0) == cudaErrorStreamCaptureIsolation); break;
    case 6:
      OK(cudaStreamWaitEvent(side, e, 0));
      LAUNCH(add_kernel, 1, 8, 0, side)(x, x, 8, 1.f);
      end = cudaErrorStreamCaptureUnjoined;
      break;
    case 7: end = cudaSuccess; break;
    }
    cudaGetLastError();
    LAUNCH(add_kernel, 1, 8, 0, s)(x, x, 8, 1.f);
    bool spoilt = end == cudaErrorStreamCaptureInvalidated;
    CHECK(cudaGetLastError() == (spoilt ? end : cudaSuccess));
    CHECK(cudaStreamEndCapture(s, &graph) == end);
    CHECK((graph != nullptr) == (end == cudaSuccess));
    if (graph) OK(cudaGraphDestroy(graph));
    cudaGetLastError();
    OK(cudaStreamSynchronize(s)); /* and all is as before */
  }
  CHECK(cudaEventQuery(e) == cudaErrorCapturedEvent);
}

/* -- tests of memory ------------------------------------------------------------------------------------------------------------ */
static void memory() { /* with TNT_EMULATED_BYTES=1000000 */
  void *a, *b, *c;
  size_t left, total;
  OK(cudaMalloc(&a, 600000));
  CHECK(cudaMalloc(&b, 600000) == cudaErrorMemoryAllocation && !b);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  OK(cudaMemGetInfo(&left, &total));
  CHECK(left == 400000 && total == 1000000);
  OK(cudaSetDevice(1)); /* the other card has its own */
  OK(cudaMalloc(&c, 600000));
  OK(cudaFree(a));
  OK(cudaSetDevice(0));
  OK(cudaMalloc(&b, 600000));
  CHECK(cudaFree(a) == cudaErrorInvalidValue);
  CHECK((uintptr_t)b % 256 == 0 && (uintptr_t)c % 256 == 0);
  float got;
  OK(cudaMemcpy(&got, b, 4, cudaMemcpyDeviceToHost));
  CHECK(got != got); /* new memory is NaN */
}
static void host_reads() { /* ends in a fault */
  float *x = on_card(4);
  OK(cudaDeviceSynchronize());
  printf("%g\n", (double)*(volatile float *)x);
}
static void use_after_free() { /* ends in a fault */
  float *x = on_card(4);
  OK(cudaFree(x));
  LAUNCH(fill_kernel, 1, 4, 0, nullptr)(x, 4, 1.f);
  OK(cudaDeviceSynchronize());
}
static void overrun() { /* ends in a fault */
  float *x = on_card(128);
  LAUNCH(fill_kernel, 8, 128, 0, nullptr)(x, 1024, 1.f);
  OK(cudaDeviceSynchronize());
}
static void fault() { /* with TNT_EMULATED_FAULT=add_kernel */
  float *x = on_card(4);
  LAUNCH(fill_kernel, 1, 4, 0, nullptr)(x, 4, 1.f);
  OK(cudaDeviceSynchronize());
  LAUNCH(add_kernel, 1, 4, 0, nullptr)(x, x, 4, 1.f);
  OK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
  CHECK(cudaFree(x) == cudaErrorIllegalAddress);
}
static void no_cards() { /* with TNT_EMULATED_CARDS=0 */
  int n = -1;
  CHECK(cudaGetDeviceCount(&n) == cudaErrorNoDevice && n == 0);
  void *p;
  CHECK(cudaMalloc(&p, 4) == cudaErrorNoDevice);
}

int main(int n, char **word) {
  static const std::map<std::string, void (*)()> tests = {{"barriers", barriers},
                                                          {"positions", positions},
                                                          {"products", products},
                                                          {"warps", warps},
                                                          {"divergence", divergence},
                                                          {"configuration", configuration},
                                                          {"narrow", narrow},
                                                          {"streams", streams},
                                                          {"early", early},
                                                          {"copies", copies},
                                                          {"events", events},
                                                          {"graphs", graphs},
                                                          {"refusals", refusals},
                                                          {"memory", memory},
                                                          {"host_reads", host_reads},
                                                          {"use_after_free", use_after_free},
                                                          {"overrun", overrun},
                                                          {"fault", fault},
                                                          {"no_cards", no_cards},
                                                          {"matrix_loads", matrix_loads},
                                                          {"fragments", fragments},
                                                          {"arrivals", arrivals},
                                                          {"missing_wait", missing_wait},
                                                          {"misaligned", misaligned}};
  auto test = tests.find(n == 2 ? word[1] : "");
  if (test == tests.end()) {
    for (auto &t : tests) printf("%s\n", t.first.c_str());
    return 2;
  }
  test->second();
  return 0;
}
