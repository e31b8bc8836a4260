/* The public C interface of libtnt, declared once. The library carries this header in preprocessed form (tnt_cdef) and
 * Lua's FFI reads its declarations from there, so that declaration and library cannot drift apart.
 *
 * Every function returns a status: 0, an error of enum tnt_status (message: tnt_message), or a negative note.
 * Out-parameters come first and stay untouched on failure. Nothing here calls back, throws, prints or exits.
 * Positions (dims, starts) count from 1 and from the end when negative; ids stored in tensors count from 0. */
#ifndef TNT_H
#define TNT_H

#ifndef TNT_CDEF
#include <stddef.h>
#include <stdint.h>
#define TNT_API __attribute__((visibility("default")))
#else
#define TNT_API
#endif

/* ORDER KIND: the same list as errors.kinds in lua/tnt/errors.lua */
enum tnt_status {
  TNT_OK = 0,
  TNT_ESHAPE,
  TNT_EDTYPE,
  TNT_EDEVICE,
  TNT_EARGUMENT,
  TNT_ESTATE,
  TNT_ERELEASED,
  TNT_EMEMORY,
  TNT_EIO,
  TNT_EFORMAT,
  TNT_ECOLLECTIVE,
  TNT_ECUDA,
  TNT_EINTERRUPTED,
  TNT_EINTERNAL,
  TNT_OWNED = -1,        /* done; made outside every scope, so the handle must own its tensor */
  TNT_PULL = -2,         /* backward: a gradient written in Lua is wanted (tnt_backward_pull) */
  TNT_OUT_OF_ORDER = -3, /* the scope is not innermost, or has none outside */
  TNT_DEAD_NODES = -4,   /* done; tnt_dead_node has something */
  TNT_NOTED = -5         /* done; Lua is to note the line of call tnt_context_view.call */
};

/* ORDER DTYPE: the same list as dtypes in lua/tnt/dtype.lua */
enum tnt_dtype {
  TNT_F32 = 0,
  TNT_F64,
  TNT_F16,
  TNT_BF16,
  TNT_I64,
  TNT_I32,
  TNT_U8,
  TNT_BOOL,
  TNT_DTYPES
};

enum { TNT_MAX_DIMS = 8 };
enum tnt_device { TNT_CPU = 0, TNT_CUDA = 1 };
enum tnt_scope_kind { TNT_SCOPE_PLAIN = 0, TNT_SCOPE_MODULE = 1, TNT_SCOPE_STEP = 2 };

/* A handle: who holds one does not own memory; a stale one is always recognised (TNT_ERELEASED). */
typedef struct tnt_tensor {
  uint32_t slot, generation;
} tnt_tensor;

/* What a tensor is, copied out in one call. Sizes and strides count elements. */
typedef struct tnt_info {
  int32_t dtype, device, device_index, ndim; /* device: its kind */
  int32_t requires_grad, is_leaf, contiguous, has_grad;
  int64_t numel;
  int64_t size[8], stride[8];
  void *data;
  uint32_t version, owned;
} tnt_info;

typedef struct tnt_memory_info {
  int64_t live_bytes, peak_bytes, cached_bytes, system_allocations;
  int64_t live_tensors, live_nodes, scoped_tensors, orphaned_tensors;
} tnt_memory_info;

typedef struct tnt_device_memory_info {
  int64_t live_bytes, peak_bytes, cached_bytes, largest_cached_bytes, segments, system_allocations;
  int64_t pinned_bytes, total_bytes, free_bytes,
      captured_bytes; /* captured: what of live_bytes captured steps work in */
} tnt_device_memory_info;

typedef struct tnt_device_properties_info {
  char name[128], bus[20];
  int64_t total_bytes, l2_bytes, shared_bytes; /* shared: of a block of threads, at most */
  int32_t major, minor, processors;
} tnt_device_properties_info;

typedef struct tnt_device_versions_info { /* as the libraries number themselves; 0: not there */
  int64_t runtime, driver, cublas, cudnn, nccl;
} tnt_device_versions_info;

/* Rarely-changing state that Lua may read without a call. */
typedef struct tnt_context_view {
  int32_t depth;       /* open scopes */
  int32_t grad_mode;   /* 1: operations are recorded */
  uint32_t step;       /* the number of the step scope under way, 0 outside */
  int32_t dead_nodes;  /* Lua gradient nodes waiting in tnt_dead_node */
  uint32_t innermost;  /* the token of the innermost scope, 0 outside */
  int32_t autocast;    /* the dtype of the region of autocast under way, -1 outside */
  int64_t owned_bytes; /* bytes made outside scopes since Lua last looked: paces the collector */
  uint32_t call;       /* Lua's number of the call under way, which nodes keep: see TNT_NOTED */
  uint32_t region;     /* Lua's number of the part of the program under way, 0: none */
} tnt_context_view;

/* -- library ------------------------------------------------------------------------------------------------------- */
TNT_API const char *tnt_cdef(void);
TNT_API const char *tnt_version(void);
TNT_API const char *tnt_message(void); /* of the last failure in this thread */
TNT_API const char *tnt_failed_op(void);
TNT_API tnt_context_view *tnt_context(void);
TNT_API int tnt_set_deterministic(
    int on); /* the previous setting; kernels of cards then avoid sums in any order */
TNT_API int tnt_set_tf32(int on);      /* 0 or 1, -1 only asks: the previous setting */
TNT_API int tnt_set_benchmark(int on); /* likewise */
TNT_API const char *tnt_isa(
    void); /* "base", "avx2" or "avx512": the kernels chosen when the library was loaded */
TNT_API int tnt_set_num_threads(int n);
TNT_API int tnt_num_threads(void);
TNT_API void tnt_context_close(void); /* of a worker thread that ends: its tensors are dropped */
TNT_API int tnt_hard(void);           /* 1 in a build with TNT_HARD */

/* -- devices (enum tnt_device): the CPU is always open; another one is a library, opened once ----------------------- */
/* A tensor's device is a number: TNT_CPU, or TNT_CUDA + i for card i. */
TNT_API int tnt_device_open(int kind); /* TNT_EDEVICE with what is missing */
TNT_API int tnt_device_count(int kind);
TNT_API int tnt_device_name(char *text, int room, int device); /* the card's own */
TNT_API int tnt_device_properties(tnt_device_properties_info *out, int device);
TNT_API int tnt_device_versions(tnt_device_versions_info *out);
TNT_API int tnt_device_synchronize(int device);
TNT_API int tnt_device_memory(tnt_device_memory_info *out, int device);
TNT_API int tnt_device_memory_reset_peak(int device);
TNT_API int tnt_device_empty_cache(int device);
TNT_API int tnt_to_device(tnt_tensor *y, const tnt_tensor *x, int device); /* recorded */
TNT_API int tnt_pin(tnt_tensor *y,
                    const tnt_tensor *x); /* a copy in memory that cards read directly */
TNT_API int tnt_is_pinned(int32_t *out, const tnt_tensor *x);
/* Values read without waiting now: begin puts their copy behind the work given so far, finish waits for no more than that
 * copy, writes them as doubles and drops the reading. */
typedef struct tnt_reading tnt_reading;
TNT_API int tnt_reading_begin(tnt_reading **reading, const tnt_tensor *x);
TNT_API int tnt_reading_finish(double *values, int64_t n, tnt_reading *reading);
TNT_API void tnt_reading_drop(tnt_reading *reading);
/* Captured steps. A step is recorded at least twice (the second is compared with the first and refused, with TNT_ESTATE,
 * where it differs), then captured: ops between begin and end are written down by the card, not run. A replay runs them
 * again on the same memory; `written`: the tensors that it changes. */
typedef struct tnt_graph tnt_graph;
typedef struct tnt_recorder tnt_recorder;
TNT_API int tnt_record_begin(tnt_recorder **recorder); /* *recorder: null, or the step before's */
TNT_API int tnt_record_end(void);
TNT_API void tnt_recorder_free(tnt_recorder *recorder);
TNT_API int tnt_capture_begin(tnt_graph **graph, int device);
TNT_API int tnt_capture_end(tnt_graph *graph);
TNT_API int tnt_graph_replay(tnt_graph *graph, const tnt_tensor *written, int n);
TNT_API void tnt_graph_free(tnt_graph *graph);
/* Marks on the compute stream of a card; time between two of them waits for the second. */
typedef struct tnt_event tnt_event;
TNT_API int tnt_event_record(tnt_event **event, int device); /* *event: null, or one to use again */
TNT_API int tnt_event_milliseconds(double *ms, tnt_event *from, tnt_event *to);
TNT_API void tnt_event_free(tnt_event *event);

/* -- tensors ------------------------------------------------------------------------------------------------------- */
TNT_API int tnt_describe(tnt_info *info, const tnt_tensor *x);
TNT_API int tnt_empty(tnt_tensor *y, int device, int dtype, const int64_t *size, int ndim);
/* With the sizes of x; where x has no gaps, also with its layout. */
TNT_API int tnt_empty_like(tnt_tensor *y, int device, int dtype, const tnt_tensor *x);
/* A tensor over memory of the caller's: `drop(user)` is called when the last reference goes; may be null. */
TNT_API int tnt_wrap(tnt_tensor *y, int dtype, const int64_t *size, int ndim, void *data,
                     void (*drop)(void *user), void *user);
TNT_API int tnt_free(const tnt_tensor *x);    /* early release; an error when already released */
TNT_API int tnt_release(const tnt_tensor *x); /* as tnt_free, silent when stale: for finalizers */
TNT_API int tnt_alive(const tnt_tensor *x);   /* 1 or 0 */
TNT_API int tnt_alias(tnt_tensor *y,
                      const tnt_tensor *x); /* another handle on the same storage and history */
TNT_API int tnt_detach(tnt_tensor *y, const tnt_tensor *x);
TNT_API int tnt_item(double *value, const tnt_tensor *x);
TNT_API int tnt_item_int64(int64_t *value, const tnt_tensor *x);
/* Copies elements out to, or in from, memory of the caller's, row-major, as dtype, n elements. */
TNT_API int tnt_read(void *data, int dtype, int64_t n, const tnt_tensor *x);
TNT_API int tnt_write(const tnt_tensor *x, const void *data, int dtype, int64_t n);
TNT_API int tnt_set_requires_grad(const tnt_tensor *x, int on);
TNT_API int tnt_swap_contents(const tnt_tensor *a,
                              const tnt_tensor *b); /* storages and layouts change places */
TNT_API int tnt_result_type(int32_t *dtype, const tnt_tensor *a, const tnt_tensor *b);
TNT_API int tnt_set_default_dtype(int dtype);
TNT_API tnt_tensor *tnt_scratch(int n); /* room for n handles, reused by the next call */
TNT_API int tnt_memory(tnt_memory_info *out);
TNT_API int tnt_memory_reset_peak(void);
TNT_API int tnt_empty_cache(void);
TNT_API int tnt_share_memory(
    void); /* before the first thread is started that will have a context of its own */
TNT_API int tnt_zero_grad(const tnt_tensor *xs, int n);         /* marks the gradients unwritten */
TNT_API int tnt_mark_grad_written(const tnt_tensor *xs, int n); /* by a replay of a captured step */

/* -- hand-over between threads (loader, checkpoint writer) ----------------------------------------------------------- */
typedef struct tnt_parcel
    tnt_parcel; /* a tensor's contents on the way from one thread to another */
TNT_API int tnt_parcel_pack(tnt_parcel **parcel, const tnt_tensor *x);
TNT_API int tnt_parcel_open(tnt_tensor *y, tnt_parcel *parcel); /* consumes the parcel */
TNT_API void tnt_parcel_drop(tnt_parcel *parcel);
TNT_API void tnt_parcel_describe(tnt_info *info, const tnt_parcel *parcel);

/* -- scopes -------------------------------------------------------------------------------------------------------- */
TNT_API uint32_t tnt_scope_open(
    int kind, uint32_t thread); /* a token; thread: the coroutine's number, 0 the main one's */
/* A module's, which is opened only within another: 0 where none is. */
TNT_API uint32_t tnt_scope_enter(uint32_t thread);
/* Closes it and lets its one result (may be null) out; does nothing but say TNT_OUT_OF_ORDER where that is in doubt. */
TNT_API int tnt_scope_leave(uint32_t token, const tnt_tensor *y);
TNT_API int tnt_scope_close(uint32_t token); /* releases, or dissolves when not innermost */
TNT_API int tnt_scope_dissolve(
    uint32_t token); /* its tensors go outward; deeper scopes stay open */
TNT_API int tnt_scope_at(int i, uint32_t *token, uint32_t *thread); /* 1 is the outermost */
TNT_API int tnt_scope_dissolve_all(void);
/* What a scope left that dissolved with none outside stands in limbo: alive until it is kept, freed or released there. */
TNT_API int64_t tnt_limbo(int64_t *bytes); /* how many, and (may be null) their storages' bytes */
TNT_API int tnt_in_limbo(const tnt_tensor *x); /* 1 or 0 */
TNT_API int tnt_limbo_release(void);           /* all of it, when no scope is open */
TNT_API int tnt_keep(const tnt_tensor *x);     /* out of every scope: the handle owns */
TNT_API int tnt_adopt(const tnt_tensor *x);    /* back into the innermost scope */
TNT_API int tnt_leave(const tnt_tensor *x,
                      int to_step); /* survives this close, or those up to the step's end */
TNT_API int tnt_will_release(const tnt_tensor *x,
                             uint32_t token); /* 1: closing this scope would release it */

/* -- gradients ----------------------------------------------------------------------------------------------------- */
typedef struct tnt_backward tnt_backward; /* a walk of the tape under way */
TNT_API int tnt_set_grad_mode(int on);    /* the previous mode */
TNT_API int tnt_set_autocast(int dtype);  /* TNT_F16 or TNT_BF16; -1: off */
TNT_API int tnt_autocast_clear(void);     /* drops the casts of weights that are kept */
TNT_API int tnt_grad(
    tnt_tensor *g, const tnt_tensor *x); /* TNT_ESTATE when there is none: ask tnt_describe first */
TNT_API int tnt_set_grad(const tnt_tensor *x,
                         const tnt_tensor *g); /* g may be null: marks it unwritten */
/* seed may be null for a one-element y. inputs null: gradients go into .grad of leaves. */
TNT_API int tnt_backward_open(tnt_backward **walk, const tnt_tensor *ys, const tnt_tensor *seeds,
                              int n_ys, const tnt_tensor *inputs, int n_inputs, int create_graph,
                              int retain_graph);
TNT_API int tnt_backward_run(tnt_backward *walk); /* 0: done; TNT_PULL: see below */
TNT_API int tnt_backward_pull(tnt_backward *walk, int32_t *node, tnt_tensor *dy, int *n_dy,
                              uint8_t *needs, int *n_in);
TNT_API int tnt_backward_push(tnt_backward *walk, const tnt_tensor *dx, const uint8_t *given,
                              int n);
/* A saved result of the node that waits, with the node as its history: for gradients of gradients. */
TNT_API int tnt_backward_result(tnt_tensor *y, tnt_backward *walk, const tnt_tensor *x, int output);
TNT_API int tnt_backward_input(tnt_tensor *g, tnt_backward *walk, int i, int *found);
TNT_API void tnt_backward_close(tnt_backward *walk);
/* A node whose gradient is written in Lua, found there by `id`; ids of nodes that died wait in tnt_dead_node. */
TNT_API int tnt_lua_node(const tnt_tensor *ys, int n_ys, const tnt_tensor *xs, int n_xs,
                         int32_t id);
TNT_API int32_t tnt_dead_node(void); /* an id, or 0 */

/* -- random numbers: Philox 4x32-10, one stream a context ------------------------------------------------------------- */
TNT_API int tnt_seed(uint64_t seed);
TNT_API void tnt_random_state(uint64_t state[2]); /* seed, calls made */
TNT_API void tnt_random_set_state(const uint64_t state[2]);

/* -- signals --------------------------------------------------------------------------------------------------------- */
TNT_API int tnt_interrupt_begin(void); /* SIGINT and SIGTERM set a flag from now on */
TNT_API int tnt_interrupt_finish(void);
TNT_API int tnt_interrupt_pending(int clear); /* 0 or the signal's number */
TNT_API void tnt_interrupt_raise(int signal); /* as if it had come: for prompts and tests */
TNT_API void tnt_interrupt_ops(
    int on); /* 1: a pending signal makes the next operation fail (interrupted) */

/* -- watching what runs (this thread's ops; the log of memory: this process's) ------------------------------------------ */
/* When an op ran, or (op -1) the gradient of one. Times: nanoseconds of CLOCK_MONOTONIC. */
typedef struct tnt_range {
  int64_t begin, end;
  int64_t kernel_begin, kernel_end; /* 0: it has none */
  int64_t bytes;                    /* of outputs made */
  int64_t flops;
  int64_t size[4];       /* of the first input */
  uint32_t call, region; /* tnt_context_view's; in a gradient: those of its forward */
  int16_t op, of;        /* of: whose gradient was being computed, -1: none */
  uint8_t ndim, dtype, backward, in_place, thread;
} tnt_range;
TNT_API int tnt_watch_ranges(int64_t most); /* keeps up to so many; 0: off, what is kept stays */
/* Those kept so far, in the order of their ends; the caller frees them, and the next ones begin anew. */
TNT_API int tnt_ranges_take(tnt_range **ranges, int64_t *n, int64_t *dropped);
/* When a card ran an op's kernels, a copy or a captured step, in nanoseconds of CLOCK_MONOTONIC. */
enum tnt_card_work { TNT_RAN_OP, TNT_RAN_TO, TNT_RAN_FROM, TNT_RAN_ACROSS, TNT_RAN_REPLAY };
typedef struct tnt_card_range {
  int64_t begin, end;
  int64_t bytes;         /* copied */
  uint32_t call, region; /* as in tnt_range */
  int16_t op, of;        /* as in tnt_range; op -1: no op's */
  uint8_t device, stream, work, backward, in_place;
} tnt_card_range;
/* Those of the ops watched by tnt_watch_ranges; to be taken when that is off (before, those on their way are lost). */
TNT_API int tnt_card_ranges_take(tnt_card_range **ranges, int64_t *n, int64_t *dropped);
TNT_API const char *tnt_op_name(int op); /* null: no op has this number */

/* Floating-point operations of forward and of gradients, two for each multiply-add. */
typedef struct tnt_count {
  int64_t forward, backward, forward_calls, backward_calls;
} tnt_count;
TNT_API int tnt_watch_flops(
    int64_t regions); /* counts from 0 on, also for regions 1 to this; -1: off */
TNT_API int tnt_flops_of_op(tnt_count *count, int op);
TNT_API int tnt_flops_of_region(tnt_count *count, uint32_t region);

/* 0: off; 1: an op whose result holds NaN fails; 2: also one that makes infinity. The level before, negative. */
TNT_API int tnt_watch_finite(int level);
/* How many elements are NaN and infinite, and where the first of them is (counted from 0; -1: nowhere). */
TNT_API int tnt_count_bad(int64_t *nan, int64_t *infinite, int64_t *first, const tnt_tensor *x);
TNT_API void tnt_watch_lines(int on); /* 1: entries answer TNT_NOTED */

enum {
  TNT_PINNED = 255
}; /* instead of a device's number: the host's memory that cards read directly */
enum tnt_memory_what { TNT_BLOCK = 0, TNT_SEGMENT = 1 };
/* A block of a tensor's (or of a kernel's own) taken or, negative bytes, given back; or a segment, which is what blocks of
 * cards are cut from and what the driver is asked for. address 0: there was no room for so many bytes. live, cached: of
 * all that device's, afterwards. */
typedef struct tnt_memory_event {
  int64_t time;
  uint64_t address;
  int64_t bytes, live, cached;
  uint32_t call;
  int16_t op, of; /* as in tnt_range */
  uint8_t backward, thread, device, what;
  uint8_t stream,
      captured; /* of a card's: for which of its streams; whether it is a captured step's own */
} tnt_memory_event;
TNT_API int tnt_watch_memory(int64_t room); /* begins a log of the newest so many events */
/* Stops the log and hands it over, to be freed: event i of n is ring[i % room], those before n - room are gone. */
TNT_API int tnt_memory_events_take(tnt_memory_event **ring, int64_t *n, int64_t *room);
/* What a card's allocator has now (TNT_PINNED: that of pinned memory), segment by segment; to be freed. */
typedef struct tnt_block_info {
  uint64_t address, segment; /* segment: the address of the first block of its own */
  int64_t bytes;
  uint8_t stream, live, captured;
} tnt_block_info;
TNT_API int tnt_device_blocks(tnt_block_info **blocks, int64_t *n, int device);
/* A thread that notes every so many seconds what this process holds in memory, in bytes; stopping gives the samples,
 * first to last, to be freed. */
TNT_API int tnt_rss_start(double interval);
TNT_API int tnt_rss_stop(int64_t **samples, int64_t *n);

/* -- checksums --------------------------------------------------------------------------------------------------------- */
TNT_API uint32_t tnt_crc32c(const void *data, size_t bytes, uint32_t previous);

#include "ops_gen.h"

#endif
