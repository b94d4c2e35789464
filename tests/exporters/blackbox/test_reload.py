"""Reloading: whole or not at all, by request, by signal, and by itself."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.running import running

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.testing import Started

ONE = "modules: {one: {prober: tcp}}"
TWO = "modules: {two: {prober: tcp}}"
BROKEN = "modules: {three: {prober: tpc}}"


def modules(exporter: Started) -> str:
    return exporter.get("/config").text


def wait_until_shown(exporter: Started, name: str) -> None:
    end = time.monotonic() + 10
    while name not in modules(exporter):
        assert time.monotonic() < end, f"{name} was never taken up:\n{exporter.log}"
        time.sleep(0.02)


def test_a_reload_takes_up_the_file(tmp_path: Path) -> None:
    with running(configuration=ONE, folder=tmp_path) as exporter:
        (tmp_path / "blackbox.yml").write_text(TWO)
        assert exporter.get("/-/reload", method="POST").status == 200
        assert "two" in modules(exporter)
        (tmp_path / "blackbox.yml").write_text(ONE)
        exporter.signal(signal.SIGHUP)
        wait_until_shown(exporter, "one")


def test_a_reload_that_fails_leaves_the_old_configuration_and_says_why(tmp_path: Path) -> None:
    with running(configuration=ONE, folder=tmp_path) as exporter:
        (tmp_path / "blackbox.yml").write_text(BROKEN)
        answer = exporter.get("/-/reload", method="POST")
        assert answer.status == 500
        assert "modules.three.prober: 'tpc' is not a prober; did you mean 'tcp'?" in answer.text
        assert "one" in modules(exporter)
        name = "blackbox_exporter_config_last_reload_successful"
        assert exporter.scrape().value(name) == 0
        (tmp_path / "blackbox.yml").write_text(TWO)
        assert exporter.get("/-/reload", method="POST").status == 200
        assert exporter.scrape().value(name) == 1


@pytest.mark.parametrize("text", ["", "# being written", "modules:", "modules: {one: {prober: t"])
def test_a_file_that_is_being_written_does_not_drop_the_modules(tmp_path: Path, text: str) -> None:
    with running(configuration=ONE, folder=tmp_path) as exporter:
        (tmp_path / "blackbox.yml").write_text(text)
        assert exporter.get("/-/reload", method="POST").status == 500
        assert "one" in modules(exporter)


def test_a_file_of_brackets_leaves_the_process_and_its_configuration_alone(tmp_path: Path) -> None:
    with running(configuration=ONE, folder=tmp_path) as exporter:
        (tmp_path / "blackbox.yml").write_text("[" * 50_000)
        answer = exporter.get("/-/reload", method="POST")
        assert answer.status == 500
        assert "blackbox.yml:1: is nested more than 100 levels deep" in answer.text
        assert "one" in modules(exporter)


def test_a_config_map_is_taken_up_by_itself_when_its_link_is_swapped(tmp_path: Path) -> None:
    for name, text in (("v1", ONE), ("v2", TWO)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "blackbox.yml").write_text(text)
        # A rollback may bring back an older file; its content is what counts.
        os.utime(tmp_path / name / "blackbox.yml", (1, 1))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "blackbox.yml").symlink_to("..data/blackbox.yml")
    flags = ("--config.enable-auto-reload", "--config.auto-reload-interval=0.1")
    with running(*flags, f"--config.file={tmp_path}/blackbox.yml") as exporter:
        assert "one" in modules(exporter)
        for name, shown in (("v2", "two"), ("v1", "one")):
            (tmp_path / "..new").symlink_to(name)
            (tmp_path / "..new").rename(tmp_path / "..data")
            wait_until_shown(exporter, shown)


def test_a_broken_file_is_tried_once_and_not_at_every_look(tmp_path: Path) -> None:
    flags = ("--config.enable-auto-reload", "--config.auto-reload-interval=0.05")
    with running(*flags, configuration=ONE, folder=tmp_path) as exporter:
        (tmp_path / "blackbox.yml").write_text(BROKEN)
        exporter.wait_for_log("the configuration was not reloaded")
        (tmp_path / "blackbox.yml").write_text(TWO)
        wait_until_shown(exporter, "two")
        assert exporter.log.count("the configuration was not reloaded") == 1


def test_probes_in_hand_keep_the_configuration_that_they_began_with(tmp_path: Path) -> None:
    with running(configuration=ONE, folder=tmp_path) as exporter:
        before = exporter.get(f"/probe?module=one&target={exporter.address}")
        (tmp_path / "blackbox.yml").write_text(TWO)
        exporter.get("/-/reload", method="POST")
        after = exporter.get(f"/probe?module=one&target={exporter.address}")
        assert (before.status, after.status) == (200, 400)
        assert "The module:\n\nprober: tcp" in exporter.get("/logs?id=0").text
