# The counterpart of cuda_lenet.lua; compiled, and then the whole step one CUDA graph.
import card
import torch
import torch.nn as nn
import torch.nn.functional as F

for N in card.size((128, 1024), (2,)):
    torch.manual_seed(1)
    card.clear()
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)).to(card.device)
    opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, fused=card.fused)
    x, y = torch.randn(N, 1, 28, 28, device=card.device), torch.randint(0, 10, (N,), device=card.device)
    model = torch.compile(net) if card.compiled else net

    def step():
        opt.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), y).backward()
        opt.step()

    run = card.whole_step(step) if card.compiled else card.repeated(step)
    card.report(card.names_of(f"batch_{N}_"), run, N, "images/s", steps=1000)
card.report_card()
