"""Writes spec/reference/promotion.lua: PyTorch's result dtypes, for all pairs of dtypes, tensors with and without dims,
numbers, in and out of place; and the values of conversions. Run: /opt/venv/bin/python scripts/parity/promotion.py"""
import torch

NAMES = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16,
         "i64": torch.int64, "i32": torch.int32, "u8": torch.uint8, "bool": torch.bool}
BACK = {v: k for k, v in NAMES.items()}

BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "maximum": torch.maximum, "minimum": torch.minimum, "remainder": torch.remainder, "floor_divide": torch.floor_divide,
    "atan2": torch.atan2, "eq": torch.eq, "lt": torch.lt, "logical_and": torch.logical_and,
    "where": lambda a, b: torch.where(torch.tensor([True]), a, b),
}
# PyTorch has no forms of these with a number, or none that promote
NO_NUMBER = {"maximum", "minimum", "atan2", "logical_and"}
IN_PLACE = ["add", "sub", "mul", "div", "pow", "remainder"]


def attempt(f):
    try:
        return BACK[f().dtype]
    except (RuntimeError, TypeError, KeyError):
        return "-"


def operand(form, dtype):
    if form == "tensor":
        return torch.ones(1, dtype=dtype)
    if form == "scalar":
        return torch.ones((), dtype=dtype)
    return 2 if form == "whole" else 2.5


out = []
for op, f in BINARY.items():
    for a in ("tensor", "scalar"):
        for b in ("tensor", "scalar"):
            for da in NAMES:
                row = [attempt(lambda: f(operand(a, NAMES[da]), operand(b, NAMES[db]))) for db in NAMES]
                out.append(f"{op} {a} {da} {b}: {' '.join(row)}")
        if op in NO_NUMBER or op == "where":
            continue
        for b in ("whole", "fraction"):
            row = [attempt(lambda: f(operand(a, NAMES[da]), operand(b, None))) for da in NAMES]
            out.append(f"{op} {a} all {b}: {' '.join(row)}")
            if op in ("eq", "lt"):
                continue
            row = [attempt(lambda: f(operand(b, None), operand(a, NAMES[da]))) for da in NAMES]
            out.append(f"{op} {b} all {a}: {' '.join(row)}")
for op in IN_PLACE:
    f = getattr(torch.Tensor, op + "_")
    for a in ("tensor", "scalar"):
        for b in ("tensor", "scalar"):
            if a == "scalar" and b == "tensor":
                continue  # the result does not fit
            for da in NAMES:
                row = [attempt(lambda: f(operand(a, NAMES[da]), operand(b, NAMES[db]))) for db in NAMES]
                out.append(f"{op}_ {a} {da} {b}: {' '.join(row)}")
        for b in ("whole", "fraction"):
            row = [attempt(lambda: f(operand(a, NAMES[da]), operand(b, None))) for da in NAMES]
            out.append(f"{op}_ {a} all {b}: {' '.join(row)}")
for da in NAMES:
    row = [attempt(lambda: torch.cat([torch.ones(1, dtype=NAMES[da]), torch.ones(1, dtype=NAMES[db])])) for db in NAMES]
    out.append(f"cat tensor {da} tensor: {' '.join(row)}")

# Values: finite ones that the destination holds, or that both cut the same way (float to whole: toward 0).
VALUES = [0, 1, 2, 2.5, 3.5, 0.5, 0.75, 100.25, 127, 128, 200, 255, 1 / 3, 1e-3, 65504, 1e-7, 6e-8, 2.9e-8, 3.1e-8,
          1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 2049, 2051, 257, 259, 16777217, 1e-40, 123456789]
NEGATIVE = [-1, -2.5, -0.5, -100.75, -128, -65504, -123456789]
RANGE = {"i64": 2 ** 62, "i32": 2 ** 31 - 1, "u8": 255, "bool": float("inf")}
lines = []
for da in NAMES:
    values = [v for v in VALUES + NEGATIVE
              if da not in RANGE or (v == int(v) and v <= RANGE[da] and (da != "u8" or v >= 0))]
    if da == "bool":
        values = [0, 1]
    x = torch.tensor(values, dtype=torch.float64).to(NAMES[da])
    x = x[torch.isfinite(x)] if x.is_floating_point() else x
    for db in NAMES:
        keep = x
        if db in RANGE and db != "bool":
            wide = x.to(torch.float64)
            keep = x[(wide <= RANGE[db]) & (wide >= (0 if db == "u8" else -RANGE[db]))]
        y = keep.to(NAMES[db]).to(torch.float64)
        show = lambda t: ", ".join("math.huge" if v == float("inf") else "-math.huge" if v == -float("inf") else repr(v)
                                   for v in t.tolist())
        lines.append(f'  {{ "{da}", "{db}", {{ {show(keep.to(torch.float64))} }}, {{ {show(y)} }} }},')
with open("spec/reference/promotion.lua", "w") as file:
    file.write(f"-- Written by scripts/parity/promotion.py from PyTorch {torch.__version__.split('+')[0]}: do not edit.\n")
    file.write("-- results: for `op form dtype form`, the dtype of the result with " + " ".join(NAMES) + " on the other side;\n")
    file.write("-- a dash is a refusal. conversions: from, to, values, what they become.\n")
    file.write("return {\n  dtypes = \"" + " ".join(NAMES) + "\",\n  results = [[\n" + "\n".join(out) + "\n]],\n  conversions = {\n")
    file.write("\n".join(lines) + "\n  },\n}\n")
