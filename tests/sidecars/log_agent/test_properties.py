"""Properties of fluent-bit's: done, accepted with the reason, or refused with what to do instead."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.configuration.declaration import Declaration, read_properties
from pillion_log_agent.configuration.model import declaration_of
from pillion_log_agent.configuration.plugins import FILTERS, FORMATS, INPUTS, OUTPUTS
from pillion_log_agent.configuration.section import Entry, Place, Problems, Section
from pillion_log_agent.configuration.service import SERVICE
from pillion_log_agent.network.tls import TlsProperties, make_context
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place("agent.conf", 3)
PLUGINS = [
    (kind, name)
    for kind, names in (
        ("input", INPUTS),
        ("filter", FILTERS),
        ("output", OUTPUTS),
        ("parser", FORMATS),
    )
    for name in names
]
DECLARATIONS = [declaration_of(*each) for each in PLUGINS] + [SERVICE]
REFUSED = [(each, name) for each in DECLARATIONS for name in each.refused]


def problems_of(declaration: Declaration, *pairs: tuple[str, str]) -> list[str]:
    problems = Problems()
    entries = tuple(Entry(key, value, PLACE) for key, value in pairs)
    read_properties(Section("output", PLACE, entries), declaration, None, problems)
    return [each for each in problems.sentences if "is missing" not in each]


@pytest.mark.parametrize(("declaration", "name"), REFUSED)
def test_what_cannot_be_had_is_refused_with_what_to_do_instead(
    declaration: Declaration, name: str
) -> None:
    (sentence,) = problems_of(declaration, (name, "on"))
    assert sentence.startswith("agent.conf:3: ")
    assert f"{name}: is not supported; {declaration.refused[name]}" in sentence


@pytest.mark.parametrize(("declaration", "name"), REFUSED)
def test_what_cannot_be_had_may_be_off(declaration: Declaration, name: str) -> None:
    assert problems_of(declaration, (name, "Off")) == []


@pytest.mark.parametrize("declaration", DECLARATIONS)
def test_what_changes_nothing_is_accepted_and_says_why(declaration: Declaration) -> None:
    own = {item.name for item in declaration.settings()}
    for name, reason in declaration.accepted.items():
        if name not in own:
            assert reason
            assert problems_of(declaration, (name, "1")) == []
    assert not own & set(declaration.refused)


def test_an_unknown_property_is_still_an_error() -> None:
    (sentence,) = problems_of(declaration_of("input", "tail"), ("read_from_haed", "on"))
    assert "did you mean read_from_head" in sentence


def test_tls_is_held_to_versions_and_ciphers() -> None:
    context = make_context(
        TlsProperties(
            tls=True, tls_max_version="tlsv1.2", tls_ciphers="ECDHE-RSA-AES128-GCM-SHA256"
        )
    )
    assert context is not None
    assert context.maximum_version == ssl.TLSVersion.TLSv1_2
    older = [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert older == ["ECDHE-RSA-AES128-GCM-SHA256"]
    with pytest.raises(ConfigurationError, match=r"tls\.ciphers: OpenSSL has none of 'none'"):
        make_context(TlsProperties(tls=True, tls_ciphers="none"))


def configured(folder: Path, given: str) -> Path:
    path = folder / "agent.conf"
    path.write_text(
        f"[SERVICE]\n    flush 0.1\n[INPUT]\n    {given}\n"
        "[OUTPUT]\n    name stdout\n    format json_lines\n    json_date_format epoch\n"
    )
    return path


def test_dummy_has_the_times_that_it_is_told(tmp_path: Path) -> None:
    given = (
        "name dummy\n    interval_nsec 1000000\n    samples 3\n"
        "    start_time_sec 1700000000\n    fixed_timestamp on"
    )
    with agent(configured(tmp_path, given)) as running:
        found = eventually(running.lines, lambda lines: len(lines) == 3)
    assert [each["date"] for each in found] == [1700000000] * 3


def test_a_line_that_is_too_long_is_truncated_where_that_is_asked_for(tmp_path: Path) -> None:
    longest = 1024 * 1024
    (tmp_path / "app.log").write_text("x" * (longest + 100) + "\nshort\n")
    given = (
        f"name tail\n    path {tmp_path}/app.log\n    read_from_head on\n"
        "    truncate_long_lines on\n    skip_long_lines on"
    )
    with agent(configured(tmp_path, given)) as running:
        found = eventually(running.lines, lambda lines: len(lines) == 2)
    assert [each["log"] for each in found] == ["x" * longest, "short"]
