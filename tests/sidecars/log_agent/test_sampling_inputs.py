"""The inputs that sample the machine: cpu, mem, disk, netif, proc, thermal, random, head, exec."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pillion_log_agent.inputs.cpu import CpuSampler, parse_process, parse_stat, usage
from pillion_log_agent.inputs.disk import parse_diskstats
from pillion_log_agent.inputs.head import HeadProperties
from pillion_log_agent.inputs.head import sample as head
from pillion_log_agent.inputs.mem import human, parse_meminfo
from pillion_log_agent.inputs.netif import parse_devices
from pillion_log_agent.inputs.proc import ProcProperties, parse_memory
from pillion_log_agent.inputs.proc import sample as proc
from pillion_log_agent.inputs.thermal import ThermalProperties
from pillion_log_agent.inputs.thermal import sample as thermal
from tests.sidecars.log_agent.running import agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

STAT = "cpu  100 20 30 900 5 0 0\ncpu0 60 10 10 400 5\ncpu1 40 10 20 500 0\nintr 1 2\n"
LATER = "cpu  150 20 80 900 5 0 0\ncpu0 110 10 60 400 5\ncpu1 40 10 20 500 0\nintr 1 2\n"


def test_usage_is_in_percent_of_one_processor_and_over_all_of_them() -> None:
    found = usage(parse_stat(STAT), parse_stat(LATER), 1.0)
    assert found == {
        "cpu_p": 50.0,
        "user_p": 25.0,
        "system_p": 25.0,
        "cpu0.p_cpu": 100.0,
        "cpu0.p_user": 50.0,
        "cpu0.p_system": 50.0,
        "cpu1.p_cpu": 0.0,
        "cpu1.p_user": 0.0,
        "cpu1.p_system": 0.0,
    }


def test_a_process_may_have_brackets_and_spaces_in_its_name() -> None:
    text = "7 (a) b (c) S 1 1 1 0 -1 4194560 1 0 0 0 12 34 0 0 20 0 1 0 5 1 1\n"
    assert parse_process(text) == {"cpu": (12, 34)}


def test_a_busy_process_is_seen_to_be_busy() -> None:
    sampler = CpuSampler(os.getpid())
    assert sampler.sample() == []
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    (record,) = sampler.sample()
    assert record["cpu_p"] > 1
    assert record["cpu_p"] == pytest.approx(record["user_p"] + record["system_p"])


def test_memory_is_in_kib() -> None:
    text = "MemTotal: 1000 kB\nMemFree: 400 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nHugePages: 0\n"
    assert parse_meminfo(text) == {
        "Mem.total": 1000,
        "Mem.used": 600,
        "Mem.free": 400,
        "Swap.total": 0,
        "Swap.used": 0,
        "Swap.free": 0,
    }
    assert [human(size) for size in (5, 1536, 3 << 30)] == ["5.00b", "1.50K", "3.00G"]


def test_disks_are_added_up_or_one_is_taken() -> None:
    text = "   8 0 sda 1 0 2 0 1 0 4 0 0 0 0\n   8 16 sdb 1 0 10 0 1 0 20 0 0 0 0\n"
    assert parse_diskstats(text, None) == (12 * 512, 24 * 512)
    assert parse_diskstats(text, "sdb") == (10 * 512, 20 * 512)


def test_an_interface_is_found_by_its_name_and_its_absence_is_said() -> None:
    text = "Inter-| Receive\n face |bytes\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
    assert parse_devices(text, "lo") == list(range(1, 17))
    with pytest.raises(OSError, match="there is no interface 'eth7'"):
        parse_devices(text, "eth7")


def test_a_process_is_found_with_its_memory_and_its_files() -> None:
    assert parse_memory("Name: a\nVmRSS:\t  12 kB\n") == {"mem.VmRSS": 12 * 1024}
    name = Path("/proc/self/comm").read_text().strip()
    (record,) = proc(ProcProperties(proc_name=name))
    assert record["alive"] is True
    assert record["mem.VmRSS"] > 1024
    assert record["fd"] > 1
    assert proc(ProcProperties(proc_name=name, alert=True)) == []
    (gone,) = proc(ProcProperties(proc_name="no such process"))
    assert gone == {"alive": False, "proc_name": "no such process", "pid": -1}


def test_temperatures_are_those_of_zones_that_can_be_read(tmp_path: Path) -> None:
    for name, kind, degrees in (("thermal_zone0", "x86", "45500"), ("thermal_zone1", "acpi", "?")):
        zone = tmp_path / name
        zone.mkdir()
        (zone / "type").write_text(kind + "\n")
        (zone / "temp").write_text(degrees + "\n")
    found = thermal(ThermalProperties(), str(tmp_path / "thermal_zone*"))
    assert found == [{"name": "thermal_zone0", "type": "x86", "temp": 45.5}]


def test_the_head_of_a_file_is_bytes_lines_or_a_field_for_each_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one\ntwo\nthree\n")
    name = str(path)
    assert head(HeadProperties(file=name, buf_size=6)) == [{"head": "one\ntw"}]
    assert head(HeadProperties(file=name, lines=2, key="k")) == [{"k": "one\ntwo"}]
    assert head(HeadProperties(file=name, lines=2, split_line=True, add_path=True)) == [
        {"path": name, "line0": "one", "line1": "two"}
    ]


CONFIGURATION = """
[SERVICE]
    flush 0.05
[INPUT]
    name cpu
    tag cpu
    interval_sec 0
    interval_nsec 50000000
[INPUT]
    name mem
    tag mem
    interval_sec 0
    interval_nsec 50000000
[INPUT]
    name random
    tag random
    samples 3
    interval_sec 0
    interval_nsec 10000000
[INPUT]
    name disk
    tag disk
    interval_sec 0
    interval_nsec 50000000
[INPUT]
    name netif
    interface lo
    tag netif
    interval_sec 0
    interval_nsec 50000000
[INPUT]
    name head
    tag head
    file {file}
    interval_sec 0
    interval_nsec 50000000
[INPUT]
    name exec
    tag exec
    command echo 'out of sh'; echo; echo two
    oneshot on
[INPUT]
    name exec
    tag parsed
    command echo '{{"a": 1}}'; exec sleep 1000
    parser json
[FILTER]
    name record_modifier
    match cpu
    record tag cpu
[FILTER]
    name record_modifier
    match mem
    record tag mem
[OUTPUT]
    name file
    match *
    path {folder}
    format plain
"""


def test_each_of_them_delivers_and_the_agent_ends_with_an_even_ledger(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("first line\n")
    path = tmp_path / "agent.conf"
    (tmp_path / "out").mkdir()
    path.write_text(CONFIGURATION.format(file=tmp_path / "file", folder=tmp_path / "out"))
    wanted = {"cpu", "mem", "random", "disk", "netif", "head", "exec", "parsed"}

    def tags() -> set[str]:
        return {each.name for each in (tmp_path / "out").iterdir()}

    with agent(path) as running:
        eventually(tags, lambda found: found >= wanted)
        eventually(
            lambda: (tmp_path / "out" / "random").read_text().count("\n"), lambda count: count >= 3
        )
        assert running.started.stop() == 0
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["in_flight"] == 0
    out = tmp_path / "out"
    assert (out / "random").read_text().count("\n") == 3
    assert (out / "exec").read_text() == '{"exec":"out of sh"}\n{"exec":"two"}\n'
    assert (out / "parsed").read_text() == '{"a":1}\n'
    assert (out / "head").read_text().startswith('{"head":"first line"}\n')
    assert '"Mem.total":' in (out / "mem").read_text()
