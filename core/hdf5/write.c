/* A bundle to an HDF5 file. HDF5 makes the structure with room for the data, and is closed; then the data is written
 * with pwrite, its checksums taken on the way, and the seal put on. A full disk is met outside HDF5, whose
 * handles do not survive a failed close. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

typedef struct maker {
  report *r;
  const char *path;
  hid_t file, links, wide_links, room, compact;
  hid_t types[TNT_DTYPES], number, int64, uint64;
} maker;

static int fail(maker *m, const char *what, const char *place) {
  char where[512];
  snprintf(where, sizeof where, "%s of '%s'", what, place);
  return report_hdf5(m->r, TNT_EIO, m->path, where);
}

/* Above this data lies apart, below in the header of its entry. HDF5's own limit is 64 KiB with all else there. */
enum { COMPACT_BYTES = 16384 };

static hid_t open_lists(maker *m) {
  m->links = H5Pcreate(H5P_LINK_CREATE);
  m->wide_links = H5Pcreate(H5P_LINK_CREATE);
  m->room = H5Pcreate(H5P_DATASET_CREATE);
  m->compact = H5Pcreate(H5P_DATASET_CREATE);
  if (m->links < 0 || m->wide_links < 0 || m->room < 0 || m->compact < 0) return -1;
  if (H5Pset_char_encoding(m->wide_links, H5T_CSET_UTF8) < 0) return -1;
  hid_t both[2] = {m->room, m->compact};
  for (int i = 0; i < 2; i++)
    if (H5Pset_obj_track_times(both[i], 0) < 0 ||
        H5Pset_fill_time(both[i], H5D_FILL_TIME_NEVER) < 0)
      return -1;
  if (H5Pset_alloc_time(m->room, H5D_ALLOC_TIME_EARLY) < 0 ||
      H5Pset_layout(m->compact, H5D_COMPACT) < 0)
    return -1;
  for (int t = 0; t < TNT_DTYPES; t++)
    if ((m->types[t] = type_of_dtype(t)) < 0) return -1;
  m->number = H5T_IEEE_F64LE;
  m->int64 = H5T_STD_I64LE;
  m->uint64 = H5T_STD_U64LE;
  return 0;
}

/* A name that is no ASCII gives its group the newer form, which check.c does not take: only where it must be. */
static hid_t links_for(const maker *m, const char *path) {
  for (; *path; path++)
    if (*path & 0x80) return m->wide_links;
  return m->links;
}

static int is_utf8(const unsigned char *p, int64_t n) {
  for (int64_t i = 0; i < n;) {
    int more = p[i] < 0x80                   ? 0
               : p[i] >= 0xc2 && p[i] < 0xe0 ? 1
               : p[i] >= 0xe0 && p[i] < 0xf0 ? 2
               : p[i] >= 0xf0 && p[i] < 0xf5 ? 3
                                             : -1;
    if (more < 0 || i + more >= n) return 0;
    for (int k = 1; k <= more; k++)
      if ((p[i + k] & 0xc0) != 0x80) return 0;
    i += more + 1;
  }
  return 1;
}

/* Says what a value is where its dataset alone would be read as something else. */
static int mark(hid_t dataset, const char *word) {
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
  int ok = type >= 0 && space >= 0 && H5Tset_size(type, strlen(word)) >= 0 &&
           H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
           (attribute = H5Acreate2(dataset, "tnt", type, space, H5P_DEFAULT, H5P_DEFAULT)) >= 0 &&
           H5Awrite(attribute, type, word) >= 0;
  if (attribute >= 0) H5Aclose(attribute);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return ok ? 0 : -1;
}

static hid_t type_of_item(maker *m, const bundle_item *it) {
  switch (it->item.kind) {
  case TNT_H5_TENSOR: return H5Tcopy(m->types[it->item.dtype]);
  case TNT_H5_BOOLEAN: return H5Tcopy(m->types[TNT_BOOL]);
  case TNT_H5_INT64: return H5Tcopy(m->int64);
  case TNT_H5_UINT64: return H5Tcopy(m->uint64);
  case TNT_H5_STRING: {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 &&
        (H5Tset_size(type, it->item.bytes ? (size_t)it->item.bytes : 1) < 0 ||
         H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
         (is_utf8(it->data, it->item.bytes) && H5Tset_cset(type, H5T_CSET_UTF8) < 0))) {
      H5Tclose(type);
      return -1;
    }
    return type;
  }
  default: return H5Tcopy(m->number);
  }
}

static hid_t space_of_item(const bundle_item *it) {
  const tnt_h5_item *item = &it->item;
  hsize_t size[TNT_MAX_DIMS] = {0};
  if (item->kind == TNT_H5_NUMBERS) {
    size[0] = (hsize_t)(item->bytes / 8);
    return H5Screate_simple(1, size, NULL);
  }
  if (item->kind == TNT_H5_STRING && item->bytes == 0) return H5Screate(H5S_NULL);
  if (item->kind != TNT_H5_TENSOR || item->ndim == 0) return H5Screate(H5S_SCALAR);
  for (int d = 0; d < item->ndim; d++) size[d] = (hsize_t)item->size[d];
  return H5Screate_simple(item->ndim, size, NULL);
}

static const char *mark_of_item(const bundle_item *it) {
  switch (it->item.kind) {
  case TNT_H5_TENSOR: return it->item.ndim == 0 ? "tensor" : NULL;
  case TNT_H5_NUMBERS: return "numbers";
  case TNT_H5_INT64: return "int64";
  case TNT_H5_UINT64: return "uint64";
  default: return NULL;
  }
}

static int make_dataset(maker *m, bundle_item *it) {
  int apart =
      (it->item.kind == TNT_H5_TENSOR && it->item.bytes > 0) || it->item.bytes > COMPACT_BYTES;
  int empty = it->item.bytes == 0;
  hid_t type = type_of_item(m, it), space = space_of_item(it), dataset = -1;
  int ok = type >= 0 && space >= 0;
  if (ok)
    dataset = H5Dcreate2(m->file, it->item.path, type, space, links_for(m, it->item.path),
                         apart || empty ? m->room : m->compact, H5P_DEFAULT);
  ok = dataset >= 0;
  if (ok && mark_of_item(it)) ok = mark(dataset, mark_of_item(it)) == 0;
  if (ok && apart) {
    haddr_t offset = H5Dget_offset(dataset);
    ok = offset != HADDR_UNDEF;
    it->offset = (int64_t)offset;
  } else if (ok && !empty) {
    ok = H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, it->data) >= 0;
  }
  if (!ok) fail(m, "making the entry", it->item.path);
  if (dataset >= 0) H5Dclose(dataset);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return m->r->status;
}

static int make_table(maker *m, const bundle_item *it) {
  if (it->item.path[0] == 0) return 0; /* the root is there */
  hid_t group =
      H5Gcreate2(m->file, it->item.path, links_for(m, it->item.path), H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) return fail(m, "making the group", it->item.path);
  H5Gclose(group);
  return 0;
}

static int make_structure(report *r, const char *path, tnt_h5_bundle *b) {
  maker m = {r, path, -1, -1, -1, -1, -1, {0}, 0, 0, 0};
  for (int t = 0; t < TNT_DTYPES; t++) m.types[t] = -1;
  hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
  if (creation < 0 || access < 0 || H5Pset_userblock(creation, SEAL_BYTES) < 0 ||
      H5Pset_obj_track_times(creation, 0) < 0 ||
      H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 || open_lists(&m) < 0 ||
      (m.file = H5Fcreate(path, H5F_ACC_EXCL, creation, access)) < 0)
    report_hdf5(r, TNT_EIO, path, "making the file");
  for (int64_t i = 0; i < b->n && !r->status; i++) {
    if (b->items[i].item.kind == TNT_H5_TABLE)
      make_table(&m, &b->items[i]);
    else
      make_dataset(&m, &b->items[i]);
  }
  if (m.file >= 0 && H5Fclose(m.file) < 0) report_hdf5(r, TNT_EIO, path, "closing the file");
  for (int t = 0; t < TNT_DTYPES; t++)
    if (m.types[t] >= 0) H5Tclose(m.types[t]);
  hid_t lists[6] = {creation, access, m.links, m.wide_links, m.room, m.compact};
  for (int i = 0; i < 6; i++)
    if (lists[i] >= 0) H5Pclose(lists[i]);
  return r->status;
}

static int write_data(report *r, int fd, const char *path, tnt_h5_bundle *b) {
  for (int64_t i = 0; i < b->n && !r->status; i++) {
    bundle_item *it = &b->items[i];
    it->crc = it->item.bytes ? tnt_crc32c(it->data, (size_t)it->item.bytes, 0) : 0;
    if (it->offset >= 0) write_all(r, fd, path, it->data, it->item.bytes, it->offset);
  }
  return r->status;
}

int file_write(report *r, const char *path, tnt_h5_bundle *b, int64_t *size, uint32_t *crc) {
  hdf5_enter();
  make_structure(r, path, b);
  hdf5_leave();
  if (r->status) return r->status;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  struct stat st;
  if (fd < 0) return report_errno(r, errno, path, "opening");
  write_data(r, fd, path, b);
  if (!r->status && fstat(fd, &st) < 0) report_errno(r, errno, path, "asking its size");
  if (!r->status) {
    *size = st.st_size;
    crc_of_range(r, fd, path, SEAL_BYTES, *size, crc);
  }
  if (!r->status) seal_write(r, fd, path, *size, *crc);
  if (!r->status && fsync(fd) < 0) report_errno(r, errno, path, "writing to the disk (fsync)");
  if (close(fd) < 0 && !r->status) report_errno(r, errno, path, "closing");
  return r->status;
}

/* The folder a path lies in, in place. */
static void parent_of(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash)
    strcpy(path, ".");
  else if (slash == path)
    path[1] = 0;
  else
    *slash = 0;
}

int tnt_h5_save(const char *path, tnt_h5_bundle *b) {
  report *r = report_here();
  char temporary[4096];
  int64_t size;
  uint32_t crc;
  int n = snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid());
  if (n < 0 || (size_t)n >= sizeof temporary)
    return report_fail(r, TNT_EIO, "%s: the path is too long", path);
  unlink(temporary);
  if (!file_write(r, temporary, b, &size, &crc) && rename(temporary, path) < 0)
    report_errno(r, errno, path, "renaming the finished file to it");
  if (r->status) {
    unlink(temporary);
    return r->status;
  }
  snprintf(temporary, sizeof temporary, "%s", path);
  parent_of(temporary);
  int code = sync_path(temporary);
  return code ? report_errno(r, code, temporary, "writing the folder to the disk (fsync)") : 0;
}
