"""What of Debian's packages stays in the base image. Pure: paths in, decisions out."""

from __future__ import annotations

from fnmatch import fnmatchcase

PACKAGES = (
    "python3-minimal",
    "libpython3.13-stdlib",
    "libstdc++6",
    "ca-certificates",
    "tzdata",
    "netbase",
)

# Paths without a slash in front. `*` passes slashes too.
_KEPT_ANYWAY = (
    "usr/bin/python3*",
    "usr/share/doc/*/copyright",
    "usr/share/zoneinfo/*",
    "usr/share/ca-certificates/*",
    "etc/ssl/*",
    "etc/os-release",
    "etc/services",
    "etc/protocols",
    "etc/mime.types",
)
_DROPPED = (
    # The same time zones again, in two forms that nobody names.
    "usr/share/zoneinfo/right/*",
    "usr/share/zoneinfo/posix/*",
    # Programs: there is no shell, no package manager and no perl.
    "bin/*", "sbin/*", "usr/bin/*", "usr/sbin/*", "usr/lib/ssl/misc/*",
    # Documents, translations and settings for programs that are not there.
    "usr/share/*", "etc/*", "var/lib/*", "var/cache/*", "var/log/*",
    "usr/lib/binfmt.d/*", "usr/lib/mime/*", "usr/lib/systemd/*", "usr/lib/tmpfiles.d/*",
    # Libraries that only dropped modules and programs load.
    "*/gconv/*", "*/perl*", "*/krb5/*", "*/engines-3/*", "*/sasl2/*",
    "*/libdb-5*", "*/libsqlite3*", "*/libkrb5*", "*/libgssapi*", "*/libk5crypto*",
    "*/libcom_err*", "*/libkeyutils*", "*/libtirpc*", "*/libnsl*", "*/libpcre2*",
    "*/libselinux*", "*/libacl*", "*/libattr*", "*/libmd.so*", "*/libreadline*",
    "*/libhistory*", "*/libncurses*", "*/libtinfo*", "*/libform*", "*/libmenu*", "*/libpanel*",
    "*/libtic*", "*/libexpatw*", "*/libmvec*", "*/libc_malloc_debug*", "*/libmemusage*",
    "*/libpcprofile*", "*/libthread_db*", "*/libnss_hesiod*", "*/libnss_compat*",
    # Modules of the standard library that no service imports.
    "*/python3.13/test/*", "*/python3.13/idlelib/*", "*/python3.13/tkinter/*",
    "*/python3.13/lib2to3/*", "*/python3.13/pydoc_data/*", "*/python3.13/turtledemo/*",
    "*/python3.13/ensurepip/*", "*/python3.13/curses/*", "*/python3.13/sqlite3/*",
    "*/python3.13/dbm/*", "*/python3.13/turtle.py", "*/python3.13/sitecustomize.py",
    "*/python3.13/EXTERNALLY-MANAGED", "*/python3.13/config-3.13-*",
    *(
        f"*/lib-dynload/{name}.*"
        for name in ("_sqlite3", "_dbm", "_curses*", "readline", "nis", "ossaudiodev", "_test*",
                     "_xxtestfuzz", "xxlimited*", "_ctypes_test", "audioop")
    ),
)  # fmt: skip


def stays(path: str) -> bool:
    """Return whether a file of a package is kept; `path` has no slash in front."""
    if any(fnmatchcase(path, pattern) for pattern in _DROPPED[:2]):
        return False
    if any(fnmatchcase(path, pattern) for pattern in _KEPT_ANYWAY):
        return True
    return not any(fnmatchcase(path, pattern) for pattern in _DROPPED)


def accounts() -> dict[str, str]:
    """Return the files that name the users: root and one for services."""
    return {
        "etc/passwd": (
            "root:x:0:0:root:/root:/sbin/nologin\n"
            "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
            "nonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n"
        ),
        "etc/group": "root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }
