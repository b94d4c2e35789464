"""DNS messages as bytes: queries, answers, and whatever else may come."""

from __future__ import annotations

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_blackbox_exporter.configuration.dns_name import encode_name
from pillion_blackbox_exporter.probers.dns.message import (
    encode_query,
    read,
    soa_serial,
)
from pillion_blackbox_exporter.probers.dns.text import record_text
from tests.servers.dns import RECORDS, reply

QUERY = encode_query(7, "example.com", 1, 1, recursion=True)


def test_a_query_is_what_dnspython_makes() -> None:
    made = dns.message.make_query("example.com", "MX", id=7)
    assert encode_query(7, "example.com.", 15, 1, recursion=True) == made.to_wire()


@pytest.mark.parametrize("name", ["", ".", "a", "a.b.", r"a\.b.c", r"a\065.b", r"a\\.b", "x" * 63])
def test_a_name_is_what_dnspython_makes_of_it(name: str) -> None:
    absolute = dns.name.from_text(name or ".")
    assert encode_name(name) == absolute.to_wire()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a..b", "has an empty label"),
        (".a", "has an empty label"),
        ("x" * 64, "has a label of more than 63 bytes"),
        (".".join(["x" * 60] * 5), "is longer than 255 bytes"),
        (r"a\999", r"has \999, which is not a byte"),
    ],
)
def test_what_is_no_name_is_named(name: str, sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        encode_name(name)
    assert str(error.value) == sentence


def test_a_serial_is_read_behind_two_names() -> None:
    query = encode_query(7, "example.com", 6, 1, recursion=True)
    answer = read(reply(query).to_wire())
    assert soa_serial(answer.message, answer.answers[0]) == 1000


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("A", "example.com.\t3600\tIN\tA\t127.0.0.1"),
        ("AAAA", "example.com.\t3600\tIN\tAAAA\t::1"),
        ("SOA", "example.com.\t3600\tIN\tSOA\tns.example.com. noc.example.com. 1000 7200 3600 1209600 3600"),
        ("MX", "example.com.\t60\tIN\tMX\t10 mail.example.com."),
        ("TXT", 'example.com.\t60\tIN\tTXT\t"v=spf1 -all" "a \\"quoted\\" part; and \\\\ a slash"'),
        ("SRV", "example.com.\t60\tIN\tSRV\t1 2 443 host.example.com."),
        ("CAA", 'example.com.\t60\tIN\tCAA\t0 issue "letsencrypt.org"'),
        ("DS", "example.com.\t60\tIN\tDS\t60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
        ("DNSKEY", "example.com.\t60\tIN\tDNSKEY\t257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"),
        ("SSHFP", "example.com.\t60\tIN\tSSHFP\t2 1 123456789ABCDEF67890123456789ABCDEF67890"),
        ("TYPE65400", "example.com.\t60\tCLASS1\tTYPE65400\t\\# 4 0a000001"),
    ],
)  # fmt: skip
def test_a_record_reads_as_in_a_zone_file(kind: str, line: str) -> None:
    number = dns.rdatatype.from_text(kind)
    answer = read(reply(encode_query(7, "example.com", number, 1, recursion=True)).to_wire())
    assert record_text(answer.message, answer.answers[0]) == line


def test_every_kind_of_record_has_a_text() -> None:
    for kind in RECORDS:
        number = dns.rdatatype.from_text(kind)
        answer = read(reply(encode_query(7, "example.com", number, 1, recursion=True)).to_wire())
        for record in (*answer.answers, *answer.authorities, *answer.additionals):
            assert record_text(answer.message, record).count("\t") >= 4


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    read_all(data)


@given(st.integers(12, 200), st.binary(min_size=1, max_size=8))
def test_no_change_to_an_answer_breaks_the_reading(at: int, patch: bytes) -> None:
    good = reply(QUERY).to_wire()
    at = min(at, len(good))
    read_all(good[:at] + patch + good[at + len(patch) :])


@given(st.integers(0, 200))
def test_an_answer_that_is_cut_anywhere_is_read_or_refused(end: int) -> None:
    read_all(reply(QUERY).to_wire()[:end])


@given(st.lists(st.tuples(st.integers(2, 400), st.binary(min_size=1, max_size=4)), max_size=3))
def test_what_dnspython_reads_is_read_alike(patches: list[tuple[int, bytes]]) -> None:
    """Answers of every section, and mutations of them; compressed names stand in all."""
    data = reply(encode_query(7, "example.com", 255, 1, recursion=True)).to_wire()
    for at, patch in patches:
        data = data[:at] + patch + data[at + len(patch) :]
    try:
        theirs = dns.message.from_wire(data, one_rr_per_rrset=True, ignore_trailing=True)
    except dns.exception.DNSException:
        return
    ours = read(data)
    assert (ours.id, ours.rcode & 15) == (theirs.id, int(theirs.rcode()) & 15)
    assert len(ours.questions) == len(theirs.question)
    for mine, other in ((ours.answers, theirs.answer), (ours.authorities, theirs.authority)):
        assert [(each.type, each.klass) for each in mine] == [
            (int(each.rdtype), int(each.rdclass)) for each in other
        ]


@given(st.binary(min_size=1, max_size=4), st.integers(1, 400))
def test_a_message_of_pointers_takes_no_longer_than_its_bytes(unit: bytes, count: int) -> None:
    pointers = b"\xc0\x0c" * count + unit
    header = b"\0\7\x81\x80\0\0" + count.to_bytes(2, "big") + bytes(4)
    read_all(header + pointers * 20)


def read_all(data: bytes) -> None:
    """Read a message and each record's text; nothing but a ValueError may come of it."""
    try:
        answer = read(data)
        for record in (*answer.answers, *answer.authorities, *answer.additionals):
            record_text(data, record)
    except ValueError as error:
        assert str(error).startswith(("has ", "ends "))
