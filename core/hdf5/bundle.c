/* Bundles: what is to be written, collected by the caller's thread. Memory: each item that is not borrowed is one
 * allocation, freed with the bundle, so a checkpoint under way costs the bytes of its contents once more. */
#include <stdlib.h>
#include <string.h>

#include "own.h"

tnt_h5_bundle *tnt_h5_bundle_new(void) { return calloc(1, sizeof(tnt_h5_bundle)); }

void tnt_h5_bundle_drop(tnt_h5_bundle *b) {
  if (!b) return;
  for (int64_t i = 0; i < b->n; i++) {
    free((char *)b->items[i].item.path);
    free(b->items[i].owned);
  }
  free(b->items);
  free(b);
}

int64_t tnt_h5_bundle_bytes(const tnt_h5_bundle *b) { return b->owned_bytes; }

/* Bytes of a tensor, or -1 when the sizes make no sense. */
static int64_t tensor_bytes(int dtype, const int64_t *size, int ndim) {
  int64_t bytes = dtype_bytes(dtype);
  if (bytes == 0 || ndim < 0 || ndim > TNT_MAX_DIMS) return -1;
  for (int d = 0; d < ndim; d++)
    if (size[d] < 0 || __builtin_mul_overflow(bytes, size[d], &bytes)) return -1;
  return bytes;
}

int tnt_h5_bundle_add(void **room, tnt_h5_bundle *b, const char *path, int kind, int dtype,
                      const int64_t *size, int ndim, int64_t bytes, const void *borrowed) {
  report *r = report_here();
  switch (kind) {
  case TNT_H5_TABLE: bytes = 0; break;
  case TNT_H5_TENSOR: bytes = tensor_bytes(dtype, size, ndim); break;
  case TNT_H5_NUMBER:
  case TNT_H5_INT64:
  case TNT_H5_UINT64: bytes = 8; break;
  case TNT_H5_BOOLEAN: bytes = 1; break;
  case TNT_H5_STRING: break;
  case TNT_H5_NUMBERS: bytes = bytes % 8 == 0 ? bytes : -1; break;
  default: bytes = -1;
  }
  /* 4 GiB: the size of a string is the size of its HDF5 type, a 32-bit number. */
  if (bytes < 0 || (kind == TNT_H5_STRING && bytes > UINT32_MAX))
    return report_fail(r, TNT_EARGUMENT, "%s: item of kind %d, dtype %d with %lld bytes", path,
                       kind, dtype, (long long)bytes);
  if (b->n == b->room) {
    int64_t n = b->room ? 2 * b->room : 64;
    bundle_item *items = realloc(b->items, (size_t)n * sizeof *items);
    if (!items) return report_fail(r, TNT_EMEMORY, "%s: no memory for its entry", path);
    b->items = items;
    b->room = n;
  }
  bundle_item *it = &b->items[b->n];
  memset(it, 0, sizeof *it);
  it->item.kind = kind;
  it->item.dtype = dtype;
  it->item.ndim = kind == TNT_H5_TENSOR ? ndim : 0;
  for (int d = 0; d < it->item.ndim; d++) it->item.size[d] = size[d];
  it->item.bytes = bytes;
  it->offset = -1;
  it->data = borrowed;
  char *copy = strdup(path);
  if (copy && bytes && !borrowed) it->data = it->owned = malloc((size_t)bytes);
  if (!copy || (bytes && !it->data)) {
    free(copy);
    return report_fail(r, TNT_EMEMORY, "%s: no memory for %lld bytes", path, (long long)bytes);
  }
  it->item.path = copy;
  if (it->owned) b->owned_bytes += bytes;
  b->n++;
  if (room) *room = it->owned;
  return 0;
}
