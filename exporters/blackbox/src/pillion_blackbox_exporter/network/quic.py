"""QUIC (RFC 9000) over datagrams, by aioquic (the extra `http3`), and its TLS handshake."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted
from cryptography.hazmat.primitives.serialization import Encoding

from pillion.net import NetworkError, connection_error
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.certificates import parse_certificate
from pillion_blackbox_exporter.network.quic_trust import verify
from pillion_blackbox_exporter.network.tls import Handshake

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioquic.quic.events import QuicEvent
    from cryptography import x509

    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.network.certificates import Certificate
    from pillion_blackbox_exporter.network.datagrams import Datagrams

WINDOW = 4 * 1024 * 1024
_DATAGRAM_SIZE = 65_536
_CRYPTO_ERROR = range(0x100, 0x200)  # RFC 9000, 20.1: 0x100 and the TLS alert


class Quic:
    """One connection. Reading it drives it: the timers run while somebody waits for an event.

    Attributes:
        connection: aioquic's state machine, which does no input and output.
        received_at: when the last datagram came, by the clock.
    """

    __slots__ = ("_clock", "_datagrams", "_where", "connection", "received_at")

    def __init__(
        self, datagrams: Datagrams, configuration: QuicConfiguration, clock: Callable[[], float]
    ) -> None:
        self.connection = QuicConnection(configuration=configuration)
        self.received_at = 0.0
        self._datagrams = datagrams
        self._where = datagrams.socket.getpeername()
        self._clock = clock

    async def handshake(self, config: TlsConfig, server_name: str) -> Handshake:
        """Connect, and judge the certificate; what came of it may be a failure.

        Raises:
            ProbeError: a file of the configuration cannot be used.
            NetworkError: the address is out of reach.
        """
        self.connection.connect(self._where, self._clock())
        while not isinstance(event := await self.next_event(), HandshakeCompleted):
            if isinstance(event, ConnectionTerminated):
                return Handshake(self._clock(), shown=self._shown(), failure=_failure(event))
        tls = self.connection.tls
        assert tls.key_schedule is not None
        verified: tuple[x509.Certificate, ...] = ()
        failure = None
        if not config.insecure_skip_verify:
            try:
                verified = await asyncio.to_thread(verify, config, server_name, *self._chain())
            except ProbeError as error:
                if error.reason == "configuration":
                    raise
                failure = error
        return Handshake(
            self.received_at,
            "TLS 1.3",
            f"TLS_{tls.key_schedule.cipher_suite.name}",
            self._shown(),
            tuple(parse_certificate(each.public_bytes(Encoding.DER)) for each in verified),
            failure,
        )

    async def next_event(self) -> QuicEvent:
        """Return what happened next, sending and waiting as it needs.

        Raises:
            NetworkError: the system was told that nothing will come.
        """
        while (event := self.connection.next_event()) is None:
            self.flush()
            timer = self.connection.get_timer()
            wait = None if timer is None else max(0.0, timer - self._clock())
            try:
                async with asyncio.timeout(wait):
                    came = await self._datagrams.receive(_DATAGRAM_SIZE)
            except TimeoutError:
                self.connection.handle_timer(self._clock())
            except OSError as error:
                raise connection_error(error, "waiting for the server") from None
            else:
                self.received_at = came.moment
                self.connection.receive_datagram(came.data, self._where, came.moment)
        return event

    def flush(self) -> None:
        """Send what is to be sent."""
        for data, _ in self.connection.datagrams_to_send(self._clock()):
            self._datagrams.send(data)

    def close(self) -> None:
        """Take leave of the server; never waits and never fails."""
        try:
            self.connection.close()
            self.flush()
        except NetworkError:
            pass
        self._datagrams.close()

    def _chain(self) -> tuple[x509.Certificate, list[x509.Certificate]]:
        # Where aioquic keeps them; its configuration would verify by rules of its own.
        tls = self.connection.tls
        return tls._peer_certificate, tls._peer_certificate_chain  # type: ignore[return-value]  # noqa: SLF001  # known once TLS is

    def _shown(self) -> tuple[Certificate, ...]:
        tls = getattr(self.connection, "tls", None)
        leaf, rest = self._chain() if tls is not None else (None, [])
        if leaf is None:
            return ()
        found = []
        for each in (leaf, *rest):
            try:
                found.append(parse_certificate(each.public_bytes(Encoding.DER)))
            except ValueError:
                continue
        return tuple(found)


def configuration_for(config: TlsConfig, server_name: str, protocol: str) -> QuicConfiguration:
    """Return how to connect for a TLS configuration; what it trusts is judged afterwards.

    Raises:
        ProbeError: it rules TLS 1.3 out, or a file of it cannot be used.
    """
    if config.max_version and config.max_version != "TLS13":
        raise ProbeError(
            "configuration", f"max_version is {config.max_version}; HTTP/3 needs TLS 1.3"
        )
    if not server_name:
        raise ProbeError("configuration", "there is no host name to verify: set server_name")
    made = QuicConfiguration(
        is_client=True,
        alpn_protocols=[protocol],
        server_name=server_name,
        verify_mode=ssl.CERT_NONE,
        max_data=WINDOW,
        max_stream_data=WINDOW,
    )
    if config.cert or config.cert_file:
        from pillion_blackbox_exporter.network.contexts import with_identity  # noqa: PLC0415

        with_identity(config, made.load_cert_chain)
    return made


def _failure(event: ConnectionTerminated) -> ProbeError:
    said = event.reason_phrase or f"error {event.error_code:#x}"
    if event.error_code in _CRYPTO_ERROR:
        return ProbeError("tls_handshake", f"the TLS handshake failed: {said}")
    return ProbeError("protocol", f"the QUIC handshake failed: {said}")
