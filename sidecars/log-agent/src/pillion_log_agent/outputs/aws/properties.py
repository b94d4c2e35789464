"""The properties that every output to AWS has.

Source: fluent-bit's manual, "Amazon CloudWatch", "Amazon S3", "Amazon Kinesis Data Streams".
"""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PORT, TEXT, TIME
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.network.tls import TlsProperties
from pillion_log_agent.outputs.aws.credentials import CredentialSource


@dataclass(frozen=True, slots=True)
class AwsProperties(TlsProperties):
    """The properties of an output to AWS, beside those of TLS."""

    tls: bool = setting("tls", FLAG, "Whether to use TLS.", default=True)
    region: str = setting("region", TEXT, "The AWS region.", default="us-east-1")
    endpoint: str | None = optional(
        "endpoint", TEXT, "The address of the API instead of AWS's own; http:// turns TLS off."
    )
    port: int | None = optional("port", PORT, "Its port; 443, or 80 without TLS, if not given.")
    role_arn: str | None = optional("role_arn", TEXT, "The role to assume.")
    external_id: str | None = optional("external_id", TEXT, "The external ID that it asks for.")
    sts_endpoint: str | None = optional("sts_endpoint", TEXT, "The address of STS, for the role.")
    profile: str | None = optional("profile", TEXT, "The profile in the shared AWS files.")
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
    response_timeout: float = setting(
        "http.response_timeout", TIME, "The most that an answer may take.", default=60.0
    )

    @property
    def credential_source(self) -> CredentialSource:
        """Where the credentials come from."""
        return CredentialSource(
            self.region, self.profile, self.role_arn, self.external_id, self.sts_endpoint
        )


ACCEPTED = {
    **NETWORK,
    "tls.debug": "errors of TLS are logged",
    "auto_retry_requests": "a request over a connection that has gone stale goes out again at once",
    "extra_user_agent": "requests say pillion-log-agent",
}
