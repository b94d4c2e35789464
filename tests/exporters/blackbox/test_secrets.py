"""No secret of a configuration is ever shown: neither where it stands nor where it turns up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pillion.configuration import Document
from pillion.log import Logger
from pillion_blackbox_exporter.configuration import parse
from pillion_blackbox_exporter.configuration.rendering import render_modules
from pillion_blackbox_exporter.configuration.secrets import secrets_of
from pillion_blackbox_exporter.probing.log import ProbeLog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_blackbox_exporter.configuration import Module

EVERYWHERE = """
modules:
  http:
    prober: http
    timeout: 1m30s
    http:
      proxy_url: http://proxyuser:SECRET-01@proxy:3128
      proxy_connect_header: {X-Any: [SECRET-02]}
      basic_auth: {username: visible, password: SECRET-03}
      headers: {Authorization: SECRET-04, X-Key: SECRET-05, Accept: visible/1}
      http_headers:
        X-Token: {values: [SECRET-06], secrets: [SECRET-07], files: [/visible/2]}
        Accept-Language: {values: [visible-3]}
      body: SECRET-08
      tls_config: {key: SECRET-09, cert: visible-4}
      fail_if_body_matches_regexp: [visible-5]
  bearer:
    prober: http
    http: {bearer_token: SECRET-10}
  credentials:
    prober: http
    http: {authorization: {credentials: SECRET-11}}
  oauth:
    prober: http
    http:
      oauth2:
        client_id: visible-6
        client_secret: SECRET-12
        token_url: https://user:SECRET-13@visible-7/token?visible-10=SECRET-30
        endpoint_params: {grant_type: visible-8, password: SECRET-14}
  tcp:
    prober: tcp
    tcp:
      query_response:
        - {expect: visible-9, send: PASS SECRET-15}
        - {send: "SECRET-16"}
        - {send: !!binary U0VDUkVULTE3}
        - {send: QUIT}
  websocket:
    prober: websocket
    websocket:
      headers: {X-Key: {values: [SECRET-18]}}
      query_response: [{send: "SECRET-19"}]
  grpc:
    prober: grpc
    grpc: {metadata: {token: [SECRET-20]}}
"""


def modules() -> Mapping[str, Module]:
    return parse(Document.parse(EVERYWHERE, "blackbox.yml")).modules


def test_no_secret_is_shown_and_everything_else_is() -> None:
    shown = render_modules(modules())
    assert "SECRET" not in shown
    for number in range(1, 10):
        assert f"visible-{number}" in shown or f"visible/{number}" in shown
    assert "send: PASS <secret>" in shown
    assert "send: QUIT" in shown
    assert "timeout: 1m30s" in shown


def test_what_is_shown_can_be_read_again() -> None:
    again = parse(Document.parse(render_modules(modules()), "again.yml")).modules
    assert set(again) == set(modules())
    assert float(again["http"].timeout) == 90


def test_every_secret_is_known_so_that_it_can_be_masked_elsewhere() -> None:
    known = " ".join(secret for module in modules().values() for secret in secrets_of(module))
    assert [n for n in range(1, 21) if f"SECRET-{n:02}" not in known] == []


def test_a_secret_that_turns_up_in_a_line_of_the_log_is_masked() -> None:
    stream = io.StringIO()
    lines = ProbeLog(Logger(stream=stream), "debug", ("SECRET",))
    lines.error("the server said no", line="ERR password SECRET is wrong")
    assert "SECRET" not in stream.getvalue() + lines.text()
    assert "password <secret> is wrong" in lines.text()


def test_a_target_whose_password_is_too_short_to_look_for_is_masked_as_a_whole() -> None:
    target = "http://u:p@host.example/"
    stream = io.StringIO()
    lines = ProbeLog(Logger(stream=stream), "debug", target=target, name="m")
    lines.error(f"{target} is down", url=target)
    for written in (stream.getvalue(), lines.text()):
        assert "u:p@" not in written
        assert written.count("http://<secret>@host.example/ is down") == 1


def test_a_line_that_is_passed_on_names_the_module_and_the_target() -> None:
    stream = io.StringIO()
    lines = ProbeLog(Logger(stream=stream), target="host:80", name="tcp")
    lines.debug("a step")
    lines.error("the probe failed", reason="refused")
    (written,) = stream.getvalue().splitlines()
    assert 'msg="the probe failed" module=tcp target=host:80 reason=refused' in written
    assert "module" not in lines.text()
