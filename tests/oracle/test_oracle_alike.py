"""A short run of the oracle with teeth: fixed seeds, and random ones that are printed."""

from __future__ import annotations

import random

import pytest

from tests.oracle.alike import run

FIXED = (1, 6, 21, 24)
"""Each of these found something once."""
RANDOM = tuple(random.randrange(2**32) for _ in range(4))


@pytest.mark.parametrize("seed", [*FIXED, *RANDOM])
def test_every_line_comes_out_and_no_other(seed: int) -> None:
    assert run(seed, operations=80) == []
