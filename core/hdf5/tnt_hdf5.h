/* The interface of the plug-in libtnt_hdf5: files of nested data, and the thread that writes checkpoints. It works on
 * raw memory and knows neither Lua nor tensors. Declared once: the library carries the text below (tnt_hdf5_cdef) and
 * lua/tnt/files/hdf5_library.lua reads it from there.
 *
 * Status codes are tnt.h's; the message of a failure is tnt_h5_message() of the same thread. A path names a place in
 * the nest: components joined by "/", each escaped by the caller (lua/tnt/files/key.lua). HDF5 itself only writes and
 * reads the structure; the data of tensors goes through pwrite and pread, so that every byte is checked on its way. */
#ifndef TNT_HDF5_DECLARE
#include "tnt.h"
#define TNT_HDF5_DECLARE(...) __VA_ARGS__
#endif

// clang-format off
#pragma GCC visibility push(default)
TNT_HDF5_DECLARE(
enum tnt_h5_kind {
  TNT_H5_TABLE = 0,
  TNT_H5_TENSOR,
  TNT_H5_NUMBER,   /* one double */
  TNT_H5_INT64,
  TNT_H5_UINT64,
  TNT_H5_BOOLEAN,  /* one byte, 0 or 1 */
  TNT_H5_STRING,   /* any bytes */
  TNT_H5_NUMBERS   /* a list of doubles */
};

typedef struct tnt_h5_item {
  const char *path;  /* valid as long as the bundle or the file */
  int32_t kind; int32_t dtype; int32_t ndim;
  int64_t size[8];
  int64_t bytes;
} tnt_h5_item;

const char *tnt_h5_message(void);

/* What is to be written, in order. A bundle owns the memory it makes room for. */
typedef struct tnt_h5_bundle tnt_h5_bundle;
tnt_h5_bundle *tnt_h5_bundle_new(void);  /* null: out of memory */
/* Adds an item; its data is at `borrowed`, which must stay until the bundle is written, or, where that is null, is
 * put by the caller into *room. bytes is read for strings and lists only. */
int tnt_h5_bundle_add(void **room, tnt_h5_bundle *b, const char *path, int kind, int dtype,
                      const int64_t *size, int ndim, int64_t bytes, const void *borrowed);
int64_t tnt_h5_bundle_bytes(const tnt_h5_bundle *b);  /* memory it owns */
void tnt_h5_bundle_drop(tnt_h5_bundle *b);

/* Writes a file at once: a temporary one beside it, fsync, rename, fsync of the folder. */
int tnt_h5_save(const char *path, tnt_h5_bundle *b);

/* Reading. A file this library has written carries its own checksum, which is compared before HDF5 looks at it; another
 * goes through a strict check of its structure. */
typedef struct tnt_h5_file tnt_h5_file;
int tnt_h5_open(tnt_h5_file **f, const char *path);
int64_t tnt_h5_count(const tnt_h5_file *f);
void tnt_h5_at(tnt_h5_item *item, const tnt_h5_file *f, int64_t i);  /* from 0 */
/* Reads all of an item: item.bytes bytes, which `bytes` must name. */
int tnt_h5_read(void *to, int64_t bytes, tnt_h5_file *f, int64_t i);
void tnt_h5_close(tnt_h5_file *f);

/* A checkpoint on its way to the disk: a thread of its own. */
typedef struct tnt_h5_job tnt_h5_job;
/* Takes the bundle, also on failure. Writes folder/name/{state.h5, index, complete} by way of folder/temporary, and
 * lets the link folder/latest point to it. head: lines of the index, each ended by a newline. */
int tnt_h5_job_start(tnt_h5_job **job, tnt_h5_bundle *b, const char *folder, const char *name,
                     const char *temporary, const char *head);
int tnt_h5_job_poll(tnt_h5_job *job);  /* 1: finished */
int tnt_h5_job_wait(tnt_h5_job *job);  /* waits; its status */
const char *tnt_h5_job_message(tnt_h5_job *job);  /* after the wait */
void tnt_h5_job_drop(tnt_h5_job *job);  /* waits */

/* The checksum of bytes from..to-1 of a file. */
int tnt_h5_checksum(uint32_t *crc, const char *path, int64_t from, int64_t to);

/* Files and folders, for Lua. 0, or an errno. */
int tnt_h5_sync(const char *path);               /* fsync of a file or folder */
int tnt_h5_link(const char *target, const char *path);  /* makes or atomically replaces a symbolic link */
)
#pragma GCC visibility pop
// clang-format on
