/* Generated from core/ops.lua by core/gen.lua: do not edit. */

#ifndef TNT_CALLS_GEN_H
#define TNT_CALLS_GEN_H
#include "core.h"
enum {
  OP_ID_ADD = 0,
  OP_ID_SUB = 1,
  OP_ID_MUL = 2,
  OP_ID_DIV = 3,
  OP_ID_DIV_DB = 4,
  OP_ID_POW = 5,
  OP_ID_POW_DA = 6,
  OP_ID_POW_DB = 7,
  OP_ID_MAXIMUM = 8,
  OP_ID_MAXIMUM_DA = 9,
  OP_ID_MAXIMUM_DB = 10,
  OP_ID_MINIMUM = 11,
  OP_ID_MINIMUM_DA = 12,
  OP_ID_MINIMUM_DB = 13,
  OP_ID_REMAINDER = 14,
  OP_ID_REMAINDER_DB = 15,
  OP_ID_FLOOR_DIVIDE = 16,
  OP_ID_ATAN2 = 17,
  OP_ID_ATAN2_DA = 18,
  OP_ID_ATAN2_DB = 19,
  OP_ID_NEG = 20,
  OP_ID_ABS = 21,
  OP_ID_ABS_DX = 22,
  OP_ID_SIGN = 23,
  OP_ID_SIGN_DX = 24,
  OP_ID_SQUARE = 25,
  OP_ID_SQUARE_DX = 26,
  OP_ID_SQRT = 27,
  OP_ID_SQRT_DX = 28,
  OP_ID_RSQRT = 29,
  OP_ID_RSQRT_DX = 30,
  OP_ID_RECIPROCAL = 31,
  OP_ID_RECIPROCAL_DX = 32,
  OP_ID_EXP = 33,
  OP_ID_EXPM1 = 34,
  OP_ID_EXPM1_DX = 35,
  OP_ID_LOG = 36,
  OP_ID_LOG1P = 37,
  OP_ID_LOG1P_DX = 38,
  OP_ID_LOG2 = 39,
  OP_ID_LOG2_DX = 40,
  OP_ID_SIN = 41,
  OP_ID_SIN_DX = 42,
  OP_ID_COS = 43,
  OP_ID_COS_DX = 44,
  OP_ID_TANH = 45,
  OP_ID_TANH_DX = 46,
  OP_ID_ERF = 47,
  OP_ID_ERF_DX = 48,
  OP_ID_FLOOR = 49,
  OP_ID_FLOOR_DX = 50,
  OP_ID_CEIL = 51,
  OP_ID_CEIL_DX = 52,
  OP_ID_ROUND = 53,
  OP_ID_ROUND_DX = 54,
  OP_ID_TRUNC = 55,
  OP_ID_TRUNC_DX = 56,
  OP_ID_CLAMP = 57,
  OP_ID_CLAMP_DX = 58,
  OP_ID_SIGMOID = 59,
  OP_ID_SIGMOID_DX = 60,
  OP_ID_RELU = 61,
  OP_ID_RELU_DX = 62,
  OP_ID_LEAKY_RELU = 63,
  OP_ID_LEAKY_RELU_DX = 64,
  OP_ID_ELU = 65,
  OP_ID_ELU_DX = 66,
  OP_ID_SILU = 67,
  OP_ID_SILU_DX = 68,
  OP_ID_SOFTPLUS = 69,
  OP_ID_SOFTPLUS_DX = 70,
  OP_ID_GELU = 71,
  OP_ID_GELU_DX = 72,
  OP_ID_GELU_TANH = 73,
  OP_ID_GELU_TANH_DX = 74,
  OP_ID_EQ = 75,
  OP_ID_NE = 76,
  OP_ID_LT = 77,
  OP_ID_LE = 78,
  OP_ID_GT = 79,
  OP_ID_GE = 80,
  OP_ID_LOGICAL_AND = 81,
  OP_ID_LOGICAL_OR = 82,
  OP_ID_LOGICAL_XOR = 83,
  OP_ID_LOGICAL_NOT = 84,
  OP_ID_ISNAN = 85,
  OP_ID_ISINF = 86,
  OP_ID_ISFINITE = 87,
  OP_ID_WHERE = 88,
  OP_ID_WHERE_DA = 89,
  OP_ID_WHERE_DB = 90,
  OP_ID_MASKED_FILL = 91,
  OP_ID_MASKED_FILL_DX = 92,
  OP_ID_FILL = 93,
  OP_ID_FILL_DX = 94,
  OP_ID_COPY = 95,
  OP_ID_CONTIGUOUS = 96,
  OP_ID_CHANNELS_LAST = 97,
  OP_ID_CAST = 98,
  OP_ID_ASSIGN = 99,
  OP_ID_SUM = 100,
  OP_ID_MEAN = 101,
  OP_ID_AMAX = 102,
  OP_ID_AMIN = 103,
  OP_ID_PROD = 104,
  OP_ID_VAR = 105,
  OP_ID_MAX_DIM = 106,
  OP_ID_MIN_DIM = 107,
  OP_ID_ARGMAX = 108,
  OP_ID_ARGMIN = 109,
  OP_ID_CUMSUM = 110,
  OP_ID_FLIP = 111,
  OP_ID_SORT = 112,
  OP_ID_TOPK = 113,
  OP_ID_MATMUL = 114,
  OP_ID_LINEAR = 115,
  OP_ID_LINEAR_GRAD = 116,
  OP_ID_LINEAR_GELU = 117,
  OP_ID_GELU_BIAS_GRAD = 118,
  OP_ID_GELU_MLP = 119,
  OP_ID_GELU_LINEAR_GRAD = 120,
  OP_ID_ATTENTION = 121,
  OP_ID_ATTENTION_GRAD = 122,
  OP_ID_SOFTMAX = 123,
  OP_ID_SOFTMAX_GRAD = 124,
  OP_ID_LOG_SOFTMAX = 125,
  OP_ID_LOG_SOFTMAX_GRAD = 126,
  OP_ID_CROSS_ENTROPY = 127,
  OP_ID_CROSS_ENTROPY_GRAD = 128,
  OP_ID_LAYERNORM = 129,
  OP_ID_LAYERNORM_GRAD = 130,
  OP_ID_BATCHNORM_STATS = 131,
  OP_ID_BATCHNORM = 132,
  OP_ID_BATCHNORM_GRAD = 133,
  OP_ID_CONV2D = 134,
  OP_ID_CONV2D_DX = 135,
  OP_ID_CONV2D_DW = 136,
  OP_ID_MAXPOOL2D = 137,
  OP_ID_MAXPOOL2D_GRAD = 138,
  OP_ID_AVGPOOL2D = 139,
  OP_ID_AVGPOOL2D_GRAD = 140,
  OP_ID_EMBEDDING = 141,
  OP_ID_EMBEDDING_GRAD = 142,
  OP_ID_INDEX_SELECT = 143,
  OP_ID_INDEX_ADD = 144,
  OP_ID_GATHER = 145,
  OP_ID_SCATTER = 146,
  OP_ID_SCATTER_ADD = 147,
  OP_ID_CAT = 148,
  OP_ID_TRIL = 149,
  OP_ID_TRIU = 150,
  OP_ID_NONZERO = 151,
  OP_ID_ONE_HOT = 152,
  OP_ID_UNIFORM_ = 153,
  OP_ID_NORMAL_ = 154,
  OP_ID_BERNOULLI_ = 155,
  OP_ID_RANDINT_ = 156,
  OP_ID_RANDPERM_ = 157,
  OP_ID_DROPOUT = 158,
  OP_ID_DROPOUT_AGAIN = 159,
  OP_ID_MULTINOMIAL = 160,
  OP_ID_ARANGE_ = 161,
  OP_ID_SGD_ = 162,
  OP_ID_ADAM_ = 163,
  OP_ID_ADAMW_ = 164,
  OP_ID_GRAD_NORM = 165,
  OP_ID_GRAD_SCALE_ = 166,
  OP_ID_VIEW = 167,
  OP_ID_TRANSPOSE = 168,
  OP_ID_PERMUTE = 169,
  OP_ID_EXPAND = 170,
  OP_ID_NARROW = 171,
  OP_ID_SLICE = 172,
  OP_ID_SELECT = 173,
  OP_ID_UNSQUEEZE = 174,
  OP_ID_SQUEEZE = 175,
  OP_ID_DIAGONAL = 176,
  OP_ID_UNFOLD = 177,
  N_OPS
};
int op_add(context *c, tensor **y, tensor *a, tensor *b);
int op_add_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_sub(context *c, tensor **y, tensor *a, tensor *b);
int op_sub_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_mul(context *c, tensor **y, tensor *a, tensor *b);
int op_mul_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_div(context *c, tensor **y, tensor *a, tensor *b);
int op_div_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_div_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_pow(context *c, tensor **y, tensor *a, tensor *b);
int op_pow_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_pow_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_pow_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *y);
int op_maximum(context *c, tensor **y, tensor *a, tensor *b);
int op_maximum_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_maximum_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_maximum_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_minimum(context *c, tensor **y, tensor *a, tensor *b);
int op_minimum_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_minimum_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_minimum_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_remainder(context *c, tensor **y, tensor *a, tensor *b);
int op_remainder_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_remainder_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_floor_divide(context *c, tensor **y, tensor *a, tensor *b);
int op_floor_divide_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_atan2(context *c, tensor **y, tensor *a, tensor *b);
int op_atan2_da(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_atan2_db(context *c, tensor **dx, tensor *dy, tensor *a, tensor *b);
int op_neg(context *c, tensor **y, tensor *x);
int op_abs(context *c, tensor **y, tensor *x);
int op_abs_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_sign(context *c, tensor **y, tensor *x);
int op_sign_dx(context *c, tensor **dx, tensor *dy);
int op_square(context *c, tensor **y, tensor *x);
int op_square_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_sqrt(context *c, tensor **y, tensor *x);
int op_sqrt_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_rsqrt(context *c, tensor **y, tensor *x);
int op_rsqrt_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_reciprocal(context *c, tensor **y, tensor *x);
int op_reciprocal_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_exp(context *c, tensor **y, tensor *x);
int op_expm1(context *c, tensor **y, tensor *x);
int op_expm1_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_log(context *c, tensor **y, tensor *x);
int op_log1p(context *c, tensor **y, tensor *x);
int op_log1p_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_log2(context *c, tensor **y, tensor *x);
int op_log2_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_sin(context *c, tensor **y, tensor *x);
int op_sin_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_cos(context *c, tensor **y, tensor *x);
int op_cos_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_tanh(context *c, tensor **y, tensor *x);
int op_tanh_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_erf(context *c, tensor **y, tensor *x);
int op_erf_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_floor(context *c, tensor **y, tensor *x);
int op_floor_dx(context *c, tensor **dx, tensor *dy);
int op_ceil(context *c, tensor **y, tensor *x);
int op_ceil_dx(context *c, tensor **dx, tensor *dy);
int op_round(context *c, tensor **y, tensor *x);
int op_round_dx(context *c, tensor **dx, tensor *dy);
int op_trunc(context *c, tensor **y, tensor *x);
int op_trunc_dx(context *c, tensor **dx, tensor *dy);
int op_clamp(context *c, tensor **y, tensor *x, double lo, double hi);
int op_clamp_dx(context *c, tensor **dx, tensor *dy, tensor *x, double lo, double hi);
int op_sigmoid(context *c, tensor **y, tensor *x);
int op_sigmoid_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_relu(context *c, tensor **y, tensor *x);
int op_relu_dx(context *c, tensor **dx, tensor *dy, tensor *y);
int op_leaky_relu(context *c, tensor **y, tensor *x, double slope);
int op_leaky_relu_dx(context *c, tensor **dx, tensor *dy, tensor *x, double slope);
int op_elu(context *c, tensor **y, tensor *x, double alpha);
int op_elu_dx(context *c, tensor **dx, tensor *dy, tensor *x, double alpha);
int op_silu(context *c, tensor **y, tensor *x);
int op_silu_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_softplus(context *c, tensor **y, tensor *x);
int op_softplus_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_gelu(context *c, tensor **y, tensor *x);
int op_gelu_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_gelu_tanh(context *c, tensor **y, tensor *x);
int op_gelu_tanh_dx(context *c, tensor **dx, tensor *dy, tensor *x);
int op_eq(context *c, tensor **y, tensor *a, tensor *b);
int op_eq_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_ne(context *c, tensor **y, tensor *a, tensor *b);
int op_ne_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_lt(context *c, tensor **y, tensor *a, tensor *b);
int op_lt_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_le(context *c, tensor **y, tensor *a, tensor *b);
int op_le_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_gt(context *c, tensor **y, tensor *a, tensor *b);
int op_gt_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_ge(context *c, tensor **y, tensor *a, tensor *b);
int op_ge_number(context *c, tensor **y, tensor *a, double b, int reversed);
int op_logical_and(context *c, tensor **y, tensor *a, tensor *b);
int op_logical_or(context *c, tensor **y, tensor *a, tensor *b);
int op_logical_xor(context *c, tensor **y, tensor *a, tensor *b);
int op_logical_not(context *c, tensor **y, tensor *x);
int op_isnan(context *c, tensor **y, tensor *x);
int op_isinf(context *c, tensor **y, tensor *x);
int op_isfinite(context *c, tensor **y, tensor *x);
int op_where(context *c, tensor **y, tensor *m, tensor *a, tensor *b);
int op_where_da(context *c, tensor **dx, tensor *dy, tensor *m);
int op_where_db(context *c, tensor **dx, tensor *dy, tensor *m);
int op_masked_fill(context *c, tensor **y, tensor *x, tensor *m, double value);
int op_masked_fill_dx(context *c, tensor **dx, tensor *dy, tensor *m, double value);
int op_fill(context *c, tensor **y, tensor *x, double value);
int op_fill_dx(context *c, tensor **dx, tensor *dy, double value);
int op_copy(context *c, tensor **y, tensor *x);
int op_contiguous(context *c, tensor **y, tensor *x);
int op_channels_last(context *c, tensor **y, tensor *x);
int op_cast(context *c, tensor **y, tensor *x, int64_t dtype);
int op_assign(context *c, tensor **y, tensor *x, tensor *v);
int op_sum(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_mean(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_amax(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_amin(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_prod(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_var(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims, double correction, int keepdim);
int op_max_dim(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int keepdim);
int op_min_dim(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int keepdim);
int op_argmax(context *c, tensor **i, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_argmin(context *c, tensor **i, tensor *x, const int64_t *dims, int n_dims, int keepdim);
int op_cumsum(context *c, tensor **y, tensor *x, int64_t d);
int op_flip(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims);
int op_sort(context *c, tensor **y, tensor **i, tensor *x, int64_t d, int descending);
int op_topk(context *c, tensor **y, tensor **i, tensor *x, int64_t k, int64_t d, int largest);
int op_matmul(context *c, tensor **y, tensor *a, tensor *b);
int op_linear(context *c, tensor **y, tensor *x, tensor *w, tensor *b);
int op_linear_grad(context *c, tensor **dw, tensor **db, tensor *dy, tensor *x);
int op_linear_gelu(context *c, tensor **y, tensor **pre, tensor *x, tensor *w, tensor *b);
int op_gelu_bias_grad(context *c, tensor **dpre, tensor **db, tensor *dy, tensor *pre, int full);
int op_gelu_mlp(context *c, tensor **y, tensor **pre, tensor **act, tensor *x, tensor *v, tensor *a, tensor *w, tensor *b);
int op_gelu_linear_grad(context *c, tensor **dpre, tensor **db, tensor *dy, tensor *w, tensor *pre, int full);
int op_attention(context *c, tensor **y, tensor **lse, tensor *query, tensor *key, tensor *value, int causal, double scale, double p);
int op_attention_grad(context *c, tensor **dquery, tensor **dkey, tensor **dvalue, tensor *dy, tensor *query, tensor *key, tensor *value, tensor *y, tensor *lse, int causal, double scale, double p, int64_t seed, int64_t turn);
int op_softmax(context *c, tensor **y, tensor *x, int64_t d);
int op_softmax_grad(context *c, tensor **dx, tensor *dy, tensor *y, int64_t d);
int op_log_softmax(context *c, tensor **y, tensor *x, int64_t d);
int op_log_softmax_grad(context *c, tensor **dx, tensor *dy, tensor *y, int64_t d);
int op_cross_entropy(context *c, tensor **loss, tensor **lse, tensor *x, tensor *t, tensor *w, int64_t ignore_index, double smoothing, int64_t reduction);
int op_cross_entropy_grad(context *c, tensor **dx, tensor *dy, tensor *x, tensor *t, tensor *w, tensor *lse, int64_t ignore_index, double smoothing, int64_t reduction);
int op_layernorm(context *c, tensor **y, tensor **mean, tensor **rstd, tensor *x, tensor *w, tensor *b, double eps);
int op_layernorm_grad(context *c, tensor **dx, tensor **dw, tensor **db, tensor *dy, tensor *x, tensor *w, tensor *mean, tensor *rstd, int full);
int op_batchnorm_stats(context *c, tensor **mean, tensor **var, tensor *x);
int op_batchnorm(context *c, tensor **y, tensor *x, tensor *mean, tensor *var, tensor *w, tensor *b, double eps, int training);
int op_batchnorm_grad(context *c, tensor **dx, tensor **dw, tensor **db, tensor *dy, tensor *x, tensor *mean, tensor *var, tensor *w, double eps, int training);
int op_conv2d(context *c, tensor **y, tensor *x, tensor *w, tensor *b, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups);
int op_conv2d_dx(context *c, tensor **dx, tensor *dy, tensor *w, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups);
int op_conv2d_dw(context *c, tensor **dw, tensor *dy, tensor *x, const int64_t *size, int n_size, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, const int64_t *dilation, int n_dilation, int64_t groups);
int op_maxpool2d(context *c, tensor **y, tensor **i, tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding);
int op_maxpool2d_grad(context *c, tensor **dx, tensor *dy, tensor *i, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding);
int op_avgpool2d(context *c, tensor **y, tensor *x, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad);
int op_avgpool2d_grad(context *c, tensor **dx, tensor *dy, const int64_t *size, int n_size, const int64_t *kernel, int n_kernel, const int64_t *stride, int n_stride, const int64_t *padding, int n_padding, int include_pad);
int op_embedding(context *c, tensor **y, tensor *ids, tensor *w);
int op_embedding_grad(context *c, tensor **dw, tensor *dy, tensor *ids, int64_t rows);
int op_index_select(context *c, tensor **y, tensor *x, tensor *ids, int64_t d);
int op_index_add(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d);
int op_gather(context *c, tensor **y, tensor *x, tensor *ids, int64_t d);
int op_scatter(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d);
int op_scatter_add(context *c, tensor **y, tensor *x, tensor *ids, tensor *v, int64_t d);
int op_cat(context *c, tensor **y, tensor *const *xs, int n_xs, int64_t d);
int op_tril(context *c, tensor **y, tensor *x, int64_t k);
int op_triu(context *c, tensor **y, tensor *x, int64_t k);
int op_nonzero(context *c, tensor **i, tensor *x);
int op_one_hot(context *c, tensor **y, tensor *ids, int64_t n);
int op_uniform_(context *c, tensor *x, double lo, double hi);
int op_normal_(context *c, tensor *x, double mean, double std);
int op_bernoulli_(context *c, tensor *x, double p);
int op_randint_(context *c, tensor *x, double lo, double hi);
int op_randperm_(context *c, tensor *x);
int op_dropout(context *c, tensor **y, tensor *x, double p);
int op_dropout_again(context *c, tensor **y, tensor *x, double p, int64_t seed, int64_t turn);
int op_multinomial(context *c, tensor **i, tensor *p, int64_t n, int replacement);
int op_arange_(context *c, tensor *x, double start, double step);
int op_sgd_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *buf, int n_buf, tensor *row, tensor *skip, double lr, double momentum, double dampening, double weight_decay, int stochastic, int nesterov, int maximize, int first);
int op_adam_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *m, int n_m, tensor *const *v, int n_v, tensor *row, tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic);
int op_adamw_(context *c, tensor *const *p, int n_p, tensor *const *master, int n_master, tensor *const *m, int n_m, tensor *const *v, int n_v, tensor *row, tensor *skip, double lr, double beta1, double beta2, double eps, double weight_decay, double step, int stochastic);
int op_grad_norm(context *c, tensor **y, tensor *const *p, int n_p, double kind);
int op_grad_scale_(context *c, tensor *const *p, int n_p, tensor *row, tensor *skip, double factor, double clamp);
int op_view(context *c, tensor **y, tensor *x, const int64_t *size, int n_size);
int op_transpose(context *c, tensor **y, tensor *x, int64_t a, int64_t b);
int op_permute(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims);
int op_expand(context *c, tensor **y, tensor *x, const int64_t *size, int n_size);
int op_narrow(context *c, tensor **y, tensor *x, int64_t d, int64_t start, int64_t n);
int op_slice(context *c, tensor **y, tensor *x, int64_t d, int64_t first, int64_t last, int64_t step);
int op_select(context *c, tensor **y, tensor *x, int64_t d, int64_t i);
int op_unsqueeze(context *c, tensor **y, tensor *x, int64_t d);
int op_squeeze(context *c, tensor **y, tensor *x, const int64_t *dims, int n_dims);
int op_diagonal(context *c, tensor **y, tensor *x, int64_t k);
int op_unfold(context *c, tensor **y, tensor *x, int64_t d, int64_t size, int64_t step);
#endif
