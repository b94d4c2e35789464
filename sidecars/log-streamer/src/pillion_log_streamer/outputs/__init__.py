"""How lines go out: one file for each form, one function `render(chunk) -> parts` in each."""

OUTPUTS = {
    "raw": "pillion_log_streamer.outputs.raw:Raw",
    "prefix": "pillion_log_streamer.outputs.prefix:Prefix",
    "json": "pillion_log_streamer.outputs.json_lines:JsonLines",
}
