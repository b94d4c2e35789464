"""The command: what it finds by itself, what it refuses, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pillion_inject.command import main
from tests.architecture.workspace import ROOT
from tests.inject.manifests_here import FOLDER
from tests.manifests import manifest_text

SHOP = str(ROOT / "k8s-examples/apps/shop/shop.yaml")
PLAIN = str(FOLDER / "deployment-plain.yaml")


def test_the_shop_gets_its_status_page_target_and_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-f", SHOP, "--nginx", "--probe", "--logs", "/var/log/shop"]) == 0
    out = capsys.readouterr().out
    assert "--nginx.scrape-uri=http://localhost:8080/stub_status" in out
    assert "prometheus.io/target: http://127.0.0.1:8080/" in out
    assert "/var/log/shop/**/*.log" in out


def test_logs_in_the_containers_own_layer_get_a_volume(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-f", PLAIN, "--logs", "/var/log/app"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("name: pillion-logs-var-log-app") == 3
    assert "it is an emptyDir now" in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", PLAIN], "nothing to add: name one or more of --nginx, --probe, --logs PATH"),
        (["--nginx"], "no manifest: -f FILE names one"),
        (["-f", "/nowhere.yaml", "--nginx"], "/nowhere.yaml: No such file or directory"),
        (["-f", PLAIN, "--nginx"], "Deployment/plain: no container runs nginx (example/app:1.4)"),
        (["-f", PLAIN, "--logs", "app.log"], "--logs=app.log is not an absolute path"),
        (["-f", PLAIN, "--logs", "/etc/x.conf"], "/etc is not on a volume"),
        (["-f", PLAIN, "--probe", "--only", "deploy/x"], "there is Deployment/plain"),
        (["-f", PLAIN, "--probe", "--kubernetes-version=new"], "use 1.29, v1.31.2"),
    ],
)
def test_an_error_says_what_would_be_right(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_a_template_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("kind: Pod\nmetadata: {{ .Values.x }} y\n")
    assert main(["-f", str(path), "--probe"]) == 1
    assert f"{path}:2: invalid YAML" in capsys.readouterr().err


def test_an_exporter_that_is_there_is_to_be_swapped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(manifest_text("todo-proxy-nginx-exporter.yaml"))
    assert main(["-f", str(path), "--nginx-uri=http://localhost/stub_status"]) == 1
    assert "'exporter' (nginx/nginx-prometheus-exporter:0.8.0) does this already" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "finding"),
    [
        (["--logs", "/var/log/app"], "/var/log/app is not on a volume"),
        ([], ""),
    ],
)
def test_the_doctor_finds_what_is_wrong_and_nothing_else(
    arguments: list[str], finding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "-f", PLAIN, *arguments]) == (1 if finding else 0)
    out = capsys.readouterr().out
    assert finding in out
    assert bool(out) is bool(finding)
