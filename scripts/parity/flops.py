# What PyTorch and TorchTNT count for three networks: the reference of spec/flops_spec.lua.
"""Writes spec/reference/flops.lua: operations of forward and backward, by operator and by module.

Run from the checkout, in a virtual environment with torch, torchtnt 0.2.4, numpy<2 and
setuptools<81 from PyPI:
    /opt/venv/bin/python scripts/parity/flops.py >spec/reference/flops.lua
torch.utils.flop_counter counts two for each multiply-add, TorchTNT's FlopTensorDispatchMode one.
"""

import logging
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchtnt
from torch.utils.flop_counter import FlopCounterMode
from torchtnt.utils.module_summary import get_module_summary


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width, bias=False)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2)
                   for t in self.qkv(x).chunk(3, -1))
        scores = q @ k.transpose(-2, -1)
        y = scores.softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attention = Attention(width, heads)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):  # as examples/char_gpt/model.lua
    def __init__(self, vocab, layers, heads, width, block):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, width), nn.Embedding(block, width)
        self.layers = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width, bias=False)
        self.head = nn.Linear(width, vocab, bias=False)
        self.head.weight = self.tok.weight

    def forward(self, ids):
        x = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def mlp():
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84),
        nn.ReLU(), nn.Linear(84, 10))


def strided():
    return nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(),
                         nn.Conv2d(8, 4, 3, dilation=2, padding=1))


CASES = {
    "mlp": (mlp, lambda: torch.randn(32, 784)),
    "lenet": (lenet, lambda: torch.randn(8, 1, 28, 28)),
    "strided": (strided, lambda: torch.randn(2, 3, 20, 21)),
    "char_gpt": (lambda: Gpt(65, 2, 4, 32, 16), lambda: torch.randint(0, 65, (3, 16))),
}


def summary_rows(summary, rows):
    rows.append((summary.module_name, summary.flops_forward, summary.flops_backward))
    for child in summary.submodule_summaries.values():
        summary_rows(child, rows)
    return rows


print("-- What PyTorch's flop counter and TorchTNT's module summary count, by")
print("-- scripts/parity/flops.py (torch %s, torchtnt %s)." % (torch.__version__, torchtnt.__version__))
print("return {")
for name, (make, inputs) in CASES.items():
    torch.manual_seed(1)
    net, x = make(), inputs()
    with FlopCounterMode(display=False) as forward:
        y = net(x)
    with FlopCounterMode(display=False) as backward:
        y.mean().backward()
    net.zero_grad()
    print(f"  {name} = {{")
    print(f"    forward = {forward.get_total_flops()}, backward = {backward.get_total_flops()},")
    print("    modules = { -- name, then TorchTNT's forward and backward")
    for row in summary_rows(get_module_summary(net, module_args=(x,)), []):
        count = [v if isinstance(v, int) else "false" for v in row[1:]]
        print('      { "%s", %s, %s },' % (row[0], count[0], count[1]))
    print("    },")
    print("  },")
print("}")
