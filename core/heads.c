/* Where the results of attention and of its gradient lie. Heads [N, H, T, K] mostly come from one product, [N, T, 3 H K], seen
 * in another way; results lie alike, so that what goes on with them, again in the product's form, sees them without a copy.
 * Gradients of the three parts of one product share one memory in its form: backward takes it as the product's gradient. */
#include "calls_gen.h"
#include "entry.h"

/* Whether neighbours along t lie further apart than heads do, as in [N, T, H K]. */
static bool is_split(const tensor *x) {
  return x->size[1] > 1 && x->size[2] > 1 && x->stride[1] < x->stride[2];
}

static int allocate_like(call *k, tensor *y, const tensor *x) {
  TRY(tensor_allocate(k->c, y));
  if (!is_split(x)) return 0;
  y->stride[3] = 1;
  y->stride[1] = y->size[3];
  y->stride[2] = y->stride[1] * y->size[1];
  y->stride[0] = y->stride[2] * y->size[2];
  tensor_check_dense(y);
  return 0;
}

/* Whether x[i] are the three parts of one dense [N, T, 3 H K]; at[i]: how many parts lie before x[i]. */
static bool are_parts(tensor *const *x, int64_t *at) {
  const storage *s = x[0]->storage;
  const int64_t *size = x[0]->size;
  int64_t run = size[1] * size[3], width = dtype_size[x[0]->dtype], seen = 0;
  if (!s || s->bytes != (size_t)(3 * x[0]->numel * width) || !x[0]->numel) return false;
  const int64_t stride[4] = {3 * run * size[2], size[3], 3 * run, 1};
  for (int i = 0; i < 3; i++) {
    if (x[i]->storage != s || x[i]->dtype != x[0]->dtype || !same_size(x[i], x[0])) return false;
    for (int d = 0; d < 4; d++) {
      if (size[d] > 1 && x[i]->stride[d] != stride[d]) return false;
    }
    int64_t offset = (x[i]->data - (char *)s->data) / width;
    if (offset % run || offset / run > 2) return false;
    at[i] = offset / run;
    seen |= 1 << at[i];
  }
  return seen == 7;
}

static int allocate_parts(call *k, const int64_t *at) {
  context *c = k->c;
  tensor *all;
  const int64_t *size = k->out[0]->size;
  int64_t run = size[1] * size[3];
  TRY(tensor_create(c, &all, k->device, k->compute, (int64_t[]){size[0], size[2], 3 * run}, 3));
  for (int i = 0; i < 3; i++) {
    tensor *y = k->out[i];
    const int64_t stride[4] = {3 * run * size[2], size[3], 3 * run, 1};
    memcpy(y->stride, stride, sizeof stride);
    tensor_check_dense(y);
    y->storage = all->storage;
    y->storage->refs++;
    y->data = all->data + at[i] * run * dtype_size[y->dtype];
  }
  tensor_unref(c, all);
  return 0;
}

int heads_allocate(call *k) {
  int64_t at[3];
  if (k->op == &tnt__ops[OP_ID_ATTENTION]) {
    TRY(allocate_like(k, k->out[0], k->in[0]));
    return tensor_allocate(k->c, k->out[1]);
  }
  if (are_parts(k->in + 1, at)) return allocate_parts(k, at);
  for (int i = 0; i < 3; i++) TRY(allocate_like(k, k->out[i], k->in[i + 1]));
  return 0;
}
