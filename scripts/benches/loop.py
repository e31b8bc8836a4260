# The counterpart of loop.lua in TorchTNT.
import logging
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
from torchtnt.framework.callback import Callback
from torchtnt.framework.train import train
from torchtnt.framework.unit import TrainUnit


class Empty(TrainUnit):
    def train_step(self, state, data):
        pass


class Hook(Callback):
    def on_train_step_start(self, state, unit):
        pass

    def on_train_step_end(self, state, unit):
        self.n = getattr(self, "n", 0) + 1


for count in (0, 5):
    times = []
    for _ in range(5):
        unit, hooks = Empty(), [Hook() for _ in range(count)]
        data = [0] * 5000
        start = time.perf_counter()
        train(unit, data, max_epochs=1, callbacks=hooks)
        times.append((time.perf_counter() - start) / 5000)
    print(f"empty_step_{count}_hooks {sorted(times)[2] * 1e6:.3f} us")
