/* The CPU's side of dispatch: which kernels serve this machine, and what a kernel is given (views of the compute type,
 * dense unless its row says strided; narrow dtypes are widened before and rounded after). */
#include <omp.h>
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"
#include "entry.h"

#define KERNELS(isa)                                                             \
  extern const tnt__kernels tnt__kernels_float_##isa, tnt__kernels_double_##isa, \
      tnt__kernels_int64_##isa
KERNELS(base);
#ifdef __x86_64__
KERNELS(avx2);
KERNELS(avx512);
#endif

static const tnt__kernels *chosen[3];
static int n_threads;

__attribute__((constructor)) static void choose(void) {
  const tnt__kernels *base[3] = {&tnt__kernels_float_base, &tnt__kernels_double_base,
                                 &tnt__kernels_int64_base};
  const tnt__kernels **best = base;
#ifdef __x86_64__
  const tnt__kernels *avx2[3] = {&tnt__kernels_float_avx2, &tnt__kernels_double_avx2,
                                 &tnt__kernels_int64_avx2};
  const tnt__kernels *avx512[3] = {&tnt__kernels_float_avx512, &tnt__kernels_double_avx512,
                                   &tnt__kernels_int64_avx512};
  const char *wanted = getenv("TNT_ISA"); /* "base" or "avx2": for tests of the slower kernels */
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v3") && !(wanted && !strcmp(wanted, "base"))) {
    best = avx2;
    if (__builtin_cpu_supports("x86-64-v4") && !(wanted && !strcmp(wanted, "avx2"))) best = avx512;
  }
#endif
  for (int i = 0; i < 3; i++) chosen[i] = best[i];
}

const tnt__kernels *kernels_for(int dtype) {
  return chosen[dtype == TNT_F64 ? 1 : category(dtype) == 2 ? 0 : 2];
}

const char *tnt_isa(void) { return chosen[0]->isa; }

/* The number of threads is this thread's own where it was set (workers compute on one), else the machine's. */
static __thread int own_threads;
int tnt_num_threads(void) {
  if (own_threads) return own_threads;
  if (!n_threads) n_threads = omp_get_max_threads();
  return n_threads;
}

int tnt_set_num_threads(int n) {
  if (n < 1 || n > 1024)
    return fail(TNT_EARGUMENT, "set_num_threads: expected 1 to 1024, got %d", n);
  own_threads = n;
  omp_set_num_threads(n);
  return 0;
}

/* -- what kernels are lent ---------------------------------------------------------------------------------------- */
static int native_dtype(int compute) {
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

static int convert(context *c, tensor *to, tensor *from) {
  call a;
  call_begin(&a, c, OP_ID_CAST);
  a.in[0] = from;
  a.out[0] = to;
  a.compute = conversion_dtype(from->dtype, to->dtype);
  return elementwise_cpu(&a);
}

/* t as the kernel wants it: itself, or a converted or dense copy, which is then also in *temporary. */
static int lend(context *c, tensor *t, int dtype, bool strided, tensor **out, tensor **temporary) {
  *temporary = NULL;
  *out = t;
  if (t->dtype == dtype && (strided || (t->flags & FLAG_DENSE))) return 0;
  tensor *copy;
  TRY(tensor_create(c, &copy, dtype, t->size, t->ndim));
  int rc = convert(c, copy, t);
  if (rc) {
    tensor_unref(c, copy);
    return rc;
  }
  *out = *temporary = copy;
  return 0;
}

static int run_list(call *k, tnt__args *a, int native) {
  context *c = k->c;
  bool strided = (k->op->flags & OP_STRIDED) != 0;
  int n = k->n_lists * k->n_list, rc = 0, done = 0;
  tnt__view *views = malloc((size_t)(n + 1) * sizeof *views);
  tensor **temporaries = calloc((size_t)(n + 1), sizeof *temporaries);
  if (!views || !temporaries) rc = fail(TNT_EMEMORY, "%s: out of memory", k->op->name);
  for (; !rc && done < n; done++) {
    tensor *t;
    rc = lend(c, k->list[done], native, strided, &t, &temporaries[done]);
    if (!rc) view_of(&views[done], t);
  }
  tensor *y = k->op->n_out ? k->out[0] : NULL, *made = NULL;
  if (!rc && y && y->dtype != native) rc = tensor_create(c, &made, native, y->size, y->ndim);
  if (!rc) {
    if (y) view_of(&a->out[0], made ? made : y);
    a->list = views;
    a->n_lists = k->n_lists;
    a->n_list = k->n_list;
    rc = kernels_for(native)->kernel[k->op->kernel](a);
  }
  if (made && !rc) rc = convert(c, y, made);
  tensor_unref(c, made);
  for (int i = 0; i < done; i++) {
    if (!temporaries[i]) continue;
    if (!rc && (k->op->flags & OP_PARAMS)) rc = convert(c, k->list[i], temporaries[i]);
    tensor_unref(c, temporaries[i]);
  }
  free(views);
  free(temporaries);
  return rc;
}

int run_kernel(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  int native = native_dtype(k->compute);
  tnt__kernel kernel = kernels_for(native)->kernel[op->kernel];
  if (UNLIKELY(!kernel))
    return fail(TNT_EDTYPE, "%s: not for %s (cast it: x:float())", op->name,
                dtype_name(k->compute));
  tnt__args a = {.op = op->name, .number = k->numbers, .integer = k->integers, .fail = fail};
  if (op->n_out) a.stored = k->out[0]->dtype;
  if (op->flags & OP_RANDOM) {
    a.seed = c->seed;
    a.call = random_next_call(c);
    k->integers[op->n_integers] =
        (int64_t)a.seed; /* for the gradient: record() keeps two places more */
    k->integers[op->n_integers + 1] = (int64_t)a.call;
  }
  if (op->flags & OP_LIST) return run_list(k, &a, native);

  bool strided = (op->flags & OP_STRIDED) != 0;
  tensor *in_loan[MAX_INPUTS] = {0}, *out_loan[MAX_OUTPUTS] = {0}, *t;
  int rc = 0;
  for (int i = k->in_place; i < k->n_in && !rc; i++) {
    if (!k->in[i]) {
      if (!(op->optional >> i & 1))
        rc = fail(TNT_EARGUMENT, "%s: %s is missing", op->name, op->in_names[i]);
      continue;
    }
    rc = lend(c, k->in[i], (op->ids >> i & 1) ? TNT_I64 : native, strided, &t, &in_loan[i]);
    if (!rc) view_of(&a.in[i], t);
  }
  for (int i = 0; i < op->n_out && !rc; i++) {
    tensor *y = k->out[i];
    int dtype = (op->out_ids >> i & 1) ? TNT_I64 : native;
    if (k->in_place)
      rc = lend(c, y, dtype, false, &t, &out_loan[i]);
    else if (y->dtype != dtype)
      rc = tensor_create(c, &out_loan[i], dtype, y->size, y->ndim);
    if (!rc) view_of(&a.out[i], out_loan[i] ? out_loan[i] : y);
  }
  if (k->in_place) a.in[0] = a.out[0];
  if (!rc) rc = kernel(&a);
  for (int i = 0; i < op->n_out; i++) {
    if (!out_loan[i]) continue;
    if (!rc) rc = convert(c, k->out[i], out_loan[i]);
    tensor_unref(c, out_loan[i]);
  }
  for (int i = 0; i < k->n_in; i++) tensor_unref(c, in_loan[i]);
  return rc;
}
