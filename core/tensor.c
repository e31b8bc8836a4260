/* Contexts, slots, handles and storages. Slots come in chunks of 1,024 that never move, so a handle is checked with two
 * loads; a slot whose generation would wrap is retired. */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "device.h"
#include "watch.h"

enum { CHUNK = 1024, MAX_CHUNKS = (1 << 24) / CHUNK, MAX_CONTEXTS = 255 };

__thread context *tnt__context __attribute__((tls_model("initial-exec")));
static uint8_t context_used[MAX_CONTEXTS + 1]; /* numbers are given under a lock-free claim */
int default_float = TNT_F32;

const uint8_t dtype_size[TNT_DTYPES] = {4, 8, 2, 2, 8, 4, 1, 1};
static const char *const dtype_names[TNT_DTYPES] = {"f32", "f64", "f16", "bf16",
                                                    "i64", "i32", "u8",  "bool"};
const char *dtype_name(int dtype) {
  return dtype >= 0 && dtype < TNT_DTYPES ? dtype_names[dtype] : "?";
}

static int more_slots(context *c);

/* -- context ----------------------------------------------------------------------------------------------------- */
context *context_open(void) {
  context *c = calloc(1, sizeof *c);
  if (!c) abort(); /* 1 KiB at the start of a thread: nothing can go on without it */
  c->number = MAX_CONTEXTS;
  for (uint32_t i = 0; i < MAX_CONTEXTS; i++) {
    uint8_t expected = 0;
    if (__atomic_compare_exchange_n(&context_used[i], &expected, 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
      c->number = i;
      break;
    }
  }
  if (c->number == MAX_CONTEXTS)
    abort(); /* 255 threads of Lua at once: two would share their tensors */
  if (c->number > 0) tnt_share_memory();
  c->chunks = calloc(MAX_CHUNKS, sizeof *c->chunks);
  c->view.grad_mode = 1;
  c->autocast = c->view.autocast = -1;
  if (tnt__named) c->mode |= MODE_NAMES;
  c->seed = 5489; /* any fixed number: unseeded programs are reproducible too */
  tnt__context = c;
  more_slots(c); /* handles are checked without asking whether the first chunk is there */
  return c;
}

tnt_context_view *tnt_context(void) { return &context_now()->view; }

void tnt_context_close(void) {
  context *c = tnt__context;
  if (!c) return;
  tnt_autocast_clear();
  while (c->n_scopes) tnt_scope_close(c->scopes[c->n_scopes - 1].token);
  for (uint32_t i = 0; i < c->n_chunks * CHUNK; i++) {
    tensor *t = slot_at(c, i);
    if (t->flags & FLAG_HANDLE) {
      tnt_tensor h = {t->index, t->generation};
      tnt_release(&h);
    }
  }
  if (c->live_tensors == 0 && c->live_nodes == 0) {
    for (uint32_t i = 0; i < c->n_chunks; i++) free(c->chunks[i]);
    free(c->chunks);
    while (c->free_storages) {
      storage *s = c->free_storages;
      c->free_storages = s->next_free;
      free(s);
    }
    for (int i = 0; i < 16; i++) {
      while (c->free_nodes[i]) {
        node *n = c->free_nodes[i];
        c->free_nodes[i] = n->next;
        free(n);
      }
    }
    watch_free(c);
    free(c->owned), free(c->scopes), free(c->dead), free(c->scratch), free(c->list);
    uint32_t number = c->number;
    free(c);
    __atomic_store_n(&context_used[number], 0, __ATOMIC_RELEASE);
  } /* else something still refers to it: leaked on purpose rather than left dangling */
  tnt__context = NULL;
}

/* -- storage -------------------------------------------------------------------------------------------------------- */
storage *storage_new_on(context *c, size_t bytes, int device, int stream) {
  storage *s = c->free_storages;
  if (s) {
    c->free_storages = s->next_free;
  } else {
    s = malloc(sizeof *s);
    if (!s) return NULL;
  }
  memset(s, 0, sizeof *s);
  s->refs = 1;
  s->owner = c;
  s->bytes = bytes;
  s->device = (uint8_t)device;
  if (LIKELY(device == TNT_CPU)) {
    s->data = block_alloc(bytes);
  } else {
    s->block = device_alloc(device, bytes, stream);
    if (s->block) s->data = device_data(s->block);
  }
  if (!s->data) {
    s->next_free = c->free_storages;
    c->free_storages = s;
    return NULL;
  }
  return s;
}

storage *storage_new(context *c, size_t bytes, int device) {
  return storage_new_on(c, bytes, device, STREAM_COMPUTE);
}

void storage_unref(context *c, storage *s) {
  if (!s || --s->refs) return;
  if (UNLIKELY(s->drop != NULL))
    s->drop(s->user);
  else if (UNLIKELY(s->block != NULL))
    device_free(s->block, s->used, s->card);
  else
    block_free(s->data, s->bytes);
  s->next_free = c->free_storages;
  c->free_storages = s;
}

/* -- slots ------------------------------------------------------------------------------------------------------------ */
static int more_slots(context *c) {
  if (c->n_chunks == MAX_CHUNKS) return 0;
  tensor *chunk = NULL;
  if (posix_memalign((void **)&chunk, 64, CHUNK * sizeof *chunk)) return 0;
  memset(chunk, 0, CHUNK * sizeof *chunk);
  uint32_t first = c->n_chunks * CHUNK;
  c->chunks[c->n_chunks++] = chunk;
  for (uint32_t i = CHUNK; i-- > 0;) {
    chunk[i].index = c->number << 24 | (first + i);
    chunk[i].generation = 1;
    chunk[i].owned_pos = NOT_OWNED;
    chunk[i].next_free = c->free_slots;
    c->free_slots = &chunk[i];
  }
  return 1;
}

tensor *tensor_new(context *c) {
  if (UNLIKELY(!c->free_slots) && !more_slots(c)) return NULL;
  tensor *t = c->free_slots;
  c->free_slots = t->next_free;
  t->refs = 1;
  t->flags = 0;
  t->ndim = 0;
  t->device = TNT_CPU;
  t->storage = NULL;
  t->node = NULL;
  t->base = NULL;
  t->grad = NULL;
  t->data = NULL;
  t->owned_pos = NOT_OWNED;
  t->output = 0;
  t->node_version = 0;
  c->live_tensors++;
  return t;
}

void tensor_destroy(context *c, tensor *t) {
  c->live_tensors--;
  if (UNLIKELY(t->flags & FLAG_CAST)) autocast_forget(c, t);
  if (t->node) {
    node *n = t->node;
    t->node = NULL;
    if (n->kind == NODE_LEAF && n->leaf == t) n->leaf = NULL;
    node_unref(c, n);
  }
  if (t->base) tensor_unref(c, t->base);
  if (t->grad) tensor_unref(c, t->grad);
  storage_unref(c, t->storage);
  t->storage = NULL;
  t->base = t->grad = NULL;
  if (++t->generation == 0) return; /* retired */
#ifdef TNT_HARD
  /* a freed slot rests for the next 8,192 releases, so that a pointer kept by mistake meets no new tensor at once */
  tensor *rested = c->resting[c->turn & 8191];
  c->resting[c->turn++ & 8191] = t;
  if (!rested) return;
  t = rested;
#endif
  t->next_free = c->free_slots;
  c->free_slots = t;
}

void tensor_set_dense(tensor *t) {
  int64_t n = 1;
  for (int d = t->ndim - 1; d >= 0; d--) {
    t->stride[d] = n;
    n *= t->size[d];
  }
  t->numel = n;
  t->flags |= FLAG_DENSE;
}

void tensor_check_dense(tensor *t) {
  int64_t n = 1;
  bool dense = true;
  for (int d = t->ndim - 1; d >= 0; d--) {
    if (t->size[d] != 1 && t->stride[d] != n) dense = false;
    n *= t->size[d];
  }
  t->numel = n;
  if (dense || n == 0)
    t->flags |= FLAG_DENSE;
  else
    t->flags &= (uint8_t)~FLAG_DENSE;
}

static int out_of_memory(int device, const char *dtype, const char *shape, size_t bytes) {
  tnt_memory_info m;
  tnt_memory(&m);
  if (device == TNT_CPU) {
    return fail(
        TNT_EMEMORY,
        "out of memory: %s %s needs %.1f MB; %.1f MB are live in %lld tensors (see tnt.memory())",
        dtype, shape, (double)bytes / 1e6, (double)m.live_bytes / 1e6, (long long)m.live_tensors);
  }
  tnt_device_memory_info d;
  /* a card that is lost has no memory either, but for another reason */
  TRY(tnt_device_memory(&d, device));
  return fail(
      TNT_EMEMORY,
      "%s is out of memory: %s %s needs %.1f MB; of %.0f MB, tensors hold %.1f MB (captured steps "
      "%.1f of it; peak %.1f), the cache %.1f MB, others %.1f MB; %lld tensors are alive "
      "(tnt.cuda.memory(), a smaller batch, or gradient_accumulation_steps)",
      device_name(device), dtype, shape, (double)bytes / 1e6, (double)d.total_bytes / 1e6,
      (double)d.live_bytes / 1e6, (double)d.captured_bytes / 1e6, (double)d.peak_bytes / 1e6,
      (double)d.cached_bytes / 1e6,
      (double)(d.total_bytes - d.free_bytes - d.live_bytes - d.cached_bytes) / 1e6,
      (long long)m.live_tensors);
}

int tensor_allocate_on(context *c, tensor *t, int stream) {
  int64_t n = 1;
  for (int d = 0; d < t->ndim; d++) {
    if (__builtin_mul_overflow(n, t->size[d] ? t->size[d] : 1, &n) || n > ((int64_t)1 << 48)) {
      char text[SHAPE_TEXT];
      format_shape(text, sizeof text, t->size, t->ndim);
      return fail(TNT_EMEMORY, "a tensor of shape %s is too large", text);
    }
  }
  tensor_set_dense(t);
  size_t bytes = (size_t)t->numel * dtype_size[t->dtype];
  t->storage = storage_new_on(c, bytes, t->device, stream);
  if (UNLIKELY(!t->storage)) {
    char text[SHAPE_TEXT];
    format_shape(text, sizeof text, t->size, t->ndim);
    return out_of_memory(t->device, dtype_name(t->dtype), text, bytes);
  }
  t->data = t->storage->data;
  return 0;
}

int tensor_allocate(context *c, tensor *t) { return tensor_allocate_on(c, t, STREAM_COMPUTE); }

int tensor_create(context *c, tensor **out, int device, int dtype, const int64_t *size, int ndim) {
  tensor *t = tensor_new(c);
  if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive (16.7 million)");
  t->dtype = (uint8_t)dtype;
  t->device = (uint8_t)device;
  t->ndim = (uint8_t)ndim;
  for (int d = 0; d < ndim; d++) t->size[d] = size[d];
  int rc = tensor_allocate(c, t);
  if (rc) {
    tensor_unref(c, t);
    return rc;
  }
  *out = t;
  return 0;
}

tensor *tensor_view(context *c, tensor *x) {
  tensor *t = tensor_new(c);
  if (!t) return NULL;
  t->dtype = x->dtype;
  t->device = x->device;
  t->ndim = x->ndim;
  t->flags = x->flags & FLAG_DENSE;
  t->numel = x->numel;
  t->data = x->data;
  t->storage = x->storage;
  t->storage->refs++;
  memcpy(t->size, x->size, sizeof(int64_t) * x->ndim);
  memcpy(t->stride, x->stride, sizeof(int64_t) * x->ndim);
  return t;
}

/* -- handles ------------------------------------------------------------------------------------------------------------- */
int tensor_from_handle_slow(context *c, const tnt_tensor *h) {
  if (!h) return fail(TNT_EARGUMENT, "a tensor was expected, got nil");
  if (h->slot >> 24 != c->number) {
    return fail(
        TNT_ESTATE,
        "this tensor belongs to another thread; tensors cross threads only through a loader");
  }
  if (h->generation == 0)
    return fail(TNT_ERELEASED,
                "this tensor was never made (the call that should have made it failed)");
  return fail(TNT_ERELEASED, "this tensor was released at the end of its scope; return it from the "
                             "scope, store it in a direct field of "
                             "the unit or module, or call :keep() on it");
}

int tensor_from_handle(context *c, tensor **t, const tnt_tensor *h) {
  tensor *found;
  if (h && (h->slot & 0xffffff) >> 10 >= c->n_chunks) return tensor_from_handle_slow(c, h);
  RESOLVE(c, found, h);
  *t = found;
  return 0;
}

int handle_give(context *c, tnt_tensor *h, tensor *t) {
  t->flags |= FLAG_HANDLE;
  h->slot = t->index;
  h->generation = t->generation;
  if (LIKELY(c->n_scopes)) {
    scope_own(c, t);
    return 0;
  }
  c->view.owned_bytes += t->numel * dtype_size[t->dtype] + (int64_t)sizeof *t;
  return TNT_OWNED;
}

int tnt_alive(const tnt_tensor *h) {
  context *c = context_now();
  return h && h->slot >> 24 == c->number && (h->slot & 0xffffff) >> 10 < c->n_chunks &&
         slot_at(c, h->slot)->generation == h->generation && h->generation != 0;
}

int tnt_release(const tnt_tensor *h) {
  context *c = context_now();
  if (!tnt_alive(h)) return 0;
  tensor *t = slot_at(c, h->slot);
  t->flags &= (uint8_t) ~(FLAG_HANDLE | FLAG_LEAVE | FLAG_TO_STEP);
  t->owned_pos = NOT_OWNED;
  if (t->refs > 1) t->generation++; /* others hold the tensor; this handle is stale from now on */
  if (t->generation == 0) t->generation = 1;
  tensor_unref(c, t);
  return 0;
}

int tnt_free(const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  (void)t;
  return tnt_release(h);
}

int tnt_alias(tnt_tensor *y, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x;
  RESOLVE(c, x, h);
  tensor *t = tensor_view(c, x);
  if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive");
  node *n = gradient_node(c, x);
  if (n) {
    node_ref(n);
    t->node = n;
    t->output = x->output;
    t->node_version = t->storage->version;
  }
  return handle_give(c, y, t);
}

int tnt_detach(tnt_tensor *y, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x;
  RESOLVE(c, x, h);
  tensor *t = tensor_view(c, x);
  if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive");
  return handle_give(c, y, t);
}

/* -- what a tensor is ------------------------------------------------------------------------------------------------------ */
int tnt_describe(tnt_info *info, const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  info->dtype = t->dtype;
  info->device = t->device ? TNT_CUDA : TNT_CPU;
  info->device_index = t->device ? device_card(t->device) : 0;
  info->ndim = t->ndim;
  info->requires_grad = wants_gradient(t);
  info->is_leaf = !t->node || t->node->kind == NODE_LEAF;
  info->contiguous = (t->flags & FLAG_DENSE) != 0;
  info->has_grad = t->grad && (t->flags & FLAG_GRAD_WRITTEN);
  info->numel = t->numel;
  info->data = t->data;
  info->version = t->storage->version;
  info->owned = t->owned_pos == NOT_OWNED;
  for (int d = 0; d < t->ndim; d++) info->size[d] = t->size[d], info->stride[d] = t->stride[d];
  return 0;
}

void format_shape(char *text, size_t room, const int64_t *size, int ndim) {
  size_t at = 0;
  at += (size_t)snprintf(text, room, "[");
  for (int d = 0; d < ndim && at < room; d++) {
    at += (size_t)snprintf(text + at, room - at, d ? ", %lld" : "%lld", (long long)size[d]);
  }
  if (at < room) snprintf(text + at, room - at, "]");
}

static int check_sizes(const char *who, int dtype, const int64_t *size, int ndim) {
  if (dtype < 0 || dtype >= TNT_DTYPES)
    return fail(TNT_EDTYPE, "%s: no dtype has number %d", who, dtype);
  if (ndim < 0 || ndim > MAX_DIMS)
    return fail(TNT_ESHAPE, "%s: a tensor has at most 8 dims, got %d", who, ndim);
  for (int d = 0; d < ndim; d++) {
    if (size[d] < 0)
      return fail(TNT_ESHAPE, "%s: size %d must be >= 0, got %lld", who, d + 1, (long long)size[d]);
  }
  return 0;
}

int tnt_empty(tnt_tensor *y, int device, int dtype, const int64_t *size, int ndim) {
  context *c = context_now();
  TRY(check_sizes("empty", dtype, size, ndim));
  if (UNLIKELY(device != TNT_CPU)) TRY(device_check(device));
  tensor *t;
  TRY(tensor_create(c, &t, device, dtype, size, ndim));
  return handle_give(c, y, t);
}

static void drop_nothing(void *user) { (void)user; }

int tnt_wrap(tnt_tensor *y, int dtype, const int64_t *size, int ndim, void *data,
             void (*drop)(void *), void *user) {
  context *c = context_now();
  TRY(check_sizes("wrap", dtype, size, ndim));
  tensor *t = tensor_new(c);
  if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive");
  t->dtype = (uint8_t)dtype;
  t->ndim = (uint8_t)ndim;
  for (int d = 0; d < ndim; d++) t->size[d] = size[d];
  tensor_set_dense(t);
  storage *s = storage_new(c, 0, TNT_CPU);
  if (!s) {
    tensor_unref(c, t);
    return fail(TNT_EMEMORY, "out of memory");
  }
  block_free(s->data, 0);
  s->data = data;
  s->bytes = (size_t)t->numel * dtype_size[dtype];
  s->drop = drop;
  s->user = user;
  if (!drop) s->drop = drop_nothing;
  t->storage = s;
  t->data = data;
  return handle_give(c, y, t);
}

tnt_tensor *tnt_scratch(int n) {
  context *c = context_now();
  if (n > c->n_scratch) {
    tnt_tensor *more = realloc(c->scratch, (size_t)n * 2 * sizeof *more);
    if (!more) return NULL;
    c->scratch = more;
    c->n_scratch = n * 2;
  }
  return c->scratch;
}

int tnt_swap_contents(const tnt_tensor *ha, const tnt_tensor *hb) {
  context *c = context_now();
  tensor *a, *b;
  RESOLVE(c, a, ha);
  RESOLVE(c, b, hb);
  if (!same_size(a, b)) return fail(TNT_ESHAPE, "swap_contents: both tensors must have one shape");
  if (a->flags & FLAG_CAST) autocast_forget(c, a);
  if (b->flags & FLAG_CAST) autocast_forget(c, b);
  uint8_t dtype = a->dtype, device = a->device;
  a->dtype = b->dtype, b->dtype = dtype;
  a->device = b->device, b->device = device;
  storage *s = a->storage;
  char *data = a->data;
  int64_t stride[MAX_DIMS];
  uint8_t dense = a->flags & FLAG_DENSE;
  memcpy(stride, a->stride, sizeof stride);
  a->storage = b->storage, a->data = b->data;
  memcpy(a->stride, b->stride, sizeof stride);
  a->flags = (uint8_t)((a->flags & ~FLAG_DENSE) | (b->flags & FLAG_DENSE));
  b->storage = s, b->data = data;
  memcpy(b->stride, stride, sizeof stride);
  b->flags = (uint8_t)((b->flags & ~FLAG_DENSE) | dense);
  a->storage->version++, b->storage->version++;
  return 0;
}
