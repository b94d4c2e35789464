"""Installs the Debian packages that the tests use, where that may be done.

Elsewhere it says what is missing and by which tests it is wanted; those are then skipped by
name. With CI=true a missing part is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# The program that a test starts, and the package that brings it.
PACKAGES = {
    "nginx": "nginx",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-nginx-exporter": "prometheus-nginx-exporter",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "chromium": "chromium",
    "ip": "iproute2",
    "microsocks": "microsocks",
    "tinyproxy": "tinyproxy-bin",
    "logrotate": "logrotate",
    "multilog": "daemontools",
    "s6-log": "s6",
    "rotatelogs": "apache2-utils",
    "cronolog": "cronolog",
    "busybox": "busybox",
    "dockerd": "docker.io",
    "mmdebstrap": "mmdebstrap",
    "docker-registry": "docker-registry",
    "javac": "default-jdk-headless",
    "mvn": "maven",
    "systemd-journal-remote": "systemd-journal-remote",
}


def missing() -> dict[str, str]:
    """Return the programs that are not there, with their packages."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/systemd"
    return {
        name: package for name, package in PACKAGES.items() if not shutil.which(name, path=path)
    }


def may_install() -> bool:
    """Whether this is Debian or Ubuntu, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install packages without starting their services."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    quiet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*quiet, "update"], env=environment, check=True)
    subprocess.run(
        [*quiet, "install", "-y", "--no-install-recommends", *packages],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    """Install what is missing, or say so."""
    absent = missing()
    if absent and may_install():
        packages = sorted(set(absent.values()))
        print(f"installing {', '.join(packages)}", flush=True)
        install(packages)
        absent = missing()
    for name, package in absent.items():
        print(f"missing: {name} (Debian package {package}); tests that need it are skipped")
    return 1 if absent and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
