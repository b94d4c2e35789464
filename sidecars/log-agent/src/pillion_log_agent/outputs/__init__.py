"""The outputs, one file for each; `configuration/plugins.py` has the table."""
