"""Certificates and keys, from a file or written into the configuration itself."""

from __future__ import annotations

import os
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.files import in_memory, read_pem

if TYPE_CHECKING:
    from pillion.configuration import Document, KeyPath
    from pillion.errors import ConfigurationError


@dataclass(frozen=True, slots=True, repr=False)
class Pem:
    """PEM text that may be a secret, so that it has no repr.

    Attributes:
        text: the text.
        at: the key that gives it.
        path: the file that it is from; empty when it stands in the configuration.
    """

    text: str
    at: KeyPath
    path: str

    def error(self, document: Document, sentence: str) -> ConfigurationError:
        """Return the error that names the key, and the file if there is one."""
        return document.error(self.at, f"{self.path} {sentence}" if self.path else sentence)


def named_pem(
    document: Document, inline: str | None, file: str | None, name: tuple[str, str]
) -> Pem | None:
    """Return the PEM of a pair of keys such as `cert` and `cert_file`; None when neither is set.

    Args:
        document: for errors.
        inline: the value of the one.
        file: the value of the other.
        name: the inline key's name, and the directory that relative paths are below.

    Raises:
        ConfigurationError: both are set, or the file cannot be read.
    """
    key, directory = name
    section = "tls_server_config"
    if inline and file:
        raise document.error((section, key), f"is given twice; leave {key} or {key}_file out")
    if inline:
        return Pem(inline, (section, key), "")
    if not file:
        return None
    path = os.path.join(directory, file)  # noqa: PTH118  # pathlib costs 1 MB
    at = (section, f"{key}_file")
    try:
        return Pem(read_pem(path).decode("ascii", "replace"), at, path)
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise document.error(at, f"{path} cannot be read: {reason}") from None


def load_pair(context: ssl.SSLContext, document: Document, certificate: Pem, key: Pem) -> None:
    """Give a context its certificate and key.

    Raises:
        ConfigurationError: one is no PEM, is encrypted, is too weak, or they are no pair.
    """
    if "-----BEGIN CERTIFICATE-----" not in certificate.text:
        raise certificate.error(document, "holds no certificate in PEM")
    if "PRIVATE KEY-----" not in key.text:
        raise key.error(document, "holds no private key in PEM")
    if "ENCRYPTED" in key.text:
        raise key.error(document, "is encrypted, and there is nobody to ask for its password")
    with ExitStack() as stack:
        held = [pem.text.encode("ascii", "replace") for pem in (certificate, key)]
        paths = [stack.enter_context(in_memory(each)) for each in held]
        try:
            context.load_cert_chain(paths[0], paths[1], password="")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise key.error(document, "is not the key of the certificate") from None
            reason = (error.reason or "it is damaged").replace("_", " ").lower()
            raise certificate.error(document, f"cannot be used with its key: {reason}") from None
