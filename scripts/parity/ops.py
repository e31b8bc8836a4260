"""Writes spec/reference/ops.lua: what PyTorch makes, forward and backward, of the examples of every op, in f64.
Run: /opt/venv/bin/python scripts/parity/ops.py (it starts luajit for the examples)"""
import json
import math
import subprocess

import torch
import torch.nn.functional as F


def z(d):
    """A dim counted from 1 as one counted from 0."""
    return d - 1 if d > 0 else d


def dims(given, x):
    if given is None:
        return tuple(range(x.dim()))
    return tuple(z(d) for d in (given if isinstance(given, list) else [given]))


def reduction(f):
    return lambda x, d, keep=None: f(x, dims(d, x), bool(keep)) if x.dim() else f(x, (), False)


def prod(x, d, keep):
    for e in sorted((e % x.dim() for e in d), reverse=True):
        x = x.prod(e, keepdim=keep)
    return x


def pair(v):
    return v * 2 if len(v) == 1 else v


def place(f):
    return lambda x, d, keep=None: f(x) if d is None else f(x, z(d), keepdim=bool(keep))


def cross_entropy(x, t, w, ignore, smoothing, kind):
    return F.cross_entropy(x, t, w, ignore_index=ignore, label_smoothing=smoothing, reduction=["none", "mean", "sum"][kind])


def batchnorm(x, mean, var, w, b, eps, training):
    return F.batch_norm(x, mean.clone(), var.clone(), w, b, bool(training), eps=eps)


def unsqueeze(x, d):
    return x.unsqueeze(d - 1 if d > 0 else d)


def slices(x, d, first, last, step=None):
    n = x.shape[z(d)]
    first, last = (v + n + 1 if v < 0 else v for v in (first, last))
    return x.index_select(z(d), torch.arange(first - 1, last, step or 1))


def narrow(x, d, start, n):
    return x.narrow(z(d), start - 1 if start > 0 else start + x.shape[z(d)], n)


OPS = {name: getattr(torch, name) for name in
       """add sub mul div pow maximum minimum remainder floor_divide atan2 neg abs sign square sqrt rsqrt reciprocal exp expm1 log
       log1p log2 sin cos tanh erf floor ceil round trunc sigmoid relu eq ne lt le gt ge logical_and logical_or logical_xor
       logical_not isnan isinf isfinite where matmul nonzero""".split()}
OPS.update({
    "clamp": lambda x, lo, hi: torch.clamp(x, -math.inf if lo is None else lo, math.inf if hi is None else hi),
    "leaky_relu": lambda x, s: F.leaky_relu(x, 0.01 if s is None else s),
    "elu": lambda x, a: F.elu(x, 1.0 if a is None else a),
    "silu": F.silu, "softplus": F.softplus, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "masked_fill": torch.masked_fill, "fill": lambda x, v: x * 0 + v, "copy": torch.clone, "contiguous": torch.clone,
    "channels_last": torch.clone,
    "assign": lambda x, v: x * 0 + v,
    "sum": reduction(lambda x, d, k: x.sum(d, k) if x.dim() else x.sum()),
    "mean": reduction(lambda x, d, k: x.mean(d, k) if x.dim() else x.mean()),
    "amax": reduction(lambda x, d, k: x.amax(d, k)), "amin": reduction(lambda x, d, k: x.amin(d, k)),
    "prod": reduction(lambda x, d, k: prod(x, d, k) if x.dim() else x.prod()),
    "var": lambda x, d, c, k: x.var(dims(d, x), correction=1 if c is None else c, keepdim=bool(k)),
    "max_dim": lambda x, d, k: torch.max(x, z(d), bool(k)), "min_dim": lambda x, d, k: torch.min(x, z(d), bool(k)),
    "argmax": place(torch.argmax), "argmin": place(torch.argmin),
    "cumsum": lambda x, d: x.cumsum(z(d)), "flip": lambda x, d: x.flip(dims(d, x)),
    "sort": lambda x, d, down: torch.sort(x, dim=-1 if d is None else z(d), descending=bool(down), stable=True),
    "topk": lambda x, k, d, largest: torch.topk(x, k, -1 if d is None else z(d), largest is not False),
    "linear": F.linear,
    "linear_gelu": lambda x, w, b: F.gelu(F.linear(x, w, b), approximate="tanh"),
    "gelu_mlp": lambda x, v, a, w, b: F.linear(F.gelu(F.linear(x, v, a), approximate="tanh"), w, b),
    "softmax": lambda x, d: x.softmax(-1 if d is None else z(d)),
    "log_softmax": lambda x, d: x.log_softmax(-1 if d is None else z(d)),
    "cross_entropy": cross_entropy,
    "layernorm": lambda x, w, b, e: F.layer_norm(x, x.shape[-1:], w, b, 1e-5 if e is None else e),
    "batchnorm": batchnorm,
    "conv2d": lambda x, w, b, s, p, d, g: F.conv2d(x, w, b, pair(s), pair(p), pair(d), g),
    "maxpool2d": lambda x, k, s, p: F.max_pool2d(x, pair(k), pair(s), pair(p), return_indices=True),
    "avgpool2d": lambda x, k, s, p, pad: F.avg_pool2d(x, pair(k), pair(s), pair(p), count_include_pad=pad),
    "embedding": F.embedding,
    "index_select": lambda x, d, i: x.index_select(z(d), i), "index_add": lambda x, d, i, v: x.index_add(z(d), i, v),
    "gather": lambda x, d, i: x.gather(z(d), i), "scatter": lambda x, d, i, v: x.scatter(z(d), i, v),
    "scatter_add": lambda x, d, i, v: x.scatter_add(z(d), i, v),
    "cat": lambda xs, d: torch.cat(xs, 0 if d is None else z(d)),
    "tril": lambda x, k: x.tril(k or 0), "triu": lambda x, k: x.triu(k or 0), "one_hot": F.one_hot,
    "view": lambda x, s: x.reshape(s), "transpose": lambda x, a, b: x.transpose(z(a), z(b)),
    "permute": lambda x, d: x.permute(dims(d, x)), "expand": lambda x, s: x.expand(s), "narrow": narrow, "slice": slices,
    "select": lambda x, d, i: x.select(z(d), z(i)), "unsqueeze": unsqueeze,
    "squeeze": lambda x, d: x.squeeze() if d is None else x.squeeze(dims(d, x)),
    "diagonal": lambda x, k: x.diagonal(k or 0, -2, -1), "unfold": lambda x, d, n, s: x.unfold(z(d), n, s),
})
NUMBERS = "add sub mul div maximum minimum lt pow".split()  # take a number on either side, PyTorch's not all


def tensor(value, wanted):
    dtype = {"tensor": torch.float64, "ids": torch.int64, "mask": torch.bool}[value["is"]]
    return torch.tensor(value["values"], dtype=dtype).reshape(value["shape"]).requires_grad_(wanted)


def argument(value, wanted, leaves):
    if isinstance(value, dict):
        x = tensor(value, wanted)
        leaves.extend([x] if wanted else [])
        return x
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [argument(v, wanted, leaves) for v in value]
    return value


def numbers(t):
    flat = t.detach().to(torch.float64).reshape(-1).tolist()
    words = {"inf": "math.huge", "-inf": "-math.huge", "nan": "0/0"}
    return "{" + ",".join(words.get("%.13g" % v, "%.13g" % v) for v in flat) + "}"


lines = []
for line in subprocess.run(["luajit", "scripts/parity/ops_examples.lua"], check=True, capture_output=True, text=True).stdout.splitlines():
    case = json.loads(line)
    if case["op"] not in OPS:
        print("no counterpart:", case["op"])
        continue
    leaves = []
    args = [argument(v, w, leaves) for v, w in zip(case["args"], case["wanted"])]
    if case["op"] in NUMBERS:
        args = [v if torch.is_tensor(v) else torch.tensor(v, dtype=torch.float64) for v in args]
    results = OPS[case["op"]](*args)
    results = list(results) if isinstance(results, tuple) else [results]
    floats = [y for y in results if y.requires_grad]
    seeds = [torch.tensor([((i * 37 + k * 11) % 64 - 31.5) / 32 for i in range(1, y.numel() + 1)], dtype=torch.float64)
             .reshape(y.shape) for k, y in enumerate(floats, 1)]
    grads = torch.autograd.grad(floats, leaves, seeds, allow_unused=True) if floats else [None] * len(leaves)
    outs = ", ".join(f"{{shape={{{','.join(map(str, y.shape))}}}, {numbers(y)}}}" for y in results)
    back = ", ".join(numbers(torch.zeros_like(x) if g is None else g) for x, g in zip(leaves, grads))
    total = sum(float(x.detach().sum()) for x in leaves)
    lines.append(f'["{case["name"]}"] = {{ inputs = {total!r}, outs = {{ {outs} }}, grads = {{ {back} }} }},')
with open("spec/reference/ops.lua", "w") as file:
    file.write(f"-- Written by scripts/parity/ops.py from PyTorch {torch.__version__.split('+')[0]}: do not edit.\n")
    file.write("-- For each example of spec/ops/examples.lua: the sum of its inputs, results and gradients, in f64.\n")
    file.write("return {\n" + "\n".join(lines) + "\n}\n")
