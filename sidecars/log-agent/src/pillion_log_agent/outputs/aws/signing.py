"""Signing requests, version 4, with the credentials that hold at the time.

Source: AWS's documentation, "Signature Version 4".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pillion_log_agent.outputs.aws.credentials import AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_log_agent.outputs.aws.credentials import CredentialSource

_STALE = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
"""The credentials are refused; others may have taken their place."""


class Signer:
    """Signs what goes to one service.

    Raises, when it is made:
        ConfigurationError: botocore is not installed.
    """

    def __init__(self, source: CredentialSource, service: str) -> None:
        self._credentials = AwsCredentials(source)
        self._region = source.region
        self._service = service

    async def sign(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """Return the headers of a request with its signature.

        Args:
            method: of the request.
            url: the whole, escaped.
            headers: those to sign, Host among them.
            body: as it is sent.

        Raises:
            TransientError: there are no credentials.
        """
        from botocore.auth import S3SigV4Auth, SigV4Auth  # 14 MB  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        credentials = await self._credentials.current()
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        if self._service == "aoss":
            # OpenSearch Serverless asks for it, as S3 does.
            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        signer = S3SigV4Auth if self._service == "s3" else SigV4Auth
        signer(credentials, self._service, self._region).add_auth(request)
        return dict(request.headers.items())

    def note_refusal(self, code: str) -> None:
        """Look for credentials again at the next request, where those that were found are bad."""
        if code in _STALE:
            self.forget()

    def forget(self) -> None:
        """Look for credentials again at the next request."""
        self._credentials.forget()
