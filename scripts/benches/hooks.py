# The counterpart of hooks.lua: TorchTNT under the same names, and, under names of their own,
# Lightning (where it is installed) and a bare Python loop that calls ten functions twice.
import logging
import os
import shutil
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import torch
from torchtnt.framework.callback import Callback
from torchtnt.framework.callbacks import DistributedCheckpointSaver, TQDMProgressBar
from torchtnt.framework.train import train
from torchtnt.framework.unit import TrainUnit
from torchtnt.utils.loggers import CSVLogger

STEPS, ROUNDS = 5000, 3
folder = tempfile.mkdtemp()
quiet = open(os.devnull, "w")


class Empty(TrainUnit):
    def train_step(self, state, data):
        pass


class Logging(TrainUnit):
    logger = None

    def train_step(self, state, data):
        if self.logger:
            self.logger.log("loss", 0.5, self.train_progress.num_steps_completed)


class Plain(Callback):
    def on_train_step_start(self, state, unit):
        pass

    def on_train_step_end(self, state, unit):
        self.n = getattr(self, "n", 0) + 1


def median_of(run):
    times = []
    for i in range(ROUNDS):
        start = time.perf_counter()
        run(i)
        times.append((time.perf_counter() - start) / STEPS)
    return sorted(times)[ROUNDS // 2] * 1e6


def plain():
    return [Plain() for _ in range(10)]


def bar():
    return [TQDMProgressBar(file=quiet)]


def saver(i):
    return [DistributedCheckpointSaver(f"{folder}/t{i}", save_every_n_train_steps=1000000)]


def torchtnt(name, Unit, callbacks, with_csv=False):
    def run(i):
        unit = Unit()
        if with_csv:
            unit.logger = CSVLogger(f"{folder}/{name}{i}.csv", steps_before_flushing=100)
        train(unit, [0] * STEPS, max_epochs=1, callbacks=callbacks(i))
        if with_csv:
            unit.logger.close()

    print(f"{name} {median_of(run):.3f} us")


torchtnt("bare", Empty, lambda i: [])
torchtnt("ten_plain", Empty, lambda i: plain())
torchtnt("logging_bar", Logging, lambda i: bar())
torchtnt("logging_csv", Logging, lambda i: [], True)
torchtnt("logging_checkpoint", Logging, lambda i: saver(f"a{i}"))
torchtnt("bar_csv_checkpoint", Logging, lambda i: bar() + saver(f"b{i}"), True)
torchtnt("ten_plain_bar_csv_checkpoint", Logging, lambda i: plain() + bar() + saver(f"c{i}"), True)


def bare_loop(i):
    hooks = plain()
    for _ in range(STEPS):
        for hook in hooks:
            hook.on_train_step_start(None, None)
        for hook in hooks:
            hook.on_train_step_end(None, None)


print(f"python_loop_ten_plain {median_of(bare_loop):.3f} us")

try:
    import lightning
    from lightning.pytorch.callbacks import Callback as LightningCallback
    from lightning.pytorch.callbacks import ModelCheckpoint
    from lightning.pytorch.callbacks import TQDMProgressBar as LightningBar
    from lightning.pytorch.loggers import CSVLogger as LightningCSV
except ImportError:
    print("hooks.py: no lightning here: its rows are left out", file=sys.stderr)
    lightning = None

if lightning:

    class Module(lightning.LightningModule):
        logs = False

        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, index):
            if self.logs:
                self.log("loss", 0.5, on_step=True, on_epoch=True, prog_bar=True)

        def configure_optimizers(self):
            return None

    class LightningPlain(LightningCallback):
        def on_train_batch_start(self, *args):
            pass

        def on_train_batch_end(self, *args):
            self.n = getattr(self, "n", 0) + 1

    def run_lightning(name, logs, callbacks, with_csv=False, with_bar=False, saves=False):
        def run(i):
            module = Module()
            module.logs = logs
            logger = LightningCSV(f"{folder}/l{name}{i}") if with_csv else False
            trainer = lightning.Trainer(
                max_epochs=1, accelerator="cpu", devices=1, logger=logger, callbacks=callbacks(i),
                enable_progress_bar=with_bar, enable_checkpointing=saves, log_every_n_steps=1,
                enable_model_summary=False, use_distributed_sampler=False,
                default_root_dir=folder,
            )
            trainer.fit(module, [torch.zeros(1)] * STEPS)

        stderr, stdout = sys.stderr, sys.stdout
        sys.stderr = sys.stdout = quiet
        try:
            took = median_of(run)
        finally:
            sys.stderr, sys.stdout = stderr, stdout
        print(f"lightning_{name} {took:.3f} us")

    def model_checkpoint(i):
        return [ModelCheckpoint(dirpath=f"{folder}/m{i}", every_n_train_steps=1000000, save_last=True)]

    run_lightning("bare", False, lambda i: [])
    run_lightning("ten_plain", False, lambda i: [LightningPlain() for _ in range(10)])
    run_lightning("ten_plain_bar_csv_checkpoint", True,
                  lambda i: [LightningPlain() for _ in range(10)] + [LightningBar()]
                  + model_checkpoint(i), True, True, True)

shutil.rmtree(folder)
