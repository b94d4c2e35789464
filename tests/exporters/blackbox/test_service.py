"""The exporter as a process: /probe and what stands around it."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)

from pillion_blackbox_exporter.service.timeout import probe_timeout
from tests.exporters.blackbox.running import COMMAND, ask, running, scrape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pillion.testing import Started

CONFIGURATION = """
modules:
  http_2xx: {prober: http}
  vhost: {prober: http, http: {headers: {Host: vhost.example}}}
  banner: {prober: tcp, timeout: 10s, tcp: {query_response: [{expect: nothing-of-this-kind}]}}
  secret: {prober: http, http: {bearer_token: hunter2, headers: {X-Key: hunter3}}}
"""


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with running(configuration=CONFIGURATION, folder=tmp_path_factory.mktemp("bb")) as process:
        yield process


def test_a_probe_is_answered_with_its_metrics(exporter: Started) -> None:
    answer = ask(exporter, f"{exporter.address}/-/healthy")
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "text/plain; version=0.0.4; charset=utf-8",
    )
    assert "\nprobe_success 1\n" in answer.text
    assert "\nprobe_timeout_seconds 119.5\n" in answer.text
    names = [line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")]
    assert names == sorted(names)


def test_a_probe_is_answered_in_openmetrics_where_that_is_asked_for(exporter: Started) -> None:
    target = f"{exporter.address}/-/healthy"
    answer = exporter.get(
        f"/probe?target={target}", headers={"Accept": "application/openmetrics-text;version=1.0.0"}
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in parse_openmetrics(answer.text)}
    assert families["probe_success"].samples[0].value == 1
    assert len(families["probe_http_duration_seconds"].samples) == 5


def test_a_probe_that_fails_is_answered_with_200_too(exporter: Started) -> None:
    seen = scrape(exporter, f"{exporter.address}/nope")
    assert seen.value("probe_success") == 0
    assert seen.value("probe_failure_info", phase="transfer", reason="status") == 1


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/probe", 400, "the parameter target is missing\n"),
        ("/probe?target=", 400, "the parameter target is missing\n"),
        ("/probe?target=a&module=nope", 400, "there is no module 'nope'\n"),
        ("/probe?target=" + "a" * 9000, 400, "the parameter target is too long\n"),
        (
            "/probe?target=a&module=vhost&hostname=other",
            400,
            "the module sends the header Host: vhost.example, and the parameter hostname asks "
            "for other\n",
        ),
        ("/probe?target=a&hostname=a%0d%0ab", 400, "the parameter hostname is not a host name\n"),
        ("/logs", 400, "the parameter id or target is missing\n"),
        ("/logs?id=1&target=a", 400, "give the parameter id or the parameter target, not both\n"),
        ("/logs?module=a", 400, "the parameter module narrows down a target; give that too\n"),
        ("/logs?id=99999", 404, "there is no probe of the id 99999 in the history\n"),
        ("/logs?target=zzz", 404, "there is no probe of the target 'zzz' in the history\n"),
    ],
)
def test_the_requests_fault_is_said(exporter: Started, path: str, status: int, text: str) -> None:
    answer = exporter.get(path)
    assert (answer.status, answer.text) == (status, text)


def test_a_timeout_header_that_is_no_number_is_said(exporter: Started) -> None:
    answer = ask(exporter, "a", timeout="soon")
    assert (answer.status, answer.text) == (
        500,
        "the header x-prometheus-scrape-timeout-seconds is not a number: 'soon'\n",
    )


def test_an_unknown_module_is_counted(exporter: Started) -> None:
    before = exporter.scrape().value("blackbox_module_unknown_total")
    ask(exporter, "a", "nope")
    assert exporter.scrape().value("blackbox_module_unknown_total") == before + 1


def test_a_probe_ends_before_the_scrape_does(exporter: Started) -> None:
    seen = scrape(exporter, exporter.address, "banner", timeout="0.8")
    assert seen.value("probe_failure_info", phase="exchange", reason="timeout") == 1
    assert seen.value("probe_duration_seconds") == pytest.approx(0.3, abs=0.2)


@pytest.mark.parametrize(
    ("header", "module", "offset", "seconds"),
    [
        ("", 0, 0.5, 119.5),
        ("10", 0, 0.5, 9.5),
        ("10", 5, 0.5, 5),
        ("10", 20, 0.5, 9.5),
        ("10", 0, 0, 10),
        ("0.3", 5, 0.5, 5),
        ("0", 5, 0.5, 5),
        ("1e1", 0, 0.5, 9.5),
    ],
)
def test_the_time_of_a_probe(header: str, module: float, offset: float, seconds: float) -> None:
    assert probe_timeout(header, module, offset) == seconds


@pytest.mark.parametrize("header", ["x", "5s", "1,5"])
def test_what_is_no_time(header: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        probe_timeout(header, 0, 0.5)


def test_the_debug_output_has_log_metrics_and_module_without_secrets(exporter: Started) -> None:
    answer = ask(exporter, f"http://user:hunter4@{exporter.address}/", "secret", debug="true")
    assert 'msg="the probe succeeded"' in answer.text
    assert "\nprobe_success 1\n" in answer.text
    assert "bearer_token: <secret>" in answer.text
    assert "hunter" not in answer.text + exporter.log


def test_a_probe_is_found_in_the_history_by_target_and_by_id(exporter: Started) -> None:
    target = f"{exporter.address}/in-the-history"
    scrape(exporter, target)
    by_target = exporter.get(f"/logs?target={target}")
    assert "the status is 404, not 2xx" in by_target.text
    assert exporter.get(f"/logs?target={target}&module=http_2xx").text == by_target.text
    assert exporter.get(f"/logs?target={target}&module=vhost").status == 404
    assert exporter.get("/logs?id=0").status == 200


def test_the_configuration_is_shown_without_secrets(exporter: Started) -> None:
    text = exporter.get("/config").text
    assert "hunter" not in text
    assert "http_2xx:\n    prober: http\n" in text


def test_the_standard_pages_are_there(exporter: Started) -> None:
    assert exporter.get("/-/healthy").status == 200
    assert exporter.get("/-/ready").status == 200
    assert exporter.get("/-/reload").status == 405
    metrics = exporter.scrape()
    assert metrics.value("blackbox_exporter_config_last_reload_successful") == 1
    assert metrics.value("blackbox_exporter_config_last_reload_success_timestamp_seconds") > 1.6e9
    assert metrics.types["blackbox_exporter_build_info"] == "gauge"
    assert metrics.types["blackbox_exporter_probes_total"] == "counter"


def test_what_a_guard_denies_is_answered_with_200_and_the_reason() -> None:
    with running("--probe.deny=127.0.0.0/8", "--probe.deny-metadata") as exporter:
        for target in (exporter.address, "http://169.254.169.254/latest", "http://0xa9fea9fe/"):
            seen = scrape(exporter, target)
            assert seen.value("probe_success") == 0
            assert seen.value("probe_failure_info", phase="resolve", reason="denied") == 1
        assert "whoever reaches this exporter" not in exporter.log


def test_an_open_prober_beyond_loopback_is_warned_of() -> None:
    with running("--web.listen-address=0.0.0.0:0") as exporter:
        exporter.wait_for_log("whoever reaches this exporter can have it probe")


def test_paths_may_have_a_prefix() -> None:
    with running("--web.external-url=https://example.org/blackbox/") as exporter:
        assert exporter.get("/blackbox/metrics").status == 200
        assert exporter.get(f"/blackbox/probe?target={exporter.address}/blackbox/").status == 200
        assert exporter.get("/metrics").status == 404
        assert exporter.get("/").headers["location"] == "/blackbox/"
    with running("--web.external-url=https://a/b", "--web.route-prefix=/") as exporter:
        assert exporter.get("/metrics").status == 200


def test_the_lines_of_probes_have_a_level_of_their_own(tmp_path: Path) -> None:
    with running("--log.prober=debug") as exporter:
        scrape(exporter, f"{exporter.address}/-/healthy")
        exporter.wait_for_log("sending a request")
    with running("--log.prober=error") as quiet:
        scrape(quiet, f"{quiet.address}/-/healthy")
        assert "the probe" not in quiet.log


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("modules: {a: {prober: http}}", 0, "the configuration is valid"),
        ("modules: {a: {prober: htp}}", 1, "did you mean 'http'?"),
    ],
)
def test_the_configuration_can_be_checked_alone(
    tmp_path: Path, text: str, status: int, said: str
) -> None:
    (tmp_path / "b.yml").write_text(text)
    command = [COMMAND, f"--config.file={tmp_path}/b.yml", "--config.check"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ran.returncode == status
    assert said in ran.stderr


def test_a_configuration_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    command = [COMMAND, f"--config.file={tmp_path}/none.yml", "--config.check"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ran.returncode == 1
    assert f"{tmp_path}/none.yml: cannot be read: No such file or directory" in ran.stderr


def test_without_a_flag_blackbox_yml_in_the_working_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / "blackbox.yml").write_text("modules: {only_here: {prober: tcp}}")
    with running(folder=tmp_path) as exporter:
        assert exporter.get("/config").text == "modules:\n  only_here:\n    prober: tcp\n"


def test_it_ends_at_sigterm_with_the_probes_in_hand_finished() -> None:
    with running() as exporter:
        exporter.wait_for_log("listening")
        exporter.signal(signal.SIGTERM)
        assert exporter.wait() == 0
