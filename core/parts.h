/* Gradients of parts of one tensor (narrow, select, chunk, split) on their way through a walk of the tape: each is laid into
 * one buffer, instead of into zeros of its own that are then added up. */
#ifndef TNT_PARTS_H
#define TNT_PARTS_H

#include "core.h"

typedef struct part_range { /* slices from .. to - 1 along the dim */
  int64_t from, to;
} part_range;

typedef struct parted { /* the gradient of an output that is not whole yet */
  node *at;
  uint32_t output;
  edge whole;  /* its shape */
  int d;       /* its parts lie along this dim */
  bool lent;   /* its memory is that of the parts, which came in their places: it is only read */
  int n, room; /* of what is there: in order, neighbours as one */
  part_range *there;
} parted;

typedef struct parted_list {
  int n, room;
  parted *items;
} parted_list;

/* Lays dy, the gradient of a part's node, into the gradient of what it was taken from; *taken false: not a part of this
 * kind, and nothing was done. */
int parts_add(context *c, parted_list *list, node *n, tensor *dy, bool *taken);
/* Makes the gradient of an output whole: slices that no part had become 0. */
int parts_settle(context *c, parted_list *list, node *at, uint32_t output);
void parts_free(parted_list *list);

int slice_rule(rule_call *r); /* of narrow, slice, select, diagonal, unfold */
/* Where the output of a part's node lies in its input, which is taken as dense; `like`: any tensor. */
int part_of_node(context *c, part *p, const node *n, tensor *like);

#endif
