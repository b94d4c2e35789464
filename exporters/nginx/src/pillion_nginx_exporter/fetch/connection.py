"""One kept-alive connection to an endpoint: a request at a time, an answer as one value."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.net import Http1, NetworkError
from pillion_nginx_exporter.fetch.failure import translated

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_nginx_exporter.target import Endpoint

RESPONSE_LIMIT = 64 * 1024
_SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        status: the status code.
        body: the whole body.
        location: the Location header, or empty.
    """

    status: int
    body: bytes
    location: str


class Connection:
    """Asks one server over one connection.

    Attributes:
        answered: how many requests were.
        was_closed_while_idle: whether it ended, after earlier answers, without a byte of the
            last one. That is how a kept-alive connection ends when the server closed it while
            the request was on its way: asking once more on a new connection is safe.
    """

    __slots__ = ("_endpoint", "_http", "_stream", "answered", "was_closed_while_idle")

    def __init__(self, endpoint: Endpoint, stream: Stream) -> None:
        self._endpoint = endpoint
        self._stream = stream
        self._http = Http1(stream, head_limit=RESPONSE_LIMIT)
        self.answered = 0
        self.was_closed_while_idle = False

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._http.is_reusable if self.answered else self._stream.is_idle

    async def ask(self, request: bytes, deadline: float) -> Answer:
        """Send a request and return its answer; a connection that fails is closed.

        Args:
            request: the whole request, a GET.
            deadline: when to have given up, in the loop's time.

        Raises:
            TransientError: the connection ended or was silent for too long, or what came is
                no HTTP, or too much of it.
        """
        # asyncio.timeout would cost three times as much, a tenth of a whole scrape.
        timer = asyncio.get_running_loop().call_at(deadline, self._give_up)
        try:
            head = await self._http.send(request)
            body = await self._http.read_all(RESPONSE_LIMIT)
        except NetworkError as error:
            is_end = error.reason in ("closed", "reset")
            self.was_closed_while_idle = is_end and self.answered > 0 and not self._http.received
            self.close()
            raise translated(error, self._endpoint) from None
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
        self.answered += 1
        if not self._http.is_reusable:
            self.close()
        if head.status == _SWITCHING_PROTOCOLS:
            unasked = NetworkError("protocol", "the server switched to another protocol")
            raise translated(unasked, self._endpoint)
        return Answer(head.status, body, head.get("location") or "")

    def close(self) -> None:
        """Close at once."""
        self._http.close()

    def _give_up(self) -> None:
        self._stream.abort(NetworkError("timeout", "the deadline has passed"))
