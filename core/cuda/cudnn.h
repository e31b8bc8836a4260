/* cuDNN 9's backend interface as convolutions and attention use it: a graph of operations is drawn once for a key, an
 * engine chosen for it, and the plan kept (plans.h). The library is opened when something first asks for it; without it,
 * and for what it has no engine for, nothing is done and our own kernels go on. Only where TNT_HAVE_CUDNN says that its
 * headers were there. */
#ifndef TNT_CUDA_CUDNN_H
#define TNT_CUDA_CUDNN_H

/* Handles of graphs and plans are deprecated in late versions and needed in early ones. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <cudnn.h>

#include "plans.h"
#include "plugin.h"

/* The functions of the library that are used. */
#define CUDNN_FUNCTIONS(F)                                                                        \
  F(size_t, GetVersion, (void))                                                                   \
  F(const char *, GetErrorString, (cudnnStatus_t))                                                \
  F(cudnnStatus_t, Create, (cudnnHandle_t *))                                                     \
  F(cudnnStatus_t, SetStream, (cudnnHandle_t, cudaStream_t))                                      \
  F(cudnnStatus_t, BackendCreateDescriptor,                                                       \
    (cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t *))                                   \
  F(cudnnStatus_t, BackendDestroyDescriptor, (cudnnBackendDescriptor_t))                          \
  F(cudnnStatus_t, BackendSetAttribute,                                                           \
    (cudnnBackendDescriptor_t, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, int64_t, \
     const void *))                                                                               \
  F(cudnnStatus_t, BackendGetAttribute,                                                           \
    (cudnnBackendDescriptor_t, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, int64_t, \
     int64_t *, void *))                                                                          \
  F(cudnnStatus_t, BackendFinalize, (cudnnBackendDescriptor_t))                                   \
  F(cudnnStatus_t, BackendExecute,                                                                \
    (cudnnHandle_t, cudnnBackendDescriptor_t, cudnnBackendDescriptor_t))

#define CUDNN_FIELD(type, name, parameters) type(*name) parameters;
typedef struct tnt__cudnn_functions {
  CUDNN_FUNCTIONS(CUDNN_FIELD)
} tnt__cudnn_functions;
#undef CUDNN_FIELD
extern tnt__cudnn_functions tnt__cudnn;

/* Opens the library at its first call; 0: there is none, or TNT_CUDNN=none; else its version, as 91900 for 9.19.0. */
int tnt__cudnn_version(void);

/* -- drawing a graph: after a failure nothing more is done -------------------------------------------------------------- */
enum { TNT__MOST_MADE = 160, TNT__MOST_OPERATIONS = 32, TNT__MOST_SCALARS = 8 };
enum { TNT__FIRST_VIRTUAL_ID = 1000 }; /* tensors with data have ids below, chosen by who draws */

typedef struct tnt__graph {
  cudnnStatus_t status; /* of the first call that failed */
  cudnnBackendDescriptor_t made[TNT__MOST_MADE], operation[TNT__MOST_OPERATIONS];
  int n_made, n_operations, n_scalars;
  int64_t last_id; /* of virtual tensors and scalars */
  struct tnt__graph_scalar {
    int64_t id;
    union {
      float number;
      int32_t whole;
    };
  } scalar[TNT__MOST_SCALARS]; /* cuDNN reads them here whenever the plan is run */
} tnt__graph;

/* A tensor as an operation sees it; all have four dims. */
typedef struct tnt__node {
  cudnnBackendDescriptor_t tensor;
  int64_t size[4], stride[4];
} tnt__node;

cudnnDataType_t tnt__cudnn_type(int dtype);
/* One that lies in memory, at addresses that are a multiple of `alignment`. */
tnt__node tnt__cudnn_tensor(tnt__graph *g, int64_t id, cudnnDataType_t type, const int64_t *size,
                            const int64_t *stride, int alignment);
/* One between two operations. */
tnt__node tnt__cudnn_virtual(tnt__graph *g, cudnnDataType_t type, const int64_t *size,
                             const int64_t *stride);
tnt__node tnt__cudnn_number(tnt__graph *g, float value);
tnt__node tnt__cudnn_whole(tnt__graph *g, int32_t value);

cudnnBackendDescriptor_t tnt__cudnn_make(tnt__graph *g, cudnnBackendDescriptorType_t type);
void tnt__cudnn_set(tnt__graph *g, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                    cudnnBackendAttributeType_t type, int64_t n, const void *values);
void tnt__cudnn_set_part(tnt__graph *g, cudnnBackendDescriptor_t d,
                         cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t part);
void tnt__cudnn_finish(tnt__graph *g, cudnnBackendDescriptor_t d);
void tnt__cudnn_finish_operation(tnt__graph *g, cudnnBackendDescriptor_t d);
/* y = mode(x, b) where `select` is null, else mode(x, b, select); b may be null. */
void tnt__cudnn_pointwise(tnt__graph *g, cudnnPointwiseMode_t mode, cudnnDataType_t compute,
                          const tnt__node *y, const tnt__node *x, const tnt__node *b,
                          const tnt__node *select);
/* Each element's place along a dim. */
void tnt__cudnn_places(tnt__graph *g, int64_t dim, const tnt__node *y, const tnt__node *x);

/* -- running ------------------------------------------------------------------------------------------------------------ */
/* What every key starts with. */
typedef struct tnt__terms {
  int64_t kind; /* TNT__PLAN_... */
  int card, dtype;
  bool tf32, deterministic, benchmark, unused[5];
} tnt__terms;
tnt__terms tnt__cudnn_terms(const tnt__args *a, int64_t kind, int dtype);

typedef struct tnt__cudnn_call {
  const tnt__terms *key; /* all that `draw` reads, padding zeroed; it starts with its terms */
  size_t bytes;
  void (*draw)(tnt__graph *g, const void *key);
  int n; /* tensors in memory: */
  const int64_t *id;
  const void *const *data;
} tnt__cudnn_call;

/* Runs the graph on the call's data. *done false: cuDNN is not there, has nothing for this in these terms, or would have to
 * build its plan while a step is captured; nothing was written that our own kernels do not write again. */
int tnt__cudnn_run(tnt__args *a, const tnt__cudnn_call *q, bool *done);

#endif
