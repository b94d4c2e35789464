"""What of a URL may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.masking import masked_target, masked_url, secrets_of_target


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/path", "http://h/path"),
        ("http://h:80/@scope", "http://<secret>@scope"),  # rather too much than too little
        ("http://h/@scope", "http://h/@scope"),
        ("http://u:pass@h/path", "http://<secret>@h/path"),
        ("http://u@h", "http://<secret>@h"),
        ("http://u:a/b@h", "http://<secret>@h"),
        ("http://u:a/b@h:80/x", "http://<secret>@h:80/x"),
        ("http://u:a?b@h/x", "http://<secret>@h/x"),
        ("http://u:a#b@h/x", "http://<secret>@h/x"),
        ("http://u:p@ss@h/x", "http://<secret>@h/x"),
        ("http://u:80/x@h", "http://<secret>@h"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("HTTPS://u:pass@[::1]:80/x", "HTTPS://<secret>@[::1]:80/x"),
        ("https://h/token?client_secret=s3cret", "https://h/token?client_secret=<secret>"),
        ("https://h/?a=1&b=2;c=3#d", "https://h/?a=<secret>&b=<secret>;c=<secret>#d"),
        ("https://h/?s3cret", "https://h/?<secret>"),
        ("https://h/?a=", "https://h/?a=<secret>"),
        ("https://h?a=b", "https://h?a=<secret>"),
        ("http://u:p@h/?x=y@z", "http://<secret>@h/?x=<secret>"),
        ("postgres://u:p@h/db, http://v:q@i", "postgres://<secret>@h/db, http://<secret>@i"),
        ("the target 'http://u:p@h' has no port", "the target 'http://<secret>@h' has no port"),
        ("no URL: a@b.example?c=d", "no URL: a@b.example?c=d"),
        ("", ""),
    ],
)
def test_users_and_queries_are_masked(text: str, shown: str) -> None:
    assert masked_url(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("u:pass@h:80", "<secret>@h:80"),
        ("h:80", "h:80"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("h/path?key=v", "h/path?key=<secret>"),
        ("u:a/b@h", "<secret>@h"),
        ("/run/some.sock", "/run/some.sock"),
        ("http://u:pass@h", "http://<secret>@h"),
    ],
)
def test_a_target_needs_no_scheme(text: str, shown: str) -> None:
    assert masked_target(text) == shown


def test_the_secrets_of_a_target_are_known_in_both_spellings() -> None:
    found = set(secrets_of_target("http://me:p%40ssword@h/?token=abcdef&x=1"))
    assert {"p%40ssword", "p@ssword", "abcdef"} <= found
    assert "1" not in found


@given(
    st.text("abcXYZ019/?#:@&=%.-_~!$", min_size=4),
    st.sampled_from(["http://u:{}@host/x", "u:{}@host:1", "tcp://u:x{}@[::1]:9"]),
)
def test_no_password_shows_through(password: str, form: str) -> None:
    secret = f"SeCrEt{password}"
    assert "SeCrEt" not in masked_target(form.format(secret))
