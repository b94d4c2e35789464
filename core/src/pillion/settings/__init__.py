"""Settings: one typed declaration gives flags, environment, YAML, `--help` and the docs.

@dataclass(frozen=True, slots=True)
class QueueSettings:
    timeout: float = setting("queue.timeout", DURATION, "How long to wait.", default=5.0)

values = parse(Command("queue-exporter", "Measures queues.", (QueueSettings,)), argv, environ)
values[QueueSettings].timeout
"""

from pillion.settings.command import Command, Override, Values, parse
from pillion.settings.declaration import optional, repeated, setting, switch
from pillion.settings.kinds import (
    ADDRESS,
    CHOICE,
    COUNT,
    DURATION,
    PATH,
    SIZE,
    TEXT,
    Address,
    Kind,
)

__all__ = [
    "ADDRESS",
    "CHOICE",
    "COUNT",
    "DURATION",
    "PATH",
    "SIZE",
    "TEXT",
    "Address",
    "Command",
    "Kind",
    "Override",
    "Values",
    "optional",
    "parse",
    "repeated",
    "setting",
    "switch",
]
