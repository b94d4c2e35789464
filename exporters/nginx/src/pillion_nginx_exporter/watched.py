"""A target with what belongs to it: its scraper, its last minutes, its labels, its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import Counter

from pillion_nginx_exporter.fetch import Client, Wire
from pillion_nginx_exporter.history import History
from pillion_nginx_exporter.labels import REASON_LABEL, TARGET_LABEL
from pillion_nginx_exporter.scrape import Scraper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prometheus_client import CollectorRegistry

    from pillion.log import Logger
    from pillion_nginx_exporter.labels import Labels
    from pillion_nginx_exporter.scrape import Scrape
    from pillion_nginx_exporter.target import Target


@dataclass(frozen=True, slots=True)
class Watched:
    """One target.

    Attributes:
        target: what is scraped.
        labels: what every series of it bears, by name.
        scraper: scrapes it.
        history: its last minutes.
    """

    target: Target
    labels: Labels
    scraper: Scraper
    history: History


def watch(
    targets: Sequence[Target],
    *,
    labels: Labels,
    wire: Wire,
    timeout: float,
    registry: CollectorRegistry,
    log: Logger,
    clock: Callable[[], float],
) -> tuple[Watched, ...]:
    """Return what scrapes each target; several are told apart by the label `addr`.

    Args:
        targets: what is scraped.
        labels: the constant labels.
        wire: how connections are made.
        timeout: the most that one scrape may take, in seconds.
        registry: gets the counter of failed scrapes.
        log: where changes of state are written.
        clock: seconds, for the history.
    """
    has_several = len(targets) > 1
    own = {TARGET_LABEL} if has_several else set()
    names = sorted({REASON_LABEL, *own, *dict(labels)})
    errors = Counter(
        "nginx_exporter_scrape_errors_total",
        "Scrapes of nginx that failed, by what went wrong.",
        names,
        registry=registry,
    )

    def one(target: Target, shown: str) -> Watched:
        history = History()
        all_labels = {**dict(labels), TARGET_LABEL: shown} if has_several else dict(labels)

        def tell(scrape: Scrape) -> None:
            history.note(clock(), scrape)
            if scrape.reason:
                values = {**all_labels, REASON_LABEL: scrape.reason}
                errors.labels(*(values[name] for name in names)).inc()

        scraper = Scraper(
            Client(target, wire), timeout=timeout, log=log.bind(uri=target.uri), tell=tell
        )
        return Watched(target, tuple(sorted(all_labels.items())), scraper, history)

    shown = _told_apart([target.uri for target in targets])
    return tuple(one(target, text) for target, text in zip(targets, shown, strict=True))


def _told_apart(texts: Sequence[str]) -> list[str]:
    """Return texts with a number behind each that comes again, as what differs is masked."""
    return [
        f"{text}#{count}" if (count := texts[: index + 1].count(text)) > 1 else text
        for index, text in enumerate(texts)
    ]
