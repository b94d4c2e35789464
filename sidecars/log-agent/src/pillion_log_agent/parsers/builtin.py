"""The parsers that are there without being defined, under the names that fluent-bit gives them.

A `[PARSER]` of the same name takes the place of one of these. Source: the field names are those
of the parsers that fluent-bit ships; the log formats are those of the programs' own manuals.
"""

from __future__ import annotations

from pillion_log_agent.configuration.section import Entry, Place, Section

_CLF = "%d/%b/%Y:%H:%M:%S %z"
_ISO = "%Y-%m-%dT%H:%M:%S.%L"
_PATH = r'(?<path>(?:[^ "]+(?: +[^ "]+)*?)?)(?: +[^ "]*)?'
_REQUEST = rf'"(?<method>[^ "]+)(?: ++{_PATH})?" (?<code>\S+) (?<size>\S+)'
_AGENT = r'(?: "(?<referer>[^"]*)" "(?<agent>[^"]*)")?'
_POD = r"(?<pod_name>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)"

_TABLE: dict[str, dict[str, str]] = {
    "json": {"format": "json", "time_key": "time", "time_format": _CLF},
    "docker": {
        "format": "json", "time_key": "time", "time_format": _ISO, "time_keep": "on",
    },
    "cri": {
        "format": "regex",
        "regex": r"^(?<time>\S+) (?<stream>stdout|stderr) (?<logtag>\S*) (?<message>.*)$",
        "time_key": "time",
        "time_format": f"{_ISO}%z",
    },
    "nginx": {
        "format": "regex",
        "regex": r"^(?<remote>\S*) (?<host>\S*) (?<user>\S*) \[(?<time>[^\]]*)\] "
        rf"{_REQUEST}{_AGENT}",
        "time_key": "time",
        "time_format": _CLF,
    },
    "apache": {
        "format": "regex",
        "regex": rf"^(?<host>\S*) \S* (?<user>\S*) \[(?<time>[^\]]*)\] {_REQUEST}{_AGENT}$",
        "time_key": "time",
        "time_format": _CLF,
    },
    "apache2": {
        "format": "regex",
        "regex": rf'^(?<host>\S*) \S* (?<user>\S*) \[(?<time>[^\]]*)\] {_REQUEST}'
        r'(?: "(?<referer>[^"]*)" "(?<agent>.*)")?$',
        "time_key": "time",
        "time_format": _CLF,
    },
    "apache_error": {
        "format": "regex",
        "regex": r"^\[\S* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?"
        r"(?: \[client (?<client>[^\]]*)\])? (?<message>.*)$",
    },
    "k8s-nginx-ingress": {
        "format": "regex",
        "regex": rf"^(?<host>\S*) - \[(?<real_ip>[^\] ]*)\] - (?<user>\S*) \[(?<time>[^\]]*)\] "
        rf'{_REQUEST} "(?<referer>[^"]*)" "(?<agent>[^"]*)" (?<request_length>\S*) '
        r"(?<request_time>\S*) \[(?<proxy_upstream_name>[^\] ]*)\] "
        r"(?:\[(?<proxy_alternative_upstream_name>[^\] ]*)\] )?(?<upstream_addr>\S*) "
        r"(?<upstream_response_length>\S*) (?<upstream_response_time>\S*) "
        r"(?<upstream_status>\S*) (?<last>.*)$",
        "time_key": "time",
        "time_format": _CLF,
    },
    "docker-daemon": {
        "format": "regex",
        "regex": r'time="(?<time>[^" ]*)" level=(?<level>\S*) msg="(?<msg>[^ ].*)"',
        "time_key": "time",
        "time_format": _ISO,
        "time_keep": "on",
    },
    "syslog-rfc5424": {
        "format": "regex",
        "regex": r"^<(?<pri>\d{1,5})>1 (?<time>\S+) (?<host>\S+) (?<ident>\S+) (?<pid>[-0-9]+) "
        r"(?<msgid>\S+) (?<extradata>\[.*\]|-) (?<message>.+)$",
        "time_key": "time",
        "time_format": _ISO,
        "time_keep": "on",
    },
    "syslog-rfc3164": {
        "format": "regex",
        "regex": r"^<(?<pri>\d+)>(?<time>\S+ {1,2}\S+ \S+) (?<host>\S+) "
        r"(?<ident>[-\w/.]*)(?:\[(?<pid>\d+)\])?(?:[^:]*:)? *(?<message>.*)$",
        "time_key": "time",
        "time_format": "%b %d %H:%M:%S",
        "time_keep": "on",
    },
    "syslog-rfc3164-local": {
        "format": "regex",
        "regex": r"^<(?<pri>\d+)>(?<time>\S+ {1,2}\S+ \S+) "
        r"(?<ident>[-\w/.]*)(?:\[(?<pid>\d+)\])?(?:[^:]*:)? *(?<message>.*)$",
        "time_key": "time",
        "time_format": "%b %d %H:%M:%S",
        "time_keep": "on",
    },
    "mongodb": {
        "format": "regex",
        "regex": r"^(?<time>\S+)\s+(?<severity>\w)\s+(?<component>\S+)\s+"
        r"\[(?<context>[^\]]+)\]\s++(?<message>(?:.*?[^ ])??) *(?:(?<!\d)(?<ms>\d+)ms)?$",
        "time_key": "time",
        "time_format": _ISO,
        "time_keep": "on",
    },
    "logfmt": {"format": "logfmt"},
    "ltsv": {"format": "ltsv", "time_key": "time", "time_format": f"[{_CLF}]"},
    "kube-custom": {
        "format": "regex",
        "regex": rf"(?<tag>[^.]+)?\.?{_POD}_(?<namespace_name>[^_]+)_(?<container_name>.+)"
        r"-(?<docker_id>[a-z0-9]{64})\.log$",
    },
}  # fmt: skip

BUILT_IN = tuple(_TABLE)


def built_in(name: str) -> Section:
    """Return the section that defines a built-in parser; KeyError when there is none."""
    place = Place("built in", 1)
    entries = {"name": name, **_TABLE[name]}
    return Section(
        "parser", place, tuple(Entry(key, value, place) for key, value in entries.items())
    )
