/* Tensors between the host and cards. What the host reads is waited for; what it writes is not, except that memory of the
 * host that is not pinned may be used again on return. Copies from pinned memory run on the card's copy stream, so that
 * they go on beside the work of the step before. */
#include <stdlib.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"
#include "device.h"
#include "entry.h"
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

int card_read(void *data, const tensor *t, size_t bytes) {
  void *stream = stream_of(t->device, STREAM_COMPUTE);
  TRY(card_table(t)->copy(data, t->data, bytes, stream));
  return card_table(t)->stream_synchronize(stream);
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
  return card_table(x)->copy(x->data, data, bytes_of(x), stream_of(x->device, STREAM_COMPUTE));
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
  const device_table *d = card_table(to);
  int card = device_card(to->device);
  void *copy = d->stream(card, STREAM_COPY), *compute = d->stream(card, STREAM_COMPUTE);
  void *event = d->event(card, 0);
  if (!event) return fail(TNT_ECUDA, "to: no event could be made on %s", device_name(to->device));
  int rc = d->copy(to->data, from->data, bytes_of(from), copy);
  if (!rc) rc = d->event_record(event, copy);
  if (!rc) rc = d->event_wait(event, compute);
  d->event_free(event);
  from->storage->used |= 1u << STREAM_COPY;
  from->storage->card = (uint8_t)card;
  to->storage->used |= 1u << STREAM_COMPUTE;
  return rc;
}

static int copy_across(context *c, tensor **y, tensor *x, int device) {
  tensor *dense = x, *t = NULL;
  int rc = 0;
  tensor_ref(x);
  if (!(x->flags & FLAG_DENSE)) {
    tensor_unref(c, x);
    TRY(tensor_create(c, &dense, x->device, x->dtype, x->size, x->ndim));
    rc = convert(c, dense, x);
  }
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
      const device_table *from = card_table(dense), *to = card_table(t);
      void *there = stream_of(dense->device, STREAM_COMPUTE);
      void *event = from->event(device_card(dense->device), 0);
      rc = event ? from->event_record(event, there) : fail(TNT_ECUDA, "to: no event could be made");
      void *here = stream_of(t->device, STREAM_COMPUTE);
      if (!rc) rc = to->event_wait(event, here);
      if (event) from->event_free(event);
      if (!rc) rc = to->copy(t->data, dense->data, bytes_of(dense), here);
      if (!rc) rc = to->stream_synchronize(here);
    }
  }
  tensor_unref(c, dense);
  if (rc)
    tensor_unref(c, t);
  else
    *y = t;
  return rc;
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
struct tnt_event {
  int device;
  void *event;
};

int tnt_event_record(tnt_event **event, int device) {
  TRY(device_check(device));
  const device_table *d = device_of(device);
  tnt_event *e = *event;
  if (!e) {
    e = malloc(sizeof *e);
    if (!e) return fail(TNT_EMEMORY, "event: out of memory");
    e->device = device;
    e->event = d->event(device_card(device), 1);
    if (!e->event) {
      free(e);
      return fail(TNT_ECUDA, "event: none could be made on %s", device_name(device));
    }
  } else if (e->device != device) {
    return fail(TNT_EARGUMENT, "event: it belongs to %s, not to %s", device_name(e->device),
                device_name(device));
  }
  *event = e;
  return d->event_record(e->event, stream_of(device, STREAM_COMPUTE));
}

int tnt_event_milliseconds(double *ms, tnt_event *from, tnt_event *to) {
  if (!from || !to || from->device != to->device)
    return fail(TNT_EARGUMENT, "event: two recorded events of one device were expected");
  const device_table *d = device_of(to->device);
  TRY(d->event_synchronize(to->event));
  return d->event_milliseconds(from->event, to->event, ms);
}

void tnt_event_free(tnt_event *e) {
  if (!e) return;
  device_of(e->device)->event_free(e->event);
  free(e);
}

/* -- values read later --------------------------------------------------------------------------------------------------- */
struct tnt_reading {
  int device, dtype;
  int64_t numel;
  device_block *pinned; /* null: the bytes follow */
  void *event;
  char bytes[];
};

int tnt_reading_begin(tnt_reading **reading, const tnt_tensor *h) {
  context *c = context_now();
  tensor *x, *dense = NULL;
  RESOLVE(c, x, h);
  if (UNLIKELY(c->mode & MODE_CAPTURE)) TRY(refuse_read(c, "reading"));
  size_t bytes = bytes_of(x);
  tnt_reading *r = calloc(1, sizeof *r + (x->device == TNT_CPU ? bytes : 0));
  if (!r) return fail(TNT_EMEMORY, "reading: out of memory");
  r->device = x->device, r->dtype = x->dtype, r->numel = x->numel;
  int rc = 0;
  if (x->device == TNT_CPU) {
    rc = host_read(c, r->bytes, x);
  } else {
    const device_table *d = card_table(x);
    void *stream = stream_of(x->device, STREAM_COMPUTE);
    if (!(x->flags & FLAG_DENSE)) {
      rc = tensor_create(c, &dense, x->device, x->dtype, x->size, x->ndim);
      if (!rc) rc = convert(c, dense, x);
      if (!rc) x = dense;
    }
    if (!rc) r->pinned = pinned_alloc(bytes);
    if (!rc && !r->pinned) rc = fail(TNT_EMEMORY, "reading: no pinned memory to be had");
    if (!rc) r->event = d->event(device_card(r->device), 0);
    if (!rc && !r->event) rc = fail(TNT_ECUDA, "reading: no event could be made");
    if (!rc && bytes) rc = d->copy(device_data(r->pinned), x->data, bytes, stream);
    if (!rc) rc = d->event_record(r->event, stream);
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
    rc = device_of(r->device)->event_synchronize(r->event);
    bytes = device_data(r->pinned);
  }
  if (!rc) kernels_for(TNT_F64)->load(values, bytes, r->dtype, n, 1);
  tnt_reading_drop(r);
  return rc;
}

void tnt_reading_drop(tnt_reading *r) {
  if (!r) return;
  if (r->event) device_of(r->device)->event_free(r->event);
  if (r->pinned) device_free(r->pinned, 1u << STREAM_COMPUTE, device_card(r->device));
  free(r);
}
