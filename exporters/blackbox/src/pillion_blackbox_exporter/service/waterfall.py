"""A probe as a picture: its phases as bars on a time axis of its own. Pure.

The axis ends at 1, 2 or 5 times a power of ten, so that a probe of a millisecond can be read
beside one that ran into its time limit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pillion.web.page import Html, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_blackbox_exporter.probing.trace import Trace

WIDTH, HEIGHT, MARGIN, LABEL = 340, 26, 4, 56
_TICKS = 4
COLOURS = {
    "resolve": "#7b61c4",
    "connect": "#d98324",
    "setup": "#d98324",
    "tls": "#b0489b",
    "processing": "#2f7fd1",
    "request": "#2f7fd1",
    "check": "#2f7fd1",
    "rtt": "#2f7fd1",
    "exchange": "#2f7fd1",
    "upgrade": "#2f7fd1",
    "transfer": "#2e9e6b",
}
_OTHER = "#7d8894"
_FAILED = "#d0342c"


def axis_end(longest: float) -> float:
    """Return where an axis ends that is to hold so many seconds: 1, 2 or 5 times a power of 10."""
    if longest <= 0:
        return 0.001
    power = 10.0 ** math.floor(math.log10(longest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= longest * 0.999)


def picture(trace: Trace) -> Html:
    """Return the phases of a probe on an axis from its beginning."""
    end = axis_end(trace.duration)
    room = WIDTH - 2 * MARGIN - LABEL
    scale = room / end
    bars = "".join(_bars(trace, scale))
    failed = ""
    if trace.failure is not None:
        x = MARGIN + min(trace.duration * scale, room)
        failed = (
            f'<path d="M{x - 4:.1f} 4l8 8m0 -8l-8 8" stroke="{_FAILED}" stroke-width="2" '
            f'fill="none"><title>{escape(trace.failure.sentence)}</title></path>'
        )
    label = ", ".join(f"{name} {seconds(trace.total(name))}" for name in _names(trace))
    return Html(
        f'<svg role="img" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>{escape(label or 'no phase was begun')}</title>{_axis(end, room)}{bars}{failed}"
        "</svg>"
    )


def legend(traces: Iterable[Trace]) -> Html:
    """Return what each colour stands for, of the phases that are there."""
    names: dict[str, None] = {}
    for trace in traces:
        names.update(dict.fromkeys(_names(trace)))
    known = [name for name in COLOURS if name in names]
    known += [name for name in names if name not in COLOURS]
    return Html(
        " ".join(
            f'<svg width="12" height="12"><rect width="12" height="12" rx="2" '
            f'fill="{_colour(name)}"/></svg> {escape(name)}&ensp;'
            for name in known
        )
    )


def seconds(value: float) -> str:
    """Return seconds as people read them: `1.2 ms`, `3 s`."""
    if value >= 1:
        return f"{value:.3g} s"
    if value >= 0.001:  # noqa: PLR2004
        return f"{value * 1000:.3g} ms"
    return f"{value * 1_000_000:.3g} µs"


def _axis(end: float, room: float) -> str:
    floor = HEIGHT - 5.5
    ticks = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{floor - 3}" y2="{floor}" stroke="{_OTHER}"/>'
        for x in (MARGIN + room * tick / _TICKS for tick in range(_TICKS + 1))
    )
    return (
        f'<line x1="{MARGIN}" x2="{MARGIN + room}" y1="{floor}" y2="{floor}" stroke="{_OTHER}"/>'
        f'{ticks}<text x="{MARGIN + room + 5}" y="{floor + 3}" font-size="10" fill="{_OTHER}">'
        f"{escape(seconds(end))}</text>"
    )


def _bars(trace: Trace, scale: float) -> Iterable[str]:
    for phase in trace.phases:
        length = (phase.end or phase.start) - phase.start
        x = MARGIN + (phase.start - trace.started) * scale
        yield (
            f'<rect x="{x:.1f}" y="3" width="{max(length * scale, 1):.1f}" height="10" rx="1.5" '
            f'fill="{_colour(phase.name)}">'
            f"<title>{escape(phase.name)} {escape(seconds(length))}</title></rect>"
        )


def _names(trace: Trace) -> list[str]:
    return list(dict.fromkeys(phase.name for phase in trace.phases))


def _colour(name: str) -> str:
    return COLOURS.get(name, _OTHER)
