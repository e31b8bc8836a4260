/* See evaluate.h. */
#include "evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };
static struct attribute {
  cudnnBackendDescriptor_t of;
  cudnnBackendAttributeName_t name;
  int64_t n;
  void *values;
} attributes[MOST];
static int count;
static cudnnBackendDescriptor_t last_graph;

typedef struct value { /* a tensor between two operations, dense */
  cudnnBackendDescriptor_t of;
  double *v;
} value;
static value values[MOST];
static int n_values;

static void stop(const char *what, int which) {
  printf("evaluate: %s %d\n", what, which);
  exit(1);
}

/* -- what was set ------------------------------------------------------------------------------------------------------- */
static size_t width_of(cudnnBackendAttributeType_t type) {
  switch (type) {
  case CUDNN_TYPE_INT64:
  case CUDNN_TYPE_DOUBLE: return 8;
  case CUDNN_TYPE_BOOLEAN: return sizeof(bool);
  case CUDNN_TYPE_HANDLE:
  case CUDNN_TYPE_VOID_PTR:
  case CUDNN_TYPE_BACKEND_DESCRIPTOR: return sizeof(void *);
  default: return 4; /* enums and floats */
  }
}

void record(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
            cudnnBackendAttributeType_t type, int64_t n, const void *from) {
  if (count == MOST) stop("too many attributes", count);
  size_t bytes = (size_t)n * width_of(type);
  attributes[count] = (struct attribute){d, name, n, malloc(bytes + 1)};
  memcpy(attributes[count++].values, from, bytes);
  if (name == CUDNN_ATTR_OPERATIONGRAPH_OPS) last_graph = d;
}

void forget(void) {
  while (count > 0) free(attributes[--count].values);
  while (n_values > 0) free(values[--n_values].v);
}

static const struct attribute *find(cudnnBackendDescriptor_t d, int name) {
  for (int i = count; i-- > 0;) {
    if (attributes[i].of == d && (int)attributes[i].name == name) return &attributes[i];
  }
  return NULL;
}
static const void *get(cudnnBackendDescriptor_t d, int name) {
  const struct attribute *a = find(d, name);
  if (!a) stop("missing attribute", name);
  return a->values;
}
static cudnnBackendDescriptor_t part(cudnnBackendDescriptor_t d, int name) {
  return *(cudnnBackendDescriptor_t const *)get(d, name);
}
static int choice(cudnnBackendDescriptor_t d, int name) { return *(const int *)get(d, name); }

/* -- tensors ------------------------------------------------------------------------------------------------------------ */
static cudnnBackendDescriptor_t pack;

static const int64_t *size_of(cudnnBackendDescriptor_t t) {
  return get(t, CUDNN_ATTR_TENSOR_DIMENSIONS);
}
static int64_t number_of(const int64_t *size) { return size[0] * size[1] * size[2] * size[3]; }

/* Where element i, counted in the order of dims, lies by the strides. */
static int64_t place(cudnnBackendDescriptor_t t, int64_t i) {
  const int64_t *size = size_of(t), *stride = get(t, CUDNN_ATTR_TENSOR_STRIDES);
  int64_t at = 0;
  for (int d = 3; d >= 0; d--) {
    at += i % size[d] * stride[d];
    i /= size[d];
  }
  return at;
}

static char *memory_of(cudnnBackendDescriptor_t t) {
  const int64_t id = *(const int64_t *)get(t, CUDNN_ATTR_TENSOR_UNIQUE_ID);
  const struct attribute *ids = find(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  char *const *data = get(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  for (int64_t i = 0; i < ids->n; i++) {
    if (((const int64_t *)ids->values)[i] == id) return data[i];
  }
  stop("unbound tensor", (int)id);
  return NULL;
}

/* All elements, in the order of dims. */
static double *read(cudnnBackendDescriptor_t t) {
  int64_t n = number_of(size_of(t));
  double *v = malloc((size_t)n * sizeof *v);
  for (int i = 0; i < n_values; i++) {
    if (values[i].of == t) return memcpy(v, values[i].v, (size_t)n * sizeof *v);
  }
  if (find(t, CUDNN_ATTR_TENSOR_IS_VIRTUAL)) stop("read before it was written", 0);
  char *data = memory_of(t);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = place(t, i);
    switch (choice(t, CUDNN_ATTR_TENSOR_DATA_TYPE)) {
    case CUDNN_DATA_FLOAT: v[i] = ((float *)data)[at]; break;
    case CUDNN_DATA_INT32: v[i] = ((int32_t *)data)[at]; break;
    case CUDNN_DATA_BFLOAT16: v[i] = from_bf16(((uint16_t *)data)[at]); break;
    default: stop("data type", choice(t, CUDNN_ATTR_TENSOR_DATA_TYPE));
    }
  }
  return v;
}

/* Takes v. */
static void write(cudnnBackendDescriptor_t t, double *v) {
  if (find(t, CUDNN_ATTR_TENSOR_IS_VIRTUAL)) {
    if (n_values == MOST) stop("too many tensors", n_values);
    values[n_values++] = (value){t, v};
    return;
  }
  char *data = memory_of(t);
  int64_t n = number_of(size_of(t));
  for (int64_t i = 0; i < n; i++) {
    int64_t at = place(t, i);
    switch (choice(t, CUDNN_ATTR_TENSOR_DATA_TYPE)) {
    case CUDNN_DATA_FLOAT: ((float *)data)[at] = (float)v[i]; break;
    case CUDNN_DATA_BFLOAT16: ((uint16_t *)data)[at] = to_bf16((float)v[i]); break;
    default: stop("data type", choice(t, CUDNN_ATTR_TENSOR_DATA_TYPE));
    }
  }
  free(v);
}

/* -- operations --------------------------------------------------------------------------------------------------------- */
/* The element of x that meets element i of y: dims of one element serve all. */
static int64_t meets(const int64_t *y, const int64_t *x, int64_t i) {
  int64_t at = 0, step = 1;
  for (int d = 3; d >= 0; d--) {
    if (x[d] != 1 && x[d] != y[d]) stop("sizes do not meet in dim", d);
    at += x[d] == 1 ? 0 : i % y[d] * step;
    step *= x[d];
    i /= y[d];
  }
  return at;
}

static double apply(int mode, double x, double b, double select) {
  switch (mode) {
  case CUDNN_POINTWISE_ADD: return x + b;
  case CUDNN_POINTWISE_SUB: return x - b;
  case CUDNN_POINTWISE_MUL: return x * b;
  case CUDNN_POINTWISE_DIV: return x / b;
  case CUDNN_POINTWISE_EXP: return exp(x);
  case CUDNN_POINTWISE_LOG: return log(x);
  case CUDNN_POINTWISE_IDENTITY: return x;
  case CUDNN_POINTWISE_CMP_GE: return x >= b;
  case CUDNN_POINTWISE_BINARY_SELECT: return select != 0 ? x : b;
  default: stop("pointwise mode", mode); return 0;
  }
}

static void pointwise(cudnnBackendDescriptor_t op) {
  cudnnBackendDescriptor_t how = part(op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR),
                           x = part(op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC),
                           y = part(op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC), b = NULL, t = NULL;
  if (find(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC))
    b = part(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
  if (find(op, CUDNN_ATTR_OPERATION_POINTWISE_TDESC))
    t = part(op, CUDNN_ATTR_OPERATION_POINTWISE_TDESC);
  int mode = choice(how, CUDNN_ATTR_POINTWISE_MODE);
  const int64_t *size = size_of(y);
  int64_t n = number_of(size);
  double *vx = read(x), *vb = b ? read(b) : NULL, *vt = t ? read(t) : NULL,
         *vy = malloc((size_t)n * sizeof *vy);
  for (int64_t i = 0; i < n; i++) {
    if (mode == CUDNN_POINTWISE_GEN_INDEX) {
      int64_t axis = *(const int64_t *)get(how, CUDNN_ATTR_POINTWISE_AXIS), step = 1;
      for (int64_t d = 3; d > axis; d--) step *= size[d];
      vy[i] = (double)(i / step % size[axis]);
      continue;
    }
    vy[i] = apply(mode, vx[meets(size, size_of(x), i)], b ? vb[meets(size, size_of(b), i)] : 0,
                  t ? vt[meets(size, size_of(t), i)] : 0);
  }
  free(vx), free(vb), free(vt);
  write(y, vy);
}

static void reduction(cudnnBackendDescriptor_t op) {
  cudnnBackendDescriptor_t x = part(op, CUDNN_ATTR_OPERATION_REDUCTION_XDESC),
                           y = part(op, CUDNN_ATTR_OPERATION_REDUCTION_YDESC);
  int by = choice(part(op, CUDNN_ATTR_OPERATION_REDUCTION_DESC), CUDNN_ATTR_REDUCTION_OPERATOR);
  int64_t n = number_of(size_of(x)), m = number_of(size_of(y));
  double *vx = read(x), *vy = malloc((size_t)m * sizeof *vy);
  for (int64_t i = 0; i < m; i++) vy[i] = by == CUDNN_REDUCE_TENSOR_MAX ? -INFINITY : 0;
  for (int64_t i = 0; i < n; i++) {
    double *to = &vy[meets(size_of(x), size_of(y), i)];
    if (by == CUDNN_REDUCE_TENSOR_MAX) {
      *to = fmax(*to, vx[i]);
    } else if (by == CUDNN_REDUCE_TENSOR_ADD) {
      *to += vx[i];
    } else {
      stop("reduction", by);
    }
  }
  free(vx);
  write(y, vy);
}

static void product(cudnnBackendDescriptor_t op) {
  cudnnBackendDescriptor_t a = part(op, CUDNN_ATTR_OPERATION_MATMUL_ADESC),
                           b = part(op, CUDNN_ATTR_OPERATION_MATMUL_BDESC),
                           c = part(op, CUDNN_ATTR_OPERATION_MATMUL_CDESC);
  const int64_t *sa = size_of(a), *sb = size_of(b), *sc = size_of(c);
  int64_t m = sc[2], n = sc[3], k = sa[3], batches = sc[0] * sc[1];
  if (sa[2] != m || sb[2] != k || sb[3] != n || sa[0] * sa[1] != batches ||
      sb[0] * sb[1] != batches)
    stop("sizes of a product", 0);
  double *va = read(a), *vb = read(b), *vc = calloc((size_t)(batches * m * n), sizeof *vc);
  for (int64_t z = 0; z < batches; z++) {
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = 0; j < n; j++) {
        for (int64_t l = 0; l < k; l++)
          vc[(z * m + i) * n + j] += va[(z * m + i) * k + l] * vb[(z * k + l) * n + j];
      }
    }
  }
  free(va), free(vb);
  write(c, vc);
}

/* Each element stays where it lies by the strides. */
static void reshape(cudnnBackendDescriptor_t op) {
  cudnnBackendDescriptor_t x = part(op, CUDNN_ATTR_OPERATION_RESHAPE_XDESC),
                           y = part(op, CUDNN_ATTR_OPERATION_RESHAPE_YDESC);
  int64_t n = number_of(size_of(x)), most = 0;
  for (int64_t i = 0; i < n; i++) most = place(x, i) > most ? place(x, i) : most;
  if (number_of(size_of(y)) != n) stop("sizes of a reshape", 0);
  double *vx = read(x), *lie = calloc((size_t)most + 1, sizeof *lie),
         *vy = malloc((size_t)n * sizeof *vy);
  for (int64_t i = 0; i < n; i++) lie[place(x, i)] = vx[i];
  for (int64_t i = 0; i < n; i++) {
    if (place(y, i) > most) stop("strides of a reshape", 0);
    vy[i] = lie[place(y, i)];
  }
  free(vx), free(lie);
  write(y, vy);
}

void evaluate(cudnnBackendDescriptor_t pack_) {
  const struct attribute *ops = find(last_graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
  pack = pack_;
  if (!ops) stop("no graph", 0);
  for (int64_t i = 0; i < ops->n; i++) {
    cudnnBackendDescriptor_t op = ((cudnnBackendDescriptor_t *)ops->values)[i];
    if (find(op, CUDNN_ATTR_OPERATION_POINTWISE_XDESC)) {
      pointwise(op);
    } else if (find(op, CUDNN_ATTR_OPERATION_REDUCTION_XDESC)) {
      reduction(op);
    } else if (find(op, CUDNN_ATTR_OPERATION_MATMUL_ADESC)) {
      product(op);
    } else if (find(op, CUDNN_ATTR_OPERATION_RESHAPE_XDESC)) {
      reshape(op);
    } else {
      stop("unknown operation", (int)i);
    }
  }
}
