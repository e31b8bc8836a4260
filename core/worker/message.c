/* Messages between the consumer and the workers: growing bytes and a list of tensors under way. */
#include <stdlib.h>

#include "worker.h"

tnt_worker_message *tnt_worker_message_new(void) { return calloc(1, sizeof(tnt_worker_message)); }

int tnt_worker_message_reserve(tnt_worker_message *m, int64_t more) {
  if (more <= m->room - m->size) return 0;
  if (more > INT64_MAX / 4 - m->size) return 1;
  int64_t room = m->room * 2 > m->size + more ? m->room * 2 : m->size + more;
  if (room < 256) room = 256;
  uint8_t *bytes = realloc(m->bytes, (size_t)room);
  if (!bytes) return 1;
  m->bytes = bytes;
  m->room = room;
  return 0;
}

int tnt_worker_message_attach(tnt_worker_message *m, tnt_parcel *p) {
  if (m->n_parcels == m->parcel_room) {
    int32_t room = m->parcel_room ? m->parcel_room * 2 : 8;
    tnt_parcel **parcels = realloc(m->parcels, (size_t)room * sizeof *parcels);
    if (!parcels) {
      tnt_parcel_drop(p);
      return 1;
    }
    m->parcels = parcels;
    m->parcel_room = room;
  }
  m->parcels[m->n_parcels++] = p;
  return 0;
}

tnt_parcel *tnt_worker_message_detach(tnt_worker_message *m, int32_t i) {
  if (i < 0 || i >= m->n_parcels) return NULL;
  tnt_parcel *p = m->parcels[i];
  m->parcels[i] = NULL;
  return p;
}

void tnt_worker_message_drop(tnt_worker_message *m) {
  if (!m) return;
  for (int32_t i = 0; i < m->n_parcels; i++) {
    if (m->parcels[i]) tnt_parcel_drop(m->parcels[i]);
  }
  free(m->parcels);
  free(m->bytes);
  free(m);
}
