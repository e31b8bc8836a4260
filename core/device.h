/* Devices. The core knows a device only as a table of functions; the CPU's is built in, another one comes from a library
 * that is opened on first use (libtnt_cuda.so beside libtnt.so) and exports one function, tnt_plugin. Work on such a device
 * is asynchronous and ordered by its streams: alloc and free take the stream on which a block was used last, and nothing
 * waits but `synchronize` and `read`. */
#ifndef TNT_DEVICE_H
#define TNT_DEVICE_H

#include "core.h"

typedef struct device_table {
  uint32_t size;    /* of this struct: a library of another version is refused, not called */
  uint32_t version; /* DEVICE_VERSION */
  const char *name;
  int (*count)(void);                                    /* cards */
  void *(*alloc)(int index, size_t bytes, void *stream); /* raw memory; null when there is none */
  void (*release)(int index, void *data, size_t bytes, void *stream);
  void *(*stream)(int index); /* the one this thread computes on; null on the CPU */
  int (*synchronize)(int index);
  int (*zero)(int index, void *data, size_t bytes, void *stream);
  int (*write)(int index, void *to, const void *from_host, size_t bytes, void *stream);
  int (*read)(int index, void *to_host, const void *from, size_t bytes, void *stream); /* waits */
  int (*elementwise)(call *k); /* runs a row of the op table: a formula */
  int (*kernel)(call *k);      /* runs any other row */
} device_table;

enum { DEVICE_VERSION = 1, DEVICES = 2 };

/* What a plug-in may call, and what it gives: checked for size, version and the op table's hash before anything else. */
typedef struct device_host {
  uint32_t size, version;
  uint64_t ops_hash;
  int (*fail)(int status, const char *fmt, ...);
  const op_record *ops;
} device_host;

typedef struct device_plugin {
  uint32_t size, version;
  uint64_t ops_hash;
  const device_table *table;
} device_plugin;

typedef int device_entry(const device_host *host, device_plugin *out);

const device_table *device_of(int device); /* null where it is not open */
int device_open(int device);               /* 0, or TNT_EDEVICE with what is missing */

#endif
