"""Where syslog is received. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import Kind
from pillion.settings.kinds import parse_address

_LONGEST_PATH = 107
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class SyslogAddress:
    """A UDP address, or the path of a Unix datagram socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_syslog_address(text: str) -> SyslogAddress:
    """Return the address of `127.0.0.1:5531`, `:5531` (loopback) or `unix:/socket`.

    Raises:
        ValueError: the second half of a sentence that begins with the text.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/") or len(path.encode()) > _LONGEST_PATH or "\0" in path:
            raise ValueError(f"is not a socket; write unix:/path, {_LONGEST_PATH} bytes at most")
        return SyslogAddress(path=path)
    address = parse_address(text)
    return SyslogAddress(address.host or _LOOPBACK, address.port)


SYSLOG_ADDRESS: Kind[SyslogAddress] = Kind("ADDRESS", parse_syslog_address)
