/* Between libtnt and its plug-in libtnt_dnnl.so: what the core lends, and the one function the plug-in exports. */
#ifndef TNT_DNNL_H
#define TNT_DNNL_H

#include "../../kernels/cpu.h"
#include "../tnt.h"

typedef struct tnt__dnnl_host {
  void *(*alloc)(
      size_t bytes); /* the core's caching allocator: 64-byte aligned, null when there is none */
  void (*release)(void *data, size_t bytes);
} tnt__dnnl_host;

/* Null where the library does not work here, or was built with another layout of tnt__conv. */
__attribute__((visibility("default"))) const tnt__convolutions *tnt_dnnl_open(
    const tnt__dnnl_host *lent, size_t conv_bytes);

#endif
