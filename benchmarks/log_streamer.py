"""The log streamer beside GNU tail and busybox's, on the same files, in one run.

BENCH_GIGABYTES=10 streams more, BENCH_ROTATIONS=10000 rotates more often; the defaults end within
two minutes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.processes import ours
from benchmarks.report import Row, progress, ratio, show
from benchmarks.streams import LINE, Streaming, latencies, trickle

GIGABYTES = float(os.environ.get("BENCH_GIGABYTES", "1"))
ROTATIONS = int(os.environ.get("BENCH_ROTATIONS", "1000"))
ROUNDS = 3
IDLE_FILES = 100
IDLE_SECONDS = 10.0
TRICKLE_SECONDS = 4.0
OUTPUTS = ("raw", "prefix", "json")
RATES = (1, 100, 10_000, 100_000)

GOAL_LINES, GOAL_P50, GOAL_P99, GOAL_IDLE, GOAL_RSS = 1e6, 3.0, 20.0, 0.2, 18.0


def main() -> None:
    us = ours("pillion-log-streamer")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "app.log"
        size = write(path, int(GIGABYTES * 1e9))
        show(f"log streamer: {size / 1e9:g} GB of 134-byte lines to a pipe", bulk(us, path, size))
        path.unlink()
        show("log streamer: steady trickles", trickles(us, folder))
        show("log streamer: at rest, and over time", rest(us, folder))


def write(path: Path, size: int) -> int:
    block = LINE * 10_000
    with path.open("wb", buffering=0) as file:
        for _ in range(max(1, size // len(block))):
            file.write(block)
    return path.stat().st_size


def peers(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]]
    found = [("GNU tail", ("tail", "-n", "+1", "-F", str(path)))]
    if shutil.which("busybox"):
        found.append(("busybox tail", ("busybox", "tail", "-n", "+1", "-F", str(path))))
    return found


def bulk(us: str, path: Path, size: int) -> list[Row]:
    commands: dict[str, tuple[str, ...]] = {"raw": (us, str(path))}
    commands |= {form: (us, f"--output={form}", str(path)) for form in ("prefix", "json")}
    commands |= dict(peers(path))
    wall: dict[str, list[float]] = {name: [] for name in commands}
    cpu: dict[str, list[float]] = {name: [] for name in commands}
    peak: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(ROUNDS):
        for name, command in commands.items():
            progress(f"round {number + 1} of {ROUNDS}: {name}")
            with Streaming(command) as streaming:
                at_least = size if name not in ("prefix", "json") else size + 1
                wall[name].append(streaming.read_until(at_least, quiet=0.2))
                cpu[name].append(streaming.cpu)
                peak[name].append(streaming.peak_rss)
    rows = []
    for peer in [name for name, _ in peers(path)]:
        goal = "at most 1" if peer == "GNU tail" else ""
        for what, figures in (("wall, s", wall), ("CPU, s", cpu)):
            good = ratio(figures["raw"], figures[peer]) <= 1 if goal else None
            rows.append(
                Row(f"raw, {what}, beside {peer}", figures["raw"], figures[peer], goal, good)
            )
    lines = size / len(LINE)
    for form in ("prefix", "json"):
        rates = [lines / seconds for seconds in cpu[form]]
        rows.append(
            Row(
                f"{form}, million lines a CPU second",
                [rate / 1e6 for rate in rates],
                goal="at least 1",
                is_met=min(rates) >= GOAL_LINES,
            )
        )
    return [*rows, *(Row(f"{form}, peak RSS, MB", peak[form]) for form in OUTPUTS)]


def trickles(us: str, folder: Path) -> list[Row]:
    rows = []
    path = folder / "trickle.log"
    for rate in RATES:
        results: dict[str, tuple[float, list[float]]] = {}
        for name, command in [("ours", (us, str(path))), *peers(path)]:
            progress(f"{rate} lines a second: {name}")
            path.write_bytes(b"")
            with Streaming(command) as streaming:
                streaming.settle(1.0)
                before = streaming.cpu
                seconds = TRICKLE_SECONDS if rate > 1 else 2 * TRICKLE_SECONDS
                with trickle(path, rate, seconds):
                    found = latencies(streaming, seconds + (1.5 if name != "ours" else 0.5))
                results[name] = ((streaming.cpu - before) / seconds * 100, found)
            path.unlink()
        rows += _trickle_rows(rate, results)
    return rows


def _trickle_rows(rate: int, results: dict[str, tuple[float, list[float]]]) -> list[Row]:
    rows = []
    our_cpu, our_latency = results["ours"]
    for peer, (cpu, latency) in results.items():
        if peer == "ours":
            continue
        has_goal = rate == 100 and peer == "GNU tail"
        rows.append(Row(f"{rate}/s, CPU, % of a core, beside {peer}", [our_cpu], [cpu]))
        for share, goal in ((50, GOAL_P50), (99, GOAL_P99)):
            ours_at, theirs = percentile(our_latency, share), percentile(latency, share)
            rows.append(
                Row(
                    f"{rate}/s, latency p{share}, ms, beside {peer}",
                    [ours_at],
                    [theirs],
                    f"at most {goal:g}" if has_goal else "",
                    ours_at <= goal if has_goal else None,
                )
            )
    return rows


def percentile(values: list[float], share: int) -> float:
    ordered = sorted(values) or [float("nan")]
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def rest(us: str, folder: Path) -> list[Row]:
    idle = folder / "idle"
    idle.mkdir()
    for number in range(IDLE_FILES):
        (idle / f"{number}.log").write_bytes(LINE)
    progress(f"{IDLE_FILES} idle files for {IDLE_SECONDS:g} s")
    with Streaming((us, f"{idle}/*.log")) as streaming:
        streaming.settle(3.0)
        before = streaming.cpu
        streaming.settle(IDLE_SECONDS)
        share = (streaming.cpu - before) / IDLE_SECONDS * 100
        rss_of_many = streaming.rss
    path = folder / "rotated.log"
    path.write_bytes(LINE)
    with Streaming((us, str(path))) as streaming:
        streaming.settle(3.0)
        at_rest = streaming.rss
        progress(f"{ROTATIONS} rotations")
        for number in range(ROTATIONS):
            path.rename(folder / f"rotated.log.{number % 5}")
            path.write_bytes(LINE)
            streaming.read_until(streaming.count + len(LINE), quiet=0.0)
        after = streaming.rss
    return [
        Row(
            f"CPU with {IDLE_FILES} idle files, % of a core",
            [share],
            goal=f"at most {GOAL_IDLE:g}",
            is_met=share <= GOAL_IDLE,
        ),
        Row(f"RSS with {IDLE_FILES} idle files, MB", [rss_of_many]),
        Row("RSS at rest, MB", [at_rest], goal=f"at most {GOAL_RSS:g}", is_met=at_rest <= GOAL_RSS),
        Row(
            f"RSS after {ROTATIONS} rotations, MB",
            [after],
            goal="at most 0.5 more",
            is_met=after - at_rest <= 0.5,
        ),
    ]


if __name__ == "__main__":
    main()
