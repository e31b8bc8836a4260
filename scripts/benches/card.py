# What the counterparts of the benches of cards share; see card.lua. Their one argument is "eager" or "compiled".
import os
import resource
import sys
import time

import torch

device = os.environ.get("TNT_BENCH_DEVICE", "cuda")
small = os.environ.get("TNT_BENCH_SMALL") == "1"
is_card = device != "cpu"
mode = sys.argv[1] if len(sys.argv) > 1 else "eager"
if mode not in ("eager", "compiled"):
    sys.exit(f"{sys.argv[0]}: eager or compiled, got {mode}")
compiled = mode == "compiled"
way = "captured" if compiled else "eager"
if is_card and not torch.cuda.is_available():
    print("no card: torch.cuda.is_available() is false", file=sys.stderr)
    sys.exit(2)
torch.manual_seed(1)
# f32 is f32 on both sides: convolutions of PyTorch would round their factors to TF32 by default
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
fused = is_card


def size(full, tiny):
    return tiny if small else full


def synchronize():
    if is_card:
        torch.cuda.synchronize()


def allocations():
    return torch.cuda.memory_stats().get("num_device_alloc", 0) if is_card else 0


def clear():
    if is_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def measure(run, steps=200):
    steps = size(steps, 10)
    run(size(15, 5))
    run(size(15, 2))
    synchronize()
    before, times, n = allocations(), [], steps // 5
    for _ in range(5):
        start = time.perf_counter()
        run(n)
        synchronize()
        times.append((time.perf_counter() - start) / n)
    return sorted(times)[2], allocations() - before, steps


def report(names, run, items=None, unit=None, steps=200):
    """Prints under each of the names: eager steps stand beside our captured ones too."""
    seconds, asked, steps = measure(run, steps)
    peak = torch.cuda.max_memory_allocated() if is_card else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for name in names:
        print(f"{name} {items / seconds:.1f} {unit}" if items else f"{name} {seconds * 1e6:.2f} us")
        print(f"{name}_peak_memory {peak / 2**20:.1f} MB")
        if is_card:
            print(f"{name}_driver_allocations {asked} in {steps} steps")
    return seconds


def report_card():
    if is_card:
        free, total = torch.cuda.mem_get_info()
        print(f"card_memory {(total - free) / 2**20:.1f} MB")


def names_of(prefix):
    return [prefix + "captured"] if compiled else [prefix + "eager", prefix + "captured"]


def time_of(fn, n):
    n, times = size(n, 2), []
    for _ in range(1 + size(5, 1)):
        start = time.perf_counter()
        for _ in range(n):
            fn()
        synchronize()
        times.append((time.perf_counter() - start) / n)
    return sorted(times[1:])[(len(times) - 2) // 2]


def repeated(step):
    def run(n):
        for _ in range(n):
            step()

    return run


def whole_step(step):
    """A step with its optimizer's as one CUDA graph, what PyTorch has for steps bound by launches."""
    if not is_card:
        return repeated(step)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return repeated(graph.replay)
