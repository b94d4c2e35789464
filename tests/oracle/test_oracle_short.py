"""A short run of the oracle: fixed seeds, and random ones that are printed."""

from __future__ import annotations

import random

import pytest

from tests.oracle.run import run

FIXED = (1, 2, 3, 4, 5)
RANDOM = tuple(random.randrange(2**32) for _ in range(10))


@pytest.mark.parametrize("seed", [*FIXED, *RANDOM])
def test_every_line_comes_out(seed: int) -> None:
    assert run(seed, operations=60) == []
