"""Runs one ICMP probe in this process and prints what came of it as JSON; see the tests."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.exporters.blackbox.probed import probed


async def main() -> None:
    target, text = sys.argv[1:]
    found = await probed(target, text, timeout=2)
    said = {
        "success": found.success,
        "phase": found.phase,
        "reason": found.reason,
        "sentence": found.sentence,
        "log": found.log,
        "hops": found.scrape.series.get(("probe_icmp_reply_hop_limit", frozenset())),
    }
    print(json.dumps(said))  # noqa: T201


asyncio.run(main())
