"""Which of the two formats a client asks for. Pure."""

from __future__ import annotations

from functools import lru_cache

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@lru_cache(maxsize=64)
def negotiate(accept: str) -> str:
    """Return the content type to answer an `Accept` header with: `OPENMETRICS` or `TEXT`.

    Prometheus asks for OpenMetrics first and gives weights (`;q=0.75`); the highest wins.
    """
    best, best_weight = TEXT, 0.0
    for part in accept.split(","):
        media, _, parameters = part.strip().partition(";")
        offer = {"application/openmetrics-text": OPENMETRICS, "text/plain": TEXT}.get(
            media.strip().lower()
        )
        weight = _weight(parameters)
        if offer and _version_is_ours(offer, parameters) and weight > best_weight:
            best, best_weight = offer, weight
    return best


def _version_is_ours(offer: str, parameters: str) -> bool:
    version = _parameter(parameters, "version")
    return version is None or version in (
        ("1.0.0", "0.0.1") if offer is OPENMETRICS else ("0.0.4",)
    )


def _weight(parameters: str) -> float:
    written = _parameter(parameters, "q")
    try:
        return 1.0 if written is None else float(written)
    except ValueError:
        return 0.0


def _parameter(parameters: str, name: str) -> str | None:
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return None
