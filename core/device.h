/* Devices. The core knows a device only as a table of functions; the CPU's is built in, another one comes from a library
 * that is opened on first use (libtnt_cuda.so beside libtnt.so) and exports one function, tnt_plugin. A tensor's device
 * is a number: 0 is the CPU, 1 + i card i. Work on a card is asynchronous and ordered by its streams; nothing waits but
 * what says so. */
#ifndef TNT_DEVICE_H
#define TNT_DEVICE_H

#include "../kernels/args.h"

enum { DEVICE_VERSION = 3, MAX_CARDS = 16 };
enum { STREAM_COMPUTE, STREAM_COPY, STREAMS };

typedef struct device_facts {
  char name[128];
  int64_t total_bytes, free_bytes;
  int major, minor, processors;
  int64_t l2_bytes, shared_bytes; /* shared: the most of a block */
  char bus[20];                   /* its place on the PCI bus, as nvidia-smi writes it */
} device_facts;

/* 1000 * major + 10 * minor of CUDA's, the libraries' own numbers of theirs; 0: not there. */
typedef struct device_versions {
  int64_t runtime, driver, cublas, cudnn, nccl;
} device_versions;

typedef struct device_table {
  uint32_t size;    /* of this struct: a library of another version is refused, not called */
  uint32_t version; /* DEVICE_VERSION */
  const char *name;
  bool narrow_floats; /* kernels take f16 and bf16 as they are */
  int (*count)(void); /* cards */
  int (*facts)(int index, device_facts *out);
  void (*versions)(device_versions *out);

  /* raw memory: what the caching allocator is built on; null when there is none */
  void *(*alloc)(int index, size_t bytes);
  void (*release)(int index, void *data);
  void *(*pinned_alloc)(size_t bytes); /* of the host, which copies reach without staging */
  void (*pinned_release)(void *data);

  /* Makes this thread work on card `index` and gives the handle of one of its streams. */
  void *(*stream)(int index, int which);
  int (*synchronize)(int index);
  int (*stream_synchronize)(void *stream);
  int (*zero)(void *data, size_t bytes, void *stream);
  int (*fill_nan)(void *data, size_t bytes, void *stream); /* all bits set, for TNT_HARD */
  /* from and to may be the host's or any card's; memory of the host that is not pinned may be used again on return */
  int (*copy)(void *to, const void *from, size_t bytes, void *stream);

  void *(*event)(int index, int timing);
  void (*event_free)(void *event);
  int (*event_record)(void *event, void *stream);
  int (*event_wait)(void *event, void *stream); /* the stream waits, not the host */
  int (*event_done)(void *event);               /* 1 or 0 */
  int (*event_synchronize)(void *event);
  int (*event_milliseconds)(void *from, void *to, double *ms);

  int (*elementwise)(const tnt__plan *p); /* runs a formula */
  tnt__kernel (*kernel)(int dtype, int kernel);

  /* a recorded sequence of work, run again as one; the graph is the library's */
  int (*capture_begin)(void *stream);
  int (*capture_end)(void *stream, void **graph);
  int (*graph_launch)(void *graph, void *stream);
  void (*graph_free)(void *graph);

  /* names for tools of the maker's that watch from outside; null unless they were asked for (TNT_NVTX=1) */
  void (*name_push)(const char *name);
  void (*name_pop)(void);
} device_table;

/* What a plug-in may call, and what it gives: checked for size, version and the op table's hash before anything else. */
typedef struct device_host {
  uint32_t size, version;
  uint64_t ops_hash;
  int (*fail)(int status, const char *fmt, ...);
} device_host;

typedef struct device_plugin {
  uint32_t size, version;
  uint64_t ops_hash;
  const device_table *table;
} device_plugin;

typedef int device_entry(const device_host *host, device_plugin *out);

const device_table *device_of(int device); /* null where it is not open */
static inline int device_card(int device) { return device - 1; }
const char *device_name(int device); /* "cpu", "cuda:0", ... */
int device_open(int kind);    /* TNT_CPU or TNT_CUDA: 0, or TNT_EDEVICE with what is missing */
extern bool tnt__named;       /* a library that is open wants the names of ops: MODE_NAMES */
int device_check(int device); /* 0 when tensors may lie there; opens the library */

/* -- events (event.c) --------------------------------------------------------------------------------------------------- */
typedef struct device_event device_event;
/* A mark of a card's, `timed` where it is to tell when it was reached; null where there is none to be had. */
device_event *device_event_take(int device, bool timed);
void device_event_give(device_event *e); /* to be used again; null is nothing */
int device_event_device(const device_event *e);
int device_event_record(device_event *e,
                        int stream); /* behind what the stream of its card has been given */
int device_event_wait(const device_event *e, int device,
                      int stream); /* the stream waits, not the host */
bool device_event_done(const device_event *e);
int device_event_synchronize(const device_event *e);
int device_event_milliseconds(const device_event *from, const device_event *to, double *ms);

/* -- memory of cards (pool.c) ------------------------------------------------------------------------------------------ */
typedef struct device_block device_block;
int pool_open(void); /* reads TNT_CUDA_CACHE; 0, or TNT_EARGUMENT */
/* A block for work on `stream`; null when there is none, even after everything cached was given back. */
device_block *device_alloc(int device, size_t bytes, int stream);
device_block *pinned_alloc(size_t bytes); /* of the host */
/* `used`: bit s is set where stream s of the card (for pinned memory: of `card`) worked on it too. */
void device_free(device_block *b, unsigned used, int card);
void *device_data(const device_block *b);
bool device_in_use(int device); /* its memory was ever asked for */

/* While this thread captures a step, its blocks come from a pool of the card's captured steps, which lives until all of
 * them are dropped and its last block was freed; blocks of other pools that are freed meanwhile wait for that. */
typedef struct pool device_pool;
device_pool *pool_capture(int device);
void pool_captured(void);
void pool_drop(device_pool *p);

#endif
