from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pillion.metrics.exposition import text
from pillion.tail import Tailer
from pillion.testing import Scrape
from pillion_log_agent.inputs.tail_metrics import tail_metrics

if TYPE_CHECKING:
    from pathlib import Path


def test_the_metrics_of_two_inputs_that_tail_are_described_once(tmp_path: Path) -> None:
    tailers = [Tailer([f"{tmp_path}/{name}.log"]) for name in "ab"]
    written = text(
        chain.from_iterable(
            tail_metrics(f"tail.{number}", tailer) for number, tailer in enumerate(tailers)
        )
    )
    for tailer in tailers:
        tailer.close()
    name = "pillion_log_agent_tail_read_bytes_total"
    assert written.count(f"# TYPE {name} counter\n") == 1
    assert [labels["input"] for labels in Scrape.parse(written).labels(name)] == [
        "tail.0",
        "tail.1",
    ]
