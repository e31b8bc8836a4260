/* Dtypes: what two of them become together, and how numbers and 0-dim tensors count (interface.md, "Numbers"). The rules
 * are PyTorch's; spec/promotion_spec.lua holds them to its results for all pairs. */
#include "core.h"

/* what two dtypes become when both count fully */
static int promote(int a, int b) {
  if (a == b) return a;
  int ca = category(a), cb = category(b);
  if (ca != cb) return ca > cb ? a : b;
  if (ca == 2) {
    if (a == TNT_F64 || b == TNT_F64) return TNT_F64;
    return TNT_F32; /* f32 with a 16-bit one, and f16 with bf16 */
  }
  if (a == TNT_I64 || b == TNT_I64) return TNT_I64;
  return TNT_I32; /* i32 with u8 */
}

enum { NONE = -1 };

static int join(int a, int b) { return a == NONE ? b : b == NONE ? a : promote(a, b); }

/* dims decide; 0-dim tensors and numbers raise the category only */
static int combine(int higher, int lower) {
  if (higher == NONE) return lower;
  if (lower == NONE || category(higher) == 2) return higher;
  if (category(higher) == 0 || category(lower) == 2) return join(higher, lower);
  return higher;
}

int result_dtype(tensor *const *in, int n, unsigned skip, int number_at, double number) {
  int dims = NONE, zero = NONE, wrapped = NONE;
  for (int k = 0; k < n; k++) {
    if (k == number_at) {
      bool whole = number == __builtin_floor(number) && number - number == 0;
      wrapped = whole ? TNT_I64 : default_float;
    } else if (in[k] && !(skip >> k & 1)) {
      if (in[k]->ndim)
        dims = join(dims, in[k]->dtype);
      else
        zero = join(zero, in[k]->dtype);
    }
  }
  return combine(dims, combine(zero, wrapped));
}

int tnt_result_type(int32_t *dtype, const tnt_tensor *ha, const tnt_tensor *hb) {
  context *c = context_now();
  tensor *in[2];
  RESOLVE(c, in[0], ha);
  RESOLVE(c, in[1], hb);
  *dtype = result_dtype(in, 2, 0, -1, 0);
  return 0;
}

int tnt_set_default_dtype(int dtype) {
  if (dtype != TNT_F32 && dtype != TNT_F64) {
    return fail(TNT_EDTYPE, "set_default_dtype: expected f32 or f64, got %s", dtype_name(dtype));
  }
  default_float = dtype;
  return 0;
}
