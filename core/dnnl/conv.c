/* Convolutions by oneDNN: what libtnt calls (kernels/conv2d.c). Memory between layouts comes from the core's allocator
 * for the length of a call. */
#include "plan.h"

static const tnt__dnnl_host *host;

static size_t padded(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static bool reorder(plans *all, plan *p, int part, bool output) {
  dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, output ? p->inner[part] : p->outer[part]},
                             {DNNL_ARG_TO, output ? p->outer[part] : p->inner[part]}};
  return dnnl_primitive_execute(p->reorder[part], all->stream, 2, args) == dnnl_success;
}

static bool run(plans *all, plan *p, int output, char *room) {
  dnnl_exec_arg_t args[PARTS + 2];
  int n = 0;
  for (int i = 0; i < PARTS; i++) {
    dnnl_memory_t used = p->reorder[i] ? p->inner[i] : p->outer[i];
    args[n++] = (dnnl_exec_arg_t){p->arg[i], used};
    if (!p->reorder[i]) continue;
    if (dnnl_memory_set_data_handle(p->inner[i], room) != dnnl_success) return false;
    room += padded(p->bytes[i]);
    if (i != output && !reorder(all, p, i, false)) return false;
  }
  if (p->bias) args[n++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, p->bias};
  if (p->scratch) {
    if (dnnl_memory_set_data_handle(p->scratch, room) != dnnl_success) return false;
    args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratch};
  }
  if (dnnl_primitive_execute(p->conv, all->stream, n, args) != dnnl_success) return false;
  if (p->reorder[output] && !reorder(all, p, output, true)) return false;
  return dnnl_stream_wait(all->stream) == dnnl_success;
}

static bool convolve(enum conv_kind kind, const tnt__conv *k, const float *src,
                     const float *weights, const float *bias, const float *dst) {
  const int64_t most = INT32_MAX; /* some of oneDNN's kernels count in 32 bits */
  if (k->n * k->c * k->h * k->w > most || k->n * k->o * k->p * k->q > most) return false;
  plans *all = plans_of_thread();
  plan_key key = {*k, kind, bias != NULL, tnt_num_threads()};
  plan *p = all ? plan_find(all, &key) : NULL;
  if (!p || !p->conv) return false;
  const float *parts[PARTS] = {src, weights, dst};
  size_t bytes = padded(p->scratch_bytes);
  for (int i = 0; i < PARTS; i++) {
    if (dnnl_memory_set_data_handle(p->outer[i], (void *)(uintptr_t)parts[i]) != dnnl_success)
      return false;
    bytes += padded(p->bytes[i]);
  }
  if (p->bias && dnnl_memory_set_data_handle(p->bias, (void *)(uintptr_t)bias) != dnnl_success)
    return false;
  char *room = bytes ? host->alloc(bytes) : NULL;
  if (bytes && !room) return false;
  bool ok = run(all, p, kind == CONV_FORWARD ? DST : kind == CONV_DX ? SRC : WEIGHTS, room);
  if (room) host->release(room, bytes);
  return ok;
}

static bool forward(const tnt__conv *k, const float *x, const float *w, const float *b, float *y) {
  return convolve(CONV_FORWARD, k, x, w, b, y);
}

static bool dx(const tnt__conv *k, const float *dy, const float *w, float *out) {
  return convolve(CONV_DX, k, out, w, NULL, dy);
}

static bool dw(const tnt__conv *k, const float *dy, const float *x, float *out) {
  return convolve(CONV_DW, k, x, out, NULL, dy);
}

const tnt__convolutions *tnt_dnnl_open(const tnt__dnnl_host *lent, size_t conv_bytes) {
  static const tnt__convolutions table = {forward, dx, dw};
  if (conv_bytes != sizeof(tnt__conv)) return NULL;
  host = lent;
  return plans_of_thread() ? &table : NULL;
}
