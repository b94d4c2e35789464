"""The peer's configuration: both languages, what is refused, and what the rules make of a line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import yaml

from pillion.errors import ConfigurationError, UsageError
from pillion.log import Logger
from pillion.settings import parse
from pillion_nginx_exporter.command import COMMAND, _prepare
from pillion_nginx_exporter.nginxlog_config.document import read_document
from pillion_nginx_exporter.nginxlog_config.load import as_yaml
from pillion_nginx_exporter.nginxlog_config.relabel import rules_of
from pillion_nginx_exporter.nginxlog_config.schema import Match, Relabel
from tests.exporters.nginx.nginxlog_config.configurations import HCL, LINES, STRAYS, YAML, written
from tests.exporters.nginx.serving import built, exporting

if TYPE_CHECKING:
    from pathlib import Path

    from pillion.testing import Scrape

COUNT = "shop_http_response_count_total"


def value(text: str, **settings: object) -> str:
    rule = rules_of([Relabel(target_label="x", source="request", **settings)])[-1]  # type: ignore[arg-type]
    return rule.value(text.encode())


def test_both_languages_say_the_same(tmp_path: Path) -> None:
    in_yaml = read_document(written(tmp_path, YAML, "yaml", tmp_path / "log")).data
    in_hcl = read_document(written(tmp_path, HCL, "hcl", tmp_path / "log")).data
    in_yaml["namespaces"][1]["source"] = {"files": in_yaml["namespaces"][1].pop("source_files")}
    assert in_hcl == in_yaml


def test_hcl_converted_to_yaml_is_the_same_configuration(tmp_path: Path) -> None:
    path = written(tmp_path, HCL, "hcl", tmp_path / "log")
    assert yaml.safe_load(as_yaml(path)) == read_document(path).data


@pytest.mark.parametrize("suffix", ["yaml", "hcl"])
async def test_a_log_counts_under_the_namespaces_of_the_file(tmp_path: Path, suffix: str) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(f"{line}\n" for line in (*LINES, *STRAYS)))
    path = written(tmp_path, HCL if suffix == "hcl" else YAML, suffix, log)
    async with exporting(f"--config-file={path}", "--nginx.access-log.from-head") as exporter:
        scrape = await until(exporter.scrape, COUNT, len(LINES))
        page = (await exporter.client.get("/")).text
    labels = {"app": "shop", "agent": "curl", "method": "GET", "status": "200", "user": "-"}
    assert scrape.value(COUNT, path="/users/:id/posts?q=1", **labels) == 1
    assert scrape.value("shop_http_response_size_bytes", **labels) == 512
    assert scrape.value("shop_http_response_time_seconds_hist_bucket", le="0.005", **labels) == 1
    assert scrape.value(COUNT, **{**labels, "user": "other", "status": "304", "path": "/static"})
    assert scrape.value("web_http_response_count_total", method="GET", status="200", vhost="blog")
    assert scrape.value("shop_parse_errors_total") == len(STRAYS)
    assert "nginx_up" not in scrape.types
    assert page.count("Access log") == 2


async def until(scraped: object, name: str, total: int) -> Scrape:
    async with asyncio.timeout(20):
        while True:
            scrape: Scrape = await scraped()  # type: ignore[operator]
            if sum(scrape.value(name, **labels) for labels in scrape.labels(name)) >= total:
                return scrape
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("GET /a HTTP/1.1", {"split": 2}, "/a"),
        ("GET", {"split": 2}, ""),
        ("a,b,c", {"split": 3, "separator": ","}, "c"),
        ("b", {"whitelist": ["a"]}, "other"),
        (
            "/a/1",
            {"matches": [Match(regexp="^/b"), Match(regexp="[0-9]", replacement=":n")]},
            "/a/:n",
        ),
        ("/a/1", {"matches": [Match(regexp="^/b", replacement="x")]}, ""),
        ("/a/1", {"matches": [Match(replacement="")]}, "/a/1"),
        ("ab", {"matches": [Match(regexp="(?P<x>a)(c)?", replacement="${x}-$2-$3-$$")]}, "a---$b"),
        ("aa", {"matches": [Match(regexp="a", replacement="$1x")]}, ""),
        ("aab", {"matches": [Match(regexp="^a", replacement="x")]}, "xab"),
        ("aab", {"matches": [Match(regexp="^a|b", replacement="x")]}, "xax"),
        ("a\na", {"matches": [Match(regexp="(?m)^a", replacement="x")]}, "x?x"),
        ("a\na", {"matches": [Match(regexp="^(?m:^a)", replacement="x")]}, "x?a"),
        ("éa", {"matches": [Match(regexp="^é", replacement="x")]}, "xa"),
        ("\x1b[2J\n", {}, "?[2J?"),
        ("x" * 500, {}, "x" * 200),
    ],
)
def test_a_rule_makes_of_a_field(text: str, settings: dict[str, object], expected: str) -> None:
    assert value(text, **settings) == expected


def test_a_label_of_a_pattern_with_many_repeats_takes_no_time() -> None:
    assert not value("a" * 5000 + "!", matches=[Match(regexp="^(a+)+$", replacement="x")])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("namespaces: []", ": has no namespaces"),
        ("namespaces:\n- name: a\n", ":2: namespaces[0]: has no source"),
        ("namespaces:\n- name: a\n  print_log: true\n", ":3: namespaces[0].print_log: is not supp"),
        ("consul: {enable: true}\n", ":1: consul: is not supported"),
        ("namespaces:\n- name: a\n  sources: {}\n", ":3: namespaces[0].sources: unknown key"),
        ("namespaces:\n- name: a b\n", "namespaces[0].name: cannot begin"),
        (
            "namespaces:\n- name: a\n  source_files: [x]\n  format: y\n",
            ":4: namespaces[0].format: 'y'",
        ),
        (
            "namespaces:\n- name: a\n  source:\n    syslog:\n      listen_address: tcp://:1\n",
            ":5: namespaces[0].source.syslog.listen_address: is not supported",
        ),
        (
            "namespaces:\n- name: a\n  source_files: [x]\n  relabel_configs:\n"
            "  - {target_label: x, from: y, matches: [{regexp: '('}]}\n",
            "namespaces[0].relabel_configs: match '(' is not a pattern of Go's",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(tmp_path: Path, text: str, error: str) -> None:
    path = tmp_path / "exporter.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        built(f"--config-file={path}")
    assert str(caught.value).startswith(str(path))
    assert error in str(caught.value)


def test_an_error_in_hcl_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "exporter.hcl"
    path.write_text('namespace "a" {\n  relabel "x" {\n    form = "y"\n  }\n}\n')
    with pytest.raises(ConfigurationError) as caught:
        built(f"--config-file={path}")
    assert f"{path}:3: namespaces[0].relabel_configs[0].form: unknown key" in str(caught.value)


def prepared(*arguments: str, **environment: str) -> tuple[int, dict[str, str]]:
    status = _prepare(environment, parse(COMMAND, arguments, {}), Logger())
    return status, environment


def test_it_listens_where_the_file_says_unless_told_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path, HCL, "hcl", tmp_path / "log")
    expected = {"LISTEN_ADDRESS": "127.0.0.1:14040", "TELEMETRY_PATH": "/custom"}
    assert prepared(f"--config-file={path}")[1] == expected
    told = prepared(f"--config-file={path}", LISTEN_ADDRESS=":1", TELEMETRY_PATH="/m")[1]
    assert told == {"LISTEN_ADDRESS": ":1", "TELEMETRY_PATH": "/m"}


def test_config_convert_prints_the_yaml_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HCL, "hcl", tmp_path / "log")
    assert prepared(f"--config-file={path}", "--config.convert")[0] == 0
    assert yaml.safe_load(capsys.readouterr().out) == read_document(path).data


def test_config_convert_needs_a_file() -> None:
    with pytest.raises(UsageError, match="needs --config-file"):
        prepared("--config.convert")


async def test_rules_make_a_label_of_the_path(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    paths = ("/users/12?key=secret", "/users/7/posts", "/static/a.css", "/admin", "/\\x1b[2J")
    log.write_text("".join(f'"GET {path} HTTP/1.1" 200 1\n' for path in paths))
    flags = (
        f"--nginx.access-log={log}",
        "--nginx.access-log.from-head",
        '--nginx.log-format="$request" $status $body_bytes_sent',
        "--nginx.access-log.path=^/users/[0-9]+=/users/:id",
        "--nginx.access-log.path=^/static/.*=/static",
    )
    name = "nginx_http_response_count_total"
    async with exporting(*flags) as exporter:
        scrape = await until(exporter.scrape, name, len(paths))
    assert {labels["path"]: scrape.value(name, **labels) for labels in scrape.labels(name)} == {
        "/users/:id": 1,
        "/users/:id/posts": 1,
        "/static": 1,
        "other": 2,
    }


@pytest.mark.parametrize("rule", ["", "x", "=y", "(=y"])
def test_a_rule_for_paths_that_is_none_is_refused(tmp_path: Path, rule: str) -> None:
    with pytest.raises(UsageError, match=r"nginx\.access-log\.path"):
        built(f"--nginx.access-log={tmp_path}/log", f"--nginx.access-log.path={rule}")
