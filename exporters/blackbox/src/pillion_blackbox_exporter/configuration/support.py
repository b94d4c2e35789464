"""Whether a module can work in this installation. One that cannot fails alone.

A file that is right loads whole: a module that needs an extra that is not installed is warned
of, and its probes fail and say why.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.module import Module

_DISTRIBUTION = "pillion-blackbox-exporter"


def unsupported(module: Module) -> str:
    """Return why a module cannot work here, or nothing."""
    if _signs(getattr(module, module.prober)) and find_spec("cryptography") is None:
        return f"the JWT bearer grant needs cryptography: install {_DISTRIBUTION}[jwt]"
    http = module.http
    if module.prober != "http":
        return ""
    if http.judges_json and find_spec("cel_expr_python") is None:
        return f"CEL needs cel-expr-python: install {_DISTRIBUTION}[cel]"
    if not http.enable_http3:
        return ""
    if find_spec("aioquic") is None:
        return f"enable_http3 needs aioquic: install {_DISTRIBUTION}[http3]"
    if http.proxy_url or http.proxy_from_environment:
        return "enable_http3 does not go through a proxy: leave out one of them"
    return ""


def _signs(section: object) -> bool:
    oauth2 = getattr(section, "oauth2", None)
    return oauth2 is not None and oauth2.is_jwt_bearer
