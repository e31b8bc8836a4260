/* When work ran on cards, while a profile is taken: two timing events around each op's kernels, each copy, each replay.
 * No step waits: events are read once they were reached, the rest when the profile ends, and are used again. A stream's
 * time becomes the host's by one wait for it when it is first met, and by another at the end, which shows the drift. */
#include <stdlib.h>

#include "device.h"
#include "watch.h"

enum {
  WAITING = 512, /* ranges that may be on their way before the oldest is asked for */
  DRIFT_FROM =
      1000, /* ms; below, what the two clocks drift apart is less than the error of reading them */
  REANCHOR_FROM = 500 /* ms; events give their distance as a float: exact to 0.03 us up to here */
};

typedef struct waiting {
  device_event *from, *to;
  tnt_card_range range;
} waiting;

typedef struct lane { /* a stream */
  int device, stream;
  device_event *anchor; /* distances are measured from it */
  double anchor_ms;     /* when that was, after the first one */
  int64_t host;         /* when the first one was, of the host's clock */
  waiting *ring;
  int64_t first, n, room;
} lane;

struct lanes {
  lane *list[MAX_CARDS][STREAMS];
  tnt_card_range *ranges;
  int64_t n, room, dropped, converted, on_way;
};

/* Records an event when the stream has nothing left to do, so that it is reached at once, and the host's clock then: again
 * until it took about as short as the shortest before, for the clock is read somewhere within. */
static int meet(const lane *l, device_event *e, int64_t *host) {
  int64_t narrowest = INT64_MAX;
  for (int i = 0; i < 8; i++) { /* the first waits for the stream's work */
    int64_t before = watch_clock();
    TRY(device_event_record(e, l->stream));
    TRY(device_event_synchronize(e));
    int64_t width = watch_clock() - before;
    *host = before + width / 2;
    if (i > 2 && width < narrowest + narrowest / 4)
      return 0; /* the event keeps the last one's time */
    if (i && width < narrowest) narrowest = width;
  }
  return 0;
}

static void lane_free(lane *l) {
  if (!l) return;
  for (int64_t i = 0; i < l->n; i++) {
    waiting *w = &l->ring[(l->first + i) % l->room];
    device_event_give(w->from);
    device_event_give(w->to);
  }
  device_event_give(l->anchor);
  free(l->ring);
  free(l);
}

static lane *lane_of(struct lanes *all, int device, int stream) {
  lane **at = &all->list[device_card(device)][stream], *l = *at;
  if (l) return l;
  l = calloc(1, sizeof *l);
  if (!l) return NULL;
  l->device = device;
  l->stream = stream;
  l->anchor = device_event_take(device, true);
  if (!l->anchor || meet(l, l->anchor, &l->host)) {
    lane_free(l);
    return NULL;
  }
  return *at = l;
}

/* -- ranges ------------------------------------------------------------------------------------------------------------ */
static tnt_card_range *range_new(struct lanes *all) {
  if (all->n == all->room) {
    int64_t room = all->room ? all->room * 2 : 1024;
    tnt_card_range *more = realloc(all->ranges, (size_t)room * sizeof *more);
    if (!more) return NULL;
    all->ranges = more;
    all->room = room;
  }
  return &all->ranges[all->n++];
}

/* The oldest range of a lane, which was reached: its times are those after the first anchor, in nanoseconds. */
static void settle(struct lanes *all, lane *l) {
  waiting *w = &l->ring[l->first];
  double from, to;
  bool known = !device_event_milliseconds(l->anchor, w->from, &from) &&
               !device_event_milliseconds(l->anchor, w->to, &to);
  tnt_card_range *r = known ? range_new(all) : NULL;
  if (r) {
    *r = w->range;
    r->begin = (int64_t)((l->anchor_ms + from) * 1e6);
    r->end = (int64_t)((l->anchor_ms + to) * 1e6);
  } else {
    all->dropped++;
  }
  device_event_give(w->from);
  if (known && to >= REANCHOR_FROM) {
    device_event_give(l->anchor);
    l->anchor = w->to;
    l->anchor_ms += to;
  } else {
    device_event_give(w->to);
  }
  l->first = (l->first + 1) % l->room;
  l->n--;
  all->on_way--;
}

static waiting *waiting_new(struct lanes *all, lane *l) {
  for (int i = 0; i < 2 && l->n >= WAITING && device_event_done(l->ring[l->first].to); i++)
    settle(all, l);
  if (l->n == l->room) {
    int64_t room = l->room ? l->room * 2 : WAITING;
    waiting *ring = malloc((size_t)room * sizeof *ring);
    if (!ring) return NULL;
    for (int64_t i = 0; i < l->n; i++) ring[i] = l->ring[(l->first + i) % l->room];
    free(l->ring);
    l->ring = ring;
    l->room = room;
    l->first = 0;
  }
  all->on_way++;
  return &l->ring[(l->first + l->n++) % l->room];
}

static struct lanes *lanes_of(context *c) {
  struct watch *w = c->watch;
  if (!w->lanes) w->lanes = calloc(1, sizeof *w->lanes);
  return w->lanes;
}

device_event *card_range_begin(context *c, int device, int stream) {
  if (!(c->mode & MODE_RANGES) || c->capture) return NULL; /* a replay is one range */
  struct lanes *all = lanes_of(c);
  if (!all) return NULL;
  if (all->n + all->on_way >= c->watch->most_ranges) {
    all->dropped++;
    return NULL;
  }
  lane *l = lane_of(all, device, stream);
  device_event *from = l ? device_event_take(device, true) : NULL;
  if (from && !device_event_record(from, stream)) return from;
  device_event_give(from);
  return NULL;
}

void card_range_end(context *c, device_event *from, int stream, const tnt_card_range *what) {
  if (!from) return;
  struct lanes *all = c->watch->lanes;
  int device = device_event_device(from);
  lane *l = all->list[device_card(device)][stream];
  device_event *to = device_event_take(device, true);
  waiting *w = to && !device_event_record(to, stream) ? waiting_new(all, l) : NULL;
  if (!w) {
    device_event_give(from);
    device_event_give(to);
    all->dropped++;
    return;
  }
  *w = (waiting){from, to, *what};
  w->range.device = (uint8_t)device;
  w->range.stream = (uint8_t)stream;
  w->range.region = region_now(c);
  w->range.call = c->running ? c->running->call : c->view.call;
  w->range.backward = c->walk != NULL;
  if (c->running && c->running->op) w->range.of = (int16_t)(c->running->op - tnt__ops);
}

/* -- the whole --------------------------------------------------------------------------------------------------------- */
void card_ranges_begin(context *c) {
  for (int device = TNT_CUDA; device <= MAX_CARDS; device++) {
    if (!device_in_use(device)) continue;
    struct lanes *all = lanes_of(c);
    for (int s = 0; all && s < STREAMS; s++) lane_of(all, device, s);
  }
}

static void finish(struct lanes *all, lane *l) {
  device_event *end = device_event_take(l->device, true);
  int64_t host = 0;
  double ms = 0, scale = 1; /* of the host's nanoseconds to the card's */
  if (end && !meet(l, end, &host)) {
    while (l->n) settle(all, l);
    if (!device_event_milliseconds(l->anchor, end, &ms)) ms += l->anchor_ms;
    if (ms >= DRIFT_FROM) scale = (double)(host - l->host) / (ms * 1e6);
  }
  all->dropped += l->n; /* of a card that was lost */
  all->on_way -= l->n;
  device_event_give(end);
  for (int64_t i = all->converted; i < all->n; i++) {
    tnt_card_range *r = &all->ranges[i];
    if (r->device != l->device || r->stream != l->stream) continue;
    r->begin = l->host + (int64_t)((double)r->begin * scale);
    r->end = l->host + (int64_t)((double)r->end * scale);
  }
}

void card_ranges_end(context *c) {
  struct lanes *all = c->watch ? c->watch->lanes : NULL;
  if (!all) return;
  for (int card = 0; card < MAX_CARDS; card++) {
    for (int s = 0; s < STREAMS; s++) {
      lane *l = all->list[card][s];
      if (!l) continue;
      finish(all, l);
      lane_free(l);
      all->list[card][s] = NULL;
    }
  }
  all->converted = all->n;
}

void card_ranges_free(struct watch *w) {
  if (!w->lanes) return;
  for (int card = 0; card < MAX_CARDS; card++) {
    for (int s = 0; s < STREAMS; s++) lane_free(w->lanes->list[card][s]);
  }
  free(w->lanes->ranges);
  free(w->lanes);
  w->lanes = NULL;
}

int tnt_card_ranges_take(tnt_card_range **ranges, int64_t *n, int64_t *dropped) {
  context *c = context_now();
  struct lanes *all = c->watch ? c->watch->lanes : NULL;
  *ranges = NULL;
  *n = *dropped = 0;
  if (!all) return 0;
  for (int card = 0; card < MAX_CARDS; card++) { /* what is on its way is nobody's any more */
    for (int s = 0; s < STREAMS; s++) {
      lane *l = all->list[card][s];
      for (; l && l->n; l->n--, l->first = (l->first + 1) % l->room) {
        device_event_give(l->ring[l->first].from);
        device_event_give(l->ring[l->first].to);
      }
    }
  }
  *ranges = all->ranges;
  *n = all->n;
  *dropped = all->dropped;
  all->ranges = NULL;
  all->n = all->room = all->dropped = all->converted = all->on_way = 0;
  return 0;
}
