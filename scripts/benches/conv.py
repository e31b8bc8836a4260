# The counterpart of conv.lua in PyTorch.
import time
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


def report(name, n, fn):
    for _ in range(2):
        fn()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(n):
            fn()
        times.append((time.perf_counter() - start) / n)
    print(f"{name} {sorted(times)[2] * 1e3:.3f} ms")


shapes = [
    ("3x3", 32, 64, 32, 64, 3, 1, 1, 1, 4),
    ("3x3_stride2", 32, 64, 32, 128, 3, 2, 1, 1, 4),
    ("7x7_stride2", 8, 3, 224, 64, 7, 2, 3, 1, 2),
    ("1x1", 32, 256, 14, 256, 1, 1, 0, 1, 8),
    ("depthwise_3x3", 32, 128, 56, 128, 3, 1, 1, 128, 4),
    ("depthwise_3x3_stride2", 32, 128, 56, 128, 3, 2, 1, 128, 4),
    ("one_channel", 64, 1, 28, 32, 3, 1, 1, 1, 20),
]
for name, N, C, H, O, k, stride, padding, groups, n in shapes:
    x, w = torch.randn(N, C, H, H), torch.randn(O, C // groups, k, k)
    dy = torch.ones_like(F.conv2d(x, w, None, stride, padding, 1, groups))

    def gradient(which):
        return torch.ops.aten.convolution_backward(
            dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, which)

    report(name + "_forward", n, lambda: F.conv2d(x, w, None, stride, padding, 1, groups))
    report(name + "_dx", n, lambda: gradient([True, False, False]))
    report(name + "_dw", n, lambda: gradient([False, True, False]))

net = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))


def step():
    F.cross_entropy(net(x), y).backward()
    opt.step()
    opt.zero_grad()


report("lenet_step", 40, step)
