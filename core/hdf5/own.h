/* What the files of this library share. Every function that can fail fills a report and returns its status. */
#ifndef TNT_HDF5_OWN_H
#define TNT_HDF5_OWN_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

#include "tnt_hdf5.h"

typedef struct report {
  int status;
  char text[1024];
} report;

/* Fills the report and returns status. Only the first failure is kept. */
int report_fail(report *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* kind io: "<path>: <what>: <strerror(code)>". */
int report_errno(report *r, int code, const char *path, const char *what);
/* Of the newest HDF5 failure in this thread: kind io with the system's words where it was the system, else `status`. */
int report_hdf5(report *r, int status, const char *path, const char *what);
report *report_here(void); /* this thread's, emptied */

/* HDF5 is used by one thread at a time; its own messages are off. */
void hdf5_enter(void);
void hdf5_leave(void);

/* -- types --------------------------------------------------------------------------------------------------------- */
hid_t type_of_dtype(int dtype); /* a new type for files; negative: failed */
int64_t dtype_bytes(int dtype); /* 0: no such dtype */

/* -- bundles ------------------------------------------------------------------------------------------------------- */
typedef struct bundle_item {
  tnt_h5_item item;
  const void *data;
  void *owned;
  int64_t offset; /* in the file, -1: not stored apart */
  uint32_t crc;
} bundle_item;

struct tnt_h5_bundle {
  bundle_item *items;
  int64_t n, room, owned_bytes;
};

/* -- files --------------------------------------------------------------------------------------------------------- */
/* Every file of ours begins with a block that HDF5 skips (its "user block"): size and checksum of what follows. */
enum { SEAL_BYTES = 512 };
int seal_write(report *r, int fd, const char *path, int64_t size, uint32_t crc);
/* *sealed: 1 when there is a seal and all it says is true, 0 when there is none. */
int seal_check(report *r, int fd, const char *path, int64_t size, int *sealed);

/* Writes all items to a new file, to the disk. */
int file_write(report *r, const char *path, tnt_h5_bundle *b, int64_t *size, uint32_t *crc);
/* Whether the structure of an HDF5 file from elsewhere is whole: everything the reader will look at. */
int file_check(report *r, int fd, const char *path, int64_t size);

/* All bytes or an error; interrupted calls go on. */
int write_all(report *r, int fd, const char *path, const void *data, int64_t bytes, int64_t offset);
int read_all(report *r, int fd, const char *path, void *data, int64_t bytes, int64_t offset);
int crc_of_range(report *r, int fd, const char *path, int64_t from, int64_t to, uint32_t *crc);
int sync_path(const char *path); /* 0 or errno */

#endif
