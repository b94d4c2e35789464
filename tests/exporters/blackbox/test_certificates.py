"""X.509 as it is reported: the same label values as Go's, for good and bad certificates."""

from __future__ import annotations

import datetime as dt

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pillion_blackbox_exporter.network.certificates import (
    certificates_of_message,
    parse_certificate,
)
from pillion_blackbox_exporter.network.ciphers import iana_name
from pillion_blackbox_exporter.network.names import distinguished_name

UTC = dt.UTC


def certificate(
    *, subject: x509.Name, until: dt.datetime, names: tuple[str, ...] = (), serial: int = 0x0A1B
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")]))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
        .not_valid_after(until)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def named(*pairs: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def test_what_is_reported_of_a_certificate() -> None:
    until = dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    subject = named(
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.ORGANIZATION_NAME, "Example, Inc."),
        (NameOID.COMMON_NAME, "example.org"),
    )
    der = certificate(subject=subject, until=until, names=("example.org", "*.example.org"))
    parsed = parse_certificate(der)
    assert parsed.subject == r"CN=example.org,O=Example\, Inc.,C=DE"
    assert parsed.issuer == "CN=issuer"
    assert parsed.not_after == until.timestamp()
    assert parsed.not_before == dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    assert parsed.dns_names == ("example.org", "*.example.org")
    assert parsed.serial == "0a1b"
    assert (
        parsed.fingerprint == x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()
    )


def test_a_date_beyond_2050_is_read_too() -> None:
    until = dt.datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)
    der = certificate(subject=named((NameOID.COMMON_NAME, "x")), until=until)
    assert parse_certificate(der).not_after == until.timestamp()


def test_a_certificate_that_is_cut_anywhere_is_refused_and_breaks_nothing() -> None:
    der = certificate(
        subject=named((NameOID.COMMON_NAME, "x")),
        until=dt.datetime(2031, 1, 1, tzinfo=UTC),
        names=("a.example",),
    )
    for length in range(len(der)):
        with pytest.raises(ValueError):
            parse_certificate(der[:length])


# As Go 1.22 writes them: pkix.Name.String().
NAMES = [
    ([("2.5.4.3", "a"), ("2.5.4.10", "b")], "CN=a,O=b"),
    ([("2.5.4.10", "b"), ("2.5.4.3", "a")], "CN=a,O=b"),
    ([("2.5.4.11", "one"), ("2.5.4.11", "two")], "OU=one+OU=two"),
    ([("2.5.4.3", "first"), ("2.5.4.3", "last")], "CN=last"),
    ([("2.5.4.5", "7"), ("2.5.4.3", "a")], "SERIALNUMBER=7,CN=a"),
    ([("2.5.4.3", 'a"b+c')], r"CN=a\"b\+c"),
    ([("2.5.4.3", " a ")], r"CN=\ a\ "),
    ([("2.5.4.3", "#a#")], r"CN=\#a#"),
    (
        [("2.5.4.3", "a"), ("1.2.840.113549.1.9.1", "a@b")],
        "CN=a,1.2.840.113549.1.9.1=#0c03614062",
    ),
    ([("2.5.4.3", "a"), ("2.5.4.12", "Dr")], "CN=a,2.5.4.12=#13024472"),
    ([], ""),
]


@pytest.mark.parametrize(("attributes", "text"), NAMES)
def test_a_distinguished_name_is_written_as_go_writes_it(
    attributes: list[tuple[str, str]], text: str
) -> None:
    assert distinguished_name(attributes) == text


def message(certificates: list[bytes], *, is_tls13: bool) -> bytes:
    extensions = b"\0\0" if is_tls13 else b""
    entries = b"".join(len(c).to_bytes(3, "big") + c + extensions for c in certificates)
    body = (b"\0" if is_tls13 else b"") + len(entries).to_bytes(3, "big") + entries
    return b"\x0b" + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("is_tls13", [False, True])
def test_the_certificates_are_taken_out_of_the_tls_message(*, is_tls13: bool) -> None:
    whole = message([b"one", b"three"], is_tls13=is_tls13)
    assert certificates_of_message(whole, is_tls13=is_tls13) == (b"one", b"three")
    for length in range(len(whole)):
        found = certificates_of_message(whole[:length], is_tls13=is_tls13)
        assert found in ((), (b"one",), (b"one", b"three"))


def test_trustmes_certificates_are_read() -> None:
    authority = trustme.CA()
    pem = authority.issue_cert("a.example").cert_chain_pems[0].bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    assert parse_certificate(der).dns_names == ("a.example",)


@pytest.mark.parametrize(
    ("openssl", "iana"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
        ("DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    ],
)
def test_a_cipher_suite_has_the_name_that_go_gives_it(openssl: str, iana: str) -> None:
    assert iana_name(openssl) == iana
