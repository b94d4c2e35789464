"""What a tailer counts, as metrics of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.metrics import Family
    from pillion.tail import Tailer


def tail_families(name: str, tailer: Tailer) -> Iterator[Family]:
    """Yield the metrics of a tailer, labelled with its input."""
    # Only scrapes need it: 0.2 MB.
    from pillion.tail.metrics import TailFamilies  # noqa: PLC0415

    label = ("input", name)
    for family in TailFamilies(tailer, "pillion_log_agent_tail").families():
        samples = [sample._replace(labels=(label, *sample.labels)) for sample in family.samples]
        yield family._replace(samples=samples)
