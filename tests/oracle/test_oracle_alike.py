"""A short run of the oracle with teeth: fixed seeds, and outside CI random ones, printed."""

from __future__ import annotations

import os
import random

import pytest

from tests.oracle.alike import run

FIXED = (1, 6, 21, 24)
"""Each of these found something once."""
RANDOM = tuple(random.randrange(2**32) for _ in range(0 if os.environ.get("CI") else 4))
"""Searching for what is not known yet is the work of `make oracle`, not of a merge."""


@pytest.mark.parametrize("seed", [*FIXED, *RANDOM])
def test_every_line_comes_out_and_no_other(seed: int) -> None:
    assert run(seed, operations=80) == []
