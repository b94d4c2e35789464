"""The page on pillion.net: its example runs, and its table has every name."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Any

import pytest

import pillion.net
from tests.servers.certificates import Authority
from tests.servers.wire import Visit, response, serving
from tools.docs import DOCS

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (DOCS / "net.md").read_text()


async def hello(visit: Visit) -> None:
    await visit.read_request()
    await visit.write(response(b"hello"))


@pytest.mark.parametrize("is_tls", [False, True])
async def test_the_example_measures_every_phase(*, is_tls: bool, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "net.md", "exec"), names)
    ours = theirs = None
    if is_tls:
        authority = Authority(tmp_path)
        pair = authority.issue("localhost")
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(pair.certificate, pair.key)
        ours = ssl.create_default_context(cafile=authority.path)
    async with serving(hello, theirs) as port:
        phases = await names["measure"]("127.0.0.1", port, ours)
    assert set(phases) == {"connect", "first byte", "transfer"} | ({"tls"} if is_tls else set())
    assert all(seconds >= 0 for seconds in phases.values())


def test_every_public_name_is_in_the_table() -> None:
    listed = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    types_alone = {"Reason", "SocketAddress", "connection_error"}
    assert listed == set(pillion.net.__all__) - types_alone
