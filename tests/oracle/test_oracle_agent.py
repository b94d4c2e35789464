"""A short run of the oracle over the log agent: fixed seeds; outside CI also one that is printed."""

from __future__ import annotations

import os
import random

import pytest

from tests.oracle.agent import run

FIXED = (1, 2, 3, 1428961492)
SEEDS = FIXED if os.environ.get("CI") else (*FIXED, random.randrange(2**32))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_line_arrives(seed: int) -> None:
    assert run(seed, 50) == []
