/* oneDNN 2.x and 3.x under one set of names. In 3.x layouts are pointers that must be destroyed and operation descriptors
 * are gone; nothing else of what is used here differs. */
#ifndef TNT_DNNL_API_H
#define TNT_DNNL_API_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_version.h>
#include <stdbool.h>

typedef struct conv_layouts { /* oneDNN's names: src is x or dx, weights w or dw, dst y or dy */
  dnnl_memory_desc_t src, weights, bias, dst;
} conv_layouts;
typedef struct conv_steps {
  dnnl_dims_t stride, dilation, padding;
} conv_steps;
enum conv_kind { CONV_FORWARD, CONV_DX, CONV_DW };

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t known_layout;
#define KNOWN(layout) (layout)

static inline bool layout_make(dnnl_memory_desc_t *l, int ndim, const dnnl_dim_t *size,
                               dnnl_format_tag_t tag) {
  return dnnl_memory_desc_create_with_tag(l, ndim, size, dnnl_f32, tag) == dnnl_success;
}
static inline void layout_drop(dnnl_memory_desc_t *l) {
  if (*l) dnnl_memory_desc_destroy(*l);
}

static inline bool conv_describe(dnnl_primitive_desc_t *pd, enum conv_kind kind,
                                 const conv_layouts *l, bool bias, const conv_steps *s,
                                 dnnl_engine_t engine, dnnl_primitive_attr_t attr) {
  dnnl_status_t status;
  dnnl_alg_kind_t direct = dnnl_convolution_direct;
  if (kind == CONV_FORWARD) {
    status = dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_training, direct, l->src, l->weights, bias ? l->bias : NULL,
        l->dst, s->stride, s->dilation, s->padding, s->padding, attr);
    return status == dnnl_success;
  }
  dnnl_primitive_desc_t hint;
  status = dnnl_convolution_forward_primitive_desc_create(
      &hint, engine, dnnl_forward_training, direct, l->src, l->weights, NULL, l->dst, s->stride,
      s->dilation, s->padding, s->padding, attr);
  if (status != dnnl_success) return false;
  if (kind == CONV_DX) {
    status = dnnl_convolution_backward_data_primitive_desc_create(
        pd, engine, direct, l->src, l->weights, l->dst, s->stride, s->dilation, s->padding,
        s->padding, hint, attr);
  } else {
    status = dnnl_convolution_backward_weights_primitive_desc_create(
        pd, engine, direct, l->src, l->weights, NULL, l->dst, s->stride, s->dilation, s->padding,
        s->padding, hint, attr);
  }
  dnnl_primitive_desc_destroy(hint);
  return status == dnnl_success;
}

#else
typedef const dnnl_memory_desc_t *known_layout;
#define KNOWN(layout) (&(layout))

static inline bool layout_make(dnnl_memory_desc_t *l, int ndim, const dnnl_dim_t *size,
                               dnnl_format_tag_t tag) {
  return dnnl_memory_desc_init_by_tag(l, ndim, size, dnnl_f32, tag) == dnnl_success;
}
static inline void layout_drop(dnnl_memory_desc_t *l) { (void)l; }

static inline bool conv_describe(dnnl_primitive_desc_t *pd, enum conv_kind kind,
                                 const conv_layouts *l, bool bias, const conv_steps *s,
                                 dnnl_engine_t engine, dnnl_primitive_attr_t attr) {
  dnnl_convolution_desc_t forward, d;
  dnnl_primitive_desc_t hint = NULL;
  dnnl_alg_kind_t direct = dnnl_convolution_direct;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &forward, dnnl_forward_training, direct, &l->src, &l->weights, bias ? &l->bias : NULL,
      &l->dst, s->stride, s->dilation, s->padding, s->padding);
  if (status != dnnl_success) return false;
  if (kind == CONV_FORWARD)
    return dnnl_primitive_desc_create(pd, &forward, attr, engine, NULL) == dnnl_success;
  if (dnnl_primitive_desc_create(&hint, &forward, attr, engine, NULL) != dnnl_success) return false;
  if (kind == CONV_DX) {
    status = dnnl_dilated_convolution_backward_data_desc_init(
        &d, direct, &l->src, &l->weights, &l->dst, s->stride, s->dilation, s->padding, s->padding);
  } else {
    status = dnnl_dilated_convolution_backward_weights_desc_init(
        &d, direct, &l->src, &l->weights, NULL, &l->dst, s->stride, s->dilation, s->padding,
        s->padding);
  }
  if (status == dnnl_success) status = dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
  dnnl_primitive_desc_destroy(hint);
  return status == dnnl_success;
}
#endif

#endif
