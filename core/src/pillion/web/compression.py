"""gzip for answers that are long enough to be worth it."""

from __future__ import annotations

import zlib

GZIP_FROM = 4096
"""Bytes from which a body is worth the deflating: below, zlib takes a fifth of the CPU of a whole
scrape to save two packets."""


def deflated(content: bytes) -> bytes:
    """Return the content in gzip, fast rather than small."""
    return zlib.compress(content, 1, wbits=31)


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header takes gzip (RFC 9110, 12.5.3): `gzip;q=0` does not.

    `*` alone is no wish for gzip, and is answered plain.
    """
    if accept_encoding == "gzip":
        return True
    for part in accept_encoding.split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return _weight(parameters) > 0
    return False


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
