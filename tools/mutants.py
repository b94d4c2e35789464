"""Change one thing of the code at a time, and see whether a test finds out.

    make mutants ROOM=delivery MOST=100

Works on a copy of what git tracks. It prints each change that survived, and the share that was
found. The changes are drawn by a seed, as all of them take hours. It is no part of CI.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AGENT = "sidecars/log-agent/src/pillion_log_agent"
AGENT_TESTS = "tests/sidecars/log_agent"
SECONDS = 90.0
UNTYPED = "BitOr"
"""An annotation like `int | None` is no code: to change it changes nothing."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is changed, and which tests have to find out."""

    modules: tuple[str, ...]
    tests: str


ROOMS = {
    "tail": Room(("core/src/pillion/tail",), "tests/core/tail"),
    "delivery": Room(
        (
            f"{AGENT}/appending.py",
            f"{AGENT}/inputs/synced.py",
            f"{AGENT}/outputs/elasticsearch/results.py",
            f"{AGENT}/outputs/splitting.py",
            f"{AGENT}/pipeline/deadletter.py",
            f"{AGENT}/pipeline/delivery.py",
            f"{AGENT}/pipeline/dispatch.py",
            f"{AGENT}/pipeline/outage.py",
            f"{AGENT}/records/receipt.py",
        ),
        " ".join(
            f"{AGENT_TESTS}/test_{name}.py"
            for name in ("dispatch", "receipts", "dead_letters", "synced", "outputs", "outages")
        )
        + " -k 'not whole_agent'",
    ),
}


def copied(folder: Path) -> None:
    """Copy what git tracks, as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def changes(paths: list[Path], folder: Path) -> list[Any]:
    """Return everything that can be changed in modules."""
    from cosmic_ray.commands.init import init  # noqa: PLC0415  # it is in an environment of its own
    from cosmic_ray.work_db import WorkDB, use_db  # noqa: PLC0415  # as above

    with use_db(str(folder / "changes.sqlite"), WorkDB.Mode.create) as database:
        init(paths, database, {})
        found = [item.mutations for item in database.work_items]
    return [each for each in found if UNTYPED not in each[0].operator_name]


def main() -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--most", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from cosmic_ray.mutating import mutate_and_test  # noqa: PLC0415  # as above
    from cosmic_ray.work_item import TestOutcome  # noqa: PLC0415  # as above

    room = ROOMS[given.room]
    folder = Path(tempfile.mkdtemp(prefix="pillion-mutants-"))
    copied(folder)
    os.chdir(folder)
    sources = sorted(str(each) for each in folder.glob("*/src")) + sorted(
        str(each) for each in folder.glob("*/*/src")
    )
    os.environ["PYTHONPATH"] = os.pathsep.join(sources)
    python = shlex.quote(str(ROOT / ".venv/bin/python"))
    command = f"{python} -B -m pytest -q -x -p no:cacheprovider {room.tests}"
    if subprocess.run(shlex.split(command), check=False).returncode:
        print("the tests fail without a change", file=sys.stderr)
        return 1
    paths = [
        path
        for each in room.modules
        for path in ([Path(each)] if each.endswith(".py") else sorted(Path(each).rglob("*.py")))
    ]
    everything = changes(paths, folder)
    draw = random.Random(given.seed)  # noqa: S311  # no secret
    drawn = draw.sample(everything, min(given.most, len(everything)))
    survivors = 0
    for mutations in drawn:
        result = mutate_and_test(mutations, command, SECONDS)
        if result.test_outcome == TestOutcome.SURVIVED:
            survivors += 1
            print(f"survived: {mutations[0].operator_name}\n{result.diff}", flush=True)
    found = len(drawn) - survivors
    print(f"{given.room}: {found} of {len(drawn)} changes found ({len(everything)} are possible)")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
