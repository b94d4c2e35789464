"""What a process gives back of its memory after a burst."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pillion.process.memory import BurstTrimmer

MIB = 1024 * 1024


class Trims:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def after(*looks: int) -> int:
    """Return how often it was trimmed at looks that each find so many bytes more."""
    trims, moved = Trims(), 0
    trimmer = BurstTrimmer(trims)
    for now in looks:
        moved += now
        trimmer.look(moved)
    return trims.count


@pytest.mark.parametrize(
    ("looks", "trims"),
    [
        ([0] * 100, 0),
        ([1000] * 100, 0),
        ([50 * MIB, 50 * MIB], 0),
        ([50 * MIB, 50 * MIB, 0, 0, 0], 1),
        ([50 * MIB, 0, 50 * MIB, 0], 2),
        ([50 * MIB] * 25, 2),
        ([50 * MIB] * 20 + [MIB, 0], 3),
    ],
    ids=[
        "an idle process", "a trickle", "in a burst", "after a burst", "after each burst",
        "in a long burst", "after a long burst",
    ],
)  # fmt: skip
def test_it_trims_when_a_burst_is_over_and_seldom_while_one_goes_on(
    looks: list[int], trims: int
) -> None:
    assert after(*looks) == trims


def test_what_a_burst_has_left_free_in_the_heap_goes_back_to_the_system() -> None:
    program = """
from pillion.process.memory import trim
def resident():
    return int(open('/proc/self/statm').read().split()[1]) * 4096
kept, burst = [], []
for number in range(100_000):
    burst.append(bytes(1000))
    if number % 1000 == 0:
        kept.append(bytes(1000))  # in the way of a heap that only shrinks from its end
before = resident()
del burst
trim()
print(before - resident())
"""
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(shown.stdout) > 60 * MIB
