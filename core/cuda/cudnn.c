/* Convolutions through cuDNN 9's backend interface: a graph of one operation, the engines that its heuristics offer, and of
 * these the first that meets our terms (no TF32 unless it is allowed, the same bits in every run where that is asked, 1 GiB
 * of workspace) and can be built. Whatever fails on the way means that cuDNN has nothing; our own kernels go on then. */
#include "conv.h"

#ifndef TNT_HAVE_CUDNN
int tnt__conv_cudnn(tnt__args *a, const tnt__convolution *k, bool *done) {
  (void)a, (void)k;
  *done = false;
  return 0;
}
#else
/* Handles of graphs and plans are deprecated in late versions and needed in early ones. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <cuda_runtime_api.h>
#include <cudnn.h>
#include <stdlib.h>
#include <string.h>

#include "plans.h"

enum { MOST_MADE = 16, MOST_ENGINES = 64, ID_X = 1, ID_W, ID_Y };
static const int64_t MOST_WORKSPACE = (int64_t)1 << 30;

typedef struct plan {
  cudnnBackendDescriptor_t made[MOST_MADE]; /* what `chosen` is built of */
  int n;
  cudnnStatus_t status;                    /* of the first call that failed */
  cudnnBackendDescriptor_t engine, chosen; /* null: cuDNN has nothing */
  int64_t workspace;
} plan;

typedef struct key {
  int64_t kind, n, c, h, w, o, kh, kw, p, q, groups, sh, sw, ph, pw, dh, dw;
  int64_t x_stride[4], w_stride[4], y_stride[4];
  int card, convolution, dtype, align_x, align_w, align_y;
  bool tf32, deterministic, unused[6];
} key;

static cudnnHandle_t handles[16];

/* -- descriptors: after a failure nothing more is done ------------------------------------------------------------------ */
static cudnnBackendDescriptor_t make(plan *p, cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t d = NULL;
  if (p->status) return NULL;
  p->status = p->n < MOST_MADE ? cudnnBackendCreateDescriptor(type, &d) : CUDNN_STATUS_ALLOC_FAILED;
  if (!p->status) p->made[p->n++] = d;
  return d;
}

static void set(plan *p, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t n, const void *values) {
  if (!p->status) p->status = cudnnBackendSetAttribute(d, name, type, n, values);
}
static void set_numbers(plan *p, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                        int64_t n, const int64_t *values) {
  set(p, d, name, CUDNN_TYPE_INT64, n, values);
}
static void set_part(plan *p, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                     cudnnBackendDescriptor_t part) {
  set(p, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part);
}
static void finish(plan *p, cudnnBackendDescriptor_t d) {
  if (!p->status) p->status = cudnnBackendFinalize(d);
}

static void drop_plan(void *plan_) {
  plan *p = plan_;
  if (p->chosen) cudnnBackendDestroyDescriptor(p->chosen);
  if (p->engine) cudnnBackendDestroyDescriptor(p->engine);
  while (p->n > 0) cudnnBackendDestroyDescriptor(p->made[--p->n]);
  free(p);
}

/* -- the graph ---------------------------------------------------------------------------------------------------------- */
static cudnnDataType_t type_of(int dtype) {
  return dtype == TNT_F16    ? CUDNN_DATA_HALF
         : dtype == TNT_BF16 ? CUDNN_DATA_BFLOAT16
                             : CUDNN_DATA_FLOAT;
}

static cudnnBackendDescriptor_t make_tensor(plan *p, int64_t id, int dtype, const int64_t *size,
                                            const int64_t *stride, int64_t alignment) {
  cudnnBackendDescriptor_t d = make(p, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  cudnnDataType_t type = type_of(dtype);
  if (alignment > 16) alignment = 16;
  set(p, d, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  set_numbers(p, d, CUDNN_ATTR_TENSOR_DIMENSIONS, 4, size);
  set_numbers(p, d, CUDNN_ATTR_TENSOR_STRIDES, 4, stride);
  set_numbers(p, d, CUDNN_ATTR_TENSOR_UNIQUE_ID, 1, &id);
  set_numbers(p, d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 1, &alignment);
  finish(p, d);
  return d;
}

static cudnnBackendDescriptor_t make_convolution(plan *p, const key *k) {
  cudnnBackendDescriptor_t d = make(p, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  int64_t dims = 2, stride[2] = {k->sh, k->sw}, padding[2] = {k->ph, k->pw},
          dilation[2] = {k->dh, k->dw};
  set(p, d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  set(p, d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  set_numbers(p, d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 1, &dims);
  set_numbers(p, d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 2, padding);
  set_numbers(p, d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 2, padding);
  set_numbers(p, d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 2, stride);
  set_numbers(p, d, CUDNN_ATTR_CONVOLUTION_DILATIONS, 2, dilation);
  finish(p, d);
  return d;
}

/* The attributes of the three operations, in the order of tnt__conv_kind. */
static const struct {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t alpha, beta, convolution, x, w, y;
} operations[3] = {
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY},
    {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY}};

static cudnnBackendDescriptor_t make_graph(plan *p, const key *k, cudnnHandle_t handle) {
  int64_t x_size[4] = {k->n, k->c, k->h, k->w}, w_size[4] = {k->o, k->c / k->groups, k->kh, k->kw},
          y_size[4] = {k->n, k->o, k->p, k->q};
  float one = 1, zero = 0;
  cudnnBackendDescriptor_t x = make_tensor(p, ID_X, k->dtype, x_size, k->x_stride, k->align_x),
                           w = make_tensor(p, ID_W, k->dtype, w_size, k->w_stride, k->align_w),
                           y = make_tensor(p, ID_Y, k->dtype, y_size, k->y_stride, k->align_y),
                           convolution = make_convolution(p, k);
  cudnnBackendDescriptor_t op = make(p, operations[k->convolution].type);
  set_part(p, op, operations[k->convolution].convolution, convolution);
  set_part(p, op, operations[k->convolution].x, x);
  set_part(p, op, operations[k->convolution].w, w);
  set_part(p, op, operations[k->convolution].y, y);
  set(p, op, operations[k->convolution].alpha, CUDNN_TYPE_FLOAT, 1, &one);
  set(p, op, operations[k->convolution].beta, CUDNN_TYPE_FLOAT, 1, &zero);
  finish(p, op);
  cudnnBackendDescriptor_t graph = make(p, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  set(p, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  set_part(p, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, op);
  finish(p, graph);
  return graph;
}

/* -- engines ------------------------------------------------------------------------------------------------------------ */
/* f32 on tensor cores is TF32, and inputs that are rounded first are narrower still. */
static bool meets_terms(const key *k, cudnnBackendDescriptor_t config) {
  cudnnBackendDescriptor_t engine = NULL;
  cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
  int64_t n = 0;
  if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine)) return false;
  bool ok =
      !cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                1, &n, &engine) &&
      !cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, notes);
  bool exact = k->dtype == TNT_F32;
  for (int64_t i = 0; ok && i < n && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++) {
    if (exact && notes[i] == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS) ok = false;
    if (exact && !k->tf32 && notes[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE) ok = false;
    if (k->deterministic && notes[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) ok = false;
  }
  cudnnBackendDestroyDescriptor(engine);
  return ok;
}

/* Builds the engine's plan into p; false: not with this engine. */
static bool build(plan *p, cudnnBackendDescriptor_t config, cudnnHandle_t handle) {
  cudnnBackendDescriptor_t d = NULL;
  int64_t n = 0, workspace = 0;
  if (cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &d)) return false;
  bool ok = !cudnnBackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                                      &handle) &&
            !cudnnBackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                      CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config) &&
            !cudnnBackendFinalize(d) &&
            !cudnnBackendGetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
                                      1, &n, &workspace) &&
            workspace <= MOST_WORKSPACE;
  if (!ok) {
    cudnnBackendDestroyDescriptor(d);
    return false;
  }
  p->chosen = d;
  p->workspace = workspace;
  return true;
}

/* Tries the engines that one mode of the heuristics offers, best first. */
static void choose(plan *p, const key *k, cudnnBackendDescriptor_t graph,
                   cudnnBackendHeurMode_t mode, cudnnHandle_t handle) {
  cudnnBackendDescriptor_t configs[MOST_ENGINES] = {0};
  cudnnBackendDescriptor_t heuristics = make(p, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  int64_t n = 0;
  set_part(p, heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  set(p, heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  finish(p, heuristics);
  for (int i = 0; i < MOST_ENGINES && !p->status; i++)
    p->status = cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
  if (!p->status) {
    p->status = cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                         CUDNN_TYPE_BACKEND_DESCRIPTOR, MOST_ENGINES, &n, configs);
  }
  for (int64_t i = 0; i < n && i < MOST_ENGINES && !p->status && !p->chosen; i++) {
    if (!meets_terms(k, configs[i]) || !build(p, configs[i], handle)) continue;
    p->engine = configs[i];
    configs[i] = NULL;
  }
  for (int i = 0; i < MOST_ENGINES; i++) {
    if (configs[i]) cudnnBackendDestroyDescriptor(configs[i]);
  }
}

static plan *plan_of(const key *k, cudnnHandle_t handle) {
  plan *p = tnt__plans_find(k, sizeof *k);
  if (p) return p;
  p = calloc(1, sizeof *p);
  if (!p) return NULL;
  cudnnBackendDescriptor_t graph = make_graph(p, k, handle);
  choose(p, k, graph, CUDNN_HEUR_MODE_A, handle);
  if (!p->chosen) {
    if (graph) p->status = CUDNN_STATUS_SUCCESS; /* the other mode may know more */
    choose(p, k, graph, CUDNN_HEUR_MODE_FALLBACK, handle);
  }
  return tnt__plans_keep(k, sizeof *k, p, drop_plan) ? p : NULL;
}

/* -- running ------------------------------------------------------------------------------------------------------------ */
static int failed(tnt__args *a, cudnnStatus_t status) {
  return a->fail(TNT_ECUDA, "%s: cuDNN: %s", a->op, cudnnGetErrorString(status));
}

static int run(tnt__args *a, const plan *p, cudnnHandle_t handle, const void *const *data) {
  cudnnBackendDescriptor_t pack = NULL;
  const int64_t ids[3] = {ID_X, ID_W, ID_Y};
  void *workspace = NULL;
  if (p->workspace) {
    workspace = a->scratch(a, (size_t)p->workspace);
    if (!workspace) return a->fail(TNT_EMEMORY, "%s: out of memory on the card", a->op);
  }
  cudnnStatus_t s = cudnnSetStream(handle, (cudaStream_t)a->stream);
  if (!s) s = cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
  if (!s)
    s = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3,
                                 ids);
  if (!s)
    s = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                                 3, data);
  if (!s)
    s = cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                                 &workspace);
  if (!s) s = cudnnBackendFinalize(pack);
  if (!s) s = cudnnBackendExecute(handle, p->chosen, pack);
  if (pack) cudnnBackendDestroyDescriptor(pack);
  return s ? failed(a, s) : 0;
}

static void pin_if_captured(tnt__args *a, const plan *p) {
  enum cudaStreamCaptureStatus capturing = cudaStreamCaptureStatusNone;
  if (!cudaStreamIsCapturing((cudaStream_t)a->stream, &capturing) &&
      capturing != cudaStreamCaptureStatusNone)
    tnt__plans_pin(p);
}

int tnt__conv_cudnn(tnt__args *a, const tnt__convolution *k, bool *done) {
  const void *data[3] = {k->kind == TNT__CONV_DX ? k->out : k->x,
                         k->kind == TNT__CONV_DW ? k->out : k->weight,
                         k->kind == TNT__CONV ? k->out : k->dy};
  key q;
  memset(&q, 0, sizeof q);
  q.kind = TNT__PLAN_CONVOLUTION;
  q.n = k->n, q.c = k->c, q.h = k->h, q.w = k->w, q.o = k->o, q.kh = k->kh, q.kw = k->kw;
  q.p = k->p, q.q = k->q, q.groups = k->groups;
  q.sh = k->sh, q.sw = k->sw, q.ph = k->ph, q.pw = k->pw, q.dh = k->dh, q.dw = k->dw;
  memcpy(q.x_stride, k->x_stride, sizeof q.x_stride);
  memcpy(q.w_stride, k->w_stride, sizeof q.w_stride);
  memcpy(q.y_stride, k->y_stride, sizeof q.y_stride);
  q.card = a->device - 1, q.convolution = k->kind, q.dtype = k->dtype;
  q.align_x = tnt__alignment(data[0]), q.align_w = tnt__alignment(data[1]),
  q.align_y = tnt__alignment(data[2]);
  q.tf32 = a->tf32, q.deterministic = a->deterministic;
  *done = false;
  tnt__plans_lock();
  cudnnStatus_t s = CUDNN_STATUS_SUCCESS;
  if (!handles[q.card]) s = cudnnCreate(&handles[q.card]);
  if (s) handles[q.card] = NULL; /* a library that does not start is as good as none */
  plan *p = s ? NULL : plan_of(&q, handles[q.card]);
  int rc = 0;
  if (p && p->chosen) {
    pin_if_captured(a, p);
    rc = run(a, p, handles[q.card], data);
    *done = rc == 0;
  }
  tnt__plans_unlock();
  return rc;
}
#endif
