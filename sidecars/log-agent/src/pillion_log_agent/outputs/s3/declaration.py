"""How `s3` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.aws.properties import ACCEPTED
from pillion_log_agent.outputs.s3.properties import S3Properties

if TYPE_CHECKING:
    from pillion_log_agent.outputs.output import Output, OutputContext


def _build(properties: S3Properties, context: OutputContext) -> Output:
    from pillion_log_agent.outputs.s3.output import (  # noqa: PLC0415
        S3Output,  # aiohttp's client and botocore, for those who send
    )

    return S3Output(properties, context)


_ONE_REQUEST = "an object goes up in one request, and is there as a whole or not at all"
_NO_STORE = "records wait in the log file itself: its position moves once the object is there"
_NO_BLOBS = "there are no blobs here"
S3 = Declaration(
    name="s3",
    summary="Puts records into objects in Amazon S3, or what speaks its protocol.",
    properties=S3Properties,
    accepted={
        **ACCEPTED,
        **dict.fromkeys(("use_put_object", "upload_chunk_size"), _ONE_REQUEST),
        **dict.fromkeys(("store_dir", "store_dir_limit_size"), _NO_STORE),
        "preserve_data_ordering": "records are in the order in which they were read, always",
        **dict.fromkeys(
            ("retry_exhausted_action", "quarantine_dir_limit_size"),
            "what retry_limit gives up goes to the dead-letter file",
        ),
        **dict.fromkeys(
            (
                "blob_database_file",
                "part_size",
                "file_delivery_attempt_limit",
                "part_delivery_attempt_limit",
                "upload_parts_timeout",
                "upload_part_freshness_limit",
            ),
            _NO_BLOBS,
        ),
    },
    refused={
        f"authorization_endpoint_{name}": "let IAM credentials or a role sign the requests"
        for name in ("url", "username", "password", "bearer_token")
    },
    required=("bucket",),
    build=_build,
)
