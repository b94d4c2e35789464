from __future__ import annotations

import io
import tarfile

import pytest

from pillion_images.debian.contents import stays
from pillion_images.debian.rewriting import bundle, rewrite


@pytest.mark.parametrize(
    "path",
    [
        "usr/bin/python3.13",
        "usr/lib/python3.13/asyncio/base_events.py",
        "usr/lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so",
        "usr/lib/x86_64-linux-gnu/libssl.so.3",
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "usr/share/zoneinfo/Europe/Paris",
        "usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt",
        "usr/share/doc/libssl3/copyright",
    ],
)
def test_what_a_service_needs_stays(path: str) -> None:
    assert stays(path)


@pytest.mark.parametrize(
    "path",
    [
        "bin/tar",
        "usr/bin/perl",
        "usr/bin/dpkg",
        "usr/bin/openssl",
        "usr/lib/python3.13/test/regrtest.py",
        "usr/lib/x86_64-linux-gnu/gconv/EUC-KR.so",
        "usr/share/zoneinfo/right/Europe/Paris",
        "usr/share/man/man1/openssl.1ssl.gz",
        "usr/share/doc/libssl3/changelog.Debian.gz",
        "etc/cron.daily/dpkg",
    ],
)
def test_what_it_does_not_need_goes(path: str) -> None:
    assert not stays(path)


def archive(**files: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size, info.mtime = len(data), 1234
            tar.addfile(info, io.BytesIO(data))
    file.seek(0)
    return file


def test_a_rewritten_tar_leaves_out_adds_and_forgets_the_times() -> None:
    target = io.BytesIO()
    rewrite(archive(a=b"1", b=b"2"), target, lambda path: path != "b", {"c": b"3"})
    target.seek(0)
    with tarfile.open(fileobj=target) as tar:
        assert [(member.name, member.mtime) for member in tar] == [("a", 0), ("c", 0)]


def test_certificates_that_pass_by_make_the_bundle() -> None:
    certificates = rewrite(
        archive(**{"y.crt": b"Y", "x.crt": b"X\n"}), io.BytesIO(), lambda _: True
    )
    assert bundle(certificates) == b"X\nY\n"
