"""The outputs: by the name that a configuration gives them, where their declaration is."""

OUTPUTS = {
    "es": "pillion_log_agent.outputs.elasticsearch.declaration:ELASTICSEARCH",
    "file": "pillion_log_agent.outputs.file:FILE",
    "null": "pillion_log_agent.outputs.null:NULL",
    "opensearch": "pillion_log_agent.outputs.elasticsearch.declaration:OPENSEARCH",
    "stdout": "pillion_log_agent.outputs.stdout:STDOUT",
}
