/* A tensor's contents on the way from one thread to another: memory of its own, without context, history or handle. The
 * block comes from the shared cache, so a batch travels without a copy on the receiving side. */
#include <stdlib.h>

#include "calls_gen.h"

struct tnt_parcel {
  void *data;
  size_t bytes;
  int dtype, ndim;
  int64_t size[MAX_DIMS];
};

int tnt_parcel_pack(tnt_parcel **parcel, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x;
  RESOLVE(c, x, h);
  tnt_parcel *p = calloc(1, sizeof *p);
  if (!p) return fail(TNT_EMEMORY, "parcel: out of memory");
  p->dtype = x->dtype;
  p->ndim = x->ndim;
  memcpy(p->size, x->size, sizeof p->size);
  p->bytes = (size_t)x->numel * dtype_size[x->dtype];
  p->data = block_alloc(p->bytes);
  if (!p->data) {
    free(p);
    return fail(TNT_EMEMORY, "parcel: out of memory");
  }
  int rc = tnt_read(p->data, x->dtype, x->numel, h);
  if (rc) {
    tnt_parcel_drop(p);
    return rc;
  }
  *parcel = p;
  return 0;
}

int tnt_parcel_open(tnt_tensor *y, tnt_parcel *p) {
  context *c = context_now();
  tensor *t = tensor_new(c);
  storage *s = t ? storage_new(c, 0, TNT_CPU) : NULL;
  if (!s) {
    tensor_unref(c, t);
    tnt_parcel_drop(p);
    return fail(TNT_EMEMORY, "parcel: out of memory");
  }
  block_free(s->data, 0);
  s->data = p->data;
  s->bytes = p->bytes;
  t->dtype = (uint8_t)p->dtype;
  t->ndim = (uint8_t)p->ndim;
  memcpy(t->size, p->size, sizeof p->size);
  tensor_set_dense(t);
  t->storage = s;
  t->data = s->data;
  free(p);
  return handle_give(c, y, t);
}

void tnt_parcel_drop(tnt_parcel *p) {
  if (!p) return;
  block_free(p->data, p->bytes);
  free(p);
}

void tnt_parcel_describe(tnt_info *info, const tnt_parcel *p) {
  memset(info, 0, sizeof *info);
  info->dtype = p->dtype;
  info->ndim = p->ndim;
  info->contiguous = 1;
  info->numel = 1;
  for (int d = p->ndim - 1; d >= 0; d--) {
    info->size[d] = p->size[d];
    info->stride[d] = info->numel;
    info->numel *= p->size[d];
  }
  info->data = p->data;
}
