/* Builds the plans of core/cuda/cudnn*.c for a card that is not here: plans sm_80|sm_90|sm_100 [few] prints for each case the
 * engine that was taken and its workspace, or "nothing"; then what the graphs of attention mean, next to the formula. cuDNN
 * 9.8 and later make plans from a card's properties alone, runtime compilation included (driver.c stands in for the driver
 * then); the functions that would need the card are replaced here. VERBOSE=1 says why calls failed. */
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../core/cuda/attention.h"
#include "../../../core/cuda/conv.h"
#include "../../../core/cuda/cudnn.h"
#include "evaluate.h"
#include "formula.h"

/* -- the card ----------------------------------------------------------------------------------------------------------- */
static const struct card {
  const char *name, *long_name;
  int version, processors, shared, cache, per_processor;
  long long memory;
} cards[] = {{"sm_80", "NVIDIA A100-SXM4-80GB", 800, 108, 166912, 41943040, 32, 85097971712},
             {"sm_90", "NVIDIA H100 80GB HBM3", 900, 132, 232448, 52428800, 32, 84929347584},
             {"sm_100", "NVIDIA B200", 1000, 148, 232448, 132644864, 32, 191496192000}};

static tnt__cudnn_functions real;
static cudnnBackendDescriptor_t properties;
static cudnnBackendDescriptor_t executed; /* the last plan that was to run */
static void tick(cudnnBackendDescriptor_t plan);
static bool evaluating; /* what is to run is worked out on the host */

static void stop(const char *what, cudnnStatus_t status) {
  printf("%s: %s\n", what, real.GetErrorString(status));
  exit(1);
}

static void describe(const struct card *c) {
  char text[2000];
  snprintf(text, sizeof text,
           "{\"deviceName\":\"%s\",\"deviceVer\":%d,\"driverVer\":13000,\"cudaDeviceId\":0,"
           "\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],"
           "\"regsPerBlock\":65536,\"multiProcessorCount\":%d,\"warpSize\":32,"
           "\"maxSharedMemoryPerBlock\":49152,\"maxSharedMemoryPerBlockOptin\":%d,"
           "\"reservedSharedMemoryPerBlock\":1024,\"maxRegistersPerSM\":65536,"
           "\"maxCtasPerSM\":%d,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":2048,"
           "\"pciDeviceId\":0,\"isTccDriver\":0,\"supportCoopLaunch\":1,"
           "\"totalGlobalMem\":%lld,\"smClockRateKHz\":1980000,\"memClockRateKHz\":2619000,"
           "\"l2CacheSize\":%d}",
           c->long_name, c->version, c->processors, c->shared, c->per_processor, c->memory,
           c->cache);
  cudnnStatus_t s = real.BackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &properties);
  if (!s)
    s = real.BackendSetAttribute(properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                 CUDNN_TYPE_CHAR, (int64_t)strlen(text) + 1, text);
  if (!s) s = real.BackendFinalize(properties);
  if (s) stop("the card's properties", s);
}

static cudnnStatus_t no_handle(cudnnHandle_t *handle) {
  *handle = (cudnnHandle_t)&properties;
  return CUDNN_STATUS_SUCCESS;
}
static cudnnStatus_t no_stream(cudnnHandle_t handle, cudaStream_t stream) {
  (void)handle, (void)stream;
  return CUDNN_STATUS_SUCCESS;
}
static cudnnStatus_t no_run(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                            cudnnBackendDescriptor_t pack) {
  (void)handle;
  executed = plan;
  tick(plan);
  if (evaluating) evaluate(pack);
  return CUDNN_STATUS_SUCCESS;
}
static cudnnStatus_t told(const char *what, int name, cudnnStatus_t s) {
  static const char *verbose;
  char why[4000];
  if (!verbose) verbose = getenv("VERBOSE") ? getenv("VERBOSE") : "";
  if (!s || !*verbose) return s;
  cudnnGetLastErrorString(why, sizeof why);
  printf("  %s %d: %s: %s\n", what, name, real.GetErrorString(s), why);
  return s;
}
/* The card's properties, where a handle would be. */
static cudnnStatus_t set(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                         cudnnBackendAttributeType_t type, int64_t n, const void *values) {
  if (name == CUDNN_ATTR_OPERATIONGRAPH_HANDLE) return CUDNN_STATUS_SUCCESS;
  if (name == CUDNN_ATTR_EXECUTION_PLAN_HANDLE) {
    return real.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &properties);
  }
  cudnnStatus_t s = real.BackendSetAttribute(d, name, type, n, values);
  if (!s && evaluating) record(d, name, type, n, values);
  if (!s && name == CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH) {
    s = real.BackendSetAttribute(d, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 1, &properties);
  }
  return told("setting", (int)name, s);
}
static cudnnStatus_t finish(cudnnBackendDescriptor_t d) {
  return told("finishing", 0, real.BackendFinalize(d));
}

static bool capturing;
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
  (void)stream;
  *status = capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *data, int value, size_t bytes, cudaStream_t stream) {
  (void)data, (void)value, (void)bytes, (void)stream;
  return cudaSuccess;
}

/* A clock by which the second plan that is run is the quickest. */
static cudnnBackendDescriptor_t timed[8];
static int n_timed, runs;
static float clock_now, clock_mark[2];
static void tick(cudnnBackendDescriptor_t plan) {
  int i = 0;
  while (i < n_timed && timed[i] != plan) i++;
  if (i == n_timed && n_timed < 8) timed[n_timed++] = plan;
  clock_now += i == 1 ? 1 : 3;
  runs++;
}
cudaError_t cudaEventCreate(cudaEvent_t *e) {
  static int next;
  *e = (cudaEvent_t)&clock_mark[next++ % 2];
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t e) { return (void)e, cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t e) { return (void)e, cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) {
  (void)s;
  *(float *)e = clock_now;
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to) {
  *ms = *(float *)to - *(float *)from;
  return cudaSuccess;
}

/* -- cases -------------------------------------------------------------------------------------------------------------- */
static void *const memory = (void *)(uintptr_t)4096; /* never touched */
static void *scratch(tnt__args *a, size_t bytes) {
  (void)a;
  return evaluating ? aligned_alloc(256, (bytes + 255) / 256 * 256) : memory;
}
static int fail(int status, const char *fmt, ...) { return (void)fmt, status; }

static tnt__args args(bool tf32, bool deterministic) {
  return (tnt__args){.op = "plans",
                     .device = 1,
                     .scratch = scratch,
                     .fail = fail,
                     .tf32 = tf32,
                     .deterministic = deterministic};
}

static void tell(const char *name, int rc, bool done) {
  int64_t n = 0, workspace = 0, index = -1;
  cudnnBackendDescriptor_t config = NULL, engine = NULL;
  printf("%-58s ", name);
  if (rc || !done) {
    printf("%s\n", rc ? "failed" : "nothing");
    return;
  }
  real.BackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &config);
  real.BackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine);
  cudnnStatus_t s = real.BackendGetAttribute(executed, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                             CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &config);
  if (!s)
    s = real.BackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 1, &n, &engine);
  if (!s)
    s = real.BackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &n,
                                 &index);
  if (!s)
    s = real.BackendGetAttribute(executed, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                 CUDNN_TYPE_INT64, 1, &n, &workspace);
  if (s) stop(name, s);
  printf("engine %lld, %lld bytes\n", (long long)index, (long long)workspace);
  real.BackendDestroyDescriptor(engine);
  real.BackendDestroyDescriptor(config);
}

static const char *dtype_name(int dtype) {
  return dtype == TNT_F32 ? "f32" : dtype == TNT_F16 ? "f16" : "bf16";
}

/* q, k and v as they lie in one product of [n, t, 3 h d] where s = t, and the result in [n, t, h d]. */
static void attention(int dtype, int64_t n, int64_t h, int64_t t, int64_t s, int64_t d, bool causal,
                      bool gradient, bool deterministic) {
  tnt__args a = args(false, deterministic);
  int64_t three = s == t ? 3 : 1;
  tnt__heads of_t = {memory, t * three * h * d, d, three * h * d},
             of_s = {memory, s * three * h * d, d, three * h * d},
             y = {memory, t * h * d, d, h * d}, dense_t = {memory, h * t * d, t * d, d},
             dense_s = {memory, h * s * d, s * d, d};
  tnt__attention x = {.dtype = dtype,
                      .n = n,
                      .h = h,
                      .t = t,
                      .s = s,
                      .d = d,
                      .q = of_t,
                      .k = of_s,
                      .v = of_s,
                      .y = y,
                      .dy = y,
                      .dq = dense_t,
                      .dk = dense_s,
                      .dv = dense_s,
                      .lse = memory,
                      .causal = causal,
                      .scale = 0.125};
  char name[200];
  bool done = false;
  snprintf(name, sizeof name, "attention%s %s n%lld h%lld t%lld s%lld d%lld%s%s",
           gradient ? "_grad" : "", dtype_name(dtype), (long long)n, (long long)h, (long long)t,
           (long long)s, (long long)d, causal ? " causal" : "",
           deterministic ? " deterministic" : "");
  int rc = tnt__attention_cudnn(&a, &x, gradient, &done);
  tell(name, rc, done);
}

static void strides_of(int64_t *stride, int64_t c, int64_t h, int64_t w, bool last) {
  int64_t channels_last[4] = {c * h * w, 1, w * c, c}, plain[4] = {c * h * w, h * w, w, 1};
  memcpy(stride, last ? channels_last : plain, sizeof plain);
}

static tnt__convolution convolution_of(int kind, int dtype, bool last, int64_t c, int64_t hw,
                                       int64_t o, int64_t side, int64_t step, int64_t groups) {
  int64_t p = (hw - 1) / step + 1;
  tnt__convolution k = {.kind = kind,
                        .dtype = dtype,
                        .n = 32,
                        .c = c,
                        .h = hw,
                        .w = hw,
                        .o = o,
                        .kh = side,
                        .kw = side,
                        .p = p,
                        .q = p,
                        .groups = groups,
                        .sh = step,
                        .sw = step,
                        .ph = side / 2,
                        .pw = side / 2,
                        .dh = 1,
                        .dw = 1,
                        .x = memory,
                        .weight = memory,
                        .dy = memory,
                        .out = memory};
  strides_of(k.x_stride, c, hw, hw, last);
  strides_of(k.w_stride, c / groups, side, side, last);
  strides_of(k.y_stride, o, p, p, last);
  return k;
}

static void convolution(int kind, int dtype, bool last, int64_t c, int64_t hw, int64_t o,
                        int64_t side, int64_t step, int64_t groups, bool biased, bool tf32,
                        bool deterministic) {
  tnt__args a = args(tf32, deterministic);
  tnt__convolution k = convolution_of(kind, dtype, last, c, hw, o, side, step, groups);
  if (biased) k.bias = memory;
  static const char *const kinds[3] = {"conv2d", "conv2d_dx", "conv2d_dw"};
  char name[200];
  bool done = false;
  snprintf(name, sizeof name, "%s %s %s c%lld hw%lld o%lld k%lld step%lld g%lld%s%s%s", kinds[kind],
           dtype_name(dtype), last ? "last" : "first", (long long)c, (long long)hw, (long long)o,
           (long long)side, (long long)step, (long long)groups, biased ? " bias" : "",
           tf32 ? " tf32" : "", deterministic ? " deterministic" : "");
  int rc = tnt__conv_cudnn(&a, &k, &done);
  if (biased && done && k.bias) strcat(name, " (apart)");
  tell(name, rc, done);
}

/* Which of the plans that were timed is kept, and how often plans ran in a first call and a second. */
static void benchmark(void) {
  tnt__args a = args(false, false);
  bool done = false;
  int first = 0, kept = 0;
  a.benchmark = true;
  n_timed = runs = 0;
  for (int call = 0; call < 2; call++) {
    tnt__convolution k = convolution_of(TNT__CONV, TNT_BF16, true, 64, 56, 64, 3, 1, 1);
    if (tnt__conv_cudnn(&a, &k, &done) || !done) exit(1);
    if (!call) first = runs;
  }
  while (kept < n_timed && timed[kept] != executed) kept++;
  printf("benchmark: %d plans, %d runs, kept plan %d, %d runs\n", n_timed, first, kept + 1,
         runs - first);
}

/* While a step is captured no plan is built, and one that is there is run. */
static void capture(void) {
  tnt__args a = args(false, false);
  bool done[3];
  for (int call = 0; call < 3; call++) {
    tnt__convolution k = convolution_of(TNT__CONV, TNT_BF16, true, 32, 20, 32, 3, 1, 1);
    capturing = call != 1;
    if (tnt__conv_cudnn(&a, &k, &done[call])) exit(1);
  }
  capturing = false;
  printf("capture: %d %d %d\n", done[0], done[1], done[2]);
}

static const int low[2] = {TNT_BF16, TNT_F16};

static void all_attention(void) {
  for (int i = 0; i < 2; i++) {
    for (int gradient = 0; gradient < 2; gradient++) {
      attention(low[i], 8, 12, 1024, 1024, 64, true, gradient, false);
      attention(low[i], 2, 3, 256, 256, 128, false, gradient, false);
      attention(low[i], 1, 2, 128, 384, 40, true, gradient, false);
      attention(low[i], 1, 1, 128, 77, 8, false, gradient, false);
      attention(low[i], 8, 12, 1024, 1024, 64, true, gradient, true);
    }
    attention(low[i], 3, 4, 100, 100, 32, true, false, false);
    attention(low[i], 3, 4, 1, 100, 64, true, false, false);
  }
  attention(TNT_BF16, 3, 4, 100, 100, 32, true, true, false);
  attention(TNT_F32, 3, 4, 128, 128, 32, true, false, false);
}

static void all_convolutions(void) {
  for (int last = 0; last < 2; last++) {
    for (int kind = 0; kind < 3; kind++) {
      for (int i = 0; i < 3; i++) {
        int dtype = i < 2 ? low[i] : TNT_F32;
        convolution(kind, dtype, last, 64, 56, 64, 3, 1, 1, false, false, false);
        convolution(kind, dtype, last, 64, 56, 256, 1, 1, 1, false, false, false);
        if (kind == TNT__CONV)
          convolution(kind, dtype, last, 64, 56, 64, 3, 1, 1, true, false, false);
      }
      convolution(kind, TNT_F32, last, 64, 56, 64, 3, 1, 1, kind == TNT__CONV, true, false);
      convolution(kind, TNT_BF16, last, 64, 56, 64, 3, 1, 1, false, false, true);
      convolution(kind, TNT_BF16, last, 3, 224, 64, 7, 2, 1, kind == TNT__CONV, false, false);
      convolution(kind, TNT_BF16, last, 128, 28, 128, 3, 1, 32, false, false, false);
      convolution(kind, TNT_BF16, last, 64, 28, 64, 3, 1, 64, false, false, false);
    }
    convolution(TNT__CONV, TNT_BF16, last, 1, 28, 16, 5, 1, 1, true, false, false);
  }
}

int main(int n, char **words) {
  bool few = n == 3 && !strcmp(words[2], "few");
  if (!tnt__cudnn_version()) return printf("no cuDNN\n"), 2;
  if (tnt__cudnn_version() < 90800) return printf("cuDNN 9.8 or later is needed\n"), 2;
  real = tnt__cudnn;
  for (size_t i = 0; i < sizeof cards / sizeof *cards && (n == 2 || few); i++) {
    if (!strcmp(cards[i].name, words[1])) describe(&cards[i]);
  }
  if (!properties) return printf("usage: plans sm_80|sm_90|sm_100 [few]\n"), 2;
  tnt__cudnn.Create = no_handle, tnt__cudnn.SetStream = no_stream;
  tnt__cudnn.BackendExecute = no_run, tnt__cudnn.BackendSetAttribute = set;
  tnt__cudnn.BackendFinalize = finish;
  if (few) {
    attention(TNT_BF16, 8, 12, 1024, 1024, 64, true, false, false);
    attention(TNT_BF16, 8, 12, 1024, 1024, 64, true, true, false);
    attention(TNT_BF16, 8, 12, 1024, 1024, 64, true, true, true);
    attention(TNT_F32, 8, 12, 1024, 1024, 64, true, false, false);
    for (int last = 0; last < 2; last++) {
      for (int kind = 0; kind < 3; kind++)
        convolution(kind, TNT_BF16, last, 64, 56, 64, 3, 1, 1, kind == TNT__CONV, false, false);
    }
  } else {
    all_attention();
    all_convolutions();
  }
  benchmark();
  capture();
  tnt__args a = args(false, false);
  evaluating = true;
  compare_attention(&a, 2, 2, 128, 128, 16, true);
  compare_attention(&a, 1, 1, 128, 144, 8, true);
  if (!few) {
    compare_attention(&a, 2, 1, 128, 40, 24, false);
    compare_attention(&a, 1, 3, 17, 17, 32, true);
    compare_attention(&a, 1, 2, 1, 9, 8, true);
  }
  return 0;
}
