"""Why properties of fluent-bit's change nothing here, where many plugins have them."""

from __future__ import annotations

ONE_THREAD = "one thread does the work"
SAID_ONCE = "what repeats is logged once"
NO_DISK = "the log file is the buffer; nothing is kept on disk a second time"
NO_CONNECTION = "it has no connection"
WINDOWS = "for Windows only"
_SYSTEM = "the system resolves names, in its order of addresses"
_ALIVE = "connections are kept alive"
_KEEPALIVE = "a peer that is gone is noticed by the time-outs of requests"

NAMES = {
    "ipv6": _SYSTEM,
    "net.dns.mode": _SYSTEM,
    "net.dns.resolver": _SYSTEM,
    "net.dns.prefer_ipv4": _SYSTEM,
    "net.dns.prefer_ipv6": _SYSTEM,
}
NETWORK = {
    **NAMES,
    "net.keepalive": _ALIVE,
    "net.keepalive_idle_timeout": _ALIVE,
    "net.keepalive_max_recycle": _ALIVE,
    "net.tcp_keepalive": _KEEPALIVE,
    "net.tcp_keepalive_time": _KEEPALIVE,
    "net.tcp_keepalive_interval": _KEEPALIVE,
    "net.tcp_keepalive_probes": _KEEPALIVE,
    "net.io_timeout": "a request has a time-out as a whole",
    "net.connect_timeout_log_error": "it is logged, always",
    "net.max_worker_connections": ONE_THREAD,
    "net.proxy_env_ignore": "no proxy is taken from the environment",
    "tls.verify_client_cert": "for servers only",
    "tls.proxy.ca_file": "no proxy is used",
    "tls.proxy.ca_path": "no proxy is used",
    "tls.proxy.verify": "no proxy is used",
    "tls.proxy.verify_hostname": "no proxy is used",
}
NO_UPSTREAM = {"host": NO_CONNECTION, "port": NO_CONNECTION, "ipv6": NO_CONNECTION}
