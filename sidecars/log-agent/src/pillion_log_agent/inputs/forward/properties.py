"""The properties of the input `forward`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import Kind, optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, PAIR, PORT, SIZE, TEXT
from pillion_log_agent.network.tls import TlsProperties

MIB = 1024 * 1024


def _mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:  # noqa: PLR2004  # the bits of a mode
        raise ValueError("is not a mode; write octal digits, such as 0660")
    return mode


def _port_or_any(text: str) -> int:
    return 0 if text == "0" else PORT.parse(text)


MODE: Kind[int] = Kind("MODE", _mode, lambda mode: f"{mode:04o}")
ANY_PORT: Kind[int] = Kind("PORT", _port_or_any)


@dataclass(frozen=True, slots=True)
class ForwardInputProperties(TlsProperties):
    """The properties of `forward`."""

    listen: str = setting("listen", TEXT, "The address to listen at.", default="0.0.0.0")  # noqa: S104  # the peer's default
    port: int = setting("port", ANY_PORT, "The TCP port; 0 is any that is free.", default=24224)
    unix_path: str | None = optional(
        "unix_path", TEXT, "The unix socket to listen at in the place of TCP."
    )
    unix_perm: int | None = optional("unix_perm", MODE, "The mode of the unix socket.")
    tag_prefix: str | None = optional(
        "tag_prefix", TEXT, "What is put before the tag of each message."
    )
    shared_key: str | None = optional(
        "shared_key", TEXT, "The key that clients have to know; they get a handshake then."
    )
    empty_shared_key: bool = setting(
        "empty_shared_key", FLAG, "A handshake with a key that is empty.", default=False
    )
    self_hostname: str | None = optional(
        "self_hostname", TEXT, "The name that the handshake gives; the host's if not given."
    )
    security_users: tuple[tuple[str, ...], ...] = repeated(
        "security.users", PAIR, "A user and a password that clients may name; it needs a key."
    )
    buffer_max_size: int = setting(
        "buffer_max_size",
        SIZE,
        "The most bytes of one message; compressed events may unfold into ten times as much.",
        default=16 * MIB,
    )
    tls_verify_client_cert: bool = setting(
        "tls.verify_client_cert", FLAG, "Whether clients have to show a certificate.", default=False
    )
