/* What every graph of cuDNN needs: the library, descriptors, and of the engines that its heuristics offer the first that
 * meets our terms (no TF32 unless it is allowed, the same bits in every run where that is asked, 1 GiB of workspace) and can
 * be built; with tnt.cuda.benchmark the quickest of a few. Whatever fails before a plan is run means that cuDNN has
 * nothing. */
#ifdef TNT_HAVE_CUDNN
#include "cudnn.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../device.h"

enum { MOST_ENGINES = 64, MOST_CANDIDATES = 4, TIMED_RUNS = 3 };
static const int64_t MOST_WORKSPACE = (int64_t)1 << 30;

/* -- the library -------------------------------------------------------------------------------------------------------- */
tnt__cudnn_functions tnt__cudnn;
static pthread_once_t opening = PTHREAD_ONCE_INIT;
static int version;

#define TEXT_OF(word) #word
#define FILE_OF_VERSION(major) "libcudnn.so." TEXT_OF(major)

/* One of the version whose headers this was compiled with: names and numbers change with the first figure only. */
static void open_library(void) {
  const char *wanted = getenv("TNT_CUDNN");
  if (wanted && !strcmp(wanted, "none")) return;
  void *library =
      dlopen(wanted ? wanted : FILE_OF_VERSION(CUDNN_MAJOR), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return;
#define CUDNN_FIND(type, name, parameters)                    \
  *(void **)&tnt__cudnn.name = dlsym(library, "cudnn" #name); \
  if (!tnt__cudnn.name) return;
  CUDNN_FUNCTIONS(CUDNN_FIND)
#undef CUDNN_FIND
  size_t found = tnt__cudnn.GetVersion();
  if (found / 10000 == CUDNN_MAJOR) version = (int)found;
}

int tnt__cudnn_version(void) {
  pthread_once(&opening, open_library);
  return version;
}

/* A card's handle, made while that card is the thread's current one; null: the library does not start there. */
static cudnnHandle_t handle_of(int card) {
  static struct {
    cudnnHandle_t handle;
    bool tried;
  } handles[MAX_CARDS];
  if (!handles[card].tried) {
    handles[card].tried = true;
    if (tnt__cudnn.Create(&handles[card].handle)) handles[card].handle = NULL;
  }
  return handles[card].handle;
}

/* -- descriptors -------------------------------------------------------------------------------------------------------- */
cudnnBackendDescriptor_t tnt__cudnn_make(tnt__graph *g, cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t d = NULL;
  if (g->status) return NULL;
  g->status = g->n_made < TNT__MOST_MADE ? tnt__cudnn.BackendCreateDescriptor(type, &d)
                                         : CUDNN_STATUS_ALLOC_FAILED;
  if (g->status) return NULL;
  g->made[g->n_made++] = d;
  return d;
}

void tnt__cudnn_set(tnt__graph *g, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                    cudnnBackendAttributeType_t type, int64_t n, const void *values) {
  if (!g->status) g->status = tnt__cudnn.BackendSetAttribute(d, name, type, n, values);
}
static void set_numbers(tnt__graph *g, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                        int64_t n, const int64_t *values) {
  tnt__cudnn_set(g, d, name, CUDNN_TYPE_INT64, n, values);
}
static void set_true(tnt__graph *g, cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name) {
  const bool yes = true;
  tnt__cudnn_set(g, d, name, CUDNN_TYPE_BOOLEAN, 1, &yes);
}
void tnt__cudnn_set_part(tnt__graph *g, cudnnBackendDescriptor_t d,
                         cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t part) {
  tnt__cudnn_set(g, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &part);
}
void tnt__cudnn_finish(tnt__graph *g, cudnnBackendDescriptor_t d) {
  if (!g->status) g->status = tnt__cudnn.BackendFinalize(d);
}
void tnt__cudnn_finish_operation(tnt__graph *g, cudnnBackendDescriptor_t d) {
  tnt__cudnn_finish(g, d);
  if (!g->status && g->n_operations == TNT__MOST_OPERATIONS) g->status = CUDNN_STATUS_ALLOC_FAILED;
  if (!g->status) g->operation[g->n_operations++] = d;
}

cudnnDataType_t tnt__cudnn_type(int dtype) {
  return dtype == TNT_F16    ? CUDNN_DATA_HALF
         : dtype == TNT_BF16 ? CUDNN_DATA_BFLOAT16
                             : CUDNN_DATA_FLOAT;
}

static tnt__node begin_tensor(tnt__graph *g, int64_t id, cudnnDataType_t type, const int64_t *size,
                              const int64_t *stride, int64_t alignment) {
  tnt__node x = {.tensor = tnt__cudnn_make(g, CUDNN_BACKEND_TENSOR_DESCRIPTOR)};
  memcpy(x.size, size, sizeof x.size);
  memcpy(x.stride, stride, sizeof x.stride);
  tnt__cudnn_set(g, x.tensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
  set_numbers(g, x.tensor, CUDNN_ATTR_TENSOR_DIMENSIONS, 4, size);
  set_numbers(g, x.tensor, CUDNN_ATTR_TENSOR_STRIDES, 4, stride);
  set_numbers(g, x.tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID, 1, &id);
  set_numbers(g, x.tensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 1, &alignment);
  return x;
}

static int64_t next_id(tnt__graph *g) {
  if (g->last_id < TNT__FIRST_VIRTUAL_ID) g->last_id = TNT__FIRST_VIRTUAL_ID;
  return ++g->last_id;
}

tnt__node tnt__cudnn_tensor(tnt__graph *g, int64_t id, cudnnDataType_t type, const int64_t *size,
                            const int64_t *stride, int alignment) {
  tnt__node x = begin_tensor(g, id, type, size, stride, alignment < 16 ? alignment : 16);
  tnt__cudnn_finish(g, x.tensor);
  return x;
}

tnt__node tnt__cudnn_virtual(tnt__graph *g, cudnnDataType_t type, const int64_t *size,
                             const int64_t *stride) {
  tnt__node x = begin_tensor(g, next_id(g), type, size, stride, 16);
  set_true(g, x.tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL);
  tnt__cudnn_finish(g, x.tensor);
  return x;
}

static struct tnt__graph_scalar *begin_scalar(tnt__graph *g, cudnnDataType_t type, tnt__node *x) {
  static const int64_t ones[4] = {1, 1, 1, 1};
  if (!g->status && g->n_scalars == TNT__MOST_SCALARS) g->status = CUDNN_STATUS_ALLOC_FAILED;
  struct tnt__graph_scalar *s = &g->scalar[g->status ? 0 : g->n_scalars++];
  s->id = next_id(g);
  *x = begin_tensor(g, s->id, type, ones, ones, 4);
  set_true(g, x->tensor, CUDNN_ATTR_TENSOR_IS_BY_VALUE);
  tnt__cudnn_finish(g, x->tensor);
  return s;
}
tnt__node tnt__cudnn_number(tnt__graph *g, float value) {
  tnt__node x;
  begin_scalar(g, CUDNN_DATA_FLOAT, &x)->number = value;
  return x;
}
tnt__node tnt__cudnn_whole(tnt__graph *g, int32_t value) {
  tnt__node x;
  begin_scalar(g, CUDNN_DATA_INT32, &x)->whole = value;
  return x;
}

static cudnnBackendDescriptor_t begin_pointwise(tnt__graph *g, cudnnPointwiseMode_t mode,
                                                cudnnDataType_t compute) {
  cudnnBackendDescriptor_t d = tnt__cudnn_make(g, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  tnt__cudnn_set(g, d, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  tnt__cudnn_set(g, d, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  return d;
}

static void end_pointwise(tnt__graph *g, cudnnBackendDescriptor_t how, const tnt__node *y,
                          const tnt__node *x, const tnt__node *b, const tnt__node *select) {
  tnt__cudnn_finish(g, how);
  cudnnBackendDescriptor_t op = tnt__cudnn_make(g, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x->tensor);
  if (b) tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b->tensor);
  if (select) tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_POINTWISE_TDESC, select->tensor);
  tnt__cudnn_set_part(g, op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y->tensor);
  tnt__cudnn_finish_operation(g, op);
}

void tnt__cudnn_pointwise(tnt__graph *g, cudnnPointwiseMode_t mode, cudnnDataType_t compute,
                          const tnt__node *y, const tnt__node *x, const tnt__node *b,
                          const tnt__node *select) {
  end_pointwise(g, begin_pointwise(g, mode, compute), y, x, b, select);
}

void tnt__cudnn_places(tnt__graph *g, int64_t dim, const tnt__node *y, const tnt__node *x) {
  cudnnBackendDescriptor_t how = begin_pointwise(g, CUDNN_POINTWISE_GEN_INDEX, CUDNN_DATA_FLOAT);
  set_numbers(g, how, CUDNN_ATTR_POINTWISE_AXIS, 1, &dim);
  end_pointwise(g, how, y, x, NULL, NULL);
}

/* -- engines ------------------------------------------------------------------------------------------------------------ */
typedef struct engine {
  cudnnBackendDescriptor_t config, plan; /* null: none */
  int64_t workspace;
} engine;

typedef struct plan {
  tnt__graph graph; /* what the engines are built of */
  cudnnBackendDescriptor_t whole;
  int n; /* built engines; 0: cuDNN has nothing */
  engine engine[MOST_CANDIDATES];
} plan;

static void drop_engine(engine *e) {
  if (e->plan) tnt__cudnn.BackendDestroyDescriptor(e->plan);
  if (e->config) tnt__cudnn.BackendDestroyDescriptor(e->config);
  *e = (engine){0};
}

static void drop_plan(void *plan_) {
  plan *p = plan_;
  while (p->n > 0) drop_engine(&p->engine[--p->n]);
  while (p->graph.n_made > 0) {
    tnt__cudnn.BackendDestroyDescriptor(p->graph.made[--p->graph.n_made]);
  }
  free(p);
}

/* f32 on tensor cores is TF32, and inputs that are rounded first are narrower still. */
static bool meets_terms(const tnt__terms *k, cudnnBackendDescriptor_t config) {
  cudnnBackendDescriptor_t d = NULL;
  cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
  int64_t n = 0;
  if (tnt__cudnn.BackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &d)) return false;
  bool ok = !tnt__cudnn.BackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE,
                                            CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &d) &&
            !tnt__cudnn.BackendGetAttribute(d, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                            CUDNN_TYPE_NUMERICAL_NOTE,
                                            CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, notes);
  bool exact = k->dtype == TNT_F32;
  for (int64_t i = 0; ok && i < n && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++) {
    switch (notes[i]) {
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS: ok = !exact; break;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE: ok = !exact || k->tf32; break;
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION: ok = false; break;
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC: ok = !k->deterministic; break;
    default: break;
    }
  }
  tnt__cudnn.BackendDestroyDescriptor(d);
  return ok;
}

/* Makes a plan of the engine, and takes its config; false: not with this engine. */
static bool build(engine *e, cudnnBackendDescriptor_t config, cudnnHandle_t handle) {
  cudnnBackendDescriptor_t d = NULL;
  int64_t n = 0;
  if (tnt__cudnn.BackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &d)) return false;
  bool ok = !tnt__cudnn.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE,
                                            1, &handle) &&
            !tnt__cudnn.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                            CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config) &&
            !tnt__cudnn.BackendFinalize(d) &&
            !tnt__cudnn.BackendGetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                            CUDNN_TYPE_INT64, 1, &n, &e->workspace) &&
            e->workspace <= MOST_WORKSPACE;
  if (!ok) {
    tnt__cudnn.BackendDestroyDescriptor(d);
    return false;
  }
  e->config = config;
  e->plan = d;
  return true;
}

/* Builds up to `wanted` of the engines that one mode of the heuristics offers, best first. */
static void choose(plan *p, const tnt__terms *k, cudnnBackendHeurMode_t mode, int wanted,
                   cudnnHandle_t handle) {
  tnt__graph *g = &p->graph;
  cudnnBackendDescriptor_t configs[MOST_ENGINES] = {0};
  cudnnBackendDescriptor_t d = tnt__cudnn_make(g, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  int64_t n = 0;
  tnt__cudnn_set_part(g, d, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, p->whole);
  tnt__cudnn_set(g, d, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  tnt__cudnn_finish(g, d);
  for (int i = 0; i < MOST_ENGINES && !g->status; i++) {
    g->status = tnt__cudnn.BackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
  }
  if (!g->status) {
    g->status = tnt__cudnn.BackendGetAttribute(
        d, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, MOST_ENGINES, &n, configs);
  }
  for (int64_t i = 0; i < n && i < MOST_ENGINES && !g->status && p->n < wanted; i++) {
    if (!meets_terms(k, configs[i]) || !build(&p->engine[p->n], configs[i], handle)) continue;
    p->n++;
    configs[i] = NULL;
  }
  for (int i = 0; i < MOST_ENGINES; i++) {
    if (configs[i]) tnt__cudnn.BackendDestroyDescriptor(configs[i]);
  }
}

static plan *new_plan(const tnt__cudnn_call *q, cudnnHandle_t handle) {
  plan *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  tnt__graph *g = &p->graph;
  q->draw(g, q->key);
  p->whole = tnt__cudnn_make(g, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  tnt__cudnn_set(g, p->whole, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  tnt__cudnn_set(g, p->whole, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                 g->n_operations, g->operation);
  tnt__cudnn_finish(g, p->whole);
  if (g->status) return p;
  choose(p, q->key, CUDNN_HEUR_MODE_A, q->key->benchmark ? MOST_CANDIDATES : 1, handle);
  if (!p->n) {
    g->status = CUDNN_STATUS_SUCCESS; /* the other mode may know more */
    choose(p, q->key, CUDNN_HEUR_MODE_FALLBACK, 1, handle);
  }
  return p;
}

/* -- running ------------------------------------------------------------------------------------------------------------ */
static cudnnStatus_t execute(const tnt__cudnn_call *q, const plan *p, const engine *e,
                             cudnnHandle_t handle, void *workspace) {
  enum { MOST_BOUND = 24 };
  cudnnBackendDescriptor_t pack = NULL;
  int64_t id[MOST_BOUND];
  const void *data[MOST_BOUND];
  int n = 0;
  if (q->n + p->graph.n_scalars > MOST_BOUND) return CUDNN_STATUS_BAD_PARAM;
  for (; n < q->n; n++) id[n] = q->id[n], data[n] = q->data[n];
  for (int i = 0; i < p->graph.n_scalars; i++, n++) {
    id[n] = p->graph.scalar[i].id, data[n] = &p->graph.scalar[i].number;
  }
  cudnnStatus_t s =
      tnt__cudnn.BackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
  if (s) return s;
  s = tnt__cudnn.BackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n,
                                     id);
  if (!s)
    s = tnt__cudnn.BackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                       CUDNN_TYPE_VOID_PTR, n, data);
  if (!s)
    s = tnt__cudnn.BackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR,
                                       1, &workspace);
  if (!s) s = tnt__cudnn.BackendFinalize(pack);
  if (!s) s = tnt__cudnn.BackendExecute(handle, e->plan, pack);
  tnt__cudnn.BackendDestroyDescriptor(pack);
  return s;
}

/* Milliseconds of a run; negative: it failed. The first run, which loads the code, is not counted. */
static float time_of(const tnt__cudnn_call *q, const plan *p, const engine *e, cudnnHandle_t handle,
                     void *workspace, cudaEvent_t *mark, cudaStream_t stream) {
  float ms = -1;
  if (execute(q, p, e, handle, workspace) || cudaEventRecord(mark[0], stream)) return -1;
  for (int i = 0; i < TIMED_RUNS; i++) {
    if (execute(q, p, e, handle, workspace)) return -1;
  }
  if (cudaEventRecord(mark[1], stream) || cudaEventSynchronize(mark[1]) ||
      cudaEventElapsedTime(&ms, mark[0], mark[1]))
    return -1;
  return ms;
}

/* Runs every candidate on the call's own data (it writes the same results each time), and keeps the quickest. */
static void keep_quickest(const tnt__cudnn_call *q, plan *p, cudnnHandle_t handle, void *workspace,
                          cudaStream_t stream) {
  cudaEvent_t mark[2] = {0};
  int best = 0;
  float least = -1;
  if (!cudaEventCreate(&mark[0]) && !cudaEventCreate(&mark[1])) {
    for (int i = 0; i < p->n; i++) {
      float ms = time_of(q, p, &p->engine[i], handle, workspace, mark, stream);
      if (ms < 0 || (least >= 0 && ms >= least)) continue;
      least = ms, best = i;
    }
  }
  for (int i = 0; i < 2; i++) {
    if (mark[i]) cudaEventDestroy(mark[i]);
  }
  engine kept = p->engine[best];
  p->engine[best] = p->engine[0];
  p->engine[0] = kept;
  while (p->n > 1) drop_engine(&p->engine[--p->n]);
}

tnt__terms tnt__cudnn_terms(const tnt__args *a, int64_t kind, int dtype) {
  return (tnt__terms){.kind = kind,
                      .card = a->device - 1,
                      .dtype = dtype,
                      .tf32 = a->tf32,
                      .deterministic = a->deterministic,
                      .benchmark = a->benchmark && !a->deterministic};
}

static int run(tnt__args *a, const tnt__cudnn_call *q, plan *p, cudnnHandle_t handle,
               bool capturing, bool *done) {
  cudaStream_t stream = (cudaStream_t)a->stream;
  int64_t most = 0;
  void *workspace = NULL;
  for (int i = 0; i < p->n; i++) {
    if (p->engine[i].workspace > most) most = p->engine[i].workspace;
  }
  if (most && !(workspace = a->scratch(a, (size_t)most))) return 0; /* our own need less */
  if (capturing) tnt__plans_pin(p);
  cudnnStatus_t s = tnt__cudnn.SetStream(handle, stream);
  if (!s && p->n > 1 && !capturing) keep_quickest(q, p, handle, workspace, stream);
  if (!s) s = execute(q, p, &p->engine[0], handle, workspace);
  if (s) return a->fail(TNT_ECUDA, "%s: cuDNN: %s", a->op, tnt__cudnn.GetErrorString(s));
  *done = true;
  return 0;
}

int tnt__cudnn_run(tnt__args *a, const tnt__cudnn_call *q, bool *done) {
  enum cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  *done = false;
  if (!tnt__cudnn_version()) return 0;
  bool capturing = !cudaStreamIsCapturing((cudaStream_t)a->stream, &capture) &&
                   capture != cudaStreamCaptureStatusNone;
  int rc = 0;
  tnt__plans_lock();
  plan *p = tnt__plans_find(q->key, q->bytes);
  cudnnHandle_t handle = p || !capturing ? handle_of(q->key->card) : NULL;
  if (!p && handle && (p = new_plan(q, handle)) && !tnt__plans_keep(q->key, q->bytes, p, drop_plan))
    p = NULL;
  if (p && p->n && handle) rc = run(a, q, p, handle, capturing, done);
  tnt__plans_unlock();
  return rc;
}
#endif
