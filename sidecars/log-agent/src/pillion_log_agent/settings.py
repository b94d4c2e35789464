"""The settings of the log agent."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import DURATION, PATH, SIZE, TEXT, optional, setting, switch

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The configuration, and what outlives the process."""

    config_file: str | None = optional(
        "config.file",
        PATH,
        "The configuration: fluent-bit's YAML (.yaml, .yml) or classic form. If not given, what is "
        "mounted at /fluent-bit/etc (fluent-bit.yaml, fluent-bit.conf); if nothing is, "
        "/var/log/**/*.log goes to standard output as JSON lines.",
        short="c",
    )
    config_convert: bool = switch(
        "config.convert", "Print the configuration in the YAML form, and end."
    )
    config_explain: bool = switch(
        "config.explain", "Draw the pipeline as text, and end; --tag shows one tag's way."
    )
    tag: str | None = optional("tag", TEXT, "The tag whose way --config.explain shows.")
    config_sample: str | None = optional(
        "config.sample",
        PATH,
        "A file of lines, of which --config.explain shows what each filter redact would touch.",
    )
    config_watch: float = setting(
        "config.watch",
        DURATION,
        "How often to look whether a file of the configuration has changed, and reload; 0 never.",
        default=0.0,
    )
    state_directory: str | None = optional(
        "state.directory",
        PATH,
        "Where positions of inputs without db and the dead-letter file are kept; without it a "
        "restart begins where read_from_head says.",
    )
    buffer_limit: int = setting(
        "buffer.limit", SIZE, "The most bytes in flight over all inputs.", default=8 * MIB
    )
    drain_quiet: float = setting(
        "drain.quiet",
        DURATION,
        "How long after SIGTERM nothing new must have come before every file is looked at for the "
        "last time, in half of the time to drain at most; 0 leaves what comes for the next start.",
        default=1.0,
    )
    dead_letter_file: str | None = optional(
        "dead-letter.file",
        PATH,
        "Where records go that are refused for good; dead-letter.jsonl in the state directory "
        "if not given.",
    )
    dead_letter_limit: int = setting(
        "dead-letter.limit",
        SIZE,
        "The size at which that file begins anew; the one before is kept beside it.",
        default=64 * MIB,
    )
