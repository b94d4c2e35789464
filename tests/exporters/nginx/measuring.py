"""One measurement of one page, for the tests of the client."""

from __future__ import annotations

import pytest

from pillion.errors import TransientError
from pillion_nginx_exporter.fetch import Client, ClientTls, Wire
from pillion_nginx_exporter.scrape import measure
from pillion_nginx_exporter.stub_status import StubStatus
from pillion_nginx_exporter.target import parse_target


async def measured(uri: str, *, tls: ClientTls | None = None, proxy: bool = False) -> StubStatus:
    """Return the figures of a page that is there, or raise what is wrong."""
    client = Client(parse_target(uri), Wire(tls or ClientTls(), sends_proxy_header=proxy))
    scrape = await measure(client, 5.0)
    client.close()
    if scrape.status is None:
        raise TransientError(scrape.sentence, reason=scrape.reason)
    return scrape.status


async def reason(uri: str, *, tls: ClientTls | None = None, proxy: bool = False) -> str:
    with pytest.raises(TransientError) as caught:
        await measured(uri, tls=tls, proxy=proxy)
    return caught.value.reason
