/* What the generated entries of core/ops_gen.c are made of. */
#ifndef TNT_ENTRY_H
#define TNT_ENTRY_H

#include "core.h"

int argument_failed(context *c, const tnt_tensor *h, const char *op, const char *name);
int call_list(call *k, int slot, const int64_t *values, int n);
int call_tensors(call *k, tensor *const *xs, int n);
int call_handles(call *k, const tnt_tensor *xs, int n);
int call_params(call *k, const tnt_tensor *xs, int n);

/* Sets what every call has; the places of numbers and lists stay as they are until they are written. */
static inline void call_begin(call *k, context *c, int id) {
  const op_record *op = &tnt__ops[id];
  k->op = op;
  k->c = c;
  k->n_in = op->n_in;
  k->n_list = k->n_lists = k->n_given = 0;
  k->number_at = -1;
  k->in_place = k->watched = false;
  k->before = NULL;
  k->list = NULL;
  for (int i = 0; i < op->n_in; i++) k->in[i] = NULL;
}

/* What a public entry adds to its status. */
static inline int call_done(const context *c) {
  return UNLIKELY(c->mode & MODE_LINES) ? TNT_NOTED : 0;
}

#define RESOLVE_ARGUMENT(c, t, h, op, name)                             \
  do {                                                                  \
    const tnt_tensor *resolve_h = (h);                                  \
    if (UNLIKELY(!resolve_h || (resolve_h->slot >> 24) != (c)->number)) \
      return argument_failed(c, resolve_h, op, name);                   \
    (t) = slot_at(c, resolve_h->slot);                                  \
    if (UNLIKELY((t)->generation != resolve_h->generation))             \
      return argument_failed(c, resolve_h, op, name);                   \
  } while (0)

#define CALL_NUMBER(k, at, value) ((k)->number_at = (int8_t)(at), (k)->operand = (value))

#define CALL_GIVE(c, to, t)   \
  do {                        \
    tensor **give_to = (to);  \
    if (give_to)              \
      *give_to = (t);         \
    else                      \
      tensor_unref((c), (t)); \
  } while (0)

static inline int handle_give_if(context *c, tnt_tensor *h, tensor *t) {
  if (h) return handle_give(c, h, t);
  tensor_unref(c, t);
  return 0;
}

#endif
