"""The properties of the outputs that speak the bulk API."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PORT, TEXT, TIME, choice
from pillion_log_agent.network.tls import TlsProperties


@dataclass(frozen=True, slots=True)
class BulkProperties(TlsProperties):
    """The properties of `es` and `opensearch`, beside those of TLS."""

    host: str = setting("host", TEXT, "The server.", default="127.0.0.1")
    port: int = setting("port", PORT, "Its port.", default=9200)
    path: str = setting("path", TEXT, "What its paths begin with.", default="")
    http_user: str | None = optional("http_user", TEXT, "The user of basic authentication.")
    http_passwd: str = setting("http_passwd", TEXT, "The user's password.", default="")
    http_api_key: str | None = optional("http_api_key", TEXT, "An API key, base64.")
    cloud_id: str | None = optional("cloud_id", TEXT, "The deployment in Elastic's cloud.")
    cloud_auth: str | None = optional("cloud_auth", TEXT, "user:password there.")
    index: str = setting(
        "index",
        TEXT,
        "The index or data stream; strftime's letters are filled in with the record's time, or "
        "fields like $kubernetes['namespace_name'] with their values.",
        default="fluent-bit",
    )
    target_index: str | None = optional(
        "target_index", TEXT, "The index with fields in it; index where one of them is missing."
    )
    type: str | None = optional(
        "type", TEXT, "The document type; only Elasticsearch before 7 needs one."
    )
    suppress_type_name: bool = setting(
        "suppress_type_name", FLAG, "Send no type, whatever type says.", default=False
    )
    generate_id: bool = setting(
        "generate_id",
        FLAG,
        "Make ids of the file's generation and the offset, so that what is sent again after a "
        "crash is the same document.",
        default=True,
    )
    id_key: str | None = optional("id_key", TEXT, "The field that has the id.")
    write_operation: str = setting(
        "write_operation",
        choice("create", "index", "update", "upsert"),
        "What is done with each record; update and upsert need id_key or generate_id.",
        default="create",
    )
    logstash_format: bool = setting(
        "logstash_format", FLAG, "One index a day: prefix, separator, date.", default=False
    )
    logstash_prefix: str = setting("logstash_prefix", TEXT, "The prefix.", default="logstash")
    logstash_prefix_separator: str = setting(
        "logstash_prefix_separator", TEXT, "The separator.", default="-"
    )
    logstash_prefix_key: str | None = optional(
        "logstash_prefix_key", TEXT, "The field that has the prefix, where it is there."
    )
    logstash_dateformat: str = setting(
        "logstash_dateformat", TEXT, "The date, in strftime's letters.", default="%Y.%m.%d"
    )
    current_time_index: bool = setting(
        "current_time_index", FLAG, "Take the date of now, not of the record.", default=False
    )
    time_key: str = setting("time_key", TEXT, "The field of the time.", default="@timestamp")
    time_key_format: str = setting(
        "time_key_format", TEXT, "The time down to the second.", default="%Y-%m-%dT%H:%M:%S"
    )
    time_key_nanos: bool = setting(
        "time_key_nanos", FLAG, "Write nine digits below the second, not three.", default=False
    )
    include_tag_key: bool = setting("include_tag_key", FLAG, "Add the tag.", default=False)
    tag_key: str = setting("tag_key", TEXT, "The field of the tag.", default="flb-key")
    replace_dots: bool = setting(
        "replace_dots", FLAG, "Write _ for the dots in names of fields.", default=False
    )
    aws_auth: bool = setting(
        "aws_auth",
        FLAG,
        "Sign the requests for AWS; needs the extra aws.",
        default=False,
    )
    aws_region: str | None = optional("aws_region", TEXT, "The AWS region, for the signature.")
    aws_service_name: str = setting(
        "aws_service_name",
        TEXT,
        "The AWS service, for the signature: es, or aoss for OpenSearch Serverless.",
        default="es",
    )
    aws_role_arn: str | None = optional("aws_role_arn", TEXT, "The AWS role to assume.")
    aws_external_id: str | None = optional(
        "aws_external_id", TEXT, "The external ID that the role asks for."
    )
    aws_sts_endpoint: str | None = optional(
        "aws_sts_endpoint", TEXT, "The address of STS, for the role."
    )
    aws_profile: str | None = optional("aws_profile", TEXT, "The profile in the shared AWS files.")
    pipeline: str | None = optional("pipeline", TEXT, "The ingest pipeline.")
    compress: str | None = optional("compress", choice("gzip"), "Compress what is sent.")
    net_connect_timeout: float = setting(
        "net.connect_timeout", TIME, "The most that a connection may take.", default=10.0
    )
    response_timeout: float = setting(
        "http.response_timeout", TIME, "The most that an answer may take.", default=60.0
    )
