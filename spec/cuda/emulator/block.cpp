/* The threads of a grid. A block begins as a plain loop over its threads on one fiber; a thread that meets a barrier or
 * warp function keeps that fiber, and the loop goes on upon another. Warps then run in turn, each as far as it comes.
 * Which end the loops begin at changes with the seeded order: what needs a barrier and has none shows. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "device.h"
#include "emulator.h"
#include "fiber.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulator {
enum progress { NEW, READY, AT_WARP, AT_BLOCK, DONE };
enum { LANES = 32, MOST_THREADS = 1024 };
struct late_copy {
  void *to;
  const void *from;
  int width, bytes;
  int64_t group;
};
struct thread_state {
  progress state;
  fiber *on;
  warp_kind kind;
  unsigned mask;
  int from;
  bool yes;
  uint64_t value, result;
};

static thread_state threads[MOST_THREADS];
static int n_threads, n_started, running,
    met; /* running: a thread's number; met: those who said yes */
static bool backwards;
static const std::function<void()> *body;
static fiber scheduler = {nullptr, nullptr, 0, true, nullptr};
static fiber *active;
static std::vector<late_copy> &copies(int thread) { /* on their way, the oldest first */
  static auto &all = *new std::vector<std::vector<late_copy>>(MOST_THREADS);
  return all[(size_t)thread];
}
static int64_t groups[MOST_THREADS]; /* that a thread has closed */
static std::vector<fiber *> &idle = *new std::vector<fiber *>;
static std::vector<char> &shared = *new std::vector<char>;

void *shared_memory() {
  uintptr_t p = (uintptr_t)shared.data();
  return (void *)((p + 127) & ~(uintptr_t)127);
}
int lane() { return running % LANES; }

static void begin(int i) {
  running = i;
  unsigned t = (unsigned)i;
  threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
}

/* What every fiber does: the threads that nobody began, then waits to be used again. */
static void work_through() {
  fiber_entered(&scheduler);
  for (;;) {
    while (n_started < n_threads) {
      int i = backwards ? n_threads - 1 - n_started : n_started;
      n_started++;
      begin(i);
      threads[i].on = active;
      (*body)();
      threads[running].state = DONE;
    }
    fiber *self = active;
    idle.push_back(self);
    fiber_go(self, &scheduler);
  }
}

static void go_to(fiber *f) {
  active = f;
  fiber_go(&scheduler, f);
}

static void give_way(progress why) {
  thread_state *t = &threads[running];
  t->state = why;
  fiber_go(t->on, &scheduler);
}

uint64_t meet_warp(warp_kind kind, unsigned mask, uint64_t value, int from) {
  thread_state *t = &threads[running];
  t->kind = kind, t->mask = mask, t->value = value, t->from = from;
  give_way(AT_WARP);
  return t->result;
}

int meet_block(bool yes) {
  threads[running].yes = yes;
  give_way(AT_BLOCK);
  return met;
}

void fail(const char *what) {
  fprintf(stderr, "emulator: %s\n", what);
  abort();
}

void copy_later(void *to, const void *from, int width, int bytes) {
  if (((uintptr_t)to | (uintptr_t)from) % (uintptr_t)width)
    fail("an asynchronous copy is not aligned to its bytes");
  memset(to, 0xff, (size_t)width);
  copies(running).push_back({to, from, width, bytes, groups[running]});
}
void copies_close() { groups[running]++; }
void copies_wait(int left) {
  auto &all = copies(running);
  size_t n = 0;
  for (; n < all.size() && all[n].group < groups[running] - left; n++) {
    const late_copy &c = all[n];
    if (c.bytes) memcpy(c.to, c.from, (size_t)c.bytes);
    memset((char *)c.to + c.bytes, 0, (size_t)(c.width - c.bytes));
  }
  all.erase(all.begin(), all.begin() + (ptrdiff_t)n);
}

/* The lanes of one meeting, when all of them that still run are there; 0 otherwise. */
static unsigned meeting(int first, int lane) {
  const thread_state *t = &threads[first + lane];
  unsigned there = 0;
  if (!(t->mask >> lane & 1)) return 0;
  for (int l = 0; l < LANES; l++) {
    if (!(t->mask >> l & 1) || first + l >= n_threads || threads[first + l].state == DONE) continue;
    const thread_state *other = &threads[first + l];
    if (other->state != AT_WARP || other->mask != t->mask || other->kind != t->kind) return 0;
    there |= 1u << l;
  }
  return there;
}

static void settle(int first, unsigned lanes) {
  uint64_t ballot = 0;
  for (int l = 0; l < LANES; l++) {
    if (lanes >> l & 1 && threads[first + l].value) ballot |= (uint64_t)1 << l;
  }
  for (int l = 0; l < LANES; l++) {
    if (!(lanes >> l & 1)) continue;
    thread_state *t = &threads[first + l];
    bool there = t->from >= 0 && t->from < LANES && lanes >> t->from & 1;
    t->result = t->kind == WARP_BALLOT ? ballot
                : there                ? threads[first + t->from].value
                                       : ~(uint64_t)0; /* CUDA: undefined */
    t->state = READY;
  }
}

/* One warp as far as it comes. */
static void run_warp(int first) {
  int lanes = n_threads - first < LANES ? n_threads - first : LANES;
  for (bool moved = true; moved;) {
    moved = false;
    for (int k = 0; k < lanes; k++) {
      int i = first + (backwards ? lanes - 1 - k : k);
      if (threads[i].state != READY) continue;
      begin(i);
      go_to(threads[i].on);
      moved = true;
    }
    for (int l = 0; l < lanes; l++) {
      if (threads[first + l].state != AT_WARP) continue;
      unsigned all = meeting(first, l);
      if (all) settle(first, all), moved = true;
    }
  }
}

static void complain(const char *name) {
  int at_block = 0, at_warp = 0, done = 0, one = -1;
  for (int i = 0; i < n_threads; i++) {
    at_block += threads[i].state == AT_BLOCK;
    at_warp += threads[i].state == AT_WARP;
    done += threads[i].state == DONE;
    if (threads[i].state == AT_WARP && one < 0) one = i;
  }
  fprintf(stderr,
          "emulator: %s, block (%u, %u, %u) of %d threads cannot go on: %d wait at __syncthreads, "
          "%d at a warp function, %d have returned",
          name, blockIdx.x, blockIdx.y, blockIdx.z, n_threads, at_block, at_warp, done);
  if (one >= 0) fprintf(stderr, "; thread %d waits for the lanes %08x", one, threads[one].mask);
  fprintf(stderr, "\n");
}

/* Its fibers start anew: what lies on their stacks is lost. */
static void abandon() {
  for (int i = 0; i < n_threads; i++) {
    if (threads[i].state == DONE) continue;
    fiber_restart(threads[i].on, work_through);
    idle.push_back(threads[i].on);
  }
}

static bool run_block(const char *name) {
  n_started = 0;
  for (int i = 0; i < n_threads; i++) {
    threads[i].state = NEW;
    copies(i).clear(), groups[i] = 0;
  }
  backwards = draw() & 1;
  while (n_started < n_threads) {
    if (idle.empty()) idle.push_back(fiber_new(work_through));
    fiber *f = idle.back();
    idle.pop_back();
    go_to(f);
  }
  for (;;) {
    for (int w = 0, warps = (n_threads + LANES - 1) / LANES; w < warps; w++) {
      run_warp((backwards ? warps - 1 - w : w) * LANES);
    }
    int waiting = 0, done = 0;
    for (int i = 0; i < n_threads; i++) {
      waiting += threads[i].state == AT_BLOCK;
      done += threads[i].state == DONE;
    }
    if (done == n_threads) {
      bool arrived = true;
      for (int i = 0; i < n_threads; i++) arrived = arrived && copies(i).empty();
      if (!arrived) fprintf(stderr, "emulator: %s returned before its copies arrived\n", name);
      return arrived;
    }
    if (waiting !=
        n_threads) { /* also where the others have returned: synccheck calls it an error */
      complain(name);
      abandon();
      return false;
    }
    met = 0;
    backwards = draw() & 1;
    for (int i = 0; i < n_threads; i++) {
      met += threads[i].yes;
      threads[i].state = READY;
    }
  }
}

bool run_grid(const char *name, dim3 blocks, dim3 block, size_t bytes,
              const std::function<void()> &thread) {
  card_memory_open open;
  uint64_t count = (uint64_t)blocks.x * blocks.y * blocks.z;
  blockDim = block, gridDim = blocks;
  n_threads = (int)(block.x * block.y * block.z);
  body = &thread;
  bool from_the_end = draw() & 1;
  if (shared.size() < bytes + 128) shared.resize(bytes + 128);
  for (uint64_t k = 0; k < count; k++) {
    uint64_t b = from_the_end ? count - 1 - k : k;
    blockIdx = {(unsigned)(b % blocks.x), (unsigned)(b / blocks.x % blocks.y),
                (unsigned)(b / blocks.x / blocks.y)};
    if (bytes) memset(shared_memory(), 0xff, bytes);
    if (!run_block(name)) return false;
  }
  return true;
}
} // namespace emulator
