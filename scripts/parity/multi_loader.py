# What TorchTNT's MultiDataLoader gives: the reference of spec/data/multi_spec.lua.
"""Writes spec/reference/multi_loader.lua: the batches of TorchTNT's MultiDataLoader.

Run it from the checkout, in a virtual environment with torch, torchtnt 0.2.4 and setuptools<81 (it
imports pkg_resources) from PyPI:
    python scripts/parity/multi_loader.py >spec/reference/multi_loader.lua
spec/data/multi_spec.lua reads the same loaders here and compares. Left out: a state that names an
unknown loader (upstream never returns from it), and random choices themselves (another generator):
of a random epoch only what does not depend on them is written.
"""

import copy
import logging
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import torch  # noqa: E402
import torchtnt  # noqa: E402
from torchtnt.utils.data.iterators import (  # noqa: E402
    AllDatasetBatches,
    InOrder,
    RandomizedBatchSampler,
    RoundRobin,
    StoppingMechanism,
)
from torchtnt.utils.data.multi_dataloader import MultiDataLoader  # noqa: E402

ALL = StoppingMechanism.ALL_DATASETS_EXHAUSTED
SMALLEST = StoppingMechanism.SMALLEST_DATASET_EXHAUSTED
RESTART = StoppingMechanism.RESTART_UNTIL_ALL_DATASETS_EXHAUSTED

# Batches of each loader. The names are in sorted order, as they are here.
SETS = {
    "conformance": {"1": 1, "2": 2},
    "three": {"a": 4, "b": 1, "c": 3},
    "equal": {"a": 2, "b": 2},
}
STRATEGIES = {
    "round_robin": (RoundRobin, (ALL, SMALLEST)),
    "all_batches": (AllDatasetBatches, (ALL, SMALLEST, RESTART)),
}
ORDERS = {
    "conformance": (["2", "1"], ["2", "1", "2"]),
    "three": (["c", "a", "b"], ["a", "a", "b", "c"], ["b", "b"], ["b", "c", "b", "a"]),
    "equal": (["b", "a"],),
}


def loaders(sizes):
    # Batch i of loader x is the number i, from 1.
    return {
        name: torch.utils.data.DataLoader(range(1, n + 1), batch_size=1)
        for name, n in sizes.items()
    }


def read(multi):
    return [{name: int(batch) for name, batch in step.items()} for step in multi]


def lua(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f'["{k}"] = {lua(v)}' for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(lua(v) for v in value) + " }" if value else "{}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def write(fields):
    items = list(fields.items())
    print("    {")
    for key, value in items:
        if key == "batches" and value:
            print("      batches = {")
            for batch in value:
                print(f"        {lua(batch)},")
            print("      },")
        else:
            print(f"      {key} = {lua(value)},")
    print("    },")


SHORT = {
    ALL: "all_exhausted",
    SMALLEST: "smallest_exhausted",
    RESTART: "restart_until_all_exhausted",
}


def fixed():
    for set_name, sizes in SETS.items():
        for strategy, (cls, stops) in STRATEGIES.items():
            for stop in stops:
                batches = read(MultiDataLoader(loaders(sizes), cls(stopping_mechanism=stop)))
                write({"loaders": sizes, "strategy": strategy, "stop": SHORT[stop],
                       "batches": batches})
        for order in ORDERS[set_name]:
            if set(order) == set(sizes):  # upstream spins where a loader is left out
                for stop in (ALL, SMALLEST):
                    multi = MultiDataLoader(loaders(sizes), RoundRobin(stop, order))
                    write({"loaders": sizes, "strategy": "round_robin", "stop": SHORT[stop],
                           "order": order, "batches": read(multi)})
            multi = MultiDataLoader(loaders(sizes), InOrder(order))
            write({"loaders": sizes, "strategy": "in_order", "stop": SHORT[ALL], "order": order,
                   "batches": read(multi)})
        multi = MultiDataLoader(loaders(sizes), InOrder())
        write({"loaders": sizes, "strategy": "in_order", "stop": SHORT[ALL],
               "batches": read(multi)})


def random_totals():
    # Every batch of every loader comes exactly once, each loader's own in order.
    for sizes in SETS.values():
        weights = {name: i + 1.0 for i, name in enumerate(sizes)}
        got = read(MultiDataLoader(loaders(sizes), RandomizedBatchSampler(weights)))
        per_loader = {name: [b[name] for b in got if name in b] for name in sizes}
        write({"loaders": sizes, "count": len(got), "per_loader": per_loader})


def states():
    # Where a round robin stands after each batch, and what its epoch still gives in a new one:
    # torch's DataLoader has no state, so the loaders begin at their start again.
    sizes = SETS["conformance"]
    for count in range(1, 4):
        multi = MultiDataLoader(loaders(sizes), RoundRobin())
        following = iter(multi)
        for _ in range(count):
            next(following)
        # Copied: upstream's state holds its iterator's own list, which later batches change.
        state = copy.deepcopy(multi.state_dict()["iterator_state"])
        fresh = MultiDataLoader(loaders(sizes), RoundRobin())
        fresh.load_state_dict({"iterator_state": copy.deepcopy(state)})
        first, second = read(fresh), read(fresh)
        names = [[list(batch)[0] for batch in epoch] for epoch in (first, second)]
        print(f'    {{ count = {count}, current = "{state["cur_dataloader"]}", '
              f'finished = {lua(state["finished_dataloaders"])}, second = {lua(names[1])} }},')


print(f"-- Batches of TorchTNT {torchtnt.__version__}'s MultiDataLoader; batch i of a loader is the")
print("-- number i. Made by scripts/parity/multi_loader.py.")
print("return {\n  fixed = {")
fixed()
print("  },\n  random = {")
random_totals()
print("  },\n  states = {")
states()
print("  },\n}")
