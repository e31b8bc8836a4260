/* Capture: what is put on a capturing stream becomes a node of a graph that follows the nodes before it and those of the
 * events it waits for. A launch runs the nodes in any order that these edges allow, latest first unless the seeded order
 * says otherwise. What may be called meanwhile, and the errors, are those of cudaStreamCaptureModeThreadLocal. */
#include <algorithm>

#include "emulator.h"
#include "stream.h"

namespace emulator {
static std::vector<std::shared_ptr<capture>> &captures = *new std::vector<std::shared_ptr<capture>>;

/* A call concerns a capture by the capture's mode, unless this thread is relaxed. */
static thread_local cudaStreamCaptureMode own_mode = cudaStreamCaptureModeGlobal;

bool is_capturing(cudaStream_t stream) { return stream_at(stream)->capturing != nullptr; }

cudaError_t unsafe_call() {
  cudaError_t e = cudaSuccess;
  if (own_mode == cudaStreamCaptureModeRelaxed) return e;
  for (auto &c : captures) {
    bool concerns_us =
        c->mode == cudaStreamCaptureModeGlobal ||
        (c->mode == cudaStreamCaptureModeThreadLocal && c->thread == std::this_thread::get_id());
    if (!concerns_us) continue;
    c->spoilt = true;
    e = cudaErrorStreamCaptureUnsupported;
  }
  return e;
}

cudaError_t submit(cudaStream_t stream, work w) {
  CUstream_st *s = stream_at(stream);
  if (!s->capturing) {
    s->items.push_back({std::move(w), nullptr, nullptr});
    return cudaSuccess;
  }
  capture *c = s->capturing.get();
  if (c->spoilt) return cudaErrorStreamCaptureInvalidated;
  c->nodes.push_back({std::move(w), s->tails});
  s->tails = {(int)c->nodes.size() - 1};
  return cudaSuccess;
}

static void add_tails(CUstream_st *s, const std::vector<int> &tails) {
  for (int t : tails) {
    if (std::find(s->tails.begin(), s->tails.end(), t) == s->tails.end()) s->tails.push_back(t);
  }
}

/* Whether all that was captured comes before the end of the origin. */
static bool is_joined(const capture &c) {
  std::vector<bool> before(c.nodes.size());
  for (int t : c.origin->tails) before[(size_t)t] = true;
  for (size_t i = c.nodes.size(); i-- > 0;) {
    if (!before[i]) return false;
    for (int a : c.nodes[i].after) before[(size_t)a] = true;
  }
  return true;
}

static void run_nodes(const std::vector<node> &nodes, int device) {
  std::vector<bool> done(nodes.size());
  static const bool ordered = setting("TNT_EMULATOR_ORDER", 0) != 0;
  for (size_t left = nodes.size(); left && !card_at(device).lost; left--) {
    std::vector<size_t> able;
    for (size_t i = 0; i < nodes.size(); i++) {
      auto is_done = [&](int a) { return (bool)done[(size_t)a]; };
      const std::vector<int> &after = nodes[i].after;
      if (!done[i] && std::all_of(after.begin(), after.end(), is_done)) able.push_back(i);
    }
    size_t next = ordered ? able[draw() % able.size()] : able.back();
    nodes[next].run();
    done[next] = true;
  }
}
} // namespace emulator

using namespace emulator;

cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *mode) {
  std::swap(*mode, own_mode);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
  TNT_ENTER();
  if (!stream) TNT_FAIL(cudaErrorStreamCaptureUnsupported);
  if (stream->capturing) TNT_FAIL(cudaErrorIllegalState);
  auto c = std::make_shared<capture>();
  c->origin = stream;
  c->streams = {stream};
  c->thread = std::this_thread::get_id();
  c->mode = mode;
  stream->capturing = c;
  stream->tails.clear();
  captures.push_back(c);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out) {
  TNT_ENTER();
  if (!stream || !out) TNT_FAIL(cudaErrorInvalidValue);
  *out = nullptr;
  auto c = stream->capturing;
  if (!c) TNT_FAIL(cudaErrorIllegalState);
  if (c->mode != cudaStreamCaptureModeRelaxed && c->thread != std::this_thread::get_id())
    TNT_FAIL(cudaErrorStreamCaptureWrongThread);
  cudaError_t e = cudaSuccess;
  if (stream != c->origin)
    e = cudaErrorStreamCaptureUnmatched;
  else if (c->spoilt)
    e = cudaErrorStreamCaptureInvalidated;
  else if (!is_joined(*c))
    e = cudaErrorStreamCaptureUnjoined;
  c->ended = true;
  captures.erase(std::find(captures.begin(), captures.end(), c));
  for (CUstream_st *s : c->streams) {
    s->capturing = nullptr;
    s->tails.clear();
  }
  if (!e) *out = new CUgraph_st{std::move(c->nodes)};
  return note(e);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
  TNT_ENTER();
  const capture *c = stream_at(stream)->capturing.get();
  *status = !c          ? cudaStreamCaptureStatusNone
            : c->spoilt ? cudaStreamCaptureStatusInvalidated
                        : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  TNT_ENTER();
  if (!event || flags) TNT_FAIL(cudaErrorInvalidValue);
  CUstream_st *s = stream_at(stream);
  capture *c = event->captured.get();
  if (c && c->ended) TNT_FAIL(cudaErrorCapturedEvent);
  if (!c && s->capturing) {
    s->capturing->spoilt = true;
    TNT_FAIL(cudaErrorStreamCaptureIsolation);
  }
  if (c && s->capturing && s->capturing.get() != c) {
    s->capturing->spoilt = c->spoilt = true;
    TNT_FAIL(cudaErrorStreamCaptureMerge);
  }
  if (c) {
    if (c->spoilt) TNT_FAIL(cudaErrorStreamCaptureInvalidated);
    if (!s->capturing) { /* joins the capture */
      s->capturing = event->captured;
      s->tails.clear();
      c->streams.push_back(s);
    }
    add_tails(s, event->tails);
  } else if (event->last && !event->last->done) {
    s->items.push_back({nullptr, event->last, nullptr});
  }
  return cudaSuccess;
}

/* -- graphs ----------------------------------------------------------------------------------------------------------- */
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph,
                                 unsigned long long flags) {
  TNT_ENTER();
  if (!out || !graph || flags) TNT_FAIL(cudaErrorInvalidValue);
  *out = new CUgraphExec_st{std::make_shared<const std::vector<node>>(graph->nodes), nullptr};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  TNT_ENTER();
  CUstream_st *s = stream_at(stream);
  if (!graph) TNT_FAIL(cudaErrorInvalidValue);
  if (s->capturing) TNT_FAIL(cudaErrorNotSupported); /* CUDA makes it a node */
  if (graph->last && !graph->last->done) s->items.push_back({nullptr, graph->last, nullptr});
  graph->last = std::make_shared<marker>();
  graph->last->on = s;
  auto nodes = graph->nodes;
  int device = s->device;
  s->items.push_back({[nodes, device] { run_nodes(*nodes, device); }, nullptr, graph->last});
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  TNT_ENTER();
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  TNT_ENTER();
  delete graph;
  return cudaSuccess;
}
