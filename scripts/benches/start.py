# The counterpart of start.lua: Python with torch imported.
import subprocess
import sys
import time

for name, code in (("empty", "pass"), ("tensor", "import torch; torch.ones(2)")):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    print(f"{name} {sorted(times)[1] * 1e3:.2f} ms")
    peak = subprocess.run([sys.executable, "-c", code + "\nfor l in open('/proc/self/status'):\n  if l.startswith('VmHWM'): print(l.split()[1])"],
                          check=True, capture_output=True, text=True).stdout
    print(f"{name}_memory {int(peak) / 1024:.1f} MB")
