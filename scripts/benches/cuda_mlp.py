# The counterpart of cuda_mlp.lua: a bare PyTorch step; compiled, and then all of it one CUDA graph.
import card
import torch
import torch.nn.functional as F

net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).to(card.device)
x, y = torch.randn(16, 64, device=card.device), torch.randint(0, 10, (16,), device=card.device)
options = {"fused": True, "capturable": card.compiled} if card.is_card else {}
opt = torch.optim.Adam(net.parameters(), lr=1e-3, **options)


def loss_of(x, y):
    return F.cross_entropy(net(x), y)


if card.compiled:
    loss_of = torch.compile(loss_of)


def step():
    opt.zero_grad(set_to_none=True)
    loss_of(x, y).backward()
    opt.step()


run = card.whole_step(step) if card.compiled else card.repeated(step)
card.report(card.names_of("step_"), run, steps=10000)
card.report_card()
