"""TLS between a socket's transport and a connection.

asyncio has its own, which takes 256 KiB of buffer for each connection, a timer for each
handshake, and loses count of what it has not sent. This one reads into the site's one buffer,
leaves time to the sweep, and hands the transport's flow control through.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

from pillion.web.message import Response
from pillion.web.site import PIECE

if TYPE_CHECKING:
    from pillion.web.connection import Connection
    from pillion.web.site import Site

_PLAIN = Response("400 this is HTTPS, and the request came in plain HTTP\n", 400)


class EncryptedWire(asyncio.BufferedProtocol):
    """A protocol to the transport, and to the connection what the transport is in plain HTTP."""

    __slots__ = (
        "_connection",
        "_incoming",
        "_is_open",
        "_is_paused",
        "_is_pumping",
        "_is_shut",
        "_is_write_paused",
        "_outgoing",
        "_site",
        "_tls",
        "_transport",
    )

    def __init__(self, connection: Connection, context: ssl.SSLContext, site: Site) -> None:
        self._connection = connection
        self._site = site
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._transport: asyncio.Transport | None = None
        self._is_open = False
        self._is_shut = False
        self._is_paused = False
        self._is_write_paused = False
        self._is_pumping = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the handshake starts with the client's first bytes."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=1, low=0)
        self._connection.open(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the loop's signature
        """Return where to read to."""
        return self._site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read; a client that is being waited out is not listened to any more."""
        if self._is_shut:
            return
        self._incoming.write(self._site.buffer[:nbytes])
        self._pump()

    def eof_received(self) -> bool:
        """Pass the end on. Whether the client said goodbye first makes no difference here."""
        return self._is_open and self._connection.eof_received()

    def pause_writing(self) -> None:
        """Stop reading as well: what a client sends can make TLS answer by itself."""
        self._is_write_paused = True
        self._follow_pauses()
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_write_paused = False
        self._follow_pauses()
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end on."""
        self._is_shut = True
        self._connection.connection_lost(exc)

    # What the connection calls.

    def write(self, data: bytes) -> None:
        """Send."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLError:
            # The client broke TLS after its handshake.
            self.abort()
        else:
            self._flush()

    def write_eof(self) -> None:
        """Say goodbye and send no more."""
        self._say_goodbye()
        self._raw.write_eof()

    def close(self) -> None:
        """Say goodbye and close when all is sent."""
        self._say_goodbye()
        self._raw.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._is_shut = True
        self._raw.abort()

    def is_closing(self) -> bool:
        """Tell whether it is closed or about to be."""
        return self._raw.is_closing()

    def is_reading(self) -> bool:
        """Tell whether the connection wants to hear more."""
        return not self._is_paused

    def pause_reading(self) -> None:
        """Hand nothing more to the connection."""
        self._is_paused = True
        self._follow_pauses()

    def resume_reading(self) -> None:
        """Go on, first with what has been decrypted or could be."""
        self._is_paused = False
        self._follow_pauses()
        if not self._is_pumping:
            asyncio.get_running_loop().call_soon(self._pump)

    # Between the two.

    @property
    def _raw(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _follow_pauses(self) -> None:
        is_wanted = not (self._is_paused or self._is_write_paused)
        if self._raw.is_closing() or is_wanted is self._raw.is_reading():
            return
        if is_wanted:
            self._raw.resume_reading()
        else:
            self._raw.pause_reading()

    def _pump(self) -> None:
        """Shake hands, then decrypt; `resume_reading` may be called from within."""
        self._is_pumping = True
        try:
            if self._is_open or self._shake_hands():
                self._decrypt()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(error)
        finally:
            self._is_pumping = False

    def _shake_hands(self) -> bool:
        self._tls.do_handshake()
        self._flush()
        if self._site.objects(self._tls, self._connection.peer):
            self.abort()
            return False
        self._is_open = True
        return True

    def _decrypt(self) -> None:
        """Hand on what can be decrypted; ends with SSLWantReadError when there is no more."""
        while not (self._is_paused or self._is_shut):
            size = cast("int", self._tls.read(PIECE, self._site.buffer))
            if size:
                self._connection.buffer_updated(size)
            else:
                if not self._connection.eof_received():
                    self.close()
                return

    def _fail(self, error: ssl.SSLError) -> None:
        if not self._is_open:
            cause = (error.reason or str(error)).replace("_", " ").lower()
            self._site.log.debug("a TLS handshake failed", peer=self._connection.peer, cause=cause)
            if error.reason == "HTTP_REQUEST":
                self._raw.write(self._site.rendered(_PLAIN, None, "close"))
        self._is_shut = True
        self._flush()
        self._raw.close()

    def _say_goodbye(self) -> None:
        if self._is_open and not self._is_shut:
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                # It waits for the client to say goodbye too; we do not.
                self._flush()
        self._is_shut = True

    def _flush(self) -> None:
        if self._outgoing.pending and not self._raw.is_closing():
            self._raw.write(self._outgoing.read())
