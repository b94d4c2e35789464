"""The web configuration file: what is taken, and what is refused with its line and key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillion.errors import ConfigurationError
from pillion.web.security.policy import read_policy
from pillion.web.security.rate import Rate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.web.security.conftest import Authority

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
PAIR = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


def read(directory: Path, text: str) -> object:
    path = directory / "web.yml"
    path.write_text(text)
    return read_policy(str(path))


def error(directory: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(directory, text)
    return str(caught.value).replace(f"{directory}/", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
        "tls_server_config: {}\n",
        "http_server_config:\n  http2: false\n",
        "http_server_config:\n  headers:\n    X-Frame-Options:\n",
        "rate_limit:\n  interval: 0\n",
        "rate_limit:\n  burst: 3\n",
    ],
)
def test_a_file_that_asks_for_nothing_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "web.yml"
    path.write_text(text)
    policy = read_policy(str(path))
    assert (policy.tls, policy.headers, policy.users, policy.rate) == (None, (), {}, None)


def test_a_whole_file_is_read(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "web.yml"
    path.write_text(
        PAIR
        + "  client_auth_type: RequireAndVerifyClientCert\n"
        + "  client_ca_file: clients.crt\n"
        + "  client_allowed_sans: [prometheus, '::1']\n"
        + "  min_version: TLS12\n  max_version: TLS13\n"
        + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n"
        + "  prefer_server_cipher_suites: false\n"
        + "  curve_preferences: [X25519]\n"
        + "http_server_config:\n  http2: false\n  headers:\n"
        + "    Strict-Transport-Security: max-age=1\n    X-Frame-Options: deny\n"
        + f"basic_auth_users:\n  alice: {HASH}\n"
        + "rate_limit:\n  interval: 500ms\n  burst: 3\n"
    )
    policy = read_policy(str(path))
    assert policy.tls is not None
    assert policy.tls.allowed_names == {"prometheus", "::1"}
    assert policy.headers == (
        ("Strict-Transport-Security", "max-age=1"),
        ("X-Frame-Options", "deny"),
    )
    assert policy.users == {b"alice": HASH.encode()}
    assert policy.rate == Rate(0.5, 3)
    assert policy.files == tuple(
        str(tmp_path / name) for name in ("server.crt", "server.key", "clients.crt")
    )


def test_certificates_may_stand_in_the_file(tmp_path: Path, authority: Authority) -> None:
    def inline(name: str) -> str:
        return "|\n    " + (tmp_path / name).read_text().replace("\n", "\n    ") + "\n"

    path = tmp_path / "web.yml"
    path.write_text(
        f"tls_server_config:\n  cert: {inline('server.crt')}  key: {inline('server.key')}"
        f"  client_ca: {inline('clients.crt')}  client_auth_type: VerifyClientCertIfGiven\n"
    )
    policy = read_policy(str(path))
    assert policy.tls is not None
    assert policy.tls.files == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "basic_auth_user:\n  a: b\n",
            "web.yml:1: basic_auth_user: unknown key; did you mean 'basic_auth_users'?",
        ),
        (
            "\ntls_server_config:\n  cert_fil: x\n",
            "web.yml:3: tls_server_config.cert_fil: unknown key; did you mean 'cert_file'?",
        ),
        (
            "basic_auth_users:\n  alice: wonderland\n",
            "web.yml:2: basic_auth_users.alice: is not a bcrypt hash;"
            " `htpasswd -nBC 10 NAME` makes one of a password",
        ),
        (
            "basic_auth_users:\n  alice:\n",
            "web.yml:2: basic_auth_users.alice: is not a bcrypt hash;"
            " `htpasswd -nBC 10 NAME` makes one of a password",
        ),
        (
            "basic_auth_users:\n  alice: 1234\n",
            "web.yml:2: basic_auth_users.alice: is not a bcrypt hash;"
            " `htpasswd -nBC 10 NAME` makes one of a password",
        ),
        (
            f"basic_auth_users:\n  'a:b': {HASH}\n",
            "web.yml:2: basic_auth_users.a:b: a user's name cannot have a colon",
        ),
        (
            "http_server_config:\n  http2: true\n",
            "web.yml:2: http_server_config.http2: HTTP/2 is not spoken here;"
            " leave the key out or write false",
        ),
        (
            "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
            "web.yml:3: http_server_config.headers.X-Frame-Options: 'allow' is not allowed;"
            " write deny or sameorigin",
        ),
        (
            'http_server_config:\n  headers:\n    Content-Security-Policy: "a\\nb"\n',
            "web.yml:3: http_server_config.headers.Content-Security-Policy:"
            " has a line break or a letter that no header can hold",
        ),
        (
            "rate_limit:\n  interval: 5\n  burst: 1\n",
            "web.yml:2: rate_limit.interval: 5 has no unit; write a duration such as 100ms",
        ),
        (
            "rate_limit:\n  interval: soon\n",
            "web.yml:2: rate_limit.interval: 'soon' is not a duration; use a number and a unit,"
            " such as 5s, 500ms or 1m30s",
        ),
        (
            "rate_limit:\n  interval: 1s\n",
            "web.yml:1: rate_limit.burst: 0 would let no request through; write 1 or more",
        ),
        (
            "tls_server_config:\n  min_version: TLS12\n",
            "web.yml:1: tls_server_config: lacks cert_file (or cert)",
        ),
        (
            "tls_server_config:\n  cert_file: server.crt\n",
            "web.yml:1: tls_server_config: lacks key_file (or key)",
        ),
        (
            "tls_server_config:\n  cert_file: nothing.crt\n  key_file: server.key\n",
            "web.yml:2: tls_server_config.cert_file: nothing.crt cannot be read:"
            " no such file or directory",
        ),
        (
            "tls_server_config:\n  cert_file: server.crt\n  cert: x\n  key_file: server.key\n",
            "web.yml:3: tls_server_config.cert: is given twice; leave cert or cert_file out",
        ),
        (
            "tls_server_config:\n  cert_file: server.key\n  key_file: server.key\n",
            "web.yml:2: tls_server_config.cert_file: server.key holds no certificate in PEM",
        ),
        (
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.crt\n",
            "web.yml:3: tls_server_config.key_file: server.crt holds no private key in PEM",
        ),
        (
            "tls_server_config:\n  cert_file: server.crt\n  key_file: stranger.key\n",
            "web.yml:3: tls_server_config.key_file: stranger.key is not the key of the certificate",
        ),
        (
            PAIR + "  min_version: TLS14\n",
            "web.yml:4: tls_server_config.min_version: 'TLS14' is no TLS version;"
            " did you mean TLS13?",
        ),
        (
            PAIR + "  min_version: TLS13\n  max_version: TLS12\n",
            "web.yml:5: tls_server_config.max_version: TLS12 is older than min_version, TLS13",
        ),
        (
            PAIR + "  cipher_suites:\n  - TLS_ECDHE_RSA_WITH_RC4_128_SHA\n",
            "web.yml:5: tls_server_config.cipher_suites[0]: 'TLS_ECDHE_RSA_WITH_RC4_128_SHA' is no"
            " cipher suite; did you mean TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA?",
        ),
        (
            PAIR + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
            "web.yml:5: tls_server_config.cipher_suites: has no suite for TLS12",
        ),
        (
            PAIR + "  curve_preferences: [CurveP255]\n",
            "web.yml:4: tls_server_config.curve_preferences[0]: 'CurveP255' is no curve;"
            " did you mean CurveP256?",
        ),
        (
            PAIR + "  curve_preferences: [CurveP256, X25519]\n",
            "web.yml:4: tls_server_config.curve_preferences: one curve at most can be chosen here;"
            " name it alone, or none for OpenSSL's own order",
        ),
        (
            PAIR + "  client_auth_type: Nobody\n",
            "web.yml:4: tls_server_config.client_auth_type: 'Nobody' is no client_auth_type;"
            " there are NoClientCert, RequestClientCert, VerifyClientCertIfGiven,"
            " RequireAndVerifyClientCert",
        ),
        (
            PAIR + "  client_auth_type: RequireAnyClientCert\n",
            "web.yml:4: tls_server_config.client_auth_type: RequireAnyClientCert would take any"
            " certificate unchecked, which protects nothing and is not done here;"
            " write RequireAndVerifyClientCert and client_ca_file",
        ),
        (
            PAIR + "  client_ca_file: clients.crt\n",
            "web.yml:4: tls_server_config.client_ca_file: is of no use without client_auth_type;"
            " RequireAndVerifyClientCert is the one that protects",
        ),
        (
            PAIR + "  client_auth_type: RequestClientCert\n  client_ca_file: server.key\n",
            "web.yml:5: tls_server_config.client_ca_file: server.key holds no certificate in PEM",
        ),
        (
            PAIR + "  client_allowed_sans: [x]\n",
            "web.yml:4: tls_server_config.client_allowed_sans:"
            " needs client_auth_type: RequireAndVerifyClientCert",
        ),
        (
            PAIR + "  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: []\n",
            "web.yml:5: tls_server_config.client_allowed_sans: names nobody,"
            " so that nobody could connect",
        ),
        ("- a\n", "web.yml: must be a mapping, not a list"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(
    tmp_path: Path, authority: Authority, text: str, sentence: str
) -> None:
    assert error(tmp_path, text) == sentence


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"web\.yml: cannot be read: No such file"):
        read_policy(str(tmp_path / "web.yml"))


@pytest.mark.parametrize(
    "hashed", [HASH[:-1], HASH + "a", HASH.replace("$10$", "$03$"), "$2a$", "x"]
)
def test_what_is_almost_a_hash_is_none(tmp_path: Path, hashed: str) -> None:
    sentence = error(tmp_path, f"basic_auth_users:\n  alice: '{hashed}'\n")
    assert "is not a bcrypt hash" in sentence
    assert hashed not in sentence.replace("alice", "")


def test_an_encrypted_key_is_refused_without_asking(tmp_path: Path, authority: Authority) -> None:
    key = serialization.load_pem_private_key((tmp_path / "server.key").read_bytes(), None)
    (tmp_path / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    assert "server.key is encrypted" in error(tmp_path, PAIR)


def test_a_damaged_key_is_refused_and_not_shown(tmp_path: Path, authority: Authority) -> None:
    text = (tmp_path / "server.key").read_text()
    (tmp_path / "server.key").write_text(text[:100] + "\n-----END EC PRIVATE KEY-----\n")
    sentence = error(tmp_path, PAIR)
    assert "server.crt cannot be used with its key" in sentence
    assert text[40:60] not in sentence


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit", "cert", "key",
     "client_ca", "min_version", "cipher_suites", "curve_preferences", "headers", "http2",
     "interval", "burst", "client_auth_type", "client_allowed_sans", "X-Frame-Options"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES))))
def test_any_file_gives_a_policy_or_the_one_error(tmp_path: Path, data: dict[str, object]) -> None:
    try:
        read(tmp_path, json.dumps(data))
    except ConfigurationError as caught:
        assert str(caught).startswith(f"{tmp_path}/web.yml")
