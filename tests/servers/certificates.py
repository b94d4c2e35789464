"""A private certificate authority for a test, and the files that it issues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate with its key, as PEM files."""

    certificate: str
    key: str


class Authority:
    """An authority; its own certificate is the file `path`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.path = str(folder / f"{name}.pem")
        self._authority.cert_pem.write_to_path(self.path)

    def issue(self, *names: str, until: datetime | None = None, file: str = "") -> Pair:
        """Issue a certificate for host names or addresses, good until a moment that may be past."""
        since = None if until is None else datetime(2000, 1, 1, tzinfo=UTC)
        issued = self._authority.issue_cert(*names, not_before=since, not_after=until)
        stem = file or names[0]
        certificate, key = (self._folder / f"{stem}.{end}" for end in ("pem", "key"))
        issued.private_key_pem.write_to_path(str(key))
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return Pair(str(certificate), str(key))
