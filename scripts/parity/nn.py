# Records what PyTorch's modules and losses compute, for spec/nn: python scripts/parity/nn.py > spec/reference/nn.json
# Each case holds the state dict, inputs, the output, and the gradients of (output * sin(0, 1, 2, ...)).sum(), in f64.
import json
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def dump(t):
    return {"shape": list(t.shape), "values": [round(v, 12) if t.is_floating_point() else v for v in t.detach().flatten().tolist()]}


def grads(y, tensors):
    weights = torch.sin(torch.arange(y.numel(), dtype=y.dtype)).reshape(y.shape)
    (y * weights).sum().backward()
    return [None if t.grad is None else dump(t.grad) for t in tensors]


def module_case(m, *inputs, calls=1, train=True):
    for p in m.parameters():
        with torch.no_grad():
            p.add_(torch.randn(p.shape) * 0.1)
    before = {k: dump(v) for k, v in m.state_dict().items()}
    m.train(train)
    xs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    for _ in range(calls):
        y = m(*xs)
    named = list(m.named_parameters())
    g = grads(y, [x for x in xs if x.requires_grad] + [p for _, p in named])
    n = sum(x.requires_grad for x in xs)
    return {
        "state": before, "inputs": [dump(x) for x in inputs], "y": dump(y), "dx": g[:n],
        "grads": {name: g[n + i] for i, (name, _) in enumerate(named)},
        "after": {k: dump(v) for k, v in m.named_buffers()},
        "names": [name for name, _ in named], "text": str(m), "keys": list(m.state_dict().keys()),
    }


def function_case(fn, *inputs):
    xs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    y = fn(*xs)
    return {"inputs": [dump(x) for x in inputs], "y": dump(y), "dx": grads(y, [x for x in xs if x.requires_grad][:1])}


x4 = torch.randn(2, 4, 7, 6)
x2 = torch.randn(5, 6)
ids = torch.tensor([[0, 3, 2], [6, 3, 1]])
modules = {
    "linear": module_case(nn.Linear(6, 3), x2),
    "linear_3d": module_case(nn.Linear(6, 3, bias=False), torch.randn(2, 3, 6)),
    "conv2d": module_case(nn.Conv2d(4, 6, 3, stride=2, padding=1), x4),
    "conv2d_grouped": module_case(nn.Conv2d(4, 6, (3, 2), dilation=(2, 1), groups=2, padding=(2, 0), bias=False), x4),
    "conv2d_depthwise": module_case(nn.Conv2d(4, 4, 3, padding=1, groups=4), x4),
    "conv2d_same": module_case(nn.Conv2d(4, 3, (4, 3), padding="same", dilation=(1, 2)), x4),
    "batchnorm2d": module_case(nn.BatchNorm2d(4), x4, calls=2),
    "batchnorm2d_eval": module_case(nn.BatchNorm2d(4, eps=1e-3), x4, train=False),
    "batchnorm2d_cumulative": module_case(nn.BatchNorm2d(4, momentum=None), x4, calls=3),
    "batchnorm1d": module_case(nn.BatchNorm1d(6, momentum=0.3), x2),
    "batchnorm1d_3d": module_case(nn.BatchNorm1d(4, affine=False), torch.randn(3, 4, 5)),
    "batchnorm2d_stateless": module_case(nn.BatchNorm2d(4, track_running_stats=False), x4, train=False),
    "layernorm": module_case(nn.LayerNorm(6), x2),
    "layernorm_2d": module_case(nn.LayerNorm([7, 6], eps=1e-4), x4),
    "layernorm_plain": module_case(nn.LayerNorm(6, elementwise_affine=False), x2),
    "layernorm_no_bias": module_case(nn.LayerNorm(6, bias=False), x2),
    "embedding": module_case(nn.Embedding(7, 4), ids),
    "embedding_padding": module_case(nn.Embedding(7, 4, padding_idx=3), ids),
    "maxpool": module_case(nn.MaxPool2d(3, stride=2, padding=1), x4),
    "maxpool_pair": module_case(nn.MaxPool2d((3, 2)), x4),
    "avgpool": module_case(nn.AvgPool2d(3, stride=2, padding=1), x4),
    "avgpool_exclude": module_case(nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), x4),
    "adaptive": module_case(nn.AdaptiveAvgPool2d(1), x4),
    "adaptive_uneven": module_case(nn.AdaptiveAvgPool2d((3, 4)), x4),
    "relu": module_case(nn.ReLU(), x2), "gelu": module_case(nn.GELU(), x2),
    "gelu_tanh": module_case(nn.GELU(approximate="tanh"), x2), "silu": module_case(nn.SiLU(), x2),
    "tanh": module_case(nn.Tanh(), x2), "sigmoid": module_case(nn.Sigmoid(), x2),
    "leaky_relu": module_case(nn.LeakyReLU(0.2), x2), "elu": module_case(nn.ELU(1.5), x2),
    "softmax": module_case(nn.Softmax(dim=-1), x2), "log_softmax": module_case(nn.LogSoftmax(dim=-1), x2),
    "softplus": module_case(nn.Softplus(), x2 * 6),
    "flatten": module_case(nn.Flatten(), x4), "identity": module_case(nn.Identity(), x2),
    "sequential": module_case(
        nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 2)), nn.Dropout(0.0)), x2
    ),
}


class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x):
        mask = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        return self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]


class Cross(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 3, bias=False, batch_first=True)

    def forward(self, q, k, v):
        return self.attention(q, k, v, need_weights=False)[0]


modules["attention"] = module_case(Causal(), torch.randn(2, 4, 6))
modules["attention_cross"] = module_case(Cross(), torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 6))

logits, target = torch.randn(5, 6) * 2, torch.tensor([0, 5, 2, 3, 1])
ignoring = torch.tensor([0, 5, -100, 3, 1])
w = torch.rand(6) + 0.5
soft = torch.softmax(torch.randn(5, 6), 1)
maps, map_target = torch.randn(2, 3, 2, 2), torch.tensor([[[0, 2], [1, 1]], [[2, 2], [0, 1]]])
functions = {}
for reduction in ("mean", "sum", "none"):
    r = dict(reduction=reduction)
    functions.update({
        "ce_" + reduction: function_case(lambda x, t: F.cross_entropy(x, t, **r), logits, target),
        "ce_ignore_" + reduction: function_case(lambda x, t: F.cross_entropy(x, t, **r), logits, ignoring),
        "ce_smooth_" + reduction: function_case(lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1, **r), logits, ignoring),
        "ce_weight_" + reduction: function_case(
            lambda x, t, v: F.cross_entropy(x, t, weight=v.detach(), label_smoothing=0.2, **r), logits, ignoring, w),
        "ce_soft_" + reduction: function_case(
            lambda x, t: F.cross_entropy(x, t.detach(), label_smoothing=0.1, **r), logits, soft),
        "ce_map_" + reduction: function_case(lambda x, t: F.cross_entropy(x, t, **r), maps, map_target),
        "nll_" + reduction: function_case(lambda x, t: F.nll_loss(x, t, **r), logits, ignoring),
        "nll_weight_" + reduction: function_case(lambda x, t, v: F.nll_loss(x, t, weight=v.detach(), **r), logits, target, w),
        "nll_map_" + reduction: function_case(lambda x, t: F.nll_loss(x, t, **r), maps, map_target),
        "mse_" + reduction: function_case(lambda x, t: F.mse_loss(x, t, **r), logits, soft),
        "l1_" + reduction: function_case(lambda x, t: F.l1_loss(x, t, **r), logits, soft),
        "bce_" + reduction: function_case(lambda x, t: F.binary_cross_entropy_with_logits(x, t, **r), logits, soft),
        "bce_weight_" + reduction: function_case(
            lambda x, t, v: F.binary_cross_entropy_with_logits(x, t, pos_weight=v.detach(), **r), logits, soft, w),
    })
functions["ce_one"] = function_case(lambda x, t: F.cross_entropy(x, t), torch.randn(6), torch.tensor(4))
functions["bce_zero"] = function_case(
    lambda x, t: F.binary_cross_entropy_with_logits(x, t), torch.tensor([0.0, 0.0, -40.0, 15.0]), torch.tensor([0.0, 1.0, 1.0, 0.5]))

# Gradient clipping: norms before, gradients after.
params = [nn.Parameter(torch.zeros(3, 2)), nn.Parameter(torch.zeros(4))]


def clipped(fn):
    for k, p in enumerate(params):
        p.grad = torch.sin(torch.arange(p.numel(), dtype=p.dtype) + k).reshape(p.shape) * 2
    norm = fn()
    return {"norm": None if norm is None else norm.item(), "grads": [dump(p.grad) for p in params]}


clip = {
    "norm": clipped(lambda: nn.utils.clip_grad_norm_(params, 1.5)),
    "norm_large": clipped(lambda: nn.utils.clip_grad_norm_(params, 100.0)),
    "norm_inf": clipped(lambda: nn.utils.clip_grad_norm_(params, 0.5, norm_type=float("inf"))),
    "value": clipped(lambda: nn.utils.clip_grad_value_(params, 0.7)),
}

print(json.dumps({"made_by": "scripts/parity/nn.py with torch " + torch.__version__.split("+")[0], "modules": modules,
                  "functions": functions, "clip": clip}))
