"""The metadata of a gRPC call as header fields (grpc/doc/PROTOCOL-HTTP2.md). Pure."""

from __future__ import annotations

import binascii
import re

_KEY = re.compile(r"[0-9a-z_.-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_RESERVED = frozenset({"content-type", "te", "user-agent", "host", "connection"})


def metadata_field(key: str, value: str) -> tuple[str, str]:
    """Return a header field of metadata; the value of a `-bin` key goes as base64.

    Raises:
        ValueError: it cannot be sent; the second half of a sentence, without the value.
    """
    name = key.lower()
    if not _KEY.fullmatch(name):
        raise ValueError(f"has the key {key!r}, which is not a name of a header")
    if name in _RESERVED or name.startswith("grpc-"):
        raise ValueError(f"has the key {key!r}, which gRPC sets itself")
    if name.endswith("-bin"):
        encoded = binascii.b2a_base64(value.encode(), newline=False)
        return name, encoded.decode().rstrip("=")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"has a value of {key!r} that is not printable ASCII; use {key}-bin")
    return name, value.strip()
