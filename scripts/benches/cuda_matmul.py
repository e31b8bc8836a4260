# The counterpart of cuda_matmul.lua; it has one column, eager: a single product is the same library's call.
import sys

import card
import torch

if card.compiled:
    sys.exit(0)
shapes = [
    ("square_1024", 1024, 1024, 1024, "bf16"),
    ("square_4096", 4096, 4096, 4096, "bf16"),
    ("square_8192", 8192, 8192, 8192, "bf16"),
    ("f32_square_4096", 4096, 4096, 4096, "f32"),
    ("tf32_square_4096", 4096, 4096, 4096, "tf32"),
    ("gpt2_qkv", 16384, 2304, 768, "bf16"),
    ("gpt2_proj", 16384, 768, 768, "bf16"),
    ("gpt2_up", 16384, 3072, 768, "bf16"),
    ("gpt2_down", 16384, 768, 3072, "bf16"),
    ("gpt2_head", 16384, 50304, 768, "bf16"),
]
for name, m, n, k, kind in shapes:
    m, n, k = card.size(m, 16), card.size(n, 8), card.size(k, 24)
    flops = 2 * m * n * k
    calls = min(200, max(5, -(-2 * 10**13 // flops)))
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    x, w, dy = (torch.randn(s, device=card.device).to(dtype) for s in ((m, k), (n, k), (m, n)))

    def report(what, fn):
        print(f"{name}_{what} {flops / card.time_of(fn, calls) / 1e12:.4g} TFLOP/s")

    report("forward", lambda: x @ w.t())
    report("dx", lambda: dy @ w)
    report("dw", lambda: dy.t() @ x)
card.report_card()
