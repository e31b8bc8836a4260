# What TorchTNT's units, callbacks, loggers and checkpointers do in whole runs.
"""Writes spec/reference/torchtnt_runs.lua: schedules, averages, checkpoints and logs of TorchTNT's runs.

scripts/parity/torchtnt runs it, in a virtual environment with torch, torchtnt 0.2.4, numpy and
setuptools<81 from PyPI. spec/parity/runs_spec.lua does the same here and compares.
"""

import contextlib
import csv
import io
import json
import logging
import os
import random
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import torch
import torchtnt
from torchtnt.framework.auto_unit import AutoUnit, SWALRParams, SWAParams
from torchtnt.framework.callback import Callback
from torchtnt.framework.callbacks.base_checkpointer import BaseCheckpointer
from torchtnt.framework.callbacks.early_stopping import EarlyStopping
from torchtnt.framework.callbacks.iteration_time_logger import IterationTimeLogger
from torchtnt.framework.callbacks.learning_rate_monitor import LearningRateMonitor
from torchtnt.framework.callbacks.time_limit_interrupter import TimeLimitInterrupter
from torchtnt.framework.callbacks.train_progress_monitor import TrainProgressMonitor
from torchtnt.framework.fit import fit
from torchtnt.framework.train import train
from torchtnt.framework.unit import EvalUnit, TrainUnit
from torchtnt.utils.checkpoint import BestCheckpointConfig, CheckpointManager, CheckpointPath, MetricData, Phase
from torchtnt.utils.early_stop_checker import EarlyStopChecker
from torchtnt.utils.loggers import CSVLogger, InMemoryLogger, JSONLogger, StdoutLogger
from torchtnt.utils.progress import estimated_steps_in_epoch, estimated_steps_in_fit, estimated_steps_in_loop
from torchtnt.utils.swa import AveragedModel
from torchtnt.utils.timer import Timer

CPU = torch.device("cpu")


def lua(value):
    if value is None:
        return "false"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == float("inf"):
        return "math.huge"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + " }"
    return "{ " + ", ".join(lua(v) for v in value) + " }"


# ---- AutoUnit: updates, rates, norms, averages ------------------------------------------------------


class Line(AutoUnit):
    """y = w x + b by SGD with momentum and a schedule; every number in f64."""

    def __init__(self, gamma, step_size, **options):
        net = torch.nn.Linear(1, 1).double()
        torch.nn.init.constant_(net.weight, 0.5)
        torch.nn.init.constant_(net.bias, -0.25)
        self.gamma, self.step_size = gamma, step_size
        super().__init__(module=net, device=CPU, **options)
        self.steps, self.flags = [], []

    def configure_optimizers_and_lr_scheduler(self, module):
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.5)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, self.step_size, self.gamma)

    def compute_loss(self, state, data):
        x, y = data
        outputs = self.module(x)
        return torch.nn.functional.mse_loss(outputs, y), outputs

    def on_train_step_end(self, state, data, step, results):
        norm = results.total_grad_norm
        averaged = getattr(self, "swa_model", None)
        done = averaged is not None and averaged.n_averaged > 0
        self.flags.append(bool(self._is_last_batch))
        self.steps.append({
            "loss": results.loss.item() * self.gradient_accumulation_steps,
            "lr": self.optimizer.param_groups[0]["lr"],
            "weight": self.module.weight.item(), "bias": self.module.bias.item(),
            "norm": norm.item() if norm is not None else None,
            "averaged": averaged.module.weight.item() if done else None,
        })


def batches(n):
    """Batches of two samples, made so that Lua makes the same ones to the bit."""
    found = []
    for i in range(n):
        x = torch.tensor([[(4 * i + 1) / 16], [(4 * i + 3) / 16 - 1]], dtype=torch.float64)
        found.append((x, 3 * x + 1))
    return found


def auto_unit_cases():
    ema = dict(warmup_steps_or_epochs=2, step_or_epoch_update_freq=1, averaging_method="ema", ema_decay=0.75)
    cases = [
        dict(name="a schedule by epochs", batches=4, epochs=3, interval="epoch", step_size=1),
        dict(name="a schedule by updates", batches=4, epochs=3, interval="step", step_size=3),
        dict(name="accumulation, a schedule by updates", batches=6, epochs=2, interval="step", accumulate=3, step_size=2),
        dict(name="accumulation that does not divide the epoch", batches=5, epochs=2, interval="step", accumulate=3, step_size=1),
        dict(name="accumulation, a schedule by epochs", batches=5, epochs=3, interval="epoch", accumulate=2, step_size=2),
        dict(name="clipping by norm", batches=4, epochs=2, interval="epoch", clip_norm=0.5, step_size=2),
        dict(name="clipping by value", batches=4, epochs=2, interval="epoch", clip_value=0.25, step_size=2),
        dict(name="clipping both ways, accumulated", batches=5, epochs=2, interval="epoch", clip_norm=1.5, clip_value=1.0,
             accumulate=2, step_size=2),
        dict(name="ending at max_steps", batches=4, epochs=9, max_steps=8, interval="step", accumulate=2, step_size=2),
        dict(name="EMA by steps", batches=4, epochs=2, interval="step", step_size=9, swa=ema),
        dict(name="EMA every second step", batches=6, epochs=2, interval="step", step_size=9,
             swa={**ema, "step_or_epoch_update_freq": 2}),
        dict(name="EMA that warms up", batches=4, epochs=3, interval="step", step_size=9,
             swa={**ema, "use_lit": True, "warmup_steps_or_epochs": 0}),
        dict(name="SWA by steps", batches=4, epochs=3, interval="step", step_size=9, swa={**ema, "averaging_method": "swa"}),
        dict(name="SWA by epochs", batches=3, epochs=4, interval="epoch", step_size=9,
             swa={**ema, "averaging_method": "swa", "warmup_steps_or_epochs": 1}),
        dict(name="SWA by steps, annealing linearly", batches=4, epochs=3, interval="step", step_size=2,
             swa={**ema, "averaging_method": "swa", "warmup_steps_or_epochs": 4},
             anneal=dict(anneal_steps_or_epochs=4, anneal_strategy="linear", swa_lrs=0.02)),
        dict(name="SWA by epochs, annealing by cosine", batches=2, epochs=7, interval="epoch", step_size=2,
             swa={**ema, "averaging_method": "swa", "warmup_steps_or_epochs": 2},
             anneal=dict(anneal_steps_or_epochs=3, anneal_strategy="cos", swa_lrs=0.05)),
    ]
    for case in cases:
        options = {}
        if "swa" in case:
            anneal = SWALRParams(**case["anneal"]) if "anneal" in case else None
            options["swa_params"] = SWAParams(**case["swa"], swalr_params=anneal)
        unit = Line(
            0.5, case["step_size"], step_lr_interval=case["interval"],
            gradient_accumulation_steps=case.get("accumulate", 1), clip_grad_norm=case.get("clip_norm"),
            clip_grad_value=case.get("clip_value"), **options,
        )
        train(unit, batches(case["batches"]), max_epochs=case["epochs"], max_steps=case.get("max_steps"))
        case["steps"], case["last_batch"] = unit.steps, unit.flags
        case["lr_after"] = unit.optimizer.param_groups[0]["lr"]
        if "swa" in case:
            case["averaged_after"] = unit.swa_model.module.weight.item()
        yield case


class Counting(AutoUnit):
    """Notes batches, ends of epochs and evaluations, and the steps at which the optimizer steps."""

    def __init__(self, **options):
        super().__init__(module=torch.nn.Linear(1, 1), device=CPU, **options)
        self.seen, self.epochs, self.evaluations, self.updates = [], [], [], []

    def configure_optimizers_and_lr_scheduler(self, module):
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        step = optimizer.step

        def counted(*args, **kwargs):
            self.updates.append(self.train_progress.num_steps_completed + 1)
            return step(*args, **kwargs)

        optimizer.step = counted
        return optimizer, None

    def compute_loss(self, state, data):
        if state.active_phase.name == "TRAIN":
            self.seen.append(int(data.item()))
        return self.module(data).sum(), None

    def on_train_epoch_end(self, state):
        super().on_train_epoch_end(state)
        self.epochs.append(self.train_progress.num_steps_completed)

    def on_eval_epoch_end(self, state):
        self.evaluations.append(self.eval_progress.num_steps_completed)


class Stray(TrainUnit):
    def train_step(self, state, data):
        if self.train_progress.num_steps_completed == 1:
            next(iter(()))


def defect_cases():
    """D1 to D5 and D8 as they are: the program compared with does otherwise, and its spec says how."""

    def numbers(n):
        return [torch.tensor([[float(i + 1)]]) for i in range(n)]

    unit = Counting()
    fit(unit, numbers(2), numbers(4), max_epochs=3, max_eval_steps_per_epoch=4)
    yield "D1", {"evaluations": unit.evaluations}
    unit = Counting()
    train(unit, numbers(4), max_epochs=3, max_steps_per_epoch=4)
    yield "D2", {"epochs": unit.epochs}
    unit = Counting()
    train(unit, numbers(4), max_epochs=3, max_steps_per_epoch=2)
    yield "D3", {"seen": unit.seen}
    unit = Counting(gradient_accumulation_steps=4)
    fit(unit, numbers(6), numbers(2), max_epochs=1, evaluate_every_n_steps=2, evaluate_every_n_epochs=None,
        max_eval_steps_per_epoch=2)
    yield "D4", {"updates": unit.updates, "evaluations": unit.evaluations}
    unit = Counting(gradient_accumulation_steps=3)
    train(unit, numbers(5), max_epochs=2, max_steps_per_epoch=4)
    yield "D5", {"updates": unit.updates}
    unit = Stray()
    train(unit, range(4), max_epochs=1)
    yield "D8", {"epochs": unit.train_progress.num_epochs_completed, "steps": unit.train_progress.num_steps_completed}


# ---- averaged weights alone -----------------------------------------------------------------------


class Pair(torch.nn.Module):
    """Without a buffer of whole numbers: upstream's SWA divides them and fails."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
        self.register_buffer("seen", torch.zeros(2, dtype=torch.float64))


def average_cases(rng):
    for method, decay, lit, buffers in (
        ("ema", 0.9, False, True), ("ema", 0.9, True, True), ("ema", 0.999, True, False), ("ema", 0.0, False, True),
        ("ema", 1.0, False, False), ("swa", 0.9, False, True), ("swa", 0.9, False, False),
    ):
        net = Pair()
        averaged = AveragedModel(net, use_buffers=buffers, averaging_method=method, ema_decay=decay, use_lit=lit)
        steps = []
        for _ in range(6):
            weight = [rng.randrange(-64, 64) / 16 for _ in range(3)]
            seen = [rng.randrange(-64, 64) / 16 for _ in range(2)]
            with torch.no_grad():
                net.weight.copy_(torch.tensor(weight, dtype=torch.float64))
                net.seen.copy_(torch.tensor(seen, dtype=torch.float64))
            averaged.update_parameters(net)
            inner = averaged.module
            steps.append({"weight": weight, "seen": seen, "averaged": inner.weight.tolist(), "buffer": inner.seen.tolist()})
        yield {"method": method, "decay": decay, "warmup": lit, "buffers": buffers, "steps": steps}


# ---- checkpoints ----------------------------------------------------------------------------------


class Plain(TrainUnit, EvalUnit):
    def __init__(self, metrics=()):
        super().__init__()
        self.metrics, self.loss = list(metrics), None

    def train_step(self, state, data):
        pass

    def eval_step(self, state, data):
        pass

    def on_eval_epoch_end(self, state):
        if self.metrics:
            self.loss = self.metrics.pop(0)


class Saver(BaseCheckpointer):
    metadata_fname = "marker"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.saved = []

    def _checkpoint_impl(self, state, unit, *, checkpoint_path, hook):
        os.makedirs(checkpoint_path)
        open(os.path.join(checkpoint_path, "marker"), "w").close()
        self.saved.append(os.path.basename(checkpoint_path))
        return True

    @staticmethod
    def restore(*args, **kwargs):
        raise NotImplementedError


def save_cases():
    cases = [
        dict(train=5, epochs=2, options=dict(save_every_n_train_steps=2)),
        dict(train=4, epochs=3, options=dict(save_every_n_epochs=2)),
        dict(train=3, epochs=4, options=dict(save_every_n_epochs=1, save_every_n_train_steps=2)),
        dict(train=4, epochs=2, max_steps=7, options=dict(save_every_n_train_steps=3)),
        dict(train=5, epochs=2, options=dict(save_every_n_train_steps=2, keep_last_n_checkpoints=1)),
        dict(train=5, epochs=3, options=dict(save_every_n_train_steps=2, keep_last_n_checkpoints=3)),
        dict(train=3, eval=2, epochs=3, options=dict(save_every_n_epochs=1)),
        dict(train=3, eval=2, epochs=3, options=dict(save_every_n_train_steps=2, keep_last_n_checkpoints=2)),
    ]
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            saver = Saver(folder, **case["options"])
            limits = dict(max_epochs=case["epochs"], max_steps=case.get("max_steps"), callbacks=[saver])
            if "eval" in case:
                fit(Plain(), range(case["train"]), range(case["eval"]), **limits)
            else:
                train(Plain(), range(case["train"]), **limits)
            yield {**case, "saved": saver.saved, "left": sorted(os.listdir(folder))}


def kept_cases(rng):
    """What the top n by a metric are after each save; values differ, ties are a matter of their own."""
    for mode in ("min", "max"):
        for n in (1, 2, 4):
            values = rng.sample(range(1, 90), 12)
            with tempfile.TemporaryDirectory() as folder:
                manager = CheckpointManager(folder, BestCheckpointConfig("eval_loss", mode), n)
                after = []
                for i, value in enumerate(values):
                    path = manager.generate_checkpoint_path(i + 1, {Phase.TRAIN: 3 * (i + 1)}, MetricData("eval_loss", value / 8))
                    if manager.should_save_checkpoint(path):
                        os.makedirs(path.path)
                        manager.append_checkpoint(path)
                    after.append(sorted(os.listdir(folder)))
            yield {"mode": mode, "n": n, "values": [value / 8 for value in values], "after": after}


def name_cases(rng):
    texts = ["epoch_50", "step_20", "epoch_20_step", "epoch_3__step_3", "epoch_2.6_step_23", "epoch_20_step_30_val_loss=1a",
             "epoch_1_step_1_acc", "epoch_x_step_1", "epoch_1_eval_step_2_train_step_3"]
    for _ in range(40):
        text = f"epoch_{rng.randrange(4)}"
        kind = rng.randrange(4)
        text += f"_step_{rng.randrange(9)}" if kind == 0 else ""
        text += f"_train_step_{rng.randrange(9)}" if kind in (1, 3) else ""
        text += f"_eval_step_{rng.randrange(9)}" if kind in (2, 3) else ""
        if rng.random() < 0.4:
            text += f"_val_loss={rng.choice(['0.25', '-3.5', '0', '12.75'])}"
        texts.append(text)
    read = []
    for text in texts:
        try:
            path = CheckpointPath.from_str("/runs/" + text)
        except ValueError:
            read.append({"text": text})
            continue
        read.append({
            "text": text, "epoch": path.epoch, "naive": path.step.get(Phase.NONE), "train": path.step.get(Phase.TRAIN),
            "eval": path.step.get(Phase.EVALUATE), "value": path.metric_data.value if path.metric_data else None,
            "metric": path.metric_data.name if path.metric_data else None,
        })
    good = [row["text"] for row in read if "epoch" in row]
    pairs = []
    while len(pairs) < 300:
        a, b = rng.choice(good), rng.choice(good)
        newer = CheckpointPath.from_str("/r/" + a).newer_than(CheckpointPath.from_str("/r/" + b))
        older = CheckpointPath.from_str("/r/" + b).newer_than(CheckpointPath.from_str("/r/" + a))
        if newer or older:  # neither: equal but for the metric
            pairs.append([a, b, newer])
    return read, pairs


# ---- logs -----------------------------------------------------------------------------------------


def logger_cases(rng):
    for names in (["loss"], ["loss", "acc"], ["a", "b", "c"]):
        rows = [{"step": 3 * i + 1, "values": {name: rng.randrange(-999, 999) / 64 for name in names}} for i in range(5)]
        with tempfile.TemporaryDirectory() as folder:
            loggers = [CSVLogger(folder + "/x.csv", 2), JSONLogger(folder + "/x.json", 2), InMemoryLogger()]
            for row in rows:
                for logger in loggers:
                    logger.log_dict(row["values"], row["step"])
            memory = [{k: v for k, v in entry.items() if k != "time"} for entry in loggers[2].log_buffer.values()]
            for logger in loggers:
                logger.close()
            with open(folder + "/x.csv") as file:
                table = [{k: float(v) for k, v in entry.items() if k != "time"} for entry in csv.DictReader(file)]
            with open(folder + "/x.json") as file:
                array = [{k: v for k, v in entry.items() if k != "time"} for entry in json.load(file)]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            stdout = StdoutLogger(precision=3)
            for row in rows:
                stdout.log_dict(step=row["step"], payload=row["values"])
        shown = [[pair.split("=") for pair in line.split("] ")[1].split()] for line in printed.getvalue().split("\n") if line]
        yield {"rows": rows, "csv": table, "json": array, "memory": memory, "stdout": shown}


class Noted:
    """A logger that notes names, steps and values."""

    def __init__(self):
        self.rows = []

    def log(self, name, value, step):
        self.rows.append([name, step, float(value)])

    def log_dict(self, payload, step):
        for name, value in payload.items():
            self.log(name, value, step)


class TwoGroups(AutoUnit):
    def configure_optimizers_and_lr_scheduler(self, module):
        groups = [{"params": [module.weight], "lr": 0.5}, {"params": [module.bias], "lr": 0.25}]
        optimizer = torch.optim.SGD(groups, lr=1.0)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)

    def compute_loss(self, state, data):
        x, y = data
        return torch.nn.functional.mse_loss(self.module(x), y), None


def monitor_cases():
    for interval in ("epoch", "step"):
        for by in ("epoch", "step"):
            noted = Noted()
            unit = TwoGroups(module=torch.nn.Linear(1, 1).double(), device=CPU, step_lr_interval=by)
            train(unit, batches(3), max_epochs=3, callbacks=[LearningRateMonitor(noted, logging_interval=interval)])
            rates = [[step, name[-1] if name[-1].isdigit() else "0", value] for name, step, value in noted.rows
                     if name.startswith("optimizers/")]
            yield {"interval": interval, "by": by, "rates": rates}


def time_cases():
    for options in (dict(), dict(moving_avg_window=3), dict(log_every_n_steps=2), dict(warmup_steps=3),
                    dict(log_every_n_steps=3, warmup_steps=2)):
        noted = Noted()
        train(Plain(), range(4), max_epochs=2, callbacks=[IterationTimeLogger(noted, **options)])
        yield {"options": options, "steps": [row[1] for row in noted.rows]}


def progress_cases():
    for n, epochs, per_epoch in ((4, 3, None), (4, 2, 3), (0, 2, None)):
        noted = Noted()
        train(Plain(), range(n), max_epochs=epochs, max_steps_per_epoch=per_epoch, callbacks=[TrainProgressMonitor(noted)])
        yield {"batches": n, "epochs": epochs, "per_epoch": per_epoch, "points": [row[1:] for row in noted.rows]}


def limit_cases():
    for text in ("02:10:20", "00:00:01", "99:23:59", "2:10:20", "02:24:20", "02:23:60", "02:10", "02:10:20:01", "aa:10:20", ""):
        try:
            seconds = float(TimeLimitInterrupter(text)._duration)
        except ValueError:
            seconds = None
        yield {"text": text, "seconds": seconds}


class Scored(TrainUnit):
    def __init__(self, values):
        super().__init__()
        self.values, self.score = list(values), None

    def train_step(self, state, data):
        pass

    def on_train_epoch_end(self, state):
        self.score = torch.tensor(self.values.pop(0))


def stop_cases(rng):
    """By epochs: values of steps are there a step later in the program compared with."""
    for _ in range(30):
        every = rng.choice([1, 1, 2])
        options = {"mode": rng.choice(["min", "max"]), "patience": rng.choice([1, 2]), "min_delta": rng.choice([0.0, 0.5])}
        values = [rng.randrange(1, 64) / 8 for _ in range(12)]
        unit = Scored(values)
        stopping = EarlyStopping("score", EarlyStopChecker(**options), interval="epoch", interval_freq=every)
        train(unit, range(2), max_epochs=12, callbacks=[stopping])
        progress = unit.train_progress
        yield {"every": every, "options": options, "values": values,
               "epochs": progress.num_epochs_completed, "steps": progress.num_steps_completed}


class Watcher(Callback):
    def on_train_step_end(self, state, unit):
        pass


def timer_cases():
    for name, entry, options in (
        ("train", train, {}), ("fit", fit, {}), ("accumulated and clipped", train, dict(gradient_accumulation_steps=2, clip_grad_norm=1.0)),
    ):
        timer = Timer()
        unit = Line(0.5, 9, step_lr_interval="step", **options)
        loaders = [batches(4)] + ([batches(3)] if entry is fit else [])
        entry(unit, *loaders, max_epochs=2, callbacks=[Watcher()], timer=timer)
        yield {"name": name, "fit": entry is fit, "options": options,
               "calls": {key: len(durations) for key, durations in sorted(timer.recorded_durations.items())}}


def app_state_cases():
    plain = Line(0.5, 9)
    averaged = Line(0.5, 9, swa_params=SWAParams(0, 1), gradient_accumulation_steps=2)
    for name, unit in (("AutoUnit", plain), ("with averages", averaged)):
        yield {"name": name, "keys": sorted(unit.app_state())}


# ---- estimates ------------------------------------------------------------------------------------


class Unsized:
    def __iter__(self):
        return iter(())


def estimate_cases(rng):
    def maybe(most, least=1):
        return rng.randrange(least, most) if rng.random() < 0.6 else None

    def loader(n):
        return range(n) if n is not None else Unsized()

    for _ in range(60):
        n, m = maybe(9), maybe(9)
        epoch = dict(num_steps_completed=0, max_steps=maybe(30), max_steps_per_epoch=maybe(9))
        loop = dict(max_steps=maybe(30), max_steps_per_epoch=maybe(9), epochs=maybe(5))
        whole = dict(epochs=maybe(5), max_steps=maybe(30), max_train_steps_per_epoch=maybe(9),
                     max_eval_steps_per_epoch=maybe(9), eval_every_n_steps=maybe(6), eval_every_n_epochs=maybe(3))
        yield {
            "train": n, "eval": m, "epoch": epoch, "epoch_steps": estimated_steps_in_epoch(loader(n), **epoch),
            "loop": loop, "loop_steps": estimated_steps_in_loop(loader(n), **loop),
            "fit": whole,
            "fit_steps": estimated_steps_in_fit(train_dataloader=loader(n), eval_dataloader=loader(m), **whole),
        }


def main():
    rng = random.Random(11)
    read, pairs = name_cases(rng)
    parts = (
        ("auto_unit", auto_unit_cases()), ("averages", average_cases(rng)), ("saves", save_cases()), ("kept", kept_cases(rng)),
        ("names", read), ("newer", pairs), ("loggers", logger_cases(rng)), ("rates", monitor_cases()), ("times", time_cases()),
        ("progress", progress_cases()), ("limits", limit_cases()), ("stops", stop_cases(rng)), ("timers", timer_cases()),
        ("app_state", app_state_cases()), ("defects", ({"name": name, **case} for name, case in defect_cases())),
        ("estimates", estimate_cases(rng)),
    )
    print("-- What TorchTNT gives in whole runs; written by scripts/parity/torchtnt_runs.py, which says how.")
    print(f"-- torchtnt {torchtnt.__version__}\n-- luacheck: no max line length")
    print("return {")
    for name, rows in parts:
        print(f"  {name} = {{")
        for row in rows:
            print(f"    {lua(row)},")
        print("  },")
    print("}")


main()
sys.stdout.flush()
os._exit(0)  # its loggers print when the program ends
