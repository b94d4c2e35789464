"""The page at `/`: each file with its position, how far behind it is, and how fast it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.web.page import link_list, page, paragraph, section, table

if TYPE_CHECKING:
    from aiohttp import web

    from pillion.tail import Ledger, Tailer

MOST_FILES = 200
REFRESH_SECONDS = 5


class Rates:
    """How fast each file moves, from one look at the page to the next."""

    __slots__ = ("_at", "_positions")

    def __init__(self) -> None:
        self._at = 0.0
        self._positions: dict[str, int] = {}

    def since_last(self, positions: dict[str, int], now: float) -> dict[str, float]:
        """Return the bytes a second of each identity that was there at the last look, too."""
        elapsed = now - self._at
        rates = {
            identity: (position - self._positions[identity]) / elapsed
            for identity, position in positions.items()
            if identity in self._positions and elapsed > 0
        }
        self._at, self._positions = now, positions
        return rates


def landing_page(tailer: Tailer, rates: Rates, now: float, reason: str | None) -> web.Response:
    """Return the page."""
    files = tailer.status()
    speed = rates.since_last({file.identity: file.acked for file in files}, now)
    rows = [
        (
            file.path,
            "live" if file.is_live else "rotated",
            file.acked,
            file.size,
            file.lag_bytes,
            f"{file.lag_seconds:.1f} s",
            f"{speed[file.identity]:.0f} B/s" if file.identity in speed else "",
        )
        for file in sorted(files, key=lambda file: (-file.lag_bytes, file.path))[:MOST_FILES]
    ]
    names = ("file", "state", "position", "size", "behind, bytes", "behind", "rate")
    more = len(files) - len(rows)
    note = paragraph(f"{more} more that are less behind") if more > 0 else ""
    refused = tailer.refused
    state = f"ready, {len(refused)} unreadable" if refused else "ready"
    return page(
        "pillion-log-streamer",
        link_list({"/metrics": "Metrics"}),
        section("Files", table(names, rows), note),
        section("Unreadable files", table(("path", "reason"), list(refused.items())[:MOST_FILES]))
        if refused
        else "",
        section("Ledger", table(("", "bytes", "lines"), _ledger(tailer.ledger))),
        summary=reason or "Log files to standard output.",
        state="not ready" if reason else state,
        is_good=not (reason or refused),
        refresh=REFRESH_SECONDS,
    )


def _ledger(ledger: Ledger) -> list[tuple[str, int, int | str]]:
    rows: list[tuple[str, int, int | str]] = [
        ("read", ledger.bytes_read, ledger.lines_read),
        ("delivered", ledger.bytes_delivered, ledger.lines_delivered),
        ("in flight", ledger.bytes_in_flight, ledger.lines_in_flight),
        ("dropped", ledger.bytes_dropped, ""),
    ]
    return rows + [(f"lost: {reason}", count, "") for reason, count in ledger.lost.items() if count]
