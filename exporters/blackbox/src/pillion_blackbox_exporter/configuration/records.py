"""Which names of DNS types, classes and response codes there are (IANA's registry)."""

from __future__ import annotations

import dns.exception
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from pillion_blackbox_exporter.configuration.dns_name import encode_name


def is_type(name: str) -> bool:
    """Whether it names a record type (`A`, `SOA`, `ANY`)."""
    try:
        dns.rdatatype.from_text(name)
    except (ValueError, dns.exception.DNSException):
        return False
    return True


def is_class(name: str) -> bool:
    """Whether it names a class (`IN`, `CH`)."""
    try:
        dns.rdataclass.from_text(name)
    except (ValueError, dns.exception.DNSException):
        return False
    return True


def is_rcode(name: str) -> bool:
    """Whether it names a response code (`NOERROR`, `NXDOMAIN`)."""
    try:
        dns.rcode.from_text(name)
    except (ValueError, dns.exception.DNSException):
        return False
    return True


def problem_with_name(name: str) -> str:
    """Return why a name cannot be asked for, as the second half of a sentence, or nothing."""
    try:
        encode_name(name)
    except ValueError as error:
        return str(error)
    return ""
