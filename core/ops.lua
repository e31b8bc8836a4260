-- The op table: every operation is declared here, once. scripts/gen makes of each row the C entry, the dispatch record,
-- the Lua method with its annotation, the reference page and the tests.
--
-- A signature reads `name(argument, ...) -> output, ...`. Arguments: `x: [..., C]` a tensor of that shape (letters are
-- sizes, equal ones must agree, ... is any number of leading dims); `x` alone any shape; a trailing `?` may be nil;
-- `t: ids [N]` whole numbers of any dtype; `m: wide [N]` f32 beside 16-bit floats; `m: mask` bool; `xs: list` tensors; `p: params` parameters with gradients;
-- `p: number`, `k: int`, `d: dim` (position from 1), `d: dims` (list of positions, none = all), `s: ints`, `b: bool`,
-- each with `= default` where it has one.
--
-- Fields of a row: doc, source; y: the formula of an elementwise op in C (T is the compute type, functions in capitals),
-- d<input>: its gradient, a formula in dy, the inputs and y; number = true: one operand may be a Lua number; inplace:
-- there is a form with `_`; int: also for whole numbers; float: whole numbers become the default float; result = "bool";
-- wide: sums of whole numbers are i64; autocast: "low" or "f32", in which a region of autocast computes it; narrow: inputs
-- that an "f32" row takes in 16 bits as they are, because its kernel computes in f32 all the same; shape: the C
-- function that infers the outputs; rule: the C function of the gradient, saves: what it wants to see again; flops: the C
-- function that counts its floating-point operations (core/flops.c); strided: the kernel takes strides; images: tensors of four
-- dims are given to the kernel all row-major or all channels-last; heads: its outputs lie as its inputs do (core/heads.c);
-- view; random;
-- kinks: where finite differences do not hold.
local op = ...

-- -- arithmetic ---------------------------------------------------------------------------------------------------
op "add(a, b) -> y" { doc = "a + b, elementwise.", y = "a + b", da = "dy", db = "dy", number = true, inplace = true, int = true }
op "sub(a, b) -> y" { doc = "a - b, elementwise.", y = "a - b", da = "dy", db = "-dy", number = true, inplace = true, int = true }
op "mul(a, b) -> y" { doc = "a * b, elementwise.", y = "a * b", da = "dy * b", db = "dy * a", number = true, inplace = true, int = true }
op "div(a, b) -> y" { doc = "a / b, elementwise; whole numbers give the default float.", y = "a / b",
  da = "dy / b", db = "-(dy * a) / (b * b)", number = true, inplace = true, float = true, range = { 0.5, 2 } }
op "pow(a, b) -> y" { autocast = "f32", doc = "a to the power b, elementwise.", y = "POW(a, b)",
  da = "b == 0 ? 0 : dy * b * POW(a, b - 1)", db = "a == 0 ? 0 : dy * y * LOG(a)", number = true, inplace = true, int = true, range = { 0.5, 2 } }
op "maximum(a, b) -> y" { doc = "The larger of a and b; NaN when one is.", y = "a > b || a != a ? a : b",
  da = "a > b ? dy : (a == b ? dy * 0.5 : 0)", db = "b > a ? dy : (a == b ? dy * 0.5 : 0)", number = true, int = true, kinks = true }
op "minimum(a, b) -> y" { doc = "The smaller of a and b; NaN when one is.", y = "a < b || a != a ? a : b",
  da = "a < b ? dy : (a == b ? dy * 0.5 : 0)", db = "b < a ? dy : (a == b ? dy * 0.5 : 0)", number = true, int = true, kinks = true }
op "remainder(a, b) -> y" { doc = "a modulo b with the sign of b, as Lua's %.", y = "MOD(a, b)",
  da = "dy", db = "-dy * FLOOR(a / b)", number = true, inplace = true, int = true, range = { 0.6, 0.9 }, kinks = true }
op "floor_divide(a, b) -> y" { doc = "The floor of a / b.", y = "FLOORDIV(a, b)", number = true, int = true, range = { 0.5, 2 } }
op "atan2(a, b) -> y" { doc = "The angle of the point (b, a) in radians.", y = "ATAN2(a, b)",
  da = "dy * b / (a * a + b * b)", db = "-dy * a / (a * a + b * b)", float = true, range = { 0.5, 2 } }

op "neg(x) -> y" { doc = "-x.", y = "-x", dx = "-dy", inplace = true, int = true }
op "abs(x) -> y" { doc = "The absolute value.", y = "x < 0 ? -x : x", dx = "dy * SIGN(x)", inplace = true, int = true, kinks = { 0 } }
op "sign(x) -> y" { doc = "-1, 0 or 1.", y = "SIGN(x)", dx = "dy * 0", int = true, kinks = { 0 } }
op "square(x) -> y" { doc = "x * x.", y = "x * x", dx = "dy * x * 2", inplace = true, int = true }
op "sqrt(x) -> y" { doc = "The square root.", y = "SQRT(x)", dx = "dy / (y * 2)", inplace = true, float = true, range = { 0.5, 2 } }
op "rsqrt(x) -> y" { autocast = "f32", doc = "1 / sqrt(x).", y = "1 / SQRT(x)", dx = "dy * y * y * y * -0.5", inplace = true, float = true, range = { 0.5, 2 } }
op "reciprocal(x) -> y" { autocast = "f32", doc = "1 / x.", y = "1 / x", dx = "-dy * y * y", inplace = true, float = true, range = { 0.5, 2 } }
op "exp(x) -> y" { autocast = "f32", doc = "e to the power x.", y = "EXP(x)", dx = "dy * y", inplace = true, float = true }
op "expm1(x) -> y" { autocast = "f32", doc = "exp(x) - 1, exact near 0.", y = "EXPM1(x)", dx = "dy * (y + 1)", float = true }
op "log(x) -> y" { autocast = "f32", doc = "The natural logarithm.", y = "LOG(x)", dx = "dy / x", inplace = true, float = true, range = { 0.5, 2 } }
op "log1p(x) -> y" { autocast = "f32", doc = "log(1 + x), exact near 0.", y = "LOG1P(x)", dx = "dy / (x + 1)", float = true, range = { 0.1, 2 } }
op "log2(x) -> y" { autocast = "f32", doc = "The logarithm to base 2.", y = "LOG(x) * (T)1.4426950408889634", dx = "dy / x * 1.4426950408889634", float = true, range = { 0.5, 2 } }
op "sin(x) -> y" { doc = "The sine of x radians.", y = "SIN(x)", dx = "dy * COS(x)", float = true }
op "cos(x) -> y" { doc = "The cosine of x radians.", y = "COS(x)", dx = "-dy * SIN(x)", float = true }
op "tanh(x) -> y" { doc = "The hyperbolic tangent.", y = "TANH(x)", dx = "dy * (1 - y * y)", inplace = true, float = true }
op "erf(x) -> y" { doc = "The error function.", y = "ERF(x)", dx = "dy * EXP(-x * x) * 1.1283791670955126", float = true }
op "floor(x) -> y" { doc = "The largest whole number not above x.", y = "FLOOR(x)", dx = "dy * 0", inplace = true, int = true, kinks = true }
op "ceil(x) -> y" { doc = "The smallest whole number not below x.", y = "CEIL(x)", dx = "dy * 0", int = true, kinks = true }
op "round(x) -> y" { doc = "The nearest whole number, halves to even.", y = "ROUND(x)", dx = "dy * 0", int = true, kinks = true }
op "trunc(x) -> y" { doc = "x without its fraction.", y = "TRUNC(x)", dx = "dy * 0", int = true, kinks = true }
op "clamp(x, lo = -math.huge, hi = math.huge) -> y" { doc = "x brought into [lo, hi].",
  y = "x > (T)hi ? (T)hi : (x < (T)lo ? ((T)lo > (T)hi ? (T)hi : (T)lo) : x)", dx = "x < lo ? 0 : (x > hi ? 0 : dy)", inplace = true, int = true, kinks = true }

-- -- activations --------------------------------------------------------------------------------------------------
op "sigmoid(x) -> y" { doc = "1 / (1 + exp(-x)).", y = "1 / (1 + EXP(-x))", dx = "dy * y * (1 - y)", inplace = true, float = true }
op "relu(x) -> y" { doc = "max(x, 0).", y = "x > 0 || x != x ? x : 0", dx = "y > 0 ? dy : 0", inplace = true, int = true, kinks = { 0 } }
op "leaky_relu(x, slope = 0.01) -> y" { doc = "x above 0, slope x below.", y = "x > 0 ? x : x * (T)slope",
  dx = "x > 0 ? dy : dy * slope", float = true, kinks = { 0 } }
op "elu(x, alpha = 1) -> y" { doc = "x above 0, alpha (exp(x) - 1) below.", y = "x > 0 ? x : (T)alpha * EXPM1(x)",
  dx = "x > 0 ? dy : dy * EXP(x) * alpha", float = true, kinks = { 0 } }
op "silu(x) -> y" { doc = "x sigmoid(x).", y = "x / (1 + EXP(-x))",
  dx = "dy * SIGMOID(x) * (1 + x * (1 - SIGMOID(x)))", float = true }
op "softplus(x) -> y" { autocast = "f32", doc = "log(1 + exp(x)), without overflow.", y = "x > 20 ? x : LOG1P(EXP(x))", dx = "dy * SIGMOID(x)", float = true }
op "gelu(x) -> y" { doc = "x times the normal distribution function of x (exact form).", source = "Hendrycks and Gimpel 2016",
  y = "(T)0.5 * x * (1 + ERF(x * (T)0.7071067811865476))",
  dx = "dy * ((1 + ERF(x * 0.7071067811865476)) * 0.5 + x * EXP(x * x * -0.5) * 0.3989422804014327)", float = true }
op "gelu_tanh(x) -> y" { doc = "gelu in its tanh approximation.", source = "Hendrycks and Gimpel 2016",
  y = "(T)0.5 * x * (1 + TANH((T)0.7978845608028654 * (x + (T)0.044715 * x * x * x)))",
  dx = "dy * (0.5 * (1 + TANH(0.7978845608028654 * (x + 0.044715 * x * x * x))) + 0.5 * x * (1 - TANH(0.7978845608028654 * (x + 0.044715 * x * x * x)) * TANH(0.7978845608028654 * (x + 0.044715 * x * x * x))) * (0.7978845608028654 * (1 + 0.134145 * x * x)))",
  float = true }

-- -- comparison and logic -----------------------------------------------------------------------------------------
for name, sign in ("eq == ne != lt < le <= gt > ge >="):gmatch "(%a+) (%p+)" do
  op(name .. "(a, b) -> y") { doc = "a " .. sign .. " b, elementwise, as bool.", y = "a " .. sign .. " b", number = true, int = true, result = "bool" }
end
op "logical_and(a, b) -> y" { doc = "Whether both are nonzero.", y = "a != 0 && b != 0", int = true, result = "bool" }
op "logical_or(a, b) -> y" { doc = "Whether one is nonzero.", y = "a != 0 || b != 0", int = true, result = "bool" }
op "logical_xor(a, b) -> y" { doc = "Whether exactly one is nonzero.", y = "(a != 0) != (b != 0)", int = true, result = "bool" }
op "logical_not(x) -> y" { doc = "Whether x is 0.", y = "x == 0", int = true, result = "bool" }
op "isnan(x) -> y" { doc = "Whether x is not a number.", y = "x != x", int = true, result = "bool" }
op "isinf(x) -> y" { doc = "Whether x is infinite.", y = "ISINF(x)", int = true, result = "bool" }
op "isfinite(x) -> y" { doc = "Whether x is neither infinite nor NaN.", y = "ISFINITE(x)", int = true, result = "bool" }
op "where(m: mask, a, b) -> y" { doc = "a where m is true, else b.", y = "m != 0 ? a : b",
  da = "m != 0 ? dy : 0", db = "m != 0 ? 0 : dy", int = true }
op "masked_fill(x, m: mask, value: number) -> y" { doc = "x with `value` where m is true.", y = "m != 0 ? (T)value : x",
  dx = "m != 0 ? 0 : dy", inplace = true, int = true }
op "fill(x, value: number) -> y" { doc = "A tensor like x full of `value`.", y = "(T)value", dx = "dy * 0", inplace = true, int = true }
op "copy(x) -> y" { doc = "A copy.", y = "x", dx = "dy", int = true }
op "contiguous(x) -> y" { doc = "A row-major copy without gaps.", y = "x", dx = "dy", int = true, hidden = true }
op "channels_last(x) -> y" { doc = "A copy without gaps; of four dims [N, C, H, W] with channels next to each other, of any other number row-major.",
  y = "x", dx = "dy", int = true, hidden = true }
op "cast(x, dtype: int) -> y" { doc = "x in another dtype.", y = "x", dx = "dy", int = true, hidden = true }
op "assign(x, v) -> y" { doc = "v in the shape and dtype of x.", y = "v", dv = "dy", inplace = true, int = true, hidden = true }

-- -- reductions ---------------------------------------------------------------------------------------------------
op "sum(x, dims: dims, keepdim = false) -> y" { autocast = "f32", doc = "The sum over dims (none: all). Whole numbers give i64.",
  shape = "reduce", rule = "sum", wide = true, int = true, twice = true }
op "mean(x, dims: dims, keepdim = false) -> y" { doc = "The mean over dims (none: all). Whole numbers give the default float.",
  shape = "reduce", rule = "mean", float = true, twice = true }
op "amax(x, dims: dims, keepdim = false) -> y" { doc = "The maximum over dims (none: all); gradients go equally to equal ones.",
  shape = "reduce", rule = "amax", saves = "x y", int = true, twice = true, kinks = true }
op "amin(x, dims: dims, keepdim = false) -> y" { doc = "The minimum over dims (none: all); gradients go equally to equal ones.",
  shape = "reduce", rule = "amax", saves = "x y", int = true, twice = true, kinks = true }
op "prod(x, dims: dims, keepdim = false) -> y" { autocast = "f32", doc = "The product over dims (none: all). Whole numbers give i64.",
  shape = "reduce", rule = "prod", saves = "x y", wide = true, int = true, twice = true, range = { 0.5, 2 } }
op "var(x, dims: dims, correction = 1, keepdim = false) -> y" { autocast = "f32", doc = "The variance over dims, divided by n - correction.",
  shape = "reduce", rule = "var", saves = "x", float = true, twice = true, source = "two passes" }
op "max_dim(x, d: dim, keepdim = false) -> y, i: ids" { doc = "The maximum along d and its place, counted from 0.",
  shape = "reduce_one", rule = "pick", saves = "i", int = true, twice = true, kinks = true }
op "min_dim(x, d: dim, keepdim = false) -> y, i: ids" { doc = "The minimum along d and its place, counted from 0.",
  shape = "reduce_one", rule = "pick", saves = "i", int = true, twice = true, kinks = true }
op "argmax(x, dims: dims, keepdim = false) -> i: ids" { doc = "The place of the maximum along one dim (none: of all), counted from 0.",
  shape = "reduce", int = true }
op "argmin(x, dims: dims, keepdim = false) -> i: ids" { doc = "The place of the minimum along one dim (none: of all), counted from 0.",
  shape = "reduce", int = true }
op "cumsum(x, d: dim) -> y" { autocast = "f32", doc = "Running sums along d. Whole numbers give i64.", shape = "same", rule = "cumsum", wide = true, int = true, twice = true }
op "flip(x, dims: dims) -> y" { doc = "x with dims reversed.", shape = "same", rule = "flip", int = true, twice = true }
op "sort(x, d: dim = -1, descending = false) -> y, i: ids" { doc = "x sorted along d (stable), and where each came from, counted from 0.",
  shape = "same", rule = "pick", saves = "i", int = true, twice = true, kinks = true }
op "topk(x, k: int, d: dim = -1, largest = true) -> y, i: ids" { doc = "The k largest (or smallest) along d, sorted, and their places from 0.",
  shape = "topk", rule = "pick", saves = "i", int = true, twice = true, kinks = true }

-- -- algebra ------------------------------------------------------------------------------------------------------
op "matmul(a: [..., M, K], b: [..., K, N]) -> y: [..., M, N]" { autocast = "low", doc = "Matrix products; leading dims broadcast.",
  rule = "matmul", saves = "a b", needs = { a = "b", b = "a" }, strided = true, int = true, twice = true, flops = "matmul" }
op "linear(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O]" { autocast = "low", doc = "x w^T + b.", rule = "linear", saves = "x w", needs = { x = "w", w = "x", b = "none" }, strided = true, twice = true, flops = "matmul" }
op "linear_grad(dy: [M, O], x: [M, I]) -> dw: [O, I], db: [O]" { strided = true, hidden = true, onlyfloat = true, flops = "linear_grad" }
op "linear_gelu(x: [..., I], w: [O, I], b: [O]?) -> y: [..., O], pre: [..., O]" { autocast = "low", doc = "gelu_tanh(x w^T + b), in one pass over the result.",
  source = "Hendrycks and Gimpel 2016", shape = "linear_gelu", rule = "linear_gelu", saves = "x w pre", needs = { x = "w pre", w = "x pre", b = "pre" }, returns = 1,
  strided = true, onlyfloat = true, twice = true, flops = "matmul" }
op "gelu_bias_grad(dy: [M, O], pre: [M, O], full: bool) -> dpre: [M, O], db: [O]" { hidden = true, onlyfloat = true }
op "gelu_mlp(x: [..., I], v: [H, I], a: [H]?, w: [O, H], b: [O]?) -> y: [..., O], pre: [..., H], act: [..., H]" { autocast = "low",
  doc = "gelu_tanh(x v^T + a) w^T + b, in two products.", source = "Hendrycks and Gimpel 2016", shape = "linear_gelu", rule = "gelu_mlp", saves = "x v w pre act",
  needs = { x = "v w pre", v = "x w pre", a = "w pre", w = "act", b = "none" }, returns = 1, strided = true, hidden = true, onlyfloat = true, twice = true, flops = "gelu_mlp" }
op "gelu_linear_grad(dy: [M, O], w: [O, H], pre: [M, H], full: bool) -> dpre: [M, H], db: [H]" { strided = true, hidden = true, onlyfloat = true, flops = "matmul" }
op "attention(query: [N, H, T, K], key: [N, H, S, K], value: [N, H, S, K], causal: bool, scale: number, p = 0) -> y: [N, H, T, K], lse: wide [N, H, T]" { autocast = "low",
  doc = "softmax(scale query key^T) value for each head, with the weights dropped with probability p; causal: row i sees columns up to i + S - T.",
  source = "Dao 2023, FlashAttention-2", shape = "attention", rule = "attention", saves = "query key value y lse", returns = 1, random = true, strided = true, hidden = true,
  heads = true, onlyfloat = true, flops = "attention" }
op "attention_grad(dy: [N, H, T, K], query: [N, H, T, K], key: [N, H, S, K], value: [N, H, S, K], y: [N, H, T, K], lse: wide [N, H, T], causal: bool, scale: number, p: number, seed: int, turn: int) -> dquery: [N, H, T, K], dkey: [N, H, S, K], dvalue: [N, H, S, K]" {
  strided = true, hidden = true, heads = true, onlyfloat = true, flops = "attention_grad" }
op "softmax(x, d: dim = -1) -> y" { autocast = "f32", doc = "exp(x) over its sum along d.", shape = "same", rule = "softmax", saves = "y", onlyfloat = true, twice = true }
op "softmax_grad(dy, y, d: dim) -> dx" { shape = "same", hidden = true, onlyfloat = true }
op "log_softmax(x, d: dim = -1) -> y" { autocast = "f32", doc = "The logarithm of softmax, without overflow.", shape = "same", rule = "log_softmax", saves = "y", onlyfloat = true, twice = true }
op "log_softmax_grad(dy, y, d: dim) -> dx" { shape = "same", hidden = true, onlyfloat = true }
op "cross_entropy(x: [N, C], t: ids [N], w: wide [C]?, ignore_index: int = -100, smoothing = 0, reduction: int = 1) -> loss: wide ?, lse: wide ?" { autocast = "f32", narrow = "x",
  doc = "-log softmax(x)[t], averaged (reduction 1), summed (2) or as it is (0); rows with ignore_index count nothing.",
  shape = "cross_entropy", rule = "cross_entropy", saves = "x t w lse", hidden = true, onlyfloat = true }
op "cross_entropy_grad(dy: wide, x: [N, C], t: ids [N], w: wide [C]?, lse: wide [N], ignore_index: int, smoothing: number, reduction: int) -> dx: [N, C]" { hidden = true, onlyfloat = true }
op "layernorm(x: [..., C], w: [C]?, b: [C]?, eps = 1e-5) -> y: [..., C], mean: wide [...], rstd: wide [...]" { autocast = "f32",
  doc = "(x - mean) / sqrt(var + eps) over the last dim, times w plus b.", source = "Ba, Kiros and Hinton 2016",
  rule = "layernorm", saves = "x w mean rstd", returns = 1, onlyfloat = true, twice = true }
op "layernorm_grad(dy: [..., C], x: [..., C], w: [C]?, mean: wide [...], rstd: wide [...], full: bool) -> dx: [..., C], dw: [C], db: [C]" { hidden = true, onlyfloat = true }
op "batchnorm_stats(x: [N, C, ...]) -> mean: wide [C], var: wide [C]" { hidden = true, shape = "batchnorm_stats", onlyfloat = true, images = true }
op "batchnorm(x, mean: wide [C], var: wide [C], w: wide [C]?, b: wide [C]?, eps: number, training: bool) -> y" {
  doc = "x normalised by the mean and variance of each channel (dim 2), times w plus b. With training, mean and var are those of x itself.",
  shape = "batchnorm", rule = "batchnorm", saves = "x mean var w", hidden = true, onlyfloat = true, images = true, twice = true }
op "batchnorm_grad(dy, x, mean: wide [C], var: wide [C], w: wide [C]?, eps: number, training: bool) -> dx, dw: wide [C], db: wide [C]" { hidden = true, shape = "batchnorm_grad", onlyfloat = true, images = true }
op "conv2d(x: [N, C, H, W], w: [O, D, K, L], b: [O]?, stride: ints, padding: ints, dilation: ints, groups: int = 1) -> y: ?" { autocast = "low",
  doc = "Correlates x with w.", shape = "conv2d", rule = "conv2d", saves = "x w", needs = { x = "w", w = "x", b = "none" }, hidden = true, onlyfloat = true, images = true, twice = true, flops = "conv2d" }
op "conv2d_dx(dy: [N, O, P, Q], w: [O, D, K, L], size: ints, stride: ints, padding: ints, dilation: ints, groups: int) -> dx: ?" { shape = "conv2d_dx", rule = "conv2d_dx", saves = "dy w", hidden = true, onlyfloat = true, images = true, twice = true, flops = "conv2d_dx" }
op "conv2d_dw(dy: [N, O, P, Q], x: [N, C, H, W], size: ints, stride: ints, padding: ints, dilation: ints, groups: int) -> dw: ?" { shape = "conv2d_dw", rule = "conv2d_dw", saves = "dy x", hidden = true, onlyfloat = true, images = true, twice = true, flops = "conv2d_dw" }
op "maxpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints) -> y: ?, i: ids ?" { doc = "The maximum of each window.",
  shape = "pool2d", rule = "maxpool2d", saves = "i", hidden = true, onlyfloat = true, images = true, kinks = true }
-- i: each a place in its window
op "maxpool2d_grad(dy: [N, C, P, Q], i: ids [N, C, P, Q], size: ints, kernel: ints, stride: ints, padding: ints) -> dx: ?" { shape = "pool2d_grad", hidden = true, onlyfloat = true, images = true }
op "avgpool2d(x: [N, C, H, W], kernel: ints, stride: ints, padding: ints, include_pad: bool) -> y: ?" { doc = "The mean of each window.",
  shape = "pool2d", rule = "avgpool2d", hidden = true, onlyfloat = true, images = true }
op "avgpool2d_grad(dy: [N, C, P, Q], size: ints, kernel: ints, stride: ints, padding: ints, include_pad: bool) -> dx: ?" { shape = "pool2d_grad", hidden = true, onlyfloat = true, images = true }

-- -- places -------------------------------------------------------------------------------------------------------
op "embedding(ids: ids, w: [V, C]) -> y: ?" { doc = "The rows of w at ids, counted from 0.", shape = "embedding", rule = "embedding", saves = "ids", hidden = true, int = true, twice = true }
op "embedding_grad(dy, ids: ids, rows: int) -> dw: ?" { shape = "embedding_grad", rule = "embedding_grad", saves = "ids", hidden = true, int = true, twice = true }
op "index_select(x, d: dim, ids: ids [N]) -> y: ?" { doc = "The slices of x along d at ids, counted from 0.", shape = "index_select", rule = "index_select", saves = "ids", int = true, twice = true }
op "index_add(x, d: dim, ids: ids [N], v) -> y" { doc = "x with the slices of v added along d at ids, counted from 0.", shape = "index_add", rule = "index_add", saves = "ids", inplace = true, int = true, twice = true }
op "gather(x, d: dim, ids: ids) -> y: ?" { doc = "x picked along d at ids, counted from 0; y has the shape of ids.", shape = "gather", rule = "gather", saves = "ids", int = true, twice = true }
op "scatter(x, d: dim, ids: ids, v) -> y" { doc = "x with v written along d at ids, counted from 0.", shape = "scatter", rule = "scatter", saves = "ids", inplace = true, int = true, twice = true }
op "scatter_add(x, d: dim, ids: ids, v) -> y" { doc = "x with v added along d at ids, counted from 0.", shape = "scatter", rule = "scatter_add", saves = "ids", inplace = true, int = true, twice = true }
op "cat(xs: list, d: dim = 1) -> y: ?" { doc = "Tensors joined along d.", shape = "cat", rule = "cat", promote = true, int = true, strided = true, twice = true }
op "tril(x, k: int = 0) -> y" { doc = "The lower triangle: elements above diagonal k are 0.", shape = "same", rule = "tril", int = true, twice = true }
op "triu(x, k: int = 0) -> y" { doc = "The upper triangle: elements below diagonal k are 0.", shape = "same", rule = "triu", int = true, twice = true }
op "nonzero(x) -> i: ids ?" { doc = "The places of the elements that are not 0: [n, ndim], counted from 0.", shape = "nonzero", int = true }
op "one_hot(ids: ids, n: int) -> y: ids ?" { doc = "i64 [..., n] with a 1 at each id, counted from 0.", shape = "one_hot", int = true }

-- -- random -------------------------------------------------------------------------------------------------------
op "uniform_(x, lo = 0, hi = 1) -> x" { doc = "Fills x with uniform numbers in [lo, hi).", random = true, mutates = true, onlyfloat = true }
op "normal_(x, mean = 0, std = 1) -> x" { doc = "Fills x with normal numbers.", source = "Box and Muller 1958", random = true, mutates = true, onlyfloat = true }
op "bernoulli_(x, p = 0.5) -> x" { doc = "Fills x with 1 (probability p) and 0.", random = true, mutates = true, int = true }
op "randint_(x, lo: number, hi: number) -> x" { doc = "Fills x with whole numbers from lo to hi - 1.", random = true, mutates = true, int = true }
op "randperm_(x: [N]) -> x" { doc = "Fills x with a random order of 0..N-1.", random = true, mutates = true, int = true }
op "dropout(x, p = 0.5) -> y" { doc = "x with elements set to 0 with probability p, the others times 1 / (1 - p).",
  source = "Srivastava et al. 2014", shape = "dropout", rule = "dropout", random = true, onlyfloat = true, twice = true }
op "dropout_again(x, p: number, seed: int, turn: int) -> y" { hidden = true, shape = "same", rule = "dropout_again", onlyfloat = true, twice = true }
op "multinomial(p: [..., K], n: int = 1, replacement = true) -> i: ids ?" { doc = "n draws from each row of weights, as places from 0.", shape = "multinomial", random = true, onlyfloat = true }

-- -- filling ------------------------------------------------------------------------------------------------------
op "arange_(x, start: number, step: number) -> x" { doc = "x[i] = start + i step.", mutates = true, int = true }

-- -- lists: whole models in one call ------------------------------------------------------------------------------
-- master: what each parameter is computed from and stored in, the f32 master of a 16-bit one or the parameter itself; row: f64,
-- the row's numbers in their order, where they change on the device or from replay to replay of a captured step; skip: f32 of
-- one element, not 0: nothing is done; stochastic: 16-bit parameters without a master are rounded at random.
op "sgd_(p: params, master: list, buf: list, row: tensor?, skip: tensor?, lr: number, momentum: number, dampening: number, weight_decay: number, stochastic: bool, nesterov: bool, maximize: bool, first: bool) -> none" {
  doc = "One step of stochastic gradient descent on every parameter with a gradient.", hidden = true, random = true, onlyfloat = true }
op "adam_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none" {
  doc = "One Adam step on every parameter with a gradient.", source = "Kingma and Ba 2015", hidden = true, random = true, onlyfloat = true }
op "adamw_(p: params, master: list, m: list, v: list, row: tensor?, skip: tensor?, lr: number, beta1: number, beta2: number, eps: number, weight_decay: number, step: number, stochastic: bool) -> none" {
  doc = "One AdamW step on every parameter with a gradient.", source = "Loshchilov and Hutter 2019", hidden = true, random = true, onlyfloat = true }
op "grad_norm(p: params, kind: number) -> y: ?" { doc = "The norm of all gradients together (kind 2, or math.huge).", shape = "scalar", hidden = true, onlyfloat = true }
op "grad_scale_(p: params, row: tensor?, skip: tensor?, factor: number, clamp: number) -> none" { doc = "Multiplies gradients by factor, then clamps them to +-clamp.", hidden = true, onlyfloat = true }

-- -- views: the same memory seen in another way ----------------------------------------------------------------------
op "view(x, size: ints) -> y" { doc = "x in another shape without a copy; -1 is inferred. An error where it would need a copy: reshape.", view = true, rule = "view", twice = true }
op "transpose(x, a: dim, b: dim) -> y" { doc = "Dims a and b change places.", view = true, rule = "transpose", twice = true }
op "permute(x, dims: dims) -> y" { doc = "Dims in another order.", view = true, rule = "permute", twice = true }
op "expand(x, size: ints) -> y" { doc = "Dims of size 1 repeated without a copy; -1 leaves a dim as it is.", view = true, rule = "expand", twice = true }
op "narrow(x, d: dim, start: int, n: int) -> y" { doc = "n slices along d from start on.", view = true, rule = "slice", twice = true }
op "slice(x, d: dim, first: int, last: int, step: int = 1) -> y" { doc = "Slices first, first + step, ... up to last along d.", view = true, rule = "slice", twice = true }
op "select(x, d: dim, i: int) -> y" { doc = "Slice i along d, without that dim.", view = true, rule = "slice", twice = true }
op "unsqueeze(x, d: dim+) -> y" { doc = "A new dim of size 1 at d; -1 puts it last.", view = true, rule = "view", twice = true }
op "squeeze(x, dims: dims) -> y" { doc = "Without the dims (none: all) of size 1.", view = true, rule = "view", twice = true }
op "diagonal(x, k: int = 0) -> y" { doc = "Diagonal k of the last two dims, as the last dim.", view = true, rule = "slice", twice = true }
op "unfold(x, d: dim, size: int, step: int) -> y" { doc = "Windows of `size` slices along d, `step` apart, as a new last dim.", view = true, rule = "slice", twice = true }
