"""The properties of the output `forward`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, PAIR, PATH, PORT, TEXT, TIME, choice
from pillion_log_agent.network.tls import TlsProperties


@dataclass(frozen=True, slots=True)
class ForwardProperties(TlsProperties):
    """The properties of `forward`."""

    host: str = setting("host", TEXT, "The server.", default="127.0.0.1")
    port: int = setting("port", PORT, "Its port.", default=24224)
    unix_path: str | None = optional("unix_path", PATH, "Its unix socket, in the place of TCP.")
    upstream: str | None = optional(
        "upstream",
        PATH,
        "A file that names several servers ([UPSTREAM], [NODE]); they take turns, and the next "
        "one is asked where one fails.",
    )
    server: tuple[str, ...] = repeated(
        "server", TEXT, "A further way to name servers: host:port; several take turns."
    )
    tag: str | None = optional("tag", TEXT, "The tag to send; that of the records if not given.")
    time_as_integer: bool = setting(
        "time_as_integer", FLAG, "Send whole seconds, for servers before 2016.", default=False
    )
    require_ack_response: bool = setting(
        "require_ack_response",
        FLAG,
        "Wait until the server says that it has a chunk. Unlike fluent-bit's, the default is on: "
        "without it, what is on its way when a connection breaks is lost.",
        default=True,
    )
    ack_response_timeout: float = setting(
        "ack_response_timeout", TIME, "How long that is waited for.", default=190.0
    )
    send_options: bool = setting(
        "send_options", FLAG, "Send the number of records with each chunk.", default=False
    )
    add_option: tuple[tuple[str, ...], ...] = repeated(
        "add_option", PAIR, "A further option to send with each chunk."
    )
    compress: str | None = optional("compress", choice("gzip", "text"), "Compress what is sent.")
    shared_key: str | None = optional("shared_key", TEXT, "The key that the server asks for.")
    empty_shared_key: bool = setting(
        "empty_shared_key", FLAG, "The server asks for a key that is empty.", default=False
    )
    self_hostname: str | None = optional(
        "self_hostname", TEXT, "Our name in the handshake; the host's if not given."
    )
    username: str = setting("username", TEXT, "The user to name to the server.", default="")
    password: str = setting("password", TEXT, "The user's password.", default="")
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
