"""Host names in the form in which they are resolved (IDNA), which is the one to judge. Pure."""

from __future__ import annotations


def resolvable(host: str) -> str:
    """Return a host as it is handed to the resolver: ASCII, its compatibility letters folded.

    Fullwidth letters, soft hyphens and the long s are gone then; an address stays as it is.

    Raises:
        ValueError: it is no host name.
    """
    if "\0" in host:
        raise ValueError("has a NUL")
    if host.isascii():
        return host
    return host.encode("idna").decode()
