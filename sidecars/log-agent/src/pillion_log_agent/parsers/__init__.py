"""The parsers: by the `format` that a configuration gives them, where their declaration is."""

FORMATS = {
    "json": "pillion_log_agent.parsers.json:JSON",
    "logfmt": "pillion_log_agent.parsers.logfmt:LOGFMT",
    "ltsv": "pillion_log_agent.parsers.ltsv:LTSV",
    "regex": "pillion_log_agent.parsers.regex:REGEX",
}
