# The counterpart of gemm.lua in PyTorch.
import math
import time
import torch

torch.manual_seed(1)
shapes = [
    ("square_256", 1, 256, 256, 256, False, False),
    ("square_1024", 1, 1024, 1024, 1024, False, False),
    ("wide_64x4096x1024", 1, 64, 4096, 1024, False, False),
    ("linear_32x512x784", 1, 32, 512, 784, False, True),
    ("linear_dx_32x784x512", 1, 32, 784, 512, False, False),
    ("linear_dw_512x784x32", 1, 512, 784, 32, True, False),
    ("gpt_768x384x128", 1, 768, 384, 128, False, True),
    ("gpt_dx_768x128x384", 1, 768, 128, 384, False, False),
    ("gpt_dw_384x128x768", 1, 384, 128, 768, True, False),
    ("scores_48x64x64x32", 48, 64, 64, 32, False, True),
    ("mixed_48x64x32x64", 48, 64, 32, 64, False, False),
    ("mixed_dv_48x64x32x64", 48, 64, 32, 64, True, False),
    ("tiny_1000x16x16x16", 1000, 16, 16, 16, False, False),
    ("single_16x32x64", 1, 16, 32, 64, False, True),
    ("single_16x10x32", 1, 16, 10, 32, False, True),
]
most = torch.get_num_threads()
for threads in [1, most] if most > 1 else [1]:
    torch.set_num_threads(threads)
    for name, batch, m, n, k, ta, tb in shapes:
        a = torch.randn(batch, k, m).transpose(1, 2) if ta else torch.randn(batch, m, k)
        b = torch.randn(batch, n, k).transpose(1, 2) if tb else torch.randn(batch, k, n)
        if batch == 1:
            a, b = a[0], b[0]
        flops = 2 * batch * m * n * k
        calls = math.ceil(1.5e9 / (flops + 2e5))
        for _ in range(3):
            torch.matmul(a, b)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(calls):
                torch.matmul(a, b)
            times.append((time.perf_counter() - start) / calls)
        print(f"{name}_t{threads} {flops / sorted(times)[2] / 1e9:.2f} GFLOP/s")
