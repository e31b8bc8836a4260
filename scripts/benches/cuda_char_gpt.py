# The counterpart of cuda_char_gpt.lua; compiled with mode "reduce-overhead".
import card
import torch
from gpt import Gpt

B, T, vocab = card.size(64, 2), card.size(256, 8), 65
model = Gpt(vocab, card.size(6, 1), card.size(6, 2), card.size(384, 16), T, 0.2).to(card.device)
opt = model.adamw(1e-3, (0.9, 0.99), fused=card.fused)
x, y = (torch.randint(0, vocab, (B, T), device=card.device) for _ in range(2))
loss_of = torch.compile(model.loss, mode="reduce-overhead") if card.compiled else model.loss
kind = "cuda" if card.is_card else "cpu"


def step():
    opt.zero_grad(set_to_none=True)
    with torch.autocast(kind, torch.bfloat16):
        loss = loss_of(x, y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()


names = card.names_of("")
seconds = card.report(names, card.repeated(step), B * T, "tokens/s")
for name in names:
    print(f"{name}_step {seconds * 1e3:.3f} ms")
card.report_card()
