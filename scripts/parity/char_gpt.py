# Writes spec/reference/char_gpt.lua: the losses of 50 AdamW steps of char_gpt's model in PyTorch, from weights and tokens
# that a formula gives, so that spec/examples/char_gpt_spec.lua can begin from the same ones.
#   python scripts/parity/char_gpt.py > spec/reference/char_gpt.lua
import importlib.util
import os

import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("bench", os.path.join(here, "..", "benches", "char_gpt.py"))
source = open(spec.origin).read().split("\nmodel = Gpt(65)")[0]  # the classes, without the measuring
names = {}
exec(compile(source, spec.origin, "exec"), names)


def filled(name, shape):
    h = 0
    for c in name:
        h = (h * 31 + ord(c)) % 65521
    n = 1
    for s in shape:
        n *= s
    i = torch.arange(n, dtype=torch.int64)
    v = ((h * 7919 + i * 104729) % 1000003).double() / 1000003 - 0.5
    v = 1 + v * 0.1 if "norm" in name else v * 0.07
    return v.reshape(shape)


torch.set_num_threads(1)
print(f"-- Losses of 50 AdamW steps in PyTorch {torch.__version__}, with the recipe's warm-up; made by scripts/parity/char_gpt.py.")
print("return {")
for dtype, label in ((torch.float32, "f32"), (torch.float64, "f64")):
    model = names["Gpt"](65).to(dtype)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(filled(name, p.shape))
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0}], lr=1e-3, betas=(0.9, 0.99))
    print(f"  {label} = {{")
    for step in range(50):
        for group in opt.param_groups:
            group["lr"] = 1e-3 * (step + 1) / 101
        i = torch.arange(12 * 65, dtype=torch.int64) + step * 97
        tokens = ((i * i * 7 + i * 3 + i // 5) % 65).reshape(12, 65)
        loss = F.cross_entropy(model(tokens[:, :-1]).reshape(-1, 65), tokens[:, 1:].reshape(-1))
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        print(f"    {loss.item():.12g},")
    print("  },")
print("}")
