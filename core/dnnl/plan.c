/* Makes plans. oneDNN chooses the layouts of dense k > 1 convolutions, and reorders go from and to the caller's NCHW;
 * 1x1 convolutions and the gradients of one-channel ones stay in NCHW, where blocking costs more than it gains. Channels-last
 * images are computed as they lie, with weights in the layout that oneDNN likes. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* Source: measured, 1.3-2x by blocking at 3x3 and 7x7; 0.7-0.9x at 1x1, 0.3x at one channel's gradients. */
static bool stays_plain(const plan_key *key) {
  const tnt__conv *k = &key->conv;
  return (k->kh == 1 && k->kw == 1) || (k->c / k->groups == 1 && key->kind != CONV_FORWARD);
}

static bool make_layouts(conv_layouts *l, conv_layouts *plain, const plan_key *key, bool blocked) {
  const tnt__conv *k = &key->conv;
  dnnl_dims_t x = {k->n, k->c, k->h, k->w}, y = {k->n, k->o, k->p, k->q}, b = {k->o};
  dnnl_dims_t w = {k->o, k->c, k->kh, k->kw},
              grouped = {k->groups, k->o / k->groups, k->c / k->groups, k->kh, k->kw};
  bool many = k->groups > 1, last = k->channels_last != 0;
  dnnl_format_tag_t any = dnnl_format_tag_any, images = last ? dnnl_nhwc : dnnl_nchw,
                    weights =
                        last ? (many ? dnnl_gohwi : dnnl_ohwi) : (many ? dnnl_goihw : dnnl_oihw);
  int w_dims = many ? 5 : 4;
  const dnnl_dim_t *w_size = many ? grouped : w;
  return layout_make(&plain->src, 4, x, images) && layout_make(&plain->dst, 4, y, images) &&
         layout_make(&plain->weights, w_dims, w_size, weights) &&
         layout_make(&l->src, 4, x, blocked && !last ? any : images) &&
         layout_make(&l->dst, 4, y, blocked && !last ? any : images) &&
         layout_make(&l->weights, w_dims, w_size, blocked || last ? any : weights) &&
         layout_make(&l->bias, 1, b, dnnl_a);
}

static void drop_layouts(conv_layouts *l) {
  layout_drop(&l->src), layout_drop(&l->weights), layout_drop(&l->bias), layout_drop(&l->dst);
}

static bool make_reorder(plans *all, plan *p, int part, known_layout outer, known_layout inner,
                         bool output) {
  if (dnnl_memory_create(&p->outer[part], outer, all->engine, DNNL_MEMORY_NONE) != dnnl_success)
    return false;
  if (dnnl_memory_desc_equal(outer, inner)) return true;
  if (dnnl_memory_create(&p->inner[part], inner, all->engine, DNNL_MEMORY_NONE) != dnnl_success)
    return false;
  p->bytes[part] = dnnl_memory_desc_get_size(inner);
  dnnl_primitive_desc_t pd;
  if (dnnl_reorder_primitive_desc_create(&pd, output ? inner : outer, all->engine,
                                         output ? outer : inner, all->engine,
                                         NULL) != dnnl_success) {
    return false;
  }
  bool ok = dnnl_primitive_create(&p->reorder[part], pd) == dnnl_success;
  dnnl_primitive_desc_destroy(pd);
  return ok;
}

/* The library's loops for every case are slower than ours. */
static bool is_slow(dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name);
  return !name || strstr(name, "ref");
}

static bool make_conv(plans *all, plan *p, dnnl_primitive_desc_t pd, const conv_layouts *l,
                      const conv_layouts *plain) {
  known_layout outer[PARTS] = {KNOWN(plain->src), KNOWN(plain->weights), KNOWN(plain->dst)};
  int output = p->key.kind == CONV_FORWARD ? DST : p->key.kind == CONV_DX ? SRC : WEIGHTS;
  for (int i = 0; i < PARTS; i++) {
    known_layout inner = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, p->arg[i]);
    if (!inner || !make_reorder(all, p, i, outer[i], inner, i == output)) return false;
  }
  if (p->key.bias &&
      dnnl_memory_create(&p->bias, KNOWN(l->bias), all->engine, DNNL_MEMORY_NONE) != dnnl_success)
    return false;
  known_layout scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
  p->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  if (p->scratch_bytes &&
      dnnl_memory_create(&p->scratch, scratch, all->engine, DNNL_MEMORY_NONE) != dnnl_success)
    return false;
  return dnnl_primitive_create(&p->conv, pd) == dnnl_success;
}

void plan_build(plans *all, plan *p) {
  const tnt__conv *k = &p->key.conv;
  static const int args[][PARTS] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                    {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                                    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
  memcpy(p->arg, args[p->key.kind], sizeof p->arg);
  conv_steps steps = {{k->sh, k->sw}, {k->dh - 1, k->dw - 1}, {k->ph, k->pw}};
  conv_layouts l, plain;
  memset(&l, 0, sizeof l);
  memset(&plain, 0, sizeof plain);
  dnnl_primitive_attr_t attr = NULL;
  dnnl_primitive_desc_t pd = NULL;
  bool ok =
      dnnl_primitive_attr_create(&attr) == dnnl_success &&
      dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success &&
      make_layouts(&l, &plain, &p->key, !stays_plain(&p->key)) &&
      conv_describe(&pd, (enum conv_kind)p->key.kind, &l, p->key.bias != 0, &steps, all->engine,
                    attr);
  if (ok && !is_slow(pd) && !make_conv(all, p, pd, &l, &plain)) p->conv = NULL;
  if (pd) dnnl_primitive_desc_destroy(pd);
  if (attr) dnnl_primitive_attr_destroy(attr);
  drop_layouts(&l);
  drop_layouts(&plain);
}

void plan_drop(plan *p) {
  if (p->conv) dnnl_primitive_destroy(p->conv);
  for (int i = 0; i < PARTS; i++) {
    if (p->reorder[i]) dnnl_primitive_destroy(p->reorder[i]);
    if (p->outer[i]) dnnl_memory_destroy(p->outer[i]);
    if (p->inner[i]) dnnl_memory_destroy(p->inner[i]);
  }
  if (p->bias) dnnl_memory_destroy(p->bias);
  if (p->scratch) dnnl_memory_destroy(p->scratch);
  free(p);
}
