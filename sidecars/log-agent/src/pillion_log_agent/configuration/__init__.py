"""The configuration: read from fluent-bit's classic files or YAML into one model.

`read` reads files into sections, `model` turns sections into plugins with typed properties,
`convert` and `explain` show the model.
"""
