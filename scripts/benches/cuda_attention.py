# The counterpart of cuda_attention.lua; it has one column, eager.
import sys

import card
import torch
import torch.nn.functional as F

if card.compiled:
    sys.exit(0)
shapes = [
    ("gpt2", 16, 12, 1024, 64, 0.0),
    ("char_gpt", 64, 6, 256, 64, 0.0),
    ("char_gpt_dropout", 64, 6, 256, 64, 0.2),
    ("long_128", 4, 16, 4096, 128, 0.0),
]
for name, B, H, T, D, dropout in shapes:
    B, H, T, D = card.size(B, 1), card.size(H, 2), card.size(T, 16), card.size(D, 64)
    flops = 4 * B * H * T * T * D / 2
    q, k, v = (torch.randn(B, H, T, D, device=card.device).bfloat16().requires_grad_(True) for _ in range(3))
    dy = torch.ones_like(q)

    def attend():
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=dropout)

    def forward():
        with torch.no_grad():
            attend()

    def both():
        attend().backward(dy)
        q.grad = k.grad = v.grad = None

    for kind, part, fn in (("forward", 1, forward), ("forward_backward", 3.5, both)):
        print(f"{name}_{kind} {part * flops / card.time_of(fn, 50) / 1e12:.4g} TFLOP/s")
card.report_card()
