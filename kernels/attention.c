/* softmax(scale q k^T) v for each head, one row of weights at a time; a head's gradient in one thread, so that every sum
 * has one order. Weight (i, j) is dropped by the numbers of element (i, j) of [N, H, T, S], as dropout would. */

typedef struct heads { /* x[n, h, row, i] */
  T *data;
  const int64_t *stride;
} heads;

static heads heads_of(const tnt__view *v) { return (heads){v->data, v->stride}; }
static T *row_of(const heads *x, int64_t n, int64_t h, int64_t row) {
  return x->data + n * x->stride[0] + h * x->stride[1] + row * x->stride[2];
}
static T dot_of(const T *a, int64_t sa, const T *b, int64_t sb, int64_t n) {
  T s = 0;
  for (int64_t i = 0; i < n; i++) s += a[i * sa] * b[i * sb];
  return s;
}
static void add_row(T *y, int64_t sy, T by, const T *x, int64_t sx, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i * sy] += by * x[i * sx];
}

static void clear_rows(const heads *x, int64_t n, int64_t h, int64_t rows, int64_t d) {
  for (int64_t row = 0; row < rows; row++) {
    T *at = row_of(x, n, h, row);
    for (int64_t i = 0; i < d; i++) at[i * x->stride[3]] = 0;
  }
}

typedef struct attention {
  int64_t h, t, s, d;
  bool causal;
  T scale, kept;
  uint32_t limit; /* draws below it are dropped */
  uint64_t seed, call;
} attention;

static attention attention_of(const tnt__view *q, const tnt__view *k, bool causal, double scale,
                              double p, uint64_t seed, uint64_t call) {
  return (attention){.h = q->size[1],
                     .t = q->size[2],
                     .s = k->size[2],
                     .d = q->size[3],
                     .causal = causal,
                     .scale = (T)scale,
                     .kept = p >= 1 ? 0 : (T)(1 / (1 - p)),
                     .limit = p >= 1 ? UINT32_MAX : (uint32_t)(p * 4294967296.0),
                     .seed = seed,
                     .call = call};
}
static int64_t seen_by_row(const attention *a, int64_t row) {
  return a->causal ? row + 1 + a->s - a->t : a->s;
}
static T mask_of(const attention *a, int64_t head, int64_t row, int64_t column) {
  if (!a->limit) return 1;
  uint64_t i = (uint64_t)((head * a->t + row) * a->s + column);
  return philox(a->seed, a->call, i).v[0] < a->limit ? 0 : a->kept;
}
static void scores_of(const attention *a, T *score, const T *q, int64_t sq, const heads *k,
                      int64_t n, int64_t h, int64_t columns) {
  for (int64_t j = 0; j < columns; j++)
    score[j] = dot_of(q, sq, row_of(k, n, h, j), k->stride[3], a->d) * a->scale;
}

static int attention_cpu(tnt__args *args) {
  const tnt__view *qv = &args->in[0];
  attention a = attention_of(qv, &args->in[1], args->integer[ATTENTION_CAUSAL] != 0,
                             args->number[ATTENTION_SCALE], args->number[ATTENTION_P], args->seed,
                             args->call);
  heads q = heads_of(qv), k = heads_of(&args->in[1]), v = heads_of(&args->in[2]),
        y = heads_of(&args->out[0]);
  T *lse = args->out[1].data;
  int64_t rows = qv->size[0] * a.h * a.t;
  T *room = malloc((size_t)(rows * a.s + 1) * sizeof *room);
  if (!room) return args->fail(TNT_EMEMORY, "%s: out of memory", args->op);
  int threads = THREADS(rows * a.s * 8);
  PARALLEL_FOR(r, rows, {
    int64_t head = r / a.t, row = r % a.t, n = head / a.h, h = head % a.h;
    int64_t columns = seen_by_row(&a, row);
    T *score = room + r * a.s, *to = row_of(&y, n, h, row), top = -INFINITY;
    wide sum = 0;
    scores_of(&a, score, row_of(&q, n, h, row), q.stride[3], &k, n, h, columns);
    for (int64_t j = 0; j < columns; j++) top = score[j] > top ? score[j] : top;
    if (top == -INFINITY) top = 0;
    for (int64_t j = 0; j < columns; j++) {
      score[j] = EXP(score[j] - top);
      sum += score[j];
    }
    lse[r] = top + (T)log((double)sum);
    for (int64_t i = 0; i < a.d; i++) to[i * y.stride[3]] = 0;
    for (int64_t j = 0; j < columns; j++) {
      T w = (T)(score[j] / sum) * mask_of(&a, head, row, j);
      add_row(to, y.stride[3], w, row_of(&v, n, h, j), v.stride[3], a.d);
    }
  });
  free(room);
  return 0;
}

static int attention_grad_cpu(tnt__args *args) {
  const tnt__view *qv = &args->in[1];
  attention a = attention_of(qv, &args->in[2], args->integer[ATTENTION_GRAD_CAUSAL] != 0,
                             args->number[ATTENTION_GRAD_SCALE], args->number[ATTENTION_GRAD_P],
                             (uint64_t)args->integer[ATTENTION_GRAD_SEED],
                             (uint64_t)args->integer[ATTENTION_GRAD_TURN]);
  heads dy = heads_of(&args->in[0]), q = heads_of(qv), k = heads_of(&args->in[2]),
        v = heads_of(&args->in[3]), y = heads_of(&args->in[4]), dq = heads_of(&args->out[0]),
        dk = heads_of(&args->out[1]), dv = heads_of(&args->out[2]);
  const tnt__view *lv = &args->in[5];
  const T *lse = lv->data;
  int64_t all = qv->size[0] * a.h;
  T *room = malloc((size_t)(all * a.s + 1) * sizeof *room);
  if (!room) return args->fail(TNT_EMEMORY, "%s: out of memory", args->op);
  int threads = THREADS(all * a.t * a.s * 8);
  PARALLEL_FOR(head, all, {
    int64_t n = head / a.h, h = head % a.h;
    T *score = room + head * a.s;
    clear_rows(&dq, n, h, a.t, a.d);
    clear_rows(&dk, n, h, a.s, a.d);
    clear_rows(&dv, n, h, a.s, a.d);
    for (int64_t row = 0; row < a.t; row++) {
      int64_t columns = seen_by_row(&a, row);
      const T *g = row_of(&dy, n, h, row), *at = row_of(&q, n, h, row);
      T l = lse[n * lv->stride[0] + h * lv->stride[1] + row * lv->stride[2]],
        delta = dot_of(g, dy.stride[3], row_of(&y, n, h, row), y.stride[3], a.d);
      scores_of(&a, score, at, q.stride[3], &k, n, h, columns);
      for (int64_t j = 0; j < columns; j++) {
        T w = EXP(score[j] - l), mask = mask_of(&a, head, row, j);
        T dw = dot_of(g, dy.stride[3], row_of(&v, n, h, j), v.stride[3], a.d) * mask;
        T ds = w * (dw - delta) * a.scale;
        add_row(row_of(&dv, n, h, j), dv.stride[3], w * mask, g, dy.stride[3], a.d);
        add_row(row_of(&dq, n, h, row), dq.stride[3], ds, row_of(&k, n, h, j), k.stride[3], a.d);
        add_row(row_of(&dk, n, h, j), dk.stride[3], ds, at, q.stride[3], a.d);
      }
    }
  });
  free(room);
  return 0;
}
