/* Runs elementwise ops: dims are dropped and merged until few are left. A card gets the plan so made; on the CPU rows of
 * the generated kernels run over it. Operands of another dtype than the compute type pass through tiles of 1,024 elements, in which 16-bit
 * values are widened, and rounded once when they are stored. */
#include <omp.h>

#include "../kernels/cpu.h"
#include "calls_gen.h"
#include "device.h"

enum { TILE = 1024, OPERANDS = TNT_OPERANDS };

static int native_dtype(int compute) {
  return compute == TNT_F64 ? TNT_F64 : category(compute) == 2 ? TNT_F32 : TNT_I64;
}

int conversion_dtype(int from, int to) {
  if (category(from) < 2 && category(to) < 2) return TNT_I64;
  if (category(to) < 2 || from == TNT_F64 || to == TNT_F64) return TNT_F64;
  return TNT_F32; /* whole numbers too: by way of f64 they would be rounded twice */
}

typedef union scalar {
  float f32;
  double f64;
  int64_t i64;
} scalar;

/* A plan and what the CPU runs it with. */
typedef struct cpu_plan {
  const tnt__plan *plan;
  const tnt__kernels *kernels;
  const tnt__row *rows;
  int native;
} cpu_plan;

/* One row of `n` elements from the given places. */
static void run_row(const cpu_plan *cpu, char *const *at, int64_t n) {
  const tnt__plan *p = cpu->plan;
  const tnt__row *rows = cpu->rows;
  int inner = p->ndim - 1;
  const int64_t width = dtype_size[cpu->native];
  bool direct_out = p->dtype[0] == cpu->native && p->stride[0][inner] == 1;
  bool direct[OPERANDS], constant[OPERANDS], all = direct_out;
  _Alignas(64) char tiles[OPERANDS][TILE * 8];
  for (int k = 1; k < p->n; k++) {
    int64_t s = p->stride[k][inner];
    constant[k] = s == 0;
    direct[k] = p->dtype[k] == cpu->native && s == 1;
    all = all && (direct[k] || (constant[k] && p->dtype[k] == cpu->native));
  }
  /* one number beside one vector: its own form of the kernel */
  int form = 0;
  if (p->n == 3 && rows[1]) {
    if (constant[2] && !constant[1])
      form = 1;
    else if (constant[1] && !constant[2])
      form = 2;
  }
  int64_t step = TILE;
  bool tiled_constant = false;
  for (int k = 1; k < p->n; k++) {
    if (!constant[k]) continue;
    cpu->kernels->load(tiles[k], at[k], p->dtype[k], 1, 0);
    if (form && form == 3 - k) continue; /* the kernel reads its one value */
    int64_t m = n < TILE ? n : TILE;
    if (width == 4) {
      float v = *(float *)(void *)tiles[k];
      for (int64_t i = 0; i < m; i++) ((float *)(void *)tiles[k])[i] = v;
    } else {
      int64_t v = *(int64_t *)(void *)tiles[k];
      for (int64_t i = 0; i < m; i++) ((int64_t *)(void *)tiles[k])[i] = v;
    }
    tiled_constant = true;
  }
  if (all && !tiled_constant) step = n;
  for (int64_t i = 0; i < n; i += step) {
    int64_t m = n - i < step ? n - i : step;
    const void *in[OPERANDS];
    for (int k = 1; k < p->n; k++) {
      if (constant[k]) {
        in[k - 1] = tiles[k];
      } else if (direct[k]) {
        in[k - 1] = at[k] + i * width;
      } else {
        int64_t s = p->stride[k][inner];
        cpu->kernels->load(tiles[k], at[k] + i * s * p->width[k], p->dtype[k], m, s);
        in[k - 1] = tiles[k];
      }
    }
    if (direct_out) {
      rows[form](at[0] + i * width, in, m, p->numbers);
    } else {
      int64_t s = p->stride[0][inner];
      rows[form](tiles[0], in, m, p->numbers);
      cpu->kernels->store(at[0] + i * s * p->width[0], tiles[0], p->dtype[0], m, s);
    }
  }
}

static void run_range(const cpu_plan *cpu, int64_t first_row, int64_t rows) {
  const tnt__plan *p = cpu->plan;
  int64_t index[MAX_DIMS];
  char *at[OPERANDS];
  int outer = p->ndim - 1;
  int64_t rest = first_row;
  for (int k = 0; k < p->n; k++) at[k] = p->data[k];
  for (int d = outer - 1; d >= 0; d--) {
    index[d] = rest % p->size[d];
    rest /= p->size[d];
    for (int k = 0; k < p->n; k++) at[k] += index[d] * p->stride[k][d] * p->width[k];
  }
  for (int64_t r = 0; r < rows; r++) {
    run_row(cpu, at, p->size[outer]);
    for (int d = outer - 1; d >= 0; d--) {
      for (int k = 0; k < p->n; k++) at[k] += p->stride[k][d] * p->width[k];
      if (++index[d] < p->size[d]) break;
      for (int k = 0; k < p->n; k++) at[k] -= p->size[d] * p->stride[k][d] * p->width[k];
      index[d] = 0;
    }
  }
}

static void run_plan(const cpu_plan *cpu) {
  const tnt__plan *p = cpu->plan;
  int64_t rows = 1, inner = p->size[p->ndim - 1];
  for (int d = 0; d < p->ndim - 1; d++) rows *= p->size[d];
  int threads = rows * inner >= PARALLEL_FROM ? tnt_num_threads() : 1;
  if (threads <= 1) {
    run_range(cpu, 0, rows);
  } else if (rows == 1) {
#pragma omp parallel num_threads(threads)
    {
      int64_t piece = ((inner + threads - 1) / threads + 1023) & ~(int64_t)1023;
      int64_t from = piece * omp_get_thread_num();
      int64_t n = inner - from < piece ? inner - from : piece;
      if (n > 0) {
        char *at[OPERANDS];
        for (int k = 0; k < p->n; k++)
          at[k] = p->data[k] + from * p->stride[k][p->ndim - 1] * p->width[k];
        run_row(cpu, at, n);
      }
    }
  } else {
#pragma omp parallel num_threads(threads)
    {
      int64_t piece = (rows + threads - 1) / threads;
      int64_t from = piece * omp_get_thread_num();
      int64_t n = rows - from < piece ? rows - from : piece;
      if (n > 0) run_range(cpu, from, n);
    }
  }
}

/* Largest output strides outside, dims of size 1 away, neighbours merged where every operand allows it. */
static void collapse(tnt__plan *p) {
  int n = 0;
  for (int d = 0; d < p->ndim; d++) {
    if (p->size[d] == 1) continue;
    int to = n++;
    int64_t size = p->size[d], stride[OPERANDS];
    for (int k = 0; k < p->n; k++) stride[k] = p->stride[k][d];
    while (to > 0 && p->stride[0][to - 1] < stride[0]) {
      p->size[to] = p->size[to - 1];
      for (int k = 0; k < p->n; k++) p->stride[k][to] = p->stride[k][to - 1];
      to--;
    }
    p->size[to] = size;
    for (int k = 0; k < p->n; k++) p->stride[k][to] = stride[k];
  }
  int kept = 0;
  for (int d = 1; d < n; d++) {
    bool merge = true;
    for (int k = 0; k < p->n; k++)
      merge = merge && p->stride[k][kept] == p->stride[k][d] * p->size[d];
    if (merge) {
      p->size[kept] *= p->size[d];
      for (int k = 0; k < p->n; k++) p->stride[k][kept] = p->stride[k][d];
    } else {
      kept++;
      p->size[kept] = p->size[d];
      for (int k = 0; k < p->n; k++) p->stride[k][kept] = p->stride[k][d];
    }
  }
  p->ndim = n ? kept + 1 : 1;
  if (!n) {
    p->size[0] = 1;
    for (int k = 0; k < p->n; k++) p->stride[k][0] = k ? 0 : 1;
  }
}

/* Whole numbers have no quotient by 0, as in PyTorch; floats make infinity and NaN of it. */
static int check_divisors(call *k) {
  bool zero = k->number_at == 1 && k->operand == 0;
  if (k->number_at != 1) {
    tensor *b = k->in[1], *wide;
    TRY(tensor_create(k->c, &wide, TNT_CPU, TNT_I64, b->size, b->ndim));
    call cast = {.op = &tnt__ops[OP_ID_CAST],
                 .c = k->c,
                 .n_in = 1,
                 .number_at = -1,
                 .in = {b},
                 .out = {wide},
                 .compute = TNT_I64};
    int rc = elementwise(&cast);
    for (int64_t i = 0; i < wide->numel && !rc; i++)
      zero = zero || ((int64_t *)(void *)wide->data)[i] == 0;
    tensor_unref(k->c, wide);
    if (rc) return rc;
  }
  if (!zero) return 0;
  return fail(TNT_EARGUMENT,
              "%s: whole numbers cannot be divided by 0 (x:float() gives infinity and NaN)",
              k->op->name);
}

static void plan_of(tnt__plan *p, const call *k, void *number, int number_dtype) {
  const tensor *y = k->out[0];
  p->op = k->op->name;
  p->row = k->op->kernel;
  p->n = k->n_in + 1;
  p->compute = k->compute;
  p->number_at = k->number_at + 1;
  p->operand = k->operand;
  p->numbers = k->numbers;
  p->ndim = y->ndim;
  p->data[0] = y->data;
  p->dtype[0] = y->dtype;
  p->width[0] = dtype_size[y->dtype];
  for (int d = 0; d < y->ndim; d++) p->size[d] = y->size[d], p->stride[0][d] = y->stride[d];
  for (int i = 0; i < k->n_in; i++) {
    const tensor *t = k->in[i];
    int o = i + 1;
    if (!t) {
      p->data[o] = number;
      p->dtype[o] = (uint8_t)number_dtype;
      p->width[o] = dtype_size[number_dtype];
      for (int d = 0; d < y->ndim; d++) p->stride[o][d] = 0;
      continue;
    }
    p->data[o] = t->data;
    p->dtype[o] = t->dtype;
    p->width[o] = dtype_size[t->dtype];
    int shift = y->ndim - t->ndim;
    for (int d = 0; d < y->ndim; d++) {
      p->stride[o][d] = d < shift || t->size[d - shift] == 1 ? 0 : t->stride[d - shift];
    }
  }
  collapse(p);
}

static int elementwise_on_card(call *k) {
  tnt__plan p;
  const device_table *device = device_of(k->out[0]->device);
  plan_of(&p, k, NULL, k->compute);
  p.fail = fail;
  p.stream = device->stream(device_card(k->out[0]->device), STREAM_COMPUTE);
  return device->elementwise(&p);
}

int elementwise(call *k) {
  tensor *y = k->out[0];
  if (y->numel == 0) return 0;
  if (UNLIKELY(y->device != TNT_CPU)) return elementwise_on_card(k);
  cpu_plan cpu;
  cpu.native = native_dtype(k->compute);
  cpu.kernels = kernels_for(cpu.native);
  cpu.rows = cpu.kernels->row[k->op->kernel];
  if (UNLIKELY(!cpu.rows[0])) {
    return fail(TNT_EDTYPE, "%s: not for %s (cast it: x:float())", k->op->name,
                dtype_name(k->compute));
  }
  if (UNLIKELY(cpu.native == TNT_I64 &&
               (k->op == &tnt__ops[OP_ID_REMAINDER] || k->op == &tnt__ops[OP_ID_FLOOR_DIVIDE]))) {
    TRY(check_divisors(k));
  }
  scalar number;
  bool simple = (y->flags & FLAG_DENSE) && y->dtype == cpu.native;
  for (int i = 0; i < k->n_in; i++) {
    tensor *t = k->in[i];
    if (t && !((t->flags & FLAG_DENSE) && t->dtype == cpu.native && t->numel == y->numel))
      simple = false;
  }
  if (k->number_at >= 0) {
    if (cpu.native == TNT_F32)
      number.f32 = (float)k->operand;
    else if (cpu.native == TNT_F64)
      number.f64 = k->operand;
    else
      number.i64 = (int64_t)k->operand;
  }
  if (LIKELY(simple && (k->number_at < 0 || k->n_in == 2))) { /* equal shapes, dense, one dtype */
    int form = k->number_at < 0 ? 0 : k->number_at == 1 ? 1 : 2;
    if (LIKELY(y->numel < PARALLEL_FROM)) {
      const void *in[MAX_INPUTS];
      for (int i = 0; i < k->n_in; i++)
        in[i] = i == k->number_at ? (void *)&number : k->in[i]->data;
      cpu.rows[form](y->data, in, y->numel, k->numbers);
      return 0;
    }
  }
  tnt__plan p;
  plan_of(&p, k, &number, cpu.native);
  cpu.plan = &p;
  run_plan(&cpu);
  return 0;
}
