/* The loader's threads, as Lua's FFI sees them (lua/tnt/data/pool.lua carries the same declarations: ORDER WORKER).
 * No function here touches a lua_State or calls back; those that block are told in their comment.
 *
 * A pool has n threads, each with a Lua state and a libtnt context of its own. Work goes in as messages and gets a
 * ticket; the result of a ticket comes out as a message. Whoever holds a message owns it. */
#ifndef TNT_WORKER_H
#define TNT_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "tnt.h"

/* Bytes (written and read by lua/tnt/data/transport.lua) and the tensors they speak of. */
typedef struct tnt_worker_message {
  uint8_t *bytes;
  int64_t size, room;
  tnt_parcel **parcels;
  int32_t n_parcels, parcel_room;
} tnt_worker_message;

typedef struct tnt_worker_pool tnt_worker_pool;

enum tnt_worker_status {
  TNT_WORKER_DONE = 0,
  TNT_WORKER_AGAIN = 1, /* nothing within the time given */
  TNT_WORKER_FAILED =
      2, /* a worker could not start; *out is its report, or null when out of memory */
  TNT_WORKER_UNKNOWN = 3 /* no such ticket: cancelled or already received */
};

/* -- messages ------------------------------------------------------------------------------------------------------ */
TNT_API tnt_worker_message *tnt_worker_message_new(void); /* null: out of memory */
TNT_API int tnt_worker_message_reserve(tnt_worker_message *m,
                                       int64_t more); /* 0, or 1: out of memory */
TNT_API int tnt_worker_message_attach(tnt_worker_message *m,
                                      tnt_parcel *p); /* takes p; 0, or 1: out of memory */
TNT_API tnt_parcel *tnt_worker_message_detach(tnt_worker_message *m,
                                              int32_t i); /* from 0; null when already taken */
TNT_API void tnt_worker_message_drop(tnt_worker_message *m);

/* -- the consumer's side --------------------------------------------------------------------------------------------- */
TNT_API tnt_worker_pool *tnt_worker_pool_new(int32_t n); /* null: out of memory; nothing runs yet */
TNT_API void tnt_worker_pool_setup(tnt_worker_pool *p, int32_t worker,
                                   tnt_worker_message *m); /* takes m */
/* Starts the threads. Each opens a Lua state with these paths and calls require(module)(address of p, worker).
 * 0, or the errno of pthread_create. */
TNT_API int tnt_worker_pool_start(tnt_worker_pool *p, const char *path, const char *cpath,
                                  const char *module);
TNT_API int64_t tnt_worker_submit(tnt_worker_pool *p,
                                  tnt_worker_message *m); /* takes m; a ticket > 0, 0: no memory */
/* Waits up to `milliseconds` for the result. */
TNT_API int tnt_worker_receive(tnt_worker_message **out, tnt_worker_pool *p, int64_t ticket,
                               int32_t milliseconds);
TNT_API void tnt_worker_cancel(tnt_worker_pool *p,
                               int64_t ticket); /* its result is dropped, now or when it comes */
TNT_API int32_t
tnt_worker_outstanding(tnt_worker_pool *p); /* tickets neither received nor cancelled */
/* Ends the threads: waits for what each is doing at the moment. The pool is gone afterwards. */
TNT_API void tnt_worker_pool_close(tnt_worker_pool *p);

/* -- the worker's side ----------------------------------------------------------------------------------------------- */
TNT_API tnt_worker_message *tnt_worker_pool_take_setup(tnt_worker_pool *p,
                                                       int32_t worker); /* now the caller's */
/* Waits for work; null when the pool closes. */
TNT_API tnt_worker_message *tnt_worker_take(int64_t *ticket, tnt_worker_pool *p);
TNT_API void tnt_worker_give(tnt_worker_pool *p, int64_t ticket,
                             tnt_worker_message *m); /* takes m */
TNT_API void tnt_worker_fail(tnt_worker_pool *p,
                             tnt_worker_message *m); /* takes m: this pool is of no use */
TNT_API int tnt_worker_stopping(tnt_worker_pool *p); /* 1: stop in the middle of the work */

#endif
