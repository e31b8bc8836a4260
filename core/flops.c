/* How many floating-point operations a call computes, one function for each `flops = "name"` of the op table: two for
 * each multiply-add, biases not counted, as torch.utils.flop_counter has it. The outputs are there when they are asked. */
#include "core.h"

/* y = a b over [..., K], and linear, whose x is [..., I]. */
int64_t matmul_flops(const call *k) {
  const tensor *a = k->in[0];
  return 2 * k->out[0]->numel * (a->ndim ? a->size[a->ndim - 1] : 1);
}

int64_t linear_grad_flops(const call *k) { return 2 * k->out[0]->numel * k->in[0]->size[0]; }

/* x[..., I] v[H, I]^T, and w[O, H]^T behind it. */
int64_t gelu_mlp_flops(const call *k) {
  const tensor *v = k->in[1], *w = k->in[3], *y = k->out[0];
  int64_t rows = w->size[0] ? y->numel / w->size[0] : 0;
  return 2 * rows * (v->numel + w->numel);
}

/* A kernel [O, D, K, L] is laid at every place of [N, O, P, Q]. */
static int64_t convolution(const tensor *places, const tensor *w) {
  return 2 * places->numel * w->size[1] * w->size[2] * w->size[3];
}

int64_t conv2d_flops(const call *k) { return convolution(k->out[0], k->in[1]); }
int64_t conv2d_dx_flops(const call *k) { return convolution(k->in[0], k->in[1]); }
int64_t conv2d_dw_flops(const call *k) { return convolution(k->in[0], k->out[0]); }

/* Two products with a matrix of weights; five for the gradient, which makes the weights again. */
int64_t attention_flops(const call *k) { return 4 * k->out[0]->numel * k->in[1]->size[2]; }
int64_t attention_grad_flops(const call *k) { return 10 * k->in[1]->numel * k->in[2]->size[2]; }
