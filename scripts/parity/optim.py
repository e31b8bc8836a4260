# Records what PyTorch's optimizers and schedules do, for spec/optim: python scripts/parity/optim.py > spec/reference/optim.json
# Two parameters, 50 steps, gradients that are a formula of parameter and step, so that nothing else needs to be stored.
import json
import math
import torch
from torch.optim import lr_scheduler as ls
from torch.optim.swa_utils import SWALR
from torchtnt.utils.swa import AveragedModel

torch.set_num_threads(1)

START = [[[0.5, -1.25, 2.0], [0.75, -0.125, 1.5]], [1.0, -0.5, 0.25, 3.0]]


def gradient(p, step, k):  # spec/optim/optim_spec.lua has the same formula
    i = torch.arange(p.numel(), dtype=p.dtype).reshape(p.shape)
    return p * 0.3 + torch.sin(i + step * 0.7 + k)


OPTIMIZERS = {
    "sgd": ("SGD", dict(lr=0.05)),
    "sgd_decay": ("SGD", dict(lr=0.05, weight_decay=0.1)),
    "sgd_momentum": ("SGD", dict(lr=0.05, momentum=0.9)),
    "sgd_dampening": ("SGD", dict(lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.01)),
    "sgd_nesterov": ("SGD", dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.02)),
    "sgd_maximize": ("SGD", dict(lr=0.01, momentum=0.5, maximize=True)),
    "adam": ("Adam", dict(lr=0.02)),
    "adam_decay": ("Adam", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "adamw": ("AdamW", dict(lr=0.02)),
    "adamw_decay": ("AdamW", dict(lr=0.03, betas=(0.85, 0.9), eps=1e-7, weight_decay=0.3)),
}


def run(name, options, dtype, late):
    params = [torch.nn.Parameter(torch.tensor(v, dtype=dtype)) for v in START]
    opt = getattr(torch.optim, name)(params, foreach=False, **options)
    trace = []
    for step in range(1, 51):
        for k, p in enumerate(params):
            # late: the second parameter gets its first gradient in step 4 and none in every fifth step
            skip = late and k == 1 and (step < 4 or step % 5 == 0)
            p.grad = None if skip else gradient(p.detach(), step, k)
        opt.step()
        if step in (1, 2, 10, 50):
            trace.append([p.detach().flatten().tolist() for p in params])
    return trace


def lrs(make, n=30, metrics=None):
    p = torch.nn.Parameter(torch.zeros(1))
    q = torch.nn.Parameter(torch.zeros(1))
    opt = torch.optim.SGD([dict(params=[p], lr=0.1), dict(params=[q], lr=0.4)])
    schedule = make(opt)
    out = []
    for i in range(n):
        out.append([g["lr"] for g in opt.param_groups])
        opt.step()
        if metrics:
            schedule.step(metrics[i])
        else:
            schedule.step()
    return out


METRICS = [1 / (i + 1) if i < 8 else 0.13 + 0.01 * math.sin(i) for i in range(40)]

SCHEDULES = {
    "constant": lrs(lambda o: ls.ConstantLR(o, factor=0.3, total_iters=4)),
    "linear": lrs(lambda o: ls.LinearLR(o, start_factor=0.2, end_factor=0.9, total_iters=7)),
    "step": lrs(lambda o: ls.StepLR(o, step_size=4, gamma=0.5)),
    "multistep": lrs(lambda o: ls.MultiStepLR(o, milestones=[3, 8, 20], gamma=0.3)),
    "exponential": lrs(lambda o: ls.ExponentialLR(o, gamma=0.9)),
    "cosine": lrs(lambda o: ls.CosineAnnealingLR(o, T_max=29, eta_min=0.01)),
    "polynomial": lrs(lambda o: ls.PolynomialLR(o, total_iters=20, power=2.0)),
    "lambda": lrs(lambda o: ls.LambdaLR(o, [lambda t: 1 / (1 + t), lambda t: 0.95**t])),
    "onecycle": lrs(lambda o: ls.OneCycleLR(o, max_lr=[0.5, 1.0], total_steps=31, cycle_momentum=False)),
    "onecycle_linear": lrs(
        lambda o: ls.OneCycleLR(
            o, max_lr=0.5, total_steps=31, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100,
            three_phase=True, cycle_momentum=False,
        )
    ),
    "warmup_cosine": lrs(
        lambda o: ls.SequentialLR(
            o, [ls.LinearLR(o, 0.1, 1.0, total_iters=5), ls.CosineAnnealingLR(o, T_max=25, eta_min=0.02)], milestones=[5]
        )
    ),
    "chained": lrs(
        lambda o: ls.ChainedScheduler([ls.ConstantLR(o, factor=0.5, total_iters=6), ls.ExponentialLR(o, gamma=0.8)])
    ),
    "swa": lrs(lambda o: SWALR(o, swa_lr=[0.02, 0.6], anneal_epochs=7)),
    "swa_linear": lrs(lambda o: SWALR(o, swa_lr=0.03, anneal_epochs=12, anneal_strategy="linear")),
    "plateau": lrs(lambda o: ls.ReduceLROnPlateau(o, factor=0.5, patience=2, cooldown=1, min_lr=0.01), 40, METRICS),
    "plateau_max": lrs(
        lambda o: ls.ReduceLROnPlateau(o, mode="max", factor=0.2, patience=3, threshold=0.05, threshold_mode="abs"), 40, METRICS
    ),
}



def averages(buffers, **options):
    # A weight that moves, a batch norm whose statistics move: what the averaged copy holds after each update.
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.BatchNorm1d(1))
    net[1].num_batches_tracked = None  # PyTorch's mean fails on buffers of whole numbers
    averaged = AveragedModel(net, use_buffers=buffers, **options)
    trace = []
    for i in range(8):
        with torch.no_grad():
            net[0].weight.fill_(math.sin(i + 1.0))
            net[1].running_mean.fill_(math.cos(i + 1.0))
        averaged.update_parameters(net)
        trace.append([averaged.module[0].weight.item(), averaged.module[1].running_mean.item()])
    return trace


AVERAGES = {
    "ema": averages(True, averaging_method="ema", ema_decay=0.75),
    "ema_copied_buffers": averages(False, averaging_method="ema", ema_decay=0.75),
    "warmup": averages(True, averaging_method="ema", ema_decay=0.3, use_lit=True),
    "swa": averages(True, averaging_method="swa"),
}

out = {"made_by": "scripts/parity/optim.py with torch " + torch.__version__.split("+")[0], "metrics": METRICS,
       "schedules": SCHEDULES, "averages": AVERAGES, "optimizers": {}}
for key, (name, options) in OPTIMIZERS.items():
    out["optimizers"][key] = {
        "f32": run(name, options, torch.float32, False),
        "f64": run(name, options, torch.float64, False),
        "late": run(name, options, torch.float64, True),
    }
print(json.dumps(out))
