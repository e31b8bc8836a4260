/* The hunt for NaN and infinity: looks through what an op made and what gradients became, and says what it found, where,
 * and what it came from. NaN is always an error. Infinity is one where it first appears: an op whose inputs or numbers
 * were infinite already (a mask filled with -inf) only hands it on. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls_gen.h"
#include "device.h"
#include "watch.h"

typedef struct found {
  int64_t nan, infinite, first; /* first: its place in row-major order, -1: none */
  bool first_is_nan;
} found;

/* What one element is: 0 finite, 1 infinite, 2 NaN. Bits, as no arithmetic of f16 is at hand. */
static int kind_at(const char *data, int dtype, int64_t at) {
  uint64_t bits;
  switch (dtype) {
  case TNT_F64:
    memcpy(&bits, data + 8 * at, 8);
    if (~bits & 0x7ff0000000000000u) return 0;
    return bits & 0x000fffffffffffffu ? 2 : 1;
  case TNT_F32: {
    uint32_t b;
    memcpy(&b, data + 4 * at, 4);
    if (~b & 0x7f800000u) return 0;
    return b & 0x007fffffu ? 2 : 1;
  }
  case TNT_F16: {
    uint16_t b;
    memcpy(&b, data + 2 * at, 2);
    if (~b & 0x7c00u) return 0;
    return b & 0x03ffu ? 2 : 1;
  }
  default: {
    uint16_t b;
    memcpy(&b, data + 2 * at, 2);
    if (~b & 0x7f80u) return 0;
    return b & 0x007fu ? 2 : 1;
  }
  }
}

/* Whether a dense run of f32 is all finite: the case worth a loop that the compiler vectorises. */
static bool all_finite(const float *x, int64_t n) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t b;
    memcpy(&b, x + i, 4);
    bad |= (b & 0x7f800000u) == 0x7f800000u;
  }
  return !bad;
}

/* Elements of another device are looked at in a copy of the stretch of memory they lie in. */
static int look(found *f, const tensor *t) {
  *f = (found){.first = -1};
  if (category(t->dtype) != 2 || !t->numel) return 0;
  const char *data = t->data;
  char *copy = NULL;
  if (t->device != TNT_CPU) {
    int64_t reach = 1;
    for (int d = 0; d < t->ndim; d++) reach += (t->size[d] - 1) * t->stride[d];
    size_t bytes = (size_t)reach * dtype_size[t->dtype];
    copy = malloc(bytes);
    if (!copy) return fail(TNT_EMEMORY, "out of memory for a copy of %zu bytes", bytes);
    int rc = card_read(copy, t, bytes);
    if (rc) {
      free(copy);
      return rc;
    }
    data = copy;
  }
  bool quick = t->dtype == TNT_F32 && (t->flags & FLAG_DENSE);
  if (quick && all_finite((const float *)(const void *)data, t->numel)) {
    free(copy);
    return 0;
  }
  int64_t at[MAX_DIMS] = {0}, place = 0;
  for (int64_t i = 0; i < t->numel; i++) {
    int kind = kind_at(data, t->dtype, place);
    if (kind) {
      if (f->first < 0) f->first = i, f->first_is_nan = kind == 2;
      if (kind == 2)
        f->nan++;
      else
        f->infinite++;
    }
    for (int d = t->ndim - 1; d >= 0; d--) {
      place += t->stride[d];
      if (++at[d] < t->size[d]) break;
      place -= at[d] * t->stride[d];
      at[d] = 0;
    }
  }
  free(copy);
  return 0;
}

int tnt_count_bad(int64_t *nan, int64_t *infinite, int64_t *first, const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  found f;
  TRY(look(&f, t));
  *nan = f.nan, *infinite = f.infinite, *first = f.first;
  return 0;
}

/* -- texts ------------------------------------------------------------------------------------------------------------- */
typedef struct text {
  char s[900];
  size_t n;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *t, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, args);
  va_end(args);
  if (n > 0) t->n += (size_t)n;
  if (t->n >= sizeof t->s) t->n = sizeof t->s - 1;
}

/* "3 NaN and 1 infinite of 12 elements, the first NaN at [2, 1]", places from 1 as in Lua */
static void put_found(text *out, const found *f, const tensor *t) {
  if (f->nan) put(out, "%lld NaN", (long long)f->nan);
  if (f->infinite) put(out, "%s%lld infinite", f->nan ? " and " : "", (long long)f->infinite);
  int64_t place[MAX_DIMS], rest = f->first;
  for (int d = t->ndim - 1; d >= 0; d--) {
    place[d] = rest % t->size[d] + 1;
    rest /= t->size[d];
  }
  char where[SHAPE_TEXT];
  format_shape(where, sizeof where, place, t->ndim);
  put(out, " of %lld elements, the first%s at %s", (long long)t->numel,
      f->nan && f->infinite ? (f->first_is_nan ? " (NaN)" : " (infinite)") : "", where);
}

/* Lua puts the line in the place of "call #n" (lua/tnt/watch/lines.lua). */
static void put_made(text *out, const node *n) {
  if (n && n->call) put(out, " (made at call #%u)", n->call);
}

static void put_input(text *out, const char *name, const tensor *t, bool was_bad) {
  found f;
  if (!t || category(t->dtype) != 2) return;
  if (!was_bad && (look(&f, t) || f.first < 0)) {
    put(out, "; %s was finite", name);
    return;
  }
  put(out, "; %s already held ", name);
  if (was_bad)
    put(out, "some before it was written to");
  else
    put_found(out, &f, t);
  put_made(out, t->node && t->node->kind != NODE_LEAF ? t->node : NULL);
}

static void put_backward(text *out, const context *c) {
  const node *n = c->running;
  if (!n) return;
  put(out, "; this is part of the gradient of %s", n->op ? n->op->name : "a view");
  put_made(out, n);
}

/* -- ops --------------------------------------------------------------------------------------------------------------- */
static bool is_bad(const found *f, int level) {
  return f->nan > 0 || (level > 1 && f->infinite > 0);
}

unsigned finite_before(const call *k) {
  found f;
  if (!k->in_place || !k->in[0] || look(&f, k->in[0]) || f.first < 0) return 0;
  return f.nan ? 1 : 2; /* 2: infinite only */
}

/* An infinite number that was asked for makes infinity no surprise. */
static bool was_infinite_before(const call *k, unsigned bad_before) {
  if (bad_before) return true;
  if (k->number_at >= 0 && isinf(k->operand)) return true;
  for (int i = 0; i < k->op->n_numbers; i++) {
    if (isinf(k->numbers[i])) return true;
  }
  bool list = (k->op->flags & OP_LIST) != 0;
  int n = list ? k->n_lists * k->n_list : k->n_in;
  for (int i = list ? 0 : k->in_place; i < n; i++) {
    found f;
    const tensor *t = list ? k->list[i] : k->in[i];
    if (t && !look(&f, t) && f.infinite) return true;
  }
  return false;
}

static int report(call *k, const char *what, int number, const found *f, const tensor *t,
                  unsigned bad_before) {
  const op_record *op = k->op;
  text out = {.n = 0};
  put(&out, "%s%s: %s", op->name, k->in_place && !(op->flags & OP_MUTATES) ? "_" : "", what);
  if (number) put(&out, " %d", number);
  put(&out, " holds ");
  put_found(&out, f, t);
  if (op->flags & OP_PARAMS) {
    put_input(&out, "its gradient", k->list[k->n_list + number - 1], false);
  } else if (op->flags & OP_LIST) {
    char name[32];
    for (int i = 0; i < k->n_list && i < 8; i++) {
      snprintf(name, sizeof name, "tensor %d", i + 1);
      put_input(&out, name, k->list[i], false);
    }
  } else {
    for (int i = 0; i < k->n_in; i++)
      put_input(&out, op->in_names[i], k->in[i], i == 0 && bad_before);
  }
  put_backward(&out, k->c);
  int rc = fail(TNT_ESTATE, "%s", out.s);
  failed_in(op->name);
  return rc;
}

int check_outputs(call *k, unsigned bad_before) {
  const op_record *op = k->op;
  int level = k->c->watch->finite, rc = 0;
  if (op->flags & OP_VIEW) return 0; /* holds nothing that its input does not */
  bool params = (op->flags & OP_PARAMS) && !op->n_out;
  int n = params ? k->n_list : op->n_out;
  for (int i = 0; i < n && !rc; i++) {
    const tensor *t = params ? k->list[i] : k->out[i];
    found f;
    rc = look(&f, t);
    if (rc || !is_bad(&f, level)) continue;
    if (!f.nan && was_infinite_before(k, bad_before)) continue;
    rc = report(k,
                params  ? "parameter"
                : n > 1 ? "result"
                        : "the result",
                params || n > 1 ? i + 1 : 0, &f, t, bad_before);
  }
  if (rc && !k->in_place) {
    for (int i = 0; i < op->n_out; i++) {
      tensor_unref(k->c, k->out[i]);
      k->out[i] = NULL;
    }
  }
  return rc;
}

/* -- gradients --------------------------------------------------------------------------------------------------------- */
int check_gradient(context *c, const node *n, int input, const tensor *g) {
  found f;
  TRY(look(&f, g));
  if (!is_bad(&f, c->watch->finite)) return 0;
  if (!f.nan) { /* handed on */
    for (int o = 0; o < n->n_outputs; o++) {
      found arrived;
      if (n->grads[o] && !look(&arrived, n->grads[o]) && arrived.infinite) return 0;
    }
    if (n->kind == NODE_OP) return 0; /* its ops were looked at one by one */
  }
  text out = {.n = 0};
  if (n->op)
    put(&out, "backward: the gradient of %s with respect to %s holds ", n->op->name,
        (n->op->flags & OP_LIST) ? "a tensor of the list" : n->op->in_names[input]);
  else
    put(&out, "backward: the gradient of %s with respect to argument %d holds ",
        n->kind == NODE_LUA ? "a tnt.Function" : "a view", input + 1);
  put_found(&out, &f, g);
  put_made(&out, n);
  return fail(TNT_ESTATE, "%s", out.s);
}

int check_arrived(const node *n) {
  for (int o = 0; o < n->n_outputs; o++) {
    const tensor *g = n->grads[o];
    found f;
    if (!g) continue;
    TRY(look(&f, g));
    if (!f.nan) continue;
    text out = {.n = 0};
    put(&out, "backward: the gradient that arrives at %s holds ",
        n->kind == NODE_LEAF ? "a leaf"
        : n->op              ? n->op->name
                             : "a tnt.Function or a view");
    put_found(&out, &f, g);
    put(&out, ", though what was added up held none: it was given so, or its parts cancel");
    put_made(&out, n);
    return fail(TNT_ESTATE, "%s", out.s);
  }
  return 0;
}
