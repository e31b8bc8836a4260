/* Sizes, strides and positions: what broadcasts, what can be viewed, what overlaps, and the patterns of signatures. */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"

bool same_size(const tensor *a, const tensor *b) {
  return a->ndim == b->ndim && memcmp(a->size, b->size, sizeof(int64_t) * a->ndim) == 0;
}

/* A Lua number that names a place counts from 1, -1 is the last. */
int position(int64_t given, int64_t count, const char *op, const char *what, int *zero_based) {
  if (given == 0)
    return fail(TNT_EARGUMENT, "%s: %s counts from 1 (or from -1 at the end), got 0", op, what);
  int64_t at = given > 0 ? given - 1 : count + given;
  if (at < 0 || at >= count) {
    return fail(TNT_EARGUMENT, "%s: %s must be in 1..%lld (or -%lld..-1), got %lld", op, what,
                (long long)count, (long long)count, (long long)given);
  }
  *zero_based = (int)at;
  return 0;
}

int broadcast(const char *op, tensor *out, tensor *const *in, int n) {
  int ndim = 0;
  for (int k = 0; k < n; k++) {
    if (in[k] && in[k]->ndim > ndim) ndim = in[k]->ndim;
  }
  int64_t size[MAX_DIMS];
  for (int d = 0; d < ndim; d++) size[d] = 1;
  for (int k = 0; k < n; k++) {
    const tensor *t = in[k];
    if (!t) continue;
    int shift = ndim - t->ndim;
    for (int d = 0; d < t->ndim; d++) {
      int64_t s = t->size[d];
      if (s == size[d + shift] || s == 1) continue;
      if (size[d + shift] != 1) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        int first = 0;
        while (!in[first]) first++;
        format_shape(a, sizeof a, in[first]->size, in[first]->ndim);
        format_shape(b, sizeof b, t->size, t->ndim);
        return fail(TNT_ESHAPE,
                    "%s: shapes %s and %s do not broadcast: dim %d from the end is %lld in one and "
                    "%lld in the other",
                    op, a, b, ndim - d - shift, (long long)size[d + shift], (long long)s);
      }
      size[d + shift] = s;
    }
  }
  out->ndim = (uint8_t)ndim;
  memcpy(out->size, size, sizeof(int64_t) * (size_t)ndim);
  return 0;
}

/* Strides of x seen as `size` without a copy; 0 when there are none. Runs of dims that lie in one piece may be cut anew. */
int compute_strides_for_view(const tensor *x, const int64_t *size, int ndim, int64_t *stride) {
  if (x->numel == 0 || (x->flags & FLAG_DENSE)) {
    int64_t n = 1;
    for (int d = ndim - 1; d >= 0; d--) {
      stride[d] = n;
      n *= size[d];
    }
    return 1;
  }
  int to = ndim - 1;
  int64_t piece = 1,
          cut = 1; /* elements of the run of x's dims, and of the new dims laid into it */
  int64_t unit = x->ndim ? x->stride[x->ndim - 1] : 1;
  for (int d = x->ndim - 1; d >= 0; d--) {
    piece *= x->size[d];
    bool ends = d == 0 || (x->size[d - 1] != 1 && x->stride[d - 1] != piece * unit);
    if (!ends) continue;
    while (to >= 0 && (cut < piece || size[to] == 1)) {
      stride[to] = cut * unit;
      cut *= size[to];
      to--;
    }
    if (cut != piece) return 0;
    if (d > 0) {
      unit = x->stride[d - 1];
      piece = cut = 1;
    }
  }
  return to < 0;
}

bool may_overlap(const tensor *t) {
  if (t->flags & FLAG_DENSE) return false;
  /* sorted by stride, each dim must step over all that the smaller ones span */
  int order[MAX_DIMS], n = 0;
  for (int d = 0; d < t->ndim; d++) {
    if (t->size[d] == 0) return false;
    if (t->size[d] > 1) order[n++] = d;
  }
  for (int i = 1; i < n; i++) {
    for (int j = i; j > 0 && llabs(t->stride[order[j]]) < llabs(t->stride[order[j - 1]]); j--) {
      int swap = order[j];
      order[j] = order[j - 1];
      order[j - 1] = swap;
    }
  }
  int64_t span = 0;
  for (int i = 0; i < n; i++) {
    int64_t s = llabs(t->stride[order[i]]);
    if (s <= span) return true;
    span += s * (t->size[order[i]] - 1);
  }
  return false;
}

static void extent(const tensor *t, const char **first, const char **last) {
  int64_t low = 0, high = 0;
  for (int d = 0; d < t->ndim; d++) {
    int64_t reach = t->stride[d] * (t->size[d] - 1);
    if (reach < 0)
      low += reach;
    else
      high += reach;
  }
  *first = t->data + low * dtype_size[t->dtype];
  *last = t->data + (high + 1) * dtype_size[t->dtype];
}

bool partial_overlap(const tensor *a, const tensor *b) {
  if (a->storage != b->storage || !a->numel || !b->numel) return false;
  if (a->data == b->data && a->dtype == b->dtype && same_size(a, b) &&
      memcmp(a->stride, b->stride, sizeof(int64_t) * a->ndim) == 0) {
    return false;
  }
  const char *a0, *a1, *b0, *b1;
  extent(a, &a0, &a1);
  extent(b, &b0, &b1);
  return a0 < b1 && b0 < a1;
}

/* -- patterns ------------------------------------------------------------------------------------------------------------
 * A pattern is a list of bytes ended by PATTERN_END: 1..26 a letter's size, ELLIPSIS any leading dims, PATTERN_ANY no
 * demand; the input patterns come first, then those of the outputs (PATTERN_END alone is a 0-dim output). */
enum { PATTERN_END = 0, PATTERN_ELLIPSIS = 27, PATTERN_ANY = 28 };

static void pattern_text(char *text, size_t room, const int8_t *p) {
  size_t at = (size_t)snprintf(text, room, "[");
  for (int i = 0; p[i] != PATTERN_END && at < room; i++) {
    if (p[i] == PATTERN_ELLIPSIS)
      at += (size_t)snprintf(text + at, room - at, i ? ", ..." : "...");
    else
      at += (size_t)snprintf(text + at, room - at, i ? ", %c" : "%c", 'A' + p[i] - 1);
  }
  if (at < room) snprintf(text + at, room - at, "]");
}

int shape_from_patterns(call *k) {
  const op_record *op = k->op;
  const int8_t *p = op->patterns;
  int64_t letters[27], lead[MAX_DIMS];
  int8_t from[27];
  int n_lead = 0, lead_from = -1;
  for (int i = 0; i < 27; i++) letters[i] = -1;
  for (int i = 0; i < op->n_in; i++) {
    const tensor *t = k->in[i];
    if (p[0] == PATTERN_ANY || !t) {
      while (*p != PATTERN_END) p++;
      p++;
      continue;
    }
    int length = 0, ellipsis = -1;
    for (; p[length] != PATTERN_END; length++) {
      if (p[length] == PATTERN_ELLIPSIS) ellipsis = length;
    }
    int fixed = length - (ellipsis >= 0);
    bool fits = ellipsis >= 0 ? t->ndim >= fixed : t->ndim == fixed;
    int d = 0, wrong = -1;
    for (int j = 0; fits && j < length; j++) {
      if (p[j] == PATTERN_ELLIPSIS) {
        int n = t->ndim - fixed;
        if (lead_from < 0 || n_lead == 0) {
          n_lead = n;
          for (int e = 0; e < n; e++) lead[e] = t->size[d + e];
          lead_from = i;
        } else if (n) { /* leading dims broadcast */
          int longest = n > n_lead ? n : n_lead;
          int64_t merged[MAX_DIMS];
          for (int e = 0; e < longest; e++) {
            int64_t a = e < longest - n_lead ? 1 : lead[e - (longest - n_lead)];
            int64_t b = e < longest - n ? 1 : t->size[d + e - (longest - n)];
            if (a != b && a != 1 && b != 1) {
              char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
              format_shape(ta, sizeof ta, k->in[lead_from]->size, k->in[lead_from]->ndim);
              format_shape(tb, sizeof tb, t->size, t->ndim);
              return fail(TNT_ESHAPE, "%s: the leading dims of %s %s and %s %s do not broadcast",
                          op->name, op->in_names[lead_from], ta, op->in_names[i], tb);
            }
            merged[e] = a == 1 ? b : a;
          }
          n_lead = longest;
          memcpy(lead, merged, sizeof lead);
        }
        d += n;
        continue;
      }
      int letter = p[j];
      if (letters[letter] < 0) {
        letters[letter] = t->size[d];
        from[letter] = (int8_t)i;
      } else if (letters[letter] != t->size[d]) {
        wrong = letter;
        break;
      }
      d++;
    }
    if (!fits || wrong >= 0) {
      char want[64], got[SHAPE_TEXT];
      pattern_text(want, sizeof want, p);
      format_shape(got, sizeof got, t->size, t->ndim);
      if (!fits)
        return fail(TNT_ESHAPE, "%s: %s must be %s, got %s", op->name, op->in_names[i], want, got);
      return fail(TNT_ESHAPE, "%s: %s must be %s with %c = %lld (from %s), got %s", op->name,
                  op->in_names[i], want, 'A' + wrong - 1, (long long)letters[wrong],
                  op->in_names[from[wrong]], got);
    }
    p += length + 1;
  }
  for (int o = 0; o < op->n_out; o++) {
    tensor *y = k->out[o];
    int n = 0;
    for (; *p != PATTERN_END; p++) {
      if (*p == PATTERN_ELLIPSIS) {
        for (int e = 0; e < n_lead && n < MAX_DIMS; e++) y->size[n++] = lead[e];
      } else if (*p != PATTERN_ANY && n < MAX_DIMS) {
        y->size[n++] = letters[(int)*p];
      }
    }
    p++;
    y->ndim = (uint8_t)n;
  }
  return 0;
}
