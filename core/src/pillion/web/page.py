"""The one frame of all landing pages. Nothing comes from elsewhere, and no script runs.

The parts return HTML; whatever text goes into them is escaped there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STYLE = """
:root{color-scheme:light dark;--ink:#1d2530;--dim:#5c6773;--paper:#f6f7f9;--card:#fff;
--line:#dfe3e8;--good:#1a7f4b;--bad:#b3261e;--link:#1b5fb5;--warn:#b26a00}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ed;--dim:#98a3b0;--paper:#12161b;
--card:#1b2129;--line:#2f3842;--good:#4cc38a;--bad:#ff8a80;--link:#8ab8f5;--warn:#f0b357}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1rem;margin:0 0 .5rem}a{color:var(--link)}
header{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap}
section{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:1rem;
margin:1rem 0;overflow-x:auto}
.badge{border-radius:1rem;border:1px solid;padding:.05rem .7rem;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.dim,footer{color:var(--dim)}
table{border-collapse:collapse;width:100%}th{font-weight:600;color:var(--dim)}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}
td.number{text-align:right;font-variant-numeric:tabular-nums}
nav a{margin-right:1rem}svg{vertical-align:middle}
polyline{fill:none;stroke:var(--link);stroke-width:1.5}
.fill-good{fill:var(--good)}.fill-link{fill:var(--link)}.fill-warn{fill:var(--warn)}
.fill-bad{fill:var(--bad)}.fill-dim{fill:var(--dim)}
"""
STYLE_HASH = "sha256-ZkQ6HyF2kPMWeEbzm5t75B2rtg0kejPO5NlvVz2tyq4="
_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_WIDTH, _HEIGHT = 160, 28
_WIDE, _HIGH = 300, 72


def page(
    title: str,
    *parts: str,
    state: str = "",
    is_good: bool = True,
    summary: str = "",
    refresh: int = 0,
    status: int = 200,
) -> web.Response:
    """Return a whole page.

    Args:
        title: the name of the process.
        parts: HTML, mostly from `section`.
        state: a word or two for the badge beside the title; empty for none.
        is_good: whether the badge is green or red.
        summary: a sentence below the title; empty for none.
        refresh: seconds after which the browser loads the page anew; 0 for never.
        status: the status of the response.
    """
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    badge = f'<span class="badge {_mood(is_good)}">{escape(state)}</span>' if state else ""
    said = f'<p class="dim">{escape(summary)}</p>' if summary else ""
    name = escape(title)
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{again}<title>{name}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{name}</h1>{badge}</header>{said}"
        f"<main>{''.join(parts)}</main></body></html>\n"
    )
    return web.Response(status=status, text=body, headers=_HEADERS)


def link_list(links: Mapping[str, str]) -> str:
    """Return links, given as address to text; `/metrics` is made relative to the page.

    So they hold behind a route prefix and a proxy that strips one, as long as the page is `/`.
    """
    anchors = [
        f'<a href="{escape(to.removeprefix("/") or ".")}">{escape(text)}</a>'
        for to, text in links.items()
    ]
    return f"<nav>{''.join(anchors)}</nav>"


def section(title: str, *parts: str) -> str:
    """Return a titled box around HTML."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def table(names: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> str:
    """Return a table: text is escaped, numbers are set to the right.

    A cell that is HTML already (a sparkline) is an `Html`.
    """
    head = "".join([f"<th>{escape(name)}</th>" for name in names])
    lines = ["<tr>" + "".join([_cell(value) for value in row]) + "</tr>" for row in rows]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def paragraph(text: str) -> str:
    """Return text as a paragraph, escaped."""
    return f"<p>{escape(text)}</p>"


def sparkline(values: Sequence[float], label: str) -> Html:
    """Return a small picture of how a figure went, oldest first, from zero to its highest.

    Args:
        values: at least two; otherwise there is nothing to draw and the picture is empty.
        label: what it says to who cannot see it.
    """
    top = max(values, default=0.0) or 1.0
    step = _WIDTH / max(len(values) - 1, 1)
    floor = _HEIGHT - 2
    points = " ".join(
        [
            f"{index * step:.1f},{floor - max(value, 0) / top * (floor - 2):.1f}"
            for index, value in enumerate(values)
        ]
    )
    line = f'<polyline points="{points}"/>' if len(values) > 1 else ""
    return Html(
        f'<svg role="img" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f"<title>{escape(label)}</title>{line}</svg>"
    )


def stacked(layers: Sequence[tuple[str, Sequence[float]]], label: str) -> Html:
    """Return a picture of how the parts of a figure went, one upon the other, oldest first.

    Args:
        layers: from the lowest up, each a colour (`good`, `link`, `warn`, `bad`, `dim`) and its
            values; all of one length, at least two for there to be something to draw.
        label: what it says to who cannot see it.
    """
    length = min((len(values) for _, values in layers), default=0)
    sums = [[0.0] * length]
    for _, values in layers:
        sums.append([below + max(value, 0) for below, value in zip(sums[-1], values, strict=False)])
    top = max(sums[-1], default=0.0) or 1.0
    step = _WIDE / max(length - 1, 1)

    def points(heights: Sequence[float], order: Iterable[int]) -> str:
        return " ".join(f"{at * step:.1f},{_HIGH * (1 - heights[at] / top):.1f}" for at in order)

    drawn = [
        f'<polygon class="fill-{colour}" points="{points(above, range(length))} '
        f'{points(below, reversed(range(length)))}"/>'
        for (colour, _), below, above in zip(layers, sums, sums[1:], strict=False)
        if length > 1 and above != below
    ]
    return Html(
        f'<svg role="img" width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}">'
        f"<title>{escape(label)}</title>{''.join(drawn)}</svg>"
    )


def swatch(colour: str) -> Html:
    """Return a small square of a colour of `stacked`, for its legend."""
    return Html(
        '<svg aria-hidden="true" width="12" height="12">'
        f'<rect class="fill-{escape(colour)}" width="12" height="12"/></svg>'
    )


class Html(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def escape(text: object) -> str:
    """Return text safe between tags and in quoted attributes. `html.escape` costs 0.5 MB."""
    return (
        str(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#x27;")
    )


def _cell(value: str | float) -> str:
    if isinstance(value, Html):
        return f"<td>{value}</td>"
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="number">{escape(value)}</td>'


def _mood(is_good: bool) -> str:  # noqa: FBT001  # one private call
    return "good" if is_good else "bad"
