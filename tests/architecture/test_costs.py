"""What a process pays before it has done anything: modules, memory, time.

The budgets are measured figures with room for noise; when one is passed, find the import.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pillion.trust import system_trust

PROGRAM = """
import sys, time
start = time.process_time()
import {module}
spent = time.process_time() - start
with open("/proc/self/status") as status:
    kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
names = sorted(sys.modules)
import json
print(json.dumps([names, kib / 1024, spent]))
"""

HEAVY = ("aiohttp", "httpx", "prometheus_client", "yaml", "msgspec", "bcrypt", "dns", "watchdog")

# module, the MB it may cost (the interpreter's own 9 included), CPU seconds to import it.
BUDGETS = {
    "pillion": (10, 0.05),
    "pillion.errors": (10, 0.05),
    "pillion.metrics": (11.5, 0.1),
    "pillion.settings": (13.5, 0.15),
    "pillion.process": (13.5, 0.15),
    "pillion.tail": (15, 0.3),
    "pillion.web": (39.5, 0.6),
    "pillion.exporter": (39.5, 0.7),
    "pillion_blackbox_exporter.command": (42.5, 0.8),
    "pillion_log_agent.command": (14.5, 0.15),
    "pillion_nginx_exporter.command": (40.5, 0.7),
    "pillion_log_streamer.alone": (16, 0.35),
    "pillion_sidecar.command": (42, 0.8),
}

# What a process cannot begin without, so that there is nothing to put off.
NEEDED = {
    "pillion.web": {"aiohttp", "prometheus_client"},
    "pillion.exporter": {"aiohttp", "prometheus_client"},
    "pillion_blackbox_exporter.command": {"aiohttp", "msgspec", "prometheus_client", "yaml"},
    "pillion_nginx_exporter.command": {"aiohttp", "prometheus_client"},
    "pillion_sidecar.command": {"aiohttp", "prometheus_client"},
}


@pytest.fixture(autouse=True)
def _no_certificates_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)


def cost(module: str) -> tuple[set[str], float, float]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    modules, megabytes, seconds = json.loads(ran.stdout)
    return set(modules), megabytes, seconds


@pytest.mark.parametrize("module", BUDGETS)
def test_an_import_keeps_to_its_budget(module: str) -> None:
    modules, megabytes, seconds = cost(module)
    most_megabytes, most_seconds = BUDGETS[module]
    unasked = set(HEAVY) - NEEDED.get(module, set())
    assert modules.isdisjoint(unasked), "a costly module is imported before it is used"
    assert megabytes <= most_megabytes
    assert seconds <= most_seconds


@pytest.mark.parametrize(
    "module",
    [
        "pillion.errors",
        "pillion.process",
        "pillion.lifecycle",
        "pillion.tail",
        "pillion_log_streamer.alone",
    ],
)
def test_what_needs_no_event_loop_does_not_import_one(module: str) -> None:
    modules, _, _ = cost(module)
    assert modules.isdisjoint({"asyncio", "aiohttp"})


CERTIFICATES = """
import gc, ssl
import {module}
print(sum(one.cert_store_stats()["x509"] for one in gc.get_objects() if type(one) is ssl.SSLContext))
"""


@pytest.mark.parametrize(
    "module",
    [
        "pillion_blackbox_exporter.command",
        "pillion_log_streamer.service",
        "pillion_nginx_exporter.command",
        "pillion.exporter",
        "pillion.process.run",
    ],
)
def test_a_process_does_not_read_what_the_system_trusts_to_serve_pages(module: str) -> None:
    if system_trust()[0] is not None:
        pytest.skip("this system has no folder of certificates by hash")
    ran = subprocess.run(
        [sys.executable, "-c", CERTIFICATES.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(ran.stdout) == 0
