/* Streams and events: what is put on a stream, and when it runs. */
#include <algorithm>
#include <chrono>
#include <map>

#include "emulator.cuh"
#include "emulator.h"
#include "stream.h"

namespace emulator {
static std::vector<CUstream_st *> &streams = *new std::vector<CUstream_st *>;
static CUstream_st *own[MOST_CARDS];

/* Source: Steele, Lea and Flood 2014, SplitMix64. */
uint64_t draw() {
  static uint64_t state = (uint64_t)setting("TNT_EMULATOR_ORDER", 0);
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
static bool ordered() {
  static bool on = setting("TNT_EMULATOR_ORDER", 0) != 0;
  return on;
}

static double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

CUstream_st *stream_at(cudaStream_t stream) {
  if (stream) return stream;
  CUstream_st *&s = own[current_card()];
  if (!s) streams.push_back(s = new CUstream_st{current_card(), {}, nullptr, {}});
  return s;
}
int device_of(cudaStream_t stream) { return stream_at(stream)->device; }

int64_t waits, events_made;
extern "C" {
int64_t emulator_events_made(void) { return events_made; }
int64_t emulator_waits(void) { return waits; }
int64_t emulator_pending(void) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  int64_t n = 0;
  for (const CUstream_st *s : streams) n += (int64_t)s->items.size();
  return n;
}
}

/* -- running ----------------------------------------------------------------------------------------------------------- */
static bool blocked(const CUstream_st *s) {
  const item &i = s->items.front();
  return i.wait && !i.wait->done && !card_at(s->device).lost;
}
static bool can_run(const CUstream_st *s) { return !s->items.empty() && !blocked(s); }

static void step(CUstream_st *s) {
  item i = std::move(s->items.front());
  s->items.pop_front();
  if (i.run && !card_at(s->device).lost) i.run();
  if (i.reach) {
    i.reach->ms = now();
    i.reach->done = true;
  }
}

static CUstream_st *random_other(const CUstream_st *wanted) {
  std::vector<CUstream_st *> able;
  for (CUstream_st *s : streams) {
    if (s != wanted && can_run(s)) able.push_back(s);
  }
  return able.empty() ? nullptr : able[draw() % able.size()];
}

/* One item that `wanted` needs next: its own, or one of a stream that it waits for. */
static void advance(CUstream_st *wanted) {
  card_memory_open open;
  CUstream_st *s = wanted;
  while (blocked(s)) s = s->items.front().wait->on;
  step(s);
}

/* Until `end` is reached. */
static void drive(const marker *end) {
  if (end->done) return;
  card_memory_open open;
  enum { ONLY_NEEDED, OTHERS_FIRST, MIXED } policy = ONLY_NEEDED;
  if (ordered()) policy = (decltype(policy))(draw() % 3);
  while (!end->done) {
    CUstream_st *other = nullptr;
    if (policy == OTHERS_FIRST || (policy == MIXED && draw() & 1)) other = random_other(end->on);
    if (other)
      step(other);
    else
      advance(end->on);
  }
}

cudaError_t run_stream(cudaStream_t stream) {
  CUstream_st *s = stream_at(stream);
  auto end = std::make_shared<marker>();
  end->on = s;
  s->items.push_back({nullptr, nullptr, end});
  drive(end.get());
  return card_at(s->device).lost;
}

cudaError_t run_card(int index) {
  for (size_t i = 0; i < streams.size(); i++) {
    if (streams[i]->device == index) run_stream(streams[i]);
  }
  return card_at(index).lost;
}

/* -- kernels ---------------------------------------------------------------------------------------------------------------- */
static std::map<const void *, int> &shared_limits = *new std::map<const void *, int>;

static cudaError_t check(const grid &g) {
  dim3 b = g.blocks, t = g.threads;
  if (!b.x || !b.y || !b.z || b.x > INT32_MAX || b.y > 65535 || b.z > 65535)
    return cudaErrorInvalidConfiguration;
  if (!t.x || !t.y || !t.z || t.x > 1024 || t.y > 1024 || t.z > 64 || t.x * t.y * t.z > 1024)
    return cudaErrorInvalidConfiguration;
  auto limit = shared_limits.find(g.kernel);
  if (g.shared > (size_t)(limit == shared_limits.end() ? 48 << 10 : limit->second))
    return cudaErrorInvalidValue;
  return device_of(g.stream) == current_card() ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

void launch(const grid &g, work thread) {
  std::lock_guard<std::recursive_mutex> gate(mutex);
  cudaError_t e = ready();
  if (!e) e = check(g);
  if (e) {
    note(e);
    return;
  }
  int device = device_of(g.stream);
  note(submit(g.stream, [g, device, thread] {
    const char *faulty = getenv("TNT_EMULATED_FAULT");
    if (faulty && *faulty && strstr(g.name, faulty))
      card_at(device).lost = cudaErrorIllegalAddress;
    else if (!run_grid(g.name, g.blocks, g.threads, g.shared, thread))
      card_at(device).lost = cudaErrorLaunchFailure;
  }));
}
} // namespace emulator

using namespace emulator;

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute which, int value) {
  TNT_ENTER();
  if (which != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > 227 << 10)
    TNT_FAIL(cudaErrorInvalidValue);
  shared_limits[kernel] = value;
  return cudaSuccess;
}

/* -- streams ---------------------------------------------------------------------------------------------------------------- */
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags) {
  TNT_ENTER();
  if (!out || flags != cudaStreamNonBlocking) TNT_FAIL(cudaErrorInvalidValue);
  streams.push_back(*out = new CUstream_st{current_card(), {}, nullptr, {}});
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  TNT_ENTER();
  if (!stream || stream->capturing) TNT_FAIL(cudaErrorInvalidResourceHandle);
  run_stream(stream); /* CUDA lets it end by itself */
  streams.erase(std::remove(streams.begin(), streams.end(), stream), streams.end());
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  TNT_ENTER();
  waits++;
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  if (is_capturing(stream)) TNT_FAIL(cudaErrorStreamCaptureUnsupported);
  return note(run_stream(stream));
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  TNT_ENTER();
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  CUstream_st *s = stream_at(stream);
  if (s->items.empty()) return cudaSuccess;
  advance(s); /* whoever asks again and again gets there */
  return note(card_at(s->device).lost ? card_at(s->device).lost : cudaErrorNotReady);
}

cudaError_t cudaDeviceSynchronize(void) {
  TNT_ENTER();
  waits++;
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  return note(run_card(current_card()));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t fn, void *data) {
  TNT_ENTER();
  return note(submit(stream, [fn, data] { fn(data); }));
}

/* -- events ------------------------------------------------------------------------------------------------------------------ */
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags) {
  TNT_ENTER();
  if (!out || flags & ~(unsigned)(cudaEventBlockingSync | cudaEventDisableTiming))
    TNT_FAIL(cudaErrorInvalidValue);
  events_made++;
  *out = new CUevent_st{current_card(), !(flags & cudaEventDisableTiming), nullptr, nullptr, {}};
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  TNT_ENTER();
  if (!event) TNT_FAIL(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  TNT_ENTER();
  CUstream_st *s = stream_at(stream);
  if (!event || event->device != s->device) TNT_FAIL(cudaErrorInvalidResourceHandle);
  event->captured = s->capturing;
  if (s->capturing) {
    event->tails = s->tails;
    return note(s->capturing->spoilt ? cudaErrorStreamCaptureInvalidated : cudaSuccess);
  }
  event->last = std::make_shared<marker>();
  event->last->on = s;
  s->items.push_back({nullptr, nullptr, event->last});
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  TNT_ENTER();
  if (!event) TNT_FAIL(cudaErrorInvalidResourceHandle);
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  if (event->captured) TNT_FAIL(cudaErrorCapturedEvent);
  if (!event->last || event->last->done) return cudaSuccess;
  advance(event->last->on); /* whoever asks again and again gets there */
  return note(card_at(event->device).lost ? card_at(event->device).lost : cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  TNT_ENTER();
  if (!event) TNT_FAIL(cudaErrorInvalidResourceHandle);
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  if (event->captured) TNT_FAIL(cudaErrorCapturedEvent);
  auto last = event->last;
  if (last) drive(last.get());
  return note(card_at(event->device).lost);
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to) {
  TNT_ENTER();
  if (!ms || !from || !to || !from->timed || !to->timed || !from->last || !to->last)
    TNT_FAIL(cudaErrorInvalidResourceHandle);
  if (!from->last->done || !to->last->done) TNT_FAIL(cudaErrorNotReady);
  *ms = (float)(to->last->ms - from->last->ms);
  return cudaSuccess;
}
