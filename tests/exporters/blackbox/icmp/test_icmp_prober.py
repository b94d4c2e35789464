"""The ICMP prober against this machine's own kernel, and against routers in namespaces.

Each test of privilege runs in a network namespace of its own, where `ping_group_range` can be
set, the process given up its capabilities, and a router put between two hosts.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.architecture.workspace import ROOT
from tests.exporters.blackbox.probed import probed

PLAIN = "prober: icmp"

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0
    or not shutil.which("unshare")
    or not shutil.which("ip")
    or not shutil.which("setpriv")
    or subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode != 0,
    reason="network namespaces need root, unshare, ip and setpriv",
)
needs_privilege = pytest.mark.skipif(os.geteuid() != 0, reason="a raw socket needs CAP_NET_RAW")

ALONE = "ip link set lo up; "
EVERY_GROUP = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range; "
NO_GROUP = "echo 1 0 > /proc/sys/net/ipv4/ping_group_range; "
WITHOUT_CAPABILITIES = (
    "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all"
)

# A host, a router and a server, each in a namespace of its own.
ROUTED = """
ip link set lo up
unshare -n sleep 30 >/dev/null 2>&1 & router=$!
unshare -n sleep 30 >/dev/null 2>&1 & server=$!
trap 'kill $router $server' EXIT
for other in $router $server; do
  until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
done
ip link add left0 type veth peer name left1 netns $router
ip address add 10.9.1.1/24 dev left0
ip link set left0 up
ip route add default via 10.9.1.2
in_router="nsenter -n -t $router ip" in_server="nsenter -n -t $server ip"
$in_router link add right1 type veth peer name right0 netns $server
$in_router address add 10.9.1.2/24 dev left1
$in_router address add 10.9.2.1/24 dev right1
$in_router link set lo up
$in_router link set left1 up
$in_router link set right1 up mtu 1000
$in_router route add unreachable 10.9.3.0/24
nsenter -n -t $router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
$in_server address add 10.9.2.2/24 dev right0
$in_server link set lo up
$in_server link set right0 up mtu 1000
$in_server route add default via 10.9.2.1
"""


def probe_in_namespace(setup: str, target: str, text: str, before: str = "") -> dict[str, Any]:
    """Probe in a fresh network namespace after some shell commands."""
    script = f'{setup}\n{before} {sys.executable} -m tests.exporters.blackbox.icmp.in_a_namespace "$1" "$2"'
    ran = subprocess.run(
        ["unshare", "-n", "sh", "-ec", script, "sh", target, text],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


@needs_privilege
@pytest.mark.parametrize(("target", "version"), [("127.0.0.1", 4), ("::1", 6)])
async def test_a_host_that_replies_is_well(target: str, version: int) -> None:
    found = await probed(target, PLAIN)
    assert found.success, found.log
    assert found.value("probe_ip_protocol") == version
    assert found.value("probe_icmp_reply_hop_limit") == 64
    assert 0 < found.value("probe_icmp_duration_seconds", phase="rtt") < 0.5
    phases = [each["phase"] for each in found.scrape.labels("probe_icmp_duration_seconds")]
    assert phases == ["resolve", "setup", "rtt"]


@needs_privilege
@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("size", [0, 1, 56, 9000, 65_507])
async def test_a_payload_of_any_size_comes_back(target: str, size: int) -> None:
    found = await probed(target, f"prober: icmp\nicmp: {{payload_size: {size}}}")
    assert found.success, found.sentence


@needs_privilege
async def test_the_request_leaves_with_its_ttl_and_source() -> None:
    """The kernel replies from the loopback with the usual TTL, whatever the request's was."""
    found = await probed(
        "127.0.0.1",
        "prober: icmp\nicmp: {ttl: 1, source_ip_address: 127.0.0.9, dont_fragment: true}",
    )
    assert found.success, found.sentence


@needs_privilege
async def test_many_probes_at_once_take_each_its_own_reply() -> None:
    found = await asyncio.gather(*(probed("127.0.0.1", PLAIN) for _ in range(50)))
    assert all(each.success for each in found)


async def test_a_name_that_is_none_has_no_reply() -> None:
    found = await probed("no such name", PLAIN)
    assert (found.phase, found.reason) == ("resolve", "dns_nxdomain")
    assert found.value("probe_ip_protocol") == 0


@needs_namespaces
@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
def test_no_privilege_is_needed_where_ping_sockets_are_allowed(target: str) -> None:
    text = "prober: icmp\nicmp: {payload_size: 56, ttl: 9, dont_fragment: true}"
    said = probe_in_namespace(ALONE + EVERY_GROUP, target, text, WITHOUT_CAPABILITIES)
    assert said["success"], said
    assert "raw=false" in said["log"]
    assert said["hops"] == 64


@needs_namespaces
def test_a_raw_socket_is_used_where_ping_sockets_are_not_allowed() -> None:
    said = probe_in_namespace(ALONE + NO_GROUP, "127.0.0.1", PLAIN)
    assert said["success"], said
    assert "raw=true" in said["log"]


@needs_namespaces
def test_without_either_the_reason_says_what_would_help() -> None:
    said = probe_in_namespace(ALONE + NO_GROUP, "127.0.0.1", PLAIN, WITHOUT_CAPABILITIES)
    assert (said["phase"], said["reason"]) == ("setup", "permission")
    advice = '`sysctls: [{name: net.ipv4.ping_group_range, value: "0 2147483647"}]`'
    assert advice in said["sentence"]
    assert "CAP_NET_RAW" in said["sentence"]


@needs_namespaces
def test_a_network_without_a_route_is_unreachable() -> None:
    said = probe_in_namespace(ALONE + EVERY_GROUP, "192.0.2.1", PLAIN)
    assert (said["phase"], said["reason"]) == ("setup", "unreachable")


@needs_namespaces
@pytest.mark.parametrize("groups", [EVERY_GROUP, NO_GROUP], ids=["ping socket", "raw socket"])
class TestBehindARouter:
    def probe(self, groups: str, target: str, keys: str) -> dict[str, Any]:
        return probe_in_namespace(ROUTED + groups, target, f"prober: icmp\nicmp: {keys}")

    def test_the_reply_has_lost_a_hop(self, groups: str) -> None:
        said = self.probe(groups, "10.9.2.2", "{payload_size: 1400}")
        assert said["success"], said
        assert said["hops"] == 63

    def test_a_ttl_that_is_used_up_ends_the_probe_at_once(self, groups: str) -> None:
        said = self.probe(groups, "10.9.2.2", "{ttl: 1}")
        assert (said["phase"], said["reason"]) == ("rtt", "unreachable")

    def test_a_request_that_may_not_be_fragmented_does_not_fit(self, groups: str) -> None:
        said = self.probe(groups, "10.9.2.2", "{payload_size: 1400, dont_fragment: true}")
        assert not said["success"]
        assert said["sentence"] == "waiting for the reply: message too long"

    def test_a_network_that_the_router_does_not_reach_is_unreachable(self, groups: str) -> None:
        said = self.probe(groups, "10.9.3.1", "{}")
        assert (said["phase"], said["reason"]) == ("rtt", "unreachable")
