"""Which plugins there are: by the name in a configuration, where the declaration is.

A declaration is loaded only when a configuration names its plugin.
"""

INPUTS = {
    "dummy": "pillion_log_agent.inputs.dummy:DUMMY",
    "forward": "pillion_log_agent.inputs.forward.declaration:FORWARD_INPUT",
    "stdin": "pillion_log_agent.inputs.stdin:STDIN",
    "tail": "pillion_log_agent.inputs.tail:TAIL",
}
FILTERS = {
    "grep": "pillion_log_agent.filters.grep:GREP",
    "kubernetes": "pillion_log_agent.filters.kubernetes.declaration:KUBERNETES",
    "modify": "pillion_log_agent.filters.modify:MODIFY",
    "multiline": "pillion_log_agent.filters.multiline:MULTILINE_FILTER",
    "parser": "pillion_log_agent.filters.parser:PARSER",
    "record_transformer": "pillion_log_agent.filters.record_transformer:RECORD_TRANSFORMER",
    "record_modifier": "pillion_log_agent.filters.record_modifier:RECORD_MODIFIER",
}
OUTPUTS = {
    "es": "pillion_log_agent.outputs.elasticsearch.declaration:ELASTICSEARCH",
    "file": "pillion_log_agent.outputs.file:FILE",
    "forward": "pillion_log_agent.outputs.forward.declaration:FORWARD",
    "google_cloud": "pillion_log_agent.outputs.google_cloud.declaration:GOOGLE_CLOUD",
    "null": "pillion_log_agent.outputs.null:NULL",
    "opensearch": "pillion_log_agent.outputs.elasticsearch.declaration:OPENSEARCH",
    "stdout": "pillion_log_agent.outputs.stdout:STDOUT",
}
FORMATS = {
    "json": "pillion_log_agent.parsers.json:JSON",
    "logfmt": "pillion_log_agent.parsers.logfmt:LOGFMT",
    "ltsv": "pillion_log_agent.parsers.ltsv:LTSV",
    "regex": "pillion_log_agent.parsers.regex:REGEX",
}
MULTILINE = "pillion_log_agent.multiline.definition:MULTILINE"
