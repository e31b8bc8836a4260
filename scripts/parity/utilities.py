# What TorchTNT's utilities give: the reference of four specs.
"""Writes spec/reference/utilities.lua: what TorchTNT's early stopping, timers and module summaries give.

Run from the checkout, in a virtual environment with torch, torchtnt 0.2.4, numpy<2 and
setuptools<81 from PyPI:
    /opt/venv/bin/python scripts/parity/utilities.py >spec/reference/utilities.lua
spec/hooks/early_stop_parity_spec.lua, spec/timer_parity_spec.lua, spec/timer/periodic_spec.lua and
spec/nn/summary_spec.lua compare. Where this program deviates on purpose (relative early stopping with a negative best, see
the specs) there is no case here.
"""

import datetime
import logging
import math
import random
import tempfile
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import numpy
import torch

# torchtnt 0.2.4 speaks of the option by the name that NumPy 2.4 has dropped.
try:
    numpy.percentile([1.0, 2.0], [50], interpolation="lower")
except TypeError:
    current = numpy.percentile
    numpy.percentile = lambda a, q, interpolation: current(a, q, method=interpolation)

import torchtnt
from torchtnt.utils.early_stop_checker import EarlyStopChecker
from torchtnt.utils.module_summary import _get_human_readable_count, get_module_summary
from torchtnt.utils import timer as timer_module
from torchtnt.utils.timer import BoundedTimer, Timer, _make_report, get_durations_histogram


def lua(value):
    if value is None:
        return "false"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if isinstance(value, float) and not math.isfinite(value):
            return "0 / 0" if math.isnan(value) else ("-" if value < 0 else "") + "math.huge"
        return repr(value)
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f'["{k}"] = {lua(v)}' for k, v in value.items()) + " }"
    return "{ " + ", ".join(lua(v) for v in value) + " }"


def early_stop_cases(rng):
    cases = []
    while len(cases) < 120:
        options = {
            "mode": rng.choice(["min", "max"]), "patience": rng.choice([1, 2, 3]),
            "min_delta": rng.choice([0.0, 0.25, 0.5]),
            "threshold_mode": rng.choice(["abs", "rel"]),
            "check_finite": rng.random() < 0.7,
        }
        if rng.random() < 0.3:
            options["stopping_threshold"] = rng.choice([0.5, 6.0])
        if rng.random() < 0.3:
            options["divergence_threshold"] = rng.choice([1.0, 7.5])
        # Positive eighths: exact in 32 bits, where TorchTNT compares.
        values = [rng.randrange(1, 64) / 8 for _ in range(rng.randrange(3, 9))]
        if rng.random() < 0.3:
            values[rng.randrange(1, len(values))] = rng.choice([math.inf, -math.inf, math.nan])
        if options["threshold_mode"] == "rel" and not options["check_finite"]:
            continue  # a best of -inf: upstream takes 0 for it
        checker = EarlyStopChecker(**options)
        answers = [checker.check(torch.tensor([v])) for v in values]
        cases.append({"options": options, "values": values, "answers": answers})
    return cases


def timer_cases(rng):
    cases = []
    percentiles = [0, 12.5, 25, 50, 90, 99, 99.9, 100]
    for n in (1, 2, 3, 7, 10, 101):
        timer = Timer()
        for name in ("a", "b", "c"):
            timer.recorded_durations[name] = [rng.randrange(1, 4096) / 1024 for _ in range(n)]
        rows, calls, total = _make_report(timer)
        cases.append({
            "recorded": dict(timer.recorded_durations),
            "rows": [[name, float(mean), count, float(sum_), float(share)] for name, mean, count, sum_, share in rows],
            "calls": calls, "total": float(total), "asked": percentiles,
            "percentiles": {
                name: {k: float(v) for k, v in found.items()}
                for name, found in get_durations_histogram(timer.recorded_durations, percentiles).items()
            },
        })
    bounded = []
    for lower, upper, n in ((1, 2, 5), (2, 5, 4), (2, 5, 5), (2, 5, 9), (10, 12, 40)):
        timer = BoundedTimer(lower, upper, cuda_sync=False)
        for i in range(1, n + 1):
            timer.recorded_durations["a"].append(i)
            timer._apply_bounds("a")
        bounded.append({"lower": lower, "upper": upper, "n": n, "kept": timer.recorded_durations["a"]})
    return cases, bounded


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.MaxPool2d(2)
        )
        self.head = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8 * 16, 10), torch.nn.Dropout(0.5))
        self.features[0].weight.requires_grad_(False)

    def forward(self, x):
        return self.head(self.features(x))


def periodic_cases(rng):
    """Whether a periodic timer says its time has come, asked at some seconds (one gloo process)."""
    with tempfile.NamedTemporaryFile() as store:
        torch.distributed.init_process_group("gloo", f"file://{store.name}", rank=0, world_size=1)
        cases = []
        for _ in range(12):
            now, asked = 0.0, []
            while len(asked) < 12:
                now += rng.choice([0.5, 1.0, 3.0, 5.0, 9.5])
                asked.append(now)
            seconds = rng.choice([2, 5, 10])
            timer_module.perf_counter = lambda: 0.0
            timer = timer_module.FullSyncPeriodicTimer(
                datetime.timedelta(seconds=seconds), torch.distributed.group.WORLD)
            answers = []
            for second in asked:
                timer_module.perf_counter = lambda: second
                answers.append(timer.check())
            cases.append({"seconds": seconds, "asked": asked, "answers": answers})
        torch.distributed.destroy_process_group()
    return cases


def summary_rows():
    rows = []

    def walk(node, name):
        rows.append({
            "name": name, "type": node.module_type, "parameters": node.num_parameters,
            "trainable": node.num_trainable_parameters, "bytes": node.size_bytes,
            "in_shape": node.in_size, "out_shape": node.out_size,
        })
        for child_name, child in node.submodule_summaries.items():
            walk(child, child_name)

    walk(get_module_summary(Net(), module_args=(torch.randn(2, 3, 8, 8),)), "")
    return rows


def main():
    rng = random.Random(5)
    timers, bounded = timer_cases(rng)
    numbers = [0, 5, 999, 1000, 1234, 12345, 99949, 99951, 100000, 123456, 999999, 1000000, 2000000, 3 * 10**9, 4 * 10**14,
               5 * 10**15]
    print("-- What TorchTNT's utilities give; written by scripts/parity/utilities.py, which says how.")
    print(f"-- torchtnt {torchtnt.__version__}; luacheck: no max line length".replace("; luacheck", "\n-- luacheck"))
    print("return {")
    for name, rows in (
        ("early_stop", early_stop_cases(rng)), ("timers", timers), ("bounded", bounded), ("summary", summary_rows()),
        ("periodic", periodic_cases(rng)),
        ("counts", [[n, _get_human_readable_count(n).strip()] for n in numbers]),
    ):
        print(f"  {name} = {{")
        for row in rows:
            print(f"    {lua(row)},")
        print("  },")
    print("}")


main()
