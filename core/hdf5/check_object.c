/* The other half of the strict check: headers of objects, message by message, and what datasets need to be read. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum {
  DATASPACE = 1,
  DATATYPE = 3,
  OLD_FILL = 4,
  FILL = 5,
  LAYOUT = 8,
  ATTRIBUTE = 12,
  COMMENT = 13,
  CONTINUATION = 16,
  SYMBOL_TABLE = 17,
  MODIFIED = 18
};

enum { MOST_PIECES = 256, MOST_TYPES = 8 };

/* A message, or a part of one. */
typedef struct piece {
  const uint8_t *p;
  uint64_t n;
  uint64_t at; /* address, for messages */
} piece;

typedef struct header {
  int has_space, has_type, has_layout, is_vlen;
  uint64_t points, type_bytes;
  uint64_t address, bytes; /* of the data; UNDEFINED: compact or none */
  int is_compact;
} header;

/* Elements of a dataspace; its length in *used. */
static int read_space(checker *c, piece m, uint64_t *points, uint64_t *used) {
  if (m.n < 4) return check_fail(c, m.at, "a dataspace");
  unsigned version = m.p[0], rank = m.p[1], flags = m.p[2];
  uint64_t start = version == 1 ? 8 : 4;
  if ((version != 1 && version != 2) || rank > 32 || flags > 1 || (version == 2 && m.p[3] > 2) ||
      (version == 2 && (m.p[3] == 1) != (rank > 0)))
    return check_fail(c, m.at, "a dataspace of version 1 or 2");
  *used = start + 8 * (uint64_t)rank * (flags ? 2 : 1);
  if (m.n < *used) return check_fail(c, m.at, "a dataspace that fits its message");
  *points = version == 2 && m.p[3] == 2 ? 0 : 1;
  for (unsigned d = 0; d < rank; d++) {
    uint64_t size = little(m.p + start + 8 * d, 8);
    if (flags && little(m.p + start + 8 * (rank + d), 8) < size)
      return check_fail(c, m.at, "sizes up to their maximum");
    if (__builtin_mul_overflow(*points, size, points) || *points > INT64_MAX / 64)
      return check_fail(c, m.at, "sizes that are possible");
  }
  return 0;
}

static int read_float(checker *c, piece m, uint64_t bits) {
  if (m.n < 20) return check_fail(c, m.at, "a float that fits its message");
  uint64_t offset = little(m.p + 8, 2), precision = little(m.p + 10, 2);
  unsigned exponent = m.p[12], exponent_bits = m.p[13], mantissa = m.p[14], mantissa_bits = m.p[15];
  if (bits > 128 || precision == 0 || offset + precision > bits || m.p[2] >= bits ||
      exponent_bits == 0 || mantissa_bits == 0 || exponent + exponent_bits > bits ||
      mantissa + mantissa_bits > bits || ((m.p[1] >> 4) & 3) == 3)
    return check_fail(c, m.at, "a float whose parts lie within it");
  return 0;
}

static int read_type(checker *c, piece m, uint64_t *bytes, uint64_t *used, int *is_vlen, int depth);

/* Names and values behind the type they have. */
static int read_enum(checker *c, piece m, unsigned version, uint64_t *used, int depth) {
  uint64_t members = little(m.p + 1, 2), bytes, more;
  int is_vlen;
  piece base = {m.p + 8, m.n - 8, m.at};
  if (read_type(c, base, &bytes, &more, &is_vlen, depth + 1)) return c->r->status;
  if (is_vlen || (m.p[8] & 15) != 0 || little(m.p + 4, 4) != bytes)
    return check_fail(c, m.at, "an enumeration of integers");
  uint64_t at = 8 + more;
  for (uint64_t i = 0; i < members; i++) {
    const uint8_t *end = at < m.n ? memchr(m.p + at, 0, m.n - at) : NULL;
    if (!end) return check_fail(c, m.at, "an enumeration whose names end");
    uint64_t length = (uint64_t)(end - (m.p + at)) + 1;
    at += version < 3 ? (length + 7) / 8 * 8 : length;
  }
  if (at > m.n || m.n - at < members * bytes)
    return check_fail(c, m.at, "an enumeration that fits its message");
  *used = at + members * bytes;
  return 0;
}

static int read_type(checker *c, piece m, uint64_t *bytes, uint64_t *used, int *is_vlen,
                     int depth) {
  if (m.n < 8 || depth > MOST_TYPES) return check_fail(c, m.at, "a type");
  unsigned class = m.p[0] & 15, version = m.p[0] >> 4;
  uint64_t size = little(m.p + 4, 4);
  *bytes = size;
  *is_vlen = 0;
  if (version < 1 || version > 3 || size == 0)
    return check_fail(c, m.at, "a type of version 1 to 3");
  switch (class) {
  case 0: /* integer */
    if (m.n < 12 || size > 16 || little(m.p + 10, 2) == 0 ||
        little(m.p + 8, 2) + little(m.p + 10, 2) > 8 * size)
      return check_fail(c, m.at, "an integer whose bits lie within it");
    *used = 12;
    return 0;
  case 1: *used = 20; return read_float(c, m, 8 * size);
  case 3: /* string */
    if ((m.p[1] & 15) > 2 || (m.p[1] >> 4) > 1) return check_fail(c, m.at, "a string type");
    *used = 8;
    return 0;
  case 8: return read_enum(c, m, version, used, depth);
  case 9: { /* variable length: strings only */
    uint64_t inner_bytes, more;
    int inner;
    piece base = {m.p + 8, m.n - 8, m.at};
    if ((m.p[1] & 15) != 1 || size != 16) return check_fail(c, m.at, "strings of variable length");
    if (read_type(c, base, &inner_bytes, &more, &inner, depth + 1)) return c->r->status;
    if (inner || inner_bytes != 1) return check_fail(c, m.at, "strings of variable length");
    *is_vlen = 1;
    *used = 8 + more;
    return 0;
  }
  default:
    return check_fail(c, m.at,
                      "numbers, booleans or strings (no compound, array, reference or "
                      "opaque type)");
  }
}

static int read_fill(checker *c, piece m, unsigned type) {
  uint64_t at = 0, bytes;
  if (type == FILL) {
    if (m.n < 2) return check_fail(c, m.at, "a fill value");
    unsigned version = m.p[0];
    if (version < 1 || version > 3 || (version < 3 && m.n < 4))
      return check_fail(c, m.at, "a fill value of version 1 to 3");
    if (version == 3 && (m.p[1] & 0xc0)) return check_fail(c, m.at, "a fill value");
    int is_defined = version == 1 || (version == 2 && m.p[3]) || (version == 3 && (m.p[1] & 0x20));
    if (!is_defined) return 0;
    at = version == 3 ? 2 : 4;
  }
  if (m.n < at + 4) return check_fail(c, m.at, "a fill value that fits its message");
  bytes = little(m.p + at, 4);
  if (bytes == UINT32_MAX) return 0;
  if (bytes > m.n - at - 4) return check_fail(c, m.at, "a fill value that fits its message");
  return 0;
}

static int read_layout(checker *c, piece m, header *h) {
  if (m.n < 4 || m.p[0] != 3) return check_fail(c, m.at, "a data layout of version 3");
  if (m.p[1] == 0) {
    h->is_compact = 1;
    h->bytes = little(m.p + 2, 2);
    if (h->bytes > m.n - 4) return check_fail(c, m.at, "data that fits its message");
    return 0;
  }
  if (m.p[1] != 1)
    return check_fail(c, m.at,
                      "data in one piece, not in chunks (compressed?): h5repack -l CONTI "
                      "-f NONE writes the file anew so");
  if (m.n < 18) return check_fail(c, m.at, "a data layout that fits its message");
  h->address = little(m.p + 2, 8);
  h->bytes = little(m.p + 10, 8);
  if (h->address != UNDEFINED && (h->address > c->size || h->bytes > c->size - h->address))
    return check_fail(c, m.at, "data within the file");
  return 0;
}

static int read_attribute(checker *c, piece m) {
  if (m.n < 9) return check_fail(c, m.at, "an attribute");
  unsigned version = m.p[0];
  uint64_t name = little(m.p + 2, 2), type = little(m.p + 4, 2), space = little(m.p + 6, 2);
  uint64_t at = version == 3 ? 9 : 8, bytes, used, points;
  int is_vlen;
  if (version < 1 || version > 3 || (version > 1 && m.p[1] != 0) || name == 0)
    return check_fail(c, m.at, "an attribute of version 1 to 3 with types of its own");
  uint64_t pad = version == 1 ? 7 : 0;
  uint64_t type_at = at + ((name + pad) & ~pad), space_at = type_at + ((type + pad) & ~pad),
           data_at = space_at + ((space + pad) & ~pad);
  if (data_at > m.n || m.p[at + name - 1] != 0)
    return check_fail(c, m.at, "an attribute that fits its message");
  piece type_piece = {m.p + type_at, type, m.at}, space_piece = {m.p + space_at, space, m.at};
  if (read_type(c, type_piece, &bytes, &used, &is_vlen, 0) ||
      read_space(c, space_piece, &points, &used))
    return c->r->status;
  if (__builtin_mul_overflow(bytes, points, &bytes) || bytes > m.n - data_at)
    return check_fail(c, m.at, "an attribute whose data fits its message");
  return 0;
}

static int read_message(checker *c, piece m, unsigned type, unsigned flags, header *h, object *o) {
  uint64_t used;
  if (flags & ~1u) return check_fail(c, m.at, "a message of its own, not shared (a named type?)");
  switch (type) {
  case 0:
  case COMMENT: return 0;
  case DATASPACE:
    if (h->has_space++) return check_fail(c, m.at, "one dataspace");
    return read_space(c, m, &h->points, &used);
  case DATATYPE:
    if (h->has_type++) return check_fail(c, m.at, "one type");
    return read_type(c, m, &h->type_bytes, &used, &h->is_vlen, 0);
  case OLD_FILL:
  case FILL: return read_fill(c, m, type);
  case LAYOUT:
    if (h->has_layout++) return check_fail(c, m.at, "one data layout");
    return read_layout(c, m, h);
  case ATTRIBUTE: return read_attribute(c, m);
  case SYMBOL_TABLE:
    if (o->is_group++ || m.n < 16) return check_fail(c, m.at, "one symbol table");
    o->tree = little(m.p, 8);
    o->heap = little(m.p + 8, 8);
    return 0;
  case MODIFIED:
    if (m.n < 8 || m.p[0] != 1) return check_fail(c, m.at, "a time of modification");
    return 0;
  default:
    return report_fail(c->r, TNT_EFORMAT,
                       "%s: at byte %llu: a message of type %u, which plain "
                       "files do not have (filters, external data, links, dense attributes?)",
                       c->path, (unsigned long long)(c->base + m.at), type);
  }
}

/* A collection of strings: every object in it, and the one that is meant. */
static int check_string(checker *c, uint64_t at, unsigned wanted, uint64_t length) {
  uint8_t head[16];
  if (check_fetch(c, at, head, 16, "a collection of strings")) return c->r->status;
  uint64_t size = little(head + 8, 8);
  if (memcmp(head, "GCOL", 4) != 0 || head[4] != 1 || size < 4096 || size > c->size)
    return check_fail(c, at, "a collection of strings (GCOL)");
  uint8_t *bytes = malloc(size);
  if (!bytes) return report_fail(c->r, TNT_EMEMORY, "%s: no memory to check it", c->path);
  int found = 0;
  check_fetch(c, at, bytes, size, "a collection of strings");
  for (uint64_t i = 16; !c->r->status && size - i >= 16;) {
    unsigned index = (unsigned)little(bytes + i, 2);
    uint64_t n = little(bytes + i + 8, 8);
    uint64_t need = index == 0 ? n : n <= size ? 16 + (n + 7) / 8 * 8 : UINT64_MAX;
    if (need < 16 || need > size - i) {
      check_fail(c, at, "strings that fit their collection");
    } else if (index == 0) {
      if (need != size - i) check_fail(c, at, "free room at the end of a collection");
      break;
    } else if (index == wanted) {
      if (found++ || length > n) check_fail(c, at, "one string of the right length");
    }
    i += need;
  }
  free(bytes);
  if (!c->r->status && !found) check_fail(c, at, "the string that is referred to");
  return c->r->status;
}

static int check_dataset(checker *c, uint64_t at, const header *h) {
  uint64_t bytes;
  if (__builtin_mul_overflow(h->points, h->type_bytes, &bytes) || bytes > INT64_MAX / 2)
    return check_fail(c, at, "sizes that are possible");
  int is_there = h->is_compact || h->address != UNDEFINED;
  if (is_there && bytes != h->bytes)
    return check_fail(c, at, "a dataset whose data is as long as its sizes say");
  if (!h->is_vlen) return 0;
  uint8_t text[16];
  if (h->points != 1 || h->is_compact || h->address == UNDEFINED)
    return check_fail(c, at, "one string, not an array of them");
  if (check_fetch(c, h->address, text, 16, "a string")) return c->r->status;
  uint64_t length = little(text, 4), heap = little(text + 4, 8);
  if (length == 0) return 0;
  return check_string(c, heap, (unsigned)little(text + 12, 4), length);
}

typedef struct block {
  uint64_t at, n;
} block;

/* The messages of one block. Continuations are added to the list. */
static int read_block(checker *c, const uint8_t *p, block b, unsigned *messages, header *h,
                      object *o, block *blocks, int *n_blocks) {
  for (uint64_t i = 0; b.n - i >= 8;) {
    unsigned type = (unsigned)little(p + i, 2), flags = p[i + 4];
    uint64_t n = little(p + i + 2, 2);
    if (n % 8 || n > b.n - i - 8) return check_fail(c, b.at + i, "a message that fits its header");
    if (*messages == 0) return check_fail(c, b.at + i, "as many messages as the header says");
    --*messages;
    piece m = {p + i + 8, n, b.at + i};
    if (type == CONTINUATION) {
      if (n < 16 || *n_blocks == MOST_PIECES) return check_fail(c, m.at, "a continued header");
      blocks[(*n_blocks)++] = (block){little(m.p, 8), little(m.p + 8, 8)};
    } else if (read_message(c, m, type, flags, h, o)) {
      return c->r->status;
    }
    i += 8 + n;
  }
  return 0;
}

int check_object(checker *c, uint64_t at, object *o) {
  uint8_t head[16];
  block blocks[MOST_PIECES];
  header h = {0};
  h.address = UNDEFINED;
  memset(o, 0, sizeof *o);
  if (check_fetch(c, at, head, 16, "the header of an object")) return c->r->status;
  if (head[0] != 1) return check_fail(c, at, "the header of an object, version 1");
  unsigned messages = (unsigned)little(head + 2, 2);
  int n_blocks = 1;
  blocks[0] = (block){at + 16, little(head + 8, 4)};
  for (int i = 0; i < n_blocks && !c->r->status; i++) {
    if (blocks[i].n > c->size || blocks[i].n % 8)
      return check_fail(c, at, "a header within the file");
    uint8_t *p = malloc(blocks[i].n + 1);
    if (!p) return report_fail(c->r, TNT_EMEMORY, "%s: no memory to check it", c->path);
    if (!check_fetch(c, blocks[i].at, p, blocks[i].n, "the header of an object"))
      read_block(c, p, blocks[i], &messages, &h, o, blocks, &n_blocks);
    free(p);
  }
  if (c->r->status) return c->r->status;
  o->is_dataset = h.has_space && h.has_type && h.has_layout;
  if (o->is_group ? h.has_space || h.has_type || h.has_layout : !o->is_dataset)
    return check_fail(c, at, "a group or a dataset");
  return o->is_dataset ? check_dataset(c, at, &h) : 0;
}
