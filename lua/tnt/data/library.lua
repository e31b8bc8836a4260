-- The loader's threads, a shared library of its own (core/worker), opened when first needed. Its
-- functions touch no Lua state, so they are called through the FFI from both sides.

local ffi = require "ffi"
local plugin = require "tnt.plugin"

-- ORDER WORKER: the same declarations as core/worker/worker.h
ffi.cdef [[
typedef struct tnt_worker_message {
  uint8_t *bytes;
  int64_t size, room;
  void **parcels;
  int32_t n_parcels, parcel_room;
} tnt_worker_message;
typedef struct tnt_worker_pool tnt_worker_pool;
tnt_worker_message *tnt_worker_message_new(void);
int tnt_worker_message_reserve(tnt_worker_message *m, int64_t more);
int tnt_worker_message_attach(tnt_worker_message *m, void *p);
void *tnt_worker_message_detach(tnt_worker_message *m, int32_t i);
void tnt_worker_message_drop(tnt_worker_message *m);
tnt_worker_pool *tnt_worker_pool_new(int32_t n);
void tnt_worker_pool_setup(tnt_worker_pool *p, int32_t worker, tnt_worker_message *m);
int tnt_worker_pool_start(tnt_worker_pool *p, const char *path, const char *cpath,
  const char *module);
int64_t tnt_worker_submit(tnt_worker_pool *p, tnt_worker_message *m);
int tnt_worker_receive(tnt_worker_message **out, tnt_worker_pool *p, int64_t ticket,
  int32_t milliseconds);
void tnt_worker_cancel(tnt_worker_pool *p, int64_t ticket);
int32_t tnt_worker_outstanding(tnt_worker_pool *p);
void tnt_worker_pool_close(tnt_worker_pool *p);
tnt_worker_message *tnt_worker_pool_take_setup(tnt_worker_pool *p, int32_t worker);
tnt_worker_message *tnt_worker_take(int64_t *ticket, tnt_worker_pool *p);
void tnt_worker_give(tnt_worker_pool *p, int64_t ticket, tnt_worker_message *m);
void tnt_worker_fail(tnt_worker_pool *p, tnt_worker_message *m);
int tnt_worker_stopping(tnt_worker_pool *p);
]]

local library = {}

--- The opened library.
--- Errors: io, when it is not there or cannot be opened.
---@return ffi.namespace*
function library.open()
  return plugin.open("libtnt_worker", "DataLoader: num_workers > 0 needs",
    "build it (scripts/build) or load with num_workers = 0")
end

return library
