/* Values in and out of tensors: single elements, and whole contents as dense memory of the caller's. */
#include <math.h>

#include "calls_gen.h"
#include "../kernels/cpu.h"
#include "device.h"

static int one_element(context *c, tensor **t, const tnt_tensor *h, const char *who) {
  TRY(tensor_from_handle(c, t, h));
  if ((*t)->numel != 1) {
    char text[SHAPE_TEXT];
    format_shape(text, sizeof text, (*t)->size, (*t)->ndim);
    return fail(TNT_ESHAPE, "%s: a tensor of one element was expected, got shape %s", who, text);
  }
  return 0;
}

/* LuaJIT keeps other values in the bits of a NaN and takes numbers from C as they are: a NaN with a payload, as in memory
 * never written, would be one of those to it. So none but the plain NaN leaves for Lua. */
static void one_kind_of_nan(void *data, int dtype, int64_t n) {
  if (dtype == TNT_F64) {
    double *v = data;
    for (int64_t i = 0; i < n; i++) v[i] = v[i] != v[i] ? (double)NAN : v[i];
  } else if (dtype == TNT_F32) {
    float *v = data;
    for (int64_t i = 0; i < n; i++) v[i] = v[i] != v[i] ? NAN : v[i];
  }
}

int tnt_item(double *value, const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  TRY(one_element(c, &t, h, "item"));
  if (UNLIKELY(c->mode)) TRY(refuse_read(c, "item"));
  int64_t raw = 0;
  const void *data = t->data;
  if (t->device != TNT_CPU) {
    TRY(host_read(c, &raw, t));
    data = &raw;
  }
  if (t->dtype == TNT_I64) {
    int64_t v = *(const int64_t *)data;
    if (v > ((int64_t)1 << 53) || v < -((int64_t)1 << 53)) {
      return fail(TNT_EARGUMENT, "item: %lld does not fit a Lua number exactly; use item_int64()",
                  (long long)v);
    }
    *value = (double)v;
    return 0;
  }
  kernels_for(TNT_F64)->load(value, data, t->dtype, 1, 0);
  one_kind_of_nan(value, TNT_F64, 1);
  return 0;
}

int tnt_item_int64(int64_t *value, const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  TRY(one_element(c, &t, h, "item_int64"));
  if (UNLIKELY(c->mode)) TRY(refuse_read(c, "item_int64"));
  if (category(t->dtype) == 2)
    return fail(TNT_EDTYPE, "item_int64: a whole-number dtype was expected, got %s",
                dtype_name(t->dtype));
  int64_t raw = 0;
  const void *data = t->data;
  if (t->device != TNT_CPU) {
    TRY(host_read(c, &raw, t));
    data = &raw;
  }
  kernels_for(TNT_I64)->load(value, data, t->dtype, 1, 0);
  return 0;
}

static int outside(tensor *t, const tensor *x, void *data, int dtype, int64_t n, const char *who) {
  if (dtype < 0 || dtype >= TNT_DTYPES)
    return fail(TNT_EDTYPE, "%s: no dtype has number %d", who, dtype);
  if (n != x->numel) {
    return fail(TNT_ESHAPE, "%s: %lld elements were given for a tensor of %lld", who, (long long)n,
                (long long)x->numel);
  }
  memset(t, 0, sizeof *t);
  t->dtype = (uint8_t)dtype;
  t->ndim = x->ndim;
  memcpy(t->size, x->size, sizeof t->size);
  tensor_set_dense(t);
  t->data = data;
  return 0;
}

int tnt_read(void *data, int dtype, int64_t n, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x, there;
  RESOLVE(c, x, h);
  TRY(outside(&there, x, data, dtype, n, "read"));
  if (x->dtype == dtype) {
    TRY(host_read(c, data, x));
  } else if (x->device == TNT_CPU) {
    TRY(convert(c, &there, x));
  } else {
    tensor *y;
    TRY(tensor_create(c, &y, x->device, dtype, x->size, x->ndim));
    int rc = convert(c, y, x);
    if (!rc) rc = host_read(c, data, y);
    tensor_unref(c, y);
    if (rc) return rc;
  }
  one_kind_of_nan(data, dtype, n);
  return 0;
}

int tnt_write(const tnt_tensor *h, const void *data, int dtype, int64_t n) {
  context *c = context_now();
  tensor *x, there;
  RESOLVE(c, x, h);
  if ((x->flags & FLAG_REQUIRES_GRAD) && c->view.grad_mode) {
    return fail(TNT_ESTATE,
                "write: a leaf that requires a gradient changes in place only under no_grad");
  }
  TRY(outside(&there, x, (void *)(uintptr_t)data, dtype, n, "write"));
  /* while calls are compared optimizers still write their numbers themselves */
  if (x->device != TNT_CPU && UNLIKELY(c->mode)) TRY(refuse_write(c, "write", MODE_CAPTURE));
  x->storage->version++;
  if (x->dtype == dtype && (x->flags & FLAG_DENSE)) return host_write(x, data);
  if (x->device == TNT_CPU) return convert(c, x, &there);
  tensor *y;
  TRY(tensor_create(c, &y, x->device, dtype, x->size, x->ndim));
  int rc = host_write(y, data);
  if (!rc) rc = convert(c, x, y);
  tensor_unref(c, y);
  return rc;
}
