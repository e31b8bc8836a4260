# The counterpart of cuda_resnet18.lua; compiled with mode "reduce-overhead".
import card
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outer)
        self.short = nn.Identity()
        if stride != 1 or inner != outer:
            self.short = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.short(x))


def resnet(width):
    layers, inner = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()], width
    for stage in range(4):
        outer = width * 2**stage
        layers += [Block(inner, outer, 1 if stage == 0 else 2), Block(outer, outer, 1)]
        inner = outer
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, 10))


N = card.size(128, 2)
net = resnet(card.size(64, 4)).to(card.device, memory_format=torch.channels_last)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, fused=card.fused)
x = torch.randn(N, 3, 32, 32, device=card.device).contiguous(memory_format=torch.channels_last)
y = torch.randint(0, 10, (N,), device=card.device)
model = torch.compile(net, mode="reduce-overhead") if card.compiled else net
kind = "cuda" if card.is_card else "cpu"


def step():
    opt.zero_grad(set_to_none=True)
    with torch.autocast(kind, torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    opt.step()


card.report(card.names_of("batch_128_"), card.repeated(step), N, "images/s")
card.report_card()
