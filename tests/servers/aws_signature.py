"""Verifies signatures as AWS does, written from its documentation and nothing else.

Source: AWS's documentation, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from tests.servers.http_sink import Posted

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


def fault(posted: Posted, *, secret: str, service: str, region: str) -> str | None:
    """Return what is wrong with the signature of a request, None if it is good."""
    headers = {name.lower(): value for name, value in posted.headers.items()}
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if match is None:
        return "no signature"
    _, day, named_region, named_service, names, signature = match.groups()
    if (named_region, named_service) != (region, service):
        return f"signed for {named_region} {named_service}"
    time = headers.get("x-amz-date", "")
    if not time.startswith(day):
        return "another day"
    listed = names.split(";")
    must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if not must <= set(listed) or listed != sorted(listed):
        return f"headers are not signed: {must - set(listed)}"
    payload = hashlib.sha256(posted.raw).hexdigest()
    if service == "s3" and headers.get("x-amz-content-sha256") != payload:
        return "the body is another"
    path, _, query = posted.path.partition("?")
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    canonical = "\n".join(
        [
            posted.method,
            path if service == "s3" else quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(headers[name].split())}" for name in listed),
            "",
            names,
            payload,
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    told = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{told}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    wanted = hmac.new(key, text.encode(), "sha256").hexdigest()
    return None if wanted == signature else "the signature is another"
