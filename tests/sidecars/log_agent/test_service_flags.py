"""What the [SERVICE] section says of the process itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion_log_agent.command import COMMAND
from pillion_log_agent.service_flags import with_service

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def flag(tmp_path: Path) -> str:
    path = tmp_path / "a.conf"
    path.write_text(
        "[SERVICE]\n  Log_Level warning\n  Grace 7\n  HTTP_Port 2021\n  HTTP_Listen 0.0.0.0\n"
    )
    return f"--config.file={path}"


def test_it_holds_where_no_flag_says_otherwise(flag: str) -> None:
    assert with_service(COMMAND, [flag], {}) == [
        "--log.level=warn",
        "--drain.timeout=7s",
        "--web.listen-address=:2021",
        flag,
    ]


def test_flags_and_variables_come_first(flag: str) -> None:
    given = [flag, "--log.level=debug", "-web.listen-address=:1"]
    assert with_service(COMMAND, given, {"PILLION_DRAIN_TIMEOUT": "1s"}) == given


def test_a_file_that_cannot_be_read_is_the_business_of_who_works_with_it() -> None:
    given = ["--config.file=/not/there.conf"]
    assert with_service(COMMAND, given, {}) == given
