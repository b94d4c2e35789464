"""The one acknowledgement: what a batch holds of a chunk on its way to every output."""

from __future__ import annotations

import gc
import weakref

from pillion_log_agent.pipeline.delivery import Delivery
from pillion_log_agent.pipeline.ledger import Ledger
from pillion_log_agent.records.receipt import Receipt, Undivided
from tests.sidecars.log_agent.receipts import noting


def test_a_delivery_is_settled_once_every_output_is_done_with_it() -> None:
    settled: list[str] = []
    ledger = Ledger()
    ledger.take(3)
    delivery = Delivery(3, ledger, noting(settled, "batch"))
    receipt = Receipt(delivery)
    receipt.hold()
    delivery.reject(7, "too_large")
    receipt.release()
    assert (settled, ledger.in_flight) == ([], 3)
    delivery.reject(7, "again")
    receipt.release()
    assert (settled, ledger.in_flight) == (["batch"], 0)
    assert (ledger.delivered, ledger.rejected) == (2, {"too_large": 1})


def test_what_was_delivered_is_let_go_of_at_once() -> None:
    class Source(Undivided):
        __slots__ = ("__weakref__",)

    source = Source(lambda: None)
    delivery = Delivery(1, Ledger(), Receipt(source))
    receipt, kept = Receipt(delivery), weakref.ref(source)
    gc.disable()
    try:
        receipt.release()
        del source, delivery, receipt
        assert kept() is None, "a cycle keeps its bytes in memory"
    finally:
        gc.enable()
