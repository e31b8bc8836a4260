# The counterpart of cuda_ops.lua; compiled, the chain is one function captured by reduce-overhead.
import time

import card
import torch

CALLS = card.size(500, 50)
a, b = torch.ones(1, device=card.device), torch.ones(1, device=card.device)


def adds():
    for _ in range(CALLS):
        a + b


def times(work, warm_up, rounds):
    host, done = [], []
    for i in range(warm_up + rounds):
        start = time.perf_counter()
        work()
        given = time.perf_counter()
        card.synchronize()
        if i >= warm_up:
            host.append(given - start)
            done.append(time.perf_counter() - start)
    return sorted(host)[rounds // 2], sorted(done)[rounds // 2]


def report(names, calls, work, warm_up, rounds):
    times(work, warm_up, 1)
    before = card.allocations()
    host, done = times(work, 1, rounds)
    for name in names:
        print(f"{name}_host {host / calls * 1e9:.1f} ns")
        print(f"{name}_done {done / calls * 1e9:.1f} ns")
        if card.is_card:
            print(f"{name}_driver_allocations {card.allocations() - before} in {rounds + 1} rounds")


if not card.compiled:
    report(["add_1_element"], CALLS, adds, card.size(200, 3), card.size(200, 5))

x = torch.full((1024,), 0.5, device=card.device)
w = torch.ones(1024, device=card.device, requires_grad=True)
c = torch.zeros(1024, device=card.device, requires_grad=True)


def chain(h):
    for _ in range(17):
        h = (h * w + c).tanh()
    return h.sum()


if card.compiled:
    chain = torch.compile(chain, mode="reduce-overhead")


def steps():
    for _ in range(5):
        chain(x).backward()
        w.grad = c.grad = None


names = ["chain_51_captured"] if card.compiled else ["chain_51", "chain_51_captured"]
report(names, 5 * 51, steps, card.size(50, 3), card.size(200, 5))
