/* Streams, events and captured graphs as the emulator keeps them. */
#ifndef TNT_EMULATOR_STREAM_H
#define TNT_EMULATOR_STREAM_H

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "emulator.h"

namespace emulator {
/* One recording of an event, or one launch of a graph. */
struct marker {
  CUstream_st *on; /* where it is reached; streams outlive what is on them */
  bool done;
  double ms; /* when */
};
struct item { /* one of the three */
  work run;
  std::shared_ptr<marker> wait, reach;
};
struct node {
  work run;
  std::vector<int> after;
};
struct capture {
  CUstream_st *origin;
  std::vector<CUstream_st *> streams;
  std::thread::id thread;
  cudaStreamCaptureMode mode;
  bool spoilt, ended;
  std::vector<node> nodes;
};
} // namespace emulator

struct CUstream_st {
  int device;
  std::deque<emulator::item> items;
  std::shared_ptr<emulator::capture> capturing;
  std::vector<int> tails; /* nodes that what comes next must follow */
};
struct CUevent_st {
  int device;
  bool timed;
  std::shared_ptr<emulator::marker> last;
  std::shared_ptr<emulator::capture> captured;
  std::vector<int> tails;
};
struct CUgraph_st {
  std::vector<emulator::node> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<emulator::node>> nodes;
  std::shared_ptr<emulator::marker> last; /* a graph is not launched while it runs */
};

namespace emulator {
CUstream_st *stream_at(cudaStream_t stream); /* null stands for the current card's own */
} // namespace emulator

#endif
