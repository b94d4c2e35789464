"""The parsers, one file for each format; `configuration/plugins.py` has the table."""
