# When torch.profiler.schedule records: the reference of spec/profile/schedule_spec.lua.
"""Writes spec/reference/profile_schedule.lua: the action of every step for some schedules.

Run from the checkout, in a virtual environment with torch from PyPI:
    /opt/venv/bin/python scripts/parity/profile_schedule.py >spec/reference/profile_schedule.lua
"""

import itertools

import torch
from torch.profiler import ProfilerAction, schedule

NAMES = {
    ProfilerAction.NONE: "none", ProfilerAction.WARMUP: "warmup",
    ProfilerAction.RECORD: "record", ProfilerAction.RECORD_AND_SAVE: "save",
}

print("-- What torch.profiler.schedule says of steps 0 to 19, by scripts/parity/profile_schedule.py")
print(f"-- (torch {torch.__version__}).")
print("return {")
for skip_first, wait, warmup, active, cycles in itertools.product(
        (0, 3), (0, 2), (0, 1, 2), (1, 3), (0, 1, 2)):
    plan = schedule(skip_first=skip_first, wait=wait, warmup=warmup, active=active, repeat=cycles)
    actions = " ".join(NAMES[plan(step)] for step in range(20))
    print(f"  {{ skip_first = {skip_first}, wait = {wait}, warmup = {warmup}, active = {active}, "
          f"cycles = {cycles},\n    actions = \"{actions}\" }},")
print("}")
