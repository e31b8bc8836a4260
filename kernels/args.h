/* What a kernel is given, on every device. A kernel knows no tape and no handles: it gets views whose elements are of one
 * compute type, dense unless its row says `strided`, and says what went wrong through `fail`. C and CUDA C++ both read
 * this file. */
#ifndef TNT_ARGS_H
#define TNT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slots_gen.h"

typedef struct tnt__view {
  void *data;
  int64_t numel;
  int ndim, dtype;
  const int64_t *size, *stride; /* strides in elements */
} tnt__view;

typedef struct tnt__args {
  const char *op;
  tnt__view in[8], out[4]; /* data is null where an optional input is absent */
  tnt__view *list;         /* of list ops: n_lists x n_list, list by list */
  int n_lists, n_list;
  const double *number;
  const int64_t *integer; /* positions count from 1 */
  uint64_t seed, call;    /* random ops: element i draws Philox block i of this call */
  int (*fail)(int status, const char *fmt, ...);
  int stored; /* the dtype that out[0] ends in: what the kernel makes may be rounded to 16 bits */
  /* devices with streams: work is put on `stream`; memory for the kernel's own use comes from `scratch` and is given back
   * to the stream when the kernel returns */
  int device;
  void *stream;
  void *(*scratch)(struct tnt__args *a, size_t bytes);
  void *loans;             /* of scratch */
  const uint64_t *counter; /* on the device, added to `call`; null outside captured steps */
  /* of ops over parameters, in the memory of their device; null: `number` holds, and nothing is skipped */
  const double *row;
  const float *skip; /* one element; not 0: the kernel leaves everything as it is */
  bool deterministic;
  bool tf32;          /* f32 factors may be rounded to 10 bits of fraction */
  bool benchmark;     /* candidates may be timed, which waits for the device */
  bool channels_last; /* ops of images: [N, C, H, W] lie as N, H, W, C, else row-major */
} tnt__args;

typedef int (*tnt__kernel)(tnt__args *);

/* An elementwise op after broadcasting and merging of dims: y = row(inputs). Operand 0 is the output. */
enum { TNT_OPERANDS = 9, TNT_PLAN_DIMS = 8 };
typedef struct tnt__plan {
  const char *op;
  int row, n, ndim;
  int compute;   /* dtype the formula is computed in */
  int number_at; /* the operand that is `operand` instead of memory, or 0 */
  double operand;
  const double *numbers; /* scalar arguments */
  char *data[TNT_OPERANDS];
  uint8_t dtype[TNT_OPERANDS], width[TNT_OPERANDS];
  int64_t size[TNT_PLAN_DIMS], stride[TNT_OPERANDS][TNT_PLAN_DIMS]; /* innermost dim last */
  int (*fail)(int status, const char *fmt, ...);
  void *stream;
} tnt__plan;

#endif
