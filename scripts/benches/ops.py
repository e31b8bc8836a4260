# The counterpart of ops.lua in PyTorch.
import time
import torch

torch.set_num_threads(1)


def timed(n, rounds, fn):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        fn(n)
        times.append((time.perf_counter() - start) / n)
    return sorted(times)[rounds // 2]


a, b = torch.ones(1), torch.ones(1)


def adds(n):
    for _ in range(n):
        a + b


adds(10000)
print(f"add_1_element {timed(100000, 5, adds) * 1e9:.1f} ns")


class Leaf(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        for _ in range(5):
            x = x + self.w
        return x


class Branch(torch.nn.Module):
    def __init__(self, make, n):
        super().__init__()
        self.kids = torch.nn.ModuleList(make() for _ in range(n))

    def forward(self, x):
        for kid in self.kids:
            x = kid(x)
        return x


tree = Branch(lambda: Branch(Leaf, 6), 5)


def steps(n):
    for _ in range(n):
        tree(a).backward()
        tree.zero_grad(set_to_none=True)


steps(20)
value = timed(100, 5, steps) / 150 * 1e9
print(f"tree_150_ops_forward_backward {value:.1f} ns/op")
print(f"tree_150_ops_without_jit {value:.1f} ns/op")
