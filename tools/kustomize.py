"""Finds what builds a kustomization: kubectl, kustomize, or one that Go makes here.

Components want kustomize 5, which kubectl has inside since 1.27; Debian 12's kubectl is older.
`make test` builds kustomize into `.tools/` where neither is new enough and Go is there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import debian

OWN = Path(__file__).resolve().parents[1] / ".tools/kustomize"
# What kubectl 1.31 has inside; the newest that any Go since 1.19 builds.
SOURCE = "sigs.k8s.io/kustomize/kustomize/v5@v5.0.3"
OLDEST = 5


def command() -> list[str] | None:
    """Return the words before the folder of a kustomization, or None when there are none here."""
    kubectl, kustomize = shutil.which("kubectl"), shutil.which("kustomize")
    # kubectl speaks of its kustomize since 1.24, and before that of nothing.
    of_kubectl = r'"kustomizeVersion": "v(\d+)\.'
    if kubectl and _is_new(of_kubectl, kubectl, "version", "--client", "--output=json"):
        return [kubectl, "kustomize"]
    if kustomize and _is_new(r"v(\d+)\.", kustomize, "version"):
        return [kustomize, "build"]
    return [str(OWN), "build"] if OWN.is_file() else None


def install(go: str) -> None:
    """Build kustomize with Go, from the module proxy, into `.tools/`."""
    made_here = {"GOBIN": str(OWN.parent), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    subprocess.run([go, "install", SOURCE], env={**os.environ, **made_here}, check=True)


def _is_new(pattern: str, *words: str) -> bool:
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(pattern, ran.stdout)
    return found is not None and int(found[1]) >= OLDEST


def main() -> int:
    """Build kustomize where nothing else is there; say so where that cannot be."""
    if command() is not None:
        return 0
    if shutil.which("go") is None and debian.may_install():
        debian.install(["golang-go"])
    go = shutil.which("go")
    if go is not None:
        print(f"building {SOURCE}", flush=True)
        install(go)
        return 0
    print("missing: kubectl 1.27, kustomize 5, or Go to build it; tests that need it are skipped")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
