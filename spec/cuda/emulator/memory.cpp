/* Memory of cards and pinned memory. A card's memory lies in an address range of its own that can be touched only while
 * kernels and copies run, each allocation between pages that never can, and no address is used twice: what the host reads
 * by mistake, or a kernel after cudaFree or beyond the end, is a fault at once. Under the address sanitizer both are
 * plain malloc, which that watches. New memory is full of ones, NaN to a float. */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#include "emulator.h"

namespace emulator {
struct block {
  size_t bytes, pages; /* pages: bytes of whole pages, from `first` */
  char *first;
  int device; /* -1: pinned memory */
};
/* by address; never destroyed: libraries end in no order that is known, as with all that follows here */
static std::map<char *, block> &blocks = *new std::map<char *, block>;
enum { PAGE = 4096, ALIGNMENT = 512 };
static const size_t FILLED =
    (size_t)64 << 20; /* of a large allocation, no more than its beginning is filled */

static block *find(const void *data, char **at = nullptr) {
  auto after = blocks.upper_bound((char *)const_cast<void *>(data));
  if (after == blocks.begin()) return nullptr;
  --after;
  bool inside = (const char *)data < after->first + after->second.bytes || data == after->first;
  if (at) *at = after->first;
  return inside ? &after->second : nullptr;
}

cudaMemoryType kind_of(const void *data, int *device) {
  const block *b = find(data);
  if (device) *device = b ? b->device : -1;
  return !b              ? cudaMemoryTypeUnregistered
         : b->device < 0 ? cudaMemoryTypeHost
                         : cudaMemoryTypeDevice;
}

#ifdef __SANITIZE_ADDRESS__
static char *reserve(size_t bytes, block *b) {
  void *p = nullptr;
  (void)b;
  return posix_memalign(&p, ALIGNMENT, bytes) ? nullptr : (char *)p;
}
static void give_back(char *data, const block &) { free(data); }
card_memory_open::card_memory_open() {}
card_memory_open::~card_memory_open() {}
#else
static int opened; /* card_memory_open that live */
static char *arena, *next_free, *arena_end;

static void explain(int, siginfo_t *info, void *) {
  char *at = (char *)info->si_addr;
  if (arena && at >= arena && at < arena_end) {
    static const char host[] = "emulator: the host touched memory of a card\n",
                      card[] = "emulator: a kernel or copy touched memory that is not allocated\n";
    const char *text = opened ? card : host;
    if (write(2, text, strlen(text)) < 0) _exit(139);
  }
  signal(SIGSEGV, SIG_DFL); /* the access happens again */
}

static bool open_arena() {
  if (arena) return true;
  for (size_t bytes = (size_t)1 << 40; bytes >= (size_t)1 << 34; bytes /= 4) {
    void *p = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) continue;
    arena = next_free = (char *)p;
    arena_end = arena + bytes;
    struct sigaction old, action = {};
    action.sa_sigaction = explain;
    action.sa_flags = SA_SIGINFO;
    if (!sigaction(SIGSEGV, nullptr, &old) && old.sa_handler == SIG_DFL)
      sigaction(SIGSEGV, &action, nullptr);
    return true;
  }
  return false;
}

static char *reserve(size_t bytes, block *b) {
  size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  b->pages = (rounded + PAGE - 1) / PAGE * PAGE;
  if (!open_arena() || next_free + b->pages + 2 * PAGE > arena_end) return nullptr;
  b->first = next_free + PAGE;
  if (mprotect(b->first, b->pages, PROT_READ | PROT_WRITE)) return nullptr;
  next_free = b->first + b->pages;
  return b->first + (b->pages - rounded); /* its end lies at the end of a page */
}

static void give_back(char *, const block &b) {
  mmap(b.first, b.pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void protect(int how) {
  for (auto &entry : blocks) {
    const block &b = entry.second;
    if (b.device >= 0) mprotect(b.first, b.pages, how);
  }
}
card_memory_open::card_memory_open() {
  if (opened++ == 0) protect(PROT_READ | PROT_WRITE);
}
card_memory_open::~card_memory_open() {
  if (--opened == 0) protect(PROT_NONE);
}
#endif
} // namespace emulator

using namespace emulator;

cudaError_t cudaMalloc(void **out, size_t bytes) {
  TNT_ENTER();
  if (!out) TNT_FAIL(cudaErrorInvalidValue);
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  *out = nullptr;
  if (!bytes) return cudaSuccess;
  card &c = card_at(current_card());
  if (bytes > c.total - c.used) TNT_FAIL(cudaErrorMemoryAllocation);
  card_memory_open open;
  block b = {bytes, 0, nullptr, current_card()};
  char *data = reserve(bytes, &b);
  if (!data) TNT_FAIL(cudaErrorMemoryAllocation);
  memset(data, 0xff, bytes < FILLED ? bytes : FILLED);
  blocks[data] = b;
  c.used += bytes;
  *out = data;
  return cudaSuccess;
}

cudaError_t cudaFree(void *data) {
  TNT_ENTER();
  if (!data) return cudaSuccess;
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  auto at = blocks.find((char *)data);
  if (at == blocks.end() || at->second.device < 0) TNT_FAIL(cudaErrorInvalidValue);
  cudaError_t e = run_card(at->second.device); /* as CUDA does */
  card_at(at->second.device).used -= at->second.bytes;
  give_back((char *)data, at->second);
  blocks.erase(at);
  return note(e);
}

static size_t pinned; /* bytes in use */

cudaError_t cudaMallocHost(void **out, size_t bytes) {
  TNT_ENTER();
  if (!out) TNT_FAIL(cudaErrorInvalidValue);
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  *out = nullptr;
  if (!bytes) return cudaSuccess;
  static const size_t most_pinned = (size_t)setting("TNT_EMULATED_PINNED", (int64_t)4 << 30);
  if (bytes > most_pinned - pinned) TNT_FAIL(cudaErrorMemoryAllocation);
  if (posix_memalign(out, PAGE, bytes)) TNT_FAIL(cudaErrorMemoryAllocation);
  pinned += bytes;
  memset(*out, 0xff, bytes < FILLED ? bytes : FILLED);
  blocks[(char *)*out] = {bytes, 0, nullptr, -1};
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void **out, size_t bytes, unsigned) { return cudaMallocHost(out, bytes); }

cudaError_t cudaFreeHost(void *data) {
  TNT_ENTER();
  if (!data) return cudaSuccess;
  if (cudaError_t e = unsafe_call()) TNT_FAIL(e);
  auto at = blocks.find((char *)data);
  if (at == blocks.end() || at->second.device >= 0) TNT_FAIL(cudaErrorInvalidValue);
  cudaError_t e = cudaSuccess;
  for (int i = 0; i < cards(); i++) {
    if (cudaError_t one = run_card(i)) e = one;
  }
  free(data);
  pinned -= at->second.bytes;
  blocks.erase(at);
  return note(e);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total) {
  TNT_ENTER();
  const card &c = card_at(current_card());
  if (free_bytes) *free_bytes = c.total - c.used;
  if (total) *total = c.total;
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *out, const void *data) {
  TNT_ENTER();
  if (!out) TNT_FAIL(cudaErrorInvalidValue);
  void *at = const_cast<void *>(data);
  out->type = kind_of(data, &out->device);
  if (out->type == cudaMemoryTypeHost) out->device = current_card();
  out->devicePointer = out->type == cudaMemoryTypeUnregistered ? nullptr : at;
  out->hostPointer = out->type == cudaMemoryTypeDevice ? nullptr : at;
  return cudaSuccess;
}

/* -- copies -------------------------------------------------------------------------------------------------------------- */
/* Whether a range lies where `kind` says, and within one allocation. */
static bool fits(const void *data, size_t bytes, bool on_card) {
  char *start;
  const block *b = find(data, &start);
  if (b && (const char *)data + bytes > start + b->bytes) return false;
  return on_card == (b && b->device >= 0);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  TNT_ENTER();
  if (!bytes) return cudaSuccess;
  cudaMemoryType source = kind_of(from), target = kind_of(to);
  bool is_default = kind == cudaMemcpyDefault;
  bool from_card = is_default ? source == cudaMemoryTypeDevice
                              : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  bool to_card = is_default ? target == cudaMemoryTypeDevice
                            : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  if (!fits(from, bytes, from_card) || !fits(to, bytes, to_card)) TNT_FAIL(cudaErrorInvalidValue);
  bool pageable = source == cudaMemoryTypeUnregistered || target == cudaMemoryTypeUnregistered;
  if (pageable && is_capturing(stream)) {
    unsafe_call();
    TNT_FAIL(cudaErrorStreamCaptureUnsupported);
  }
  if (target == cudaMemoryTypeUnregistered) { /* the host may read it on return */
    waits++;
    if (cudaError_t e = run_stream(stream)) TNT_FAIL(e);
    card_memory_open open;
    memmove(to, from, bytes);
    return cudaSuccess;
  }
  if (source == cudaMemoryTypeUnregistered) { /* the host may change it on return */
    std::shared_ptr<void> kept(malloc(bytes), free);
    if (!kept) TNT_FAIL(cudaErrorMemoryAllocation);
    memcpy(kept.get(), from, bytes);
    return note(submit(stream, [to, kept, bytes] { memcpy(to, kept.get(), bytes); }));
  }
  return note(submit(stream, [to, from, bytes] { memmove(to, from, bytes); }));
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  cudaError_t e = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
  return e ? e : cudaStreamSynchronize(nullptr);
}

cudaError_t cudaMemsetAsync(void *data, int value, size_t bytes, cudaStream_t stream) {
  TNT_ENTER();
  if (!bytes) return cudaSuccess;
  if (!fits(data, bytes, true)) TNT_FAIL(cudaErrorInvalidValue);
  return note(submit(stream, [data, value, bytes] { memset(data, value, bytes); }));
}
cudaError_t cudaMemset(void *data, int value, size_t bytes) {
  return cudaMemsetAsync(data, value, bytes, nullptr);
}
