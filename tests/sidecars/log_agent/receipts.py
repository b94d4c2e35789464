"""Receipts of batches that come from no input."""

from __future__ import annotations

from pillion_log_agent.records.receipt import Receipt, Undivided


def unnoted() -> Receipt:
    """Return a receipt that nobody waits for."""
    return Receipt(Undivided(lambda: None))


def noting(settled: list[str], name: str) -> Receipt:
    """Return a receipt that adds its name to a list once it is settled."""
    return Receipt(Undivided(lambda: settled.append(name)))
