"""What is wrong in a blackbox.yml is named: file, line, key, value, and what would be right."""

from __future__ import annotations

import textwrap

import pytest

from pillion.configuration import Document
from pillion.errors import ConfigurationError
from pillion_blackbox_exporter.configuration import parse

FILES = [
    ("modules: [a]", "blackbox.yml:1: modules: must be a mapping of names to modules"),
    ("modules:\n  a: http", "blackbox.yml:2: modules.a: must be a mapping with the key 'prober'"),
    ("a: 1", "blackbox.yml:1: a: unknown key; there is only 'modules'"),
    ("- a", "blackbox.yml: must be a mapping with the key 'modules'"),
    ("modules:\n  a: {}", "blackbox.yml:2: modules.a: lacks the key 'prober'"),
    (
        "modules:\n  a: {prober: htp}",
        "blackbox.yml:2: modules.a.prober: 'htp' is not a prober; did you mean 'http'?",
    ),
    (
        "modules:\n  a: {prober: smtp}",
        "blackbox.yml:2: modules.a.prober: 'smtp' is not a prober; there are dns, grpc, http, icmp, tcp, unix, websocket",
    ),
    (
        "modules:\n  a: {prober: http}\n  a: {prober: tcp}",
        "blackbox.yml:3: modules.a: is there twice",
    ),
    (
        "modules:\n  a:\n    prober: http\n    timout: 5s",
        "blackbox.yml:4: modules.a.timout: unknown key; did you mean 'timeout'?",
    ),
    (
        "modules:\n  a:\n    prober: http\n    timeout: 5",
        "blackbox.yml:4: modules.a.timeout: '5' is not a duration; use a number and a unit, such as 5s, 500ms or 1m30s",
    ),
    (
        "modules:\n  a:\n    prober: http\n    timeout: five",
        "blackbox.yml:4: modules.a.timeout: 'five' is not a duration; use a number and a unit, such as 5s, 500ms or 1m30s",
    ),
    (
        "modules:\n  a:\n    prober: http\n    timeout: -5s",
        "blackbox.yml:4: modules.a.timeout: '-5s' is not a duration; use a number and a unit, such as 5s, 500ms or 1m30s",
    ),
    (
        "modules:\n  a:\n    prober: http\n    addresses: every",
        "blackbox.yml:4: modules.a.addresses: 'every' is none of first, any, all",
    ),
]

# The section, what stands in it, the line of the error (the section's key is on line 4), and
# the error from the section's key on.
SECTIONS = [
    (
        "http",
        "valid_status_codes: 200",
        5,
        "valid_status_codes: must be a list, not a whole number",
    ),
    (
        "http",
        "valid_status_codes: [OK]",
        5,
        "valid_status_codes[0]: must be a whole number, not text",
    ),
    ("http", "valid_http_versions: HTTP/1.1", 5, "valid_http_versions: must be a list, not text"),
    ("http", "method: [GET]", 5, "method: must be text, not a list"),
    ("http", "headers: [a]", 5, "headers: must be a mapping, not a list"),
    ("http", "headers: {A: {b: c}}", 5, "headers.A: must be text, not a mapping"),
    ("http", "fail_if_ssl: maybe", 5, "fail_if_ssl: must be true or false, not text"),
    (
        "http",
        "fail_if_body_matches_regexp: '['",
        5,
        "fail_if_body_matches_regexp: must be a list, not text",
    ),
    (
        "http",
        "fail_if_body_matches_regexp: ['a(']",
        5,
        "fail_if_body_matches_regexp[0]: 'a(' is not a regular expression: missing ): a(",
    ),
    (
        "http",
        "fail_if_body_not_matches_regexp: ['(?<=a)b']",
        5,
        "fail_if_body_not_matches_regexp[0]: '(?<=a)b' is not a regular expression: invalid perl operator: (?<=",
    ),
    (
        "http",
        "fail_if_header_matches: [{header: A}]",
        5,
        "fail_if_header_matches[0]: lacks the key 'regexp'",
    ),
    (
        "http",
        "fail_if_header_matches: [{regexp: A}]",
        5,
        "fail_if_header_matches[0]: lacks the key 'header'",
    ),
    (
        "http",
        "fail_if_header_not_matches: [{header: A, regexp: '*'}]",
        5,
        "fail_if_header_not_matches[0].regexp: '*' is not a regular expression: no argument for repetition operator: *",
    ),
    (
        "http",
        "fail_if_header_matches: [{header: A, regexp: b, allow: true}]",
        5,
        "fail_if_header_matches[0].allow: unknown key; there are allow_missing, header, regexp",
    ),
    ("http", "body: a\nbody_file: b", 4, ": has both body and body_file; one of them is enough"),
    (
        "http",
        "body_size_limit: 10 parsecs",
        5,
        "body_size_limit: '10 parsecs' is not a size; write one such as 512B, 1.5KB or 10MB",
    ),
    ("http", "body_size_limit: 8EB", 5, "body_size_limit: '8EB' is 8 EiB or more"),
    (
        "http",
        "body_size_limit: 1.5.KB",
        5,
        "body_size_limit: '1.5.KB' is not a size; write one such as 512B, 1.5KB or 10MB",
    ),
    ("http", "compression: zip", 5, "compression: 'zip' is none of gzip, br, deflate, identity"),
    (
        "http",
        "compression: gzip\nheaders: {Accept-Encoding: 'br, identity'}",
        5,
        "compression: is gzip, which Accept-Encoding: br, identity does not accept",
    ),
    (
        "http",
        "compression: gzip\nheaders: {accept-encoding: 'gzip;q=0'}",
        5,
        "compression: is gzip, which accept-encoding: gzip;q=0 does not accept",
    ),
    ("http", "enable_http3: true", 5, "enable_http3: needs enable_http2: false beside it"),
    (
        "http",
        "valid_http_versions: [HTTP/3.0]",
        5,
        "valid_http_versions: has HTTP/3.0, which needs enable_http3",
    ),
    ("http", "preferred_ip_protocol: ip5", 5, "preferred_ip_protocol: 'ip5' is none of ip4, ip6"),
    (
        "http",
        "basic_auth: {username: a, username_file: b}",
        5,
        "basic_auth: has both username and username_file; one of them is enough",
    ),
    (
        "http",
        "basic_auth: {password: a, password_file: b}",
        5,
        "basic_auth: has both password and password_file; one of them is enough",
    ),
    (
        "http",
        "basic_auth: {user: a}",
        5,
        "basic_auth.user: unknown key; did you mean 'username'?",
    ),
    (
        "http",
        "basic_auth: {username: a}\nbearer_token: b",
        4,
        ": has both basic_auth and bearer_token; one of them is enough",
    ),
    (
        "http",
        "bearer_token: a\nbearer_token_file: b",
        4,
        ": has both bearer_token and bearer_token_file; one of them is enough",
    ),
    (
        "http",
        "authorization: {type: Basic, credentials: x}",
        5,
        'authorization.type: cannot be "basic"; that is what basic_auth is for',
    ),
    (
        "http",
        "authorization: {credentials: x, credentials_file: y}",
        5,
        "authorization: has both credentials and credentials_file; one of them is enough",
    ),
    ("http", "oauth2: {client_id: a}", 5, "oauth2: lacks the key 'token_url'"),
    ("http", "oauth2: {token_url: 'http://a'}", 5, "oauth2: lacks the key 'client_id'"),
    (
        "http",
        "oauth2: {client_id: a, token_url: 'http://a', client_secret: a, client_secret_file: b}",
        5,
        "oauth2: has both client_secret and client_secret_file; one of them is enough",
    ),
    (
        "http",
        "oauth2: {client_id: a, token_url: 'ftp://a'}",
        5,
        "oauth2.token_url: must be a URL that begins with http:// or https://",
    ),
    (
        "http",
        "oauth2: {client_id: a, token_url: 'http://a', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'}",
        5,
        "oauth2: lacks the key 'client_certificate_key', which signs the JWT",
    ),
    (
        "http",
        "oauth2: {client_id: a, token_url: 'http://a', scopes: x}",
        5,
        "oauth2.scopes: must be a list, not text",
    ),
    (
        "http",
        "proxy_url: ftp://a",
        5,
        "proxy_url: must be a URL that begins with one of http://, https://, socks5://, socks5h://",
    ),
    (
        "http",
        "proxy_connect_header: {A: [b]}",
        5,
        "proxy_connect_header: needs proxy_url or proxy_from_environment beside it",
    ),
    ("http", "no_proxy: a", 5, "no_proxy: needs proxy_url beside it"),
    (
        "http",
        "proxy_url: http://a\nproxy_from_environment: true",
        4,
        ": has both proxy_url and proxy_from_environment; one of them is enough",
    ),
    (
        "http",
        "http_headers: {Host: {values: [a]}}",
        5,
        "http_headers: cannot set 'Host', which has a key of its own",
    ),
    ("http", "http_headers: {A: b}", 5, "http_headers: must be a mapping, not text"),
    (
        "http",
        "tls_config: {ca_file: a, ca: b}",
        5,
        "tls_config: has both ca and ca_file; one of them is enough",
    ),
    (
        "http",
        "tls_config: {cert_file: a}",
        5,
        "tls_config: has a client certificate but no key or key_file",
    ),
    (
        "http",
        "tls_config: {key_file: a}",
        5,
        "tls_config: has a client key but no cert or cert_file",
    ),
    (
        "http",
        "tls_config: {min_version: TLS9}",
        5,
        "tls_config.min_version: 'TLS9' is none of TLS10, TLS11, TLS12, TLS13",
    ),
    (
        "http",
        "tls_config: {min_version: TLS13, max_version: TLS12}",
        5,
        "tls_config.min_version: is TLS13, above the max_version TLS12",
    ),
    (
        "http",
        "tls_config: {insecure_skip_verify: 1}",
        5,
        "tls_config.insecure_skip_verify: must be true or false, not a whole number",
    ),
    (
        "http",
        "fail_if_body_json_matches_cel: 'a ==='",
        5,
        "fail_if_body_json_matches_cel: 'a ===' is not a CEL expression: Syntax error: token recognition error at: '=' (column 5)",
    ),
    (
        "tcp",
        "query_response: [{expect: a, expect_bytes: b}]",
        5,
        "query_response[0]: has both expect and expect_bytes; one of them is enough",
    ),
    (
        "tcp",
        "query_response: [{expect: '('}]",
        5,
        "query_response[0].expect: '(' is not a regular expression: missing ): (",
    ),
    ("tcp", "query_response: {expect: a}", 5, "query_response: must be a list, not a mapping"),
    (
        "tcp",
        "query_response: [{labels: [{name: 'a-b', value: x}]}]",
        5,
        "query_response[0].labels[0].name: 'a-b' is not a label name",
    ),
    (
        "tcp",
        "query_response: [{labels: [{name: a, value: x},{name: a, value: y}]}]",
        5,
        "query_response[0]: has a label twice",
    ),
    (
        "tcp",
        "query_response: [{expects: a}]",
        5,
        "query_response[0].expects: unknown key; did you mean 'expect'?",
    ),
    (
        "tcp",
        "source_ip_address: localhost",
        5,
        "source_ip_address: 'localhost' is not an IP address",
    ),
    (
        "tcp",
        "send: x",
        5,
        "send: unknown key; there are ip_protocol_fallback, preferred_ip_protocol, query_response, source_ip_address, tls, tls_config",
    ),
    (
        "tcp",
        "query_response: [{send: !!binary '%%%'}]",
        5,
        "query_response[0].send: is tagged !!binary but is not base64",
    ),
    ("icmp", "ttl: 256", 5, "ttl: must be between 0 and 255, not 256"),
    ("icmp", "ttl: -1", 5, "ttl: must be between 0 and 255, not -1"),
    ("icmp", "payload_size: 70000", 5, "payload_size: must be between 0 and 65507, not 70000"),
    ("dns", "query_type: A", 4, ": lacks the key 'query_name'"),
    ("dns", "query_name: a\nquery_type: B", 6, "query_type: 'B' is not a DNS type"),
    ("dns", "query_name: a\nquery_class: B", 6, "query_class: 'B' is not a DNS class"),
    (
        "dns",
        "query_name: a\nvalid_rcodes: [OK]",
        6,
        "valid_rcodes[0]: 'OK' is not a DNS response code",
    ),
    (
        "dns",
        "query_name: a\ntransport_protocol: sctp",
        6,
        "transport_protocol: 'sctp' is none of udp, tcp",
    ),
    (
        "dns",
        "query_name: a\nvalidate_answer_rrs: {fail_if_matches_regexp: ['(']}",
        6,
        "validate_answer_rrs.fail_if_matches_regexp[0]: '(' is not a regular expression: missing ): (",
    ),
]


def error_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(Document.parse(text, "blackbox.yml"))
    return str(caught.value)


@pytest.mark.parametrize(("text", "message"), FILES)
def test_a_wrong_file_is_refused_with_its_line(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.parametrize(("section", "text", "line", "message"), SECTIONS)
def test_a_wrong_section_is_refused_with_line_and_key(
    section: str, text: str, line: int, message: str
) -> None:
    head = f"modules:\n  a:\n    prober: {section}\n    {section}:\n"
    dot = "" if message.startswith(("[", ":", "has ", "lacks ")) else "."
    separator = ": " if message.startswith(("has ", "lacks ")) else dot
    expected = f"blackbox.yml:{line}: modules.a.{section}{separator}{message}"
    assert error_of(head + textwrap.indent(text, " " * 6)) == expected
