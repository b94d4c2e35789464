"""Signed requests to an API of AWS, and what its answers mean.

Source: AWS's documentation, "Signature Version 4" and the "Common Errors" of each API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.endpoint import authority
from pillion_log_agent.outputs.aws.signing import Signer
from pillion_log_agent.outputs.http_client import HttpClient
from pillion_log_agent.outputs.retry_after import parse_retry_after
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pillion_log_agent.network.endpoint import Endpoint
    from pillion_log_agent.outputs.aws.credentials import CredentialSource

ANSWER_LIMIT = 8 * 1024 * 1024
WORDS = 500
_SUCCESS = range(200, 300)
_CONTENT = frozenset(
    {
        "SerializationException",
        "InvalidParameterException",
        "InvalidArgumentException",
        "InvalidSourceException",
        "ValidationException",
        "ValidationError",
        "RequestEntityTooLarge",
        "EntityTooLarge",
        "InvalidArgument",
        "KeyTooLongError",
    }
)
"""The request itself is refused, for what is in it."""
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,100})</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]{0,500})</Message>")


class AwsError(Exception):
    """An answer that refuses a request for what it is.

    Attributes:
        code: one word, such as `ResourceNotFoundException`.
        detail: who answered, and its words.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class AwsAnswer:
    """An answer of success."""

    headers: Mapping[str, str]
    body: bytes


class AwsClient:
    """Sends signed requests to one service.

    Raises, when it is made:
        ConfigurationError: botocore is not installed.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: CredentialSource,
        *,
        service: str,
        timeout: float,
        wall_ns: Callable[[], int],
    ) -> None:
        self._signer = Signer(credentials, service)
        self._timeout = timeout
        self._wall_ns = wall_ns
        self._host = authority(endpoint)
        self._client = HttpClient(endpoint, {"Host": self._host, "User-Agent": "pillion-log-agent"})

    async def call(
        self, action: str, body: bytes, *, headers: Mapping[str, str] | None = None
    ) -> AwsAnswer:
        """Call an action of an API that speaks JSON; `action` is the value of X-Amz-Target.

        Raises:
            AwsError: the request is refused for what it is.
            TransientError: as `request`.
        """
        named = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": action}
        return await self.request("POST", "/", body, headers={**named, **(headers or {})})

    async def request(
        self, method: str, target: str, body: bytes, *, headers: Mapping[str, str]
    ) -> AwsAnswer:
        """Send a request, signed.

        Raises:
            AwsError: it is refused for what it is, or names what is not there or there already.
            TransientError: the service is not there, is busy, or does not let us in.
        """
        url = f"{'https' if self._client.endpoint.tls else 'http'}://{self._host}{target}"
        signed = await self._signer.sign(method, url, {"Host": self._host, **headers}, body)
        answer = await self._client.request(
            method,
            target,
            [body] if body else [],
            timeout=self._timeout,
            limit=ANSWER_LIMIT,
            headers=signed,
        )
        if answer.status in _SUCCESS:
            return AwsAnswer(answer.headers, answer.body)
        code, message = read_error(answer.body, answer.headers)
        detail = f"{self._client.endpoint} answered {answer.status} {code}: {message}"
        self._signer.note_refusal(code)
        if _is_final(answer.status, code):
            raise AwsError(code or str(answer.status), detail)
        raise TransientError(
            detail,
            reason=code or str(answer.status),
            after=parse_retry_after(
                answer.headers.get("Retry-After", ""), self._wall_ns() / 1_000_000_000
            ),
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


def _is_final(status: int, code: str) -> bool:
    is_about_names = code.startswith(("ResourceNotFound", "ResourceAlreadyExists", "NoSuchUpload"))
    return status == 413 or code in _CONTENT or is_about_names  # noqa: PLR2004


def read_error(body: bytes, headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the code and the words of an error, in JSON or XML; empty where it says none."""
    found = decode_object(body)
    if found is not None:
        code = found.get("__type") or found.get("code") or headers.get("x-amzn-ErrorType") or ""
        words = found.get("message") or found.get("Message") or ""
        # `com.amazonaws.logs#Code`, and `Code:http://...` in a header.
        return str(code).rpartition("#")[2].partition(":")[0][:100], str(words)[:WORDS]
    code_found, words_found = _CODE.search(body), _MESSAGE.search(body)
    text = words_found[1] if words_found else body[:WORDS]
    return code_found[1].decode() if code_found else "", text.decode("utf-8", "replace").strip()
