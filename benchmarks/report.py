"""How a benchmark prints what it found: a table, with each goal met or missed."""

from __future__ import annotations

import os
import platform
import ssl
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: the figure, with its unit.
        ours: our runs.
        peer: the peer's runs; empty where there is no peer.
        goal: what is aimed at, in words.
        is_met: whether it was.
    """

    what: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    goal: str = ""
    is_met: bool | None = None


def ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of the ratios, run by run, so that a drift of the machine cancels out."""
    return median(a / b for a, b in zip(ours, peer, strict=True))


def show(title: str, rows: Sequence[Row]) -> None:
    print(f"\n{title}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"Python {platform.python_version()} in {sys.base_prefix}, {ssl.OPENSSL_VERSION}, "
        f"{os.cpu_count()} CPUs, load average {load}"
    )
    print(f"{'':50} {'ours':>10} {'(min..max)':>19} {'peer':>10} {'ratio':>7}  goal")
    for row in rows:
        spread = f"({min(row.ours):.3f}..{max(row.ours):.3f})" if len(row.ours) > 1 else ""
        peer = f"{median(row.peer):.3f}" if row.peer else ""
        relation = f"{ratio(row.ours, row.peer):.2f}" if row.peer else ""
        verdict = "" if row.is_met is None else ("  met" if row.is_met else "  MISSED")
        print(
            f"{row.what:50} {median(row.ours):10.3f} {spread:>19} {peer:>10} {relation:>7}"
            f"  {row.goal}{verdict}",
            flush=True,
        )


def progress(text: str) -> None:
    print(f"  ... {text}", flush=True)
