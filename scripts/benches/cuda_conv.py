# The counterpart of cuda_conv.lua; it has one column, eager.
import sys

import card
import torch
import torch.nn.functional as F

if card.compiled:
    sys.exit(0)
shapes = [
    ("stage1", 128, 64, 32, 64, 3, 1, 1, "bf16"),
    ("stage2_stride2", 128, 64, 32, 128, 3, 2, 1, "bf16"),
    ("stage2", 128, 128, 16, 128, 3, 1, 1, "bf16"),
    ("stage3", 128, 256, 8, 256, 3, 1, 1, "bf16"),
    ("stage4", 128, 512, 4, 512, 3, 1, 1, "bf16"),
    ("stem", 128, 3, 32, 64, 3, 1, 1, "bf16"),
    ("f32_stage1", 128, 64, 32, 64, 3, 1, 1, "f32"),
    ("f32_lenet_5x5", 1024, 6, 14, 16, 5, 1, 0, "f32"),
]
for name, N, C, H, O, k, stride, padding, kind in shapes:
    N, C, O, H = card.size(N, 1), card.size(C, 4), card.size(O, 8), card.size(H, 6)
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    form = torch.channels_last if kind == "bf16" else torch.contiguous_format

    def random(*shape):
        return torch.randn(*shape, device=card.device).to(dtype).contiguous(memory_format=form)

    x, w = random(N, C, H, H), random(O, C, k, k)
    y = F.conv2d(x, w, None, stride, padding)
    dy = random(*y.shape)
    flops = 2 * y.numel() * C * k * k

    def gradient(which):
        return torch.ops.aten.convolution_backward(
            dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, which)

    def report(what, fn):
        print(f"{name}_{what} {flops / card.time_of(fn, 100) / 1e12:.4g} TFLOP/s")

    report("forward", lambda: F.conv2d(x, w, None, stride, padding))
    report("dx", lambda: gradient([True, False, False]))
    report("dw", lambda: gradient([False, True, False]))
card.report_card()
