/* The tape: nodes, what they save, and the history of tensors. Dispatch records here what it ran. A node holds its inputs'
 * nodes (edges) and, of what its gradient needs, value, version and place; never an output's history, so that no cycle
 * arises. Nodes made in a step hang on a list and are cut when the step ends (R6). */
#include <stdlib.h>

#include "calls_gen.h"

/* -- nodes ------------------------------------------------------------------------------------------------------------ */
node *node_new(context *c, int kind, int n_edges, int n_saved, int n_outputs, int n_integers,
               int n_numbers) {
  size_t bytes = sizeof(node) + sizeof(edge) * (size_t)(n_edges + n_outputs) +
                 sizeof(saved) * (size_t)n_saved + 8 * (size_t)(n_integers + n_numbers);
  size_t size_class = (bytes + 127) / 128;
  node *n;
  if (size_class < 16 && c->free_nodes[size_class]) {
    n = c->free_nodes[size_class];
    c->free_nodes[size_class] = n->next;
  } else {
    n = malloc(size_class * 128);
    if (!n) return NULL;
  }
  memset(n, 0, sizeof *n);
  n->refs = 1;
  n->kind = (uint8_t)kind;
  n->n_edges = (uint16_t)n_edges;
  n->n_saved = (uint8_t)n_saved;
  n->n_outputs = (uint8_t)n_outputs;
  n->bytes = (uint32_t)(size_class * 128);
  char *at = (char *)(n + 1);
  n->edges = (edge *)(void *)at;
  at += sizeof(edge) * (size_t)n_edges;
  n->outputs = (edge *)(void *)at;
  at += sizeof(edge) * (size_t)n_outputs;
  n->saves = (saved *)(void *)at;
  at += sizeof(saved) * (size_t)n_saved;
  n->integers = (int64_t *)(void *)at;
  at += 8 * (size_t)n_integers;
  n->numbers = (double *)(void *)at;
  for (int i = 0; i < n_edges; i++) n->edges[i].to = NULL;
  for (int i = 0; i < n_saved; i++) n->saves[i].value = NULL;
  c->live_nodes++;
  n->step = c->view.step;
  n->call = c->view.call;
  n->region = c->view.region;
  if (n->step && kind != NODE_LEAF) {
    n->in_step = 1;
    n->next = c->step_nodes;
    if (n->next) n->next->previous = n;
    c->step_nodes = n;
  }
  return n;
}

void node_release_saved(context *c, node *n) {
  for (int i = 0; i < n->n_saved; i++) {
    tensor *t = n->saves[i].value;
    n->saves[i].value = NULL;
    tensor_unref(c, t);
  }
}

static void release_edges(context *c, node *n) {
  for (int i = 0; i < n->n_edges; i++) {
    node *to = n->edges[i].to;
    n->edges[i].to = NULL;
    node_unref(c, to);
  }
}

void node_forget_lua(context *c, node *n) { /* its Lua half is dropped by Lua */
  if (n->kind != NODE_LUA || !n->lua_id) return;
  if (c->n_dead == c->room_dead) {
    uint32_t room = c->room_dead ? c->room_dead * 2 : 64;
    int32_t *more = realloc(c->dead, room * sizeof *more);
    if (!more) return;
    c->dead = more;
    c->room_dead = room;
  }
  c->dead[c->n_dead++] = n->lua_id;
  n->lua_id = 0;
  c->view.dead_nodes = (int32_t)c->n_dead;
}

void node_cut(context *c, node *n) {
  n->cut = 1;
  node_release_saved(c, n);
  node_forget_lua(c, n);
  release_edges(c, n);
}

int32_t tnt_dead_node(void) {
  context *c = context_now();
  if (!c->n_dead) return 0;
  int32_t id = c->dead[--c->n_dead];
  c->view.dead_nodes = (int32_t)c->n_dead;
  return id;
}

/* A loop, not a recursion: a chain may be a million nodes long. */
void node_destroy(context *c, node *n) {
  n->waiting = 0;
  if (n->in_step) {
    if (n->previous)
      n->previous->next = n->next;
    else
      c->step_nodes = n->next;
    if (n->next) n->next->previous = n->previous;
    n->in_step = 0;
  }
  n->next = c->dying;
  c->dying = n;
  if (c->destroying) return;
  c->destroying = true;
  while (c->dying) {
    n = c->dying;
    c->dying = n->next;
    n->refs = 1; /* what hangs on it may look at it while it goes */
    node_release_saved(c, n);
    release_edges(c, n);
    for (int i = 0; i < n->n_outputs && i < MAX_OUTPUTS; i++) tensor_unref(c, n->grads[i]);
    node_forget_lua(c, n);
    c->live_nodes--;
    size_t size_class = n->bytes / 128;
    if (size_class < 16) {
      n->next = c->free_nodes[size_class];
      c->free_nodes[size_class] = n;
    } else {
      free(n);
    }
  }
  c->destroying = false;
}

/* -- history of a tensor ------------------------------------------------------------------------------------------------ */
static bool stale(const tensor *t) { return t->base && t->node_version != t->storage->version; }

bool wants_gradient(const tensor *t) {
  if (t->flags & FLAG_REQUIRES_GRAD) return true;
  if (UNLIKELY(stale(t))) return wants_gradient(t->base) || t->node;
  return t->node != NULL;
}

static void set_history(context *c, tensor *t, node *n, uint32_t output) {
  node *old = t->node;
  if (n) node_ref(n);
  t->node = n;
  t->output = output;
  t->node_version = t->storage->version;
  node_unref(c, old);
}

node *gradient_node(context *c, tensor *t) {
  if (UNLIKELY(stale(t))) { /* its base was written to: seen through the base's new history */
    tensor *base = t->base;
    node *of_base = gradient_node(c, base);
    if (of_base) {
      part p;
      part_of(&p, t, base);
      node *n = node_new(c, NODE_RESTRIDE, 1, 0, 1, PART_INTEGERS, 0);
      if (!n) return NULL;
      edge_set(c, &n->edges[0], base, true);
      part_store(&p, n->integers);
      node_attach(c, n, 0, t);
      node_unref(c, n);
    } else {
      t->node_version = t->storage->version;
    }
  }
  if (!t->node && (t->flags & FLAG_REQUIRES_GRAD)) {
    node *n = node_new(c, NODE_LEAF, 0, 0, 1, 0, 0);
    if (!n) return NULL;
    n->leaf = t;
    t->node = n; /* the tensor's reference */
    t->output = 0;
    t->node_version = t->storage->version;
  }
  return t->node; /* NOLINT(clang-analyzer-unix.Malloc): node_attach took a reference */
}

static void geometry(edge *e, const tensor *x) {
  e->ndim = x->ndim;
  e->dtype = x->dtype;
  e->device = x->device;
  memcpy(e->size, x->size, sizeof(int64_t) * x->ndim);
}

void edge_set(context *c, edge *e, tensor *x, bool wanted) {
  geometry(e, x);
  node *to = wanted ? gradient_node(c, x) : NULL;
  if (to) {
    node_ref(to);
    e->output = x->output;
  }
  e->to = to;
}

void node_attach(context *c, node *n, int output, tensor *t) {
  geometry(&n->outputs[output], t);
  set_history(c, t, n, (uint32_t)output);
}

/* New contents of x with history n (null: none). A base written to through a view is from now on its old self with the
 * view's new contents in place; the other views notice by their version. */
void written_in_place(context *c, tensor *x, node *n) {
  tensor *base = x->base;
  if (base && c->view.grad_mode && (n || wants_gradient(base))) {
    part p;
    part_of(&p, x, base);
    node *r = node_new(c, NODE_REPLACE, 2, 0, 1, PART_INTEGERS, 0);
    if (r) {
      edge_set(c, &r->edges[0], base, true);
      geometry(&r->edges[1], x);
      if (n) {
        node_ref(n);
        r->edges[1].to = n;
        r->edges[1].output = 0;
      }
      part_store(&p, r->integers);
      node_attach(c, r, 0, base);
      node_unref(c, r);
    }
  }
  set_history(c, x, n, 0);
}

/* -- saving ---------------------------------------------------------------------------------------------------------------- */
static int save(context *c, node *n, int at, tensor *t, int input, int output, uint32_t version) {
  saved *s = &n->saves[at];
  if (input >= 0 && (t->flags & FLAG_REQUIRES_GRAD)) {
    tensor_ref(t);
    s->value = t;
  } else {
    s->value = tensor_view(c, t);
    if (!s->value) return fail(TNT_EMEMORY, "%s: too many tensors are alive", n->op->name);
  }
  s->version = version;
  s->input = (int16_t)input;
  s->output = (int16_t)output;
  return 0;
}

int saved_tensor(rule_call *r, int i, tensor **t) {
  context *c = r->c;
  node *n = r->node;
  saved *s = &n->saves[i];
  const char *op = n->op->name;
  *t = NULL;
  if (!s->value) return 0; /* an optional input that was absent */
  if (s->version != s->value->storage->version) {
    return fail(TNT_ESTATE,
                "backward of %s: %s was changed in place after %s had saved it for its gradient "
                "(version %u, now %u); "
                "clone() it before the change",
                op, s->input >= 0 ? n->op->in_names[s->input] : "its result", op, s->version,
                s->value->storage->version);
  }
  if (c->create_graph && s->output >= 0) {
    tensor **own = &r->own[s->output];
    if (!*own) {
      *own = tensor_view(c, s->value);
      if (!*own) return fail(TNT_EMEMORY, "%s: too many tensors are alive", op);
      node_ref(n);
      (*own)->node = n;
      (*own)->output = (uint32_t)s->output;
      (*own)->node_version = s->version;
    }
    *t = *own;
    return 0;
  }
  if (c->create_graph && !s->value->node && s->input >= 0 && n->edges[s->input].to) {
    node_ref(n->edges[s->input].to); /* what it was made by: for gradients of gradients */
    s->value->node = n->edges[s->input].to;
    s->value->output = n->edges[s->input].output;
    s->value->node_version = s->version;
  }
  *t = s->value;
  return 0;
}

/* -- recording --------------------------------------------------------------------------------------------------------------- */
static tensor *input_of(const call *k, int i) {
  return (k->op->flags & OP_LIST) ? k->list[i] : k->in[i];
}

static int record_node(call *k, node **out) {
  const op_record *op = k->op;
  context *c = k->c;
  int n_edges = (op->flags & OP_LIST) ? k->n_list : k->n_in;
  int n_saved = __builtin_popcount(op->save) + __builtin_popcount(op->save_out);
  int random = (op->flags & OP_RANDOM) ? 2 : 0;
  node *n =
      node_new(c, NODE_OP, n_edges, n_saved, op->n_out, op->n_integers + random, op->n_numbers);
  if (!n) return fail(TNT_EMEMORY, "%s: out of memory for its node", op->name);
  n->op = op;
  unsigned need = 0;
  for (int i = 0; i < n_edges; i++) {
    tensor *x = input_of(k, i);
    if (!x) continue;
    edge_set(c, &n->edges[i], x, category(x->dtype) == 2 || x->node);
    if (n->edges[i].to) need |= op->need[i < 3 ? i : 3];
  }
  memcpy(n->integers, k->integers, 8 * (size_t)(op->n_integers + random));
  memcpy(n->numbers, k->numbers, 8 * (size_t)op->n_numbers);
  int at = 0, rc = 0;
  for (int i = 0; i < 8 && op->save >> i && !rc; i++) {
    if (!(op->save >> i & 1)) continue;
    tensor *x = k->in[i];
    if (need >> i & 1) {
      if (x) {
        if (x == k->out[0] && k->before) x = k->before;
        rc = save(c, n, at, x, i, -1, x->storage->version - (k->in_place && x == k->out[0]));
      } else if (i == k->number_at) { /* as a 0-dim tensor */
        tensor *number;
        rc = number_tensor(c, &number, k->device, k->compute == TNT_F64 ? TNT_F64 : TNT_F32,
                           k->operand);
        if (!rc) {
          n->saves[at] = (saved){.value = number, .version = 0, .input = (int16_t)i, .output = -1};
        }
      }
    }
    at++;
  }
  for (int o = 0; o < op->n_out && !rc; o++) {
    if (!(op->save_out >> o & 1)) continue;
    if (need >> (8 + o) & 1) rc = save(c, n, at, k->out[o], -1, o, k->out[o]->storage->version);
    at++;
  }
  if (rc) {
    node_unref(c, n);
    return rc;
  }
  *out = n;
  return 0;
}

int record(call *k) {
  const op_record *op = k->op;
  context *c = k->c;
  if (UNLIKELY(k->in_place)) { k->out[0]->storage->version++; }
  bool view = (op->flags & OP_VIEW) != 0;
  if (view && ((k->in[0]->flags & FLAG_FROZEN) || (!c->view.grad_mode && wants_gradient(k->in[0]))))
    k->out[0]->flags |= FLAG_FROZEN;
  if (!c->view.grad_mode) return 0;
  if (view) {
    tensor *x = k->in[0], *base = x->base ? x->base : x;
    tensor_ref(base);
    k->out[0]->base = base;
    k->out[0]->node_version = k->out[0]->storage->version;
  }
  int n_edges = (op->flags & OP_LIST) ? k->n_list : k->n_in;
  bool wanted = false;
  for (int i = 0; i < n_edges; i++) {
    tensor *x = input_of(k, i);
    if (x && wants_gradient(x)) {
      wanted = true;
      break;
    }
  }
  if (LIKELY(!wanted)) {
    if (k->in_place) written_in_place(c, k->out[0], NULL);
    return 0;
  }
  if (!op->rule &&
      !(op->flags &
        OP_GRADIENT)) { /* constant in its inputs: comparisons, places, random fillings */
    if (k->in_place) written_in_place(c, k->out[0], NULL);
    return 0;
  }
  if (op->flags & OP_PARAMS) return 0;
  node *n = NULL;
  TRY(record_node(k, &n));
  if (k->in_place) {
    geometry(&n->outputs[0], k->out[0]);
    written_in_place(c, k->out[0], n);
  } else {
    for (int o = 0; o < op->n_out; o++) {
      if (category(k->out[o]->dtype) == 2 && !(op->out_ids >> o & 1))
        node_attach(c, n, o, k->out[o]);
      else
        geometry(&n->outputs[o], k->out[o]);
    }
  }
  node_unref(c, n);
  return 0;
}

/* -- gradients of leaves --------------------------------------------------------------------------------------------------------- */
int tnt_set_grad_mode(int on) {
  context *c = context_now();
  int before = c->view.grad_mode;
  c->view.grad_mode = on != 0;
  return before;
}

int tnt_set_requires_grad(const tnt_tensor *h, int on) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (on && category(t->dtype) != 2) {
    return fail(TNT_EDTYPE,
                "requires_grad_: only float tensors can require gradients, this one is %s",
                dtype_name(t->dtype));
  }
  if (t->node && t->node->kind != NODE_LEAF) {
    if (on) return 0;
    return fail(TNT_ESTATE,
                "requires_grad_: this tensor is the result of an operation; detach() it instead");
  }
  if (on) {
    t->flags |= FLAG_REQUIRES_GRAD;
  } else {
    t->flags &= (uint8_t)~FLAG_REQUIRES_GRAD;
    set_history(c, t, NULL, 0);
  }
  return 0;
}

int tnt_grad(tnt_tensor *g, const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (!t->grad || !(t->flags & FLAG_GRAD_WRITTEN))
    return fail(TNT_ESTATE, "this tensor has no gradient");
  tensor *y = tensor_view(c, t->grad);
  if (!y) return fail(TNT_EMEMORY, "too many tensors are alive");
  if (t->grad->node) set_history(c, y, t->grad->node, t->grad->output);
  return handle_give(c, g, y);
}

int tnt_set_grad(const tnt_tensor *h, const tnt_tensor *hg) {
  context *c = context_now();
  tensor *t, *g;
  RESOLVE(c, t, h);
  if (!hg) {
    t->flags &= (uint8_t)~FLAG_GRAD_WRITTEN;
    if (t->grad && t->grad->node) set_history(c, t->grad, NULL, 0);
    return 0;
  }
  RESOLVE(c, g, hg);
  if (g->dtype != t->dtype || !same_size(g, t)) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    format_shape(a, sizeof a, t->size, t->ndim);
    format_shape(b, sizeof b, g->size, g->ndim);
    return fail(TNT_ESHAPE, "grad: a gradient must be %s %s like its tensor, got %s %s",
                dtype_name(t->dtype), a, dtype_name(g->dtype), b);
  }
  tensor *own = tensor_view(c, g);
  if (!own) return fail(TNT_EMEMORY, "too many tensors are alive");
  tensor_unref(c, t->grad);
  t->grad = own;
  t->flags |= FLAG_GRAD_WRITTEN;
  return 0;
}

int tnt_zero_grad(const tnt_tensor *xs, int n) {
  for (int i = 0; i < n; i++) TRY(tnt_set_grad(&xs[i], NULL));
  return 0;
}

int tnt_mark_grad_written(const tnt_tensor *xs, int n) {
  context *c = context_now();
  for (int i = 0; i < n; i++) {
    tensor *t;
    RESOLVE(c, t, &xs[i]);
    if (!t->grad) return fail(TNT_ESTATE, "replay: a parameter has lost its gradient's memory");
    t->flags |= FLAG_GRAD_WRITTEN;
    t->grad->storage->version++;
  }
  return 0;
}

int tnt_lua_node(const tnt_tensor *ys, int n_ys, const tnt_tensor *xs, int n_xs, int32_t id) {
  context *c = context_now();
  if (n_ys < 1 || n_ys > MAX_OUTPUTS || n_xs > 64) {
    return fail(TNT_EARGUMENT,
                "Function: 1 to %d results and at most 64 tensor arguments, got %d and %d",
                MAX_OUTPUTS, n_ys, n_xs);
  }
  tensor *x, *y;
  for (int i = 0; i < n_xs; i++) RESOLVE(c, x, &xs[i]);
  for (int i = 0; i < n_ys; i++) RESOLVE(c, y, &ys[i]);
  node *n = node_new(c, NODE_LUA, n_xs, 0, n_ys, 0, 0);
  if (!n) return fail(TNT_EMEMORY, "Function: out of memory");
  n->lua_id = id;
  for (int i = 0; i < n_xs; i++) {
    RESOLVE(c, x, &xs[i]);
    edge_set(c, &n->edges[i], x, category(x->dtype) == 2);
  }
  for (int i = 0; i < n_ys; i++) {
    RESOLVE(c, y, &ys[i]);
    if (y->base) tensor_unref(c, y->base), y->base = NULL;
    for (int j = 0; j < n_xs; j++) {
      RESOLVE(c, x, &xs[j]);
      if (x->storage == y->storage) y->flags |= FLAG_FROZEN;
    }
    if (category(y->dtype) == 2)
      node_attach(c, n, i, y);
    else
      geometry(&n->outputs[i], y);
  }
  node_unref(c, n);
  return 0;
}
