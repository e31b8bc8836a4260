/* Runs the kernel of a row: lends it views of the type it computes in, dense unless its row says strided. The CPU's
 * kernels know float, double and int64, so that narrow dtypes are widened before and rounded after; a card's take 16-bit
 * floats as they are, and so do all kernels over parameters. */
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"
#include "device.h"
#include "entry.h"

static int native_dtype(const device_table *device, int compute) {
  if (device->narrow_floats && category(compute) == 2) return compute;
  return compute == TNT_F64 ? TNT_F64 : category(compute) == 2 ? TNT_F32 : TNT_I64;
}

static void view_of(tnt__view *v, const tensor *t) {
  v->data = t->data;
  v->numel = t->numel;
  v->ndim = t->ndim;
  v->dtype = t->dtype;
  v->size = t->size;
  v->stride = t->stride;
}

int convert(context *c, tensor *to, tensor *from) {
  call a;
  call_begin(&a, c, OP_ID_CAST);
  a.in[0] = from;
  a.out[0] = to;
  a.compute = conversion_dtype(from->dtype, to->dtype);
  return elementwise(&a);
}

/* What a kernel asks of a tensor's layout. */
enum lie { LIE_ANYHOW, LIE_DENSE, LIE_CHANNELS_LAST /* where it has four dims */, LIE_AS_IT_DOES };

static bool lies(const tensor *t, enum lie how) {
  if (how == LIE_CHANNELS_LAST && t->ndim == 4) return lies_channels_last(t);
  return how == LIE_ANYHOW || how == LIE_AS_IT_DOES || (t->flags & FLAG_DENSE);
}

/* t as the kernel wants it: itself, or a converted or laid out copy, which is then also in *temporary. */
static int lend(context *c, tensor *t, int dtype, enum lie how, tensor **out, tensor **temporary) {
  *temporary = NULL;
  *out = t;
  if (t->dtype == dtype && lies(t, how)) return 0;
  tensor *copy;
  TRY(tensor_create(c, &copy, t->device, dtype, t->size, t->ndim));
  if (how == LIE_CHANNELS_LAST) lay_channels_last(copy);
  if (how == LIE_AS_IT_DOES) lay_like(copy, t);
  int rc = convert(c, copy, t);
  if (rc) {
    tensor_unref(c, copy);
    return rc;
  }
  *out = *temporary = copy;
  return 0;
}

/* -- memory for a kernel's own use ------------------------------------------------------------------------------------- */
typedef struct loan {
  device_block *block;
  struct loan *next;
} loan;

static void *scratch(tnt__args *a, size_t bytes) {
  loan *l = malloc(sizeof *l);
  if (!l) return NULL;
  l->block = device_alloc(a->device, bytes, STREAM_COMPUTE);
  if (!l->block) {
    free(l);
    return NULL;
  }
  l->next = a->loans;
  a->loans = l;
  return device_data(l->block);
}

/* Whoever gets the block next works behind the kernel on the same stream. */
static void scratch_return(tnt__args *a) {
  for (loan *l = a->loans, *next; l; l = next) {
    next = l->next;
    device_free(l->block, 0, 0);
    free(l);
  }
  a->loans = NULL;
}

/* The numbers and the flag that ops over parameters may be given as tensors. */
static int beside_list(const call *k, tnt__args *a) {
  for (int i = 0; i < k->n_in; i++) {
    const tensor *t = k->in[i];
    if (!t) continue;
    bool flag = i == 1;
    int64_t want = flag ? 1 : k->op->n_numbers;
    if (t->dtype != (flag ? TNT_F32 : TNT_F64) || t->numel != want || !(t->flags & FLAG_DENSE)) {
      char text[SHAPE_TEXT];
      format_shape(text, sizeof text, t->size, t->ndim);
      return fail(TNT_EARGUMENT, "%s: %s must be %s of %lld element%s, got %s %s", k->op->name,
                  flag ? "skip" : "row", flag ? "f32" : "f64", (long long)want,
                  want == 1 ? "" : "s", dtype_name(t->dtype), text);
    }
    if (flag)
      a->skip = (const float *)(const void *)t->data;
    else
      a->row = (const double *)(const void *)t->data;
  }
  return 0;
}

/* How tensor `at` of a list is lent. Ops over parameters walk through elements without asking where they lie: what belongs to
 * one parameter may lie in any one order. */
static enum lie list_lie(const call *k, int at) {
  if (k->op->flags & OP_STRIDED) return LIE_ANYHOW;
  const tensor *first = k->list[at % k->n_list];
  if (!(k->op->flags & OP_PARAMS) || (first->flags & FLAG_DENSE) || !is_packed(first))
    return LIE_DENSE;
  for (int i = at % k->n_list; i < k->n_lists * k->n_list; i += k->n_list) {
    if (k->list[i]->numel && !same_layout(k->list[i], first)) return LIE_DENSE;
  }
  return LIE_AS_IT_DOES;
}

static int run_list(call *k, tnt__args *a, tnt__kernel kernel, int native) {
  context *c = k->c;
  bool params = (k->op->flags & OP_PARAMS) != 0;
  int n = k->n_lists * k->n_list, rc = 0, done = 0;
  tnt__view *views = malloc((size_t)(n + 1) * sizeof *views);
  tensor **temporaries = calloc((size_t)(n + 1), sizeof *temporaries);
  if (!views || !temporaries) rc = fail(TNT_EMEMORY, "%s: out of memory", k->op->name);
  for (int i = 0; !rc && done < n; done++, i = i + 1 < k->n_list ? i + 1 : 0) {
    tensor *t = k->list[done];
    if (done > i && t == k->list[i]) { /* its own master: lent once */
      views[done] = views[i];
      continue;
    }
    rc = lend(c, t, params ? t->dtype : native, list_lie(k, done), &t, &temporaries[done]);
    if (!rc) view_of(&views[done], t);
  }
  tensor *y = k->op->n_out ? k->out[0] : NULL, *made = NULL;
  if (!rc && y && y->dtype != native)
    rc = tensor_create(c, &made, k->device, native, y->size, y->ndim);
  if (!rc) {
    if (y) view_of(&a->out[0], made ? made : y);
    a->list = views;
    a->n_lists = k->n_lists;
    a->n_list = k->n_list;
    if (!rc) rc = beside_list(k, a);
    if (!rc) rc = kernel(a);
  }
  if (made && !rc) rc = convert(c, y, made);
  tensor_unref(c, made);
  for (int i = 0; i < done; i++) {
    if (!temporaries[i]) continue;
    if (!rc && params) rc = convert(c, k->list[i], temporaries[i]);
    tensor_unref(c, temporaries[i]);
  }
  free(views);
  free(temporaries);
  return rc;
}

/* Optimizers draw only where they round stochastically: other steps leave the random stream as it is. */
_Static_assert((int)SGD__STOCHASTIC == (int)ADAM__STOCHASTIC &&
                   (int)SGD__STOCHASTIC == (int)ADAMW__STOCHASTIC,
               "slots");
static bool draws(const call *k) {
  return (k->op->flags & OP_RANDOM) &&
         (!(k->op->flags & OP_PARAMS) || k->integers[SGD__STOCHASTIC]);
}

int run_kernel(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  const device_table *device = device_of(k->device);
  int native = native_dtype(device, k->compute);
  tnt__kernel kernel = device->kernel(native, op->kernel);
  if (UNLIKELY(!kernel))
    return fail(TNT_EDTYPE, "%s: not for %s on %s (cast it: x:float())", op->name,
                dtype_name(k->compute), device->name);
  tnt__args a = {.op = op->name, .number = k->numbers, .integer = k->integers, .fail = fail};
  if (UNLIKELY(k->device != TNT_CPU)) {
    a.device = k->device;
    a.stream = device->stream(device_card(k->device), STREAM_COMPUTE);
    a.scratch = scratch;
    a.deterministic = tnt__deterministic != 0;
    a.tf32 = tnt__tf32 != 0;
    a.benchmark = tnt__benchmark != 0;
  }
  if (op->n_out) a.stored = k->out[0]->dtype;
  if (draws(k)) {
    a.seed = c->seed;
    a.call = random_next_call(c);
    if (UNLIKELY(c->mode & MODE_CAPTURE)) capture_random(k, &a);
    k->integers[op->n_integers] =
        (int64_t)a.seed; /* for the gradient: record() keeps two places more */
    k->integers[op->n_integers + 1] = (int64_t)a.call;
  } else if (UNLIKELY(c->mode & MODE_CAPTURE)) {
    capture_random(k, &a);
  }
  if (op->flags & OP_LIST) {
    int rc = run_list(k, &a, kernel, native);
    scratch_return(&a);
    return rc;
  }

  bool laid = (op->flags & OP_IMAGES) && k->channels_last;
  enum lie how = laid ? LIE_CHANNELS_LAST : (op->flags & OP_STRIDED) ? LIE_ANYHOW : LIE_DENSE;
  a.channels_last = laid;
  int wide = wide_dtype(native);
  tensor *in_loan[MAX_INPUTS] = {0}, *out_loan[MAX_OUTPUTS] = {0}, *t;
  int rc = 0;
  for (int i = k->in_place; i < k->n_in && !rc; i++) {
    if (!k->in[i]) {
      if (!(op->optional >> i & 1))
        rc = fail(TNT_EARGUMENT, "%s: %s is missing", op->name, op->in_names[i]);
      continue;
    }
    int dtype = (op->ids >> i & 1) ? TNT_I64 : (op->wide >> i & 1) ? wide : native;
    rc = lend(c, k->in[i], dtype, how, &t, &in_loan[i]);
    if (!rc) view_of(&a.in[i], t);
  }
  for (int i = 0; i < op->n_out && !rc; i++) {
    tensor *y = k->out[i];
    bool is_wide = (op->out_wide >> i & 1) || (op->narrow && y->dtype == wide);
    int dtype = (op->out_ids >> i & 1) ? TNT_I64 : is_wide ? wide : native;
    if (k->in_place)
      rc = lend(c, y, dtype, LIE_DENSE, &t, &out_loan[i]);
    else if (y->dtype != dtype)
      rc = create_like(c, &out_loan[i], k->device, dtype, y);
    if (!rc) view_of(&a.out[i], out_loan[i] ? out_loan[i] : y);
  }
  if (k->in_place) a.in[0] = a.out[0];
  if (!rc) rc = kernel(&a);
  scratch_return(&a);
  for (int i = 0; i < op->n_out; i++) {
    if (!out_loan[i]) continue;
    if (!rc) rc = convert(c, k->out[i], out_loan[i]);
    tensor_unref(c, out_loan[i]);
  }
  for (int i = 0; i < k->n_in; i++) tensor_unref(c, in_loan[i]);
  return rc;
}
