/* Tensors between the host and cards. What the host reads is waited for; what it writes is not, except that memory of the
 * host that is not pinned may be used again on return. Copies from pinned memory run on the card's copy stream, so that
 * they go on beside the work of the step before. */
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"
#include "device.h"
#include "entry.h"
#include "watch.h"
#include "../kernels/slots_gen.h"

static const device_table *card_table(const tensor *t) { return device_of(t->device); }
static void *stream_of(int device, int which) {
  return device_of(device)->stream(device_card(device), which);
}

int tensor_zero(tensor *t, size_t bytes) {
  if (t->device == TNT_CPU) {
    memset(t->data, 0, bytes);
    return 0;
  }
  return card_table(t)->zero(t->data, bytes, stream_of(t->device, STREAM_COMPUTE));
}

/* A dense tensor's bytes. */
static size_t bytes_of(const tensor *t) { return (size_t)t->numel * dtype_size[t->dtype]; }

/* work: TNT_RAN_TO and so on, for a profile. */
static int copy_on(int device, int stream, void *to, const void *from, size_t bytes, int work) {
  context *c = context_now();
  device_event *began =
      UNLIKELY(c->mode & MODE_RANGES) ? card_range_begin(c, device, stream) : NULL;
  int rc = device_of(device)->copy(to, from, bytes, stream_of(device, stream));
  card_range_end(
      c, began, stream,
      &(tnt_card_range){.work = (uint8_t)work, .op = -1, .of = -1, .bytes = (int64_t)bytes});
  return rc;
}

int card_read(void *data, const tensor *t, size_t bytes) {
  TRY(copy_on(t->device, STREAM_COMPUTE, data, t->data, bytes, TNT_RAN_FROM));
  return card_table(t)->stream_synchronize(stream_of(t->device, STREAM_COMPUTE));
}

int host_read(context *c, void *data, tensor *x) {
  if (UNLIKELY(c->mode)) TRY(refuse_read(c, "read"));
  tensor *dense = NULL;
  if (!(x->flags & FLAG_DENSE)) {
    TRY(tensor_create(c, &dense, x->device, x->dtype, x->size, x->ndim));
    int rc = convert(c, dense, x);
    if (rc) {
      tensor_unref(c, dense);
      return rc;
    }
    x = dense;
  }
  int rc = 0;
  if (x->device == TNT_CPU) {
    memcpy(data, x->data, bytes_of(x));
  } else if (x->numel) {
    rc = card_read(data, x, bytes_of(x));
  }
  tensor_unref(c, dense);
  return rc;
}

int host_write(tensor *x, const void *data) {
  if (x->device == TNT_CPU) {
    memcpy(x->data, data, bytes_of(x));
    return 0;
  }
  if (!x->numel) return 0;
  return copy_on(x->device, STREAM_COMPUTE, x->data, data, bytes_of(x), TNT_RAN_TO);
}

int number_tensor(context *c, tensor **y, int device, int dtype, double value) {
  tensor *t;
  TRY(tensor_create(c, &t, device, dtype, NULL, 0));
  int rc = 0;
  if (device != TNT_CPU) { /* by a kernel, which a captured step can repeat */
    call k;
    call_begin(&k, c, OP_ID_FILL);
    k.in[0] = k.out[0] = t;
    k.numbers[FILL_VALUE] = value;
    k.compute = dtype;
    rc = elementwise(&k);
  } else if (dtype == TNT_F64) {
    *(double *)(void *)t->data = value;
  } else {
    *(float *)(void *)t->data = (float)value;
  }
  if (rc)
    tensor_unref(c, t);
  else
    *y = t;
  return rc;
}

/* From pinned memory: on the copy stream, for which the compute stream then waits. */
static int copy_beside(tensor *to, tensor *from) {
  int card = device_card(to->device);
  device_event *event = device_event_take(to->device, false);
  if (!event) return fail(TNT_ECUDA, "to: no event could be made on %s", device_name(to->device));
  int rc = copy_on(to->device, STREAM_COPY, to->data, from->data, bytes_of(from), TNT_RAN_TO);
  if (!rc) rc = device_event_record(event, STREAM_COPY);
  if (!rc) rc = device_event_wait(event, to->device, STREAM_COMPUTE);
  device_event_give(event);
  from->storage->used |= 1u << STREAM_COPY;
  from->storage->card = (uint8_t)card;
  to->storage->used |= 1u << STREAM_COMPUTE;
  return rc;
}

/* x, or where it lies otherwise than it could be copied in one piece, a copy; a new reference. */
static int in_one_piece(context *c, tensor **y, tensor *x) {
  tensor *t;
  if (x->flags & FLAG_DENSE) {
    tensor_ref(x);
    t = x;
  } else if (is_packed(x)) { /* its memory as it lies, for the length of the copy row-major */
    t = tensor_view(c, x);
    if (!t) return fail(TNT_EMEMORY, "out of memory: too many tensors are alive (16.7 million)");
    tensor_set_dense(t);
  } else {
    TRY(tensor_create(c, &t, x->device, x->dtype, x->size, x->ndim));
    int rc = convert(c, t, x);
    if (rc) {
      tensor_unref(c, t);
      return rc;
    }
  }
  *y = t;
  return 0;
}

static int copy_across(context *c, tensor **y, tensor *x, int device) {
  tensor *dense = NULL, *t = NULL;
  int rc = 0;
  TRY(in_one_piece(c, &dense, x));
  bool pinned = device != TNT_CPU && dense->device == TNT_CPU && dense->storage->block;
  if (!rc &&
      pinned) { /* a block of the copy stream's, so that it need not wait for the step under way */
    t = tensor_new(c);
    rc = t ? 0 : fail(TNT_EMEMORY, "out of memory: too many tensors are alive (16.7 million)");
    if (!rc) {
      t->dtype = x->dtype, t->device = (uint8_t)device, t->ndim = x->ndim;
      memcpy(t->size, x->size, sizeof t->size);
      rc = tensor_allocate_on(c, t, STREAM_COPY);
    }
  } else if (!rc) {
    rc = tensor_create(c, &t, device, x->dtype, x->size, x->ndim);
  }
  if (!rc && x->device == TNT_CPU && UNLIKELY(c->mode))
    rc = refuse_write(c, "to", MODE_RECORD | MODE_CAPTURE);
  if (!rc && x->numel) {
    if (pinned)
      rc = copy_beside(t, dense);
    else if (device == TNT_CPU)
      rc = host_read(c, t->data, dense);
    else if (dense->device == TNT_CPU)
      rc = host_write(t, dense->data);
    else { /* card to card: the other card's work must be done first, and it must not go on before the copy */
      const device_table *to = card_table(t);
      device_event *event = device_event_take(dense->device, false);
      rc = event ? device_event_record(event, STREAM_COMPUTE)
                 : fail(TNT_ECUDA, "to: no event could be made");
      if (!rc) rc = device_event_wait(event, t->device, STREAM_COMPUTE);
      device_event_give(event);
      void *here = stream_of(t->device, STREAM_COMPUTE);
      if (!rc)
        rc = copy_on(t->device, STREAM_COMPUTE, t->data, dense->data, bytes_of(dense),
                     TNT_RAN_ACROSS);
      if (!rc) rc = to->stream_synchronize(here);
    }
  }
  tensor_unref(c, dense);
  if (rc) {
    tensor_unref(c, t);
    return rc;
  }
  if (is_packed(x)) lay_like(t, x);
  *y = t;
  return 0;
}

int to_device(context *c, tensor **y, tensor *x, int device) {
  if (x->device == device) {
    tensor_ref(x);
    *y = x;
    return 0;
  }
  tensor *t;
  TRY(copy_across(c, &t, x, device));
  if (c->view.grad_mode && wants_gradient(x)) {
    node *n = node_new(c, NODE_TRANSFER, 1, 0, 1, 0, 0);
    if (!n) {
      tensor_unref(c, t);
      return fail(TNT_EMEMORY, "to: out of memory for a node");
    }
    edge_set(c, &n->edges[0], x, true);
    node_attach(c, n, 0, t);
    node_unref(c, n);
  }
  *y = t;
  return 0;
}

int tnt_to_device(tnt_tensor *y, const tnt_tensor *h, int device) {
  context *c = context_now();
  tensor *x, *t;
  RESOLVE(c, x, h);
  if (device != TNT_CPU) TRY(device_check(device));
  TRY(to_device(c, &t, x, device));
  return handle_give(c, y, t);
}

int tnt_is_pinned(int32_t *out, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x;
  RESOLVE(c, x, h);
  *out = x->device == TNT_CPU && x->storage->block;
  return 0;
}

int tnt_pin(tnt_tensor *y, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x;
  RESOLVE(c, x, h);
  TRY(device_check(TNT_CUDA));
  if (x->device != TNT_CPU)
    return fail(TNT_EDEVICE, "pin: a tensor on the CPU was expected, this one is on %s",
                device_name(x->device));
  size_t bytes = bytes_of(x);
  device_block *b = pinned_alloc(bytes);
  if (!b)
    return fail(TNT_EMEMORY, "pin: no %.1f MB of pinned memory to be had", (double)bytes / 1e6);
  tensor *t = tensor_new(c);
  storage *s = t ? storage_new(c, 0, TNT_CPU) : NULL;
  if (!s) {
    tensor_unref(c, t);
    device_free(b, 0, 0);
    return fail(TNT_EMEMORY, "pin: out of memory");
  }
  block_free(s->data, 0);
  s->data = device_data(b);
  s->block = b;
  s->bytes = bytes;
  t->dtype = x->dtype;
  t->ndim = x->ndim;
  memcpy(t->size, x->size, sizeof t->size);
  tensor_set_dense(t);
  if (is_packed(x)) lay_like(t, x);
  t->storage = s;
  t->data = s->data;
  int rc = x->numel ? convert(c, t, x) : 0;
  if (rc) {
    tensor_unref(c, t);
    return rc;
  }
  return handle_give(c, y, t);
}

/* -- marks for timing -------------------------------------------------------------------------------------------------- */
static device_event *event_of(tnt_event *e) { return (device_event *)e; }

int tnt_event_record(tnt_event **event, int device) {
  TRY(device_check(device));
  device_event *e = event_of(*event);
  if (!e) {
    e = device_event_take(device, true);
    if (!e) return fail(TNT_ECUDA, "event: none could be made on %s", device_name(device));
    *event = (tnt_event *)e;
  } else if (device_event_device(e) != device) {
    return fail(TNT_EARGUMENT, "event: it belongs to %s, not to %s",
                device_name(device_event_device(e)), device_name(device));
  }
  return device_event_record(e, STREAM_COMPUTE);
}

int tnt_event_milliseconds(double *ms, tnt_event *from, tnt_event *to) {
  if (!from || !to || device_event_device(event_of(from)) != device_event_device(event_of(to)))
    return fail(TNT_EARGUMENT, "event: two recorded events of one device were expected");
  TRY(device_event_synchronize(event_of(to)));
  return device_event_milliseconds(event_of(from), event_of(to), ms);
}

void tnt_event_free(tnt_event *e) { device_event_give(event_of(e)); }

/* -- values read later --------------------------------------------------------------------------------------------------- */
struct tnt_reading {
  int device, dtype;
  int64_t numel;
  device_block *pinned; /* null: the bytes follow */
  device_event *event;
  bool done; /* the card has written it */
  _Alignas(8) char bytes[];
};

int tnt_reading_begin(tnt_reading **reading, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x, *dense = NULL;
  RESOLVE(c, x, h);
  if (UNLIKELY(c->mode & MODE_CAPTURE)) TRY(refuse_read(c, "reading"));
  size_t bytes = bytes_of(x);
  tnt_reading *r = calloc(1, sizeof *r + bytes);
  if (!r) return fail(TNT_EMEMORY, "reading: out of memory");
  r->device = x->device, r->dtype = x->dtype, r->numel = x->numel;
  int rc = 0;
  if (x->device != TNT_CPU) r->pinned = pinned_alloc(bytes);
  if (!r->pinned) { /* of the CPU; or no pinned memory is to be had: slower, but right */
    rc = host_read(c, r->bytes, x);
  } else {
    if (!(x->flags & FLAG_DENSE)) {
      rc = tensor_create(c, &dense, x->device, x->dtype, x->size, x->ndim);
      if (!rc) rc = convert(c, dense, x);
      if (!rc) x = dense;
    }
    if (!rc) r->event = device_event_take(r->device, false);
    if (!rc && !r->event) rc = fail(TNT_ECUDA, "reading: no event could be made");
    if (!rc && bytes)
      rc = copy_on(x->device, STREAM_COMPUTE, device_data(r->pinned), x->data, bytes, TNT_RAN_FROM);
    if (!rc) rc = device_event_record(r->event, STREAM_COMPUTE);
  }
  tensor_unref(c, dense);
  if (rc)
    tnt_reading_drop(r);
  else
    *reading = r;
  return rc;
}

int tnt_reading_finish(double *values, int64_t n, tnt_reading *r) {
  int rc = n == r->numel ? 0
                         : fail(TNT_ESHAPE, "reading: %lld values were expected, got room for %lld",
                                (long long)r->numel, (long long)n);
  const void *bytes = r->bytes;
  if (!rc && r->pinned) {
    rc = device_event_synchronize(r->event);
    r->done = !rc;
    bytes = device_data(r->pinned);
  }
  if (!rc) kernels_for(TNT_F64)->load(values, bytes, r->dtype, n, 1);
  tnt_reading_drop(r);
  return rc;
}

void tnt_reading_drop(tnt_reading *r) {
  if (!r) return;
  device_event_give(r->event);
  unsigned used = r->done ? 0 : 1u << STREAM_COMPUTE;
  if (r->pinned) device_free(r->pinned, used, device_card(r->device));
  free(r);
}
