from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import DURATION, TEXT, Command, repeated, setting, switch
from pillion.settings.help import help_text, markdown_table


@dataclass(frozen=True, slots=True)
class Queue:
    timeout: float = setting("queue.timeout", DURATION, "How long.", default=5.0, env="TIMEOUT")
    names: tuple[str, ...] = repeated("queue.name", TEXT, "Which.")
    quiet: bool = switch("queue.quiet", "Say less.", short="q")


COMMAND = Command("queue-exporter", "Measures queues.", (Queue,), arguments="PATH...")


def test_help_shows_each_setting_with_its_default_and_variable() -> None:
    text = help_text(COMMAND)
    assert text.startswith("usage: queue-exporter [FLAGS] PATH...\n\nMeasures queues.\n")
    assert "  --queue.timeout=DURATION\n      How long. (default 5s, $TIMEOUT)\n" in text
    assert "  --queue.name=TEXT ...\n      Which. ($PILLION_QUEUE_NAME)\n" in text
    assert "  --[no-]queue.quiet, -q\n      Say less. (default false, $PILLION_QUEUE_QUIET)" in text


def test_the_table_for_the_docs_has_a_row_for_each_setting() -> None:
    rows = markdown_table(COMMAND).splitlines()
    assert rows[2] == "| `--queue.timeout=DURATION` | `TIMEOUT` | `5s` | How long. |"
    assert len(rows) == 2 + 3 + 1
