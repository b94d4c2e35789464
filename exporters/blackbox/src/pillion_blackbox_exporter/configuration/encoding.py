"""`Accept-Encoding` (RFC 9110, 12.5.3): whether it lets a server answer in an encoding. Pure."""

from __future__ import annotations


def accepts(accept_encoding: str, encoding: str) -> bool:
    """Whether an `Accept-Encoding` header accepts an encoding; an empty one accepts all."""
    if not encoding or not accept_encoding:
        return True
    offers: list[tuple[float, str]] = []
    for part in accept_encoding.split(","):
        name, _, written = part.strip().partition(";")
        offers.append((_weight(written), name.strip()))
    offers.sort(key=lambda offer: -offer[0])
    return next((weight > 0 for weight, name in offers if name in (encoding, "*")), False)


def _weight(text: str) -> float:
    if not text.strip():
        return 1.0
    try:
        return round(float(text.strip().removeprefix("q=")), 3)
    except ValueError:
        return 0.0
