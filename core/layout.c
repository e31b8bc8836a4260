/* How elements lie in memory. Row-major without gaps is FLAG_DENSE; "packed" is the same with dims in any order, and
 * "channels-last" is the packed layout of [N, C, H, W] whose channels are neighbours (NHWC in memory), which convolutional nets
 * may run in on every device. A layout is nothing but strides: ops of images (OP_IMAGES) compute in the layout that one of
 * their inputs shows, all others keep the layout of their input or give dense results. */
#include "calls_gen.h"
#include "device.h"

bool is_packed(const tensor *t) {
  if (t->flags & FLAG_DENSE) return true;
  int64_t span = 1;
  for (int d = 0; d < t->ndim; d++) {
    if (t->stride[d] < 0) return false;
    span += t->stride[d] * (t->size[d] - 1);
  }
  return span == t->numel && !may_overlap(t);
}

bool same_layout(const tensor *a, const tensor *b) {
  if (!same_size(a, b)) return false;
  for (int d = 0; d < a->ndim; d++) {
    if (a->size[d] > 1 && a->stride[d] != b->stride[d]) return false;
  }
  return true;
}

void lay_like(tensor *t, const tensor *x) {
  memcpy(t->stride, x->stride, sizeof(int64_t) * x->ndim);
  tensor_check_dense(t);
}

static void channels_last_strides(int64_t *stride, const int64_t *size) {
  stride[1] = 1;
  stride[3] = size[1];
  stride[2] = size[3] * stride[3];
  stride[0] = size[2] * stride[2];
}

bool lies_channels_last(const tensor *t) {
  int64_t want[4];
  if (t->ndim != 4) return false;
  channels_last_strides(want, t->size);
  for (int d = 0; d < 4; d++) {
    if (t->size[d] > 1 && t->stride[d] != want[d]) return false;
  }
  return true;
}

/* With one channel, or one place an image, both layouts are one: the strides that were written down then tell which was meant. */
bool shows_channels_last(const tensor *t) {
  int64_t want[4];
  if (t->ndim != 4 || t->stride[1] != 1) return false;
  channels_last_strides(want, t->size);
  if (t->size[0] > 1 && t->stride[0] != want[0]) return false;
  bool row_major = t->stride[3] == 1 && t->size[2] * t->size[3] == 1;
  return t->stride[2] == want[2] && t->stride[3] == want[3] && !row_major;
}

void lay_channels_last(tensor *t) {
  if (t->ndim != 4) return;
  channels_last_strides(t->stride, t->size);
  tensor_check_dense(t);
}

int create_like(context *c, tensor **y, int device, int dtype, const tensor *x) {
  TRY(tensor_create(c, y, device, dtype, x->size, x->ndim));
  if (is_packed(x)) lay_like(*y, x);
  return 0;
}

int tnt_empty_like(tnt_tensor *y, int device, int dtype, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x, *t;
  RESOLVE(c, x, h);
  if (dtype < 0 || dtype >= TNT_DTYPES)
    return fail(TNT_EDTYPE, "empty_like: no dtype has number %d", dtype);
  if (UNLIKELY(device != TNT_CPU)) TRY(device_check(device));
  TRY(create_like(c, &t, device, dtype, x));
  return handle_give(c, y, t);
}
