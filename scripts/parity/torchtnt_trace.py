# What TorchTNT calls, in which order: the reference of spec/loop/torchtnt_spec.lua.
"""Writes spec/reference/torchtnt_trace.lua: what TorchTNT's own loops call, in which order.

Run it from the checkout, in a virtual environment with torch, torchtnt 0.2.4 and setuptools<81 (it
imports pkg_resources) from PyPI:
    python scripts/parity/torchtnt_trace.py >spec/reference/torchtnt_trace.lua
spec/loop/torchtnt_spec.lua runs the same scenarios here and compares. Events that this release of
TorchTNT does not have (its repository has more) are not in `events`, and not looked at there.
"""

import logging
import warnings

import torchtnt
from torchtnt.framework.callback import Callback
from torchtnt.framework.evaluate import evaluate
from torchtnt.framework.fit import fit
from torchtnt.framework.predict import predict
from torchtnt.framework.train import train
from torchtnt.framework.unit import EvalUnit, PredictUnit, TrainUnit

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

PHASES = ("train", "eval", "predict")
CALLBACK_EVENTS = (
    "start",
    "epoch_start",
    "dataloader_iter_creation_start",
    "dataloader_iter_creation_end",
    "get_next_batch_start",
    "get_next_batch_end",
    "step_start",
    "step_end",
    "epoch_end",
    "end",
)
UNIT_EVENTS = ("start", "epoch_start", "epoch_end", "end")


class Unit(TrainUnit[str], EvalUnit[str], PredictUnit[str]):
    """Writes every call into `trace`; `act` maps a call to "stop" or "raise"."""

    def __init__(self, trace, act):
        super().__init__()
        self.trace = trace
        self.act = act

    def note(self, state, text):
        self.trace.append(text)
        what = self.act.get(text)
        if what == "stop":
            state.stop()
        elif what == "raise":
            raise RuntimeError("boom")

    def train_step(self, state, data):
        self.note(state, f"train_step({data})")

    def eval_step(self, state, data):
        self.note(state, f"eval_step({data})")

    def predict_step(self, state, data):
        self.note(state, f"predict_step({data})")

    def on_exception(self, state, exc):
        self.trace.append("U.on_exception")


def unit_event(name):
    def event(self, state):
        self.note(state, "U." + name)

    return event


class Tracer(Callback):
    def __init__(self, trace):
        self.trace = trace

    def on_exception(self, state, unit, exc):
        self.trace.append("C.on_exception")


def callback_event(name):
    def event(self, state, unit):
        unit.note(state, "C." + name)

    return event


EVENTS = ["on_exception"]
for phase in PHASES:
    for event in UNIT_EVENTS:
        setattr(Unit, f"on_{phase}_{event}", unit_event(f"on_{phase}_{event}"))
    for event in CALLBACK_EVENTS:
        if hasattr(Callback, f"on_{phase}_{event}"):
            EVENTS.append(f"on_{phase}_{event}")
        setattr(Tracer, f"on_{phase}_{event}", callback_event(f"on_{phase}_{event}"))

# name, entry point, batches of training, of evaluation or prediction, limits, acts
SCENARIOS = [
    ("fit", fit, 2, 1, dict(max_epochs=1, evaluate_every_n_steps=2), {}),
    ("fit by epochs", fit, 3, 2, dict(max_epochs=4, evaluate_every_n_epochs=2), {}),
    ("fit by steps of the total", fit, 5, 2,
     dict(max_epochs=2, evaluate_every_n_steps=4, evaluate_every_n_epochs=None), {}),
    ("fit with limits per epoch", fit, 4, 3,
     dict(max_epochs=2, max_train_steps_per_epoch=3, max_eval_steps_per_epoch=2), {}),
    ("fit to max_steps", fit, 3, 1, dict(max_steps=5), {}),
    ("fit stopped in a step", fit, 4, 2, dict(max_epochs=3), {"train_step(b2)": "stop"}),
    ("fit stopped in an evaluation", fit, 4, 3, dict(max_epochs=3, evaluate_every_n_steps=2),
     {"eval_step(e1)": "stop"}),
    ("fit stopped at the start", fit, 2, 1, dict(max_epochs=3), {"C.on_train_start": "stop"}),
    ("fit stopped at an epoch's start", fit, 2, 1, dict(max_epochs=3),
     {"U.on_train_epoch_start": "stop"}),
    ("fit failing in an evaluation", fit, 2, 2, dict(max_epochs=2), {"eval_step(e2)": "raise"}),
    ("train", train, 5, 0, dict(max_epochs=3, max_steps_per_epoch=6), {}),
    ("train to max_steps in an epoch", train, 4, 0, dict(max_steps=3), {}),
    ("train to max_steps at an epoch's end", train, 4, 0, dict(max_steps=8), {}),
    ("train of no epochs", train, 2, 0, dict(max_epochs=0), {}),
    ("train of empty epochs", train, 0, 0, dict(max_epochs=2), {}),
    ("train with no steps in an epoch", train, 2, 0, dict(max_epochs=2, max_steps_per_epoch=0), {}),
    ("train failing in a hook", train, 2, 0, dict(max_epochs=1), {"C.on_train_step_end": "raise"}),
    ("evaluate", evaluate, 0, 3, dict(), {}),
    ("evaluate to a limit", evaluate, 0, 3, dict(max_steps_per_epoch=2), {}),
    ("evaluate stopped", evaluate, 0, 3, dict(), {"eval_step(e2)": "stop"}),
    ("predict", predict, 0, 2, dict(), {}),
    ("fit without evaluations", fit, 3, 2, dict(max_epochs=2, evaluate_every_n_epochs=None), {}),
    ("fit by steps and by epochs at once", fit, 4, 1,
     dict(max_epochs=2, evaluate_every_n_steps=2, evaluate_every_n_epochs=1), {}),
    ("fit by steps across epochs", fit, 3, 2,
     dict(max_epochs=3, evaluate_every_n_steps=2, evaluate_every_n_epochs=None), {}),
    ("fit with an empty evaluation", fit, 2, 0, dict(max_epochs=2), {}),
    ("fit of empty epochs", fit, 0, 2, dict(max_epochs=2), {}),
    ("fit to max_steps with evaluations by steps", fit, 4, 2,
     dict(max_steps=6, evaluate_every_n_steps=3, evaluate_every_n_epochs=None), {}),
    ("fit with no steps in an evaluation", fit, 2, 2,
     dict(max_epochs=1, max_eval_steps_per_epoch=0), {}),
    ("fit stopped in the last step of an epoch", fit, 2, 2, dict(max_epochs=3),
     {"train_step(b2)": "stop"}),
    ("fit stopped by a callback's evaluation end", fit, 2, 2, dict(max_epochs=3),
     {"C.on_eval_end": "stop"}),
    ("fit stopped at an evaluation's start", fit, 3, 2, dict(max_epochs=3, evaluate_every_n_steps=1),
     {"U.on_eval_start": "stop"}),
    ("fit failing in a step of training", fit, 3, 1, dict(max_epochs=2),
     {"train_step(b2)": "raise"}),
    ("fit failing when an evaluation begins", fit, 1, 1, dict(max_epochs=2),
     {"C.on_eval_epoch_start": "raise"}),
    ("fit failing at an epoch's end", fit, 1, 1, dict(max_epochs=2),
     {"U.on_train_epoch_end": "raise"}),
    ("train stopped in a step", train, 4, 0, dict(max_epochs=3), {"train_step(b3)": "stop"}),
    ("train stopped at an epoch's end", train, 2, 0, dict(max_epochs=3),
     {"C.on_train_epoch_end": "stop"}),
    ("train stopped before a step", train, 3, 0, dict(max_epochs=2),
     {"C.on_train_step_start": "stop"}),
    ("train by max_epochs or max_steps", train, 3, 0, dict(max_epochs=2, max_steps=100), {}),
    ("train by max_steps and steps per epoch", train, 5, 0, dict(max_steps=7, max_steps_per_epoch=3), {}),
    ("train of no steps", train, 3, 0, dict(max_steps=0), {}),
    ("train failing at the start", train, 2, 0, dict(max_epochs=1), {"U.on_train_start": "raise"}),
    ("train failing at the end", train, 2, 0, dict(max_epochs=1), {"C.on_train_end": "raise"}),
    ("evaluate nothing", evaluate, 0, 0, dict(), {}),
    ("evaluate no steps", evaluate, 0, 3, dict(max_steps_per_epoch=0), {}),
    ("evaluate stopped at the start", evaluate, 0, 3, dict(), {"C.on_eval_start": "stop"}),
    ("evaluate failing in a step", evaluate, 0, 3, dict(), {"eval_step(e2)": "raise"}),
    ("predict nothing", predict, 0, 0, dict(), {}),
    ("predict to a limit", predict, 0, 4, dict(max_steps_per_epoch=2), {}),
    ("predict stopped", predict, 0, 3, dict(), {"C.on_predict_step_end": "stop"}),
    ("predict failing at the end", predict, 0, 1, dict(), {"C.on_predict_epoch_end": "raise"}),
]

ENTRIES = {fit: "fit", train: "train", evaluate: "evaluate", predict: "predict"}


def run(entry, n_train, n_other, limits, act):
    trace = []
    unit = Unit(trace, act)
    train_data = [f"b{i + 1}" for i in range(n_train)]
    other = [f"e{i + 1}" for i in range(n_other)]
    loaders = {fit: (train_data, other), train: (train_data,)}.get(entry, (other,))
    try:
        entry(unit, *loaders, callbacks=[Tracer(trace)], **limits)
    except RuntimeError as error:
        assert str(error) == "boom"
        trace.append("raised")
    counters = []
    for phase in PHASES:
        progress = getattr(unit, f"{phase}_progress")
        counters.append((
            progress.num_epochs_completed,
            progress.num_steps_completed,
            progress.num_steps_completed_in_epoch,
        ))
    return trace, counters


def lua(value):
    if value is None:
        return "0"  # off
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value + '"'
    return str(value)


print(f"-- Traces of TorchTNT {torchtnt.__version__}'s loops.")
print("-- Written by scripts/parity/torchtnt_trace.py.")
print("return {")
print("  events = {")
for name in EVENTS:
    print(f"    {lua(name)},")
print("  },")
for name, entry, n_train, n_other, limits, act in SCENARIOS:
    trace, counters = run(entry, n_train, n_other, limits, act)
    print("  {")
    print(f"    name = {lua(name)}, entry = {lua(ENTRIES[entry])},")
    print(f"    train = {n_train}, other = {n_other},")
    print("    limits = { " + "".join(f"{k} = {lua(v)}, " for k, v in limits.items()) + "},")
    print("    act = { " + "".join(f"[{lua(k)}] = {lua(v)}, " for k, v in act.items()) + "},")
    print("    counters = { " + ", ".join("{ %d, %d, %d }" % c for c in counters) + " },")
    print("    trace = {")
    line = "     "
    for text in trace:
        word = f' "{text}",'
        if len(line) + len(word) > 100:
            print(line)
            line = "     "
        line += word
    print(line)
    print("    },")
    print("  },")
print("}")
