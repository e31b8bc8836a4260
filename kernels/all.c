/* All CPU kernels, compiled once for each compute type and instruction set (see CMakeLists.txt): TNT_T is the type,
 * TNT_KERNEL_TABLE the table this object exports. */
#ifdef __F16C__
#include <immintrin.h>
#endif
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../core/tnt.h"
#include "cpu.h"

typedef TNT_T T;
#ifndef TNT_IS_FLOAT
#define TNT_IS_FLOAT 0
#endif
#ifndef TNT_IS_DOUBLE
#define TNT_IS_DOUBLE 0
#endif
#ifndef TNT_IS_INT64
#define TNT_IS_INT64 0
#endif

#include "functions.h"
#include "convert.c"
#include "elementwise_gen.h"
#include "reduce.c"
#include "order.c"
#if !TNT_IS_INT64
#include "gemm.c"
#endif
#include "matmul.c"
#include "place.c"
#include "shape.c"
#include "random.c"
#if !TNT_IS_INT64
#include "linear.c"
#include "softmax.c"
#include "attention.c"
#include "cross_entropy.c"
#include "layernorm.c"
#include "batchnorm.c"
#include "depthwise.c"
#include "conv2d.c"
#include "pool2d.c"
#include "grad.c"
#if __has_include("optimizer.c")
#include "optimizer.c"
#else
#define sgd__cpu NULL
#define adam__cpu NULL
#define adamw__cpu NULL
#endif
#endif

#if TNT_IS_INT64
#define FLOAT_ROW(vv, vs, sv) \
  { NULL, NULL, NULL }
#define FLOAT_KERNEL(f) NULL
#else
#define FLOAT_ROW(vv, vs, sv) \
  { vv, vs, sv }
#define FLOAT_KERNEL(f) f
#endif

#ifdef TNT_ISA_AVX512
#define ISA_NAME "avx512"
#elif defined(TNT_ISA_AVX2)
#define ISA_NAME "avx2"
#else
#define ISA_NAME "base"
#endif

extern const tnt__kernels TNT_KERNEL_TABLE;
const tnt__kernels TNT_KERNEL_TABLE = {
    .isa = ISA_NAME,
#include "table_gen.h"
    .load = load_tile,
    .store = store_tile,
};
