"""Why a probe failed: a phase, one reason of a bounded set, and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pillion.errors import PillionError
from pillion.net import NetworkError

Reason = Literal[
    # before anything is sent
    "target",  # the target is no address or URL that the prober understands
    "denied",  # the guard refused the target or an address of it
    "configuration",  # a file that the module names is missing or wrong
    "dns_nxdomain",
    "dns_failure",  # the resolver failed or did not answer
    "dns_no_address",  # there is none of the wanted protocol
    # the connection
    "refused",
    "unreachable",
    "reset",
    "closed",  # the other side ended it too early
    "permission",
    "timeout",
    "proxy",
    # TLS
    "tls_expired",
    "tls_not_yet_valid",
    "tls_hostname",
    "tls_untrusted",
    "tls_revoked",
    "tls_handshake",
    "tls_present",  # fail_if_ssl
    "tls_absent",  # fail_if_not_ssl
    # the answer
    "protocol",  # it breaks its protocol's rules
    "too_large",  # its headers are longer than is read
    "status",
    "version",
    "header",
    "redirect",
    "regex",
    "bytes",
    "cel",
    "compression",
    "body_size",
    "rcode",
    "records",
    "health",
    "authorization",  # no OAuth2 token
    "addresses",  # `addresses: all`, and one of them failed
    "internal",  # a fault of ours
]

REASONS: tuple[str, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong.

    Attributes:
        phase: the phase in which it did; empty when none had begun.
        reason: for a label.
        sentence: for people; without secrets.
    """

    phase: str
    reason: Reason
    sentence: str


class ProbeError(PillionError):
    """Ends a probe as failed, as `NetworkError` does; probers raise it, the runner catches it."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Reason = reason


PROBE_ERRORS = (ProbeError, NetworkError)
"""Whatever fails a probe for the target's fault; each has a reason and a sentence."""
