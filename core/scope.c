/* Scopes: what is made in one is released when its owner closes it (core.md section 1, R1-R3, R6). A scope is a position
 * in the context's list of scoped tensors; a tensor knows its place there, so leaving early leaves a stale entry behind
 * that closing skips. In doubt a scope dissolves outward: the entries just become the outer scope's. */
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

uint32_t tnt_scope_open(int kind) {
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
  s->first = c->n_owned;
  s->outer_step = c->view.step;
  if (kind == TNT_SCOPE_STEP) c->view.step = ++c->steps;
  c->view.depth = (int32_t)c->n_scopes;
  return s->token;
}

static scope *find(context *c, uint32_t token) {
  for (uint32_t i = c->n_scopes; i-- > 0;) {
    if (c->scopes[i].token == token) return &c->scopes[i];
  }
  return NULL;
}

/* The tape of a step ends with it (R6): what outlives the step keeps its value and knows that its history was cut. */
static void end_step(context *c, uint32_t outer_step) {
  while (c->step_nodes && c->step_nodes->step == c->view.step) { /* the newest come first */
    node *n = c->step_nodes;
    c->step_nodes = n->next;
    if (n->next) n->next->previous = NULL;
    n->in_step = 0;
    node_ref(n);
    node_cut(c, n);
    node_unref(c, n);
  }
  c->view.step = outer_step;
}

/* Takes the innermost scope off. Tensors that may stay move to the front of its part of the list, which then belongs to
 * the scope outside, or to nobody when there is none. */
static void pop(context *c, bool release) {
  scope s = c->scopes[c->n_scopes - 1];
  uint32_t kept = s.first;
  if (release) {
    for (uint32_t i = s.first; i < c->n_owned; i++) {
      tensor *t = slot_at(c, c->owned[i]);
      if (t->owned_pos != i) continue;
      bool stays = (t->flags & FLAG_LEAVE) || ((t->flags & FLAG_TO_STEP) && s.kind != TNT_SCOPE_STEP);
      if (stays) {
        t->flags &= (uint8_t)~FLAG_LEAVE;
        t->owned_pos = kept;
        c->owned[kept++] = c->owned[i];
      } else {
        tnt_tensor h = {t->index, t->generation};
        tnt_release(&h);
      }
    }
    c->n_owned = kept;
  }
  if (s.kind == TNT_SCOPE_STEP) end_step(c, s.outer_step);
  c->n_scopes--;
  c->view.depth = (int32_t)c->n_scopes;
  if (c->n_scopes == 0) { /* what is left has no scope outside: it lives until it is freed or kept */
    for (uint32_t i = s.first; i < c->n_owned; i++) {
      tensor *t = slot_at(c, c->owned[i]);
      if (t->owned_pos != i) continue;
      t->owned_pos = NOT_OWNED;
      t->flags &= (uint8_t)~(FLAG_LEAVE | FLAG_TO_STEP);
      c->orphans++;
    }
    c->n_owned = 0;
  }
}

int tnt_scope_close(uint32_t token) {
  context *c = context_now();
  if (LIKELY(c->n_scopes && c->scopes[c->n_scopes - 1].token == token)) {
    pop(c, true);
    return 0;
  }
  return tnt_scope_dissolve(token);
}

int tnt_scope_dissolve(uint32_t token) {
  context *c = context_now();
  scope *s = find(c, token);
  if (!s) return 0; /* a deeper close dissolved it already */
  uint32_t depth = (uint32_t)(s - c->scopes);
  while (c->n_scopes > depth) pop(c, false);
  return 0;
}

int tnt_scope_dissolve_all(void) {
  context *c = context_now();
  while (c->n_scopes) pop(c, false);
  return 0;
}

int tnt_keep(const tnt_tensor *h) {
  context *c = context_now();
  tensor *t;
  RESOLVE(c, t, h);
  if (t->owned_pos == NOT_OWNED) return 0;
  t->owned_pos = NOT_OWNED;
  t->flags &= (uint8_t)~(FLAG_LEAVE | FLAG_TO_STEP);
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
  t->flags |= to_step ? FLAG_TO_STEP : FLAG_LEAVE;
  return 0;
}

int tnt_will_release(const tnt_tensor *h, uint32_t token) {
  context *c = context_now();
  if (!tnt_alive(h)) return 1;
  tensor *t = slot_at(c, h->slot);
  scope *s = find(c, token);
  if (!s || t->owned_pos == NOT_OWNED || t->owned_pos < s->first) return 0;
  if (t->flags & FLAG_LEAVE) return 0;
  return !((t->flags & FLAG_TO_STEP) && s->kind != TNT_SCOPE_STEP);
}
