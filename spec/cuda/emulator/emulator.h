/* What the parts of the emulator know of each other.
 *
 * A card is a part of the host's memory and a set of streams. Work put on a stream waits in its queue until somebody waits
 * for it, and then only what must run does: a program that forgot to wait for an event reads what was there before. With
 * TNT_EMULATOR_ORDER=N (N > 0) other streams run ahead too, in an order that N decides, so that memory which is written
 * too early is found as well. Blocks and threads run in orders that this number decides too. One mutex holds everything;
 * kernels run on the host thread that waits.
 *
 * Other variables: TNT_EMULATED_CARDS (2), TNT_EMULATED_BYTES (of memory on each card, 4 GiB), TNT_EMULATED_PINNED
 * (of pinned memory, 4 GiB), TNT_EMULATED_FAULT (part of a kernel's name: it fails as if it had used a bad address). */
#ifndef TNT_EMULATOR_H
#define TNT_EMULATOR_H

#include <cstdint>
#include <functional>
#include <mutex>
#include <memory>

#include "cuda_runtime_api.h"
#include "vectors.h"

namespace emulator {
/* -- the gate (runtime.cpp) ------------------------------------------------------------------------------------------- */
enum { MOST_CARDS = 8 };
struct card {
  cudaError_t lost; /* an error that stays */
  size_t used, total;
};
extern std::recursive_mutex mutex;
card &card_at(int index);
int cards();
int current_card();
int64_t setting(const char *name, int64_t otherwise); /* a whole number from the environment */
cudaError_t note(cudaError_t e);                      /* for cudaGetLastError */
cudaError_t ready(); /* cudaSuccess while the current card can be used */

/* -- blocks (block.cpp) ------------------------------------------------------------------------------------------------ */
/* Runs every thread of a grid; false when its threads cannot go on, which has been told on stderr. */
bool run_grid(const char *name, dim3 blocks, dim3 threads, size_t shared,
              const std::function<void()> &thread);

/* -- memory (memory.cpp) ------------------------------------------------------------------------------------------------ */
/* Memory of cards can be touched only while one of these lives: the host's own reads and writes of it are faults. */
struct card_memory_open {
  card_memory_open();
  ~card_memory_open();
};
cudaMemoryType kind_of(const void *data, int *device = nullptr);

/* -- queues (queue.cpp) --------------------------------------------------------------------------------------------------- */
using work = std::function<void()>;
/* Puts work on a stream, or into the graph that it is being captured into. */
cudaError_t submit(cudaStream_t stream, work w);
cudaError_t run_stream(cudaStream_t stream); /* all that is on it now */
cudaError_t run_card(int index);
int device_of(cudaStream_t stream);
uint64_t draw(); /* the next number of the order */

/* For specs, which find them in the library: how often the host waited for all that was on a stream or a card, how
 * much lies on all streams now, how many events were made, the names of ranges: "add()mul(sum())", and how many products
 * there were with an epilogue. */
extern int64_t waits, events_made;
extern "C" {
__attribute__((visibility("default"))) const char *emulator_names(void);
__attribute__((visibility("default"))) int64_t emulator_events_made(void);
__attribute__((visibility("default"))) int64_t emulator_waits(void);
__attribute__((visibility("default"))) int64_t emulator_pending(void);
__attribute__((visibility("default"))) int64_t emulator_products(int32_t epilogue);
}

/* -- capture (capture.cpp) ------------------------------------------------------------------------------------------------- */
struct capture;
bool is_capturing(cudaStream_t stream);
/* An error while this thread captures, which is then spoilt: for calls that a capture does not allow. */
cudaError_t unsafe_call();
} // namespace emulator

#define TNT_ENTER()                                            \
  std::lock_guard<std::recursive_mutex> gate(emulator::mutex); \
  if (cudaError_t e_ = emulator::ready()) return emulator::note(e_)
#define TNT_FAIL(error) return emulator::note(error)

#endif
