"""The pages say what the code does: tables, examples and links are held to it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from pillion.metrics.exposition import text
from pillion.tail import Checkpoint, Tailer, TailOptions
from pillion.tail.metrics import TailCollector
from pillion.testing import Scrape
from tests.architecture.workspace import ROOT
from tools.docs import DOCS, written

PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(ROOT.glob("*/README.md")),
    *sorted(ROOT.glob("*/*/README.md")),
]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

LINK = re.compile(r"\]\(([^)#:]+)(?:#([^)]*))?\)")
TARGET = re.compile(r"`make ([a-z-]+)|^make ([a-z-]+)", re.MULTILINE)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@EACH_PAGE
def test_the_tables_of_flags_are_those_of_the_code(page: Path) -> None:
    assert page.read_text() == written(page.read_text()), "make docs writes them again"


@EACH_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        match[1]
        for match in LINK.finditer(page.read_text())
        if not (page.parent / match[1]).exists()
    ]
    assert broken == []


@EACH_PAGE
def test_every_make_target_that_is_named_is_there(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z-]+):", makefile))
    named = {first or second for first, second in TARGET.findall(page.read_text())}
    assert named <= targets


def examples(name: str) -> list[str]:
    return PYTHON.findall((DOCS / name).read_text())


def test_following_files_in_five_lines_works(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("1\n")
    example = examples("tail.md")[0].replace("/var/log/app", str(tmp_path))
    example = example.replace("/state", f"{tmp_path}/state") + "        tailer.stop()\n"
    ran = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{tmp_path}/a.log 0 b'1\\n'\n"


def test_every_metric_of_the_log_streamer_is_on_its_page(tmp_path: Path) -> None:
    tailer = Tailer([f"{tmp_path}/a.log"], checkpoint=Checkpoint(tmp_path / "state"))
    names = set(Scrape.parse(text(TailCollector(tailer, "log_streamer").collect())).types)
    tailer.close()
    page = (DOCS / "log-streamer.md").read_text()
    assert names == set(re.findall(r"`(log_streamer_[a-z_]+)`", page))


def test_every_option_of_a_tailer_is_on_its_page() -> None:
    page = (DOCS / "tail.md").read_text().partition("## Options")[2]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert named == {field.name for field in fields(TailOptions)}
