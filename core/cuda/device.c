/* The device table of the cards, through the CUDA runtime: memory, streams, events, captured graphs. A thread works on
 * one card at a time (stream() chooses it); each card has one stream to compute on and one to copy on. An error that the
 * card does not recover from is remembered: everything after it says that the card is lost, and why. */
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/cuda_table_gen.h"
#include "../device.h"
#include "plugin.h"

/* For NVIDIA's own tools (Nsight Systems): header-only, in the toolkit's include folder. */
#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define HAVE_NVTX 1
#endif

int (*tnt__fail)(int status, const char *fmt, ...);

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static struct card {
  cudaStream_t stream[STREAMS];
  tnt__fault *fault;
} cards[MAX_CARDS];
static __thread int here = -1; /* this thread's card */
static bool sync_wanted;       /* TNT_SYNC=1 */
static char lost[400];         /* why; empty while all is well */

/* -- errors ------------------------------------------------------------------------------------------------------------ */
/* Those after which the context answers every call with the same error. Source: CUDA Runtime API, cudaError. */
static bool is_sticky(int e) {
  switch (e) {
  case cudaErrorECCUncorrectable:
  case cudaErrorNvlinkUncorrectable:
  case cudaErrorIllegalAddress:
  case cudaErrorLaunchTimeout:
  case cudaErrorAssert:
  case cudaErrorHardwareStackError:
  case cudaErrorIllegalInstruction:
  case cudaErrorMisalignedAddress:
  case cudaErrorInvalidAddressSpace:
  case cudaErrorInvalidPc:
  case cudaErrorLaunchFailure: return true;
  default: return false;
  }
}

static int still_lost(const char *what) {
  return tnt__fail(TNT_ECUDA,
                   "%s: the card is lost since an earlier error (%s); start the program again, "
                   "with TNT_SYNC=1 to learn which op it was",
                   what, lost);
}

int cuda_failed(const char *what, int e) {
  cudaGetLastError(); /* one that is not sticky is over now */
  if (lost[0]) return still_lost(what);
  const char *text = cudaGetErrorString((cudaError_t)e);
  if (!is_sticky(e)) return tnt__fail(TNT_ECUDA, "%s: %s", what, text);
  snprintf(lost, sizeof lost, "%s: %s", what, text);
  return tnt__fail(TNT_ECUDA,
                   "%s: %s; the card is lost to this program, and so is what lay on it: start it "
                   "again from its last checkpoint%s",
                   what, text,
                   sync_wanted ? ""
                               : ", with TNT_SYNC=1 to learn which op it was (errors of a card "
                                 "are found late)");
}

#define CUDA(what, call)                                              \
  do {                                                                \
    if (lost[0]) return still_lost(what);                             \
    cudaError_t status = (call);                                      \
    if (status != cudaSuccess) return cuda_failed(what, (int)status); \
  } while (0)

/* The texts are those of the CPU's kernels. */
static int report(const tnt__fault *f) {
  const char *op = f->op ? f->op : "cuda";
  switch (f->kind) {
  case FAULT_ID:
    return tnt__fail(
        TNT_EARGUMENT,
        "%s: stored positions count from 0 and must be in 0..%lld, element %lld is %lld", op,
        (long long)f->limit - 1, (long long)f->element + 1, (long long)f->id);
  case FAULT_TARGET:
    return tnt__fail(TNT_EARGUMENT,
                     "%s: targets count from 0 and must be in 0..%lld (or ignore_index %.0f), row "
                     "%lld has %lld",
                     op, (long long)f->limit - 1, f->value, (long long)f->element + 1,
                     (long long)f->id);
  case FAULT_DIVISOR:
    return tnt__fail(TNT_EARGUMENT,
                     "%s: whole numbers cannot be divided by 0 (x:float() gives infinity and NaN)",
                     op);
  case FAULT_WEIGHT:
    return tnt__fail(TNT_EARGUMENT, "%s: weights must be finite and >= 0, row %lld has %g", op,
                     (long long)f->element + 1, f->value);
  default:
    return tnt__fail(TNT_EARGUMENT, "%s: row %lld has too few positive weights", op,
                     (long long)f->element + 1);
  }
}

static int check_faults(void) {
  for (int i = 0; i < MAX_CARDS; i++) {
    tnt__fault *f = cards[i].fault;
    if (!f || !__atomic_load_n(&f->kind, __ATOMIC_ACQUIRE)) continue;
    tnt__fault seen = *f;
    memset(f, 0, sizeof *f);
    return report(&seen);
  }
  return 0;
}

tnt__fault *fault_here(void) { return here >= 0 ? cards[here].fault : NULL; }

static int finished(const char *op, void *stream) {
  cudaError_t e = cudaGetLastError();
  if (lost[0]) return still_lost(op);
  if (e != cudaSuccess) return cuda_failed(op, (int)e);
  if (!sync_wanted) return 0;
  enum cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  CUDA(op, cudaStreamIsCapturing(stream, &capturing));
  if (capturing != cudaStreamCaptureStatusNone) return 0;
  CUDA(op, cudaStreamSynchronize(stream));
  return check_faults();
}
int launched(tnt__args *a) { return finished(a->op, a->stream); }
int launched_plan(const tnt__plan *p) { return finished(p->op, p->stream); }

/* -- cards ---------------------------------------------------------------------------------------------------------------- */
static int count(void) {
  int n = 0;
  if (cudaGetDeviceCount(&n) != cudaSuccess) {
    cudaGetLastError();
    return 0;
  }
  return n < MAX_CARDS ? n : MAX_CARDS;
}

static int use(int index) {
  if (here == index) return 0;
  CUDA("cuda: choosing a card", cudaSetDevice(index));
  here = index;
  return 0;
}

static int facts(int index, device_facts *out) {
  struct cudaDeviceProp p;
  size_t total = 0, free_bytes = 0;
  if (use(index)) return TNT_ECUDA;
  CUDA("cuda: properties", cudaGetDeviceProperties(&p, index));
  CUDA("cuda: free memory", cudaMemGetInfo(&free_bytes, &total));
  memset(out, 0, sizeof *out);
  snprintf(out->name, sizeof out->name, "%.127s", p.name);
  out->total_bytes = (int64_t)total;
  out->free_bytes = (int64_t)free_bytes;
  out->major = p.major, out->minor = p.minor, out->processors = p.multiProcessorCount;
  out->l2_bytes = p.l2CacheSize, out->shared_bytes = (int64_t)p.sharedMemPerBlockOptin;
  snprintf(out->bus, sizeof out->bus, "%08X:%02X:%02X.0", (unsigned)p.pciDomainID,
           (unsigned)p.pciBusID & 0xffu, (unsigned)p.pciDeviceID & 0xffu);
  return 0;
}

static int open_card(int index) {
  struct card *c = &cards[index];
  CUDA("cuda: opening a card", cudaMallocHost((void **)&c->fault, sizeof *c->fault));
  memset(c->fault, 0, sizeof *c->fault);
  for (int s = 0; s < STREAMS; s++) {
    CUDA("cuda: making a stream", cudaStreamCreateWithFlags(&c->stream[s], cudaStreamNonBlocking));
  }
  return 0;
}

static void *stream(int index, int which) {
  if (index < 0 || index >= MAX_CARDS || use(index)) return NULL;
  struct card *c = &cards[index];
  if (!__atomic_load_n(&c->stream[STREAMS - 1], __ATOMIC_ACQUIRE)) {
    pthread_mutex_lock(&opening);
    if (!c->stream[STREAMS - 1]) open_card(index);
    pthread_mutex_unlock(&opening);
  }
  return c->stream[which];
}

/* -- memory ----------------------------------------------------------------------------------------------------------------- */
/* Memory and events may be asked for while a step is being captured: the runtime allows it to who says so. */
static cudaError_t unordered(enum cudaStreamCaptureMode *mode) {
  *mode = cudaStreamCaptureModeRelaxed;
  return cudaThreadExchangeStreamCaptureMode(mode);
}

static void *card_alloc(int index, size_t bytes) {
  void *data = NULL;
  enum cudaStreamCaptureMode mode;
  if (lost[0] || use(index) || unordered(&mode) != cudaSuccess) return NULL;
  cudaError_t e = cudaMalloc(&data, bytes);
  cudaThreadExchangeStreamCaptureMode(&mode);
  if (e == cudaSuccess) return data;
  if (e != cudaErrorMemoryAllocation) cuda_failed("cuda: allocating memory", (int)e);
  cudaGetLastError();
  return NULL;
}
static void card_release(int index, void *data) {
  if (!use(index) && cudaFree(data) != cudaSuccess) cudaGetLastError();
}
static void *pinned_memory(size_t bytes) {
  void *data = NULL;
  enum cudaStreamCaptureMode mode;
  if (lost[0] || unordered(&mode) != cudaSuccess) return NULL;
  cudaError_t e = cudaMallocHost(&data, bytes);
  cudaThreadExchangeStreamCaptureMode(&mode);
  if (e == cudaSuccess) return data;
  cudaGetLastError();
  return NULL;
}
static void pinned_release(void *data) {
  if (cudaFreeHost(data) != cudaSuccess) cudaGetLastError();
}

static int zero(void *data, size_t bytes, void *on) {
  CUDA("cuda: clearing memory", cudaMemsetAsync(data, 0, bytes, on));
  return 0;
}
static int fill_nan(void *data, size_t bytes, void *on) {
  CUDA("cuda: marking memory", cudaMemsetAsync(data, 0xff, bytes, on));
  return 0;
}
/* Where memory of the host is not pinned, the runtime reads it before it returns, and waits until it is written. */
static int copy(void *to, const void *from, size_t bytes, void *on) {
  if (!bytes) return 0;
  CUDA("cuda: copying", cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, on));
  return check_faults();
}

/* -- waiting ------------------------------------------------------------------------------------------------------------------ */
static int synchronize(int index) {
  if (use(index)) return TNT_ECUDA;
  CUDA("cuda: synchronize", cudaDeviceSynchronize());
  return check_faults();
}
static int stream_synchronize(void *on) {
  CUDA("cuda: synchronize", cudaStreamSynchronize(on));
  return check_faults();
}

static void *event(int index, int timing) {
  cudaEvent_t e = NULL;
  if (lost[0] || use(index)) return NULL;
  cudaError_t status =
      cudaEventCreateWithFlags(&e, timing ? cudaEventDefault : cudaEventDisableTiming);
  if (status == cudaSuccess) return e;
  cuda_failed("cuda: making an event", (int)status);
  return NULL;
}
static void event_free(void *e) {
  if (cudaEventDestroy(e) != cudaSuccess) cudaGetLastError();
}
static int event_record(void *e, void *on) {
  CUDA("cuda: recording an event", cudaEventRecord(e, on));
  return 0;
}
static int event_wait(void *e, void *on) {
  CUDA("cuda: waiting for an event", cudaStreamWaitEvent(on, e, 0));
  return 0;
}
static int event_done(void *e) { /* of a lost card everything is done that ever will be */
  enum cudaStreamCaptureMode mode;
  bool relaxed = unordered(&mode) == cudaSuccess;
  cudaError_t status = cudaEventQuery(e);
  if (relaxed) cudaThreadExchangeStreamCaptureMode(&mode);
  if (status != cudaErrorNotReady) return 1;
  cudaGetLastError();
  return 0;
}
static int event_synchronize(void *e) {
  CUDA("cuda: waiting for an event", cudaEventSynchronize(e));
  return check_faults();
}
static int event_milliseconds(void *from, void *to, double *ms) {
  float f = 0;
  CUDA("cuda: time between events", cudaEventElapsedTime(&f, from, to));
  *ms = (double)f;
  return 0;
}

/* -- captured work ------------------------------------------------------------------------------------------------------------ */
static int capture_begin(void *on) {
  CUDA("cuda: capture", cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  return 0;
}
static int capture_end(void *on, void **out) {
  cudaGraph_t graph = NULL;
  cudaGraphExec_t ready = NULL;
  CUDA("cuda: capture", cudaStreamEndCapture(on, &graph));
  cudaError_t e = cudaGraphInstantiate(&ready, graph, 0);
  cudaGraphDestroy(graph);
  if (e != cudaSuccess) return cuda_failed("cuda: making a graph of what was captured", (int)e);
  *out = ready;
  return 0;
}
static int graph_launch(void *graph, void *on) {
  CUDA("cuda: replay", cudaGraphLaunch(graph, on));
  return 0;
}
static void graph_free(void *graph) {
  if (cudaGraphExecDestroy(graph) != cudaSuccess) cudaGetLastError();
}

/* -- kernels -------------------------------------------------------------------------------------------------------------------- */
#define DECLARE(name, whole) int name##_cuda(tnt__args *a);
TNT_CUDA_KERNELS(DECLARE)
#define ENTRY(name, whole) {name##_cuda, whole},
static const struct entry {
  tnt__kernel kernel;
  bool whole; /* numbers too */
} kernels[TNT_KERNELS] = {TNT_CUDA_KERNELS(ENTRY)};

static tnt__kernel kernel_of(int dtype, int kernel) {
  return dtype < TNT_I64 || kernels[kernel].whole ? kernels[kernel].kernel : NULL;
}

static const device_table table = {
    .size = sizeof table,
    .version = DEVICE_VERSION,
    .name = "cuda",
    .narrow_floats = true,
    .count = count,
    .facts = facts,
    .versions = tnt__versions,
    .alloc = card_alloc,
    .release = card_release,
    .pinned_alloc = pinned_memory,
    .pinned_release = pinned_release,
    .stream = stream,
    .synchronize = synchronize,
    .stream_synchronize = stream_synchronize,
    .zero = zero,
    .fill_nan = fill_nan,
    .copy = copy,
    .event = event,
    .event_free = event_free,
    .event_record = event_record,
    .event_wait = event_wait,
    .event_done = event_done,
    .event_synchronize = event_synchronize,
    .event_milliseconds = event_milliseconds,
    .elementwise = elementwise_cuda,
    .kernel = kernel_of,
    .capture_begin = capture_begin,
    .capture_end = capture_end,
    .graph_launch = graph_launch,
    .graph_free = graph_free,
};

#ifdef HAVE_NVTX
static void name_push(const char *name) { nvtxRangePushA(name); }
static void name_pop(void) { nvtxRangePop(); }
#endif

static bool wanted(const char *variable) {
  const char *text = getenv(variable);
  return text && text[0] && strcmp(text, "0") != 0;
}

/* The table with what the environment adds. */
static const device_table *table_wanted(void) {
  if (!wanted("TNT_NVTX")) return &table;
#ifdef HAVE_NVTX
  static device_table named;
  named = table;
  named.name_push = name_push;
  named.name_pop = name_pop;
  return &named;
#else
  fputs("tnt: TNT_NVTX=1 has no effect: nvtx3/nvToolsExt.h was not there when libtnt_cuda.so was "
        "built\n",
        stderr);
  return &table;
#endif
}

/* The host compares what it gets with what it is; only a host of our own make is called. */
__attribute__((visibility("default"))) int tnt_plugin(const device_host *host, device_plugin *out) {
  bool fits = host->size == sizeof *host && host->version == DEVICE_VERSION &&
              host->ops_hash == TNT_OPS_HASH && out->size == sizeof *out;
  out->size = sizeof *out;
  out->version = DEVICE_VERSION;
  if (!fits) return 0;
  sync_wanted = wanted("TNT_SYNC");
  tnt__fail = host->fail;
  out->ops_hash = TNT_OPS_HASH;
  out->table = table_wanted();
  return 0;
}
