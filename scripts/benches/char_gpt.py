# The counterpart of char_gpt.lua in PyTorch, eager.
import resource
import time

import torch
import torch.nn as nn
from gpt import Gpt

torch.manual_seed(1)
model = Gpt(65)
opt = model.adamw(1e-3, (0.9, 0.99))
x, y = torch.randint(0, 65, (12, 64)), torch.randint(0, 65, (12, 64))


def steps(n):
    for _ in range(n):
        model.loss(x, y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        opt.zero_grad(set_to_none=True)


steps(5)
times = []
for _ in range(3):
    start = time.perf_counter()
    steps(30)
    times.append((time.perf_counter() - start) / 30)
print(f"step {sorted(times)[1] * 1e3:.2f} ms")
print(f"peak_memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f} MB")
