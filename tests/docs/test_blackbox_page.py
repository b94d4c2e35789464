"""The page of the blackbox exporter says what its code does."""

from __future__ import annotations

import re

from pillion.configuration import Document
from pillion_blackbox_exporter.configuration import builtin, parse
from pillion_blackbox_exporter.failure import REASONS
from tests.docs.metric_tables import promised
from tests.exporters.blackbox.running import running
from tools.docs import DOCS

PAGE = "blackbox-exporter.md"


def test_every_metric_of_the_exporter_is_listed_as_it_is() -> None:
    with running() as exporter:
        seen = exporter.scrape()
    own = {name: kind for name, kind in seen.types.items() if name.startswith("blackbox_")}
    listed = promised(PAGE)
    assert {name: one.kind for name, one in listed.items()} == own
    for name, one in listed.items():
        assert all(set(labels) == one.labels for labels in seen.labels(name))


def test_every_reason_is_listed() -> None:
    text = (DOCS / PAGE).read_text()
    (listed,) = re.findall(r"`reason` is one of (.*?)\.\n", text, re.DOTALL)
    assert tuple(re.findall(r"`([a-z_0-9]+)`", listed)) == REASONS


def test_every_built_in_module_is_listed() -> None:
    text = (DOCS / PAGE).read_text()
    modules = parse(Document.parse(builtin.TEXT, builtin.NAME)).modules
    (listed,) = re.findall(r"usual modules are built in\n\((.*?)\)", text, re.DOTALL)
    named = set(re.findall(r"`([a-z_0-9]+)`", listed))
    assert named <= set(modules)
    assert set(modules) - named == {"ssh_banner_extract"}
