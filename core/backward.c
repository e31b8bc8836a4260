/* The walk of the tape: count, then take nodes whose gradient is complete. An object of its own, not a global, so that a
 * gradient written in Lua may run a backward of its own in the middle of another; a loop, so that depth costs no stack. */
#include <stdlib.h>

#include "calls_gen.h"
#include "entry.h"
#include "watch.h"

typedef struct stack {
  node **items;
  int n, room;
} stack;

typedef struct capture { /* an input of tnt.grad: what arrives at its place in the graph */
  node *at;
  uint32_t output;
  tensor *grad;
} capture;

typedef struct
    lent { /* a node's scratch, put aside for an outer walk while an inner one uses the node */
  node *at;
  uint64_t walk;
  int32_t waiting;
  tensor *grads[MAX_OUTPUTS];
} lent;

struct tnt_backward {
  context *c;
  struct tnt_backward *outer; /* open walks */
  uint64_t id;
  int create_graph, retain_graph;
  stack ready;
  node **seen; /* references: a graph outlives its walk */
  int n_seen, room_seen;
  node *pulled; /* waits for Lua */
  lent *lent;
  int n_lent, room_lent;
  capture *captures;
  int n_captures;
  int failed;
};

static int push(stack *s, node *n) {
  if (s->n == s->room) {
    int room = s->room ? s->room * 2 : 64;
    node **more = realloc(s->items, (size_t)room * sizeof *more);
    if (!more) return fail(TNT_EMEMORY, "backward: out of memory");
    s->items = more;
    s->room = room;
  }
  s->items[s->n++] = n;
  return 0;
}

static int lend(tnt_backward *w, node *n) {
  if (w->n_lent == w->room_lent) {
    int room = w->room_lent ? w->room_lent * 2 : 16;
    lent *more = realloc(w->lent, (size_t)room * sizeof *more);
    if (!more) return fail(TNT_EMEMORY, "backward: out of memory");
    w->lent = more;
    w->room_lent = room;
  }
  lent *l = &w->lent[w->n_lent++];
  *l = (lent){.at = n, .walk = n->walk, .waiting = n->waiting};
  memcpy(l->grads, n->grads, sizeof l->grads);
  return 0;
}

static int visit(tnt_backward *w, node *n, stack *s) {
  if (n->walk == w->id) return 0;
  if (n->cut) {
    return fail(TNT_ESTATE,
                "backward: the graph reaches a tensor made in step %u, whose history ended with "
                "that step; detach() "
                "what is carried from one step to the next (h = h:detach())",
                n->step);
  }
  if (n->freed) {
    return fail(
        TNT_ESTATE,
        "backward: a second time through %s, whose saved tensors were freed by the first; pass "
        "{retain_graph = true} to the first",
        n->op ? n->op->name : "a graph");
  }
  if (n->walk) TRY(lend(w, n)); /* an open walk's: closing sets it to 0 */
  n->walk = w->id;
  n->waiting = 0;
  for (int o = 0; o < MAX_OUTPUTS; o++) n->grads[o] = NULL;
  if (w->n_seen == w->room_seen) {
    int room = w->room_seen ? w->room_seen * 2 : 256;
    node **more = realloc(w->seen, (size_t)room * sizeof *more);
    if (!more) return fail(TNT_EMEMORY, "backward: out of memory");
    w->seen = more;
    w->room_seen = room;
  }
  node_ref(n);
  w->seen[w->n_seen++] = n;
  return push(s, n);
}

static bool exclusive(const tensor *t) {
  return t->refs == 1 && t->storage->refs == 1 && !t->node && !(t->flags & FLAG_HANDLE);
}

/* to += g without a record */
static int add_in_place(context *c, tensor *to, tensor *g) {
  call k;
  call_begin(&k, c, OP_ID_ADD);
  k.in[0] = k.out[0] = to;
  k.in[1] = g;
  k.compute = to->dtype;
  TRY(elementwise(&k));
  to->storage->version++;
  return 0;
}

/* Whether a leaf brings g to its dtype as it writes it, into memory that it has: the gradient of a weight that autocast
 * cast is then not made in f32 before it is added. Only where nothing else arrives: sums are of the leaf's dtype. */
static bool cast_by_leaf(const tnt_backward *w, const edge *e, const tensor *g) {
  const node *to = e->to;
  return to->kind == NODE_LEAF && to->leaf && to->leaf->grad && to->waiting == 1 &&
         !to->grads[e->output] && !w->create_graph && !w->n_captures && category(g->dtype) == 2 &&
         category(e->dtype) == 2;
}

/* A gradient as its edge wants it: shape and dtype of what the forward had. Consumes g. */
static int fit(tnt_backward *w, const edge *e, tensor *g, tensor **out) {
  context *c = w->c;
  bool same = g->ndim == e->ndim && memcmp(g->size, e->size, sizeof(int64_t) * e->ndim) == 0;
  tensor *t = g;
  int rc = 0;
  if (!same) {
    rc = sum_to(c, &t, g, e->size, e->ndim);
    tensor_unref(c, g);
    if (rc) return rc;
    same = t->ndim == e->ndim && memcmp(t->size, e->size, sizeof(int64_t) * e->ndim) == 0;
    if (!same) { /* smaller than the input: a rule may leave broadcasting to us */
      tensor *wide;
      rc = op_expand(c, &wide, t, e->size, e->ndim);
      tensor_unref(c, t);
      if (rc) return rc;
      t = wide;
    }
  }
  if (UNLIKELY(t->device != e->device)) {
    tensor *moved;
    rc = to_device(c, &moved, t, e->device);
    tensor_unref(c, t);
    if (rc) return rc;
    t = moved;
  }
  if (t->dtype != e->dtype && !cast_by_leaf(w, e, t)) {
    tensor *cast;
    rc = cast_to(c, &cast, t, e->dtype);
    tensor_unref(c, t);
    if (rc) return rc;
    t = cast;
  }
  *out = t;
  return 0;
}

static int accumulate(tnt_backward *w, node *n, uint32_t output, tensor *g) {
  context *c = w->c;
  tensor **to = &n->grads[output];
  if (!*to) {
    *to = g;
    return 0;
  }
  if (!w->create_graph && exclusive(*to) && !may_overlap(*to) && (*to)->dtype == g->dtype) {
    int rc = add_in_place(c, *to, g);
    tensor_unref(c, g);
    return rc;
  }
  tensor *sum;
  int rc = op_add(c, &sum, *to, g);
  tensor_unref(c, g);
  if (rc) return rc;
  tensor_unref(c, *to);
  *to = sum;
  return 0;
}

/* Gradients keep their storage: the first is taken over or copied, later steps write into it unless somebody still looks
 * at the last one. */
static int into_leaf(tnt_backward *w, tensor *leaf, tensor *g) {
  context *c = w->c;
  if (w->create_graph) {
    tensor *sum = g;
    if (leaf->flags & FLAG_GRAD_WRITTEN)
      TRY(op_add(c, &sum, leaf->grad, g));
    else
      tensor_ref(g);
    tensor_unref(c, leaf->grad);
    leaf->grad = sum;
  } else if (leaf->flags & FLAG_GRAD_WRITTEN) {
    return add_in_place(c, leaf->grad, g);
  } else if (leaf->grad && !leaf->grad->node && leaf->grad->storage->refs == 1 &&
             leaf->grad->dtype == leaf->dtype && same_size(leaf->grad, g)) {
    call k;
    call_begin(&k, c, OP_ID_CAST);
    k.in[0] = g;
    k.out[0] = leaf->grad;
    k.compute = conversion_dtype(g->dtype, leaf->dtype);
    TRY(elementwise(&k));
    leaf->grad->storage->version++;
  } else {
    tensor *own;
    if (g->dtype != leaf->dtype) {
      TRY(cast_to(c, &own, g, leaf->dtype));
    } else if (exclusive(g) && (g->flags & FLAG_DENSE)) {
      tensor_ref(g);
      own = g;
    } else {
      TRY(op_copy(c, &own, g));
    }
    tensor_unref(c, leaf->grad);
    leaf->grad = own;
  }
  leaf->flags |= FLAG_GRAD_WRITTEN;
  return 0;
}

/* Hands gradients on along the edges; consumes dx. */
static int hand_on(tnt_backward *w, node *n, tensor **dx) {
  int rc = 0;
  for (int i = 0; i < n->n_edges; i++) {
    edge *e = &n->edges[i];
    tensor *g = dx[i];
    if (!e->to) {
      tensor_unref(w->c, g);
      continue;
    }
    if (g && !rc && UNLIKELY(w->c->mode & MODE_FINITE)) rc = check_gradient(w->c, n, i, g);
    if (g && !rc) {
      rc = fit(w, e, g, &g);
      if (!rc) rc = accumulate(w, e->to, e->output, g);
    } else {
      tensor_unref(w->c, g);
    }
    if (--e->to->waiting == 0 && !rc) rc = push(&w->ready, e->to);
  }
  return rc;
}

static void finish(tnt_backward *w, node *n) {
  for (int o = 0; o < n->n_outputs; o++) {
    tensor_unref(w->c, n->grads[o]);
    n->grads[o] = NULL;
  }
  if (!w->retain_graph && (n->kind == NODE_OP || n->kind == NODE_LUA)) {
    n->freed = 1;
    node_release_saved(w->c, n);
    node_forget_lua(w->c, n);
  }
}

static int run_rule(tnt_backward *w, node *n, tensor **dx, bool *want) {
  rule_call r = {.c = w->c, .node = n, .dy = n->grads, .dx = dx, .want = want};
  context *c = w->c;
  node *outer = c->running;
  int64_t began = UNLIKELY(c->mode & MODE_RANGES) ? watch_clock() : 0;
  c->running = n;
  int rc;
  if (n->kind == NODE_OP) {
    if (!n->op->rule) {
      rc = fail(TNT_ESTATE, "%s: gradients of gradients do not go through it", n->op->name);
    } else {
      rc = n->op->rule(&r);
    }
  } else {
    rc = restride_backward(&r);
  }
  for (int o = 0; o < MAX_OUTPUTS; o++) tensor_unref(c, r.own[o]);
  if (UNLIKELY(c->mode & MODE_RANGES)) watch_gradient_range(c, n, began);
  c->running = outer;
  return rc;
}

static int run_node(tnt_backward *w, node *n) {
  bool any = false;
  for (int o = 0; o < n->n_outputs; o++) any = any || n->grads[o];
  if (UNLIKELY(w->c->mode & MODE_FINITE)) TRY(check_arrived(n));
  for (int i = 0; i < w->n_captures; i++) {
    capture *k = &w->captures[i];
    if (k->at != n || !n->grads[k->output]) continue;
    tensor_ref(n->grads[k->output]);
    k->grad = n->grads[k->output];
  }
  if (n->kind == NODE_LEAF) {
    int rc = any && n->leaf && !w->n_captures ? into_leaf(w, n->leaf, n->grads[0]) : 0;
    finish(w, n);
    return rc;
  }
  if (n->kind == NODE_LUA && any) {
    w->pulled = n;
    return TNT_PULL;
  }
  tensor *few[16] = {0}, **dx = few;
  bool few_want[16], *want = few_want;
  if (n->n_edges > 16) {
    dx = calloc(n->n_edges, sizeof *dx);
    want = malloc(n->n_edges);
    if (!dx || !want) {
      free(dx), free(want);
      return fail(TNT_EMEMORY, "backward: out of memory");
    }
  }
  for (int i = 0; i < n->n_edges; i++) want[i] = n->edges[i].to != NULL;
  int rc = any ? run_rule(w, n, dx, want) : 0;
  if (rc) {
    for (int i = 0; i < n->n_edges; i++) tensor_unref(w->c, dx[i]);
  } else {
    rc = hand_on(w, n, dx);
  }
  if (dx != few) free(dx), free(want);
  finish(w, n);
  return rc;
}

int tnt_backward_run(tnt_backward *w) {
  context *c = w->c;
  int mode = c->view.grad_mode, graph = c->create_graph, rc = 0;
  c->view.grad_mode = w->create_graph;
  c->create_graph = w->create_graph;
  while (w->ready.n && !rc) rc = run_node(w, w->ready.items[--w->ready.n]);
  c->view.grad_mode = mode;
  c->create_graph = graph;
  if (rc > 0) w->failed = 1;
  return rc;
}

int tnt_backward_open(tnt_backward **walk, const tnt_tensor *ys, const tnt_tensor *seeds, int n_ys,
                      const tnt_tensor *inputs, int n_inputs, int create_graph, int retain_graph) {
  context *c = context_now();
  tnt_backward *w = calloc(1, sizeof *w);
  if (!w) return fail(TNT_EMEMORY, "backward: out of memory");
  w->c = c;
  w->id = ++c->walks;
  w->outer = c->walk;
  c->walk = w;
  w->create_graph = create_graph;
  w->retain_graph = retain_graph || create_graph;
  stack s = {0};
  int rc = 0;
  tensor *y, *g;
  if (n_inputs) {
    w->captures = calloc((size_t)n_inputs, sizeof *w->captures);
    if (!w->captures) rc = fail(TNT_EMEMORY, "backward: out of memory");
  }
  for (int i = 0; i < n_inputs && !rc; i++) {
    rc = tensor_from_handle(c, &y, &inputs[i]);
    if (rc) break;
    node *n = gradient_node(c, y);
    if (!n) {
      rc = fail(TNT_ESTATE,
                "grad: input %d does not require a gradient; call requires_grad_() on it before it "
                "is used",
                i + 1);
      break;
    }
    node_ref(n);
    w->captures[i] = (capture){.at = n, .output = y->output};
    w->n_captures = i + 1;
  }
  for (int i = 0; i < n_ys && !rc; i++) {
    rc = tensor_from_handle(c, &y, &ys[i]);
    if (rc) break;
    node *n = gradient_node(c, y);
    if (!n) {
      rc = fail(
          TNT_ESTATE,
          "backward: this tensor has no history: nothing it was made from requires a gradient");
      break;
    }
    rc = visit(w, n, &s);
    while (!rc && s.n) {
      node *at = s.items[--s.n];
      for (int e = 0; e < at->n_edges && !rc; e++) {
        node *to = at->edges[e].to;
        if (!to) continue;
        rc = visit(w, to, &s);
        to->waiting++;
      }
    }
  }
  for (int i = 0; i < n_ys && !rc; i++) {
    tensor_from_handle(c, &y, &ys[i]);
    if (seeds) {
      rc = tensor_from_handle(c, &g, &seeds[i]);
      if (!rc && !same_size(g, y)) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        format_shape(a, sizeof a, y->size, y->ndim);
        format_shape(b, sizeof b, g->size, g->ndim);
        rc = fail(TNT_ESHAPE,
                  "backward: the gradient of a tensor of shape %s must have that shape, got %s", a,
                  b);
      }
      if (!rc) tensor_ref(g);
    } else if (y->numel != 1) {
      char a[SHAPE_TEXT];
      format_shape(a, sizeof a, y->size, y->ndim);
      rc = fail(TNT_ESHAPE,
                "backward: starts from one element (a loss), got shape %s; sum() or mean() it, or "
                "pass a gradient",
                a);
    } else {
      int mode = c->view.grad_mode;
      c->view.grad_mode = 0;
      rc = op_fill(c, &g, y, 1);
      c->view.grad_mode = mode;
    }
    if (rc) break;
    rc = accumulate(w, y->node, y->output, g);
  }
  for (int i = 0; i < w->n_seen && !rc; i++) {
    if (w->seen[i]->waiting == 0) rc = push(&w->ready, w->seen[i]);
  }
  free(s.items);
  if (rc) {
    tnt_backward_close(w);
    return rc;
  }
  *walk = w;
  return 0;
}

int tnt_backward_pull(tnt_backward *w, int32_t *id, tnt_tensor *dy, int *n_dy, uint8_t *needs,
                      int *n_in) {
  context *c = w->c;
  node *n = w->pulled;
  if (!n) return fail(TNT_EINTERNAL, "backward: nothing waits for Lua");
  *id = n->lua_id;
  *n_dy = n->n_outputs;
  *n_in = n->n_edges;
  for (int i = 0; i < n->n_edges; i++) needs[i] = n->edges[i].to != NULL;
  int owned = 0;
  for (int o = 0; o < n->n_outputs; o++) {
    tensor *g = n->grads[o];
    n->grads[o] = NULL;
    if (!g)
      TRY(zeros(c, &g, n->outputs[o].device, n->outputs[o].dtype, n->outputs[o].size,
                n->outputs[o].ndim));
    if ((g->flags & FLAG_HANDLE) ||
        g->refs > 1) { /* somebody holds it: Lua gets a handle of its own */
      tensor *own = tensor_view(c, g);
      if (!own) return fail(TNT_EMEMORY, "too many tensors are alive");
      if (g->node) {
        node_ref(g->node);
        own->node = g->node, own->output = g->output, own->node_version = own->storage->version;
      }
      tensor_unref(c, g);
      g = own;
    }
    owned = handle_give(c, &dy[o], g);
  }
  return owned;
}

int tnt_backward_push(tnt_backward *w, const tnt_tensor *dx, const uint8_t *given, int n_dx) {
  context *c = w->c;
  node *n = w->pulled;
  if (!n || n_dx != n->n_edges)
    return fail(TNT_EINTERNAL, "backward: %d gradients were expected", n ? n->n_edges : 0);
  tensor *g[64] = {0};
  int rc = 0;
  for (int i = 0; i < n_dx && !rc; i++) {
    if (!given[i]) continue;
    rc = tensor_from_handle(c, &g[i], &dx[i]);
    if (rc) {
      g[i] = NULL;
      break;
    }
    const edge *e = &n->edges[i];
    if (e->to) {
      if (g[i]->ndim != e->ndim || memcmp(g[i]->size, e->size, sizeof(int64_t) * e->ndim)) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        format_shape(a, sizeof a, e->size, e->ndim);
        format_shape(b, sizeof b, g[i]->size, g[i]->ndim);
        g[i] = NULL;
        rc =
            fail(TNT_ESHAPE, "Function: the gradient of argument %d must have its shape %s, got %s",
                 i + 1, a, b);
        break;
      }
    }
    tensor_ref(g[i]);
  }
  w->pulled = NULL;
  if (!rc) {
    int mode = c->view.grad_mode, graph = c->create_graph;
    c->view.grad_mode = c->create_graph = w->create_graph;
    rc = hand_on(w, n, g);
    c->view.grad_mode = mode;
    c->create_graph = graph;
  } else {
    for (int i = 0; i < n_dx; i++) tensor_unref(c, g[i]);
  }
  finish(w, n);
  return rc;
}

int tnt_backward_result(tnt_tensor *y, tnt_backward *w, const tnt_tensor *hx, int output) {
  context *c = w->c;
  node *n = w->pulled;
  tensor *x;
  RESOLVE(c, x, hx);
  if (!n || output < 0 || output >= n->n_outputs)
    return fail(TNT_EINTERNAL, "backward: no result %d", output);
  tensor *t = tensor_view(c, x);
  if (!t) return fail(TNT_EMEMORY, "too many tensors are alive");
  node_ref(n);
  t->node = n, t->output = (uint32_t)output, t->node_version = t->storage->version;
  return handle_give(c, y, t);
}

int tnt_backward_input(tnt_tensor *h, tnt_backward *w, int i, int *found) {
  context *c = w->c;
  if (i < 0 || i >= w->n_captures) return fail(TNT_EINTERNAL, "backward: no input %d", i);
  tensor *g = w->captures[i].grad;
  *found = g != NULL;
  if (!g) return 0;
  tensor *own = tensor_view(c, g); /* a handle of its own */
  if (!own) return fail(TNT_EMEMORY, "too many tensors are alive");
  node *made_by =
      w->create_graph ? gradient_node(c, g) : NULL; /* a seed handed through may be a leaf */
  if (made_by) {
    node_ref(made_by);
    own->node = made_by, own->output = g->output, own->node_version = own->storage->version;
  }
  return handle_give(c, h, own);
}

static bool is_open(const context *c, uint64_t id) {
  for (const tnt_backward *w = c->walk; w; w = w->outer) {
    if (w->id == id) return true;
  }
  return false;
}

static void drop_grads(context *c, tensor **grads) {
  for (int o = 0; o < MAX_OUTPUTS; o++) {
    tensor_unref(c, grads[o]);
    grads[o] = NULL;
  }
}

void tnt_backward_close(tnt_backward *w) {
  context *c = w->c;
  for (tnt_backward **at = &c->walk; *at; at = &(*at)->outer) {
    if (*at != w) continue;
    *at = w->outer;
    break;
  }
  for (int i = 0; i < w->n_seen; i++) {
    node *n = w->seen[i];
    if (n->walk != w->id) continue; /* an inner walk that is still open has it */
    drop_grads(c, n->grads);
    n->walk = 0;
  }
  for (int i = 0; i < w->n_lent; i++) {
    lent *l = &w->lent[i];
    if (is_open(c, l->walk)) {
      l->at->walk = l->walk;
      l->at->waiting = l->waiting;
      memcpy(l->at->grads, l->grads, sizeof l->grads);
    } else {
      drop_grads(c, l->grads);
    }
  }
  for (int i = 0; i < w->n_seen; i++) node_unref(c, w->seen[i]);
  for (int i = 0; i < w->n_captures; i++) {
    node_unref(c, w->captures[i].at);
    tensor_unref(c, w->captures[i].grad);
  }
  free(w->captures);
  free(w->lent);
  free(w->seen);
  free(w->ready.items);
  free(w);
}
