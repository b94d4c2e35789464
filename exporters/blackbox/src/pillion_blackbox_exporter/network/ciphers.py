"""OpenSSL's names of cipher suites as IANA's, which are the ones that Go reports. Pure."""

from __future__ import annotations


def iana_name(name: str) -> str:
    """Return IANA's name of a cipher suite that OpenSSL names (`ECDHE-RSA-AES128-GCM-SHA256`)."""
    if name.startswith("TLS_"):
        return name
    parts = name.split("-")
    exchange: list[str] = []
    while parts and parts[0] in ("ECDHE", "DHE", "ECDH", "DH", "RSA", "ECDSA", "PSK", "DSS"):
        exchange.append(parts.pop(0))
    rest = "_".join(parts).replace("AES128", "AES_128").replace("AES256", "AES_256")
    if rest.startswith("CHACHA20"):
        rest += "_SHA256"
    elif rest.startswith("AES") and "GCM" not in rest and "CCM" not in rest:
        cipher, _, digest = rest.rpartition("_")
        rest = f"{cipher}_CBC_{digest}"
    elif rest == "DES_CBC3_SHA":
        rest = "3DES_EDE_CBC_SHA"
    return f"TLS_{'_'.join(exchange) or 'RSA'}_WITH_{rest}"
