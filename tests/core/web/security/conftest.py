"""A certificate authority, its certificates on disk, and web configuration files."""

from __future__ import annotations

import io
import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bcrypt
import pytest
import trustme

from pillion.log import Logger
from pillion.testing import Clock
from pillion.web import Security

if TYPE_CHECKING:
    from pathlib import Path

HASHES = {
    "alice": bcrypt.hashpw(b"wonderland", bcrypt.gensalt(4)).decode(),
    "bob": bcrypt.hashpw(b"builder", bcrypt.gensalt(4)).decode(),
}


@dataclass(slots=True)
class Authority:
    """Two authorities, of which the server trusts one, and a directory with PEM files."""

    directory: Path
    trusted: trustme.CA
    other: trustme.CA

    def write_server(self, name: str = "server") -> None:
        """Write a new certificate of the server and its key."""
        made = self.trusted.issue_cert("localhost", "127.0.0.1", common_name=name)
        made.private_key_pem.write_to_path(str(self.directory / "server.key"))
        made.cert_chain_pems[0].write_to_path(str(self.directory / "server.crt"))

    def client(
        self,
        *,
        names: tuple[str, ...] = (),
        is_trusted: bool = True,
        least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
        most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> ssl.SSLContext:
        """Return a client's context, with a certificate of these names if there are any."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.trusted.configure_trust(context)
        context.minimum_version = least
        context.maximum_version = most
        if names:
            (self.trusted if is_trusted else self.other).issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authorities() -> tuple[trustme.CA, trustme.CA]:
    return trustme.CA(), trustme.CA()


@pytest.fixture
def authority(tmp_path: Path, authorities: tuple[trustme.CA, trustme.CA]) -> Authority:
    made = Authority(tmp_path, *authorities)
    made.write_server()
    made.trusted.cert_pem.write_to_path(str(tmp_path / "clients.crt"))
    made.other.cert_pem.write_to_path(str(tmp_path / "other.crt"))
    stranger = made.trusted.issue_cert("stranger")
    stranger.private_key_pem.write_to_path(str(tmp_path / "stranger.key"))
    return made


@dataclass(slots=True)
class Configured:
    """A web configuration file, and clocks that its tests move."""

    path: Path
    clock: Clock
    wall_clock: Clock
    logged: io.StringIO

    def write(self, text: str) -> None:
        """Put a text into the file, long enough ago to be whole."""
        self.path.write_text(text)
        self.age(self.path)

    def age(self, path: Path) -> None:
        """Make a file look as if it had been written at the wall clock's time, a minute ago."""
        at = self.wall_clock.now - 60
        os.utime(path, (at, at))

    def read(self, text: str) -> Security:
        self.write(text)
        log = Logger(stream=self.logged, clock=self.clock)
        return Security.read(str(self.path), log, clock=self.clock, wall_clock=self.wall_clock)

    def later(self) -> None:
        """Let enough time pass that the files are looked at again."""
        self.clock.advance(2)
        self.wall_clock.advance(2)


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    return Configured(tmp_path / "web.yml", Clock(), Clock(), io.StringIO())
