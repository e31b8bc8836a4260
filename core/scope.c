/* Scopes: what is made in one is released when its owner closes it (core.md section 1, R1-R3, R6). A scope is a position
 * in the context's list of scoped tensors; a tensor knows its place there, so leaving early leaves a stale entry behind
 * that closing skips. In doubt a scope dissolves outward: the entries just become the outer scope's, or the limbo's where
 * there is none. Which coroutine opened a scope is told by a number of Lua's. */
#include <stdlib.h>

#include "core.h"

void scope_own(context *c, tensor *t) {
  if (UNLIKELY(c->n_owned == c->room_owned)) {
    uint32_t room = c->room_owned ? c->room_owned * 2 : 1024;
    uint32_t *more = realloc(c->owned, room * sizeof *more);
    if (!more) return; /* stays alive without an owner: released with the context */
    c->owned = more;
    c->room_owned = room;
  }
  t->owned_pos = c->n_owned;
  c->owned[c->n_owned++] = t->index & 0xffffff;
}

static void show(context *c) {
  scope *top = c->n_scopes ? &c->scopes[c->n_scopes - 1] : NULL;
  c->view.depth = (int32_t)c->n_scopes;
  c->view.innermost = top ? top->token : 0;
  c->view.step = 0;
  for (uint32_t i = c->n_scopes; i-- > 0 && !c->view.step;) c->view.step = c->scopes[i].step;
}

uint32_t tnt_scope_open(int kind, uint32_t thread) {
  context *c = context_now();
  if (c->n_scopes == c->room_scopes) {
    uint32_t room = c->room_scopes ? c->room_scopes * 2 : 64;
    scope *more = realloc(c->scopes, room * sizeof *more);
    if (!more) return 0;
    c->scopes = more;
    c->room_scopes = room;
  }
  scope *s = &c->scopes[c->n_scopes++];
  if (++c->last_token == 0) c->last_token = 1;
  s->token = c->last_token;
  s->kind = (uint8_t)kind;
  s->thread = thread;
  s->first = c->n_owned;
  s->step = kind == TNT_SCOPE_STEP ? ++c->steps : 0;
  if (s->step) c->view.step = s->step;
  c->view.depth = (int32_t)c->n_scopes;
  c->view.innermost = s->token;
  return s->token;
}

static scope *find(context *c, uint32_t token) {
  for (uint32_t i = c->n_scopes; i-- > 0;) {
    if (c->scopes[i].token == token) return &c->scopes[i];
  }
  return NULL;
}

static void unlink_node(context *c, node *n) {
  if (n->previous)
    n->previous->next = n->next;
  else
    c->step_nodes = n->next;
  if (n->next) n->next->previous = n->previous;
  n->previous = n->next = NULL;
}

static void link_node(context *c, node *n) {
  n->previous = NULL;
  n->next = c->step_nodes;
  if (n->next) n->next->previous = n;
  c->step_nodes = n;
}

/* The tape of a step ends with it (R6): what outlives the step keeps its value and knows that its history was cut. */
static void end_step(context *c, uint32_t step) {
  if (c->view.step != step) { /* closed out of order: its nodes to the front */
    for (node *n = c->step_nodes, *next; n; n = next) {
      next = n->next;
      if (n->step == step) unlink_node(c, n), link_node(c, n);
    }
  }
  while (c->step_nodes && c->step_nodes->step == step) { /* the newest come first */
    node *n = c->step_nodes;
    unlink_node(c, n);
    n->in_step = 0;
    node_ref(n);
    node_cut(c, n);
    node_unref(c, n);
  }
}

/* A step that dissolves hands its part of the tape on as well: to the step outside, or to nobody, who never ends. */
static void hand_on_tape(context *c, uint32_t step, uint32_t outer) {
  for (node *n = c->step_nodes, *next; n; n = next) {
    next = n->next;
    if (n->step != step) continue;
    n->step = outer;
    if (!outer) {
      unlink_node(c, n);
      n->in_step = 0;
    }
  }
}

/* Takes the innermost scope off and releases. Tensors that may stay move to the front of its part of the list, which then
 * belongs to the scope outside. */
static void pop(context *c) {
  scope s = c->scopes[c->n_scopes - 1];
  bool may_wait = s.step == 0 && c->view.step != 0; /* for a step outside */
  uint32_t kept = s.first;
  for (uint32_t i = s.first; i < c->n_owned; i++) {
    tensor *t = slot_at(c, c->owned[i]);
    if (t->owned_pos != i) continue;
    if ((t->flags & FLAG_LEAVE) || ((t->flags & FLAG_TO_STEP) && may_wait)) {
      t->flags &= (uint8_t)~FLAG_LEAVE;
      t->owned_pos = kept;
      c->owned[kept++] = c->owned[i];
    } else {
      tnt_tensor h = {t->index, t->generation};
      tnt_release(&h);
    }
  }
  c->n_owned = kept;
  c->n_scopes--;
  if (s.step) {
    end_step(c, s.step);
    show(c);
  } else { /* the step under way is the same */
    c->view.depth = (int32_t)c->n_scopes;
    c->view.innermost = c->n_scopes ? c->scopes[c->n_scopes - 1].token : 0;
  }
}

int tnt_scope_close(uint32_t token) {
  context *c = context_now();
  if (LIKELY(c->n_scopes && c->scopes[c->n_scopes - 1].token == token)) {
    pop(c);
    return 0;
  }
  return tnt_scope_dissolve(token);
}

uint32_t tnt_scope_enter(uint32_t thread) {
  context *c = context_now();
  return LIKELY(c->n_scopes) ? tnt_scope_open(TNT_SCOPE_MODULE, thread) : 0;
}

int tnt_scope_leave(uint32_t token, const tnt_tensor *y) {
  context *c = context_now();
  if (UNLIKELY(c->n_scopes < 2 || c->scopes[c->n_scopes - 1].token != token))
    return TNT_OUT_OF_ORDER;
  if (y) {
    tensor *t;
    RESOLVE(c, t, y);
    if (t->owned_pos != NOT_OWNED && t->owned_pos >= c->scopes[c->n_scopes - 1].first)
      t->flags |= FLAG_LEAVE;
  }
  pop(c);
  return UNLIKELY(c->n_dead) ? TNT_DEAD_NODES : 0;
}

/* Its part of the list becomes the outer scope's by itself. Without one it is the limbo: what stands in the list before
 * the outermost scope's part. */
int tnt_scope_dissolve(uint32_t token) {
  context *c = context_now();
  scope *s = find(c, token);
  if (!s) return 0;
  if (s->step) {
    uint32_t outer = 0;
    for (scope *o = s; o-- > c->scopes && !outer;) outer = o->step;
    hand_on_tape(c, s->step, outer);
  }
  memmove(s, s + 1, (size_t)(c->scopes + c->n_scopes - (s + 1)) * sizeof *s);
  c->n_scopes--;
  show(c);
  return 0;
}

int tnt_scope_dissolve_all(void) {
  context *c = context_now();
  while (c->n_scopes) tnt_scope_dissolve(c->scopes[c->n_scopes - 1].token);
  return 0;
}

int tnt_scope_at(int i, uint32_t *token, uint32_t *thread) {
  context *c = context_now();
  if (i < 1 || i > (int)c->n_scopes) return fail(TNT_EINTERNAL, "scope: none has depth %d", i);
  *token = c->scopes[i - 1].token;
  *thread = c->scopes[i - 1].thread;
  return 0;
}

/* -- the limbo ------------------------------------------------------------------------------------------------------- */
static uint32_t limbo_end(const context *c) {
  return c->n_scopes ? c->scopes[0].first : c->n_owned;
}

int64_t tnt_limbo(int64_t *bytes) {
  context *c = context_now();
  int64_t n = 0, sum = 0;
  for (uint32_t i = 0, end = limbo_end(c); i < end; i++) {
    tensor *t = slot_at(c, c->owned[i]);
    if (t->owned_pos != i) continue;
    n++;
    sum += (int64_t)t->storage->bytes;
  }
  if (bytes) *bytes = sum;
  return n;
}

int tnt_in_limbo(const tnt_tensor *h) {
  context *c = context_now();
  return tnt_alive(h) && slot_at(c, h->slot)->owned_pos < limbo_end(c);
}

int tnt_limbo_release(void) {
  context *c = context_now();
  if (c->n_scopes) return 0;
  for (uint32_t i = 0; i < c->n_owned; i++) {
    tensor *t = slot_at(c, c->owned[i]);
    tnt_tensor h = {t->index, t->generation};
    if (t->owned_pos == i) tnt_release(&h);
  }
  c->n_owned = 0;
  return 0;
}

int tnt_keep(const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (t->owned_pos == NOT_OWNED) return 0;
  t->owned_pos = NOT_OWNED;
  t->flags &= (uint8_t) ~(FLAG_LEAVE | FLAG_TO_STEP);
  return TNT_OWNED;
}

int tnt_adopt(const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (!c->n_scopes) return TNT_OWNED;
  if (t->owned_pos == NOT_OWNED) scope_own(c, t);
  return 0;
}

int tnt_leave(const tnt_tensor *h, int to_step) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (t->owned_pos == NOT_OWNED) return TNT_OWNED;
  if (to_step)
    t->flags |= FLAG_TO_STEP;
  else if (c->n_scopes && t->owned_pos >= c->scopes[c->n_scopes - 1].first)
    t->flags |= FLAG_LEAVE; /* else it stays anyway */
  return 0;
}

int tnt_will_release(const tnt_tensor *h, uint32_t token) {
  context *c = context_now();
  if (!tnt_alive(h)) return 1;
  tensor *t = slot_at(c, h->slot);
  scope *s = find(c, token);
  if (!s || t->owned_pos == NOT_OWNED || t->owned_pos < s->first) return 0;
  return !(t->flags & FLAG_LEAVE) && !((t->flags & FLAG_TO_STEP) && !s->step && c->view.step);
}
