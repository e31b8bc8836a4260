-- Generated from core/ops.lua by core/gen.lua: do not edit.

return {
  ["add"] = "add(a, b) -> y\
\
a + b, elementwise.\
In place: add_.",
  ["sub"] = "sub(a, b) -> y\
\
a - b, elementwise.\
In place: sub_.",
  ["mul"] = "mul(a, b) -> y\
\
a * b, elementwise.\
In place: mul_.",
  ["div"] = "div(a, b) -> y\
\
a / b, elementwise; whole numbers give the default float.\
In place: div_.",
  ["pow"] = "pow(a, b) -> y\
\
a to the power b, elementwise.\
In place: pow_.",
  ["maximum"] = "maximum(a, b) -> y\
\
The larger of a and b; NaN when one is.",
  ["minimum"] = "minimum(a, b) -> y\
\
The smaller of a and b; NaN when one is.",
  ["remainder"] = "remainder(a, b) -> y\
\
a modulo b with the sign of b, as Lua's %.\
In place: remainder_.",
  ["floor_divide"] = "floor_divide(a, b) -> y\
\
The floor of a / b.\
Has no gradient.",
  ["atan2"] = "atan2(a, b) -> y\
\
The angle of the point (b, a) in radians.",
  ["neg"] = "neg(x) -> y\
\
-x.\
In place: neg_.",
  ["abs"] = "abs(x) -> y\
\
The absolute value.\
In place: abs_.",
  ["sign"] = "sign(x) -> y\
\
-1, 0 or 1.",
  ["square"] = "square(x) -> y\
\
x * x.\
In place: square_.",
  ["sqrt"] = "sqrt(x) -> y\
\
The square root.\
In place: sqrt_.",
  ["rsqrt"] = "rsqrt(x) -> y\
\
1 / sqrt(x).\
In place: rsqrt_.",
  ["reciprocal"] = "reciprocal(x) -> y\
\
1 / x.\
In place: reciprocal_.",
  ["exp"] = "exp(x) -> y\
\
e to the power x.\
In place: exp_.",
  ["expm1"] = "expm1(x) -> y\
\
exp(x) - 1, exact near 0.",
  ["log"] = "log(x) -> y\
\
The natural logarithm.\
In place: log_.",
  ["log1p"] = "log1p(x) -> y\
\
log(1 + x), exact near 0.",
  ["log2"] = "log2(x) -> y\
\
The logarithm to base 2.",
  ["sin"] = "sin(x) -> y\
\
The sine of x radians.",
  ["cos"] = "cos(x) -> y\
\
The cosine of x radians.",
  ["tanh"] = "tanh(x) -> y\
\
The hyperbolic tangent.\
In place: tanh_.",
  ["erf"] = "erf(x) -> y\
\
The error function.",
  ["floor"] = "floor(x) -> y\
\
The largest whole number not above x.\
In place: floor_.",
  ["ceil"] = "ceil(x) -> y\
\
The smallest whole number not below x.",
  ["round"] = "round(x) -> y\
\
The nearest whole number, halves to even.",
  ["trunc"] = "trunc(x) -> y\
\
x without its fraction.",
  ["clamp"] = "clamp(x, lo = -math.huge, hi = math.huge) -> y\
\
x brought into [lo, hi].\
In place: clamp_.",
  ["sigmoid"] = "sigmoid(x) -> y\
\
1 / (1 + exp(-x)).\
In place: sigmoid_.",
  ["relu"] = "relu(x) -> y\
\
max(x, 0).\
In place: relu_.",
  ["leaky_relu"] = "leaky_relu(x, slope = 0.01) -> y\
\
x above 0, slope x below.",
  ["elu"] = "elu(x, alpha = 1) -> y\
\
x above 0, alpha (exp(x) - 1) below.",
  ["silu"] = "silu(x) -> y\
\
x sigmoid(x).",
  ["softplus"] = "softplus(x) -> y\
\
log(1 + exp(x)), without overflow.",
  ["gelu"] = "gelu(x) -> y\
\
x times the normal distribution function of x (exact form).\
Source: Hendrycks and Gimpel 2016.",
  ["gelu_tanh"] = "gelu_tanh(x) -> y\
\
gelu in its tanh approximation.\
Source: Hendrycks and Gimpel 2016.",
  ["eq"] = "eq(a, b) -> y\
\
a == b, elementwise, as bool.\
Has no gradient.",
  ["ne"] = "ne(a, b) -> y\
\
a != b, elementwise, as bool.\
Has no gradient.",
  ["lt"] = "lt(a, b) -> y\
\
a < b, elementwise, as bool.\
Has no gradient.",
  ["le"] = "le(a, b) -> y\
\
a <= b, elementwise, as bool.\
Has no gradient.",
  ["gt"] = "gt(a, b) -> y\
\
a > b, elementwise, as bool.\
Has no gradient.",
  ["ge"] = "ge(a, b) -> y\
\
a >= b, elementwise, as bool.\
Has no gradient.",
  ["logical_and"] = "logical_and(a, b) -> y\
\
Whether both are nonzero.\
Has no gradient.",
  ["logical_or"] = "logical_or(a, b) -> y\
\
Whether one is nonzero.\
Has no gradient.",
  ["logical_xor"] = "logical_xor(a, b) -> y\
\
Whether exactly one is nonzero.\
Has no gradient.",
  ["logical_not"] = "logical_not(x) -> y\
\
Whether x is 0.\
Has no gradient.",
  ["isnan"] = "isnan(x) -> y\
\
Whether x is not a number.\
Has no gradient.",
  ["isinf"] = "isinf(x) -> y\
\
Whether x is infinite.\
Has no gradient.",
  ["isfinite"] = "isfinite(x) -> y\
\
Whether x is neither infinite nor NaN.\
Has no gradient.",
  ["where"] = "where(m: mask, a, b) -> y\
\
a where m is true, else b.",
  ["masked_fill"] = "masked_fill(x, m: mask, value: number) -> y\
\
x with `value` where m is true.\
In place: masked_fill_.",
  ["fill"] = "fill(x, value: number) -> y\
\
A tensor like x full of `value`.\
In place: fill_.",
  ["copy"] = "copy(x) -> y\
\
A copy.",
  ["contiguous"] = "contiguous(x) -> y\
\
A row-major copy without gaps.",
  ["channels_last"] = "channels_last(x) -> y\
\
A copy without gaps; of four dims [N, C, H, W] with channels next to each other, of any other number row-major.",
  ["cast"] = "cast(x, dtype: int) -> y\
\
x in another dtype.",
  ["assign"] = "assign(x, v) -> y\
\
v in the shape and dtype of x.\
In place: assign_.",
  ["sum"] = "sum(x, dims: dims, keepdim = false) -> y\
\
The sum over dims (none: all). Whole numbers give i64.",
  ["mean"] = "mean(x, dims: dims, keepdim = false) -> y\
\
The mean over dims (none: all). Whole numbers give the default float.",
  ["amax"] = "amax(x, dims: dims, keepdim = false) -> y\
\
The maximum over dims (none: all); gradients go equally to equal ones.",
  ["amin"] = "amin(x, dims: dims, keepdim = false) -> y\
\
The minimum over dims (none: all); gradients go equally to equal ones.",
  ["prod"] = "prod(x, dims: dims, keepdim = false) -> y\
\
The product over dims (none: all). Whole numbers give i64.",
  ["var"] = "var(x, dims: dims, correction = 1, keepdim = false) -> y\
\
The variance over dims, divided by n - correction.\
Source: two passes.",
  ["max_dim"] = "max_dim(x, d: dim, keepdim = false) -> y, i: ids\
\
The maximum along d and its place, counted from 0.",
  ["min_dim"] = "min_dim(x, d: dim, keepdim = false) -> y, i: ids\
\
The minimum along d and its place, counted from 0.",
  ["argmax"] = "argmax(x, dims: dims, keepdim = false) -> i: ids\
\
The place of the maximum along one dim (none: of all), counted from 0.\
Has no gradient.",
  ["argmin"] = "argmin(x, dims: dims, keepdim = false) -> i: ids\
\
The place of the minimum along one dim (none: of all), counted from 0.\
Has no gradient.",
  ["cumsum"] = "cumsum(x, d: dim) -> y\
\
Running sums along d. Whole numbers give i64.",
  ["flip"] = "flip(x, dims: dims) -> y\
\
x with dims reversed.",
  ["sort"] = "sort(x, d: dim = -1, descending = false) -> y, i: ids\
\
x sorted along d (stable), and where each came from, counted from 0.",
  ["topk"] = "topk(x, k: int, d: dim = -1, largest = true) -> y, i: ids\
\
The k largest (or smallest) along d, sorted, and their places from 0.",
  ["matmul"] = "matmul(a: [..., M, K], b: [..., K, N]) -> y: [..., M, N]\
\
Matrix products; leading dims broadcast.",
  ["linear"] = "linear(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O]\
\
x w^T + b.",
  ["linear_gelu"] = "linear_gelu(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O], pre: [..., O]\
\
gelu_tanh(x w^T + b), in one pass over the result.\
Source: Hendrycks and Gimpel 2016.",
  ["gelu_mlp"] = "gelu_mlp(x: [..., I], v: [H, I], a: [H]?, w: [O, H], b: [O]?) -> y: [..., O], pre: [..., H], act: [..., H]\
\
gelu_tanh(x v^T + a) w^T + b, in two products.\
Source: Hendrycks and Gimpel 2016.",
  ["attention"] = "attention(query: [N, H, T, K], key: [N, H, S, K], value: [N, H, S, K], causal: bool, scale: number, p = 0) -> y: [N, H, T, K], lse: wide [N, H, T]\
\
softmax(scale query key^T) value for each head, with the weights dropped with probability p; causal: row i sees columns up to i + S - T.\
Source: Dao 2023, FlashAttention-2.",
  ["softmax"] = "softmax(x, d: dim = -1) -> y\
\
exp(x) over its sum along d.",
  ["log_softmax"] = "log_softmax(x, d: dim = -1) -> y\
\
The logarithm of softmax, without overflow.",
  ["cross_entropy"] = "cross_entropy(x: [N, C], t: ids [N], w: wide [C]?, ignore_index: int = -100, smoothing = 0, reduction: int = 1) -> loss: wide ?, lse: wide ?\
\
-log softmax(x)[t], averaged (reduction 1), summed (2) or as it is (0); rows with ignore_index count nothing.",
  ["layernorm"] = "layernorm(x: [..., C], w: [C]?, b: [C]?, eps = 1e-5) -> y: [..., C], mean: wide [...], rstd: wide [...]\
\
(x - mean) / sqrt(var + eps) over the last dim, times w plus b.\
Source: Ba, Kiros and Hinton 2016.",
  ["batchnorm"] = "batchnorm(x, mean: wide [C], var: wide [C], w: wide [C]?, b: wide [C]?, eps: number, training: bool) -> y\
\
x normalised by the mean and variance of each channel (dim 2), times w plus b. With training, mean and var are those of x itself.",
  ["conv2d"] = "conv2d(x: [N, C, H, W], w: [O, D, K, L], b: [O]?, stride: ints, padding: ints, dilation: ints, groups: int = 1) -> y: ?\
\
Correlates x with w.",
  ["maxpool2d"] = "maxpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints) -> y: ?, i: ids ?\
\
The maximum of each window.",
  ["avgpool2d"] = "avgpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints, include_pad: bool) -> y: ?\
\
The mean of each window.",
  ["embedding"] = "embedding(ids: ids, w: [V, C]) -> y: ?\
\
The rows of w at ids, counted from 0.",
  ["index_select"] = "index_select(x, d: dim, ids: ids [N]) -> y: ?\
\
The slices of x along d at ids, counted from 0.",
  ["index_add"] = "index_add(x, d: dim, ids: ids [N], v) -> y\
\
x with the slices of v added along d at ids, counted from 0.\
In place: index_add_.",
  ["gather"] = "gather(x, d: dim, ids: ids) -> y: ?\
\
x picked along d at ids, counted from 0; y has the shape of ids.",
  ["scatter"] = "scatter(x, d: dim, ids: ids, v) -> y\
\
x with v written along d at ids, counted from 0.\
In place: scatter_.",
  ["scatter_add"] = "scatter_add(x, d: dim, ids: ids, v) -> y\
\
x with v added along d at ids, counted from 0.\
In place: scatter_add_.",
  ["cat"] = "cat(xs: list, d: dim = 1) -> y: ?\
\
Tensors joined along d.",
  ["tril"] = "tril(x, k: int = 0) -> y\
\
The lower triangle: elements above diagonal k are 0.",
  ["triu"] = "triu(x, k: int = 0) -> y\
\
The upper triangle: elements below diagonal k are 0.",
  ["nonzero"] = "nonzero(x) -> i: ids ?\
\
The places of the elements that are not 0: [n, ndim], counted from 0.\
Has no gradient.",
  ["one_hot"] = "one_hot(ids: ids, n: int) -> y: ids ?\
\
i64 [..., n] with a 1 at each id, counted from 0.\
Has no gradient.",
  ["uniform_"] = "uniform_(x, lo = 0, hi = 1) -> x\
\
Fills x with uniform numbers in [lo, hi).\
Has no gradient.",
  ["normal_"] = "normal_(x, mean = 0, std = 1) -> x\
\
Fills x with normal numbers.\
Source: Box and Muller 1958.\
Has no gradient.",
  ["bernoulli_"] = "bernoulli_(x, p = 0.5) -> x\
\
Fills x with 1 (probability p) and 0.\
Has no gradient.",
  ["randint_"] = "randint_(x, lo: number, hi: number) -> x\
\
Fills x with whole numbers from lo to hi - 1.\
Has no gradient.",
  ["randperm_"] = "randperm_(x: [N]) -> x\
\
Fills x with a random order of 0..N-1.\
Has no gradient.",
  ["dropout"] = "dropout(x, p = 0.5) -> y\
\
x with elements set to 0 with probability p, the others times 1 / (1 - p).\
Source: Srivastava et al. 2014.",
  ["multinomial"] = "multinomial(p: [..., K], n: int = 1, replacement = true) -> i: ids ?\
\
n draws from each row of weights, as places from 0.\
Has no gradient.",
  ["arange_"] = "arange_(x, start: number, step: number) -> x\
\
x[i] = start + i step.\
Has no gradient.",
  ["sgd_"] = "sgd_(p: params, master: list, buf: list, row: tensor?, skip: tensor?, lr: number, momentum: number, dampening: number, weight_decay: number, stochastic: bool, nesterov: bool, maximize: bool, first: bool) -> none\
\
One step of stochastic gradient descent on every parameter with a gradient.\
Has no gradient.",
  ["adam_"] = "adam_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none\
\
One Adam step on every parameter with a gradient.\
Source: Kingma and Ba 2015.\
Has no gradient.",
  ["adamw_"] = "adamw_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none\
\
One AdamW step on every parameter with a gradient.\
Source: Loshchilov and Hutter 2019.\
Has no gradient.",
  ["grad_norm"] = "grad_norm(p: params, kind: number) -> y: ?\
\
The norm of all gradients together (kind 2, or math.huge).\
Has no gradient.",
  ["grad_scale_"] = "grad_scale_(p: params, row: tensor?, skip: tensor?, factor: number, clamp: number) -> none\
\
Multiplies gradients by factor, then clamps them to +-clamp.\
Has no gradient.",
  ["view"] = "view(x, size: ints) -> y\
\
x in another shape without a copy; -1 is inferred. An error where it would need a copy: reshape.",
  ["transpose"] = "transpose(x, a: dim, b: dim) -> y\
\
Dims a and b change places.",
  ["permute"] = "permute(x, dims: dims) -> y\
\
Dims in another order.",
  ["expand"] = "expand(x, size: ints) -> y\
\
Dims of size 1 repeated without a copy; -1 leaves a dim as it is.",
  ["narrow"] = "narrow(x, d: dim, start: int, n: int) -> y\
\
n slices along d from start on.",
  ["slice"] = "slice(x, d: dim, first: int, last: int, step: int = 1) -> y\
\
Slices first, first + step, ... up to last along d.",
  ["select"] = "select(x, d: dim, i: int) -> y\
\
Slice i along d, without that dim.",
  ["unsqueeze"] = "unsqueeze(x, d: dim+) -> y\
\
A new dim of size 1 at d; -1 puts it last.",
  ["squeeze"] = "squeeze(x, dims: dims) -> y\
\
Without the dims (none: all) of size 1.",
  ["diagonal"] = "diagonal(x, k: int = 0) -> y\
\
Diagonal k of the last two dims, as the last dim.",
  ["unfold"] = "unfold(x, d: dim, size: int, step: int) -> y\
\
Windows of `size` slices along d, `step` apart, as a new last dim.",
}
