"""The status page of nginx as values. Pure: bytes in, a `StubStatus` or one named error out.

Source: ngx_http_stub_status_module, which writes

    Active connections: 291
    server accepts handled requests
     16630948 16630948 31070465
    Reading: 6 Writing: 179 Waiting: 106

Tengine adds a column (`request_time`) to the second and third line; servers and proxies differ
in white space and line ends. What follows the page is not looked at, as the peer does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pillion.errors import TransientError

# A counter of nginx is 64 bits wide, so 20 digits at most. No part can match in two ways.
_PAGE = re.compile(
    rb"\s*Active connections:\s*(\d{1,20})\s+"
    rb"server\s+accepts\s+handled\s+requests(?:[ \t]+[a-z_]+)*\s+"
    rb"(\d{1,20})[ \t]+(\d{1,20})[ \t]+(\d{1,20})(?:[ \t]+\d{1,20})*\s+"
    rb"Reading:\s*(\d{1,20})\s+Writing:\s*(\d{1,20})\s+Waiting:\s*(\d{1,20})(?!\S)"
)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class StubStatus:
    """The figures of one status page.

    Attributes:
        active: connections that are open now, waiting ones included.
        accepted: connections accepted since nginx started.
        handled: connections handled since nginx started; less than accepted where a limit
            such as `worker_connections` was reached.
        requests: requests since nginx started.
        reading: connections whose request header is being read now.
        writing: connections that an answer is being written to now.
        waiting: idle kept-alive connections.
    """

    active: int
    accepted: int
    handled: int
    requests: int
    reading: int
    writing: int
    waiting: int


class StubStatusError(TransientError):
    """What was answered is no status page of nginx; its `reason` is `parse`."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, reason="parse")


def parse_stub_status(page: bytes) -> StubStatus:
    """Return the figures of a status page.

    Raises:
        StubStatusError: it is something else; the sentence shows how it begins.
    """
    match = _PAGE.match(page)
    if match is None:
        raise StubStatusError(f"the answer is not a status page of nginx: {_beginning(page)}")
    return StubStatus(*map(int, match.groups()))


def _beginning(page: bytes) -> str:
    if not page.strip():
        return "it is empty"
    text = page[: 4 * _SHOWN].decode("utf-8", "replace").strip()
    line = text.splitlines()[0] if text else ""
    return f"it begins with {line[:_SHOWN]!r}"
