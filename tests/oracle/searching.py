"""The search for a seed that finds a fault, from the command line."""

from __future__ import annotations

import argparse
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = 120


def search(description: str, run: Callable[[int, int], list[str]]) -> int:
    """Run the seeds that were asked for, or random ones; return the exit status."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--operations", type=int, default=OPERATIONS)
    parser.add_argument("--minutes", type=float, default=0.0)
    given = parser.parse_args()
    deadline = time.monotonic() + 60 * given.minutes
    seeds = iter(given.seeds or iter(lambda: random.randrange(2**32), None))
    count = 0
    for seed in seeds:
        wrong = run(seed, given.operations)
        count += 1
        print(f"{seed}: {'; '.join(wrong) or 'all came out'}", flush=True)
        if wrong:
            return 1
        if not given.seeds and time.monotonic() >= deadline:
            break
    print(f"{count} runs")
    return 0
