"""The signature of a bulk request, for Amazon OpenSearch Service and OpenSearch Serverless.

Source: fluent-bit's manual, "OpenSearch"; AWS's documentation, "Signing HTTP requests to Amazon
OpenSearch Service".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.outputs.aws.credentials import CredentialSource
from pillion_log_agent.outputs.aws.endpoint import authority
from pillion_log_agent.outputs.aws.signing import Signer

if TYPE_CHECKING:
    from pillion_log_agent.network.endpoint import Endpoint
    from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties


@dataclass(frozen=True, slots=True)
class Signature:
    """What signs bulk requests to one endpoint."""

    signer: Signer
    endpoint: Endpoint

    async def sign(self, target: str, body: bytes, *, compresses: bool) -> dict[str, str]:
        """Return the headers of a request; raises TransientError where there are no credentials."""
        host = authority(self.endpoint)
        headers = {"Host": host, "Content-Type": "application/x-ndjson"}
        if compresses:
            headers["Content-Encoding"] = "gzip"
        scheme = "http" if self.endpoint.tls is None else "https"
        return await self.signer.sign("POST", f"{scheme}://{host}{target}", headers, body)


def signature(properties: BulkProperties, endpoint: Endpoint) -> Signature | None:
    """Return it, None without `aws_auth`; raises ConfigurationError."""
    if not properties.aws_auth:
        return None
    if properties.aws_region is None:
        raise ConfigurationError("aws_region: is missing, and aws_auth is on")
    source = CredentialSource(
        properties.aws_region,
        properties.aws_profile,
        properties.aws_role_arn,
        properties.aws_external_id,
        properties.aws_sts_endpoint,
    )
    return Signature(Signer(source, properties.aws_service_name), endpoint)
