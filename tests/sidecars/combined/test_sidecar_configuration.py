"""What is configured for each role: by flags, by the file, by variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError, UsageError
from pillion.process import ProcessSettings
from pillion_nginx_exporter.settings import NginxSettings
from pillion_sidecar.command import COMMAND
from pillion_sidecar.configuration.file import read_file
from pillion_sidecar.configuration.flags import divide
from pillion_sidecar.configuration.given import Given
from pillion_sidecar.configuration.values import environment_of_roles, values_of
from pillion_sidecar.roles import load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_flag_with_a_role_before_it_is_the_role_s() -> None:
    own, of_roles = divide(
        ["--log.level=debug", "--nginx-exporter.nginx.timeout=2s", "--web.listen-address", ":1"]
    )
    assert own == ["--log.level=debug", "--web.listen-address", ":1"]
    assert of_roles == {"nginx-exporter": Given(("--nginx.timeout=2s",))}


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        (["--log-agent.config.file", "/etc/a.yaml"], ("--config.file=/etc/a.yaml",)),
        (["-log-agent.config.file=/etc/a.yaml"], ("--config.file=/etc/a.yaml",)),
        (["--log-streamer.reclaim"], ("--reclaim=true",)),
        (["--no-log-streamer.inotify"], ("--inotify=false",)),
        (["--log-streamer.no-inotify"], ("--inotify=false",)),
    ],
)
def test_a_flag_of_a_role_is_spelt_as_any_other(
    arguments: list[str], flags: tuple[str, ...]
) -> None:
    own, of_roles = divide(arguments)
    assert own == []
    assert [given.flags for given in of_roles.values()] == [flags]


def test_the_paths_of_the_streamer_are_a_setting_of_its_role() -> None:
    _, of_roles = divide(["--log-streamer.paths=/a.log", "--log-streamer.paths", "/b.log"])
    assert of_roles["log-streamer"].arguments == ("/a.log", "/b.log")


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (
            "--nginx-exporter.nginx.timeot=1s",
            "--nginx-exporter.nginx.timeot=1s: nginx-exporter has no such flag; did you mean "
            "--nginx-exporter.nginx.timeout?",
        ),
        ("--log-agent.config.file", "--log-agent.config.file needs a value, PATH"),
        (
            "--log-agent.config.check",
            "--log-agent.config.check: it is a setting of the whole process, not of a role",
        ),
        (
            "--log-agent.config.explain",
            "--log-agent.config.explain: it prints something and ends; run the log agent by itself "
            "for that",
        ),
        ("--no-log-streamer.inotify=1", "--no-log-streamer.inotify=1: --no-log-streamer.inotify takes no value"),
    ],
)  # fmt: skip
def test_a_wrong_flag_of_a_role_is_refused(argument: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}$"):
        divide([argument])


def test_the_file_maps_a_role_to_settings_under_the_names_of_its_flags(tmp_path: Path) -> None:
    path = tmp_path / "sidecar.yaml"
    path.write_text(
        "nginx-exporter:\n"
        "  nginx.scrape-uri: [http://a/s, http://b/s]\n"
        "  web: {listen-address: ':9113'}\n"
        "blackbox-exporter:\n"
        "log-streamer:\n"
        "  paths: ['/var/log/*.log']\n"
        "  reclaim: true\n"
    )
    assert read_file(str(path)) == {
        "nginx-exporter": Given(
            (
                "--nginx.scrape-uri=http://a/s",
                "--nginx.scrape-uri=http://b/s",
                "--web.listen-address=:9113",
            )
        ),
        "blackbox-exporter": Given(),
        "log-streamer": Given(("--reclaim=true",), ("/var/log/*.log",)),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nginx-exportr: {}", "1: nginx-exportr: unknown role; did you mean 'nginx-exporter'?"),
        ("- nginx-exporter", "must be a mapping from a role to its settings"),
        ("nginx-exporter: 9113", "nginx-exporter: must be a mapping"),
        ("log-agent:\n  buffer.limt: 1MB", "2: log-agent.buffer.limt: unknown setting; did you mean 'buffer.limit'?"),
        ("log-agent:\n  buffer.limit: much", "2: log-agent.buffer.limit: 'much' is not a size"),
        ("log-agent:\n  config.check: true", "log-agent: config.check: it is a setting of the whole process"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "sidecar.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        read_file(str(path))


def test_a_flag_takes_the_place_of_what_the_file_says_of_the_same_setting() -> None:
    in_file = Given(("--nginx.scrape-uri=http://a/s", "--nginx.scrape-uri=http://b/s", "--x=1"))
    given = in_file.overridden_by(Given(("--nginx.scrape-uri=http://c/s",)))
    assert given.flags == ("--x=1", "--nginx.scrape-uri=http://c/s")


def test_a_role_logs_and_drains_as_the_process_does_unless_it_is_told_otherwise() -> None:
    around = ProcessSettings(log_level="warn", drain_timeout=9.0)
    values = values_of(load("nginx-exporter"), Given(("--drain.timeout=3s",)), around, {})
    assert values[ProcessSettings].log_level == "warn"
    assert values[ProcessSettings].drain_timeout == 3.0


def test_a_wrong_value_names_the_role() -> None:
    given = Given(("--nginx.timeout=soon",))
    with pytest.raises(UsageError, match=r"^nginx-exporter: --nginx.timeout: 'soon' is not a dura"):
        values_of(load("nginx-exporter"), given, ProcessSettings(), {})


def test_a_variable_of_a_role_counts_as_in_its_own_container() -> None:
    roles = [load("nginx-exporter"), load("blackbox-exporter")]
    environment = environment_of_roles(COMMAND, roles, {"SCRAPE_URI": "http://a/s"})
    values = values_of(roles[0], Given(), ProcessSettings(), environment)
    assert [target.uri for target in values[NginxSettings].scrape_uri] == ["http://a/s"]


def test_a_variable_that_the_process_reads_is_no_role_s() -> None:
    roles = [load("blackbox-exporter"), load("log-agent")]
    variables = {"PILLION_CONFIG_FILE": "/etc/sidecar.yaml", "PILLION_WEB_LISTEN_ADDRESS": ":1"}
    assert environment_of_roles(COMMAND, roles, variables) == {}


def test_a_variable_that_two_roles_read_is_refused() -> None:
    roles = [load("log-streamer"), load("log-agent")]
    sentence = "PILLION_DRAIN_QUIET is read by log-streamer and log-agent; set it for each of them"
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}"):
        environment_of_roles(COMMAND, roles, {"PILLION_DRAIN_QUIET": "1s"})
