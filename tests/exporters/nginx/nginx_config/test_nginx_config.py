"""nginx.conf as the access logs that it names."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_nginx_exporter.access_log.formats import FormatText
from pillion_nginx_exporter.nginx_config.access_logs import FoundLog, access_logs
from pillion_nginx_exporter.nginx_config.directives import NginxSyntaxError, parse_directives
from pillion_nginx_exporter.nginx_config.files import read_access_logs

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = r"""
# access_log /commented;
events {}
http {
    log_format  pieces '$remote_addr "$request" '
                       "$status \"quoted\" "
                       $body_bytes_sent;
    log_format json escape=json '{"status":"$status",'
        '"time":$request_time}';
    map $status $loggable { ~^[23] 0; default 1; }
    access_log /logs/all.log pieces buffer=64k flush=1s;
    server {
        listen 80;
        set $a "}{;#";  # } in a comment
        access_log /logs/${host}-$status.log json if=$loggable;
        access_log syslog:server=127.0.0.1:5531,facility=local7,tag=web json;
        location /quiet { access_log off; }
        location ~ \.php$ { access_log /logs/php.log; return 200 'its'; }
        location ~ ^/[a-z]+/ { access_log logs/relative.log pieces; }
        location /lua { content_by_lua_block { local a = {b = {}} ; ngx.say("x") } }
        location /gone { access_log /logs/x.log missing; }
        location /small { access_log /logs/x.gz combined gzip; }
        location /out { access_log /dev/stdout pieces; }
    }
}
stream { log_format s '$status'; server { access_log /logs/stream.log s; } }
"""
PIECES = FormatText('$remote_addr "$request" $status "quoted" $body_bytes_sent')
JSON = FormatText('{"status":"$status","time":$request_time}', is_json=True)


def test_every_access_log_of_http_is_found_with_its_format() -> None:
    assert access_logs(parse_directives(HOSTILE)).logs == (
        FoundLog("/logs/all.log", "", PIECES),
        FoundLog("/logs/*-*.log", "", JSON),
        FoundLog("", "127.0.0.1:5531", JSON),
        FoundLog("/logs/php.log", "", FormatText("combined")),
        FoundLog("logs/relative.log", "", PIECES),
    )


def test_what_is_left_out_is_said() -> None:
    assert access_logs(parse_directives(HOSTILE)).notes == (
        "access_log /logs/${host}-$status.log has if=: only the requests that it logs are counted",
        "access_log /logs/x.log is left out: there is no log_format missing",
        "access_log /logs/x.gz is left out: it is compressed (gzip), which cannot be followed",
        "access_log /dev/stdout is left out: name a file in a volume that both containers mount",
    )


def test_includes_are_followed_relative_to_the_main_file(tmp_path: Path) -> None:
    folder = tmp_path / "sites"
    folder.mkdir()
    (tmp_path / "nginx.conf").write_text("http { include formats; include sites/*.conf; }")
    (tmp_path / "formats").write_text("log_format f '$status';")
    for name in "ba":
        (folder / f"{name}.conf").write_text(f"server {{ access_log logs/{name}.log f; }}")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "b.log").symlink_to("/dev/stdout")
    found = read_access_logs(str(tmp_path / "nginx.conf"))
    assert found.logs == (FoundLog(f"{tmp_path}/logs/a.log", "", FormatText("$status")),)
    assert "access_log logs/b.log is left out" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http {", "line 1: a { has no }"),
        ("\nhttp { } }", "line 2: unexpected }"),
        ("a\nb", "line 1: a has no ;"),
        ("a;\n{}", "line 2: unexpected {"),
        ('a\n"open;', "line 2: a quote or an escape has no end"),
        ("a {" * 40, "line 1: the blocks stand deeper than 32"),
        ("a_by_lua_block { {", "line 1: a { has no }"),
    ],
)
def test_a_syntax_error_is_said_with_its_line(text: str, why: str) -> None:
    with pytest.raises(NginxSyntaxError) as caught:
        parse_directives(text)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("include gone;", "gone: cannot be read: No such file or directory"),
        ("include nginx.conf;", "the configuration is too big"),
        ("http {", "nginx.conf: line 1: a { has no }"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_configuration_error(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "nginx.conf").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_access_logs(str(tmp_path / "nginx.conf"))
    assert why in str(caught.value)


def test_nginx_itself_takes_the_configuration_that_is_read_here(tmp_path: Path) -> None:
    program = shutil.which("nginx")
    assert program is not None
    leave_out = ("lua", "gone", "stream")
    text = "\n".join(line for line in HOSTILE.splitlines() if not any(w in line for w in leave_out))
    text = text.replace("/logs/", f"{tmp_path}/").replace("logs/rel", f"{tmp_path}/rel")
    path = tmp_path / "nginx.conf"
    path.write_text(f"pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n{text}")
    tested = subprocess.run(
        [program, "-t", "-q", "-p", str(tmp_path), "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stderr
    assert len(read_access_logs(str(path)).logs) == 5
