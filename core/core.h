/* What the files of the core share. Rules: a `tensor` is a slot of its context and is reference-counted (one reference
 * for the handle, one for each node, gradient or parcel that holds it); counts are plain integers because a context
 * belongs to one thread. Functions return a status and leave their out-parameters alone on failure. */
#ifndef TNT_CORE_H
#define TNT_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tnt.h"

enum { MAX_DIMS = 8, MAX_INPUTS = 8, MAX_OUTPUTS = 4, MAX_NUMBERS = 8, MAX_INTEGERS = 52 };

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define TRY(call)                        \
  do {                                   \
    int try_rc = (call);                 \
    if (UNLIKELY(try_rc)) return try_rc; \
  } while (0)

typedef struct storage storage;
typedef struct tensor tensor;
typedef struct node node;
typedef struct context context;
typedef struct op_record op_record;
struct device_block;
struct device_table;

/* -- storage: bytes, counted; views share it and its version ----------------------------------------------------- */
struct storage {
  int32_t refs;
  uint32_t version; /* bumped by every write in place */
  void *data;
  size_t bytes;             /* as asked for; the block behind it may be larger */
  void (*drop)(void *user); /* memory of somebody else's */
  void *user;
  struct device_block *block; /* of a card's or of pinned memory, else null */
  uint8_t device, used,
      card; /* used: streams (bits) that worked on it beside its own; card: whose, when pinned */
  context *owner;
  storage *next_free;
};

/* -- tensor: a slot ------------------------------------------------------------------------------------------------ */
enum {
  FLAG_REQUIRES_GRAD = 1, /* a leaf that wants .grad */
  FLAG_DENSE = 2,         /* row-major without gaps */
  FLAG_GRAD_WRITTEN = 4,  /* grad holds a value (persistent gradients, core.md section 7) */
  FLAG_LEAVE = 8,         /* survives the next close */
  FLAG_TO_STEP = 16,      /* survives every close up to the step's */
  FLAG_HANDLE = 32,       /* a handle is alive */
  FLAG_FROZEN =
      64,         /* a view whose base cannot see writes to it: they are refused while recording */
  FLAG_CAST = 128 /* a weight whose casts are kept (autocast.c) */
};

enum { NOT_OWNED = 0xffffffffu };

struct tensor {
  /* the first 64 bytes hold all that checks need */
  uint32_t generation, index;         /* index: context number << 24 | slot */
  uint8_t dtype, device, ndim, flags; /* device: 0 the CPU, 1 + i card i */
  int32_t refs;
  int64_t numel;
  char *data; /* of the first element */
  storage *storage;
  node *node;            /* history: null for a constant and for a leaf that was not used yet */
  uint32_t owned_pos;    /* place in the context's list of scoped tensors, or NOT_OWNED */
  uint32_t node_version; /* storage version for which `node` is right (views) */
  uint32_t output;       /* which output of `node` this is */
  uint32_t spare;
  int64_t size[MAX_DIMS];
  int64_t stride[MAX_DIMS]; /* in elements */
  tensor *base;             /* of a view with history: the tensor it was taken from (a reference) */
  tensor *grad;             /* of a leaf (a reference) */
  tensor *next_free;
};

/* -- the tape --------------------------------------------------------------------------------------------------------- */
typedef struct edge {
  node *to; /* a reference; null where no gradient is wanted */
  uint32_t output;
  uint8_t ndim, dtype, device;
  int64_t size[MAX_DIMS];
} edge;

typedef struct saved {
  tensor *
      value; /* a reference; without history unless it is a leaf, so that no cycle can arise; null: not needed */
  uint32_t version;
  int16_t input, output; /* which of the node's it is; the other is -1 */
} saved;

enum node_kind {
  NODE_OP,       /* op->rule */
  NODE_LEAF,     /* accumulates into .grad */
  NODE_LUA,      /* a gradient written in Lua, pulled */
  NODE_RESTRIDE, /* y = a strided part of x */
  NODE_PLACE,    /* y = zeros with x in a strided part */
  NODE_REPLACE,  /* y = x with another tensor in a strided part: a base written to through a view */
  NODE_TRANSFER  /* y = x on another device */
};

/* One block: this head, then edges, saves, integers and numbers. */
struct node {
  int32_t refs;
  uint8_t kind, n_saved, n_outputs,
      freed; /* freed: a backward without retain_graph has been here */
  uint16_t n_edges;
  uint8_t cut; /* its step has ended (R6) */
  uint8_t in_step;
  uint32_t bytes;
  uint32_t step; /* the step it was made in, 0 outside */
  int32_t lua_id;
  const op_record *op;
  node *previous, *next; /* the nodes of a step; `next` also links free and dying ones */
  tensor *leaf;          /* NODE_LEAF: not a reference, cleared when the tensor goes */
  edge *edges;
  saved *saves;
  int64_t *integers;
  double *numbers;
  edge *outputs; /* geometry only */
  /* scratch of the walk under way */
  uint64_t walk;
  int32_t waiting;
  uint32_t call, region; /* tnt_context_view's when it was made */
  tensor *grads[MAX_OUTPUTS];
};

/* -- context: one per thread ------------------------------------------------------------------------------------------- */
typedef struct scope {
  uint32_t token;
  uint8_t kind;
  uint32_t first;  /* where its tensors begin in `owned` */
  uint32_t step;   /* its number when it is a step's, else 0 */
  uint32_t thread; /* the coroutine that opened it, as Lua numbers them */
} scope;

enum {
  MODE_INTERRUPT = 1,
  MODE_RANGES = 2,  /* when each op ran (watch.c) */
  MODE_FLOPS = 4,   /* how much it computed */
  MODE_FINITE = 8,  /* results are looked through for NaN and infinity (finite.c) */
  MODE_MEMORY = 16, /* which op allocates (memory_log.c) */
  MODE_LINES = 32,  /* entries ask Lua for the line of each call (TNT_NOTED) */
  MODE_WATCHED = MODE_RANGES | MODE_FLOPS | MODE_FINITE | MODE_MEMORY | MODE_LINES,
  MODE_AUTOCAST = 64, /* autocast.c */
  MODE_RECORD = 128,  /* of a step that is to be captured (graph.c) */
  MODE_CAPTURE = 256,
  MODE_NAMES = 512 /* ops are named to tools outside (device.h) */
};

struct context {
  tnt_context_view view; /* first, so that Lua's pointer is this one's */
  uint32_t number;
  uint32_t mode; /* MODE_ bits: everything rare is one test */
  tensor **chunks;
  uint32_t n_chunks;
  tensor *free_slots;
  uint32_t *owned;
  uint32_t n_owned, room_owned;
  scope *scopes;
  uint32_t n_scopes, room_scopes, last_token, steps;
  storage *free_storages;
  node *free_nodes[16]; /* by size class of 128 bytes */
  node *step_nodes;     /* made in the step under way and still alive */
  node *dying;          /* waiting for their turn in node_destroy, which is a loop */
  bool destroying;
  int32_t *dead; /* ids of Lua nodes that died */
  uint32_t n_dead, room_dead;
  uint64_t walks;
  uint64_t seed, random_calls;
  int autocast; /* dtype, or -1 */
  struct autocast_cache *casts;
  struct tnt_recorder *recorder; /* of a step that is to be captured (graph.c) */
  struct tnt_graph *capture;     /* under way */
  struct tnt_graph *ended_graphs;
  int create_graph; /* backward is being recorded */
  int64_t live_tensors, live_nodes;
  struct tnt_backward *walk; /* the newest of those open */
  node *running;             /* whose gradient is being computed */
  struct watch *watch;       /* what modes collect, null before the first is on */
  tnt_tensor *scratch;
  int n_scratch;
  tensor **list; /* the list inputs of the call under way */
  int room_list;
#ifdef TNT_HARD
  tensor *resting[8192]; /* freed slots, oldest at turn; not thread-local: that room is scarce */
  uint32_t turn;
#endif
};

context *context_open(void);
extern __thread context *tnt__context
    __attribute__((tls_model("initial-exec"))); /* read by every op */
static inline context *context_now(void) {
  context *c = tnt__context;
  return LIKELY(c != NULL) ? c : context_open();
}

/* -- status ------------------------------------------------------------------------------------------------------------ */
int fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
void failed_in(const char *op);

/* -- memory: one caching allocator (alloc.c) ------------------------------------------------------------------------------ */
void *block_alloc(
    size_t bytes); /* 64-byte aligned, room for whole vectors; null when there is none */
void block_free(void *data, size_t bytes);

/* -- tensors (tensor.c) ----------------------------------------------------------------------------------------------------- */
extern const uint8_t dtype_size[TNT_DTYPES];
const char *dtype_name(int dtype);
tensor *tensor_new(context *c); /* a slot with one reference and nothing in it */
void tensor_destroy(context *c, tensor *t);
static inline void tensor_ref(tensor *t) { t->refs++; }
static inline void tensor_unref(context *c, tensor *t) {
  if (t && --t->refs == 0) tensor_destroy(c, t);
}
storage *storage_new(context *c, size_t bytes, int device); /* for a card's compute stream */
storage *storage_new_on(context *c, size_t bytes, int device, int stream);
void storage_unref(context *c, storage *s);
/* sets dense strides, numel and FLAG_DENSE from ndim and size */
void tensor_set_dense(tensor *t);
void tensor_check_dense(tensor *t); /* FLAG_DENSE from size and stride */
int tensor_allocate(context *c,
                    tensor *t); /* storage for a tensor whose device, dtype, sizes are set */
int tensor_allocate_on(context *c, tensor *t, int stream); /* of a card, for work on that stream */
int tensor_create(context *c, tensor **out, int device, int dtype, const int64_t *size, int ndim);
tensor *tensor_view(context *c, tensor *x); /* same storage and layout, no history */
int tensor_from_handle(context *c, tensor **t, const tnt_tensor *h);
int tensor_from_handle_slow(context *c, const tnt_tensor *h);
/* gives the one reference of t to a handle, owned by the innermost scope; TNT_OWNED outside every scope */
int handle_give(context *c, tnt_tensor *h, tensor *t);
void format_shape(char *text, size_t room, const int64_t *size, int ndim);
#define SHAPE_TEXT 96
static inline tensor *slot_at(context *c, uint32_t index) {
  return &c->chunks[(index & 0xffffff) >> 10][index & 1023];
}
#define RESOLVE(c, t, h)                                                \
  do {                                                                  \
    const tnt_tensor *resolve_h = (h);                                  \
    if (UNLIKELY(!resolve_h || (resolve_h->slot >> 24) != (c)->number)) \
      return tensor_from_handle_slow(c, resolve_h);                     \
    (t) = slot_at(c, resolve_h->slot);                                  \
    if (UNLIKELY((t)->generation != resolve_h->generation))             \
      return tensor_from_handle_slow(c, resolve_h);                     \
  } while (0)

/* -- layouts (layout.c) -------------------------------------------------------------------------------------------------- */
bool is_packed(const tensor *t); /* no gaps, no element twice: dims may lie in any order */
bool same_layout(const tensor *a, const tensor *b); /* sizes, and strides where they count */
void lay_like(tensor *t, const tensor *x);          /* strides of x for a tensor of its sizes */
bool lies_channels_last(const tensor *t);           /* [N, C, H, W] with neighbouring channels */
bool shows_channels_last(const tensor *t);          /* the same, and not also row-major */
void lay_channels_last(tensor *t);                  /* a fresh one; other than four dims stay */
/* sizes of x, and its layout where it is packed */
int create_like(context *c, tensor **y, int device, int dtype, const tensor *x);

/* -- scopes (scope.c) ----------------------------------------------------------------------------------------------------------- */
void scope_own(context *c, tensor *t); /* into the innermost scope */

/* -- shapes (shape.c) ------------------------------------------------------------------------------------------------------------ */
int position(int64_t given, int64_t count, const char *op, const char *what, int *zero_based);
int broadcast(const char *op, tensor *out, tensor *const *in, int n);
int compute_strides_for_view(const tensor *x, const int64_t *size, int ndim,
                             int64_t *stride); /* 1 when possible */
bool same_size(const tensor *a, const tensor *b);
bool may_overlap(const tensor *t); /* two elements of t may be one */
bool partial_overlap(const tensor *a,
                     const tensor *b); /* share memory without being the same layout */

/* -- random (random.c) -------------------------------------------------------------------------------------------------------------- */
uint64_t random_next_call(context *c);

/* -- calls (dispatch.c) ---------------------------------------------------------------------------------------------------------------- */
typedef struct call {
  const op_record *op;
  context *c;
  tensor *in[MAX_INPUTS]; /* null: an optional input that is absent, or a number operand */
  tensor *out[MAX_OUTPUTS];
  tensor **list; /* list inputs, n_lists x n_list, by list */
  int n_in, n_list, n_lists, n_given;
  tensor *spare_list[8];
  int8_t number_at;   /* which elementwise input is a number, or -1 */
  bool in_place;      /* out[0] was given and is in[0] */
  bool watched;       /* rare modes have seen it */
  bool channels_last; /* of OP_IMAGES: the layout of its four-dim tensors */
  tensor *before;     /* in place: a copy of in[0] as it was, where a gradient needs it */
  double operand;     /* that number */
  double numbers[MAX_NUMBERS];
  int64_t integers[MAX_INTEGERS];
  uint8_t n_integers;
  int compute; /* dtype the kernel computes in */
  int device;  /* of its tensors */
} call;

typedef struct rule_call {
  context *c;
  node *node;
  tensor **dy; /* one for each output, null where nothing came */
  tensor **dx; /* results, one reference each */
  bool *want;
  tensor *own[MAX_OUTPUTS]; /* saved outputs with their history, made for create_graph */
} rule_call;

enum {
  OP_ELEMENTWISE = 1,
  OP_VIEW = 2,
  OP_STRIDED = 8,  /* its kernel takes strides */
  OP_HEADS = 4,    /* outputs [N, H, T, K] lie as the inputs do (heads.c) */
  OP_PROMOTE = 16, /* inputs are brought to one dtype */
  OP_BOOL_OUT = 32,
  OP_FLOAT_OUT = 64, /* integers become the default float */
  OP_WIDE_SUM = 128, /* integers and bool give i64 */
  OP_LIST = 256,
  OP_RANDOM = 512,
  OP_ONLY_FLOAT = 1024,
  OP_NO_GRAD = 2048,
  OP_MUTATES = 4096,   /* writes its first input */
  OP_PARAMS = 8192,    /* the first list holds parameters; a list of their gradients follows it */
  OP_GRADIENT = 32768, /* a gradient kernel without a gradient of its own */
  OP_AUTOCAST_LOW = 65536, /* in a region of autocast: computed in its dtype */
  OP_AUTOCAST_F32 = 131072,
  OP_DRAWS_AGAIN = 262144, /* the numbers of another op's random call, named by its arguments */
  OP_IMAGES =
      524288 /* four-dim tensors come to its kernel in one layout: row-major or channels-last */
};

struct op_record {
  const char *name;
  const char *signature;
  uint32_t flags;
  int32_t kernel; /* index into kernel tables, -1 for views */
  uint8_t n_in, n_out, n_numbers, n_integers;
  uint16_t ids;      /* bit k: input k holds whole numbers and is given to the kernel as i64 */
  uint16_t mask;     /* bit k: input k is bool and has no part in promotion */
  uint16_t optional; /* bit k: input k may be absent */
  uint16_t out_ids;  /* bit k: output k is i64 */
  uint16_t wide;     /* bit k: input k is f32 where the others are f16 or bf16, or as they are */
  uint16_t out_wide; /* bit k: output k is f32 where the others are f16 or bf16 */
  uint16_t narrow; /* bit k: input k stays in 16 bits where autocast wants f32; outputs are wide */
  uint16_t save;   /* bit k: input k is saved for the gradient */
  uint16_t save_out; /* bit k: output k is saved */
  uint16_t need
      [4]; /* for the gradient of input i (the last: and all further): saved inputs, and outputs << 8 */
  int8_t positions
      [8]; /* pairs (1 dim, 2 dim of a new one, 3 list of dims; place in integers), ended by 0 */
  const char *const *in_names;
  const int8_t *patterns; /* see shape.c: what inputs must be and outputs are */
  int (*shape)(call *);   /* writes dtype, ndim, size of the outputs; null: from the patterns */
  int (*rule)(rule_call *);
  int64_t (*flops)(const call *); /* floating-point operations of a call; null: not counted */
  bool twice; /* the rule is made of ops under create_graph, so second derivatives are right */
};

extern const op_record tnt__ops[];
extern int default_float;
extern int tnt__deterministic; /* tnt_set_deterministic */
extern int tnt__tf32;          /* tnt_set_tf32 */
extern int tnt__benchmark;     /* tnt_set_benchmark */

int dispatch(call *k); /* out[] hold one reference each on success */
int shape_from_patterns(call *k);
int cast_to(context *c, tensor **y, tensor *x, int dtype); /* recorded */
int make_dense(context *c, tensor **y, tensor *x); /* recorded copy, or x with a new reference */
int elementwise(call *k);                          /* on the device of its output */
int conversion_dtype(int from, int to); /* in which a value passes from one dtype to another */
struct tnt__kernels;
const struct tnt__kernels *kernels_for(
    int dtype);          /* float, double or int64 of the machine's best kind */
int run_kernel(call *k); /* of any row that is not elementwise, on the device of its tensors */
int convert(context *c, tensor *to, tensor *from); /* dtype and layout; one device */
int heads_allocate(call *k); /* the outputs of attention and of its gradient */

int autocast_inputs(call *k, tensor **loans); /* loans: MAX_INPUTS, null; the caller drops them */
void autocast_forget(context *c, tensor *x);  /* drops the casts of x, whose storage goes */

/* -- captured steps (graph.c) ------------------------------------------------------------------------------------------- */
struct tnt__args;
int recorder_call(const call *k); /* TNT_ESTATE where it differs from the step before */
int refuse_read(const context *c, const char *who); /* TNT_ESTATE in a captured step */
int refuse_write(const context *c, const char *who, uint32_t modes); /* in these of its modes */
void capture_random(const call *k, struct tnt__args *a);

/* -- between devices (transfer.c) ----------------------------------------------------------------------------------------- */
int to_device(context *c, tensor **y, tensor *x,
              int device); /* recorded; x itself where it is there */
/* Dense memory of the host from or to a tensor anywhere; waits. */
int host_read(context *c, void *data, tensor *x);
int host_write(tensor *x, const void *data);
int card_read(void *data, const tensor *t, size_t bytes); /* the bytes from t's first element on */
int tensor_zero(tensor *t, size_t bytes);
int number_tensor(context *c, tensor **y, int device, int dtype, double value); /* 0-dim */
int result_dtype(tensor *const *in, int n, unsigned skip, int number_at, double number);
/* 0 bool, 1 whole numbers, 2 floats */
/* what statistics of a dtype are kept in */
static inline int wide_dtype(int dtype) {
  return dtype == TNT_F16 || dtype == TNT_BF16 ? TNT_F32 : dtype;
}
static inline int category(int dtype) { return dtype == TNT_BOOL ? 0 : dtype >= TNT_I64 ? 1 : 2; }

/* -- the tape (tape.c) ------------------------------------------------------------------------------------------------ */
int record(call *k);
void node_destroy(context *c, node *n);
static inline void node_ref(node *n) { n->refs++; }
static inline void node_unref(context *c, node *n) {
  if (n && --n->refs == 0) node_destroy(c, n);
}
void node_cut(context *c, node *n);
void node_release_saved(context *c, node *n);
void node_forget_lua(context *c, node *n); /* its Lua half may go: its id comes to tnt_dead_node */
node *node_new(context *c, int kind, int n_edges, int n_saved, int n_outputs, int n_integers,
               int n_numbers);
void edge_set(context *c, edge *e, tensor *x, bool wanted);
void node_attach(context *c, node *n, int output,
                 tensor *t); /* t is output `output` of n from now on */
bool wants_gradient(const tensor *t);
node *gradient_node(context *c,
                    tensor *t); /* its history, made or renewed when needed; not a new reference */
int saved_tensor(rule_call *r, int i, tensor **t); /* checks the version; borrowed */
void written_in_place(context *c, tensor *x,
                      node *n); /* n: the history of the new contents, or null */

/* -- strided parts (restride.c) ------------------------------------------------------------------------------------------ */
typedef struct part { /* where a view lies in its base; strides and offset in elements */
  int ndim, base_ndim;
  int64_t size[MAX_DIMS], stride[MAX_DIMS], offset;
  int64_t base_size[MAX_DIMS], base_stride[MAX_DIMS];
} part;
enum { PART_INTEGERS = 3 + 4 * MAX_DIMS };
void part_of(part *p, const tensor *view, const tensor *base);
void part_store(const part *p, int64_t *integers);
void part_load(part *p, const int64_t *integers);
int restride(context *c, tensor **y, tensor *x, const part *p); /* recorded */
int place(context *c, tensor **y, tensor *x, const part *p);    /* recorded */
int restride_backward(rule_call *r);
int zeros(context *c, tensor **y, int device, int dtype, const int64_t *size, int ndim);
int sum_to(context *c, tensor **y, tensor *x, const int64_t *size, int ndim);

#define PARALLEL_FROM 32768 /* elements; below, one thread is faster than waking two */

#endif
