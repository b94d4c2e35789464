"""Deliveries: a batch on its way to every output that it was routed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.records.batch import Batch


class Delivery:
    """Acknowledges a batch once each output has taken, or refused for good, each record."""

    __slots__ = ("_ack", "_ledger", "_outputs", "_records", "_rejected")

    def __init__(self, records: int, outputs: int, ledger: Ledger, ack: Callable[[], None]) -> None:
        self._records = records
        self._outputs = outputs
        self._ledger = ledger
        self._ack = ack
        self._rejected: dict[int, str] = {}

    def reject(self, offset: int, reason: str) -> None:
        """Note a record that an output refused for good and that was put aside."""
        self._rejected.setdefault(offset, reason)

    def finish_output(self) -> None:
        """Note that one output is done with the batch."""
        self._outputs -= 1
        if self._outputs > 0:
            return
        self._ledger.settle(self._records, self._rejected.values())
        self._ack()


class Shipment:
    """A batch in the queue of one output, or what is left of it."""

    __slots__ = ("batch", "delivery", "since")

    def __init__(self, batch: Batch, delivery: Delivery, since: float) -> None:
        self.batch = batch
        self.delivery = delivery
        self.since = since
