/* The strict check of an HDF5 file from elsewhere, shared by its two halves: check.c walks groups, check_object.c reads
 * the headers of objects. Addresses are those in the file, counted from its base. */
#ifndef TNT_HDF5_CHECK_H
#define TNT_HDF5_CHECK_H

#include "own.h"

#define UNDEFINED UINT64_MAX

typedef struct checker {
  report *r;
  int fd;
  const char *path;
  uint64_t base, size; /* where addresses count from, and how many bytes follow */
  uint64_t budget;     /* structures that may still be read: a cycle uses it up */
  unsigned leaf_k, internal_k;
} checker;

/* What the header of an object says. */
typedef struct object {
  int is_group, is_dataset;
  uint64_t tree, heap; /* of a group */
} object;

int check_fail(checker *c, uint64_t at, const char *expected);
/* Reads n bytes at an address, all within the file. */
int check_fetch(checker *c, uint64_t at, void *to, uint64_t n, const char *what);
int check_object(checker *c, uint64_t at, object *o);

static inline uint64_t little(const uint8_t *p, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | p[i];
  return value;
}

#endif
