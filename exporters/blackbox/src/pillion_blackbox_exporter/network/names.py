"""Distinguished names as Go's crypto/x509 writes them, so that label values stay the same. Pure."""

from __future__ import annotations

_SHORT = {
    "2.5.4.6": "C",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.17": "POSTALCODE",
    "2.5.4.3": "CN",
    "2.5.4.5": "SERIALNUMBER",
}
_SINGLE = ("2.5.4.3", "2.5.4.5")
_SPECIAL = frozenset(',+"\\<>;')
_PRINTABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
_SHORT_LENGTH = 0x80


def distinguished_name(attributes: list[tuple[str, str]]) -> str:
    """Return a name as one line, the most particular attribute first.

    Known attributes come in a fixed order, several values of one joined with `+`; unknown
    ones follow as OID and hex.

    Args:
        attributes: pairs of dotted OID and value, in the certificate's order.
    """
    parts = [_unknown(oid, value) for oid, value in attributes if oid not in _SHORT]
    for oid, short in _SHORT.items():
        values = [value for kind, value in attributes if kind == oid]
        if oid in _SINGLE:
            values = values[-1:]
        if values:
            parts.append("+".join(f"{short}={_escaped(value)}" for value in values))
    return ",".join(reversed(parts))


def _unknown(oid: str, value: str) -> str:
    content = value.encode()
    tag = 0x13 if all(character in _PRINTABLE for character in value) else 0x0C
    length = len(content)
    if length < _SHORT_LENGTH:
        header = bytes((tag, length))
    else:
        size = length.to_bytes((length.bit_length() + 7) // 8, "big")
        header = bytes((tag, _SHORT_LENGTH | len(size))) + size
    return f"{oid}=#{(header + content).hex()}"


def _escaped(value: str) -> str:
    last = len(value) - 1
    return "".join(
        f"\\{character}"
        if character in _SPECIAL
        or (character == " " and index in (0, last))
        or (character == "#" and index == 0)
        else character
        for index, character in enumerate(value)
    )
