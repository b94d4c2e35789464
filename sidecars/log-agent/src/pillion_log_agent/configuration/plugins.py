"""Which plugins there are: by the name in a configuration, where the declaration is.

A declaration is loaded only when a configuration names its plugin.
"""

INPUTS = {
    "cpu": "pillion_log_agent.inputs.cpu:CPU",
    "disk": "pillion_log_agent.inputs.disk:DISK",
    "dummy": "pillion_log_agent.inputs.dummy:DUMMY",
    "exec": "pillion_log_agent.inputs.exec:EXEC",
    "forward": "pillion_log_agent.inputs.forward.declaration:FORWARD_INPUT",
    "head": "pillion_log_agent.inputs.head:HEAD",
    "http": "pillion_log_agent.inputs.http:HTTP_INPUT",
    "kubernetes_events": "pillion_log_agent.inputs.kubernetes_events.declaration:KUBERNETES_EVENTS",
    "mem": "pillion_log_agent.inputs.mem:MEM",
    "netif": "pillion_log_agent.inputs.netif:NETIF",
    "proc": "pillion_log_agent.inputs.proc:PROC",
    "random": "pillion_log_agent.inputs.random:RANDOM",
    "stdin": "pillion_log_agent.inputs.stdin:STDIN",
    "syslog": "pillion_log_agent.inputs.syslog:SYSLOG_INPUT",
    "systemd": "pillion_log_agent.inputs.systemd.declaration:SYSTEMD",
    "tail": "pillion_log_agent.inputs.tail:TAIL",
    "tcp": "pillion_log_agent.inputs.tcp:TCP_INPUT",
    "thermal": "pillion_log_agent.inputs.thermal:THERMAL",
    "udp": "pillion_log_agent.inputs.udp:UDP_INPUT",
}
FILTERS = {
    "aws": "pillion_log_agent.filters.aws:AWS_FILTER",
    "checklist": "pillion_log_agent.filters.checklist:CHECKLIST",
    "ecs": "pillion_log_agent.filters.ecs:ECS",
    "expect": "pillion_log_agent.filters.expect:EXPECT",
    "geoip2": "pillion_log_agent.filters.geoip2:GEOIP2",
    "grep": "pillion_log_agent.filters.grep:GREP",
    "kubernetes": "pillion_log_agent.filters.kubernetes.declaration:KUBERNETES",
    "log_to_metrics": "pillion_log_agent.filters.log_to_metrics:LOG_TO_METRICS",
    "lua": "pillion_log_agent.filters.lua:LUA",
    "modify": "pillion_log_agent.filters.modify:MODIFY",
    "multiline": "pillion_log_agent.filters.multiline:MULTILINE_FILTER",
    "nest": "pillion_log_agent.filters.nest:NEST",
    "parser": "pillion_log_agent.filters.parser:PARSER",
    "record_modifier": "pillion_log_agent.filters.record_modifier:RECORD_MODIFIER",
    "record_transformer": "pillion_log_agent.filters.record_transformer:RECORD_TRANSFORMER",
    "redact": "pillion_log_agent.filters.redact.declaration:REDACT",
    "rewrite_tag": "pillion_log_agent.filters.rewrite_tag:REWRITE_TAG",
    "stdout": "pillion_log_agent.filters.stdout:STDOUT_FILTER",
    "sysinfo": "pillion_log_agent.filters.sysinfo:SYSINFO",
    "throttle": "pillion_log_agent.filters.throttle:THROTTLE",
    "type_converter": "pillion_log_agent.filters.type_converter:TYPE_CONVERTER",
}
OUTPUTS = {
    "cloudwatch": "pillion_log_agent.outputs.cloudwatch_logs.declaration:CLOUDWATCH",
    "cloudwatch_logs": "pillion_log_agent.outputs.cloudwatch_logs.declaration:CLOUDWATCH_LOGS",
    "datadog": "pillion_log_agent.outputs.datadog:DATADOG",
    "es": "pillion_log_agent.outputs.elasticsearch.declaration:ELASTICSEARCH",
    "file": "pillion_log_agent.outputs.file:FILE",
    "firehose": "pillion_log_agent.outputs.kinesis.declaration:FIREHOSE",
    "forward": "pillion_log_agent.outputs.forward.declaration:FORWARD",
    "gelf": "pillion_log_agent.outputs.gelf:GELF",
    "google_cloud": "pillion_log_agent.outputs.google_cloud.declaration:GOOGLE_CLOUD",
    "http": "pillion_log_agent.outputs.http:HTTP",
    "kinesis": "pillion_log_agent.outputs.kinesis.declaration:KINESIS",
    "kinesis_firehose": "pillion_log_agent.outputs.kinesis.declaration:KINESIS_FIREHOSE",
    "kinesis_streams": "pillion_log_agent.outputs.kinesis.declaration:KINESIS_STREAMS",
    "loki": "pillion_log_agent.outputs.loki:LOKI",
    "null": "pillion_log_agent.outputs.null:NULL",
    "opensearch": "pillion_log_agent.outputs.elasticsearch.declaration:OPENSEARCH",
    "opentelemetry": "pillion_log_agent.outputs.opentelemetry:OPENTELEMETRY",
    "prometheus_exporter": "pillion_log_agent.outputs.prometheus_exporter:PROMETHEUS_EXPORTER",
    "s3": "pillion_log_agent.outputs.s3.declaration:S3",
    "splunk": "pillion_log_agent.outputs.splunk:SPLUNK",
    "stackdriver": "pillion_log_agent.outputs.stackdriver.declaration:STACKDRIVER",
    "stdout": "pillion_log_agent.outputs.stdout:STDOUT",
    "syslog": "pillion_log_agent.outputs.syslog:SYSLOG",
    "tcp": "pillion_log_agent.outputs.tcp:TCP",
    "udp": "pillion_log_agent.outputs.udp:UDP",
}
PROCESSORS = {
    "content_modifier": "pillion_log_agent.filters.content_modifier:CONTENT_MODIFIER",
    "sampling": "pillion_log_agent.filters.sampling:SAMPLING",
}
"""What stands in processors only; every filter may stand there too."""
FORMATS = {
    "json": "pillion_log_agent.parsers.json:JSON",
    "logfmt": "pillion_log_agent.parsers.logfmt:LOGFMT",
    "ltsv": "pillion_log_agent.parsers.ltsv:LTSV",
    "regex": "pillion_log_agent.parsers.regex:REGEX",
}
MULTILINE = "pillion_log_agent.multiline.definition:MULTILINE"
