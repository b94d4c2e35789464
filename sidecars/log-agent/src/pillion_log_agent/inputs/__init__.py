"""The inputs: by the name that a configuration gives them, where their declaration is."""

INPUTS = {
    "dummy": "pillion_log_agent.inputs.dummy:DUMMY",
    "stdin": "pillion_log_agent.inputs.stdin:STDIN",
    "tail": "pillion_log_agent.inputs.tail:TAIL",
}
