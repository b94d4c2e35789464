"""A short run of the oracle over the log agent: fixed seeds, and one that is printed."""

from __future__ import annotations

import random

import pytest

from tests.oracle.agent import run

FIXED = (1, 2, 3)


@pytest.mark.parametrize("seed", [*FIXED, random.randrange(2**32)])
def test_every_line_arrives(seed: int) -> None:
    assert run(seed, 50) == []
