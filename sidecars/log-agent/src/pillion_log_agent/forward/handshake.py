"""The handshake of the forward protocol: HELO, PING, PONG. Pure.

Source: "Forward Protocol Specification v1", "Handshake Messages". Digests are SHA-512 in hex.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgpack

from pillion_log_agent.forward.framing import FramingError
from pillion_log_agent.forward.message import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 16 * 1024
"""The most bytes of one of its messages."""
_PING_ENTRIES, _PONG_ENTRIES, _HELO_ENTRIES = 6, 5, 2


@dataclass(frozen=True, slots=True)
class Helo:
    """What a server says first.

    Attributes:
        nonce: drawn for this connection.
        auth: a salt where a user has to be named, else empty.
        keepalive: whether more than one message may come over the connection.
    """

    nonce: bytes
    auth: bytes = b""
    keepalive: bool = True

    def packed(self) -> bytes:
        """Return it as it is sent."""
        options = {"nonce": self.nonce, "auth": self.auth, "keepalive": self.keepalive}
        return _packed(["HELO", options])

    @classmethod
    def parse(cls, data: bytes) -> Helo:
        """Return what has come; raises FramingError."""
        parts = _message(data, "HELO", _HELO_ENTRIES)
        options = parts[1]
        if not isinstance(options, dict):
            raise FramingError("a HELO without options")
        keepalive = options.get("keepalive", True)
        return cls(_raw(options.get("nonce")), _raw(options.get("auth")), bool(keepalive))


@dataclass(frozen=True, slots=True)
class Server:
    """What a server asks of its clients.

    Attributes:
        hostname: its own name.
        shared_key: what both know.
        users: passwords by the user's name; empty where none has to be named.
    """

    hostname: str
    shared_key: str = field(repr=False)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)

    def answer(self, data: bytes, helo: Helo) -> tuple[bytes, str]:
        """Return the PONG to a PING, and why the client is refused; empty where it is welcome.

        Raises:
            FramingError: it is no PING.
        """
        _, hostname, salt, digest, user, password = _message(data, "PING", _PING_ENTRIES)
        host, salt = _raw(hostname), _raw(salt)
        expected = _digest(salt, host, helo.nonce, self.shared_key.encode())
        reason = ""
        if not hmac.compare_digest(_raw(digest), expected.encode()):
            reason = "shared_key mismatch"
        elif self.users and not self._knows(helo.auth, _raw(user), _raw(password)):
            reason = "username/password mismatch"
        own = "" if reason else _digest(salt, self._name, helo.nonce, self.shared_key.encode())
        return _packed(["PONG", not reason, reason, self.hostname, own]), reason

    @property
    def _name(self) -> bytes:
        return self.hostname.encode()

    def _knows(self, salt: bytes, user: bytes, digest: bytes) -> bool:
        name = user.decode("utf-8", "replace")
        # Whether there is such a user makes no difference to the time that it takes.
        expected = _digest(salt, user, self.users.get(name, "").encode())
        return hmac.compare_digest(digest, expected.encode()) and name in self.users


@dataclass(frozen=True, slots=True)
class Client:
    """What a client proves to its server.

    Attributes:
        hostname: its own name.
        shared_key: what both know.
        user: its name there, and its password.
    """

    hostname: str
    shared_key: str = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)

    def ping(self, helo: Helo, salt: bytes) -> bytes:
        """Return the answer to a HELO; the salt is drawn for this connection."""
        name, key = self.hostname.encode(), self.shared_key.encode()
        digest = _digest(salt, name, helo.nonce, key)
        password = ""
        if helo.auth:
            password = _digest(helo.auth, self.user.encode(), self.password.encode())
        user = self.user if helo.auth else ""
        # fluent-bit takes the salt as a string only.
        shown = salt.decode("utf-8", "surrogateescape")
        return _packed(["PING", self.hostname, shown, digest, user, password])

    def refusal(self, data: bytes, helo: Helo, salt: bytes) -> str:
        """Return why a PONG is none to go on with; empty where it is.

        Raises:
            FramingError: it is no PONG.
        """
        _, is_welcome, reason, hostname, digest = _message(data, "PONG", _PONG_ENTRIES)
        if is_welcome is not True:
            return _raw(reason).decode("utf-8", "replace")[:200] or "the server gives no reason"
        name = _raw(hostname)
        if name == self.hostname.encode():
            return "the server has our own self_hostname; give each its own"
        expected = _digest(salt, name, helo.nonce, self.shared_key.encode())
        if not hmac.compare_digest(_raw(digest), expected.encode()):
            return "the server does not know the shared_key"
        return ""


def acknowledgement(chunk: str) -> bytes:
    """Return what says that a chunk is where it should be."""
    return _packed({"ack": chunk})


def _digest(*parts: bytes) -> str:
    return hashlib.sha512(b"".join(parts)).hexdigest()


def _packed(value: Any) -> bytes:
    data: bytes = msgpack.packb(value, unicode_errors="surrogateescape")
    return data


def _message(data: bytes, name: str, entries: int) -> list[Any]:
    found = decode(data)
    if not isinstance(found, list) or len(found) != entries or _raw(found[0]) != name.encode():
        raise FramingError(f"what is no {name}")
    return found


def _raw(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else b""
