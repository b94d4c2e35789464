"""The filters: by the name that a configuration gives them, where their declaration is."""

FILTERS = {
    "grep": "pillion_log_agent.filters.grep:GREP",
    "kubernetes": "pillion_log_agent.filters.kubernetes.declaration:KUBERNETES",
    "modify": "pillion_log_agent.filters.modify:MODIFY",
    "multiline": "pillion_log_agent.filters.multiline:MULTILINE_FILTER",
    "parser": "pillion_log_agent.filters.parser:PARSER",
    "record_modifier": "pillion_log_agent.filters.record_modifier:RECORD_MODIFIER",
}
