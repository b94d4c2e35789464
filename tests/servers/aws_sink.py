"""Takes whatever is put to S3, as fast as it comes, and keeps none of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.http_sink import http_sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.http_sink import HttpSink, Posted


@contextmanager
def aws_sink() -> Iterator[HttpSink]:
    """Run one on loopback."""
    with http_sink() as sink:

        def answer(_posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
            sink.posted.clear()
            sink.taken.clear()
            return 200, {"ETag": '"1"'}, b""

        sink.answer = answer
        yield sink
