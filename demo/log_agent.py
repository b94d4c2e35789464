"""The log agent's part: it parses the application's log too, and keeps every tenth line."""

from __future__ import annotations

from demo.stage import Stage, fetch, free_port, wait_for
from pillion.testing import Scrape

CONFIGURATION = r"""
service: {{flush: 1}}
parsers:
  - name: application
    format: regex
    regex: '^(?<time>\S+) (?<level>\S+) (?<message>.*)$'
    time_key: time
    time_format: '%Y-%m-%dT%H:%M:%S'
pipeline:
  inputs:
    - {{name: tail, path: {folder}/logs/app.log, tag: demo.app, parser: application,
        read_from_head: on, db: {folder}/positions}}
  filters:
    - {{name: grep, match: demo.*, regex: message 0$}}
  outputs:
    - {{name: file, match: demo.*, path: {folder}, file: kept.log}}
"""


class LogAgentPart:
    """`pillion-log-agent` with a parser, a filter and a file; see its page for the pipeline."""

    title = "log agent"

    def __init__(self) -> None:
        self.page = ""

    def start(self, stage: Stage) -> None:
        """Start the agent on the log that the application before writes."""
        port = free_port()
        self.page = f"http://127.0.0.1:{port}/"
        path = stage.folder / "fluent-bit.yaml"
        path.write_text(CONFIGURATION.format(folder=stage.folder))
        name = "pillion-log-agent"
        stage.run_ours(name, "-c", str(path), f"--web.listen-address=127.0.0.1:{port}")
        wait_for(f"{self.page}-/healthy", stage.folder / f"{name}.log")

    def figures(self) -> list[str]:
        """Return what became of the records that were read: nothing is unaccounted for."""
        text = fetch(f"{self.page}metrics")
        if not text:
            return ["the agent does not answer"]
        scrape = Scrape.parse(text)
        name = "pillion_log_agent_records_total"
        states = {labels["state"]: labels for labels in scrape.labels(name)}
        counts = {state: scrape.value(name, **labels) for state, labels in states.items()}
        in_flight = scrape.value("pillion_log_agent_records_in_flight")
        delivered, filtered = counts.get("delivered", 0), counts.get("filtered", 0)
        became = f"{delivered:.0f} delivered, {filtered:.0f} filtered, {in_flight:.0f} in flight"
        return [
            f"read         {counts.get('read', 0):.0f} records",
            f"became       {became}",
        ]
