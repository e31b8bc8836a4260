# Records mixed precision in PyTorch on the CPU, for spec/autocast_spec.lua and spec/optim/scaler_spec.lua:
# python scripts/parity/autocast.py > spec/reference/autocast.json
# Weights, data and gradients are formulas (the specs have the same), so that only what came out is stored.
import json
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def wave(shape, k, size):  # size * sin(3 i + k), i counting from 0
    n = math.prod(shape)
    return (torch.arange(n, dtype=torch.float64) * 3 + k).sin().mul(size).float().reshape(shape)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.norm, self.b = nn.Linear(12, 24), nn.LayerNorm(24), nn.Linear(24, 5)

    def forward(self, x):
        return self.b(F.relu(self.norm(self.a(x))))


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 8, 3), nn.Linear(32, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        return self.c(F.relu(self.b(x)).flatten(1))


def losses(make, shape, lr, dtype):
    net = make()
    with torch.no_grad():
        for k, p in enumerate(net.parameters()):
            p.copy_(wave(p.shape, k, 0.4))
        if make is Mlp:
            net.norm.weight.add_(1)
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.5)
    out = []
    for step in range(10):
        x = wave(shape, 50 + step, 1.0)
        t = torch.arange(shape[0]) * 7 % 5
        opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            loss = F.cross_entropy(net(x), t)
        loss.backward()
        opt.step()
        out.append(loss.item())
    return dict(losses=out, sums=[p.detach().double().abs().sum().item() for p in net.parameters()])


NAN, INF = float("nan"), float("inf")


def scaled(make, options, faults, fault_at=None, start=1.0):
    p = [nn.Parameter(torch.tensor([0.5, -1.25, 2.0])), nn.Parameter(torch.tensor([[1.0], [-0.5]]))]
    opt = make(p)
    scaler = torch.amp.GradScaler("cpu", **options)
    trace = []
    for step in range(1, 25):
        opt.zero_grad()
        loss = 0
        for k, q in enumerate(p):
            g = wave(q.shape, step * 0.7 + k, start)
            if k == 1 and str(step) in faults:
                g[1, 0] = dict(nan=NAN, inf=INF, large=1e38)[faults[str(step)]]
            loss = loss + (q * g).sum()
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        state = scaler.state_dict()
        steps = [float(opt.state[q]["step"]) if "step" in opt.state[q] else 0 for q in p]
        trace.append(dict(scale=state["scale"], growth_tracker=state["_growth_tracker"], step=steps[0],
                          params=[q.detach().flatten().tolist() for q in p]))
    return trace


FAULTS = {"3": "inf", "4": "nan", "9": "large", "15": "nan", "16": "inf", "24": "inf"}
SCALERS = {
    "sgd": (lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), dict(growth_interval=4), FAULTS),
    "adam": (lambda p: torch.optim.Adam(p, lr=0.02), dict(init_scale=1024.0, growth_interval=3), FAULTS),
    "adamw": (lambda p: torch.optim.AdamW(p, lr=0.02), dict(growth_factor=1.5, backoff_factor=0.25, growth_interval=5),
              FAULTS),
    "first": (lambda p: torch.optim.Adam(p, lr=0.02), dict(growth_interval=2), {"1": "nan", "2": "inf"}),
}
print(json.dumps(dict(
    mlp={d: losses(Mlp, (16, 12), 0.1, d) for d in ("f32", "bf16")},
    conv={d: losses(Conv, (10, 2, 8, 8), 0.01, d) for d in ("f32", "bf16")},
    faults={name: s[2] for name, s in SCALERS.items()},
    # a scale that cannot grow any more: 2^127 is the largest power of two in f32
    largest=[t["scale"] for t in scaled(lambda p: torch.optim.SGD(p, lr=0.05), dict(init_scale=2.0**125, growth_interval=1),
                                        {}, start=1e-3)],
    scalers={name: scaled(*s) for name, s in SCALERS.items()}), indent=0).replace("NaN", "null").replace("\n", " "))
