/* The one path of every op: check, promote, infer, allocate, run, record. Rare modes are bits of one word. */
#include <stdlib.h>

#include "calls_gen.h"
#include "device.h"
#include "entry.h"
#include "watch.h"
#include "../kernels/slots_gen.h"

/* -- arguments ------------------------------------------------------------------------------------------------------- */
int argument_failed(context *c, const tnt_tensor *h, const char *op, const char *name) {
  int rc = tensor_from_handle_slow(c, h);
  char text[512];
  strncpy(text, tnt_message(), sizeof text - 1);
  text[sizeof text - 1] = 0;
  rc = fail(rc, "%s: %s: %s", op, name, text);
  failed_in(op);
  return rc;
}

int call_list(call *k, int slot, const int64_t *values, int n) {
  if (n < 0 || n > MAX_DIMS)
    return fail(TNT_EARGUMENT, "%s: a list of at most 8 numbers was expected, got %d", k->op->name,
                n);
  k->integers[slot] = n;
  for (int i = 0; i < MAX_DIMS; i++) k->integers[slot + 1 + i] = i < n ? values[i] : 0;
  return 0;
}

/* The lists of a call lie one behind the other in a buffer of the context's. */
static int list_room(call *k, int n) {
  context *c = k->c;
  if (n <= c->room_list) return 0;
  tensor **more = realloc(c->list, (size_t)n * 2 * sizeof *more);
  if (!more) return fail(TNT_EMEMORY, "%s: out of memory for a list of %d tensors", k->op->name, n);
  c->list = more;
  c->room_list = n * 2;
  return 0;
}

static int list_append(call *k, int n, tensor *const *xs, const tnt_tensor *hs) {
  if (k->n_lists && n != k->n_given) {
    return fail(TNT_EARGUMENT, "%s: lists must be of one length, got %d and %d", k->op->name,
                k->n_given, n);
  }
  k->n_given = n;
  int at = k->n_lists * n;
  TRY(list_room(k, at + n));
  for (int i = 0; i < n; i++) {
    if (xs)
      k->c->list[at + i] = xs[i];
    else
      RESOLVE_ARGUMENT(k->c, k->c->list[at + i], &hs[i], k->op->name, "an element of the list");
  }
  k->n_lists++;
  k->list = k->c->list;
  k->n_list = n;
  return 0;
}

int call_tensors(call *k, tensor *const *xs, int n) { return list_append(k, n, xs, NULL); }
int call_handles(call *k, const tnt_tensor *xs, int n) { return list_append(k, n, NULL, xs); }

int call_params(call *k, const tnt_tensor *xs, int n) {
  TRY(list_append(k, n, NULL, xs));
  TRY(list_room(k, 2 * n));
  for (int i = 0; i < n; i++) {
    tensor *p = k->c->list[i];
    k->c->list[n + i] = (p->flags & FLAG_GRAD_WRITTEN) ? p->grad : NULL;
  }
  k->n_lists++;
  k->list = k->c->list;
  return 0;
}

/* Leaves out the parameters without a gradient, in every list alike. */
static void skip_without_gradient(call *k) {
  int n = k->n_given, kept = 0;
  for (int i = 0; i < n; i++) kept += k->list[n + i] != NULL;
  if (kept != n) {
    int to = 0;
    for (int i = 0; i < n; i++) {
      if (!k->list[n + i]) continue;
      for (int l = 0; l < k->n_lists; l++) k->spare_list[l] = k->list[l * n + i];
      for (int l = 0; l < k->n_lists; l++) k->list[l * n + to] = k->spare_list[l];
      to++;
    }
    for (int l = 1; l < k->n_lists; l++)
      memmove(k->list + l * kept, k->list + l * n, sizeof(tensor *) * (size_t)kept);
  }
  k->n_list = kept;
}

static int normalise_positions(call *k) {
  const int8_t *p = k->op->positions;
  const tensor *x = (k->op->flags & OP_LIST) ? k->list[0] : k->in[0];
  for (; *p; p += 2) {
    int64_t *v = &k->integers[p[1]];
    int count = x->ndim + (p[0] == 2), at;
    if (p[0] != 3) {
      if (count == 0 &&
          (v[0] == 1 || v[0] == -1)) { /* a 0-dim tensor has one place, as in PyTorch */
        v[0] = 1;
        continue;
      }
      TRY(position(v[0], count, k->op->name, "dim", &at));
      v[0] = at + 1;
      continue;
    }
    unsigned seen = 0;
    int n = (int)v[0];
    for (int i = 1; i <= n; i++) {
      if (count == 0 && (v[i] == 1 || v[i] == -1)) {
        v[0] = 0;
        break;
      }
      TRY(position(v[i], count, k->op->name, "dim", &at));
      if (seen >> at & 1)
        return fail(TNT_EARGUMENT, "%s: dim %d is named twice", k->op->name, at + 1);
      seen |= 1u << at;
      v[i] = at + 1;
    }
  }
  return 0;
}

/* -- dtypes ----------------------------------------------------------------------------------------------------------- */
static int check_ids(call *k, int i) {
  const tensor *t = k->in[i];
  if (category(t->dtype) == 2) {
    return fail(
        TNT_EDTYPE,
        "%s: %s holds ids and must be of a whole-number dtype, got %s (cast it: tnt.i64(t))",
        k->op->name, k->op->in_names[i], dtype_name(t->dtype));
  }
  return 0;
}

/* Ops over parameters compute in f32 or f64. Their kernels take each tensor in its own dtype. */
static int params_dtype(const call *k, int *dtype) {
  int n = k->n_list;
  *dtype = n ? wide_dtype(k->list[0]->dtype) : TNT_F32;
  for (int i = 0; i < n; i++) {
    const tensor *p = k->list[i];
    if (wide_dtype(p->dtype) != *dtype) {
      return fail(TNT_EDTYPE, "%s: parameters of %s are not computed beside those of %s",
                  k->op->name, dtype_name(p->dtype), dtype_name(k->list[0]->dtype));
    }
    for (int l = 1; l < k->n_lists; l++) {
      const tensor *t = k->list[l * n + i];
      if (t->dtype != p->dtype && t->dtype != TNT_F32) {
        return fail(TNT_EDTYPE, "%s: state and gradients must have the parameter's dtype or f32",
                    k->op->name);
      }
      if (t->numel != p->numel) {
        return fail(TNT_ESHAPE, "%s: a parameter has %lld elements, its state or gradient %lld",
                    k->op->name, (long long)p->numel, (long long)t->numel);
      }
    }
  }
  return 0;
}

static int infer_dtype(call *k) {
  const op_record *op = k->op;
  int dtype = -1;
  if (op->flags & OP_PROMOTE) {
    for (int i = 0; i < k->n_in; i++) {
      if ((op->mask >> i & 1) && k->in[i] && k->in[i]->dtype != TNT_BOOL) {
        return fail(TNT_EDTYPE, "%s: %s must be bool, got %s", op->name, op->in_names[i],
                    dtype_name(k->in[i]->dtype));
      }
    }
    if (op->flags & OP_LIST)
      dtype = result_dtype(k->list, k->n_list, 0, -1, 0);
    else if (k->n_in == 2 && !op->mask && k->in[0] && k->in[1] &&
             k->in[0]->dtype == k->in[1]->dtype)
      dtype = k->in[0]->dtype; /* the usual case, without the rules */
    else
      dtype = result_dtype(k->in, k->n_in, op->mask, k->number_at, k->operand);
  } else if (op->flags & OP_PARAMS) {
    TRY(params_dtype(k, &dtype));
  } else {
    int first = -1;
    tensor *const *in = (op->flags & OP_LIST) ? k->list : k->in;
    int n = (op->flags & OP_LIST) ? (k->n_list ? 1 : 0) : k->n_in;
    for (int i = 0; i < n && dtype < 0;
         i++) { /* what may be wider than the others does not decide */
      if (in[i] && !((op->ids | op->wide) >> i & 1)) dtype = in[i]->dtype, first = i;
    }
    for (int i = 0; i < n; i++) {
      const tensor *t = in[i];
      if (!t) continue;
      if (op->ids >> i & 1) {
        TRY(check_ids(k, i));
        continue;
      }
      if (dtype < 0)
        dtype = t->dtype, first = i;
      else if (t->dtype != dtype && !((op->wide >> i & 1) && t->dtype == wide_dtype(dtype))) {
        return fail(TNT_EDTYPE, "%s: %s must be %s like %s, got %s (cast it: x:to(\"%s\"))",
                    op->name, op->in_names[i], dtype_name(dtype), op->in_names[first],
                    dtype_name(t->dtype), dtype_name(dtype));
      }
    }
    if (dtype < 0) dtype = TNT_I64; /* only ids came */
  }
  if ((op->flags & OP_FLOAT_OUT) && category(dtype) != 2) dtype = default_float;
  if (op == &tnt__ops[OP_ID_CLAMP] &&
      category(dtype) != 2) { /* a bound counts as a number beside x does */
    for (int i = 0; i < 2; i++) {
      if (k->numbers[i] != __builtin_floor(k->numbers[i])) dtype = default_float;
    }
  }
  if ((op->flags & OP_WIDE_SUM) && category(dtype) != 2) dtype = TNT_I64;
  if ((op->flags & OP_ONLY_FLOAT) && category(dtype) != 2 &&
      !((op->flags & OP_LIST) && !k->n_list)) {
    return fail(TNT_EDTYPE, "%s: a float dtype was expected, got %s (cast it: x:float())", op->name,
                dtype_name(dtype));
  }
  k->compute = dtype;
  return 0;
}

/* A loop over pow and clamp of whole numbers with a fractional parameter would cut it silently. */
static bool dtype_holds(int dtype, double number) {
  return category(dtype) == 2 || number == __builtin_floor(number) || number - number != 0;
}

/* -- writing in place ------------------------------------------------------------------------------------------------------ */
static int check_in_place(call *k) {
  const op_record *op = k->op;
  tensor *x = k->out[0];
  if (k->c->view.grad_mode && (x->flags & FLAG_REQUIRES_GRAD)) {
    return fail(TNT_ESTATE,
                "%s_: a leaf that requires a gradient changes in place only under no_grad",
                op->name);
  }
  if (k->c->view.grad_mode && x->base && (x->base->flags & FLAG_REQUIRES_GRAD)) {
    return fail(
        TNT_ESTATE,
        "%s_: a view of a leaf that requires a gradient changes in place only under no_grad",
        op->name);
  }
  if (k->c->view.grad_mode && (x->flags & FLAG_FROZEN)) {
    return fail(TNT_ESTATE,
                "%s_: this is a view made under no_grad, or a result of a tnt.Function that lies "
                "in its argument's "
                "memory: gradients would not see the change; clone() it first",
                op->name);
  }
  if ((op->flags & OP_PROMOTE) && op != &tnt__ops[OP_ID_ASSIGN]) {
    if (category(k->compute) > category(x->dtype)) {
      return fail(TNT_EDTYPE, "%s_: the result is %s, which a tensor of %s may not receive",
                  op->name, dtype_name(k->compute), dtype_name(x->dtype));
    }
  }
  if (may_overlap(x)) {
    return fail(TNT_ESTATE,
                "%s_: some elements of the tensor written to share memory (an expanded one?); make "
                "it contiguous() first",
                op->name);
  }
  for (int i = 1; i < k->n_in; i++) {
    if (k->in[i] && partial_overlap(x, k->in[i])) {
      return fail(TNT_ESTATE, "%s_: %s overlaps the tensor written to; clone() it first", op->name,
                  op->in_names[i]);
    }
  }
  return 0;
}

/* What a gradient needs of the tensor written to, as it was: as PyTorch does, x:mul_(w) copies x where w wants a gradient. */
static int keep_before(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  if (!c->view.grad_mode || !op->save) return 0;
  unsigned need = 0;
  bool wanted = false;
  for (int i = 0; i < k->n_in; i++) {
    if (k->in[i] && category(k->in[i]->dtype) == 2 && wants_gradient(k->in[i]))
      need |= op->need[i < 3 ? i : 3];
  }
  for (int i = 0; i < k->n_in; i++)
    wanted = wanted || (k->in[i] == k->out[0] && (need & op->save) >> i & 1);
  if (!wanted) return 0;
  c->view.grad_mode = 0;
  int rc = op_copy(c, &k->before, k->out[0]);
  c->view.grad_mode = 1;
  return rc;
}

/* -- the path ----------------------------------------------------------------------------------------------------------------- */
/* The layout of the first input of the result's size that is packed; without one the result is row-major. */
static __attribute__((noinline)) void keep_layout(const call *k, tensor *y) {
  if (k->op == &tnt__ops[OP_ID_CONTIGUOUS]) return;
  if (k->op == &tnt__ops[OP_ID_CHANNELS_LAST]) {
    lay_channels_last(y);
    return;
  }
  for (int i = 0; i < k->n_in; i++) {
    const tensor *t = k->in[i];
    if (!t || !same_size(t, y) || !is_packed(t)) continue;
    if (!(t->flags & FLAG_DENSE)) lay_like(y, t);
    return;
  }
}

static int outputs_elementwise(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  int dtype = (op->flags & OP_BOOL_OUT) ? TNT_BOOL : k->compute;
  if (op == &tnt__ops[OP_ID_CAST]) {
    if (k->integers[CAST_DTYPE] < 0 || k->integers[CAST_DTYPE] >= TNT_DTYPES) {
      return fail(TNT_EDTYPE, "cast: no dtype has number %lld", (long long)k->integers[CAST_DTYPE]);
    }
    dtype = (int)k->integers[CAST_DTYPE];
    k->compute = conversion_dtype(k->in[0]->dtype, dtype);
  } else if (op == &tnt__ops[OP_ID_ASSIGN]) {
    dtype = k->in[0]->dtype;
    k->compute = conversion_dtype(k->in[1]->dtype, dtype);
  }
  tensor *first = k->in[0] ? k->in[0] : k->in[1];
  bool equal = true, dense = op != &tnt__ops[OP_ID_CHANNELS_LAST];
  for (int i = 0; i < k->n_in; i++) {
    const tensor *t = k->in[i];
    if (!t) continue;
    if (t != first && !same_size(t, first)) equal = false;
    if (!(t->flags & FLAG_DENSE)) dense = false;
  }
  if (k->in_place) {
    if (!equal) {
      tensor shape;
      TRY(broadcast(op->name, &shape, k->in, k->n_in));
      if (shape.ndim != first->ndim ||
          memcmp(shape.size, first->size, sizeof(int64_t) * first->ndim) != 0) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        format_shape(a, sizeof a, first->size, first->ndim);
        format_shape(b, sizeof b, shape.size, shape.ndim);
        return fail(TNT_ESHAPE,
                    "%s_: the result has shape %s and does not fit the tensor written to, %s",
                    op->name, b, a);
      }
    }
    return check_in_place(k);
  }
  tensor *y = tensor_new(c);
  if (UNLIKELY(!y))
    return fail(TNT_EMEMORY, "%s: too many tensors are alive (16.7 million)", op->name);
  y->dtype = (uint8_t)dtype;
  y->device = (uint8_t)k->device;
  int rc = 0;
  if (LIKELY(equal)) {
    y->ndim = first->ndim;
    memcpy(y->size, first->size, sizeof(int64_t) * first->ndim);
  } else {
    rc = broadcast(op->name, y, k->in, k->n_in);
  }
  if (!rc) rc = tensor_allocate(c, y);
  if (UNLIKELY(rc)) {
    tensor_unref(c, y);
    return rc;
  }
  if (UNLIKELY(!dense)) keep_layout(k, y);
  k->out[0] = y;
  return 0;
}

static void drop_outputs(call *k) {
  if (k->in_place) return;
  for (int i = 0; i < k->op->n_out; i++) {
    tensor_unref(k->c, k->out[i]);
    k->out[i] = NULL;
  }
}

static int outputs_by_shape(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  if (k->in_place) {
    TRY(check_in_place(k));
    if (op->shape) {
      tensor *x = k->out[0];
      tensor shape = {.ndim = 0};
      k->out[0] = &shape;
      shape.dtype = (uint8_t)k->compute;
      int rc = op->shape(k);
      k->out[0] = x;
      return rc;
    }
    return 0;
  }
  for (int i = 0; i < op->n_out; i++) {
    k->out[i] = tensor_new(c);
    if (!k->out[i]) {
      drop_outputs(k);
      return fail(TNT_EMEMORY, "%s: too many tensors are alive (16.7 million)", op->name);
    }
    k->out[i]->dtype = (uint8_t)((op->out_ids >> i & 1)    ? TNT_I64
                                 : (op->out_wide >> i & 1) ? wide_dtype(k->compute)
                                                           : k->compute);
    k->out[i]->device = (uint8_t)k->device;
  }
  int rc = op->shape ? op->shape(k) : 0;
  if (!rc && UNLIKELY(op->flags & OP_HEADS)) {
    rc = heads_allocate(k);
  } else {
    for (int i = 0; i < op->n_out && !rc; i++) rc = tensor_allocate(c, k->out[i]);
  }
  if (rc) {
    drop_outputs(k);
    return rc;
  }
  if (op->flags & OP_IMAGES) {
    k->channels_last = false;
    for (int i = 0; i < op->n_in; i++)
      k->channels_last = k->channels_last || (k->in[i] && shows_channels_last(k->in[i]));
    for (int i = 0; i < op->n_out && k->channels_last; i++) lay_channels_last(k->out[i]);
  }
  return 0;
}

/* The device of all tensors of a call; ids and 0-dim tensors have to lie there too. */
static int common_device(call *k) {
  const op_record *op = k->op;
  bool list = (op->flags & OP_LIST) != 0;
  int n = list ? k->n_lists * k->n_list : k->n_in, first = -1;
  for (int i = 0; i < n; i++) {
    const tensor *t = list ? k->list[i] : k->in[i];
    if (!t) continue;
    if (first < 0) first = i;
    const tensor *f = list ? k->list[first] : k->in[first];
    if (UNLIKELY(t->device != f->device)) {
      return fail(TNT_EDEVICE,
                  "%s: argument %d is on %s, argument %d on %s; move one of them with to()",
                  op->name, first + 1, device_name(f->device), i + 1, device_name(t->device));
    }
  }
  for (int i = 0; list && i < k->n_in; i++) {
    if (UNLIKELY(k->in[i] && first >= 0 && k->in[i]->device != k->list[first]->device)) {
      return fail(TNT_EDEVICE, "%s: its numbers are on %s, its tensors on %s", op->name,
                  device_name(k->in[i]->device), device_name(k->list[first]->device));
    }
  }
  k->device = first < 0 ? TNT_CPU : (list ? k->list[first] : k->in[first])->device;
  return 0;
}

static int run_on(call *k, int (*device_runs)(call *)) {
  return UNLIKELY(k->watched) ? watch_kernel(k, device_runs) : device_runs(k);
}

static int dispatch_checked(call *k);

/* Where the inputs of a call that lie apart may be moved: as in PyTorch, 0-dim tensors of the CPU stand beside those of
 * a card in an elementwise op, and what is copied comes from anywhere. -1: nowhere. */
static int meeting_place(const call *k) {
  if (k->op == &tnt__ops[OP_ID_ASSIGN]) return k->out[0]->device;
  int card = -1;
  for (int i = 0; i < k->n_in; i++) {
    const tensor *t = k->in[i];
    if (!t) continue;
    if (t->device == TNT_CPU && (t->ndim || (k->in_place && i == 0))) return -1;
    if (t->device != TNT_CPU && card >= 0 && t->device != card) return -1;
    if (t->device != TNT_CPU) card = t->device;
  }
  return card;
}

static __attribute__((noinline, cold)) int dispatch_apart(call *k, int device) {
  tensor *given[MAX_INPUTS], *moved[MAX_INPUTS] = {0};
  int rc = 0;
  memcpy(given, k->in, sizeof(tensor *) * (size_t)k->n_in);
  for (int i = 0; i < k->n_in && !rc; i++) {
    if (!given[i] || given[i]->device == device) continue;
    rc = to_device(k->c, &moved[i], given[i], device);
    if (!rc) k->in[i] = moved[i];
  }
  if (!rc) rc = dispatch_checked(k);
  memcpy(k->in, given, sizeof(tensor *) * (size_t)k->n_in);
  for (int i = 0; i < k->n_in; i++) tensor_unref(k->c, moved[i]);
  return rc;
}

static int dispatch_checked(call *k) {
  const op_record *op = k->op;
  if (op->positions[0]) TRY(normalise_positions(k));
  if (op->flags & OP_VIEW) {
    k->compute = k->in[0]->dtype;
    TRY(op->shape(k));
    return record(k);
  }
  if (op->flags & OP_PARAMS) {
    skip_without_gradient(k);
    if (!k->n_list && !op->n_out) return 0;
  }
  int apart = common_device(k);
  if (UNLIKELY(apart)) {
    int device = (op->flags & OP_ELEMENTWISE) ? meeting_place(k) : -1;
    return device < 0 ? apart : dispatch_apart(k, device);
  }
  TRY(infer_dtype(k));
  if (op->flags & OP_ELEMENTWISE) {
    if (k->number_at >= 0 && !dtype_holds(k->in_place ? k->out[0]->dtype : k->compute, k->operand))
      k->compute = default_float;
    TRY(outputs_elementwise(k));
    if (k->in_place) TRY(keep_before(k));
    int rc = run_on(k, elementwise);
    if (UNLIKELY(rc)) {
      drop_outputs(k);
      return rc;
    }
  } else {
    TRY(outputs_by_shape(k));
    if (k->in_place) TRY(keep_before(k));
    int rc = run_on(k, run_kernel);
    if (UNLIKELY(rc)) {
      drop_outputs(k);
      return rc;
    }
    if (op->flags & OP_PARAMS) {
      for (int i = 0; i < k->n_list && !op->n_out; i++) {
        for (int l = 0; l < k->n_lists; l++) k->list[l * k->n_list + i]->storage->version++;
      }
    }
  }
  int rc = record(k);
  if (UNLIKELY(rc)) drop_outputs(k);
  return rc;
}

/* Comes back to dispatch with k->watched set: an op has one path, and a test of the mode word decides who walks it. */
static __attribute__((noinline, cold)) int rare_modes(call *k) {
  uint32_t mode = k->c->mode;
  k->watched = true;
  if ((mode & MODE_INTERRUPT) && tnt_interrupt_pending(0)) {
    tnt_interrupt_pending(1);
    int rc = fail(TNT_EINTERRUPTED, "%s: interrupted", k->op->name);
    failed_in(k->op->name);
    return rc;
  }
  tensor *given[MAX_INPUTS], *loans[MAX_INPUTS] = {0};
  bool cast = (mode & MODE_AUTOCAST) && !k->in_place &&
              (k->op->flags & (OP_AUTOCAST_LOW | OP_AUTOCAST_F32));
  memcpy(given, k->in, sizeof(tensor *) * (size_t)k->n_in);
  int rc = cast ? autocast_inputs(k, loans) : 0;
  if (!rc && (mode & MODE_RECORD)) rc = recorder_call(k);
  if (mode & MODE_NAMES) device_of(TNT_CUDA)->name_push(k->op->name);
  if (rc)
    failed_in(k->op->name);
  else if (mode & MODE_WATCHED)
    rc = watch_op(k, dispatch);
  else
    rc = dispatch(k);
  if (mode & MODE_NAMES) device_of(TNT_CUDA)->name_pop();
  if (cast) {
    memcpy(k->in, given, sizeof(tensor *) * (size_t)k->n_in);
    for (int i = 0; i < k->n_in; i++) tensor_unref(k->c, loans[i]);
  }
  return rc;
}

int dispatch(call *k) {
  if (UNLIKELY(k->c->mode) && !k->watched) return rare_modes(k);
  int rc = dispatch_checked(k);
  if (UNLIKELY(k->in_place)) tensor_unref(k->c, k->before);
  if (UNLIKELY(rc > 0)) failed_in(k->op->name);
  return rc;
}

/* -- casts, copies ----------------------------------------------------------------------------------------------------------------- */
/* A recorded op: x in another dtype, dense. */
int cast_to(context *c, tensor **y, tensor *x, int dtype) {
  call k;
  call_begin(&k, c, OP_ID_CAST);
  k.in[0] = x;
  k.integers[CAST_DTYPE] = dtype;
  TRY(dispatch(&k));
  *y = k.out[0];
  return 0;
}

int make_dense(context *c, tensor **y, tensor *x) {
  if (!(x->flags & FLAG_DENSE)) return op_contiguous(c, y, x);
  tensor_ref(x);
  *y = x;
  return 0;
}
