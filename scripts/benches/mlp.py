# The counterpart of mlp.lua: a bare PyTorch step.
import time
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
x, y = torch.randn(16, 64), torch.randint(0, 10, (16,))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)


def steps(n):
    for _ in range(n):
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        opt.zero_grad()


steps(100)
times = []
for _ in range(5):
    start = time.perf_counter()
    steps(500)
    times.append((time.perf_counter() - start) / 500)
print(f"autounit_step {sorted(times)[2] * 1e6:.2f} us")
