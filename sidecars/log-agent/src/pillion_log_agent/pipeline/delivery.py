"""Deliveries: a batch on its way to every output that it was routed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pillion_log_agent.pipeline.ledger import Ledger
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.receipt import Receipt


class Delivery:
    """What becomes of a batch: the source of the receipt that each output releases once.

    It does not keep that receipt: the two would be a cycle, and hold the bytes of the batch until
    the garbage collector comes.
    """

    __slots__ = ("_ledger", "_receipt", "_records", "_rejected")

    has_more = False

    def __init__(self, records: int, ledger: Ledger, receipt: Receipt) -> None:
        """Account for records, and release the receipt that they came with, once all is done."""
        self._records = records
        self._ledger = ledger
        self._receipt = receipt
        self._rejected: dict[int, str] = {}

    def reject(self, offset: int, reason: str) -> None:
        """Note a record that an output refused for good and that was put aside."""
        self._rejected.setdefault(offset, reason)

    def settle(self) -> None:
        """Account for the records: every output is done with them."""
        self._ledger.settle(self._records, self._rejected.values())
        self._receipt.release()

    def split(self, offset: int) -> None:  # noqa: ARG002  # the protocol's
        """Stay whole: outputs take a batch or what is left of it."""
        return

    def add_weight(self, size: int) -> None:
        """Count memory for the input that it came from."""
        self._receipt.add_weight(size)


class Shipment(NamedTuple):
    """A batch in the queue of one output, or what is left of it.

    Attributes:
        batch: the records.
        delivery: where refused records are noted.
        receipt: of the delivery; to be released when the output has taken, or refused for good,
            every record.
        since: when it came, in the loop's seconds.
    """

    batch: Batch
    delivery: Delivery
    receipt: Receipt
    since: float
