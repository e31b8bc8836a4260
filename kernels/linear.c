/* Linear layers, y[.., O] = x[.., I] w[O, I]^T + b, with a gelu behind them or between two, and their gradients. Rows pass
 * in blocks, so that a block is still in the caches when the gelu or the next product reads it; blocks and the order of
 * sums depend on sizes alone. */

enum {
  LAYER_BLOCK =
      16 << 20,    /* bytes of a block; smaller ones would have the weights packed too often */
  LAYER_PIECE = 64 /* rows whose sums one thread gathers */
};

typedef struct layer {
  const T *x, *b;
  T *copy; /* of x */
  int64_t rows, ins, outs, step;
  operand w;
} layer;

/* v as dense rows: its own data, or a copy, then also in *copy. False: out of memory. */
static bool dense_rows(const T **to, T **copy, const tnt__view *v) {
  int64_t dense = 1;
  *copy = NULL;
  *to = v->data;
  for (int d = v->ndim - 1; d >= 0; d--) {
    if (v->size[d] != 1 && v->stride[d] != dense) return (*to = *copy = dense_copy(v)) != NULL;
    dense *= v->size[d];
  }
  return true;
}

static void layer_close(layer *l) {
  free(l->copy);
  free(l->w.copy);
}

static bool layer_open(layer *l, const tnt__view *x, const tnt__view *w, const tnt__view *b) {
  l->ins = w->size[1], l->outs = w->size[0], l->rows = 1;
  for (int d = 0; d < x->ndim - 1; d++) l->rows *= x->size[d];
  l->b = b->data;
  l->step = b->data ? b->stride[0] : 0;
  l->w.copy = NULL;
  return dense_rows(&l->x, &l->copy, x) && prepare(&l->w, w);
}

/* y[rows, O] of rows of x. */
static void layer_run(const layer *l, const T *x, T *y, int64_t rows) {
  int threads = THREADS(rows * l->outs * (l->ins > 64 ? 64 : l->ins ? l->ins : 1));
  for (int64_t r = 0; r < rows && l->b; r++) {
    for (int64_t o = 0; o < l->outs; o++) y[r * l->outs + o] = l->b[o * l->step];
  }
  gemm(false, !l->w.m.transposed, rows, l->outs, l->ins, x, l->ins, l->w.m.data, l->w.m.ld,
       l->b != NULL, y, l->outs, threads);
}

static int64_t block_rows(int64_t columns) {
  int64_t rows = LAYER_BLOCK / (int64_t)sizeof(T) / (columns ? columns : 1);
  return rows < 256 ? 256 : rows;
}

static int out_of_memory(tnt__args *a) { return a->fail(TNT_EMEMORY, "%s: out of memory", a->op); }

static int linear_cpu(tnt__args *a) {
  layer l;
  bool there = layer_open(&l, &a->in[0], &a->in[1], &a->in[2]);
  if (there) layer_run(&l, l.x, a->out[0].data, l.rows);
  layer_close(&l);
  return there ? 0 : out_of_memory(a);
}

/* -- gelu: the formulas of gelu_tanh in core/ops.lua ------------------------------------------------------------------- */
/* y may be x */
static void gelu_run(const T *x, T *y, int64_t n) {
  const int64_t piece = 4096;
  int threads = THREADS(n);
  PARALLEL_FOR(p, (n + piece - 1) / piece, {
    int64_t end = (p + 1) * piece < n ? (p + 1) * piece : n;
    LOOP_SIMD
    for (int64_t i = p * piece; i < end; i++) {
      T v = x[i];
      y[i] = (T)0.5 * v * (1 + TANH((T)0.7978845608028654 * (v + (T)0.044715 * v * v * v)));
    }
  });
}

/* Sums over rows are gathered for pieces of LAYER_PIECE rows, which are joined in order. Null: out of memory. */
static double *piece_sums(int64_t rows, int64_t n) {
  return calloc((size_t)((rows + LAYER_PIECE - 1) / LAYER_PIECE * n + 1), sizeof(double));
}

static void join_pieces(double *sums, const double *part, int64_t rows, int64_t n) {
  for (int64_t p = 0; p < (rows + LAYER_PIECE - 1) / LAYER_PIECE; p++) {
    for (int64_t c = 0; c < n; c++) sums[c] += part[p * n + c];
  }
}

/* dx = dy times the slope at x, dx may be dy; sums: dx over rows is added to them, or null. False: out of memory. */
static bool gelu_slope_run(const T *dy, const T *x, T *dx, int64_t rows, int64_t n, double *sums) {
  int threads = THREADS(rows * n);
  double *part = sums ? piece_sums(rows, n) : NULL;
  if (sums && !part) return false;
  PARALLEL_FOR(p, (rows + LAYER_PIECE - 1) / LAYER_PIECE, {
    int64_t end = (p + 1) * LAYER_PIECE < rows ? (p + 1) * LAYER_PIECE : rows;
    for (int64_t r = p * LAYER_PIECE; r < end; r++) {
      const T *g = dy + r * n;
      const T *u = x + r * n;
      T *to = dx + r * n;
      LOOP_SIMD
      for (int64_t c = 0; c < n; c++) {
        T v = u[c];
        T q = v * v;
        T h = TANH((T)0.7978845608028654 * (v + (T)0.044715 * v * q));
        T inner = (T)0.7978845608028654 * (1 + (T)0.134145 * q);
        to[c] = g[c] * ((T)0.5 * (1 + h) + (T)0.5 * v * (1 - h * h) * inner);
      }
      for (int64_t c = 0; c < n && part; c++) part[p * n + c] += (double)to[c];
    }
  });
  if (sums) join_pieces(sums, part, rows, n);
  free(part);
  return true;
}

static void store_sums(T *to, const double *sums, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = sums ? (T)sums[i] : 0;
}

static int linear_gelu_cpu(tnt__args *a) {
  layer l;
  bool there = layer_open(&l, &a->in[0], &a->in[1], &a->in[2]);
  T *y = a->out[0].data, *pre = a->out[1].numel ? a->out[1].data : y;
  int64_t at_once = block_rows(l.outs);
  for (int64_t r = 0; r < l.rows && there; r += at_once) {
    int64_t n = l.rows - r < at_once ? l.rows - r : at_once, at = r * l.outs;
    layer_run(&l, l.x + r * l.ins, pre + at, n);
    gelu_run(pre + at, y + at, n * l.outs);
  }
  layer_close(&l);
  return there ? 0 : out_of_memory(a);
}

static int gelu_mlp_cpu(tnt__args *a) { /* x, v, a, w, b -> y, pre, act */
  const tnt__view *wv = &a->in[3], *x = &a->in[0];
  layer l = {0}, m = {0};
  int64_t wide_ins = a->in[1].size[0], at_once = block_rows(wide_ins);
  bool kept = a->out[1].numel > 0, there = layer_open(&l, x, &a->in[1], &a->in[2]);
  m.ins = wide_ins, m.outs = wv->size[0], m.b = a->in[4].data;
  m.step = m.b ? a->in[4].stride[0] : 0;
  if (at_once > l.rows) at_once = l.rows;
  T *own = kept ? NULL : malloc((size_t)(at_once * wide_ins + 1) * sizeof(T));
  there = there && (kept || own) && prepare(&m.w, wv);
  for (int64_t r = 0; r < l.rows && there; r += at_once) {
    int64_t n = l.rows - r < at_once ? l.rows - r : at_once;
    T *pre = kept ? (T *)a->out[1].data + r * wide_ins : own;
    T *act = kept ? (T *)a->out[2].data + r * wide_ins : own;
    layer_run(&l, l.x + r * l.ins, pre, n);
    gelu_run(pre, act, n * wide_ins);
    layer_run(&m, act, (T *)a->out[0].data + r * m.outs, n);
  }
  free(own);
  layer_close(&l);
  layer_close(&m);
  return there ? 0 : out_of_memory(a);
}

/* -- gradients ------------------------------------------------------------------------------------------------------------ */
static int gelu_bias_grad_cpu(tnt__args *a) {
  const tnt__view *dy = &a->in[0];
  int64_t rows = dy->size[0], n = dy->size[1];
  double *sums = a->integer[GELU_BIAS_GRAD_FULL] ? calloc((size_t)n + 1, sizeof *sums) : NULL;
  if (!sums && a->integer[GELU_BIAS_GRAD_FULL]) return out_of_memory(a);
  bool done = gelu_slope_run(dy->data, a->in[1].data, a->out[0].data, rows, n, sums);
  store_sums(a->out[1].data, sums, n);
  free(sums);
  return done ? 0 : out_of_memory(a);
}

static int gelu_linear_grad_cpu(
    tnt__args *a) { /* dpre[M, H] = dy[M, O] w[O, H] times the slope at pre */
  operand dy = {0}, w = {0};
  T *copy = NULL, *to = a->out[0].data;
  int64_t rows = a->in[0].size[0], outs = a->in[0].size[1], n = a->in[1].size[1];
  const T *pre;
  double *sums = calloc((size_t)n + 1, sizeof *sums);
  bool there = dense_rows(&pre, &copy, &a->in[2]) && sums && prepare(&dy, &a->in[0]) &&
               prepare(&w, &a->in[1]);
  int64_t at_once = block_rows(n);
  for (int64_t r = 0; r < rows && there; r += at_once) {
    int64_t some = rows - r < at_once ? rows - r : at_once;
    int threads = THREADS(some * n * (outs > 64 ? 64 : outs ? outs : 1));
    gemm(dy.m.transposed, w.m.transposed, some, n, outs,
         dy.m.data + r * (dy.m.transposed ? 1 : dy.m.ld), dy.m.ld, w.m.data, w.m.ld, false,
         to + r * n, n, threads);
    there = gelu_slope_run(to + r * n, pre + r * n, to + r * n, some, n,
                           a->integer[GELU_LINEAR_GRAD_FULL] ? sums : NULL);
  }
  if (there) store_sums(a->out[1].data, sums, n);
  free(sums);
  free(copy);
  free(dy.copy);
  free(w.copy);
  return there ? 0 : out_of_memory(a);
}

static int linear_grad_cpu(tnt__args *a) { /* dw[O, I] = dy[M, O]^T x[M, I], db[O] = sums of dy */
  operand dy = {0}, x = {0};
  int64_t rows = a->in[0].size[0], outs = a->in[0].size[1], ins = a->in[1].size[1];
  double *sums = calloc((size_t)outs + 1, sizeof *sums), *part = piece_sums(rows, outs);
  bool there = sums && part && prepare(&dy, &a->in[0]) && prepare(&x, &a->in[1]);
  if (there) {
    int threads = THREADS(outs * ins * (rows > 64 ? 64 : rows ? rows : 1));
    gemm(!dy.m.transposed, x.m.transposed, outs, ins, rows, dy.m.data, dy.m.ld, x.m.data, x.m.ld,
         false, a->out[0].data, ins, threads);
    int64_t step = dy.m.transposed ? 1 : dy.m.ld, side = dy.m.transposed ? dy.m.ld : 1;
    threads = THREADS(rows * outs);
    PARALLEL_FOR(p, (rows + LAYER_PIECE - 1) / LAYER_PIECE, {
      int64_t end = (p + 1) * LAYER_PIECE < rows ? (p + 1) * LAYER_PIECE : rows;
      for (int64_t r = p * LAYER_PIECE; r < end; r++) {
        for (int64_t c = 0; c < outs; c++)
          part[p * outs + c] += (double)dy.m.data[r * step + c * side];
      }
    });
    join_pieces(sums, part, rows, outs);
    store_sums(a->out[1].data, sums, outs);
  }
  free(sums);
  free(part);
  free(dy.copy);
  free(x.copy);
  return there ? 0 : out_of_memory(a);
}
