# The counterpart of cuda_gpt2.lua, as nanoGPT trains it. TNT_BENCH_PEAK_FLOPS (scripts/bench sets it) gives MFU.
import gc
import os
import sys

import card
import torch
from gpt import Gpt

T, vocab = card.size(1024, 8), card.size(50304, 64)
peak_flops = float(os.environ.get("TNT_BENCH_PEAK_FLOPS") or 0)
kind = "cuda" if card.is_card else "cpu"
torch.set_float32_matmul_precision("high")
best, best_batch, best_mfu = 0, 0, 0


def measure(B):
    global best, best_batch, best_mfu
    torch.manual_seed(1)
    model = Gpt(vocab, card.size(12, 1), card.size(12, 2), card.size(768, 16), T, 0.0, "tanh").to(card.device)
    opt = model.adamw(6e-4, (0.9, 0.95), fused=card.fused)
    x, y = (torch.randint(0, vocab, (B, T), device=card.device) for _ in range(2))
    loss_of = torch.compile(model.loss) if card.compiled else model.loss

    def step():
        opt.zero_grad(set_to_none=True)
        with torch.autocast(kind, torch.bfloat16):
            loss = loss_of(x, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()

    rate = B * T / card.report([f"batch_{B}"], card.repeated(step), B * T, "tokens/s")
    mfu = 100 * rate * model.flops_per_token(T) / peak_flops if peak_flops else 0
    if mfu:
        print(f"batch_{B}_mfu {mfu:.1f} %")
    if rate > best:
        best, best_batch, best_mfu = rate, B, mfu


for B in os.environ.get("TNT_BENCH_BATCHES", card.size("8 16 32 64", "1 2")).split():
    gc.collect()
    torch._dynamo.reset()
    card.clear()
    try:
        measure(int(B))
    except torch.OutOfMemoryError:
        print(f"cuda_gpt2: batch {B} does not fit", file=sys.stderr)
        break
if best:
    print(f"best {best:.1f} tokens/s")
    print(f"best_batch {best_batch}")
    if best_mfu:
        print(f"best_mfu {best_mfu:.1f} %")
card.report_card()
