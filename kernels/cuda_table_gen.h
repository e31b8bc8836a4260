/* Generated from core/ops.lua by core/gen.lua: do not edit. */

/* Kernels of the card in the order of their numbers: X(name, whether whole numbers too). */
#ifndef TNT_CUDA_TABLE_GEN_H
#define TNT_CUDA_TABLE_GEN_H
#define TNT_OPS_HASH 5080229768419295000ULL
#define TNT_CUDA_KERNELS(X) \
  X(sum, 1) \
  X(mean, 0) \
  X(amax, 1) \
  X(amin, 1) \
  X(prod, 1) \
  X(var, 0) \
  X(max_dim, 1) \
  X(min_dim, 1) \
  X(argmax, 1) \
  X(argmin, 1) \
  X(cumsum, 1) \
  X(flip, 1) \
  X(sort, 1) \
  X(topk, 1) \
  X(matmul, 1) \
  X(linear, 0) \
  X(linear_grad, 0) \
  X(linear_gelu, 0) \
  X(gelu_bias_grad, 0) \
  X(gelu_mlp, 0) \
  X(gelu_linear_grad, 0) \
  X(attention, 0) \
  X(attention_grad, 0) \
  X(softmax, 0) \
  X(softmax_grad, 0) \
  X(log_softmax, 0) \
  X(log_softmax_grad, 0) \
  X(cross_entropy, 0) \
  X(cross_entropy_grad, 0) \
  X(layernorm, 0) \
  X(layernorm_grad, 0) \
  X(batchnorm_stats, 0) \
  X(batchnorm, 0) \
  X(batchnorm_grad, 0) \
  X(conv2d, 0) \
  X(conv2d_dx, 0) \
  X(conv2d_dw, 0) \
  X(maxpool2d, 0) \
  X(maxpool2d_grad, 0) \
  X(avgpool2d, 0) \
  X(avgpool2d_grad, 0) \
  X(embedding, 1) \
  X(embedding_grad, 1) \
  X(index_select, 1) \
  X(index_add, 1) \
  X(gather, 1) \
  X(scatter, 1) \
  X(scatter_add, 1) \
  X(cat, 1) \
  X(tril, 1) \
  X(triu, 1) \
  X(nonzero, 1) \
  X(one_hot, 1) \
  X(uniform_, 0) \
  X(normal_, 0) \
  X(bernoulli_, 1) \
  X(randint_, 1) \
  X(randperm_, 1) \
  X(dropout, 0) \
  X(dropout_again, 0) \
  X(multinomial, 0) \
  X(arange_, 1) \
  X(sgd_, 0) \
  X(adam_, 0) \
  X(adamw_, 0) \
  X(grad_norm, 0) \
  X(grad_scale_, 0)
#endif
