/* Events of cards, used again: marks in a stream's work that another stream or the host waits for, or that tell when it
 * got there. A new one is a call of the driver's, so those that are done with are kept; after warm-up none is made. */
#include <pthread.h>
#include <stdlib.h>

#include "core.h"
#include "device.h"

struct device_event {
  void *raw;
  int device;
  bool timed;
  device_event *next;
};

static struct {
  pthread_mutex_t lock; /* the innermost: nothing else is locked while it is held */
  device_event *idle[MAX_CARDS + 1][2];
} events = {.lock = PTHREAD_MUTEX_INITIALIZER};

device_event *device_event_take(int device, bool timed) {
  pthread_mutex_lock(&events.lock);
  device_event **first = &events.idle[device][timed], *e = *first;
  if (e) *first = e->next;
  pthread_mutex_unlock(&events.lock);
  if (e) return e;
  e = malloc(sizeof *e);
  if (!e) return NULL;
  e->raw = device_of(device)->event(device_card(device), timed);
  if (!e->raw) {
    free(e);
    return NULL;
  }
  e->device = device;
  e->timed = timed;
  return e;
}

/* What waits for it goes on waiting for the recording it met, whatever is recorded next. */
void device_event_give(device_event *e) {
  if (!e) return;
  pthread_mutex_lock(&events.lock);
  device_event **first = &events.idle[e->device][e->timed];
  e->next = *first;
  *first = e;
  pthread_mutex_unlock(&events.lock);
}

int device_event_device(const device_event *e) { return e->device; }

int device_event_record(device_event *e, int stream) {
  const device_table *d = device_of(e->device);
  return d->event_record(e->raw, d->stream(device_card(e->device), stream));
}

int device_event_wait(const device_event *e, int device, int stream) {
  const device_table *d = device_of(device);
  return d->event_wait(e->raw, d->stream(device_card(device), stream));
}

bool device_event_done(const device_event *e) {
  return device_of(e->device)->event_done(e->raw) != 0;
}

int device_event_synchronize(const device_event *e) {
  return device_of(e->device)->event_synchronize(e->raw);
}

int device_event_milliseconds(const device_event *from, const device_event *to, double *ms) {
  return device_of(to->device)->event_milliseconds(from->raw, to->raw, ms);
}
