"""The properties of `s3`.

Source: fluent-bit's manual, "Amazon S3".
"""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, SIZE, TEXT, TIME, choice
from pillion_log_agent.outputs.aws.properties import AwsProperties
from pillion_log_agent.outputs.rendering import DATE_FORMATS


@dataclass(frozen=True, slots=True)
class S3Properties(AwsProperties):
    """The properties of `s3`, beside those of every output to AWS."""

    bucket: str = setting("bucket", TEXT, "The bucket.", default="")
    s3_key_format: str = setting(
        "s3_key_format",
        TEXT,
        "The key of an object: strftime's letters for the time of its first record in UTC, $TAG, "
        "$TAG[n] and $UUID are filled in.",
        default="/fluent-bit-logs/$TAG/%Y/%m/%d/%H/%M/%S",
    )
    s3_key_format_tag_delimiters: str = setting(
        "s3_key_format_tag_delimiters",
        TEXT,
        "The characters between the parts of the tag.",
        default=".",
    )
    static_file_path: bool = setting(
        "static_file_path",
        FLAG,
        "Add no -object and letters to a key without $UUID: an object takes the place of one "
        "that has the same key.",
        default=False,
    )
    total_file_size: int = setting(
        "total_file_size",
        SIZE,
        "How large an object becomes, before it is packed; half of what may be in flight at most.",
        default=100_000_000,
    )
    upload_timeout: float = setting(
        "upload_timeout", TIME, "How long records wait for more.", default=600.0
    )
    log_key: str | None = optional("log_key", TEXT, "The field that is the line; else all are.")
    json_date_key: str = setting(
        "json_date_key", TEXT, "The field of the time; false leaves it out.", default="date"
    )
    json_date_format: str = setting(
        "json_date_format", choice(*DATE_FORMATS), "How the time is written.", default="iso8601"
    )
    format: str = setting(
        "format", choice("json_lines"), "How records are written.", default="json_lines"
    )
    compression: str | None = optional("compression", choice("gzip"), "Compress objects.")
    content_type: str | None = optional("content_type", TEXT, "The type of objects.")
    canned_acl: str | None = optional("canned_acl", TEXT, "A canned ACL of objects.")
    storage_class: str | None = optional("storage_class", TEXT, "The storage class of objects.")
    send_content_md5: bool = setting(
        "send_content_md5", FLAG, "Send the header that Object Lock asks for.", default=False
    )
