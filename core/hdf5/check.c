/* Files that carry no seal of ours: before HDF5's parser sees one, everything it will look at is checked here: that
 * every structure lies within the file, is of a known version, points to what it should and ends. What is taken is what
 * h5py, PyTables and this program write by default (superblock 0, groups as symbol tables, data in one piece);
 * everything else is refused. Source: HDF5 File Format Specification, version 1.1. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { MOST_DEPTH = 64, MOST_LEVEL = 16, MOST_HEAP = 1 << 30 };

int check_fail(checker *c, uint64_t at, const char *expected) {
  return report_fail(c->r, TNT_EFORMAT, "%s: at byte %llu: expected %s", c->path,
                     (unsigned long long)(c->base + at), expected);
}

int check_fetch(checker *c, uint64_t at, void *to, uint64_t n, const char *what) {
  if (c->r->status) return c->r->status;
  if (at > c->size || n > c->size - at)
    return report_fail(
        c->r, TNT_EFORMAT, "%s: %s should be at bytes %llu to %llu, and the file has %llu", c->path,
        what, (unsigned long long)(c->base + at), (unsigned long long)(c->base + at + n - 1),
        (unsigned long long)(c->base + c->size));
  if (c->budget == 0)
    return report_fail(c->r, TNT_EFORMAT, "%s: its structures refer to each other in a circle",
                       c->path);
  c->budget--;
  return read_all(c->r, c->fd, c->path, to, (int64_t)n, (int64_t)(c->base + at));
}

/* The names of a group: a block of bytes in which each ends with a 0. */
typedef struct names {
  char *bytes;
  uint64_t size;
} names;

/* A group that is walked: its names, the one before the present entry, and at each level of its tree the node before
 * and the one that node says comes next. */
typedef struct group_walk {
  names heap;
  const char *before;
  uint64_t last[MOST_LEVEL + 1], next[MOST_LEVEL + 1];
  int depth;
} group_walk;

static int read_names(checker *c, uint64_t at, names *out) {
  uint8_t head[32];
  if (check_fetch(c, at, head, 32, "the names of a group")) return c->r->status;
  if (memcmp(head, "HEAP", 4) != 0 || head[4] != 0) return check_fail(c, at, "a local heap (HEAP)");
  uint64_t size = little(head + 8, 8), list = little(head + 16, 8), data = little(head + 24, 8);
  if (size > c->size || size > MOST_HEAP) return check_fail(c, at, "a heap smaller than the file");
  out->size = size;
  out->bytes = malloc(size + 1);
  if (!out->bytes) return report_fail(c->r, TNT_EMEMORY, "%s: no memory to check it", c->path);
  if (check_fetch(c, data, out->bytes, size, "the names of a group")) return c->r->status;
  /* 1 ends the list of free pieces; each has 16 bytes at least, so more pieces than that are a circle. */
  for (uint64_t n = 0; list != 1; n++) {
    if (n > size / 16 || list > size || size - list < 16)
      return check_fail(c, at, "a list of free pieces within the heap");
    const uint8_t *piece = (const uint8_t *)out->bytes + list;
    uint64_t bytes = little(piece + 8, 8);
    if (bytes < 16 || bytes > size - list) return check_fail(c, at, "free pieces within the heap");
    list = little(piece, 8);
  }
  return 0;
}

/* The name of an entry, after the one before it. */
static int check_name(checker *c, group_walk *w, uint64_t offset, uint64_t at) {
  const names *heap = &w->heap;
  if (offset >= heap->size || !memchr(heap->bytes + offset, 0, heap->size - offset))
    return check_fail(c, at, "the place of a name within its heap");
  const char *name = heap->bytes + offset;
  if (name[0] == 0 || strchr(name, '/') || strcmp(name, ".") == 0)
    return check_fail(c, at, "an entry with a name");
  if (w->before && strcmp(w->before, name) >= 0)
    return check_fail(c, at, "names in ascending order");
  w->before = name;
  return 0;
}

static int check_group(checker *c, const object *group, int depth);

static int check_entry(checker *c, const uint8_t *entry, uint64_t at, int depth) {
  uint64_t target = little(entry + 8, 8);
  unsigned cached = (unsigned)little(entry + 16, 4);
  object o;
  if (cached > 1) return check_fail(c, at, "no soft link");
  if (check_object(c, target, &o)) return c->r->status;
  if (cached == 1 &&
      (!o.is_group || little(entry + 24, 8) != o.tree || little(entry + 32, 8) != o.heap))
    return check_fail(c, at, "an entry that agrees with its group");
  return o.is_group ? check_group(c, &o, depth + 1) : 0;
}

static int check_leaf(checker *c, uint64_t at, group_walk *w) {
  uint64_t bytes = 8 + 40 * (uint64_t)(2 * c->leaf_k);
  uint8_t *node = malloc(bytes);
  if (!node) return report_fail(c->r, TNT_EMEMORY, "%s: no memory to check it", c->path);
  if (!check_fetch(c, at, node, bytes, "a list of entries")) {
    unsigned n = (unsigned)little(node + 6, 2);
    if (memcmp(node, "SNOD", 4) != 0 || node[4] != 1 || n > 2 * c->leaf_k)
      check_fail(c, at, "a list of entries (SNOD)");
    for (unsigned i = 0; i < n && !c->r->status; i++) {
      const uint8_t *entry = node + 8 + 40 * i;
      if (!check_name(c, w, little(entry, 8), at)) check_entry(c, entry, at, w->depth);
    }
  }
  free(node);
  return c->r->status;
}

/* HDF5 goes from a node to its neighbours, so these must be what the tree says. */
static int check_neighbours(checker *c, uint64_t at, const uint8_t *node, group_walk *w) {
  uint64_t left = little(node + 8, 8), right = little(node + 16, 8);
  int level = node[5];
  if (left != w->last[level] || (left != UNDEFINED && w->next[level] != at))
    return check_fail(c, at, "neighbours that are those of the tree");
  w->last[level] = at;
  w->next[level] = right;
  return 0;
}

static int check_tree(checker *c, uint64_t at, int level, group_walk *w) {
  const names *heap = &w->heap;
  uint64_t bytes = 24 + 16 * (uint64_t)(2 * c->internal_k) + 8;
  uint8_t *node = malloc(bytes);
  if (!node) return report_fail(c->r, TNT_EMEMORY, "%s: no memory to check it", c->path);
  if (!check_fetch(c, at, node, bytes, "a tree of entries")) {
    unsigned n = (unsigned)little(node + 6, 2);
    if (memcmp(node, "TREE", 4) != 0 || node[4] != 0 || n > 2 * c->internal_k ||
        node[5] > MOST_LEVEL || (level >= 0 && node[5] != level))
      check_fail(c, at, "a tree of entries (TREE) of the right level");
    else
      check_neighbours(c, at, node, w);
    for (unsigned i = 0; i <= n && !c->r->status; i++) {
      uint64_t key = little(node + 24 + 16 * i, 8);
      if (key >= heap->size || !memchr(heap->bytes + key, 0, heap->size - key))
        check_fail(c, at, "keys within the heap");
    }
    /* The names below child i come after key i, and go up to key i + 1. */
    for (unsigned i = 0; i < n && !c->r->status; i++) {
      const uint8_t *part = node + 24 + 16 * i;
      const char *low = heap->bytes + little(part, 8), *high = heap->bytes + little(part + 16, 8);
      uint64_t child = little(part + 8, 8);
      if (!w->before || strcmp(w->before, low) < 0) w->before = low;
      if (node[5] > 0)
        check_tree(c, child, node[5] - 1, w);
      else
        check_leaf(c, child, w);
      if (!c->r->status && strcmp(w->before, high) > 0)
        check_fail(c, at, "keys that bound the names");
    }
  }
  free(node);
  return c->r->status;
}

static int check_group(checker *c, const object *group, int depth) {
  group_walk w = {{NULL, 0}, NULL, {0}, {0}, depth};
  if (depth > MOST_DEPTH) return check_fail(c, group->tree, "groups nested at most 64 deep");
  for (int level = 0; level <= MOST_LEVEL; level++) w.last[level] = w.next[level] = UNDEFINED;
  if (!read_names(c, group->heap, &w.heap)) check_tree(c, group->tree, -1, &w);
  for (int level = 0; level <= MOST_LEVEL && !c->r->status; level++)
    if (w.next[level] != UNDEFINED)
      check_fail(c, group->tree, "a tree whose last node has no next");
  free(w.heap.bytes);
  return c->r->status;
}

static int find_superblock(checker *c, uint8_t *block, uint64_t bytes) {
  static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  uint64_t size = c->size;
  for (uint64_t at = 0; at + 8 <= size; at = at ? 2 * at : 512) {
    uint8_t start[8];
    if (check_fetch(c, at, start, 8, "the beginning")) return c->r->status;
    if (memcmp(start, signature, 8) == 0) {
      c->base = at;
      c->size = size - at;
      return check_fetch(c, 0, block, bytes, "the superblock");
    }
  }
  return report_fail(c->r, TNT_EFORMAT,
                     "%s: it is no HDF5 file: nothing in it begins with "
                     "\\x89HDF",
                     c->path);
}

int file_check(report *r, int fd, const char *path, int64_t size) {
  uint8_t block[96];
  checker c = {r, fd, path, 0, (uint64_t)size, (uint64_t)size / 8 + 64, 0, 0};
  if (find_superblock(&c, block, sizeof block)) return r->status;
  if (block[8] != 0)
    return report_fail(r, TNT_EFORMAT,
                       "%s: superblock version %d, expected 0: write it with libver "
                       "'earliest' (h5py's default)",
                       path, block[8]);
  if (block[9] != 0 || block[10] != 0 || block[12] != 0 || block[13] != 8 || block[14] != 8)
    return check_fail(&c, 8, "versions 0 and addresses of 8 bytes");
  c.leaf_k = (unsigned)little(block + 16, 2);
  c.internal_k = (unsigned)little(block + 18, 2);
  if (c.leaf_k == 0 || c.internal_k == 0) return check_fail(&c, 16, "sizes of nodes from 1 on");
  if (little(block + 20, 4) != 0) return check_fail(&c, 20, "no consistency flags");
  if (little(block + 24, 8) != c.base) return check_fail(&c, 24, "its own place as base");
  if (little(block + 32, 8) != UNDEFINED || little(block + 48, 8) != UNDEFINED)
    return check_fail(&c, 32, "neither free-space nor driver information");
  uint64_t end = little(block + 40, 8); /* counted from the file's beginning, not from the base */
  if (end < c.base || end - c.base > c.size)
    return check_fail(&c, 40, "an end within the file: it was cut off");
  c.size = end - c.base;
  object root;
  uint64_t header = little(block + 64, 8);
  unsigned cached = (unsigned)little(block + 72, 4);
  if (check_object(&c, header, &root)) return r->status;
  if (!root.is_group) return check_fail(&c, header, "the root group");
  if (cached > 1 ||
      (cached == 1 && (little(block + 80, 8) != root.tree || little(block + 88, 8) != root.heap)))
    return check_fail(&c, 72, "an entry that agrees with the root group");
  return check_group(&c, &root, 0);
}
