"""The web configuration on the page is one that a process takes."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import trustme

from pillion.log import Logger
from pillion.web.security import Security
from tools.docs import DOCS

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_of_the_page_is_taken(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", (DOCS / "web.md").read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "web.yml").write_text(example[1])
    authority = trustme.CA()
    server = authority.issue_cert("localhost")
    server.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "server.crt"))
    authority.cert_pem.write_to_path(str(tmp_path / "clients.crt"))

    security = Security.read(str(tmp_path / "web.yml"), Logger(stream=io.StringIO()))

    assert security.context() is not None
