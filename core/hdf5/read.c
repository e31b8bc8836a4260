/* An HDF5 file to a list of items. The structure is walked once, small values are taken along, and HDF5 is closed
 * again; tensors are then read with pread from where their data lies. Only data that lies in one piece is read:
 * no chunks, filters, external files, soft links, references. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

enum { MOST_DEPTH = 64, MOST_ITEMS = 10000000 };

enum form { AS_IT_IS, FROM_I8, FROM_I16, FROM_U16, FROM_U32 }; /* widened while reading */

typedef struct file_item {
  tnt_h5_item item;
  int64_t offset; /* in the file, -1: `data` holds it */
  void *data;
  enum form form;
} file_item;

struct tnt_h5_file {
  file_item *items;
  int64_t n, room, size;
  int fd;
  char *path;
};

typedef struct walker {
  report *r;
  tnt_h5_file *f;
  hid_t types[TNT_DTYPES];
  char place[8192]; /* of the group that is walked */
  size_t length;
  int depth;
} walker;

static int refuse(walker *w, const char *place, const char *what) {
  return report_fail(w->r, TNT_EFORMAT, "%s: '%s': %s", w->f->path, place, what);
}

static int fail(walker *w, const char *place, const char *what) {
  char where[512];
  snprintf(where, sizeof where, "%s '%.400s'", what, place);
  return report_hdf5(w->r, TNT_EFORMAT, w->f->path, where);
}

static file_item *new_item(walker *w, const char *place) {
  tnt_h5_file *f = w->f;
  if (f->n >= MOST_ITEMS) {
    refuse(w, place, "there are more than ten million entries");
    return NULL;
  }
  if (f->n == f->room) {
    int64_t n = f->room ? 2 * f->room : 64;
    file_item *items = realloc(f->items, (size_t)n * sizeof *items);
    if (!items) {
      report_fail(w->r, TNT_EMEMORY, "%s: no memory for its entries", f->path);
      return NULL;
    }
    f->items = items;
    f->room = n;
  }
  file_item *it = &f->items[f->n];
  memset(it, 0, sizeof *it);
  it->offset = -1;
  it->item.path = strdup(place);
  if (!it->item.path) {
    report_fail(w->r, TNT_EMEMORY, "%s: no memory for its entries", f->path);
    return NULL;
  }
  f->n++;
  return it;
}

/* The word that write.c's `mark` has put there; empty where there is none. */
static void read_mark(hid_t dataset, char word[17]) {
  word[0] = 0;
  if (H5Aexists(dataset, "tnt") <= 0) return;
  hid_t attribute = H5Aopen(dataset, "tnt", H5P_DEFAULT);
  if (attribute < 0) return;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
      H5Tis_variable_str(type) == 0 && H5Tget_size(type) <= 16 &&
      H5Sget_simple_extent_npoints(space) == 1) {
    size_t size = H5Tget_size(type);
    if (H5Aread(attribute, type, word) >= 0)
      word[size] = 0;
    else
      word[0] = 0;
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
}

/* The dtype a type is read as, or -1; *form says how. 64-bit unsigned numbers give TNT_DTYPES. */
static int dtype_of_type(walker *w, hid_t type, enum form *form) {
  *form = AS_IT_IS;
  for (int t = 0; t < TNT_DTYPES; t++)
    if (H5Tequal(type, w->types[t]) > 0) return t;
  if (H5Tget_class(type) != H5T_INTEGER) return -1;
  if (H5Tequal(type, H5T_STD_I8LE) > 0) return *form = FROM_I8, TNT_I32;
  if (H5Tequal(type, H5T_STD_I16LE) > 0) return *form = FROM_I16, TNT_I32;
  if (H5Tequal(type, H5T_STD_U16LE) > 0) return *form = FROM_U16, TNT_I32;
  if (H5Tequal(type, H5T_STD_U32LE) > 0) return *form = FROM_U32, TNT_I64;
  if (H5Tequal(type, H5T_STD_U64LE) > 0) return TNT_DTYPES;
  return -1;
}

static int64_t stored_bytes(enum form form, int dtype) {
  if (form == FROM_I8) return 1;
  if (form == FROM_I16 || form == FROM_U16) return 2;
  if (form == FROM_U32) return 4;
  return dtype == TNT_DTYPES ? 8 : dtype_bytes(dtype);
}

/* Where the data lies: at it->offset, or copied into it->data. `bytes` as stored. */
static int locate(walker *w, file_item *it, hid_t dataset, hid_t type, int64_t bytes,
                  const char *place) {
  if (bytes == 0) return 0;
  hid_t list = H5Dget_create_plist(dataset);
  if (list < 0) return fail(w, place, "reading the layout of");
  H5D_layout_t layout = H5Pget_layout(list);
  int outside = layout == H5D_CONTIGUOUS ? H5Pget_external_count(list) : 0;
  H5Pclose(list);
  if (layout == H5D_COMPACT) {
    hsize_t there = H5Dget_storage_size(dataset);
    if ((int64_t)there != bytes) return refuse(w, place, "its data and its sizes differ");
    it->data = malloc((size_t)bytes);
    if (!it->data)
      return report_fail(w->r, TNT_EMEMORY, "%s: no memory for '%s'", w->f->path, place);
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, it->data) < 0)
      return fail(w, place, "reading");
    return 0;
  }
  if (layout != H5D_CONTIGUOUS)
    return refuse(w, place,
                  "its data is in chunks (compressed?); expected one piece: "
                  "h5repack -l CONTI -f NONE writes the file anew so");
  if (outside != 0) return refuse(w, place, "its data is in another file; expected it in this one");
  haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) return refuse(w, place, "it has sizes and no data");
  if (offset > (haddr_t)w->f->size || bytes > w->f->size - (int64_t)offset)
    return refuse(w, place, "its data lies beyond the end of the file");
  it->offset = (int64_t)offset;
  return 0;
}

static int take_variable_string(walker *w, file_item *it, hid_t dataset, hid_t type,
                                const char *place) {
  char *text = NULL;
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) < 0)
    return fail(w, place, "reading");
  it->item.bytes = text ? (int64_t)strlen(text) : 0;
  if (it->item.bytes) it->data = strdup(text);
  H5free_memory(text);
  if (it->item.bytes && !it->data)
    return report_fail(w->r, TNT_EMEMORY, "%s: no memory for '%s'", w->f->path, place);
  return 0;
}

static int take_string(walker *w, file_item *it, hid_t dataset, hid_t type, hid_t space,
                       const char *place) {
  it->item.kind = TNT_H5_STRING;
  H5S_class_t class = H5Sget_simple_extent_type(space);
  if (class == H5S_NULL) return 0;
  if (class != H5S_SCALAR) return refuse(w, place, "an array of strings; expected one string");
  if (H5Tis_variable_str(type) > 0) return take_variable_string(w, it, dataset, type, place);
  it->item.bytes = (int64_t)H5Tget_size(type);
  return locate(w, it, dataset, type, it->item.bytes, place);
}

/* A scalar: a Lua number, an exact integer, or a boolean. */
static int take_scalar(file_item *it, int dtype, const char *mark) {
  if (strcmp(mark, "tensor") == 0) return 0;
  if (dtype == TNT_F64)
    it->item.kind = TNT_H5_NUMBER;
  else if (dtype == TNT_BOOL)
    it->item.kind = TNT_H5_BOOLEAN;
  else if (dtype == TNT_DTYPES)
    it->item.kind = TNT_H5_UINT64;
  else if (dtype == TNT_I64 && strcmp(mark, "int64") == 0)
    it->item.kind = TNT_H5_INT64;
  return it->item.kind != TNT_H5_TENSOR;
}

static int take_numbers(walker *w, file_item *it, hid_t dataset, hid_t type, hid_t space,
                        const char *place) {
  enum form form;
  int dtype = dtype_of_type(w, type, &form);
  if (dtype < 0)
    return refuse(w, place,
                  "its type is none of float16, bfloat16, float32, float64, little-endian "
                  "integers, FALSE/TRUE, string");
  H5S_class_t class = H5Sget_simple_extent_type(space);
  hsize_t size[H5S_MAX_RANK];
  int ndim = class == H5S_SCALAR ? 0 : H5Sget_simple_extent_dims(space, size, NULL);
  if (class == H5S_NULL || ndim < 0 || ndim > TNT_MAX_DIMS)
    return refuse(w, place, "expected at most 8 dims");
  char word[17];
  read_mark(dataset, word);
  it->item.kind = TNT_H5_TENSOR;
  it->item.dtype = dtype;
  it->item.ndim = ndim;
  it->form = form;
  int64_t numel = 1;
  for (int d = 0; d < ndim; d++) {
    if (size[d] > INT64_MAX / 16 || __builtin_mul_overflow(numel, (int64_t)size[d], &numel))
      return refuse(w, place, "its sizes are impossible");
    it->item.size[d] = (int64_t)size[d];
  }
  if (numel > INT64_MAX / 16) return refuse(w, place, "its sizes are impossible");
  int is_value = ndim == 0 && class == H5S_SCALAR && take_scalar(it, dtype, word);
  if (ndim == 1 && dtype == TNT_F64 && strcmp(word, "numbers") == 0) {
    it->item.kind = TNT_H5_NUMBERS;
    it->item.ndim = 0;
  }
  if (dtype == TNT_DTYPES && !is_value)
    return refuse(w, place, "unsigned 64-bit integers; expected at most signed ones");
  it->item.bytes = numel * (dtype == TNT_DTYPES ? 8 : dtype_bytes(dtype));
  return locate(w, it, dataset, type, numel * stored_bytes(form, dtype), place);
}

static int take_dataset(walker *w, hid_t dataset, const char *place) {
  file_item *it = new_item(w, place);
  if (!it) return w->r->status;
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  if (type < 0 || space < 0)
    fail(w, place, "reading the type of");
  else if (H5Tget_class(type) == H5T_STRING)
    take_string(w, it, dataset, type, space, place);
  else
    take_numbers(w, it, dataset, type, space, place);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return w->r->status;
}

static int walk(walker *w, hid_t group);

static int take_object(walker *w, hid_t object, const char *place) {
  H5O_info_t info;
  if (H5Oget_info(object, &info) < 0) return fail(w, place, "reading");
  if (info.type == H5O_TYPE_DATASET) return take_dataset(w, object, place);
  if (info.type != H5O_TYPE_GROUP) return refuse(w, place, "neither a group nor a dataset");
  if (info.rc > 1) return refuse(w, place, "a group with several names");
  file_item *it = new_item(w, place);
  if (!it) return w->r->status;
  it->item.kind = TNT_H5_TABLE;
  return walk(w, object);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *user) {
  walker *w = user;
  size_t former = w->length, more = strlen(name);
  if (former + more + 2 > sizeof w->place) {
    refuse(w, w->place, "names within are longer than 8 KiB");
    return -1;
  }
  if (former) w->place[w->length++] = '/';
  memcpy(w->place + w->length, name, more + 1);
  w->length += more;
  if (info->type != H5L_TYPE_HARD) {
    refuse(w, w->place, "a soft or external link; expected the data itself");
  } else {
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
      fail(w, w->place, "opening");
    else {
      take_object(w, object, w->place);
      H5Oclose(object);
    }
  }
  w->length = former;
  w->place[former] = 0;
  return w->r->status ? -1 : 0;
}

static int walk(walker *w, hid_t group) {
  if (++w->depth > MOST_DEPTH) return refuse(w, w->place, "groups are nested more than 64 deep");
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, w) < 0)
    fail(w, w->place, "reading the entries of");
  w->depth--;
  return w->r->status;
}

static int walk_file(report *r, tnt_h5_file *f) {
  walker *w = calloc(1, sizeof *w);
  if (!w) return report_fail(r, TNT_EMEMORY, "%s: no memory to read it", f->path);
  w->r = r;
  w->f = f;
  for (int t = 0; t < TNT_DTYPES; t++) w->types[t] = type_of_dtype(t);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
  if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
    file = H5Fopen(f->path, H5F_ACC_RDONLY, access);
  if (file < 0) {
    report_hdf5(r, TNT_EFORMAT, f->path, "opening");
  } else {
    walk(w, file);
    H5Fclose(file);
  }
  if (access >= 0) H5Pclose(access);
  for (int t = 0; t < TNT_DTYPES; t++)
    if (w->types[t] >= 0) H5Tclose(w->types[t]);
  free(w);
  return r->status;
}

int tnt_h5_open(tnt_h5_file **out, const char *path) {
  report *r = report_here();
  struct stat st;
  int sealed = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return report_errno(r, errno, path, "opening");
  if (fstat(fd, &st) < 0)
    report_errno(r, errno, path, "asking its size");
  else if (!S_ISREG(st.st_mode))
    report_fail(r, TNT_EIO, "%s: it is no file", path);
  tnt_h5_file *f = r->status ? NULL : calloc(1, sizeof *f);
  if (!r->status && !f) report_fail(r, TNT_EMEMORY, "%s: no memory to read it", path);
  if (r->status) {
    close(fd);
    return r->status;
  }
  f->fd = fd;
  f->size = st.st_size;
  f->path = strdup(path);
  if (!f->path) report_fail(r, TNT_EMEMORY, "%s: no memory to read it", path);
  if (!r->status) seal_check(r, fd, path, f->size, &sealed);
  if (!r->status && !sealed) file_check(r, fd, path, f->size);
  if (!r->status) {
    hdf5_enter();
    walk_file(r, f);
    hdf5_leave();
  }
  if (r->status) {
    tnt_h5_close(f);
    return r->status;
  }
  *out = f;
  return 0;
}

void tnt_h5_close(tnt_h5_file *f) {
  if (!f) return;
  for (int64_t i = 0; i < f->n; i++) {
    free((char *)f->items[i].item.path);
    free(f->items[i].data);
  }
  free(f->items);
  free(f->path);
  close(f->fd);
  free(f);
}

int64_t tnt_h5_count(const tnt_h5_file *f) { return f->n; }

void tnt_h5_at(tnt_h5_item *item, const tnt_h5_file *f, int64_t i) { *item = f->items[i].item; }

/* Integers lie packed at the beginning of `to`, which has room for the wide ones: from the back, none is overwritten
 * before it was read. */
static void widen(void *to, int64_t n, enum form form) {
  for (int64_t i = n - 1; i >= 0; i--) {
    int16_t i16;
    uint16_t u16;
    uint32_t u32;
    switch (form) {
    case FROM_I8: ((int32_t *)to)[i] = ((int8_t *)to)[i]; break;
    case FROM_I16: memcpy(&i16, (char *)to + 2 * i, 2), ((int32_t *)to)[i] = i16; break;
    case FROM_U16: memcpy(&u16, (char *)to + 2 * i, 2), ((int32_t *)to)[i] = u16; break;
    case FROM_U32: memcpy(&u32, (char *)to + 4 * i, 4), ((int64_t *)to)[i] = u32; break;
    default: return;
    }
  }
}

int tnt_h5_read(void *to, int64_t bytes, tnt_h5_file *f, int64_t i) {
  report *r = report_here();
  if (i < 0 || i >= f->n || bytes != f->items[i].item.bytes)
    return report_fail(r, TNT_EARGUMENT, "%s: entry %lld does not have %lld bytes", f->path,
                       (long long)i, (long long)bytes);
  file_item *it = &f->items[i];
  if (bytes == 0) return 0;
  int64_t stored = bytes;
  if (it->form != AS_IT_IS)
    stored = bytes / dtype_bytes(it->item.dtype) * stored_bytes(it->form, it->item.dtype);
  if (it->data)
    memcpy(to, it->data, (size_t)stored);
  else if (read_all(r, f->fd, f->path, to, stored, it->offset))
    return r->status;
  widen(to, it->form == AS_IT_IS ? 0 : bytes / dtype_bytes(it->item.dtype), it->form);
  if (it->item.dtype == TNT_BOOL &&
      (it->item.kind == TNT_H5_TENSOR || it->item.kind == TNT_H5_BOOLEAN))
    for (int64_t k = 0; k < bytes; k++)
      if (((uint8_t *)to)[k] > 1)
        return report_fail(r, TNT_EFORMAT, "%s: '%s': element %lld is %d, expected FALSE or TRUE",
                           f->path, it->item.path, (long long)k, ((uint8_t *)to)[k]);
  return 0;
}
