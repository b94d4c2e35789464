"""The `tls_server_config` of a web configuration file as an `ssl.SSLContext`.

What Python's `ssl` cannot do is refused by name rather than done otherwise: to demand a client
certificate without checking it (RequireAnyClientCert), and to choose several curves.
"""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pillion.errors import nearest
from pillion.web.security import go_names
from pillion.web.security.pem import Pem, load_pair, named_pem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion.configuration import Document, KeyPath
    from pillion.web.security.structs import TLSServerConfig

SECTION = "tls_server_config"


@dataclass(frozen=True, slots=True)
class TLS:
    """How connections are encrypted.

    Attributes:
        context: for every new connection.
        allowed_names: subject alternative names, one of which a client's certificate must
            have; empty for any.
        files: what was read.
    """

    context: ssl.SSLContext
    allowed_names: frozenset[str]
    files: tuple[str, ...]


def build_tls(document: Document, config: TLSServerConfig, directory: str) -> TLS:
    """Return the TLS that a section asks for; relative paths are below `directory`.

    Raises:
        ConfigurationError: with file, line and key.
    """
    certificate = named_pem(document, config.cert, config.cert_file, ("cert", directory))
    key = named_pem(document, config.key, config.key_file, ("key", directory))
    authority = named_pem(
        document, config.client_ca, config.client_ca_file, ("client_ca", directory)
    )
    for pem, name in ((certificate, "cert"), (key, "key")):
        if pem is None:
            raise document.error((SECTION,), f"lacks {name}_file (or {name})")
    assert certificate is not None
    assert key is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _set_versions_and_suites(context, document, config)
    _set_curve(context, document, config.curve_preferences or [])
    load_pair(context, document, certificate, key)
    _ask_clients(context, document, config, authority)
    read = [pem.path for pem in (certificate, key, authority) if pem is not None and pem.path]
    return TLS(context, _allowed_names(document, config), tuple(read))


def names_of(peer: ssl.SSLObject) -> set[str]:
    """Return the subject alternative names of a client's certificate, as they are configured."""
    certificate = peer.getpeercert() or {}
    names = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    return {_canonical(name) if kind == "IP Address" else name for kind, name in names}


def _set_versions_and_suites(
    context: ssl.SSLContext, document: Document, config: TLSServerConfig
) -> None:
    order = list(go_names.VERSIONS)
    least = config.min_version or "TLS12"
    most = config.max_version or "TLS13"
    for key, version in (("min_version", least), ("max_version", most)):
        _check_known(document, (SECTION, key), version, order, "TLS version")
    if order.index(least) > order.index(most):
        raise document.error((SECTION, "max_version"), f"{most} is older than min_version, {least}")
    suites = _suites(document, config.cipher_suites or [])
    if config.cipher_suites and not suites:
        if most != "TLS13":
            raise document.error((SECTION, "cipher_suites"), f"has no suite for {most}")
        least = "TLS13"
    # OpenSSL 3 has the older versions on its lowest level of security only.
    old = ["@SECLEVEL=0"] if order.index(least) < order.index("TLS12") else []
    if suites or old:
        context.set_ciphers(":".join([*(suites or ["DEFAULT"]), *old]))
    with warnings.catch_warnings():
        # Who writes TLS10 into the file has been told by its documentation.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion[go_names.VERSIONS[least]]
        context.maximum_version = ssl.TLSVersion[go_names.VERSIONS[most]]
    if config.prefer_server_cipher_suites is False:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE


def _suites(document: Document, names: list[str]) -> list[str]:
    known = [*go_names.SUITES, *go_names.TLS13_SUITES]
    for index, name in enumerate(names):
        _check_known(document, (SECTION, "cipher_suites", index), name, known, "cipher suite")
    return [go_names.SUITES[name] for name in names if name in go_names.SUITES]


def _set_curve(context: ssl.SSLContext, document: Document, names: list[str]) -> None:
    for index, name in enumerate(names):
        at = (SECTION, "curve_preferences", index)
        _check_known(document, at, name, list(go_names.CURVES), "curve")
    if len(names) > 1:
        raise document.error(
            (SECTION, "curve_preferences"),
            "one curve at most can be chosen here; name it alone, or none for OpenSSL's own order",
        )
    if names:
        context.set_ecdh_curve(go_names.CURVES[names[0]])


def _ask_clients(
    context: ssl.SSLContext, document: Document, config: TLSServerConfig, authority: Pem | None
) -> None:
    kind = config.client_auth_type or go_names.NO_CERTIFICATE
    at = (SECTION, "client_auth_type")
    if kind in go_names.ANY_REQUIRED:
        raise document.error(
            at,
            f"{kind} would take any certificate unchecked, which protects nothing and is not "
            f"done here; write {go_names.REQUIRED_AND_VERIFIED} and client_ca_file",
        )
    _check_known(document, at, kind, go_names.CLIENT_AUTH_TYPES, "client_auth_type")
    if authority is not None:
        if kind == go_names.NO_CERTIFICATE:
            raise document.error(
                authority.at,
                "is of no use without client_auth_type; "
                f"{go_names.REQUIRED_AND_VERIFIED} is the one that protects",
            )
        try:
            context.load_verify_locations(cadata=authority.text)
        except (ssl.SSLError, ValueError):
            raise authority.error(document, "holds no certificate in PEM") from None
    if kind in (go_names.VERIFIED_IF_GIVEN, go_names.REQUIRED_AND_VERIFIED):
        if authority is None:
            # Go looks to the system's authorities then.
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        is_required = kind == go_names.REQUIRED_AND_VERIFIED
        context.verify_mode = ssl.CERT_REQUIRED if is_required else ssl.CERT_OPTIONAL
    # RequestClientCert looks at nothing that comes back, so nothing need be asked for.


def _allowed_names(document: Document, config: TLSServerConfig) -> frozenset[str]:
    names = config.client_allowed_sans
    if names is None:
        return frozenset()
    at = (SECTION, "client_allowed_sans")
    if config.client_auth_type != go_names.REQUIRED_AND_VERIFIED:
        raise document.error(at, f"needs client_auth_type: {go_names.REQUIRED_AND_VERIFIED}")
    if not names:
        raise document.error(at, "names nobody, so that nobody could connect")
    return frozenset(_canonical(name) for name in names)


def _canonical(name: str) -> str:
    """Return an IP address in its one spelling, and anything else as it is."""
    import ipaddress  # 0.5 MB, and only with client_allowed_sans  # noqa: PLC0415

    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _check_known(
    document: Document, at: KeyPath, name: str, known: Iterable[str], what: str
) -> None:
    names = list(known)
    if name not in names:
        guess = nearest(name, names)
        hint = f"did you mean {guess}?" if guess else f"there are {', '.join(names)}"
        raise document.error(at, f"{name!r} is no {what}; {hint}")
