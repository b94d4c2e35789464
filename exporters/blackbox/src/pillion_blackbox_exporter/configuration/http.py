"""The `http` section of a module."""

from __future__ import annotations

from typing import Literal

import msgspec

from pillion.configuration import WrongKeyError
from pillion_blackbox_exporter.configuration.client import HttpClient, check_client
from pillion_blackbox_exporter.configuration.encoding import accepts
from pillion_blackbox_exporter.configuration.kinds import ByteText, Pattern, Size

IpProtocol = Literal["", "ip4", "ip6"]
Compression = Literal["", "gzip", "br", "deflate", "identity"]


class HeaderMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A header, and what its values are matched with."""

    header: str = ""
    regexp: Pattern | None = None
    allow_missing: bool = False

    def __post_init__(self) -> None:
        if not self.header:
            raise ValueError("lacks the key 'header'")
        if self.regexp is None or not self.regexp.source:
            raise ValueError("lacks the key 'regexp'")


class HttpSection(HttpClient, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked of an HTTP server, and what its answer must be."""

    valid_status_codes: tuple[int, ...] = ()
    valid_http_versions: tuple[str, ...] = ()
    preferred_ip_protocol: IpProtocol = ""
    ip_protocol_fallback: bool = True
    skip_resolve_phase_with_proxy: bool = False
    no_follow_redirects: bool | None = None
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = "GET"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    fail_if_body_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_body_not_matches_regexp: tuple[Pattern, ...] = ()
    fail_if_body_json_matches_cel: str = ""
    fail_if_body_json_not_matches_cel: str = ""
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    body: ByteText = ByteText()
    body_file: str = ""
    compression: Compression = ""
    body_size_limit: Size = Size(0)
    enable_http3: bool = False

    def __post_init__(self) -> None:
        check_client(self)
        if self.body and self.body_file:
            raise ValueError("has both body and body_file; one of them is enough")
        for name, value in self.headers.items():
            if name.lower() == "accept-encoding" and not accepts(value, self.compression):
                raise WrongKeyError(
                    "compression", f"is {self.compression}, which {name}: {value} does not accept"
                )
        if self.enable_http3:
            self._check_http3()
        elif "HTTP/3.0" in self.valid_http_versions:
            raise WrongKeyError("valid_http_versions", "has HTTP/3.0, which needs enable_http3")

    def _check_http3(self) -> None:
        if self.enable_http2:
            raise WrongKeyError("enable_http3", "needs enable_http2: false beside it")
        others = [version for version in self.valid_http_versions if version != "HTTP/3.0"]
        if others:
            raise WrongKeyError(
                "valid_http_versions",
                f"has {others[0]}, but with enable_http3 there is only HTTP/3.0",
            )

    @property
    def redirects_are_followed(self) -> bool:
        """Whether redirects are followed; the old `no_follow_redirects` decides where given."""
        if self.no_follow_redirects is not None:
            return not self.no_follow_redirects
        return self.follow_redirects

    @property
    def judges_headers(self) -> bool:
        """Whether headers are matched."""
        return bool(self.fail_if_header_matches or self.fail_if_header_not_matches)

    @property
    def judges_body(self) -> bool:
        """Whether the content is matched with regular expressions."""
        return bool(self.fail_if_body_matches_regexp or self.fail_if_body_not_matches_regexp)

    @property
    def judges_json(self) -> bool:
        """Whether the content is judged by CEL expressions."""
        return bool(self.fail_if_body_json_matches_cel or self.fail_if_body_json_not_matches_cel)

    @property
    def judges_content(self) -> bool:
        """Whether the content is wanted, and not its length alone."""
        return self.judges_body or self.judges_json
