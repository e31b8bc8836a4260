/* What the files of libtnt_cuda know of each other: C (core/cuda) and CUDA C++ (kernels, through cuda.cuh). Nothing of
 * libtnt but what tnt_plugin was given. */
#ifndef TNT_PLUGIN_H
#define TNT_PLUGIN_H

#ifdef __cplusplus
extern "C" {
#endif
#include "../../kernels/args.h"
#include "../tnt.h"

/* What a kernel found wrong with its data. The host does not wait for kernels, so they do nothing with such an element and
 * leave the first case here, in memory of the host that cards write to; whoever waits for the card next (a number read,
 * synchronize) gets it as an error, once. */
enum tnt__fault_kind {
  FAULT_NONE,
  FAULT_ID,
  FAULT_TARGET, /* value: the id that is ignored */
  FAULT_DIVISOR,
  FAULT_WEIGHT,
  FAULT_NO_WEIGHT
};
typedef struct tnt__fault {
  int claimed, kind;
  const char *op;
  int64_t element, limit; /* from 0 */
  int64_t id;
  double value;
} tnt__fault;

tnt__fault *fault_here(void); /* of this thread's current card */

/* After the launches of an op: 0, or the error of a launch. With TNT_SYNC=1 it waits, so that faults are found here. */
int launched(tnt__args *a);
int launched_plan(const tnt__plan *p);

extern int (*tnt__fail)(int status, const char *fmt, ...);
int cuda_failed(const char *what, int error); /* cudaError_t; remembers errors that lose the card */

struct device_versions;
void tnt__versions(struct device_versions *out);

extern const tnt__kernel tnt__cuda_kernels[TNT_KERNELS];
int elementwise_cuda(const tnt__plan *p);

#ifdef __cplusplus
}
#endif
#endif
